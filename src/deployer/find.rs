//! Looking for the objects: a cheap look at all YAML files, and a thorough one at the few that may hold some.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::changes::Changes;
use super::configmap::ConfigMaps;
use super::deployment::{Deployment, Draft};
use super::generator::Tree;
use super::json::{items, of_node, text};
use super::{argo, flux, set};
use crate::model::{Files, Location, Positions, RepoPath, is_yaml_name, nearest};
use crate::yaml::parse_manifests;

/// What a file holds that is worth reading.
const WORDS: &[&str] =
    &["argoproj.io/", "kustomize.toolkit.fluxcd.io/", "source.toolkit.fluxcd.io/"];
/// What such a file says of what it holds.
const KINDS: &[&str] = &[
    "Application",
    "Kustomization",
    "GitRepository",
    "OCIRepository",
    "Bucket",
    "ExternalArtifact",
];

/// With more YAML files than this, only those are looked at whose paths have one of these words in them.
const MANY_FILES: usize = 5_000;
const PATH_WORDS: &[&str] = &[
    "argo",
    "flux",
    "app",
    "cluster",
    "gitops",
    "bootstrap",
    "deploy",
    "sync",
    "tenant",
    "fleet",
    "kustomization",
];

/// More objects are not read.
const MOST_DEPLOYMENTS: usize = 5_000;

/// The objects of a repository that deploy its folders.
#[derive(Clone, Debug, Default)]
pub struct Deployers {
    deployments: Vec<Deployment>,
    /// Sets that are not understood, with the reason.
    unread: Vec<(Json, Location, String)>,
}

/// Deployments of one folder for which the same is changed, before and after.
#[derive(Clone, Debug, Default)]
pub struct Variant {
    /// The deployments; none if nothing here deploys the folder.
    pub deployments: Vec<Deployment>,
    /// What they change before.
    pub before: Changes,
    /// What they change after.
    pub after: Changes,
}

impl Deployers {
    /// Reads what deploys folders of the repository.
    ///
    /// # Errors
    /// The files whose content is not here.
    pub fn read(files: &dyn Files) -> Result<Self, BTreeSet<RepoPath>> {
        let Ok(paths) = files.list(&RepoPath::root()) else { return Ok(Self::default()) };
        let candidates = candidates(&paths);
        let holding = files.holding(&candidates, WORDS);
        let mut unknown: BTreeSet<RepoPath> = holding.unknown.into_iter().collect();
        if holding.found.is_empty() {
            return if unknown.is_empty() { Ok(Self::default()) } else { Err(unknown) };
        }
        let tree = Tree::new(files, &paths);
        let deployers = Self::of(&holding.found, &candidates, &tree);
        unknown.extend(tree.unknown.into_inner());
        if unknown.is_empty() { Ok(deployers) } else { Err(unknown) }
    }

    /// Whether a file may hold an object that deploys something.
    #[must_use]
    pub fn may_be_in(content: &[u8]) -> bool {
        crate::model::holds(&crate::model::finders(WORDS), content)
    }

    fn of(found: &[RepoPath], candidates: &[RepoPath], tree: &Tree<'_>) -> Self {
        let objects: Vec<(Json, Location)> =
            found.iter().flat_map(|path| objects(path, tree)).collect();
        let of_kind = |kind: &'static str, group: &'static str| {
            objects.iter().filter(move |(it, _)| {
                text(it, &["kind"]) == kind && text(it, &["apiVersion"]).starts_with(group)
            })
        };
        let kustomizations = || of_kind("Kustomization", "kustomize.toolkit.fluxcd.io/");
        let names = kustomizations().flat_map(|(it, _)| flux::config_maps(it)).collect();
        let maps = ConfigMaps::find(&names, candidates, tree);
        let sources: Vec<flux::Source> = objects
            .iter()
            .filter(|(it, _)| text(it, &["apiVersion"]).starts_with("source.toolkit.fluxcd.io/"))
            .map(|(it, at)| flux::source(it, &at.path))
            .collect();
        let mut drafts: Vec<Draft> =
            kustomizations().filter_map(|(it, at)| flux::draft(it, at, &sources, &maps)).collect();
        for (it, at) in of_kind("Application", "argoproj.io/") {
            drafts.extend(argo::drafts(it, None, at, tree));
        }
        let mut unread = Vec::new();
        for (it, at) in of_kind("ApplicationSet", "argoproj.io/") {
            match set::drafts(it, at, tree) {
                Ok(made) => drafts.extend(made),
                Err(reason) => unread.push((it.clone(), at.clone(), reason)),
            }
        }
        drafts.truncate(MOST_DEPLOYMENTS);
        Self { deployments: of_this_repository(drafts, tree), unread }
    }

