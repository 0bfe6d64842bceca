//! Environments and applications of a repository that says nothing about them, found by the names of
//! its folders.
//!
//! Sibling folders that are named like environments are environments, wherever they are; the folder
//! above them that varies is the application. Where no folders are, files side by side may be. Only names decide, but for YAML that may be no manifests,
//! so that every door finds the same in the same commit.

mod files;
mod in_names;
mod layout;
mod name;
mod siblings;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use super::error::ConfigError;
use super::pattern::{Listing, Match, PathPattern, as_name, name_applications};
use crate::model::{ApplicationName, EnvironmentName, Files, Location, RepoPath};
use crate::promotion::NameRank;
use files::find_file_siblings;
use in_names::name_environments;
use name::EnvironmentLike;
use siblings::{BASES, OF_ENVIRONMENTS, find_siblings};
use tree::{Content, Counting, Tree, is_aside};

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// In promotion order; those whose place in it is not known last.
    pub(super) stages: Vec<FoundStage>,
    /// Folders that look like environments too and were left: they do not fit in, or their names tell nothing.
    pub(super) left: Vec<RepoPath>,
}

impl Found {
    /// Whether environments belong to applications.
    pub(super) fn has_applications(&self) -> bool {
        let mut places = self.stages.iter().flat_map(|stage| &stage.places);
        places.any(|(application, _)| application.is_some())
    }
}

/// An environment that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FoundStage {
    /// Its name.
    pub(super) name: EnvironmentName,
    /// What the name tells of the order.
    pub(super) rank: NameRank,
    /// Its paths, as a configuration would say them.
    pub(super) patterns: Vec<PathPattern>,
    /// Its folders, or files.
    pub(super) places: Vec<(Option<ApplicationName>, RepoPath)>,
}

impl FoundStage {
    /// Whether the name tells where it stands in the order.
    pub(super) const fn is_ranked(&self) -> bool {
        self.rank.rank.is_some()
    }
}

/// Looks at the folders.
///
/// # Errors
/// [`ConfigError::NothingToDiscover`] if there are no environments; [`ConfigError::Unknown`] names
/// files whose text is needed.
pub(super) fn find(files: &dyn Files) -> Result<Found, ConfigError> {
    let listing = Listing::new(files);
    let root = RepoPath::root();
    let read = |source: crate::model::ReadError| ConfigError::Read {
        at: Location::file(root.clone()),
        source: source.into(),
    };
    let mut tree = Tree::new(listing.below(&root).map_err(read)?, Counting::Rendered);
    let mut siblings = find_siblings(&tree, files)?;
    if siblings.is_empty() {
        tree = Tree::new(listing.below(&root).map_err(read)?, Counting::Settings);
        siblings = find_siblings(&tree, files)?;
    }
    if siblings.is_empty() {
        tree = Tree::new(listing.below(&root).map_err(read)?, Counting::Files);
        siblings = find_file_siblings(&tree);
    }
    let mut chosen = layout::choose(&tree, &siblings);
    if tree.counting() == Counting::Files {
        chosen = name_environments(chosen, &siblings);
    }
    let mut stages = stages(chosen);
    if stages.is_empty() {
        return Err(ConfigError::NothingToDiscover { seen: similar(&tree) });
    }
    place(&mut stages, &listing, &tree).map_err(read)?;
    stages.retain(|stage| !stage.places.is_empty());
    let used: BTreeSet<&RepoPath> =
        stages.iter().flat_map(|stage| stage.places.iter().map(|(_, path)| path)).collect();
    let is_within =
        |path: &RepoPath| used.iter().any(|used| path.is_within(used) || used.is_within(path));
    let all = siblings.iter().flat_map(|it| it.members.iter().map(|(name, _)| it.path(name)));
    let unnamed = stages.iter().flat_map(|stage| unnamed_beside(&tree, stage));
    let left: BTreeSet<RepoPath> = all.chain(unnamed).filter(|path| !is_within(path)).collect();
    let left = left.into_iter().collect();
    Ok(Found { stages, left })
}

