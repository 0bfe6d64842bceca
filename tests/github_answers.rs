//! Every verb of `github` against the stand-in, as a person's token and as an App.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use overlift::rooms::github::*;
use overlift::rooms::model::*;
use serde_json::json;

use crate::support::github::endpoint::*;
use crate::support::github::objects::Leaf;
use crate::support::github::{APP_ID, APP_KEY, APP_KEY_PKCS8, GithubStandIn};
use crate::support::github_scene::*;

#[tokio::test]
async fn the_head_comes_with_its_tree_in_one_request() {
    let scene = Scene::new(&[("a/b", "1\n")]).await;
    scene.head().await;
    scene.stand_in.forget_requests();
    let head = scene.head().await;
    assert_eq!(scene.stand_in.requested(), [GET_BRANCH]);
    let stored = scene.stand_in.world().repo(REPO).head("main");
    assert_eq!((head.sha.as_str(), head.tree.as_str()), (&*stored.sha, &*stored.tree));
    assert_eq!(scene.repository.fetch_head(&branch("other")).await.unwrap(), None);
    assert_eq!(scene.repository.fetch_default_branch().await.unwrap(), branch("main"));
}

#[tokio::test]
async fn odd_branch_names_survive_the_way() {
    let scene = Scene::new(&[("a", "1\n")]).await;
    let commit = scene.commit(&[edit("b", Some(b"2"))], "x").await;
    for name in ["odd#name", "a/b/c", "ä b?".replace([' ', '?'], "%").as_str(), "x%2Fy", "p+q&r"] {
        let name = branch(name);
        let created = scene.repository.create_branch(&name, &commit.sha).await.unwrap();
        assert_eq!(created, BranchCreation::Created, "{name}");
        assert_eq!(scene.repository.fetch_tip(&name).await.unwrap().as_ref(), Some(&commit.sha));
        assert_eq!(scene.repository.fetch_head(&name).await.unwrap().unwrap().sha, commit.sha);
        scene.repository.delete_branch(&name, &commit.sha).await.unwrap();
        scene.repository.delete_branch(&name, &commit.sha).await.unwrap();
        assert_eq!(scene.repository.fetch_tip(&name).await.unwrap(), None);
    }
}

#[tokio::test]
async fn trees_are_whole_with_modes_and_submodules() {
    let scene = Scene::new(&[("a.b", "x"), ("a/c/d", "y"), ("a-", "z")]).await;
    {
        let mut world = scene.stand_in.world();
        let time = world.tick();
        let repo = world.repo_mut(REPO);
        let mut leaves = repo.leaves(&repo.branches["main"].clone());
        let link = repo.objects.put_blob(b"a/c/d");
        leaves.insert("link".into(), Leaf { mode: "120000".into(), sha: link });
        let sha = "1".repeat(40);
        leaves.insert("module".into(), Leaf { mode: "160000".into(), sha });
        leaves.get_mut("a-").unwrap().mode = "100755".into();
        let tree = repo.objects.put_tree(&leaves);
        let sha = repo.objects.put_commit(&tree, &[], "mona", time, "odd");
        repo.branches.insert("main".into(), sha);
    }
    let tree = scene.repository.fetch_tree(&scene.head().await.tree).await.unwrap();
    let modes: Vec<_> =
        tree.entries.iter().map(|(path, entry)| (path.as_str(), entry.mode.git())).collect();
    let want = [
        ("a-", "100755"),
        ("a.b", "100644"),
        ("a/c/d", "100644"),
        ("link", "120000"),
        ("module", "160000"),
    ];
    assert_eq!(modes, want);
}

#[tokio::test]
async fn truncated_trees_are_walked() {
    let files: Vec<(String, String)> =
        (0..60).map(|n| (format!("d{}/e{}/f{n}", n % 3, n % 4), n.to_string())).collect();
    let files: Vec<_> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
    let scene = Scene::new(&files).await;
    scene.stand_in.world().truncate_trees_at = 10;
    let tree = scene.repository.fetch_tree(&scene.head().await.tree).await.unwrap();
    assert_eq!(tree.entries.len(), 60);
    assert!(scene.stand_in.requested().iter().filter(|name| **name == GET_TREE).count() > 3);
}

