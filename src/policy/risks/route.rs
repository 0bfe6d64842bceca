//! The routes of all kinds that have some, in one form: what matches, where it goes, what it refuses.

use std::collections::BTreeMap;

use crate::kustomize::Gvk;
use crate::model::Pairing;
use crate::policy::change::{items, leaves, text};
use crate::yaml::Node;

/// A route of a VirtualService, an HTTPRoute, an Ingress and their like.
pub(super) struct Route<'a> {
    /// Its own name, where it has one.
    pub name: &'a str,
    /// What it matches, in a form that compares; empty: everything.
    pub matches: String,
    /// All that it says, in a form that compares.
    content: String,
    /// Who gets which part of its traffic, in hundredths of the whole.
    pub destinations: BTreeMap<String, u64>,
    /// Whether it refuses requests.
    pub denies: bool,
    /// Whether it sends callers elsewhere.
    pub redirects: bool,
    /// Where copies of its requests go.
    pub mirror: String,
    /// Whether it injects faults.
    pub faults: bool,
    /// Where it stands, as findings write fields.
    pub field: String,
    /// Routes compete within a group only: a protocol, a host.
    pub group: String,
    /// Whether routes before it in the group come first.
    pub is_ordered: bool,
    /// The route itself.
    pub node: Option<&'a Node>,
}

/// The routes of a resource, in its order.
pub(super) fn routes<'a>(gvk: &Gvk, node: Option<&'a Node>) -> Vec<Route<'a>> {
    let Some(node) = node else { return Vec::new() };
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        (group, "VirtualService") if group.ends_with("istio.io") => virtual_service(node),
        ("gateway.networking.k8s.io", kind) if kind.ends_with("Route") => gateway_api(node),
        (_, "Ingress") => ingress(node),
        (group, "IngressRoute" | "IngressRouteTCP") if group.contains("traefik") => traefik(node),
        ("traefik.io" | "traefik.containo.us", "TraefikService") => {
            whole(node, &["spec", "weighted", "services"])
        }
        ("projectcontour.io", "HTTPProxy") => contour(node),
        ("split.smi-spec.io", "TrafficSplit") => whole(node, &["spec", "backends"]),
        _ => Vec::new(),
    }
}

/// A text of a tree that does not depend on the order of keys.
fn canonical(node: Option<&Node>) -> String {
    let leaves = leaves(node);
    leaves.iter().map(|(path, text)| format!("{path}={text}\n")).collect()
}

fn route<'a>(node: &'a Node, matches: Option<&Node>, field: String, group: &str) -> Route<'a> {
    Route {
        name: text(Some(node), &["name"]),
        matches: canonical(matches),
        content: canonical(Some(node)),
        destinations: BTreeMap::new(),
        denies: false,
        redirects: false,
        mirror: String::new(),
        faults: false,
        field,
        group: group.to_owned(),
        is_ordered: true,
        node: Some(node),
    }
}

fn virtual_service(node: &Node) -> Vec<Route<'_>> {
    let mut found = Vec::new();
    for protocol in ["http", "tls", "tcp"] {
        let routes = items(node.at(&["spec", protocol]));
        for (index, item) in routes.iter().enumerate() {
            let field = format!("spec.{protocol}[{index}]");
            let mut route = route(item, item.get("match"), field, protocol);
            let destinations = items(item.get("route")).iter().map(|to| {
                let part = |key: &str| text(Some(to), &["destination", key]);
                let port = text(Some(to), &["destination", "port", "number"]);
                (name_of(&[part("host"), part("subset"), port]), text(Some(to), &["weight"]))
            });
            route.destinations = shares(destinations, "0");
            if let Some(delegate) = item.get("delegate") {
                route.destinations = shares(
                    [(format!("delegate {}", text(Some(delegate), &["name"])), "")].into_iter(),
                    "0",
                );
            }
            let aborted = text(Some(item), &["fault", "abort", "percentage", "value"]);
            let aborts = item.at(&["fault", "abort"]).is_some();
            let all = aborts && (aborted.is_empty() || aborted.parse() == Ok(100.0_f64));
            route.denies = item.get("directResponse").is_some() || all;
            route.redirects = item.get("redirect").is_some();
            route.faults = item.get("fault").is_some() && !all;
            let mirrors =
                items(item.get("mirrors")).iter().map(|m| text(Some(m), &["destination", "host"]));
            let mirrors: Vec<&str> = mirrors
                .chain([text(Some(item), &["mirror", "host"])])
                .filter(|m| !m.is_empty())
                .collect();
            route.mirror = mirrors.join(", ");
            found.push(route);
        }
    }
    found
}

