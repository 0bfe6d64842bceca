//! `overlift preview`: what a branch would do to each environment, before it is merged.

use std::fmt::Write as _;
use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::build::open_workspace;
use super::engine::EngineArguments;
use super::findings::{FindingJson, for_people, warning_line};
use super::given_config::ConfigArguments;
use super::outcome::{self, Outcome};
use super::output::{Output, harmless, wrapped};
use super::plan::located;
use crate::app::preview::{branch_point, preview};
use crate::app::{Clock, local::Workspace};
use crate::diff::Change;
use crate::model::RepoPath;
use crate::policy::{Finding, Level};
use crate::promotion::{Environment, Preview, Reached, Telling, preview_body, resource_counts};
use crate::workdir::WorkdirError;

/// Shows what the changes since BASE do to each environment that they reach.
#[derive(Debug, Args)]
pub(super) struct PreviewArguments {
    /// The branch that this one is to be merged into; without, the remote's default branch or `main`.
    #[arg(value_name = "BASE")]
    base: Option<String>,
    /// Look at this commit instead of the working tree.
    #[arg(long, value_name = "REV")]
    rev: Option<String>,
    #[command(flatten)]
    config: ConfigArguments,
    #[command(flatten)]
    engine: EngineArguments,
    /// Print the text of a comment.
    #[arg(long, conflicts_with = "json")]
    body: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Exit with 1 if it brings errors.
    #[arg(long)]
    exit_code: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PreviewJson<'a> {
    reached: Vec<ReachedJson<'a>>,
    broken: Vec<BrokenJson>,
    not_rendered: Vec<NotRenderedJson<'a>>,
}

#[derive(Serialize)]
struct NotRenderedJson<'a> {
    environments: Vec<String>,
    reason: &'a str,
    findings: Vec<FindingJson<'a>>,
    files: String,
}

#[derive(Serialize)]
struct ReachedJson<'a> {
    environments: Vec<String>,
    /// The kustomization below the environment's, if it is not the environment's own.
    below: Option<&'a str>,
    summary: String,
    findings: Vec<FindingJson<'a>>,
    rendered: &'a str,
}

#[derive(Serialize)]
struct BrokenJson {
    environment: String,
    error: String,
}

/// Runs the command.
pub(super) fn run(
    arguments: &PreviewArguments,
    directory: &Path,
    output: &Output,
) -> outcome::Result {
    let after = open_workspace(directory, arguments.rev.as_deref(), arguments.engine)?;
    let repository =
        after.repository().ok_or_else(|| WorkdirError::NoRepository(directory.to_path_buf()))?;
    let head = after.commit_id().ok_or_else(|| WorkdirError::UnknownRevision("HEAD".to_owned()))?;
    let base = branch_point(repository, arguments.base.as_deref(), head)?;
    let before = Workspace::open(directory, Some(base.as_str()))?;
    let config = arguments.config.file(directory);
    let files = after.files();
    let configuration =
        after.configuration(config.as_deref()).map_err(|error| located(error, files))?;
    let found = preview(&before, &after, &configuration, Clock::system().today())
        .map_err(|error| located(error, files))?;
    let command = format!("overlift preview {}", arguments.base.as_deref().unwrap_or(base.short()));
    if arguments.json {
        output.print(serde_json::to_string_pretty(&json(&found))? + "\n")?;
    } else if arguments.body {
        output.print(preview_body(&found, &command))?;
    } else {
        output.page(&for_terminal(&found, output))?;
    }
    let errors = found.new_findings(Level::Error) > 0 || !found.broken.is_empty();
    Ok(if arguments.exit_code && errors { Outcome::Differences } else { Outcome::Done })
}

/// The environments that change, and where below them.
fn place(reached: &Reached) -> String {
    let below = reached.below.as_ref().map_or(String::new(), |below| format!(", in {below}"));
    format!("{}{below}", titles(&reached.environments).join(", "))
}

fn titles(environments: &[Environment]) -> Vec<String> {
    environments.iter().map(Environment::title).collect()
}

