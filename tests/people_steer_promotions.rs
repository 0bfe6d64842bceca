//! What people do on GitHub is respected: they ask, they close, they commit.

use crate::support::github::payloads;
use crate::support::scene::{OF_NO_CONSEQUENCE, RATE_PATH, REPO, Scene, copying, rate};

const BRANCH: &str = "promote/dev-to-staging";
const STAGED: &str = "overlays/staging/patches/rate.yaml";

async fn with_open() -> (Scene, u64) {
    let scene = Scene::new().await;
    scene.github.add_person(REPO, "mona", "write");
    scene.github.add_person(REPO, "rita", "read");
    scene.push(&[(RATE_PATH, &rate("6"))]).await;
    scene.drain().await;
    let number = scene.open()[0];
    (scene, number)
}

async fn close_as_a_person(scene: &Scene, number: u64) {
    let payload = {
        let mut world = scene.github.world();
        world.repo_mut(REPO).pulls.get_mut(&number).unwrap().open = false;
        payloads::pull_request_closed(&world, REPO, number, "mona")
    };
    assert_eq!(scene.deliver("pull_request", &payload).await, 202);
    scene.drain().await;
}

fn issue(scene: &Scene) -> u64 {
    scene.github.world().repo_mut(REPO).issues.insert(900);
    900
}

#[tokio::test]
async fn whoever_may_write_asks_and_gets_a_reaction() {
    let (scene, _) = with_open().await;
    // What staging has from the beginning on is promoted by copying only.
    scene.push(&[(".github/overlift.yaml", &copying())]).await;
    scene.drain().await;
    let number = issue(&scene);
    let comment = scene.comment(number, "mona", "please\n/promote staging prod\n").await;
    scene.drain().await;
    assert_eq!(scene.open().len(), 2, "{}", scene.github.writes());
    assert!(scene.reactions(comment).contains(&"rocket".to_owned()));
    assert!(scene.said(number).is_empty());
}

#[tokio::test]
async fn whoever_may_not_write_gets_one_reply_and_nothing_else() {
    let (scene, _) = with_open().await;
    let number = issue(&scene);
    for author in ["rita", "nobody"] {
        scene.comment(number, author, "/promote staging prod").await;
    }
    scene.drain().await;
    let said = scene.said(number);
    assert_eq!(said.len(), 2);
    assert!(said[0].starts_with("Only people who may write"), "{}", said[0]);
    assert_eq!(scene.open().len(), 1);
    let before = scene.github.writes();
    scene.comment(number, "rita", "I would not /promote this\n> /promote staging prod").await;
    scene.drain().await;
    assert_eq!(scene.github.writes(), before);
}

/// Whoever can read can comment; that must not use up what GitHub lets the installation ask.
#[tokio::test]
async fn a_reader_is_told_once_on_an_issue_and_then_only_counted() {
    let (mut scene, _) = with_open().await;
    scene.github.add_person(REPO, "rita", "read");
    let number = issue(&scene);
    scene.comment(number, "rita", "/promote dev staging").await;
    scene.drain().await;
    assert_eq!(scene.said(number).len(), 1);
    scene.github.forget_requests();
    for _ in 0..20 {
        scene.comment(number, "Rita", "/promote dev staging").await;
    }
    scene.drain().await;
    assert_eq!(scene.github.request_count(), 0, "{:?}", scene.github.requested());
    // On many issues: the answers have an end too.
    for another in 901..921 {
        scene.github.world().repo_mut(REPO).issues.insert(another);
        scene.comment(another, "rita", "/promote dev staging").await;
    }
    scene.drain().await;
    assert!(scene.github.request_count() <= 4 * 3, "{:?}", scene.github.requested());
    // Through a restart, and until it may have changed.
    scene.restart().await;
    scene.github.forget_requests();
    scene.comment(number, "rita", "/promote dev staging").await;
    scene.drain().await;
    assert_eq!(scene.github.request_count(), 0, "{:?}", scene.github.requested());
    scene.github.add_person(REPO, "rita", "write");
    scene.now.fetch_add(16 * 60 * 1000, std::sync::atomic::Ordering::SeqCst);
    let comment = scene.comment(number, "rita", "/promote dev staging").await;
    scene.drain().await;
    assert!(!scene.reactions(comment).is_empty());
}

#[tokio::test]
async fn a_question_that_cannot_be_answered_gets_a_reply_that_says_why() {
    let (scene, _) = with_open().await;
    let number = issue(&scene);
    for (asked, reply) in [
        ("/promote staging nowhere", "there is no environment `nowhere`"),
        ("/promote prod dev", "`dev` is not promoted from `prod`"),
        ("/promote a", "it has one word after it"),
        ("/promote dev staging cart", "there is no application `cart`; there are none"),
        ("/promote", "`/promote SOURCE TARGET`"),
    ] {
        scene.comment(number, "mona", asked).await;
        scene.drain().await;
        let said = scene.said(number);
        assert!(said.last().unwrap().contains(reply), "{asked}: {said:?}");
    }
    assert_eq!(scene.said(number).len(), 5);
    assert_eq!(scene.open().len(), 1);
}