fn wanted(tree: &RepoTree) -> BTreeSet<BlobSha> {
    tree.entries.values().map(|entry| entry.sha.clone()).collect()
}

#[tokio::test]
async fn blobs_come_one_by_one_or_as_a_tarball_and_then_from_the_cache() {
    for count in [3, 40] {
        let files: Vec<(String, String)> =
            (0..count).map(|n| (format!("f{n}"), format!("text {n}\n").repeat(n + 1))).collect();
        let files: Vec<_> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
        let scene = Scene::new(&files).await;
        let head = scene.head().await;
        let tree = scene.repository.fetch_tree(&head.tree).await.unwrap();
        scene.stand_in.forget_requests();
        let blobs = scene.repository.fetch_blobs(&wanted(&tree), &head.sha).await.unwrap();
        for (path, text) in &files {
            let sha = &tree.entries[&RepoPath::parse(path).unwrap()].sha;
            assert_eq!(&*blobs[sha], text.as_bytes());
        }
        let want = if count == 3 { vec![GET_BLOB; 3] } else { vec![GET_TARBALL] };
        assert_eq!(scene.stand_in.requested(), want);
        scene.stand_in.forget_requests();
        assert_eq!(scene.repository.fetch_blobs(&wanted(&tree), &head.sha).await.unwrap(), blobs);
        scene.repository.fetch_tree(&head.tree).await.unwrap();
        assert_eq!(scene.stand_in.request_count(), 0);
        assert!(scene.stand_in.world().violations.is_empty(), "no credential for another host");
    }
}

#[tokio::test]
async fn a_cold_start_in_small_steps_ends_in_a_tarball_too() {
    let files: Vec<(String, String)> =
        (0..60).map(|n| (format!("f{n:02}"), format!("text {n}"))).collect();
    let files: Vec<_> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
    let scene = Scene::new(&files).await;
    let head = scene.head().await;
    let tree = scene.repository.fetch_tree(&head.tree).await.unwrap();
    let all: Vec<BlobSha> = wanted(&tree).into_iter().collect();
    scene.stand_in.forget_requests();
    for some in all.chunks(5) {
        let some: BTreeSet<BlobSha> = some.iter().cloned().collect();
        assert_eq!(scene.repository.fetch_blobs(&some, &head.sha).await.unwrap().len(), some.len());
    }
    let singles = vec![GET_BLOB; 15];
    assert_eq!(scene.stand_in.requested(), [singles, vec![GET_TARBALL]].concat());
}

#[tokio::test]
async fn what_a_tarball_lacks_is_asked_for() {
    let files: Vec<(String, String)> =
        (0..20).map(|n| (format!("f{n}"), format!("text {n}"))).collect();
    let files: Vec<_> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
    let scene = Scene::new(&files).await;
    let older = scene.head().await;
    scene.stand_in.commit(REPO, "main", "mona", &[("new", "new")]);
    let head = scene.head().await;
    let tree = scene.repository.fetch_tree(&head.tree).await.unwrap();
    scene.stand_in.forget_requests();
    let blobs = scene.repository.fetch_blobs(&wanted(&tree), &older.sha).await.unwrap();
    assert_eq!(blobs.len(), 21);
    assert_eq!(scene.stand_in.requested(), [GET_TARBALL, GET_BLOB]);
}

