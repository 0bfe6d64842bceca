//! Several applications in one repository, and layouts other than `overlays/`.

use super::support::Repo;

const BASE: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\ndata:\n  level: \"1\"\n";

/// Two applications with three environments; `cart` has no staging.
fn monorepo() -> Repo {
    let kustomization = "resources:\n- app.yaml\n";
    let mut files = Vec::new();
    for (application, environments) in
        [("cart", &["dev", "prod"][..]), ("pay", &["dev", "staging", "prod"])]
    {
        for environment in environments {
            let dir = format!("apps/{application}/overlays/{environment}");
            files.push((format!("{dir}/kustomization.yaml"), kustomization));
            files.push((format!("{dir}/app.yaml"), BASE));
        }
    }
    let files: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let repo = Repo::new(&files);
    repo.write("apps/cart/overlays/dev/app.yaml", &BASE.replace("\"1\"", "\"2\""));
    repo.write("apps/pay/overlays/dev/app.yaml", &BASE.replace("\"1\"", "\"3\""));
    repo.commit("more");
    repo
}

fn paths(repo: &Repo, arguments: &[&str]) -> Vec<String> {
    let json = repo.overlift(&[arguments, &["--json"]].concat()).ok();
    let plans: serde_json::Value = serde_json::from_str(&json).unwrap();
    let plans = plans.as_array().cloned().unwrap_or_else(|| vec![plans]);
    let edits = plans.iter().flat_map(|plan| plan["edits"].as_array().unwrap().clone());
    edits.map(|edit| edit["path"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_promotion_of_one_application_leaves_the_others_alone() {
    let repo = monorepo();
    let cart = ["apps/cart/overlays/prod/app.yaml"];
    assert_eq!(paths(&repo, &["plan", "dev", "prod", "cart"]), cart);
    let both = ["apps/cart/overlays/prod/app.yaml", "apps/pay/overlays/prod/app.yaml"];
    assert_eq!(paths(&repo, &["plan", "dev", "prod"]), both, "nobody wrote an order down");
    assert_eq!(paths(&repo, &["plan", "dev", "staging"]), ["apps/pay/overlays/staging/app.yaml"]);
    let refused = repo.overlift(&["plan", "dev", "staging", "cart"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("`cart` has no environment `staging`"), "{refused:#?}");
    let unknown = repo.overlift(&["plan", "dev", "prod", "card"]);
    assert!(
        unknown.stderr.contains("there is no application `card` (did you mean `cart`?); there are"),
        "{unknown:#?}"
    );
}

#[test]
fn branch_commit_and_trailers_name_the_application() {
    let repo = monorepo();
    let run = repo.overlift(&["promote", "dev", "prod", "--commit"]).ok();
    assert!(run.contains("promote/cart/dev-to-prod") && run.contains("promote/pay/dev-to-prod"));
    let message = repo.git(&["log", "-1", "--format=%B", "promote/cart/dev-to-prod"]);
    assert!(message.contains("Overlift-Target: prod\nOverlift-Application: cart"), "{message}");
    let again = repo.overlift(&["promote", "dev", "prod", "cart", "--commit"]).ok();
    assert!(again.contains("holds this promotion already"), "{again}");
}

#[test]
fn status_shows_what_was_found() {
    let repo = monorepo();
    let status = repo.overlift(&["status"]).ok();
    assert!(status.starts_with("Found by their names"), "{status}");
    assert!(status.contains("cart\n  dev   apps/cart/overlays/dev"), "{status}");
    assert!(status.contains("pay\n  dev      apps/pay/overlays/dev"), "{status}");
    let json = repo.overlift(&["status", "--json"]).ok();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["configuration"], serde_json::Value::Null);
    assert_eq!(json["promotions"][0]["application"], "cart");
}

#[test]
fn what_init_writes_means_what_was_found() {
    let repo = monorepo();
    let before = paths(&repo, &["plan", "dev", "staging"]);
    let text = repo.overlift(&["init", "--yes"]).ok();
    assert!(text.contains("path: \"apps/{application}/overlays/dev\""), "{text}");
    assert!(text.contains("by: changes"), "{text}");
    assert_eq!(paths(&repo, &["plan", "dev", "staging"]), before);
    let beside = repo.overlift(&["init", "--dry-run"]).ok();
    assert_eq!(beside, text, "a configuration that is there changes nothing about what is found");
}

#[test]
fn plain_manifests_are_environments_too() {
    let repo =
        Repo::new(&[("clusters/staging/app.yaml", BASE), ("clusters/production/app.yaml", BASE)]);
    repo.write("clusters/staging/app.yaml", &BASE.replace("\"1\"", "\"2\""));
    repo.commit("more");
    let diff = repo.overlift(&["plan", "staging", "production", "--diff", "rendered"]).ok();
    assert!(diff.contains("+  level: \"2\""), "{diff}");
    let checked = repo.overlift(&["validate"]);
    assert_eq!(checked.code, 0, "{checked:#?}");
}

#[test]
fn a_target_that_does_not_exist_begins_as_the_source_is() {
    let repo = Repo::new(&[
        ("o/staging/kustomization.yaml", "resources:\n- app.yaml\n"),
        ("o/staging/app.yaml", BASE),
        (
            ".github/overlift.yaml",
            "environments:\n- {name: staging, path: o/staging}\n- {name: production, path: o/production}\n",
        ),
    ]);
    let refused = repo.overlift(&["plan", "staging", "production"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("--create"), "{refused:#?}");
    repo.overlift(&["promote", "staging", "production", "--local", "--create"]).ok();
    assert_eq!(repo.read("o/production/app.yaml"), BASE);
}
