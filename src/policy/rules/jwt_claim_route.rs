//! Routes by a claim of a token that nobody verifies (IST0149).

use std::collections::BTreeMap;

use crate::policy::Level;
use crate::policy::mesh::{
    FullName, GATEWAY, Labels, Manifest, Mesh, Pod, REQUEST_AUTHENTICATION, VIRTUAL_SERVICE,
    labels, selects,
};
use crate::policy::rule::{Code, Report, Rule};
use crate::policy::service_registry::texts;
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule::istio("jwt-claim-route", &[UNVERIFIED], check);

const UNVERIFIED: Code = Code::if_complete("IST0149", Level::Error);

/// The selectors of the RequestAuthentications of each namespace.
type Verified<'a> = BTreeMap<&'a str, Vec<Labels>>;

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    let mut verified = Verified::new();
    for authentication in mesh.all(REQUEST_AUTHENTICATION) {
        let selector = labels(authentication.spec(&["selector", "matchLabels"]));
        verified.entry(&authentication.id.namespace).or_default().push(selector);
    }
    for service in mesh.all(VIRTUAL_SERVICE) {
        let Some((field, claim)) = claim(service) else { continue };
        for reference in texts(service, &["gateways"]) {
            let name = FullName::resolve(service.namespace(), reference);
            let Some(gateway) = mesh.find(GATEWAY, &name).filter(|_| reference != "mesh") else {
                continue;
            };
            let selector = labels(gateway.spec(&["selector"]));
            for pod in mesh.selected(&selector).filter(|pod| !is_verified(pod, &verified)) {
                let on = pod.manifest.map_or("", Manifest::name);
                let message = format!(
                    "routes by `{claim}`, but no RequestAuthentication verifies tokens on `{on}` of gateway `{name}`"
                );
                report.say(UNVERIFIED, service, field.clone(), message);
            }
        }
    }
}

fn is_verified(pod: &Pod<'_>, verified: &Verified<'_>) -> bool {
    ["istio-system", pod.namespace.as_str()]
        .iter()
        .filter_map(|namespace| verified.get(namespace))
        .flatten()
        .any(|selector| selects(selector, &pod.labels))
}

/// The first header match of a VirtualService that is about a claim, with its field.
fn claim<'a>(service: &'a Manifest<'_>) -> Option<(String, &'a str)> {
    let rules = service.list(&["http"]).iter().enumerate();
    let matches = rules.flat_map(|(rule, node)| {
        let matches = node.get("match").and_then(Node::as_sequence).unwrap_or_default();
        matches.iter().enumerate().map(move |(index, node)| (rule, index, node))
    });
    matches
        .flat_map(|(rule, index, node)| {
            ["headers", "withoutHeaders"].into_iter().flat_map(move |key| {
                let field = format!("spec.http[{rule}].match[{index}].{key}");
                let headers = node.get(key).and_then(Node::as_mapping).into_iter().flatten();
                headers.map(move |pair| (field.clone(), pair.key.text.as_str()))
            })
        })
        .find(|(_, name)| is_claim(name))
}

/// `@request.auth.claims.a.b` or `@request.auth.claims[a][b]`.
fn is_claim(header: &str) -> bool {
    const PREFIX: &str = "@request.auth.claims";
    let Some((prefix, rest)) = header.split_at_checked(PREFIX.len()) else { return false };
    let by_dot = rest.starts_with('.') && rest.len() > 1;
    let by_bracket = rest.starts_with('[') && rest.ends_with(']') && rest.len() > 2;
    prefix.eq_ignore_ascii_case(PREFIX) && (by_dot || by_bracket)
}
