//! The destinations of a VirtualService, with the field each stands in.

use super::mesh::Manifest;
use crate::yaml::Node;

/// A place that traffic is sent to.
#[derive(Clone, Debug)]
pub struct Destination<'a> {
    /// The field path of the destination.
    pub field: String,
    /// Whether it only gets a copy.
    pub is_mirror: bool,
    /// The destination itself; `None` for a route that names none.
    pub node: Option<&'a Node>,
}

impl<'a> Destination<'a> {
    /// The host.
    #[must_use]
    pub fn host(&self) -> &'a str {
        self.text("host")
    }

    /// The subset; empty where none is named.
    #[must_use]
    pub fn subset(&self) -> &'a str {
        self.text("subset")
    }

    fn text(&self, key: &str) -> &'a str {
        self.node.and_then(|node| node.get(key)).and_then(Node::text).unwrap_or_default()
    }
}

/// All destinations: routes of TCP, TLS and HTTP, then mirrors.
#[must_use]
pub fn destinations<'a>(service: &'a Manifest<'_>) -> Vec<Destination<'a>> {
    let mut found = Vec::new();
    for kind in ["tcp", "tls", "http"] {
        for (rule, entry) in service.list(&[kind]).iter().enumerate() {
            for (route, node) in items(entry, "route") {
                let field = format!("spec.{kind}[{rule}].route[{route}].destination");
                found.push(Destination { field, is_mirror: false, node: node.get("destination") });
            }
        }
    }
    for (rule, entry) in service.list(&["http"]).iter().enumerate() {
        if let Some(node) = entry.get("mirror") {
            let field = format!("spec.http[{rule}].mirror");
            found.push(Destination { field, is_mirror: true, node: Some(node) });
        }
        for (mirror, node) in items(entry, "mirrors") {
            let field = format!("spec.http[{rule}].mirrors[{mirror}].destination");
            found.push(Destination { field, is_mirror: true, node: node.get("destination") });
        }
    }
    found
}

fn items<'a>(node: &'a Node, key: &str) -> impl Iterator<Item = (usize, &'a Node)> {
    node.get(key).and_then(Node::as_sequence).unwrap_or_default().iter().enumerate()
}
