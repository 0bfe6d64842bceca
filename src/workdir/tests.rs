//! Against real repositories, made by the program `git`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{BranchCommit, BranchMove, Checkout, CommitTree, NewCommit, Repository, WorkdirError};
use crate::model::{
    CommitSha, Entry, File, FileEdit, FileMode, Files as _, MOST_PAST_COMMITS, ReadError, RepoPath,
};

pub(super) struct World {
    _temp: tempfile::TempDir,
    pub(super) root: PathBuf,
}

impl World {
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap().join("repo");
        fs::create_dir_all(&root).unwrap();
        let world = Self { _temp: temp, root };
        world.git(&["init", "-q", "-b", "main"]);
        world.git(&["config", "user.name", "Ann"]);
        world.git(&["config", "user.email", "ann@example.com"]);
        for (name, content) in files {
            world.write(name, content);
        }
        world.commit("first");
        world
    }

    pub(super) fn write(&self, name: &str, content: &str) {
        let path = self.root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(super) fn commit(&self, message: &str) -> CommitSha {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        CommitSha::parse(&self.git(&["rev-parse", "HEAD"])).unwrap()
    }

    pub(super) fn git(&self, arguments: &[&str]) -> String {
        git_in(&self.root, arguments)
    }

    pub(super) fn import(&self, stream: &str) {
        use std::io::Write as _;
        let mut import = Command::new("git")
            .arg("-C")
            .arg(&self.root)
            .args(["fast-import", "--quiet"])
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        import.stdin.take().unwrap().write_all(stream.as_bytes()).unwrap();
        assert!(import.wait().unwrap().success());
    }

    pub(super) fn repository(&self) -> Repository {
        Repository::discover(&self.root).unwrap()
    }
}

