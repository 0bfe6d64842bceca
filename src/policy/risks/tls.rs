//! Encryption towards callers and backends: versions, modes, and checks that are switched off.

use std::collections::BTreeMap;

use super::settings;
use crate::diff::item_names;
use crate::policy::Level;
use crate::policy::change::{
    Changed, Leaves, becomes, is_switched_off, is_switched_on, items, last_key, listed, shown,
    text, texts, words,
};
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::yaml::Node;

pub(super) const RULE: Rule =
    Rule { id: "tls-weaker", gate: Gate::Risks, codes: &[WEAKER], check: Check::Change(check) };

const WEAKER: Code = Code::sound("tls-weaker", Level::Warning);
const OTHER: Code = Code::sound("tls-weaker", Level::Info);

fn check(changed: &Changed<'_>, report: &mut Report<'_>) {
    if !changed.stays() {
        if changed.is_deleted() && changed.kind() == "BackendTLSPolicy" {
            report.tell(
                changed,
                WEAKER,
                "",
                words(
                    "is deleted, so its backend is called in plain text",
                    "are deleted, so their backends are called in plain text",
                    "",
                ),
            );
        }
        return;
    }
    versions(changed, report);
    verification(changed, report);
    servers(changed, report);
    ingress(changed, report);
    annotations(changed, report);
    issuer(changed, report);
    plain_calls(changed, report);
    sources(changed, report);
    clients(changed, report);
    settings::connections(changed, WEAKER, report);
}

/// How high a protocol version is; none for what is no version.
fn version(text: &str) -> Option<u32> {
    let word = text.to_ascii_uppercase().replace(['V', '_', '.', ' '], "");
    match word.strip_prefix("ERSION").unwrap_or(&word) {
        "TLS10" | "TLS1" | "10" | "SSL30" => Some(10),
        "TLS11" | "11" => Some(11),
        "TLS12" | "12" => Some(12),
        "TLS13" | "13" => Some(13),
        "TLSAUTO" | "TLSAUTOAUTO" => Some(12),
        _ => None,
    }
}

/// Keys of the lowest version that is accepted.
fn is_minimum(key: &str) -> bool {
    let key = key.to_ascii_lowercase().replace(['-', '_', '/', '.'], "");
    [
        "minprotocolversion",
        "minimumprotocolversion",
        "mintlsversion",
        "tlsminversion",
        "minversion",
        "minimumtlsversion",
        "tlsminprotocolversion",
    ]
    .iter()
    .any(|name| key.ends_with(name))
}

fn versions(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (before, after) = changed.leaves();
    for (path, then) in before.iter().filter(|(path, _)| is_minimum(last_key(path))) {
        let now = after.get(path);
        let Some(high) = version(then) else { continue };
        // Without a word it is 1.2 nearly everywhere.
        let low = now.map_or(Some(12), version).unwrap_or(0);
        if now != Some(then) && low < high {
            let detail = becomes(then, now.unwrap_or_default());
            let field =
                if now.is_some() { after.field(path).to_owned() } else { "spec".to_owned() };
            report.tell(
                changed,
                WEAKER,
                &field,
                words("accepts older versions of TLS", "accept older versions of TLS", detail),
            );
        }
    }
    for (path, now) in after.iter().filter(|(path, _)| is_minimum(last_key(path))) {
        if before.get(path).is_none() && version(now).is_some_and(|now| now < 12) {
            report.tell(
                changed,
                WEAKER,
                after.field(path),
                words("accepts older versions of TLS", "accept older versions of TLS", shown(now)),
            );
        }
    }
    for (path, now) in after.iter().filter(|(path, _)| last_key(path).ends_with("ssl-protocols")) {
        let old = |text: &str| text.split_whitespace().filter_map(version).min().unwrap_or(12);
        if old(now) < before.get(path).map_or(12, old) {
            report.tell(
                changed,
                WEAKER,
                after.field(path),
                words("accepts older versions of TLS", "accept older versions of TLS", shown(now)),
            );
        }
    }
}

