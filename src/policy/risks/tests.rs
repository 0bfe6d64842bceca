//! What is said about which change: one line for each, `before` to `after`, and the ids of the rules.

mod authorization;
mod operators;
mod shapes;
mod siblings;
mod traffic;
mod watching;
mod workloads;

use crate::diff::{KnownValues, RenderedDiff};
use crate::kustomize::{Build, Gvk, Resource, ResourceId};
use crate::model::{FileTree, Location, RepoPath};
use crate::policy::Changes;
use crate::policy::{Day, Finding, Gates, Level};
use crate::yaml::{Dialect, Node, parse_stream};

fn build(manifests: &str) -> Build {
    let resource = |node: Node| {
        let text = |keys: &[&str]| node.text_at(keys).to_owned();
        let id = ResourceId {
            gvk: Gvk::from_api_version(&text(&["apiVersion"]), &text(&["kind"])),
            namespace: text(&["metadata", "namespace"]).into(),
            name: text(&["metadata", "name"]).into(),
        };
        let origin = Location::file(RepoPath::parse("x.yaml").unwrap());
        Resource { node, original_id: id.clone(), id, origin }
    };
    let nodes = parse_stream(manifests, Dialect::V3).unwrap();
    let nodes = nodes.into_iter().filter(|node| !node.is_null());
    Build { resources: nodes.map(resource).collect(), ..Build::default() }
}

fn found(before: &str, after: &str) -> Vec<Finding> {
    found_between(&build(before), &build(after))
}

fn found_between(before: &Build, after: &Build) -> Vec<Finding> {
    let diff = RenderedDiff::between(before, after, "o", &KnownValues::default());
    let path = RepoPath::parse("overlays/production").unwrap();
    let changes = Changes {
        resources: diff.resources(),
        before,
        after,
        files: &FileTree::new(),
        path: &path,
        others: &[],
        own_values: &[],
        at_once: &[],
    };
    crate::policy::check::check_all(&changes, &Gates::default(), Day::MIN).findings
}

/// The ids of what is found, those that only inform in brackets.
fn ids(findings: &[Finding]) -> String {
    let id = |finding: &Finding| match finding.level {
        Level::Info => format!("({})", finding.rule),
        _ => finding.rule.to_owned(),
    };
    findings.iter().map(id).collect::<Vec<_>>().join(" ")
}

fn manifest((api_version, kind): (&str, &str), rest: &str) -> String {
    match rest.strip_prefix("annotations ").or(rest.strip_prefix("labels ")) {
        _ if rest == "-" => String::new(),
        Some(pairs) => {
            let key = rest.split(' ').next().unwrap();
            format!(
                "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: x, namespace: shop, {key}: {{{pairs}}}}}\n"
            )
        }
        None => format!(
            "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: x, namespace: shop}}\n{rest}\n"
        ),
    }
}

/// Each case: before, after (`-` for none), and what is found.
fn table(kind: (&str, &str), cases: &[(&str, &str, &str)]) {
    let wrong = faults(kind, cases);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What of a table does not hold.
fn faults(kind: (&str, &str), cases: &[(&str, &str, &str)]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (before, after, want) in cases {
        let findings = found(&manifest(kind, before), &manifest(kind, after));
        let got = ids(&findings);
        if got != *want {
            let said: Vec<&str> = findings.iter().map(|f| f.message.as_str()).collect();
            wrong.push(format!(
                "{kind:?}\n  {before}\n  {after}\n  {got:?} and not {want:?}: {said:?}"
            ));
        }
    }
    wrong
}
