//! Several VirtualServices for one host inside the mesh: which of them counts is left to chance
//! (IST0109).

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::mesh::{Manifest, Mesh, VIRTUAL_SERVICE};
use crate::policy::rule::{Code, Report, Rule};
use crate::policy::service_registry::{export_scopes, texts};
use crate::policy::{Level, host};

pub(super) const RULE: Rule = Rule::istio("virtual-service-mesh-hosts", &[CONFLICT], check);

const CONFLICT: Code = Code::sound("IST0109", Level::Error);

/// Scope (a namespace, or `*`) and host to the VirtualServices that claim it.
type Claims<'a> = BTreeMap<(String, String), Vec<&'a Manifest<'a>>>;

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    let claims = claims(mesh);
    let mut reported = BTreeSet::new();
    for ((scope, name), own) in &claims {
        let mut all = own.clone();
        if scope != "*" {
            let everywhere = claims.iter().filter(|((scope, _), _)| scope == "*");
            let same = everywhere.filter(|((_, other), _)| host::matches(name, other));
            all.extend(same.flat_map(|(_, services)| services));
        }
        if all.len() < 2 {
            continue;
        }
        for service in all {
            if reported.insert(service.full_name()) {
                let message = format!("another VirtualService claims `{name}` in the mesh too");
                report.say(CONFLICT, service, "spec.hosts", message);
            }
        }
    }
}

fn claims<'a>(mesh: &Mesh<'a>) -> Claims<'a> {
    let mut claims = Claims::new();
    for service in mesh.all(VIRTUAL_SERVICE) {
        let gateways = texts(service, &["gateways"]);
        if !gateways.is_empty() && !gateways.contains(&"mesh") {
            continue;
        }
        for scope in export_scopes(&texts(service, &["exportTo"]), service.namespace()) {
            for name in texts(service, &["hosts"]) {
                let name = host::qualified(service.namespace(), name);
                claims.entry((scope.clone(), name)).or_default().push(service);
            }
        }
    }
    claims
}
