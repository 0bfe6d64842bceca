//! What things cost in requests: GitHub counts them, and so do we.

use overlift::rooms::github::*;

use crate::support::github::endpoint::*;
use crate::support::github_scene::{REPO, Scene, as_app, branch, edit, repo_name};

/// What a push costs until its pull request is there, with all but one blob in the cache.
#[tokio::test]
async fn a_warm_promotion_takes_eight_requests_and_one_for_labels_less_if_the_search_is_not_needed()
{
    let scene = Scene::new(&[("dev/a", "1\n"), ("dev/b", "2\n")]).await;
    let head = scene.head().await;
    let tree = scene.repository.fetch_tree(&head.tree).await.unwrap();
    let wanted = tree.entries.values().map(|entry| entry.sha.clone()).collect();
    scene.repository.fetch_blobs(&wanted, &head.sha).await.unwrap();
    scene.stand_in.commit(REPO, "main", "mona", &[("dev/a", "changed\n")]);
    scene.stand_in.forget_requests();

    let head = scene.head().await;
    let tree = scene.repository.fetch_tree(&head.tree).await.unwrap();
    let wanted = tree.entries.values().map(|entry| entry.sha.clone()).collect();
    scene.repository.fetch_blobs(&wanted, &head.sha).await.unwrap();
    let edits = [edit("prod/a", Some(b"changed\n"))];
    let new = NewCommit { parent: &head.sha, tree: &tree, edits: &edits, message: "Promote" };
    let commit = scene.repository.create_commit(&new).await.unwrap();
    let created = scene.repository.create_branch(&branch("promote/a-to-b"), &commit.sha).await;
    assert_eq!(created.unwrap(), BranchCreation::Created);
    let Opened::Created(pull) = scene.open().await.unwrap() else { panic!("not created") };
    scene.repository.add_labels(pull.number, &["promotion".into()]).await.unwrap();
    let want = [
        GET_BRANCH,
        GET_TREE,
        GET_BLOB,
        CREATE_TREE,
        CREATE_COMMIT,
        CREATE_REF,
        CREATE_PULL,
        ADD_LABELS,
    ];
    assert_eq!(scene.stand_in.requested(), want);
}

#[tokio::test]
async fn looking_when_nothing_changed_takes_two_requests_and_no_rate_limit() {
    let scene = Scene::with_branch().await;
    scene.open().await.unwrap();
    let look = async || {
        let head = scene.head().await;
        scene.repository.fetch_tree(&head.tree).await.unwrap();
        scene.find(Search::All).await
    };
    let first = look().await;
    scene.stand_in.forget_requests();
    let remaining = scene.stand_in.world().remaining;
    assert_eq!(look().await, first);
    assert_eq!(scene.stand_in.requested(), [GET_BRANCH, LIST_PULLS]);
    assert_eq!(scene.stand_in.world().remaining, remaining, "304 is free");

    scene.stand_in.commit(REPO, "promote/a-to-b", "somebody", &[("x", "y")]);
    assert_ne!(look().await, first, "and never stale");
}

#[tokio::test]
async fn what_is_left_is_known() {
    let scene = Scene::new(&[("a", "1\n")]).await;
    scene.stand_in.world().remaining = 4000;
    let github = as_app(&scene.stand_in);
    let repository = github.repository(&repo_name(), None).await.unwrap();
    repository.fetch_head(&branch("main")).await.unwrap();
    let left = github.rates_left();
    let ours = left.iter().find(|rate| rate.installation.is_some()).unwrap();
    assert_eq!(ours.limit, 5000);
    assert!(ours.remaining < 4000);
    let counts = github.request_counts();
    assert_eq!(counts[&("find the branch's head", 200)], 1);
}
