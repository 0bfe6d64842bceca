//! Many applications in one repository that the service watches.

use serde_json::json;

use crate::support::github::payloads;
use crate::support::scene::{RATE_5, REPO, Scene, rate};

const APPLICATIONS: usize = 30;

/// Each application goes from dev to staging by push, and to prod when somebody asks.
async fn scene() -> Scene {
    let configuration = "environments:\n- {name: dev, path: 'apps/{application}/dev'}\n\
         - {name: staging, path: 'apps/{application}/staging', trigger: push}\n\
         - {name: prod, path: 'apps/{application}/prod'}\n";
    let mut files = vec![(".github/overlift.yaml".to_owned(), configuration.to_owned())];
    for number in 0..APPLICATIONS {
        for environment in ["dev", "staging", "prod"] {
            let dir = format!("apps/app{number}/{environment}");
            let kustomization = "resources: [patches/rate.yaml]\n".to_owned();
            files.push((format!("{dir}/kustomization.yaml"), kustomization));
            files.push((format!("{dir}/patches/rate.yaml"), RATE_5.to_owned()));
        }
    }
    let files: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let scene = Scene::with_files(&files).await;
    scene.push_event(None).await;
    scene.drain().await;
    scene.github.forget_requests();
    scene
}

fn path(number: usize, environment: &str) -> String {
    format!("apps/app{number}/{environment}/patches/rate.yaml")
}

fn branches(scene: &Scene) -> Vec<String> {
    let (open, world) = (scene.open(), scene.github.world());
    let pulls = &world.repo(REPO).pulls;
    open.iter().map(|number| pulls[number].head.clone()).collect()
}

#[tokio::test]
async fn a_push_that_touches_one_application_promotes_that_one() {
    let scene = scene().await;
    assert!(scene.open().is_empty());
    scene.push(&[(&path(7, "dev"), &rate("6"))]).await;
    scene.drain().await;
    assert_eq!(branches(&scene), ["promote/app7/dev-to-staging"]);
    assert!(scene.github.request_count() <= 8, "{:?}", scene.github.requested());

    scene.github.forget_requests();
    scene.push(&[("README.md", "of no consequence")]).await;
    scene.drain().await;
    assert!(scene.github.request_count() <= 3, "{:?}", scene.github.requested());

    scene.github.forget_requests();
    scene.push(&[(&path(1, "dev"), &rate("6")), (&path(2, "dev"), &rate("7"))]).await;
    scene.drain().await;
    assert_eq!(scene.open().len(), 3);
    assert!(scene.github.request_count() <= 16, "{:?}", scene.github.requested());
}

#[tokio::test]
async fn who_asks_names_applications_or_means_all_that_have_something() {
    let scene = scene().await;
    let changed = [1, 2, 3].map(|number| (path(number, "staging"), rate("9")));
    let changed: Vec<(&str, &str)> =
        changed.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    scene.push(&changed).await;
    scene.drain().await;
    assert!(scene.open().is_empty(), "nobody asked");

    scene.github.add_person(REPO, "mona", "write");
    let issue = 900;
    scene.github.world().repo_mut(REPO).issues.insert(issue);
    scene.comment(issue, "mona", "/promote staging prod app1").await;
    scene.drain().await;
    assert_eq!(branches(&scene), ["promote/app1/staging-to-prod"]);

    let mut dispatch = payloads::workflow_dispatch(&scene.github.world(), REPO, "staging", "prod");
    dispatch["inputs"]["application"] = json!("app2, app4");
    scene.deliver("workflow_dispatch", &dispatch).await;
    scene.drain().await;
    assert_eq!(scene.open().len(), 2, "app4 has nothing");

    dispatch["inputs"]["application"] = json!("");
    scene.deliver("workflow_dispatch", &dispatch).await;
    scene.drain().await;
    assert_eq!(scene.open().len(), 3);

    let said = scene.said(issue).len();
    scene.comment(issue, "mona", "/promote staging prod nobody").await;
    scene.drain().await;
    let answers = scene.said(issue);
    assert_eq!(answers.len(), said + 1);
    assert!(answers[said].contains("there is no application `nobody`"), "{answers:?}");
}
