//! What git's files say, read by us, is what git says of them, or nothing.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::tests::{World, git_in, path};
use super::{Checkout, Repository};
use crate::model::{BlobId, Blobs as _, CommitSha, Files as _, RepoPath};

/// A stream for `git fast-import`: folders in which files come, change, go, become links, submodules and folders, on
/// branches that go apart and together, by dates that say nothing.
fn tangled(commits: usize, mut seed: u64) -> String {
    let mut next = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let mut stream = String::new();
    for mark in 1..=commits {
        let when = 1_700_000_000 + next(40) * 60;
        let message = match next(6) {
            0 => format!("\n \nsubject {mark} \nof two lines\n\nOverlift-Plan: {mark}\n"),
            1 => "Merge branch 'main' of https://example.com/x".to_owned(),
            2 => String::new(),
            _ => format!("change {mark} ü"),
        };
        let _ = write!(
            stream,
            "commit refs/heads/main\nmark :{mark}\nauthor A  B <a@example.com> {when} +0200\n\
             committer C <c@example.com> {when} +0000\ndata {}\n{message}\n",
            message.len()
        );
        if mark > 1 {
            let from = mark - 1 - usize::try_from(next(3)).unwrap().min(mark - 2);
            let _ = writeln!(stream, "from :{from}");
            if next(4) == 0 && mark - 1 != from {
                let _ = writeln!(stream, "merge :{}", mark - 1);
            }
        }
        for _ in 0..=next(3) {
            let folder = ["a", "a/b", "a-b", "b", "b/c/d"][usize::try_from(next(5)).unwrap()];
            let file =
                format!("{folder}/{}", ["x", "y", "z", "x.y"][usize::try_from(next(4)).unwrap()]);
            let content = format!("{}\n{mark}\n", "a line that stays\n".repeat(20));
            let _ = match next(8) {
                0 => writeln!(stream, "D {file}"),
                1 => writeln!(stream, "M 120000 inline {file}\ndata 1\nx"),
                2 => writeln!(stream, "M 160000 0123456789012345678901234567890123456789 {file}"),
                3 => writeln!(stream, "M 100755 inline {file}/in\ndata 3\n{mark:03}"),
                4 => writeln!(stream, "M 100755 inline {file}\ndata {}\n{content}", content.len()),
                _ => writeln!(stream, "M 100644 inline {file}\ndata {}\n{content}", content.len()),
            };
        }
    }
    stream
}

fn by_git(world: &World) -> Repository {
    world.repository().by_git_alone()
}

/// Compares all that is read of a history; `why` is what was done to the repository.
fn same_history(world: &World, why: &str) {
    let (files, git) = (world.repository(), by_git(world));
    let head = CommitSha::parse(&world.git(&["rev-parse", "main"])).unwrap();
    let ours =
        files.way_by_files(&head, "Overlift-Plan", |_| {}).unwrap_or_else(|| panic!("{why}"));
    let theirs = git.way(&head, "Overlift-Plan").unwrap();
    assert_eq!(ours.told(), theirs.told(), "{why}");
    for (source, target) in [("a", "b"), ("a/b", "a-b"), ("", "b/c"), ("none", "a/x")] {
        let pair = (&path(source), &path(target));
        let ours = files.folder_history(&ours, pair).unwrap();
        let theirs = git.folder_history(&theirs, pair).unwrap();
        assert_eq!(ours.commits, theirs.commits, "{why}: {source} {target}");
        let (way, at_once) = files.way_and_history(&head, "Overlift-Plan", pair).unwrap();
        assert_eq!(at_once.commits, theirs.commits, "{why}: {source} {target}");
        assert_eq!(way.told(), git.way(&head, "Overlift-Plan").unwrap().told(), "{why}");
        let states = ours.commits.iter().flat_map(|commit| &commit.touched);
        let ids = states.flat_map(|it| it.before.iter().chain(&it.after)).map(|it| &it.blob);
        for id in ids.collect::<std::collections::BTreeSet<&BlobId>>() {
            assert_eq!(ours.blob(id).unwrap(), theirs.blob(id).unwrap(), "{why}: {id:?}");
        }
    }
}

#[test]
fn a_history_is_what_git_says_however_it_is_stored() {
    for seed in 1..4 {
        let world = World::new(&[("first", "")]);
        world.git(&["config", "fastimport.unpackLimit", "100000"]);
        world.git(&["checkout", "-q", "-b", "other"]);
        world.git(&["branch", "-q", "-D", "main"]);
        world.import(&tangled(120, seed));
        same_history(&world, "loose");
        world.git(&["repack", "-adfq", "--depth=20", "--window=50"]);
        world.git(&["prune-packed"]);
        same_history(&world, "in a pack");
        world.git(&["-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq", "--window=50"]);
        same_history(&world, "in a pack whose changes name what they change");
        world.git(&[
            "-c",
            "pack.packSizeLimit=1m",
            "-c",
            "core.bigFileThreshold=1",
            "repack",
            "-adfq",
        ]);
        world.git(&["multi-pack-index", "write"]);
        same_history(&world, "with an index over packs");
    }
}

