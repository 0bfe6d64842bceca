//! Notices: who subscribed is told, in order, at least once, and no promotion waits for it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use insta::assert_snapshot;

use crate::support::github::payloads;
use crate::support::receiver::StandInReceiver;
use crate::support::scene::{FILES, RATE_PATH, REPO, Scene, rate};

const ALL: &str = "notices:\n- {to: ops, format: json}\n";
const ENDS: &str = "notices:\n- {to: ops, on: [opened, merged], format: json}\n";

/// A repository with notices and the health of staging, and who receives them.
async fn scene(notices: &str) -> (Scene, StandInReceiver) {
    let configuration = format!(
        "environments:\n- name: dev\n  path: overlays/dev\n- name: staging\n  path: overlays/staging\n  \
         trigger: push\n  health:\n    statuses: [argocd/staging]\n- name: prod\n  path: overlays/prod\n{notices}"
    );
    let mut files = FILES.to_vec();
    files[0].1 = &configuration;
    let mut scene = Scene::with_files(&files).await;
    scene.github.add_person(REPO, "mona", "write");
    let receiver = StandInReceiver::start().await;
    scene.app = scene.app.clone().with_receivers(receiver.receivers());
    scene.push_event(None).await;
    scene.work().await;
    (scene, receiver)
}

/// Changes dev, which staging is promoted from by push.
async fn change(scene: &Scene, value: &str) -> u64 {
    scene.push(&[(RATE_PATH, &rate(value))]).await;
    scene.work().await;
    *scene.open().last().unwrap()
}

/// Merges a pull request and tells of all that GitHub tells.
async fn merge(scene: &Scene, number: u64) -> String {
    scene.merge(number).await;
    let payload = payloads::pull_request_closed(&scene.github.world(), REPO, number, "mona");
    assert_eq!(scene.deliver("pull_request", &payload).await, 202);
    scene.work().await;
    scene.head("main")
}

