//! Injection webhooks that overlap, or whose control plane does not exist (IST0139).

use std::collections::BTreeSet;

use crate::policy::Level;
use crate::policy::label_selector::{matches, values_of};
use crate::policy::mesh::{
    FullName, INJECTION_LABEL, Labels, MUTATING_WEBHOOK, Manifest, Mesh, SERVICE,
};
use crate::policy::rule::{Code, Report, Rule};
use crate::policy::sidecar::REVISION_LABEL;
use crate::yaml::Node;

pub(super) const RULE: Rule = Rule::istio("injection-webhook", &[OVERLAP, NO_SERVICE], check);

const OVERLAP: Code = Code::sound("IST0139", Level::Error);
const NO_SERVICE: Code = Code::if_complete("IST0139", Level::Error);

/// One webhook of one configuration.
struct Webhook<'a> {
    manifest: &'a Manifest<'a>,
    index: usize,
    node: &'a Node,
}

impl Webhook<'_> {
    fn name(&self) -> String {
        let name = self.node.text_at(&["name"]);
        format!("{}/{name}", self.manifest.name())
    }

    fn selects(&self, namespace: &Labels, object: &Labels) -> bool {
        matches(self.node.get("namespaceSelector"), namespace)
            && matches(self.node.get("objectSelector"), object)
    }
}

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    let mut webhooks = Vec::new();
    let mut revisions = BTreeSet::new();
    for manifest in mesh.all(MUTATING_WEBHOOK) {
        let nodes = manifest.node.get("webhooks").and_then(Node::as_sequence).unwrap_or_default();
        let own = revisions_of(manifest, nodes);
        let name = |node: &Node| node.text_at(&["name"]).to_owned();
        if own.is_empty() && !nodes.iter().any(|node| name(node).ends_with("istio.io")) {
            continue;
        }
        revisions.extend(own);
        let numbered = nodes.iter().enumerate();
        webhooks.extend(numbered.map(|(index, node)| Webhook { manifest, index, node }));
    }
    check_overlaps(&webhooks, &revisions, report);
    check_services(mesh, &webhooks, report);
}

/// The control planes that a configuration or a selector in it names.
fn revisions_of<'a>(manifest: &'a Manifest<'a>, webhooks: &'a [Node]) -> BTreeSet<&'a str> {
    let selectors = webhooks
        .iter()
        .flat_map(|node| [node.get("namespaceSelector"), node.get("objectSelector")]);
    let named = selectors.flat_map(|selector| values_of(selector, REVISION_LABEL));
    manifest.label(REVISION_LABEL).into_iter().chain(named).collect()
}

/// Whatever labels a namespace and a Pod have, at most one webhook may inject.
fn check_overlaps(webhooks: &[Webhook<'_>], revisions: &BTreeSet<&str>, report: &mut Report<'_>) {
    let namespaces = combinations(INJECTION_LABEL, ["enabled", "disabled"], revisions);
    let objects = combinations("sidecar.istio.io/inject", ["true", "false"], revisions);
    let mut reported = BTreeSet::new();
    for namespace in &namespaces {
        for object in &objects {
            let selecting: Vec<&Webhook<'_>> =
                webhooks.iter().filter(|webhook| webhook.selects(namespace, object)).collect();
            for webhook in &selecting {
                let others: BTreeSet<String> = selecting
                    .iter()
                    .map(|other| other.name())
                    .filter(|name| *name != webhook.name())
                    .collect();
                if others.is_empty() || !reported.insert((webhook.name(), others.clone())) {
                    continue;
                }
                let others: Vec<String> = others.into_iter().collect();
                let field = format!("webhooks[{}]", webhook.index);
                let message =
                    format!("overlaps with `{}`, so pods are injected twice", others.join("`, `"));
                report.say(OVERLAP, webhook.manifest, field, message);
            }
        }
    }
}

/// All labels that matter: none, the label with either value, and each of them with each revision.
fn combinations(label: &str, values: [&str; 2], revisions: &BTreeSet<&str>) -> Vec<Labels> {
    let mut plain = vec![Labels::new()];
    plain.extend(values.map(|value| Labels::from([(label.to_owned(), value.to_owned())])));
    let mut all = plain.clone();
    for revision in revisions {
        all.extend(plain.iter().cloned().map(|mut labels| {
            labels.insert(REVISION_LABEL.to_owned(), (*revision).to_owned());
            labels
        }));
    }
    all
}

fn check_services(mesh: &Mesh<'_>, webhooks: &[Webhook<'_>], report: &mut Report<'_>) {
    for webhook in webhooks {
        let Some(service) = webhook.node.at(&["clientConfig", "service"]) else { continue };
        if service.is_null() {
            continue;
        }
        let text = |key| service.text_at(&[key]).to_owned();
        let name = FullName { namespace: text("namespace"), name: text("name") };
        if mesh.find(SERVICE, &name).is_none() {
            let field = format!("webhooks[{}].clientConfig.service", webhook.index);
            report.say(
                NO_SERVICE,
                webhook.manifest,
                field,
                format!("service `{name}` does not exist"),
            );
        }
    }
}
