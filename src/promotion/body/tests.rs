//! Bodies as people see them.

use super::super::plain_text::wrapped;
use super::*;
use crate::diff::{DriftDiff, FilesDiff, KnownValues, RenderedDiff, SecretInputs};
use crate::kustomize::{Build, Gvk, Resource, ResourceId};
use crate::model::{CommitSha, EnvironmentName, File, FileEdit, FileTree, Location, RepoPath};
use crate::policy::{
    Changes, Day, Finding, Gates, Level, Reading, Standards, Terms, check_changes,
};
use crate::promotion::plan::Method;
use crate::promotion::planned_edit::{Cause, PlannedEdit};
use crate::promotion::remark::{NotPromoted, NotPromotedReason, Warning};
use crate::promotion::rendering::Builds;
use crate::promotion::{By, Environment, PlanError, PlanId, Variables, propose};
use crate::yaml::{Dialect, Node, parse_stream};

fn path(text: &str) -> RepoPath {
    RepoPath::parse(text).unwrap()
}

fn environment(name: &str, from: &[&str]) -> Environment {
    let parse = |name: &str| EnvironmentName::parse(name).unwrap();
    let pull_request = PullRequestSettings {
        configuration: Some(path(".github/overlift.yaml")),
        ..PullRequestSettings::default()
    };
    Environment {
        from: from.iter().map(|name| parse(name)).collect(),
        pull_request: pull_request.into(),
        ..Environment::new(parse(name), path(&format!("overlays/{name}")))
    }
}

fn resource(node: Node) -> Resource {
    let text = |keys: &[&str]| node.text_at(keys).to_owned();
    let id = ResourceId {
        gvk: Gvk::from_api_version(&text(&["apiVersion"]), &text(&["kind"])),
        namespace: text(&["metadata", "namespace"]).into(),
        name: text(&["metadata", "name"]).into(),
    };
    let origin = Location::file(path("base/x.yaml"));
    Resource { node, original_id: id.clone(), id, origin }
}

fn build(text: &str) -> Build {
    let nodes = parse_stream(text, Dialect::V3).unwrap();
    let resources = nodes.into_iter().filter(|node| !node.is_null()).map(resource).collect();
    Build { resources, ..Build::default() }
}

/// A plan of these manifests: the source, the target before and after.
fn plan(source: &str, before: &str, after: &str) -> Plan {
    let builds = Builds { source: build(source), before: build(before), after: build(after) };
    let edit = FileEdit {
        path: path("overlays/production/patches/frontend.yaml"),
        before: None,
        after: Some(File::regular(*b"a: 1\nb: 2\n")),
    };
    let causes = vec![Cause::Copied { from: path("overlays/staging/patches/frontend.yaml") }];
    let edits = vec![PlannedEdit { edit, causes }];
    let rendered = RenderedDiff::between(
        &builds.before,
        &builds.after,
        "overlays/production",
        &KnownValues::default(),
    );
    let findings = risks(&builds, &rendered);
    Plan {
        id: PlanId::parse(&"9f31c7d2".repeat(8)).unwrap(),
        source: environment("staging", &[]),
        target: environment("production", &["staging"]),
        commit: Some(CommitSha::parse(&"4f2a91c0".repeat(5)).unwrap()),
        source_at: None,
        rendered,
        files: FilesDiff::of(edits.iter().map(|edit| &edit.edit), &SecretInputs::default()),
        drift: DriftDiff::between(
            &builds.source,
            &builds.after,
            ("staging", "production"),
            &KnownValues::default(),
        ),
        findings,
        suppressed: 0,
        warnings: Vec::new(),
        not_promoted: Vec::new(),
        not_rendered: Vec::new(),
        method: Method { by: By::Files, because: "there is no history" },
        differences: Vec::new(),
        commits: Vec::new(),
        below: Vec::new(),
        of_charts: Vec::new(),
        reaches: Vec::new(),
        clusters: Vec::new(),
        edits,
        built_by_kustomize: false,
    }
}

fn risks(builds: &Builds, rendered: &RenderedDiff) -> Vec<Finding> {
    let changes = Changes {
        resources: rendered.resources(),
        before: &builds.before,
        after: &builds.after,
        files: &FileTree::new(),
        path: &path("overlays/production"),
        others: &[],
        own_values: &[],
        at_once: &[],
    };
    let (gates, standards) = (Gates::default(), Standards::default());
    let terms = Terms { gates: &gates, standards: &standards, today: Day::MIN };
    check_changes(&changes, &Reading::after(&changes), terms).findings
}

