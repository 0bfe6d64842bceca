//! Plain text that is let in, or sent: PeerAuthentication, DestinationRule, workloads that leave the
//! mesh (istio.io/latest/docs/reference/config).

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::Level;
use crate::policy::change::{Changed, becomes, items, last_key, listed, shown, text, words};
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::yaml::Node;

pub(super) const RULE: Rule =
    Rule { id: "mtls-weaker", gate: Gate::Risks, codes: &[WEAKER], check: Check::Change(check) };

const WEAKER: Code = Code::sound("mtls-weaker", Level::Warning);

/// The usual root namespace: what stands there without a selector holds for the whole mesh.
const ROOT_NAMESPACE: &str = "istio-system";

/// Where a policy of Istio's holds, in words.
pub(super) fn reach(changed: &Changed<'_>) -> String {
    let node = changed.after().or(changed.before());
    let selected = |key: &str| node.and_then(|node| node.at(&["spec", key])).is_some();
    if selected("selector") || selected("targetRef") || selected("targetRefs") {
        "for the selected workloads".to_owned()
    } else if changed.diff.id.namespace == ROOT_NAMESPACE {
        "in the whole mesh".to_owned()
    } else {
        format!("in namespace {}", shown(&changed.diff.id.namespace))
    }
}

fn check(changed: &Changed<'_>, report: &mut Report<'_>) {
    if changed.is("istio.io", "PeerAuthentication") {
        peer_authentication(changed, report);
    } else if changed.is("istio.io", "DestinationRule") {
        destination_rule(changed, report);
    }
    leaves_the_mesh(changed, report);
    automatic(changed, report);
}

/// How strictly a mode refuses plain text; an unset one inherits, so it may be anything.
fn strictness(mode: &str) -> u8 {
    match mode {
        "STRICT" => 2,
        "DISABLE" => 0,
        _ => 1,
    }
}

fn peer_authentication(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (before, after) = changed.texts(&["spec", "mtls", "mode"]);
    let reach = reach(changed);
    let field = "spec.mtls.mode";
    let mut say = |one: &str, many: &str, detail: String| {
        report.tell(changed, WEAKER, field, words(format!("{one} {reach}"), many, detail));
    };
    if changed.is_deleted() {
        let strict = before == "STRICT" || ports(changed.before()).values().any(|m| *m == "STRICT");
        if strict {
            say(
                "is deleted, so plain text may be accepted",
                "are deleted, so plain text may be accepted",
                String::new(),
            );
        }
        return;
    }
    if changed.is_added() {
        if matches!(after, "PERMISSIVE" | "DISABLE") {
            say("comes and accepts plain text", "come and accept plain text", shown(after));
        }
        return weaker_ports(changed, report);
    }
    if strictness(after) < strictness(before) {
        let detail = becomes(before, after);
        return say("accepts plain text", "accept plain text", detail);
    }
    let (selector, now) = changed.values(&["spec", "selector"]);
    let narrower =
        now.is_some_and(|now| selector.is_none_or(|then| !super::cover::selects_all_of(now, then)));
    let wider =
        selector.is_some_and(|then| now.is_none_or(|now| !super::cover::selects_all_of(then, now)));
    if selector != now
        && (after == "STRICT" && narrower
            || strictness(after) == 0 && wider
            || after == "PERMISSIVE" && wider)
    {
        return report.tell(
            changed,
            WEAKER,
            "spec.selector",
            words(
                "holds for other workloads than before",
                "hold for other workloads than before",
                "",
            ),
        );
    }
    weaker_ports(changed, report);
}

fn ports(node: Option<&Node>) -> BTreeMap<&str, &str> {
    let ports = node.and_then(|node| node.at(&["spec", "portLevelMtls"])?.as_mapping());
    ports
        .into_iter()
        .flatten()
        .map(|pair| (pair.key.text.as_str(), text(Some(&pair.value), &["mode"])))
        .collect()
}

fn weaker_ports(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (then, now) = (ports(changed.before()), ports(changed.after()));
    let (all_then, all_now) = changed.texts(&["spec", "mtls", "mode"]);
    let effective = |ports: &BTreeMap<&str, &str>, port: &str, all: &str| {
        let own = ports.get(port).copied().filter(|mode| !mode.is_empty() && *mode != "UNSET");
        strictness(own.unwrap_or(all))
    };
    let names: BTreeSet<&str> = then.keys().chain(now.keys()).copied().collect();
    let weak: Vec<&str> = names
        .into_iter()
        .filter(|port| effective(&now, port, all_now) < effective(&then, port, all_then))
        .collect();
    if let Some(first) = weak.first() {
        let detail = format!("port {}", listed(&weak));
        let field = format!("spec.portLevelMtls.{first}");
        report.tell(
            changed,
            WEAKER,
            &field,
            words(format!("accepts plain text {}", reach(changed)), "accept plain text", detail),
        );
    }
}

