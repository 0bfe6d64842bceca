//! Which parts of a YAML tree hold values of Secrets.

use std::sync::LazyLock;

use regex::Regex;

use super::known::KnownValues;
use super::mention::mentions_secret;
use super::role::{Role, is_own_value, role_of_target};
use crate::kustomize::decode::{get, same_key};
use crate::kustomize::secret_facts::is_data;
use crate::model::SECRET_FIELDS;
use crate::yaml::{Mapping, Node, Text, Value};

/// One step from a node to a node inside it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Segment {
    /// Into the value of a key.
    Key(Text),
    /// Into an item of a list.
    Item(usize),
}

/// What of a spot may still be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// The keys of the mapping; the values are hidden.
    Keys,
    /// Of each `key=value` in the list the key.
    Literals,
    /// Nothing.
    Whole,
}

/// A part of a tree that has to be hidden.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    /// The way from the document's root.
    pub(super) path: Vec<Segment>,
    /// What may be seen.
    pub(super) shape: Shape,
}

/// Finds all spots of a document, outermost only, in the document's order.
pub(super) fn find_spots(root: &Node, role: Role, known: &KnownValues) -> Vec<Spot> {
    let is_sops = root.get("sops").is_some_and(|sops| sops.as_mapping().is_some());
    let mut finder = Finder { at: Vec::new(), spots: Vec::new(), known, is_sops };
    match (&root.value, role) {
        (Value::Mapping(mapping), Role::SecretPatch | Role::PerhapsSecretPatch) => {
            finder.visit_mapping(mapping, true);
        }
        (Value::Sequence(operations), Role::SecretPatch | Role::PerhapsSecretPatch) => {
            finder.visit_operations(operations, role);
        }
        _ => finder.visit(root),
    }
    if finder.spots.len() > MOST_SPOTS {
        return vec![Spot { path: Vec::new(), shape: Shape::Whole }];
    }
    finder.spots
}

/// A document with more spots is hidden as a whole: finding each costs a walk through its neighbours.
const MOST_SPOTS: usize = 1_000;

/// Whether a patch text names `data` or `stringData`, alone or in a JSON pointer.
fn names_data(text: &str) -> bool {
    static DATA: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\b(data|stringData)\b").expect("the pattern is fixed"));
    DATA.is_match(text)
}

struct Finder<'a> {
    at: Vec<Segment>,
    spots: Vec<Spot>,
    known: &'a KnownValues,
    /// Whether SOPS encrypted the document: its texts are no secrets, but noise.
    is_sops: bool,
}

