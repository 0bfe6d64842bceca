//! What stands in the way of callers, in annotations and middlewares, and what of it goes or becomes weaker.

use std::collections::BTreeSet;

use super::cover::network;
use crate::policy::change::{Changed, becomes, items, last_key, listed, shown, text, words};
use crate::policy::rule::{Code, Report};
use crate::yaml::Node;

/// Annotations that keep callers out: a part of their key, and what of their value keeps them out.
const GUARDS: [(&str, Guard); 29] = [
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
    ("/auth-on-unauthenticated-request", Guard::Authenticates),
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
    /// Who is not known is not let in; so it is without a word.
    Authenticates,
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
        Guard::Authenticates => before != "allow" && after == "allow",
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

/// Annotations that kept callers out and no longer do.
pub(super) fn annotations(changed: &Changed<'_>, wider: Code, report: &mut Report<'_>) {
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
        report.tell(changed, wider, field, words);
    }
}

/// What Traefik and Contour put in the way of callers.
pub(super) fn middlewares(changed: &Changed<'_>, wider: Code, report: &mut Report<'_>) {
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
            wider,
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
                wider,
                "spec",
                words("no longer keeps callers out", "no longer keep callers out", shown(part)),
            );
        }
    }
    for part in ["rateLimitPolicy", "ipAllowPolicy", "ipDenyPolicy"] {
        let lost = lost_of_proxy(changed, part);
        if !lost.is_empty() {
            let detail = format!("{} {}", listed(&lost), shown(part));
            let words = words("keeps fewer callers out", "keep fewer callers out", detail);
            report.tell(changed, wider, "spec", words);
        }
    }
    let (then, now) = changed.texts(&["spec", "rateLimit", "average"]);
    if let (Ok(few), Ok(many)) = (then.parse::<f64>(), now.parse::<f64>())
        && changed.kind() == "Middleware"
        && (many > few || many == 0.0)
        && few > 0.0
    {
        let detail = format!("`rateLimit.average` {}", becomes(then, now));
        let words = words("keeps fewer callers out", "keep fewer callers out", detail);
        report.tell(changed, wider, "spec.rateLimit.average", words);
    }
    let (then, now) = changed.values(&["spec", "virtualhost", "authorization"]);
    if changed.kind() == "HTTPProxy" && then.is_some() && now.is_none() {
        report.tell(
            changed,
            wider,
            "spec.virtualhost",
            words("no longer asks who calls", "no longer ask who calls", ""),
        );
    }
}

/// Places of a proxy of Contour's that have no policy of a kind any more: its routes by what they match, and its host.
/// Lists of networks of the host are told by what they hold.
fn lost_of_proxy(changed: &Changed<'_>, part: &str) -> Vec<String> {
    if changed.kind() != "HTTPProxy" {
        return Vec::new();
    }
    let places = |node: Option<&Node>| -> Vec<(String, bool)> {
        let routes = items(node.and_then(|n| n.at(&["spec", "routes"]))).iter();
        let prefix = |route: &Node| {
            let conditions = items(route.get("conditions")).iter();
            let all: Vec<String> = conditions
                .map(|it| ["prefix", "exact", "regex"].map(|key| text(Some(it), &[key])).concat())
                .collect();
            all.join(" ")
        };
        let host = node.and_then(|n| n.at(&["spec", "virtualhost"]));
        let host = host
            .filter(|_| part != "ipAllowPolicy")
            .map(|it| ("host".to_owned(), it.get(part).is_some()));
        routes.map(|it| (prefix(it), it.get(part).is_some())).chain(host).collect()
    };
    let after = places(changed.after());
    let before = places(changed.before()).into_iter();
    before
        .filter(|(place, had)| *had && after.iter().any(|(other, has)| other == place && !has))
        .map(|(place, _)| place)
        .collect()
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

/// What kept callers out and is deleted.
pub(super) fn deleted(changed: &Changed<'_>, wider: Code, report: &mut Report<'_>) {
    let guards = GUARDING.iter().any(|part| changed.values(&["spec", part]).0.is_some());
    if changed.kind() == "Middleware" && guards {
        report.tell(
            changed,
            wider,
            "",
            words("is deleted, so it keeps nobody out", "are deleted, so they keep nobody out", ""),
        );
    }
}
