//! Everything a pull request says, made from a plan: branch, title, body, commit message, labels.

use crate::clearance::Item;
use crate::model::{BranchName, Location, PullRequestNumber};

use super::body::render_body;
use super::commit_message::{Trailers, render_commit_message};
use super::counts::summary;
use super::environment::Environment;
use super::key::Key;
use super::markdown::code;
use super::plain_text::one_line;
use super::plan::Plan;
use super::plan_id::PlanId;
use super::pull_request::{
    CHECKLIST_LIMIT, ChecklistItem, PullRequestSettings, TITLE_LIMIT, render_checklist_item,
    render_labels, render_title,
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

/// A promotion that is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undoing {
    /// Its plan.
    pub plan: PlanId,
    /// Its pull request, where it is known.
    pub number: Option<PullRequestNumber>,
    /// Why, if nobody asked.
    pub because: Option<String>,
    /// What somebody else changed since and therefore stays.
    pub conflicts: Vec<Location>,
}

/// Makes all texts of a pull request that takes a promotion back.
///
/// # Errors
/// [`TemplateError`] as [`propose`].
pub fn propose_undo(
    plan: &Plan,
    undoing: &Undoing,
    previous_body: Option<&str>,
) -> Result<Proposal, TemplateError> {
    let proposal = propose(plan, previous_body)?;
    let title = one_line(&format!("Undo: {}", proposal.title), TITLE_LIMIT);
    let trailers = Trailers { undoes: Some(undoing.plan.clone()), ..Trailers::of(plan) };
    let intro = introduction(undoing);
    let body = match proposal.body.split_once("\n\n") {
        Some((head, rest)) if head.starts_with("**") => format!("{head}\n\n{intro}\n\n{rest}"),
        _ => format!("{intro}\n\n{}", proposal.body),
    };
    Ok(Proposal {
        branch: undo_branch(&plan.key())?,
        commit_message: format!("{title}\n\n{}", trailers.render()),
        title,
        body,
        ..proposal
    })
}

/// The head branch of a pull request that takes a promotion back.
///
/// # Errors
/// [`TemplateError`] if the names make no branch.
pub fn undo_branch(key: &Key) -> Result<BranchName, TemplateError> {
    let name = match &key.application {
        Some(application) => format!("undo/{application}/{}", key.target),
        None => format!("undo/{}", key.target),
    };
    BranchName::parse(&name).map_err(|error| TemplateError::Result(error.to_string()))
}

/// More conflicts than these are counted.
const MOST_CONFLICTS: usize = 20;

/// What is taken back, why, and what stays.
fn introduction(undoing: &Undoing) -> String {
    let Undoing { plan, number, because, conflicts } = undoing;
    let of = number.map_or(String::new(), |number| format!(" of {number}"));
    let mut lines = vec![format!(
        "Takes back the promotion{of}, plan {}, and nothing else.",
        code(plan.short(), 20)
    )];
    if let Some(because) = because {
        lines.push(format!("\nNobody asked for it: the target is degraded.\n\n{because}"));
    }
    if !conflicts.is_empty() {
        lines.push("\n**Not taken back**, since somebody changed it later:\n".to_owned());
        let told = conflicts.iter().take(MOST_CONFLICTS);
        lines.extend(told.map(|at| format!("- {}", code(&at.to_string(), 300))));
        if conflicts.len() > MOST_CONFLICTS {
            lines.push(format!("- and {} more", conflicts.len() - MOST_CONFLICTS));
        }
    }
    lines.join("\n")
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
