//! "It tells me what the promotion would break, before anyone merges it."

use serde_json::Value;

use overlift::rooms::model::base64_of;

use crate::support::Repo;

const CONFIG: &str = "environments:\n\
    - {name: staging, path: overlays/staging}\n\
    - {name: production, path: overlays/production}\n";
const BASE: &str = "apiVersion: networking.istio.io/v1\nkind: VirtualService\n\
    metadata: {name: shop, namespace: shop}\nspec:\n  hosts: [shop.example.com]\n  \
    gateways: [gone]\n  http:\n  - route:\n    - destination: {host: shop}\n";
const MESH: &str = "apiVersion: networking.istio.io/v1\nkind: Gateway\n\
    metadata: {name: edge, namespace: shop}\nspec: {servers: []}\n---\n\
    apiVersion: networking.istio.io/v1\nkind: DestinationRule\n\
    metadata: {name: shop, namespace: shop}\nspec: {host: shop, subsets: [{name: v1}]}\n";
const PATCH: &str = "apiVersion: networking.istio.io/v1\nkind: VirtualService\n\
    metadata: {name: shop, namespace: shop}\nspec:\n  http:\n  - route:\n    \
    - destination: {host: shop, subset: v2}\n";
const OVERLAY: &str = "resources: [../../base]\n";
const PATCHED: &str = "resources: [../../base]\npatches:\n- path: patches/shop.yaml\n";

fn repo(more: &str) -> Repo {
    let config = format!("{CONFIG}{more}");
    Repo::new(&[
        (".github/overlift.yaml", &config),
        ("base/kustomization.yaml", "resources: [shop.yaml, mesh.yaml]\n"),
        ("base/mesh.yaml", MESH),
        ("base/shop.yaml", BASE),
        ("overlays/staging/kustomization.yaml", PATCHED),
        ("overlays/staging/patches/shop.yaml", PATCH),
        ("overlays/production/kustomization.yaml", OVERLAY),
    ])
}

fn findings(repo: &Repo) -> Vec<Value> {
    let json = repo.overlift(&["plan", "staging", "production", "--json"]).ok();
    let plan: Value = serde_json::from_str(&json).unwrap();
    plan["findings"].as_array().unwrap().clone()
}

fn of_rule<'a>(findings: &'a [Value], rule: &str) -> &'a Value {
    findings.iter().find(|f| f["rule"] == rule).unwrap_or_else(|| panic!("{findings:#?}"))
}

#[test]
fn new_findings_are_told_from_old_ones_and_have_their_place() {
    let repo = repo("");
    let found = findings(&repo);
    let subset = of_rule(&found, "virtual-service-subset");
    assert_eq!((&subset["code"], &subset["new"]), (&"IST0101".into(), &true.into()));
    assert_eq!(subset["file"], "overlays/production/patches/shop.yaml");
    assert_eq!(subset["line"], 7);
    let gateway = of_rule(&found, "virtual-service-gateway");
    assert_eq!(gateway["new"], false);
    assert_eq!((&gateway["file"], &gateway["line"]), (&"base/shop.yaml".into(), &6.into()));

    let text = repo.overlift(&["plan", "staging", "production"]).ok();
    assert!(text.contains("The gates find\nerror IST0101 VirtualService shop/shop: "), "{text}");
    assert!(text.contains("2 findings were there before"), "{text}");
    let body = repo.overlift(&["plan", "staging", "production", "--body"]).ok();
    assert!(body.contains("**Gates** 1 error and 1 warning are new (1 above), 2 findings were there before · **Not to be merged** while errors are new"), "{body}");
    assert!(body.contains("3 kinds have no schema and were not validated: `networking.istio.io/DestinationRule`, `networking.istio.io/Gateway`, `networking.istio.io/VirtualService`."), "{body}");
    assert!(body.contains("overlays/production/patches/shop.yaml:7"), "{body}");
}

#[test]
fn the_plans_id_does_not_depend_on_the_gates() {
    let id = |repo: &Repo| {
        let json = repo.overlift(&["plan", "staging", "production", "--json"]).ok();
        serde_json::from_str::<Value>(&json).unwrap()["planId"].clone()
    };
    assert_eq!(id(&repo("")), id(&repo("gates: {run: []}\n")));
    assert!(findings(&repo("gates: {run: []}\n")).is_empty());
}

