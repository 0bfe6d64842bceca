//! Charts of the repository that a change touches outside all environments' folders. Nothing renders them here,
//! and an environment that takes one changes with it.
//!
//! An environment takes a chart that an Argo CD Application deploys with values of its folder, that a HelmRelease
//! or an Application in what it builds from names, or that a chart of its folder depends on. Where nothing of the
//! repository says whom values in an environment's folder are for, a chart beside them may be meant.

use std::collections::{BTreeMap, BTreeSet};

use super::super::chart_folder::chart_above;
use super::super::environment::Environment;
use super::reach::folders_of;
use super::value::Previewed;
use crate::deployer::{Deployers, Deployment};
use crate::model::{
    CHART_NAME, Entry, Files, KUSTOMIZATION_NAMES, RepoPath, is_values_name, is_yaml_name,
};
use crate::policy::{UnknownFiles, values_over};
use crate::yaml::{Node, parse_manifests};

/// Folders of a chart that become something.
const FOLDERS: [&str; 4] = ["templates", "crds", "files", "charts"];
/// Its other files that do.
const FILES: [&str; 4] = [CHART_NAME, "Chart.lock", "requirements.yaml", "values.yaml"];

/// The changed files of charts, by chart.
#[derive(Debug, Default)]
pub(super) struct Charts {
    charts: Vec<Chart>,
}

/// One chart of which files change.
#[derive(Debug)]
struct Chart {
    folder: RepoPath,
    changed: BTreeSet<RepoPath>,
    /// Itself, and the charts of the repository that depend on it.
    takers: BTreeSet<RepoPath>,
    /// Files of which an object names one of them, and whether that follows what is merged.
    named: Vec<(RepoPath, bool)>,
}

/// What an environment takes of changed charts.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// The files.
    pub(super) files: BTreeSet<RepoPath>,
    /// Why they are shown alone.
    pub(super) why: String,
    /// Whether a merge brings them there.
    pub(super) at_once: bool,
    /// What the chart is given, before and after, where all of it is known.
    pub(super) values: Option<[Node; 2]>,
}

impl Charts {
    /// The charts that a change touches.
    ///
    /// # Errors
    /// [`UnknownFiles`] that may name one and whose content is not here.
    pub(super) fn of(request: &Previewed<'_>) -> Result<Self, UnknownFiles> {
        let environments = request.pipeline.environments();
        let is_own = |path: &RepoPath| environments.iter().any(|it| path.is_within(&it.path));
        let mut changed: BTreeMap<RepoPath, BTreeSet<RepoPath>> = BTreeMap::new();
        for path in request.changed.iter().filter(|path| !is_own(path)) {
            if let Some(folder) = chart_of(request, path) {
                changed.entry(folder).or_default().insert(path.clone());
            }
        }
        if changed.is_empty() {
            return Ok(Self::default());
        }
        let mut unknown = BTreeSet::new();
        let dependents = dependents(request.after, &mut unknown);
        let mut charts = Vec::new();
        for (folder, changed) in changed {
            let takers = with_dependents(&folder, &dependents);
            let named = named_in(request.after, &takers, &mut unknown);
            charts.push(Chart { folder, changed, takers, named });
        }
        if unknown.is_empty() { Ok(Self { charts }) } else { Err(UnknownFiles(unknown)) }
    }

    /// What an environment takes of them; nothing if it takes none.
    ///
    /// # Errors
    /// [`UnknownFiles`] that lead from the environment to others.
    pub(super) fn taken_by(
        &self,
        request: &Previewed<'_>,
        environment: &Environment,
        deployers: &Deployers,
    ) -> Result<Option<Taken>, UnknownFiles> {
        if self.charts.is_empty() {
            return Ok(None);
        }
        let mut unknown = BTreeSet::new();
        let folders = folders_of(request.after, &environment.path, &mut unknown);
        if !unknown.is_empty() {
            return Err(UnknownFiles(unknown));
        }
        let mut taken = Taken::default();
        let mut names: Vec<String> = Vec::new();
        let mut taking: Vec<&Chart> = Vec::new();
        let (mut sure, mut at_once) = (true, false);
        for chart in &self.charts {
            let how = chart.taken_by(&folders, environment, deployers);
            let how = how.or_else(|| {
                let may_be = self.is_beside(request, chart, environment, deployers);
                may_be.then_some(How { sure: false, follows: false })
            });
            let Some(how) = how else { continue };
            sure &= how.sure;
            at_once |= how.follows;
            names.push(format!("`{}`", chart.folder));
            taking.push(chart);
            taken.files.extend(chart.changed.iter().cloned());
        }
        if names.is_empty() {
            return Ok(None);
        }
        taken.at_once = at_once;
        taken.why = why(&names, sure);
        if let [chart] = &taking[..] {
            taken.values = given(request, chart, environment, deployers)?;
        }
        Ok(Some(taken))
    }

