//! What kustomize makes of a comment at the foot of a document.
//!
//! kustomize keeps comments until it prints, when it writes each resource and reads it again. It writes one at the foot
//! below a blank line (go-yaml v3: `yaml_emitter_emit_document_end`), which a text above that keeps its line breaks
//! (`|+`) takes for one of its own.

use super::foot::Foot;
use super::origin::ORIGIN;
use super::resource::Draft;
use crate::yaml::{self, Mapping, Node, Scalar, Text, Value};

/// Where kustomize puts its own annotations of identities.
const INTERNAL: &str = "internal.config.kubernetes.io/";

impl Draft {
    /// Gives the text that stands last the line break that kustomize reads into it; call it where kustomize makes
    /// JSON of the resource, for a patch, before which it notes its identity or not.
    pub fn settle_foot(&mut self, notes_identity: bool) {
        let foot = std::mem::take(&mut self.foot);
        if foot == Foot::Nothing {
            return;
        }
        let has_notes = notes_identity || self.has_history();
        if !has_notes || !metadata_is_last(&self.node) {
            return add_break(last_scalar(&mut self.node));
        }
        // Its notes among the annotations are the last of the metadata, unless it sorted them with the others.
        let has_identities = !self.previous.is_empty();
        if foot == Foot::CommentBelowSorted && (has_identities || !notes_identity) {
            let note = if has_identities { INTERNAL } else { ORIGIN };
            let last = annotations(&mut self.node).and_then(last_of_sorted);
            add_break(
                last.filter(|(key, _)| key.as_str() > note).and_then(|(_, it)| last_scalar(it)),
            );
        }
    }

    /// The same in the end, where kustomize has sorted the annotations and put them behind the other metadata.
    pub fn settle_foot_in_the_end(&mut self) {
        if std::mem::take(&mut self.foot) == Foot::Nothing {
            return;
        }
        let metadata_is_last = metadata_is_last(&self.node);
        add_break(match annotations(&mut self.node).filter(|_| metadata_is_last) {
            Some(annotations) => {
                last_of_sorted(annotations).and_then(|(_, value)| last_scalar(value))
            }
            None => last_scalar(&mut self.node),
        });
    }
}

/// The annotations of a resource whose metadata is in no brackets.
fn annotations(node: &mut Node) -> Option<&mut Mapping> {
    let metadata = node.get_mut("metadata").filter(|metadata| !metadata.mark.is_flow())?;
    metadata.get_mut("annotations")?.as_mapping_mut()
}

/// The last annotation once they are sorted.
fn last_of_sorted(annotations: &mut Mapping) -> Option<(&Text, &mut Node)> {
    let last = annotations.iter_mut().max_by(|a, b| a.key.text.cmp(&b.key.text))?;
    Some((&last.key.text, &mut last.value))
}

fn metadata_is_last(node: &Node) -> bool {
    let last = node.as_mapping().and_then(|object| object.as_slice().last());
    !node.mark.is_flow() && last.is_some_and(|pair| pair.key.text == "metadata")
}

/// Adds a line break to a text that keeps all that it has.
fn add_break(scalar: Option<&mut Scalar>) {
    if let Some(scalar) = scalar.filter(|scalar| yaml::is_block(scalar))
        && (scalar.text == "\n" || scalar.text.ends_with("\n\n"))
    {
        scalar.text.push('\n');
    }
}

/// The scalar that is written last, if that is not in brackets.
fn last_scalar(node: &mut Node) -> Option<&mut Scalar> {
    if node.mark.is_flow() {
        return None;
    }
    match &mut node.value {
        Value::Mapping(mapping) => last_scalar(&mut mapping.iter_mut().last()?.value),
        Value::Sequence(items) => last_scalar(items.last_mut()?),
        Value::Scalar(scalar) => Some(scalar),
    }
}
