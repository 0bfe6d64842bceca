//! What the gates say about a plan, as a check run on the pull request's commit.
//!
//! Published when the promotion brings findings, so that any other costs no request more. Annotations stand at the
//! places of files; what has none is in the summary, as all are.

use crate::github::{Annotation, AnnotationLevel, Conclusion, GithubError, Report, Repository};
use crate::model::{CommitSha, Location, Position};
use crate::policy::{self, Finding, Level, annotations};
use crate::promotion::{Plan, Telling, Verdict, quote};

/// The name of the check run, which branch protection can require.
const NAME: &str = "Overlift plan";

/// Publishes what the gates say, if they say anything new.
pub(super) async fn publish(
    repository: &Repository,
    plan: &Plan,
    head: &CommitSha,
) -> Result<(), GithubError> {
    if !plan.findings.iter().any(|finding| finding.new) {
        return Ok(());
    }
    let (conclusion, title) = judge(plan);
    let annotations: Vec<Annotation> =
        annotations(&plan.findings).into_iter().map(annotation).collect();
    let report = Report {
        commit: head,
        name: NAME,
        conclusion,
        title: &title,
        summary: &quote(&text(plan)),
        annotations: &annotations,
    };
    match repository.report(&report).await {
        Ok(_) => Ok(()),
        // The pull request's text has them all.
        Err(error @ (GithubError::Forbidden { .. } | GithubError::NotFound { .. })) => {
            tracing::warn!(%error, "what the gates say is not shown as a check run");
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// What the gates say, as text: the sentences of the pull request, then each finding with its place.
fn text(plan: &Plan) -> String {
    let (_, title) = judge(plan);
    let telling = Telling::of(plan);
    let told = telling.warnings().map(|group| group.sentence().plain());
    let mut lines: Vec<String> = told.collect();
    if !lines.is_empty() {
        lines.push(String::new());
    }
    let findings = plan.findings.iter().filter(|finding| finding.not_validated().is_none());
    lines.extend(findings.map(line));
    format!("{title}\n{}", lines.join("\n"))
}

fn judge(plan: &Plan) -> (Conclusion, String) {
    let new = plan.findings.iter().filter(|finding| finding.new).count();
    let old = plan.findings.len() - new;
    let counts = format!("{new} new, {old} from before");
    match plan.verdict() {
        Verdict::Blocked { errors } => {
            (Conclusion::Failure, format!("{errors} new errors ({counts})"))
        }
        Verdict::Passed => (Conclusion::Neutral, format!("Nothing breaks ({counts})")),
    }
}

/// A finding as one line, and one more for its help.
fn line(finding: &Finding) -> String {
    let level = match finding.level {
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Error => "error",
    };
    let before = if finding.new { "" } else { " (from before)" };
    let help = finding.help.as_ref().map_or(String::new(), |help| format!("\n  help: {help}"));
    format!("{level}{before} {finding}{help}")
}

/// A remark of the gates in GitHub's words; the workflow's annotations come from the same ones.
fn annotation(remark: policy::Annotation) -> Annotation {
    let policy::Annotation { path, line, column, level, title, message } = remark;
    let level = match level {
        policy::AnnotationLevel::Failure => AnnotationLevel::Failure,
        policy::AnnotationLevel::Warning => AnnotationLevel::Warning,
        policy::AnnotationLevel::Notice => AnnotationLevel::Notice,
    };
    let at = Location::file(path).at(Position { line, column: column.unwrap_or(1) });
    Annotation { at, level, message: format!("{title}: {message}") }
}