#[tokio::test]
async fn a_damaged_cache_is_noticed() {
    let stand_in = GithubStandIn::start().await;
    stand_in.add_repository(REPO, &[("a", "good")]);
    let token = stand_in.add_person(REPO, "mona", "write");
    let directory = tempfile::tempdir().unwrap();
    let with_cache = GithubSettings {
        cache_directory: Some(directory.path().to_owned()),
        ..settings(&stand_in, Authentication::Token(credential(&token)))
    };
    let read = async || {
        let github = Github::new(&with_cache).unwrap();
        let repository = github.repository(&repo_name(), None).await.unwrap();
        let head = repository.fetch_head(&branch("main")).await.unwrap().unwrap();
        let tree = repository.fetch_tree(&head.tree).await.unwrap();
        repository.fetch_blobs(&wanted(&tree), &head.sha).await.unwrap()
    };
    let good = read().await;
    stand_in.forget_requests();
    assert_eq!(read().await, good);
    assert_eq!(stand_in.requested(), [GET_BRANCH], "a later process finds the cache");
    for file in std::fs::read_dir(directory.path()).unwrap() {
        std::fs::write(file.unwrap().path(), "bad!").unwrap();
    }
    assert_eq!(read().await, good);
    assert_eq!(read().await, good);
}

#[tokio::test]
async fn a_commit_takes_two_requests_and_has_the_tree_that_was_planned() {
    let scene = Scene::new(&[("a/keep", "1\n"), ("a/gone", "2\n"), ("src", "same\n")]).await;
    let head = scene.head().await;
    let tree = scene.repository.fetch_tree(&head.tree).await.unwrap();
    let executable = File { mode: FileMode::Executable, content: (*b"#!x\n").into() };
    let link = File { mode: FileMode::Symlink, content: (*b"keep").into() };
    let edits = [
        edit("a/gone", None),
        edit("a/copy", Some(b"same\n")),
        edit("n/ew", Some("ünï\n".as_bytes())),
        FileEdit { path: path("run"), before: None, after: Some(executable) },
        FileEdit { path: path("a/link"), before: None, after: Some(link) },
    ];
    scene.stand_in.forget_requests();
    let message = "Promote\n\nOverlift-Plan: 1";
    let new = NewCommit { parent: &head.sha, tree: &tree, edits: &edits, message };
    let commit = scene.repository.create_commit(&new).await.unwrap();
    assert_eq!(scene.stand_in.requested(), [CREATE_TREE, CREATE_COMMIT]);
    assert_eq!(commit.tree, tree.sha_with_edits(&edits));
    assert_eq!((&commit.parents, &*commit.message), (&vec![head.sha.clone()], message));
    assert_eq!(scene.repository.fetch_commit(&commit.sha).await.unwrap().unwrap(), commit);

    let world = scene.stand_in.world();
    let request = world.requests.iter().find(|request| request.endpoint == CREATE_COMMIT).unwrap();
    assert_eq!(request.body.get("author"), None, "left to GitHub, which then signs");
    assert_eq!(request.body.get("committer"), None);
    let stored = world.repo(REPO).objects.commit(commit.sha.as_str()).unwrap();
    assert_eq!(stored.author, "overlift[bot]");
    let modes: BTreeMap<_, _> = world
        .repo(REPO)
        .objects
        .leaves(&stored.tree)
        .into_iter()
        .map(|(path, leaf)| (path, leaf.mode))
        .collect();
    assert_eq!(modes["run"], "100755");
    assert_eq!(modes["a/link"], "120000");
    assert!(!modes.contains_key("a/gone"));
}

#[tokio::test]
async fn content_that_is_no_text_survives() {
    let scene = Scene::new(&[("a", "1\n")]).await;
    let edits = [edit("bin", Some(b"\xff\x00\xfe")), edit("nul", Some(b"a\0b"))];
    let commit = scene.commit(&edits, "binary").await;
    let tree = scene.repository.fetch_tree(&commit.tree).await.unwrap();
    let blobs = scene.repository.fetch_blobs(&wanted(&tree), &commit.sha).await.unwrap();
    for FileEdit { path, after, .. } in &edits {
        assert_eq!(blobs[&tree.entries[path].sha], after.as_ref().unwrap().content);
    }
}

