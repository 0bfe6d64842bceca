//! `git apply` and `patch` do with our diffs what the promotion does.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{fs, io::Write};

use overlift::rooms::diff::{FilesDiff, KnownValues, RenderedDiff, SecretInputs};
use overlift::rooms::kustomize::{Build, Gvk, Resource, ResourceId};
use overlift::rooms::model::{File, FileEdit, FileMode, Location, RepoPath};
use overlift::rooms::yaml::{Dialect, Node, parse_stream};

use crate::support::Repo;

fn path(text: &str) -> RepoPath {
    RepoPath::parse(text).unwrap()
}

fn file(mode: FileMode, content: impl AsRef<[u8]>) -> Option<File> {
    Some(File { mode, content: content.as_ref().into() })
}

fn text(content: &str) -> Option<File> {
    file(FileMode::Regular, content)
}

fn put(root: &Path, at: &RepoPath, file: Option<&File>) {
    let place = root.join(at.as_str());
    let _ = fs::remove_file(&place);
    let Some(file) = file else { return };
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    if file.mode == FileMode::Symlink {
        let target = std::str::from_utf8(&file.content).unwrap();
        return std::os::unix::fs::symlink(target, place).unwrap();
    }
    fs::write(&place, &file.content).unwrap();
    let mode = if file.mode == FileMode::Executable { 0o755 } else { 0o644 };
    fs::set_permissions(place, fs::Permissions::from_mode(mode)).unwrap();
}

/// The tree's hash after staging everything.
fn tree(repo: &Repo) -> String {
    repo.git(&["add", "-A"]);
    repo.git(&["write-tree"])
}

fn feed(command: &mut Command, input: &str) {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}{}\n{input}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

fn git_apply(repo: &Repo, diff: &str, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.arg("-C").arg(repo.root()).arg("apply").args(arguments);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    feed(&mut command, diff);
}

/// Applies the diff of the edits to the files before and compares with the files after, and back.
fn applies(edits: &[FileEdit]) {
    let repo = Repo::new(&[("unrelated", "stays\n")]);
    for edit in edits {
        put(repo.root(), &edit.path, edit.before.as_ref());
    }
    let before = tree(&repo);
    repo.git(&["commit", "-q", "--allow-empty", "-m", "before"]);
    let diff = FilesDiff::of(edits, &SecretInputs::default()).text();
    git_apply(&repo, &diff, &[]);
    let applied = tree(&repo);
    for edit in edits {
        put(repo.root(), &edit.path, edit.after.as_ref());
    }
    let wanted = tree(&repo);
    let list = |tree: &str| repo.git(&["ls-tree", "-r", tree]);
    assert_eq!(list(&applied), list(&wanted), "{diff}");
    // git 2.47 makes a regular file of a deleted symlink that comes back, from its own diffs too.
    let is_link =
        |file: &Option<File>| file.as_ref().is_some_and(|file| file.mode == FileMode::Symlink);
    if edits.iter().any(|edit| is_link(&edit.before) && !is_link(&edit.after)) {
        return;
    }
    git_apply(&repo, &diff, &["-R"]);
    assert_eq!(before, tree(&repo), "{diff}");
}

fn edit(at: &str, before: Option<File>, after: Option<File>) -> FileEdit {
    FileEdit { path: path(at), before, after }
}

#[test]
fn git_applies_every_kind_of_edit() {
    use FileMode::{Executable, Regular, Symlink};
    let long: String = (0..200).map(|n| format!("line {n}\n")).collect();
    let edits = [
        edit("new.yaml", None, text("a: 1\n")),
        edit("gone.yaml", text("a: 1\nb: 2\n"), None),
        edit(
            "far.yaml",
            text(&long),
            text(&long.replace("line 3\n", "x\n").replace("line 150\n", "y\nz\n")),
        ),
        edit("no newline", text("a\nb"), text("a\nc")),
        edit("newline comes", text("a"), text("a\n")),
        edit("newline goes", text("a\n"), text("a")),
        edit("crlf.yaml", text("a: 1\r\nb: 2\r\n"), text("a: 1\r\nb: 3\r\n")),
        edit("lone\rreturn", text("a\rb\nc\n"), text("a\rB\nc\n")),
        edit("empty comes", None, text("")),
        edit("empty goes", text(""), None),
        edit("emptied", text("a\n"), text("")),
        edit("filled", text(""), text("a\n")),
        edit("mode", text("a\n"), file(Executable, "a\n")),
        edit("mode and content", file(Executable, "a\n"), text("b\n")),
        edit("new script", None, file(Executable, "#!/bin/sh\n")),
        edit("link", None, file(Symlink, "new.yaml")),
        edit("link moves", file(Symlink, "a"), file(Symlink, "b")),
        edit("link goes", file(Symlink, "a"), None),
        edit("file to link", text("a\n"), file(Symlink, "new.yaml")),
        edit("link to file", file(Symlink, "new.yaml"), text("a\n")),
        edit("binary", None, file(Regular, [0, 1, 2, 255, 254])),
        edit(
            "binary changes",
            file(Regular, [0; 1000]),
            file(Regular, (0..=255).cycle().take(5000).collect::<Vec<u8>>()),
        ),
        edit("binary goes", file(Regular, [0, 9]), None),
        edit("latin1", file(Regular, b"caf\xe9\n"), file(Regular, b"caf\xe9 au lait\n")),
        edit("text to binary", text("a\n"), file(Executable, [0, 1])),
        edit("dir with space/ä€😀.yaml", text("ä: 1\n"), text("ä: 2\n")),
        edit("quote\"back\\slash\ttab", None, text("x\n")),
        edit("line\nfeed", text("x\n"), text("y\n")),
        edit("trailing space ", text("x\n"), text("y\n")),
        edit("a/b/c/deep", None, text("x\n")),
        edit(
            "diff in a diff",
            text("--- a/x\n+++ b/x\n@@ -1 +1 @@\n"),
            text("--- a/y\n+++ b/x\n@@ -1 +1 @@\n"),
        ),
    ];
    for edit in &edits {
        applies(std::slice::from_ref(edit));
    }
    applies(&edits);
}

