//! What can be reached from where: hosts that come and go, and what stands in the way of callers.

use std::collections::BTreeSet;

use super::change::{Changed, all_become, becomes, items, listed, shown, text, texts, words};
use super::charts::has_values;
use super::cover::network;
use super::doors;
use super::leaf::last_key;
use crate::kustomize::{Build, Gvk};
use crate::policy::Level;
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::yaml::Node;

pub(super) const HOSTS_RULE: Rule = Rule {
    id: "hosts-change",
    gate: Gate::Risks,
    codes: &[HOSTS],
    check: Check::Change(check_hosts),
};

pub(super) const EXPOSURE_RULE: Rule = Rule {
    id: "exposure-wider",
    gate: Gate::Risks,
    codes: &[WIDER, REACHABLE],
    check: Check::Change(check_exposure),
};

const HOSTS: Code = Code::sound("hosts-change", Level::Warning);
const WIDER: Code = Code::sound("exposure-wider", Level::Warning);
/// What only the mesh or the cluster sees.
const REACHABLE: Code = Code::sound("exposure-wider", Level::Info);

/// The hosts that a resource answers for; none of kinds that answer for none.
fn hosts(gvk: &Gvk, node: Option<&Node>) -> BTreeSet<String> {
    let Some(node) = node else { return BTreeSet::new() };
    let mut found: BTreeSet<String> = BTreeSet::new();
    let each = |list: &[&str], key: &str| -> Vec<String> {
        let items = items(node.at(list)).iter();
        items.map(|item| text(Some(item), &[key]).to_owned()).collect()
    };
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        (_, "Ingress") => {
            // A rule without a host is for all.
            let rules = each(&["spec", "rules"], "host");
            found.extend(
                rules.into_iter().map(|host| if host.is_empty() { "*".to_owned() } else { host }),
            );
            if node.at(&["spec", "defaultBackend"]).is_some() && found.is_empty() {
                found.insert("*".to_owned());
            }
            let alias = text(
                Some(node),
                &["metadata", "annotations", "nginx.ingress.kubernetes.io/server-alias"],
            );
            found.extend(alias.split(',').map(|host| host.trim().to_owned()));
        }
        ("gateway.networking.k8s.io", "Gateway") => {
            let listeners = each(&["spec", "listeners"], "hostname");
            found.extend(
                listeners
                    .into_iter()
                    .map(|host| if host.is_empty() { "*".to_owned() } else { host }),
            );
        }
        ("gateway.networking.k8s.io", kind) if kind.ends_with("Route") => {
            found.extend(texts(node.at(&["spec", "hostnames"])).into_iter().map(str::to_owned));
        }
        (group, "VirtualService" | "ServiceEntry") if group.ends_with("istio.io") => {
            found.extend(texts(node.at(&["spec", "hosts"])).into_iter().map(str::to_owned));
        }
        (group, "Gateway") if group.ends_with("istio.io") => {
            for server in items(node.at(&["spec", "servers"])) {
                found.extend(texts(server.get("hosts")).into_iter().map(str::to_owned));
            }
        }
        ("projectcontour.io", "HTTPProxy") => {
            found.insert(text(Some(node), &["spec", "virtualhost", "fqdn"]).to_owned());
        }
        (group, "IngressRoute" | "IngressRouteTCP") if group.contains("traefik") => {
            for rule in each(&["spec", "routes"], "match") {
                found.extend(of_traefik(&rule));
            }
        }
        ("route.openshift.io", "Route") => {
            found.insert(text(Some(node), &["spec", "host"]).to_owned());
        }
        ("", "Service") => {}
        (_, kind) if has_values(kind, Some(node)) => found.extend(doors::hosts(node)),
        _ => return BTreeSet::new(),
    }
    let dns =
        text(Some(node), &["metadata", "annotations", "external-dns.alpha.kubernetes.io/hostname"]);
    found.extend(dns.split(',').map(|host| host.trim().to_owned()));
    found.remove("");
    found
}

