//! Resources with Helm's templates in them, which nobody fills in.

use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::policy::subject::Subject;
use crate::policy::{Level, Manifest};
use crate::yaml::{Node, Value};

pub(super) const RULE: Rule = Rule {
    id: "helm-template",
    gate: Gate::Hygiene,
    codes: &[TEMPLATE],
    check: Check::Subject(check),
};

const TEMPLATE: Code = Code::sound("helm-template", Level::Warning);

/// Kinds whose texts may be templates for somebody else: Istio's injector, a chart, a generator.
const CARRIERS: [&str; 9] = [
    "ConfigMap",
    "Secret",
    "CustomResourceDefinition",
    "HelmRelease",
    "HelmChart",
    "HelmChartConfig",
    "Application",
    "ApplicationSet",
    "ClusterPolicy",
];

/// What only Helm's templates begin with; others (alerts, notifications) have variables too.
const HELMS: [&str; 6] = [".Values.", ".Release.", ".Chart.", "include \"", "template \"", "tpl "];

fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    for manifest in subject.manifests {
        // Nearly no manifest holds one, and the paths of fields cost more than a look at the texts.
        if !CARRIERS.contains(&manifest.id.gvk.kind.as_str()) && holds_template(manifest.node) {
            look(manifest, manifest.node, &mut String::new(), report);
        }
    }
}

fn look(manifest: &Manifest<'_>, node: &Node, field: &mut String, report: &mut Report<'_>) {
    let end = field.len();
    match &node.value {
        Value::Scalar(scalar) if is_template(&scalar.text) => {
            let message = "a Helm template stands here, and kustomize does not fill it in";
            let help = "render the chart first, or use `helmCharts` of a build that allows it";
            report.advise(TEMPLATE, manifest, field.clone(), message, help);
        }
        Value::Scalar(_) => {}
        Value::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                field.push_str(&format!("[{index}]"));
                look(manifest, item, field, report);
                field.truncate(end);
            }
        }
        Value::Mapping(mapping) => {
            for pair in mapping.iter() {
                if end > 0 {
                    field.push('.');
                }
                field.push_str(&pair.key.text);
                look(manifest, &pair.value, field, report);
                field.truncate(end);
            }
        }
    }
}

fn holds_template(node: &Node) -> bool {
    match &node.value {
        Value::Scalar(scalar) => is_template(&scalar.text),
        Value::Sequence(items) => items.iter().any(holds_template),
        Value::Mapping(mapping) => mapping.iter().any(|pair| holds_template(&pair.value)),
    }
}

fn is_template(text: &str) -> bool {
    // Making a searcher costs more than the text is long.
    text.contains("{{")
        && text.match_indices("{{").any(|(at, _)| {
            let inside = text[at + 2..].trim_start_matches('-').trim_start();
            HELMS.iter().any(|start| inside.starts_with(start))
        })
}