#[tokio::test]
async fn a_branch_is_made_once_and_moved_with_care() {
    let scene = Scene::with_branch().await;
    let name = branch("promote/a-to-b");
    let tip = scene.repository.fetch_tip(&name).await.unwrap().unwrap();
    let again = scene.repository.create_branch(&name, &tip).await.unwrap();
    assert_eq!(again, BranchCreation::Created, "it points where it should");
    let other = scene.commit(&[edit("c", Some(b"3"))], "other").await;
    let exists = scene.repository.create_branch(&name, &other.sha).await.unwrap();
    assert_eq!(exists, BranchCreation::Exists(tip.clone()));

    scene.repository.move_branch(&name, &tip, &other.sha).await.unwrap();

    scene.stand_in.commit(REPO, "promote/a-to-b", "somebody", &[("x", "y")]);
    let late = scene.repository.move_branch(&name, &other.sha, &tip).await;
    assert!(matches!(late, Err(GithubError::BranchMoved { .. })), "{late:?}");
    assert_eq!(scene.stand_in.world().repo(REPO).file("promote/a-to-b", "x").unwrap(), "y");

    let gone = scene.repository.move_branch(&branch("none"), &tip, &other.sha).await;
    assert!(matches!(gone, Err(GithubError::BranchMoved { .. })), "{gone:?}");
}

/// Compare and swap: a commit that somebody pushes after we looked stays, whatever comes between.
#[tokio::test]
async fn a_commit_that_is_pushed_meanwhile_is_never_moved_away() {
    for below in ["", "/api/v3"] {
        let scene = Scene::with_branch_below(below).await;
        scene.stand_in.speak_graphql(REPO);
        scene.open().await.unwrap();
        let name = branch("promote/a-to-b");
        let tip = scene.repository.fetch_tip(&name).await.unwrap().unwrap();
        let other = scene.commit(&[edit("c", Some(b"3"))], "other").await.sha;
        let third = scene.commit(&[edit("d", Some(b"4"))], "third").await.sha;
        scene.stand_in.forget_requests();
        scene.repository.move_branch(&name, &tip, &other).await.unwrap();
        assert_eq!(scene.stand_in.requested(), [GRAPHQL], "one request where REST needs two");

        scene.stand_in.next(GRAPHQL).loses_its_reply();
        scene.repository.move_branch(&name, &other, &third).await.unwrap();
        assert_eq!(scene.repository.fetch_tip(&name).await.unwrap(), Some(third.clone()));

        scene.stand_in.next(GRAPHQL).comes_after_a_push(REPO, "promote/a-to-b");
        let late = scene.repository.move_branch(&name, &third, &tip).await;
        assert!(matches!(late, Err(GithubError::BranchMoved { .. })), "{late:?}");
        let theirs = scene.repository.fetch_tip(&name).await.unwrap().unwrap();
        let kept = scene.stand_in.world().repo(REPO).file("promote/a-to-b", "theirs");
        assert_eq!(kept.unwrap(), "kept\n");
        assert!(!scene.stand_in.writes().contains("(forced)"));

        // Taking a branch away looks too.
        scene.stand_in.next(GRAPHQL).comes_after_a_push(REPO, "promote/a-to-b");
        scene.repository.delete_branch(&name, &theirs).await.unwrap();
        let newest = scene.repository.fetch_tip(&name).await.unwrap().unwrap();
        assert_ne!(newest, theirs);
        scene.repository.delete_branch(&name, &newest).await.unwrap();
        assert_eq!(scene.repository.fetch_tip(&name).await.unwrap(), None);
    }
}

#[tokio::test]
async fn without_graphql_the_tip_is_read_right_before_and_graphql_asked_for_once() {
    let scene = Scene::with_branch().await;
    scene.stand_in.world().repo_mut(REPO).node_id = Some("R_1".to_owned());
    scene.open().await.unwrap();
    let name = branch("promote/a-to-b");
    let tip = scene.repository.fetch_tip(&name).await.unwrap().unwrap();
    let other = scene.commit(&[edit("c", Some(b"3"))], "other").await.sha;
    scene.stand_in.forget_requests();
    scene.repository.move_branch(&name, &tip, &other).await.unwrap();
    assert_eq!(scene.stand_in.requested(), [GRAPHQL, GET_REF, UPDATE_REF]);
    scene.stand_in.forget_requests();
    scene.repository.move_branch(&name, &other, &tip).await.unwrap();
    assert_eq!(scene.stand_in.requested(), [GET_REF, UPDATE_REF]);
    scene.stand_in.commit(REPO, "promote/a-to-b", "somebody", &[("x", "y")]);
    let late = scene.repository.move_branch(&name, &tip, &other).await;
    assert!(matches!(late, Err(GithubError::BranchMoved { .. })), "{late:?}");
    scene.repository.delete_branch(&name, &tip).await.unwrap();
    assert!(scene.repository.fetch_tip(&name).await.unwrap().is_some());
}

