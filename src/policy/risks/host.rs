//! Hosts that resources answer for: which come, which go, which become others.

use std::collections::BTreeSet;

use super::doors;
use crate::kustomize::{Build, Gvk};
use crate::policy::Level;
use crate::policy::change::{Changed, all_become, has_values, items, listed, text, texts, words};
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule {
    id: "hosts-change",
    gate: Gate::Risks,
    codes: &[HOSTS],
    check: Check::Change(check_hosts),
};

const HOSTS: Code = Code::sound("hosts-change", Level::Warning);
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
pub(super) fn host_changes(changed: &Changed<'_>) -> (Vec<String>, Vec<String>) {
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
pub(super) fn verbs(changed: &Changed<'_>) -> (&'static str, &'static str) {
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
pub(super) fn host_field(changed: &Changed<'_>) -> String {
    let (come, _) = host_changes(changed);
    let (_, after) = changed.leaves();
    let found = after.iter().find(|(path, text)| {
        come.iter().any(|host| text == host) && !path.starts_with("metadata.name")
    });
    found.map_or_else(|| "spec".to_owned(), |(path, _)| after.field(path).to_owned())
}