#[test]
fn a_repository_has_levels_and_exceptions_of_its_own() {
    let quiet = repo(
        "gates:\n  severity: {virtual-service-subset: warning}\n  suppress:\n  - code: \
         virtual-service-gateway\n    resource: VirtualService shop/*\n    reason: it is in another cluster\n",
    );
    let found = findings(&quiet);
    assert_eq!(of_rule(&found, "virtual-service-subset")["level"], "Warning");
    assert!(found.iter().all(|f| f["rule"] != "virtual-service-gateway"));
    let run = quiet.overlift(&["validate"]);
    assert_eq!(run.code, 0, "{run:#?}");
    assert!(run.stdout.contains("2 suppressed"), "{run:#?}");

    let ended = repo(
        "gates:\n  suppress:\n  - {code: virtual-service-gateway, reason: soon fixed, expires: 2020-01-01}\n",
    );
    let found = findings(&ended);
    let expired = of_rule(&found, "suppression-expired");
    assert_eq!((&expired["file"], &expired["line"]), (&".github/overlift.yaml".into(), &6.into()));
    assert!(found.iter().any(|f| f["rule"] == "virtual-service-gateway"));
}

#[test]
fn validate_checks_environments_as_they_are() {
    let repo = repo("");
    let run = repo.overlift(&["validate", "--format", "json"]);
    assert_eq!(run.code, 1);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    let found = json["findings"].as_array().unwrap();
    let of = |environment: &str, rule: &str| {
        let here =
            found.iter().filter(|f| f["environment"] == environment && f["code"] == "IST0101");
        here.filter(|f| f["rule"] == rule).count()
    };
    assert_eq!(of("staging", "virtual-service-subset"), 1);
    assert_eq!(of("production", "virtual-service-subset"), 0);
    assert_eq!(of("production", "virtual-service-gateway"), 1);
    let run = repo.overlift(&["validate", "stagin"]);
    assert_eq!(run.code, 2);
}

