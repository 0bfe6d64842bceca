//! Remarks about Istio's resources (istio.io/latest/docs/reference/config).

use std::collections::BTreeMap;

use super::{Risk, Subject, caution, changes_of, danger, items, listed, new_ones, shown, text};
use crate::diff::Change;
use crate::yaml::Node;

/// The usual root namespace: what stands there without a selector holds for the whole mesh.
const ROOT_NAMESPACE: &str = "istio-system";

/// Where a policy holds, in words.
fn reach(subject: &Subject<'_>) -> String {
    let node = subject.after().or(subject.before());
    let selected = |key: &str| node.and_then(|node| node.at(&["spec", key])).is_some();
    if selected("selector") || selected("targetRef") || selected("targetRefs") {
        "for the selected workloads".to_owned()
    } else if subject.diff.id.namespace == ROOT_NAMESPACE {
        "in the whole mesh".to_owned()
    } else {
        format!("in namespace {}", shown(&subject.diff.id.namespace))
    }
}

/// How strictly a mode refuses plain text; an unset one inherits, so it may be anything.
fn strictness(mode: &str) -> u8 {
    match mode {
        "STRICT" => 2,
        "DISABLE" => 0,
        _ => 1,
    }
}

pub(super) fn peer_authentication(subject: &Subject<'_>) -> Vec<Risk> {
    if !subject.is("istio.io", "PeerAuthentication") {
        return Vec::new();
    }
    let (before, after) = subject.texts(&["spec", "mtls", "mode"]);
    let reach = reach(subject);
    match subject.diff.change {
        Change::Deleted if before == "STRICT" => {
            return danger(format!("is deleted: plain text may be accepted {reach}"));
        }
        Change::Deleted => return Vec::new(),
        Change::Added if matches!(after, "PERMISSIVE" | "DISABLE") => {
            return danger(format!(
                "is new with {}: plain text will be accepted {reach}",
                shown(after)
            ));
        }
        _ => {}
    }
    if strictness(after) < strictness(before) {
        let says = format!(
            "goes from {} to {}: plain text will be accepted {reach}",
            shown(before),
            shown(after)
        );
        return danger(says);
    }
    weaker_ports(subject)
}

fn weaker_ports(subject: &Subject<'_>) -> Vec<Risk> {
    let (_, after) = subject.values(&["spec", "portLevelMtls"]);
    let weak: Vec<&str> = after
        .and_then(Node::as_mapping)
        .into_iter()
        .flatten()
        .filter(|port| {
            let key = port.key.text.as_str();
            let mode = |node| text(node, &["spec", "portLevelMtls", key, "mode"]);
            strictness(mode(subject.after())) < strictness(mode(subject.before())).max(1)
                || mode(subject.before()) == "STRICT" && mode(subject.after()) != "STRICT"
        })
        .map(|port| port.key.text.as_str())
        .collect();
    if weak.is_empty() {
        return Vec::new();
    }
    danger(format!("accepts plain text on port {}", listed(&weak)))
}

pub(super) fn authorization_policy(subject: &Subject<'_>) -> Vec<Risk> {
    if !subject.is("istio.io", "AuthorizationPolicy") {
        return Vec::new();
    }
    let action = |node| match text(node, &["spec", "action"]) {
        "" => "ALLOW",
        action => action,
    };
    let (before, after) = (action(subject.before()), action(subject.after()));
    let reach = reach(subject);
    match subject.diff.change {
        Change::Deleted if before == "ALLOW" => {
            danger(format!("is deleted: what it limited may be open to everybody {reach}"))
        }
        Change::Deleted => danger(format!("is deleted: what it refused is allowed {reach}")),
        Change::Added if allows_all(subject.after()) => {
            danger(format!("is new and allows every request {reach}"))
        }
        Change::Added => caution(format!("is new: who may call what changes {reach}")),
        Change::Changed if before != after => {
            danger(format!("turns from {} to {} {reach}", shown(before), shown(after)))
        }
        Change::Changed if allows_all(subject.after()) && !allows_all(subject.before()) => {
            danger(format!("allows every request {reach}"))
        }
        Change::Changed => caution(format!("changes who may call what {reach}")),
    }
}

/// An empty rule matches every request; no rule at all matches none.
fn allows_all(node: Option<&Node>) -> bool {
    let rules = items(node.and_then(|node| node.at(&["spec", "rules"])));
    matches!(text(node, &["spec", "action"]), "" | "ALLOW")
        && rules.iter().any(|rule| {
            rule.is_null() || rule.as_mapping().is_some_and(|mapping| mapping.is_empty())
        })
}

