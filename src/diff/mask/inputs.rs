//! Which files hold secret values although their own text does not say so: what a secretGenerator
//! reads, patches that a kustomization aims at Secrets, and values of charts.

use std::collections::{BTreeMap, BTreeSet};

use super::copied::{CopiedValues, SHORTEST_PART};
use super::spot::{Role, role_of_target};
use crate::kustomize::Build;
use crate::model::{Entry, Files, KUSTOMIZATION_NAMES, RepoPath};
use crate::yaml::{Dialect, Node, Value, parse_stream};

/// How a file is masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::diff) enum InputRole {
    /// No manifest by its name: hidden as a whole if a manifest of a Secret is quoted in it.
    Text,
    /// Values of a chart, which may be values of Secrets in what it renders.
    Values,
    /// YAML whose secret parts are hidden.
    Manifest(Role),
    /// `KEY=value` lines whose values are hidden.
    EnvFile,
    /// Hidden as a whole.
    SecretFile,
}

/// The files that kustomizations read as secret values or as patches of Secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretInputs {
    roles: BTreeMap<RepoPath, InputRole>,
    /// Whether values are copied from Secrets into other resources.
    copies_values: bool,
    /// Whether charts are rendered.
    has_charts: bool,
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
            if KUSTOMIZATION_NAMES.contains(&path.file_name())
                && let Some(directory) = path.parent()
            {
                found.read(files, &path, &directory);
            }
        }
        found
    }

    /// Joins what two trees (before and after) say.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        other.roles.into_iter().for_each(|(path, role)| self.note(path, role));
        self.copies_values |= other.copies_values;
        self.has_charts |= other.has_charts;
        self
    }

    /// Gives each file below `source` that is secret the same role at its place below `target`:
    /// what is copied stays secret, referenced there or not.
    #[must_use]
    pub fn mirrored(mut self, source: &RepoPath, target: &RepoPath) -> Self {
        for (from, to) in [(source, target), (target, source)] {
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
            let is_kustomization = KUSTOMIZATION_NAMES.contains(&path.file_name());
            for document in documents(files, path) {
                collect_texts(&document, !is_kustomization, &mut found);
            }
        }
        found
    }

    /// The values of the builds' Secrets, if some may stand in other resources too.
    pub(in crate::diff) fn copied_values(&self, builds: &[&Build]) -> CopiedValues {
        match (self.copies_values, self.has_charts) {
            (true, _) => CopiedValues::of(builds),
            (false, true) => CopiedValues::of_charts(builds),
            (false, false) => CopiedValues::default(),
        }
    }

    /// The same, for files whose values may become those of Secrets, whole or as a part.
    pub(in crate::diff) fn used_values(&self, builds: &[&Build]) -> CopiedValues {
        let are_used = self.roles.values().any(|role| *role == InputRole::Values);
        if are_used { CopiedValues::with_parts(builds) } else { CopiedValues::default() }
    }

    /// How the file at `path` is masked.
    pub(in crate::diff) fn role(&self, path: &RepoPath) -> InputRole {
        let usual =
            if is_manifest(path) { InputRole::Manifest(Role::Plain) } else { InputRole::Text };
        self.roles.get(path).copied().unwrap_or(usual)
    }

    /// Whether a file that is no UTF-8 text is hidden: where it is an input, and where it may be a
    /// manifest in another encoding, which nobody can look into here.
    pub(in crate::diff) fn hides_binary(&self, path: &RepoPath) -> bool {
        self.role(path) != InputRole::Text || path.file_name().ends_with(".env")
    }

    fn note(&mut self, path: RepoPath, role: InputRole) {
        let place = self.roles.entry(path).or_insert(role);
        *place = role.max(*place);
    }

    fn read(&mut self, files: &dyn Files, path: &RepoPath, directory: &RepoPath) {
        for document in documents(files, path) {
            self.read_generators(&document, directory);
            self.read_patches(&document, directory);
            self.read_copies(&document, files, directory);
            self.read_charts(&document, path, directory);
            for field in ["generators", "transformers"] {
                for reference in strings(document.get(field)) {
                    let Ok(path) = directory.join(reference) else { continue };
                    for plugin in documents(files, &path) {
                        self.read_generator(&plugin, directory);
                        self.read_patches(&plugin, directory);
                        self.read_copies(&plugin, files, directory);
                        self.read_charts(&plugin, &path, directory);
                    }
                }
            }
        }
    }

    fn read_generators(&mut self, kustomization: &Node, directory: &RepoPath) {
        let generators = kustomization.get("secretGenerator").and_then(Node::as_sequence);
        for generator in generators.unwrap_or_default() {
            self.read_sources(generator, directory);
        }
    }

    /// A generator as a document of its own, as the `generators` field names it.
    fn read_generator(&mut self, plugin: &Node, directory: &RepoPath) {
        if plugin.get("kind").and_then(Node::text) == Some("SecretGenerator") {
            self.read_sources(plugin, directory);
        }
    }

    fn read_sources(&mut self, generator: &Node, directory: &RepoPath) {
        for file in strings(generator.get("files")) {
            let path = file.split_once('=').map_or(file, |(_, path)| path);
            self.note_in(directory, path, InputRole::SecretFile);
        }
        for env in strings(generator.get("envs")).chain(strings(generator.get("env"))) {
            self.note_in(directory, env, InputRole::EnvFile);
        }
    }

    /// Every mapping with a `target` and a file to patch with, in the kustomization's fields or a
    /// transformer of its own.
    fn read_patches(&mut self, node: &Node, directory: &RepoPath) {
        match &node.value {
            Value::Scalar(_) => {}
            Value::Sequence(items) => {
                items.iter().for_each(|item| self.read_patches(item, directory));
            }
            Value::Mapping(mapping) => {
                let role = role_of_target(mapping.get("target"));
                for path in strings(mapping.get("path")).chain(strings(mapping.get("paths"))) {
                    if role != Role::Plain {
                        self.note_in(directory, path, InputRole::Manifest(role));
                    }
                }
                for pair in mapping {
                    self.read_patches(&pair.value, directory);
                }
            }
        }
    }

    /// `replacements`, in the kustomization, a file of theirs or a transformer, and `vars`.
    fn read_copies(&mut self, document: &Node, files: &dyn Files, directory: &RepoPath) {
        let items = |node: Option<&'_ Node>| -> Vec<Node> {
            node.and_then(Node::as_sequence).unwrap_or_default().to_vec()
        };
        let mut replacements = items(document.get("replacements"));
        let paths: Vec<String> = replacements
            .iter()
            .flat_map(|replacement| strings(replacement.get("path")))
            .map(str::to_owned)
            .collect();
        for path in paths.iter().filter_map(|path| directory.join(path).ok()) {
            for document in documents(files, &path) {
                match document.as_sequence() {
                    Some(items) => replacements.extend(items.iter().cloned()),
                    None => replacements.push(document),
                }
            }
        }
        // A source may leave its kind out and find a Secret by its name.
        let from_secret = |selector: Option<&Node>| {
            selector.is_some_and(|selector| {
                matches!(selector.get("kind").and_then(Node::text), Some("Secret" | "") | None)
            })
        };
        self.copies_values |= replacements.iter().any(|item| from_secret(item.get("source")))
            || items(document.get("vars")).iter().any(|item| from_secret(item.get("objref")));
    }

    /// Charts: what their values become, only their output tells, which another engine rendered. `path` is
    /// the file that asks for them and may have values itself.
    fn read_charts(&mut self, document: &Node, path: &RepoPath, directory: &RepoPath) {
        let of_field = |field| document.get(field).and_then(Node::as_sequence).unwrap_or_default();
        let lists = ["helmCharts", "helmChartInflationGenerator"].into_iter().flat_map(of_field);
        let is_plugin =
            document.get("kind").and_then(Node::text) == Some("HelmChartInflationGenerator");
        for chart in lists.chain(is_plugin.then_some(document)) {
            self.has_charts = true;
            for field in ["valuesFile", "additionalValuesFiles", "values"] {
                for file in strings(chart.get(field)) {
                    self.note_in(directory, file, InputRole::Values);
                }
            }
            if chart.get("valuesInline").or(chart.get("valuesLocal")).is_some() {
                self.note(path.clone(), InputRole::Values);
            }
        }
    }

    fn note_in(&mut self, directory: &RepoPath, path: &str, role: InputRole) {
        if let Ok(path) = directory.join(path) {
            self.note(path, role);
        }
    }
}

