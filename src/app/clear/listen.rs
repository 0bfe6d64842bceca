//! What people did to a promotion since the last look: ticks and releases.

use crate::clearance::Item;
use crate::github::Permission;
use crate::promotion::{ticked, ticked_items};

use super::super::standing::{Standing, StoredRelease};
use super::super::work::Stop;
use super::clearing::Clearing;

impl Clearing<'_> {
    /// Takes edits and releases in.
    pub(super) async fn listen(&self, standing: &mut Standing, items: &[Item]) -> Result<(), Stop> {
        if let Some(body) = &self.job.body {
            standing.body = Some(body.clone());
        }
        self.begin_with_ticks(standing, items);
        for edit in &self.job.edits {
            if edit.at < standing.edited_at || edit.before == edit.after {
                continue;
            }
            standing.edited_at = edit.at;
            // Asked each time, but for several ticks in a row by one person: permissions change.
            if self.repository.fetch_permission(&edit.by).await? < Permission::Write {
                tracing::info!(login = edit.by, "ticks by somebody who may not write do not count");
                continue;
            }
            let (before, after) =
                (ticked_items(&edit.before, items), ticked_items(&edit.after, items));
            standing.ticks.extend(after.difference(&before).cloned());
            standing.ticks.retain(|tick| after.contains(tick) || !before.contains(tick));
        }
        for release in &self.job.releases {
            standing.release = Some(StoredRelease {
                by: release.by.clone(),
                reason: release.reason.clone(),
                at: self.work.app.clock.now(),
                head: self.record.head_commit.to_string(),
            });
        }
        Ok(())
    }

    /// The ticks that were there before we heard of any edit.
    fn begin_with_ticks(&self, standing: &mut Standing, items: &[Item]) {
        if standing.ticks_read {
            return;
        }
        let first = self.job.edits.first().map(|edit| edit.before.clone());
        let body = || standing.body.as_deref().map(ticked);
        if let Some(there) = first.or_else(body) {
            standing.ticks = ticked_items(&there, items);
            standing.ticks_read = true;
        }
    }
}