fn gateway_api(node: &Node) -> Vec<Route<'_>> {
    let mut found = Vec::new();
    for (index, item) in items(node.at(&["spec", "rules"])).iter().enumerate() {
        let mut route = route(item, item.get("matches"), format!("spec.rules[{index}]"), "rules");
        // The most specific match wins there, not the first.
        route.is_ordered = false;
        let backends = items(item.get("backendRefs")).iter().map(|to| {
            let part = |key: &str| text(Some(to), &[key]);
            (name_of(&[part("namespace"), part("name"), part("port")]), part("weight"))
        });
        route.destinations = shares(backends, "1");
        for filter in items(item.get("filters")) {
            match text(Some(filter), &["type"]) {
                "RequestRedirect" => route.redirects = true,
                "RequestMirror" => {
                    route.mirror =
                        text(Some(filter), &["requestMirror", "backendRef", "name"]).to_owned();
                }
                _ => {}
            }
        }
        // Without a backend a route answers with an error (gateway-api.sigs.k8s.io, HTTPRouteRule).
        route.denies = route.destinations.is_empty() && !route.redirects;
        found.push(route);
    }
    found
}

fn ingress(node: &Node) -> Vec<Route<'_>> {
    let mut found = Vec::new();
    let backend = |backend: Option<&Node>| {
        let new = text(backend, &["service", "name"]);
        let name = if new.is_empty() { text(backend, &["serviceName"]) } else { new };
        let resource = text(backend, &["resource", "name"]);
        name_of(&[
            if name.is_empty() { resource } else { name },
            text(backend, &["service", "port", "number"]),
            text(backend, &["service", "port", "name"]),
        ])
    };
    for (index, rule) in items(node.at(&["spec", "rules"])).iter().enumerate() {
        let host = text(Some(rule), &["host"]);
        for (at, path) in items(rule.at(&["http", "paths"])).iter().enumerate() {
            let field = format!("spec.rules[{index}].http.paths[{at}]");
            let mut route = route(path, None, field, host);
            route.name = "";
            route.matches = format!(
                "{host}{} {}",
                text(Some(path), &["path"]),
                text(Some(path), &["pathType"])
            );
            route.is_ordered = false;
            route.destinations = shares([(backend(path.get("backend")), "")].into_iter(), "1");
            found.push(route);
        }
    }
    let default = node.at(&["spec", "defaultBackend"]).or(node.at(&["spec", "backend"]));
    if let Some(default) = default {
        let mut route = route(default, None, "spec.defaultBackend".to_owned(), "");
        route.name = "";
        route.matches = "the default backend".to_owned();
        route.is_ordered = false;
        route.destinations = shares([(backend(Some(default)), "")].into_iter(), "1");
        found.push(route);
    }
    found
}

fn traefik(node: &Node) -> Vec<Route<'_>> {
    let mut found = Vec::new();
    for (index, item) in items(node.at(&["spec", "routes"])).iter().enumerate() {
        let mut route = route(item, item.get("match"), format!("spec.routes[{index}]"), "routes");
        route.is_ordered = false;
        let services = items(item.get("services")).iter().map(|to| {
            let part = |key: &str| text(Some(to), &[key]);
            (name_of(&[part("namespace"), part("name"), part("port")]), part("weight"))
        });
        route.destinations = shares(services, "1");
        found.push(route);
    }
    found
}