impl Finder<'_> {
    fn visit(&mut self, node: &Node) {
        match &node.value {
            Value::Scalar(scalar) => {
                if mentions_secret(&scalar.text)
                    || self.is_sops && scalar.text.starts_with("ENC[")
                    || self.known.are_in(&scalar.text)
                {
                    self.push(Shape::Whole);
                }
            }
            Value::Sequence(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.inside(Segment::Item(index), |finder| finder.visit(item));
                }
            }
            Value::Mapping(mapping) => {
                let kind = mapping.get("kind").and_then(Node::text);
                if kind == Some("SecretList") {
                    return self.visit_list(mapping);
                }
                self.visit_mapping(mapping, kind == Some("Secret"));
            }
        }
    }

    fn visit_mapping(&mut self, mapping: &Mapping, is_secret: bool) {
        let kind = mapping.get("kind").and_then(Node::text).unwrap_or_default();
        let is_generator = kind == "SecretGenerator";
        let is_sealed = kind == "SealedSecret";
        for pair in mapping {
            let key = pair.key.text.as_str();
            self.inside(Segment::Key(pair.key.text.clone()), |finder| {
                if is_secret && is_data(key) {
                    finder.push_keys(&pair.value);
                } else if is_secret && key == "metadata" {
                    finder.visit_secret_metadata(&pair.value);
                } else if is_generator && same_key(key, "literals") {
                    finder.push_literals(&pair.value);
                } else if is_sealed && key == "spec" {
                    finder.visit_sealed(&pair.value);
                } else if finder.is_sops && finder.at.len() == 1 && key == "sops" {
                    finder.push(Shape::Whole);
                } else if SECRET_FIELDS.iter().any(|field| same_key(key, field)) {
                    finder.visit_generators(&pair.value);
                } else if is_own_value(mapping, key)
                    || ["patch", "patches", "jsonOp"].iter().any(|name| same_key(key, name))
                        && hides_patch(mapping, &pair.value)
                {
                    finder.push(Shape::Whole);
                } else {
                    finder.visit(&pair.value);
                }
            });
        }
    }

    /// A list of Secrets, whose items need not say so.
    fn visit_list(&mut self, list: &Mapping) {
        for pair in list {
            self.inside(Segment::Key(pair.key.text.clone()), |finder| {
                match pair.value.as_sequence() {
                    Some(items) if pair.key.text == "items" => {
                        for (index, item) in items.iter().enumerate() {
                            finder.inside(Segment::Item(index), |finder| match item.as_mapping() {
                                Some(item) => finder.visit_mapping(item, true),
                                None => finder.visit(item),
                            });
                        }
                    }
                    _ => finder.visit(&pair.value),
                }
            });
        }
    }

    /// What is encrypted is no secret, but noise.
    fn visit_sealed(&mut self, spec: &Node) {
        for pair in spec.as_mapping().into_iter().flatten() {
            self.inside(Segment::Key(pair.key.text.clone()), |finder| {
                if matches!(pair.key.text.as_str(), "encryptedData" | "data") {
                    finder.push_keys(&pair.value);
                } else if pair.key.text == "template" {
                    finder.visit_template(&pair.value);
                } else {
                    finder.visit(&pair.value);
                }
            });
        }
    }

    /// What a Secret is made from beside what is encrypted: whatever stands in its data goes there as it is.
    fn visit_template(&mut self, template: &Node) {
        let Some(fields) = template.as_mapping() else { return self.visit(template) };
        for pair in fields {
            self.inside(Segment::Key(pair.key.text.clone()), |finder| {
                if is_data(&pair.key.text) {
                    finder.push_keys(&pair.value);
                } else {
                    finder.visit(&pair.value);
                }
            });
        }
    }

    /// `kubectl apply` keeps a copy of what it applied, values and all, in an annotation.
    fn visit_secret_metadata(&mut self, metadata: &Node) {
        let Some(fields) = metadata.as_mapping() else { return self.visit(metadata) };
        for field in fields {
            self.inside(Segment::Key(field.key.text.clone()), |finder| {
                match field.value.as_mapping() {
                    Some(annotations) if field.key.text == "annotations" => {
                        finder.visit_secret_annotations(annotations);
                    }
                    _ => finder.visit(&field.value),
                }
            });
        }
    }

    fn visit_secret_annotations(&mut self, annotations: &Mapping) {
        for pair in annotations {
            self.inside(Segment::Key(pair.key.text.clone()), |finder| {
                if pair.key.text.ends_with("last-applied-configuration") {
                    finder.push(Shape::Whole);
                } else {
                    finder.visit(&pair.value);
                }
            });
        }
    }

    fn visit_generators(&mut self, generators: &Node) {
        let Some(items) = generators.as_sequence() else {
            if !generators.is_null() {
                self.push(Shape::Whole);
            }
            return;
        };
        for (index, item) in items.iter().enumerate() {
            for pair in item.as_mapping().into_iter().flatten() {
                let is_literals = same_key(&pair.key.text, "literals");
                self.inside(Segment::Item(index), |finder| {
                    finder.inside(Segment::Key(pair.key.text.clone()), |finder| {
                        if is_literals {
                            finder.push_literals(&pair.value);
                        } else {
                            finder.visit(&pair.value);
                        }
                    });
                });
            }
        }
    }

    /// The operations of a JSON 6902 patch.
    fn visit_operations(&mut self, operations: &[Node], role: Role) {
        for (index, operation) in operations.iter().enumerate() {
            let path = operation.text_at(&["path"]);
            let hidden = role == Role::SecretPatch || path.len() < 2 || names_data(path);
            self.inside(Segment::Item(index), |finder| {
                if hidden && operation.get("value").is_some() {
                    finder.inside(Segment::Key("value".into()), |finder| finder.push(Shape::Whole));
                } else {
                    finder.visit(operation);
                }
            });
        }
    }

    fn push_keys(&mut self, value: &Node) {
        match &value.value {
            Value::Mapping(mapping) if mapping.is_empty() => {}
            Value::Mapping(_) => self.push(Shape::Keys),
            Value::Scalar(_) if value.is_null() => {}
            _ => self.push(Shape::Whole),
        }
    }

    fn push_literals(&mut self, value: &Node) {
        match &value.value {
            Value::Sequence(items) if items.is_empty() => {}
            Value::Sequence(_) => self.push(Shape::Literals),
            Value::Scalar(_) if value.is_null() => {}
            _ => self.push(Shape::Whole),
        }
    }

    fn push(&mut self, shape: Shape) {
        self.spots.push(Spot { path: self.at.clone(), shape });
    }

    fn inside(&mut self, step: Segment, visit: impl FnOnce(&mut Self)) {
        self.at.push(step);
        visit(self);
        self.at.pop();
    }
}

/// Whether the inline patch of an entry such as `{target: …, patch: …}` has to be hidden.
fn hides_patch(entry: &Mapping, patch: &Node) -> bool {
    let Some(text) = patch.text() else { return false };
    match role_of_target(get(entry, "target")) {
        Role::SecretPatch => true,
        Role::PerhapsSecretPatch => names_data(text) || mentions_secret(text),
        Role::Plain => mentions_secret(text),
    }
}

/// The node at the end of a way.
pub(super) fn resolve<'a>(root: &'a Node, path: &[Segment]) -> Option<&'a Node> {
    path.iter().try_fold(root, |node, step| match step {
        Segment::Key(key) => node.get(key),
        Segment::Item(index) => node.as_sequence()?.get(*index),
    })
}

/// The node at the end of a way, for changing.
pub(super) fn resolve_mut<'a>(root: &'a mut Node, path: &[Segment]) -> Option<&'a mut Node> {
    path.iter().try_fold(root, |node, step| match step {
        Segment::Key(key) => node.get_mut(key),
        Segment::Item(index) => node.as_sequence_mut()?.get_mut(*index),
    })
}
