//! Whatever YAML a resource is written in, we read and print it as kustomize does.

use std::fs;
use std::path::{Path, PathBuf};

use overlift::yaml::{Dialect, parse_stream, write_stream};
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
