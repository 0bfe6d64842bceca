//! ServiceEntries that give one host and port different protocols (IST0177).

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::Level;
use crate::policy::mesh::{Manifest, Mesh, SERVICE_ENTRY};
use crate::policy::rule::{Code, Report, Rule};
use crate::policy::service_registry::{export_scopes, port, texts};

pub(super) const RULE: Rule = Rule::istio("service-entry-protocol", &[CONFLICT], check);

const CONFLICT: Code = Code::sound("IST0177", Level::Warning);

/// Who says what of a host and port in one scope.
type Claims<'a> = BTreeMap<(String, &'a str, i64), Vec<(String, &'a Manifest<'a>)>>;

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    let claims = claims(mesh);
    let mut reported = BTreeSet::new();
    for ((scope, host, port), own) in &claims {
        let everywhere = claims.get(&("*".to_owned(), *host, *port)).filter(|_| scope != "*");
        let all: Vec<_> = own.iter().chain(everywhere.into_iter().flatten()).collect();
        let protocols: BTreeSet<&str> = all.iter().map(|(protocol, _)| protocol.as_str()).collect();
        if protocols.len() < 2 {
            continue;
        }
        let list = protocols.into_iter().collect::<Vec<_>>().join(", ");
        for (_, entry) in all {
            if reported.insert(entry.full_name()) {
                let message = format!("`{host}` port {port} has several protocols: {list}");
                report.say(CONFLICT, entry, "spec.ports", message);
            }
        }
    }
}

fn claims<'a>(mesh: &Mesh<'a>) -> Claims<'a> {
    let mut claims = Claims::new();
    for entry in mesh.all(SERVICE_ENTRY) {
        for scope in export_scopes(&texts(entry, &["exportTo"]), entry.namespace()) {
            for host in texts(entry, &["hosts"]) {
                for claim in entry.list(&["ports"]) {
                    let Some(number) = port(claim.get("number")) else { continue };
                    let protocol = claim.text_at(&["protocol"]);
                    let key = (scope.clone(), host, number);
                    claims.entry(key).or_default().push((protocol.to_ascii_uppercase(), entry));
                }
            }
        }
    }
    claims
}
