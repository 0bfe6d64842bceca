//! Whether one rule of a policy matches all that another one matches.
//!
//! What cannot be told is taken as not covered: a change that may let more in is told.

use std::net::IpAddr;

use crate::policy::change::{items, text, texts};
use crate::yaml::{Node, Value};

/// Whether a pattern (`*`, `a*`, `*a`, or a word) matches all that another one matches.
pub(super) fn pattern(wide: &str, narrow: &str) -> bool {
    if wide == narrow || wide == "*" {
        return true;
    }
    if let Some(start) = wide.strip_suffix('*') {
        return narrow.trim_end_matches('*').starts_with(start) && !narrow.starts_with('*');
    }
    if let Some(end) = wide.strip_prefix('*') {
        return narrow.trim_start_matches('*').ends_with(end) && !narrow.ends_with('*');
    }
    network(wide, narrow)
}

/// Whether a network holds another one or an address.
pub(super) fn network(wide: &str, narrow: &str) -> bool {
    let parse = |text: &str| -> Option<(IpAddr, u8)> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length = length.map_or(Some(most), |length| length.trim().parse().ok())?;
        (length <= most).then_some((address, length))
    };
    let bits = |address: IpAddr| match address {
        IpAddr::V4(address) => u128::from(u32::from(address)) << 96,
        IpAddr::V6(address) => u128::from(address),
    };
    let (Some((wide, wide_length)), Some((narrow, narrow_length))) = (parse(wide), parse(narrow))
    else {
        return false;
    };
    let mask = if wide_length == 0 { 0 } else { u128::MAX << (128 - u32::from(wide_length)) };
    wide.is_ipv4() == narrow.is_ipv4()
        && wide_length <= narrow_length
        && bits(wide) & mask == bits(narrow) & mask
}

/// Whether a rule of an AuthorizationPolicy matches all that another one matches
/// (istio.io/latest/docs/reference/config/security/authorization-policy).
pub(super) fn istio_rule(wide: &Node, narrow: &Node) -> bool {
    let part = |list: &str, inside: &str| {
        let (wide, narrow) = (items(wide.get(list)), items(narrow.get(list)));
        // No list matches all; each of a list is an alternative.
        wide.is_empty()
            || !narrow.is_empty()
                && narrow.iter().all(|narrow| {
                    wide.iter().any(|wide| match (wide.get(inside), narrow.get(inside)) {
                        (None, _) => true,
                        (Some(wide), Some(narrow)) => terms(wide, narrow),
                        (Some(wide), None) => wide.as_mapping().is_none_or(|m| m.is_empty()),
                    })
                })
    };
    part("from", "source") && part("to", "operation") && conditions(wide, narrow)
}

/// Terms that all have to hold, `not…` among them.
fn terms(wide: &Node, narrow: &Node) -> bool {
    let pairs = wide.as_mapping().into_iter().flatten();
    pairs.into_iter().all(|pair| {
        let key = pair.key.text.as_str();
        let (wide, narrow) = (texts(Some(&pair.value)), texts(narrow.get(key)));
        alternatives(&wide, &narrow, key.starts_with("not"))
    })
}

fn conditions(wide: &Node, narrow: &Node) -> bool {
    items(wide.get("when")).iter().all(|wide| {
        let key = text(Some(wide), &["key"]);
        items(narrow.get("when")).iter().any(|narrow| {
            text(Some(narrow), &["key"]) == key
                && alternatives(&texts(wide.get("values")), &texts(narrow.get("values")), false)
                && alternatives(
                    &texts(wide.get("notValues")),
                    &texts(narrow.get("notValues")),
                    true,
                )
        })
    })
}

/// Values of which one has to match, or none may.
fn alternatives(wide: &[&str], narrow: &[&str], negated: bool) -> bool {
    if wide.is_empty() {
        return true;
    }
    if negated {
        // The narrow one has to refuse all that the wide one refuses.
        return wide.iter().all(|wide| narrow.iter().any(|narrow| pattern(narrow, wide)));
    }
    !narrow.is_empty() && narrow.iter().all(|narrow| wide.iter().any(|wide| pattern(wide, narrow)))
}

/// Whether a selector of labels selects all that another one selects.
pub(super) fn selects_all_of(wide: &Node, narrow: &Node) -> bool {
    let Some(wide) = wide.as_mapping() else { return wide == narrow };
    wide.iter().all(|pair| {
        let Some(other) = narrow.get(&pair.key.text) else {
            return pair.value.as_mapping().is_some_and(|m| m.is_empty())
                || pair.value.as_sequence().is_some_and(<[Node]>::is_empty);
        };
        match (&pair.value.value, &other.value) {
            (Value::Mapping(_), Value::Mapping(_)) => selects_all_of(&pair.value, other),
            (Value::Sequence(wide), Value::Sequence(narrow)) => {
                wide.iter().all(|wide| narrow.contains(wide))
            }
            _ => pair.value == *other,
        }
    })
}

/// Whether a rule of a NetworkPolicy, or of Cilium's, lets all pass that another one lets pass: each
/// of its parts is a list of alternatives, and a part that is absent matches all.
pub(super) fn network_rule(wide: &Node, narrow: &Node) -> bool {
    let Some(parts) = wide.as_mapping() else { return wide == narrow || wide.is_null() };
    parts.iter().all(|pair| {
        let (wide, narrow) = (items(Some(&pair.value)), items(narrow.get(&pair.key.text)));
        if pair.value.as_sequence().is_none() {
            return false;
        }
        // An empty list matches all for Kubernetes, as an absent one does.
        wide.is_empty()
            || !narrow.is_empty()
                && narrow.iter().all(|narrow| wide.iter().any(|wide| peer(wide, narrow)))
    })
}