    /// The changed files of charts that something here deploys, to environments that are not known.
    pub(super) fn of_nobody(
        &self,
        deployers: &Deployers,
        taken: &BTreeSet<RepoPath>,
    ) -> Option<(Vec<RepoPath>, Taken)> {
        let is_deployed = |chart: &&Chart| {
            !chart.named.is_empty()
                || chart.takers.iter().any(|it| deployers.of_folder(it).next().is_some())
        };
        let left = |chart: &&Chart| chart.changed.is_disjoint(taken);
        let charts: Vec<&Chart> = self.charts.iter().filter(left).filter(is_deployed).collect();
        let names: Vec<String> = charts.iter().map(|it| format!("`{}`", it.folder)).collect();
        let files = charts.iter().flat_map(|it| it.changed.iter().cloned()).collect();
        let folders: Vec<RepoPath> = charts.iter().map(|it| it.folder.clone()).collect();
        let unknown = "; which environments take it is not known either";
        let why = format!("{}{unknown}", why(&names, true));
        (!names.is_empty()).then_some((folders, Taken { files, why, at_once: false, values: None }))
    }

    /// Whether an environment is values alone, of which nothing says for which chart, and this one is beside them:
    /// it is called as one of the folders on the way to them, they are in its folder, or there is no other.
    fn is_beside(
        &self,
        request: &Previewed<'_>,
        chart: &Chart,
        environment: &Environment,
        deployers: &Deployers,
    ) -> bool {
        let folder = &environment.path;
        if !is_values_alone(request.after, folder) || deployers.has_values_of(folder) {
            return false;
        }
        let name = chart.folder.parts().next_back();
        folder.is_within(&chart.folder)
            || name.is_some_and(|name| folder.parts().any(|part| part == name))
            || charts_of(request.after).len() == 1
    }
}

/// How an environment takes a chart.
struct How {
    sure: bool,
    /// Whether it takes what is merged, and no revision that somebody chose.
    follows: bool,
}

impl Chart {
    fn taken_by(
        &self,
        folders: &BTreeSet<RepoPath>,
        environment: &Environment,
        deployers: &Deployers,
    ) -> Option<How> {
        let deployments = self.takers.iter().flat_map(|it| deployers.of_folder(it));
        let takes = |it: &&Deployment| it.values.iter().any(|it| it.is_within(&environment.path));
        let deployed: Vec<bool> =
            deployments.filter(takes).map(|it| it.revision.is_none()).collect();
        let is_read = |path: &RepoPath| folders.iter().any(|folder| path.is_within(folder));
        let named =
            self.named.iter().filter(|(path, _)| is_read(path)).map(|(_, follows)| *follows);
        let below = self.takers.iter().filter(|it| it.is_within(&environment.path)).map(|_| true);
        let ways: Vec<bool> = deployed.into_iter().chain(named).chain(below).collect();
        (!ways.is_empty()).then(|| How { sure: true, follows: ways.contains(&true) })
    }
}

fn why(names: &[String], sure: bool) -> String {
    let (word, them) = if names.len() == 1 { ("chart", "it") } else { ("charts", "them") };
    let charts = names.join(", ");
    match sure {
        true => format!("nothing renders the {word} {charts} here"),
        false => format!(
            "nothing renders the {word} {charts} here, and nothing says whether these values are for {them}"
        ),
    }
}

