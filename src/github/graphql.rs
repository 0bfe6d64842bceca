//! What is known of GraphQL at this server: whether it is there, by which ids it knows repositories, and how it
//! answers.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;

use super::GithubError;
use super::call::{Answer, MESSAGE_CHARS};
use super::error::{bad, visible};
use super::lock::lock;
use crate::model::RepoName;

/// A server without GraphQL is asked for it again after this.
const ABSENT_FOR: Duration = Duration::from_secs(3600);

/// What was learnt by asking.
#[derive(Default)]
pub(super) struct Graphql {
    /// The node ids of repositories; `None` for one that has none.
    nodes: Mutex<BTreeMap<RepoName, Option<String>>>,
    absent_until: Mutex<Option<Instant>>,
}

impl Graphql {
    /// A repository's node id; the outer `None` says that it was not asked for yet.
    pub(super) fn node(&self, name: &RepoName) -> Option<Option<String>> {
        lock(&self.nodes).get(name).cloned()
    }

    /// Notes the node id that came with another answer.
    pub(super) fn note_node(&self, name: &RepoName, node: Option<&str>) {
        let mut nodes = lock(&self.nodes);
        let known = nodes.entry(name.clone()).or_default();
        if node.is_some() {
            *known = node.map(str::to_owned);
        }
    }

    /// Whether the server had no GraphQL a short while ago.
    pub(super) fn is_absent(&self) -> bool {
        lock(&self.absent_until).is_some_and(|until| Instant::now() < until)
    }

    pub(super) fn note_absent(&self) {
        *lock(&self.absent_until) = Some(Instant::now() + ABSENT_FOR);
    }
}

/// An answer as GraphQL writes it: its status is 200 whatever became of the question.
#[derive(Deserialize)]
pub(super) struct WireAnswer {
    pub(super) data: Option<Value>,
    #[serde(default)]
    pub(super) errors: Vec<WireError>,
}

#[derive(Deserialize)]
pub(super) struct WireError {
    #[serde(default)]
    pub(super) message: String,
}

impl WireError {
    /// Whether an Enterprise Server does not know yet what was asked for.
    pub(super) fn is_unknown(&self) -> bool {
        ["doesn't exist on type", "isn't a defined"].iter().any(|it| self.message.contains(it))
    }
}

/// How a question was answered.
pub(super) enum Answered<T> {
    /// As it was meant.
    Data(T),
    /// With errors, in GitHub's words.
    Refused(String),
    /// There is nobody who could: no GraphQL, or one that does not know what was asked for.
    Nobody,
}

impl<T: DeserializeOwned> Answered<T> {
    /// Reads what came back.
    pub(super) fn of(
        request: &'static str,
        answer: Result<Answer, GithubError>,
    ) -> Result<Self, GithubError> {
        let Some(answer) = visible(answer)? else { return Ok(Self::Nobody) };
        let WireAnswer { data, errors } = answer.json(request)?;
        if errors.iter().any(WireError::is_unknown) {
            return Ok(Self::Nobody);
        }
        if !errors.is_empty() {
            let words: Vec<String> = errors.into_iter().map(|error| error.message).collect();
            return Ok(Self::Refused(words.join("; ").chars().take(MESSAGE_CHARS).collect()));
        }
        let data = data.ok_or_else(|| bad(request, &"there is no data"))?;
        serde_json::from_value(data).map(Self::Data).map_err(|error| bad(request, &error))
    }
}
