//! The annotations that Istio reads: where they belong, how settled they are, what values they take.
//!
//! The list is a fact about Istio (istio/api, `annotation`, of August 2026), in our own order.

use std::net::IpAddr;

use crate::yaml::{Dialect, parse_stream};

/// One annotation of Istio's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// Its whole name.
    pub name: &'static str,
    /// The kinds it means something on; empty: all.
    pub kinds: &'static [&'static str],
    /// Whether Istio calls it alpha.
    pub is_alpha: bool,
    /// Whether Istio wants it gone.
    pub is_deprecated: bool,
}

const POD: &[&str] = &["Pod"];
const SERVICE: &[&str] = &["Service"];
const GATEWAY: &[&str] = &["Gateway"];
const WORKLOAD_ENTRY: &[&str] = &["WorkloadEntry"];

const fn alpha(name: &'static str, kinds: &'static [&'static str]) -> Annotation {
    Annotation { name, kinds, is_alpha: true, is_deprecated: false }
}

const fn settled(name: &'static str, kinds: &'static [&'static str]) -> Annotation {
    Annotation { name, kinds, is_alpha: false, is_deprecated: false }
}

const fn deprecated(name: &'static str, kinds: &'static [&'static str]) -> Annotation {
    Annotation { name, kinds, is_alpha: true, is_deprecated: true }
}

/// All of them.
const KNOWN: &[Annotation] = &[
    // The proxy of a Pod.
    Annotation { is_alpha: false, ..deprecated("sidecar.istio.io/inject", POD) },
    deprecated("sidecar.istio.io/discoveryAddress", POD),
    deprecated("sidecar.istio.io/extraStatTags", POD),
    deprecated("sidecar.istio.io/statsCompression", POD),
    deprecated("sidecar.istio.io/statsInclusionPrefixes", POD),
    deprecated("sidecar.istio.io/statsInclusionRegexps", POD),
    deprecated("sidecar.istio.io/statsInclusionSuffixes", POD),
    alpha("sidecar.istio.io/agentLogLevel", POD),
    alpha("sidecar.istio.io/bootstrapOverride", POD),
    alpha("sidecar.istio.io/componentLogLevel", POD),
    alpha("sidecar.istio.io/interceptionMode", POD),
    alpha("sidecar.istio.io/logLevel", POD),
    alpha("sidecar.istio.io/nativeSidecar", POD),
    alpha("sidecar.istio.io/proxyCPU", POD),
    alpha("sidecar.istio.io/proxyCPULimit", POD),
    alpha("sidecar.istio.io/proxyImage", POD),
    alpha("sidecar.istio.io/proxyImageType", POD),
    alpha("sidecar.istio.io/proxyMemory", POD),
    alpha("sidecar.istio.io/proxyMemoryLimit", POD),
    alpha("sidecar.istio.io/rewriteAppHTTPProbers", POD),
    alpha("sidecar.istio.io/statsEvictionInterval", POD),
    alpha("sidecar.istio.io/statsFlushInterval", POD),
    alpha("sidecar.istio.io/statsHistogramBins", POD),
    alpha("sidecar.istio.io/statsHistogramBuckets", POD),
    alpha("sidecar.istio.io/status", POD),
    alpha("sidecar.istio.io/userVolume", POD),
    alpha("sidecar.istio.io/userVolumeMount", POD),
    alpha("inject.istio.io/templates", POD),
    alpha("istio.io/rev", POD),
    settled("proxy.istio.io/config", POD),
    alpha("proxy.istio.io/overrides", POD),
    alpha("prometheus.istio.io/merge-metrics", POD),
    // Its health and its traffic.
    alpha("readiness.status.sidecar.istio.io/applicationPorts", POD),
    alpha("readiness.status.sidecar.istio.io/failureThreshold", POD),
    alpha("readiness.status.sidecar.istio.io/initialDelaySeconds", POD),
    alpha("readiness.status.sidecar.istio.io/periodSeconds", POD),
    alpha("status.sidecar.istio.io/port", POD),
    alpha("istio.io/reroute-virtual-interfaces", POD),
    alpha("traffic.sidecar.istio.io/excludeInboundPorts", POD),
    alpha("traffic.sidecar.istio.io/excludeInterfaces", POD),
    alpha("traffic.sidecar.istio.io/excludeOutboundIPRanges", POD),
    alpha("traffic.sidecar.istio.io/excludeOutboundPorts", POD),
    alpha("traffic.sidecar.istio.io/includeInboundPorts", POD),
    alpha("traffic.sidecar.istio.io/includeOutboundIPRanges", POD),
    alpha("traffic.sidecar.istio.io/includeOutboundPorts", POD),
    deprecated("traffic.sidecar.istio.io/kubevirtInterfaces", POD),
    // Ambient mode.
    alpha("ambient.istio.io/bypass-inbound-capture", POD),
    alpha("ambient.istio.io/dns-capture", POD),
    settled("ambient.istio.io/redirection", POD),
    alpha("ambient.istio.io/waypoint-inbound-binding", &["GatewayClass", "Gateway"]),
    alpha("istio.io/use-waypoint-canary-weight", &["Service", "ServiceEntry", "Namespace"]),
    // Services and the rest.
    deprecated("alpha.istio.io/canonical-serviceaccounts", SERVICE),
    deprecated("alpha.istio.io/kubernetes-serviceaccounts", SERVICE),
    alpha("networking.istio.io/exportTo", SERVICE),
    settled("traffic.istio.io/nodeSelector", SERVICE),
    alpha("networking.istio.io/traffic-distribution", &["Namespace", "Service", "ServiceEntry"]),
    alpha("topology.istio.io/controlPlaneClusters", &["Namespace"]),
    alpha("gateway.istio.io/controller-version", &[]),
    alpha("gateway.istio.io/name-override", GATEWAY),
    alpha("gateway.istio.io/service-account", GATEWAY),
    alpha("networking.istio.io/service-type", GATEWAY),
    alpha("istio.io/autoRegistrationGroup", WORKLOAD_ENTRY),
    alpha("istio.io/connectedAt", WORKLOAD_ENTRY),
    alpha("istio.io/disconnectedAt", WORKLOAD_ENTRY),
    alpha("istio.io/workloadController", WORKLOAD_ENTRY),
    alpha("istio.io/dry-run", &["AuthorizationPolicy"]),
    alpha("galley.istio.io/analyze-suppress", &[]),
    settled("kubernetes.io/ingress.class", &["Ingress"]),
];

/// The annotation with this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Annotation> {
    KNOWN.iter().find(|annotation| annotation.name == name)
}

/// Whether a name is for Istio to understand.
#[must_use]
pub fn is_istios(name: &str) -> bool {
    let domain = name.split('/').next().unwrap_or_default();
    name == "kubernetes.io/ingress.class" || domain.ends_with("istio.io")
}

/// Why a value is none that the annotation takes.
#[must_use]
pub fn fault(name: &str, value: &str) -> Option<&'static str> {
    let (is_valid, wanted): (fn(&str) -> bool, _) = match name {
        "sidecar.istio.io/interceptionMode" => (
            |value| matches!(value, "REDIRECT" | "TPROXY" | "NONE"),
            "is not REDIRECT, TPROXY or NONE",
        ),
        "status.sidecar.istio.io/port" => (|value| is_port(value.trim()), "is no port"),
        "readiness.status.sidecar.istio.io/initialDelaySeconds"
        | "readiness.status.sidecar.istio.io/periodSeconds"
        | "readiness.status.sidecar.istio.io/failureThreshold" => {
            (|value| is_number(value) && value.parse::<u32>().is_ok(), "is no whole number")
        }
        "traffic.sidecar.istio.io/includeOutboundIPRanges" => (
            |value| value == "*" || is_list_of(value, is_ip_range),
            "is neither `*` nor a list of IP ranges",
        ),
        "traffic.sidecar.istio.io/excludeOutboundIPRanges" => {
            (|value| is_list_of(value, is_ip_range), "is no list of IP ranges")
        }
        "traffic.sidecar.istio.io/includeInboundPorts" => {
            (|value| value == "*" || are_ports(value), "is neither `*` nor a list of ports")
        }
        "traffic.sidecar.istio.io/excludeInboundPorts"
        | "traffic.sidecar.istio.io/excludeOutboundPorts" => (are_ports, "is no list of ports"),
        "traffic.sidecar.istio.io/excludeInterfaces"
        | "traffic.sidecar.istio.io/kubevirtInterfaces"
        | "istio.io/reroute-virtual-interfaces" => (
            |value| is_list_of(value, |name| is_interface(name.trim())),
            "is no list of interfaces",
        ),
        "prometheus.istio.io/merge-metrics" => (is_bool, "is neither true nor false"),
        "proxy.istio.io/config" => (is_mapping, "is no YAML mapping"),
        "sidecar.istio.io/proxyCPU"
        | "sidecar.istio.io/proxyMemory"
        | "sidecar.istio.io/proxyCPULimit"
        | "sidecar.istio.io/proxyMemoryLimit" => (is_quantity, "is no quantity"),
        _ => return None,
    };
    (!is_valid(value)).then_some(wanted)
}

/// Whether each part between commas is valid; an empty list is.
fn is_list_of(value: &str, is_valid: fn(&str) -> bool) -> bool {
    value.is_empty() || value.split(',').all(is_valid)
}

fn are_ports(value: &str) -> bool {
    is_list_of(value.trim(), |port| is_port(port.trim()))
}

fn is_number(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_port(value: &str) -> bool {
    is_number(value) && value.parse::<u16>().is_ok()
}

fn is_ip_range(value: &str) -> bool {
    let Some((address, bits)) = value.split_once('/') else { return false };
    let most = match address.parse() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    let is_canonical = bits == "0" || is_number(bits) && !bits.starts_with('0');
    is_canonical && bits.parse::<u8>().is_ok_and(|bits| bits <= most)
}

fn is_interface(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    name.len() <= 15
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(is_part)
}

/// The words that Go reads as a truth value.
fn is_bool(value: &str) -> bool {
    let words = ["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"];
    words.contains(&value)
}

fn is_mapping(value: &str) -> bool {
    parse_stream(value, Dialect::V3).is_ok_and(|nodes| {
        nodes.first().is_none_or(|node| node.is_null() || node.as_mapping().is_some())
    })
}

/// A quantity of Kubernetes: a decimal number, then a unit or an exponent.
fn is_quantity(value: &str) -> bool {
    const UNITS: [&str; 15] =
        ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi"];
    let unsigned = value.strip_prefix(['+', '-']).unwrap_or(value);
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
    let (number, unit) = unsigned.split_at(end);
    let is_decimal = number.matches('.').count() <= 1 && number.contains(|c: char| c != '.');
    let exponent = unit.strip_prefix(['e', 'E']).map(|e| e.strip_prefix(['+', '-']).unwrap_or(e));
    is_decimal && (UNITS.contains(&unit) || unit == "Ei" || exponent.is_some_and(is_number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_istio_reads_them() {
        let valid = [
            ("sidecar.istio.io/proxyCPU", "100m"),
            ("sidecar.istio.io/proxyMemory", "1.5Gi"),
            ("sidecar.istio.io/proxyMemory", "1e3"),
            ("traffic.sidecar.istio.io/includeOutboundIPRanges", "10.0.0.0/8,fd00::/8"),
            ("traffic.sidecar.istio.io/excludeInboundPorts", " 15020, 80"),
            ("proxy.istio.io/config", "holdApplicationUntilProxyStarts: true"),
            ("traffic.sidecar.istio.io/excludeInterfaces", ""),
        ];
        let invalid = [
            ("sidecar.istio.io/proxyCPU", "lots"),
            ("sidecar.istio.io/proxyMemory", "1 Gi"),
            ("sidecar.istio.io/proxyMemory", "."),
            ("traffic.sidecar.istio.io/excludeOutboundIPRanges", "*"),
            ("traffic.sidecar.istio.io/includeOutboundIPRanges", "10.0.0.0/33"),
            ("status.sidecar.istio.io/port", "70000"),
            ("prometheus.istio.io/merge-metrics", "yes"),
            ("proxy.istio.io/config", "- a"),
            ("traffic.sidecar.istio.io/excludeInterfaces", "eth0,,eth1"),
        ];
        for (name, value) in valid {
            assert_eq!(fault(name, value), None, "{name}: {value}");
        }
        for (name, value) in invalid {
            assert!(fault(name, value).is_some(), "{name}: {value}");
        }
    }
}