#[test]
fn what_is_beside_a_secret_still_applies() {
    let secret = |value: &str, other: &str| {
        let lines = "      more\n".repeat(value.len());
        format!(
            "kind: Secret\nstringData:\n  a: |\n      {value}\n{lines}---\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n  b: {other}\n  c: d\n  e: f\n"
        )
    };
    let repo = Repo::new(&[("all.yaml", &secret("hunter", "1")), ("plain.yaml", "a: 1\n")]);
    let edits = [
        edit("all.yaml", text(&secret("hunter", "1")), text(&secret("hunter", "2"))),
        edit("plain.yaml", text("a: 1\n"), text("a: 2\n")),
    ];
    let diff = FilesDiff::of(&edits, &SecretInputs::default());
    assert!(diff.files()[0].masked && !diff.files()[1].masked);
    assert!(!diff.text().contains("hunter"));
    git_apply(&repo, &diff.text(), &[]);
    assert_eq!(repo.read("all.yaml"), secret("hunter", "2"));
    assert_eq!(repo.read("plain.yaml"), "a: 2\n");
}

fn build(manifests: &str) -> Build {
    let resource = |node: Node| {
        let text =
            |keys: &[&str]| node.at(keys).and_then(Node::text).unwrap_or_default().to_owned();
        let id = ResourceId {
            gvk: Gvk::from_api_version(&text(&["apiVersion"]), &text(&["kind"])),
            namespace: text(&["metadata", "namespace"]).into(),
            name: text(&["metadata", "name"]).into(),
        };
        Resource { node, original_id: id.clone(), id, origin: Location::file(path("x.yaml")) }
    };
    let nodes = parse_stream(manifests, Dialect::V3).unwrap();
    Build { resources: nodes.into_iter().map(resource).collect(), ..Build::default() }
}

/// Applies the rendered diff to the output before.
fn patch(before: &str, diff: &str) -> String {
    let temp = tempfile::tempdir().unwrap();
    let place = temp.path().join("output.yaml");
    fs::write(&place, before).unwrap();
    feed(Command::new("patch").arg("--no-backup-if-mismatch").arg("-s").arg(&place), diff);
    fs::read_to_string(place).unwrap()
}

fn deployment(name: &str, image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  template:\n    spec:\n      containers:\n      - image: {image}\n        name: app\n"
    )
}

#[test]
fn patch_applies_the_rendered_diff() {
    let all = |image: &str, names: &[&str]| {
        build(&names.iter().map(|name| deployment(name, image)).collect::<Vec<_>>().join("---\n"))
    };
    let cases = [
        (all("a:1", &["a", "b", "c"]), all("a:2", &["a", "b", "c"])),
        (all("a:1", &["a", "b", "c"]), all("a:1", &["c", "a", "b"])),
        (all("a:1", &["a", "b", "c"]), all("a:2", &["b", "d"])),
        (all("a:1", &["a"]), Build::default()),
        (Build::default(), all("a:1", &["a"])),
    ];
    for (before, after) in cases {
        let diff =
            RenderedDiff::between(&before, &after, "overlays/production", &KnownValues::default());
        assert_eq!(patch(&before.render(), diff.text()), after.render(), "{}", diff.text());
    }
    let same = all("a:1", &["a"]);
    assert_eq!(RenderedDiff::between(&same, &same, "x", &KnownValues::default()).text(), "");
}

/// A masked value takes one line in the diff and many in the output, so that the line numbers of what
/// follows are not those of the output; among resources that are alike a hunk must still find its own.
#[test]
fn hunks_behind_a_long_secret_find_their_place() {
    let lines = |count: usize| "    bGluZQ==\n".repeat(count);
    for length in [2, 6, 13, 30] {
        let secret = format!(
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\nstringData:\n  key: |\n{}",
            lines(length)
        );
        let all = |changed: usize| {
            let deployments = (0..8)
                .map(|n| deployment(&format!("d{n}"), if n == changed { "a:2" } else { "a:1" }));
            build(
                &std::iter::once(secret.clone())
                    .chain(deployments)
                    .collect::<Vec<_>>()
                    .join("---\n"),
            )
        };
        for changed in 0..8 {
            let (before, after) = (all(usize::MAX), all(changed));
            let diff = RenderedDiff::between(&before, &after, "o", &KnownValues::default());
            assert!(!diff.text().contains("bGluZQ"));
            assert_eq!(
                patch(&before.render(), diff.text()),
                after.render(),
                "{length}, {changed}: {}",
                diff.text()
            );
        }
    }
}
