//! Policies that are used, and policies that are refused.

use super::*;
use crate::yaml::{Dialect, parse_stream};

fn policies(texts: &[&str]) -> Policies {
    let source = |(index, text): (usize, &&str)| Source {
        path: RepoPath::parse(&format!("policies/{index}.rego")).unwrap(),
        text: (*text).to_owned(),
    };
    Policies::of(texts.iter().enumerate().map(source).collect())
}

fn faults(text: &str) -> Vec<String> {
    let faults = policies(&[text]).faults;
    faults.iter().map(|fault| format!("{}: {}", fault.at, fault.message)).collect()
}

fn verdicts(text: &str, input: &str) -> Vec<String> {
    let policies = policies(&[text]);
    assert_eq!(policies.faults, [], "{text}");
    let nodes = parse_stream(input, Dialect::V3).unwrap();
    let (verdicts, faults) = policies.judge(nodes.iter());
    assert_eq!(faults, [], "{text}");
    verdicts
        .into_iter()
        .map(|(_, v)| format!("{} {:?} {} {}", v.name, v.level, v.message, v.field))
        .collect()
}

/// What the manual of the language calls unsafe, and forms that only look like it. Checked against
/// the language's definition; `opa` is not here.
#[test]
fn unsafe_variables_are_refused_and_others_are_not() {
    let is_refused = |body: &str| {
        let text = format!(
            "package p\nimport rego.v1\ntimed(h) if h.timeout\nnames := [n | n := input.names[_]]\ndeny contains msg if {{\n{body}\nmsg := \"no\"\n}}\n"
        );
        faults(&text).iter().any(|fault| fault.contains("rego_unsafe_var_error"))
    };
    for body in [
        "not input.spec.http[_].timeout",
        "not input.spec.http[i].timeout",
        "not timed(input.spec.http[_])",
        "x > 1",
        "count(x) == 0",
        "not x",
        "y := x + 1",
        "x = y",
        "every h in input.spec.http { h.timeout == limit }",
        "a := [b | c := input.x]",
        "not input.a[[_, 1]]",
        "input.a == x",
        "some x\nnot input.a[x]",
        "x in input.xs",
        "input.x with input.y as z",
    ] {
        assert!(is_refused(body), "{body}");
    }
    for body in [
        "some h in input.spec.http\nnot h.timeout",
        "some i\ninput.spec.http[i]\nnot input.spec.http[i].timeout",
        "not input.spec.http[i].timeout\ni := 0",
        "input.spec.http[_].timeout",
        "input.spec.gateways[_] != \"mesh\"",
        "some i, h in input.spec.http\nnot timed(h)\ni > 0",
        "not any_of(names)",
        "count([h | some h in input.spec.http; not h.timeout]) > 0",
        "not count([1 | input.spec.http[_].timeout]) > 0",
        "every k in [\"from\", \"to\"] { object.get(input, k, null) == null }",
        "x := input.a[j]\nj > 1",
        "[a, b] := input.pair\na < b",
        "[a, 1] = [input.x, b]\na == b",
        "x = input.a\nx > 1",
        "{\"k\": v} = input.o\nv",
        "sprintf(\"%s\", [input.items[k]]) == \"x\"\nk > 1",
        "\"x\" in input.xs",
        "some p, q\ninput.m[p][q]\nnot input.n[q]",
        "input.x with input.y as 1",
        "z := {k: v | some k, v in input.m}\nz.a",
    ] {
        let body = body.replace("any_of(names)", "names[0]");
        assert!(!is_refused(&body), "{body}");
    }
}

#[test]
fn a_refused_variable_has_a_place_and_a_reason() {
    let text = "package istio.policies\n\ndeny[msg] {\n    input.kind == \"VirtualService\"\n    not input.spec.http[_].timeout\n    msg := \"no\"\n}\n";
    let faults = policies(&[text]).faults;
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].at.to_string(), "policies/0.rego:5:25");
    assert!(faults[0].message.contains("variable `_` under `not` is unsafe"));
    assert!(faults[0].help.is_some());
}

