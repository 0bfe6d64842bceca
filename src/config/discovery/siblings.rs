//! Sibling folders that are named like environments.

use std::collections::BTreeSet;

use super::name::EnvironmentLike;
use super::tree::{Content, Counting, Tree, content, is_aside};
use crate::config::error::ConfigError;
use crate::model::{Entry, Files, Location, ReadError, RepoPath};

/// Folders that hold environments and nothing else, by custom: there one usual name is enough.
pub(super) const OF_ENVIRONMENTS: [&str; 7] =
    ["env", "environment", "environments", "envs", "overlay", "overlays", "stages"];

/// Folders that others build on.
pub(super) const BASES: [&str; 3] = ["base", "bases", "k-components"];

/// At most so many files of a folder are read to find out whether it has manifests.
const MOST_READ: usize = 4;

/// Folders of one folder that are named like environments, each with something to be rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Siblings {
    /// The folder they are in.
    pub(super) parent: RepoPath,
    /// Their names, with what the names tell.
    pub(super) members: Vec<(String, EnvironmentLike)>,
}

impl Siblings {
    /// How many different places in the usual order they have.
    pub(super) fn ranks(&self) -> usize {
        let ranks: BTreeSet<u16> =
            self.members.iter().filter_map(|(_, like)| like.name.rank).collect();
        ranks.len()
    }

    /// Whether they are in a folder that is called after environments.
    pub(super) fn are_by_custom(&self) -> bool {
        let last = self.parent.parts().next_back().unwrap_or_default();
        OF_ENVIRONMENTS.contains(&last) || matches!(last, "cluster" | "clusters")
    }

    /// The folder of a member.
    pub(super) fn path(&self, member: &str) -> RepoPath {
        self.parent.join(member).unwrap_or_else(|_| self.parent.clone())
    }
}

/// All siblings, the outermost first; what lies in an environment is part of it.
///
/// # Errors
/// [`ConfigError::Unknown`] if texts are needed that are not here.
pub(super) fn find_siblings(tree: &Tree, files: &dyn Files) -> Result<Vec<Siblings>, ConfigError> {
    let mut found: Vec<Siblings> = Vec::new();
    let mut unknown = BTreeSet::new();
    // What is in a base belongs to all environments.
    let parents = tree.parents().filter(|(dir, _)| !dir.parts().any(|it| BASES.contains(&it)));
    let (aside, used): (Vec<_>, Vec<_>) = parents.partition(|(dir, _)| is_aside(dir));
    for parents in [used, aside] {
        let mut taken: BTreeSet<RepoPath> = BTreeSet::new();
        for (parent, children) in parents {
            let mut above = std::iter::successors(Some(parent.clone()), RepoPath::parent);
            if above.any(|dir| taken.contains(&dir)) {
                continue;
            }
            let members = like_environments(tree, parent, children.iter().map(String::as_str));
            let siblings = Siblings { parent: parent.clone(), members };
            let fits = match tree.counting() {
                Counting::Rendered => {
                    is_enough(tree, &siblings) && is_deployed(tree, files, &siblings, &mut unknown)?
                }
                Counting::Settings => have_the_same_files(tree, &siblings),
                Counting::Files => false,
            };
            if !fits {
                continue;
            }
            taken.extend(siblings.members.iter().map(|(name, _)| siblings.path(name)));
            found.push(siblings);
        }
        if !found.is_empty() || !unknown.is_empty() {
            break;
        }
    }
    if unknown.is_empty() { Ok(found) } else { Err(ConfigError::Unknown(unknown)) }
}

/// Whether names of one folder make environments of each other: two places in the order at least, or
/// two words for folders that each have a kustomization or a chart.
fn is_enough(tree: &Tree, siblings: &Siblings) -> bool {
    let last = siblings.parent.parts().next_back().unwrap_or_default();
    let by_custom = OF_ENVIRONMENTS.contains(&last) && siblings.members.len() > 1;
    if siblings.ranks() > 0 && by_custom || siblings.ranks() > 1 && are_alike(siblings) {
        return true;
    }
    let words: BTreeSet<&str> = siblings.members.iter().map(|(_, like)| like.word).collect();
    let known = |name: &str| tree.content(&siblings.path(name)) == Content::Known;
    words.len() > 1 && are_alike(siblings) && siblings.members.iter().all(|(name, _)| known(name))
}

/// Whether folders that nothing renders are environments all the same: two places in the order, each name
/// the word alone, and most files of the one, two at least, are in another too.
fn have_the_same_files(tree: &Tree, siblings: &Siblings) -> bool {
    if siblings.ranks() < 2 || !siblings.members.iter().all(|(_, like)| like.is_bare()) {
        return false;
    }
    let files = |(name, _): &(String, EnvironmentLike)| files_in(tree, &siblings.path(name));
    let all: Vec<BTreeSet<String>> = siblings.members.iter().map(files).collect();
    let shares = |(index, own): (usize, &BTreeSet<String>)| {
        let others = || all.iter().enumerate().filter(|(other, _)| *other != index);
        let both = own.iter().filter(|file| others().any(|(_, other)| other.contains(*file)));
        let both = both.count();
        both > 1 && both * 2 > own.len()
    };
    all.iter().enumerate().all(shares)
}

