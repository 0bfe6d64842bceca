//! Why an overlay could not be built.

use std::collections::BTreeSet;

use super::ResourceId;
use super::version::Version;
use crate::model::{InvalidPath, Location, Position, ReadError, RepoPath};
use crate::yaml::SyntaxError;

/// Why an overlay could not be built. Every variant names the place a person has to edit.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The directory has no kustomization file.
    #[error("{dir}: no `kustomization.yaml`, `kustomization.yml` or `Kustomization` here")]
    NoKustomization {
        /// The directory.
        dir: RepoPath,
    },
    /// A directory that a kustomization names has none of its own, or more than one.
    #[error(
        "{at}: `{dir}` has {count} of `kustomization.yaml`, `kustomization.yml` and `Kustomization`"
    )]
    BaseWithout {
        /// Who refers to it.
        at: Location,
        /// The directory.
        dir: RepoPath,
        /// "none" or "more than one".
        count: &'static str,
    },
    /// A file is not YAML.
    #[error("{at}: {source}")]
    Syntax {
        /// The file and the position.
        at: Location,
        /// What is wrong there.
        source: SyntaxError,
    },
    /// A file exists but cannot be read, or must not be.
    #[error("{at}: {source}")]
    Read {
        /// Who refers to the file.
        at: Location,
        /// Why it is not read.
        source: ReadError,
    },
    /// A directory with more than one kustomization file.
    #[error(
        "{dir}: more than one of `kustomization.yaml`, `kustomization.yml` and `Kustomization` here"
    )]
    ManyKustomizations {
        /// The directory.
        dir: RepoPath,
    },
    /// A file or directory that is not there.
    #[error("{at}: there is no `{path}`{}", nearest.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default())]
    Missing {
        /// Who refers to it.
        at: Location,
        /// The path as written.
        path: String,
        /// The name nearest to it in the same directory.
        nearest: Option<String>,
    },
    /// A directory where a file is needed.
    #[error("{at}: `{path}` is a directory, and a file is needed here")]
    IsDirectory {
        /// Who refers to it.
        at: Location,
        /// The path as written.
        path: String,
    },
    /// A file where a directory is needed.
    #[error("{at}: `{path}` is a file, and a directory is needed here")]
    IsFile {
        /// Who refers to it.
        at: Location,
        /// The path as written.
        path: String,
    },
    /// A path that no repository has.
    #[error("{at}: {source}")]
    Path {
        /// Who refers to it.
        at: Location,
        /// What is wrong with it.
        source: InvalidPath,
    },
    /// A file that the load restrictor keeps out.
    #[error(
        "{at}: `{path}` is not in or below `{root}`, and the load restrictor allows no other file"
    )]
    OutsideRoot {
        /// Who refers to it.
        at: Location,
        /// The file.
        path: RepoPath,
        /// The directory of the kustomization.
        root: RepoPath,
    },
    /// A directory that includes one that includes it.
    #[error("{at}: `{base}` contains this kustomization or one that led here, a circle")]
    BaseCycle {
        /// Who refers to it.
        at: Location,
        /// The directory.
        base: RepoPath,
    },
    /// A base or file of another repository or server.
    #[error(
        "{at}: `{url}` is remote: {reason}; copy it into the repository{}", way_out(.reason)
    )]
    Remote {
        /// Who refers to it.
        at: Location,
        /// The URL as written.
        url: String,
        /// Why it is not to be had.
        reason: String,
    },
    /// A file that is no text.
    #[error("{at}: not UTF-8 text, from byte {offset} on")]
    NotText {
        /// The file.
        at: Location,
        /// The first byte that is wrong.
        offset: usize,
    },
    /// A document that is no Kubernetes object.
    #[error("{at}: not a resource: `{missing}` is missing")]
    NotAResource {
        /// The document.
        at: Location,
        /// The field that is missing.
        missing: &'static str,
    },
    /// A resource that is there already.
    #[error("{at}: `{id}` is there already, from {other}")]
    Duplicate {
        /// The second one.
        at: Location,
        /// Its identity.
        id: ResourceId,
        /// The first one.
        other: Location,
    },
    /// A generated resource that is to change another one which does not exist.
    #[error("{at}: there is no `{id}` to {behavior} with; `behavior: create` makes a new one")]
    NothingToMerge {
        /// The generator.
        at: Location,
        /// The identity it looks for.
        id: ResourceId,
        /// `merge` or `replace`.
        behavior: &'static str,
    },
    /// A name that may mean several resources.
    #[error("{at}: the name `{name}` may mean {}", .candidates.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or "))]
    AmbiguousReference {
        /// The resource that refers to it.
        at: Location,
        /// The name.
        name: String,
        /// What it may mean.
        candidates: Vec<ResourceId>,
    },
    /// A plugin that is not built in.
    #[error("{at}: `{plugin}` is no built-in plugin, and no others are run; {help}")]
    Plugin {
        /// Its configuration.
        at: Location,
        /// Its kind.
        plugin: String,
        /// What to do instead.
        help: &'static str,
    },
    /// Helm charts.
    #[error(
        "{at}: helm charts are not rendered here; render them with `helm template` and list the result under `resources`, or build with `--engine kustomize`"
    )]
    Helm {
        /// The field.
        at: Location,
    },
    /// Files that no build is made from: a chart, values, something else.
    #[error("{at}: {because}, so this is not rendered")]
    NotRendered {
        /// The folder.
        at: Location,
        /// Why not.
        because: NoBuild,
    },
    /// Another engine builds, and fails.
    #[error("{at}: kustomize cannot build this: {reason}")]
    Foreign {
        /// The kustomization.
        at: Location,
        /// Its words, bounded, without a Secret's value.
        reason: String,
    },
    /// A component among resources, or a kustomization among components.
    #[error("{at}: `{dir}` is a {}; list it under `{}`", if *.is_component { "component" } else { "kustomization, not a component" }, if *.is_component { "components" } else { "resources" })]
    WrongRole {
        /// Who refers to it.
        at: Location,
        /// The directory.
        dir: RepoPath,
        /// Whether it is a component.
        is_component: bool,
    },
    /// A tree of bases larger than anyone's.
    #[error("{dir}: the build goes on without end: more than {limit}")]
    TooLarge {
        /// Where it was stopped.
        dir: RepoPath,
        /// The limit.
        limit: &'static str,
    },
    /// A strategic merge patch without a resource.
    #[error("{at}: there is no `{id}` to patch{}", nearest.as_ref().map(|id| format!("; did you mean `{id}`?")).unwrap_or_default())]
    PatchWithoutTarget {
        /// The patch.
        at: Location,
        /// The resource that it names.
        id: ResourceId,
        /// The resource with the nearest name.
        nearest: Option<ResourceId>,
    },
    /// A strategic merge patch that may be for several resources.
    #[error("{at}: `{id}` may mean the resources from {}", .others.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and "))]
    PatchWithTwoTargets {
        /// The patch.
        at: Location,
        /// The identity that they have or had.
        id: ResourceId,
        /// Where they come from.
        others: Vec<Location>,
    },
    /// A field that nobody knows.
    #[error("{at}: there is no field `{field}`{}", nearest.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default())]
    UnknownField {
        /// The field.
        at: Location,
        /// Its name as written.
        field: String,
        /// The known name that is nearest to it.
        nearest: Option<String>,
    },
    /// A field that the kustomize that is followed does not know yet.
    #[error("{at}: kustomize {version} has no field `{field}`, {since} is the first that does")]
    TooNew {
        /// The field.
        at: Location,
        /// Its name.
        field: &'static str,
        /// The first version that knows it.
        since: Version,
        /// The version that is followed.
        version: Version,
    },
    /// A value of a type that the field does not take.
    #[error("{at}: expected {expected}, found {found}")]
    WrongType {
        /// The value.
        at: Location,
        /// What the field takes.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// A kind or apiVersion that is not a kustomization's.
    #[error("{at}: expected {expected}, found `{found}`")]
    WrongKind {
        /// The field.
        at: Location,
        /// What it has to say.
        expected: &'static str,
        /// What it says.
        found: String,
    },
    /// A kustomization that says nothing.
    #[error("{at}: the kustomization is empty")]
    EmptyKustomization {
        /// Its beginning.
        at: Location,
    },
    /// Values that exclude each other, or miss each other.
    #[error("{at}: {reason}")]
    Conflict {
        /// The place.
        at: Location,
        /// What is wrong.
        reason: &'static str,
    },
    /// Values that cannot be carried out.
    #[error("{at}: {reason}")]
    Invalid {
        /// The place.
        at: Location,
        /// What is wrong and how to put it right; never a Secret's value.
        reason: String,
    },
    /// The content of these files is not here: fetch them and ask again.
    #[error("{} files have still to be fetched", .0.len())]
    Unknown(BTreeSet<RepoPath>),
}