#[test]
fn answers_are_read_as_conftest_reads_them() {
    let text = "package mesh\nimport rego.v1\n\
        deny contains \"text\" if input.kind == \"A\"\n\
        deny_named_thing contains {\"msg\": \"object\", \"field\": \"spec.x\"} if input.kind == \"A\"\n\
        violation contains {\"msg\": \"details\", \"details\": {\"field\": \"spec.y\"}} if input.kind == \"A\"\n\
        warn contains \"warned\" if input.kind == \"A\"\n\
        denying contains \"never asked\" if true\n";
    assert_eq!(
        verdicts(text, "kind: A"),
        [
            "mesh.deny Error text ",
            "mesh.deny_named_thing Error object spec.x",
            "mesh.violation Error details spec.y",
            "mesh.warn Warning warned ",
        ]
    );
    assert_eq!(verdicts(text, "kind: B"), [""; 0]);
}

#[test]
fn both_versions_are_read() {
    let old = "package a\ndeny[msg] { input.x; msg := \"old\" }\n";
    let new = "package b\ndeny contains \"new\" if input.x\n";
    assert_eq!(verdicts(old, "x: 1"), ["a.deny Error old "]);
    assert_eq!(verdicts(new, "x: 1"), ["b.deny Error new "]);
    let faults = faults("package c\nimport rego.v1\ndeny[msg] { msg := 1 }\n");
    assert!(faults[0].starts_with("policies/0.rego:3:"), "{faults:?}");
}

#[test]
fn rules_of_a_package_see_each_other_across_files() {
    let policies = policies(&[
        "package p\nimport rego.v1\ndeny contains \"no\" if not allowed\n",
        "package p\nimport rego.v1\nallowed if input.ok\n",
    ]);
    assert_eq!(policies.faults, []);
}

#[test]
fn what_opa_refuses_otherwise_is_refused() {
    assert!(
        !faults("package p\nimport rego.v1\ndeny contains \"x\" if undefined_function(input)\n")
            .is_empty()
    );
    assert!(
        !faults("package p\nimport rego.v1\ndeny contains \"x\" if a\na if b\nb if a\n").is_empty()
    );
    assert!(!faults("no package\n").is_empty());
    assert!(!faults("package p\nimport rego.v1\ndeny contains \"x\" if {\n").is_empty());
}

#[test]
fn the_outside_and_the_boundless_are_refused() {
    for call in [
        "http.send({\"method\": \"get\", \"url\": \"http://example.com\"})",
        "numbers.range(0, input.n)",
        "numbers.range(0, 99999999)",
        "sprintf(input.format, [])",
        "sprintf(\"%99999999d\", [1])",
        "bits.lsh(1, input.n)",
        "time.now_ns() > 0",
    ] {
        let text = format!("package p\nimport rego.v1\ndeny contains \"x\" if {call}\n");
        let faults = faults(&text);
        assert!(
            faults.iter().any(|fault| fault.starts_with("policies/0.rego:3:")),
            "{call}: {faults:?}"
        );
    }
    assert_eq!(
        faults(
            "package p\nimport rego.v1\ndeny contains \"x\" if some i in numbers.range(0, count(input.a) - 1)\n"
        ),
        [""; 0]
    );
}

#[test]
fn a_rule_that_thinks_too_long_is_told_once() {
    let text = "package p\nimport rego.v1\n\
        deny contains \"x\" if { some a in input.n; some b in input.n; some c in input.n; some d in input.n; a + b + c + d < 0 }\n";
    let policies = policies(&[text]);
    assert_eq!(policies.faults, []);
    let numbers = (0..200).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    let nodes =
        parse_stream(&format!("n: [{numbers}]\n---\nn: [{numbers}]\n"), Dialect::V3).unwrap();
    let (verdicts, faults) = policies.judge(nodes.iter());
    assert_eq!((verdicts.len(), faults.len()), (0, 1));
}

