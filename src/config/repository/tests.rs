//! The example, every fault, and the agreement of check, schema and decoding.

use super::shape::{Absent, ROOT, Shape};
use super::*;
use crate::model::{ApplicationName, EnvironmentName, FileTree};
use crate::policy::{Gate, Level};
use crate::promotion::{Environment, Prune, PullRequestSettings, Trigger};
use serde_json::Value;

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
    assert_eq!(written, PullRequestSettings::default());
    assert!(config.inputs.contains(&path(".github/overlift-body.md")));
}

#[test]
fn an_empty_file_takes_the_folders_and_the_defaults() {
    for text in ["", "# nothing yet\n", "version: 1\n", "---\n{}\n"] {
        let config = parse(text).unwrap();
        assert_eq!(names(&config), ["dev", "prod"], "{text}");
        assert_eq!(*last(&config).pull_request, PullRequestSettings::default());
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
    there is no `.github/overlift.yaml`, and no folders side by side are named like environments (`staging`, `production`, …): name them in `.github/overlift.yaml`:
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
fn every_fault_has_its_place_and_the_nearest_word() {
    let cases = [
        (
            "environmets: []\n",
            "1:1 (environmets): there is no key `environmets`; did you mean `environments`?",
        ),
        (
            "promotion:\n  wire: yes\n",
            "2:9 (promotion.wire): expected `true` or `false`, found a text",
        ),
        (
            "promotion:\n  prune: remove\n",
            "2:10 (promotion.prune): `remove` is not one of `never`, `removed`; did you mean `removed`?",
        ),
        (
            "version: 2\n",
            "1:10 (version): expected the version `1`, found another version, which this Overlift does not know (a newer one may)",
        ),
        (
            "version: \"1\"\n",
            "1:10 (version): expected the version `1`, found a text (leave out the quotes)",
        ),
        ("promotion: []\n", "1:12 (promotion): expected a mapping, found a list"),
        ("environments: []\n", "1:15 (environments): expected at least 1 item, found 0 items"),
        ("environments:\n  - name: a\n", "2:5 (environments[0]): `path` is missing"),
        (
            "promotion:\n  copy: ['']\n",
            "2:10 (promotion.copy[0]): `` is an empty glob; write `**` for all files",
        ),
        (
            "promotion:\n  fields: [image]\n",
            "2:12 (promotion.fields[0]): `image` is not one of `images`, `replicas`, `helmCharts`, `helmGlobals`, `configMapGenerator`, `secretGenerator`, `generatorOptions`, `labels`, `commonLabels`, `commonAnnotations`, `vars`, `namespace`, `namePrefix`, `nameSuffix`, `buildMetadata`, `sortOptions`; did you mean `images`?",
        ),
        (
            "promotion:\n  keep:\n    - file: a.yaml\n      fields: [a..b]\n",
            "4:16 (promotion.keep[0].fields[0]): `a..b` is no field path: a step between two dots is empty; write `\\.` for a dot in a key",
        ),
        (
            "pullRequest:\n  title: '{{ sorce }}'\n",
            "2:10 (pullRequest.title): `sorce` is no variable here; there are application, source, target, plan.id, plan.commit, plan.summary; did you mean `source`?",
        ),
        (
            "pullRequest:\n  branch: 'a b'\n",
            "2:11 (pullRequest.branch): the template makes `a b` is no branch name",
        ),
        (
            "pullRequest:\n  branch: 'x/{{ plan.id }}'\n",
            "2:11 (pullRequest.branch): `plan.id` is no variable here",
        ),
        (
            "pullRequest:\n  bodyTemplate: nowhere.md\n",
            "2:17 (pullRequest.bodyTemplate): there is no file `nowhere.md`",
        ),
        (
            "pullRequest:\n  reviewers: ['@me']\n",
            "2:15 (pullRequest.reviewers[0]): `@me` is no login; write it without `@`",
        ),
        (
            "pullRequest:\n  checklist: ['']\n",
            "2:15 (pullRequest.checklist[0]): the template makes an empty checklist item",
        ),
        (
            "pullRequest:\n  commitMessage: |\n    x\n\n    Overlift-Plan: 1\n",
            "2:18 (pullRequest.commitMessage): the template makes a line that looks like one of Overlift's own trailers",
        ),
        ("a: [1\n", ": "),
        ("a: 1\n---\nb: 1\n", "3:1: expected one document, found a second one"),
    ];
    for (text, want) in cases {
        let message = error(text);
        let want = format!(
            ".github/overlift.yaml{}{want}",
            if want.starts_with(char::is_numeric) { ":" } else { "" }
        );
        assert!(
            message.starts_with(&want) || want.ends_with(": ") && message.contains(": "),
            "{text}\n got {message}\nwant {want}"
        );
    }
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
fn faults_of_the_gates_have_their_place_and_say_what_to_write() {
    for (text, expected) in [
        ("run: [isto]", "2:9 (gates.run[0]): `isto` is not one of"),
        (
            "severity: {IST0011: off}",
            "(gates.severity.IST0011): there is no rule or code `IST0011`; did you mean `IST0111`?",
        ),
        ("severity: {IST0111: of}", "did you mean `off`?"),
        ("suppress: [{code: IST0111}]", "`reason` is missing"),
        (
            "suppress: [{code: IST0111, reason: x, expires: soon}]",
            "2:50 (gates.suppress[0].expires): this is no day",
        ),
        (
            "suppress: [{code: IST0111, reason: x, resource: shop}]",
            "`shop` is no glob over resources",
        ),
        ("schemas: [a/b@1]", "names no file: write `OWNER/REPO@REF:PATH`"),
        ("kubernetes: latest", "a version of Kubernetes, such as 1.34"),
        ("complet: true", "did you mean `complete`?"),
    ] {
        let found = error(&format!("gates:\n  {text}\n"));
        assert!(found.contains(expected), "{found}\n{expected}");
    }
}

#[test]
fn faults_of_the_pipeline_have_the_place_of_the_key() {
    let two = |second: &str| {
        format!(
            "environments:\n  - name: a\n    path: o/a\n  - {}\n",
            second.replace('\n', "\n    ")
        )
    };
    let cases = [
        (two("name: a\npath: o/b"), "4:11 (environments[1].name)"),
        (two("name: b\npath: ./o/a/"), "5:11 (environments[1].path)"),
        (two("name: b\npath: o/a/nested"), "5:11 (environments[1].path)"),
        (two("name: b\npath: ../b"), "5:11 (environments[1].path)"),
        (two("name: b\npath: /b"), "5:11 (environments[1].path)"),
        (two("name: -b\npath: o/b"), "4:11 (environments[1].name)"),
        (two("name: b\npath: o/b\nfrom: [A]"), "6:12 (environments[1].from[0])"),
        (two("name: b\npath: o/b\nfrom: [b]"), "6:12 (environments[1].from[0])"),
        (two("name: b\npath: o/b\nfrom: []\ntrigger: push"), "7:14 (environments[1].trigger)"),
        (
            "environments:\n  - name: a\n    path: o/a\n    from: [b]\n  - name: b\n    path: o/b\n".to_owned(),
            "4:11 (environments[0].from)",
        ),
    ];
    for (text, place) in cases {
        let message = error(&text);
        assert!(
            message.starts_with(&format!(".github/overlift.yaml:{place}: ")),
            "{text}{message}"
        );
    }
    assert!(error(&two("name: b\npath: o/b\nfrom: [A]")).ends_with("did you mean `a`?"));
}

#[test]
fn two_promotions_never_share_a_branch() {
    let text = "environments:\n  - {name: a, path: a}\n  - {name: a-to-b, path: ab, from: []}\n  \
                - {name: c, path: c, from: [a-to-b]}\n  - {name: b-to-c, path: bc, from: [a]}\n";
    let message = error(text);
    assert!(message.contains("`a-to-b` -> `c` and `a` -> `b-to-c`"), "{message}");
    let other = format!("{text}pullRequest:\n  branch: p/{{{{source}}}}/{{{{target}}}}\n");
    assert!(parse(&other).is_ok());
    let constant = "environments:\n  - {name: a, path: a}\n  - {name: b, path: b}\n  - {name: c, path: c}\n\
                    pullRequest:\n  branch: promote\n";
    assert!(error(constant).starts_with(".github/overlift.yaml:6:11 (pullRequest.branch)"));
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
fn a_fault_in_the_body_template_has_its_own_place() {
    let files = FileTree::of([
        ("b.md", "fine\n{{ plan.dif }}\n"),
        ("c.md", "fine\n{% if %}\n"),
        ("overlays/dev/kustomization.yaml", ""),
    ])
    .unwrap();
    let parse = |name: &str| {
        let text = format!("pullRequest:\n  bodyTemplate: {name}\n");
        RepositoryConfig::parse(&text, &path(CONFIG_PATH), &files).unwrap_err().to_string()
    };
    assert!(parse("b.md").starts_with("b.md: `plan.dif` is no variable"), "{}", parse("b.md"));
    assert!(parse("c.md").starts_with("c.md:2:1: line 2 of the template: "), "{}", parse("c.md"));
    assert!(parse("../x.md").contains("leads out of the repository"));
}

#[test]
fn asks_for_files_that_are_not_here() {
    let mut files = FileTree::new();
    files.insert_unknown(path(CONFIG_PATH));
    let error = RepositoryConfig::load(&files).unwrap_err();
    assert!(matches!(error, ConfigError::Unknown(paths) if paths.contains(&path(CONFIG_PATH))));
}

/// Enough of JSON Schema for ours.
fn fits(value: &Value, schema: &Value) -> bool {
    if let Some(types) = schema["type"].as_array() {
        let mut one = schema.clone();
        return types.iter().any(|name| {
            one["type"] = name.clone();
            fits(value, &one)
        });
    }
    if let Some(either) = schema["anyOf"].as_array() {
        return either.iter().any(|one| fits(value, one));
    }
    let by_type = match schema["type"].as_str().unwrap() {
        "object" => value.as_object().is_some_and(|object| {
            let required = schema["required"].as_array().into_iter().flatten();
            required.into_iter().all(|key| object.contains_key(key.as_str().unwrap()))
                && object.iter().all(|(key, value)| {
                    let named = schema["properties"].get(key);
                    let named = named.or(schema.get("additionalProperties"));
                    named.filter(|s| s.is_object()).is_some_and(|schema| fits(value, schema))
                })
        }),
        "array" => value.as_array().is_some_and(|items| {
            let least = schema["minItems"].as_u64().unwrap_or(0) as usize;
            let most = schema["maxItems"].as_u64().unwrap_or(u64::MAX) as usize;
            (least..=most).contains(&items.len())
                && items.iter().all(|item| fits(item, &schema["items"]))
        }),
        "string" => value.as_str().is_some_and(|text| {
            let pattern = schema["pattern"].as_str().unwrap_or("");
            let longest = schema["maxLength"].as_u64().unwrap_or(u64::MAX) as usize;
            regex::Regex::new(pattern).unwrap().is_match(text) && text.chars().count() <= longest
        }),
        "boolean" => value.is_boolean(),
        "number" => value.as_f64().is_some_and(|number| {
            number >= schema["minimum"].as_f64().unwrap()
                && number < schema["exclusiveMaximum"].as_f64().unwrap()
        }),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("the schema says {other}"),
    };
    let by_value = schema.get("const").is_none_or(|only| only == value)
        && schema.get("enum").is_none_or(|words| words.as_array().unwrap().contains(value));
    by_type && by_value
}

#[test]
fn the_schema_takes_the_example_and_its_own_defaults() {
    let schema = schema();
    let example: Value = serde_yaml::from_str(EXAMPLE).unwrap();
    assert!(fits(&example, &schema));
    fn defaults(schema: &Value) {
        if let Some(default) = schema.get("default") {
            assert!(fits(default, schema), "{schema}");
        }
        for property in schema["properties"].as_object().into_iter().flat_map(|map| map.values()) {
            defaults(property);
        }
        if let Some(items) = schema.get("items") {
            defaults(items);
        }
    }
    defaults(&schema);
}

/// A value that fits a shape, with every key.
fn sample(shape: &Shape) -> Value {
    match shape {
        Shape::Version => 1.into(),
        Shape::Text { pattern, .. } => {
            let fits =
                |text: &&str| regex::Regex::new(pattern.unwrap_or("")).unwrap().is_match(text);
            let texts = ["images", "host/owner/name", "result < 1", "30m", "Fri 16:00 - Mon 08:00"];
            texts.into_iter().find(fits).unwrap().into()
        }
        Shape::Choice(words) => words[0].into(),
        Shape::Flag => true.into(),
        Shape::Words(values) => serde_json::json!({ "port-name": sample(values) }),
        Shape::Day | Shape::Moment => "2027-01-31".into(),
        Shape::TextOr(_, more) => sample(more),
        Shape::Release => "1.34".into(),
        Shape::Percent => 10.into(),
        Shape::List { items, least, .. } => vec![sample(items); (*least).max(1)].into(),
        Shape::OneOrSeveral(items) => vec![sample(items)].into(),
        Shape::Mapping(keys) => {
            keys.iter().map(|key| (key.name.to_owned(), sample(&key.shape))).collect()
        }
    }
}

/// Calls `check` for the root and for every mapping below it, with the way to it.
///
/// The same mapping in another place is not looked at again.
fn each_mapping(shape: &Shape, way: &str, check: &mut dyn FnMut(&str, &'static [shape::Key])) {
    match shape {
        Shape::Mapping(keys) => {
            check(way, keys);
            for key in *keys {
                let again =
                    way.contains("/0") && ["promotion", "pullRequest", "gates"].contains(&key.name);
                if !again {
                    each_mapping(&key.shape, &format!("{way}/{}", key.name), check);
                }
            }
        }
        Shape::List { items, .. } => each_mapping(items, &format!("{way}/0"), check),
        _ => {}
    }
}

#[test]
fn schema_check_and_decoding_agree_key_by_key() {
    let schema = schema();
    let whole = sample(&ROOT);
    let decode =
        |value: &Value| serde_yaml::from_value::<file::File>(serde_yaml::to_value(value).unwrap());
    let checked = |value: &Value| {
        let text = serde_json::to_string(value).unwrap();
        let path = path(CONFIG_PATH);
        let places = places::Places::read(&text, &path).unwrap();
        places.check(&ROOT).is_ok()
    };
    assert!(fits(&whole, &schema) && checked(&whole) && decode(&whole).is_ok());
    let mut keys_seen = 0;
    each_mapping(&ROOT, "", &mut |way, keys| {
        let mut with_unknown = whole.clone();
        with_unknown.pointer_mut(way).unwrap()["unknown"] = true.into();
        assert!(
            !fits(&with_unknown, &schema)
                && !checked(&with_unknown)
                && decode(&with_unknown).is_err()
        );
        for key in keys {
            keys_seen += 1;
            let mut without = whole.clone();
            without.pointer_mut(way).unwrap().as_object_mut().unwrap().remove(key.name);
            let optional = !matches!(key.absent, Absent::Refused);
            assert_eq!(fits(&without, &schema), optional, "{way}/{}", key.name);
            assert_eq!(checked(&without), optional, "{way}/{}", key.name);
            let mut wrong = whole.clone();
            wrong.pointer_mut(way).unwrap()[key.name] = 5.5.into();
            assert!(!fits(&wrong, &schema) && !checked(&wrong), "{way}/{}", key.name);
        }
    });
    assert_eq!(keys_seen, 87);
}

#[test]
fn defaults_of_the_schema_are_the_defaults() {
    let schema = schema();
    let mut whole = serde_json::Map::new();
    for (key, part) in schema["properties"].as_object().unwrap() {
        let defaults: serde_json::Map<String, Value> = part["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(key, part)| Some((key.clone(), part.get("default")?.clone())))
            .collect();
        if !defaults.is_empty() {
            whole.insert(key.clone(), defaults.into());
        }
    }
    let said = parse(&serde_json::to_string(&whole).unwrap()).unwrap();
    let silent = parse("").unwrap();
    // Whoever writes `copy` copies, be it the default.
    let said = format!("{:?}", said.pipeline).replace("by: Some(Files)", "by: None");
    assert_eq!(said, format!("{:?}", silent.pipeline));
}

#[test]
fn hostile_texts_end_in_an_error() {
    let deep = "[".repeat(100_000);
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b]\n";
    let many = format!("remoteBases: [{}]\n", "a/b/c, ".repeat(10_001));
    let many = format!("environments:\n{many}");
    for text in [
        deep.as_str(),
        bomb,
        "\0",
        "\u{feff}\u{202e}",
        many.as_str(),
        "- a\n",
        "just text",
        "<<: {a: 1}",
    ] {
        assert!(parse(text).is_err());
    }
}

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
    let message = in_monorepo("environments:\n- {name: dev, path: 'x/{application}s'}\n");
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

#[test]
fn all_faults_are_told_at_once_in_the_order_of_the_file() {
    let message =
        error("version: 1\npromotion:\n  exclud: []\n  keeps: []\npullRequest:\n  lables: [a]\n");
    insta::assert_snapshot!(message, @r"
    .github/overlift.yaml:3:3 (promotion.exclud): there is no key `exclud`; did you mean `exclude`?
    .github/overlift.yaml:4:3 (promotion.keeps): there is no key `keeps`; did you mean `keep`?
    .github/overlift.yaml:6:3 (pullRequest.lables): there is no key `lables`; did you mean `labels`?
    ");
    let message = error(
        "environments:\n- {name: a b, path: /x}\n- {name: c, path: o/c, promotion: {copy: ['']}}\n\
         pullRequest: {title: '{{ x }}', reviewers: ['@a']}\ngates: {severity: {x: off}}\n",
    );
    let places: Vec<&str> =
        message.lines().filter_map(|line| line.split_once(": ")).map(|(at, _)| at).collect();
    assert_eq!(places.len(), 6, "{message}");
}

#[test]
fn a_file_elsewhere_is_told_where_it_belongs() {
    let load = |files: &[(&str, &str)]| {
        let overlays =
            [("overlays/dev/kustomization.yaml", ""), ("overlays/prod/kustomization.yaml", "")];
        let files = FileTree::of(files.iter().chain(&overlays).copied()).unwrap();
        RepositoryConfig::load(&files).map_err(|error| error.to_string())
    };
    for wrong in [".github/overlift.yml", "overlift.yaml", ".overlift.yml"] {
        let message = load(&[(wrong, "version: 1\n")]).unwrap_err();
        assert!(
            message.starts_with(&format!("{wrong}: the configuration belongs in")),
            "{message}"
        );
    }
    let both = [(".github/overlift.yml", "version: 1\n"), (CONFIG_PATH, "version: 1\n")];
    assert!(load(&both).is_err(), "nobody knows which of them is meant");
    assert!(load(&[("overlift.yaml", "x: 1\n"), (CONFIG_PATH, "version: 1\n")]).is_ok());
    assert!(load(&[("overlift.yaml", "apiVersion: apps/v1\nkind: Deployment\n")]).is_ok());
}

#[test]
fn there_may_be_ten_thousand_environments() {
    let environments: String =
        (0..10_000).map(|n| format!("- {{name: e{n}, path: o/{n}}}\n")).collect();
    let config = parse(&format!("environments:\n{environments}")).unwrap();
    assert_eq!(config.pipeline.pairs().count(), 9_999);
}

const AFTER: &str = "environments:
- name: staging
  path: overlays/staging
  health:
    statuses: ['argocd/staging*']
    deployments: [staging]
    events: true
    queries:
    - {name: errors, query: 'sum(x)', expect: result < 0.01}
    soak: 30m
    undo: propose
    within: 2h
- name: production
  path: overlays/production
  trigger: healthy
  freeze:
  - {from: 2026-12-20, until: 2027-01-02, reason: holidays}
  - {weekly: 'Fri 16:00 - Mon 08:00', timezone: Europe/Berlin}
deployments: true
pullRequest:
  merge: auto
  mergeMethod: squash
  checklist: [Looked at, {text: 'Verified {{ source }}', when: healthy}]
";

#[test]
fn what_comes_after_the_merge_is_read() {
    use crate::clearance::{Merge, MergeMethod, UndoBy};
    let config = parse(AFTER).unwrap();
    let [staging, production] = config.pipeline.environments() else { panic!() };
    let health = staging.health.as_ref().unwrap();
    assert_eq!((health.statuses.len(), health.queries.len()), (1, 1));
    assert_eq!((health.soak.unwrap().to_string(), health.within.ms()), ("30m".into(), 7_200_000));
    assert_eq!(health.undo, Some(UndoBy::Propose));
    assert_eq!((production.trigger, production.freezes.len()), (Trigger::Healthy, 2));
    let pull_request = &production.pull_request;
    assert_eq!((pull_request.merge, pull_request.merge_method), (Merge::Auto, MergeMethod::Squash));
    let items = crate::promotion::checklist_of(staging, production).unwrap();
    let items: Vec<_> = items.iter().map(|it| (it.text.as_str(), it.by_evidence)).collect();
    assert_eq!(items, [("Looked at", false), ("Verified staging", true)]);
    assert!(config.deployments);
}

#[test]
fn what_is_wrong_about_it_is_told_with_its_place() {
    let cases = [
        ("soak: 30m", "soak: 30x", "10:11 (environments[0].health.soak): `30x` is no span of time"),
        ("within: 2h", "within: 1y", "12:13 (environments[0].health.within): `1y` is no span"),
        (
            "result < 0.01",
            "x < 1",
            "9:47 (environments[0].health.queries[0].expect): `x < 1` is no",
        ),
        (
            "Fri 16:00 -",
            "Fri -",
            "18:14 (environments[1].freeze[1].weekly): `Fri - Mon 08:00` is no",
        ),
        (
            "Europe/Berlin",
            "Europe/Berlinn",
            "(environments[1].freeze[1].timezone): `Europe/Berlinn`",
        ),
        (
            "from: 2026-12-20",
            "from: 2027-12-20",
            "(environments[1].freeze[0].until): it ends before",
        ),
        ("until: 2027-01-02, ", "", "17:5 (environments[1].freeze[0]): a freeze has either"),
        ("weekly: ", "weekley: ", "did you mean `weekly`?"),
        ("statuses:", "status:", "did you mean `statuses`?"),
        ("merge: auto", "merge: always", "`always` is not one of `manual`, `auto`"),
        ("when: healthy", "when: ready", "`ready` is not one of `healthy`"),
        ("undo: propose", "undo: yes", "(environments[0].health.undo)"),
        ("trigger: healthy", "trigger: health", "did you mean `healthy`?"),
    ];
    for (from, to, want) in cases {
        assert!(AFTER.contains(from), "{from}");
        let message = error(&AFTER.replacen(from, to, 1));
        assert!(message.contains(want), "{from} → {to}: {message}");
    }
    let silent = "environments:\n- {name: a, path: a}\n- {name: b, path: b, trigger: healthy}\n";
    assert!(error(silent).contains("(environments[1].trigger): `b` has `trigger: healthy`, and nothing says when `a` is healthy"));
    let empty = "environments:\n- {name: a, path: a, health: {soak: 1h}}\n";
    assert!(error(empty).contains("nothing here says when it is healthy"));
}

#[test]
fn steps_are_read_and_what_is_wrong_about_them_is_told() {
    let text = "environments:
- {name: staging, path: overlays/staging}
- name: production
  path: overlays/production
  steps:
  - {virtualService: shop/api, to: canary, from: stable, weights: [10, 50, 100], pause: 10m}
  - {virtualService: shop/web, switch: [blue, green]}
";
    let config = parse(text).unwrap();
    let rollouts = &environment(&config, "production").rollouts;
    assert_eq!(rollouts[0].aim("canary", 50).unwrap().to_string(), "shop/api: canary 50 %");
    assert_eq!(rollouts[0].pause.unwrap().to_string(), "10m");
    assert_eq!(rollouts[1].aim("green", 100).unwrap().from, "blue");
    for (from, to, want) in [
        ("[10, 50, 100]", "[50, 10]", "6:67 (environments[1].steps[0].weights): `weights` rise"),
        ("[10, 50, 100]", "[10, 500]", "a whole number from 1 to 100"),
        ("to: canary", "to: stable", "cannot move from `stable` to `stable`"),
        (", from: stable", "", "6:5 (environments[1].steps[0]): a step has either `to`, `from`"),
        ("pause: 10m", "pause: soon", "`soon` is no span of time"),
        ("shop/web", "shop/api", "(environments[1].steps[1].virtualService): `shop/api` has steps"),
        ("shop/web", "a/b/c", "`a/b/c` is no name of a VirtualService"),
        ("[blue, green]", "[blue]", "environments[1].steps[1].switch"),
        ("switch:", "swich:", "did you mean `switch`?"),
        ("- {name: staging, path: overlays/staging}\n", "", "promoted from no other environment"),
    ] {
        assert!(text.contains(from), "{from}");
        let message = error(&text.replacen(from, to, 1));
        assert!(message.contains(want), "{from} → {to}: {message}");
    }
    let apps = "environments:\n- {name: dev, path: 'apps/{application}/dev'}\n- name: prod\n  path: 'apps/{application}/prod'\n  \
                steps: [{virtualService: 'shop/{application}', switch: [a, b]}]\n";
    let files = ["cart/dev", "cart/prod"].map(|it| (format!("apps/{it}/kustomization.yaml"), ""));
    let config = RepositoryConfig::parse(
        apps,
        &path(".github/overlift.yaml"),
        &FileTree::of(files).unwrap(),
    );
    let config = config.unwrap();
    let prod = config.pipeline.environments().iter().find(|it| it.name.as_str() == "prod").unwrap();
    assert_eq!(prod.rollouts[0].virtual_service.to_string(), "shop/cart");
}

#[test]
fn the_list_of_fields_is_that_of_promotions() {
    let known: Vec<&str> = crate::promotion::CarriedField::names().collect();
    assert_eq!(super::shape::CARRIED_FIELDS, known);
}

#[test]
fn notices_name_receivers_events_and_a_form() {
    use crate::model::{NoticeEvent, NoticeFormat, ReceiverName};
    let notices =
        parse("notices:\n- {to: team-a}\n- {to: ops, on: [failed, held], format: json}\n");
    let notices = notices.unwrap().notices;
    assert_eq!(notices[0].to, ReceiverName::parse("TEAM_A").unwrap());
    assert_eq!((notices[0].on.len(), notices[0].format), (6, NoticeFormat::Slack));
    assert_eq!(notices[1].on, [NoticeEvent::Held, NoticeEvent::Failed].into());
    assert_eq!(notices[1].format, NoticeFormat::Json);
    for (wrong, told) in [
        ("- {to: https://hooks.example/x}", "1:16 (notices[0].to)"),
        ("- {on: [opened]}", "notices[0]"),
        ("- {to: a, on: [open]}", "`opened`"),
        ("- {to: a, on: []}", "notices[0].on"),
        ("- {to: a, format: xml}", "notices[0].format"),
        ("- {to: a, url: https://x}", "notices[0]"),
    ] {
        let error = parse(&format!("notices: [{}]\n", wrong.trim_start_matches("- "))).unwrap_err();
        assert!(error.to_string().contains(told), "{error}");
    }
}
