//! Resources are accepted and rejected as the API server does it with Istio's own definitions.
//!
//! Walks `../shared/conformance/istio-analyze` where it is there.

use std::path::{Path, PathBuf};

use overlift::kustomize::Gvk;
use overlift::policy::schema::{Schemas, Verdict};
use overlift::yaml::{Dialect, Node, parse_stream};

use crate::support::txtar::{Case, cases_below};

/// Files that our reader refuses as kustomize's does or stricter, and `kubectl apply` takes: a key
/// that is a number, and `[001:db8::]` without quotes.
const UNREADABLE: [&str; 2] =
    ["crd-serviceentry-valid-01", "dataset-security-v1beta1-peer-authentication"];

#[test]
fn istio_resources_get_the_verdict_of_the_api_server() {
    check("schema", |case| case.header("verdict") == Some("accepted"));
}

#[test]
fn istio_samples_are_accepted() {
    check("samples", |_| true);
}

fn check(folder: &str, accepted: impl Fn(&Case) -> bool) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance/istio-analyze");
    let Some(schemas) = schemas(&corpus.join("crds.yaml")) else {
        return eprintln!("skipped: {} is not here", corpus.display());
    };
    let mut wrong = Vec::new();
    for path in cases_below(&corpus.join(folder)) {
        let case = Case::read(&path);
        if UNREADABLE.contains(&case.name.as_str()) {
            continue;
        }
        let said = violations(&schemas, &case);
        if said.is_empty() != accepted(&case) {
            wrong.push(format!("{}: {} {said:?}", case.name, case.header("error").unwrap_or("")));
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

fn schemas(path: &PathBuf) -> Option<Schemas> {
    let text = std::fs::read_to_string(path).ok()?;
    let mut schemas = Schemas::default();
    for node in parse_stream(&text, Dialect::V3).unwrap() {
        schemas.add_definition(&node).unwrap();
    }
    Some(schemas)
}

fn violations(schemas: &Schemas, case: &Case) -> Vec<String> {
    let mut said = Vec::new();
    for (_, text) in case.texts() {
        let nodes = match parse_stream(text, Dialect::V3) {
            Ok(nodes) => nodes,
            Err(error) => return vec![error.to_string()],
        };
        for node in nodes {
            if let Verdict::Checked { violations, unchecked } = schemas.validate(&gvk(&node), &node)
            {
                assert_eq!(unchecked, Vec::<String>::new(), "{}", case.name);
                said.extend(violations.into_iter().map(|v| format!("{}: {}", v.field, v.message)));
            }
        }
    }
    said
}

fn gvk(node: &Node) -> Gvk {
    let text = |key| node.get(key).and_then(Node::text).unwrap_or_default();
    Gvk::from_api_version(text("apiVersion"), text("kind"))
}
