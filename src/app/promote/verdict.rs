//! What the gates say about a plan, as a check run on the pull request's commit.
//!
//! Published when the promotion brings findings, so that any other costs no request more. Annotations stand at the
//! places of files; what has none is in the summary, as all are.

use crate::github::{Annotation, AnnotationLevel, Conclusion, GithubError, Report, Repository};
use crate::model::CommitSha;
use crate::policy::{Finding, Level};
use crate::promotion::{Plan, Verdict};

use super::super::answer::quote;

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
    let annotations: Vec<Annotation> = plan.findings.iter().filter_map(annotation).collect();
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

/// What the gates say, as text.
fn text(plan: &Plan) -> String {
    let (_, title) = judge(plan);
    let lines: Vec<String> = plan.findings.iter().map(line).collect();
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

fn annotation(finding: &Finding) -> Option<Annotation> {
    let level = match (finding.new, finding.level) {
        (true, Level::Error) => AnnotationLevel::Failure,
        (true, Level::Warning) => AnnotationLevel::Warning,
        _ => AnnotationLevel::Notice,
    };
    Some(Annotation { at: finding.location.clone()?, level, message: line(finding) })
}
