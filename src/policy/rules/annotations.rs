//! Istio's annotations: unknown, at the wrong kind, with a wrong value, deprecated or alpha
//! (IST0108, IST0107, IST0125, IST0135, IST0136).

use crate::policy::Level;
use crate::policy::article::article;
use crate::policy::istio_annotation::{Annotation, fault, find, is_istios};
use crate::policy::mesh::{DEPLOYMENT, Manifest, Mesh, NAMESPACE, Pod, SERVICE};
use crate::policy::rule::{Code, Report, Rule};
use crate::yaml::Node;

pub(super) const RULE: Rule =
    Rule::istio("annotations", &[MISPLACED, UNKNOWN, INVALID, DEPRECATED, ALPHA], check);

const MISPLACED: Code = Code::sound("IST0107", Level::Warning);
const UNKNOWN: Code = Code::sound("IST0108", Level::Warning);
const INVALID: Code = Code::sound("IST0125", Level::Warning);
const DEPRECATED: Code = Code::sound("IST0135", Level::Info);
const ALPHA: Code = Code::sound("IST0136", Level::Info);

/// Set by Istio itself.
const OWN: [&str; 3] =
    ["sidecar.istio.io/status", "gateway.istio.io/controller-version", "istio.io/rev"];
/// Set by Istio itself on Pods where its CNI plugin, not an init container, redirects traffic.
const OWN_BY_CNI: [&str; 4] = [
    "sidecar.istio.io/interceptionMode",
    "traffic.sidecar.istio.io/includeInboundPorts",
    "traffic.sidecar.istio.io/excludeInboundPorts",
    "traffic.sidecar.istio.io/includeOutboundIPRanges",
];

/// The annotations of one object, or of the Pods that it makes.
struct Subject<'a> {
    manifest: &'a Manifest<'a>,
    kind: &'a str,
    /// Where its metadata stands.
    metadata_at: String,
    metadata: Option<&'a Node>,
    is_set_by_cni: bool,
}

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    let plain = [NAMESPACE, SERVICE, DEPLOYMENT].into_iter().flat_map(|kind| mesh.all(kind));
    let plain = plain.map(|manifest| Subject {
        manifest,
        kind: &manifest.id.gvk.kind,
        metadata_at: "metadata".to_owned(),
        metadata: manifest.node.get("metadata"),
        is_set_by_cni: false,
    });
    for subject in plain.chain(mesh.pods().iter().filter_map(of_pod)) {
        let annotations = subject.metadata.and_then(|metadata| metadata.get("annotations"));
        for pair in annotations.and_then(Node::as_mapping).into_iter().flatten() {
            check_one(&subject, &pair.key.text, pair.value.text().unwrap_or_default(), report);
        }
    }
}

fn of_pod<'a>(pod: &Pod<'a>) -> Option<Subject<'a>> {
    let starts_istio =
        |container: &Node| container.get("name").and_then(Node::text) == Some("istio-init");
    Some(Subject {
        manifest: pod.manifest?,
        kind: "Pod",
        metadata_at: pod.field("metadata"),
        metadata: pod.metadata,
        is_set_by_cni: !pod.init_containers().iter().any(starts_istio),
    })
}

fn check_one(subject: &Subject<'_>, name: &str, value: &str, report: &mut Report<'_>) {
    if !is_istios(name) || OWN.contains(&name) {
        return;
    }
    let manifest = subject.manifest;
    let field = format!("{}.annotations.[{name}]", subject.metadata_at);
    let Some(known) = find(name) else {
        return report.say(UNKNOWN, manifest, field, format!("Istio knows no annotation `{name}`"));
    };
    if known.is_alpha && !(subject.is_set_by_cni && OWN_BY_CNI.contains(&name)) {
        let message = format!("`{name}` is alpha and may change");
        report.say(ALPHA, manifest, field.clone(), message);
    }
    if known.is_deprecated && !is_replaced(subject, known) {
        let message = format!("`{name}` is deprecated");
        report.say(DEPRECATED, manifest, field.clone(), message);
    }
    if known.kinds.is_empty() {
        return;
    }
    if !known.kinds.contains(&subject.kind) {
        let message = format!(
            "`{name}` has no effect on {} {}, only on: {}",
            article(subject.kind),
            subject.kind,
            known.kinds.join(", ")
        );
        report.say(MISPLACED, manifest, field, message);
    } else if let Some(fault) = fault(name, value) {
        report.say(INVALID, manifest, field, format!("the value of `{name}` {fault}"));
    }
}

/// Whether the label that replaces an annotation is there too.
fn is_replaced(subject: &Subject<'_>, annotation: &Annotation) -> bool {
    let labels = subject.metadata.and_then(|metadata| metadata.get("labels"));
    annotation.name == "sidecar.istio.io/inject"
        && labels.is_some_and(|labels| labels.get(annotation.name).is_some())
}
