//! Why a configuration cannot be used.

use std::collections::BTreeSet;

use super::pattern::InvalidPattern;
use crate::model::{
    EnvironmentName, InvalidFieldPath, InvalidName, InvalidPath, InvalidRemotePattern, Location,
    ReadError, RepoPath,
};
use crate::promotion::{InvalidRule, Key, PipelineError, TemplateError};
use crate::yaml::SyntaxError;

/// Why a configuration cannot be used. Every variant names the place a person has to edit.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not YAML.
    #[error("{at}: {source}")]
    Syntax {
        /// The file and the position.
        at: Location,
        /// What is wrong there.
        source: Box<SyntaxError>,
    },
    /// A file exists but cannot be read, or must not be.
    #[error("{at}: {source}")]
    Read {
        /// Who refers to the file.
        at: Location,
        /// Why it is not read.
        source: Box<ReadError>,
    },
    /// A file is no UTF-8 text.
    #[error("{at}: this file is no UTF-8 text")]
    NotText {
        /// The file.
        at: Location,
    },
    /// A key does not exist.
    #[error("{at}: there is no key `{key}`{}", instead(*.nearest, known))]
    UnknownKey {
        /// The key's place.
        at: Location,
        /// The key.
        key: String,
        /// The key that was probably meant.
        nearest: Option<&'static str>,
        /// All keys there are here.
        known: Box<[&'static str]>,
    },
    /// A value has another type.
    #[error("{at}: expected {expected}, found {found}")]
    WrongType {
        /// The value's place.
        at: Location,
        /// What should be there.
        expected: String,
        /// What is there.
        found: &'static str,
    },
    /// A value is none of those there are.
    #[error("{at}: `{value}` is not one of {}{}", list(known), meant(*.nearest))]
    UnknownValue {
        /// The value's place.
        at: Location,
        /// The value.
        value: String,
        /// The one that was probably meant.
        nearest: Option<&'static str>,
        /// The values there are.
        known: &'static [&'static str],
    },
    /// A key has to be there.
    #[error("{at}: `{key}` is missing")]
    MissingKey {
        /// The mapping.
        at: Location,
        /// The key.
        key: &'static str,
    },
    /// A list has fewer or more items than it may have.
    #[error("{at}: expected {expected}, found {found} items")]
    WrongCount {
        /// The list's place.
        at: Location,
        /// How many there may be, in words.
        expected: String,
        /// How many there are.
        found: usize,
    },
    /// An environment's name.
    #[error("{at}: {source}")]
    Name {
        /// The name's place.
        at: Location,
        /// What is wrong with it.
        source: Box<InvalidName>,
    },
    /// A path.
    #[error("{at}: {source}")]
    Path {
        /// The path's place.
        at: Location,
        /// What is wrong with it.
        source: Box<InvalidPath>,
    },
    /// A path of an environment.
    #[error("{at}: {source}")]
    Pattern {
        /// The path's place.
        at: Location,
        /// What is wrong with it.
        source: Box<InvalidPattern>,
    },
    /// Some environments belong to applications and others do not.
    #[error(
        "{at}: this path has {} `{{{{application}}}}`, and other environments have it: all of them or none",
        if *.has { "an" } else { "no" }
    )]
    Mixed {
        /// The path's place.
        at: Location,
        /// Whether it has one.
        has: bool,
    },
    /// The file has another name, or lies elsewhere.
    #[error("{found}: the configuration belongs in `.github/overlift.yaml`: {}", move_it(.found))]
    Misplaced {
        /// Where it is.
        found: RepoPath,
    },
    /// Several faults, in the order of the file; two at least.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Several(Vec<Self>),
    /// A repository that bases may be fetched from.
    #[error("{at}: {source}")]
    RemoteBase {
        /// The text's place.
        at: Location,
        /// What is wrong with it.
        source: Box<InvalidRemotePattern>,
    },
    /// A glob or a field to carry.
    #[error("{at}: {source}{}", meant(*.nearest))]
    Rule {
        /// The text's place.
        at: Location,
        /// What is wrong with it.
        source: Box<InvalidRule>,
        /// The word that was probably meant.
        nearest: Option<&'static str>,
    },
    /// A path to a field.
    #[error("{at}: {source}")]
    FieldPath {
        /// The text's place.
        at: Location,
        /// What is wrong with it.
        source: Box<InvalidFieldPath>,
    },
    /// A template, or what it makes of the environments' names.
    #[error("{at}: {source}")]
    Template {
        /// The template's place.
        at: Location,
        /// What is wrong with it.
        source: Box<TemplateError>,
    },
    /// A login or a team's slug.
    #[error("{at}: `{text}` is no {what}")]
    Account {
        /// Its place.
        at: Location,
        /// The text.
        text: String,
        /// What it should be, and how to write it.
        what: &'static str,
    },
    /// A text of the gates.
    #[error("{at}: {because}")]
    Gate {
        /// The text's place.
        at: Location,
        /// What is wrong with it, and what to write.
        because: String,
    },
    /// The environments make no pipeline.
    #[error("{at}: {source}{}", .nearest.as_ref().map_or(String::new(), |name| meant(Some(name.as_str()))))]
    Pipeline {
        /// The place of the environment, or of the key of it that is wrong.
        at: Location,
        /// What is wrong.
        source: Box<PipelineError>,
        /// The environment that was probably meant.
        nearest: Option<EnvironmentName>,
    },
    /// Two promotions would share a branch and overwrite each other.
    #[error(
        "{at}: the promotions {} and {} have the same branch `{branch}`; \
         put other words between `{{{{ source }}}}` and `{{{{ target }}}}`",
        pair(&.pairs[0]),
        pair(&.pairs[1])
    )]
    SharedBranch {
        /// The template's place.
        at: Location,
        /// The branch.
        branch: String,
        /// Sources and targets of both.
        pairs: Box<[Key; 2]>,
    },
    /// The body's template does not exist.
    #[error("{at}: there is no file `{path}`")]
    NoBodyTemplate {
        /// Where it is named.
        at: Location,
        /// The file.
        path: RepoPath,
    },
    /// There is neither a configuration nor anything like environments.
    #[error(
        "there is no `.github/overlift.yaml`, and no folders or values files side by side are named like environments \
         (`staging`, `production`, …): name them in `.github/overlift.yaml`{}",
        example(.seen)
    )]
    NothingToDiscover {
        /// Folders that might be meant.
        seen: Vec<RepoPath>,
    },
    /// Reading it met a limit.
    #[error("{at}: {reason}")]
    Stopped {
        /// The file.
        at: Location,
        /// Which limit, in words.
        reason: String,
    },
    /// The content of these files is not here: fetch them and ask again.
    #[error("{} files have still to be fetched", .0.len())]
    Unknown(BTreeSet<RepoPath>),
}

