//! Where a finding's field stands: the line that a person has to edit.
//!
//! A rule knows the resource and the field. Each node knows where it comes from: the resource's file, a patch,
//! an entry of a kustomization. Looked for only when something is found.

use std::collections::BTreeMap;

use super::field_way::{Met, walk};
use super::finding::Finding;
use super::mesh::Manifest;
use crate::kustomize::ResourceId;
use crate::model::{Location, Position, RepoPath, shown_parts};
use crate::yaml::{Mark, Node};

/// Says where a node of a manifest stands that comes from this place.
type Locate<'a> = dyn Fn(Mark, &Location) -> Option<(RepoPath, Position)> + 'a;

/// Gives each finding about a field the line of that field; if it is missing, that of its parent.
///
/// `manifests` are the set.
pub(super) fn place(findings: &mut [Finding], manifests: &[Manifest<'_>], locate: &Locate<'_>) {
    let mut by_id: BTreeMap<&ResourceId, Vec<&Manifest<'_>>> = BTreeMap::new();
    for manifest in manifests {
        by_id.entry(&manifest.id).or_default().push(manifest);
    }
    for finding in findings {
        let (Some(id), Some(at)) = (&finding.resource, &mut finding.location) else { continue };
        // Plain manifests of several clusters may be called the same.
        let same = by_id.get(id).map(Vec::as_slice).unwrap_or_default();
        let is_origin =
            |it: &&&Manifest<'_>| (&it.origin.path, it.origin.position) == (&at.path, at.position);
        let Some(manifest) = same.iter().find(is_origin).or(same.first()) else { continue };
        let met: Vec<Met<'_>> = walk(manifest.node, &shown_parts(&at.field)).collect();
        let found =
            met.iter().rev().flat_map(marks).find_map(|mark| locate(mark, &manifest.origin));
        if let Some((path, position)) = found {
            at.path = path;
            at.position = Some(position);
        }
    }
}

/// Where a field may be said to stand, the best first: its key, unless another text gave it its value.
fn marks(met: &Met<'_>) -> [Mark; 2] {
    let (key, value) = (met.key_mark, met.node.mark);
    let is_beside = !value.is_moved() && key.text() == value.text();
    if is_beside { [key, value] } else { [value, key] }
}

/// Where a field of a document stands in its text, or what of the way to it is there.
pub(super) fn position(text: &str, document: &Node, field: &str) -> Option<Position> {
    let last = walk(document, &shown_parts(field)).last()?;
    Some(Position::of_offset(text, last.key_mark.offset()?))
}