/// The hosts in `` Host(`a`, `b`) && PathPrefix(`/x`) ``.
fn of_traefik(rule: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, word) in rule.match_indices("Host(").chain(rule.match_indices("HostSNI(")) {
        let inside = rule[at + word.len()..].split(')').next().unwrap_or_default();
        found.extend(
            inside.split(',').map(|host| host.trim().trim_matches(['`', '"', '\'']).to_owned()),
        );
    }
    found
}

/// Whether a build answers for a host somewhere.
fn is_served(build: &Build, host: &str) -> bool {
    build.resources.iter().any(|resource| {
        let found = hosts(&resource.id.gvk, Some(&resource.node));
        found.contains(host)
    })
}

/// Whether another resource answers for a host of one that goes.
pub(super) fn still_served(changed: &Changed<'_>) -> bool {
    let hosts = hosts(&changed.diff.id.gvk, changed.before());
    hosts.iter().any(|host| is_served(changed.all.after, host))
}

/// Hosts that come and go, but for those that another resource of the set had or has.
fn host_changes(changed: &Changed<'_>) -> (Vec<String>, Vec<String>) {
    let gvk = &changed.diff.id.gvk;
    let (before, after) = (hosts(gvk, changed.before()), hosts(gvk, changed.after()));
    let come = after
        .difference(&before)
        .filter(|host| !changed.is_added() || !is_served(changed.all.before, host));
    let gone = before
        .difference(&after)
        .filter(|host| !changed.is_deleted() || !is_served(changed.all.after, host));
    (come.cloned().collect(), gone.cloned().collect())
}

/// The word for what a kind does with a host.
fn verbs(changed: &Changed<'_>) -> (&'static str, &'static str) {
    match changed.kind() {
        "Gateway" => ("listens for", "listen for"),
        "ServiceEntry" => ("makes reachable", "make reachable"),
        "Service" => ("is called", "are called"),
        _ => ("answers for", "answer for"),
    }
}

fn check_hosts(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (come, gone) = host_changes(changed);
    if gone.is_empty() {
        return;
    }
    let (one, many) = verbs(changed);
    let field = host_field(changed);
    let words = if come.is_empty() {
        let base = match changed.kind() {
            "Gateway" => "listen for",
            "ServiceEntry" => "make reachable",
            "Service" => "have the name",
            _ => "answer for",
        };
        words(format!("no longer {one} a host"), format!("no longer {base} hosts"), listed(&gone))
    } else {
        words(format!("{one} other hosts"), format!("{many} other hosts"), all_become(&gone, &come))
    };
    report.tell(changed, HOSTS, &field, words);
}

/// The field of the first host that differs, after.
fn host_field(changed: &Changed<'_>) -> String {
    let (come, _) = host_changes(changed);
    let (_, after) = changed.leaves();
    let found = after.iter().find(|(path, text)| {
        come.iter().any(|host| text == host) && !path.starts_with("metadata.name")
    });
    found.map_or_else(|| "spec".to_owned(), |(path, _)| after.field(path).to_owned())
}

fn check_exposure(changed: &Changed<'_>, report: &mut Report<'_>) {
    if changed.is_deleted() {
        return lost_in_the_way(changed, report);
    }
    hosts_come(changed, report);
    service(changed, report);
    bound(changed, report);
    annotations(changed, report);
    redirects(changed, report);
    networks(changed, report);
    outbound(changed, report);
    middlewares(changed, report);
    doors::opened(changed, WIDER, report);
}

