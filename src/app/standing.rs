//! How an open promotion stands, as we remember it: the wire form in the store, and its way there and back.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::clearance::{Merge, Release};
use crate::github::CheckPlace;
use crate::promotion::Environment;
use crate::store::{Millis, StoreError};

use super::App;
use super::job::StoredAim;

/// How a promotion stands. Fields are added with a default, never renamed: an older process wrote what a newer
/// one reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Standing {
    /// Why it is not planned on the newest commit, if it is not.
    pub(super) stale: Option<String>,
    /// Whether somebody else's commits are on its branch.
    pub(super) foreign: bool,
    /// New errors that the gates found.
    pub(super) errors: usize,
    /// Whether everything that differs is brought over, since somebody asked for that.
    pub(super) all: bool,
    /// Whether exactly this plan was undone before.
    pub(super) undone: bool,
    /// The items that people with the right to do so ticked.
    pub(super) ticks: BTreeSet<String>,
    /// Whether ticks were ever read: before that, the body's own count.
    pub(super) ticks_read: bool,
    /// When the last edit that was looked at happened.
    pub(super) edited_at: Millis,
    /// Who released which head.
    pub(super) release: Option<StoredRelease>,
    /// What the check shows.
    pub(super) check: Option<ShownCheck>,
    /// The commit that a merge queue made of it last, and what the check shows there.
    pub(super) group: Option<String>,
    pub(super) group_check: Option<ShownCheck>,
    /// The head that we put into the merge queue.
    pub(super) queued: Option<String>,
    /// The body as we know it.
    pub(super) body: Option<String>,
    /// Whether anybody asked how it stands: before that, nothing is shown.
    pub(super) shown: bool,
    /// What GitHub said when it would not let us merge, and of which head.
    pub(super) refused: Option<(String, String)>,
    /// What was told on the pull request after the merge.
    pub(super) told_after: Option<String>,
    /// The deployment that the merge made on GitHub, and what we said of it last.
    pub(super) deployment: Option<u64>,
    pub(super) deployment_says: Option<String>,
    /// Whether it takes a promotion back and is merged by itself: nobody is waited for.
    pub(super) merges_itself: bool,
    /// Why it takes a promotion back, if nobody asked.
    pub(super) because: Option<String>,
    /// Whether it is being undone by itself.
    pub(super) undo_begun: bool,
    /// What held it at the last look, by name, and how often something new did.
    pub(super) held: BTreeSet<String>,
    /// The same in words, for pages; `None` before the first look.
    pub(super) held_by: Option<Vec<String>>,
    pub(super) times_held: u64,
    /// Whether its target is degraded after the merge, and how often that began.
    pub(super) degraded: bool,
    pub(super) times_degraded: u64,
    /// The step that it takes.
    pub(super) step: Option<StoredAim>,
    /// Whether the step that follows it was begun, or cannot be.
    pub(super) step_begun: bool,
    /// Whether the way back to the start was begun.
    pub(super) back_begun: bool,
}

/// A release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredRelease {
    pub(super) by: String,
    pub(super) reason: String,
    pub(super) at: Millis,
    pub(super) head: String,
}

/// A check that is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ShownCheck {
    pub(super) head: String,
    /// The check run; `None` for a commit status.
    pub(super) run: Option<u64>,
    /// State, title and summary, as a hash.
    pub(super) digest: String,
}

impl Standing {
    /// Whether it is a step back to the start.
    pub(super) fn leads_back(&self) -> bool {
        self.step.as_ref().is_some_and(|step| step.back)
    }

    /// The release of this head.
    pub(super) fn released(&self, head: &str) -> Option<Release> {
        let StoredRelease { by, reason, at, .. } =
            self.release.as_ref().filter(|release| release.head == head)?;
        Some(Release { by: by.clone(), reason: reason.clone(), at: *at })
    }
}

/// The name of the check that shows what holds promotions into a target: branch protection can require it.
pub(super) fn check_of(target: &str) -> String {
    format!("Overlift / {target}")
}

/// Whether anything is configured that changes how a promotion stands, so that it is shown from the beginning.
/// Without, it is shown once GitHub tells of its pull request.
pub(super) fn has_terms(source: &Environment, target: &Environment) -> bool {
    source.health.is_some()
        || !target.freezes.is_empty()
        || target.pull_request.merge == Merge::Auto
}

/// What keeps an open promotion from being merged: as it was found at the last look, which comes whenever
/// something is heard and whenever a time is over; before that, what the plan alone says.
pub(super) fn in_words(standing: &Standing) -> Vec<String> {
    if let Some(held_by) = &standing.held_by {
        return held_by.clone();
    }
    let mut holds = Vec::new();
    holds.extend(standing.stale.clone());
    if standing.foreign {
        holds.push("somebody else's commits are on its branch".to_owned());
    }
    match standing.errors {
        0 => {}
        1 => holds.push("the gates found a new error".to_owned()),
        errors => holds.push(format!("the gates found {errors} new errors")),
    }
    if standing.undone {
        holds.push("exactly this was undone before".to_owned());
    }
    holds
}

impl ShownCheck {
    pub(super) const fn place(&self) -> CheckPlace {
        match self.run {
            Some(id) => CheckPlace::Run(id),
            None => CheckPlace::Status,
        }
    }
}

impl App {
    /// How a promotion stands, as far as we remember.
    pub(super) async fn standing(&self, promotion: &str) -> Result<Standing, StoreError> {
        let stored = self.store.standing(promotion).await?;
        Ok(stored.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    /// Remembers how a promotion stands.
    pub(super) async fn note_standing(
        &self,
        promotion: &str,
        standing: &Standing,
    ) -> Result<(), StoreError> {
        let text = serde_json::to_string(standing).expect("plain fields can always be written");
        let holds =
            serde_json::to_string(&in_words(standing)).expect("texts can always be written");
        self.store.note_standing(promotion, &text, Some(&holds), self.clock.now()).await
    }
}
