//! A push that is made to bring the service down: it is planned in a process of its own, shows as broken with the
//! limit that it met, and what comes after it is promoted as ever.

use std::time::Duration;

use crate::support::scene::{RATE_PATH, REPO, Scene, rate};

async fn told(path: &str, hostile: &str, words: &str) {
    let scene = Scene::new().await;
    let sound = {
        let world = scene.github.world();
        world.repo(REPO).file("main", path).unwrap()
    };
    scene.push(&[(path, hostile), (RATE_PATH, &rate("5"))]).await;
    scene.drain().await;
    {
        let world = scene.github.world();
        let statuses = &world.repo(REPO).statuses;
        let said = &statuses.last().expect("a failed status").description;
        assert!(said.contains(words), "{said}");
    }
    assert!(scene.open().is_empty());
    scene.push(&[(path, &sound), (RATE_PATH, &rate("6"))]).await;
    scene.drain().await;
    assert_eq!(scene.open().len(), 1);
    assert_eq!(scene.store.job_counts().await.unwrap().parked, 0);
}

/// A plan that asked for more files was killed once the thread that had begun it was idle for ten seconds.
#[test]
fn a_plan_outlives_the_thread_that_began_it() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_keep_alive(Duration::from_millis(1))
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let scene = Scene::new().await;
        scene.push(&[(RATE_PATH, &rate("7"))]).await;
        scene.drain().await;
        assert_eq!(scene.open().len(), 1);
    });
}

const KUSTOMIZATION: &str = "overlays/dev/kustomization.yaml";

#[tokio::test]
async fn a_path_without_end() {
    let path = "a/".repeat(100_000);
    let lines =
        format!("labels:\n- pairs: {{a: b}}\n  fields: [{{path: {path}z, create: true}}]\n");
    told(KUSTOMIZATION, &format!("resources: [../../base]\n{lines}"), "400 levels deep").await;
}

#[tokio::test]
async fn a_text_that_is_copied_and_copied() {
    let text = "x".repeat(4 << 20);
    let copies: String = (0..400)
        .map(|n| format!("    - {{op: copy, from: /metadata/annotations/a, path: /metadata/annotations/b{n}}}\n"))
        .collect();
    let lines = format!(
        "commonAnnotations: {{a: {text}}}\npatches:\n- target: {{name: '.*'}}\n  patch: |-\n    - {{op: add, path: /metadata/annotations, value: {{a: {text}}}}}\n{copies}"
    );
    told(KUSTOMIZATION, &format!("resources: [../../base]\n{lines}"), "MiB").await;
}
