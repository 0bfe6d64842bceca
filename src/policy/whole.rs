//! The gates over a whole overlay and over whole directories of manifests: what the doors call.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::change::Changes;
use super::check::{Findings, check, check_all};
use super::gate::{Day, Gates};
use super::guessed_place;
use super::mesh::Manifest;
use super::place::place;
use super::plain::PlainManifests;
use super::reading::Reading;
use super::standards::Standards;
use super::subject::{Promotion, Subject, built};
use crate::kustomize::ResourceId;
use crate::model::{Entry, Location, RepoPath};
use crate::yaml::{Node, parse_manifests};

/// What the gates are run with.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// What the repository wants.
    pub gates: &'a Gates,
    /// What resources are measured by.
    pub standards: &'a Standards,
    /// The day, for exceptions that end.
    pub today: Day,
}

/// Checks an overlay as it was built.
#[must_use]
pub fn check_overlay(
    reading: &Reading<'_>,
    promotion: Option<Promotion<'_>>,
    terms: Terms<'_>,
) -> Findings {
    let mut found = check_without_lines(reading, promotion, terms);
    if !found.findings.is_empty() {
        place_in_build(&mut found, reading);
    }
    found
}

/// The same without looking for the lines: for what others are compared with.
#[must_use]
pub fn check_without_lines(
    reading: &Reading<'_>,
    promotion: Option<Promotion<'_>>,
    terms: Terms<'_>,
) -> Findings {
    let overlay = reading.overlay();
    let manifests = built(overlay.build);
    let configured = manifests.iter().find_map(|m| Some((m, read_mesh_config(m)?)));
    let mesh_config = configured.as_ref().map(|(manifest, node)| Manifest {
        node,
        id: manifest.id.clone(),
        origin: manifest.origin.clone(),
        cluster: "",
    });
    let subject = Subject {
        manifests: &manifests,
        mesh_config: mesh_config.as_ref(),
        mesh_networks: None,
        standards: terms.standards,
        overlay: Some(overlay),
        promotion,
    };
    let mut found = check(&subject, terms.gates, terms.today);
    if !found.findings.is_empty() {
        hide_secrets(&mut found, reading);
    }
    found
}

/// Gives each finding about a built resource the line that a person has to edit.
fn place_in_build(found: &mut Findings, reading: &Reading<'_>) {
    let build = reading.overlay().build;
    if build.origins_are_guessed {
        let resources = build.resources.iter();
        let original: BTreeMap<&ResourceId, &str> =
            resources.map(|resource| (&resource.id, resource.original_id.name.as_str())).collect();
        let original = |id: &ResourceId| original.get(id).copied();
        guessed_place::place(&mut found.findings, &built(build), reading.sources(), original);
    }
    place(&mut found.findings, &built(build), &|mark, _| reading.locate(mark));
}

/// Whatever a rule or a policy quotes: no value of a Secret is in it.
fn hide_secrets(found: &mut Findings, reading: &Reading<'_>) {
    let known = reading.known();
    for finding in &mut found.findings {
        if let Some(resource) = &mut finding.resource
            && let Cow::Owned(hidden) = known.scrub(&resource.name)
        {
            resource.name = hidden.into();
        }
        let texts = [Some(&mut finding.message), finding.help.as_mut()];
        for text in texts.into_iter().flatten() {
            if let Cow::Owned(hidden) = known.scrub(text) {
                *text = hidden;
            }
        }
    }
}

/// Checks what a promotion changes, before and after. All that is found is new. `after` is the overlay that
/// the changes lead to.
#[must_use]
pub fn check_changes(changes: &Changes<'_>, after: &Reading<'_>, terms: Terms<'_>) -> Findings {
    let mut found = check_all(changes, terms.gates, terms.today);
    if found.findings.is_empty() {
        return found;
    }
    place_in_build(&mut found, after);
    for finding in &mut found.findings {
        let gone = finding.location.as_ref().is_some_and(|at| !is_here(changes, &at.path));
        if gone {
            finding.location = Some(kustomization_of(changes));
        }
    }
    hide_secrets(&mut found, after);
    found
}

fn is_here(changes: &Changes<'_>, path: &RepoPath) -> bool {
    matches!(changes.files.look_up(path), Ok((_, Entry::File(_) | Entry::Unknown)))
}

/// The file that a person edits to bring back what goes: a place that exists after the edits.
fn kustomization_of(changes: &Changes<'_>) -> Location {
    let inputs = changes.after.inputs.iter();
    let own =
        inputs.filter(|path| path.is_within(changes.path)).find(|path| path.is_kustomization());
    Location::file(own.unwrap_or(changes.path).clone())
}

/// Checks plain manifests, as all that a mesh has.
#[must_use]
pub fn check_manifests(plain: PlainManifests, terms: Terms<'_>) -> Findings {
    let mut remarks = plain.faults.clone();
    let mut found = {
        let manifests = plain.manifests(&mut remarks);
        let (config, networks) = (plain.mesh_config(), plain.mesh_networks());
        let subject = Subject {
            manifests: &manifests,
            mesh_config: config.as_ref(),
            mesh_networks: networks.as_ref(),
            standards: terms.standards,
            overlay: None,
            promotion: None,
        };
        let mut found = check(&subject, terms.gates, terms.today);
        place(&mut found.findings, &manifests, &|mark, origin| {
            Some((origin.path.clone(), plain.position(&origin.path, mark)?))
        });
        found
    };
    found.findings.splice(0..0, remarks);
    found
}

/// Istio's mesh configuration as an installation keeps it: a text in the ConfigMap `istio`.
fn read_mesh_config(manifest: &Manifest<'_>) -> Option<Node> {
    let ResourceId { gvk, namespace, name } = &manifest.id;
    if gvk.kind != "ConfigMap"
        || !gvk.group.is_empty()
        || name != "istio"
        || namespace != "istio-system"
    {
        return None;
    }
    let text = manifest.node.at(&["data", "mesh"])?.as_str()?;
    parse_manifests(text).ok()?.into_iter().next().filter(|node| node.as_mapping().is_some())
}

/// The rules' ids and codes and nothing else: what a configuration may name.
#[must_use]
pub fn known_words() -> Vec<&'static str> {
    let rules = super::all_rules();
    let mut words: Vec<&'static str> = rules
        .flat_map(|rule| std::iter::once(rule.id).chain(rule.codes.iter().map(|code| code.id)))
        .collect();
    words.extend(CODES_WITHOUT_RULE);
    words.sort_unstable();
    words.dedup();
    words
}

/// Codes of what is said beside the rules: of unreadable manifests, schemas and suppressions.
pub(super) const CODES_WITHOUT_RULE: [&str; 3] =
    [super::plain::UNREADABLE, super::standards::UNUSABLE, super::check::EXPIRED];

#[cfg(test)]
mod tests;
