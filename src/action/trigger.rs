//! What started the workflow, and whether that may start a promotion.
//!
//! A plan of a dry run touches nothing, so anything may ask for one. A pull request is opened only for what
//! somebody with write access decided: a fork's pull request and a comment never start a promotion.

use serde::Deserialize;

use super::ActionError;
use super::input::Lookup;

/// The events that may start a promotion; whoever causes one has write access, or it comes by the clock. Many
/// others may be caused by anybody in a public repository (`issue_comment`, `watch`, `fork`, `gollum`), run
/// with a fork's files (`pull_request_target`), or are about a tag (`release`); so all of them are refused.
/// Without an event the program was started by hand.
const TRUSTED: [&str; 7] = [
    "push",
    "workflow_dispatch",
    "repository_dispatch",
    "schedule",
    "pull_request",
    "workflow_run",
    "",
];

/// What started the workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trigger {
    event: String,
    reference: String,
    payload: Payload,
}

/// The fields of the event that count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Payload {
    pull_request: Option<PullRequest>,
    workflow_run: Option<WorkflowRun>,
    repository: Option<Named>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct WorkflowRun {
    event: String,
    head_repository: Option<Named>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Named {
    full_name: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct PullRequest {
    merged: Option<bool>,
    base: Option<Base>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Base {
    sha: String,
}

impl Trigger {
    /// Reads the runner's variables and the text of the event's file. An event that is no JSON has no
    /// fields; the runner writes it, so that is a workflow run by hand.
    pub(super) fn read(variable: Lookup<'_>, event: Option<&str>) -> Self {
        let text = |name| variable(name).unwrap_or_default();
        Self {
            event: text("GITHUB_EVENT_NAME"),
            reference: text("GITHUB_REF"),
            payload: event.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default(),
        }
    }

    /// The commit that an open pull request is to be merged into, where one started the workflow.
    pub(super) fn previews(&self) -> Option<&str> {
        let open = self.payload.pull_request.as_ref().filter(|it| it.merged != Some(true))?;
        let base = open.base.as_ref().filter(|base| !base.sha.is_empty())?;
        (self.event == "pull_request").then_some(base.sha.as_str())
    }

    /// Whether a person asked for this very promotion, or a change led to it.
    pub(super) fn is_asked(&self) -> bool {
        matches!(self.event.as_str(), "workflow_dispatch" | "repository_dispatch")
    }

    /// Whether the run before this one was of this repository, by an event that may start a promotion.
    fn follows_a_run_of_our_own(&self) -> bool {
        let Payload { workflow_run: Some(run), repository: Some(here), .. } = &self.payload else {
            return false;
        };
        let is_ours = run.head_repository.as_ref().is_some_and(|head| head == here);
        is_ours
            && ["push", "workflow_dispatch", "repository_dispatch", "schedule"]
                .contains(&run.event.as_str())
    }

    /// Refuses what must not open a pull request.
    ///
    /// # Errors
    /// [`ActionError::NotTrusted`] with what to do.
    pub(super) fn may_promote(&self, default_branch: &str) -> Result<(), ActionError> {
        let refuse = |text: String| Err(ActionError::NotTrusted(text));
        let event = &self.event;
        if !TRUSTED.contains(&event.as_str()) {
            return refuse(format!(
                "the event `{event}` does not start a promotion: only those do that nobody without write \
                 access can cause; use `workflow_dispatch`, or the service, which asks GitHub who may \
                 `/promote`"
            ));
        }
        if event == "workflow_run" && !self.follows_a_run_of_our_own() {
            return refuse(
                "the workflow that this run follows was started by a pull request or a fork, which does \
                 not start a promotion"
                    .to_owned(),
            );
        }
        if self.reference.starts_with("refs/tags/") {
            return refuse(format!(
                "this run is of `{}`, and promotions are of the default branch `{default_branch}`",
                self.reference
            ));
        }
        if self.payload.pull_request.as_ref().is_some_and(|it| it.merged != Some(true)) {
            return refuse(format!(
                "a pull request that is not merged does not start a promotion (event `{event}`); \
                 use `dry-run: true` to see the plan"
            ));
        }
        match self.reference.strip_prefix("refs/heads/") {
            Some(branch) if branch != default_branch => refuse(format!(
                "this run is of the branch `{branch}`, and promotions are of the default branch \
                 `{default_branch}`; choose it in \"Use workflow from\", or use `dry-run: true`"
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(event: &str, reference: &str, payload: &str) -> Result<(), String> {
        let variable = |name: &str| match name {
            "GITHUB_EVENT_NAME" => Some(event.to_owned()),
            "GITHUB_REF" => Some(reference.to_owned()),
            _ => None,
        };
        let trigger = Trigger::read(&variable, Some(payload));
        trigger.may_promote("main").map_err(|error| error.to_string())
    }

    #[test]
    fn the_default_branch_may_be_promoted() {
        for (event, reference) in [
            ("workflow_dispatch", "refs/heads/main"),
            ("push", "refs/heads/main"),
            ("schedule", "refs/heads/main"),
            ("", ""),
        ] {
            assert_eq!(may(event, reference, "{}"), Ok(()), "{event}");
        }
        let run = r#"{"workflow_run":{"event":"push","head_repository":{"full_name":"o/r"}},"repository":{"full_name":"o/r"}}"#;
        assert_eq!(may("workflow_run", "refs/heads/main", run), Ok(()));
        for (event, reference, payload) in [
            ("watch", "refs/heads/main", "{}"),
            ("fork", "refs/heads/main", "{}"),
            ("gollum", "refs/heads/main", "{}"),
            ("pull_request_target", "refs/heads/main", r#"{"pull_request":{"merged":true}}"#),
            ("push", "refs/tags/v1", "{}"),
            ("release", "refs/tags/v1", "{}"),
            ("workflow_run", "refs/heads/main", "{}"),
            ("workflow_run", "refs/heads/main", &run.replacen("o/r", "fork/r", 1)),
            ("workflow_run", "refs/heads/main", &run.replace("\"push\"", "\"pull_request\"")),
        ] {
            assert!(may(event, reference, payload).is_err(), "{event} {reference}");
        }
        let merged = r#"{"pull_request":{"merged":true}}"#;
        assert_eq!(may("pull_request", "refs/heads/main", merged), Ok(()));
    }

    #[test]
    fn nobody_promotes_from_outside() {
        let open = r#"{"pull_request":{"merged":false,"head":{"repo":{"fork":true}}}}"#;
        for (event, reference, payload, words) in [
            ("workflow_dispatch", "refs/heads/topic", "{}", "of the branch `topic`"),
            ("pull_request", "refs/pull/7/merge", open, "not merged"),
            ("pull_request_target", "refs/heads/main", open, "without write access"),
            ("issue_comment", "refs/heads/main", "{}", "without write access"),
        ] {
            let said = may(event, reference, payload).unwrap_err();
            assert!(said.contains(words), "{event}: {said}");
        }
    }
}