fn verification(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (before, after) = changed.leaves();
    for (path, now) in after.iter() {
        let key = last_key(path);
        let then = before.get(path).unwrap_or_default();
        if key.ends_with("proxy-ssl-verify") && now == "off" && then == "on" {
            report.tell(
                changed,
                WEAKER,
                after.field(path),
                words("no longer checks certificates", "no longer check certificates", shown(key)),
            );
        }
    }
    // What a certificate was checked against. A whole block that goes is told by its mode.
    const CHECKED: [&str; 6] = [
        "caCertificates",
        "subjectAltNames",
        "verifyCertificateSpki",
        "verifyCertificateHash",
        "caSecret",
        "clientValidation",
    ];
    for key in CHECKED {
        let step = format!(".{key}");
        let gone = before.iter().find(|(path, _)| path.contains(&step));
        let still = after.iter().any(|(path, _)| path.contains(&step));
        let block = gone.and_then(|(path, _)| path.split_once(&step)).map(|(block, _)| block);
        let stays =
            block.is_some_and(|block| after.iter().any(|(path, _)| path.starts_with(block)));
        if gone.is_some() && !still && stays {
            report.tell(
                changed,
                WEAKER,
                "spec",
                words("checks less of certificates", "check less of certificates", shown(key)),
            );
        }
    }
    let names = |node: &Leaves<'_>| {
        node.iter()
            .filter(|(path, _)| path.contains("subjectAltNames"))
            .map(|(_, text)| text.to_owned())
            .collect::<Vec<_>>()
    };
    let (then, now) = (names(before), names(after));
    let more: Vec<&String> = now.iter().filter(|name| !then.contains(name)).collect();
    if !then.is_empty() && !more.is_empty() {
        report.tell(
            changed,
            WEAKER,
            "spec",
            words(
                "trusts other names in certificates",
                "trust other names in certificates",
                listed(&more),
            ),
        );
    }
}

/// How well a server's mode protects what comes in.
fn protection(mode: &str) -> u8 {
    match mode {
        "MUTUAL" | "ISTIO_MUTUAL" => 4,
        "OPTIONAL_MUTUAL" => 3,
        "SIMPLE" | "Terminate" => 2,
        "" => 0,
        _ => 1,
    }
}

/// Servers of Istio's Gateway and listeners of the Gateway API's, by port.
fn servers(changed: &Changed<'_>, report: &mut Report<'_>) {
    let list = |node: Option<&'_ Node>| -> BTreeMap<String, Node> {
        let servers =
            items(node.and_then(|node| {
                node.at(&["spec", "servers"]).or(node.at(&["spec", "listeners"]))
            }));
        item_names(servers).into_iter().zip(servers.iter().cloned()).collect()
    };
    if changed.kind() != "Gateway" {
        return;
    }
    let (before, after) = (list(changed.before()), list(changed.after()));
    for (name, server) in &after {
        let Some(then) = before.get(name) else { continue };
        let mode = |server: &'_ Node| {
            let is_plain = server.get("tls").is_none();
            let mode = text(Some(server), &["tls", "mode"]);
            // A listener with certificates ends TLS without saying so; a server without a mode does not.
            let mode = if mode.is_empty() && server.at(&["tls", "certificateRefs"]).is_some() {
                "Terminate"
            } else {
                mode
            };
            let mode = if mode.is_empty()
                && !is_plain
                && server.at(&["tls", "credentialName"]).is_some()
            {
                "SIMPLE"
            } else {
                mode
            };
            mode.to_owned()
        };
        let (mode_before, mode_after) = (mode(then), mode(server));
        if protection(&mode_after) < protection(&mode_before) {
            let detail = format!("port {} {}", shown(name), becomes(&mode_before, &mode_after));
            report.tell(
                changed,
                WEAKER,
                "spec",
                words("has another mode of TLS", "have other modes of TLS", detail),
            );
        }
        let protocol = |server: &'_ Node| {
            let of_port = text(Some(server), &["port", "protocol"]);
            if of_port.is_empty() {
                text(Some(server), &["protocol"]).to_owned()
            } else {
                of_port.to_owned()
            }
        };
        let (then, now) = (protocol(then), protocol(server));
        let is_safe = |protocol: &str| ["HTTPS", "TLS"].contains(&protocol);
        if is_safe(&then) && !is_safe(&now) && mode_before == mode_after {
            let detail = format!("port {} {}", shown(name), becomes(&then, &now));
            report.tell(
                changed,
                WEAKER,
                "spec",
                words("speaks plain text", "speak plain text", detail),
            );
        }
    }
}