/// What Argo CD hands to a chart for an environment, before and after: the chart's own values, and files over them.
/// `None` where something else may be handed over too.
///
/// # Errors
/// [`UnknownFiles`] of values whose content is not here.
fn given(
    request: &Previewed<'_>,
    chart: &Chart,
    environment: &Environment,
    deployers: &Deployers,
) -> Result<Option<[Node; 2]>, UnknownFiles> {
    let takes = |it: &&Deployment| it.values.iter().any(|it| it.is_within(&environment.path));
    let mut deployments = deployers.of_folder(&chart.folder).filter(takes);
    let Some(deployment) = deployments.next() else { return Ok(None) };
    let mut unknown = BTreeSet::new();
    let hands_more = documents(request.after, &deployment.at.path, &mut unknown)
        .iter()
        .any(|object| hands_more(object, 0));
    let others = deployments.any(|it| it.values != deployment.values);
    let is_known = deployment.unknown.is_empty() && deployment.revision.is_none();
    let Ok(own) = chart.folder.join("values.yaml") else { return Ok(None) };
    let mut sides = Vec::new();
    for files in [request.before, request.after] {
        let mut read = Vec::new();
        for (path, is_own) in
            std::iter::once((&own, true)).chain(deployment.values.iter().map(|it| (it, false)))
        {
            match files.look_up(path) {
                Ok((_, Entry::File(file))) => read.push(file),
                Ok((path, Entry::Unknown)) => drop(unknown.insert(path)),
                _ if is_own => {}
                _ => return Ok(None),
            }
        }
        sides.extend(values_over(&read));
    }
    if !unknown.is_empty() {
        return Err(UnknownFiles(unknown));
    }
    let known = is_known && !hands_more && !others;
    Ok(<[Node; 2]>::try_from(sides).ok().filter(|_| known))
}

/// Whether Argo CD hands more to a chart than files of values.
fn hands_more(node: &Node, depth: usize) -> bool {
    const PLAIN: [&str; 6] = [
        "valueFiles",
        "releaseName",
        "version",
        "skipCrds",
        "passCredentials",
        "ignoreMissingValueFiles",
    ];
    let inside = || {
        let pairs = node.as_mapping().into_iter().flatten().map(|pair| &pair.value);
        pairs.chain(node.as_sequence().into_iter().flatten())
    };
    let helm = node.get("helm").and_then(Node::as_mapping).into_iter().flatten();
    depth > 20
        || helm.into_iter().any(|pair| !PLAIN.contains(&pair.key.text.as_str()))
        || inside().any(|node| hands_more(node, depth + 1))
}

/// The chart that a file makes something of, on either side.
fn chart_of(request: &Previewed<'_>, path: &RepoPath) -> Option<RepoPath> {
    let folder = chart_above(&[request.after, request.before], path, &RepoPath::root())?;
    let below = path.strip_prefix(&folder)?;
    let is_made = FILES.contains(&below)
        || below.split_once('/').is_some_and(|(first, _)| FOLDERS.contains(&first));
    (is_made && !below.ends_with("/NOTES.txt")).then_some(folder)
}

/// The folders of all charts.
fn charts_of(files: &dyn Files) -> Vec<RepoPath> {
    let all = files.list(&RepoPath::root()).unwrap_or_default();
    all.iter().filter(|path| path.file_name() == CHART_NAME).filter_map(RepoPath::parent).collect()
}

/// Which charts depend on which of the repository.
fn dependents(files: &dyn Files, unknown: &mut BTreeSet<RepoPath>) -> Vec<(RepoPath, RepoPath)> {
    let mut found = Vec::new();
    for folder in charts_of(files) {
        if let Some(parent) = folder.parent().filter(|it| it.file_name() == "charts") {
            found.extend(parent.parent().map(|parent| (folder.clone(), parent)));
        }
        let Ok(path) = folder.join(CHART_NAME) else { continue };
        for document in documents(files, &path, unknown) {
            let listed = document.get("dependencies").and_then(Node::as_sequence);
            for dependency in listed.unwrap_or_default() {
                let below = dependency.text_at(&["repository"]).strip_prefix("file://");
                let on = below.and_then(|below| folder.join(below).ok());
                found.extend(on.map(|on| (on, folder.clone())));
            }
        }
    }
    found
}