fn json(found: &Preview) -> PreviewJson<'_> {
    PreviewJson {
        reached: found
            .reached
            .iter()
            .map(|it| ReachedJson {
                environments: titles(&it.environments),
                below: it.below.as_ref().map(RepoPath::as_str),
                summary: resource_counts(it.rendered.resources()),
                findings: it.findings.iter().map(|f| FindingJson::new(f, None)).collect(),
                rendered: it.rendered.text(),
            })
            .collect(),
        broken: found
            .broken
            .iter()
            .map(|(environment, error)| BrokenJson {
                environment: environment.title(),
                error: error.to_string(),
            })
            .collect(),
        not_rendered: found
            .unrendered
            .iter()
            .map(|it| NotRenderedJson {
                environments: titles(&it.environments),
                reason: &it.why,
                findings: it.findings.iter().map(|f| FindingJson::new(f, None)).collect(),
                files: it.files.text(),
            })
            .collect(),
    }
}

fn for_terminal(found: &Preview, output: &Output) -> String {
    let (palette, width) = (&output.palette, output.width());
    let mut out = String::new();
    if found.is_empty() {
        return "Nothing that an environment builds is changed.\n".to_owned();
    }
    for (environment, error) in &found.broken {
        let _ = writeln!(
            out,
            "{}error{:#}: {} cannot be built: {}\n",
            palette.error,
            palette.error,
            environment.title(),
            harmless(&error.to_string())
        );
    }
    for reached in &found.reached {
        let telling = Telling::of_parts(reached.rendered.resources(), &reached.findings);
        let _ = writeln!(
            out,
            "{}{}{:#}: {}",
            palette.heading,
            place(reached),
            palette.heading,
            resource_counts(reached.rendered.resources())
        );
        if !reached.clusters.is_empty() {
            let line = harmless(&format!("It reaches {}", reached.clusters.join(", ")));
            let _ = writeln!(out, "{}", wrapped(&line, width, ""));
        }
        found_of(&telling, output, &mut out);
        for (change, phrase) in telling.changes().take(40) {
            let sign = match change {
                Change::Added => '+',
                Change::Changed => '~',
                Change::Deleted => '-',
            };
            let _ =
                writeln!(out, "  {sign} {}", wrapped(&harmless(&phrase.plain()), width, "    "));
        }
        out.push('\n');
        out.push_str(&output.diff_text(reached.rendered.text()));
        out.push('\n');
    }
    for unrendered in &found.unrendered {
        let count = unrendered.files.files().len();
        let files =
            if count == 1 { "1 file changes".to_owned() } else { format!("{count} files change") };
        let _ = writeln!(
            out,
            "{}{}{:#}: {files}, not rendered",
            palette.heading,
            unrendered.titles().join(", "),
            palette.heading,
        );
        let why =
            harmless(&format!("What the cluster will see is not known here: {}", unrendered.why));
        let _ = writeln!(out, "{}", wrapped(&why, width, ""));
        found_of(&Telling::of_parts(&[], &unrendered.findings), output, &mut out);
        for file in unrendered.files.files() {
            let (path, added, removed) = (&file.path, file.added_lines, file.removed_lines);
            let line = harmless(&format!("{path} +{added} −{removed}"));
            let _ = writeln!(out, "  ~ {}", wrapped(&line, width, "    "));
        }
        out.push('\n');
        out.push_str(&output.diff_text(&unrendered.files.text()));
        out.push('\n');
    }
    out
}

/// What is found, risks in words first.
fn found_of(telling: &Telling<'_>, output: &Output, out: &mut String) {
    let (palette, width) = (&output.palette, output.width());
    for group in telling.warnings() {
        warning_line(group, palette, width, out);
    }
    let others: Vec<&Finding> = telling
        .other_findings()
        .filter(|group| group.level > Level::Info)
        .flat_map(|group| group.findings.iter().copied())
        .collect();
    out.push_str(&for_people(&others, palette));
}
