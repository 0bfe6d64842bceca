//! "Nothing of staging's own in production, and nothing that somebody left out on purpose."

use crate::support::Repo;

const CONFIGURATION: &str = "version: 1\nenvironments:\n- {name: staging, path: staging}\n- {name: production, path: production}\npromotion: {by: changes}\n";

/// What becomes of each difference: file, field, what and why; commits as `…`.
fn told(repository: &Repo) -> String {
    let plan = repository.overlift(&["plan", "staging", "production", "--json"]).ok();
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let line = |it: &serde_json::Value| {
        let text = |key: &str| it[key].as_str().unwrap().to_owned();
        let because = text("because");
        let commit = |word: &str| word.len() == 7 && word.chars().all(|c| c.is_ascii_hexdigit());
        let words = because.split(' ').map(|word| if commit(word) { "…" } else { word });
        let because = words.collect::<Vec<_>>().join(" ");
        format!("{} {} {}: {because}", text("path"), text("field"), text("then"))
    };
    plan["differences"].as_array().unwrap().iter().map(line).collect::<Vec<_>>().join("\n")
}

fn map(name: &str, value: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  a: {value}\n")
}

/// A list that comes whole brought files that name the source; a file came whose entry stays away.
#[test]
fn a_new_list_brings_nothing_that_names_the_source() {
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("base/kustomization.yaml", "resources: [web.yaml, api.yaml]\n"),
        ("base/web.yaml", &map("web", "b")),
        ("base/api.yaml", &map("api", "b")),
        ("staging/kustomization.yaml", "resources:\n- ../base\n"),
        ("production/kustomization.yaml", "resources:\n- ../base/\n"),
    ]);
    repository.write(
        "staging/kustomization.yaml",
        "resources:\n- ../base\npatches:\n- path: web.yaml\n- path: api.yaml\n",
    );
    repository.write("staging/web.yaml", &map("web", "shop-staging-parts"));
    repository.write("staging/api.yaml", &map("api", "c"));
    repository.commit("two patches");
    insta::assert_snapshot!(told(&repository), @r"
    production/api.yaml  comes: changed by …
    production/kustomization.yaml patches[path=web.yaml] stays: names the source, and nothing tells what production says instead
    production/kustomization.yaml patches[path=api.yaml] comes: changed by …
    production/web.yaml  stays: names the source, and nothing tells what production says instead
    ");
    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    let production = repository.read("production/kustomization.yaml");
    assert_eq!(production, "resources:\n- ../base/\npatches:\n- path: api.yaml\n");
}

/// A patch in the target's words is laid out as the source's is.
#[test]
fn an_inline_patch_keeps_its_block() {
    let kustomization = |environment: &str, patches: &str| {
        format!("resources: [../base]\nnamespace: shop-{environment}\n{patches}")
    };
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", &map("web", "b")),
        ("staging/kustomization.yaml", &kustomization("staging", "")),
        ("production/kustomization.yaml", &kustomization("production", "")),
    ]);
    let patches = |environment: &str| {
        format!(
            "patches:\n- target: {{kind: ConfigMap}}\n  patch: |-\n    - op: replace\n      path: /data/a\n      value: queue-{environment}\n"
        )
    };
    repository.write("staging/kustomization.yaml", &kustomization("staging", &patches("staging")));
    repository.commit("a patch");
    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    assert_eq!(
        repository.read("production/kustomization.yaml"),
        kustomization("production", &patches("production"))
    );
}

/// Before the first promotion with Overlift, people promoted by hand: what two edits of the file passed over was left
/// out, the entry and its file. Image tags move on their own.
#[test]
fn what_people_passed_over_by_hand_is_left_out() {
    let kustomization = |own: &str, resources: &str, tag: &str| {
        format!(
            "{own}resources: [../base{resources}]\nimages:\n- {{name: web, newTag: \"{tag}\"}}\n"
        )
    };
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", &map("web", "b")),
        ("staging/kustomization.yaml", &kustomization("", "", "1.0.1")),
        ("production/kustomization.yaml", &kustomization("namePrefix: a-\n", "", "1.0.1")),
    ]);
    repository.write("staging/debug.yaml", &map("debug", "on"));
    repository.write("staging/kustomization.yaml", &kustomization("", ", debug.yaml", "1.0.2"));
    repository.commit("debug");
    for prefix in ["b", "c"] {
        assert!(told(&repository).contains("debug.yaml  comes"), "{}", told(&repository));
        let own = format!("namePrefix: {prefix}-\n");
        repository.write("production/kustomization.yaml", &kustomization(&own, "", "1.0.1"));
        repository.commit("production");
    }
    insta::assert_snapshot!(told(&repository), @r"
    production/debug.yaml  stays: the entry that names it stays away
    production/kustomization.yaml namePrefix stays: production's own since …
    production/kustomization.yaml resources[debug.yaml] stays: left out by …
    production/kustomization.yaml images[name=web].newTag comes: changed by …
    ");
}

/// An image that moved to another registry is one entry and no two; where a build puts the tag in place of a word, the
/// version is the last one that the source had.
#[test]
fn an_image_under_another_name_comes_with_the_last_version() {
    let kustomization = |name: &str, tag: &str| {
        format!("resources:\n- ../base\nimages:\n- name: {name}\n  newTag: {tag} # by CI\n")
    };
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", &map("web", "b")),
        ("staging/kustomization.yaml", &kustomization("old.example/web", "4f2a91c")),
        ("production/kustomization.yaml", &kustomization("old.example/web", "4f2a91c")),
    ]);
    for (name, tag) in [
        ("old.example/web", "bad5624"),
        ("old.example/web", "replace"),
        ("new.example/web", "replace"),
    ] {
        repository.write("staging/kustomization.yaml", &kustomization(name, tag));
        repository.commit(&format!("{name} {tag}"));
    }
    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    assert_eq!(
        repository.read("production/kustomization.yaml"),
        kustomization("new.example/web", "bad5624")
    );
    let again = repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    assert!(again.contains("Nothing to promote"), "{again}");
}
