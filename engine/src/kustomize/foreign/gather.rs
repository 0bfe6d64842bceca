//! The files that another engine needs for a build, collected without building.
//!
//! Of every kustomization that the overlay leads to, all files below its directory (kustomize's load
//! restrictor allows it no others), and the charts. What a kustomization leads to is read leniently: a
//! field that only the other engine knows is no error here.

use std::collections::BTreeSet;

use super::gatherer::{Gathered, Gatherer, Naming, Tree};
use super::scan::scan;
use crate::kustomize::error::BuildError;
use crate::kustomize::manifest::TextOrigin;
use crate::kustomize::remote::RemoteResolver;
use crate::model::{Entry, Files, KUSTOMIZATION_NAMES, Location, RepoPath};
use crate::yaml::{Dialect, Node, TextId};

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
            let at = TextOrigin::File(Location::file(path), TextId::ONLY);
            for (node, text) in self.read(&file, Dialect::V2, &at)?.iter().take(1) {
                self.note_naming(tree, dir, node);
                scan(self, tree, dir, &at, text, node)?;
            }
        }
        Ok(())
    }

    fn note_naming(&mut self, tree: &Tree, dir: &RepoPath, node: &Node) {
        let text = |key: &str| node.text_at(&[key]).to_owned();
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
}
