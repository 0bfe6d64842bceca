//! The gates over a whole overlay and over whole directories of manifests: what the doors call.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::check::{Findings, check, check_all};
use super::gate::{Day, Gates};
use super::mesh::Manifest;
use super::place::{Sources, place};
use super::plain::PlainManifests;
use super::risks::Changes;
use super::standards::Standards;
use super::subject::{Overlay, Promotion, Subject, built};
use crate::diff::SecretInputs;
use crate::kustomize::{Build, ResourceId};
use crate::model::{Entry, Location, RepoPath};
use crate::yaml::{Dialect, Node, parse_manifests, parse_stream};

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
    overlay: Overlay<'_>,
    promotion: Option<Promotion<'_>>,
    terms: Terms<'_>,
) -> Findings {
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
    if found.findings.is_empty() {
        return found;
    }
    let original = original_names(overlay.build);
    let sources = sources(overlay);
    place(&mut found.findings, &manifests, &sources, |id| original.get(id).copied());
    hide_secrets(&mut found, overlay);
    found
}

/// Whatever a rule or a policy quotes: no value of a Secret is in it.
fn hide_secrets(found: &mut Findings, overlay: Overlay<'_>) {
    let inputs = SecretInputs::find(overlay.files, &[], &overlay.build.inputs);
    let known = inputs.known_values(&[overlay.build]);
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

/// Checks what a promotion changes, before and after. All that is found is new.
#[must_use]
pub fn check_changes(changes: &Changes<'_>, terms: Terms<'_>) -> Findings {
    let mut found = check_all(changes, terms.gates, terms.today);
    if found.findings.is_empty() {
        return found;
    }
    let overlay = Overlay {
        files: changes.files,
        path: changes.path,
        build: changes.after,
        may_build_again: false,
    };
    let manifests = built(changes.after);
    let original = original_names(changes.after);
    let sources = sources(overlay);
    place(&mut found.findings, &manifests, &sources, |id| original.get(id).copied());
    for finding in &mut found.findings {
        let gone = finding.location.as_ref().is_some_and(|at| !is_here(changes, &at.path));
        if gone {
            finding.location = Some(kustomization_of(changes));
        }
    }
    hide_secrets(&mut found, overlay);
    found
}

fn is_here(changes: &Changes<'_>, path: &RepoPath) -> bool {
    matches!(changes.files.look_up(path), Ok((_, Entry::File(_) | Entry::Unknown)))
}

/// The file that a person edits to bring back what goes: a place that exists after the edits.
fn kustomization_of(changes: &Changes<'_>) -> Location {
    let inputs = changes.after.inputs.iter();
    let own = inputs.filter(|path| path.is_within(changes.path)).find(|path| {
        let name = path.parts().last().unwrap_or_default();
        ["kustomization.yaml", "kustomization.yml", "Kustomization"].contains(&name)
    });
    Location::file(own.unwrap_or(changes.path).clone())
}

fn original_names(build: &Build) -> BTreeMap<&ResourceId, &str> {
    let resources = build.resources.iter();
    resources.map(|resource| (&resource.id, resource.original_id.name.as_str())).collect()
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
        check(&subject, terms.gates, terms.today)
    };
    let sources = plain.into_sources();
    // What a field is in the set, it is in its file.
    place(&mut found.findings, &[], &sources, |_| None);
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

/// The files of a build, those of the overlay first.
fn sources(overlay: Overlay<'_>) -> Sources {
    let mut paths: Vec<&RepoPath> = overlay.build.inputs.iter().collect();
    paths.sort_by_key(|path| !path.is_within(overlay.path));
    let mut sources = Sources::default();
    for path in paths {
        let Ok((at, Entry::File(file))) = overlay.files.look_up(path) else { continue };
        let Ok(text) = std::str::from_utf8(&file.content) else { continue };
        let text = text.replace("\r\n", "\n");
        if let Ok(documents) = parse_stream(&text, Dialect::V3) {
            sources.add(at, text, documents);
        }
    }
    sources
}

/// The rules' ids and codes and nothing else: what a configuration may name.
#[must_use]
pub fn known_words() -> Vec<&'static str> {
    let rules = super::all_rules();
    let mut words: Vec<&'static str> = rules
        .flat_map(|rule| std::iter::once(rule.id).chain(rule.codes.iter().map(|code| code.id)))
        .collect();
    words.extend(super::CODES_WITHOUT_RULE);
    words.sort_unstable();
    words.dedup();
    words
}
