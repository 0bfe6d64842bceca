//! Health, freezes, steps and notices.

use super::*;

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
    use crate::clearance::HealthSource::{Deployment, Events, Query, Statuses};
    let [Statuses(_), Deployment(name), Events, Query(_)] = &health.sources[..] else { panic!() };
    assert_eq!(name, "staging");
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
