//! The repository on GitHub that a command is about, and the token for it.

use std::path::Path;

use clap::Args;

use super::basis::Checkout;
use super::build::open_workspace;
use super::engine::EngineArguments;
use super::report::Failure;
use crate::app::local::Workspace;
use crate::app::{OnGithub, OnGithubError};
use crate::model::{ApplicationName, EnvironmentName, RepoName};
use crate::redact::Credential;

/// GitHub's own API, and the host of the repositories behind it.
const API_URL: &str = "https://api.github.com";
const HOST: &str = "github.com";

/// Which repository on GitHub, and how to reach it.
#[derive(Debug, Args)]
pub(super) struct RemoteArguments {
    /// Work on this repository on GitHub [default: the checkout's remote `origin`, if there is a token].
    #[arg(long, value_name = "OWNER/NAME")]
    repo: Option<String>,
    #[command(flatten)]
    github: GithubArguments,
}

/// How to reach GitHub.
#[derive(Args)]
pub(super) struct GithubArguments {
    /// Base of GitHub's API [default: `https://api.github.com`].
    #[arg(long, env = "GITHUB_API_URL", value_name = "URL", hide_env_values = true)]
    github_api_url: Option<String>,
    /// Token for GitHub; `GH_TOKEN` counts too.
    #[arg(long, env = "GITHUB_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    github_token: Option<String>,
    #[arg(long, env = "GH_TOKEN", hide = true, hide_env_values = true)]
    gh_token: Option<String>,
}

impl std::fmt::Debug for GithubArguments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // One of them is a credential.
        f.write_str("GithubArguments")
    }
}

impl GithubArguments {
    pub(super) fn api_url(&self) -> String {
        self.github_api_url.as_deref().filter(|url| !url.is_empty()).unwrap_or(API_URL).to_owned()
    }

    pub(super) fn token(&self) -> Option<Credential> {
        let tokens = [&self.github_token, &self.gh_token];
        tokens.into_iter().flatten().find_map(|text| Credential::new("token", text).ok())
    }
}

/// A repository on GitHub and the token for it.
#[derive(Debug)]
pub(super) struct Remote {
    pub(super) repository: RepoName,
    api_url: String,
    token: Credential,
}

impl RemoteArguments {
    /// The repository that is named.
    pub(super) fn named(&self) -> anyhow::Result<Option<Remote>> {
        let Some(name) = &self.repo else { return Ok(None) };
        let token = self.github.token().ok_or_else(|| {
            anyhow::anyhow!("there is no token for GitHub: set `GITHUB_TOKEN` or `GH_TOKEN`")
        })?;
        Ok(Some(Remote {
            repository: RepoName::parse(name)?,
            api_url: self.github.api_url(),
            token,
        }))
    }

    /// The repository that is named or that the checkout here was cloned from, with that checkout; `what` is a pull request.
    ///
    /// # Errors
    /// What to name, if there is none.
    pub(super) fn of_pull_request(
        &self,
        what: &str,
        directory: &Path,
        engine: EngineArguments,
    ) -> Result<(Remote, Option<Workspace>), Failure> {
        if let Some(remote) = self.named()? {
            return Ok((remote, workspace_here(directory, engine)));
        }
        let workspace = open_workspace(directory, None, engine)?;
        let remote = self.of_checkout(&workspace)?.ok_or_else(|| {
            anyhow::anyhow!(
                "{what}: name the repository with `--repo OWNER/NAME`, and set `GITHUB_TOKEN` or `GH_TOKEN`"
            )
        })?;
        Ok((remote, Some(workspace)))
    }

    /// The repository that a checkout was cloned from; `None` if that is not on GitHub or there is no token.
    pub(super) fn of_checkout(&self, workspace: &Workspace) -> anyhow::Result<Option<Remote>> {
        let Some(token) = self.github.token() else { return Ok(None) };
        let Some(address) = workspace.origin()? else { return Ok(None) };
        let repository = on_github(&address, &self.github.api_url());
        Ok(repository.map(|repository| Remote {
            repository,
            api_url: self.github.api_url(),
            token,
        }))
    }
}

