//! What the end of a promotion's run means for how it stands.

use crate::promotion::{Intent, Key, Verdict, checklist_of, ticked, ticked_items};
use crate::store::{NewJob, PromotionState};

use super::super::job::{Clear, Job, RepositoryAddress};
use super::super::standing::has_terms;
use super::super::stored_key::pair;
use super::super::work::{Stop, Work};
use super::values::{Ended, Promotion};

/// Notes how a planned promotion stands, and looks at it if that is to be shown.
pub(super) async fn note(
    work: &Work,
    place: &RepositoryAddress,
    promotion: &Promotion<'_>,
    ended: &Ended,
) -> Result<Option<NewJob>, Stop> {
    if promotion.intent == Intent::Promote {
        work.app.note_plan(&place.key(), &promotion.plan).await?;
    }
    let Some(record) = &promotion.record else { return Ok(None) };
    let is_open = matches!(
        ended,
        Ended::Created(_) | Ended::Updated(_) | Ended::Unchanged(_) | Ended::Foreign(Some(_))
    );
    if !is_open {
        return Ok(None);
    }
    let plan = &promotion.plan;
    let mut standing = work.app.standing(&record.id).await?;
    let before = standing.clone();
    standing.foreign = matches!(ended, Ended::Foreign(_));
    standing.errors = match plan.verdict() {
        Verdict::Passed => 0,
        Verdict::Blocked { errors } => errors,
    };
    standing.undone = promotion.undone;
    standing.all = promotion.all;
    if !standing.foreign {
        standing.stale = None;
    }
    if let Some(body) = &promotion.body {
        // What the cluster will see may have changed: then all items are open again.
        let items = checklist_of(&plan.source, &plan.target).unwrap_or_default();
        let there = ticked_items(&ticked(body), &items);
        standing.ticks.retain(|tick| there.contains(tick));
        standing.body = Some(body.clone());
    }
    let begins = standing == before && !standing.shown && matches!(ended, Ended::Created(_));
    if standing != before {
        work.app.note_standing(&record.id, &standing).await?;
    } else if !begins {
        return Ok(None);
    }
    let shown = standing.shown || has_terms(&plan.source, &plan.target);
    let key = plan.key().with(promotion.intent);
    let clear = Clear::new(place.clone(), &key);
    Ok(shown.then(|| work.follow_up(&Job::Clear(clear))))
}

/// Notes that an open promotion could not be planned again.
pub(super) async fn note_unplanned(
    work: &Work,
    place: &RepositoryAddress,
    key: &Key,
    ended: &Ended,
) -> Result<Option<NewJob>, Stop> {
    let Ended::Broken { because, .. } = ended else { return Ok(None) };
    let newest = work.app.store.newest_promotion(&place.key(), pair(key)).await?;
    let Some(record) = newest.filter(|record| record.state == PromotionState::Open) else {
        return Ok(None);
    };
    let mut standing = work.app.standing(&record.id).await?;
    let first_line = because.lines().next().unwrap_or_default();
    standing.stale = Some(format!("it cannot be planned again: {first_line}"));
    work.app.note_standing(&record.id, &standing).await?;
    let clear = Clear::new(place.clone(), key);
    Ok(standing.shown.then(|| work.follow_up(&Job::Clear(clear))))
}