/// Whether some name is an environment's word alone, or two are the same thing in two environments:
/// `book-dev`, `testing` and `demo-team` beside each other are not.
fn are_alike(siblings: &Siblings) -> bool {
    let members = &siblings.members;
    members.iter().any(|(_, like)| like.is_bare() || has_counterpart(like, members))
}

/// Whether one of these is the same thing in another environment.
pub(super) fn has_counterpart(like: &EnvironmentLike, all: &[(String, EnvironmentLike)]) -> bool {
    all.iter().any(|(_, other)| like.is_counterpart(other))
}

/// The files below a folder, by their paths in it.
fn files_in(tree: &Tree, dir: &RepoPath) -> BTreeSet<String> {
    let below = |path: &RepoPath| path.strip_prefix(dir).map(str::to_owned);
    tree.below(dir).iter().filter_map(below).collect()
}

/// The folders that could be environments: the word alone, with a number or a region, or with a rest
/// that another one has too (`shop-test`, `shop-prod`).
fn like_environments<'a>(
    tree: &Tree,
    parent: &RepoPath,
    children: impl Iterator<Item = &'a str>,
) -> Vec<(String, EnvironmentLike)> {
    let renderable =
        |name: &str| parent.join(name).is_ok_and(|dir| tree.content(&dir) > Content::Nothing);
    let named: Vec<(String, EnvironmentLike)> = children
        .filter(|name| !name.starts_with('.'))
        .filter_map(|name| Some((name.to_owned(), EnvironmentLike::read(name)?)))
        .filter(|(name, _)| renderable(name))
        .collect();
    let fits = |like: &EnvironmentLike| {
        let counterpart = |other: &EnvironmentLike| like.is_counterpart(other) && !other.is_weak();
        like.is_plain() && !like.is_weak() || named.iter().any(|(_, other)| counterpart(other))
    };
    // `lab`, which tells no order, with `dev` and `staging` in it holds environments and is none.
    let holds = |name: &str| {
        let Ok(dir) = parent.join(name) else { return false };
        let ranks = tree.children(&dir).filter_map(EnvironmentLike::read);
        let ranks: BTreeSet<u16> =
            ranks.filter(EnvironmentLike::is_bare).filter_map(|like| like.name.rank).collect();
        ranks.len() > 1 && tree.own_content(&dir) == Content::Nothing
    };
    let is_one = |(name, like): &&(String, EnvironmentLike)| {
        fits(like) && (like.name.rank.is_some() || !holds(name))
    };
    let mut members = named.iter().filter(is_one).cloned().collect();
    leave_one_with_other_files(tree, parent, &mut members);
    members
}

/// Where most are one thing's (`shop-dev`, `shop-staging`), a `prod` that has none of its files is not
/// the thing's production.
fn leave_one_with_other_files(
    tree: &Tree,
    parent: &RepoPath,
    members: &mut Vec<(String, EnvironmentLike)>,
) {
    let files =
        |name: &str| parent.join(name).map_or_else(|_| BTreeSet::new(), |dir| files_in(tree, &dir));
    let (plain, things): (Vec<_>, Vec<_>) = members.iter().partition(|(_, like)| like.is_plain());
    if let ([(name, _)], false) = (plain.as_slice(), things.is_empty()) {
        let own = files(name);
        if things.iter().all(|(thing, _)| files(thing).is_disjoint(&own)) {
            let name = name.clone();
            members.retain(|(member, _)| *member != name);
        }
    }
}

/// Whether at least two have a kustomization, a chart, values, or manifests. Names tell most; where
/// there is only YAML, some of it is read.
fn is_deployed(
    tree: &Tree,
    files: &dyn Files,
    siblings: &Siblings,
    unknown: &mut BTreeSet<RepoPath>,
) -> Result<bool, ConfigError> {
    let dirs: Vec<RepoPath> = siblings.members.iter().map(|(it, _)| siblings.path(it)).collect();
    if dirs.iter().any(|dir| tree.content(dir) == Content::Known) {
        return Ok(true);
    }
    let mut having = 0;
    for dir in &dirs {
        let yaml = tree.below(dir).iter().filter(|path| content(path) == Content::Yaml);
        for path in yaml.take(MOST_READ) {
            match is_manifest(files, path)? {
                Some(true) => {
                    having += 1;
                    break;
                }
                Some(false) => {}
                None => {
                    unknown.insert(path.clone());
                }
            }
        }
    }
    Ok(having > 1)
}

/// Whether a file is a manifest of Kubernetes; `None` if its text is not here.
fn is_manifest(files: &dyn Files, path: &RepoPath) -> Result<Option<bool>, ConfigError> {
    let (_, entry) = match files.look_up(path) {
        Ok(looked) => looked,
        // Too large, or a link that leads out: no manifest of ours.
        Err(
            ReadError::SymlinkOutside(_) | ReadError::SymlinkLoop(_) | ReadError::TooLarge { .. },
        ) => return Ok(Some(false)),
        Err(source) => {
            let at = Location::file(path.clone());
            return Err(ConfigError::Read { at, source: source.into() });
        }
    };
    Ok(match entry {
        Entry::File(file) => {
            let text = String::from_utf8_lossy(&file.content);
            let has = |key: &str| text.lines().any(|line| line.starts_with(key));
            Some(has("apiVersion:") && has("kind:"))
        }
        Entry::Unknown => None,
        Entry::Directory | Entry::Missing => Some(false),
    })
}
