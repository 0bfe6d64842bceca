//! Field paths as people write them in kustomize: `spec.template.spec.containers.[name=app].image`.
//!
//! The syntax is that of `fieldPath` in kustomize's replacements (kyaml/utils/pathsplitter.go):
//! dots part the steps, `\.` is a dot inside one, `[name=x]` picks list items by a field, `[=x]`
//! by their own value, a number picks by index, `*` takes all, `[dotted.key]` is one key.

use std::fmt;

/// A path from a node to nodes below it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldPath {
    text: String,
    steps: Vec<FieldStep>,
}

/// One step of a [`FieldPath`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldStep {
    /// The value of a key. A number is an index where it meets a list.
    Key(String),
    /// The list items whose field `key` is `value`; without a key, the items that are `value`.
    Match {
        /// The field that is compared.
        key: Option<String>,
        /// The text it has to have.
        value: String,
    },
    /// Every item of a list, every value of a mapping.
    Every,
}

/// Why a text is no [`FieldPath`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no field path: {rule}")]
pub struct InvalidFieldPath {
    /// The text.
    pub text: String,
    /// The rule it breaks.
    pub rule: &'static str,
}

impl FieldPath {
    /// Reads a path.
    ///
    /// # Errors
    /// [`InvalidFieldPath`] if it is empty, has an empty step or an open bracket.
    pub fn parse(text: &str) -> Result<Self, InvalidFieldPath> {
        let refuse = |rule| Err(InvalidFieldPath { text: text.chars().take(200).collect(), rule });
        if text.trim().is_empty() {
            return refuse("it is empty");
        }
        let mut steps = Vec::new();
        for part in split(text.trim()) {
            let Some(part) = part else { return refuse("a `[` is not closed by `]`") };
            let part = part.trim();
            if part.is_empty() {
                return refuse("a step between two dots is empty; write `\\.` for a dot in a key");
            }
            steps.push(FieldStep::parse(part));
        }
        Ok(Self { text: text.trim().to_owned(), steps })
    }

    /// The steps, outermost first; at least one.
    #[must_use]
    pub fn steps(&self) -> &[FieldStep] {
        &self.steps
    }

    /// The path as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FieldStep {
    fn parse(part: &str) -> Self {
        if part == "*" {
            return Self::Every;
        }
        let Some(inner) = part.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
            return Self::Key(part.to_owned());
        };
        match inner.split_once('=') {
            Some((key, value)) => Self::Match {
                key: (!key.is_empty()).then(|| key.to_owned()),
                value: value.to_owned(),
            },
            None => Self::Key(inner.to_owned()),
        }
    }
}

/// Splits at dots that are neither escaped nor in brackets; `None` stands for an open bracket.
fn split(text: &str) -> Vec<Option<String>> {
    let text = text.strip_prefix('.').unwrap_or(text);
    let mut parts = vec![String::new()];
    let mut in_brackets = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let part = parts.last_mut().expect("begins with one part");
        match c {
            '\\' if chars.peek() == Some(&'.') => part.extend(chars.next()),
            '[' if part.is_empty() => {
                in_brackets = true;
                part.push(c);
            }
            ']' => {
                in_brackets &= !matches!(chars.peek(), None | Some('.'));
                part.push(c);
            }
            '.' if !in_brackets => parts.push(String::new()),
            c => part.push(c),
        }
    }
    let mut parts: Vec<Option<String>> = parts.into_iter().map(Some).collect();
    if in_brackets {
        parts.push(None);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(text: &str) -> Vec<FieldStep> {
        FieldPath::parse(text).unwrap().steps
    }

    fn key(text: &str) -> FieldStep {
        FieldStep::Key(text.to_owned())
    }

    fn matching(key: Option<&str>, value: &str) -> FieldStep {
        FieldStep::Match { key: key.map(str::to_owned), value: value.to_owned() }
    }

    #[test]
    fn reads_what_kustomize_reads() {
        assert_eq!(steps("spec.replicas"), [key("spec"), key("replicas")]);
        assert_eq!(
            steps("spec.containers.[name=a.b/c].image"),
            [key("spec"), key("containers"), matching(Some("name"), "a.b/c"), key("image")]
        );
        assert_eq!(
            steps("metadata.annotations.[config.io/x]"),
            [key("metadata"), key("annotations"), key("config.io/x")]
        );
        assert_eq!(steps("data.config\\.json"), [key("data"), key("config.json")]);
        assert_eq!(
            steps("spec.*.0.[=x]"),
            [key("spec"), FieldStep::Every, key("0"), matching(None, "x")]
        );
    }

    #[test]
    fn refuses_paths_that_name_nothing() {
        for bad in ["", " ", "a..b", "a.", "a.[name=x", "."] {
            assert!(FieldPath::parse(bad).is_err(), "{bad}");
        }
    }
}
