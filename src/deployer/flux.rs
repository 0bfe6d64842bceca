//! A Flux Kustomization: which folder it deploys, and what it changes of it.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::argo::{address, reached_by_merges};
use super::changes::{Changes, ImageChange, Metadata, Substitution};
use super::configmap::{ConfigMaps, nearness};
use super::deployment::{Deployment, Draft, Kind};
use super::json::{at, display, items, pairs, some_text, text, texts};
use crate::model::{Location, RepoPath};

/// A source object of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) address: String,
    pub(super) revision: Option<String>,
    pub(super) file: RepoPath,
}

/// Reads a `GitRepository` or one of its kin.
pub(super) fn source(object: &Json, file: &RepoPath) -> Source {
    let reference = at(object, &["spec", "ref"]);
    let named = ["commit", "name", "semver", "tag", "branch"];
    Source {
        kind: text(object, &["kind"]).to_owned(),
        name: text(object, &["metadata", "name"]).to_owned(),
        address: address(text(object, &["spec", "url"])),
        revision: named.iter().find_map(|key| some_text(reference, &[key])),
        file: file.clone(),
    }
}

/// The names of the config maps that a Kustomization takes variables from.
pub(super) fn config_maps(object: &Json) -> impl Iterator<Item = String> {
    let from = items(object, &["spec", "postBuild", "substituteFrom"]).iter();
    from.filter(|it| text(it, &["kind"]) == "ConfigMap").filter_map(|it| some_text(it, &["name"]))
}

/// What a Kustomization deploys.
pub(super) fn draft(
    object: &Json,
    place: &Location,
    sources: &[Source],
    maps: &ConfigMaps,
) -> Option<Draft> {
    let spec = at(object, &["spec"]);
    let path = text(spec, &["path"]).trim_start_matches('/');
    let path = RepoPath::root().join(path).ok()?;
    let (kind, name) = (text(spec, &["sourceRef", "kind"]), text(spec, &["sourceRef", "name"]));
    let source = sources
        .iter()
        .filter(|source| source.kind == kind && source.name == name)
        .max_by_key(|source| nearness(&source.file, &place.path));
    let revision = source.and_then(|source| source.revision.clone());
    let deployment = Deployment {
        kind: Kind::Kustomization,
        namespace: text(object, &["metadata", "namespace"]).to_owned(),
        name: text(object, &["metadata", "name"]).to_owned(),
        set: None,
        cluster: cluster(spec, &place.path),
        path,
        revision: revision.filter(|it| !reached_by_merges(it)),
        automated: at(spec, &["suspend"]) != &Json::Bool(true),
        changes: changes(spec, &place.path, maps),
        values: Vec::new(),
        unknown: Vec::new(),
        at: place.clone(),
    };
    let source = source.map_or_else(|| format!("{kind} {name}"), |source| source.address.clone());
    Some(Draft { deployment, source })
}

/// The cluster: the one whose kubeconfig is used, else the folder below `clusters`.
fn cluster(spec: &Json, file: &RepoPath) -> Option<String> {
    let config = some_text(spec, &["kubeConfig", "secretRef", "name"])
        .or_else(|| some_text(spec, &["kubeConfig", "configMapRef", "name"]));
    let mut parts: Vec<&str> = file.parts().collect();
    parts.pop();
    let folder = parts.iter().position(|part| matches!(*part, "clusters" | "cluster"));
    let folder = folder.and_then(|at| parts.get(at + 1)).map(|it| (*it).to_owned());
    config.or(folder)
}

fn changes(spec: &Json, file: &RepoPath, maps: &ConfigMaps) -> Changes {
    let image = |it: &Json| ImageChange {
        name: text(it, &["name"]).to_owned(),
        new_name: text(it, &["newName"]).to_owned(),
        new_tag: text(it, &["newTag"]).to_owned(),
        digest: text(it, &["digest"]).to_owned(),
        keeps_the_rest: true,
    };
    Changes {
        name_prefix: some_text(spec, &["namePrefix"]),
        name_suffix: some_text(spec, &["nameSuffix"]),
        namespace: some_text(spec, &["targetNamespace"]),
        images: items(spec, &["images"]).iter().map(image).collect(),
        patches: items(spec, &["patches"]).to_vec(),
        patches_strategic_merge: items(spec, &["patchesStrategicMerge"]).to_vec(),
        patches_json_6902: items(spec, &["patchesJson6902"]).to_vec(),
        components: texts(spec, &["components"]),
        ignore_missing_components: at(spec, &["ignoreMissingComponents"]) == &Json::Bool(true),
        metadata: Metadata {
            labels: pairs(spec, &["commonMetadata", "labels"]),
            annotations: pairs(spec, &["commonMetadata", "annotations"]),
        },
        substitution: substitution(at(spec, &["postBuild"]), file, maps),
        loads_everything: true,
        ..Changes::default()
    }
}

/// Later sources count, and what is written in the Kustomization itself counts most.
fn substitution(post_build: &Json, file: &RepoPath, maps: &ConfigMaps) -> Option<Substitution> {
    let mut variables = BTreeMap::new();
    let mut unknown = Vec::new();
    for from in items(post_build, &["substituteFrom"]) {
        let (kind, name) = (text(from, &["kind"]), text(from, &["name"]));
        match maps.nearest(name, file).filter(|_| kind == "ConfigMap") {
            Some(data) => variables.extend(data.clone()),
            None => unknown.push(format!("{kind} {name}")),
        }
    }
    for (name, value) in at(post_build, &["substitute"]).as_object().into_iter().flatten() {
        variables.insert(name.clone(), display(value));
    }
    // Flux puts a value in without its line breaks.
    variables.values_mut().for_each(|value| value.retain(|c| c != '\n'));
    let always = text(post_build, &["substituteStrategy"]) == "Always";
    let does = always || !variables.is_empty() || !unknown.is_empty();
    does.then_some(Substitution { variables, unknown, always })
}
