//! Whatever happens between a trigger and its pull request: one pull request, the newest state.

use std::sync::atomic::Ordering;

use crate::support::github::{endpoint, payloads};
use crate::support::scene::{FILES, RATE_PATH, REPO, Scene, copying, rate};

const BRANCH: &str = "promote/dev-to-staging";
const STAGED: &str = "overlays/staging/patches/rate.yaml";

/// One pull request with everything that belongs to it.
#[track_caller]
fn assert_right(scene: &Scene, value: &str, context: &str) {
    let open = scene.open();
    assert_eq!(open.len(), 1, "{context}: {}", scene.github.writes());
    assert_eq!(scene.file(BRANCH, STAGED), Some(rate(value)), "{context}");
    let world = scene.github.world();
    let pull = &world.repo(REPO).pulls[&open[0]];
    assert_eq!(pull.labels.len(), 2, "{context}: labels");
    assert!(pull.body.contains(&format!("{value}\"")) || pull.body.contains(value), "{context}");
    assert_eq!(pull.head_sha, world.repo(REPO).branches[BRANCH], "{context}");
    assert!(world.violations.is_empty(), "{context}: {:?}", world.violations);
}

fn writes(scene: &Scene) -> usize {
    scene.github.world().history.len()
}

/// Works until that many writes have happened on GitHub, and kills the process in that moment; false if there
/// are fewer.
async fn kill_after(scene: &mut Scene, count: usize) -> bool {
    let github = scene.github.clone();
    let happened = async {
        while github.world().history.len() < count {
            tokio::task::yield_now().await;
        }
    };
    let killed = tokio::select! {
        biased;
        () = happened => true,
        () = scene.drain() => false,
    };
    scene.restart().await;
    // The lease of the dead process lapses.
    scene.now.fetch_add(60_000, Ordering::SeqCst);
    killed
}

#[tokio::test]
async fn the_process_is_killed_after_every_write_while_it_opens() {
    for count in 1.. {
        let mut scene = Scene::new().await;
        let before = writes(&scene);
        scene.push(&[(RATE_PATH, &rate("6"))]).await;
        let killed = kill_after(&mut scene, before + count).await;
        scene.drain().await;
        assert_right(&scene, "6", &format!("killed after write {count}"));
        if !killed {
            assert!(count > 4, "opening takes more writes than {count}");
            return;
        }
    }
}

#[tokio::test]
async fn the_process_is_killed_after_every_write_while_it_updates() {
    for count in 1.. {
        let mut scene = Scene::new().await;
        scene.push(&[(RATE_PATH, &rate("6"))]).await;
        scene.drain().await;
        let number = scene.open();
        let before = writes(&scene);
        scene.push(&[(RATE_PATH, &rate("7"))]).await;
        let killed = kill_after(&mut scene, before + count).await;
        scene.drain().await;
        assert_right(&scene, "7", &format!("killed after write {count}"));
        assert_eq!(scene.open(), number);
        if !killed {
            assert!(count > 3, "updating takes more writes than {count}");
            return;
        }
    }
}

#[tokio::test]
async fn the_process_is_killed_after_every_write_while_it_closes() {
    for count in 1.. {
        let mut scene = Scene::new().await;
        scene.push(&[(RATE_PATH, &rate("6"))]).await;
        scene.drain().await;
        let number = scene.open()[0];
        let before = writes(&scene);
        scene.push(&[(RATE_PATH, &rate("5"))]).await;
        let killed = kill_after(&mut scene, before + count).await;
        scene.drain().await;
        assert!(scene.open().is_empty(), "killed after write {count}");
        assert_eq!(scene.said(number).len(), 1, "killed after write {count}");
        if !killed {
            return;
        }
    }
}

#[tokio::test]
async fn answers_are_lost_at_every_write() {
    for lost in [
        endpoint::CREATE_TREE,
        endpoint::CREATE_COMMIT,
        endpoint::CREATE_REF,
        endpoint::CREATE_PULL,
        endpoint::ADD_LABELS,
    ] {
        let scene = Scene::new().await;
        scene.push(&[(RATE_PATH, &rate("6"))]).await;
        scene.github.next(lost).loses_its_reply();
        scene.drain().await;
        assert!(scene.github.faults_are_over(), "{lost}");
        assert_right(&scene, "6", lost);
    }
}