/// A gateway or a host that comes.
fn hosts_come(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (come, gone) = host_changes(changed);
    // Another host in place of one is told by `hosts-change`; a wider one is told here as well.
    let wild: Vec<&String> = come
        .iter()
        .filter(|host| host.contains('*') && gone.iter().any(|gone| !gone.contains('*')))
        .collect();
    let more: Vec<&String> = if gone.is_empty() { come.iter().collect() } else { wild };
    if more.is_empty() {
        return;
    }
    let node = changed.after();
    let inner = match changed.kind() {
        "ServiceEntry" => true,
        "VirtualService" => {
            texts(node.and_then(|n| n.at(&["spec", "gateways"]))).iter().all(|g| *g == "mesh")
        }
        "Service" => text(node, &["spec", "type"]) != "LoadBalancer",
        _ => false,
    };
    let code = if inner { REACHABLE } else { WIDER };
    let (one, many) = verbs(changed);
    let words = words(format!("{one} more hosts"), format!("{many} more hosts"), listed(&more));
    report.tell(changed, code, &host_field(changed), words);
}

/// How far a Service reaches.
fn service(changed: &Changed<'_>, report: &mut Report<'_>) {
    if !changed.is("", "Service") {
        return;
    }
    let (before, after) = changed.texts(&["spec", "type"]);
    let rank = |kind: &str| match kind {
        "LoadBalancer" => 2,
        "NodePort" => 1,
        _ => 0,
    };
    if rank(after) > rank(before) {
        let detail = if changed.is_added() {
            shown(after)
        } else {
            becomes(if before.is_empty() { "ClusterIP" } else { before }, after)
        };
        let words = words(
            "can be reached from outside the cluster",
            "can be reached from outside the cluster",
            detail,
        );
        report.tell(changed, WIDER, "spec.type", words);
    }
    let (then, now) = changed.values(&["spec", "externalIPs"]);
    let (then, now) = (texts(then), texts(now));
    let come = super::change::new_ones(&then, &now);
    if !come.is_empty() {
        report.tell(
            changed,
            WIDER,
            "spec.externalIPs",
            words("is reached at more addresses", "are reached at more addresses", listed(&come)),
        );
    }
}

/// Gateways and classes that a resource is bound to.
fn bound(changed: &Changed<'_>, report: &mut Report<'_>) {
    if !changed.stays() {
        return;
    }
    if changed.is("istio.io", "VirtualService") {
        let (then, now) = changed.values(&["spec", "gateways"]);
        let or_mesh = |list: Vec<&'_ str>| {
            if list.is_empty() {
                vec!["mesh".to_owned()]
            } else {
                list.into_iter().map(str::to_owned).collect()
            }
        };
        let (then, now) = (or_mesh(texts(then)), or_mesh(texts(now)));
        let come: Vec<&String> =
            now.iter().filter(|gateway| !then.contains(gateway) && *gateway != "mesh").collect();
        if !come.is_empty() {
            report.tell(
                changed,
                WIDER,
                "spec.gateways",
                words("is bound to another gateway", "are bound to other gateways", listed(&come)),
            );
        }
    }
    if changed.kind().ends_with("Route") && changed.is("gateway.networking.k8s.io", changed.kind())
    {
        let parents = |node: Option<&Node>| -> BTreeSet<String> {
            items(node.and_then(|n| n.at(&["spec", "parentRefs"])))
                .iter()
                .map(|p| {
                    format!("{} {}", text(Some(p), &["namespace"]), text(Some(p), &["name"]))
                        .trim()
                        .to_owned()
                })
                .collect()
        };
        let (then, now) = (parents(changed.before()), parents(changed.after()));
        let come: Vec<&String> = now.difference(&then).collect();
        if !come.is_empty() {
            report.tell(
                changed,
                WIDER,
                "spec.parentRefs",
                words("is bound to another gateway", "are bound to other gateways", listed(&come)),
            );
        }
    }
    let class = |node: Option<&Node>| {
        let new = text(node, &["spec", "ingressClassName"]);
        if new.is_empty() {
            text(node, &["metadata", "annotations", "kubernetes.io/ingress.class"]).to_owned()
        } else {
            new.to_owned()
        }
    };
    let (then, now) = (class(changed.before()), class(changed.after()));
    if changed.kind() == "Ingress" && then != now {
        let detail = becomes(&then, &now);
        report.tell(
            changed,
            WIDER,
            "spec.ingressClassName",
            words("is served by another class", "are served by another class", detail),
        );
    }
    let (before, after) = changed.leaves();
    for (path, now) in after.iter() {
        let opens = path.ends_with("allowedRoutes.namespaces.from")
            && now == "All"
            && before.get(path) != Some("All");
        if opens {
            report.tell(
                changed,
                WIDER,
                after.field(path),
                words("takes routes of all namespaces", "take routes of all namespaces", ""),
            );
        }
    }
}

