//! What a kustomization leads to, found in its text without understanding all of it.
//!
//! Every scalar that may be a path is looked up, whatever its field is called: a newer kustomize may have
//! fields that we do not know. Known fields for paths must not lead out of the repository, nor to other
//! repositories that are not allowed, since the other engine would follow.

use super::charts;
use super::gatherer::{Gatherer, Tree};
use super::scanned::{Scan, is_in};
use crate::kustomize::decode::same_key;
use crate::kustomize::error::BuildError;
use crate::kustomize::manifest::TextOrigin;
use crate::kustomize::reference::Reference;
use crate::kustomize::remote::{is_remote_file, is_repository, resolve};
use crate::model::{
    Entry, FieldHolds, File, InvalidPath, KUSTOMIZATION_FIELDS, KustomizationField, Location,
    RESOURCE_LISTS, RepoPath,
};
use crate::yaml::{Dialect, Mark, Node, TextId, Value, parse_stream};

/// Keys of the configuration of plugins whose texts are paths, beside those of kustomizations.
const PLUGIN_PATHS: [&str; 1] = ["paths"];

/// Keys of entries whose texts are never paths.
const NO_PATHS: [&str; 8] =
    ["name", "literals", "options", "patch", "source", "target", "targets", "valuesInline"];

/// Whether the texts below a key are paths or URLs, at any depth.
fn names_files(key: &str) -> bool {
    let is_one = |field: &KustomizationField| {
        let is_list = field.lists_files() || field.holds == FieldHolds::Schema;
        is_list && same_key(field.name, key) || is_in(field.paths, key)
    };
    KUSTOMIZATION_FIELDS.iter().any(is_one) || is_in(&PLUGIN_PATHS, key)
}

/// Whether no text below a key is a path.
fn names_no_file(key: &str) -> bool {
    let mut fields = KUSTOMIZATION_FIELDS.iter().filter(|field| field.names_no_file());
    fields.any(|field| same_key(field.name, key)) || is_in(&NO_PATHS, key)
}

/// Whether a field has plugins: files with their configuration, or the configuration itself.
fn has_plugins(key: &str) -> bool {
    let mut fields = KUSTOMIZATION_FIELDS.iter().filter(|field| field.holds.are_plugins());
    fields.any(|field| same_key(field.name, key))
}

/// Looks at one kustomization, whose nodes are marked in `text`.
pub(super) fn scan(
    gatherer: &mut Gatherer<'_>,
    tree: &Tree,
    dir: &RepoPath,
    place: &TextOrigin,
    text: &str,
    node: &Node,
) -> Result<(), BuildError> {
    let mut scan = Scan { gatherer, tree, dir, place, text };
    charts::of_kustomization(&mut scan, node)?;
    scan.node(node, "")
}

impl Scan<'_, '_, '_> {
    fn node(&mut self, node: &Node, field: &str) -> Result<(), BuildError> {
        match &node.value {
            Value::Mapping(mapping) => {
                for pair in mapping {
                    self.refuse_lookalike(&pair.key.text, pair.key_mark)?;
                    if !names_no_file(&pair.key.text) {
                        self.node(&pair.value, &pair.key.text)?;
                    }
                }
                Ok(())
            }
            Value::Sequence(items) => items.iter().try_for_each(|item| self.node(item, field)),
            Value::Scalar(scalar) => self.text(&scalar.text, field, node.mark),
        }
    }

    /// A key that kustomize reads as another one than a person does, who takes it for a letter of elsewhere.
    fn refuse_lookalike(&self, key: &str, mark: Mark) -> Result<(), BuildError> {
        if key.is_ascii() || !key.contains(['\u{17f}', '\u{212a}']) {
            return Ok(());
        }
        let reason = "this key has a letter that kustomize reads as `s` or `k`: write that one";
        Err(BuildError::Invalid { at: self.at(mark, ""), reason: reason.to_owned() })
    }

    fn text(&mut self, text: &str, field: &str, mark: Mark) -> Result<(), BuildError> {
        if text.is_empty() {
            return Ok(());
        }
        if text.contains('\n') {
            return if has_plugins(field) { self.inline(text, mark) } else { Ok(()) };
        }
        self.path(text, field, mark)?;
        match text.split_once('=') {
            Some((_, path)) if is_in(&["files"], field) => self.path(path, field, mark),
            _ if has_plugins(field) && text.contains(':') => self.inline(text, mark),
            _ => Ok(()),
        }
    }

    /// The configuration of a plugin, written in place.
    fn inline(&mut self, text: &str, mark: Mark) -> Result<(), BuildError> {
        let place = TextOrigin::Inline(self.place.at(self.text, mark), TextId::ONLY);
        for node in parse_stream(text, Dialect::V3).unwrap_or_default() {
            self.plugin(&place, text, &node)?;
        }
        Ok(())
    }

    fn plugin(&mut self, place: &TextOrigin, text: &str, node: &Node) -> Result<(), BuildError> {
        let Self { tree, dir, .. } = *self;
        let mut plugin = Scan { gatherer: &mut *self.gatherer, tree, dir, place, text };
        charts::of_plugin(&mut plugin, node)?;
        plugin.node(node, "")
    }

    /// Follows what may be a path.
    fn path(&mut self, text: &str, field: &str, mark: Mark) -> Result<(), BuildError> {
        let is_path = names_files(field);
        let at = || self.place.at(self.text, mark).in_field(field);
        let path = match self.dir.join(text) {
            Ok(path) => path,
            // Texts of other fields may begin with `/`: pointers, patterns.
            Err(InvalidPath::Absolute(_)) if !is_path => return Ok(()),
            Err(source) => return Err(BuildError::Path { at: at(), source }),
        };
        let found = match self.tree {
            Tree::Local => self.gatherer.reach(&path),
            Tree::Remote(files) => files.look_up(&path),
        };
        match found {
            Ok((path, Entry::File(file))) => self.file(path, &file, field),
            Ok((dir, Entry::Directory)) => {
                self.gatherer.visit(self.tree.clone(), dir);
                Ok(())
            }
            // What else is wrong with it, the other engine says.
            Ok((_, Entry::Missing)) if is_path => self.elsewhere(text, field, mark),
            Err(source) if is_path => Err(BuildError::Read { at: at(), source }),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn file(&mut self, path: RepoPath, file: &File, field: &str) -> Result<(), BuildError> {
        let is_plugin = has_plugins(field);
        let is_resource = is_in(&RESOURCE_LISTS, field);
        if is_plugin || is_resource && charts::may_have_plugin(&file.content) {
            let place = TextOrigin::File(Location::file(path.clone()), TextId::ONLY);
            for (node, text) in self.gatherer.read(file, Dialect::V3, &place)? {
                if is_plugin {
                    self.plugin(&place, &text, &node)?;
                } else {
                    charts::refuse_in_resources(&node, || place.at(&text, node.mark))?;
                }
            }
        }
        if self.is_local() {
            if is_resource {
                self.gatherer.found.manifests.insert(path.clone());
            }
            self.gatherer.found.inputs.insert(path);
        }
        Ok(())
    }

    /// What is no path may be a URL, and the other engine would fetch it.
    fn elsewhere(&mut self, text: &str, field: &str, mark: Mark) -> Result<(), BuildError> {
        if !is_remote_file(text) && !is_repository(text) {
            return Ok(());
        }
        let reference = Reference::to(text, self.at(mark, field));
        let tree = resolve(self.gatherer.remote, &reference)?;
        self.gatherer.visit(Tree::Remote(tree.files), tree.path);
        Ok(())
    }
}
