//! What Argo CD and Flux objects of the repository add to a plan: which clusters a merge reaches, and what the
//! builds are there.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::plain_text::enumerated;
use super::rendering::render_deployed;
use crate::deployer::{Changes, Deployers, Deployment, Variant};
use crate::diff::RenderedDiff;
use crate::kustomize::{Build, BuildError, BuildOptions};
use crate::model::{EditedFiles, FileEdit, Files, Location, RepoPath};

/// At most so many clusters are rendered for themselves.
const MOST_CLUSTERS: usize = 12;

/// What an object deploys of what a promotion changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// The cluster, or the object where nothing says which cluster it is.
    pub cluster: String,
    /// What is to be known of it, such as the revision it follows; empty for nothing.
    pub remark: String,
}

/// The target on clusters where it is built in another way than `Plan::rendered` shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OnClusters {
    /// The clusters.
    pub names: Vec<String>,
    /// What they will see.
    pub rendered: RenderedDiff,
}

/// What a merge reaches, as words that follow "reaches"; `name` writes a cluster's name. Nothing where nothing of the
/// repository deploys the target.
#[must_use]
pub fn reached(reaches: &[Reach], name: impl Fn(&str) -> String) -> Option<String> {
    let word = |reach: &Reach| match reach.remark.as_str() {
        "" => name(&reach.cluster),
        remark => format!("{} ({remark})", name(&reach.cluster)),
    };
    let mut words: Vec<String> = reaches.iter().take(MOST_NAMES).map(word).collect();
    let more = reaches.len().saturating_sub(words.len());
    if more > 0 {
        words.push(format!("{more} more"));
    }
    (!words.is_empty()).then(|| enumerated(&words))
}

/// So many clusters are named; the others are counted.
const MOST_NAMES: usize = 6;

/// The deployers before and after a promotion.
#[derive(Clone, Debug, Default)]
pub(super) struct Deployed {
    pub before: Arc<Deployers>,
    /// `None` if the promotion edits none.
    after: Option<Arc<Deployers>>,
}

impl Deployed {
    /// Reads what deploys the repository's folders.
    ///
    /// # Errors
    /// The files whose content is not here.
    pub(super) fn read(
        files: &dyn Files,
        known: Option<&Arc<Deployers>>,
    ) -> Result<Self, BTreeSet<RepoPath>> {
        let read = || Deployers::read(files).map(Arc::new);
        let before = known.cloned().map_or_else(read, Ok)?;
        Ok(Self { before, after: None })
    }

    /// Deployers that are known.
    pub(super) fn both(before: Deployers, after: Deployers) -> Self {
        Self { before: Arc::new(before), after: Some(Arc::new(after)) }
    }

    /// Reads them again if edits may touch some.
    pub(super) fn edited(self, files: &dyn Files, edits: &[&FileEdit]) -> Self {
        let may = |edit: &&FileEdit| -> bool {
            let sides = [&edit.before, &edit.after].into_iter().flatten();
            sides.into_iter().any(|file| Deployers::may_be_in(&file.content))
        };
        if !edits.iter().any(may) {
            return self;
        }
        let edited = EditedFiles::new(files, edits.iter().copied());
        Self { after: Deployers::read(&edited).ok().map(Arc::new), ..self }
    }

    /// The deployers after the promotion.
    pub(super) fn after(&self) -> &Deployers {
        self.after.as_ref().unwrap_or(&self.before)
    }

    /// How a folder is deployed, before and after.
    pub(super) fn variants(&self, folder: &RepoPath) -> Vec<Variant> {
        self.before.variants(self.after(), folder)
    }

    /// What is changed of a folder's build on the clusters that are shown first, as things are.
    pub(super) fn changes_now(&self, folder: &RepoPath) -> Changes {
        let first = self.before.variants(&self.before, folder).into_iter().next();
        first.map(|variant| variant.before).unwrap_or_default()
    }
}

/// Builds a folder as it is deployed, and notes what could not be changed of it.
pub(super) fn build(
    files: &dyn Files,
    dir: &RepoPath,
    options: &BuildOptions,
    changes: &Changes,
    faults: &mut Vec<String>,
) -> Result<Build, BuildError> {
    let (build, told) = render_deployed(files, dir, options, changes)?;
    faults.extend(told);
    Ok(build)
}

/// The clusters of a variant, each once.
pub(super) fn names(variant: &Variant) -> Vec<String> {
    let mut names: Vec<String> = variant.deployments.iter().map(Deployment::reached).collect();
    names.dedup();
    names
}

/// What deploys a folder, each cluster once, with what has to be known of it.
pub(super) fn reaches(deployers: &Deployers, folder: &RepoPath) -> Vec<Reach> {
    let mut reaches: Vec<Reach> = Vec::new();
    for deployment in deployers.of_folder(folder) {
        let reach = Reach { cluster: deployment.reached(), remark: remark(deployment) };
        if !reaches.contains(&reach) {
            reaches.push(reach);
        }
    }
    reaches
}

fn remark(deployment: &Deployment) -> String {
    let mut words = Vec::new();
    if let Some(revision) = &deployment.revision {
        words.push(format!("follows {revision}"));
    }
    if !deployment.automated {
        words.push(match deployment.kind {
            crate::deployer::Kind::Application => "synced by hand".to_owned(),
            crate::deployer::Kind::Kustomization => "suspended".to_owned(),
        });
    }
    words.join(", ")
}

/// What is to be said of a target's deployers: what is not understood, not known, or could not be done.
pub(super) fn warnings(
    deployed: &Deployed,
    folder: &RepoPath,
    faults: &[String],
) -> Vec<(Location, String)> {
    let mut warnings = deployed.after().not_understood(folder);
    for deployment in deployed.after().of_folder(folder) {
        let unknown = deployment.unknown_here();
        if !unknown.is_empty() {
            let message =
                format!("of `{}` is not known here: {}", deployment.title(), unknown.join(", "));
            warnings.push((deployment.at.clone(), message));
        }
    }
    let mut told: Vec<&String> = faults.iter().collect();
    told.sort();
    told.dedup();
    let all = [deployed.after(), &*deployed.before];
    if let Some(first) = all.into_iter().find_map(|it| it.of_folder(folder).next()) {
        warnings.extend(told.into_iter().map(|fault| {
            let title = first.title();
            let message = format!("what `{title}` changes is not shown, since it fails: {fault}");
            (first.at.clone(), message)
        }));
    }
    warnings
}

/// The variants that are rendered beside the first, and how many are not.
pub(super) fn others(variants: &[Variant]) -> (&[Variant], usize) {
    let others = variants.get(1..).unwrap_or_default();
    let shown = others.len().min(MOST_CLUSTERS);
    (&others[..shown], others.len() - shown)
}