/// Hosts of an Ingress and its like that lose their certificate.
fn ingress(changed: &Changed<'_>, report: &mut Report<'_>) {
    let covered = |node: Option<&Node>| -> Vec<String> {
        let blocks = items(node.and_then(|node| node.at(&["spec", "tls"])));
        blocks.iter().flat_map(|block| texts(block.get("hosts"))).map(str::to_owned).collect()
    };
    if changed.kind() == "Ingress" {
        let (then, now) = (covered(changed.before()), covered(changed.after()));
        let served = |host: &str| {
            let rules = items(changed.after().and_then(|n| n.at(&["spec", "rules"])));
            rules.iter().any(|rule| text(Some(rule), &["host"]) == host)
        };
        let lost: Vec<&String> =
            then.iter().filter(|host| !now.contains(host) && served(host)).collect();
        let (block, other) = changed.values(&["spec", "tls"]);
        let all = !items(block).is_empty() && items(other).is_empty();
        if all || !lost.is_empty() {
            report.tell(
                changed,
                WEAKER,
                "spec",
                words("serves hosts without TLS", "serve hosts without TLS", listed(&lost)),
            );
        }
        return;
    }
    for keys in [["spec", "tls"].as_slice(), &["spec", "virtualhost", "tls"]] {
        let (then, now) = changed.values(keys);
        let is_route = ["IngressRoute", "HTTPProxy", "Route"].contains(&changed.kind());
        if is_route && then.is_some() && now.is_none() {
            report.tell(
                changed,
                WEAKER,
                "spec",
                words("serves hosts without TLS", "serve hosts without TLS", ""),
            );
        }
    }
}

fn annotations(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (before, after) = changed.leaves();
    for (path, then) in before.iter().filter(|(path, _)| path.contains("annotations.")) {
        let key = last_key(path);
        let now = after.get(path).unwrap_or_default();
        if then == now {
            continue;
        }
        let is_safe = |text: &str| {
            ["HTTPS", "GRPCS", "SSL", "TLS"].contains(&text.to_ascii_uppercase().as_str())
        };
        let weaker = key.ends_with("backend-protocol") && is_safe(then) && !is_safe(now)
            || key.ends_with("/certificate-arn") && now.is_empty()
            || key.ends_with("router.tls") && is_switched_off(then, now)
            || key.ends_with("ssl-policy") && policy_age(now) < policy_age(then)
            || key.ends_with("tls-minimum-protocol-version") && version(then) > version(now);
        if weaker {
            let detail = format!("{} {}", shown(key), becomes(then, now));
            let field = if now.is_empty() { "metadata.annotations" } else { after.field(path) };
            report.tell(
                changed,
                WEAKER,
                field,
                words("protects its connections less", "protect their connections less", detail),
            );
        }
    }
}

/// How new a policy of AWS's is, by its name (`ELBSecurityPolicy-TLS13-1-2-2021-06`).
fn policy_age(name: &str) -> (u32, String) {
    let tls = if name.contains("TLS13-1-3") {
        5
    } else if name.contains("TLS13-1-2") {
        4
    } else if name.contains("TLS-1-2") || name.contains("FS-1-2") {
        3
    } else if name.contains("TLS13-1-1") || name.contains("1-1") {
        2
    } else {
        u32::from(!name.is_empty())
    };
    (tls, String::new())
}

