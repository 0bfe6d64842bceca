//! What kustomize printed is read and written again byte for byte.

use std::fs;
use std::path::{Path, PathBuf};

use overlift::yaml::{Dialect, parse_stream, write_stream};

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