#[tokio::test]
async fn finds_its_pull_request_among_130_others() {
    let scene = Scene::with_branch().await;
    let opened = scene.open().await.unwrap();
    let Opened::Created(ours) = opened else { panic!("{opened:?}") };
    {
        let mut world = scene.stand_in.world();
        let pull = world.repo(REPO).pulls[&ours.number.get()].clone();
        let repo = world.repo_mut(REPO);
        for n in 2..=131 {
            let mut other = pull.clone();
            other.number = n;
            other.head = if n % 2 == 0 { format!("other-{n}") } else { other.head };
            // A fork's branch may have the same name.
            other.from_here = n % 2 == 0;
            repo.pulls.insert(n, other);
        }
        repo.next_number = 131;
    }
    let found = scene.find(Search::Open).await;
    assert_eq!(found.iter().map(|found| found.number).collect::<Vec<_>>(), [ours.number]);
}

#[tokio::test]
async fn a_pull_request_is_opened_once_changed_and_closed() {
    let scene = Scene::with_branch().await;
    assert_eq!(scene.find(Search::All).await, []);
    let Opened::Created(pull) = scene.open().await.unwrap() else { panic!("not created") };
    let Opened::Exists(same) = scene.open().await.unwrap() else { panic!("created twice") };
    assert_eq!(pull.number, same.number);
    assert_eq!((&*pull.title, &*pull.body, pull.draft), ("Promote", "text", false));
    assert_eq!(pull.author, Some(Account { login: "overlift[bot]".into(), bot: true }));
    assert_eq!(pull.base, scene.head().await.sha);

    let change = PullRequestChange { title: Some("T"), body: Some("B"), close: false };
    let changed = scene.repository.change_pull_request(pull.number, &change).await.unwrap();
    assert_eq!((&*changed.title, &*changed.body), ("T", "B"));
    scene.repository.add_labels(pull.number, &["promotion".into(), "b".into()]).await.unwrap();
    scene.stand_in.add_person(REPO, "rita", "write");
    scene
        .repository
        .request_reviewers(pull.number, &["rita".into()], &["mesh".into()])
        .await
        .unwrap();
    scene.repository.add_assignees(pull.number, &["rita".into()]).await.unwrap();
    let read = scene.repository.fetch_pull_request(pull.number).await.unwrap().unwrap();
    assert_eq!((read.labels, read.mergeable), (vec!["b".into(), "promotion".into()], Some(true)));
    let nobody = scene.repository.request_reviewers(pull.number, &["nobody".into()], &[]).await;
    assert!(matches!(nobody, Err(GithubError::Refused { status: 422, .. })), "{nobody:?}");

    let close = PullRequestChange { close: true, ..PullRequestChange::default() };
    let closed = scene.repository.change_pull_request(pull.number, &close).await.unwrap();
    assert_eq!(closed.state, PullRequestState::Closed);
    assert_eq!(scene.find(Search::Open).await, []);
    assert_eq!(scene.find(Search::All).await[0].state, PullRequestState::Closed);
    assert_eq!(scene.repository.fetch_pull_request(number(99)).await.unwrap(), None);
}

#[tokio::test]
async fn a_merged_pull_request_says_as_what() {
    let scene = Scene::with_branch().await;
    scene.open().await.unwrap();
    let sha = scene.stand_in.world().merge(REPO, 1, "mona").unwrap();
    let state = scene.find(Search::All).await.remove(0).state;
    assert_eq!(state, PullRequestState::Merged(Some(CommitSha::parse(&sha).unwrap())));
}

