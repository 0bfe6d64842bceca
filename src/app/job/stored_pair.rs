//! Between which environments a job is, as the queue writes it.

use serde::{Deserialize, Serialize};

use super::repository_address::RepositoryAddress;
use crate::promotion::{Intent, Key};

/// A source and a target, of one application where there are some.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct StoredPair {
    /// The application, where there are some.
    #[serde(default)]
    pub(in crate::app) application: Option<String>,
    pub(in crate::app) source: String,
    pub(in crate::app) target: String,
}

impl StoredPair {
    /// The pair of a promotion.
    pub(super) fn of(key: &Key) -> Self {
        Self {
            application: key.application.as_ref().map(|name| name.as_str().to_owned()),
            source: key.source.as_str().to_owned(),
            target: key.target.as_str().to_owned(),
        }
    }

    /// Which promotion; `None` if somebody changed the queue by hand.
    pub(super) fn key(&self, intent: Intent) -> Option<Key> {
        let application = self.application.as_deref().unwrap_or_default();
        Some(Key::named(&self.source, &self.target, application)?.with(intent))
    }

    /// What makes a second job of a kind the same job.
    pub(super) fn queue_key(&self, kind: &str, place: &RepositoryAddress) -> String {
        let Self { source, target, .. } = self;
        format!("{kind} {} {source} {target}{}", place.key(), self.of_application())
    }

    /// The lane of what changes the target's pull requests: one at a time.
    pub(super) fn lane(&self, place: &RepositoryAddress) -> String {
        format!("promote {} {}{}", place.key(), self.target, self.of_application())
    }

    /// The application as a part of keys and lanes: ` of NAME`, or nothing.
    fn of_application(&self) -> String {
        self.application.as_ref().map_or(String::new(), |name| format!(" of {name}"))
    }
}
