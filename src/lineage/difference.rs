//! A difference between two environments and what becomes of it.

use serde::{Deserialize, Serialize};

use super::verdict::Trial;
use crate::model::{CommitSha, RepoPath, Word, read_word};

/// A difference, as far as a promotion is concerned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The target's file.
    pub path: RepoPath,
    /// The source's file.
    pub from: RepoPath,
    /// The field's path; empty for a whole file.
    pub field: String,
    /// Which document it is in, by kind and name, if the file has several.
    pub document: Option<String>,
    /// The source's value, if it is one text.
    pub source: Option<String>,
    /// The target's value, if it is one text.
    pub target: Option<String>,
    /// What becomes of it.
    pub then: Then,
    /// Why.
    pub because: Because,
}

impl Difference {
    /// A difference of a whole file.
    pub(super) const fn of_file(
        path: RepoPath,
        from: RepoPath,
        then: Then,
        because: Because,
    ) -> Self {
        let field = String::new();
        Self { path, from, field, document: None, source: None, target: None, then, because }
    }
}

/// What becomes of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Then {
    /// The target gets the source's value.
    Comes,
    /// What the source has no more goes from the target.
    Goes,
    /// It stays.
    Stays,
}

/// Why a difference comes, goes or stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Because {
    /// The target has what the source had before this commit.
    Behind {
        /// The commit by which the source got its value; `None` if it is not committed.
        since: Option<CommitSha>,
    },
    /// `promotion.take` names it.
    Taken,
    /// Everything was asked for.
    All,
    /// Its image was asked for by name.
    Named,
    /// An entry that comes or goes needs it.
    Needed,
    /// The value was never the source's.
    Own {
        /// The commit by which the target got it; `None` if it has had it from the beginning.
        since: Option<CommitSha>,
        /// Whether the source changed its own value meanwhile, to one that is not called after itself.
        source_moved: bool,
    },
    /// The source tries something ahead of the target.
    Tried {
        /// What.
        what: Trial,
    },
    /// The target got it after the source had its value: a hotfix, a revert.
    SetLater {
        /// The commit by which the target got it.
        by: Option<CommitSha>,
    },
    /// The target has the file that the entry names, and none of its kustomizations names it.
    Unlisted,
    /// It names the source, and nothing tells what the target says instead.
    NamesSource {
        /// The source's name in it.
        name: String,
    },
    /// It names an environment that is neither of the two, and that the target names nowhere.
    NamesOther {
        /// That environment's name in it.
        name: String,
    },
    /// It is bound to an account of a cloud that the target names nowhere, while it names others.
    NamesAccount {
        /// That account's number.
        name: String,
    },
    /// It names something that is there once, such as a disk of a cloud or a private network, and that the target
    /// names nowhere, while it names others.
    NamesOnlyOne {
        /// Its id, its host or its range of addresses.
        name: String,
    },
    /// A comment of its author's keeps it to other environments.
    Reserved {
        /// The words that do, as they stand there.
        words: String,
    },
    /// The entry that names the file in the source stays away.
    EntryStays,
    /// The source's kustomizations named the file once, and do no more.
    Unused,
    /// Another file of the target has its resources.
    Elsewhere {
        /// That file's name, in the same folder.
        file: String,
    },
    /// The last promotion left it, or a commit that edited the target since.
    LeftOut {
        /// That commit.
        by: Option<CommitSha>,
    },
    /// The source has had it from the beginning and the target has not.
    AbsentOnPurpose,
    /// Both say the same, each in its own environment's name.
    Counterpart,
    /// The other environment's kustomization names it in another list that counts as one with this.
    InAnotherList {
        /// That list.
        #[serde(deserialize_with = "read_word")]
        list: Word,
        /// Whether it is the target's; else the source's.
        of_target: bool,
    },
    /// It says one thing with a field beside it that stays.
    Together {
        /// That field.
        with: String,
    },
    /// `promotion.keep` names it.
    Kept,
    /// It is a share of the traffic, which `steps` move.
    Stepped,
    /// `promotion.exclude` names its file.
    Excluded,
    /// It was not among what was asked for.
    NotAsked,
    /// The target's file cannot be changed there without changing more.
    Unwritable(String),
}

