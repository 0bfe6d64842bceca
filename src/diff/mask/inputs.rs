//! Which files hold secret values although their own text does not say so, and which values are known:
//! what kustomizations say of it, and what builds learned.

use std::collections::{BTreeMap, BTreeSet};

use super::input_file::{InputRole, documents, is_manifest, usual_role};
use super::known::KnownValues;
use super::role::Role;
use super::sources::{Source, collect_hidden};
use crate::kustomize::Build;
use crate::kustomize::decode::same_key;
use crate::kustomize::secret_facts::{SecretFacts, SecretFile};
use crate::model::{Entry, Files, RepoPath};
use crate::yaml::{Node, Value};

/// Shorter values of charts are found everywhere by chance.
const SHORTEST_VALUE: usize = 6;

/// The files that kustomizations read as secret values or as patches of Secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretInputs {
    roles: BTreeMap<RepoPath, InputRole>,
    /// Values that generators are given, with their keys.
    pub(super) written: BTreeSet<(String, String)>,
    /// Files that config maps are made of: their values are no secrets.
    pub(super) plain: BTreeSet<RepoPath>,
    /// Words of paths, which are shown anyway.
    public: BTreeSet<String>,
    /// Where values of Secrets come from.
    pub(super) sources: Vec<Source>,
    /// Values that may be some: a build knows better.
    perhaps: BTreeSet<String>,
}

/// What is searched for in a file.
#[derive(Clone, Copy, Debug)]
pub(in crate::diff) struct Searched<'k> {
    /// In any line.
    pub(in crate::diff) everywhere: &'k KnownValues,
    /// In the texts of this file: for values of charts their parts too.
    pub(in crate::diff) in_file: &'k KnownValues,
}

