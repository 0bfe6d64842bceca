//! `overlift validate`: what the gates say of environments as they are, or of plain manifests.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::build::open_workspace;
use super::engine::EngineArguments;
use super::findings::{FindingJson, for_people, tally, workflow_commands};
use super::given_config::ConfigArguments;
use super::outcome::{self, Outcome};
use super::output::Output;
use super::plan::located;
use super::sarif;
use crate::app::Clock;
use crate::app::validate::{ManifestCheck, Unbuilt, Validated, validate_manifests};
use crate::model::EnvironmentName;
use crate::policy::{Finding, Findings, Gates, Level};
use crate::workdir::read_manifests;

/// Checks environments as they are, or plain manifests. Exits with 1 if there are errors.
#[derive(Debug, Args)]
pub(super) struct ValidateArguments {
    /// The environments; all of them without.
    #[arg(value_name = "ENV", conflicts_with = "manifests")]
    environments: Vec<String>,
    /// Check these files, or all manifests below these directories, as all that a cluster has;
    /// several top folders of a directory are clusters.
    #[arg(long, value_name = "FILE|DIR", num_args = 1.., conflicts_with_all = ["engine", "config"])]
    manifests: Vec<PathBuf>,
    /// Files or directories with the CustomResourceDefinitions for `--manifests`.
    #[arg(long, value_name = "FILE|DIR", num_args = 1.., requires = "manifests")]
    schemas: Vec<PathBuf>,
    /// How findings are printed.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    format: Format,
    /// Check this commit instead of the working tree.
    #[arg(long, value_name = "REV", conflicts_with = "manifests")]
    rev: Option<String>,
    #[command(flatten)]
    config: ConfigArguments,
    #[command(flatten)]
    engine: EngineArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON object.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations of a GitHub workflow.
    Github,
}

/// What is printed: the findings of each environment, or of manifests without one.
struct Part {
    environment: Option<String>,
    found: Findings,
    /// Whether it could not be built, so that nothing else is known of it.
    is_unbuilt: bool,
}

/// Runs the command.
pub(super) fn run(
    arguments: &ValidateArguments,
    directory: &Path,
    output: &Output,
) -> outcome::Result {
    let (parts, broken) = if arguments.manifests.is_empty() {
        environments(arguments, directory)?
    } else {
        let found = manifests(arguments, directory)?;
        (vec![Part { environment: None, found, is_unbuilt: false }], Vec::new())
    };
    print(&parts, arguments.format, output)?;
    // What cannot be built hides nothing of the others, and is told after them.
    let mut broken = broken.into_iter().rev();
    if let Some(last) = broken.next() {
        for failure in broken.rev() {
            failure.print(&[], output);
        }
        return Err(last);
    }
    let errors = all(&parts).any(|finding| finding.level == Level::Error);
    Ok(if errors { Outcome::Differences } else { Outcome::Done })
}

fn environments(
    arguments: &ValidateArguments,
    directory: &Path,
) -> Result<(Vec<Part>, Vec<super::report::Failure>), super::report::Failure> {
    let workspace = open_workspace(directory, arguments.rev.as_deref(), arguments.engine)?;
    let files = workspace.files();
    let config = arguments.config.file(directory);
    let configuration =
        workspace.configuration(config.as_deref()).map_err(|error| located(error, files))?;
    let names = arguments.environments.iter().map(|name| EnvironmentName::parse(name));
    let names: Vec<EnvironmentName> = names.collect::<Result<_, _>>()?;
    let today = Clock::system().today();
    let validated =
        workspace.validate(&configuration, &names, today).map_err(|error| located(error, files))?;
    let (mut parts, mut broken) = (Vec::new(), Vec::new());
    for Validated { environment, findings } in validated {
        let environment = Some(environment.to_string());
        let (found, is_unbuilt) = match findings {
            Ok(found) => (found, false),
            Err(Unbuilt { error, finding }) => {
                broken.push(located(*error, files));
                (Findings { findings: vec![finding], ..Findings::default() }, true)
            }
        };
        parts.push(as_they_are(Part { environment, found, is_unbuilt }));
    }
    Ok((parts, broken))
}

/// Nothing is promoted, so nothing is new.
fn as_they_are(mut part: Part) -> Part {
    part.found.findings.iter_mut().for_each(|finding| finding.new = false);
    part
}

fn manifests(
    arguments: &ValidateArguments,
    directory: &Path,
) -> Result<Findings, super::report::Failure> {
    let read = |paths: &[PathBuf]| -> Result<Vec<_>, _> {
        paths.iter().map(|path| read_manifests(path, directory)).collect()
    };
    let manifests: Vec<Vec<_>> = read(&arguments.manifests)?;
    let schemas: Vec<Vec<_>> = read(&arguments.schemas)?;
    Ok(validate_manifests(ManifestCheck {
        manifests: &manifests,
        schemas: &schemas.concat(),
        gates: Gates::default(),
        today: Clock::system().today(),
    }))
}

fn all(parts: &[Part]) -> impl Iterator<Item = &Finding> + Clone {
    parts.iter().flat_map(|part| &part.found.findings)
}

fn print(parts: &[Part], format: Format, output: &Output) -> Result<(), super::report::Failure> {
    let text = match format {
        Format::Text => return for_terminal(parts, output),
        Format::Json => {
            let findings: Vec<FindingJson<'_>> = parts
                .iter()
                .flat_map(|part| {
                    let environment = part.environment.as_deref();
                    part.found.findings.iter().map(move |f| FindingJson::new(f, environment))
                })
                .collect();
            serde_json::to_string_pretty(&serde_json::json!({ "findings": findings }))? + "\n"
        }
        Format::Sarif => {
            let of = |part: &'_ Part| part.environment.as_deref().map(str::to_owned);
            let names: Vec<Option<String>> = parts.iter().map(of).collect();
            let each = parts.iter().zip(&names).flat_map(|(part, name)| {
                part.found.findings.iter().map(|finding| (finding, name.as_deref()))
            });
            serde_json::to_string_pretty(&sarif::sarif(each))? + "\n"
        }
        // An environment as it is fails for its errors, so they count as new.
        Format::Github => workflow_commands(
            &all(parts).cloned().map(|f| Finding { new: true, ..f }).collect::<Vec<_>>(),
        ),
    };
    Ok(output.print(text)?)
}

fn for_terminal(parts: &[Part], output: &Output) -> Result<(), super::report::Failure> {
    // What cannot be built is told as an error, with the line.
    for (index, part) in parts.iter().filter(|it| !it.is_unbuilt).enumerate() {
        let mut text = String::new();
        if let Some(environment) = &part.environment {
            let heading = output.palette.heading;
            let between = if index > 0 { "\n" } else { "" };
            text = format!("{between}{heading}{environment}{heading:#}\n");
        }
        text += &for_people(&part.found.findings.iter().collect::<Vec<_>>(), &output.palette);
        for line in tally(&part.found) {
            text += &format!("{}{line}{:#}\n", output.palette.quiet, output.palette.quiet);
        }
        output.print(text)?;
    }
    Ok(())
}
