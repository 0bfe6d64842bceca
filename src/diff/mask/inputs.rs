//! Which files hold secret values although their own text does not say so: what a secretGenerator
//! reads, patches that a kustomization aims at Secrets, and values of charts.

use std::collections::{BTreeMap, BTreeSet};

use super::known::KnownValues;
use super::nested::nested_values;
use super::role::{Role, role_of_target};
use super::sources::{Source, collect_hidden, find_sources};
use crate::kustomize::decode::{get, same_key};
use crate::kustomize::secret_facts::SecretFile;
use crate::kustomize::{Build, secret_facts::SecretFacts};
use crate::model::{Entry, Files, KUSTOMIZATION_NAMES, RepoPath};
use crate::yaml::{Dialect, Node, Value, parse_stream};

/// Shorter values of charts are found everywhere by chance.
const SHORTEST_VALUE: usize = 6;

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
    /// Values that generators are given, with their keys.
    written: BTreeSet<(String, String)>,
    /// Files that config maps are made of: their values are no secrets.
    plain: BTreeSet<RepoPath>,
    /// Words of paths, which are shown anyway.
    public: BTreeSet<String>,
    /// Where values of Secrets come from.
    sources: Vec<Source>,
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
            if KUSTOMIZATION_NAMES.contains(&path.file_name())
                && let Some(directory) = path.parent()
            {
                found.read(files, &path, &directory);
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

    /// The values of Secrets that a file holds, for what is not built, or cannot be built here.
    fn read_secrets(&mut self, files: &dyn Files, path: &RepoPath) {
        let Ok((_, Entry::File(file))) = files.look_up(path) else { return };
        let is_named = |name: &str| memchr::memmem::find(&file.content, name.as_bytes()).is_some();
        // Most files say nothing of the kind, and are not read any further.
        let holds_data = is_named("Secret") && (is_named("ata:") || is_named("ata\""));
        let has_sources = names(&file.content, b"fieldpath");
        if !holds_data && !has_sources && !names_own_value(&file.content) {
            return;
        }
        for document in documents(files, path) {
            if has_sources {
                find_sources(&document, &mut self.sources);
            }
            for (key, value) in nested_values(&document, true) {
                self.written.insert((key.to_owned(), value.to_owned()));
            }
        }
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
            let is_kustomization = KUSTOMIZATION_NAMES.contains(&path.file_name());
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

    fn note(&mut self, path: RepoPath, role: InputRole) {
        let place = self.roles.entry(path).or_insert(role);
        *place = role.max(*place);
    }

    fn read(&mut self, files: &dyn Files, path: &RepoPath, directory: &RepoPath) {
        let at = At { files, directory };
        for document in documents(files, path) {
            self.read_generators(&document, at);
            self.read_patches(&document, at);
            self.read_charts(&document, path, at);
            for field in ["generators", "transformers", "validators"] {
                for reference in strings(field_of(&document, field)) {
                    self.read_plugins(reference, path, at);
                }
            }
        }
    }

    /// What an entry of `generators`, `transformers` or `validators` says in place, in a file or in a folder.
    fn read_plugins(&mut self, reference: &str, kustomization: &RepoPath, at: At<'_>) {
        if reference.contains('\n') {
            for plugin in parse_stream(reference, Dialect::V2).unwrap_or_default() {
                self.read_plugin(&plugin, kustomization, at);
            }
            return;
        }
        let Ok(path) = at.directory.join(reference) else { return };
        let paths = match at.files.look_up(&path) {
            Ok((directory, Entry::Directory)) => at.files.list(&directory).unwrap_or_default(),
            Ok((path, _)) => vec![path],
            Err(_) => return,
        };
        for path in paths.iter().filter(|path| is_manifest(path)) {
            for plugin in documents(at.files, path) {
                self.read_plugin(&plugin, path, at);
            }
        }
    }

    fn read_plugin(&mut self, plugin: &Node, path: &RepoPath, at: At<'_>) {
        match plugin.get("kind").and_then(Node::text) {
            Some("SecretGenerator") => self.read_sources(plugin, at),
            Some("ConfigMapGenerator") => self.note_plain(plugin, at),
            _ => {}
        }
        self.read_patches(plugin, at);
        self.read_charts(plugin, path, at);
    }

    fn read_generators(&mut self, kustomization: &Node, at: At<'_>) {
        let generators = field_of(kustomization, "secretGenerator").and_then(Node::as_sequence);
        for generator in generators.unwrap_or_default() {
            self.read_sources(generator, at);
        }
        let generators = field_of(kustomization, "configMapGenerator").and_then(Node::as_sequence);
        for generator in generators.unwrap_or_default() {
            self.note_plain(generator, at);
        }
    }

    /// The files of a config map, so that what has the look of a secret file is shown.
    fn note_plain(&mut self, generator: &Node, at: At<'_>) {
        let files = ["files", "envs", "env"].map(|field| strings(field_of(generator, field)));
        for file in files.into_iter().flatten() {
            let path = file.split_once('=').map_or(file, |(_, path)| path);
            if let Ok(path) = at.directory.join(path) {
                if let Ok((real, _)) = at.files.look_up(&path) {
                    self.plain.insert(real);
                }
                self.plain.insert(path);
            }
        }
    }

    fn read_sources(&mut self, generator: &Node, at: At<'_>) {
        for file in strings(field_of(generator, "files")) {
            let path = file.split_once('=').map_or(file, |(_, path)| path);
            self.note_in(at, path, InputRole::SecretFile);
        }
        let env = strings(field_of(generator, "env"));
        for env in strings(field_of(generator, "envs")).chain(env) {
            self.note_in(at, env, InputRole::EnvFile);
            self.note_lines(at, env);
        }
        for literal in strings(field_of(generator, "literals")) {
            if let Some((key, value)) = literal.split_once('=') {
                self.written.insert((key.to_owned(), value.trim_matches(['"', '\'']).to_owned()));
            }
        }
    }

    /// The values of an environment file, for kustomizations that are not built.
    fn note_lines(&mut self, at: At<'_>, env: &str) {
        let Ok(path) = at.directory.join(env) else { return };
        let Ok((_, Entry::File(file))) = at.files.look_up(&path) else { return };
        let Ok(text) = std::str::from_utf8(&file.content) else { return };
        for (key, value) in text.lines().take(10_000).filter_map(|line| line.split_once('=')) {
            self.written.insert((key.trim().to_owned(), value.trim().to_owned()));
        }
    }

    /// Every mapping with a `target` and a file to patch with, in the kustomization's fields or a
    /// transformer of its own.
    fn read_patches(&mut self, node: &Node, at: At<'_>) {
        match &node.value {
            Value::Scalar(_) => {}
            Value::Sequence(items) => {
                items.iter().for_each(|item| self.read_patches(item, at));
            }
            Value::Mapping(mapping) => {
                let role = role_of_target(get(mapping, "target"));
                let paths = strings(get(mapping, "paths"));
                for path in strings(get(mapping, "path")).chain(paths) {
                    if role != Role::Plain {
                        self.note_in(at, path, InputRole::Manifest(role));
                    }
                }
                for pair in mapping {
                    self.read_patches(&pair.value, at);
                }
            }
        }
    }

    /// Charts: what their values become, only their output tells, which another engine rendered. `path` is
    /// the file that asks for them and may have values itself.
    fn read_charts(&mut self, document: &Node, path: &RepoPath, at: At<'_>) {
        let of_field =
            |field| field_of(document, field).and_then(Node::as_sequence).unwrap_or_default();
        let lists = ["helmCharts", "helmChartInflationGenerator"].into_iter().flat_map(of_field);
        let is_plugin =
            document.get("kind").and_then(Node::text) == Some("HelmChartInflationGenerator");
        for chart in lists.chain(is_plugin.then_some(document)) {
            for field in ["valuesFile", "additionalValuesFiles", "values"] {
                for file in strings(field_of(chart, field)) {
                    self.note_in(at, file, InputRole::Values);
                }
            }
            if field_of(chart, "valuesInline").or(field_of(chart, "valuesLocal")).is_some() {
                self.note(path.clone(), InputRole::Values);
            }
        }
    }

    /// Notes the file that a path leads to, and the symlink on the way.
    fn note_in(&mut self, at: At<'_>, path: &str, role: InputRole) {
        let Ok(path) = at.directory.join(path) else { return };
        if let Ok((real, _)) = at.files.look_up(&path)
            && real != path
        {
            self.note(real, role);
        }
        self.note(path, role);
    }
}

/// Where paths are relative to.
#[derive(Clone, Copy)]
struct At<'a> {
    files: &'a dyn Files,
    directory: &'a RepoPath,
}

