//! The example of the design, defaults, and what they share with the tests of each subject.

mod after_the_merge;
mod agreement;
mod applications;
mod faults;

use super::*;
use crate::model::{ApplicationName, EnvironmentName, FileTree};
use crate::policy::{Gate, Level};
use crate::promotion::{Environment, Prune, PullRequestSettings, Trigger};

/// The example of the design, without the template file.
const EXAMPLE: &str = r#"version: 1
environments:                     # in promotion order; each is promoted from the one before it
  - name: development
    path: overlays/development
  - name: staging
    path: overlays/staging
    trigger: push
  - name: production
    path: overlays/production
    from: [staging]
promotion:
  copy: ["patches/**"]
  exclude: []
  keep:
    - file: patches/rate-limits.yaml
      fields: [spec.configPatches]
  prune: never
  wire: true
  fields: []
pullRequest:
  branch: promote/{{ source }}-to-{{ target }}
  title: "Promote {{ source }} -> {{ target }}"
  commitMessage: Promote config from {{ source }} to {{ target }}
  labels: [promotion, "{{ target }}"]
  reviewers: []
  teamReviewers: []
  assignees: []
  draft: false
  checklist:
    - Reviewed configuration changes
    - Verified {{ source }} deployment was successful
    - Confirmed monitoring dashboards are healthy
    - Approved by service owner
  bodyTemplate: .github/overlift-body.md
"#;

fn path(text: &str) -> RepoPath {
    RepoPath::parse(text).unwrap()
}

fn parse(text: &str) -> Result<RepositoryConfig, ConfigError> {
    let files = FileTree::of([
        (".github/overlift-body.md", "{{ plan.summary }}\n{{ plan.diff }}\n{{ checklist }}\n"),
        ("overlays/dev/kustomization.yaml", ""),
        ("overlays/prod/kustomization.yaml", ""),
    ])
    .unwrap();
    RepositoryConfig::parse(text, &path(CONFIG_PATH), &files)
}

#[track_caller]
fn error(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

/// The environment of this name in a repository without applications.
fn environment<'a>(config: &'a RepositoryConfig, name: &str) -> &'a Environment {
    config.pipeline.environment(None, &EnvironmentName::parse(name).unwrap()).unwrap()
}

/// What holds for promotions into the last environment.
fn last(config: &RepositoryConfig) -> &Environment {
    config.pipeline.environments().last().unwrap()
}

fn names(config: &RepositoryConfig) -> Vec<&str> {
    config.pipeline.environments().iter().map(|environment| environment.name.as_str()).collect()
}

/// What holds where the file says nothing.
fn defaults() -> PullRequestSettings {
    let configuration = Some(path(".github/overlift.yaml"));
    PullRequestSettings { configuration, ..PullRequestSettings::default() }
}

#[test]
fn reads_the_example_of_the_design() {
    let config = parse(EXAMPLE).unwrap();
    assert_eq!(names(&config), ["development", "staging", "production"]);
    let staging = environment(&config, "staging");
    assert_eq!(staging.trigger, Trigger::Push);
    assert_eq!(staging.from, [EnvironmentName::parse("development").unwrap()]);
    assert_eq!(last(&config).rules.prune, Prune::Never);
    assert_eq!(last(&config).rules.keep[0].file.as_str(), "patches/rate-limits.yaml");
    // Everything but the body is the default, and the example says so.
    let written = PullRequestSettings { body: None, ..(*last(&config).pull_request).clone() };
    assert_eq!(written, defaults());
    assert!(config.inputs.contains(&path(".github/overlift-body.md")));
}

#[test]
fn an_empty_file_takes_the_folders_and_the_defaults() {
    for text in ["", "# nothing yet\n", "version: 1\n", "---\n{}\n"] {
        let config = parse(text).unwrap();
        assert_eq!(names(&config), ["dev", "prod"], "{text}");
        assert_eq!(*last(&config).pull_request, defaults());
        assert!(last(&config).rules.copies("patches/x.yaml"));
    }
}

#[test]
fn finds_environments_by_their_usual_names() {
    let files = FileTree::of([
        ("overlays/production/kustomization.yaml", ""),
        ("overlays/qa/Kustomization", ""),
        ("overlays/dev/kustomization.yml", ""),
        ("overlays/notes/readme.md", ""),
        ("overlays/staging/kustomization.yaml", ""),
        ("overlays/staging/deeper/kustomization.yaml", ""),
    ])
    .unwrap();
    let config = RepositoryConfig::load(&files).unwrap();
    assert_eq!(names(&config), ["dev", "qa", "staging", "production"]);
    assert_eq!(config.path, None);
    let from = &environment(&config, "staging").from;
    assert_eq!(from, &[EnvironmentName::parse("qa").unwrap()]);
}

#[test]
fn an_unusual_folder_is_told_with_what_to_write() {
    let files = FileTree::of([
        ("overlays/blue/kustomization.yaml", ""),
        ("overlays/prod/kustomization.yaml", ""),
    ])
    .unwrap();
    let message = RepositoryConfig::load(&files).unwrap_err().to_string();
    insta::assert_snapshot!(message, @r"
    there is no `.github/overlift.yaml`, and no folders or values files side by side are named like environments (`staging`, `production`, …): name them in `.github/overlift.yaml`:
    environments:  # in promotion order
      - name: blue
        path: overlays/blue
      - name: prod
        path: overlays/prod
    ");
    assert!(matches!(
        RepositoryConfig::load(&FileTree::new()),
        Err(ConfigError::NothingToDiscover { .. })
    ));
}

#[test]
fn reads_what_a_repository_wants_of_its_gates() {
    let config = parse(
        "gates:\n  run: [istio, schemas]\n  complete: true\n  kubernetes: 1.30\n  schemas: \
         [schemas, istio/istio@1.27.1:crds.yaml]\n  policies: [policies/rego]\n  severity:\n    \
         IST0118: off\n    port-name: warning\n  suppress:\n  - code: IST0101\n    resource: \
         VirtualService shop/*\n    reason: another cluster has it\n    expires: 2027-01-31\n  \
         blockPullRequest: true\n",
    );
    let gates = config.unwrap().gates;
    assert_eq!(gates.run, [Gate::Istio, Gate::Schemas].into());
    assert_eq!(gates.kubernetes.as_deref(), Some("1.30"));
    assert_eq!((gates.complete, gates.block_pull_request, gates.schemas.len()), (true, true, 2));
    let severity: Vec<_> = gates.severity.iter().map(|s| (s.of.as_str(), s.level)).collect();
    assert_eq!(severity, [("port-name", Some(Level::Warning)), ("IST0118", None)]);
    let suppression = &gates.suppress[0];
    assert_eq!(suppression.expires.unwrap().to_string(), "2027-01-31");
    assert_eq!(suppression.at.position.unwrap().line, 11);
}

#[test]
fn checklists_are_bounded() {
    let items = |count: usize, item: &str| {
        format!("pullRequest:\n  checklist:\n{}", format!("    - '{item}'\n").repeat(count))
    };
    assert!(parse(&items(50, &"x".repeat(300))).is_ok());
    assert!(error(&items(51, "x")).contains("expected at most 50 items, found 51"));
    assert!(error(&items(1, &"x".repeat(301))).contains("more than 300 characters"));
}

#[test]
fn there_may_be_ten_thousand_environments() {
    let environments: String =
        (0..10_000).map(|n| format!("- {{name: e{n}, path: o/{n}}}\n")).collect();
    let config = parse(&format!("environments:\n{environments}")).unwrap();
    assert_eq!(config.pipeline.pairs().count(), 9_999);
}