    /// Whether something hands values of a folder to a chart.
    #[must_use]
    pub fn has_values_of(&self, folder: &RepoPath) -> bool {
        self.deployments.iter().any(|it| it.values.iter().any(|path| path.is_within(folder)))
    }

    /// Whether what follows a revision gets what is merged, as far as a name tells.
    #[must_use]
    pub fn follows_merges(revision: &str) -> bool {
        argo::reached_by_merges(revision)
    }

    /// What deploys a folder.
    pub fn of_folder(&self, folder: &RepoPath) -> impl Iterator<Item = &Deployment> {
        self.deployments.iter().filter(move |it| it.path == *folder)
    }

    /// Whether one hands a file to a chart, as values.
    pub fn hand_over(&self, file: &RepoPath) -> bool {
        self.deployments.iter().any(|it| it.values.contains(file))
    }

    /// The one that somebody names, of those of a folder if one is said.
    ///
    /// # Errors
    /// One sentence: nobody has the name, or several have that are not the same.
    pub fn called(&self, name: &str, folder: Option<&RepoPath>) -> Result<&Deployment, String> {
        let of_folder = |it: &&Deployment| folder.is_none_or(|folder| it.path == *folder);
        let found: Vec<&Deployment> =
            self.deployments.iter().filter(|it| it.is_called(name)).filter(of_folder).collect();
        let Some((first, rest)) = found.split_first() else {
            let known: Vec<String> = self.deployments.iter().map(Deployment::title).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let meant = match nearest(name, &known) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if known.is_empty() => "there is none in this repository".to_owned(),
                None => format!("there are {}", few(&known)),
            };
            return Err(format!(
                "no Application or Kustomization here is called `{name}`: {meant}"
            ));
        };
        if rest.iter().all(|it| it.path == first.path && it.changes == first.changes) {
            return Ok(first);
        }
        let places: Vec<String> =
            found.iter().map(|it| format!("{} of {} in {}", it.title(), it.path, it.at)).collect();
        let places: Vec<&str> = places.iter().map(String::as_str).collect();
        Err(format!(
            "`{name}` may be several, name one by its namespace, its cluster or its folder: {}",
            few(&places)
        ))
    }

    /// What may deploy a folder and is not understood: where it is, and one sentence.
    #[must_use]
    pub fn not_understood(&self, folder: &RepoPath) -> Vec<(Location, String)> {
        let may = self.unread.iter().filter(|(it, ..)| set::may_deploy(it, folder.as_str()));
        let told = |(it, at, reason): &(Json, Location, String)| {
            let name = set::title(it);
            let sentence = format!(
                "the ApplicationSet `{name}` is not understood, so that what it changes is not shown: {reason}"
            );
            (at.clone(), sentence)
        };
        may.map(told).collect()
    }

    /// The deployments of a folder by what they change; one without deployments if there are none.
    #[must_use]
    pub fn variants(&self, after: &Self, folder: &RepoPath) -> Vec<Variant> {
        let same = |a: &Deployment, b: &Deployment| {
            (a.kind, a.title(), &a.cluster) == (b.kind, b.title(), &b.cluster)
        };
        let mut variants: Vec<Variant> = Vec::new();
        let mut put = |deployment: &Deployment, before: &Changes, after: &Changes| match variants
            .iter_mut()
            .find(|it| it.before == *before && it.after == *after)
        {
            Some(known) => known.deployments.push(deployment.clone()),
            None => variants.push(Variant {
                deployments: vec![deployment.clone()],
                before: before.clone(),
                after: after.clone(),
            }),
        };
        for deployment in after.of_folder(folder) {
            let was = self.of_folder(folder).find(|it| same(it, deployment));
            put(deployment, was.map_or(&Changes::default(), |it| &it.changes), &deployment.changes);
        }
        for gone in self.of_folder(folder) {
            if !after.of_folder(folder).any(|it| same(it, gone)) {
                put(gone, &gone.changes, &Changes::default());
            }
        }
        if variants.is_empty() { vec![Variant::default()] } else { variants }
    }
}