impl SecretInputs {
    /// Reads every kustomization below the `overlays` and among the `inputs` of their builds.
    ///
    /// What cannot be read names nothing: a broken kustomization stops the plan elsewhere, and is
    /// masked as a whole if it mentions Secrets.
    #[must_use]
    pub fn find<'a>(
        files: &dyn Files,
        overlays: &[&RepoPath],
        inputs: impl IntoIterator<Item = &'a RepoPath>,
    ) -> Self {
        let mut paths: BTreeSet<RepoPath> = inputs.into_iter().cloned().collect();
        for overlay in overlays {
            paths.extend(files.list(overlay).unwrap_or_default());
        }
        let mut found = Self::default();
        for path in paths {
            found.public.extend(path.parts().flat_map(|part| part.split('.')).map(str::to_owned));
            if is_manifest(&path) {
                found.read_secrets(files, &path);
            }
            if path.is_kustomization()
                && let Some(directory) = path.parent()
            {
                found.read_kustomization(files, &path, &directory);
            }
        }
        found
    }

    /// What is secret in a folder that is built before and after: what its files say and what the builds learned.
    #[must_use]
    pub fn of_builds(
        folder: &RepoPath,
        (files_before, before): (&dyn Files, &Build),
        (files_after, after): (&dyn Files, &Build),
    ) -> Self {
        Self::find(files_before, &[folder], &before.inputs)
            .and(Self::find(files_after, &[folder], &after.inputs))
            .learned_by(before)
            .learned_by(after)
    }

    /// With what only a build could tell for certain, where there is none: what replacements and vars put into
    /// Secrets, by where they come from, and what stands in the parts of files that are hidden.
    #[must_use]
    pub fn in_doubt(mut self, files: &dyn Files, overlays: &[&RepoPath]) -> Self {
        let paths = overlays.iter().flat_map(|overlay| files.list(overlay).unwrap_or_default());
        let manifests: Vec<RepoPath> = paths.filter(is_manifest).collect();
        let values = || self.written.iter().map(|(_, value)| value.as_str());
        let used: Vec<&Source> =
            self.sources.iter().filter(|source| source.is_used(values())).collect();
        let mut found = Vec::new();
        for path in &manifests {
            let role = match self.role(path) {
                InputRole::Manifest(role) => role,
                _ => Role::Plain,
            };
            for document in documents(files, path) {
                found.extend(used.iter().flat_map(|source| source.values_in(&document)));
                collect_hidden(&document, role, &mut found);
            }
        }
        found.extend(self.contents_of_inputs(files));
        self.perhaps.extend(found);
        self
    }

    /// What the files hold that generators of Secrets read: a build would have put it there.
    fn contents_of_inputs(&self, files: &dyn Files) -> Vec<String> {
        let mut found = Vec::new();
        for (path, role) in &self.roles {
            if !matches!(role, InputRole::SecretFile | InputRole::EnvFile) {
                continue;
            }
            let Ok((_, Entry::File(file))) = files.look_up(path) else { continue };
            let Ok(text) = std::str::from_utf8(&file.content) else { continue };
            match role {
                InputRole::EnvFile => {
                    let values = text.lines().filter_map(|line| line.split_once('='));
                    found.extend(values.map(|(_, value)| value.trim().to_owned()));
                }
                _ => found.push(text.trim_end_matches('\n').to_owned()),
            }
        }
        found
    }

    /// Joins what two trees (before and after) say.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        other.roles.into_iter().for_each(|(path, role)| self.note(path, role));
        self.plain.extend(other.plain);
        self.written.extend(other.written);
        self.perhaps.extend(other.perhaps);
        self.public.extend(other.public);
        self
    }

    /// Takes in what a build learned.
    #[must_use]
    pub fn learned_by(mut self, build: &Build) -> Self {
        let facts: &SecretFacts = &build.secrets;
        for (path, file) in facts.files() {
            let role = match file {
                SecretFile::Patch => InputRole::Manifest(Role::SecretPatch),
                SecretFile::Env => InputRole::EnvFile,
                SecretFile::Whole => InputRole::SecretFile,
            };
            self.note(path.clone(), role);
        }
        self
    }

    /// Gives each file below `source` that is secret the same role at its place below `target`:
    /// what is copied stays secret, referenced there or not.
    #[must_use]
    pub fn mirrored(mut self, source: &RepoPath, target: &RepoPath) -> Self {
        for (from, to) in [(source, target), (target, source)] {
            let plain: Vec<RepoPath> = self
                .plain
                .iter()
                .filter_map(|path| to.join(path.strip_prefix(from)?).ok())
                .collect();
            self.plain.extend(plain);
            let mirrored: Vec<(RepoPath, InputRole)> = self
                .roles
                .iter()
                .filter_map(|(path, role)| Some((to.join(path.strip_prefix(from)?).ok()?, *role)))
                .collect();
            mirrored.into_iter().for_each(|(path, role)| self.note(path, role));
        }
        self
    }

    /// All texts among the values of charts, longer than what is found everywhere by chance: any of them
    /// may become a value of a Secret.
    #[must_use]
    pub fn chart_values(&self, files: &dyn Files) -> Vec<String> {
        let mut found = Vec::new();
        let of_charts = self.roles.iter().filter(|(_, role)| **role == InputRole::Values);
        for (path, _) in of_charts {
            let is_kustomization = path.is_kustomization();
            for document in documents(files, path) {
                collect_texts(&document, !is_kustomization, &mut found);
            }
        }
        found
    }

    /// The values of Secrets, to be found wherever they were copied to.
    #[must_use]
    pub fn known_values(&self, builds: &[&Build]) -> KnownValues {
        let mut public = self.public.clone();
        for resource in builds.iter().flat_map(|build| &build.resources) {
            for id in [&resource.id, &resource.original_id] {
                for word in [&id.name, &id.namespace, &id.gvk.kind] {
                    public.insert(word.to_string());
                }
            }
        }
        let perhaps = self.perhaps.iter().map(|value| (String::new(), value.clone()));
        KnownValues::of(builds, self.written.iter().cloned().chain(perhaps), &public)
    }

    /// The same for values of charts, of which parts are put into Secrets; `None` without charts.
    pub(in crate::diff) fn values_of_charts(&self, builds: &[&Build]) -> Option<KnownValues> {
        let are_used = self.roles.values().any(|role| *role == InputRole::Values);
        are_used.then(|| self.known_values(builds).with_parts(builds))
    }

    /// How the file at `path` is masked.
    pub(in crate::diff) fn role(&self, path: &RepoPath) -> InputRole {
        let role = || if self.plain.contains(path) { InputRole::Text } else { usual_role(path) };
        self.roles.get(path).copied().unwrap_or_else(role)
    }

    /// Whether a file holds values of a chart.
    pub(in crate::diff) fn is_of_chart(&self, path: &RepoPath) -> bool {
        self.role(path) == InputRole::Values
    }

    /// Whether a file that is no UTF-8 text is hidden: where it is an input, and where it may be a
    /// manifest in another encoding, which nobody can look into here.
    pub(in crate::diff) fn hides_binary(&self, path: &RepoPath) -> bool {
        self.role(path) != InputRole::Text
    }

    /// Gives a file a role, unless it has a stricter one.
    pub(super) fn note(&mut self, path: RepoPath, role: InputRole) {
        let place = self.roles.entry(path).or_insert(role);
        *place = role.max(*place);
    }
}

/// The texts of values: of all, or of those that stand in a kustomization.
fn collect_texts(node: &Node, is_value: bool, found: &mut Vec<String>) {
    match &node.value {
        Value::Scalar(scalar) if is_value && scalar.text.len() >= SHORTEST_VALUE => {
            found.push(scalar.text.to_string());
        }
        Value::Scalar(_) => {}
        Value::Sequence(items) => {
            items.iter().for_each(|item| collect_texts(item, is_value, found));
        }
        Value::Mapping(mapping) => {
            for pair in mapping {
                let are_values = ["valuesInline", "valuesLocal"]
                    .iter()
                    .any(|field| same_key(field, &pair.key.text));
                collect_texts(&pair.value, is_value || are_values, found);
            }
        }
    }
}
