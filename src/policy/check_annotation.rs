//! Findings as remarks at lines of files: for a check run, and for a workflow's annotations.

use super::{Finding, Level};
use crate::model::RepoPath;

/// How an annotation looks on GitHub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnnotationLevel {
    /// Red.
    Failure,
    /// Yellow.
    Warning,
    /// Grey.
    Notice,
}

/// A remark at a line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// The file.
    pub path: RepoPath,
    /// The line, from 1.
    pub line: u32,
    /// The column, where it is known.
    pub column: Option<u32>,
    /// How it looks.
    pub level: AnnotationLevel,
    /// The code and the resource; one line.
    pub title: String,
    /// What is wrong and what to do about it.
    pub message: String,
}

/// The annotations of findings that have a file, the weightiest first, new before old.
///
/// What only informs is left out: it is in the body.
#[must_use]
pub fn annotations(findings: &[Finding]) -> Vec<Annotation> {
    let mut told: Vec<&Finding> = findings.iter().filter(|f| f.level > Level::Info).collect();
    told.sort_by_key(|finding| std::cmp::Reverse((finding.new, finding.level)));
    told.into_iter().filter_map(annotation).collect()
}

fn annotation(finding: &Finding) -> Option<Annotation> {
    let at = finding.location.as_ref().filter(|at| at.path != RepoPath::root())?;
    let mut title = finding.code.clone();
    if let Some(resource) = &finding.resource {
        title.push_str(&format!(": {resource}"));
    }
    let mut message = finding.message.clone();
    if !at.field.is_empty() {
        message.push_str(&format!(" ({})", at.field));
    }
    if let Some(help) = &finding.help {
        message.push_str(&format!("\nhelp: {help}"));
    }
    Some(Annotation {
        path: at.path.clone(),
        line: at.position.map_or(1, |position| position.line),
        column: at.position.map(|position| position.column),
        // An error that was there before is no reason to fail.
        level: match (finding.level, finding.new) {
            (Level::Error, true) => AnnotationLevel::Failure,
            (Level::Error, false) | (Level::Warning, _) => AnnotationLevel::Warning,
            (Level::Info, _) => AnnotationLevel::Notice,
        },
        title,
        message,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Location, Position};

    fn finding(level: Level, new: bool) -> Finding {
        let at = Location::file(RepoPath::parse("a,b.yaml").unwrap());
        Finding {
            code: "IST0101".to_owned(),
            rule: "x",
            level,
            message: "50%\n::error::no".to_owned(),
            help: Some("fix it".to_owned()),
            resource: None,
            location: Some(at.at(Position { line: 3, column: 7 }).in_field("spec.x")),
            new,
            alike: None,
        }
    }

    #[test]
    fn new_errors_come_first_and_old_ones_do_not_fail() {
        use AnnotationLevel::{Failure, Warning};
        let all = [
            finding(Level::Error, false),
            finding(Level::Info, true),
            finding(Level::Warning, true),
            finding(Level::Error, true),
        ];
        let levels: Vec<_> = annotations(&all).iter().map(|a| a.level).collect();
        assert_eq!(levels, [Failure, Warning, Warning]);
    }
}
