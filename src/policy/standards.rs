//! What resources are measured by: schemas from the repository, from files that the configuration
//! names, and of Kubernetes' own kinds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::finding::{Finding, Level};
use super::gate::{Gate, Gates};
use super::rego::Policies;
use super::schema::{KubernetesSchemas, Schemas};
use super::schema_source::{RemoteSchema, SchemaSource};
use crate::model::{Entry, Files, Location, RepoPath, is_manifest_name};
use crate::yaml::parse_manifests;

/// Read once, used for several sets.
#[derive(Debug, Default)]
pub struct Standards {
    /// Schemas, beside the definitions in the set.
    pub schemas: Schemas,
    /// Whether the configuration names the version of Kubernetes that `schemas` has.
    pub kubernetes_is_chosen: bool,
    /// The repository's own policies.
    pub policies: Policies,
    /// What of all this cannot be used.
    pub faults: Vec<Finding>,
}

/// What comes from outside the repository; whoever fetches it hands it in.
#[derive(Clone, Debug, Default)]
pub struct Fetched {
    /// Schemas of Kubernetes' own kinds, in the version that the configuration asks for.
    pub kubernetes: Option<Arc<KubernetesSchemas>>,
    /// Files of other repositories, or why they are not here.
    pub remote: BTreeMap<RemoteSchema, Result<Arc<str>, String>>,
}

/// How a file with definitions was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// The configuration names it.
    Named,
    /// Its name looks like it.
    ByItsName,
}

/// Files of the repository whose content the caller has to fetch before asking again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFiles(pub BTreeSet<RepoPath>);

/// The code of what cannot be used.
pub(super) const UNUSABLE: &str = "schema-source";
/// The rule that says it.
const RULE: &str = "schema";
/// More files with definitions are not looked for.
const FILES_LIMIT: usize = 1_000;

impl Standards {
    /// Reads what the gates need.
    ///
    /// Definitions are looked for in files below a directory `crds` or `crd`, in files whose name
    /// holds `crd` or `customresourcedefinition`, and in what the configuration names.
    ///
    /// # Errors
    /// [`UnknownFiles`] if the content of some is not here.
    pub fn read(files: &dyn Files, gates: &Gates, fetched: &Fetched) -> Result<Self, UnknownFiles> {
        let mut standards = Self {
            schemas: Schemas::with_kubernetes(fetched.kubernetes.clone()),
            kubernetes_is_chosen: gates.kubernetes.is_some(),
            ..Self::default()
        };
        let mut unknown = BTreeSet::new();
        if gates.run.contains(&Gate::Policies) {
            match Policies::read(files, &gates.policies) {
                Ok(policies) => standards.policies = policies,
                Err(paths) => unknown.extend(paths),
            }
        }
        if gates.run.contains(&Gate::Schemas) {
            standards.read_schemas(files, gates, fetched, &mut unknown);
        }
        if unknown.is_empty() { Ok(standards) } else { Err(UnknownFiles(unknown)) }
    }

    fn read_schemas(
        &mut self,
        files: &dyn Files,
        gates: &Gates,
        fetched: &Fetched,
        unknown: &mut BTreeSet<RepoPath>,
    ) {
        let named = gates.schemas.iter().filter_map(|source| match source {
            SchemaSource::Path(path) => Some(path),
            SchemaSource::Remote(_) => None,
        });
        let named: Vec<&RepoPath> = named.collect();
        for path in self.files_with_definitions(files, gates) {
            match files.look_up(&path) {
                Ok((_, Entry::File(file))) => match std::str::from_utf8(&file.content) {
                    Ok(text) => {
                        let is_named = named.iter().any(|named| path.is_within(named));
                        let found = if is_named { Found::Named } else { Found::ByItsName };
                        self.take_in(&path, text, found);
                    }
                    Err(_) => self.fault(Some(path), "it is no text".to_owned()),
                },
                Ok((at, Entry::Unknown)) => {
                    unknown.insert(at);
                }
                Ok((_, Entry::Directory | Entry::Missing)) => {}
                Err(error) => self.fault(Some(path), error.to_string()),
            }
        }
        for source in &gates.schemas {
            if let SchemaSource::Remote(remote) = source {
                self.add_remote(remote, fetched);
            }
        }
    }

    /// Takes in the definitions of a file; whatever else is in it is left alone.
    pub fn add(&mut self, path: &RepoPath, text: &str) {
        self.take_in(path, text, Found::Named);
    }

