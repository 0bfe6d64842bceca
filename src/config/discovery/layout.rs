//! Which of the siblings that were found are the environments of the repository, and which folder
//! above or below them is the application.

use std::collections::BTreeSet;

use super::name::is_region;
use super::siblings::Siblings;
use super::tree::{Content, Tree};
use crate::config::pattern::{APPLICATION, PathPattern};
use crate::model::RepoPath;

/// Folders that are called after what they hold, not after an application.
const CONTAINERS: [&str; 26] = [
    "cluster",
    "clusters",
    "config",
    "configs",
    "configuration",
    "deploy",
    "deployment",
    "deployments",
    "env",
    "environment",
    "environments",
    "envs",
    "gitops",
    "helm",
    "k8s",
    "kube",
    "kubernetes",
    "kustomize",
    "manifest",
    "manifests",
    "overlay",
    "overlays",
    "stages",
    "values",
    "variants",
    "infra-as-code",
];

/// Folders of what deploys: its applications point at the environments.
const DEPLOYERS: [&str; 8] = [
    "app-of-apps",
    "application-sets",
    "applicationsets",
    "appsets",
    "argo",
    "argo-cd",
    "argocd",
    "bootstrap",
];

/// Folders that hold applications: a folder in one of them is an application, be it the only one.
const OF_APPLICATIONS: [&str; 11] = [
    "applications",
    "apps",
    "components",
    "microservices",
    "products",
    "projects",
    "services",
    "svc",
    "teams",
    "tenants",
    "workloads",
];

/// The environments' folder names with their paths, as a configuration would say them.
pub(super) fn choose(tree: &Tree, siblings: &[Siblings]) -> Vec<(String, PathPattern)> {
    let deployed: Vec<&Siblings> =
        match siblings.iter().filter(|it| !is_of_deployer(&it.parent)).collect() {
            none if Vec::is_empty(&none) => siblings.iter().collect(),
            some => some,
        };
    let with = deployed.iter().filter_map(|it| Some((*it, Some(application(&it.parent)?))));
    let with: Vec<_> = with.collect();
    let lone = |(siblings, at): &(&Siblings, Option<usize>)| {
        let parts: Vec<&str> = siblings.parent.parts().collect();
        let above = at.and_then(|at| at.checked_sub(1)).and_then(|above| parts.get(above));
        above.is_some_and(|above| OF_APPLICATIONS.contains(above))
    };
    if with.len() > 1 || with.len() == 1 && with.iter().all(lone) {
        let used = with.iter().filter(|(siblings, _)| are_usual_here(siblings, &with));
        let own = used.flat_map(|(siblings, at)| of_applications(siblings, *at));
        return own.chain(of_the_whole(tree, &deployed, &with)).collect();
    }
    let without = deployed.iter().filter(|it| application(&it.parent).is_none()).copied();
    let best = with.iter().map(|(siblings, _)| *siblings).chain(without).max_by(|a, b| {
        let weight = |it: &Siblings| {
            let is_inside = deployed
                .iter()
                .any(|other| other.parent != it.parent && it.parent.is_within(&other.parent));
            (it.ranks(), !is_inside, is_known(tree, it), it.are_by_custom(), it.members.len())
        };
        // The first of equals.
        weight(a).cmp(&weight(b)).then(std::cmp::Ordering::Greater)
    });
    best.map_or_else(Vec::new, |best| of_one(tree, best))
}

/// The environments that belong to none of these applications (`environments/production` beside
/// `infrastructure/valkey/production`), where there is one such folder, and it is in no application's.
fn of_the_whole(
    tree: &Tree,
    deployed: &[&Siblings],
    with: &[(&Siblings, Option<usize>)],
) -> Vec<(String, PathPattern)> {
    let is_apart = |it: &&Siblings| {
        let overlaps = |(other, _): &(&Siblings, Option<usize>)| {
            it.parent.is_within(&other.parent) || other.parent.is_within(&it.parent)
        };
        application(&it.parent).is_none() && !it.parent.is_root() && !with.iter().any(overlaps)
    };
    let apart: Vec<&Siblings> = deployed.iter().copied().filter(is_apart).collect();
    match apart.as_slice() {
        [only] if is_known(tree, only) => match folders_of_applications(tree, only).is_empty() {
            // Where there are applications it is one, by the name of its folder.
            true => of_applications(only, only.parent.parts().count().checked_sub(1)),
            false => of_one(tree, only),
        },
        _ => Vec::new(),
    }
}

/// Whether a folder has what tells Argo CD or Flux where the environments are, not the environments.
fn is_of_deployer(parent: &RepoPath) -> bool {
    parent.parts().any(|part| DEPLOYERS.contains(&part.to_ascii_lowercase().as_str()))
}