#[tokio::test]
async fn nothing_between_the_branches_is_no_pull_request() {
    let scene = Scene::new(&[("a", "1\n")]).await;
    let head = scene.head().await;
    scene.repository.create_branch(&branch("promote/a-to-b"), &head.sha).await.unwrap();
    let error = scene.open().await.unwrap_err();
    assert!(error.to_string().contains("No commits between main and promote/a-to-b"), "{error}");
    assert_eq!(error.retry(), Retry::Never);
}

#[tokio::test]
async fn the_history_is_walked_back_to_the_last_promotion() {
    let scene = Scene::new(&[("overlays/b/x", "start")]).await;
    for n in 0..250 {
        let file = if n % 50 == 0 { "overlays/b/x" } else { "elsewhere" };
        scene.stand_in.commit(REPO, "main", "mona", &[(file, &n.to_string())]);
    }
    let head = scene.head().await;
    let mut seen = 0;
    let below = path("overlays/b");
    let count = |commit: &Commit| {
        seen += 1;
        commit.parents.is_empty()
    };
    assert!(scene.repository.walk_history(&head.sha, Some(&below), count).await.unwrap());
    assert_eq!(seen, 6);
    scene.stand_in.forget_requests();
    let mut seen = 0;
    let whole = scene.repository.walk_history(&head.sha, None, |_| {
        seen += 1;
        false
    });
    assert!(!whole.await.unwrap());
    assert_eq!((seen, scene.stand_in.request_count()), (251, 3));
}

#[tokio::test]
async fn commits_are_compared() {
    let scene = Scene::new(&[("a", "1\n")]).await;
    let before = scene.head().await.sha;
    scene.stand_in.commit(REPO, "main", "mona", &[("a", "2\n")]);
    let after = scene.head().await.sha;
    let side = scene.propose("side", &[edit("b", Some(b"x"))]).await.sha;
    scene.stand_in.commit(REPO, "main", "mona", &[("a", "3\n")]);
    let newest = scene.head().await.sha;
    for (a, b, want) in [
        (&before, &before, Ancestry::Identical),
        (&before, &after, Ancestry::Ahead),
        (&after, &before, Ancestry::Behind),
        (&newest, &side, Ancestry::Diverged),
    ] {
        assert_eq!(scene.repository.compare(a, b).await.unwrap(), want);
    }
}

#[tokio::test]
async fn comments_are_written_edited_and_reacted_to() {
    let scene = Scene::with_branch().await;
    scene.open().await.unwrap();
    let theirs = scene.stand_in.comment(REPO, 1, "mona", "/promote");
    let id = scene.repository.create_comment(number(1), "done").await.unwrap();
    assert!(scene.repository.edit_comment(id, "done better").await.unwrap());
    assert!(!scene.repository.edit_comment(99, "x").await.unwrap());
    for _ in 0..2 {
        assert!(scene.repository.react(theirs, Reaction::Eyes).await.unwrap());
    }
    assert!(!scene.repository.react(99, Reaction::Eyes).await.unwrap());
    let comments = scene.repository.fetch_comments(number(1)).await.unwrap();
    let texts: Vec<_> = comments.iter().map(|comment| &*comment.body).collect();
    assert_eq!(texts, ["/promote", "done better"]);
    assert_eq!(scene.stand_in.world().repo(REPO).comments[&theirs].reactions.len(), 1);
}

#[tokio::test]
async fn permissions_are_asked_from_github() {
    let scene = Scene::new(&[("a", "1\n")]).await;
    for (login, permission) in [("ann", "admin"), ("wim", "write"), ("rita", "read")] {
        scene.stand_in.add_person(REPO, login, permission);
    }
    for (login, want) in [
        ("ann", Permission::Admin),
        ("wim", Permission::Write),
        ("rita", Permission::Read),
        ("nobody", Permission::None),
        ("../../x", Permission::None),
    ] {
        assert_eq!(scene.repository.fetch_permission(login).await.unwrap(), want, "{login}");
    }
}