fn body(plan: &Plan) -> String {
    body_after(plan, None)
}

#[track_caller]
fn body_after(plan: &Plan, previous: Option<&str>) -> String {
    let body = propose(plan, previous).unwrap().body;
    check_shape(&body);
    body
}

/// What holds for every body: it is bounded, its head and its checklist are whole, its parts are closed.
#[track_caller]
fn check_shape(body: &str) {
    assert!(utf16_len(body) <= BODY_LIMIT, "{}", utf16_len(body));
    assert!(body.starts_with("**staging → production: "), "{body}");
    for item in ["Reviewed configuration changes", "Approved by service owner"] {
        let outside = outside_fences(body);
        let items =
            [' ', 'x'].map(|tick| outside.matches(&format!("\n- [{tick}] {item}\n")).count());
        assert_eq!(items.iter().sum::<usize>(), 1);
    }
    assert!(body.contains("\nPlan `9f31c7d29f31` · see it yourself: `overlift plan staging production --rev 4f2a91c04f2a`"));
    assert!(Marker::parse(body).is_some());
    let outside = outside_fences(body);
    assert_eq!(
        outside.matches("<details").count(),
        outside.matches("</details>").count(),
        "{outside}"
    );
}

/// The body without what stands in fences; panics where a fence is left open.
#[track_caller]
fn outside_fences(body: &str) -> String {
    let mut fence: Option<String> = None;
    let mut out = String::new();
    for line in body.lines() {
        let ticks: String = line.chars().take_while(|c| *c == '`').collect();
        match &fence {
            Some(open) if ticks.len() >= open.len() && line.trim_end() == ticks => fence = None,
            Some(_) => {}
            None if ticks.len() >= 3 && !line[ticks.len()..].contains('`') => fence = Some(ticks),
            None => {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    assert_eq!(fence, None, "a fence is left open");
    out
}

const STRICT: &str = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: istio-system}\nspec:\n  mtls:\n    mode: STRICT\n";
const ROUTE: &str = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: frontend, namespace: default}\nspec:\n  hosts: [frontend]\n  http:\n  - timeout: 5s\n    retries: {attempts: 2}\n    route:\n    - {destination: {host: frontend, subset: v1}, weight: 90}\n    - {destination: {host: frontend, subset: v2}, weight: 10}\n";
const LIMIT: &str = "apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata: {name: rate-limit, namespace: istio-system}\nspec:\n  configPatches: []\n";

fn small() -> Plan {
    let before = format!("{STRICT}---\n{ROUTE}");
    let after = format!("{STRICT}---\n{ROUTE}---\n{LIMIT}")
        .replace("STRICT", "PERMISSIVE")
        .replace("5s", "10s")
        .replace("weight: 90", "weight: 50")
        .replace("weight: 10", "weight: 50");
    let source = after.replace("attempts: 2", "attempts: 5");
    let mut plan = plan(&source, &before, &after);
    plan.findings.extend([
        Finding {
            code: "IST0101".to_owned(),
            rule: "gateway-exists",
            level: Level::Error,
            message: "gateway `istio-system/edge` does not exist".to_owned(),
            help: None,
            resource: Some(plan.rendered.resources()[0].id.clone()),
            location: Some(Location::file(path("overlays/production/patches/frontend.yaml"))),
            new: true,
            alike: None,
        },
        Finding {
            code: "IST0102".to_owned(),
            rule: "x",
            level: Level::Warning,
            message: "old".to_owned(),
            help: None,
            resource: None,
            location: None,
            new: false,
            alike: None,
        },
    ]);
    plan.warnings = vec![Warning { message: "`spec.x` matches nothing".to_owned(), at: None }];
    plan.not_promoted = vec![NotPromoted {
        field: "patches",
        entry: "target: Deployment".to_owned(),
        reason: NotPromotedReason::WithoutFile,
        at: Location::file(path("overlays/staging/kustomization.yaml")),
    }];
    plan
}

#[test]
fn a_small_promotion() {
    insta::assert_snapshot!(body(&small()));
}

#[test]
fn a_plan_of_another_process_is_told_in_the_same_words() {
    let plan = small();
    let sent = postcard::to_allocvec(&plan).unwrap();
    let arrived = |path: &str| {
        let target = Environment { path: self::path(path), ..plan.target.clone() };
        let arrived: Plan = postcard::from_bytes(&sent).unwrap();
        arrived.asked_for((&plan.source, &target), plan.commit.as_ref())
    };
    assert_eq!(body(&arrived("overlays/production").unwrap()), body(&plan));
    // Whatever came over that process, it writes into the target and nowhere else.
    let elsewhere = arrived("overlays/other").unwrap_err();
    assert!(matches!(elsewhere, PlanError::OutsideTarget { .. }), "{elsewhere}");
}

#[test]
fn only_deletions() {
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";
    let policy = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: deny, namespace: shop}\nspec: {action: DENY, rules: [{}]}\n";
    let before = format!("{namespace}---\n{policy}---\n{ROUTE}");
    insta::assert_snapshot!(body(&plan(ROUTE, &before, ROUTE)));
}