/// Annotations that keep callers out: a part of their key, and what of their value keeps them out.
const GUARDS: [(&str, Guard); 28] = [
    ("whitelist-source-range", Guard::Networks),
    ("allowlist-source-range", Guard::Networks),
    ("inbound-cidrs", Guard::Networks),
    ("load-balancer-source-ranges", Guard::Networks),
    ("haproxy.org/allow-list", Guard::Networks),
    ("haproxy.org/whitelist", Guard::Networks),
    ("/denylist-source-range", Guard::Present),
    ("/auth-url", Guard::Present),
    ("/auth-type", Guard::Auth),
    ("/auth-secret", Guard::Present),
    ("/auth-tls-secret", Guard::Present),
    ("/auth-tls-verify-client", Guard::Verify),
    ("auth-tls-pass-certificate-to-upstream", Guard::None),
    ("/auth-idp-oidc", Guard::Present),
    ("/auth-idp-cognito", Guard::Present),
    ("/security-groups", Guard::Present),
    ("/wafv2-acl-arn", Guard::Present),
    ("/waf-acl-id", Guard::Present),
    ("/shield-advanced-protection", Guard::On),
    ("/enable-modsecurity", Guard::On),
    ("/limit-rps", Guard::Present),
    ("/limit-rpm", Guard::Present),
    ("/limit-connections", Guard::Present),
    ("/scheme", Guard::Internal),
    ("aws-load-balancer-scheme", Guard::Internal),
    ("load-balancer-internal", Guard::On),
    ("load-balancer-type", Guard::Internal),
    ("router.middlewares", Guard::Members),
];

/// What of an annotation's value keeps callers out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Guard {
    /// Nothing.
    None,
    /// That it is there.
    Present,
    /// That it is on.
    On,
    /// That it is `internal`.
    Internal,
    /// A way to say who one is.
    Auth,
    /// Certificates are asked for.
    Verify,
    /// A list of networks.
    Networks,
    /// Each of a list.
    Members,
}

fn is_on(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "true" | "on" | "yes" | "1" | "enabled")
}

/// What an annotation kept out and no longer does.
fn weaker(guard: Guard, before: &str, after: &str) -> bool {
    let list = |text: &'_ str| {
        text.split(',')
            .map(|part| part.trim().to_owned())
            .filter(|p| !p.is_empty())
            .collect::<Vec<_>>()
    };
    match guard {
        Guard::None => false,
        Guard::Present => !before.is_empty() && after.is_empty(),
        Guard::On => is_on(before) && !is_on(after),
        Guard::Internal => {
            before.eq_ignore_ascii_case("internal") && !after.eq_ignore_ascii_case("internal")
        }
        Guard::Auth => !matches!(before, "" | "none") && matches!(after, "" | "none"),
        Guard::Verify => {
            before == "on" && after != "on"
                || before.starts_with("optional") && matches!(after, "" | "off")
        }
        Guard::Networks => {
            let (then, now) = (list(before), list(after));
            !then.is_empty()
                && (now.is_empty()
                    || now.iter().any(|now| !then.iter().any(|then| network(then, now))))
        }
        Guard::Members => list(before).iter().any(|member| !list(after).contains(member)),
    }
}

