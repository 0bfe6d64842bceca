//! The way to a place in a file on both sides, and how it is shown to people.

use super::value::Value;
use crate::model::FieldStep;
use crate::yaml::edit::NodePath;

/// The way to a column on both sides.
#[derive(Clone, Default)]
pub(super) struct Way<'w> {
    pub(super) source: NodePath,
    pub(super) target: NodePath,
    pub(super) position: Vec<usize>,
    pub(super) keys: Vec<&'w str>,
    pub(super) shown: String,
    /// Which document it is in, if the file has several.
    pub(super) document: Option<String>,
    /// How far the configured paths are matched.
    pub(super) keep: Vec<&'w [FieldStep]>,
    pub(super) take: Vec<&'w [FieldStep]>,
}

impl<'w> Way<'w> {
    /// Whether what is here is the list of a file's documents.
    pub(super) const fn is_documents(&self) -> bool {
        self.position.is_empty()
    }

    pub(super) fn key(&self, key: &'w str, position: usize) -> Self {
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        let shown = if !key.is_empty() && key.chars().all(plain) {
            format!("{}.{key}", self.shown)
        } else {
            format!("{}.[{key}]", self.shown)
        };
        let takes = |step: &FieldStep| match step {
            FieldStep::Key(wanted) => wanted == key,
            FieldStep::Every => true,
            FieldStep::Match { .. } => false,
        };
        Self {
            source: self.source.key(key),
            target: self.target.key(key),
            position: [self.position.clone(), vec![position]].concat(),
            keys: [self.keys.clone(), vec![key]].concat(),
            shown,
            document: self.document.clone(),
            keep: advance(&self.keep, takes),
            take: advance(&self.take, takes),
        }
    }

    pub(super) fn item(
        &self,
        source_index: Option<usize>,
        target_index: Option<usize>,
        source: Option<&Value>,
        target: Option<&Value>,
    ) -> Self {
        let item = target.or(source);
        let at_root = self.is_documents();
        let step = |path: &NodePath, index: Option<usize>| match index {
            Some(document) if at_root => NodePath::root(document),
            Some(index) => path.index(index),
            None => path.clone(),
        };
        let takes = |step: &FieldStep| match step {
            FieldStep::Every => true,
            FieldStep::Key(number) => {
                number.parse().is_ok_and(|number: usize| Some(number) == target_index)
            }
            FieldStep::Match { key, value } => [source, target].into_iter().flatten().any(|item| {
                let text = match key {
                    Some(key) => item.text_at(key),
                    None => item.as_text(),
                };
                text == Some(value)
            }),
        };
        let index = target_index.or(source_index).unwrap_or(0);
        Self {
            source: step(&self.source, source_index),
            target: step(&self.target, target_index),
            position: [self.position.clone(), vec![2 * index]].concat(),
            keys: self.keys.clone(),
            shown: if at_root {
                String::new()
            } else {
                format!("{}{}", self.shown, shown(item, index))
            },
            document: if at_root { item.and_then(named_document) } else { self.document.clone() },
            // Documents are no steps of a field path.
            keep: if at_root { self.keep.clone() } else { advance(&self.keep, takes) },
            take: if at_root { self.take.clone() } else { advance(&self.take, takes) },
        }
    }
}

fn advance<'w>(
    paths: &[&'w [FieldStep]],
    takes: impl Fn(&FieldStep) -> bool,
) -> Vec<&'w [FieldStep]> {
    let next = |steps: &&'w [FieldStep]| {
        let (first, rest) = steps.split_first()?;
        takes(first).then_some(rest)
    };
    paths.iter().filter_map(next).collect()
}

/// A resource by its kind and name.
fn named_document(document: &Value) -> Option<String> {
    let name = document.get("metadata")?.text_at("name")?;
    Some(format!("{}/{name}", document.text_at("kind")?))
}

/// How an item is shown in a path: by its name, its text, or its number.
fn shown(item: Option<&Value>, index: usize) -> String {
    let named = |item: &Value| {
        ["name", "path", "key", "host", "mountPath", "url"]
            .iter()
            .find_map(|key| Some(format!("[{key}={}]", item.text_at(key)?)))
    };
    let text = |item: &Value| {
        let text = item.as_text().filter(|text| !text.contains('\n') && text.len() < 200)?;
        // The value of a setting is no part of its name.
        Some(format!("[{}]", text.split_once('=').map_or(text, |(key, _)| key)))
    };
    item.and_then(|item| named(item).or_else(|| text(item))).unwrap_or_else(|| format!("[{index}]"))
}