pub(super) fn request_authentication(subject: &Subject<'_>) -> Vec<Risk> {
    if !subject.is("istio.io", "RequestAuthentication") {
        return Vec::new();
    }
    let reach = reach(subject);
    match subject.diff.change {
        Change::Deleted => danger(format!("is deleted: tokens are no longer checked {reach}")),
        _ => caution(format!("changes which tokens are accepted {reach}")),
    }
}

pub(super) fn virtual_service(subject: &Subject<'_>) -> Vec<Risk> {
    if !subject.is("istio.io", "VirtualService") || subject.is_deleted() {
        return Vec::new();
    }
    let mut risks = traffic_moves(subject);
    for (key, what) in [("hosts", "answers for"), ("gateways", "is bound to")] {
        let (before, after) = subject.values(&["spec", key]);
        let (before, after) = (texts(items(before)), texts(items(after)));
        if subject.diff.change == Change::Changed
            && let Some(says) = changes_of(&before, &after, what, "now")
        {
            risks.extend(caution(says));
        }
    }
    let faults = |node: Option<&Node>| {
        routes(node).filter(|(_, route)| route.get("fault").is_some()).count()
    };
    if faults(subject.after()) > faults(subject.before()) {
        risks.extend(caution("injects faults into requests"));
    }
    risks
}

fn texts(nodes: &[Node]) -> Vec<&str> {
    nodes.iter().filter_map(Node::text).collect()
}

/// The routes of all protocols with their number.
fn routes(node: Option<&Node>) -> impl Iterator<Item = (String, &Node)> {
    ["http", "tls", "tcp"].into_iter().flat_map(move |protocol| {
        let routes = items(node.and_then(|node| node.at(&["spec", protocol])));
        routes.iter().enumerate().map(move |(index, route)| {
            let name = route.get("name").and_then(Node::text);
            (name.map_or_else(|| format!("{protocol}[{index}]"), str::to_owned), route)
        })
    })
}

/// Who gets which part of a route's traffic.
fn weights(route: &Node) -> BTreeMap<String, String> {
    let destinations = items(route.get("route"));
    let alone = destinations.len() == 1;
    let mut weights = BTreeMap::new();
    for destination in destinations {
        let host = text(Some(destination), &["destination", "host"]);
        let subset = text(Some(destination), &["destination", "subset"]);
        let name = if subset.is_empty() { host.to_owned() } else { format!("{host} {subset}") };
        let weight = match text(Some(destination), &["weight"]) {
            "" if alone => "100",
            "" => "0",
            weight => weight,
        };
        weights.insert(name, weight.to_owned());
    }
    weights
}

fn traffic_moves(subject: &Subject<'_>) -> Vec<Risk> {
    if subject.diff.change != Change::Changed {
        return Vec::new();
    }
    let before: BTreeMap<String, &Node> = routes(subject.before()).collect();
    let mut moves = Vec::new();
    for (name, route) in routes(subject.after()) {
        let Some(route_before) = before.get(&name) else { continue };
        let (then, now) = (weights(route_before), weights(route));
        if then == now {
            continue;
        }
        let names: Vec<&String> =
            then.keys().chain(now.keys().filter(|name| !then.contains_key(*name))).collect();
        let parts = names.iter().take(4).filter_map(|name| {
            let weight = |weights: &BTreeMap<String, String>| {
                weights.get(*name).cloned().unwrap_or("0".to_owned())
            };
            let (then, now) = (weight(&then), weight(&now));
            (then != now).then(|| format!("{} {then} → {now} %", shown(name)))
        });
        moves.push(
            parts
                .map(|part| super::super::plain_text::one_line(&part, 200))
                .collect::<Vec<_>>()
                .join(", "),
        );
    }
    moves.retain(|part| !part.is_empty());
    if moves.is_empty() {
        return Vec::new();
    }
    let more = match moves.len().saturating_sub(2) {
        0 => String::new(),
        rest => format!(", and {rest} more routes"),
    };
    caution(format!(
        "moves traffic: {}{more}",
        moves.iter().take(2).cloned().collect::<Vec<_>>().join("; ")
    ))
}

