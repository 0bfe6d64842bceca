//! A step of the traffic as a pull request: its edits, and all that the pull request says.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::commit_message::{StepTrailer, Trailers};
use super::environment::Environment;
use super::key::Key;
use super::markdown::code;
use super::plain_text::one_line;
use super::plan::Plan;
use super::plan_request::GivenEdit;
use super::planned_edit::Cause;
use super::proposal::{Proposal, propose};
use super::pull_request::{PullRequestSettings, TITLE_LIMIT};
use super::rendering::render;
use super::template::TemplateError;
use crate::kustomize::BuildOptions;
use crate::model::{BranchName, Files};
use crate::traffic::{Aim, ShiftError, shift};

/// A step that is taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stepping {
    /// Where it leads.
    pub aim: Aim,
    /// What the destination gets before it, in percent.
    pub before: u32,
    /// Whether it leads back to the start.
    pub back: bool,
    /// Why, if nobody asked and it leads back.
    pub because: Option<String>,
    /// Annotations that repeat the weight and could not follow.
    pub stale: Vec<String>,
}

/// An environment as steps see it: their pull requests do not wait for what ticks itself by the source.
#[must_use]
pub fn steps_of(target: &Environment) -> Environment {
    let settings = &*target.pull_request;
    let checklist = settings.checklist.iter().filter(|item| !item.by_evidence).cloned().collect();
    let pull_request = Arc::new(PullRequestSettings { checklist, ..settings.clone() });
    Environment { pull_request, ..target.clone() }
}

/// A step towards an aim that somebody named, and its edits, for a plan.
///
/// # Errors
/// [`ShiftError`] if it cannot be taken.
pub fn step_edits(
    files: &dyn Files,
    target: &Environment,
    options: &BuildOptions,
    aim: &Aim,
) -> Result<(Stepping, Vec<GivenEdit>), ShiftError> {
    let build = |files: &dyn Files| render(files, &target.path, options);
    let shift = shift(files, &target.path, &build, aim)?;
    let given = shift.edits.iter().map(|(edit, fields)| GivenEdit {
        path: edit.path.clone(),
        after: edit.after.clone(),
        cause: Cause::Moved { fields: fields.clone() },
    });
    let given = given.collect();
    let (before, stale) = (shift.before, shift.stale);
    Ok((Stepping { aim: aim.clone(), before, back: false, because: None, stale }, given))
}

/// Makes all texts of the pull request of a step.
///
/// # Errors
/// [`TemplateError`] as [`propose`].
pub fn propose_step(
    plan: &Plan,
    stepping: &Stepping,
    previous_body: Option<&str>,
) -> Result<Proposal, TemplateError> {
    let proposal = propose(plan, previous_body)?;
    let title = one_line(&title(plan, stepping), TITLE_LIMIT);
    let aim = &stepping.aim;
    let step = StepTrailer {
        virtual_service: aim.virtual_service.clone(),
        to: aim.to.clone(),
        share: aim.share,
        back: stepping.back,
    };
    let trailers = Trailers { step: Some(step), ..Trailers::of(plan) };
    let intro = introduction(plan, stepping);
    let body = match proposal.body.split_once("\n\n") {
        Some((head, rest)) if head.starts_with("**") => format!("{head}\n\n{intro}\n\n{rest}"),
        _ => format!("{intro}\n\n{}", proposal.body),
    };
    Ok(Proposal {
        branch: step_branch(&plan.key())?,
        commit_message: format!("{title}\n\n{}", trailers.render()),
        title,
        body,
        ..proposal
    })
}

/// The head branch of steps into an environment.
///
/// # Errors
/// [`TemplateError`] if the names make no branch.
pub fn step_branch(key: &Key) -> Result<BranchName, TemplateError> {
    let name = match &key.application {
        Some(application) => format!("step/{application}/{}", key.target),
        None => format!("step/{}", key.target),
    };
    BranchName::parse(&name).map_err(|error| TemplateError::Result(error.to_string()))
}

fn title(plan: &Plan, stepping: &Stepping) -> String {
    let Aim { virtual_service, to, from, share, switches } = &stepping.aim;
    let word = if stepping.back { "Step back" } else { "Step" };
    let target = plan.target.title();
    match switches {
        true => format!("{word}: {target}, {virtual_service} from {from} to {to}"),
        false => format!("{word}: {target}, {virtual_service} {to} {share} %"),
    }
}

/// What moves, and why.
fn introduction(plan: &Plan, stepping: &Stepping) -> String {
    let Stepping { aim, before, back, because, stale } = stepping;
    let name = code(&aim.virtual_service.to_string(), 200);
    let (to, from) = (code(&aim.to, 100), code(&aim.from, 100));
    let share = aim.share;
    let moves = match aim.switches {
        true => format!("{to} becomes live in place of {from}."),
        false => format!("{to} gets {share} % ({before} % before), {from} the rest."),
    };
    let leads = if *back { " back to the start" } else { "" };
    let mut lines = vec![format!(
        "Moves the traffic of VirtualService {name}{leads}, and nothing else: {moves}"
    )];
    if let Some(because) = because {
        lines.push(format!(
            "\nNobody asked for it: {} is degraded.\n\n{because}",
            code(plan.target.name.as_str(), 100)
        ));
    }
    if !stale.is_empty() {
        let keys: Vec<String> = stale.iter().take(10).map(|key| code(key, 200)).collect();
        lines.push(format!(
            "\nAnnotations that repeat the weight and are not written in this environment's files stay as \
             they are: {}.",
            keys.join(", ")
        ));
    }
    lines.join("\n")
}
