//! New files whose resources the target has in another file: brought over, they would be there twice.
//!
//! Only folders without a kustomization are looked at, which Flux and Argo CD build as they are. Where a kustomization
//! lists what it builds from, a file of the same resource may be a patch.

use std::collections::BTreeMap;

use super::content::Form;
use super::difference::{Because, Difference, Then};
use super::entries::may_be_taken_back;
use super::names::Names;
use super::pairing::Side;
use super::request::{Outcome, Request};
use super::sides::Sides;
use super::value::Value;
use crate::model::{File, KUSTOMIZATION_NAMES, ReadError};

/// Group and kind, namespace, name: what a cluster tells resources apart by.
type Identity = [String; 3];

/// Takes back new files all of whose resources the target has already.
pub(super) fn keep_present_away(
    request: &Request<'_>,
    sides: &Sides<'_>,
    outcomes: &mut [Outcome],
) -> Result<(), ReadError> {
    let changed = outcomes.iter().filter_map(|it| it.change.as_ref());
    let changed: BTreeMap<String, Option<File>> =
        changed.map(|change| (change.below.clone(), change.after.clone())).collect();
    for outcome in outcomes {
        let (below, target) = &outcome.below;
        let new = outcome.change.as_ref().and_then(|change| change.after.as_ref());
        let Some(new) = new.filter(|_| !sides.target.contains(target)) else { continue };
        if !may_be_taken_back(outcome) || !is_in_plain_folder(sides, target) {
            continue;
        }
        let wanted = identities(target, &new.content, request.names, Side::Source);
        let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) else { continue };
        let present = present(request, sides, &changed, target)?;
        let found: Option<Vec<&String>> = wanted.iter().map(|it| present.get(it)).collect();
        let Some(file) = found.and_then(|files| files.first().map(|file| (*file).clone())) else {
            continue;
        };
        let (path, from) = (sides.target_path(target), sides.source_path(below));
        let because = Because::Elsewhere { file };
        let difference = Difference::of_file(path, from, Then::Stays, because);
        (outcome.change, outcome.differences) = (None, vec![difference]);
    }
    Ok(())
}

/// Whether no kustomization is in the folder of a file, or in one above it.
fn is_in_plain_folder(sides: &Sides<'_>, below: &str) -> bool {
    let above = below.match_indices('/').map(|(at, _)| &below[..=at]);
    let mut folders = std::iter::once("").chain(above);
    !folders.any(|dir| {
        KUSTOMIZATION_NAMES.iter().any(|name| sides.target.contains(&format!("{dir}{name}")))
    })
}

/// The resources of the target's files beside a file, as they will be, each with the name of the first that has it.
fn present(
    request: &Request<'_>,
    sides: &Sides<'_>,
    changed: &BTreeMap<String, Option<File>>,
    beside: &str,
) -> Result<BTreeMap<Identity, String>, ReadError> {
    let folder = |below: &str| below.rsplit_once('/').map_or(0, |(dir, _)| dir.len());
    let dir = &beside[..folder(beside)];
    let mut present = BTreeMap::new();
    for below in sides.target.iter().filter(|it| it[..folder(it)] == *dir) {
        if Form::by_name(below) != Form::Yaml {
            continue;
        }
        let file = match changed.get(below) {
            Some(after) => after.clone(),
            None => request.files.file(&sides.target_path(below))?,
        };
        let Some(file) = file else { continue };
        let own = identities(below, &file.content, request.names, Side::Target);
        let name = below.rsplit('/').next().unwrap_or_default();
        for identity in own.unwrap_or_default() {
            present.entry(identity).or_insert_with(|| name.to_owned());
        }
    }
    Ok(present)
}

/// The resources of a file, in words of no environment; `None` if it holds something else too.
fn identities(below: &str, content: &[u8], names: &Names, side: Side) -> Option<Vec<Identity>> {
    let documents = Form::by_name(below).read(content)?;
    let identity = |document: &Value| {
        let neutral = |text: &str| match side {
            Side::Source => names.neutral_source(text),
            Side::Target => names.neutral_target(text),
        };
        let metadata = document.get("metadata")?;
        let version = document.text_at("apiVersion")?;
        let group = version.rsplit_once('/').map_or("", |(group, _)| group);
        Some([
            format!("{group}/{}", document.text_at("kind")?),
            neutral(metadata.text_at("namespace").unwrap_or_default()),
            neutral(metadata.text_at("name")?),
        ])
    };
    documents.items().iter().map(identity).collect()
}
