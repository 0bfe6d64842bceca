//! A file's content by what it is: YAML documents, lines of `KEY=value`, other text, bytes.

use super::value::{Shape, Value};
use crate::model::KUSTOMIZATION_NAMES;
use crate::yaml::edit::Editor;

/// How a file is compared and changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// By field.
    Yaml,
    /// By key.
    Properties,
    /// By line.
    Text,
    /// Whole.
    Binary,
}

impl Form {
    /// The form that a file of this name has if its content allows it.
    pub(super) fn by_name(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        let lower = name.to_ascii_lowercase();
        let ends = |endings: &[&str]| endings.iter().any(|ending| lower.ends_with(ending));
        if KUSTOMIZATION_NAMES.contains(&name) || ends(&[".yaml", ".yml", ".json"]) {
            Self::Yaml
        } else if ends(&[".env", ".properties"]) || lower.starts_with(".env") {
            Self::Properties
        } else {
            Self::Text
        }
    }

    /// The form in which all of some contents can be read, the wanted one first.
    pub(super) fn common<'a>(self, contents: impl Iterator<Item = &'a [u8]> + Clone) -> Self {
        let fits = |form: &Self| contents.clone().all(|content| form.reads(content));
        let ladder = [Self::Yaml, Self::Properties, Self::Text];
        let from = ladder.iter().position(|form| *form == self).unwrap_or(2);
        // What is no YAML is text, and not properties.
        let steps = ladder[from..].iter().filter(|form| **form == self || **form == Self::Text);
        steps.copied().find(fits).unwrap_or(Self::Binary)
    }

    fn reads(self, content: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(content) else { return self == Self::Binary };
        match self {
            Self::Yaml => Editor::parse(text).is_ok(),
            Self::Properties => text.lines().all(|line| {
                let line = line.trim_start();
                line.is_empty() || line.starts_with(['#', '!']) || property(line).is_some()
            }),
            Self::Text => !text.contains('\0'),
            Self::Binary => true,
        }
    }

    /// The content as a value: a list of documents, a mapping, or the whole text. `None` if it cannot be
    /// read so.
    pub(super) fn read(self, content: &[u8]) -> Option<Value> {
        let text = std::str::from_utf8(content);
        match self {
            Self::Yaml => {
                let editor = Editor::parse(text.ok()?).ok()?;
                Some(documents(&editor))
            }
            Self::Properties => {
                let pairs = text.ok()?.lines().filter_map(property);
                let pairs = pairs.map(|(key, value)| (key.to_owned(), Value::text(value)));
                Some(Value::new(Shape::Map(pairs.collect())))
            }
            Self::Text => Some(Value::text(text.ok()?)),
            Self::Binary => Some(Value::text(&hex::encode(content))),
        }
    }
}

/// The documents of a YAML text as a list, empty ones as nulls.
pub(super) fn documents(editor: &Editor) -> Value {
    let documents = 0..editor.document_count();
    Value::new(Shape::List(documents.map(|index| Value::of(editor.root(index))).collect()))
}

/// Key and value of a line of an env or property file; `None` for blank lines and comments.
pub(super) fn property(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_end_matches(['\r', '\n']);
    if line.trim_start().starts_with(['#', '!']) {
        return None;
    }
    let (key, value) = line.split_once('=')?;
    let key = key.trim();
    (!key.is_empty()).then_some((key, value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_proposes_and_the_content_decides() {
        let form = |path: &str, content: &str| {
            Form::by_name(path).common(std::iter::once(content.as_bytes()))
        };
        assert_eq!(form("a/Kustomization", "a: 1"), Form::Yaml);
        assert_eq!(form("a.yaml", "{{- if x }}\na: 1"), Form::Text);
        assert_eq!(form("app.env", "# x\nA=1\n\nB = 2"), Form::Properties);
        assert_eq!(form("app.env", "export"), Form::Text);
        assert_eq!(form("nginx.conf", "server {}"), Form::Text);
        assert_eq!(form("logo.png", "\0\0"), Form::Binary);
    }
}
