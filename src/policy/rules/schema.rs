//! Resources that the API server would refuse: against the schemas of their kinds (IST0106 for
//! Istio's), and what could not be checked.

use std::collections::BTreeSet;

use crate::kustomize::Gvk;
use crate::model::Location;
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::policy::schema::{Schemas, Verdict};
use crate::policy::standards::Standards;
use crate::policy::subject::Subject;
use crate::policy::{Level, Manifest, NOT_VALIDATED};

pub(super) const RULE: Rule = Rule {
    id: "schema",
    gate: Gate::Schemas,
    codes: &[ISTIO, VIOLATION, REMOVED, VERSION, UNUSABLE, UNCHECKED, MISSING],
    check: Check::Subject(check),
};

const ISTIO: Code = Code::sound("IST0106", Level::Error);
const VIOLATION: Code = Code::sound("schema", Level::Error);
const VERSION: Code = Code::sound("schema-version", Level::Error);
/// Without a version in the configuration nobody knows which Kubernetes the cluster has.
const REMOVED: Code = Code::sound("schema-version", Level::Warning);
const UNUSABLE: Code = Code::sound("schema-unusable", Level::Warning);
const UNCHECKED: Code = Code::sound("schema-unchecked", Level::Info);
const MISSING: Code = Code::sound(NOT_VALIDATED, Level::Info);

/// At most so many faults of one resource are told.
const MOST: usize = 25;

fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let own = definitions(subject.manifests, report);
    let mut told = BTreeSet::new();
    for manifest in subject.manifests.iter().filter(|manifest| !is_encrypted(manifest)) {
        let verdict = match own.validate(&manifest.id.gvk, manifest.node) {
            Verdict::NoSchema => {
                subject.standards.schemas.validate(&manifest.id.gvk, manifest.node)
            }
            verdict => verdict,
        };
        tell(&verdict, manifest, subject.standards, &mut told, report);
    }
}

/// What SOPS encrypted is another text when it is applied (getsops.io, "Encryption protocol").
fn is_encrypted(manifest: &Manifest<'_>) -> bool {
    manifest.node.at(&["sops", "mac"]).is_some()
}

/// The definitions that the set brings itself.
fn definitions(manifests: &[Manifest<'_>], report: &mut Report<'_>) -> Schemas {
    let mut schemas = Schemas::default();
    for manifest in manifests.iter().filter(|m| m.id.gvk.kind == "CustomResourceDefinition") {
        if let Err(error) = schemas.add_definition(manifest.node) {
            report.say(UNUSABLE, manifest, "", format!("{error}, so nothing is checked by it"));
        }
    }
    schemas
}

fn tell(
    verdict: &Verdict,
    manifest: &Manifest<'_>,
    standards: &Standards,
    told: &mut BTreeSet<Gvk>,
    report: &mut Report<'_>,
) {
    let gvk = &manifest.id.gvk;
    let shown = format!("{} {}", gvk.api_version(), gvk.kind);
    match verdict {
        Verdict::Checked { violations, unchecked } => {
            let code = if gvk.group.ends_with("istio.io") { ISTIO } else { VIOLATION };
            for violation in violations.iter().take(MOST) {
                report.say(code, manifest, &violation.field, &violation.message);
            }
            if let (Some(first), true) = (unchecked.first(), told.insert(gvk.clone())) {
                let message = format!("a rule of the schema cannot be checked here: {first}");
                report.say(UNCHECKED, manifest, "", message);
            }
        }
        Verdict::NoSuchVersion(known) => {
            let message =
                format!("the definition of `{}` has no version `{}`", gvk.kind, gvk.version);
            let help = format!("it has {}", known.join(", "));
            report.advise(VERSION, manifest, "apiVersion", message, help);
        }
        Verdict::NotInKubernetes(known) => removed(known, manifest, standards, report),
        Verdict::Unusable(error) if told.insert(gvk.clone()) => {
            let message = format!("the schema of {shown} cannot be used: {error}");
            report.say(UNUSABLE, manifest, "", message);
        }
        Verdict::NoSchema if told.insert(gvk.clone()) => {
            let is_bundle = gvk.is_kubernetes() && standards.schemas.kubernetes_version().is_none();
            let (message, help) = if is_bundle {
                (
                    format!("the schemas of Kubernetes are not at hand: {shown} was not validated"),
                    "run `overlift schemas fetch`",
                )
            } else {
                (
                    format!("no schema is known for {shown}: not validated"),
                    "name its definition in `gates.schemas`",
                )
            };
            let at = Location::file(manifest.origin.path.clone());
            report.say_of_kind(MISSING, gvk, at, message, Some(help.to_owned()));
        }
        Verdict::Unusable(_) | Verdict::NoSchema => {}
    }
}

fn removed(
    known: &[String],
    manifest: &Manifest<'_>,
    standards: &Standards,
    report: &mut Report<'_>,
) {
    let gvk = &manifest.id.gvk;
    let kubernetes = standards.schemas.kubernetes_version().unwrap_or_default();
    let message =
        format!("Kubernetes {kubernetes} has no `{}` in `{}`", gvk.kind, gvk.api_version());
    let help = match known {
        [] => "name the version of the cluster in `gates.kubernetes`".to_owned(),
        known => format!(
            "it has {}; name the version of the cluster in `gates.kubernetes`",
            known.join(", ")
        ),
    };
    let code = if standards.kubernetes_is_chosen { VERSION } else { REMOVED };
    report.advise(code, manifest, "apiVersion", message, help);
}