/// One stage for each name, in the usual order.
fn stages(patterns: Vec<(String, PathPattern)>) -> Vec<FoundStage> {
    let mut by_name: BTreeMap<EnvironmentName, (NameRank, BTreeSet<PathPattern>)> = BTreeMap::new();
    for (member, pattern) in patterns {
        let (Ok(name), Some(like)) =
            (EnvironmentName::parse(&as_name(&member)), EnvironmentLike::read(&member))
        else {
            continue;
        };
        by_name.entry(name).or_insert_with(|| (like.name, BTreeSet::new())).1.insert(pattern);
    }
    let stage = |(name, (rank, patterns)): (_, (NameRank, BTreeSet<PathPattern>))| FoundStage {
        name,
        rank,
        patterns: patterns.into_iter().collect(),
        places: Vec::new(),
    };
    let mut stages: Vec<FoundStage> = by_name.into_iter().map(stage).collect();
    stages.sort_by_key(|stage| {
        let NameRank { rank, rest } = &stage.rank;
        (rank.unwrap_or(u16::MAX), !rest.is_empty(), rest.clone())
    });
    stages
}

/// Finds the folders that patterns match, as a configuration with these patterns would.
fn place(
    stages: &mut [FoundStage],
    listing: &Listing<'_>,
    tree: &Tree,
) -> Result<(), crate::model::ReadError> {
    let is_environment =
        |part: &str| EnvironmentLike::read(part).is_some_and(|like| !like.is_weak());
    let mut matches = Vec::new();
    let mut paths = Vec::new();
    let aside = stages.iter().any(|stage| stage.patterns.iter().any(|it| it.passes(is_aside)));
    for (index, stage) in stages.iter().enumerate() {
        let mut seen = BTreeSet::new();
        for pattern in &stage.patterns {
            for Match { folder, path } in pattern.expand(listing)? {
                let fits = tree.content(&path) > Content::Nothing && (aside || !is_aside(&path));
                if fits && seen.insert(path.clone()) {
                    let context = pattern.context(is_environment);
                    matches.push((index, context, folder.clone().unwrap_or_default()));
                    paths.push((index, folder, path));
                }
            }
        }
    }
    let names = name_applications(&matches);
    for ((index, folder, path), name) in paths.into_iter().zip(names) {
        // A folder that can be no name is no application.
        if folder.is_none() || name.is_some() {
            stages[index].places.push((name.filter(|_| folder.is_some()), path));
        }
    }
    Ok(())
}

/// Folders beside an environment's that have a kustomization, in a folder that holds environments by custom: their
/// names tell nobody but their owners what they are.
fn unnamed_beside<'t>(
    tree: &'t Tree,
    stage: &'t FoundStage,
) -> impl Iterator<Item = RepoPath> + use<'t> {
    let parents: BTreeSet<RepoPath> =
        stage.places.iter().filter_map(|(_, path)| path.parent()).collect();
    let by_custom = parents.into_iter().filter(|parent| {
        parent.parts().next_back().is_some_and(|last| OF_ENVIRONMENTS.contains(&last))
    });
    by_custom.flat_map(|parent| {
        let children = tree.children(&parent).filter(|child| !BASES.contains(child));
        let paths: Vec<RepoPath> = children.filter_map(|child| parent.join(child).ok()).collect();
        paths.into_iter().filter(|path| tree.own_content(path) == Content::Known)
    })
}

/// Folders side by side that have kustomizations and no usual names: what a person may have meant.
fn similar(tree: &Tree) -> Vec<RepoPath> {
    let has_own = |dir: &RepoPath| tree.own_content(dir) == Content::Known;
    let in_folder = |name: &str| {
        let of = |(parent, _): &(&RepoPath, _)| parent.parts().next_back() == Some(name);
        let dirs = tree.parents().filter(of).map(|(parent, _)| {
            let children = tree.children(parent).filter_map(|child| parent.join(child).ok());
            children.filter(has_own).collect::<Vec<_>>()
        });
        dirs.max_by_key(Vec::len).unwrap_or_default()
    };
    let usual = ["overlays", "environments", "envs", "env", "clusters"];
    let found = usual.into_iter().map(in_folder).find(|found| found.len() > 1);
    let mut found = found.unwrap_or_default();
    // Where a name tells its place (`prod` beside `tt02`), the others come before it, as far as anybody knows.
    found.sort_by_key(|dir| {
        let like = dir.parts().next_back().and_then(EnvironmentLike::read);
        like.and_then(|like| like.name.rank).unwrap_or_default()
    });
    found
}

#[cfg(test)]
mod tests;
