//! Why the Action fails, and what the person who reads its log can do about it.

use std::path::PathBuf;

use crate::app::OnGithubError;
use crate::app::local::LocalError;
use crate::github::GithubError;
use crate::model::{InvalidName, Location};

/// Why the Action fails.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// An input is missing or has a value that it cannot have.
    #[error("the input `{name}` {reason}")]
    Input {
        /// The input.
        name: &'static str,
        /// What is wrong and what to write.
        reason: String,
    },
    /// A variable that the runner sets is not there.
    #[error("the variable `{0}` is not set: is this running in a workflow?")]
    NoVariable(&'static str),
    /// A name of an environment or a repository is none.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// A file of the runner's cannot be written.
    #[error("cannot write `{}`", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Nobody who may push decided on this run, or it is of another branch.
    #[error("{0}")]
    NotTrusted(String),
    /// The checkout is a part of a repository.
    #[error("`{below}` is a part of the repository, and pull requests are planned from its root")]
    BelowTheRoot {
        /// The working directory, from the repository's root.
        below: String,
    },
    /// The promotion cannot be planned in the checkout.
    #[error(transparent)]
    Local(#[from] LocalError),
    /// The promotion cannot be planned or carried out on GitHub.
    #[error(transparent)]
    OnGithub(#[from] OnGithubError),
    /// A promotion, or a pull request, brings findings that the input `fail-on` does not let pass.
    #[error("the {what} brings {}", brought(*errors, *warnings))]
    Findings {
        /// Which of the two.
        what: &'static str,
        /// How many errors.
        errors: usize,
        /// How many warnings.
        warnings: usize,
    },
    /// The commit that a pull request is to be merged into is not in the checkout.
    #[error("the pull request's base {commit} is not in the checkout")]
    NoBase {
        /// The commit.
        commit: String,
    },
    /// The runtime for requests cannot be started.
    #[error("no requests can be made on this machine")]
    Runtime(#[source] std::io::Error),
}

/// `1 error and 14 warnings`.
fn brought(errors: usize, warnings: usize) -> String {
    let counted = |count: usize, one: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {one}s"),
    };
    match (errors, warnings) {
        (0, warnings) => counted(warnings, "warning"),
        (errors, 0) => counted(errors, "error"),
        (errors, warnings) => {
            format!("{} and {}", counted(errors, "error"), counted(warnings, "warning"))
        }
    }
}

impl From<GithubError> for ActionError {
    fn from(error: GithubError) -> Self {
        Self::OnGithub(error.into())
    }
}

/// What a job needs, in the words of a workflow.
const PERMISSIONS: &str =
    "give the job `permissions:` with `contents: write` and `pull-requests: write`";

impl ActionError {
    /// The place a person has to edit.
    #[must_use]
    pub fn location(&self) -> Option<&Location> {
        match self {
            Self::Local(error) => error.location(),
            Self::OnGithub(OnGithubError::Broken { at: Some(at), .. }) => Some(at),
            _ => None,
        }
    }

    /// What to do about it, if we know.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::BelowTheRoot { below } => Some(format!(
                "name the environments' paths from the root in `.github/overlift.yaml`, such as \
                 `path: {below}/overlays/production`, and leave out `working-directory`"
            )),
            Self::OnGithub(OnGithubError::Github(error)) => github_help(error),
            Self::OnGithub(OnGithubError::Foreign { .. }) => Some(
                "merge or close that pull request, or delete the branch; `/promote` there makes the \
                 branch anew where the service runs"
                    .to_owned(),
            ),
            Self::NoBase { .. } => {
                Some("run `actions/checkout` with `fetch-depth: 0` before this step".to_owned())
            }
            Self::Findings { .. } => Some(
                "the step's summary and the annotations have them; `fail-on: never` lets the step pass"
                    .to_owned(),
            ),
            Self::Local(error) if error.is_about_history() => Some(
                "run `actions/checkout` with `fetch-depth: 0` before this step, or give the input `token`"
                    .to_owned(),
            ),
            Self::Local(LocalError::Workdir(_)) => {
                Some("run `actions/checkout` before this step".to_owned())
            }
            _ => None,
        }
    }

    /// All that is said of it, the causes below it, each once.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            let said = error.to_string();
            if !text.contains(&said) {
                text.push_str(": ");
                text.push_str(&said);
            }
            cause = error.source();
        }
        if let Some(help) = self.help() {
            text.push_str("\nhelp: ");
            text.push_str(&help);
        }
        text
    }
}

/// GitHub's refusals that have to do with a workflow's token and its settings.
fn github_help(error: &GithubError) -> Option<String> {
    let words = match error {
        GithubError::Forbidden { message, .. } | GithubError::Refused { message, .. } => message,
        GithubError::Unauthorized { .. } => {
            return Some(
                "the token is wrong, expired or revoked; leave out the input `token` for the \
                 workflow's own"
                    .to_owned(),
            );
        }
        GithubError::NotFound { .. } => {
            return Some(format!("the token does not reach this repository: {PERMISSIONS}"));
        }
        _ => return None,
    };
    if words.contains("not permitted to create") {
        return Some(
            "allow it in Settings, Actions, General, Workflow permissions, \"Allow GitHub Actions to \
             create and approve pull requests\" (the organisation may have to allow it first), or \
             give the input `token` a token of a GitHub App"
                .to_owned(),
        );
    }
    if words.contains("workflow") && words.contains("scope") {
        return Some(
            "a promotion that edits `.github/workflows` needs a token with the permission `workflows`"
                .to_owned(),
        );
    }
    matches!(error, GithubError::Forbidden { .. }).then(|| PERMISSIONS.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(message: &str) -> ActionError {
        GithubError::Forbidden { request: "open the pull request", message: message.to_owned() }
            .into()
    }

    #[test]
    fn refusals_say_what_to_change_in_the_workflow() {
        let text = refused("Resource not accessible by integration").text();
        assert!(text.contains("open the pull request"), "{text}");
        assert!(text.contains("`contents: write` and `pull-requests: write`"), "{text}");
        let text =
            refused("GitHub Actions is not permitted to create or approve pull requests.").text();
        assert!(text.contains("Settings, Actions, General"), "{text}");
    }
}
