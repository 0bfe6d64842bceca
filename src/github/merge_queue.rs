//! GitHub's merge queue, which is reached by GraphQL alone.
//!
//! <https://docs.github.com/en/graphql/reference/pulls#enqueuepullrequest>

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::call::Call;
use super::graphql::Answered;
use super::{GithubError, Repository};
use crate::model::{CommitSha, PullRequestNumber};

const PLACE: &str = "query($owner: String!, $name: String!, $number: Int!) { \
     repository(owner: $owner, name: $name) { pullRequest(number: $number) { \
     id isMergeQueueEnabled isInMergeQueue } } }";
const ENTER: &str = "mutation($input: EnqueuePullRequestInput!) { \
     enqueuePullRequest(input: $input) { mergeQueueEntry { position } } }";
const LEAVE: &str = "mutation($input: DequeuePullRequestInput!) { \
     dequeuePullRequest(input: $input) { mergeQueueEntry { position } } }";

/// How a pull request stands to the merge queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Queued {
    /// It is in the queue.
    Yes,
    /// No queue merges into its base branch, or none that we can reach.
    NoQueue,
    /// It was there and is no more: somebody, or a check that failed there, took it out.
    Left,
    /// GitHub does not let it in, in its words.
    Refused(String),
}

#[derive(Deserialize)]
struct WireData {
    repository: Option<WireRepository>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireRepository {
    pull_request: Option<WirePlace>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WirePlace {
    id: String,
    is_merge_queue_enabled: bool,
    is_in_merge_queue: bool,
}

impl Repository {
    /// Puts a pull request into the merge queue, by the commit that was looked at. One that is there stays
    /// where it is, and one that `was_there` with this commit is not put in again. An answer that was lost is
    /// found by asking again.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn enter_merge_queue(
        &self,
        number: PullRequestNumber,
        head: &CommitSha,
        was_there: bool,
    ) -> Result<Queued, GithubError> {
        let Some(place) = self.place_in_queue(number).await? else { return Ok(Queued::NoQueue) };
        if place.is_in_merge_queue {
            return Ok(Queued::Yes);
        }
        if !place.is_merge_queue_enabled {
            return Ok(Queued::NoQueue);
        }
        if was_there {
            return Ok(Queued::Left);
        }
        let input = json!({ "pullRequestId": place.id, "expectedHeadOid": head.as_str() });
        self.move_in_queue("put the pull request into the merge queue", ENTER, input).await
    }

    /// Takes a pull request out of the merge queue, if it is there.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn leave_merge_queue(&self, number: PullRequestNumber) -> Result<(), GithubError> {
        let place = self.place_in_queue(number).await?;
        let Some(place) = place.filter(|place| place.is_in_merge_queue) else { return Ok(()) };
        let input = json!({ "id": place.id });
        let left = self
            .move_in_queue("take the pull request out of the merge queue", LEAVE, input)
            .await?;
        if let Queued::Refused(words) = left {
            // It was merged a moment ago, or somebody else took it out.
            tracing::info!(
                pull_request = number.get(),
                because = words,
                "it does not leave the queue"
            );
        }
        Ok(())
    }

    /// `None` where there is no GraphQL, or one that knows no queues.
    async fn place_in_queue(
        &self,
        number: PullRequestNumber,
    ) -> Result<Option<WirePlace>, GithubError> {
        const REQUEST: &str = "look for the pull request in the merge queue";
        let variables = json!({
            "owner": self.name.owner(), "name": self.name.name(), "number": number.get(),
        });
        let answered = self.ask_graphql::<WireData>(REQUEST, PLACE, variables, true).await?;
        let Answered::Data(data) = answered else { return Ok(None) };
        Ok(data.repository.and_then(|repository| repository.pull_request))
    }

    async fn move_in_queue(
        &self,
        request: &'static str,
        mutation: &str,
        input: Value,
    ) -> Result<Queued, GithubError> {
        let variables = json!({ "input": input });
        Ok(match self.ask_graphql::<Value>(request, mutation, variables, false).await? {
            Answered::Data(_) => Queued::Yes,
            Answered::Refused(words) => Queued::Refused(words),
            Answered::Nobody => Queued::NoQueue,
        })
    }

    async fn ask_graphql<T: DeserializeOwned>(
        &self,
        request: &'static str,
        query: &str,
        variables: Value,
        repeatable: bool,
    ) -> Result<Answered<T>, GithubError> {
        if self.client.graphql.is_absent() {
            return Ok(Answered::Nobody);
        }
        let call = Call::graphql(request, json!({ "query": query, "variables": variables }));
        let call = if repeatable { call.repeatable() } else { call };
        Answered::of(request, self.client.send(self.who, call).await)
    }
}
