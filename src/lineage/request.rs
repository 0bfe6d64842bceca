//! What is compared, and what one file becomes.

use super::decision::Choice;
use super::difference::Difference;
use super::history::History;
use super::names::Names;
use super::settle::Point;
use crate::model::{FieldPath, File, Files, RepoPath};

/// The folders of two environments.
#[derive(Clone, Copy, Debug)]
pub struct Folders<'a> {
    /// Where changes come from.
    pub source: &'a RepoPath,
    /// Where they go.
    pub target: &'a RepoPath,
}

/// What to compare, and what the configuration says of it. Paths given to functions are below the
/// target's folder.
pub struct Request<'a> {
    /// The files as they are.
    pub files: &'a dyn Files,
    /// The folders.
    pub folders: Folders<'a>,
    /// The names of both environments.
    pub names: &'a Names,
    /// The past of both folders.
    pub history: &'a History<'a>,
    /// The last promotion, if there was one.
    pub point: Option<&'a Point>,
    /// Whether nobody promoted with Overlift yet, so that edits by hand tell what was left out.
    pub by_hand: bool,
    /// What comes over.
    pub choice: Choice,
    /// Fields of a file that are never edited.
    pub keep: &'a dyn Fn(&str) -> Vec<&'a FieldPath>,
    /// Fields of a file that always get the source's value.
    pub take: &'a dyn Fn(&str) -> Vec<&'a FieldPath>,
    /// Whether a file is never written.
    pub excluded: &'a dyn Fn(&str) -> bool,
    /// Whether a change of a file was asked for: the file, the field, the source's value.
    pub asked: &'a dyn Fn(&str, &str, &str) -> bool,
    /// Whether a field with the source's value is of an image that was asked for by its name.
    pub named: &'a dyn Fn(&str, &str) -> bool,
}

/// What one file becomes.
#[derive(Clone, Debug)]
pub struct Change {
    /// The file, below the target's folder.
    pub below: String,
    /// What it becomes; `None` if it goes.
    pub after: Option<File>,
    /// The fields that change; empty for a whole file.
    pub fields: Vec<String>,
    /// The source's file.
    pub from: RepoPath,
    /// Where the target has it, and where it will have it, if it moves.
    pub moved: Option<(RepoPath, RepoPath)>,
}

/// What comes of one file.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    /// The file below the source's and the target's folder.
    pub below: (String, String),
    pub change: Option<Change>,
    pub differences: Vec<Difference>,
}
