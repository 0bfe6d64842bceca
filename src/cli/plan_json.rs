//! A plan as JSON: the keys that scripts rely on.

use serde::Serialize;

use crate::model::{Location, Operation};
use crate::policy::{Finding, Level};
use crate::promotion::{self, Plan};

/// The whole object; the names and their order are public.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlanJson<'a> {
    plan_id: &'a str,
    source: &'a str,
    target: &'a str,
    commit: Option<&'a str>,
    edits: Vec<EditJson<'a>>,
    summary: String,
    findings: Vec<FindingJson<'a>>,
    rendered: &'a str,
    files: String,
    drift: String,
}

#[derive(Serialize)]
struct EditJson<'a> {
    path: &'a str,
    operation: &'static str,
}

#[derive(Serialize)]
struct FindingJson<'a> {
    code: &'a str,
    rule: &'static str,
    level: &'static str,
    message: &'a str,
    help: Option<&'a str>,
    resource: Option<String>,
    location: Option<LocationJson<'a>>,
    new: bool,
}

#[derive(Serialize)]
struct LocationJson<'a> {
    path: &'a str,
    line: Option<u32>,
    column: Option<u32>,
    field: &'a str,
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
            source: plan.source.name.as_str(),
            target: plan.target.name.as_str(),
            commit: plan.commit.as_ref().map(crate::model::CommitSha::as_str),
            edits: plan.edits.iter().map(edit).collect(),
            summary: promotion::summary(plan),
            findings: plan.findings.iter().map(FindingJson::new).collect(),
            rendered: plan.rendered.text(),
            files: plan.files.text(),
            drift: plan.drift.text(),
        }
    }
}

impl<'a> FindingJson<'a> {
    fn new(finding: &'a Finding) -> Self {
        Self {
            code: &finding.code,
            rule: finding.rule,
            level: match finding.level {
                Level::Info => "info",
                Level::Warning => "warning",
                Level::Error => "error",
            },
            message: &finding.message,
            help: finding.help.as_deref(),
            resource: finding.resource.as_ref().map(ToString::to_string),
            location: finding.location.as_ref().map(LocationJson::new),
            new: finding.new,
        }
    }
}

impl<'a> LocationJson<'a> {
    fn new(location: &'a Location) -> Self {
        Self {
            path: location.path.as_str(),
            line: location.position.map(|position| position.line),
            column: location.position.map(|position| position.column),
            field: &location.field,
        }
    }
}
