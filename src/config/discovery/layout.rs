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
    let Some(best) = best else { return Vec::new() };
    let mut all = beside(tree, &deployed, best);
    if all.is_empty() {
        return of_one(tree, best);
    }
    all.insert(0, best);
    of_wholes(tree, &all)
}

/// The environments that belong to none of these applications (`environments/production` beside
/// `infrastructure/valkey/production`), where they are in no application's folder.
fn of_the_whole(
    tree: &Tree,
    deployed: &[&Siblings],
    with: &[(&Siblings, Option<usize>)],
) -> Vec<(String, PathPattern)> {
    let is_apart = |it: &&&Siblings| {
        let overlaps = |(other, _): &(&Siblings, Option<usize>)| overlap(&it.parent, &other.parent);
        application(&it.parent).is_none()
            && is_known(tree, it)
            && !it.parent.is_root()
            && !with.iter().any(overlaps)
    };
    let wholes: Vec<&Siblings> = deployed.iter().filter(is_apart).copied().collect();
    // `deploy/k8s/overlays` beside `deploy/api/overlays` is an application as that is, whatever it is called.
    let place = |it: &Siblings| {
        with.iter().find_map(|(other, at)| at.filter(|at| differ_there_alone(it, other, *at)))
    };
    let (alike, alone): (Vec<_>, Vec<_>) = wholes.into_iter().partition(|it| place(it).is_some());
    let of_alike = alike.iter().flat_map(|it| of_applications(it, place(it)));
    of_alike.chain(of_wholes(tree, &alone)).collect()
}

/// Whether the folders of two differ in one part of their paths and in no other.
fn differ_there_alone(one: &Siblings, other: &Siblings, at: usize) -> bool {
    let [one, other] = [one, other].map(|it| it.parent.parts().collect::<Vec<_>>());
    let differ = (0..one.len()).filter(|part| one.get(*part) != other.get(*part));
    one.len() == other.len() && differ.eq([at])
}

/// The environments elsewhere in the repository that have two names at least of these (`apps/production`
/// beside `clusters/production`): each such folder is an application.
fn beside<'a>(tree: &Tree, deployed: &[&'a Siblings], best: &Siblings) -> Vec<&'a Siblings> {
    let has = |name: &str| best.members.iter().any(|(member, _)| member == name);
    let names_again = |it: &Siblings| it.members.iter().filter(|(name, _)| has(name)).count() > 1;
    // Deeper down is something of one application's: its secrets, its tests.
    let is_at_the_top =
        |it: &Siblings| it.parent.parts().count() == 1 || application(&it.parent).is_none();
    let is_one = |it: &&&Siblings| {
        is_at_the_top(it)
            && is_known(tree, it)
            && names_again(it)
            && !deployed
                .iter()
                .any(|other| other.parent != it.parent && overlap(&other.parent, &it.parent))
    };
    let others = deployed.iter().filter(|it| it.parent != best.parent);
    others.filter(is_one).copied().collect()
}

/// Environments beside those of others, the most telling first: one application by the name of their folder, or of the
/// one above that is not called after what it holds, unless applications are in them. No pattern has both in one
/// folder: there the first counts.
fn of_wholes(tree: &Tree, all: &[&Siblings]) -> Vec<(String, PathPattern)> {
    let mut taken: Vec<(Option<RepoPath>, bool)> = Vec::new();
    let mut patterns = Vec::new();
    for siblings in all {
        let holds_applications = !folders_of_applications(tree, siblings).is_empty();
        let above = siblings.parent.parent();
        if taken.iter().any(|(other, holds)| *other == above && *holds != holds_applications) {
            continue;
        }
        patterns.extend(if holds_applications {
            of_one(tree, siblings)
        } else {
            let last = || siblings.parent.parts().count().checked_sub(1);
            of_applications(siblings, application(&siblings.parent).or_else(last))
        });
        taken.push((above, holds_applications));
    }
    patterns
}

/// Whether one of these folders is in the other.
fn overlap(one: &RepoPath, other: &RepoPath) -> bool {
    one.is_within(other) || other.is_within(one)
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
