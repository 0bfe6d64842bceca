//! A Gateway whose certificate is in no Secret of its proxies' namespace (IST0101).

use crate::policy::Level;
use crate::policy::mesh::{FullName, GATEWAY, Mesh, SECRET, labels, selects};
use crate::policy::rule::{Code, Report, Rule};
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule::istio("gateway-secret", &[NO_CREDENTIAL], check);

const NO_CREDENTIAL: Code = Code::if_complete("IST0101", Level::Error);

/// What becomes a Secret in the cluster although none is in the repository: the group, the kind,
/// and where the Secret's name stands if it is not the object's own.
const PROVIDERS: [(&str, &str, &[&str]); 4] = [
    ("bitnami.com", "SealedSecret", &["spec", "template", "metadata", "name"]),
    ("external-secrets.io", "ExternalSecret", &["spec", "target", "name"]),
    ("cert-manager.io", "Certificate", &["spec", "secretName"]),
    ("isindir.github.com", "SopsSecret", &[]),
];

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    for gateway in mesh.all(GATEWAY) {
        let selector = labels(gateway.spec(&["selector"]));
        // Without a Pod the namespace is unknown; `gateway-port` says that the selector finds none.
        let Some(pod) = mesh.pods().iter().find(|pod| selects(&selector, &pod.labels)) else {
            continue;
        };
        for (index, server) in gateway.list(&["servers"]).iter().enumerate() {
            let name = server.at(&["tls", "credentialName"]).and_then(Node::text);
            let Some(name) = name.filter(|name| !name.is_empty()) else { continue };
            let secret = FullName::resolve(&pod.namespace, name);
            if mesh.find(SECRET, &secret).is_none() && !is_provided(mesh, &secret) {
                let field = format!("spec.servers[{index}].tls.credentialName");
                report.say(
                    NO_CREDENTIAL,
                    gateway,
                    field,
                    format!("secret `{secret}` does not exist"),
                );
            }
        }
    }
}

fn is_provided(mesh: &Mesh<'_>, secret: &FullName) -> bool {
    PROVIDERS.iter().any(|(group, kind, name_at)| {
        mesh.all((group, kind)).any(|provider| {
            let written = provider.node.at(name_at).and_then(Node::text);
            provider.namespace() == secret.namespace
                && written.unwrap_or_else(|| provider.name()) == secret.name
        })
    })
}
