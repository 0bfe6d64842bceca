//! What can be reached from where: how far hosts, Services, gateways, networks and plain HTTP reach.

use std::collections::BTreeSet;

use super::cover::network;
use super::doors;
use super::guards;
use super::host::{host_changes, host_field, verbs};
use crate::policy::Level;
use crate::policy::change::{
    Changed, becomes, items, last_key, listed, new_ones, shown, text, texts, words,
};
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule {
    id: "exposure-wider",
    gate: Gate::Risks,
    codes: &[WIDER, REACHABLE],
    check: Check::Change(check_exposure),
};

const WIDER: Code = Code::sound("exposure-wider", Level::Warning);
/// What only the mesh or the cluster sees.
const REACHABLE: Code = Code::sound("exposure-wider", Level::Info);

fn check_exposure(changed: &Changed<'_>, report: &mut Report<'_>) {
    if changed.is_deleted() {
        return guards::deleted(changed, WIDER, report);
    }
    hosts_come(changed, report);
    service(changed, report);
    bound(changed, report);
    guards::annotations(changed, WIDER, report);
    redirects(changed, report);
    networks(changed, report);
    outbound(changed, report);
    guards::middlewares(changed, WIDER, report);
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
    let come = new_ones(&then, &now);
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