    fn take_in(&mut self, path: &RepoPath, text: &str, found: Found) {
        // Most files that are looked at for their name hold something else.
        if !text.contains("CustomResourceDefinition") {
            return;
        }
        let documents = match parse_manifests(text) {
            Ok(documents) => documents,
            // A chart's template is no definition before the chart is rendered.
            Err(_) if found == Found::ByItsName && text.contains("{{") => return,
            Err(error) => {
                return self.fault(Some(path.clone()), format!("not valid YAML: {}", error.reason));
            }
        };
        for document in &documents {
            let items = document.get("items").and_then(|items| items.as_sequence());
            for node in items.unwrap_or(std::slice::from_ref(document)) {
                // What only a test reads is often half of one.
                match self.schemas.add_definition(node) {
                    Err(error) if found == Found::Named => {
                        self.fault(Some(path.clone()), error.to_string());
                    }
                    Ok(_) | Err(_) => {}
                }
            }
        }
    }

    fn add_remote(&mut self, remote: &RemoteSchema, fetched: &Fetched) {
        match fetched.remote.get(remote) {
            Some(Ok(text)) => self.add(&remote.path, text),
            Some(Err(reason)) => {
                self.fault(None, format!("`{remote}` cannot be fetched: {reason}"))
            }
            None => self.fault(None, format!("`{remote}` was not fetched")),
        }
    }

    fn files_with_definitions(&mut self, files: &dyn Files, gates: &Gates) -> BTreeSet<RepoPath> {
        let mut found = BTreeSet::new();
        match files.list(&RepoPath::root()) {
            Ok(all) => {
                found.extend(all.into_iter().filter(looks_like_definitions).take(FILES_LIMIT))
            }
            Err(error) => self.fault(None, format!("the repository cannot be listed: {error}")),
        }
        for source in &gates.schemas {
            let SchemaSource::Path(path) = source else { continue };
            match files.list(path) {
                Ok(below) if below.is_empty() => {
                    self.fault(Some(path.clone()), "there is no such file or directory".to_owned());
                }
                Ok(below) => found.extend(
                    below
                        .into_iter()
                        .filter(|path| is_manifest_name(path.as_str()))
                        .take(FILES_LIMIT),
                ),
                Err(error) => self.fault(Some(path.clone()), error.to_string()),
            }
        }
        found
    }

    fn fault(&mut self, path: Option<RepoPath>, reason: String) {
        self.faults.push(Finding {
            code: UNUSABLE.to_owned(),
            rule: RULE,
            level: Level::Warning,
            message: format!("schemas cannot be used: {reason}"),
            help: None,
            resource: None,
            location: path.map(Location::file),
            new: true,
            alike: None,
        });
    }
}

fn looks_like_definitions(path: &RepoPath) -> bool {
    let name = path.parts().last().unwrap_or_default().to_ascii_lowercase();
    let named = name.contains("crd") || name.contains("customresourcedefinition");
    is_manifest_name(path.as_str())
        && (named || path.parts().any(|part| matches!(part, "crds" | "crd")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FileTree;

    const DEFINITION: &str = "kind: CustomResourceDefinition\napiVersion: apiextensions.k8s.io/v1\n\
        spec:\n  group: g\n  names: {kind: K}\n  versions:\n  - name: v1\n    schema: \
        {openAPIV3Schema: {type: object}}\n";

    fn path(text: &str) -> RepoPath {
        RepoPath::parse(text).unwrap()
    }

    #[test]
    fn definitions_are_found_by_name_and_by_configuration() {
        let files = ["base/crds/a.yaml", "x/my-crd.yaml", "other/b.yaml", "base/crds/readme.md"];
        let files = FileTree::of(files.map(|at| (at, DEFINITION))).unwrap();
        let found = |schemas: Vec<SchemaSource>| {
            let gates = Gates { schemas, ..Gates::default() };
            let mut standards = Standards::default();
            let found = standards.files_with_definitions(&files, &gates);
            (found.iter().map(ToString::to_string).collect::<Vec<_>>(), standards.faults.len())
        };
        let usual = vec!["base/crds/a.yaml".to_owned(), "x/my-crd.yaml".to_owned()];
        assert_eq!(found(Vec::new()), (usual.clone(), 0));
        let (all, _) = found(vec![SchemaSource::Path(path("other"))]);
        assert_eq!(all.len(), 3);
        assert_eq!(found(vec![SchemaSource::Path(path("none"))]), (usual, 1));
        let standards = Standards::read(&files, &Gates::default(), &Fetched::default()).unwrap();
        assert!(!standards.schemas.is_empty());
    }

    #[test]
    fn files_that_are_not_here_are_asked_for() {
        let mut files = FileTree::new();
        files.insert_unknown(path("crds/a.yaml"));
        let unknown = Standards::read(&files, &Gates::default(), &Fetched::default()).unwrap_err();
        assert_eq!(unknown, UnknownFiles([path("crds/a.yaml")].into()));
    }
}
