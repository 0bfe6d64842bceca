//! The versions of a file as trees.

use super::content::Form;
use super::history::Version;
use super::value::Value;
use super::verdict::{Edit, differ_in_versions_alone};

/// The versions of a file that could be read.
pub(super) struct Read {
    /// The commit after which each was there.
    pub(super) since: Vec<usize>,
    /// What it says; nothing where there was no file.
    pub(super) values: Vec<Option<Value>>,
}

impl Read {
    pub(super) fn all(form: Form, versions: &[Version]) -> Self {
        let mut read = Self { since: Vec::new(), values: Vec::new() };
        for version in versions {
            let value = match &version.content {
                None => None,
                Some(content) => match form.read(content) {
                    Some(value) => Some(value),
                    None => continue,
                },
            };
            read.since.push(version.since);
            read.values.push(value);
        }
        read
    }

    /// The commits after the first that changed a value, and not only a comment.
    pub(super) fn edits(&self) -> Vec<Edit> {
        let edit = |(at, pair): (&usize, &[Option<Value>])| {
            let of_versions = match pair {
                [Some(before), Some(after)] => differ_in_versions_alone(before, after),
                _ => false,
            };
            (pair[0] != pair[1]).then_some(Edit { at: *at, of_versions })
        };
        self.since.iter().skip(1).zip(self.values.windows(2)).filter_map(edit).collect()
    }
}
