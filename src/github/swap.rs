//! A branch is moved, or taken away, only from the commit that was seen: compare and swap.
//!
//! GitHub's REST API cannot compare: `force: false` allows nothing but fast forwards, and a promotion's commit
//! stands on the default branch and not on the one that it replaces. GraphQL's `updateRefs` can, by
//! `beforeOid`. Where there is no GraphQL the tip is read right before, which leaves the time of one
//! request; `docs/security.md` says so. A server whose repositories have no node id is not asked.
//! <https://docs.github.com/en/graphql/reference/git#updaterefs>

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::Call;
use super::error::found;
use super::graphql::{WireAnswer, WireError};
use super::{GithubError, Repository};
use crate::model::{BranchName, CommitSha};

const MUTATION: &str =
    "mutation($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }";

/// What became of the wish to compare and swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Swap {
    /// It is done.
    Done,
    /// It was not done, or nobody knows: the tip tells. GraphQL gives no word for *it is elsewhere*.
    Unclear,
    /// There is nobody who could.
    Absent,
}

/// What REST says of a repository beside the rest.
#[derive(Deserialize)]
struct WireNode {
    node_id: Option<String>,
}

impl Repository {
    /// Notes the node id that came with another answer.
    pub(super) fn note_node(&self, node: Option<&str>) {
        self.client.graphql.note_node(&self.name, node);
    }

    /// Moves a branch from a commit to another one, or with `None` takes it away, if it is there.
    pub(super) async fn swap(
        &self,
        request: &'static str,
        branch: &BranchName,
        (from, to): (&CommitSha, Option<&CommitSha>),
    ) -> Result<Swap, GithubError> {
        if self.client.graphql.is_absent() {
            return Ok(Swap::Absent);
        }
        let Some(node) = self.node().await? else { return Ok(Swap::Absent) };
        let nothing = "0".repeat(from.as_str().len());
        let update = json!({
            "name": format!("refs/heads/{branch}"),
            "beforeOid": from.as_str(),
            "afterOid": to.map_or(nothing.as_str(), CommitSha::as_str),
            "force": true,
        });
        let input = json!({ "repositoryId": node, "refUpdates": [update] });
        let body = json!({ "query": MUTATION, "variables": { "input": input } });
        let call = Call::graphql(request, body);
        let answer = self.client.send(self.who, call).await;
        let answer = answer.and_then(|answer| answer.json::<WireAnswer>(request));
        Ok(match &answer {
            Ok(WireAnswer { data: Some(data), errors })
                if errors.is_empty() && data.get("updateRefs").is_some_and(Value::is_object) =>
            {
                return Ok(Swap::Done);
            }
            // An Enterprise Server whose GraphQL does not know it yet.
            Ok(WireAnswer { errors, .. }) if errors.iter().any(WireError::is_unknown) => {
                self.absent()
            }
            Ok(_) => Swap::Unclear,
            Err(
                GithubError::NotFound { .. }
                | GithubError::Refused { .. }
                | GithubError::Forbidden { .. }
                | GithubError::Unauthorized { .. }
                | GithubError::BadAnswer { .. }
                | GithubError::Unavailable { .. },
            ) => self.absent(),
            Err(_) => Swap::Unclear,
        })
    }

    /// Remembers that there is no GraphQL. Something may have been done all the same, so the tip has to tell.
    fn absent(&self) -> Swap {
        tracing::debug!(
            "GitHub moves no branch by GraphQL; REST does, from the tip that is read before"
        );
        self.client.graphql.note_absent();
        Swap::Unclear
    }

    async fn node(&self) -> Result<Option<String>, GithubError> {
        if let Some(known) = self.client.graphql.node(&self.name) {
            return Ok(known);
        }
        let call = Call::get("find the repository", self.path("")).conditional();
        let wire = found(self.client.json::<WireNode>(self.who, call).await)?;
        let node = wire.and_then(|wire| wire.node_id);
        self.note_node(node.as_deref());
        Ok(node)
    }
}
