//! A plan as JSON: the keys that scripts rely on.

use serde::Serialize;

use super::findings::FindingJson;
use crate::lineage::{Difference, Then};
use crate::model::Operation;
use crate::promotion::{self, Plan};

/// The whole object; the names and their order are public.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlanJson<'a> {
    plan_id: &'a str,
    application: Option<&'a str>,
    source: &'a str,
    target: &'a str,
    commit: Option<&'a str>,
    edits: Vec<EditJson<'a>>,
    summary: String,
    findings: Vec<FindingJson<'a>>,
    differences: Vec<DifferenceJson<'a>>,
    rendered: &'a str,
    files: String,
    drift: String,
}

/// A difference; values are null where there is none, or no single text.
#[derive(Serialize)]
struct DifferenceJson<'a> {
    path: &'a str,
    document: Option<&'a str>,
    field: &'a str,
    source: Option<&'a str>,
    target: Option<&'a str>,
    then: &'static str,
    because: String,
}

impl<'a> DifferenceJson<'a> {
    fn new(difference: &'a Difference, plan: &Plan) -> Self {
        Self {
            path: difference.path.as_str(),
            document: difference.document.as_deref(),
            field: &difference.field,
            source: difference.source.as_deref(),
            target: difference.target.as_deref(),
            then: match difference.then {
                Then::Comes => "comes",
                Then::Goes => "goes",
                Then::Stays => "stays",
            },
            because: difference.because.words(plan.target.name.as_str()),
        }
    }
}

#[derive(Serialize)]
struct EditJson<'a> {
    path: &'a str,
    operation: &'static str,
}

impl<'a> PlanJson<'a> {
    /// The plan in the words of scripts.
    pub(super) fn new(plan: &'a Plan) -> Self {
        let edit = |planned: &'a crate::promotion::PlannedEdit| EditJson {
            path: planned.edit.path.as_str(),
            operation: match planned.edit.operation() {
                Operation::Add => "add",
                Operation::Modify => "modify",
                Operation::Delete => "delete",
            },
        };
        Self {
            plan_id: plan.id.as_str(),
            application: plan
                .target
                .application
                .as_ref()
                .map(crate::model::ApplicationName::as_str),
            source: plan.source.name.as_str(),
            target: plan.target.name.as_str(),
            commit: plan.commit.as_ref().map(crate::model::CommitSha::as_str),
            edits: plan.edits.iter().map(edit).collect(),
            summary: promotion::summary(plan),
            findings: plan.findings.iter().map(|finding| FindingJson::new(finding, None)).collect(),
            differences: plan.differences.iter().map(|it| DifferenceJson::new(it, plan)).collect(),
            rendered: plan.rendered.text(),
            files: plan.files.text(),
            drift: plan.drift.text(),
        }
    }
}