/// The value of a field, its key compared as kustomize does.
fn field_of<'n>(node: &'n Node, field: &str) -> Option<&'n Node> {
    get(node.as_mapping()?, field)
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

/// How a file is masked that no kustomization is known to read: in doubt as what its name says.
fn usual_role(path: &RepoPath) -> InputRole {
    let name = path.file_name().to_ascii_lowercase();
    if is_manifest(path) {
        return InputRole::Manifest(Role::Plain);
    }
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending {
        "env" => InputRole::EnvFile,
        "key" | "pem" | "p12" | "pfx" | "jks" | "keystore" | "kdbx" | "gpg" | "age" => {
            InputRole::SecretFile
        }
        _ => InputRole::Text,
    }
}

/// Whether a text may have a replacement's `sourceValue`, or a transformer that adds a value; keys in any case,
/// an `s` in any form.
fn names_own_value(text: &[u8]) -> bool {
    names(text, b"ourcevalue") || names(text, b"valueaddtransformer")
}

/// Whether a word is in a text, in any case. The word is in lower case.
fn names(text: &[u8], word: &[u8]) -> bool {
    let first = word[0];
    memchr::memchr2_iter(first, first.to_ascii_uppercase(), text).any(|at| {
        let found = text.get(at..at + word.len());
        found.is_some_and(|found| found.eq_ignore_ascii_case(word))
    })
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
