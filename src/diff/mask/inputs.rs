//! Which files hold secret values although their own text does not say so: what a secretGenerator
//! reads, and patches that a kustomization aims at Secrets.

use std::collections::{BTreeMap, BTreeSet};

use super::copied::CopiedValues;
use super::spot::{Role, role_of_target};
use crate::kustomize::Build;
use crate::model::{Entry, Files, KUSTOMIZATION_NAMES, RepoPath};
use crate::yaml::{Dialect, Node, Value, parse_stream};

/// How a file is masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::diff) enum InputRole {
    /// No manifest by its name: hidden as a whole if a manifest of a Secret is quoted in it.
    Text,
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

    /// The values of the builds' Secrets, if some may stand in other resources too.
    pub(in crate::diff) fn copied_values(&self, builds: &[&Build]) -> CopiedValues {
        if self.copies_values { CopiedValues::of(builds) } else { CopiedValues::default() }
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
            for field in ["generators", "transformers"] {
                for reference in strings(document.get(field)) {
                    let Ok(path) = directory.join(reference) else { continue };
                    for plugin in documents(files, &path) {
                        self.read_generator(&plugin, directory);
                        self.read_patches(&plugin, directory);
                        self.read_copies(&plugin, files, directory);
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

    fn note_in(&mut self, directory: &RepoPath, path: &str, role: InputRole) {
        if let Ok(path) = directory.join(path) {
            self.note(path, role);
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
