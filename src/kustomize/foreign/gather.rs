//! The files that another engine needs for a build, collected without building.
//!
//! Of every kustomization that the overlay leads to, all files below its directory (kustomize's load
//! restrictor allows it no others), and the charts. What a kustomization leads to is read leniently: a
//! field that only the other engine knows is no error here.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::scan::scan;
use crate::kustomize::error::BuildError;
use crate::kustomize::manifest::{Place, documents};
use crate::kustomize::remote::RemoteResolver;
use crate::model::{
    Entry, File, FileMode, FileTree, Files, KUSTOMIZATION_NAMES, Location, ReadError, RepoPath,
    Step, follow,
};
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

/// Collects what building `dir` needs.
pub(super) fn gather(
    files: &dyn Files,
    dir: &RepoPath,
    remote: Option<&dyn RemoteResolver>,
) -> Result<Gathered, BuildError> {
    let mut gatherer = Gatherer {
        files,
        remote,
        found: Gathered::default(),
        unknown: BTreeSet::new(),
        pending: Vec::new(),
        seen: BTreeSet::new(),
        taken: BTreeSet::new(),
    };
    let result = gatherer.gather(dir);
    // What could not be read explains whatever else went wrong.
    if !gatherer.unknown.is_empty() {
        return Err(BuildError::Unknown(gatherer.unknown));
    }
    result.map(|()| gatherer.found)
}

/// Whose files a directory is among.
#[derive(Clone)]
pub(super) enum Tree {
    /// The repository's: the other engine gets them.
    Local,
    /// Another repository's: the other engine fetches it, and we look where it leads.
    Remote(Arc<dyn Files + Send + Sync>),
}

pub(super) struct Gatherer<'a> {
    files: &'a dyn Files,
    pub(super) remote: Option<&'a dyn RemoteResolver>,
    pub(super) found: Gathered,
    unknown: BTreeSet<RepoPath>,
    pending: Vec<(Tree, RepoPath)>,
    seen: BTreeSet<RepoPath>,
    /// Directories that were taken as a whole.
    taken: BTreeSet<RepoPath>,
}

impl Gatherer<'_> {
    fn gather(&mut self, dir: &RepoPath) -> Result<(), BuildError> {
        let at = Location::file(dir.clone());
        let (dir, _) = self.reach(dir).map_err(|source| BuildError::Read { at, source })?;
        self.found.dir = dir.clone();
        self.visit(Tree::Local, dir);
        while let Some((tree, dir)) = self.pending.pop() {
            self.directory(&tree, &dir)?;
        }
        if self.found.kustomization.is_root() && self.unknown.is_empty() {
            return Err(BuildError::NoKustomization { dir: self.found.dir.clone() });
        }
        Ok(())
    }

    /// Notes a directory that a kustomization may stand in.
    pub(super) fn visit(&mut self, tree: Tree, dir: RepoPath) {
        // Circles through other repositories end with the patience of whoever fetches.
        if matches!(tree, Tree::Remote(_)) || self.seen.insert(dir.clone()) {
            self.pending.push((tree, dir));
        }
    }

    fn directory(&mut self, tree: &Tree, dir: &RepoPath) -> Result<(), BuildError> {
        for name in KUSTOMIZATION_NAMES {
            let Ok(path) = dir.join(name) else { continue };
            let found = match tree {
                Tree::Local => self.reach(&path),
                Tree::Remote(files) => files.look_up(&path),
            };
            // A file that may not be read is as good as none, as in kustomize.
            let Ok((path, Entry::File(file))) = found else { continue };
            if let Tree::Local = tree {
                self.take_below(dir).map_err(|source| BuildError::Read {
                    at: Location::file(dir.clone()),
                    source,
                })?;
                self.found.inputs.insert(path.clone());
                if *dir == self.found.dir {
                    self.found.kustomization = path.clone();
                }
            }
            let at = Place::File(Location::file(path));
            for (node, text) in self.read(&file, Dialect::V2, &at)?.iter().take(1) {
                self.note_naming(tree, dir, node);
                scan(self, tree, dir, &at, text, node)?;
            }
        }
        Ok(())
    }

    /// The documents of a file, each with the text that its nodes are marked in.
    pub(super) fn read(
        &self,
        file: &File,
        dialect: Dialect,
        place: &Place,
    ) -> Result<Vec<(Node, Arc<str>)>, BuildError> {
        let text = std::str::from_utf8(&file.content).map_err(|fault| BuildError::NotText {
            at: place.whole().clone(),
            offset: fault.valid_up_to(),
        })?;
        let (text, nodes) = documents(text, dialect, place)?;
        let text: Arc<str> = text.into();
        Ok(nodes.into_iter().map(|node| (node, Arc::clone(&text))).collect())
    }

    fn note_naming(&mut self, tree: &Tree, dir: &RepoPath, node: &Node) {
        let text = |key: &str| node.get(key).and_then(Node::text).unwrap_or_default().to_owned();
        let naming = Naming {
            prefix: text("namePrefix"),
            suffix: text("nameSuffix"),
            namespace: text("namespace"),
        };
        self.found.prefixes.extend(Some(naming.prefix.clone()).filter(|text| !text.is_empty()));
        self.found.suffixes.extend(Some(naming.suffix.clone()).filter(|text| !text.is_empty()));
        if matches!(tree, Tree::Local) && *dir == self.found.dir {
            self.found.own = naming;
        }
    }

    /// Goes to a path of the repository and takes along what stands there and the symlinks on the way.
    pub(super) fn reach(&mut self, path: &RepoPath) -> Result<(RepoPath, Entry), ReadError> {
        let mut links = Vec::new();
        let at = follow(path, |here| {
            Ok(match self.files.file(here)? {
                Some(file) if file.mode == FileMode::Symlink => {
                    let target = String::from_utf8_lossy(&file.content).into_owned();
                    links.push((here.clone(), file));
                    Step::Link(target)
                }
                _ => Step::Through,
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