fn contour(node: &Node) -> Vec<Route<'_>> {
    let mut found = Vec::new();
    for (index, item) in items(node.at(&["spec", "routes"])).iter().enumerate() {
        let mut route =
            route(item, item.get("conditions"), format!("spec.routes[{index}]"), "routes");
        route.is_ordered = false;
        let services = items(item.get("services"));
        let mirrors = |to: &&Node| text(Some(to), &["mirror"]) == "true";
        route.mirror = services
            .iter()
            .find(mirrors)
            .map_or(String::new(), |to| text(Some(to), &["name"]).to_owned());
        let services = services.iter().filter(|to| !mirrors(to)).map(|to| {
            let part = |key: &str| text(Some(to), &[key]);
            (name_of(&[part("name"), part("port")]), part("weight"))
        });
        route.destinations = shares(services, "1");
        route.redirects = item.get("requestRedirectPolicy").is_some();
        route.denies = item.get("directResponsePolicy").is_some();
        found.push(route);
    }
    found
}

/// A resource that is one route: it shares its traffic out.
fn whole<'a>(node: &'a Node, keys: &[&str]) -> Vec<Route<'a>> {
    let mut route = route(node, None, keys.join("."), "");
    route.name = "";
    let backends = items(node.at(keys)).iter().map(|to| {
        let part = |key: &str| text(Some(to), &[key]);
        let name = if part("service").is_empty() { part("name") } else { part("service") };
        (name_of(&[name, part("port")]), part("weight"))
    });
    route.destinations = shares(backends, "1");
    vec![route]
}

fn name_of(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

/// Weights as hundredths of a percent of the whole: 9 and 1 are 90 and 10.
fn shares<'n>(
    destinations: impl Iterator<Item = (String, &'n str)>,
    default: &str,
) -> BTreeMap<String, u64> {
    let all: Vec<(String, &str)> = destinations.collect();
    let alone = all.len() == 1;
    let mut weights: BTreeMap<String, f64> = BTreeMap::new();
    for (name, weight) in &all {
        let weight = match *weight {
            "" if alone => "1",
            "" => default,
            weight => weight,
        };
        *weights.entry(name.clone()).or_default() += weight.parse::<f64>().unwrap_or(0.0).max(0.0);
    }
    let total: f64 = weights.values().sum();
    let share = |weight: f64| if total > 0.0 { (weight / total * 10_000.0).round() } else { 0.0 };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 10,000")]
    weights.into_iter().map(|(name, weight)| (name, share(weight) as u64)).collect()
}

/// A route before and after.
pub(super) struct RoutePair<'r, 'a> {
    /// The route before, if there was one.
    pub before: Option<&'r Route<'a>>,
    /// The route after, if there is one.
    pub after: Option<&'r Route<'a>>,
}

/// Pairs routes by name, then by what they match, then by what they say; never by number.
pub(super) fn pair<'r, 'a>(
    before: &'r [Route<'a>],
    after: &'r [Route<'a>],
) -> Vec<RoutePair<'r, 'a>> {
    type Key = fn(&Route<'_>) -> Option<String>;
    let sieves: [Key; 3] = [
        |route| (!route.name.is_empty()).then(|| format!("{} {}", route.group, route.name)),
        |route| Some(format!("{} {}", route.group, route.matches)),
        |route| Some(route.content.clone()),
    ];
    let mut pairing = Pairing::new(before.len(), after.len());
    for sieve in sieves {
        pairing.in_order(|at| sieve(&before[at]), |at| sieve(&after[at]));
    }
    let pairs = before.iter().zip(pairing.partners());
    let mut all: Vec<RoutePair<'r, 'a>> = pairs
        .map(|(route, at)| RoutePair { before: Some(route), after: at.map(|at| &after[at]) })
        .collect();
    all.extend(pairing.left().map(|at| RoutePair { before: None, after: Some(&after[at]) }));
    all
}

/// What a route is called in a sentence.
pub(super) fn title(route: &Route<'_>) -> String {
    if !route.name.is_empty() {
        return route.name.to_owned();
    }
    let words: Vec<&str> = route
        .matches
        .lines()
        .filter_map(|line| line.rsplit_once('=').map(|(_, text)| text).or(Some(line)))
        .take(2)
        .collect();
    if words.is_empty() { "all the rest".to_owned() } else { words.join(" ") }
}
