//! Aliases where a kustomization names files: what they stand for is written elsewhere, so entries
//! could be overlooked. They are refused instead.

use crate::kustomize::decode::same_key;
use crate::model::{FieldHolds, KUSTOMIZATION_FIELDS};
use crate::promotion::error::PlanError;
use crate::promotion::overlay::KustomizationFile;
use crate::yaml::edit::{EditError, SpanKind, SpanNode};

/// The keys of an entry that say which files it names.
const TELLING: [&str; 6] = ["path", "name", "namespace", "files", "envs", "env"];

/// Refuses a kustomization in which an alias or a merge stands where files are named.
pub(super) fn refuse(file: &KustomizationFile) -> Result<(), PlanError> {
    for (key, value) in file.editor.root(0).pairs() {
        let name = key.text().unwrap_or("");
        let found = if name == "<<" {
            Some(key)
        } else if names_files(name) {
            alias_in(value)
        } else {
            None
        };
        if let Some(node) = found {
            let position = file.editor.position(node);
            let at = file.location(None, name);
            return Err(PlanError::edit(&at, EditError::Anchored { position }));
        }
    }
    Ok(())
}

/// Whether a field has entries that wiring looks at.
fn names_files(key: &str) -> bool {
    let mut fields = KUSTOMIZATION_FIELDS.iter().filter(|field| {
        field.lists_files() || matches!(field.holds, FieldHolds::Objects | FieldHolds::Schema)
    });
    fields.any(|field| same_key(field.name, key))
}

fn alias_in(field: &SpanNode) -> Option<&SpanNode> {
    fn alias(node: &SpanNode) -> Option<&SpanNode> {
        matches!(node.kind, SpanKind::Alias(_)).then_some(node)
    }
    let in_entry = |entry| {
        let told = TELLING.iter().filter_map(|key| SpanNode::get(entry, key));
        let lines = told.clone().flat_map(SpanNode::items);
        alias(entry).or_else(|| told.chain(lines).find_map(alias))
    };
    in_entry(field).or_else(|| field.items().iter().find_map(in_entry))
}