impl Remote {
    /// How a checkout is related to it.
    pub(super) fn relation(&self, workspace: &Workspace) -> Checkout {
        let Ok(Some(address)) = workspace.origin() else { return Checkout::Unknown };
        match on_github(&address, &self.api_url) {
            Some(name) if name == self.repository => Checkout::OfIt,
            _ => Checkout::OfAnother,
        }
    }

    /// The same where other things may go wrong, too.
    pub(super) fn run_any<T>(
        &self,
        workspace: Option<Workspace>,
        work: impl AsyncFnOnce(&OnGithub) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let github = OnGithub::open(&self.api_url, &self.token, &self.repository).await?;
            let github = match workspace {
                Some(workspace) => github.with_checkout(workspace.into()),
                None => github,
            };
            work(&github).await
        })
    }

    /// Runs something on the repository to its end.
    pub(super) fn run<T>(
        &self,
        workspace: Option<Workspace>,
        work: impl AsyncFnOnce(&OnGithub) -> Result<T, OnGithubError>,
    ) -> anyhow::Result<T> {
        self.run_any(workspace, async |github| Ok(work(github).await?))
    }
}

/// The environment and the application that a command is about.
///
/// # Errors
/// Why one is no name.
pub(super) fn into(
    target: &str,
    application: Option<&str>,
) -> Result<(EnvironmentName, Option<ApplicationName>), Failure> {
    let target = EnvironmentName::parse(target).map_err(anyhow::Error::from)?;
    let application = application.map(ApplicationName::parse).transpose();
    Ok((target, application.map_err(anyhow::Error::from)?))
}

/// The checkout that a command runs in, if it does: with a named repository it need not.
pub(super) fn workspace_here(directory: &Path, engine: EngineArguments) -> Option<Workspace> {
    open_workspace(directory, None, engine).ok()
}

/// The repository that a remote's address means, if it is on the GitHub whose API that is.
fn on_github(address: &str, api_url: &str) -> Option<RepoName> {
    let (host, path) = match address.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?,
        // `git@github.com:owner/name`
        None => address.split_once(':')?,
    };
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    let api = api_url.split_once("://").map_or(api_url, |(_, rest)| rest);
    let api = api.split(['/', ':']).next().unwrap_or_default();
    // An API elsewhere may be a proxy of GitHub's own.
    if !host.eq_ignore_ascii_case(HOST) && !host.eq_ignore_ascii_case(api) {
        return None;
    }
    let path = path.trim_matches('/');
    RepoName::parse(path.strip_suffix(".git").unwrap_or(path)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remotes_address_tells_the_repository() {
        let name = |address, api| on_github(address, api).map(|name| name.to_string());
        for address in [
            "https://github.com/octo/mesh.git",
            "https://github.com/octo/mesh",
            "https://x-access-token:secret@github.com/octo/mesh.git/",
            "git@github.com:octo/mesh.git",
            "ssh://git@github.com:22/octo/mesh",
            "ssh://git@GitHub.com/octo/mesh",
        ] {
            assert_eq!(name(address, API_URL).as_deref(), Some("octo/mesh"), "{address}");
        }
        let ghes = "https://ghes.example:8443/api/v3";
        assert_eq!(name("git@ghes.example:octo/mesh.git", ghes).as_deref(), Some("octo/mesh"));
        for address in [
            "https://gitlab.com/octo/mesh.git",
            "git@ghes.example:octo/mesh.git",
            "/srv/git/mesh.git",
            "file:///srv/git/mesh.git",
            "https://github.com/octo",
            "https://github.com.evil.example/octo/mesh",
        ] {
            assert_eq!(name(address, API_URL), None, "{address}");
        }
    }
}