#[tokio::test]
async fn reports_as_check_run_or_as_status_where_the_token_may_not() {
    let at = Location::file(path("a.yaml")).at(Position { line: 3, column: 1 });
    let annotation =
        Annotation { at, level: AnnotationLevel::Failure, message: "not valid YAML".into() };
    let annotations = vec![annotation; 120];
    let scene = Scene::new(&[("a", "1\n")]).await;
    let head = scene.head().await;
    let report = Report {
        commit: &head.sha,
        name: "overlift/a-to-b",
        conclusion: Conclusion::Failure,
        title: &"t".repeat(200),
        summary: &"s".repeat(100_000),
        annotations: &annotations,
    };
    assert_eq!(scene.repository.report(&report).await.unwrap(), Reported::CheckRun);
    let run = scene.stand_in.world().repo(REPO).check_runs[0].1.clone();
    assert_eq!((&run["conclusion"], &run["status"]), (&json!("failure"), &json!("completed")));
    assert_eq!(run["output"]["annotations"].as_array().unwrap().len(), 120);
    assert_eq!(run["output"]["annotations"][0]["start_line"], 3);

    let token = scene.stand_in.add_person(REPO, "mona", "write");
    let person = as_person(&scene.stand_in, &token).repository(&repo_name(), None).await.unwrap();
    assert_eq!(person.report(&report).await.unwrap(), Reported::Status);
    scene.stand_in.world().installations.get_mut(&7).unwrap().lacks.insert("checks".into());
    assert_eq!(scene.repository.report(&report).await.unwrap(), Reported::Status);
    assert_eq!(scene.stand_in.world().repo(REPO).statuses[0].state, "failure");
}

#[tokio::test]
async fn one_token_serves_many_calls_and_is_renewed_when_it_is_refused() {
    let scene = Scene::new(&[("a", "1\n")]).await;
    let main = branch("main");
    let heads = (0..20).map(|_| scene.repository.fetch_head(&main));
    for head in futures_util::future::join_all(heads).await {
        assert!(head.unwrap().is_some());
    }
    let tokens = || scene.stand_in.requested().iter().filter(|name| **name == CREATE_TOKEN).count();
    assert_eq!(tokens(), 1);
    scene.stand_in.revoke_tokens();
    scene.head().await;
    assert_eq!(tokens(), 2);
    scene.stand_in.revoke_tokens();
    scene.propose("written-after-401", &[edit("b", Some(b"2"))]).await;
    assert_eq!(tokens(), 3);
}

#[tokio::test]
async fn tokens_that_end_soon_are_not_used() {
    let scene = Scene::new(&[("a", "1\n")]).await;
    scene.stand_in.world().token_seconds = 200;
    for _ in 0..3 {
        scene.head().await;
    }
    let requested = scene.stand_in.requested();
    assert_eq!(requested.iter().filter(|name| **name == CREATE_TOKEN).count(), 3);
}

#[tokio::test]
async fn keys_of_both_forms_are_good_and_another_key_is_not() {
    let stand_in = GithubStandIn::start().await;
    stand_in.add_repository(REPO, &[("a", "1\n")]);
    stand_in.install_app(7, &[REPO]);
    let app = |id: &str, key| Authentication::App { id: id.into(), private_key: credential(key) };
    let github = Github::new(&settings(&stand_in, app(APP_ID, APP_KEY_PKCS8))).unwrap();
    let repository = github.repository(&repo_name(), None).await.unwrap();
    assert!(repository.fetch_head(&branch("main")).await.unwrap().is_some());
    assert_eq!(github.fetch_login().await.unwrap(), "overlift[bot]");

    let github = Github::new(&settings(&stand_in, app("999", APP_KEY))).unwrap();
    let refused = github.repository(&repo_name(), None).await.map(|_| ());
    assert!(matches!(refused, Err(GithubError::Unauthorized { .. })), "{refused:?}");
}

