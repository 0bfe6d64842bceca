//! Names that a file defines, so that others may refer to them: resources, what a kustomization generates, hosts that
//! are served, secrets that are made for them.

use super::value::{Shape, Value};

/// A name that is defined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Definition<'v> {
    pub text: &'v str,
    /// Whether it is a host.
    pub is_host: bool,
}

/// Kinds whose hosts are those that they serve.
const SERVES: [&str; 12] = [
    "Certificate",
    "DNSEndpoint",
    "GRPCRoute",
    "Gateway",
    "HTTPProxy",
    "HTTPRoute",
    "Ingress",
    "ManagedCertificate",
    "Route",
    "TCPRoute",
    "TLSRoute",
    "VirtualService",
];
/// Keys of hosts.
const HOSTS: [&str; 8] =
    ["commonName", "dnsName", "dnsNames", "domains", "host", "hostname", "hostnames", "hosts"];

/// What the documents of a file define.
pub(super) fn definitions(documents: &Value) -> Vec<Definition<'_>> {
    documents.items().iter().flat_map(of_document).collect()
}

fn of_document(document: &Value) -> Vec<Definition<'_>> {
    let name = |text| Definition { text, is_host: false };
    let mut found = Vec::new();
    let kind = document.text_at("kind").unwrap_or_default();
    let metadata = document.get("metadata");
    found.extend(metadata.and_then(|it| it.text_at("name")).map(name));
    if document.get("resources").is_some() || kind == "Kustomization" || kind == "Component" {
        // It puts what it builds there.
        found.extend(document.text_at("namespace").map(name));
    }
    for generator in ["configMapGenerator", "secretGenerator"] {
        let made = document.get(generator).map(Value::items).unwrap_or_default();
        found.extend(made.iter().filter_map(|it| it.text_at("name")).map(name));
    }
    let spec = document.get("spec");
    if kind == "ExternalSecret" {
        let made = spec.and_then(|it| it.get("target"));
        found.extend(made.and_then(|it| it.text_at("name")).map(name));
    }
    if SERVES.contains(&kind) {
        served(document, &mut found);
    } else {
        of_ingresses(document, &mut found);
    }
    found
}

/// The hosts of a resource that serves some, and the secrets of their certificates.
fn served<'v>(value: &'v Value, found: &mut Vec<Definition<'v>>) {
    for (key, value) in value.pairs() {
        if HOSTS.contains(&key.as_str()) {
            texts(value, true, found);
        } else if key == "secretName" {
            texts(value, false, found);
        }
        served(value, found);
    }
    value.items().iter().for_each(|item| served(item, found));
}

/// The same below the keys of a chart's values that are about an ingress.
fn of_ingresses<'v>(value: &'v Value, found: &mut Vec<Definition<'v>>) {
    for (key, value) in value.pairs() {
        let lower = key.to_lowercase();
        if ["ingress", "httproute", "route", "gateway"].iter().any(|it| lower.contains(it)) {
            served(value, found);
        } else {
            of_ingresses(value, found);
        }
    }
    value.items().iter().for_each(|item| of_ingresses(item, found));
}

fn texts<'v>(value: &'v Value, is_host: bool, found: &mut Vec<Definition<'v>>) {
    match &value.shape {
        Shape::Scalar { text, .. } => found.push(Definition { text, is_host }),
        Shape::List(items) => items.iter().for_each(|item| texts(item, is_host, found)),
        Shape::Map(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::edit::Editor;

    #[test]
    fn a_resource_defines_its_name_and_the_hosts_that_it_serves() {
        let defined = |text: &str| {
            let document = Value::of(Editor::parse(text).unwrap().root(0));
            let value = Value::new(Shape::List(vec![document]));
            let all: Vec<String> =
                definitions(&value).iter().map(|it| it.text.to_owned()).collect();
            all.join(" ")
        };
        for (text, want) in [
            ("kind: ConfigMap\nmetadata: {name: a, namespace: n}\ndata: {host: h}\n", "a"),
            (
                "kind: Ingress\nmetadata: {name: a}\nspec: {rules: [{host: h}], tls: [{hosts: [i], secretName: s}]}\n",
                "a h i s",
            ),
            ("resources: [b]\nnamespace: n\nsecretGenerator: [{name: g}]\n", "n g"),
            ("database: {host: d}\nwebIngress: {enabled: true, hosts: [{host: h}]}\n", "h"),
            ("kind: ExternalSecret\nmetadata: {name: a}\nspec: {target: {name: t}}\n", "a t"),
        ] {
            assert_eq!(defined(text), want, "{text}");
        }
    }
}