#[test]
fn nothing_but_files() {
    insta::assert_snapshot!(body(&plan(ROUTE, ROUTE, ROUTE)));
}

fn deployment(index: usize, team: &str, image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-{index}\n  namespace: shop\n  labels: {{team: {team}}}\nspec:\n  replicas: 2\n  template:\n    spec:\n      containers:\n      - name: app\n        image: {image}\n"
    )
}

#[test]
fn fifteen_hundred_resources() {
    let all = |team: &str, image: &dyn Fn(usize) -> String| {
        (0..1500)
            .map(|index| deployment(index, team, &image(index)))
            .collect::<Vec<_>>()
            .join("---\n")
    };
    let before = format!("{}---\n{STRICT}", all("a", &|_| "app:1".to_owned()));
    // 38 have changes of their own, the others are alike.
    let image = |index: usize| {
        if index.is_multiple_of(40) { format!("app:2-{index}") } else { "app:1".to_owned() }
    };
    let after = format!("{}---\n{STRICT}", all("b", &image)).replace("STRICT", "DISABLE");
    let alike = body(&plan(&after, &before, &after));
    assert!(alike.contains("app-1` and 1,461 like it"), "{alike}");
    insta::assert_snapshot!("fifteen_hundred_alike", alike);

    let after = all("b", &|index| format!("app:2-{index}"));
    let cut = body(&plan(&after, &before, &after));
    // What is left free is for how the promotion stands.
    assert!(
        utf16_len(&cut) > BODY_LIMIT - STANDING_LIMIT - 2_000,
        "the room is used: {}",
        utf16_len(&cut)
    );
    let shown = cut.matches("<details><summary><code>Deployment shop/app-").count();
    let rest = format!("*{} more changed resources are not shown here", 1_500 - shown);
    let rest = rest.replace("*1", "*1,");
    assert!(cut.contains(&rest), "{rest}\n{}", &cut[cut.len() - 3000..]);
}

#[test]
fn however_long_the_names_gates_and_undo_are_on_the_first_screen() {
    let all = |environment: &str, replicas: usize, kind: &str| {
        let one = |index: usize| {
            let name = format!("passport-status-frontend-with-a-long-name-{index}");
            let host = format!("{name}.dev-dp-internal.{environment}.example.com");
            format!(
                "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: {name}, namespace: passport}}\nspec: {{rules: [{{host: {host}}}]}}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: passport}}\nspec: {{type: {kind}}}\n---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: {name}, namespace: passport}}\nspec:\n  replicas: {replicas}\n  template: {{spec: {{hostNetwork: {}, containers: [{{name: a, image: 'registry.example.com/a/b:{environment}'}}]}}}}\n",
                replicas < 5,
            )
        };
        (0..30).map(one).collect::<Vec<_>>().join("---\n")
    };
    let (before, after) = (all("production", 8, "ClusterIP"), all("latest", 2, "LoadBalancer"));
    let body = body(&plan(&after, &before, &after));
    let head = body.split("**What changes**").next().unwrap();
    assert!(head.contains("more, under *New findings*"), "{head}");
    assert!(head.contains("**Undo**"), "{head}");
    let lines = |line: &str| {
        let width = if line.starts_with('>') { 36 } else { 40 };
        wrapped(&line.replace(['>', '*', '`', '\\'], ""), width)
    };
    // 24 px each, with what heads the callout and stands between paragraphs within 844 px.
    let lines: usize = head.lines().map(lines).sum();
    assert!(lines <= 30, "{lines} lines: {head}");
    let others = body.split("**New findings**").nth(1).expect("the warnings without room");
    assert!(others.contains("**warning**"), "{others}");
}