#[tokio::test]
async fn an_app_that_is_not_installed_says_so() {
    let stand_in = GithubStandIn::start().await;
    stand_in.add_repository(REPO, &[("a", "1\n")]);
    stand_in.install_app(7, &[]);
    let refused = as_app(&stand_in).repository(&repo_name(), None).await.map(|_| ());
    let message = refused.unwrap_err().to_string();
    assert_eq!(message, "the App is not installed on `octo/mesh`");
}

#[tokio::test]
async fn a_wrong_token_and_a_reader_are_told_apart() {
    let stand_in = GithubStandIn::start().await;
    stand_in.add_repository(REPO, &[("a", "1\n")]);
    let reader = stand_in.add_person(REPO, "rita", "read");
    let main = branch("main");
    let wrong = as_person(&stand_in, "ghp_wrong0123456789").repository(&repo_name(), None).await;
    let error = wrong.unwrap().fetch_head(&main).await.unwrap_err();
    assert!(matches!(error, GithubError::Unauthorized { .. }), "{error}");
    let reads = as_person(&stand_in, &reader).repository(&repo_name(), None).await.unwrap();
    let head = reads.fetch_head(&main).await.unwrap().unwrap();
    let error = reads.create_branch(&branch("x"), &head.sha).await.unwrap_err();
    assert!(matches!(error, GithubError::Forbidden { .. }), "{error}");
}

#[tokio::test]
async fn enterprise_server_works_below_its_path_with_credentials_on_every_page() {
    let stand_in = GithubStandIn::start_below("/api/v3").await;
    stand_in.add_repository(REPO, &[("a", "1\n")]);
    stand_in.install_app(7, &[REPO]);
    for n in 0..250 {
        stand_in.commit(REPO, "main", "mona", &[("a", &n.to_string())]);
    }
    assert!(stand_in.api_url().ends_with("/api/v3"));
    let repository = as_app(&stand_in).repository(&repo_name(), None).await.unwrap();
    let head = repository.fetch_head(&branch("main")).await.unwrap().unwrap();
    let mut seen = 0;
    let count = |_: &Commit| {
        seen += 1;
        false
    };
    repository.walk_history(&head.sha, None, count).await.unwrap();
    assert_eq!(seen, 251);
}

#[tokio::test]
async fn lost_deliveries_can_be_found_and_read() {
    let stand_in = GithubStandIn::start().await;
    stand_in.add_repository(REPO, &[("a", "1\n")]);
    stand_in.add_repository("octo/other", &[("a", "1\n")]);
    stand_in.install_app(7, &[REPO]);
    stand_in.install_app(8, &["octo/other"]);
    for n in 0..230 {
        let status = if n == 3 { 0 } else { 202 };
        stand_in.add_delivery(&format!("guid-{n}"), "push", status, json!({ "n": n }));
    }
    let github = as_app(&stand_in);
    let mut failed = Vec::new();
    let collect = |attempt: &DeliveryAttempt| {
        if attempt.status_code == 0 {
            failed.push(attempt.clone());
        }
        false
    };
    github.walk_deliveries(collect).await.unwrap();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].delivery.as_str(), "guid-3");
    let content = github.fetch_delivery(failed[0].id).await.unwrap().unwrap();
    assert_eq!((&*content.event, &*content.body), ("push", &b"{\"n\":3}"[..]));
    assert_eq!(github.fetch_delivery(1).await.unwrap(), None);

    let installed = github.fetch_installed_repositories().await.unwrap();
    let names: Vec<_> =
        installed.iter().map(|repo| (repo.installation.0, repo.name.to_string())).collect();
    assert_eq!(names, [(7, "octo/mesh".to_owned()), (8, "octo/other".to_owned())]);
}

#[tokio::test]
async fn content_is_shared_and_not_copied() {
    let scene = Scene::new(&[("a", "1\n")]).await;
    let head = scene.head().await;
    let tree = scene.repository.fetch_tree(&head.tree).await.unwrap();
    let first = scene.repository.fetch_blobs(&wanted(&tree), &head.sha).await.unwrap();
    let second = scene.repository.fetch_blobs(&wanted(&tree), &head.sha).await.unwrap();
    assert!(first.iter().all(|(sha, content)| Arc::ptr_eq(content, &second[sha])));
}
