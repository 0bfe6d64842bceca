//! Whatever YAML a resource is written in, we read and print it as kustomize does.

use std::fs;
use std::path::{Path, PathBuf};

use overlift::rooms::yaml::{
    Dialect, Mapping, Mark, Node, Pair, Scalar, Style, Tag, Value, parse_stream, write_document,
    write_stream,
};
use proptest::prelude::*;
use serde::Deserialize;

use crate::support::try_kubectl_kustomize;

/// The conformance cases, beside the repository or beside its worktrees.
fn cases() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().map(|dir| dir.join("shared/conformance/kustomize")).find(|dir| dir.is_dir())
}

fn txtar_files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            txtar_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "txtar") {
            found.push(path);
        }
    }
}

#[test]
fn every_output_of_the_conformance_cases_is_written_as_it_was() {
    let Some(dir) = cases() else {
        return eprintln!("skipped: the conformance cases are not on this machine");
    };
    let mut files = Vec::new();
    txtar_files(&dir, &mut files);
    let (mut seen, mut wrong) = (0, Vec::new());
    for file in files {
        let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
        let Some((_, want)) = text.split_once("\n-- WANT.yaml --\n") else { continue };
        seen += 1;
        let mut written = String::with_capacity(want.len());
        match parse_stream(want, Dialect::V3) {
            Ok(documents) => write_stream(&documents, &mut written),
            // Kustomize prints a quoted `<<` without quotes, which no reader takes for a key afterwards.
            Err(error) if error.reason.contains("`<<`") && want.contains("<<: ") => continue,
            Err(error) => wrong.push(format!("{}: {error} {:?}", file.display(), error.position)),
        }
        if written != want {
            let line = want.lines().zip(written.lines()).position(|(a, b)| a != b);
            wrong.push(format!("{}: first difference in line {line:?}", file.display()));
        }
    }
    assert!(seen > 500, "{seen} cases");
    assert!(wrong.is_empty(), "{} of {seen}:\n{}", wrong.len(), wrong.join("\n"));
}

/// One resource and what `kubectl kustomize` 5.5.0 made of it; `None` if it refused it.
#[derive(Deserialize)]
struct Recorded {
    name: String,
    resource: String,
    want: Option<String>,
}

fn recorded() -> Vec<Recorded> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/yaml/kustomize-5.5.0.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn odd_yaml_is_printed_as_kustomize_printed_it() {
    for Recorded { name, resource, want } in recorded() {
        let printed = parse_stream(&resource, Dialect::V3).ok().map(|documents| {
            let mut out = String::new();
            write_stream(documents.iter().filter(|node| !node.is_null()), &mut out);
            out
        });
        assert_eq!(printed, want, "{name}");
    }
}

#[test]
fn the_recorded_outputs_are_those_of_the_kubectl_here() {
    let temp = tempfile::tempdir().unwrap();
    for Recorded { name, resource, want } in recorded() {
        fs::write(temp.path().join("kustomization.yaml"), "resources: [resource.yaml]\n").unwrap();
        fs::write(temp.path().join("resource.yaml"), resource).unwrap();
        let Some(printed) = try_kubectl_kustomize(temp.path()) else { return };
        assert_eq!(printed.ok(), want, "{name}");
    }
}

/// Texts full of what YAML means something by; without what kustomize cannot print.
/// `0o+7`: go-yaml v2, which writes, sees a text that needs no quotes; v3, which reads, the number 7.
/// kustomize writes it plain, and so do we.
fn is_octal_with_sign(text: &str) -> bool {
    let plain = text.replace('_', "");
    plain.strip_prefix("0o").is_some_and(|rest| rest.starts_with(['+', '-']))
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z-]{0,12}",
        "[ -~\n]{0,120}",
        "([a-z'\"#:] ?){0,90}",
        proptest::collection::vec(
            any::<char>().prop_filter("printable", |c| {
                !matches!(c, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
            }),
            0..30
        )
        .prop_map(String::from_iter),
        "(0x|0o|[-+.]|1e|:|_|[0-9]){1,6}",
        "(true|yes|null|~|on|No|[.]inf)",
    ]
    .prop_filter("read alike by both versions of go-yaml", |text| !is_octal_with_sign(text))
}

fn scalar() -> impl Strategy<Value = Node> {
    let typed = |tag, text: String| {
        Node::made(Value::Scalar(Scalar { text: text.into(), tag, style: Style::Plain }))
    };
    prop_oneof![
        text().prop_map(Node::string),
        any::<i64>().prop_map(move |number| typed(Tag::Int, number.to_string())),
        any::<bool>().prop_map(move |truth| typed(Tag::Bool, truth.to_string())),
        Just(Node::null()),
    ]
}

fn tree() -> impl Strategy<Value = Node> {
    scalar().prop_recursive(5, 60, 6, |inner| {
        let keyed = proptest::collection::btree_map(text(), inner.clone(), 0..6);
        prop_oneof![
            proptest::collection::vec(inner, 0..6)
                .prop_map(|items| Node::made(Value::Sequence(items))),
            keyed.prop_map(|pairs| {
                let pairs = pairs.into_iter().filter(|(key, _)| key != "<<").map(|(key, value)| {
                    Pair { key: Scalar::string(key), key_mark: Mark::NONE, value }
                });
                Node::made(Value::Mapping(pairs.collect::<Mapping>()))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_what_it_was(node in tree()) {
        let mut written = String::new();
        write_document(&node, &mut written);
        let read = parse_stream(&written, Dialect::V3);
        prop_assert_eq!(read.as_deref(), Ok(std::slice::from_ref(&node)), "{}", written);
    }
}

#[test]
fn an_octal_with_a_sign_is_written_as_kustomize_writes_it() {
    // `kubectl kustomize` (v5.5.0) prints these values of a ConfigMap.
    for (text, printed) in
        [("0o+0", "0o+0"), ("0o-7", "0o-7"), ("0o17", "\"0o17\""), ("0o8", "0o8")]
    {
        let mut written = String::new();
        write_document(&Node::string(text.to_owned()), &mut written);
        assert_eq!(written.trim_end(), printed);
    }
}