#[tokio::test]
async fn closed_by_a_person_stays_closed_until_something_changes_or_somebody_asks() {
    let (scene, number) = with_open().await;
    close_as_a_person(&scene, number).await;
    // The same plan again: the file changes, its meaning does not... and back.
    scene.push(&[OF_NO_CONSEQUENCE]).await;
    scene.drain().await;
    assert!(scene.open().is_empty(), "{}", scene.github.writes());
    let ask = payloads::workflow_dispatch(&scene.github.world(), REPO, "dev", "staging");
    scene.deliver("workflow_dispatch", &ask).await;
    scene.drain().await;
    assert_eq!(scene.open().len(), 1);
    let second = scene.open()[0];
    assert_ne!(second, number);
    close_as_a_person(&scene, second).await;
    scene.push(&[(RATE_PATH, &rate("7"))]).await;
    scene.drain().await;
    assert_eq!(scene.open().len(), 1, "another plan is another question");
}

#[tokio::test]
async fn closed_by_a_person_is_remembered_without_the_database() {
    let (mut scene, number) = with_open().await;
    close_as_a_person(&scene, number).await;
    scene.lose_the_database().await;
    let before = scene.head("main");
    scene.github.commit(REPO, "main", "mona", &[OF_NO_CONSEQUENCE]);
    scene.push_event(Some(&before)).await;
    scene.drain().await;
    assert!(scene.open().is_empty(), "{}", scene.github.writes());
}

#[tokio::test]
async fn somebody_elses_commit_is_left_alone_until_somebody_asks_there() {
    let (scene, number) = with_open().await;
    let theirs = scene.github.commit(REPO, BRANCH, "mona", &[(STAGED, &rate("6.5"))]);
    for value in ["7", "8"] {
        scene.push(&[(RATE_PATH, &rate(value))]).await;
        scene.drain().await;
    }
    assert_eq!(scene.head(BRANCH), theirs);
    assert_eq!(scene.said(number).len(), 1, "said once");
    let comment = scene.comment(number, "mona", "/promote").await;
    scene.drain().await;
    assert_eq!(scene.file(BRANCH, STAGED), Some(rate("8")));
    assert!(scene.reactions(comment).contains(&"rocket".to_owned()));
    assert_eq!(scene.open(), [number]);
}

#[tokio::test]
async fn ticks_survive_the_same_diff_and_are_cleared_by_another() {
    let (scene, number) = with_open().await;
    scene.push(&[(".github/overlift.yaml", &copying())]).await;
    scene.drain().await;
    {
        let mut world = scene.github.world();
        let body = &mut world.repo_mut(REPO).pulls.get_mut(&number).unwrap().body;
        assert!(body.contains("- [ ] "), "{body}");
        *body = body.replacen("- [ ] ", "- [x] ", 1);
    }
    // Another plan with the same rendered diff: a comment in the patch.
    scene.push(&[(RATE_PATH, &format!("# why\n{}", rate("6")))]).await;
    scene.drain().await;
    assert!(scene.file(BRANCH, STAGED).unwrap().starts_with("# why"));
    assert!(scene.body(number).contains("- [x] "), "{}", scene.body(number));
    scene.push(&[(RATE_PATH, &rate("7"))]).await;
    scene.drain().await;
    assert!(!scene.body(number).contains("- [x] "), "{}", scene.body(number));
}

/// No signature covers a delivery's id. Whoever recorded a delivery can have it looked at again, and that is all.
#[tokio::test]
async fn a_signed_body_under_a_new_id_plans_again_and_nothing_else() {
    let (scene, number) = with_open().await;
    scene.github.add_person(REPO, "mona", "write");
    let before = scene.head("main");
    scene.push(&[(RATE_PATH, &rate("7"))]).await;
    let push = payloads::push(&scene.github.world(), REPO, "main", Some(&before));
    scene.drain().await;
    let asked = scene.github.comment(REPO, number, "mona", "/promote");
    let ask = payloads::issue_comment(&scene.github.world(), REPO, asked);
    scene.deliver("issue_comment", &ask).await;
    scene.push(&[(RATE_PATH, &rate("8"))]).await;
    scene.drain().await;
    let writes = scene.github.writes();
    for (event, body) in [("push", &push), ("issue_comment", &ask)] {
        assert_eq!(scene.deliver(event, body).await, 202);
        scene.drain().await;
        assert_eq!(scene.github.writes(), writes, "{event}: the newest state is there");
    }
    assert_eq!(scene.file(BRANCH, STAGED), Some(rate("8")));
    // What a person closed stays closed: a comment asks once.
    close_as_a_person(&scene, number).await;
    scene.drain().await;
    let writes = scene.github.writes();
    for (event, body) in [("push", &push), ("issue_comment", &ask)] {
        assert_eq!(scene.deliver(event, body).await, 202);
        scene.drain().await;
        assert_eq!((scene.open(), scene.github.writes()), (Vec::new(), writes.clone()), "{event}");
    }
}

#[tokio::test]
async fn a_dispatch_on_another_branch_is_refused() {
    let (scene, _) = with_open().await;
    let before = scene.github.writes();
    let mut ask = payloads::workflow_dispatch(&scene.github.world(), REPO, "staging", "prod");
    ask["ref"] = "refs/heads/feature".into();
    assert_eq!(scene.deliver("workflow_dispatch", &ask).await, 202);
    scene.drain().await;
    assert_eq!(scene.github.writes(), before);
}
