//! Somebody asks for a promotion from outside a conversation: a workflow, or a program.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::payload::{Payload, PayloadError};
use super::repository::{Repository, WireInstallation, WireRepository};
use crate::github::Account;
use crate::github::account::WireAccount;

/// Somebody asks for a promotion from outside a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispatch {
    /// Where.
    pub repository: Repository,
    /// The branch that the workflow ran on; `None` for `repository_dispatch`, which has none.
    pub branch: Option<String>,
    /// The source environment, as it was written.
    pub source: String,
    /// The target environment, as it was written.
    pub target: String,
    /// The applications, as they were written: several with commas, none for all that have something.
    pub application: String,
    /// Whether everything that differs is to come over.
    pub all: bool,
    /// Who asks.
    pub sender: Option<Account>,
}

#[derive(Deserialize)]
struct WorkflowDispatch {
    #[serde(rename = "ref")]
    reference: String,
    inputs: Option<Pair>,
    repository: WireRepository,
    installation: Option<WireInstallation>,
    sender: Option<WireAccount>,
}

#[derive(Deserialize)]
struct RepositoryDispatch {
    client_payload: Option<Pair>,
    repository: WireRepository,
    installation: Option<WireInstallation>,
    sender: Option<WireAccount>,
}

#[derive(Default, Deserialize)]
struct Pair {
    source_env: Option<String>,
    target_env: Option<String>,
    application: Option<String>,
    all: Option<Flag>,
}

/// Inputs of workflows are texts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Flag {
    Yes(bool),
    Text(String),
    Other(#[allow(dead_code, reason = "nobody reads it")] IgnoredAny),
}

impl Pair {
    fn wants_all(&self) -> bool {
        match &self.all {
            Some(Flag::Yes(all)) => *all,
            Some(Flag::Text(text)) => text.trim() == "true",
            Some(Flag::Other(_)) | None => false,
        }
    }
}

/// Reads `workflow_dispatch`.
///
/// Workflows have inputs of any name: one without ours is somebody else's, one with half of ours
/// was meant for us and is wrong.
pub(super) fn of_workflow(payload: &Payload<'_>) -> Result<Option<Dispatch>, PayloadError> {
    let dispatch: WorkflowDispatch = payload.read()?;
    let repository = payload.repository(dispatch.repository, dispatch.installation)?;
    let pair = dispatch.inputs.unwrap_or_default();
    if pair.source_env.is_none() && pair.target_env.is_none() {
        return Ok(None);
    }
    let reference = dispatch.reference;
    let branch = reference.strip_prefix("refs/heads/").unwrap_or(&reference).to_owned();
    Ok(Some(Dispatch {
        repository,
        branch: Some(branch),
        all: pair.wants_all(),
        application: pair.application.unwrap_or_default(),
        source: pair.source_env.ok_or_else(|| payload.unusable("inputs.source_env"))?,
        target: pair.target_env.ok_or_else(|| payload.unusable("inputs.target_env"))?,
        sender: dispatch.sender.map(Account::from),
    }))
}

/// Reads `repository_dispatch`.
pub(super) fn of_repository(payload: &Payload<'_>) -> Result<Dispatch, PayloadError> {
    let dispatch: RepositoryDispatch = payload.read()?;
    let pair = dispatch.client_payload.unwrap_or_default();
    Ok(Dispatch {
        repository: payload.repository(dispatch.repository, dispatch.installation)?,
        branch: None,
        all: pair.wants_all(),
        application: pair.application.unwrap_or_default(),
        source: pair.source_env.ok_or_else(|| payload.unusable("client_payload.source_env"))?,
        target: pair.target_env.ok_or_else(|| payload.unusable("client_payload.target_env"))?,
        sender: dispatch.sender.map(Account::from),
    })
}
