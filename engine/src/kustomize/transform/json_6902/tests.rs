//! Expected values are what `kubectl kustomize` (v5.5.0) printed or refused for the same patch.

use super::JsonPatch;
use super::error::{ParseError, Reason};
use crate::kustomize::growth::{Growth, TooDeep};
use crate::kustomize::transform::tests::{node, text};
use crate::yaml::TextId;

const OBJECT: &str = "
data: {a: '1', b: x, c/d: y, e~f: z}
list: [1, 2, 3]
nul: null
big: 12345678
";

/// What one field is after a patch.
fn patched(patch: &str, field: &str) -> String {
    let mut object = node(OBJECT);
    JsonPatch::parse(patch, TextId::ONLY)
        .unwrap()
        .apply(&mut object, &mut Growth::default())
        .unwrap();
    object.get(field).map(text).unwrap_or_default()
}

fn refused(patch: &str) -> Reason {
    JsonPatch::parse(patch, TextId::ONLY)
        .unwrap()
        .apply(&mut node(OBJECT), &mut Growth::default())
        .unwrap_err()
        .reason
}

fn same(actual: &str, expected: &str) {
    assert_eq!(actual, text(&node(expected)));
}

#[test]
fn adds_and_removes_in_lists() {
    same(&patched("- {op: add, path: /list/-, value: 4}", "list"), "[1, 2, 3, 4]");
    same(&patched("- {op: add, path: /list/-1, value: 9}", "list"), "[1, 2, 3, 9]");
    same(&patched("- {op: remove, path: /list/-1}", "list"), "[1, 2]");
    same(&patched("- {op: replace, path: /list/01, value: 9}", "list"), "[1, 9, 3]");
    same(&patched("- {op: copy, from: /list/0, path: /list/-}", "list"), "[1, 2, 3, 1]");
}

#[test]
fn unescapes_pointers_and_reads_values_as_yaml_1_1() {
    let expected = "{a: '1', b: x, c/d: true, e~f: 1}";
    let patch =
        "- {op: replace, path: /data/c~1d, value: yes}\n- {op: add, path: /data/e~0f, value: 1.0}";
    same(&patched(patch, "data"), expected);
    same(&patched("- {op: add, path: /x, value: 0777}", "x"), "511");
}

#[test]
fn takes_missing_keys_for_null() {
    same(&patched("- {op: replace, path: /data, value: 1}", "data"), "1");
    same(&patched("- {op: replace, path: /nope, value: 1}", "nope"), "1");
    same(&patched("- {op: test, path: /nope, value: null}", "nul"), "null");
    same(&patched("- {op: copy, from: /nope, path: /data2}", "data2"), "null");
    same(&patched("- {op: add, path: /x}", "x"), "null");
}

#[test]
fn ignores_what_stands_before_the_first_slash() {
    same(&patched("- {op: add, path: any/x, value: 1}", "x"), "1");
    assert_eq!(refused("- {op: add, path: x, value: 1}"), Reason::NoParent("x".to_owned()));
}

#[test]
fn refuses_what_kustomize_refuses() {
    assert_eq!(refused("- {op: remove, path: /data/q}"), Reason::NoKey("q".to_owned()));
    assert_eq!(
        refused("- {op: add, path: /x/y/z, value: 1}"),
        Reason::NoParent("/x/y/z".to_owned())
    );
    assert_eq!(
        refused("- {op: replace, path: /nul/x, value: 1}"),
        Reason::NoParent("/nul/x".to_owned())
    );
    assert_eq!(
        refused("- {op: replace, path: /list/-, value: 1}"),
        Reason::NoIndex("-".to_owned())
    );
    assert_eq!(
        refused("- {op: replace, path: /list/-4, value: 1}"),
        Reason::NoIndex("-4".to_owned())
    );
    assert_eq!(refused("- {op: test, path: /data/b, value: q}"), Reason::TestFailed);
    assert_eq!(refused("- {op: frob, path: /x}"), Reason::UnknownKind);
    assert_eq!(refused("- {op: add, value: 1}"), Reason::Missing("path"));
    assert_eq!(refused("- {op: replace, path: '', value: [1]}"), Reason::NotAMapping);
    assert_eq!(
        refused("- {op: move, from: /data, path: /data/x}"),
        Reason::NoParent("/data/x".to_owned())
    );
}

#[test]
fn a_bracket_means_json() {
    same(&patched(r#"[{"op": "add", "path": "/x", "value": 1e3}]"#, "x"), "1000");
    let error = JsonPatch::parse("[{op: add, path: /x, value: 1}]", TextId::ONLY).unwrap_err();
    assert_eq!(error, ParseError::Json { line: 1, column: 3 });
    assert!(matches!(JsonPatch::parse("a: b", TextId::ONLY), Err(ParseError::NotOperations)));
}

#[test]
fn big_numbers_are_floats_afterwards() {
    let mut object = node(OBJECT);
    JsonPatch::parse("[]", TextId::ONLY)
        .unwrap()
        .apply(&mut object, &mut Growth::default())
        .unwrap();
    assert_eq!(object.get("big").unwrap().text(), Some("1.2345678e+07"));
}

#[test]
fn copies_do_not_grow_without_end() {
    // Each pair of copies doubles what is there.
    let double =
        "- {op: copy, from: /data, path: /data/x}\n- {op: copy, from: /data, path: /data/y}\n";
    assert!(matches!(refused(&double.repeat(30)), Reason::TooMuch(_)));
}

#[test]
fn items_of_lists_keep_their_integers() {
    let mut object = node("{a: 08, b: 1.50, c: 1000000, d: 0777, e: 'x'}");
    crate::kustomize::json::rewrite(&mut object);
    let texts: Vec<&str> =
        object.as_mapping().unwrap().iter().filter_map(|p| p.value.text()).collect();
    assert_eq!(texts, ["8", "1.5", "1000000", "511", "x"]);
}

/// kustomize goes on until memory ends; every reader of a tree may recurse as deeply as it is nested.
#[test]
fn copies_into_themselves_end() {
    let copies = "- {op: copy, from: /z, path: /z/a}\n".repeat(450);
    let patch = format!("- {{op: add, path: /z, value: {{}}}}\n{copies}");
    assert_eq!(refused(&patch), Reason::TooDeep(TooDeep));
}
