//! What a preview is made from and what it tells.

use std::collections::{BTreeMap, BTreeSet};

use super::super::environment::Environment;
use super::super::pipeline::Pipeline;
use crate::diff::{FilesDiff, RenderedDiff};
use crate::kustomize::{BuildError, BuildOptions};
use crate::model::{Files, RepoPath};
use crate::policy::{Day, Fetched, Finding, Level};

/// What a preview is made from.
#[derive(Clone, Copy)]
pub struct Previewed<'a> {
    /// The files before.
    pub before: &'a dyn Files,
    /// The files after.
    pub after: &'a dyn Files,
    /// The environments, by the configuration after.
    pub pipeline: &'a Pipeline,
    /// The files that differ.
    pub changed: &'a BTreeSet<RepoPath>,
    /// How overlays are built.
    pub options: &'a BuildOptions,
    /// What was fetched for the gates.
    pub fetched: &'a Fetched,
    /// The day, for exceptions that end.
    pub today: Day,
}

/// What a change reaches.
#[derive(Debug, Default)]
pub struct Preview {
    /// Environments that change, those that change alike together, in promotion order.
    pub reached: Vec<Reached>,
    /// Environments that cannot be built afterwards, and why.
    pub broken: Vec<(Environment, BuildError)>,
    /// Environments whose files change and that are not rendered here, those with the same change together.
    pub unrendered: Vec<Unrendered>,
}

/// Environments that change in the same way.
#[derive(Debug)]
pub struct Reached {
    /// The environments; at least one.
    pub environments: Vec<Environment>,
    /// The kustomization below the environment's that changes, where the environment itself does not build it:
    /// something of its own, such as an Argo CD Application, may deploy it.
    pub below: Option<RepoPath>,
    /// The clusters that see it, as far as objects of the repository tell.
    pub clusters: Vec<String>,
    /// What their clusters will see; that of the first.
    pub rendered: RenderedDiff,
    /// What is found, of the first.
    pub findings: Vec<Finding>,
    /// How many findings the configuration suppresses.
    pub suppressed: usize,
}

impl Preview {
    /// Whether nothing that an environment builds is changed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.reached.is_empty() && self.broken.is_empty() && self.unrendered.is_empty()
    }

    /// How many environments are reached, rendered or not.
    #[must_use]
    pub fn environments(&self) -> usize {
        self.all_environments().map(|environment| &environment.path).collect::<BTreeSet<_>>().len()
    }

    /// The environments that are reached, some more than once.
    pub(super) fn all_environments(&self) -> impl Iterator<Item = &Environment> {
        let reached = self.reached.iter().flat_map(|reached| &reached.environments);
        let broken = self.broken.iter().map(|(environment, _)| environment);
        reached.chain(broken).chain(self.unrendered.iter().flat_map(|it| &it.environments))
    }

    /// Adds a change of files; the same one for the same reason is told once.
    pub(super) fn add_unrendered(&mut self, unrendered: Unrendered) {
        let same = |known: &&mut Unrendered| {
            known.files.text() == unrendered.files.text()
                && known.why == unrendered.why
                && known.findings == unrendered.findings
        };
        match self.unrendered.iter_mut().find(same) {
            Some(known) => known.environments.extend(unrendered.environments),
            None => self.unrendered.push(unrendered),
        }
    }

    /// Adds a change; one that is alike another is told with it.
    pub(super) fn add(&mut self, reached: Reached, likeness: &mut BTreeMap<String, usize>) {
        let key = alike(&reached);
        let Some(&at) = likeness.get(&key) else {
            likeness.insert(key, self.reached.len());
            self.reached.push(reached);
            return;
        };
        let known = &mut self.reached[at];
        for environment in reached.environments {
            if !known.environments.iter().any(|it| it.path == environment.path) {
                known.environments.push(environment);
            }
        }
        known.clusters.extend(reached.clusters);
    }

    /// How many new findings there are of a level.
    #[must_use]
    pub fn new_findings(&self, level: Level) -> usize {
        self.findings().filter(|finding| finding.new && finding.level == level).count()
    }

    /// All that is found.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        let rendered = self.reached.iter().flat_map(|reached| &reached.findings);
        rendered.chain(self.unrendered.iter().flat_map(|it| &it.findings))
    }
}

/// Environments whose files change in the same way, and that are not rendered here.
#[derive(Debug)]
pub struct Unrendered {
    /// The environments; none for charts of which it is not known who takes them.
    pub environments: Vec<Environment>,
    /// Those charts.
    pub charts: Vec<RepoPath>,
    /// Why they are not rendered, without a name: lower case, without a final period.
    pub why: String,
    /// The files that change, values of Secrets masked.
    pub files: FilesDiff,
    /// What is found in charts' values among them.
    pub findings: Vec<Finding>,
}

impl Unrendered {
    /// What it is of, by the names that people know: environments, else charts.
    #[must_use]
    pub fn titles(&self) -> Vec<String> {
        let environments = self.environments.iter().map(Environment::title);
        let charts = self.charts.iter().map(|folder| format!("chart {folder}"));
        environments.chain(charts).collect()
    }
}

/// Equal for environments whose resources change in the same way, whatever their names and namespaces,
/// and of which the same is found.
fn alike(reached: &Reached) -> String {
    let mut key = String::new();
    for diff in reached.rendered.resources() {
        let fields: Vec<_> = diff
            .fields()
            .into_iter()
            .filter(|field| !["metadata.name", "metadata.namespace"].contains(&field.path.as_str()))
            .collect();
        let lines = (diff.hunks.added_lines, diff.hunks.removed_lines);
        let gvk = &diff.original.gvk;
        key.push_str(&format!(
            "{:?} {} {} {} {lines:?} {fields:?}\n",
            diff.change, gvk.group, gvk.kind, diff.original.name
        ));
    }
    for finding in reached.findings.iter().filter(|finding| finding.new) {
        key.push_str(&format!("{} {:?}\n", finding.code, finding.level));
    }
    key
}
