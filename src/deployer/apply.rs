//! What a deployer changes of a kustomization, written into its text.
//!
//! Argo CD runs `kustomize edit` and Flux writes the file anew (fluxcd/pkg: `kustomize/kustomize_generator.go`); both
//! come to the same fields. The lines that are there stay where they are as far as can be, since people are shown
//! places in them.

use serde_json::{Map, Value as Json, json};

use super::changes::{Changes, ImageChange};
use super::json::{of_node, text};
use crate::yaml::edit::{Editor, Fragment, NodePath};
use crate::yaml::{Dialect, parse_stream};

/// The text of a kustomization with what a deployer changes. `has` says whether a component is there.
///
/// # Errors
/// In words, if the kustomization is none.
pub fn kustomization_with(
    written: &str,
    changes: &Changes,
    has: &dyn Fn(&str) -> bool,
) -> Result<String, String> {
    let documents = parse_stream(written, Dialect::V2).map_err(|error| error.reason.to_string())?;
    let was = match documents.first().map(of_node) {
        Some(Json::Object(map)) => map,
        None | Some(Json::Null) => Map::new(),
        Some(_) => return Err("the kustomization is no mapping".to_owned()),
    };
    let mut now = was.clone();
    change(&mut now, changes, has);
    let changed: Vec<(&String, &Json)> =
        now.iter().filter(|(key, value)| was.get(*key) != Some(value)).collect();
    Ok(edited(written, &was, &changed).unwrap_or_else(|| Json::Object(now.clone()).to_string()))
}

/// The text with these keys set; `None` if its layout cannot be followed.
fn edited(written: &str, was: &Map<String, Json>, changed: &[(&String, &Json)]) -> Option<String> {
    let mut editor = Editor::parse(written).ok()?;
    let root = NodePath::root(0);
    for (key, value) in changed {
        let fragment = Fragment::parse(&value.to_string()).ok()?;
        match was.contains_key(*key) {
            true => editor.replace(&root.key(key), &fragment).ok()?,
            false => editor.insert_key(&root, None, key, &fragment).ok()?,
        }
    }
    Some(editor.text())
}

fn change(file: &mut Map<String, Json>, changes: &Changes, has: &dyn Fn(&str) -> bool) {
    let named = [
        ("namePrefix", &changes.name_prefix),
        ("nameSuffix", &changes.name_suffix),
        ("namespace", &changes.namespace),
    ];
    for (key, value) in named {
        if let Some(value) = value {
            file.insert(key.to_owned(), Json::from(value.as_str()));
        }
    }
    changes.images.iter().for_each(|image| change_image(list(file, "images"), image));
    for (name, count) in &changes.replicas {
        let replicas = list(file, "replicas");
        replicas.retain(|it| text(it, &["name"]) != name);
        replicas.push(json!({"name": name, "count": count}));
    }
    if let Some(labels) = &changes.labels {
        if labels.without_selectors || labels.include_templates {
            let entry = json!({"pairs": of_pairs(&labels.pairs), "includeTemplates": labels.include_templates});
            list(file, "labels").push(entry);
        } else {
            mapping(file, "commonLabels").extend(of_pairs(&labels.pairs));
        }
    }
    if !changes.annotations.is_empty() {
        mapping(file, "commonAnnotations").extend(of_pairs(&changes.annotations));
    }
    let patches = changes.patches.iter().map(with_text);
    extend(file, "patches", patches);
    extend(file, "patchesStrategicMerge", changes.patches_strategic_merge.iter().map(as_text));
    extend(file, "patchesJson6902", changes.patches_json_6902.iter().map(with_text));
    let components = changes.components.iter();
    let components = components.filter(|it| !changes.ignore_missing_components || has(it));
    extend(file, "components", components.map(|it| Json::from(it.as_str())));
}

/// An object in a list of patches is one as text.
fn as_text(patch: &Json) -> Json {
    if patch.is_string() { patch.clone() } else { Json::from(patch.to_string()) }
}

/// A patch whose operations are written out is one as text.
fn with_text(patch: &Json) -> Json {
    let mut patch = patch.clone();
    if let Some(inner) = patch.get_mut("patch") {
        *inner = as_text(inner);
    }
    patch
}

fn change_image(images: &mut Vec<Json>, image: &ImageChange) {
    let at = images.iter().position(|it| text(it, &["name"]) == image.name);
    let mut entry = match at.filter(|_| image.keeps_the_rest) {
        Some(at) => images[at].clone(),
        None => json!({"name": image.name}),
    };
    if !image.new_name.is_empty() {
        entry["newName"] = Json::from(image.new_name.as_str());
    }
    // A tag and a digest are one choice.
    if !image.new_tag.is_empty() || !image.digest.is_empty() {
        if let Some(entry) = entry.as_object_mut() {
            entry.retain(|key, _| key != "newTag" && key != "digest");
        }
        if !image.new_tag.is_empty() {
            entry["newTag"] = Json::from(image.new_tag.as_str());
        }
        if !image.digest.is_empty() {
            entry["digest"] = Json::from(image.digest.as_str());
        }
    }
    match at {
        Some(at) => images[at] = entry,
        None => images.push(entry),
    }
}

fn extend(file: &mut Map<String, Json>, key: &str, items: impl Iterator<Item = Json>) {
    let items: Vec<Json> = items.collect();
    if !items.is_empty() {
        list(file, key).extend(items);
    }
}

fn of_pairs(pairs: &[(String, String)]) -> Map<String, Json> {
    pairs.iter().map(|(key, value)| (key.clone(), Json::from(value.as_str()))).collect()
}

fn list<'f>(file: &'f mut Map<String, Json>, key: &str) -> &'f mut Vec<Json> {
    let place = file.entry(key.to_owned()).or_insert_with(|| Json::Array(Vec::new()));
    if !place.is_array() {
        *place = Json::Array(Vec::new());
    }
    place.as_array_mut().expect("it was made one")
}

fn mapping<'f>(file: &'f mut Map<String, Json>, key: &str) -> &'f mut Map<String, Json> {
    let place = file.entry(key.to_owned()).or_insert_with(|| Json::Object(Map::new()));
    if !place.is_object() {
        *place = Json::Object(Map::new());
    }
    place.as_object_mut().expect("it was made one")
}
