//! Layouts that people use, and what is found in them.

use super::*;
use crate::model::FileTree;

/// What is found: one line for each environment, with its folders.
fn found(paths: &[&str]) -> Vec<String> {
    let manifest = "apiVersion: v1\nkind: ConfigMap\n";
    let tree = FileTree::of(paths.iter().map(|path| (path, manifest))).unwrap();
    let found = find(&tree).unwrap();
    let line = |stage: &FoundStage| {
        let place = |(application, path): &(Option<ApplicationName>, RepoPath)| match application {
            Some(application) => format!("{application}={path}"),
            None => path.to_string(),
        };
        let places: Vec<String> = stage.places.iter().map(place).collect();
        let order = if stage.is_ranked() { "" } else { "?" };
        format!("{}{order}: {}", stage.name, places.join(" "))
    };
    let left = found.left.iter().map(|path| format!("left {path}"));
    found.stages.iter().map(line).chain(left).collect()
}

/// A kustomization in each of these folders.
fn overlays(folders: &[&str]) -> Vec<String> {
    let paths: Vec<String> =
        folders.iter().map(|folder| format!("{folder}/kustomization.yaml")).collect();
    found(&paths.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn environments_are_found_anywhere_in_the_usual_order() {
    let one = |parent: &str| {
        let folders = ["base", "prod", "staging", "dev"].map(|it| format!("{parent}/{it}"));
        overlays(&folders.iter().map(String::as_str).collect::<Vec<_>>())
    };
    for parent in ["overlays", "envs", "k8s/overlays", "deploy", "clusters", "shop", "lab"] {
        let expected = ["dev", "staging", "prod"].map(|it| format!("{it}: {parent}/{it}"));
        assert_eq!(one(parent), expected);
    }
    let at_the_top = overlays(&["prd", "stg", "base", "components/a", "dev"]);
    assert_eq!(at_the_top, ["dev: dev", "stg: stg", "prd: prd"]);
}

#[test]
fn names_may_have_a_region_or_a_cluster() {
    let found = overlays(&["o/dev", "o/prod-us", "o/prod-eu", "o/staging-01", "o/test-operator"]);
    let expected =
        ["dev: o/dev", "staging-01: o/staging-01", "prod-eu: o/prod-eu", "prod-us: o/prod-us"];
    assert_eq!(found, expected);
    let shared = overlays(&["o/shop-api-test", "o/shop-api-prod", "o/other"]);
    assert_eq!(shared, ["shop-api-test: o/shop-api-test", "shop-api-prod: o/shop-api-prod"]);
    let weak = overlays(&["9c-test", "9c-main", "9c-internal", "main", "internal"]);
    assert_eq!(weak, ["9c-test: 9c-test", "9c-internal?: 9c-internal", "9c-main?: 9c-main"]);
    let unknown = overlays(&["envs/dev", "envs/prod", "envs/demo", "envs/blue"]);
    let expected = ["dev: envs/dev", "prod: envs/prod", "demo?: envs/demo", "left envs/blue"];
    assert_eq!(unknown, expected);
}

#[test]
fn where_no_folders_are_files_may_be() {
    let chart = ["helm/Chart.yaml", "helm/templates/a.yaml", "helm/values.yaml"];
    let of = |files: &[&'static str]| found(&[&chart[..], files].concat());
    assert_eq!(
        of(&["helm/values-prod.yaml", "helm/values-dev.yaml", "helm/ci/values-test.yaml"]),
        ["dev: helm/values-dev.yaml", "prod: helm/values-prod.yaml"]
    );
    let applications = of(&[
        "s/a/prod.values.yaml",
        "s/a/qa.values.yaml",
        "s/b/qa.values.yaml",
        "s/b/prod.values.yaml",
    ]);
    let expected = [
        "qa: a=s/a/qa.values.yaml b=s/b/qa.values.yaml",
        "prod: a=s/a/prod.values.yaml b=s/b/prod.values.yaml",
    ];
    assert_eq!(applications, expected);
    // Called after what they are for as well.
    let both = of(&[
        "values/cart-dev.yaml",
        "values/cart-prod.yaml",
        "values/dev-pay.yaml",
        "values/prod-pay.yaml",
        "values/mail-dev.yaml",
    ]);
    let expected = [
        "dev: cart=values/cart-dev.yaml mail=values/mail-dev.yaml pay=values/dev-pay.yaml",
        "prod: cart=values/cart-prod.yaml pay=values/prod-pay.yaml",
    ];
    assert_eq!(both, expected);
    let elsewhere = of(&[
        "values/cart-dev.yaml",
        "values/cart-qa.yaml",
        "values/ui-dev.yaml",
        "values/ui-qa.yaml",
        "infra/values/db-dev.yaml",
        "infra/values/db-qa.yaml",
        "infra/values/abc-live.yaml",
    ]);
    let expected = [
        "dev: db=infra/values/db-dev.yaml cart=values/cart-dev.yaml ui=values/ui-dev.yaml",
        "qa: db=infra/values/db-qa.yaml cart=values/cart-qa.yaml ui=values/ui-qa.yaml",
    ];
    assert_eq!(elsewhere, expected);
    let more = of(&[
        "values/api-dev-eu.yaml",
        "values/api-prod-eu.yaml",
        "values/api_x-dev-eu.yaml",
        "values/api_x-prod-eu.yaml",
    ]);
    let expected = ["dev-eu", "prod-eu"]
        .map(|it| format!("{it}: api=values/api-{it}.yaml api_x=values/api_x-{it}.yaml"));
    assert_eq!(more, expected);
    let one = of(&["helm/values-cart-dev.yaml", "helm/values-cart-prod.yaml"]);
    assert_eq!(one, ["dev: helm/values-cart-dev.yaml", "prod: helm/values-cart-prod.yaml"]);
    let some =
        of(&["values/cart-dev.yaml", "values/cart-qa.yaml", "values/dev.yaml", "values/qa.yaml"]);
    let expected = ["dev: values/dev.yaml", "cart-dev: values/cart-dev.yaml"];
    assert_eq!(some[..2], expected);
    // A resource's name and a program's own profiles tell nothing.
    for file in ["application", "letsencrypt", "docker-compose"] {
        let paths = [format!("config/{file}-staging.yaml"), format!("config/{file}-prod.yaml")];
        let tree = FileTree::of(paths.iter().map(|path| (path.as_str(), ""))).unwrap();
        assert!(find(&tree).is_err(), "{file}");
    }
    // A name alone tells nothing but in a folder of settings, and a folder says more than a file.
    let settings = of(&["config/staging.yaml", "config/prod.yaml", "secrets/config/prod.yaml"]);
    assert_eq!(settings, ["staging: config/staging.yaml", "prod: config/prod.yaml"]);
    let folders = of(&["o/dev/values-dev.yaml", "o/prod/values-prod.yaml", "config/dev.yaml"]);
    assert_eq!(folders, ["dev: o/dev", "prod: o/prod"]);
    let issuers =
        FileTree::of([("certs/staging.yaml", ""), ("certs/production.yaml", "")]).unwrap();
    assert!(find(&issuers).is_err());
}

/// `k8s` is called after what it holds, and stands where `api` stands: what it alone has was an application by itself.
#[test]
fn a_container_beside_an_application_is_one() {
    let found = overlays(&[
        "deploy/api/overlays/staging",
        "deploy/api/overlays/production",
        "deploy/k8s/overlays/staging",
        "deploy/k8s/overlays/production",
        "deploy/k8s/overlays/loadtest",
        "infra/claims/staging",
        "infra/claims/production",
    ]);
    let expected = [
        "staging: api=deploy/api/overlays/staging k8s=deploy/k8s/overlays/staging claims=infra/claims/staging",
        "production: api=deploy/api/overlays/production k8s=deploy/k8s/overlays/production claims=infra/claims/production",
        "loadtest?: k8s=deploy/k8s/overlays/loadtest",
    ];
    assert_eq!(found, expected);
}

#[test]
fn environments_of_the_whole_stand_beside_those_of_applications() {
    let others = [
        "infrastructure/cnpg/dev",
        "infrastructure/cnpg/prod",
        "infrastructure/valkey/dev",
        "infrastructure/valkey/prod",
    ];
    let whole = overlays(&[&others[..], &["environments/dev", "environments/prod"]].concat());
    assert_eq!(
        whole,
        [
            "dev: environments=environments/dev cnpg=infrastructure/cnpg/dev valkey=infrastructure/valkey/dev",
            "prod: environments=environments/prod cnpg=infrastructure/cnpg/prod valkey=infrastructure/valkey/prod",
        ]
    );
    let with_applications = ["envs/dev/web", "envs/dev/api", "envs/prod/web", "envs/prod/api"];
    let both = overlays(&[&others[..], &with_applications].concat());
    assert!(
        both[1].contains("api=envs/prod/api") && both[1].contains("web=envs/prod/web"),
        "{both:?}"
    );
    let two = overlays(
        &[&others[..], &["envs/dev", "envs/prod", "overlays/dev", "overlays/prod"]].concat(),
    );
    assert!(
        two[0].contains("envs=envs/dev") && two[0].contains("overlays=overlays/dev"),
        "{two:?}"
    );
}

/// Flux's own example: the clusters were taken, and what is promoted was left.
#[test]
fn folders_apart_are_an_application_each() {
    let flux = found(&[
        "apps/base/podinfo/kustomization.yaml",
        "apps/production/kustomization.yaml",
        "apps/staging/kustomization.yaml",
        "clusters/production/apps.yaml",
        "clusters/production/flux-system/kustomization.yaml",
        "clusters/staging/apps.yaml",
        "clusters/staging/flux-system/kustomization.yaml",
        "infrastructure/configs/kustomization.yaml",
    ]);
    let expected = [
        "staging: apps=apps/staging clusters=clusters/staging",
        "production: apps=apps/production clusters=clusters/production",
    ];
    assert_eq!(flux, expected);
    let beside = overlays(&["envs/dev", "envs/prod", "overlays/dev", "overlays/prod", "x/lab"]);
    assert_eq!(
        beside,
        ["dev: envs=envs/dev overlays=overlays/dev", "prod: envs=envs/prod overlays=overlays/prod"]
    );
    // No pattern has one application in a folder and another in the folders of that one: each is one whole.
    let mixed = overlays(&[
        "apps/dev/web",
        "apps/dev/api",
        "apps/prod/web",
        "apps/prod/api",
        "envs/dev",
        "envs/prod",
    ]);
    let expected = ["dev: apps=apps/dev envs=envs/dev", "prod: apps=apps/prod envs=envs/prod"];
    assert_eq!(mixed, expected);
    // One name in common is no second place of the same environments.
    let apart =
        overlays(&["overlays/dev", "overlays/qa", "overlays/prod", "envs/uat", "envs/prod"]);
    let expected = [
        "dev: overlays/dev",
        "qa: overlays/qa",
        "prod: overlays/prod",
        "left envs/prod",
        "left envs/uat",
    ];
    assert_eq!(apart, expected);
}

#[test]
fn the_folder_above_that_varies_is_the_application() {
    let expected =
        ["dev: a=apps/a/overlays/dev b=apps/b/overlays/dev", "prod: a=apps/a/overlays/prod"];
    let found = overlays(&[
        "apps/a/base",
        "apps/a/overlays/dev",
        "apps/a/overlays/prod",
        "apps/b/overlays/dev",
    ]);
    assert_eq!(found, expected);
    let found =
        overlays(&["components/x/staging", "components/x/production", "components/y/staging"]);
    let expected = [
        "staging: x=components/x/staging y=components/y/staging",
        "production: x=components/x/production",
    ];
    assert_eq!(found, expected);
    let found = overlays(&[
        "k8s/apps/overlays/qa",
        "k8s/apps/overlays/live",
        "k8s/core/overlays/qa",
        "k8s/core/overlays/live",
    ]);
    let expected = [
        "qa: apps=k8s/apps/overlays/qa core=k8s/core/overlays/qa",
        "live: apps=k8s/apps/overlays/live core=k8s/core/overlays/live",
    ];
    assert_eq!(found, expected);
}

#[test]
fn applications_may_lie_in_the_environments() {
    let found = overlays(&["env/dev/web", "env/dev/api", "env/prod/web", "env/prod/api"]);
    assert_eq!(
        found,
        ["dev: api=env/dev/api web=env/dev/web", "prod: api=env/prod/api web=env/prod/web"]
    );
    let found = overlays(&[
        "dev/apps/web",
        "dev/apps/api",
        "prod/apps/web",
        "prod/infra/dns",
        "dev/infra/dns",
    ]);
    assert_eq!(
        found,
        [
            "dev: api=dev/apps/api web=dev/apps/web dns=dev/infra/dns",
            "prod: web=prod/apps/web dns=prod/infra/dns"
        ]
    );
    // Parts that build on one base are one environment, and so are its regions.
    let parts = overlays(&["env/dev/base", "env/dev/one", "env/prod/base", "env/prod/one"]);
    assert_eq!(parts, ["dev: env/dev", "prod: env/prod"]);
    let regions = overlays(&["env/dev/eu", "env/dev/us", "env/prod/eu", "env/prod/us"]);
    assert_eq!(regions, ["dev: env/dev", "prod: env/prod"]);
    let whole = found_with_values();
    assert_eq!(whole, ["dev: envs/dev", "prod: envs/prod"]);
}

fn found_with_values() -> Vec<String> {
    found(&["envs/dev/values.yaml", "envs/dev/charts/x/values.yaml", "envs/prod/values.yaml"])
}

#[test]
fn an_application_is_not_called_after_what_its_folder_holds() {
    let found = overlays(&[
        "environments/dev",
        "environments/prod",
        "infrastructure/overlays/dev",
        "infrastructure/overlays/prod",
    ]);
    assert_eq!(
        found,
        [
            "dev: environments=environments/dev infrastructure=infrastructure/overlays/dev",
            "prod: infrastructure=infrastructure/overlays/prod environments=environments/prod",
        ]
    );
}

#[test]
fn plain_manifests_are_told_from_other_yaml() {
    let plain = found(&["clusters/staging/apps.yaml", "clusters/production/apps.yaml"]);
    assert_eq!(plain, ["staging: clusters/staging", "production: clusters/production"]);
    let tree =
        FileTree::of([("group_vars/dev/all.yml", "a: 1\n"), ("group_vars/prod/all.yml", "a: 2\n")]);
    assert!(matches!(find(&tree.unwrap()), Err(ConfigError::NothingToDiscover { .. })));
    let mut unknown = FileTree::new();
    for path in ["x/dev/a.yaml", "x/prod/a.yaml"] {
        unknown.insert_unknown(RepoPath::parse(path).unwrap());
    }
    assert!(matches!(find(&unknown), Err(ConfigError::Unknown(paths)) if paths.len() == 2));
}

#[test]
fn one_layout_is_chosen_and_the_rest_is_told() {
    let found = overlays(&[
        "overlays/dev",
        "overlays/prod",
        "examples/x/overlays/dev",
        "examples/x/overlays/prod",
    ]);
    assert_eq!(found, ["dev: overlays/dev", "prod: overlays/prod"]);
    let found = overlays(&[
        "overlays/dev",
        "overlays/staging",
        "overlays/prod",
        "deploy/uat",
        "deploy/prod",
    ]);
    let expected = [
        "dev: overlays/dev",
        "staging: overlays/staging",
        "prod: overlays/prod",
        "left deploy/prod",
        "left deploy/uat",
    ];
    assert_eq!(found, expected);
    let nested =
        overlays(&["clusters/prod", "clusters/dev", "clusters/prod/x/test", "clusters/prod/x/dev"]);
    assert_eq!(nested, ["dev: clusters/dev", "prod: clusters/prod"]);
}

#[test]
fn what_points_at_environments_is_none_of_them() {
    let found = found(&[
        "argocd/apps/dev/shop.yaml",
        "argocd/apps/prod/shop.yaml",
        "envs/dev/shop.yaml",
        "envs/prod/shop.yaml",
    ]);
    assert_eq!(found[..2], ["dev: envs/dev", "prod: envs/prod"]);
    let found = found_in_both("overlays");
    assert_eq!(found[..2], ["staging: overlays/staging", "production: overlays/production"]);
    // Where nothing else is, it is what people mean.
    let alone = overlays(&["argocd/dev", "argocd/prod"]);
    assert_eq!(alone, ["dev: argocd/dev", "prod: argocd/prod"]);
    let clusters =
        overlays(&["apps/vpn/secret/dev", "apps/vpn/secret/prod", "clusters/dev", "clusters/prod"]);
    assert_eq!(clusters[..2], ["dev: clusters/dev", "prod: clusters/prod"]);
}

/// Applications of Argo CD below `apps`, and kustomizations below another folder.
fn found_in_both(folder: &str) -> Vec<String> {
    let paths = ["staging", "production"]
        .map(|it| [format!("apps/{it}/shop.yaml"), format!("{folder}/{it}/kustomization.yaml")]);
    found(&paths.iter().flatten().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn a_folder_of_environments_is_none_itself() {
    let found = overlays(&["shop-dev", "shop-prod", "prod", "lab/dev", "lab/staging"]);
    assert!(!found.iter().any(|line| line.starts_with("lab")), "{found:?}");
    let outer = overlays(&["shop-dev", "shop-test", "lab/dev", "lab/test"]);
    assert_eq!(outer[..2], ["shop-dev: shop-dev", "shop-test: shop-test"]);
    let own = overlays(&["dev", "prod", "demo"]);
    assert_eq!(own, ["dev: dev", "prod: prod", "demo?: demo"]);
}

#[test]
fn a_production_of_other_files_is_not_that_of_one_thing() {
    let things = ["checkout-dev/web.yaml", "checkout-staging/web.yaml"];
    let has_prod = |files: &[&str]| {
        let known = ["checkout-dev/kustomization.yaml", "checkout-staging/kustomization.yaml"];
        let found = found(&[&things, &known[..], files].concat());
        assert!(found.iter().any(|line| line == "checkout-staging: checkout-staging"), "{found:?}");
        found.iter().any(|line| line.starts_with("prod"))
    };
    assert!(has_prod(&["prod/kustomization.yaml", "prod/web.yaml"]));
    assert!(!has_prod(&["prod/blue/kustomization.yaml", "prod/blue/web.yaml"]));
    // With a stage before it, it is a chain of its own.
    assert!(has_prod(&["prod/blue/kustomization.yaml", "test/blue/kustomization.yaml"]));
}

#[test]
fn short_words_mean_environments_beside_others() {
    let overlays = |names: &[&str]| {
        let folders: Vec<String> = names.iter().map(|it| format!("overlays/{it}")).collect();
        overlays(&folders.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let found = overlays(&["pro", "pre", "dev", "base"]);
    assert_eq!(found, ["dev: overlays/dev", "pre: overlays/pre", "pro: overlays/pro"]);
    let steps = ["jobs/pre", "jobs/post", "jobs/release"];
    let tree: Vec<String> = steps.iter().map(|it| format!("{it}/kustomization.yaml")).collect();
    let tree = FileTree::of(tree.iter().map(|path| (path.as_str(), ""))).unwrap();
    assert!(find(&tree).is_err());
}

#[test]
fn applications_of_one_name_are_told_apart() {
    let found = overlays(&[
        "apps/mon/dev",
        "apps/mon/prod",
        "infra/mon/dev",
        "infra/mon/prod",
        "apps/web/dev",
    ]);
    let expected = [
        "dev: apps-mon=apps/mon/dev web=apps/web/dev infra-mon=infra/mon/dev",
        "prod: apps-mon=apps/mon/prod infra-mon=infra/mon/prod",
    ];
    assert_eq!(found, expected);
    // What is above both tells nothing.
    let folders =
        ["charts/mon/envs/dev", "charts/mon/envs/prod", "k/mon/envs/dev", "k/mon/envs/prod"];
    let expected = ["dev", "prod"]
        .map(|it| format!("{it}: charts-mon=charts/mon/envs/{it} k-mon=k/mon/envs/{it}"));
    assert_eq!(overlays(&folders), expected);
    let turned = overlays(&["a/b/mon/dev", "a/b/mon/prod", "b/a/mon/dev", "b/a/mon/prod"]);
    assert_eq!(turned[0], "dev: a-b-mon=a/b/mon/dev b-a-mon=b/a/mon/dev");
}

#[test]
fn without_usual_names_the_folders_are_shown() {
    let Err(error) = find(
        &FileTree::of([
            ("overlays/blue/kustomization.yaml", ""),
            ("overlays/green/kustomization.yaml", ""),
        ])
        .unwrap(),
    ) else {
        panic!()
    };
    insta::assert_snapshot!(error, @r"
    there is no `.github/overlift.yaml`, and no folders or values files side by side are named like environments (`staging`, `production`, …): name them in `.github/overlift.yaml`:
    environments:  # in promotion order
      - name: blue
        path: overlays/blue
      - name: green
        path: overlays/green
    ");
}

#[test]
fn settings_that_nothing_renders_are_environments_where_nothing_else_is() {
    let tags = ["test", "staging", "production"]
        .map(|it| [format!("charts/image-tags/{it}/shop"), format!("charts/image-tags/{it}/web")]);
    let tags: Vec<&str> = tags.iter().flatten().map(String::as_str).collect();
    let expected =
        ["test", "staging", "production"].map(|it| format!("{it}: charts/image-tags/{it}"));
    assert_eq!(found(&tags), expected);
    // Where something is rendered, that is what people mean.
    let both = [&tags[..], &["k/dev/kustomization.yaml", "k/prod/kustomization.yaml"]].concat();
    assert_eq!(found(&both), ["dev: k/dev", "prod: k/prod"]);
    // Sources of a program beside its tests are no environments.
    let sources = ["src/test/main.go", "src/prod/main.go", "src/dev/run.sh"];
    let tree = FileTree::of(sources.iter().map(|path| (path, ""))).unwrap();
    assert!(find(&tree).is_err());
    let others = ["src/test/a.json", "src/prod/b.json"];
    let tree = FileTree::of(others.iter().map(|path| (path, ""))).unwrap();
    assert!(find(&tree).is_err());
}
