//! What another engine gets, piece by piece: files that were reached, directories that were taken whole.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::kustomize::error::BuildError;
use crate::kustomize::manifest::{TextOrigin, documents};
use crate::kustomize::remote::RemoteResolver;
use crate::model::{Entry, File, FileMode, FileTree, Files, PathPart, ReadError, RepoPath, follow};
use crate::yaml::{Dialect, Node};

/// What was collected.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// The directory to build, symlinks followed.
    pub(super) dir: RepoPath,
    /// Its kustomization.
    pub(super) kustomization: RepoPath,
    /// All that the other engine may read.
    pub(super) tree: FileTree,
    /// The files that kustomizations name, the kustomizations and all files of charts.
    pub(super) inputs: BTreeSet<RepoPath>,
    /// Those of them that hold resources as they are.
    pub(super) manifests: BTreeSet<RepoPath>,
    /// What the overlay itself puts around names, and its namespace.
    pub(super) own: Naming,
    /// What any kustomization puts around names.
    pub(super) prefixes: BTreeSet<String>,
    /// The same for the ends of names.
    pub(super) suffixes: BTreeSet<String>,
}

/// What one kustomization does to names; empty texts for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Naming {
    pub(super) prefix: String,
    pub(super) suffix: String,
    pub(super) namespace: String,
}

/// Whose files a directory is among.
#[derive(Clone)]
pub(super) enum Tree {
    /// The repository's: the other engine gets them.
    Local,
    /// Another repository's: the other engine fetches it, and we look where it leads.
    Remote(Arc<dyn Files + Send + Sync>),
}

/// What gathers, with what it found so far.
pub(super) struct Gatherer<'a> {
    pub(super) files: &'a dyn Files,
    pub(super) remote: Option<&'a dyn RemoteResolver>,
    pub(super) found: Gathered,
    pub(super) unknown: BTreeSet<RepoPath>,
    pub(super) pending: Vec<(Tree, RepoPath)>,
    pub(super) seen: BTreeSet<RepoPath>,
    /// Directories that were taken as a whole.
    pub(super) taken: BTreeSet<RepoPath>,
}

impl Gatherer<'_> {
    /// Notes a directory that a kustomization may stand in.
    pub(super) fn visit(&mut self, tree: Tree, dir: RepoPath) {
        // Circles through other repositories end with the patience of whoever fetches.
        if matches!(tree, Tree::Remote(_)) || self.seen.insert(dir.clone()) {
            self.pending.push((tree, dir));
        }
    }

    /// The documents of a file, each with the text that its nodes are marked in.
    pub(super) fn read(
        &self,
        file: &File,
        dialect: Dialect,
        place: &TextOrigin,
    ) -> Result<Vec<(Node, Arc<str>)>, BuildError> {
        let text = std::str::from_utf8(&file.content).map_err(|fault| BuildError::NotText {
            at: place.whole().clone(),
            offset: fault.valid_up_to(),
        })?;
        let (text, nodes) = documents(text, dialect, place)?;
        let text: Arc<str> = text.into();
        Ok(nodes.into_iter().map(|node| (node, Arc::clone(&text))).collect())
    }

    /// Goes to a path of the repository and takes along what stands there and the symlinks on the way.
    pub(super) fn reach(&mut self, path: &RepoPath) -> Result<(RepoPath, Entry), ReadError> {
        let mut links = Vec::new();
        let at = follow(path, |here| {
            Ok(match self.files.file(here)? {
                Some(file) if file.mode == FileMode::Symlink => {
                    let target = String::from_utf8_lossy(&file.content).into_owned();
                    links.push((here.clone(), file));
                    PathPart::Link(target)
                }
                _ => PathPart::Through,
            })
        })?;
        let (at, entry) = self.files.look_up(&at)?;
        // Only now is it known that none of them leads out.
        links.into_iter().for_each(|(path, link)| self.found.tree.insert(path, link));
        match &entry {
            Entry::File(file) => self.found.tree.insert(at.clone(), file.clone()),
            Entry::Unknown => {
                self.unknown.insert(at.clone());
            }
            Entry::Directory | Entry::Missing => {}
        }
        Ok((at, entry))
    }

    /// Takes all files below a directory, and those that symlinks there lead to.
    ///
    /// A symlink that leads out of the repository is left out, and so is a file that we do not read:
    /// whoever needs it finds it missing.
    pub(super) fn take_below(&mut self, dir: &RepoPath) -> Result<(), ReadError> {
        let mut directories = vec![dir.clone()];
        while let Some(dir) = directories.pop() {
            if !self.taken.insert(dir.clone()) {
                continue;
            }
            for path in self.files.list(&dir)? {
                match self.files.file(&path) {
                    Ok(Some(file)) if file.mode == FileMode::Symlink => {
                        if let Ok((at, Entry::Directory)) = self.reach(&path) {
                            directories.push(at);
                        }
                    }
                    Ok(Some(file)) => self.found.tree.insert(path, file),
                    Ok(None) => {
                        self.unknown.insert(path);
                    }
                    Err(_) => {}
                }
            }
        }
        Ok(())
    }

    /// Takes a directory with charts: all of it is input.
    pub(super) fn take_charts(&mut self, home: &RepoPath) -> Result<(), ReadError> {
        let (home, entry) = self.reach(home)?;
        if entry == Entry::Directory {
            self.take_below(&home)?;
            self.found.inputs.extend(self.files.list(&home)?);
        }
        Ok(())
    }
}
