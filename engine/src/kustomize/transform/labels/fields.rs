//! The fields that get labels and annotations.
//!
//! Kinds with a pod template share most of them; they are written once and multiplied.

use crate::kustomize::configuration::FieldList;
use crate::kustomize::field_spec::FieldSpec;
use crate::kustomize::version::{CLAIM_TEMPLATES, Version};

/// The fields of `commonLabels`.
pub const COMMON: FieldList = FieldList::new("commonLabels", |_| common_labels());

/// The fields of `labels` beside those they choose themselves.
pub const CHOSEN: FieldList = FieldList::new("labels", |_| Vec::new());

/// The fields of `labels` with `includeTemplates`.
pub const TEMPLATE: FieldList = FieldList::new("templateLabels", with_templates);

/// The fields of `labels` with `includeVolumeClaimTemplates`.
pub const CLAIM_TEMPLATE: FieldList =
    FieldList::new("volumeClaimTemplateLabels", |_| claim_template_labels())
        .since(&CLAIM_TEMPLATES);

/// The fields of `commonAnnotations`.
pub const ANNOTATIONS: FieldList = FieldList::new("commonAnnotations", |_| common_annotations());

/// Where the labels of a kind's templates are, and with `annotations` where their annotations are.
const TEMPLATES: [(&str, &str); 8] = [
    ("v1 ReplicationController", "spec/template/metadata"),
    ("Deployment", "spec/template/metadata"),
    ("ReplicaSet", "spec/template/metadata"),
    ("DaemonSet", "spec/template/metadata"),
    ("apps/ StatefulSet", "spec/template/metadata"),
    ("batch/ Job", "spec/template/metadata"),
    ("batch/ CronJob", "spec/jobTemplate/metadata"),
    ("batch/ CronJob", "spec/jobTemplate/spec/template/metadata"),
];

/// Selectors that `commonLabels` narrow: kind, path, whether it is made.
const SELECTORS: [(&str, &str, bool); 12] = [
    ("v1 Service", "spec/selector", true),
    ("v1 ReplicationController", "spec/selector", true),
    ("Deployment", "spec/selector/matchLabels", true),
    ("ReplicaSet", "spec/selector/matchLabels", true),
    ("DaemonSet", "spec/selector/matchLabels", true),
    ("apps/ StatefulSet", "spec/selector/matchLabels", true),
    ("batch/ Job", "spec/selector/matchLabels", false),
    ("batch/ CronJob", "spec/jobTemplate/spec/selector/matchLabels", false),
    ("policy/ PodDisruptionBudget", "spec/selector/matchLabels", false),
    ("networking.k8s.io/ NetworkPolicy", "spec/podSelector/matchLabels", false),
    ("networking.k8s.io/ NetworkPolicy", "spec/ingress/from/podSelector/matchLabels", false),
    ("networking.k8s.io/ NetworkPolicy", "spec/egress/to/podSelector/matchLabels", false),
];

/// The parts of a pod's spec that select other pods.
const AFFINITIES: [&str; 5] = [
    "affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm",
    "affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution",
    "affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm",
    "affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution",
    "topologySpreadConstraints",
];

fn with_templates(version: Version) -> Vec<FieldSpec> {
    let mut specs = template_labels();
    if !version.has(&CLAIM_TEMPLATES) {
        specs.extend(claim_template_labels());
    }
    specs
}

fn common_labels() -> Vec<FieldSpec> {
    let mut specs: Vec<FieldSpec> =
        SELECTORS.iter().map(|(kind, path, create)| FieldSpec::of(kind, path, *create)).collect();
    for kind in ["apps/ Deployment", "apps/ StatefulSet"] {
        specs.extend(AFFINITIES.iter().map(|path| {
            FieldSpec::of(
                kind,
                &format!("spec/template/spec/{path}/labelSelector/matchLabels"),
                false,
            )
        }));
    }
    specs.extend(template_labels());
    specs.extend(claim_template_labels());
    specs
}

fn template_labels() -> Vec<FieldSpec> {
    let mut specs = vec![FieldSpec::of("", "metadata/labels", true)];
    specs.extend(
        TEMPLATES.iter().map(|(kind, path)| FieldSpec::of(kind, &format!("{path}/labels"), true)),
    );
    specs
}

fn claim_template_labels() -> Vec<FieldSpec> {
    vec![FieldSpec::of("apps/ StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels", true)]
}

fn common_annotations() -> Vec<FieldSpec> {
    let mut specs = vec![FieldSpec::of("", "metadata/annotations", true)];
    specs.extend(TEMPLATES.iter().map(|(kind, path)| {
        // Stateful sets of any group are annotated, though only those of `apps` are labelled.
        let kind = if *kind == "apps/ StatefulSet" { "StatefulSet" } else { kind };
        FieldSpec::of(kind, &format!("{path}/annotations"), true)
    }));
    specs
}
