//! Expected values are what `kubectl kustomize` (v5.5.0) printed or refused.

use super::super::transformer::Transformer;
use super::{LoadedPatch, PatchOptions};
use crate::kustomize::Gvk;
use crate::kustomize::error::BuildError;
use crate::kustomize::resource::Draft;
use crate::kustomize::resource_set::ResourceSet;
use crate::kustomize::schema::Schema;
use crate::kustomize::selector::Selector;
use crate::model::{Location, RepoPath};
use crate::yaml::{Dialect, Node, TextId, parse_stream, write_document};

const CONFIG_MAP: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: shop, labels: {a: b, n: 1}, annotations: {x: 1}}
data: {q: r}
";

fn place() -> Location {
    Location::file(RepoPath::parse("k.yaml").unwrap())
}

fn drafts(text: &str) -> Vec<Draft> {
    let nodes = parse_stream(text, Dialect::V3).unwrap();
    nodes.into_iter().map(|node| Draft::new(node, place(), &Schema::default())).collect()
}

fn objects(text: &str) -> Result<Vec<Draft>, BuildError> {
    if text.starts_with(['-', '[']) {
        return Err(BuildError::Conflict { at: place(), reason: "not an object" });
    }
    Ok(drafts(text))
}

fn kind(kind: &str) -> Option<Selector> {
    let gvk = Gvk { kind: kind.into(), ..Gvk::default() };
    Some(Selector { gvk, ..Selector::default() })
}

fn load(
    text: &str,
    target: Option<Selector>,
    options: PatchOptions,
) -> Result<LoadedPatch, BuildError> {
    LoadedPatch::of_either_form((text, TextId::ONLY), objects(text), target, options, place())
}

fn patched(patch: &LoadedPatch) -> Result<ResourceSet, BuildError> {
    let mut set = ResourceSet::from_drafts(drafts(CONFIG_MAP));
    patch.run(&mut set, &Schema::default())?;
    Ok(set)
}

fn field(set: &ResourceSet, keys: &[&str]) -> String {
    let mut out = String::new();
    write_document(set.get(0).unwrap().node.at(keys).unwrap_or(&Node::null()), &mut out);
    out
}

const LABELS: &str =
    "{apiVersion: v1, kind: ConfigMap, metadata: {name: shop, labels: {a: null, c: 2, d: true}}}";

/// kustomize gives the patch the version that it understands, a text, and merges.
#[test]
fn a_patch_with_a_target_leaves_the_version_alone_or_refuses() {
    let patch = "{apiVersion: v2, kind: Secret, metadata: {name: x, labels: {c: d}}}";
    let patch = load(patch, kind("ConfigMap"), PatchOptions::default()).unwrap();
    let patched = |version: &str| {
        let text = CONFIG_MAP.replace("apiVersion: v1", &format!("apiVersion: {version}"));
        let mut set = ResourceSet::from_drafts(drafts(&text));
        patch.run(&mut set, &Schema::default()).map(|()| field(&set, &["apiVersion"]))
    };
    for version in ["v1", "null", "5", "\"\""] {
        assert_eq!(patched(version).unwrap(), format!("{version}\n"));
    }
    for version in ["{a: b}", "{}", "[a]", "[]"] {
        let error = patched(version).unwrap_err().to_string();
        assert!(error.contains("`apiVersion` is a"), "{error}");
    }
}

#[test]
fn a_named_patch_removes_labels() {
    let set = patched(&load(LABELS, None, PatchOptions::default()).unwrap()).unwrap();
    assert_eq!(field(&set, &["metadata", "labels"]), "c: 2\nd: true\n\"n\": 1\n");
}

#[test]
fn a_patch_with_a_target_writes_the_text_null() {
    let text = LABELS.replace("name: shop", "name: any");
    let set = patched(&load(&text, kind("ConfigMap"), PatchOptions::default()).unwrap()).unwrap();
    let labels = "a: \"null\"\nc: \"2\"\nd: \"true\"\n\"n\": 1\n";
    assert_eq!(field(&set, &["metadata", "labels"]), labels);
    assert_eq!(field(&set, &["metadata", "name"]), "shop\n");
    let set = patched(&LoadedPatch::strategic_merge(drafts(LABELS), place())).unwrap();
    assert_eq!(field(&set, &["metadata", "labels"]), labels);
}

#[test]
fn names_and_kinds_change_only_where_allowed() {
    let text = "{apiVersion: v2, kind: Foo, metadata: {name: e, namespace: n}, data: {a: b}}";
    let set = patched(&load(text, kind("ConfigMap"), PatchOptions::default()).unwrap()).unwrap();
    let draft = set.get(0).unwrap();
    assert_eq!(draft.id.to_string(), "ConfigMap shop");
    let options = PatchOptions { allow_name_change: true, allow_kind_change: true };
    let set = patched(&load(text, kind("ConfigMap"), options).unwrap()).unwrap();
    let draft = set.get(0).unwrap();
    assert_eq!((draft.id.to_string().as_str(), draft.id.gvk.version.as_str()), ("Foo e", "v1"));
    assert_eq!((draft.original_kind(), draft.original_name()), ("ConfigMap", "shop"));
}

#[test]
fn deletes_whole_resources() {
    let text = "{apiVersion: v1, kind: ConfigMap, metadata: {name: shop}, $patch: delete}";
    let mut set = patched(&load(text, None, PatchOptions::default()).unwrap()).unwrap();
    set.drop_deleted();
    assert!(set.is_empty());
}

#[test]
fn json_patches_note_the_identity_and_make_annotations_texts() {
    let text = "- {op: replace, path: /metadata/name, value: e}";
    let set = patched(&load(text, kind("ConfigMap"), PatchOptions::default()).unwrap()).unwrap();
    let draft = set.get(0).unwrap();
    assert_eq!((draft.id.name.as_str(), draft.original_name()), ("e", "shop"));
    assert_eq!(field(&set, &["metadata", "annotations"]), "x: \"1\"\n");
}

#[test]
fn refuses_what_kustomize_refuses() {
    let other = LABELS.replace("name: shop", "name: shops");
    let error = patched(&load(&other, None, PatchOptions::default()).unwrap()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "k.yaml: there is no `ConfigMap shops` to patch; did you mean `ConfigMap shop`?"
    );
    let text = "- {op: remove, path: /data}";
    assert!(patched(&load(text, None, PatchOptions::default()).unwrap()).is_err());
    let two = format!("{LABELS}\n---\n{LABELS}");
    assert!(patched(&load(&two, kind("ConfigMap"), PatchOptions::default()).unwrap()).is_err());
    for path in ["/kind", "/metadata/name"] {
        let text = format!("- {{op: remove, path: {path}}}");
        assert!(
            patched(&load(&text, kind("ConfigMap"), PatchOptions::default()).unwrap()).is_err()
        );
    }
}

#[test]
fn a_target_that_selects_nothing_is_no_error() {
    assert!(patched(&load(LABELS, kind("Foo"), PatchOptions::default()).unwrap()).is_ok());
}
