//! A repository whose traffic moves in steps: its files, its configuration, and what people and GitHub do there.

use std::path::PathBuf;

use super::scene::{FILES, RATE_5, REPO, Scene};
pub use super::scene::{merge, promoted};

pub const CANARY: &str =
    "{virtualService: shop/api, to: canary, from: stable, weights: [10, 50, 100], pause: 10m}";
pub const SWITCH: &str = "{virtualService: shop/web, switch: [blue, green]}";

pub fn configuration(steps: &str, more: &str) -> String {
    format!(
        "environments:\n- {{name: staging, path: overlays/staging}}\n- name: prod\n  \
         path: overlays/prod\n  trigger: push\n  health: {{statuses: [argocd/prod]}}\n  \
         steps: [{steps}]\n{more}pullRequest: {{checklist: [], mergeMethod: squash}}\n"
    )
}

pub const AUTO: &str = "  pullRequest: {merge: auto}\n";

pub fn api(canary: u32) -> String {
    let stable = 100 - canary;
    format!(
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: api\n  namespace: shop\n  \
         annotations:\n    example.com/canary-percentage: \"{canary}\"\nspec:\n  http:\n  - route:\n    \
         - destination: {{host: api, subset: stable}}\n      weight: {stable} # most\n    \
         - destination: {{host: api, subset: canary}}\n      weight: {canary}\n"
    )
}

pub fn web(live: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  \
         http:\n  - route:\n    - destination: {{host: web, subset: {live}}}\n      weight: 100\n"
    )
}

/// The VirtualServices are each environment's own, or patched there.
pub async fn scene_with(configuration: &str, extra: &[(&str, &str)]) -> Scene {
    let (api_staging, api_prod, web_blue) = (api(100), api(0), web("blue"));
    let environment =
        "resources: [../../base, api.yaml, web.yaml]\npatches:\n- path: patches/rate.yaml\n";
    let mut files = FILES.to_vec();
    files[0].1 = configuration;
    files.retain(|(path, _)| !path.ends_with("/kustomization.yaml") || path.starts_with("base"));
    files.extend([
        ("overlays/staging/kustomization.yaml", environment),
        ("overlays/staging/api.yaml", &api_staging),
        ("overlays/staging/web.yaml", &web_blue),
        ("overlays/prod/kustomization.yaml", environment),
        ("overlays/prod/patches/rate.yaml", RATE_5),
        ("overlays/prod/api.yaml", &api_prod),
        ("overlays/prod/web.yaml", &web_blue),
    ]);
    files.extend(extra);
    let scene = Scene::with_files(&files).await;
    scene.github.add_person(REPO, "mona", "admin");
    scene.push_event(None).await;
    scene.work().await;
    scene
}

pub async fn scene(configuration: &str) -> Scene {
    scene_with(configuration, &[]).await
}

pub async fn heard(scene: &Scene, state: &str) {
    scene.set_status(&scene.head("main"), "argocd/prod", state).await;
    scene.work().await;
}

pub fn title(scene: &Scene, number: u64) -> String {
    scene.github.world().repo(REPO).pulls[&number].title.clone()
}

pub fn api_on(scene: &Scene, branch: &str) -> String {
    scene.file(branch, "overlays/prod/api.yaml").unwrap()
}

/// Promotes, merges the first step and waits until the second one is open; returns that.
pub async fn second_step(scene: &Scene) -> u64 {
    promoted(scene, "6").await;
    heard(scene, "success").await;
    scene.later(10).await;
    merge(scene, scene.open()[0]).await;
    heard(scene, "success").await;
    scene.later(10).await;
    scene.open()[0]
}

/// The folder of the fixture that shows a canary and a blue-green.
pub fn fixture() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/canary-and-blue-green")
}

/// All its files, by their paths in it.
pub fn fixture_files() -> Vec<(String, String)> {
    let (mut files, mut folders) = (Vec::new(), vec![fixture()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(fixture()).unwrap().to_str().unwrap().to_owned();
                files.push((name, std::fs::read_to_string(path).unwrap()));
            }
        }
    }
    files
}
