//! The pages of a scene, as the service serves them.

use std::net::SocketAddr;

use overlift::rooms::redact::{Credential, WebhookSecrets};
use overlift::rooms::server::{PageSettings, serve_with_pages};
use tokio::net::TcpListener;

use super::browser::{Answer, ask};
use super::github::payloads;
use super::scene::{FILES, RATE_PATH, REPO, Scene, rate};

pub const TOKEN: &str = "a-token-for-the-pages";

/// Pages of a scene.
pub struct Pages {
    pub scene: Scene,
    pub address: SocketAddr,
}

impl Pages {
    /// A scene with one merged promotion from dev to staging and one that is open.
    pub async fn new() -> Self {
        let scene = Scene::new().await;
        scene.push(&[(RATE_PATH, &rate("6"))]).await;
        scene.drain().await;
        let number = scene.open()[0];
        scene.merge(number).await;
        scene.drain().await;
        scene.push(&[(RATE_PATH, &rate("7"))]).await;
        scene.drain().await;
        Self::of(scene).await
    }

    pub async fn of(scene: Scene) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let token = Credential::new("token", TOKEN).unwrap();
        let pages = PageSettings::new(Some(token), "https://api.github.com");
        let secrets = WebhookSecrets::parse("a secret of the webhook").unwrap();
        let app = scene.app.clone();
        tokio::spawn(serve_with_pages(listener, app, secrets, pages, std::future::pending()));
        Self { scene, address }
    }

    pub async fn ask(&self, request: &str, headers: &str, body: &str) -> Answer {
        ask(self.address, request, headers, body).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path}"), &format!("authorization: Bearer {TOKEN}\r\n"), "").await
    }
}

/// Staging says how it is, prod is promoted by push and has a value of its own.
pub async fn with_health() -> Scene {
    const OWN: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: limits\ndata:\n  rate: \"5\"\n  burst: \"9\"\n";
    let configuration = "environments:\n- name: dev\n  path: overlays/dev\n- name: staging\n  \
         path: overlays/staging\n  trigger: push\n  health:\n    statuses: [argocd/staging]\n\
         - name: prod\n  path: overlays/prod\n  trigger: push\npromotion:\n  by: changes\n";
    let mut files = FILES.to_vec();
    files[0].1 = configuration;
    files.push(("overlays/prod/patches/rate.yaml", OWN));
    let prod = files.iter_mut().find(|(path, _)| *path == "overlays/prod/kustomization.yaml");
    prod.unwrap().1 = "resources: [../../base]\npatches:\n- path: patches/rate.yaml\n";
    let scene = Scene::with_files(&files).await;
    scene.github.add_person(REPO, "mona", "write");
    scene.push_event(None).await;
    scene.work().await;
    scene.push(&[(RATE_PATH, &rate("6"))]).await;
    scene.work().await;
    scene
}

/// Merges as mona, and tells of it; returns what the default branch is at.
pub async fn merge(scene: &Scene, number: u64) -> String {
    scene.merge(number).await;
    let payload = payloads::pull_request_closed(&scene.github.world(), REPO, number, "mona");
    assert_eq!(scene.deliver("pull_request", &payload).await, 202);
    scene.work().await;
    scene.head("main")
}

/// Promotions of many applications, as the service would have written them.
pub async fn fill(scene: &Scene, applications: u32, of_each: u32) {
    const FILL: &str = "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < $1) \
         INSERT INTO promotions (id, repository, application, source, target, branch, plan_id, base_digest, \
         base_commit, head_commit, tree, pull_request, state, created_at, updated_at) \
         SELECT 'x' || i, 'octo/many', 'app-' || (i / $2), 'dev', 'env-' || (i % $2), 'b', 'p', '', \
         '0123456789012345678901234567890123456789', '9876543210987654321098765432109876543210', '', \
         i, 'open', 1, 1 FROM n";
    let database = sqlx::SqlitePool::connect(&scene.database).await.unwrap();
    let last = applications * of_each - 1;
    sqlx::query(FILL).bind(last).bind(of_each).execute(&database).await.unwrap();
    database.close().await;
}