#[test]
fn a_move_to_another_namespace_is_told_once() {
    let all = |namespace: &str, tag: &str| -> String {
        let each = |name: &str| {
            format!(
                "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: {namespace}}}\n\
                 spec: {{template: {{spec: {{containers: [{{name: c, image: 'r.io/app:{tag}'}}]}}}}}}\n"
            )
        };
        ["a", "b", "c"].map(each).concat()
    };
    let after = all("new", "1.1");
    let body = body(&plan(&after, &all("old", "1.0"), &after));
    assert!(
        body.starts_with("**staging → production: 3 resources are added, 3 are deleted**"),
        "{body}"
    );
    let line = "- `Deployment new/a` and 2 like it come in place of those in namespace `old`, which are deleted: \
                container `c`: image `app` `1.0` → **`1.1`**\n";
    assert!(body.contains(line), "{body}");
    assert_eq!(body.matches("<details").count(), 3, "{body}");
}

#[test]
fn hostile_text() {
    let evil = "x` ``` ````\\n</details>\\n--> <!-- overlift:v1 {} --> @octocat fixes #123 closes https://github.com/a/b/issues/1 \
                ![i](http://e/x.png) <img src=x onerror=y> | \\e[31m \\0 \\u202e | - [x] Approved by service owner";
    let config = |value: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: \"{evil}\"\n  namespace: \"{evil}\"\ndata:\n  \"{evil}\": \"{value}\"\n  \
             block: |\n    ```\n    ````````\n    - [x] Approved by service owner\n    <!-- overlift:checklist -->\n    </details>\n    fixes #1\n    @team/all {value}\n"
        )
    };
    let mut plan =
        plan(&config("a"), &config("b"), &config(&format!("{evil}{}", "y".repeat(200_000))));
    plan.warnings = vec![Warning { message: evil.to_owned(), at: None }];
    plan.not_promoted = vec![NotPromoted {
        field: "patches",
        entry: evil.to_owned(),
        reason: NotPromotedReason::NotCopied,
        at: Location::file(path("x")),
    }];
    plan.findings = vec![Finding {
        code: evil.to_owned(),
        rule: "x",
        level: Level::Error,
        message: evil.to_owned(),
        help: Some(evil.to_owned()),
        resource: Some(plan.rendered.resources()[0].id.clone()),
        location: Some(Location::file(path(&evil.replace('/', "")))),
        new: true,
        alike: None,
    }];
    let body = body(&plan);
    insta::assert_snapshot!(body);
    assert!(!body.chars().any(|c| c.is_control() && c != '\n'), "control characters");
    assert!(!body.contains('\u{202e}'));
    assert_eq!(body.matches("<!--").count(), 3, "the list's two and the marker");
    assert_eq!(body.matches("</details>").count(), 3);
    assert!(!body.contains("@octocat") && !body.contains("@team"));
    assert!(!body.contains("fixes #1"));
    assert!(ticked(&body).is_empty());
}

#[test]
fn ticks_survive_while_the_rendered_diff_is_the_same() {
    let plan_one = small();
    let first = body(&plan_one);
    let by_hand = first
        .replace("- [ ] Approved by service owner", "- [x] Approved by service owner")
        .replace('\n', "\r\n");
    assert_eq!(ticked(&by_hand).len(), 1);
    let second = body_after(&plan_one, Some(&by_hand));
    assert_eq!(second, first.replace("- [ ] Approved by", "- [x] Approved by"));

    let after = format!("{STRICT}---\n{ROUTE}").replace("STRICT", "DISABLE");
    let other = plan(&after, &format!("{STRICT}---\n{ROUTE}"), &after);
    let third = body_after(&other, Some(&by_hand));
    assert!(third.contains("so all are open again") && !third.contains("- [x]"), "{third}");
    assert_eq!(body_after(&other, Some(&first)), body(&other), "nothing was ticked");
    // Cleared once; the next update of the same diff has nothing to clear.
    assert_eq!(body_after(&other, Some(&third)), body(&other));
}

