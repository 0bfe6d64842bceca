//! The versions of a file as trees.

use std::sync::Arc;

use super::content::Form;
use super::history::{History, Version};
use super::value::Value;
use super::verdict::{Edit, differ_in_versions_alone};

/// The versions of a file that could be read.
pub(super) struct Read {
    /// The commit after which each was there.
    pub(super) since: Vec<usize>,
    /// What it says; nothing where there was no file.
    values: Vec<Option<Arc<Value>>>,
}

impl Read {
    pub(super) fn all(form: Form, history: &History<'_>, versions: &[Version]) -> Self {
        let mut read = Self { since: Vec::new(), values: Vec::new() };
        for version in versions {
            let value = match &version.content {
                None => None,
                Some((id, content)) => match history.value(form, (id, content)) {
                    Some(value) => Some(value),
                    None => continue,
                },
            };
            read.since.push(version.since);
            read.values.push(value);
        }
        read
    }

    /// What it says, as a column has it.
    pub(super) fn values(&self) -> Vec<Option<&Value>> {
        self.values.iter().map(Option::as_deref).collect()
    }

    /// The commits after the first that changed a value, and not only a comment.
    pub(super) fn edits(&self) -> Vec<Edit> {
        let edit = |(at, pair): (&usize, &[Option<Arc<Value>>])| {
            let of_versions = match pair {
                [Some(before), Some(after)] => differ_in_versions_alone(before, after),
                _ => false,
            };
            (pair[0] != pair[1]).then_some(Edit { at: *at, of_versions })
        };
        self.since.iter().skip(1).zip(self.values.windows(2)).filter_map(edit).collect()
    }
}
