//! Several applications in one repository.

use super::*;

/// Two applications, one of which has no staging.
fn monorepo() -> FileTree {
    FileTree::of([
        ("apps/cart/overlays/dev/kustomization.yaml", ""),
        ("apps/cart/overlays/staging/kustomization.yaml", ""),
        ("apps/cart/overlays/prod/kustomization.yaml", ""),
        ("apps/pay/overlays/dev/kustomization.yaml", ""),
        ("apps/pay/overlays/prod/kustomization.yaml", ""),
        ("infra/dns/dev/kustomization.yaml", ""),
        (".github/body.md", "{{ application }} {{ checklist }}"),
    ])
    .unwrap()
}

const OF_APPLICATIONS: &str = "environments:
- {name: dev, path: 'apps/{application}/overlays/dev'}
- name: staging
  path: apps/{application}/overlays/staging
  pullRequest: {labels: [staging]}
- name: prod
  path: ['apps/{application}/overlays/prod']
  promotion: {exclude: [own/**]}
  pullRequest: {reviewers: [ops], draft: true}
  gates: {blockPullRequest: true, severity: {port-name: off}}
applications:
- {name: 'pa*', pullRequest: {reviewers: [payments]}, promotion: {keep: [{file: a.yaml, fields: [a]}]}}
- {name: '*', pullRequest: {reviewers: [never]}}
pullRequest: {assignees: [boss]}
gates: {severity: {port-name: error}}
";

fn in_monorepo(text: &str) -> Result<RepositoryConfig, ConfigError> {
    RepositoryConfig::parse(text, &path(CONFIG_PATH), &monorepo())
}

#[test]
fn what_a_path_matches_is_an_application() {
    let config = in_monorepo(OF_APPLICATIONS).unwrap();
    let pairs: Vec<String> = config
        .pipeline
        .pairs()
        .map(|(source, target)| target.key_from(&source.name).to_string())
        .collect();
    assert_eq!(pairs, ["cart: dev -> staging", "cart: staging -> prod", "pay: dev -> prod"]);
    let several = "environments:
- {name: dev, path: ['apps/{application}/overlays/dev', 'infra/{application}/dev']}
";
    let config = in_monorepo(several).unwrap();
    let names = config.pipeline.applications().flatten().map(ToString::to_string);
    assert_eq!(names.collect::<Vec<_>>(), ["cart", "dns", "pay"]);
}

#[test]
fn the_nearer_word_about_a_promotion_counts() {
    let config = in_monorepo(OF_APPLICATIONS).unwrap();
    let of = |application: &str, name: &str| {
        let application = ApplicationName::parse(application).unwrap();
        let name = EnvironmentName::parse(name).unwrap();
        config.pipeline.environment(Some(&application), &name).unwrap()
    };
    let (cart, pay) = (of("cart", "prod"), of("pay", "prod"));
    assert_eq!((&cart.pull_request.reviewers[0], cart.pull_request.draft), (&"never".into(), true));
    assert_eq!(pay.pull_request.reviewers, ["payments"], "the first name that fits");
    assert_eq!(pay.pull_request.assignees, ["boss"]);
    assert_eq!((pay.rules.exclude.len(), pay.rules.keep.len()), (1, 1));
    assert_eq!((cart.rules.exclude.len(), cart.rules.keep.len()), (1, 0));
    assert!(pay.gates.block_pull_request && !of("pay", "dev").gates.block_pull_request);
    assert_eq!(pay.gates.severity.last().unwrap().level, None, "the last that fits counts");
    assert_eq!(of("cart", "staging").pull_request.labels.len(), 1);
    let key = cart.key_from(&of("cart", "staging").name);
    assert_eq!(cart.pull_request.branch(&key).unwrap().as_str(), "promote/cart/staging-to-prod");
}

#[test]
fn paths_have_an_application_all_or_none() {
    let text = "environments:
- {name: dev, path: 'apps/{application}/overlays/dev'}
- {name: staging, path: 'apps/{application}/overlays/staging'}
- {name: prod, path: overlays/prod}
";
    let message = in_monorepo(text).unwrap_err().to_string();
    assert!(message.contains(":4:") && message.contains("all of them or none"), "{message}");
    let message = in_monorepo("environments:\n- {name: dev, path: '{application}s/x'}\n");
    let message = message.unwrap_err().to_string();
    assert!(message.contains("2:21 (environments[0].path): `{application}` stands"), "{message}");
    let shared = "environments:
- {name: dev, path: 'apps/{application}/overlays/dev'}
- {name: prod, path: 'apps/{application}/overlays/prod'}
pullRequest: {branch: 'p/{{ source }}-{{ target }}'}
";
    let message = in_monorepo(shared).unwrap_err().to_string();
    assert!(message.contains("`cart`: `dev` -> `prod` and `pay`: `dev` -> `prod`"), "{message}");
}