/// The texts of values: of all, or of those that stand in a kustomization.
fn collect_texts(node: &Node, is_value: bool, found: &mut Vec<String>) {
    match &node.value {
        Value::Scalar(scalar) if is_value && scalar.text.len() >= SHORTEST_PART => {
            found.push(scalar.text.to_string());
        }
        Value::Scalar(_) => {}
        Value::Sequence(items) => {
            items.iter().for_each(|item| collect_texts(item, is_value, found));
        }
        Value::Mapping(mapping) => {
            for pair in mapping {
                let are_values = matches!(pair.key.text.as_str(), "valuesInline" | "valuesLocal");
                collect_texts(&pair.value, is_value || are_values, found);
            }
        }
    }
}

/// Whether a file is YAML or JSON by its name.
fn is_manifest(path: &RepoPath) -> bool {
    let name = path.file_name();
    let ending = name.rsplit_once('.').map_or(name, |(_, ending)| ending);
    ["yaml", "yml", "json", "Kustomization"].iter().any(|known| ending.eq_ignore_ascii_case(known))
}

/// The texts of a scalar or of a list of scalars.
fn strings(node: Option<&Node>) -> impl Iterator<Item = &str> {
    let single = node.and_then(Node::text);
    let items = node.and_then(Node::as_sequence).unwrap_or_default();
    single.into_iter().chain(items.iter().filter_map(Node::text))
}

fn documents(files: &dyn Files, path: &RepoPath) -> Vec<Node> {
    let Ok((_, Entry::File(file))) = files.look_up(path) else { return Vec::new() };
    let Ok(text) = std::str::from_utf8(&file.content) else { return Vec::new() };
    parse_stream(text, Dialect::V2).unwrap_or_default()
}