#[tokio::test]
async fn github_is_down_for_a_while() {
    for status in [500, 502, 503, 429, 403] {
        let scene = Scene::new().await;
        scene.push(&[(RATE_PATH, &rate("6"))]).await;
        match status {
            429 | 403 => scene.github.next(endpoint::ANY).times(4).is_limited(status, Some(0)),
            _ => scene.github.next(endpoint::ANY).times(12).fails_with(status),
        }
        scene.drain().await;
        assert!(scene.github.faults_are_over(), "{status}");
        assert_right(&scene, "6", &format!("{status}"));
    }
    let scene = Scene::new().await;
    scene.push(&[(RATE_PATH, &rate("6"))]).await;
    scene.github.next(endpoint::ANY).times(10).is_cut();
    scene.drain().await;
    assert_right(&scene, "6", "cut connections");
}

#[tokio::test]
async fn many_triggers_for_one_pair_are_one_pull_request() {
    let scene = Scene::new().await;
    for number in 0..20 {
        scene.push(&[(RATE_PATH, &rate(&format!("1{number}")))]).await;
    }
    let ask = payloads::workflow_dispatch(&scene.github.world(), REPO, "dev", "staging");
    let asked =
        futures_util::future::join_all((0..30).map(|_| scene.deliver("workflow_dispatch", &ask)));
    assert!(asked.await.iter().all(|status| *status == 202));
    scene.drain().await;
    assert_right(&scene, "119", "50 triggers");
    let pulls = scene.github.world().repo(REPO).pulls.len();
    assert_eq!(pulls, 1, "{}", scene.github.writes());
}

#[tokio::test]
async fn the_database_is_lost_while_one_is_open() {
    let mut scene = Scene::new().await;
    scene.push(&[(RATE_PATH, &rate("6"))]).await;
    scene.drain().await;
    let (number, writes) = (scene.open(), scene.github.writes());
    scene.lose_the_database().await;
    let ask = payloads::repository_dispatch(&scene.github.world(), REPO, "dev", "staging");
    assert_eq!(scene.deliver("repository_dispatch", &ask).await, 202);
    scene.drain().await;
    assert_eq!(scene.github.writes(), writes, "ours by its trailers, and unchanged");
    scene.push(&[(RATE_PATH, &rate("7"))]).await;
    scene.drain().await;
    assert_right(&scene, "7", "after the loss");
    assert_eq!(scene.open(), number);
}

#[tokio::test]
async fn the_target_moved_meanwhile() {
    let scene = Scene::new().await;
    scene.push(&[(".github/overlift.yaml", &copying())]).await;
    scene.push(&[(RATE_PATH, &rate("6"))]).await;
    scene.drain().await;
    let number = scene.open();
    // Somebody edits by hand the very file that the promotion edits.
    let head = scene.push(&[(STAGED, &rate("5.5"))]).await;
    scene.drain().await;
    assert_right(&scene, "6", "on the new head");
    assert_eq!(scene.open(), number);
    assert_eq!(scene.github.world().repo(REPO).head(BRANCH).parents, [head]);
}

/// Each fault put the whole job off by up to 20 s: a promotion that nothing was known of was not done after 400 s.
#[tokio::test]
async fn a_cold_promotion_is_there_within_a_minute_though_each_request_fails_twice() {
    let newer = rate("6");
    let mut files = FILES.to_vec();
    for (path, text) in &mut files {
        if *path == RATE_PATH {
            *text = &newer;
        }
    }
    let scene = Scene::with_files(&files).await;
    scene.github.fail_first(2);
    let start = scene.now.load(Ordering::SeqCst);
    scene.push_event(None).await;
    scene.drain().await;
    let put_off_ms = scene.now.load(Ordering::SeqCst) - start;
    assert!(put_off_ms < 60_000, "{put_off_ms} ms");
    assert_right(&scene, "6", "each request fails twice");
}
