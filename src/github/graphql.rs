//! What is known of GraphQL at this server: whether it is there, and by which ids it knows repositories.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

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
