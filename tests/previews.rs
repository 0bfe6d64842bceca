//! `overlift preview`: what a branch does to each environment before it is merged.

use serde_json::Value;

use crate::support::Repo;

const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec:\n  replicas: 4\n  template:\n    spec:\n      containers:\n      - {name: api, image: 'r.example.com/api:1.0'}\n";

/// Three environments over one base, and one beside them that shares nothing.
fn repo() -> Repo {
    let mut files = vec![
        ("base/kustomization.yaml".to_owned(), "resources: [api.yaml]\n".to_owned()),
        ("base/api.yaml".to_owned(), DEPLOYMENT.to_owned()),
        ("docs/readme.md".to_owned(), "hello\n".to_owned()),
    ];
    for name in ["development", "staging", "production"] {
        files.push((
            format!("overlays/{name}/kustomization.yaml"),
            format!(
                "namespace: shop-{name}\nresources: [../../base]\npatches: [{{path: p.yaml}}]\n"
            ),
        ));
        files.push((
            format!("overlays/{name}/p.yaml"),
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec: {minReadySeconds: 1}\n"
                .to_owned(),
        ));
    }
    let files: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    Repo::new(&files)
}

fn preview(repo: &Repo) -> Value {
    let json = repo.overlift(&["preview", "HEAD~1", "--rev", "HEAD", "--json"]).ok();
    serde_json::from_str(&json).unwrap()
}

/// The environments that change, those that change alike together, and the rules of what is found.
fn told(repo: &Repo) -> Vec<(String, Vec<String>)> {
    let found = preview(repo);
    let list = |value: &Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect()
    };
    let reached = found["reached"].as_array().unwrap().iter();
    reached
        .map(|it| {
            let rules = it["findings"].as_array().unwrap().iter();
            let rules = rules.filter(|f| f["new"] == true && f["level"] != "Info");
            let rules = rules.map(|f| f["rule"].as_str().unwrap().to_owned()).collect();
            (list(&it["environments"]).join(" "), rules)
        })
        .collect()
}

#[test]
fn a_shared_file_reaches_production_at_once() {
    let repo = repo();
    repo.write("base/api.yaml", &DEPLOYMENT.replace("api:1.0", "api:0.9"));
    repo.commit("go back");
    let told = told(&repo);
    assert_eq!(
        told,
        [
            ("development staging".to_owned(), vec!["image-older".to_owned()]),
            (
                "production".to_owned(),
                vec!["image-older".to_owned(), "reaches-production-at-once".to_owned()]
            ),
        ]
    );
    let body = repo.overlift(&["preview", "HEAD~1", "--body"]).ok();
    assert!(
        body.starts_with(
            "**This reaches 3 environments**: `development`, `staging` and `production`"
        ),
        "{body}"
    );
    assert!(
        body.contains("### development and staging: 2 resources change")
            || body.contains("### development and staging: 1 resource changes"),
        "{body}"
    );
    let failed = repo.overlift(&["preview", "HEAD~1", "--exit-code"]);
    assert_eq!(failed.code, 1, "{failed:?}");
}

#[test]
fn only_what_is_built_from_a_file_is_reached() {
    let repo = repo();
    repo.write("docs/readme.md", "other\n");
    repo.commit("words");
    assert!(told(&repo).is_empty());
    let body = repo.overlift(&["preview", "HEAD~1", "--body"]).ok();
    assert_eq!(body, "**This changes nothing that an environment builds.**\n");

    repo.write(
        "overlays/staging/p.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec: {replicas: 1}\n",
    );
    repo.commit("smaller");
    assert_eq!(told(&repo), [("staging".to_owned(), vec!["fewer-replicas".to_owned()])]);
}

#[test]
fn one_that_cannot_be_built_hides_no_other() {
    let repo = repo();
    repo.write("overlays/staging/kustomization.yaml", "resources: [../../nowhere]\n");
    repo.write("base/api.yaml", &DEPLOYMENT.replace("replicas: 4", "replicas: 5"));
    repo.commit("half broken");
    let found = preview(&repo);
    assert_eq!(found["broken"][0]["environment"], "staging");
    assert_eq!(found["reached"].as_array().unwrap().len(), 2, "{found}");
}

#[test]
fn the_working_tree_counts_without_a_commit() {
    let repo = repo();
    repo.write(
        "overlays/production/p.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec: {replicas: 9}\n",
    );
    let text = repo.overlift(&["preview", "HEAD"]).ok();
    assert!(text.starts_with("production: 1 resource changes, none is deleted\n"), "{text}");
}
