//! Deployments on GitHub that we make, so that its own page of environments is right.

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::Call;
use super::{GithubError, Repository, address};
use crate::model::CommitSha;

#[derive(Deserialize)]
struct Wire {
    id: u64,
    #[serde(default)]
    payload: Value,
}

impl Repository {
    /// The deployment of a commit that says of itself that it is ours, if one was made: the answer may have been
    /// lost, or the note of it.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn find_our_deployment(
        &self,
        commit: &CommitSha,
        environment: &str,
    ) -> Result<Option<u64>, GithubError> {
        let name = address::query(environment);
        let path = self.path(&format!("/deployments?sha={commit}&environment={name}&per_page=100"));
        let call = Call::get("look for our deployment", path);
        let found: Vec<Wire> = self.client.json(self.who, call).await?;
        let ours = found.into_iter().find(|it| it.payload.get("overlift").is_some());
        Ok(ours.map(|it| it.id))
    }

    /// Makes a deployment of a commit and returns its id. It says of itself that it is ours.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn create_deployment(
        &self,
        commit: &CommitSha,
        environment: &str,
        description: &str,
        key: &str,
    ) -> Result<u64, GithubError> {
        let body = json!({
            "ref": commit.as_str(),
            "environment": environment,
            "description": description,
            "auto_merge": false,
            "required_contexts": [],
            "payload": { "overlift": key },
        });
        let call = Call::post("make the deployment", self.path("/deployments"), body);
        let Wire { id, .. } = self.client.json(self.who, call).await?;
        Ok(id)
    }

    /// Says how a deployment goes; a later word takes the place of an earlier one.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn set_deployment_status(
        &self,
        deployment: u64,
        state: &str,
        description: &str,
        url: Option<&str>,
    ) -> Result<(), GithubError> {
        let mut body = json!({ "state": state, "description": description });
        if let Some(url) = url {
            body["log_url"] = url.into();
        }
        let path = self.path(&format!("/deployments/{deployment}/statuses"));
        let call = Call::post("say how the deployment goes", path, body).repeatable();
        self.client.send(self.who, call).await.map(|_| ())
    }
}