impl Because {
    /// The reason in words that complete "stays different: …" and stand alone.
    #[must_use]
    pub fn words(&self, target: &str) -> String {
        let since = |commit: &Option<CommitSha>| {
            commit.as_ref().map_or(String::new(), |commit| format!(" since {}", short(commit)))
        };
        match self {
            Self::Behind { since: Some(commit) } => format!("changed by {}", short(commit)),
            Self::Behind { since: None } => "changed and not committed yet".to_owned(),
            Self::Taken => "taken by `promotion.take`".to_owned(),
            Self::All => "everything was asked for".to_owned(),
            Self::Named => "asked for by name".to_owned(),
            Self::Needed => "needed by what changes".to_owned(),
            Self::Own { since: commit, source_moved: false } => {
                format!("{target}'s own{}", since(commit))
            }
            Self::Own { since: commit, source_moved: true } => {
                format!("{target}'s own{}, and the source changed meanwhile", since(commit))
            }
            Self::Tried { what: Trial::Branch } => {
                "a branch that the source follows by itself".to_owned()
            }
            Self::Tried { what: Trial::Tag } => {
                format!("no version, while {target} has one: the source tries it")
            }
            Self::Tried { what: Trial::Channel } => {
                "a moving tag that the source follows by itself".to_owned()
            }
            Self::Tried { what: Trial::Build } => {
                format!("a build that the source tries: {target} has had releases alone")
            }
            Self::Tried { what: Trial::PreRelease } => {
                format!("a pre-release that the source tries: {target} has had releases alone")
            }
            Self::SetLater { by } => {
                let by = by.as_ref().map_or(String::new(), |by| format!(" by {}", short(by)));
                format!("set in {target}{by}, after the source changed")
            }
            Self::Unlisted => format!("its file is in {target}, and nothing there names it"),
            Self::NamesSource { name } => {
                format!("names the source (`{name}`), and nothing tells what {target} says instead")
            }
            Self::NamesOther { name } => format!(
                "names an environment that is neither (`{name}`), and {target} names it nowhere"
            ),
            Self::NamesAccount { name } => {
                format!("belongs to an account (`{name}`) that {target} names nowhere")
            }
            Self::NamesOnlyOne { name } => {
                format!("names what is there once (`{name}`), and {target} has another")
            }
            Self::Reserved { words } => format!("a comment says of it: `{words}`"),
            Self::EntryStays => "the entry that names it stays away".to_owned(),
            Self::Unused => "nothing in the source names it any more".to_owned(),
            Self::Elsewhere { file } => format!("{target} has its resources in `{file}`"),
            Self::LeftOut { by: Some(commit) } => format!("left out by {}", short(commit)),
            Self::LeftOut { by: None } => "left out by an earlier promotion".to_owned(),
            Self::AbsentOnPurpose => format!("{target} never had it"),
            Self::Counterpart => "each in its own environment's name".to_owned(),
            Self::InAnotherList { list, of_target: true } => {
                format!("{target} names it under `{list}`")
            }
            Self::InAnotherList { list, of_target: false } => {
                format!("the source names it under `{list}`")
            }
            Self::Together { with } => format!("says one thing with `{with}`, which stays"),
            Self::Kept => "kept by `promotion.keep`".to_owned(),
            Self::Stepped => "moved by `steps`, after the promotion".to_owned(),
            Self::Excluded => "left out by `promotion.exclude`".to_owned(),
            Self::NotAsked => "left out, since other changes were asked for".to_owned(),
            Self::Unwritable(reason) => format!("cannot be changed in place: {reason}"),
        }
    }

    /// Puts a mask in the place of a name that is a part of the value.
    pub fn hide_name(&mut self, mask: &str) {
        if let Self::NamesAccount { name } | Self::NamesOnlyOne { name } = self {
            mask.clone_into(name);
        }
    }
}

fn short(commit: &CommitSha) -> &str {
    &commit.as_str()[..7]
}
