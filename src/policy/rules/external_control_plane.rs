//! Webhooks of a control plane in another cluster, at an address that cannot work (IST0163, IST0164).

use std::net::IpAddr;

use crate::policy::Level;
use crate::policy::mesh::{MUTATING_WEBHOOK, Manifest, Mesh};
use crate::policy::rule::{Code, Report, Rule};
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule::istio("external-control-plane", &[INVALID, ADDRESS], check);

const INVALID: Code = Code::sound("IST0163", Level::Warning);
const ADDRESS: Code = Code::sound("IST0164", Level::Info);

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    let validators = mesh.all(("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"));
    let validators = validators.filter(|manifest| {
        manifest.name() == "istiod-default-validator"
            || manifest.name().starts_with("istio-validator")
    });
    let injectors = mesh.all(MUTATING_WEBHOOK);
    let injectors =
        injectors.filter(|manifest| manifest.name().starts_with("istio-sidecar-injector"));
    for manifest in validators.chain(injectors) {
        let webhooks = manifest.node.get("webhooks").and_then(Node::as_sequence);
        for (index, webhook) in webhooks.unwrap_or_default().iter().enumerate() {
            check_webhook(manifest, index, webhook, report);
        }
    }
}

fn check_webhook(manifest: &Manifest<'_>, index: usize, webhook: &Node, report: &mut Report<'_>) {
    let written = |key| webhook.at(&["clientConfig", key]).filter(|node| !node.is_null());
    let field = format!("webhooks[{index}].clientConfig.url");
    let Some(url) = written("url").and_then(Node::text) else {
        if written("service").is_none() {
            report.say(INVALID, manifest, field, "has neither a URL nor a service");
        }
        return;
    };
    match host(url) {
        None => report.say(INVALID, manifest, field, format!("`{url}` is no valid URL")),
        Some(host) if host.parse::<IpAddr>().is_ok() => {
            let message = "the control plane is at an IP address, not at a host name";
            report.say(ADDRESS, manifest, field, message);
        }
        Some(_) => {}
    }
}

/// The host of a URL, empty where it has none; `None` for what Go's `url.Parse` refuses.
fn host(url: &str) -> Option<&str> {
    let rest = match url.find(':') {
        Some(0) => return None,
        Some(at) if is_scheme(&url[..at]) => &url[at + 1..],
        // A colon in the first segment of a path without scheme.
        Some(at) if !url[..at].contains(['/', '?', '#']) => return None,
        _ => url,
    };
    let has_control = url.bytes().any(|byte| byte < 0x20 || byte == 0x7f);
    if has_control || has_broken_escape(rest) {
        return None;
    }
    let Some(authority) = rest.strip_prefix("//") else { return Some("") };
    let end = authority.find(['/', '?', '#']).unwrap_or(authority.len());
    let authority = &authority[..end];
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    let (host, port) = match place.strip_prefix('[').map(|bracketed| bracketed.split_once(']')) {
        Some(split) => split?,
        None => place.rfind(':').map_or((place, ""), |at| place.split_at(at)),
    };
    let is_port = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    let is_host = !host.contains([' ', '<', '>', '"', '\\', '^', '`', '{', '|', '}']);
    (is_port && is_host).then_some(host)
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

fn has_broken_escape(text: &str) -> bool {
    text.split('%').skip(1).any(|after| {
        !after.as_bytes().get(..2).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_as_go_finds_them() {
        assert_eq!(host("https://test.com:15017/inject"), Some("test.com"));
        assert_eq!(host("https://[::1]:15017/inject"), Some("::1"));
        assert_eq!(host("https://10.0.0.1/inject"), Some("10.0.0.1"));
        assert_eq!(host("test.com:15017/inject"), Some(""));
        assert_eq!(host("10.0.0.1:15017/inject"), None);
        assert_eq!(host("https://test.com:port/"), None);
        assert_eq!(host("https://test com/"), None);
        assert_eq!(host("https://test.com/%zz"), None);
        assert_eq!(host("://test.com"), None);
    }
}