fn annotations(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (before, after) = changed.leaves();
    if !changed.stays() {
        return;
    }
    let mut lost: Vec<(String, String)> = Vec::new();
    for (path, then) in before.iter().filter(|(path, _)| path.starts_with("metadata.annotations."))
    {
        let key = last_key(path);
        let now = after.get(path).unwrap_or_default();
        let guard = GUARDS
            .iter()
            .find(|(part, _)| key.contains(part) || key == part.trim_start_matches('/'));
        let Some((_, guard)) = guard.filter(|_| then != now) else { continue };
        // Another name of the same list.
        let renamed = *guard == Guard::Networks
            && after.iter().any(|(other, value)| {
                let key = last_key(other);
                before.get(other).is_none()
                    && GUARDS
                        .iter()
                        .any(|(part, guard)| *guard == Guard::Networks && key.contains(part))
                    && !weaker(Guard::Networks, then, value)
            });
        if weaker(*guard, then, now) && !renamed {
            let field = if now.is_empty() { "metadata.annotations" } else { after.field(path) };
            lost.push((format!("{} {}", shown(key), becomes(then, now)), field.to_owned()));
        }
    }
    let (then, now) = changed.annotation("nginx.ingress.kubernetes.io/satisfy");
    if now == "any" && then != "any" {
        lost.push((
            format!("`nginx.ingress.kubernetes.io/satisfy` {} → `any`", shown(then)),
            "metadata.annotations.[nginx.ingress.kubernetes.io/satisfy]".to_owned(),
        ));
    }
    if let Some((_, field)) = lost.first() {
        let details: Vec<&str> = lost.iter().take(3).map(|(detail, _)| detail.as_str()).collect();
        let more = match lost.len().saturating_sub(3) {
            0 => String::new(),
            rest => format!(" and {rest} more"),
        };
        let words = words(
            "keeps fewer callers out",
            "keep fewer callers out",
            format!("{}{more}", details.join(", ")),
        );
        report.tell(changed, WIDER, field, words);
    }
}

/// Plain HTTP that was redirected and is served.
fn redirects(changed: &Changed<'_>, report: &mut Report<'_>) {
    if !changed.stays() {
        return;
    }
    let (before, after) = changed.leaves();
    for (path, then) in before.iter() {
        let key = last_key(path);
        let now = after.get(path).unwrap_or_default();
        let forced = key.ends_with("ssl-redirect")
            || key == "httpsRedirect"
            || key.ends_with("/ssl-redirect");
        let refused = key == "kubernetes.io/ingress.allow-http";
        // nginx redirects by itself where there is a certificate.
        let falls = forced
            && !then.is_empty()
            && then != "false"
            && (now == "false"
                || now.is_empty() && key != "nginx.ingress.kubernetes.io/ssl-redirect");
        if falls || refused && then == "false" && now != "false" {
            let field = if now.is_empty() { "spec" } else { after.field(path) };
            let field = if now.is_empty() && path.starts_with("metadata") {
                "metadata.annotations"
            } else {
                field
            };
            let words = words("serves plain HTTP again", "serve plain HTTP again", shown(key));
            report.tell(changed, WIDER, field, words);
        }
    }
    for (path, now) in after.iter() {
        let key = last_key(path);
        let opens = key.ends_with("ssl-redirect") && now == "false"
            || key == "permitInsecure" && now == "true";
        if opens && before.get(path).is_none() {
            report.tell(
                changed,
                WIDER,
                after.field(path),
                words("serves plain HTTP", "serve plain HTTP", shown(key)),
            );
        }
    }
    let (then, now) = changed.annotation("alb.ingress.kubernetes.io/listen-ports");
    if now.contains("\"HTTP\"") && !then.is_empty() && !then.contains("\"HTTP\"") {
        report.tell(
            changed,
            WIDER,
            "metadata.annotations.[alb.ingress.kubernetes.io/listen-ports]",
            words("serves plain HTTP", "serve plain HTTP", shown(now)),
        );
    }
}

