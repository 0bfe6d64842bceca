//! Patches of EnvoyFilters whose place or operation does not do what it says (IST0151 to IST0155).

use crate::policy::Level;
use crate::policy::mesh::{Manifest, Mesh};
use crate::policy::rule::{Code, Report, Rule};
use crate::yaml::Node;

pub(super) const RULE: Rule =
    Rule::istio("envoy-filter", &[RELATIVE, REPLACE, ADD, REMOVE, RELATIVE_TO_VERSION], check);

const RELATIVE: Code = Code::sound("IST0151", Level::Warning);
const REPLACE: Code = Code::sound("IST0152", Level::Error);
const ADD: Code = Code::sound("IST0153", Level::Error);
const REMOVE: Code = Code::sound("IST0154", Level::Error);
const RELATIVE_TO_VERSION: Code = Code::sound("IST0155", Level::Warning);

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    // The names of filters that an earlier patch adds for some versions of the proxy only.
    let mut versioned: Vec<String> = Vec::new();
    for filter in mesh.all(("networking.istio.io", "EnvoyFilter")) {
        for (index, patch) in filter.list(&["configPatches"]).iter().enumerate() {
            if patch.get("patch").is_none() {
                break;
            }
            check_patch(filter, index, patch, &versioned, report);
            let version = patch.at(&["match", "proxy", "proxyVersion"]).and_then(Node::text);
            if version.is_some_and(|version| !version.is_empty()) {
                versioned.push(name_of(patch).to_owned());
            }
        }
    }
}

fn check_patch(
    filter: &Manifest<'_>,
    index: usize,
    patch: &Node,
    versioned: &[String],
    report: &mut Report<'_>,
) {
    let text = |keys: &[&str]| patch.text_at(keys);
    let (operation, apply_to) = (text(&["patch", "operation"]), text(&["applyTo"]));
    let is_route = matches!(apply_to, "ROUTE_CONFIGURATION" | "HTTP_ROUTE");
    let is_replaceable = matches!(apply_to, "NETWORK_FILTER" | "HTTP_FILTER" | "VIRTUAL_HOST");
    let field = format!("spec.configPatches[{index}].patch.operation");
    let refused = |report: &mut Report<'_>, code| {
        let message = format!("{operation} has no effect on {apply_to}");
        report.say(code, filter, field.clone(), message);
    };
    match operation {
        "ADD" if is_route => refused(report, ADD),
        "REMOVE" if is_route => refused(report, REMOVE),
        "REPLACE" if !is_replaceable => refused(report, REPLACE),
        "REMOVE" | "REPLACE" | "INSERT_BEFORE" | "INSERT_AFTER" if !has_priority(filter) => {
            let (code, message) = if versioned.iter().any(|name| name == name_of(patch)) {
                (RELATIVE_TO_VERSION, "is relative to a filter that only some proxy versions have")
            } else {
                (RELATIVE, "is relative to other filters, and no `priority` says which come first")
            };
            report.say(code, filter, field.clone(), format!("{operation} {message}"));
        }
        _ => {}
    }
}

fn has_priority(filter: &Manifest<'_>) -> bool {
    filter.spec(&["priority"]).and_then(Node::text).is_some_and(|priority| priority != "0")
}

/// The filter that a patch is about.
fn name_of(patch: &Node) -> &str {
    let matched = || patch.at(&["match", "listener", "filterChain", "filter", "name"]);
    let value = patch.at(&["patch", "value"]).filter(|value| value.as_mapping().is_some());
    let name = value.and_then(|value| value.get("name").or_else(matched));
    name.and_then(Node::text).unwrap_or_default()
}
