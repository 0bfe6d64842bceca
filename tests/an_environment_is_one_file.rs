//! "My environments are `values-staging.yaml` and `values-production.yaml`, side by side."

use crate::support::Repo;
use crate::support::scene::{REPO, Scene, merge};

fn values(host: &str, tag: &str, replicas: u32) -> String {
    format!(
        "# {host}\nimage:\n  repository: ghcr.io/acme/api\n  tag: {tag}\nreplicas: {replicas}  # ask first\nhost: {host}.acme.example\n"
    )
}

/// A chart with a file of values for each environment, and a newer image in staging.
fn chart(configuration: Option<&str>) -> Repo {
    let mut files = vec![
        ("helm_deploy/api/Chart.yaml", "apiVersion: v2\nname: api\nversion: 1.0.0\n".to_owned()),
        ("helm_deploy/api/values.yaml", "replicas: 1\n".to_owned()),
        ("helm_deploy/values-staging.yaml", values("api-staging", "1.0.0", 1)),
        ("helm_deploy/values-production.yaml", values("api-production", "1.0.0", 4)),
    ];
    files.extend(configuration.map(|it| (".github/overlift.yaml", it.to_owned())));
    let files: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let repo = Repo::new(&files);
    repo.write("helm_deploy/values-staging.yaml", &values("api-staging", "1.1.0", 2));
    repo.commit("a newer image");
    repo
}

const PAIR: [&str; 2] = ["staging", "production"];
const CONFIGURATION: &str = "version: 1\nenvironments:\n- name: staging\n  path: helm_deploy/values-staging.yaml\n- name: production\n  path: helm_deploy/values-production.yaml\n  trigger: push\n";

fn plan(repo: &Repo) -> serde_json::Value {
    let plan = repo.overlift(&[&["plan"], &PAIR[..], &["--json"]].concat()).ok();
    serde_json::from_str(&plan).unwrap()
}