pub(super) fn git_in(dir: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git").arg("-C").arg(dir).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

pub(super) fn path(text: &str) -> RepoPath {
    RepoPath::parse(text).unwrap()
}

fn adds(at: &str, content: &str) -> FileEdit {
    FileEdit { path: path(at), before: None, after: Some(File::regular(content.as_bytes())) }
}

fn ours(commit: &BranchCommit) -> bool {
    commit.message.contains("Overlift-Plan: ")
}

#[test]
fn a_commit_reads_like_the_clean_working_tree() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let world = World::new(&[("a/b.yaml", "b"), ("a/run", "#!"), (".gitignore", "*.swp\n")]);
    fs::set_permissions(world.root.join("a/run"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("b.yaml", world.root.join("a/link")).unwrap();
    let commit = world.commit("more");
    world.write("a/.b.yaml.swp", "ignored");
    let checkout = Checkout::new(world.root.clone());
    let tree = CommitTree::open(&world.repository(), commit).unwrap();
    let names = tree.list(&path("a")).unwrap();
    assert_eq!(names, [path("a/b.yaml"), path("a/link"), path("a/run")]);
    assert_eq!(checkout.list(&path("a")).unwrap(), names);
    for name in &names {
        assert_eq!(tree.file(name).unwrap(), checkout.file(name).unwrap(), "{name}");
        assert_eq!(tree.look_up(name).unwrap(), checkout.look_up(name).unwrap(), "{name}");
    }
    assert_eq!(tree.file(&path("a/run")).unwrap().unwrap().mode, FileMode::Executable);
    assert_eq!(tree.look_up(&path("a")).unwrap().1, Entry::Directory);
    assert_eq!(tree.look_up(&path("c")).unwrap().1, Entry::Missing);
}

#[test]
fn new_files_are_listed_and_deleted_ones_are_not() {
    let world = World::new(&[("a/gone", ""), ("a/kept", "")]);
    fs::remove_file(world.root.join("a/gone")).unwrap();
    world.write("a/new", "");
    let listed = Checkout::new(world.root.clone()).list(&path("a")).unwrap();
    assert_eq!(listed, [path("a/kept"), path("a/new")]);
}

#[test]
fn listing_ahead_changes_no_answer() {
    let world = World::new(&[("a/x", ""), ("a/y/z", ""), ("ab/x", ""), (".gitignore", "*.swp\n")]);
    world.write("a/x.swp", "");
    world.write("ab/new", "");
    let dirs = [path("a"), path("ab"), path("none"), path("a/x")];
    let ahead = Checkout::new(world.root.clone());
    ahead.list_ahead(&dirs.each_ref()).unwrap();
    let plain = Checkout::new(world.root.clone());
    for dir in &dirs {
        assert_eq!(ahead.list(dir).unwrap(), plain.list(dir).unwrap(), "{dir}");
    }
    assert_eq!(ahead.list(&path("ab")).unwrap(), [path("ab/new"), path("ab/x")]);
}

/// Whoever has the whole need not ask git again for each folder: a preview of 600 environments did.
#[test]
fn a_list_of_all_answers_for_each_folder() {
    let world = World::new(&[
        ("a/x", ""),
        ("a/y/z", ""),
        ("a-b/x", ""),
        ("a.b/x", ""),
        (".gitignore", "*.swp\nout/\n"),
    ]);
    world.write("a/x.swp", "");
    world.write("a/y/new", "");
    world.write("out/x", "");
    std::os::unix::fs::symlink("a", world.root.join("link")).unwrap();
    let (all, plain) = (Checkout::new(world.root.clone()), Checkout::new(world.root.clone()));
    all.list(&RepoPath::root()).unwrap();
    for dir in ["a", "a/y", "a-b", "a.b", "none", "a/x", "a/x.swp", "out", "link", "link/y"] {
        assert_eq!(all.list(&path(dir)).unwrap(), plain.list(&path(dir)).unwrap(), "{dir}");
    }
    // What is there only now was not there when all was listed.
    world.write("a-b/later", "");
    assert_eq!(all.list(&path("a-b")).unwrap(), [path("a-b/x")]);
}

#[test]
fn a_link_in_a_commit_does_not_leave_it() {
    let world = World::new(&[("a", "")]);
    std::os::unix::fs::symlink("../../etc/passwd", world.root.join("out")).unwrap();
    let tree = CommitTree::open(&world.repository(), world.commit("link")).unwrap();
    assert!(matches!(tree.look_up(&path("out")), Err(ReadError::SymlinkOutside(_))));
}

#[test]
fn a_root_below_the_top_sees_its_own_files_only() {
    let world = World::new(&[("sub/a", "1"), ("other", "")]);
    let repository = Repository::discover(&world.root.join("sub")).unwrap();
    let head = repository.head().unwrap().unwrap();
    let tree = CommitTree::open(&repository, head.clone()).unwrap();
    assert_eq!(tree.list(&RepoPath::root()).unwrap(), [path("a")]);
    let new = NewCommit { parent: &head, edits: &[adds("b", "2")], message: "m\n" };
    repository.commit_to_branch("x", &new, ours).unwrap();
    assert_eq!(world.git(&["show", "x:sub/b"]), "2");
}

#[test]
fn no_revision_becomes_an_option_and_unknown_ones_are_named() {
    let world = World::new(&[("a", "")]);
    for revision in ["--help", "-x", "nowhere", "HEAD:a", "", "@{u}"] {
        let found = world.repository().resolve(revision);
        let shown = format!("{found:?}");
        assert!(found.is_err() && !shown.contains("usage"), "{revision}: {shown}");
    }
    assert!(world.repository().resolve("main").is_ok());
}

#[test]
fn the_last_promotion_is_found_by_its_trailer() {
    let world = World::new(&[("a", "")]);
    assert_eq!(last_plan(&world.repository()).unwrap(), None);
    world.commit("one\n\nOverlift-Plan: 1\nOverlift-Target: production");
    world.commit("two\n\nOverlift-Plan: 2\nOverlift-Target: production");
    world.commit("three\n\nOverlift-Plan: 3\nOverlift-Target: staging");
    world.commit("four");
    assert_eq!(last_plan(&world.repository()).unwrap().as_deref(), Some("2"));
    let url = format!("file://{}", world.root.display());
    git_in(world.root.parent().unwrap(), &["clone", "-q", "--depth", "1", &url, "shallow"]);
    let shallow = Repository::discover(&world.root.with_file_name("shallow")).unwrap();
    let found = last_plan(&shallow);
    assert!(matches!(found, Err(WorkdirError::Shallow)), "{found:?}");
}

fn last_plan(repository: &Repository) -> Result<Option<String>, WorkdirError> {
    let head = repository.head()?.unwrap();
    repository.find_in_history(&head, &RepoPath::root(), "Overlift-Plan", |_, message| {
        let value = |key| message.lines().find_map(|line| line.strip_prefix(key));
        let plan = value("Overlift-Plan: ")?;
        (value("Overlift-Target: ")? == "production").then(|| plan.to_owned())
    })
}

#[test]
fn a_commit_leaves_working_tree_index_and_branch_alone() {
    let world = World::new(&[("dir/a", "1"), ("dir/b", "1"), (".git-hook", "")]);
    let hook = world.root.join(".git/hooks/reference-transaction");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, "#!/bin/sh\ntouch \"$(git rev-parse --git-dir)/hook-ran\"\n").unwrap();
    fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    world.write("dir/a", "mine, not committed");
    world.write("staged", "mine");
    world.git(&["add", "staged"]);
    let before =
        (world.git(&["status", "--porcelain=v2", "--branch"]), world.git(&["stash", "list"]));
    let _ = fs::remove_file(world.root.join(".git/hook-ran"));
    let head = world.repository().head().unwrap().unwrap();
    let gone = FileEdit { path: path("dir/b"), before: Some(File::regular(*b"1")), after: None };
    let edits = [adds("dir/c", "new"), gone];
    let new = NewCommit { parent: &head, edits: &edits, message: "s\n\nOverlift-Plan: 1\n" };
    let made = world.repository().commit_to_branch("promote/a-to-b", &new, ours).unwrap();
    let BranchMove::Created(commit) = made else { panic!("{made:?}") };
    let after =
        (world.git(&["status", "--porcelain=v2", "--branch"]), world.git(&["stash", "list"]));
    assert_eq!(before, after);
    assert!(!world.root.join(".git/hook-ran").exists());
    assert_eq!(
        world.git(&["diff", "--name-status", "HEAD", "promote/a-to-b"]),
        "D\tdir/b\nA\tdir/c"
    );
    assert_eq!(
        world.git(&["log", "-1", "--format=%an <%ae>", commit.as_str()]),
        "Ann <ann@example.com>"
    );
    let again = world.repository().commit_to_branch("promote/a-to-b", &new, ours).unwrap();
    assert_eq!(again, BranchMove::Unchanged(commit));
    let leftovers: Vec<_> = fs::read_dir(world.root.join(".git"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("overlift"))
        .collect();
    assert!(leftovers.is_empty(), "{leftovers:?}");
}

#[test]
fn a_branch_with_the_work_of_others_is_not_moved() {
    let world = World::new(&[("a", "")]);
    let head = world.repository().head().unwrap().unwrap();
    let edits = [adds("b", "")];
    let new = NewCommit { parent: &head, edits: &edits, message: "s\n\nOverlift-Plan: 1\n" };
    let to = |branch: &str| world.repository().commit_to_branch(branch, &new, ours);
    to("p").unwrap();
    let other = NewCommit { message: "s\n\nOverlift-Plan: 2\n", ..new };
    let moved = world.repository().commit_to_branch("p", &other, ours).unwrap();
    assert!(matches!(moved, BranchMove::Moved(_)));
    world.git(&["checkout", "-q", "p"]);
    assert!(matches!(to("p"), Err(WorkdirError::BranchCheckedOut { .. })));
    let theirs = world.commit("by hand");
    world.git(&["checkout", "-q", "main"]);
    let refused = to("p");
    assert!(
        matches!(&refused, Err(WorkdirError::BranchHoldsOthers { commit, .. }) if *commit == theirs),
        "{refused:?}"
    );
    for bad in ["-f", "a..b", "a b", "HEAD", "x.lock", ""] {
        assert!(matches!(to(bad), Err(WorkdirError::InvalidBranch(_))), "{bad}");
    }
}

#[test]
fn the_head_is_found_where_references_are_packed() {
    let world = World::new(&[("a", "")]);
    let first = world.repository().head().unwrap();
    world.git(&["branch", "main-old"]);
    world.git(&["pack-refs", "--all"]);
    assert_eq!(world.repository().head().unwrap(), first);
    fs::write(world.root.join("a"), "more").unwrap();
    let second = world.commit("more");
    assert_eq!(world.repository().head().unwrap(), Some(second.clone()), "beside an older one");
    world.git(&["pack-refs", "--all"]);
    assert_eq!(world.repository().head().unwrap(), Some(second));
    world.git(&["checkout", "-q", "--orphan", "empty"]);
    assert_eq!(world.repository().head().unwrap(), None);
}

/// What counts of a history, read by itself and out of what was read for many folders.
#[test]
fn a_long_history_is_the_same_whoever_else_was_read() {
    let world = World::new(&[("a/old", "0"), ("ab/other", "0"), ("b/x", "0"), ("c/y", "0")]);
    let mut stream = String::new();
    for n in 0..5 * MOST_PAST_COMMITS {
        let from = if n == 0 { "from refs/heads/main^0\n" } else { "" };
        let (file, more) = match n % 3 {
            0 => ("a/new", "D a/old\n"),
            1 => ("b/x", ""),
            _ => ("c/y", "M 100644 inline ab/other\ndata 1\n1\n"),
        };
        stream += &format!(
            "commit refs/heads/main\ncommitter A <a@example.com> {n} +0000\ndata 1\nm\n{from}\
             M 100644 inline {file}\ndata {}\n{n}\n{more}\n",
            n.to_string().len()
        );
    }
    world.import(&stream);
    let repository = world.repository();
    let head = repository.head().unwrap().unwrap();
    let way = repository.way(&head, "Overlift-Plan").unwrap();
    let folders = ["a", "ab", "b", "c"].map(path);
    let all: Vec<&RepoPath> = folders.iter().collect();
    let shared = repository.shared_history(&way, &all).unwrap();
    for (source, target) in [("a", "b"), ("b", "a"), ("c", "ab"), ("a", "c")] {
        let pair = (&path(source), &path(target));
        let alone = repository.folder_history(&way, pair).unwrap();
        assert_eq!(alone.commits, shared.of(pair).commits, "{source} {target}");
        let (found, at_once) = repository.way_and_history(&head, "Overlift-Plan", pair).unwrap();
        assert_eq!(at_once.commits, alone.commits, "{source} {target}");
        assert_eq!(found.steps(0), way.steps(0));
    }
    // `ab` was touched once, long ago, and `c` all the time.
    let seldom = repository.folder_history(&way, (&path("c"), &path("ab"))).unwrap();
    let touched = |place: usize| -> Vec<&str> {
        seldom.commits[place].touched.iter().map(|it| it.path.as_str()).collect()
    };
    assert_eq!(seldom.commits.len(), MOST_PAST_COMMITS + 3);
    assert_eq!((touched(0), touched(1)), (vec!["ab/other", "c/y"], vec!["ab/other", "c/y"]));
    let long = repository.folder_history(&way, (&path("a"), &path("b"))).unwrap();
    let first: Vec<&str> = long.commits[0].touched.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(first, ["a/new", "b/x"], "all that was there, and nothing that had gone");
}

/// By their dates git tells of the first commit before the one on the way that leads to it.
#[test]
fn a_way_is_told_in_its_order_whatever_the_dates() {
    let world = World::new(&[("a/x", "0")]);
    let commit = |mark: usize, when: usize, from: &str, file: &str| {
        format!(
            "commit refs/heads/main\nmark :{mark}\ncommitter A <a@example.com> {when} +0000\ndata 1\nm\n{from}M 100644 inline {file}\ndata 1\n{mark}\n"
        )
    };
    let stream = commit(1, 3_000_000_000, "from refs/heads/main^0\n", "a/x")
        + &commit(2, 1_000_000_000, "from :1\n", "a/y")
        + &commit(3, 1_500_000_000, "from :1\n", "b/x")
        + &commit(4, 2_000_000_000, "from :2\nmerge :3\n", "b/x");
    world.import(&stream.replacen(
        "commit refs/heads/main\nmark :3",
        "commit refs/heads/side\nmark :3",
        1,
    ));
    let repository = world.repository();
    let head = repository.head().unwrap().unwrap();
    let mut told = String::new();
    let way = repository.way_telling(&head, "Overlift-Plan", |step| told.push_str(step)).unwrap();
    assert_eq!(told, way.steps(0));
    let pair = (&path("a"), &path("b"));
    let (_, history) = repository.way_and_history(&head, "Overlift-Plan", pair).unwrap();
    assert_eq!(history.commits, repository.folder_history(&way, pair).unwrap().commits);
    let touched = history.commits.iter().map(|it| it.touched.len());
    assert_eq!(touched.collect::<Vec<_>>(), [1, 1, 1, 1], "{told}");
}