#[test]
fn a_history_below_the_top_is_what_git_says() {
    let world = World::new(&[("first", "")]);
    world.git(&["checkout", "-q", "-b", "other"]);
    world.git(&["branch", "-q", "-D", "main"]);
    world.import(&tangled(60, 7));
    fs::create_dir_all(world.root.join("b/c")).unwrap();
    let files = Repository::discover(&world.root.join("b")).unwrap();
    let git = files.by_git_alone();
    let head = CommitSha::parse(&world.git(&["rev-parse", "main"])).unwrap();
    let ways = [&files, &git].map(|it| it.way(&head, "Overlift-Plan").unwrap());
    for (source, target) in [("c", "x"), ("", "c/d")] {
        let pair = (&path(source), &path(target));
        let ours = files.folder_history(&ways[0], pair).unwrap();
        assert_eq!(ours.commits, git.folder_history(&ways[1], pair).unwrap().commits);
        assert!(!ours.commits.is_empty());
    }
}

/// What only git can read is left to git, and its answer is the same.
#[test]
fn what_is_not_plain_is_asked_of_git() {
    let world = World::new(&[("a/x", "1"), ("b/y", "1")]);
    let head = world.commit("more\n\nOverlift-Plan: 1");
    let beside = |name: &str| world.root.with_file_name(name);
    let url = format!("file://{}", world.root.display());
    let parent = world.root.parent().unwrap();
    world.git(&["worktree", "add", "-q", "../tree", "-b", "tree"]);
    git_in(parent, &["clone", "-q", "--depth", "1", &url, "shallow"]);
    git_in(parent, &["clone", "-q", "--shared", &world.root.display().to_string(), "shared"]);
    git_in(parent, &["clone", "-q", "--separate-git-dir", "apart.git", &url, "apart"]);
    world.git(&["config", "uploadpack.allowFilter", "true"]);
    git_in(parent, &["clone", "-q", "--filter=blob:none", &url, "partial"]);
    symlink(beside("apart.git"), beside("linked.git")).unwrap();
    for name in ["tree", "shallow", "shared", "apart", "partial"] {
        let repository = Repository::discover(&beside(name)).unwrap();
        assert!(repository.way_by_files(&head, "Overlift-Plan", |_| {}).is_none(), "{name}");
        assert!(!Checkout::new(beside(name)).is_surely_clean(), "{name}");
        assert!(repository.way(&head, "Overlift-Plan").unwrap().has(&head), "{name}");
        assert!(repository.uncommitted().unwrap().is_empty(), "{name}");
    }
    git_in(parent, &["init", "-q", "--object-format=sha256", "sha256"]);
    git_in(&beside("sha256"), &["commit", "-q", "--allow-empty", "-m", "x"]);
    let repository = Repository::discover(&beside("sha256")).unwrap();
    let head = repository.head().unwrap().unwrap();
    assert!(repository.way(&head, "Overlift-Plan").unwrap().has(&head));
    assert!(!Checkout::new(beside("sha256")).is_surely_clean());
}

