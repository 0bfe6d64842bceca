//! One file's edit, and why it is made.

use serde::{Deserialize, Serialize};

use crate::model::{FileEdit, RepoPath, Word, read_word};

/// One file's edit and why it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedEdit {
    /// The edit; its path is within the target overlay.
    pub edit: FileEdit,
    /// Why, in the order of the steps of a promotion; at least one.
    pub causes: Vec<Cause>,
}

/// Why a file is edited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// The source has it at this path.
    Copied {
        /// The source's file.
        from: RepoPath,
    },
    /// Fields of the file get the source's values; without fields the whole file does.
    Changed {
        /// The source's file.
        from: RepoPath,
        /// The fields.
        fields: Vec<String>,
    },
    /// Fields of the copied file keep the target's value.
    Kept {
        /// The field paths as configured.
        fields: Vec<String>,
    },
    /// An earlier promotion's edit is taken back; without fields the whole of it.
    TakenBack {
        /// The fields.
        fields: Vec<String>,
    },
    /// Traffic moves by a step.
    Moved {
        /// The fields.
        fields: Vec<String>,
    },
    /// The source gave it another name or another folder, and so does the target.
    Renamed {
        /// Where the target had it.
        from: RepoPath,
        /// Where it has it now.
        to: RepoPath,
    },
    /// The source had it at the last promotion and has it no more.
    Pruned,
    /// The kustomization gets an entry for a copied file.
    Wired {
        /// The kustomization's field.
        #[serde(deserialize_with = "read_word")]
        field: Word,
        /// The file, as the entry names it.
        entry: String,
    },
    /// The kustomization loses the entry of a pruned file.
    Unwired {
        /// The kustomization's field.
        #[serde(deserialize_with = "read_word")]
        field: Word,
        /// The file, as the entry names it.
        entry: String,
    },
    /// A kustomization field is carried.
    Carried {
        /// The field.
        #[serde(deserialize_with = "read_word")]
        field: Word,
        /// The keys of the entries that change, such as image names; empty for one value.
        keys: Vec<String>,
    },
}
