//! The hosts that exist in a mesh: Services and ServiceEntries, with who may see them.

use std::collections::BTreeMap;

use super::host;
use super::mesh::{Labels, Manifest, Mesh, SERVICE, SERVICE_ENTRY, labels};
use crate::yaml::Node;

/// A host with its ports.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// Port numbers, in the order of the file.
    pub ports: Vec<i64>,
    /// The labels of the workloads behind a ServiceEntry; empty for Services.
    pub workload_selector: Labels,
}

/// Scope (a namespace, or `*`) and full host name to what stands behind it.
#[derive(Debug, Default)]
pub struct ServiceRegistry {
    hosts: BTreeMap<(String, String), Service>,
}

/// The namespaces of an `exportTo`: `*` if all or none is named, `.` is the own one.
#[must_use]
pub fn export_scopes(export_to: &[&str], namespace: &str) -> Vec<String> {
    if export_to.is_empty() || export_to.contains(&"*") {
        return vec!["*".to_owned()];
    }
    let own = |scope: &&str| if *scope == "." { namespace } else { scope }.to_owned();
    export_to.iter().map(own).collect()
}

/// The texts of a list in a spec.
#[must_use]
pub fn texts<'a>(manifest: &Manifest<'a>, keys: &[&str]) -> Vec<&'a str> {
    let items = manifest.node.get("spec").and_then(|spec| spec.at(keys));
    items.and_then(Node::as_sequence).unwrap_or_default().iter().filter_map(Node::text).collect()
}

/// A port number.
#[must_use]
pub fn port(node: Option<&Node>) -> Option<i64> {
    node?.text()?.parse().ok()
}

impl ServiceRegistry {
    /// Reads the hosts of a mesh.
    #[must_use]
    pub fn of(mesh: &Mesh<'_>) -> Self {
        let mut registry = Self::default();
        for entry in mesh.all(SERVICE_ENTRY) {
            registry.add_entry(entry);
        }
        for service in mesh.all(SERVICE) {
            registry.add_service(service);
        }
        registry
    }

    fn add_entry(&mut self, entry: &Manifest<'_>) {
        let service = Service {
            ports: entry.list(&["ports"]).iter().filter_map(|p| port(p.get("number"))).collect(),
            workload_selector: labels(entry.spec(&["workloadSelector", "labels"])),
        };
        for scope in export_scopes(&texts(entry, &["exportTo"]), entry.namespace()) {
            for name in texts(entry, &["hosts"]) {
                let name = host::qualified(entry.namespace(), name);
                self.hosts.insert((scope.clone(), name), service.clone());
            }
        }
    }

    fn add_service(&mut self, service: &Manifest<'_>) {
        let ports = service.list(&["ports"]).iter().filter_map(|p| port(p.get("port"))).collect();
        let known = Service { ports, workload_selector: Labels::new() };
        let annotation = service.annotation("networking.istio.io/exportTo").unwrap_or_default();
        let scopes: Vec<&str> =
            annotation.split(',').map(str::trim).filter(|scope| !scope.is_empty()).collect();
        let name = host::qualified(service.namespace(), service.name());
        for scope in export_scopes(&scopes, service.namespace()) {
            self.hosts.insert((scope, name.clone()), known.clone());
        }
    }

    /// What `host` means to a resource of `namespace` that is exported to `export_to`.
    #[must_use]
    pub fn find(&self, namespace: &str, export_to: &[&str], host: &str) -> Option<&Service> {
        let name = host::qualified(namespace, host);
        let own = [namespace];
        let scopes = if export_to.is_empty() { own.as_slice() } else { export_to };
        let scopes = scopes.iter().map(|scope| if *scope == "." { namespace } else { scope });
        std::iter::once("*")
            .chain(scopes)
            .find_map(|scope| self.hosts.get(&(scope.to_owned(), name.clone())))
            .or_else(|| self.find_wildcard(namespace, host))
    }

    fn find_wildcard(&self, namespace: &str, host: &str) -> Option<&Service> {
        let bare = host.strip_prefix('*').unwrap_or(host);
        let found = self.hosts.iter().find(|((scope, name), _)| {
            let visible = scope == "*" || scope == namespace;
            visible && name.strip_prefix('*').is_some_and(|suffix| bare.ends_with(suffix))
        });
        found.map(|(_, service)| service)
    }
}