/// Why no build is made from files.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoBuild {
    /// What renders a chart reads them.
    #[error("`{name}` is of a chart")]
    OfChart {
        /// One of them.
        name: String,
    },
    /// It is one file, with something else in it.
    #[error("this is no manifest")]
    NoManifest,
    /// It is a folder, with other files in it.
    #[error("there are no manifests here")]
    NoManifests,
    /// What the folder has for one cluster and for another would be one.
    #[error("it is several builds, which both have {id}")]
    Several {
        /// A resource that they both have.
        id: ResourceId,
    },
}

impl BuildError {
    /// The place a person has to edit, if it is within a file.
    #[must_use]
    pub const fn location(&self) -> Option<&Location> {
        match self {
            Self::Syntax { at, .. }
            | Self::Read { at, .. }
            | Self::Missing { at, .. }
            | Self::IsDirectory { at, .. }
            | Self::IsFile { at, .. }
            | Self::BaseWithout { at, .. }
            | Self::Path { at, .. }
            | Self::OutsideRoot { at, .. }
            | Self::BaseCycle { at, .. }
            | Self::Remote { at, .. }
            | Self::NotText { at, .. }
            | Self::NotAResource { at, .. }
            | Self::Duplicate { at, .. }
            | Self::NothingToMerge { at, .. }
            | Self::AmbiguousReference { at, .. }
            | Self::Plugin { at, .. }
            | Self::Helm { at, .. }
            | Self::NotRendered { at, .. }
            | Self::Foreign { at, .. }
            | Self::WrongRole { at, .. }
            | Self::PatchWithoutTarget { at, .. }
            | Self::PatchWithTwoTargets { at, .. }
            | Self::UnknownField { at, .. }
            | Self::TooNew { at, .. }
            | Self::WrongType { at, .. }
            | Self::WrongKind { at, .. }
            | Self::EmptyKustomization { at }
            | Self::Conflict { at, .. }
            | Self::Invalid { at, .. } => Some(at),
            Self::NoKustomization { .. }
            | Self::ManyKustomizations { .. }
            | Self::TooLarge { .. }
            | Self::Unknown(_) => None,
        }
    }
}

impl BuildError {
    /// A kustomization says nothing.
    pub(super) fn empty(path: &RepoPath) -> Self {
        let beginning = Position { line: 1, column: 1 };
        Self::EmptyKustomization { at: Location::file(path.clone()).at(beginning) }
    }

    /// What is written at a place is wrong.
    #[must_use]
    pub fn invalid(at: &Location, reason: impl Into<String>) -> Self {
        Self::Invalid { at: at.clone(), reason: reason.into() }
    }

    /// The same, told at the reference that leads to the directory, if it says that this has no
    /// kustomization.
    #[must_use]
    pub fn at_reference(self, at: &Location, base: &RepoPath) -> Self {
        match self {
            Self::NoKustomization { dir } if dir == *base => {
                Self::BaseWithout { at: at.clone(), dir, count: "none" }
            }
            Self::ManyKustomizations { dir } if dir == *base => {
                Self::BaseWithout { at: at.clone(), dir, count: "more than one" }
            }
            other => other,
        }
    }
}

/// What beside copying gives a remote base: allowing it is no help for one that is allowed.
fn way_out(reason: &str) -> &'static str {
    if reason.contains("?ref=") {
        ", or name a commit or a tag"
    } else {
        " or allow its repository"
    }
}
