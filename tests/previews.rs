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

/// The environments that are not rendered, why, and the diff of their files.
fn not_rendered(repo: &Repo) -> Vec<(String, String, String)> {
    let found = preview(repo);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = found["notRendered"].as_array().unwrap().iter();
    all.map(|it| {
        let names: Vec<String> = it["environments"].as_array().unwrap().iter().map(text).collect();
        (names.join(" "), text(&it["reason"]), text(&it["files"]))
    })
    .collect()
}

#[test]
fn what_cannot_be_rendered_is_told_by_its_files() {
    let remote = "resources: ['https://github.com/a/b//c?ref=v1', cm.yaml]\n";
    let map = |value: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{level: {value}}}\n"
        )
    };
    let repo = Repo::new(&[
        ("remote/staging/kustomization.yaml", remote),
        ("remote/staging/cm.yaml", &map("info")),
        ("remote/production/kustomization.yaml", remote),
        ("remote/production/cm.yaml", &map("warn")),
        ("chart/staging/values.yaml", "image: {tag: '2'}\npassword: hunter2-secret\n"),
        ("chart/production/values.yaml", "image: {tag: '1'}\npassword: hunter3-secret\n"),
    ]);
    repo.write("remote/production/cm.yaml", &map("debug"));
    repo.write("chart/production/values.yaml", "image: {tag: '2'}\npassword: hunter3-secret\n");
    repo.commit("production");
    let told = not_rendered(&repo);
    let names: Vec<&str> = told.iter().map(|(names, ..)| names.as_str()).collect();
    assert_eq!(names, ["chart production", "remote production"]);
    assert_eq!(told[0].1, "`values.yaml` is of a chart");
    assert!(told[0].2.contains("-image: {tag: '1'}\n+image: {tag: '2'}"), "{}", told[0].2);
    assert!(told[1].1.starts_with("`https://github.com/a/b//c?ref=v1` is remote"), "{}", told[1].1);
    assert!(told[1].2.contains("+data: {level: debug}"), "{}", told[1].2);
    let body = repo.overlift(&["preview", "HEAD~1", "--body"]).ok();
    let diffs: Vec<&str> = body.split("```diff\n").skip(1).collect();
    assert!(diffs.len() == 2 && diffs.iter().all(|diff| diff.starts_with("@@ ")), "{body}");
    let head = body.split("<details").next().unwrap();
    insta::assert_snapshot!(head, @r"
    **This reaches 2 environments**: `chart production` and `remote production`

    ### chart production: 1 file changes, not rendered

    What the cluster will see is not known here: `values.yaml` is of a chart
    ");
    // It was so before: nothing that the change brings is an error.
    assert_eq!(repo.overlift(&["preview", "HEAD~1", "--exit-code"]).code, 0);

    // A change that breaks what was whole is.
    repo.write("remote/staging/kustomization.yaml", "resources: [nowhere.yaml]\n");
    repo.commit("broken otherwise");
    let failed = repo.overlift(&["preview", "HEAD~1", "--exit-code"]);
    assert_eq!(failed.code, 1, "{failed:?}");
}

#[test]
fn what_an_environments_build_does_not_read_is_told() {
    let repo = repo();
    let peer = |mode: &str| {
        format!(
            "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: default}}\nspec: {{mtls: {{mode: {mode}}}}}\n"
        )
    };
    repo.write("overlays/production/istio/kustomization.yaml", "resources: [peer.yaml]\n");
    repo.write("overlays/production/istio/peer.yaml", &peer("STRICT"));
    repo.write("overlays/production/release/values.yaml", "tag: '1'\n");
    repo.commit("beside");

    repo.write("overlays/production/istio/peer.yaml", &peer("PERMISSIVE"));
    repo.write("overlays/production/release/values.yaml", "tag: '2'\n");
    repo.write("overlays/production/README.md", "words\n");
    repo.commit("weaker");
    assert_eq!(told(&repo), [("production".to_owned(), vec!["mtls-weaker".to_owned()])]);
    assert_eq!(preview(&repo)["reached"][0]["below"], "overlays/production/istio");
    let files = not_rendered(&repo);
    assert_eq!(files.len(), 1, "{files:?}");
    assert!(files[0].2.contains("+tag: '2'") && !files[0].2.contains("README"), "{files:?}");
    let body = repo.overlift(&["preview", "HEAD~1", "--body"]).ok();
    let title = "### production, in `overlays/production/istio`: 1 resource changes";
    assert!(body.contains(title), "{body}");
    let terminal = repo.overlift(&["preview", "HEAD~1"]).ok();
    assert!(
        terminal.contains("production, in overlays/production/istio: 1 resource"),
        "{terminal}"
    );
    assert!(terminal.contains("production: 1 file changes, not rendered"), "{terminal}");
}

/// What a chart is given is told in words, too, though nobody renders it here.
#[test]
fn values_of_a_chart_that_is_not_rendered_are_told() {
    let values = "web: {replicaCount: 4}\ningress:\n  hosts:\n  - host: shop.example.com\n";
    let repo = repo();
    repo.write("overlays/production/release/values.yaml", values);
    repo.commit("a chart");
    repo.write(
        "overlays/production/release/values.yaml",
        &values.replace("4", "1").replace("shop", "stg"),
    );
    repo.commit("smaller and elsewhere");
    let found = preview(&repo);
    let findings = found["notRendered"][0]["findings"].as_array().unwrap();
    let told: Vec<(&str, &str, u64)> = findings
        .iter()
        .map(|it| {
            (
                it["rule"].as_str().unwrap(),
                it["name"].as_str().unwrap(),
                it["line"].as_u64().unwrap(),
            )
        })
        .collect();
    let file = "overlays/production/release/values.yaml";
    assert_eq!(told, [("fewer-replicas", file, 1), ("hosts-change", file, 4)]);
    let body = repo.overlift(&["preview", "HEAD~1", "--body"]).ok();
    assert!(body.contains("`web.replicaCount` 4 → **`1`**"), "{body}");
    assert!(body.contains("`shop.example.com` → **`stg.example.com`**"), "{body}");
    let terminal = repo.overlift(&["preview", "HEAD~1"]).ok();
    assert!(terminal.contains("answers for other hosts"), "{terminal}");
}

#[test]
fn a_chart_that_a_release_in_a_base_names_is_told() {
    let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: shop}\n\
                   spec:\n  chart:\n    spec:\n      chart: ./charts/shop\n      sourceRef: {kind: GitRepository, name: flux-system}\n";
    let repo = repo();
    repo.write("overlays/production/release.yaml", release);
    repo.write("charts/shop/Chart.yaml", "apiVersion: v2\nname: shop\n");
    repo.write("charts/shop/templates/deployment.yaml", "apiVersion: v1\nkind: A\n");
    repo.commit("a release");
    repo.write("charts/shop/templates/_helpers.tpl", "{{ define \"shop.fullname\" }}a{{ end }}\n");
    repo.commit("a helper");
    let found = preview(&repo);
    assert_eq!(found["notRendered"][0]["environments"][0], "production");
    assert_eq!(found["notRendered"][0]["findings"][0]["rule"], "reaches-production-at-once");
}