/// Who signs the certificates.
fn issuer(changed: &Changed<'_>, report: &mut Report<'_>) {
    let keys = ["cert-manager.io/cluster-issuer", "cert-manager.io/issuer"];
    for key in keys {
        let field = format!("metadata.annotations.[{key}]");
        other_issuer(changed, changed.annotation(key), &field, report);
    }
    if changed.is("cert-manager.io", "Certificate") {
        let names = changed.texts(&["spec", "issuerRef", "name"]);
        other_issuer(changed, names, "spec.issuerRef.name", report);
    }
}

/// An issuer for trials, whose certificates nobody trusts, is worse; any other is told.
fn other_issuer(
    changed: &Changed<'_>,
    (then, now): (&str, &str),
    field: &str,
    report: &mut Report<'_>,
) {
    let is_for_trials = |name: &str| {
        ["staging", "test", "self", "fake"].iter().any(|word| name.to_lowercase().contains(word))
    };
    if then == now || then.is_empty() || now.is_empty() || is_for_trials(then) {
        return;
    }
    let code = if is_for_trials(now) { WEAKER } else { OTHER };
    let words = words(
        "gets its certificate from another issuer",
        "get their certificates from another issuer",
        becomes(then, now),
    );
    report.tell(changed, code, field, words);
}

/// Addresses that were `https` and are `http`, in variables and in files too.
fn plain_calls(changed: &Changed<'_>, report: &mut Report<'_>) {
    const LONGEST: usize = 200_000;
    let (before, after) = changed.leaves();
    for (path, then) in before.iter().filter(|(_, then)| then.contains("https://")) {
        let Some(now) = after.get(path).filter(|now| *now != then) else { continue };
        if !now.contains("http://") || then.len().max(now.len()) > LONGEST {
            continue;
        }
        let is_end = |c: char| c.is_whitespace() || "\"'`,;<>(){}[]".contains(c);
        let found = then.split("https://").skip(1).find_map(|rest| {
            let rest = rest.split(is_end).next().unwrap_or_default();
            let plain = format!("http://{rest}");
            (rest.len() > 2 && now.contains(&plain) && !then.contains(&plain)).then_some(plain)
        });
        if let Some(plain) = found {
            let words = words(
                "calls in plain text what it called over TLS",
                "call in plain text what they called over TLS",
                shown(&plain),
            );
            report.tell(changed, WEAKER, after.field(path), words);
        }
    }
}

/// Clients of which Traefik asks for no certificate any more, or does not check it.
fn clients(changed: &Changed<'_>, report: &mut Report<'_>) {
    let keys = ["spec", "clientAuth", "clientAuthType"];
    let rank = |kind: &str| match kind {
        "RequireAndVerifyClientCert" => 3,
        "VerifyClientCertIfGiven" => 2,
        "RequireAnyClientCert" => 1,
        _ => 0,
    };
    let (then, now) = changed.texts(&keys);
    if changed.kind() == "TLSOption" && rank(now) < rank(then) {
        let words = words(
            "asks less of its clients' certificates",
            "ask less of their clients' certificates",
            becomes(then, now),
        );
        report.tell(changed, WEAKER, "spec", words);
    }
}

/// Sources of Flux's that are read in plain text.
fn sources(changed: &Changed<'_>, report: &mut Report<'_>) {
    let (then, now) = changed.texts(&["spec", "insecure"]);
    if changed.is_of("toolkit.fluxcd.io") && is_switched_on(then, now) {
        let words =
            words("may be read in plain text", "may be read in plain text", shown("insecure"));
        report.tell(changed, WEAKER, "spec.insecure", words);
    }
}
