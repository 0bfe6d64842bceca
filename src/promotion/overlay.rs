//! One environment's overlay: its files by their paths below it, and its kustomization.

use std::collections::BTreeSet;

use super::environment::Environment;
use super::error::PlanError;
use crate::model::{
    Entry, File, FileMode, Files, KUSTOMIZATION_NAMES, Location, Position, ReadError, RepoPath,
};
use crate::yaml::edit::{EditError, Editor};

/// An overlay at one moment.
pub(super) struct Overlay<'a> {
    files: &'a dyn Files,
    /// The environment whose overlay it is.
    pub environment: &'a Environment,
    /// The paths of its files, below it.
    pub below: BTreeSet<String>,
}

/// An overlay's kustomization, ready to be edited.
pub(super) struct KustomizationFile {
    /// Its path below the overlay.
    pub below: String,
    /// Its path in the repository.
    pub path: RepoPath,
    /// The file as it is.
    pub file: File,
    /// Its text.
    pub editor: Editor,
}

impl<'a> Overlay<'a> {
    /// Lists the files of an environment's overlay.
    pub(super) fn open(
        files: &'a dyn Files,
        environment: &'a Environment,
    ) -> Result<Self, PlanError> {
        let path = &environment.path;
        let read = |source| PlanError::Read { at: Location::file(path.clone()), source };
        let (led_to, _) = files.look_up(path).map_err(read)?;
        if led_to != *path {
            let at = Location::file(path.clone());
            return Err(PlanError::SymlinkedOverlay { at, led_to });
        }
        let listed = files.list(path).map_err(read)?;
        let below = listed.iter().filter_map(|file| file.strip_prefix(path)).map(str::to_owned);
        Ok(Self { files, environment, below: below.collect() })
    }

    /// Whether the environment is one file, whose path below itself is empty.
    pub(super) fn is_file(&self) -> bool {
        self.below.contains("")
    }

    /// The path in the repository of a path below the overlay.
    pub(super) fn path(&self, below: &str) -> RepoPath {
        self.environment.path.join(below).expect("paths below an overlay come from its own list")
    }

    /// A place in a file of the overlay.
    pub(super) fn location(&self, below: &str) -> Location {
        Location::file(self.path(below))
    }

    /// The file at a path below the overlay, symlinks as symlinks.
    pub(super) fn file(&self, below: &str) -> Result<Option<File>, PlanError> {
        if !self.below.contains(below) {
            return Ok(None);
        }
        let path = self.path(below);
        let at = Location::file(path.clone());
        let file = self.files.file(&path).map_err(|source| PlanError::Read { at, source })?;
        // It is listed, so it exists; what is missing is its content.
        file.map_or_else(|| Err(PlanError::Unknown(BTreeSet::from([path]))), |file| Ok(Some(file)))
    }

    /// Whether the symlink at `below` leads to a place inside the repository.
    pub(super) fn link_stays_inside(&self, below: &str) -> bool {
        let outside = |error| matches!(error, Err(ReadError::SymlinkOutside(_)));
        !outside(self.files.look_up(&self.path(below)).map(|_| ()))
    }

    /// Whether it has a kustomization.
    pub(super) fn has_kustomization(&self) -> bool {
        KUSTOMIZATION_NAMES.iter().any(|name| self.below.contains(*name))
    }

    /// Whether the path below the overlay is its own kustomization, under any of its names.
    pub(super) fn is_kustomization(below: &str) -> bool {
        KUSTOMIZATION_NAMES.contains(&below)
    }

    /// The kustomizations that the directory at `below` could have.
    pub(super) fn kustomizations_of(below: &str) -> impl Iterator<Item = String> {
        KUSTOMIZATION_NAMES.iter().map(move |name| match below {
            "" => (*name).to_owned(),
            dir => format!("{dir}/{name}"),
        })
    }

    /// Reads the overlay's kustomization for editing.
    pub(super) fn kustomization(&self) -> Result<KustomizationFile, PlanError> {
        let Some(below) = Self::kustomizations_of("").find(|name| self.below.contains(name)) else {
            let dir = self.environment.path.clone();
            return Err(PlanError::NoKustomization { at: Location::file(dir) });
        };
        let path = self.path(&below);
        let at = Location::file(path.clone());
        let (_, entry) = self
            .files
            .look_up(&path)
            .map_err(|source| PlanError::Read { at: at.clone(), source })?;
        let content = match entry {
            Entry::File(file) => file,
            Entry::Unknown => return Err(PlanError::Unknown(BTreeSet::from([path]))),
            Entry::Directory | Entry::Missing => return Err(PlanError::NoKustomization { at }),
        };
        let editor = open_editor(&content, &at)?;
        let mode = self.file(&below)?.map_or(FileMode::Regular, |file| file.mode);
        Ok(KustomizationFile { below, path, file: File { mode, content: content.content }, editor })
    }
}

impl KustomizationFile {
    /// The place of a node, with its field.
    pub(super) fn location(&self, position: Option<Position>, field: &str) -> Location {
        let at = Location::file(self.path.clone()).in_field(field);
        match position {
            Some(position) => at.at(position),
            None => at,
        }
    }

    /// Tells where an edit failed.
    pub(super) fn refused(&self, field: &str) -> impl Fn(EditError) -> PlanError + use<> {
        let at = self.location(None, field);
        move |source| PlanError::edit(&at, source)
    }
}

/// Reads a file for editing.
pub(super) fn open_editor(file: &File, at: &Location) -> Result<Editor, PlanError> {
    let text =
        std::str::from_utf8(&file.content).map_err(|_| PlanError::NotText { at: at.clone() })?;
    Editor::parse(text).map_err(|source| PlanError::edit(at, source))
}
