//! What is decided about one value, and the change of the target's file that it makes.

use super::content::Form;
use super::held::Held;
use super::verdict::Verdict;
use crate::model::FieldPath;
use crate::yaml::edit::NodePath;

/// What a promotion brings over beyond what history says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// What the source changed.
    #[default]
    Changed,
    /// Everything that differs.
    All,
}

/// What the configuration says of fields.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'p> {
    /// What comes over.
    pub choice: Choice,
    /// Fields that are never edited.
    pub keep: &'p [&'p FieldPath],
    /// Fields that always get the source's value.
    pub take: &'p [&'p FieldPath],
}

/// Why a value comes, goes or stays, before there are words for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    Judged(Verdict),
    /// It would come, and names what is not the target's.
    Held(Held),
    Kept,
    Taken,
    All,
    /// It is an image's version, and the image was asked for by its name.
    Named,
    NotAsked,
    /// The other side names it in this list of the kustomization.
    InAnotherList {
        list: &'static str,
        of_target: bool,
    },
    /// It says one thing with a field beside it that stays.
    Together {
        with: String,
    },
}

/// A value that differs and what is to be done with it.
#[derive(Clone, Debug)]
pub(super) struct Decision {
    /// The field's path, for people.
    pub field: String,
    /// Which document it is in, if the file has several.
    pub document: Option<String>,
    pub source: Option<String>,
    pub target: Option<String>,
    pub reason: Reason,
    /// Whether the source has it and the target has not.
    pub is_new: bool,
    /// How the target's file changes, if the value comes or goes.
    pub op: Option<Op>,
    /// Where in the target's file it is, for doing the last thing first.
    pub position: Vec<usize>,
}

/// One change of the target's file, with places on both sides as they are before any change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Op {
    /// A value is replaced.
    Replace { target: NodePath, source: NodePath },
    /// A value becomes a text that the source had.
    Set { target: NodePath, text: String },
    /// A key comes with its value.
    Insert { parent: NodePath, after: Option<String>, key: String, source: NodePath },
    /// A list item comes.
    Add { list: NodePath, after: Option<usize>, source: NodePath },
    /// A key, an item or a document goes.
    Remove { target: NodePath },
    /// A document comes.
    AddDocument { after: Option<usize>, source: usize },
    /// A text changes that holds fields of its own, at a place within it.
    Within { target: NodePath, source: NodePath, form: Form, op: Box<Self> },
}

impl Reason {
    /// The target's own, of whatever age, while the source changed its own.
    pub(super) const OWN: Self = Self::Judged(Verdict::Own { since: None, source_moved: true });
}

impl Decision {
    /// Leaves the target's file as it is there.
    pub(super) fn leave(&mut self, reason: Reason) {
        (self.op, self.reason) = (None, reason);
    }
}

impl Op {
    /// Whether something goes and nothing comes.
    pub(super) fn removes(&self) -> bool {
        match self {
            Self::Remove { .. } => true,
            Self::Within { op, .. } => op.removes(),
            _ => false,
        }
    }
}