/// Whether most of the environments have more than plain YAML: a kustomization, a chart, values.
fn is_known(tree: &Tree, siblings: &Siblings) -> bool {
    let known = |(name, _): &&(String, _)| tree.content(&siblings.path(name)) == Content::Known;
    siblings.members.iter().filter(known).count() * 2 > siblings.members.len()
}

/// Whether other applications have one of these environments too. Where some names come again and again,
/// folders with other ones (`letsencrypt-staging`) are something else.
fn are_usual_here(siblings: &Siblings, all: &[(&Siblings, Option<usize>)]) -> bool {
    let has = |other: &Siblings, name: &str| other.members.iter().any(|(it, _)| it == name);
    let again = |siblings: &Siblings| {
        let others = || all.iter().map(|(other, _)| *other).filter(|other| *other != siblings);
        siblings.members.iter().any(|(name, _)| others().any(|other| has(other, name)))
    };
    again(siblings) || !all.iter().any(|(other, _)| again(other))
}

/// Which part of a path is the application: the innermost that is not called after what it holds.
fn application(parent: &RepoPath) -> Option<usize> {
    let parts: Vec<&str> = parent.parts().collect();
    parts.iter().rposition(|part| !CONTAINERS.contains(part))
}

/// Environments below the folders of applications.
fn of_applications(siblings: &Siblings, at: Option<usize>) -> Vec<(String, PathPattern)> {
    let mut parts: Vec<&str> = siblings.parent.parts().collect();
    if let Some(part) = at.and_then(|at| parts.get_mut(at)) {
        *part = APPLICATION;
    }
    let parent = parts.join("/");
    with_members(siblings, |member| Some(format!("{parent}/{member}")))
}

/// Environments that are nowhere else: perhaps the applications are in them.
fn of_one(tree: &Tree, siblings: &Siblings) -> Vec<(String, PathPattern)> {
    let inside = folders_of_applications(tree, siblings);
    let parent = siblings.parent.as_str();
    let path = |member: &str| {
        if parent.is_empty() { member.to_owned() } else { format!("{parent}/{member}") }
    };
    if inside.is_empty() {
        return with_members(siblings, |member| Some(path(member)));
    }
    let patterns = inside.iter().flat_map(|below| {
        with_members(siblings, |member| {
            let parts = [path(member), below.clone(), APPLICATION.to_owned()];
            let parts: Vec<&str> =
                parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
            Some(parts.join("/"))
        })
    });
    patterns.collect()
}

fn with_members(
    siblings: &Siblings,
    path: impl Fn(&str) -> Option<String>,
) -> Vec<(String, PathPattern)> {
    let of = |member: &str| PathPattern::parse(&path(member)?).ok();
    let members = siblings.members.iter().filter_map(|(name, _)| Some((name.clone(), of(name)?)));
    members.collect()
}

/// Where in the environments the applications are: `""` for `staging/{application}`, `apps` for
/// `staging/apps/{application}`; nothing if an environment is one whole.
fn folders_of_applications(tree: &Tree, siblings: &Siblings) -> BTreeSet<String> {
    let members: Vec<RepoPath> =
        siblings.members.iter().map(|(name, _)| siblings.path(name)).collect();
    if members.iter().any(|dir| tree.own_content(dir) > Content::Nothing) {
        return BTreeSet::new();
    }
    let direct = shared_folders(tree, &members);
    if !are_applications(&direct) {
        return BTreeSet::new();
    }
    let holds_itself = |folder: &str| {
        let dirs = members.iter().filter_map(|dir| dir.join(folder).ok());
        dirs.map(|dir| tree.own_content(&dir)).any(|content| content > Content::Nothing)
    };
    if direct.iter().any(|folder| holds_itself(folder)) {
        return BTreeSet::from([String::new()]);
    }
    let deeper = |folder: &&String| {
        let dirs: Vec<RepoPath> = members.iter().filter_map(|dir| dir.join(folder).ok()).collect();
        are_applications(&shared_folders(tree, &dirs))
    };
    direct.iter().filter(deeper).cloned().collect()
}

/// The folders that at least two of these have, with something to be rendered.
fn shared_folders(tree: &Tree, dirs: &[RepoPath]) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut shared = BTreeSet::new();
    for dir in dirs {
        for child in tree.children(dir) {
            let path = dir.join(child).ok();
            let renderable = path.is_some_and(|path| tree.content(&path) > Content::Nothing);
            if renderable && !child.starts_with('.') && !seen.insert(child.to_owned()) {
                shared.insert(child.to_owned());
            }
        }
    }
    shared
}

/// Whether folders in an environment are applications: not parts that build on one `base`, and not the
/// regions that it runs in.
fn are_applications(folders: &BTreeSet<String>) -> bool {
    let parts = ["base", "common", "patches", "resources", "templates", "charts", "values"];
    let is_region = |folder: &String| folder.split('-').all(is_region);
    !folders.is_empty()
        && !folders.iter().any(|folder| parts.contains(&folder.as_str()))
        && !folders.iter().all(is_region)
}
