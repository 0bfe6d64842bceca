//! Checks of what is there: environments as they are, and plain manifests.

use std::collections::BTreeSet;

use super::checking::{fetched_here, kubernetes_schemas};
use super::local::{LocalError, Workspace};
use crate::config::RepositoryConfig;
use crate::deployer::Deployers;
use crate::kustomize::{BuildError, BuildOptions};
use crate::model::{EnvironmentName, RepoPath};
use crate::policy::schema::Schemas;
use crate::policy::{
    Day, Finding, Findings, Gates, Overlay, PlainManifests, Reading, Standards, Terms,
    UnknownFiles, check_manifests, check_overlay,
};
use crate::promotion::{
    BuildState, Environment, PlanError, render_deployed, rendered_without, unbuilt,
};
use crate::workdir::ManifestFile;

/// What the gates say of one environment.
#[derive(Debug)]
pub struct Validated {
    /// The environment.
    pub environment: EnvironmentName,
    /// What they say, or why it cannot be built.
    pub findings: Result<Findings, Unbuilt>,
}

/// Why an environment cannot be built.
#[derive(Debug)]
pub struct Unbuilt {
    /// For who runs the command.
    pub error: Box<LocalError>,
    /// The same among the findings of the others.
    pub finding: Finding,
}

/// Plain manifests and what they are checked by.
#[derive(Debug)]
pub struct ManifestCheck<'a> {
    /// The manifests, as [`crate::workdir::read_manifests`] read them, one list for each argument.
    pub manifests: &'a [Vec<ManifestFile>],
    /// Files with definitions.
    pub schemas: &'a [ManifestFile],
    /// The gates; the manifests count as all that the cluster has, whatever they say.
    pub gates: Gates,
    /// The day, for exceptions that end.
    pub today: Day,
}

impl Workspace {
    /// Checks environments as they are; all of them if none is named. One that cannot be built hides
    /// none of the others.
    ///
    /// # Errors
    /// [`LocalError`] if one is not known, or the files that all are measured by cannot be read.
    pub fn validate(
        &self,
        configuration: &RepositoryConfig,
        names: &[EnvironmentName],
        today: Day,
    ) -> Result<Vec<Validated>, LocalError> {
        let gates = &*configuration.gates;
        let fetched = fetched_here(gates, &configuration.remote_bases);
        let standards = Standards::read(self.files(), gates, &fetched)
            .map_err(|UnknownFiles(paths)| PlanError::Unknown(paths))?;
        let terms = Terms { gates, standards: &standards, today };
        let environments = chosen(configuration, names)?;
        let options = self.build_options(configuration);
        let deployers = self.deployers().cloned().unwrap_or_default();
        let validate = |environment: &Environment| Validated {
            environment: environment.name.clone(),
            findings: self.validate_one(environment, &options, &deployers, terms),
        };
        Ok(environments.into_iter().map(validate).collect())
    }

    fn validate_one(
        &self,
        environment: &Environment,
        options: &BuildOptions,
        deployers: &Deployers,
        terms: Terms<'_>,
    ) -> Result<Findings, Unbuilt> {
        let files = self.files();
        let deployed = deployers.variants(deployers, &environment.path).into_iter().next();
        let changes = deployed.unwrap_or_default().after;
        let build = match render_deployed(files, &environment.path, options, &changes) {
            Ok((build, _)) => build,
            Err(error) => {
                let finding = unbuilt(files, environment, &error);
                // Values of a chart are made into manifests elsewhere: nothing is wrong with them.
                if let BuildError::NotRendered { .. } = error {
                    return Ok(Findings { findings: vec![finding], ..Findings::default() });
                }
                let error = Box::new(PlanError::build(environment, BuildState::Now, error).into());
                return Err(Unbuilt { error, finding });
            }
        };
        let overlay = Overlay { files, path: &environment.path, build: &build };
        let mut found = check_overlay(&Reading::new(overlay), None, terms);
        found.findings.extend(rendered_without(environment, &build, &build));
        Ok(found)
    }
}

fn chosen<'a>(
    configuration: &'a RepositoryConfig,
    names: &[EnvironmentName],
) -> Result<Vec<&'a Environment>, LocalError> {
    let pipeline = &configuration.pipeline;
    if names.is_empty() {
        return Ok(pipeline.environments().iter().collect());
    }
    let find = |name: &EnvironmentName| {
        pipeline.environment(None, name).ok_or_else(|| {
            let known = pipeline.environments().iter().map(|e| e.name.clone()).collect();
            LocalError::from(PlanError::UnknownEnvironment { name: name.clone(), known })
        })
    };
    names.iter().map(find).collect()
}

/// Checks plain manifests, as all that a mesh has.
#[must_use]
pub fn validate_manifests(check: ManifestCheck<'_>) -> Findings {
    let kubernetes = kubernetes_schemas(check.gates.kubernetes.as_deref()).ok().flatten();
    let mut standards = Standards {
        kubernetes_is_chosen: check.gates.kubernetes.is_some(),
        ..Standards::default()
    };
    standards.schemas = Schemas::with_kubernetes(kubernetes);
    for file in check.schemas {
        standards.add(&file.path, &file.text);
    }
    let gates = Gates { complete: true, ..check.gates };
    let mut plain = PlainManifests::default();
    for files in check.manifests {
        let clusters = clusters(files);
        for file in files {
            let top = file.below.parts().next().unwrap_or_default();
            plain.add(file.path.clone(), clusters.get(top).map_or("", |name| *name), &file.text);
        }
    }
    check_manifests(plain, Terms { gates: &gates, standards: &standards, today: check.today })
}

/// The top folders, if there are several and all manifests are in them: then each is a cluster.
fn clusters(files: &[ManifestFile]) -> BTreeSet<&str> {
    let is_mesh_file = |path: &RepoPath| path.as_str().starts_with("MESH");
    let mut tops = BTreeSet::new();
    for file in files.iter().filter(|file| !is_mesh_file(&file.below)) {
        let mut parts = file.below.parts();
        let (Some(top), Some(_)) = (parts.next(), parts.next()) else { return BTreeSet::new() };
        tops.insert(top);
    }
    if tops.len() > 1 { tops } else { BTreeSet::new() }
}