/// A peer or a port of a rule.
fn peer(wide: &Node, narrow: &Node) -> bool {
    if wide == narrow {
        return true;
    }
    if let (Some(wide), Some(narrow)) = (wide.text(), narrow.text()) {
        return wide == "all" || network(wide, narrow);
    }
    let Some(parts) = wide.as_mapping() else { return false };
    // `{}` is every Pod of the namespace for a selector, and all for a port.
    parts.iter().all(|pair| {
        let Some(other) = narrow.get(&pair.key.text) else { return false };
        match pair.key.text.as_str() {
            "podSelector" | "namespaceSelector" | "matchLabels" | "matchExpressions" => {
                pair.value == *other || selects_all_of(&pair.value, other)
            }
            "ipBlock" => {
                let cidr = |node: &'_ Node| text(Some(node), &["cidr"]).to_owned();
                let excepts = texts(pair.value.get("except"));
                network(&cidr(&pair.value), &cidr(other))
                    && excepts.iter().all(|wide| {
                        texts(other.get("except")).iter().any(|narrow| network(narrow, wide))
                    })
            }
            "ports" => items(Some(other)).iter().all(|narrow| {
                items(Some(&pair.value)).iter().any(|wide| wide == narrow)
            }),
            _ => pair.value == *other,
        }
    }) && !parts.is_empty()
        // A selector of namespaces beside one of Pods narrows it; alone it means all their Pods.
        && (parts.contains("podSelector") == narrow.get("podSelector").is_some()
            || parts.contains("namespaceSelector") && !parts.contains("podSelector"))
        && (parts.contains("podSelector") && !parts.contains("namespaceSelector"))
            <= narrow.get("namespaceSelector").is_none()
}

/// Whether a rule of a role grants all that another one grants.
pub(super) fn role_rule(wide: &Node, narrow: &Node) -> bool {
    let part = |key: &str| {
        let (wide, narrow) = (texts(wide.get(key)), texts(narrow.get(key)));
        narrow.iter().all(|narrow| wide.iter().any(|wide| pattern(wide, narrow)))
    };
    let names = (texts(wide.get("resourceNames")), texts(narrow.get("resourceNames")));
    let named = match names {
        (wide, _) if wide.is_empty() => true,
        (_, narrow) if narrow.is_empty() => false,
        (wide, narrow) => narrow.iter().all(|name| wide.contains(name)),
    };
    named && ["apiGroups", "resources", "verbs", "nonResourceURLs"].into_iter().all(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Dialect, parse_stream};

    fn node(text: &str) -> Node {
        parse_stream(text, Dialect::V3).unwrap().remove(0)
    }

    #[test]
    fn networks_and_patterns_hold_others() {
        for (wide, narrow, want) in [
            ("*", "a", true),
            ("a*", "ab", true),
            ("a*", "b", false),
            ("*.x", "a.x", true),
            ("*.x", "*", false),
            ("10.0.0.0/8", "10.1.0.0/16", true),
            ("10.1.0.0/16", "10.0.0.0/8", false),
            ("0.0.0.0/0", "1.2.3.4", true),
            ("::/0", "1.2.3.4", false),
        ] {
            assert_eq!(pattern(wide, narrow), want, "{wide} {narrow}");
        }
    }

    #[test]
    fn rules_of_policies_hold_others() {
        for (wide, narrow, want) in [
            ("{}", "{from: [{source: {principals: [a]}}]}", true),
            ("{from: [{source: {principals: [a]}}]}", "{}", false),
            (
                "{from: [{source: {principals: [a, b]}}]}",
                "{from: [{source: {principals: [a]}}]}",
                true,
            ),
            (
                "{from: [{source: {notPrincipals: [a]}}]}",
                "{from: [{source: {notPrincipals: [a, b]}}]}",
                true,
            ),
            (
                "{from: [{source: {notPrincipals: [a, b]}}]}",
                "{from: [{source: {notPrincipals: [a]}}]}",
                false,
            ),
            (
                "{to: [{operation: {methods: [GET]}}]}",
                "{to: [{operation: {methods: [GET], paths: [/a]}}]}",
                true,
            ),
            (
                "{when: [{key: k, values: [a]}]}",
                "{when: [{key: k, values: [a]}, {key: l, values: [b]}]}",
                true,
            ),
            ("{when: [{key: k, values: [a]}]}", "{to: []}", false),
        ] {
            assert_eq!(istio_rule(&node(wide), &node(narrow)), want, "{wide} {narrow}");
        }
        for (wide, narrow, want) in [
            ("{}", "{from: [{podSelector: {}}]}", true),
            ("{from: [{podSelector: {}}]}", "{}", false),
            ("{from: [{podSelector: {}}]}", "{from: [{podSelector: {matchLabels: {a: b}}}]}", true),
            (
                "{from: [{podSelector: {matchLabels: {a: b}}}]}",
                "{from: [{podSelector: {}}]}",
                false,
            ),
            (
                "{from: [{podSelector: {}}]}",
                "{from: [{podSelector: {}, namespaceSelector: {}}]}",
                false,
            ),
            (
                "{from: [{namespaceSelector: {}}]}",
                "{from: [{podSelector: {}, namespaceSelector: {}}]}",
                true,
            ),
            (
                "{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}",
                "{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]}",
                true,
            ),
            (
                "{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]}",
                "{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}",
                false,
            ),
            ("{ports: [{port: 80}, {port: 81}]}", "{ports: [{port: 80}]}", true),
            ("{ports: [{port: 80}]}", "{ports: [{port: 80}, {port: 81}]}", false),
            ("{fromEntities: [all]}", "{fromEntities: [cluster]}", true),
        ] {
            assert_eq!(network_rule(&node(wide), &node(narrow)), want, "{wide} {narrow}");
        }
    }
}