#[tokio::test]
async fn the_whole_life_of_a_promotion_is_told_in_order() {
    let (scene, receiver) = scene(ALL).await;
    let number = change(&scene, "6").await;
    scene.changed(number, "opened", "overlift-bot").await;
    scene.work().await;
    let commit = merge(&scene, number).await;
    scene.status(&commit, "argocd/staging", "failure").await;
    scene.work().await;
    scene.comment(number, "mona", "/undo").await;
    scene.work().await;
    let undo = scene.open()[0];
    merge(&scene, undo).await;

    let told = receiver.posted();
    assert!(told.iter().all(|posted| posted.signed && posted.path == "/ops"));
    assert!(told.iter().all(|posted| posted.json["attempt"] == 1));
    let web = scene.github.api_url();
    let lines: Vec<String> = told
        .iter()
        .map(|posted| {
            let url = posted.json["url"].as_str().unwrap_or_default().replace(&web, "WEB");
            format!("{} {url} {}", posted.event(), posted.summary())
        })
        .collect();
    assert_snapshot!(lines.join("\n"), @r"
    opened WEB/octo/mesh/pull/1 #1 was opened, dev → staging in octo/mesh: Promote dev -> staging
    held WEB/octo/mesh/pull/1 #1 is held, dev → staging in octo/mesh: checklist (items of the checklist are open)
    merged WEB/octo/mesh/pull/1 #1 was merged, dev → staging in octo/mesh
    degraded WEB/octo/mesh/pull/1 staging is degraded after #1, dev → staging in octo/mesh: argocd/staging is degraded: argocd/staging says failure
    opened WEB/octo/mesh/pull/2 #2 was opened, dev → staging in octo/mesh: Undo: Promote dev -> staging
    held WEB/octo/mesh/pull/2 #2 is held, dev → staging in octo/mesh: checklist (items of the checklist are open)
    merged WEB/octo/mesh/pull/2 #2 was merged, dev → staging in octo/mesh
    undone WEB/octo/mesh/pull/1 #1 was undone by #2, dev → staging in octo/mesh
    ");
    let mut ids: Vec<&str> =
        told.iter().map(|posted| posted.json["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), told.len());
    let first = &told[0].json;
    assert_eq!((&first["repository"], &first["source"]), (&REPO.into(), &"dev".into()));
    assert_eq!((&first["target"], &first["number"]), (&"staging".into(), &number.into()));
    assert!(first["application"].is_null());
}

#[tokio::test]
async fn who_subscribed_to_some_events_gets_these_in_the_form_that_was_asked_for() {
    let title = "pullRequest:\n  title: '<!channel> @here & {{ target }}'\n";
    let notices = "notices:\n- {to: chat, on: [opened]}\n- {to: CHAT, on: [failed], format: json}\n- {to: nobody}\n";
    let (scene, receiver) = scene(&format!("{notices}{title}")).await;
    let number = change(&scene, "6").await;
    merge(&scene, number).await;
    let told = receiver.posted();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(!told[0].signed && told[0].path == "/chat");
    let text = told[0].json["text"].as_str().unwrap().replace(&scene.github.api_url(), "WEB");
    assert_snapshot!(text.replace('\u{2060}', "_"), @"#1 was opened, dev → staging in octo/mesh: &lt;!channel&gt; @_here &amp; staging (<WEB/octo/mesh/pull/1|octo/mesh#1>)");
    assert_eq!(scene.store.job_counts().await.unwrap().parked, 0, "an unknown name is no job");
}

#[tokio::test]
async fn a_receiver_that_fails_for_an_hour_gets_all_of_it_in_order_afterwards() {
    let (scene, receiver) = scene(ENDS).await;
    receiver.always(Some(500));
    let number = change(&scene, "6").await;
    assert!(number > 0, "the promotion did not wait");
    merge(&scene, number).await;
    scene.later(60).await;
    let tried = receiver.posted();
    assert!(tried.len() > 20, "{}", tried.len());
    assert!(tried.iter().all(|it| it.event() == "opened"), "nothing overtakes what is not there");
    assert!(tried.iter().zip(1..).all(|(it, attempt)| it.json["attempt"] == attempt));
    let id = tried[0].json["id"].clone();
    assert!(tried.iter().all(|it| it.json["id"] == id));
    receiver.forget();
    receiver.always(None);
    scene.later(1).await;
    assert_eq!(receiver.events(), ["opened", "merged"], "{:?}", receiver.posted());
    scene.later(120).await;
    assert_eq!(receiver.events(), ["opened", "merged"], "once is enough");
    assert_eq!(scene.store.job_counts().await.unwrap().queued, 0);
}

#[tokio::test]
async fn what_arrived_but_was_not_noted_comes_again_with_the_same_id() {
    let (mut scene, receiver) = scene(ENDS).await;
    receiver.takes(Duration::from_secs(3_600));
    scene.push(&[(RATE_PATH, &rate("6"))]).await;
    // Killed while the receiver has it and has not answered.
    let has_it = async {
        while receiver.events().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        _ = scene.app.drain() => panic!("it waits for the receiver"),
        () = has_it => {}
    }
    assert_eq!(receiver.events(), ["opened"]);
    receiver.takes(Duration::ZERO);
    scene.restart().await;
    scene.app = scene.app.clone().with_receivers(receiver.receivers());
    // The lease of the process that is gone lapses.
    scene.now.fetch_add(30_000, Ordering::SeqCst);
    scene.work().await;
    let told = receiver.posted();
    let attempts: Vec<_> = told.iter().map(|it| it.json["attempt"].as_u64().unwrap()).collect();
    assert_eq!(attempts, [1, 2]);
    assert_eq!(told[0].json["id"], told[1].json["id"]);
}

#[tokio::test]
async fn two_replicas_tell_everything_once() {
    let (scene, receiver) = scene(ENDS).await;
    let mut other = scene.replica().await;
    other.app = other.app.clone().with_receivers(receiver.receivers());
    for value in ["6", "7", "8"] {
        scene.push(&[(RATE_PATH, &rate(value))]).await;
        let both = tokio::join!(scene.app.drain(), other.app.drain());
        assert!(both.0.is_ok() && both.1.is_ok());
        scene.work().await;
        for number in scene.open() {
            scene.merge(number).await;
            let payload =
                payloads::pull_request_closed(&scene.github.world(), REPO, number, "mona");
            assert_eq!(scene.deliver("pull_request", &payload).await, 202);
        }
        let both = tokio::join!(scene.app.drain(), other.app.drain());
        assert!(both.0.is_ok() && both.1.is_ok());
        scene.now.fetch_add(30_000, Ordering::SeqCst);
    }
    scene.work().await;
    assert_eq!(receiver.events(), ["opened", "merged"].repeat(3));
}

#[tokio::test]
async fn what_fails_is_told_once_and_again_when_it_fails_otherwise() {
    let (scene, receiver) = scene(ALL).await;
    let broken = [(RATE_PATH, "kind: [\n")];
    scene.push(&broken).await;
    scene.work().await;
    scene.push(&[("README.md", "x"), broken[0]]).await;
    scene.work().await;
    scene.push(&[("overlays/dev/kustomization.yaml", "resources: [nowhere.yaml]\n")]).await;
    scene.work().await;
    // The configuration itself: those who subscribed before are told.
    scene.push(&[(".github/overlift.yaml", "environments: nothing\n")]).await;
    scene.work().await;
    let told = receiver.posted();
    let told = told.iter().map(|it| format!("{} {}", it.event(), it.summary()));
    assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r"
    failed dev → staging in octo/mesh failed: `dev` cannot be built: overlays/dev/patches/rate.yaml:2:1: did not find expected node content, while parsing a flow node
    failed dev → staging in octo/mesh failed: `dev` cannot be built: overlays/dev/kustomization.yaml:1:13 (resources[0]): there is no `nowhere.yaml`
    failed the configuration of octo/mesh cannot be used, so nothing is promoted there: .github/overlift.yaml:1:15 (environments): expected a list, found a text
    ");
}

/// All the places that send are taken by a receiver that does not answer; promotions have their own.
#[tokio::test]
async fn a_receiver_that_hangs_is_in_nobodys_way() {
    let (scene, receiver) = scene("notices:\n- {to: ops, format: json}\n- {to: chat}\n").await;
    receiver.takes(Duration::from_secs(60));
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let (app, working) = (scene.app.clone(), stopped);
    let working = tokio::spawn(async move { app.work(working).await });
    scene.push(&[(RATE_PATH, &rate("6"))]).await;
    let opened = async {
        while scene.open().is_empty() || receiver.posted().len() < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), opened).await.expect("a pull request");
    let number = scene.open()[0];
    scene.merge(number).await;
    scene.push(&[(RATE_PATH, &rate("7"))]).await;
    let again = async {
        while scene.open().iter().all(|open| *open == number) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), again).await.expect("the next one");
    let _ = stop.send(true);
    working.abort();
}

#[tokio::test]
async fn holds_are_told_when_something_new_holds() {
    let (scene, receiver) = scene(ALL).await;
    let number = change(&scene, "6").await;
    scene.changed(number, "opened", "overlift-bot").await;
    scene.work().await;
    scene.changed(number, "edited", "mona").await;
    scene.work().await;
    assert_eq!(receiver.events(), ["opened", "held"], "the same holds are no news");
}
