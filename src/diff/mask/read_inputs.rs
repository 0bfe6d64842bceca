//! What files say of secret values: what a generator of Secrets reads, patches that a kustomization aims at
//! Secrets, values of charts, and Secrets themselves.

use super::input_file::{InputRole, documents, is_manifest};
use super::inputs::SecretInputs;
use super::nested::nested_values;
use super::role::{Role, role_of_target};
use super::sources::find_sources;
use crate::kustomize::decode::get;
use crate::model::{
    Entry, FieldHolds, FieldValues, Files, KUSTOMIZATION_FIELDS, KustomizationField, RepoPath,
};
use crate::yaml::{Dialect, Node, Value, parse_stream};

impl SecretInputs {
    /// The values of Secrets that a file holds, for what is not built, or cannot be built here.
    pub(super) fn read_secrets(&mut self, files: &dyn Files, path: &RepoPath) {
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

    /// What a kustomization says.
    pub(super) fn read_kustomization(
        &mut self,
        files: &dyn Files,
        path: &RepoPath,
        directory: &RepoPath,
    ) {
        let at = At { files, directory };
        for document in documents(files, path) {
            self.read_generators(&document, at);
            self.read_patches(&document, at);
            self.read_charts(&document, path, at);
            for field in KUSTOMIZATION_FIELDS.iter().filter(|field| field.holds.are_plugins()) {
                for reference in strings(field_of(&document, field.name)) {
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
        for field in KustomizationField::holding(FieldHolds::Objects) {
            let generators = field_of(kustomization, field.name).and_then(Node::as_sequence);
            for generator in generators.unwrap_or_default() {
                match field.values {
                    FieldValues::Secret => self.read_sources(generator, at),
                    FieldValues::Open | FieldValues::Unknown => self.note_plain(generator, at),
                }
            }
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
        let fields = || KustomizationField::holding(FieldHolds::Charts);
        let lists = fields().filter_map(|field| field_of(document, field.name)?.as_sequence());
        let is_plugin =
            document.get("kind").and_then(Node::text) == Some("HelmChartInflationGenerator");
        for chart in lists.flatten().chain(is_plugin.then_some(document)) {
            for field in fields().flat_map(|field| field.paths) {
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

/// The texts of a scalar or of a list of scalars.
fn strings(node: Option<&Node>) -> impl Iterator<Item = &str> {
    let single = node.and_then(Node::text);
    let items = node.and_then(Node::as_sequence).unwrap_or_default();
    single.into_iter().chain(items.iter().filter_map(Node::text))
}