#[test]
fn files_side_by_side_are_found_and_promoted_by_field() {
    let repo = chart(None);
    let status = repo.overlift(&["status"]).ok();
    insta::assert_snapshot!(status, @r"
    Found by their names; `overlift init` writes them to `.github/overlift.yaml`.

    staging     helm_deploy/values-staging.yaml, trigger manual
    production  helm_deploy/values-production.yaml, trigger manual
      from staging: 1 file to promote, what production will see is not rendered
    ");
    repo.overlift(&[&["promote"], &PAIR[..], &["--local"]].concat()).ok();
    assert_eq!(
        repo.read("helm_deploy/values-production.yaml"),
        values("api-production", "1.1.0", 4),
        "the tag comes; replicas and host are production's own"
    );
    assert_eq!(repo.read("helm_deploy/values-staging.yaml"), values("api-staging", "1.1.0", 2));
    let body = repo.overlift(&[&["plan"], &PAIR[..], &["--rev", "HEAD", "--body"]].concat()).ok();
    let told: Vec<&str> = body.lines().filter(|line| line.starts_with("- `values-")).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    - `values-production.yaml` `image.tag` `1.0.0` → **`1.1.0`**
    - `values-production.yaml` changed +1 −1: changes `image.tag`
    - `values-production.yaml` `replicas` `2` → **`4`**: production's own, and the source changed meanwhile
    - `values-production.yaml` `host` `api-staging.acme.example` → **`api-production.acme.example`**: each in its own environment's name
    ");
}

/// `values/cart-staging.yaml`: what stands beside the environment's name is the application.
#[test]
fn a_file_is_called_after_an_application_and_an_environment() {
    let path =
        |application: &str, environment: &str| format!("values/{application}-{environment}.yaml");
    let all = ["cart", "search"].map(|it| PAIR.map(|environment| (it, environment)));
    let files = all.iter().flatten().map(|(it, environment)| {
        (path(it, environment), values(&format!("{it}-{environment}"), "1.0.0", 1))
    });
    let files: Vec<(String, String)> = files.collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let repo = Repo::new(&files);
    repo.write(&path("cart", "staging"), &values("cart-staging", "1.1.0", 1));
    repo.commit("a newer image");
    let status = repo.overlift(&["status"]).ok();
    insta::assert_snapshot!(status, @r"
    Found by their names; `overlift init` writes them to `.github/overlift.yaml`.

    cart
      staging     values/cart-staging.yaml, trigger manual
      production  values/cart-production.yaml, trigger manual
        from staging: 1 file to promote, what production will see is not rendered
    search
      staging     values/search-staging.yaml, trigger manual
      production  values/search-production.yaml, trigger manual
        from staging: nothing to promote
    ");
    let init = repo.overlift(&["init", "--dry-run"]).ok();
    assert!(init.contains("path: \"values/{application}-production.yaml\"\n"), "{init}");
    repo.overlift(&[&["promote"], &PAIR[..], &["cart", "--local"]].concat()).ok();
    let production = |it: &str| repo.read(&path(it, "production"));
    assert_eq!(production("cart"), values("cart-production", "1.1.0", 1));
    assert_eq!(production("search"), values("search-production", "1.0.0", 1));
}

#[test]
fn the_configuration_calls_it_by_its_name() {
    let keep = "promotion: {by: changes, keep: [{file: values-production.yaml, fields: [image.tag]}], take: [{file: \"*\", fields: [replicas]}]}\n";
    let repo = chart(Some(&format!("{CONFIGURATION}{keep}")));
    repo.overlift(&[&["promote"], &PAIR[..], &["--local"]].concat()).ok();
    let production = repo.read("helm_deploy/values-production.yaml");
    assert_eq!(production, values("api-production", "1.0.0", 2));
}

#[test]
fn an_environment_that_is_not_there_yet_is_begun() {
    let more = CONFIGURATION.replace("production", "live");
    let repo = chart(Some(&more));
    let refused = repo.overlift(&["plan", "staging", "live"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("`--create`"), "{}", refused.stderr);
    repo.overlift(&["promote", "staging", "live", "--local", "--create"]).ok();
    assert!(repo.read("helm_deploy/values-live.yaml").contains("tag: 1.1.0"));
}

#[test]
fn a_file_and_a_folder_are_no_pair() {
    let folder = CONFIGURATION.replace("helm_deploy/values-production.yaml", "helm_deploy/api");
    let refused = chart(Some(&folder)).overlift(&[&["plan"], &PAIR[..]].concat());
    assert_eq!(refused.code, 2);
    insta::assert_snapshot!(refused.stderr, @"error: helm_deploy/api: this is a folder, and `staging` is a file: nothing leads from one to the other");
}

/// One file of manifests is built, and nothing beside it.
#[test]
fn a_file_of_manifests_is_rendered() {
    let map = |environment: &str, value: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: limits-{environment}\ndata:\n  rate: \"{value}\"\n"
        )
    };
    let repo = Repo::new(&[
        ("envs/staging.yaml", &map("staging", "5")),
        ("envs/production.yaml", &map("production", "5")),
    ]);
    repo.write("envs/staging.yaml", &map("staging", "6"));
    repo.commit("a higher rate");
    let rendered = repo.overlift(&[&["plan"], &PAIR[..], &["--diff", "rendered"]].concat()).ok();
    insta::assert_snapshot!(rendered, @r#"
    --- before/envs/production.yaml
    +++ after/envs/production.yaml
    @@ -1,6 +1,6 @@
     apiVersion: v1
     data:
    -  rate: "5"
    +  rate: "6"
     kind: ConfigMap
     metadata:
       name: limits-production
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_promotes_it_as_the_command_does() {
    let repo = chart(Some(CONFIGURATION));
    let id = plan(&repo)["planId"].as_str().unwrap().to_owned();
    let scene = Scene::with_files(&[]).await;
    scene.github.adopt(REPO, repo.root());
    scene.push_event(None).await;
    scene.work().await;
    {
        let world = scene.github.world();
        let message = &world.repo(REPO).head("promote/staging-to-production").message;
        assert!(message.contains(&format!("Overlift-Plan: {id}")), "{id}: {message}");
    }
    let number = scene.open()[0];
    merge(&scene, number).await;
    let production = "helm_deploy/values-production.yaml";
    assert_eq!(scene.file("main", production).unwrap(), values("api-production", "1.1.0", 4));
    scene.github.add_person(REPO, "mona", "write");
    scene.comment(number, "mona", "/undo").await;
    scene.work().await;
    assert_eq!(
        scene.file("undo/production", production).unwrap(),
        values("api-production", "1.0.0", 4)
    );
}