/// The first of many.
fn few(words: &[&str]) -> String {
    const SHOWN: usize = 8;
    let shown = words.iter().take(SHOWN).map(|word| format!("`{word}`")).collect::<Vec<_>>();
    let more = words.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

fn candidates(paths: &[RepoPath]) -> Vec<RepoPath> {
    let is_yaml = |path: &&RepoPath| is_yaml_name(path.as_str());
    let all: Vec<RepoPath> = paths.iter().filter(is_yaml).cloned().collect();
    if all.len() <= MANY_FILES {
        return all;
    }
    let named = |path: &RepoPath| {
        let path = path.as_str().to_ascii_lowercase();
        PATH_WORDS.iter().any(|word| path.contains(word))
    };
    all.into_iter().filter(named).take(MANY_FILES).collect()
}

/// The objects of a file; none if it is no YAML, as a chart's template is none.
fn objects(path: &RepoPath, tree: &Tree<'_>) -> Vec<(Json, Location)> {
    let Some(content) = tree.text(path) else { return Vec::new() };
    if !KINDS.iter().any(|kind| content.contains(kind)) {
        return Vec::new();
    }
    let Ok(documents) = parse_manifests(&content) else { return Vec::new() };
    let positions = Positions::new(&content);
    let mut found = Vec::new();
    for document in &documents {
        let position = document.mark.offset().map(|at| positions.of_offset(at));
        let at = Location { position, ..Location::file(path.clone()) };
        let object = of_node(document);
        match items(&object, &["items"]) {
            [] => found.push((object, at)),
            items => found.extend(items.iter().map(|item| (item.clone(), at.clone()))),
        }
    }
    found
}

/// Leaves what is deployed from other repositories out. Nothing here says what this one is called; a source is
/// this repository if at least half of the folders that are deployed from it are here.
fn of_this_repository(drafts: Vec<Draft>, tree: &Tree<'_>) -> Vec<Deployment> {
    let mut here: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for Draft { deployment, source } in &drafts {
        let (known, all) = here.entry(source.clone()).or_default();
        *all += 1;
        *known += usize::from(!deployment.path.is_root() && tree.has(&deployment.path));
    }
    let is_here = |draft: &Draft| {
        let (known, all) = here[&draft.source];
        known * 2 >= all && known > 0 && tree.has(&draft.deployment.path)
    };
    let mut kept: Vec<Deployment> = Vec::new();
    let mut seen = BTreeSet::new();
    for draft in drafts.into_iter().filter(is_here) {
        let it = draft.deployment;
        // The same object may be written in several files, as a base and its copies are.
        let key =
            (it.kind, it.title(), it.cluster.clone(), it.path.clone(), format!("{:?}", it.changes));
        if seen.insert(key) {
            kept.push(it);
        }
    }
    kept.sort_by(|a, b| (a.reached(), a.title(), &a.path).cmp(&(b.reached(), b.title(), &b.path)));
    kept
}
