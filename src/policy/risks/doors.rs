//! What of a chart's values says who reaches what it makes: hosts, Ingresses and their like, Services.

use std::collections::BTreeSet;

use crate::policy::change::{Changed, becomes, is_switched_on, last_key, leaves, words};
use crate::policy::rule::{Code, Report};
use crate::yaml::Node;

/// Parts of values that say by which hosts something is reached.
const DOORS: [&str; 4] = ["ingress", "gateway", "route", "virtualservice"];

/// The hosts that a chart is told to answer for.
pub(super) fn hosts(node: &Node) -> BTreeSet<String> {
    const KEYS: [&str; 5] = ["host", "hosts", "hostname", "hostnames", "fqdn"];
    let found = leaves(Some(node));
    let is_host = |text: &str| {
        text.contains('.')
            && !text.starts_with(['.', '/'])
            && text.chars().all(|c| c.is_alphanumeric() || "-.*_".contains(c))
    };
    let counts = |path: &str| {
        let key = last_key(path);
        let named = KEYS.contains(&key) || key == "name" && path.contains("hosts[");
        // An annotation is a word for others, but for that of external-dns.
        named && is_door(path) && !path.contains("nnotations")
    };
    let hosts = found.iter().filter(|(path, text)| counts(path) && is_host(text));
    hosts.map(|(_, text)| text.to_owned()).collect()
}

fn is_door(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    DOORS.iter().any(|door| path.contains(door))
}

/// Tells of doors that open.
pub(super) fn opened(changed: &Changed<'_>, code: Code, report: &mut Report<'_>) {
    let Some((before, after)) = changed.chart_values() else { return };
    for (path, now) in after.iter() {
        let then = before.get(path).unwrap_or_default();
        if then == now {
            continue;
        }
        let up = path.rsplit_once('.').map_or("", |(up, _)| up);
        let opens = last_key(path) == "enabled" && is_switched_on(then, now);
        if opens && is_door(last_key(up)) {
            let words = words(
                "can be reached from outside the cluster",
                "can be reached from outside the cluster",
                format!("`{}` is switched on", last_key(up)),
            );
            report.tell(changed, code, after.field(path), words);
        }
        let is_service =
            last_key(path) == "type" && last_key(up).to_lowercase().contains("service");
        if is_service && ["LoadBalancer", "NodePort"].contains(&now) && then != "LoadBalancer" {
            let words = words(
                "can be reached from outside the cluster",
                "can be reached from outside the cluster",
                becomes(then, now),
            );
            report.tell(changed, code, after.field(path), words);
        }
    }
}