pub(super) fn gateway(subject: &Subject<'_>) -> Vec<Risk> {
    if !subject.is("istio.io", "Gateway") || subject.is_deleted() {
        return Vec::new();
    }
    let servers = |node: Option<&'_ Node>| -> Vec<Node> {
        items(node.and_then(|node| node.at(&["spec", "servers"]))).to_vec()
    };
    let (before, after) = (servers(subject.before()), servers(subject.after()));
    let hosts = |servers: &[Node]| -> Vec<String> {
        let hosts = servers.iter().flat_map(|server| texts(items(server.get("hosts"))));
        hosts.map(str::to_owned).collect()
    };
    let (hosts_before, hosts_after) = (hosts(&before), hosts(&after));
    let (then, now): (Vec<&str>, Vec<&str>) = (
        hosts_before.iter().map(String::as_str).collect(),
        hosts_after.iter().map(String::as_str).collect(),
    );
    let mut risks = Vec::new();
    if let Some(says) = changes_of(&then, &now, "listens for", "now") {
        risks.extend(caution(says));
    }
    risks.extend(tls_of_servers(&before, &after));
    risks
}

/// A server by the name of its port, else by its number.
fn server_name(server: &Node) -> String {
    let name = text(Some(server), &["port", "name"]);
    if name.is_empty() {
        text(Some(server), &["port", "number"]).to_owned()
    } else {
        name.to_owned()
    }
}

fn tls_of_servers(before: &[Node], after: &[Node]) -> Vec<Risk> {
    let mut risks = Vec::new();
    let before: BTreeMap<String, &Node> =
        before.iter().map(|server| (server_name(server), server)).collect();
    for server in after {
        let name = server_name(server);
        let Some(then) = before.get(&name) else { continue };
        let field = |node, key| text(Some(node), &["tls", key]);
        let (mode_before, mode_after) = (field(then, "mode"), field(server, "mode"));
        if mode_before != mode_after {
            let says = format!(
                "port {}: TLS goes from {} to {}",
                shown(&name),
                shown(mode_before),
                shown(mode_after)
            );
            let weaker = mode_before.contains("MUTUAL") || mode_after.is_empty();
            risks.extend(if weaker { danger(says) } else { caution(says) });
        }
        if field(then, "httpsRedirect") == "true" && field(server, "httpsRedirect") != "true" {
            risks.extend(danger(format!("port {}: plain HTTP is served again", shown(&name))));
        }
    }
    risks
}

pub(super) fn destination_rule(subject: &Subject<'_>) -> Vec<Risk> {
    if !subject.is("istio.io", "DestinationRule") || subject.is_deleted() {
        return Vec::new();
    }
    let mut risks = Vec::new();
    let (before, after) = subject.texts(&["spec", "trafficPolicy", "tls", "mode"]);
    if before != after && (after == "DISABLE" || before.contains("MUTUAL")) {
        risks.extend(danger(format!(
            "TLS to the service goes from {} to {}",
            shown(before),
            shown(after)
        )));
    }
    let names = |node: Option<&'_ Node>| -> Vec<String> {
        let subsets = items(node.and_then(|node| node.at(&["spec", "subsets"])));
        subsets.iter().map(|subset| text(Some(subset), &["name"]).to_owned()).collect()
    };
    let (then, now) = (names(subject.before()), names(subject.after()));
    let (then, now): (Vec<&str>, Vec<&str>) =
        (then.iter().map(String::as_str).collect(), now.iter().map(String::as_str).collect());
    let gone = new_ones(&now, &then);
    if !gone.is_empty() {
        risks.extend(caution(format!("no longer has subset {}: routes to it fail", listed(&gone))));
    }
    risks
}

/// Mesh-wide switches and raw Envoy configuration.
pub(super) fn mesh(subject: &Subject<'_>) -> Vec<Risk> {
    if subject.is("istio.io", "EnvoyFilter") {
        return caution("changes the proxies' configuration directly, which nothing checks");
    }
    if subject.is("istio.io", "ServiceEntry") && subject.diff.change == Change::Added {
        let (_, hosts) = subject.values(&["spec", "hosts"]);
        return caution(format!("makes {} reachable from the mesh", listed(&texts(items(hosts)))));
    }
    let outbound = ["spec", "meshConfig", "outboundTrafficPolicy", "mode"];
    let (before, after) = subject.texts(&outbound);
    if subject.is("istio.io", "IstioOperator") && before != after && before == "REGISTRY_ONLY" {
        return danger(format!(
            "lets workloads call any host: outbound traffic goes from {} to {}",
            shown(before),
            shown(after)
        ));
    }
    Vec::new()
}
