//! A file's content by what it is: YAML documents, lines of `KEY=value`, other text, bytes.

use super::value::{Shape, Value};
use crate::model::{KUSTOMIZATION_NAMES, is_manifest_name};
use crate::yaml::edit::Editor;
use crate::yaml::{Dialect, parse_stream};

/// How a file is compared and changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
        if KUSTOMIZATION_NAMES.contains(&name) || is_manifest_name(&lower) {
            Self::Yaml
        } else if ends(&[".env", ".properties"]) || lower.starts_with(".env") {
            Self::Properties
        } else {
            Self::Text
        }
    }

    /// How files of this name are compared, by what is in all of them.
    pub(super) fn of<'a>(path: &str, contents: impl Iterator<Item = &'a [u8]> + Clone) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        let form = Self::by_name(path);
        let is_mapping = |content: &[u8]| {
            let documents = Self::Yaml.read(content);
            matches!(documents.as_ref().map(Value::items), Some([one]) if !one.pairs().is_empty())
        };
        // A name without an ending tells nothing, so that the content decides.
        if form == Self::Text && !name.contains('.') && contents.clone().all(is_mapping) {
            return Self::Yaml;
        }
        form.common(contents)
    }

    /// How two files of this name are compared, and what they say if that is by field or by key.
    pub(super) fn read_both(path: &str, contents: [&[u8]; 2]) -> (Self, Option<[Value; 2]>) {
        let read = |form: Self| Some([form.read(contents[0])?, form.read(contents[1])?]);
        if Self::by_name(path) == Self::Yaml
            && let Some(values) = read(Self::Yaml)
        {
            return (Self::Yaml, Some(values));
        }
        let form = Self::of(path, contents.into_iter());
        (form, matches!(form, Self::Yaml | Self::Properties).then(|| read(form)).flatten())
    }

    /// The form in which all of some contents can be read, the wanted one first.
    fn common<'a>(self, contents: impl Iterator<Item = &'a [u8]> + Clone) -> Self {
        let fits = |form: &Self| contents.clone().all(|content| form.reads(content));
        let ladder = [Self::Yaml, Self::Properties, Self::Text];
        let from = ladder.iter().position(|form| *form == self).unwrap_or(2);
        // What is no YAML is text, and not properties.
        let steps = ladder[from..].iter().filter(|form| **form == self || **form == Self::Text);
        steps.copied().find(fits).unwrap_or(Self::Binary)
    }

    /// Whether a text can be read and changed so.
    pub(super) fn fits(self, text: &str) -> bool {
        self.reads(text.as_bytes())
    }

    fn reads(self, content: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(content) else { return self == Self::Binary };
        match self {
            Self::Yaml => read_plain(text).is_some() || Editor::parse(text).is_ok(),
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
                let text = text.ok()?;
                read_plain(text).or_else(|| Some(documents(&Editor::parse(text).ok()?)))
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

/// The documents of a YAML text that is written as manifests are, by the reader that is fast: a history has hundreds
/// of versions. `None` if it may hold what the two readers see differently: anchors, aliases, tags,
/// directives, documents without content.
fn read_plain(text: &str) -> Option<Value> {
    let bytes = text.as_bytes();
    let begins_a_token =
        |at: usize| at == 0 || matches!(bytes[at - 1], b' ' | b'\t' | b'\n' | b'[' | b'{' | b',');
    let mut marks = memchr::memchr3_iter(b'&', b'*', b'!', bytes);
    if marks.any(begins_a_token)
        || text.starts_with('%')
        || text.contains("\n%")
        || text.contains("\n...")
    {
        return None;
    }
    let documents = parse_stream(text, Dialect::V3).ok()?;
    let separators = text.matches("\n---").count() + usize::from(text.starts_with("---"));
    // A comment before the first separator makes no document of its own.
    let is_before = |line: &&str| line.trim().is_empty() || line.starts_with('#');
    let opened =
        text.lines().find(|line| !is_before(line)).is_some_and(|line| line.starts_with("---"));
    let written = separators + usize::from(!opened);
    (documents.len() == written)
        .then(|| Value::new(Shape::List(documents.iter().map(Value::of_node).collect())))
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
    fn both_readers_see_the_same() {
        let same = |text: &str| {
            let slow = documents(&Editor::parse(text).unwrap());
            read_plain(text).is_none_or(|fast| fast == slow)
        };
        for text in [
            "",
            "# c\n",
            "a: 1",
            "--- # x\na: ~\nb:\nc: 'null'\nd: 0x1F\ne: 1_000\nf: 0777\ng: 2001-01-01\n",
            "# c\n---\na: yes\n---\nb: [1, \"1\", 1.0, -.inf]\n",
            "---\n---\na: 1\n",
            "a: |\n  x\n---\nb: >-\n  y\n  z\n",
            "a: \"\\u00e9\\t\"\nb: 'it''s'\nc: x  y\n",
            "1: a\ntrue: b\n? c\n: d\n",
            "- - a\n  - {b: c}\n",
            "a: b # c\n",
            "a: x\n\n  y\n",
            "a: 1e3\nb: .5\nc: +1\nd: 0o17\n",
            "a: \nb: \"\"\n",
        ] {
            assert!(same(text), "{text:?}");
        }
        assert!(read_plain("a: &x 1\nb: *x\n").is_none());
        assert!(read_plain("a: !!str 1\n").is_none());
        assert!(read_plain("a: 1\n---\n---\nb: 1\n").is_none());
        assert!(read_plain("# c\n---\na: x&y*z\n").is_some());
    }

    #[test]
    fn a_name_proposes_and_the_content_decides() {
        let form = |path: &str, content: &str| Form::of(path, std::iter::once(content.as_bytes()));
        assert_eq!(form("a/Kustomization", "a: 1"), Form::Yaml);
        assert_eq!(form("a.yaml", "{{- if x }}\na: 1"), Form::Text);
        assert_eq!(form("app.env", "# x\nA=1\n\nB = 2"), Form::Properties);
        assert_eq!(form("app.env", "export"), Form::Text);
        assert_eq!(form("nginx.conf", "server {}"), Form::Text);
        assert_eq!(form("logo.png", "\0\0"), Form::Binary);
        assert_eq!(form("image-tags/shop", "image_tag: v1\n"), Form::Yaml);
        assert_eq!(form("Dockerfile", "FROM scratch\n"), Form::Text);
        assert_eq!(form("hooks/run", "#!/bin/sh\nset -e\nx: y z\n"), Form::Text);
    }
}