/// A chart with those that depend on it, and those that depend on them.
fn with_dependents(folder: &RepoPath, all: &[(RepoPath, RepoPath)]) -> BTreeSet<RepoPath> {
    let mut found = BTreeSet::from([folder.clone()]);
    let mut next = vec![folder.clone()];
    while let Some(on) = next.pop() {
        for (_, taker) in all.iter().filter(|(other, _)| *other == on) {
            if found.insert(taker.clone()) {
                next.push(taker.clone());
            }
        }
    }
    found
}

/// The files of which an object names one of the charts by its folder, and whether it follows what is merged.
fn named_in(
    files: &dyn Files,
    charts: &BTreeSet<RepoPath>,
    unknown: &mut BTreeSet<RepoPath>,
) -> Vec<(RepoPath, bool)> {
    let words: Vec<&str> =
        charts.iter().map(RepoPath::as_str).filter(|it| !it.is_empty()).collect();
    let all = files.list(&RepoPath::root()).unwrap_or_default();
    let all: Vec<RepoPath> = all.into_iter().filter(|it| is_yaml_name(it.as_str())).collect();
    let holding = files.holding(&all, &words);
    unknown.extend(holding.unknown);
    let mut found = Vec::new();
    for path in holding.found {
        let objects = documents(files, &path, unknown);
        let follows = objects.iter().flat_map(|it| names(it, charts)).reduce(|a, b| a || b);
        found.extend(follows.map(|follows| (path, follows)));
    }
    found
}

/// For each time that an object names one of the charts whether it follows what is merged.
fn names(object: &Node, charts: &BTreeSet<RepoPath>) -> Vec<bool> {
    let is_one = |text: &str| {
        let folder = RepoPath::root().join(text.trim_start_matches('/'));
        folder.is_ok_and(|folder| charts.contains(&folder))
    };
    match object.text_at(&["kind"]) {
        "HelmRelease" => {
            let chart = &["spec", "chart", "spec"];
            let at = |key: &str| object.at(chart).map_or("", |spec| spec.text_at(&[key]));
            let kind = object.at(chart).map_or("", |spec| spec.text_at(&["sourceRef", "kind"]));
            let is_git = ["GitRepository", "Bucket"].contains(&kind);
            (is_git && is_one(at("chart"))).then_some(true).into_iter().collect()
        }
        "Application" | "ApplicationSet" => sources(object)
            .into_iter()
            .filter(|source| is_one(source.text_at(&["path"])))
            .map(|source| {
                let revision = source.text_at(&["targetRevision"]);
                revision.is_empty() || Deployers::follows_merges(revision)
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// The sources of an Application, or of those that a set makes.
fn sources(object: &Node) -> Vec<&Node> {
    let specs = [object.at(&["spec"]), object.at(&["spec", "template", "spec"])];
    let mut found = Vec::new();
    for spec in specs.into_iter().flatten() {
        found.extend(spec.get("source"));
        found.extend(spec.get("sources").and_then(Node::as_sequence).into_iter().flatten());
    }
    found
}

fn documents(files: &dyn Files, path: &RepoPath, unknown: &mut BTreeSet<RepoPath>) -> Vec<Node> {
    match files.look_up(path) {
        Ok((_, Entry::File(file))) => {
            let text = std::str::from_utf8(&file.content).unwrap_or_default();
            parse_manifests(text).unwrap_or_default()
        }
        Ok((path, Entry::Unknown)) => {
            unknown.insert(path);
            Vec::new()
        }
        _ => Vec::new(),
    }
}

/// Whether a folder holds values and neither a chart nor a kustomization.
fn is_values_alone(files: &dyn Files, folder: &RepoPath) -> bool {
    let listed = files.list(folder).unwrap_or_default();
    let own: Vec<&str> = listed.iter().filter_map(|path| path.strip_prefix(folder)).collect();
    let is_root = |name: &&str| *name == CHART_NAME || KUSTOMIZATION_NAMES.contains(name);
    own.iter().any(|name| is_values_name(name)) && !own.iter().any(is_root)
}