#[test]
fn an_environment_that_does_not_build_is_a_finding_and_hides_no_other() {
    let repo = repo("");
    repo.write(
        "overlays/staging/patches/shop.yaml",
        &PATCH.replace("shop, namespace", "shp, namespace"),
    );
    let sarif = repo.overlift(&["validate", "--format", "sarif"]);
    assert_eq!(sarif.code, 2);
    assert!(sarif.stderr.contains("overlays/staging/patches/shop.yaml:1:1"), "{}", sarif.stderr);
    let sarif: Value = serde_json::from_str(&sarif.stdout).unwrap();
    let run = &sarif["runs"][0];
    let results = run["results"].as_array().unwrap();
    let of = |id: &str| results.iter().filter(|it| it["ruleId"] == id).collect::<Vec<_>>();
    assert_eq!(of("IST0101").len(), 1, "production is checked all the same: {results:#?}");
    let [broken] = of("not-rendered")[..] else { panic!("{results:#?}") };
    assert_eq!(broken["level"], "error");
    let text = broken["message"]["text"].as_str().unwrap();
    assert!(
        text.contains("`staging` cannot be built: there is no `VirtualService shop/shp`"),
        "{text}"
    );
    let place = &broken["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "overlays/staging/patches/shop.yaml");
    assert_eq!(place["region"]["startLine"], 1);
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let rule = rules.iter().find(|it| it["id"] == "not-rendered").unwrap();
    assert!(rule["help"]["text"].as_str().unwrap().contains("does not build"), "{rule}");

    let json = repo.overlift(&["validate", "--format", "json"]);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    let broken = of_rule(json["findings"].as_array().unwrap(), "not-rendered");
    assert_eq!((&broken["environment"], &broken["level"]), (&"staging".into(), &"Error".into()));
    let github = repo.overlift(&["validate", "--format", "github"]).stdout;
    assert!(github.contains("file=overlays/staging/patches/shop.yaml,line=1"), "{github}");
    let text = repo.overlift(&["validate"]);
    assert_eq!(
        text.stdout.lines().filter(|line| line.contains("staging")).count(),
        0,
        "{}",
        text.stdout
    );
}

#[test]
fn a_kustomization_without_a_word_has_a_line_too() {
    let repo = repo("");
    repo.write("overlays/staging/kustomization.yaml", "");
    let run = repo.overlift(&["validate", "--format", "json"]);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    let broken = of_rule(json["findings"].as_array().unwrap(), "not-rendered");
    assert_eq!(
        (&broken["file"], &broken["line"]),
        (&"overlays/staging/kustomization.yaml".into(), &1.into())
    );
}

#[test]
fn definitions_in_the_repository_are_used() {
    let definition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
        metadata: {name: virtualservices.networking.istio.io}\nspec:\n  group: networking.istio.io\n  \
        names: {kind: VirtualService, plural: virtualservices}\n  scope: Namespaced\n  versions:\n  \
        - name: v1\n    served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n        \
        type: object\n        properties:\n          spec:\n            type: object\n            \
        properties:\n              hosts: {type: array, items: {type: string}}\n              \
        http: {type: array, items: {type: object, x-kubernetes-preserve-unknown-fields: true}}\n";
    let repo = repo("gates:\n  schemas: [definitions]\n");
    repo.write("definitions/istio.yaml", definition);
    repo.commit("definitions");
    let found = findings(&repo);
    let unknown = found.iter().find(|f| f["code"] == "IST0106").unwrap();
    assert_eq!((&unknown["field"], &unknown["new"]), (&"spec.gateways".into(), &false.into()));
    assert_eq!((&unknown["file"], &unknown["line"]), (&"base/shop.yaml".into(), &6.into()));
}

#[test]
fn new_errors_keep_a_promotion_back_only_where_it_says_so() {
    let blocking = repo("gates: {blockPullRequest: true}\n");
    let run = blocking.overlift(&["promote", "staging", "production"]);
    assert_eq!(run.code, 1, "{run:#?}");
    assert!(run.stdout.contains("Nothing was written: the promotion brings 1 error"), "{run:#?}");
    assert!(!blocking.path("overlays/production/patches/shop.yaml").exists());
    let free = repo("");
    free.overlift(&["promote", "staging", "production"]).ok();
    assert!(free.path("overlays/production/patches/shop.yaml").exists());
}

#[test]
fn what_another_repository_may_hold_is_no_error_unless_this_one_is_complete() {
    let found = |more: &str| {
        let repo = repo(more);
        repo.write("base/kustomization.yaml", "resources: [shop.yaml]\n");
        repo.commit("without a mesh");
        let found = findings(&repo);
        found.iter().filter(|f| f["code"] == "IST0101").count()
    };
    assert_eq!(found(""), 0);
    assert!(found("gates: {complete: true}\n") >= 2);
}

/// Found in a public repository: what the target has deleted all along is not there before either.
#[test]
fn a_patch_that_deletes_does_something_in_every_promotion() {
    let deletes = "- patch: |-\n    $patch: delete\n    apiVersion: networking.istio.io/v1\n    \
        kind: DestinationRule\n    metadata: {name: shop, namespace: shop}\n";
    let repo = repo("");
    repo.write("overlays/staging/kustomization.yaml", &format!("{PATCHED}{deletes}"));
    repo.write("overlays/production/kustomization.yaml", &format!("{OVERLAY}patches:\n{deletes}"));
    let found = findings(&repo);
    assert!(found.iter().all(|finding| finding["rule"] != "patch-effect"), "{found:#?}");
}

/// A person wrote the value, and reads which environment is in it: the value itself is a secret.
#[test]
fn a_secret_that_names_the_source_is_told_and_not_shown() {
    let secret = |password: &str, url: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: db}}\ndata:\n  password: {}\nstringData: {{url: \"{url}\"}}\n",
            base64_of(password)
        )
    };
    let list = "resources: [db.yaml]\n";
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIG),
        ("overlays/staging/kustomization.yaml", list),
        ("overlays/staging/db.yaml", &secret("geheim", "postgres://db.shop.io")),
        ("overlays/production/kustomization.yaml", list),
        ("overlays/production/db.yaml", &secret("geheim", "postgres://db.shop.io")),
    ]);
    let (password, url) = ("hunter2@staging", "postgres://u:pw9@staging-db.shop.io");
    repository.write("overlays/staging/db.yaml", &secret(password, url));
    repository.commit("staging's own database");
    let run = |format: &str| repository.overlift(&["plan", "staging", "production", format]).ok();
    for said in [run("--json"), run("--body")] {
        assert!(said.contains("names what belongs to `staging`"), "{said}");
        for value in ["hunter2", "pw9", "staging-db", &base64_of(password)] {
            assert!(!said.contains(value), "{value}: {said}");
        }
    }
    let found = findings(&repository);
    let fields = found.iter().filter(|it| it["code"] == "source-name").map(|it| &it["field"]);
    assert_eq!(fields.collect::<Vec<_>>(), ["data.[password]", "stringData.[url]"]);

    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    repository.commit("as staging has it");
    repository.write("overlays/staging/db.yaml", &secret("third@staging", url));
    repository.commit("another password");
    let found = findings(&repository);
    assert!(repository.overlift(&["plan", "staging", "production"]).ok().contains("password"));
    assert!(found.iter().all(|it| it["code"] != "source-name"), "it was named before: {found:#?}");
}