#[test]
fn an_edited_body_steers_nothing() {
    let plan = small();
    let first = body(&plan);
    let ticked_body = first.replace("- [ ]", "- [x]");
    let hostile = [
        format!("{ticked_body}\n<!-- overlift:v1 {{\"source\":\"a\"}} -->\n"),
        ticked_body.replace("overlift:v1", "overlift:v9"),
        format!("<!-- overlift:checklist -->\n- [x] Approved by service owner\n{ticked_body}"),
        ticked_body.replace("<!-- /overlift:checklist -->", ""),
        "- [x] Approved by service owner".repeat(100_000),
        String::new(),
        "\0".repeat(10_000),
    ];
    for previous in &hostile {
        let body = body_after(&plan, Some(previous));
        assert!(!body.contains("- [x]"), "{previous:.200}");
    }
    // A tick for an item that is not ours is dropped.
    let added = first.replace("- [ ] Reviewed", "- [x] Pay the attacker\n- [ ] Reviewed");
    assert_eq!(body_after(&plan, Some(&added)), first);
}

fn proposed_by(plan: &Plan, settings: PullRequestSettings) -> String {
    let mut plan = plan.clone();
    plan.target.pull_request = std::sync::Arc::new(settings);
    propose(&plan, None).unwrap().body
}

fn with_template(plan: &Plan, template: &str) -> String {
    let settings = PullRequestSettings {
        body: Some(Template::parse(template, Variables::BODY).unwrap()),
        ..PullRequestSettings::default()
    };
    let body = proposed_by(plan, settings);
    assert!(utf16_len(&body) <= BODY_LIMIT, "{}", utf16_len(&body));
    assert!(Marker::parse(&body).is_some());
    body
}

#[test]
fn a_template_of_ones_own() {
    let text = "# {{ target }} from {{ source }}\n\n{{ plan.summary }}\n\n{{ plan.diff }}\n{{ plan.files }}\n\n{{ plan.drift }}\n\n{{ checklist }}\n\n{{ plan.id }} {{ plan.commit }}\n{{ plan.findings }}\n";
    let body = with_template(&small(), text);
    assert!(body.starts_with("# production from staging\n\n**staging → production: "), "{body}");
    assert!(
        body.contains("- [ ] Approved by service owner\n") && body.contains("**Gates**"),
        "{body}"
    );

    let before: Vec<String> = (0..1500).map(|index| deployment(index, "a", "app:1")).collect();
    let after: Vec<String> =
        (0..1500).map(|index| deployment(index, "b", &format!("app:{index}"))).collect();
    let large = plan("", &before.join("---\n"), &after.join("---\n"));
    let twice = with_template(&large, "{{ plan.diff }}{{ plan.diff }}{{ checklist }}");
    assert!(
        twice.matches("Approved by service owner").count() == 1
            && twice.matches("<details").count() > 20
    );
    let hundred = with_template(&large, &"{{ plan.summary }}\n".repeat(100));
    assert!(hundred.starts_with("> The body's template makes too long a text"), "{hundred:.300}");
    assert!(hundred.contains("- [ ] Approved by service owner"));
}

#[test]
fn the_longest_checklist_and_the_most_remarks_fit() {
    let text = Template::parse(&"😀".repeat(300), Variables::LINE).unwrap();
    let item = crate::promotion::ChecklistItem { text, by_evidence: false };
    let settings =
        PullRequestSettings { checklist: vec![item; 50], ..PullRequestSettings::default() };
    let name = "n".repeat(250);
    let many = |mode: &str| {
        (0..300)
            .map(|index| {
                STRICT.replace("STRICT", mode).replace("default", &format!("{name}{index}"))
            })
            .collect::<Vec<_>>()
            .join("---\n")
    };
    let mut plan = plan("", &many("STRICT"), &many("DISABLE"));
    plan.warnings = vec![Warning { message: "<".repeat(1000), at: None }; 50];
    let finding = Finding {
        code: "C".to_owned(),
        rule: "x",
        level: Level::Error,
        message: "<".repeat(1000),
        help: Some("@".repeat(1000)),
        resource: None,
        location: None,
        new: true,
        alike: None,
    };
    plan.findings = vec![finding; 100];
    let body = proposed_by(&plan, settings);
    assert!(utf16_len(&body) <= BODY_LIMIT, "{}", utf16_len(&body));
    assert_eq!(body.matches("- [ ] 😀").count(), 50);
    assert!(Marker::parse(&body).is_some());
}
