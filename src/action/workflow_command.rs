//! Workflow commands: lines on standard output that the runner obeys, encoded as `@actions/core` does
//! (its `command.ts`); `tests/the_action_speaks_as_the_toolkit.rs` compares the two.

use std::fmt;

use crate::model::{Location, Position};
use crate::policy::{Annotation, AnnotationLevel, Finding, annotations};

/// One command: `::name key=value,key=value::data`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowCommand<'a> {
    name: &'a str,
    properties: Vec<(&'a str, String)>,
    data: &'a str,
}

impl<'a> WorkflowCommand<'a> {
    /// A command with data and no properties.
    #[must_use]
    pub const fn new(name: &'a str, data: &'a str) -> Self {
        Self { name, properties: Vec::new(), data }
    }

    /// The same command with a property; an empty value is left out, as the toolkit does.
    #[must_use]
    pub fn with(mut self, key: &'a str, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.properties.push((key, value));
        }
        self
    }
}

impl fmt::Display for WorkflowCommand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "::{}", self.name)?;
        for (number, (key, value)) in self.properties.iter().enumerate() {
            let before = if number == 0 { ' ' } else { ',' };
            write!(f, "{before}{key}={}", escape_property(value))?;
        }
        write!(f, "::{}", escape_data(self.data))
    }
}

/// How much an annotation weighs; GitHub has these three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// `::notice`.
    Notice,
    /// `::warning`.
    Warning,
    /// `::error`.
    Error,
}

impl Weight {
    const fn name(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A remark that GitHub shows at a file and line, or at the run if there is no place.
///
/// `below` is the directory of the plan's root in the repository, empty if they are the same: the
/// runner wants paths from the repository's root.
#[must_use]
pub fn annotation(
    weight: Weight,
    title: &str,
    message: &str,
    at: Option<&Location>,
    below: &str,
) -> String {
    let mut command = WorkflowCommand::new(weight.name(), message).with("title", title);
    if let Some(at) = at {
        let file = match below {
            "" => at.path.to_string(),
            below => format!("{below}/{}", at.path),
        };
        command = command.with("file", file);
        if let Some(position) = at.position {
            command = command.with("line", position.line.to_string());
            command = command.with("col", position.column.to_string());
        }
    }
    command.to_string()
}

/// The annotations of findings, weightiest first; what only informs has none.
#[must_use]
pub fn finding_commands(findings: &[Finding], below: &str) -> Vec<String> {
    let command = |told: Annotation| {
        let Annotation { path, line, column, level, title, message } = told;
        let weight = match level {
            AnnotationLevel::Failure => Weight::Error,
            AnnotationLevel::Warning => Weight::Warning,
            AnnotationLevel::Notice => Weight::Notice,
        };
        let at = Location::file(path).at(Position { line, column: column.unwrap_or(1) });
        annotation(weight, &title, &message, Some(&at), below)
    };
    annotations(findings).into_iter().map(command).collect()
}

fn escape_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RepoPath;

    #[test]
    fn texts_cannot_end_a_command() {
        let command = WorkflowCommand::new("error", "bad\n100%\r::set-env::")
            .with("file", "a,b:c%.yaml")
            .with("title", "")
            .with("line", "3");
        assert_eq!(
            command.to_string(),
            "::error file=a%2Cb%3Ac%25.yaml,line=3::bad%0A100%25%0D::set-env::"
        );
    }

    #[test]
    fn an_annotation_names_file_line_and_column() {
        let at = Location::file(RepoPath::parse("overlays/a.yaml").unwrap())
            .at(Position { line: 2, column: 7 });
        assert_eq!(
            annotation(Weight::Error, "IST0101", "no gateway", Some(&at), "mesh"),
            "::error title=IST0101,file=mesh/overlays/a.yaml,line=2,col=7::no gateway"
        );
        assert_eq!(annotation(Weight::Notice, "t", "m", None, "mesh"), "::notice title=t::m");
    }
}
