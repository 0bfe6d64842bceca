//! The id of a plan.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::key::Key;
use super::planned_edit::PlannedEdit;
use crate::model::Operation;

/// A plan's id: SHA-256, as 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PlanId(String);

impl PlanId {
    /// Computes the id of a plan.
    ///
    /// The hash covers a sequence of byte strings, each led by its length as 8 bytes, most
    /// significant first, so that no two plans have one encoding: the word `overlift plan 1`, or
    /// `overlift plan 2` and the application's name where there are some, the names of source and target, the number of edits in decimal, for each edit in the order of
    /// the paths its path, its operation (`add`, `modify`, `delete`), the git mode and the content
    /// after it (both empty for a deletion), and last the rendered diff.
    ///
    /// The rendered diff is the masked one: whoever reads the id cannot use it to try values of
    /// Secrets that are not in the edited files anyway.
    #[must_use]
    pub fn of(key: &Key, edits: &[PlannedEdit], rendered: &str) -> Self {
        let mut hash = Sha256::new();
        let mut add = |part: &[u8]| {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        };
        match &key.application {
            None => add(b"overlift plan 1"),
            Some(application) => {
                add(b"overlift plan 2");
                add(application.as_str().as_bytes());
            }
        }
        add(key.source.as_str().as_bytes());
        add(key.target.as_str().as_bytes());
        add(edits.len().to_string().as_bytes());
        for PlannedEdit { edit, .. } in edits {
            add(edit.path.as_str().as_bytes());
            add(match edit.operation() {
                Operation::Add => b"add",
                Operation::Modify => b"modify",
                Operation::Delete => b"delete",
            });
            add(edit.after.as_ref().map_or("", |file| file.mode.git()).as_bytes());
            add(edit.after.as_ref().map_or(&[], |file| &file.content));
        }
        add(rendered.as_bytes());
        Self(hex::encode(hash.finalize()))
    }

    /// Reads an id, such as one from a commit's trailer.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = |c: char| matches!(c, '0'..='9' | 'a'..='f');
        (text.len() == 64 && text.chars().all(fits)).then(|| Self(text.to_owned()))
    }

    /// The id, whole.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve digits, for people.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[..12]
    }
}

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
