//! Kustomizations below an environment's that it does not build itself: an Application or a Kustomization may
//! point there, so that they reach a cluster all the same.

use std::collections::BTreeSet;

use crate::model::{Entry, Files, KUSTOMIZATION_NAMES, RepoPath};

/// At most so many are built.
const MOST: usize = 20;

/// The nearest kustomization of each of these paths, where it is below `folder` and the folder's builds, before and
/// after, do not read it.
pub(super) fn unbuilt_roots<'a>(
    files: &dyn Files,
    folder: &RepoPath,
    is_built: &dyn Fn(&RepoPath) -> bool,
    paths: impl IntoIterator<Item = &'a RepoPath>,
) -> BTreeSet<RepoPath> {
    let mut roots = BTreeSet::new();
    for path in paths {
        let mut at = path.parent();
        while let Some(here) = at.filter(|at| at.is_within(folder) && at != folder) {
            let mut named = KUSTOMIZATION_NAMES.iter().filter_map(|name| here.join(name).ok());
            let own = named.find(|path| matches!(files.look_up(path), Ok((_, Entry::File(_)))));
            if let Some(own) = own {
                if !is_built(&own) && roots.len() < MOST {
                    roots.insert(here);
                }
                break;
            }
            at = here.parent();
        }
    }
    roots
}