#[test]
fn what_is_left_out_for_want_of_time_is_told() {
    let text = "package p\nimport rego.v1\ndeny contains \"x\" if input.a == 1\n";
    let policies = policies(&[text]);
    let nodes = parse_stream("a: 1\n---\na: 1\n---\na: 2\n", Dialect::V3).unwrap();
    let (verdicts, faults) = policies.judge_within(nodes.iter(), Duration::from_nanos(1));
    assert_eq!(verdicts, [], "trying them out took it");
    let said: Vec<_> = faults.iter().map(|fault| fault.message.as_str()).collect();
    let want = "all policies together have 0 s for a plan and used them up: 3 resources were not asked about";
    assert_eq!(said, [want]);
    let (_, faults) = policies.judge(nodes.iter());
    assert_eq!(faults, [], "there is time for all");
}

/// Rules that each keep within their own limit, and are many.
#[test]
fn many_slow_rules_share_one_time() {
    let rule = |n: usize| {
        format!("deny_{n} contains \"x\" if count({{x | some x in numbers.range(1, 2000)}}) < 0\n")
    };
    let rules: String = (0..60).map(rule).collect();
    let mut policies = policies(&[&format!("package p\nimport rego.v1\n{rules}")]);
    assert_eq!(policies.faults, []);
    let questions = std::mem::take(&mut policies.questions);
    assert_eq!(questions.len(), 60);
    policies.thought_us = 0.into();
    let limit = Duration::from_millis(5);
    policies.try_out(questions.clone(), limit);
    assert!(policies.questions.len() < 60);
    let said = policies.faults.last().map(|fault| fault.message.clone()).unwrap_or_default();
    assert!(said.contains("rules were not asked"), "{said}");
    policies.questions = questions;
    policies.thought_us = 0.into();
    let nodes = parse_stream("a: 1\n", Dialect::V3).unwrap();
    let (_, faults) = policies.judge_within(nodes.iter(), limit);
    let said: Vec<_> = faults.iter().map(|fault| fault.message.as_str()).collect();
    assert!(said.iter().any(|it| it.contains("1 resource was not asked about")), "{said:?}");
}

#[test]
fn values_of_secrets_stay_hidden() {
    let text = "package p\nimport rego.v1\ndeny contains msg if msg := sprintf(\"%v\", [input])\n";
    let said =
        verdicts(text, "kind: Secret\ndata: {a: aHVudGVy}\nstringData: {b: hunter}\n").join("");
    assert!(
        said.contains("masked") && !said.contains("hunter") && !said.contains("aHVudGVy"),
        "{said}"
    );
}

/// `regorus` 0.14 finds no answer where a `not` in an `every` looks up the variable itself; OPA does.
#[test]
fn every_is_refused_only_where_it_is_not_decided_as_in_opa() {
    let text =
        |body: &str| format!("package p\nimport rego.v1\ndeny contains \"x\" if {{\n{body}\n}}\n");
    let refused = text("some r in input.rs\nevery k in [\"a\", \"b\"] { not r[k] }");
    let faults = faults(&refused);
    assert!(
        faults[0].starts_with("policies/0.rego:5:") && faults[0].contains("`every`"),
        "{faults:?}"
    );
    for body in [
        "every h in input.http { not h.bad }",
        "every h in input.http { h.good }",
        "every h in input.empty { h.good }",
        "every k in [\"a\", \"b\"] { object.get(input.o, k, null) == null }",
    ] {
        let said = verdicts(&text(body), "{http: [{good: 1}], o: {}, empty: []}");
        assert_eq!(said, ["p.deny Error x "], "{body}");
    }
}

/// Builds from this repository know no time zone but UTC (`.cargo/config.toml`): what asks for
/// another one is told so, and does not pass in silence.
#[test]
fn another_time_zone_is_a_fault() {
    let text = |zone: &str| {
        format!(
            "package p\nimport rego.v1\ndeny contains \"x\" if time.clock([0, \"{zone}\"]) == [0, 0, 0]\n"
        )
    };
    assert_eq!(verdicts(&text("UTC"), "{}"), ["p.deny Error x "]);
    let faults = faults(&text("Europe/Berlin"));
    assert!(
        faults[0].starts_with("policies/0.rego") && faults[0].contains("timezone"),
        "{faults:?}"
    );
}