/// How a client's TLS protects: the mode of the whole rule, of its ports and of its subsets.
fn modes(node: Option<&Node>) -> BTreeMap<String, String> {
    let mut modes = BTreeMap::new();
    let Some(spec) = node.and_then(|node| node.get("spec")) else { return modes };
    let mut of_policy = |policy: Option<&Node>, place: &str| {
        let Some(policy) = policy else { return };
        let mode = text(Some(policy), &["tls", "mode"]);
        if !mode.is_empty() {
            modes.insert(place.to_owned(), mode.to_owned());
        }
        for port in items(policy.get("portLevelSettings")) {
            let mode = text(Some(port), &["tls", "mode"]);
            let number = text(Some(port), &["port", "number"]);
            if !mode.is_empty() {
                modes.insert(format!("{place} port {number}"), mode.to_owned());
            }
        }
    };
    of_policy(spec.get("trafficPolicy"), "");
    for subset in items(spec.get("subsets")) {
        let name = text(Some(subset), &["name"]);
        of_policy(subset.get("trafficPolicy"), &format!("subset {name}"));
    }
    modes
}

/// How well a client's mode protects. Without one Istio decides, which is mutual TLS in the mesh.
fn protection(mode: &str) -> u8 {
    match mode {
        "ISTIO_MUTUAL" | "MUTUAL" => 3,
        "SIMPLE" => 2,
        "DISABLE" => 0,
        _ => 1,
    }
}

fn destination_rule(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (before, after) = (modes(changed.before()), modes(changed.after()));
    let places: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for place in places {
        // A port or a subset without a word of its own follows the whole.
        let of = |modes: &BTreeMap<String, String>| {
            let subset = place.split_once(" port ").map_or("", |(subset, _)| subset);
            [place.as_str(), subset, ""]
                .iter()
                .find_map(|place| modes.get(*place))
                .cloned()
                .unwrap_or_default()
        };
        let (then, now) = (of(&before), of(&after));
        let whole_says_it = !place.is_empty()
            && before.get("").is_some_and(|then| {
                protection(after.get("").map_or("", String::as_str)) < protection(then)
            });
        if protection(&now) < protection(&then) && !whole_says_it {
            let whose =
                if place.is_empty() { String::new() } else { format!("{} ", shown(place.trim())) };
            let detail = format!("{whose}{}", becomes(&then, &now));
            let words =
                words("protects its connections less", "protect their connections less", detail);
            report.tell(changed, WEAKER, "spec.trafficPolicy", words);
        }
    }
}

/// Labels and annotations that take workloads out of the mesh.
fn leaves_the_mesh(changed: &Changed<'_>, report: &mut Report<'_>) {
    if changed.is("", "Namespace") && changed.stays() {
        for (key, on) in [
            ("istio-injection", "enabled"),
            ("istio.io/dataplane-mode", "ambient"),
            ("linkerd.io/inject", "enabled"),
        ] {
            let (before, after) = changed.texts(&["metadata", "labels", key]);
            if before == on && after != on && !joins(changed.after()) {
                out_of_mesh(changed, &format!("metadata.labels.[{key}]"), report);
            }
        }
        let (before, after) = changed.texts(&["metadata", "labels", "istio.io/rev"]);
        if !before.is_empty() && after.is_empty() && !joins(changed.after()) {
            out_of_mesh(changed, "metadata.labels.[istio.io/rev]", report);
        }
        return;
    }
    let (before, after) = changed.leaves();
    for (path, now) in after.iter() {
        let key = last_key(path);
        let then = before.get(path).unwrap_or_default();
        if ["sidecar.istio.io/inject", "linkerd.io/inject"].contains(&key)
            && matches!(now, "false" | "disabled")
            && now != then
            && changed.stays()
        {
            out_of_mesh(changed, after.field(path), report);
        }
        let is_excluded = key.starts_with("traffic.sidecar.istio.io/exclude");
        if is_excluded && now != then && changed.stays() && !now.is_empty() {
            let words = words(
                "lets traffic pass its proxy by",
                "let traffic pass their proxies by",
                format!("{} {}", shown(key), shown(now)),
            );
            report.tell(changed, WEAKER, after.field(path), words);
        }
    }
}

/// Whether a namespace is part of a mesh in some way.
fn joins(node: Option<&Node>) -> bool {
    let label = |key: &str| text(node, &["metadata", "labels", key]);
    label("istio-injection") == "enabled"
        || label("istio.io/dataplane-mode") == "ambient"
        || !label("istio.io/rev").is_empty()
}

fn out_of_mesh(changed: &Changed<'_>, field: &str, report: &mut Report<'_>) {
    let words = words(
        "gets no proxies any more, so its traffic leaves the mesh",
        "get no proxies any more, so their traffic leaves the mesh",
        "",
    );
    report.tell(changed, WEAKER, field, words);
}

/// Switches of the whole mesh.
fn automatic(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (before, after) = changed.leaves();
    for (path, now) in after.iter().filter(|(path, _)| last_key(path) == "enableAutoMtls") {
        if now == "false" && before.get(path) != Some("false") {
            let words =
                words("switches automatic mutual TLS off", "switch automatic mutual TLS off", "");
            report.tell(changed, WEAKER, after.field(path), words);
        }
    }
}