/// An object that is not there, or is damaged, is no end: git says what it says.
#[test]
fn what_is_damaged_is_asked_of_git() {
    let world = World::new(&[("a/x", "1"), ("b/y", "1")]);
    world.write("a/x", "2");
    let head = world.commit("more");
    let blob = world.git(&["rev-parse", "HEAD:a/x"]);
    let tree = world.git(&["rev-parse", "HEAD~1:a"]);
    let file = |id: &str| world.root.join(".git/objects").join(&id[..2]).join(&id[2..]);
    let pair = (&path("a"), &path("b"));
    let repository = world.repository();
    let way = repository.way(&head, "Overlift-Plan").unwrap();
    let history = repository.folder_history(&way, pair).unwrap();
    fs::remove_file(file(&blob)).unwrap();
    assert_eq!(history.blob(&BlobId(blob.clone())).ok().flatten(), None);
    fs::set_permissions(file(&tree), fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(file(&tree), b"x\x9c damaged").unwrap();
    let error = repository.folder_history(&way, pair).err().map(|error| error.to_string());
    let told = by_git(&world).folder_history(&way, pair).err().map(|error| error.to_string());
    assert_eq!(error, told);
    assert!(error.is_some());
}

fn pause() {
    std::thread::sleep(std::time::Duration::from_millis(30));
}

/// Files and what is not committed, by us and by git.
fn same_files(world: &World, why: &str) -> bool {
    let ours = Checkout::new(world.root.clone());
    let is_clean = ours.is_surely_clean();
    let theirs = Checkout::by_git_alone(world.root.clone());
    let root = RepoPath::root();
    assert_eq!(ours.list(&root).unwrap(), theirs.list(&root).unwrap(), "{why}");
    for file in theirs.list(&root).unwrap() {
        assert_eq!(ours.file(&file).unwrap(), theirs.file(&file).unwrap(), "{why}: {file}");
    }
    let uncommitted = theirs.repository().unwrap().uncommitted().unwrap();
    assert!(!is_clean || uncommitted.is_empty(), "{why}: {uncommitted:?}");
    is_clean
}

#[test]
fn a_working_tree_is_clean_only_if_git_says_so() {
    type Change = fn(&World);
    let cases: [(&str, bool, Change); 22] = [
        ("nothing", true, |_| {}),
        ("an empty folder", false, |it| fs::create_dir(it.root.join("a/empty")).unwrap()),
        ("other content", false, |it| it.write("a/x", "changed")),
        ("other content of the same length", false, |it| it.write("a/x", "2")),
        ("a new file", false, |it| it.write("a/new", "")),
        ("an ignored file", false, |it| it.write("a/x.swp", "")),
        ("an ignored folder", false, |it| it.write("out/x", "")),
        ("a file less", false, |it| fs::remove_file(it.root.join("a/x")).unwrap()),
        ("another mode", false, |it| {
            fs::set_permissions(it.root.join("a/x"), fs::Permissions::from_mode(0o755)).unwrap();
        }),
        ("a link in place of a file", false, |it| {
            fs::remove_file(it.root.join("a/x")).unwrap();
            symlink("y", it.root.join("a/x")).unwrap();
        }),
        ("a link in place of a folder", false, |it| {
            fs::rename(it.root.join("a"), it.root.join("c")).unwrap();
            symlink("c", it.root.join("a")).unwrap();
        }),
        ("something staged", false, |it| {
            it.write("a/x", "staged");
            it.git(&["add", "a/x"]);
            it.write("a/x", "1");
        }),
        ("something staged and gone", false, |it| drop(it.git(&["rm", "-q", "--cached", "a/x"]))),
        ("a file that is assumed to be unchanged", false, |it| {
            it.git(&["update-index", "--assume-unchanged", "a/x"]);
            it.write("a/x", "changed");
        }),
        ("a file that is not checked out", false, |it| {
            it.git(&["update-index", "--skip-worktree", "a/x"]);
            fs::remove_file(it.root.join("a/x")).unwrap();
        }),
        ("a file that is meant to be added", false, |it| {
            it.write("a/new", "");
            it.git(&["add", "-N", "a/new"]);
        }),
        ("another head", false, |it| drop(it.git(&["update-ref", "HEAD", "HEAD~1"]))),
        ("a repository within", false, |it| drop(git_in(&it.root, &["init", "-q", "a/inner"]))),
        ("an index of the fourth version", false, |it| {
            it.git(&["update-index", "--index-version", "4"]);
        }),
        ("a split index", false, |it| drop(it.git(&["update-index", "--split-index"]))),
        ("a sparse checkout", false, |it| drop(it.git(&["sparse-checkout", "set", "a"]))),
        ("the same content again", false, |it| it.write("a/x", "1")),
    ];
    for (why, is_clean, change) in cases {
        let world = World::new(&[
            ("a/x", "0"),
            ("a/y", "1"),
            ("b/c/z", "1"),
            (".gitignore", "*.swp\nout/\n"),
        ]);
        symlink("x", world.root.join("a/link")).unwrap();
        world.write("a/x", "1");
        world.commit("second");
        pause();
        world.git(&["status"]);
        change(&world);
        assert_eq!(same_files(&world, why), is_clean, "{why}");
    }
}

/// What was written in the same moment as the index may have been written again since git looked.
#[test]
fn what_changes_in_the_moment_of_the_index_is_seen() {
    for _ in 0..20 {
        let world = World::new(&[("a/x", "1"), ("a/y", "1")]);
        world.write("a/x", "2");
        same_files(&world, "at once");
        world.git(&["checkout", "-q", "--", "a/x"]);
        world.write("a/x", "3");
        let written = fs::metadata(world.root.join(".git/index")).unwrap().modified().unwrap();
        let file = fs::File::options().write(true).open(world.root.join("a/x")).unwrap();
        file.set_modified(written).unwrap();
        assert!(!same_files(&world, "in the index's moment"));
    }
}
