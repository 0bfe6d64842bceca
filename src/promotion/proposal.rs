//! Everything a pull request says, made from a plan: branch, title, body, commit message, labels.

use crate::clearance::Item;
use crate::model::BranchName;

use super::body::{counts, render_body};
use super::commit_message::{Trailers, render_commit_message};
use super::environment::Environment;
use super::plan::Plan;
use super::pull_request::{
    CHECKLIST_LIMIT, ChecklistItem, PullRequestSettings, render_checklist_item, render_labels,
    render_title,
};
use super::template::{TemplateError, Values};

/// A pull request as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The head branch.
    pub branch: BranchName,
    /// The title, one line.
    pub title: String,
    /// The body, at most 58,000 UTF-16 units.
    pub body: String,
    /// The commit message with its trailers.
    pub commit_message: String,
    /// Labels, each once.
    pub labels: Vec<String>,
    /// Logins of people asked to review.
    pub reviewers: Vec<String>,
    /// Slugs of teams asked to review.
    pub team_reviewers: Vec<String>,
    /// Logins of people it is assigned to.
    pub assignees: Vec<String>,
    /// Whether it is opened as a draft.
    pub draft: bool,
}

/// Makes all texts of a plan's pull request. `previous_body` is the body as it is now, if the pull
/// request is there already: its ticks are carried over while the rendered diff stays the same.
///
/// # Errors
/// [`TemplateError`] if a template refuses its values, which reading the configuration rules out for
/// all but very long texts.
pub fn propose(plan: &Plan, previous_body: Option<&str>) -> Result<Proposal, TemplateError> {
    let settings = &*plan.target.pull_request;
    let (summary, key) = (summary(plan), plan.key());
    let values: Values<'_> = [
        ("application", key.application()),
        ("source", plan.source.name.as_str()),
        ("target", plan.target.name.as_str()),
        ("plan.id", plan.id.as_str()),
        ("plan.commit", plan.commit.as_ref().map_or("", |commit| commit.as_str())),
        ("plan.summary", summary.as_str()),
    ]
    .into();
    let checklist = checklist(settings, plan.source.health.is_some(), &values)?;
    Ok(Proposal {
        branch: settings.branch(&key)?,
        title: render_title(&settings.title, &values)?,
        body: render_body(plan, settings, &checklist, previous_body)?,
        commit_message: render_commit_message(
            &settings.commit_message,
            &values,
            &Trailers::of(plan),
        )?,
        labels: render_labels(&settings.labels, &values)?,
        reviewers: settings.reviewers.clone(),
        team_reviewers: settings.team_reviewers.clone(),
        assignees: settings.assignees.clone(),
        draft: settings.draft,
    })
}

/// The items of a promotion's checklist, none ticked. Where nothing says that the source is healthy, people
/// tick what evidence would.
///
/// # Errors
/// [`TemplateError`] as [`propose`].
pub fn checklist_of(
    source: &Environment,
    target: &Environment,
) -> Result<Vec<Item>, TemplateError> {
    let key = target.key_from(&source.name);
    let values: Values<'_> = [
        ("application", key.application()),
        ("source", source.name.as_str()),
        ("target", target.name.as_str()),
        ("plan.id", ""),
        ("plan.commit", ""),
        ("plan.summary", ""),
    ]
    .into();
    checklist(&target.pull_request, source.health.is_some(), &values)
}

fn checklist(
    settings: &PullRequestSettings,
    has_evidence: bool,
    values: &Values<'_>,
) -> Result<Vec<Item>, TemplateError> {
    let item = |item: &ChecklistItem| {
        let text = render_checklist_item(&item.text, values)?;
        Ok(Item { text, by_evidence: item.by_evidence && has_evidence, ticked: false })
    };
    settings.checklist.iter().take(CHECKLIST_LIMIT).map(item).collect()
}

/// What a promotion does, in one line of words: `2 resources change, none is deleted`.
#[must_use]
pub fn summary(plan: &Plan) -> String {
    if plan.is_not_rendered() && !plan.is_empty() {
        let files = super::markdown::counted(plan.edits.len(), "file changes", "files change");
        return format!("{files}, and what {} will see is not rendered", plan.target.name);
    }
    let own = counts(plan.rendered.resources());
    let below: usize = plan.below.iter().map(|(_, rendered)| rendered.resources().len()).sum();
    let many = super::markdown::counted(below, "resource changes", "resources change");
    match (plan.rendered.resources().len(), below) {
        (_, 0) => own,
        (0, _) => format!("{many} in kustomizations below"),
        _ => format!("{own}, and {many} in kustomizations below"),
    }
}