/// Lists of networks that may call, as fields.
fn networks(changed: &Changed<'_>, report: &mut Report<'_>) {
    let lists: [&[&str]; 5] = [
        &["spec", "loadBalancerSourceRanges"],
        &["spec", "ipAllowList", "sourceRange"],
        &["spec", "ipWhiteList", "sourceRange"],
        &["spec", "virtualhost", "ipAllowPolicy"],
        &["spec", "authorizedNetworks"],
    ];
    for keys in lists {
        let (then, now) = changed.values(keys);
        if !changed.stays() || then == now || then.is_none() {
            continue;
        }
        // Traefik renamed its list.
        if now.is_none()
            && keys[1] == "ipWhiteList"
            && changed.values(&["spec", "ipAllowList"]).1.is_some()
        {
            continue;
        }
        let cidrs = |node: Option<&Node>| -> Vec<String> {
            items(node)
                .iter()
                .map(|item| item.text().unwrap_or(text(Some(item), &["cidr"])).to_owned())
                .collect()
        };
        let (then, now) = (cidrs(then), cidrs(now));
        let more = now.iter().any(|now| !then.iter().any(|then| network(then, now)));
        if now.is_empty() || more {
            let detail = format!(
                "{} → {}",
                listed(&then),
                if now.is_empty() { "everybody".to_owned() } else { listed(&now) }
            );
            report.tell(
                changed,
                WIDER,
                &keys.join("."),
                words("lets more networks call", "let more networks call", detail),
            );
        }
    }
}

/// Which hosts workloads may call.
fn outbound(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (before, after) = changed.leaves();
    for (path, then) in
        before.iter().filter(|(path, _)| path.ends_with("outboundTrafficPolicy.mode"))
    {
        let now = after.get(path).unwrap_or_default();
        if then == "REGISTRY_ONLY" && now != then {
            let detail = becomes(then, now);
            report.tell(
                changed,
                WIDER,
                after.field(path),
                words("lets workloads call any host", "let workloads call any host", detail),
            );
        }
    }
}

/// What Traefik and Contour put in the way of callers.
fn middlewares(changed: &Changed<'_>, report: &mut Report<'_>) {
    if !changed.stays() {
        return;
    }
    let names = |node: Option<&Node>| -> BTreeSet<String> {
        let routes = items(node.and_then(|n| n.at(&["spec", "routes"])));
        let middlewares = routes.iter().flat_map(|route| items(route.get("middlewares")));
        middlewares.map(|m| text(Some(m), &["name"]).to_owned()).collect()
    };
    let (then, now) = (names(changed.before()), names(changed.after()));
    let lost: Vec<&String> = then.difference(&now).collect();
    if !lost.is_empty() {
        report.tell(
            changed,
            WIDER,
            "spec.routes",
            words("loses a middleware", "lose middlewares", listed(&lost)),
        );
    }
    for part in GUARDING {
        let (then, now) = changed.values(&["spec", part]);
        let renamed =
            *part == "ipWhiteList" && changed.values(&["spec", "ipAllowList"]).1.is_some();
        if changed.kind() == "Middleware" && then.is_some() && now.is_none() && !renamed {
            report.tell(
                changed,
                WIDER,
                "spec",
                words("no longer keeps callers out", "no longer keep callers out", shown(part)),
            );
        }
    }
    let (then, now) = changed.values(&["spec", "virtualhost", "authorization"]);
    if changed.kind() == "HTTPProxy" && then.is_some() && now.is_none() {
        report.tell(
            changed,
            WIDER,
            "spec.virtualhost",
            words("no longer asks who calls", "no longer ask who calls", ""),
        );
    }
}

/// Parts of a Middleware that keep callers out.
const GUARDING: &[&str] = &[
    "basicAuth",
    "digestAuth",
    "forwardAuth",
    "ipAllowList",
    "ipWhiteList",
    "rateLimit",
    "redirectScheme",
    "inFlightReq",
];

fn lost_in_the_way(changed: &Changed<'_>, report: &mut Report<'_>) {
    let guards = GUARDING.iter().any(|part| changed.values(&["spec", part]).0.is_some());
    if changed.kind() == "Middleware" && guards {
        report.tell(
            changed,
            WIDER,
            "",
            words("is deleted, so it keeps nobody out", "are deleted, so they keep nobody out", ""),
        );
    }
}
