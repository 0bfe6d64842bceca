//! Host names as Istio compares them: with wildcards, short names and namespaces.

use super::mesh::FullName;

/// The domain of services in a cluster.
const CLUSTER_DOMAIN: &str = "svc.cluster.local";

/// Whether two host names, each perhaps with a leading `*`, have a host in common.
#[must_use]
pub fn matches(a: &str, b: &str) -> bool {
    match (a.strip_prefix('*'), b.strip_prefix('*')) {
        (Some(a), Some(b)) if a.len() < b.len() => b.ends_with(a),
        (Some(a), Some(b)) => a.ends_with(b),
        (Some(a), None) => b.ends_with(a),
        (None, Some(b)) => a.ends_with(b),
        (None, None) => a == b,
    }
}

/// The full domain name of a host; a name without dots is a service of the namespace.
#[must_use]
pub fn qualified(namespace: &str, host: &str) -> String {
    if host.starts_with('*') || host.contains('.') {
        return host.to_owned();
    }
    format!("{host}.{namespace}.{CLUSTER_DOMAIN}")
}

/// The service that a host means, seen from a namespace.
#[must_use]
pub fn service(namespace: &str, host: &str) -> FullName {
    let parts = host.strip_suffix(CLUSTER_DOMAIN).and_then(|rest| rest.strip_suffix('.'));
    let (name, namespace) =
        parts.and_then(|rest| rest.rsplit_once('.')).unwrap_or((host, namespace));
    FullName { namespace: namespace.to_owned(), name: name.to_owned() }
}

/// The hosts of a gateway's server that a namespace may use: `ns/host`, `./host`, `*/host`, `host`.
pub fn visible_in<'h>(
    hosts: impl IntoIterator<Item = &'h str>,
    gateway_namespace: &str,
    namespace: &str,
) -> impl Iterator<Item = &'h str> {
    hosts.into_iter().filter_map(move |host| {
        let Some((scope, host)) = host.split_once('/') else { return Some(host) };
        let open =
            scope == "*" || scope == namespace || scope == "." && gateway_namespace == namespace;
        open.then_some(host)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_meet_from_either_side() {
        assert!(matches("*", "a.b"));
        assert!(matches("*.com", "*.example.com"));
        assert!(matches("*.example.com", "*.com"));
        assert!(matches("a.example.com", "*.example.com"));
        assert!(!matches("*.example.com", "example.com"));
        assert!(!matches("a.com", "b.com"));
    }

    #[test]
    fn names_are_seen_from_a_namespace() {
        assert_eq!(qualified("shop", "cart"), "cart.shop.svc.cluster.local");
        assert_eq!(service("shop", "cart.other.svc.cluster.local").to_string(), "other/cart");
        assert_eq!(service("shop", "cart").to_string(), "shop/cart");
        assert_eq!(service("shop", "api.example.com").to_string(), "shop/api.example.com");
    }
}
