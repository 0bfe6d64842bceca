//! Namespaces whose labels leave open, or say twice, whether Pods get a proxy
//! (IST0102, IST0123, IST0148).
//!
//! IST0103 asks running Pods and is not for files.

use crate::policy::Level;
use crate::policy::mesh::{INJECTION_LABEL, Manifest, Mesh, NAMESPACE};
use crate::policy::rule::{Code, Report, Rule};
use crate::policy::sidecar::{DATAPLANE_LABEL, REVISION_LABEL};
use crate::yaml::{Dialect, parse_stream};

pub(super) const RULE: Rule =
    Rule::istio("namespace-injection", &[NOT_INJECTED, BY_DEFAULT, SEVERAL], check);

// Whether a namespace without labels is injected is written in the control plane's own files.
const NOT_INJECTED: Code = Code::if_complete("IST0102", Level::Info);
const BY_DEFAULT: Code = Code::if_complete("IST0148", Level::Info);
const SEVERAL: Code = Code::sound("IST0123", Level::Warning);

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    for namespace in mesh.all(NAMESPACE).filter(|namespace| namespace.name() != "istio-system") {
        check_number(namespace, report);
        let is_decided = namespace.label(INJECTION_LABEL).is_some_and(|value| !value.is_empty())
            || namespace.label(REVISION_LABEL).is_some()
            || namespace.label(DATAPLANE_LABEL) == Some("ambient");
        if is_decided {
            continue;
        }
        if injects_by_default(mesh) {
            let message = "has no injection label, and Istio injects such namespaces here";
            report.say(BY_DEFAULT, namespace, "metadata.labels", message);
        } else {
            let message = "has no injection label, so its pods get no proxy";
            report.say(NOT_INJECTED, namespace, "metadata.labels", message);
        }
    }
}

fn check_number(namespace: &Manifest<'_>, report: &mut Report<'_>) {
    let injection = namespace.label(INJECTION_LABEL);
    let mut said: Vec<&str> = injection.map(|_| INJECTION_LABEL).into_iter().collect();
    if injection.is_none_or(|value| value == "enabled") {
        said.extend(
            [REVISION_LABEL, DATAPLANE_LABEL].iter().filter(|l| namespace.label(l).is_some()),
        );
    }
    if said.len() > 1 {
        let message =
            format!("has several labels that decide on injection: `{}`", said.join("`, `"));
        report.say(SEVERAL, namespace, "metadata.labels", message);
    }
}

/// What the injector's own configuration says of namespaces without labels.
fn injects_by_default(mesh: &Mesh<'_>) -> bool {
    let mut configs =
        mesh.all(("", "ConfigMap")).filter(|map| map.name() == "istio-sidecar-injector");
    configs.any(|config| {
        let values = config.node.text_at(&["data", "values"]);
        let values = parse_stream(values, Dialect::V3).unwrap_or_default();
        let way = ["sidecarInjectorWebhook", "enableNamespacesByDefault"];
        values.first().and_then(|values| values.at(&way)?.text()) == Some("true")
    })
}
