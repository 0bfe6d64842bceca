//! How many requests a promotion costs.

use crate::support::scene::{OF_NO_CONSEQUENCE, RATE_PATH, REPO, Scene, rate};

#[tokio::test]
async fn a_warm_promotion_takes_eight_requests_and_one_that_changes_nothing_three() {
    let scene = Scene::new().await;
    scene.push(&[(RATE_PATH, &rate("6"))]).await;
    scene.drain().await;
    let first = scene.open()[0];
    let before = scene.head("main");
    scene.github.world().merge(REPO, first, "mona").unwrap();
    let closed = {
        let world = scene.github.world();
        crate::support::github::payloads::pull_request_closed(&world, REPO, first, "mona")
    };
    scene.deliver("pull_request", &closed).await;
    scene.push_event(Some(&before)).await;
    scene.drain().await;
    scene.github.forget_requests();
    scene.push(&[(RATE_PATH, &rate("7"))]).await;
    scene.drain().await;
    assert_eq!(scene.open().len(), 1);
    assert!(scene.github.request_count() <= 8, "{:?}", scene.github.requested());

    scene.github.forget_requests();
    scene.push(&[OF_NO_CONSEQUENCE]).await;
    scene.drain().await;
    assert!(scene.github.request_count() <= 3, "{:?}", scene.github.requested());

    scene.github.forget_requests();
    scene.push(&[("README.md", "of no consequence")]).await;
    scene.drain().await;
    assert!(scene.github.request_count() <= 3, "{:?}", scene.github.requested());
}

#[tokio::test]
async fn the_first_promotion_of_a_pair_takes_eight_requests_too() {
    let scene = Scene::new().await;
    scene.push(&[(RATE_PATH, &rate("6"))]).await;
    scene.drain().await;
    assert!(scene.github.request_count() <= 8, "{:?}", scene.github.requested());
}

/// Statuses of commits that nobody runs and of one that an environment runs cost no request. How long ten thousand of
/// them take, and how much memory:
/// `OVERLIFT_STATUSES=10000 cargo nextest run -E 'test(flood_of_statuses)' --no-capture`.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_statuses_costs_no_request() {
    let wanted = std::env::var("OVERLIFT_STATUSES").ok().and_then(|number| number.parse().ok());
    let mut files = crate::support::scene::FILES.to_vec();
    let configuration = "environments:\n- {name: dev, path: overlays/dev, health: {statuses: [argocd/dev]}}\n\
        - {name: staging, path: overlays/staging, trigger: healthy}\n";
    files[0].1 = configuration;
    let scene = Scene::with_files(&files).await;
    scene.push_event(None).await;
    scene.drain().await;
    scene.github.forget_requests();
    let head = scene.head("main");
    let started = std::time::Instant::now();
    for batch in 0..wanted.unwrap_or(1_000) / 50_u32 {
        let one = async |number: u32| {
            let other = format!("{:040x}", batch * 50 + number);
            let sha = if number == 0 { &head } else { &other };
            scene.status(sha, &format!("ci/job-{}", number % 7), "success").await;
        };
        futures_util::future::join_all((0..50).map(one)).await;
        if batch % 20 == 19 {
            scene.work().await;
            eprintln!("{} statuses, {:?}, {}", (batch + 1) * 50, started.elapsed(), resident());
        }
    }
    assert_eq!(scene.github.request_count(), 0, "{:?}", scene.github.requested());
}

/// What this process has in memory, in the kernel's words.
fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or_default().to_owned()
}