impl ConfigError {
    /// The place a person has to edit, if it is a file.
    #[must_use]
    pub fn location(&self) -> Option<&Location> {
        match self {
            Self::Syntax { at, .. }
            | Self::Read { at, .. }
            | Self::NotText { at }
            | Self::UnknownKey { at, .. }
            | Self::WrongType { at, .. }
            | Self::UnknownValue { at, .. }
            | Self::MissingKey { at, .. }
            | Self::WrongCount { at, .. }
            | Self::Name { at, .. }
            | Self::Path { at, .. }
            | Self::RemoteBase { at, .. }
            | Self::Rule { at, .. }
            | Self::FieldPath { at, .. }
            | Self::Template { at, .. }
            | Self::Account { at, .. }
            | Self::Gate { at, .. }
            | Self::Pipeline { at, .. }
            | Self::SharedBranch { at, .. }
            | Self::Pattern { at, .. }
            | Self::Mixed { at, .. }
            | Self::Stopped { at, .. }
            | Self::NoBodyTemplate { at, .. } => Some(at),
            Self::Several(faults) => faults.first().and_then(Self::location),
            Self::NothingToDiscover { .. } | Self::Misplaced { .. } | Self::Unknown(_) => None,
        }
    }
}

/// What to do with a file that lies elsewhere.
fn move_it(found: &RepoPath) -> String {
    format!("`git mv {found} .github/overlift.yaml`")
}

/// What to write for folders whose names tell nothing.
fn example(seen: &[RepoPath]) -> String {
    if seen.is_empty() {
        return String::new();
    }
    let mut text = ":\nenvironments:  # in promotion order".to_owned();
    for path in seen.iter().take(50) {
        let folder = path.parts().next_back().unwrap_or_default();
        let name = EnvironmentName::parse(folder).map_or("NAME".to_owned(), |it| it.to_string());
        text.push_str(&format!("\n  - name: {name}\n    path: {}", quoted(path.as_str())));
    }
    text
}

/// A text as a YAML scalar: plain where that is surely safe.
pub(super) fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    if path.chars().all(plain) { path.to_owned() } else { serde_json::json!(path).to_string() }
}

fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map_or(String::new(), |word| format!("; did you mean `{word}`?"))
}

fn instead(nearest: Option<&str>, known: &[&str]) -> String {
    match nearest {
        Some(_) => meant(nearest),
        None => format!("; there are {}", list(known)),
    }
}

fn pair(key: &Key) -> String {
    let Key { source, target, .. } = key;
    let application =
        key.application.as_ref().map_or(String::new(), |application| format!("`{application}`: "));
    format!("{application}`{source}` -> `{target}`")
}
