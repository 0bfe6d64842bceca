//! What a build learns about values of Secrets while it reads, generates, patches and copies.
//!
//! Recorded by the code that builds, so that no second reader has to guess: every value that stood in a
//! Secret at any time, the last build step or a source that is not printed included; what was copied out of
//! one or into one, whole or in part; and the files that hold such values although they do not say so.
//! Nothing here decides how they are hidden: that is `diff`'s.

use std::collections::{BTreeMap, BTreeSet};

use super::resource::Draft;
use crate::model::RepoPath;
use crate::yaml::{Dialect, Node, Text, Value, parse_stream};

/// So much is remembered of all values; what is beyond makes [`SecretFacts::too_many`] true.
const MOST_BYTES: usize = 8 << 20;
/// So much of one value.
const MOST_BYTES_OF_ONE: usize = 256 << 10;

/// How a file holds values of Secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretFile {
    /// A patch of a Secret.
    Patch,
    /// `KEY=value` lines.
    Env,
    /// One value.
    Whole,
}

/// What a build learned about values of Secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretFacts {
    values: BTreeSet<(Text, Text)>,
    copied: BTreeSet<Text>,
    files: BTreeMap<RepoPath, SecretFile>,
    bytes: usize,
    too_many: bool,
}

impl SecretFacts {
    /// The values, each with the key that it stood under, as it was written there: base64 under `data`.
    pub fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Whether there are some.
    #[must_use]
    pub fn has_values(&self) -> bool {
        !self.values.is_empty()
    }

    /// The values that were copied out of Secrets or into them, and the texts that they became a part of.
    pub fn copied(&self) -> impl Iterator<Item = &str> {
        self.copied.iter().map(Text::as_str)
    }

    /// The files that hold values, symlinks followed.
    #[must_use]
    pub const fn files(&self) -> &BTreeMap<RepoPath, SecretFile> {
        &self.files
    }

    /// Whether there were more values than are remembered.
    #[must_use]
    pub const fn too_many(&self) -> bool {
        self.too_many
    }

    /// Notes what a resource holds, if it is a Secret, or what stands openly in a SealedSecret's template.
    pub fn note(&mut self, draft: &Draft) {
        if is_secret(draft) {
            self.note_node(&draft.node);
        } else if draft.id.gvk.kind == "SealedSecret"
            && let Some(template) = draft.node.at(&["spec", "template"])
        {
            self.note_node(template);
        }
    }

    /// Notes what a Secret holds.
    fn note_node(&mut self, secret: &Node) {
        let fields = secret.as_mapping().into_iter().flatten();
        for field in fields.filter(|field| is_data(&field.key.text)) {
            match &field.value.value {
                Value::Mapping(pairs) => {
                    pairs.iter().for_each(|pair| self.note_leaves(&pair.key.text, &pair.value));
                }
                _ => self.note_leaves("", &field.value),
            }
        }
        let annotations = secret.at(&["metadata", "annotations"]).and_then(Node::as_mapping);
        for pair in annotations.into_iter().flatten() {
            let applied = pair.key.text.ends_with("last-applied-configuration");
            let applied = pair.value.text().filter(|_| applied);
            for node in
                applied.and_then(|text| parse_stream(text, Dialect::V3).ok()).iter().flatten()
            {
                self.note_node_once(node);
            }
        }
    }

    /// A configuration that was applied, without what that says was applied before.
    fn note_node_once(&mut self, secret: &Node) {
        let fields = secret.as_mapping().into_iter().flatten();
        for field in fields.filter(|field| is_data(&field.key.text)) {
            self.note_leaves("", &field.value);
        }
    }

    fn note_leaves(&mut self, key: &str, node: &Node) {
        match &node.value {
            Value::Scalar(scalar) => self.note_value(key, &scalar.text),
            Value::Sequence(items) => items.iter().for_each(|item| self.note_leaves(key, item)),
            Value::Mapping(pairs) => {
                pairs.iter().for_each(|pair| self.note_leaves(&pair.key.text, &pair.value));
            }
        }
    }

    /// Notes one value of a Secret.
    pub fn note_value(&mut self, key: &str, value: &str) {
        if let Some(value) = self.room_for(value) {
            let is_new = self.values.insert((key.into(), value.into()));
            self.bytes += if is_new { key.len() + value.len() } else { 0 };
        }
    }

    /// Notes what was copied out of a Secret or into one.
    pub fn note_copied(&mut self, node: &Node) {
        match &node.value {
            Value::Scalar(scalar) => self.note_copied_text(&scalar.text),
            Value::Sequence(items) => items.iter().for_each(|item| self.note_copied(item)),
            Value::Mapping(pairs) => pairs.iter().for_each(|pair| self.note_copied(&pair.value)),
        }
    }

    /// The same for a text.
    pub fn note_copied_text(&mut self, text: &str) {
        if let Some(text) = self.room_for(text) {
            let is_new = self.copied.insert(text.into());
            self.bytes += if is_new { text.len() } else { 0 };
        }
    }

    /// Notes a file; what hides more of it counts.
    pub fn note_file(&mut self, path: RepoPath, file: SecretFile) {
        let known = self.files.entry(path).or_insert(file);
        *known = file.max(*known);
    }

    /// Takes in what another build learned.
    pub fn absorb(&mut self, other: Self) {
        if self.values.is_empty() && self.copied.is_empty() {
            (self.values, self.copied) = (other.values, other.copied);
            self.bytes += other.bytes;
        } else {
            other.values.iter().for_each(|(key, value)| self.note_value(key, value));
            for text in other.copied {
                self.bytes += text.len();
                self.copied.insert(text);
            }
        }
        other.files.into_iter().for_each(|(path, file)| self.note_file(path, file));
        self.too_many |= other.too_many;
    }

    /// The part of a value that is remembered, if there is room.
    fn room_for<'a>(&mut self, value: &'a str) -> Option<&'a str> {
        if value.is_empty() {
            return None;
        }
        let end =
            (0..=value.len().min(MOST_BYTES_OF_ONE)).rev().find(|at| value.is_char_boundary(*at));
        self.too_many |= self.bytes > MOST_BYTES;
        (!self.too_many).then(|| &value[..end.unwrap_or(0)])
    }
}

/// Whether a resource is a Secret.
#[must_use]
pub fn is_secret(draft: &Draft) -> bool {
    draft.id.gvk.kind == "Secret"
}

/// Whether a field of a Secret holds its values; in doubt, whatever the case of its letters.
#[must_use]
pub fn is_data(key: &str) -> bool {
    key.eq_ignore_ascii_case("data") || key.eq_ignore_ascii_case("stringData")
}
