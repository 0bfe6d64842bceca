//! Promotions in lists, and one with all that is known of it.

use super::super::App;
use super::super::sign_in::Sight;
use super::super::standing::in_words;
use super::question::{PAGE, Part, Question, cut, limit, wanted};
use crate::model::PullRequestNumber;
use crate::store::{Listed, Millis, PromotionRecord, PromotionState, StoreError, Wanted};

/// A promotion in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromotionLine {
    /// Its id.
    pub id: String,
    /// The repository.
    pub repository: String,
    /// The application; empty in a repository without them.
    pub application: String,
    /// The source environment.
    pub source: String,
    /// The target environment.
    pub target: String,
    /// `opening`, `open`, `merged` or `closed`.
    pub state: &'static str,
    /// Why it was closed, in words.
    pub because: Option<String>,
    /// The pull request.
    pub number: Option<u64>,
    /// The plan.
    pub plan: String,
    /// The commit that the plan was made on.
    pub base_commit: String,
    /// The commit that was made.
    pub head_commit: String,
    /// The branch.
    pub branch: String,
    /// What for: `promote`, `undo` or `step`.
    pub intent: String,
    /// The plan that is undone, of one that undoes.
    pub undoes: Option<String>,
    /// The commit of the default branch that brought it, and when.
    pub merged: Option<(String, Millis)>,
    /// Who merged it, by login.
    pub merged_by: Option<String>,
    /// When it was undone.
    pub undone_at: Option<Millis>,
    /// When it was made.
    pub created_at: Millis,
    /// When it changed last.
    pub updated_at: Millis,
}

/// A promotion with all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromotionPage {
    /// What lists show.
    pub line: PromotionLine,
    /// The pull request's title and body, once they were written.
    pub text: Option<(String, String)>,
    /// Why it must not be merged now, as far as that does not change with time, one sentence each.
    pub holds: Vec<String>,
    /// The promotions of the same pair, the newest first.
    pub history: Vec<PromotionLine>,
}

impl App {
    /// Promotions, the last changed first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn promotions(&self, asked: &Question) -> Result<Part<PromotionLine>, StoreError> {
        let before = asked.cursor.split_once('.');
        let before = before.and_then(|(at, id)| Some((at.parse().ok()?, id)));
        let limit = limit(asked);
        let wanted = Wanted { before, limit: limit + 1, ..wanted(asked) };
        let mut rows = self.store.list_promotions(&wanted).await?;
        let next = cut(&mut rows, limit);
        let next = next.map(|last| format!("{}.{}", last.updated_at, last.record.id));
        Ok(Part { items: rows.into_iter().map(line).collect(), next })
    }

    /// One promotion; `None` if there is none with this id, or none that may be seen.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn promotion(
        &self,
        id: &str,
        sight: &Sight,
    ) -> Result<Option<PromotionPage>, StoreError> {
        let Some(found) = self.store.promotion(id).await? else { return Ok(None) };
        let record = &found.record;
        if !self.sees(sight, &record.repository).await? {
            return Ok(None);
        }
        let same = Wanted {
            repository: &record.repository,
            application: &record.application,
            target: &record.target,
            limit: PAGE,
            ..Wanted::default()
        };
        let history = self.store.list_promotions(&same).await?;
        let of_pair = |other: &Listed| {
            let other = &other.record;
            other.source == record.source && other.application == record.application
        };
        let text = self.store.promotion_text(id).await?;
        let standing = self.standing(id).await?;
        let body_now = standing.body.clone();
        let is_open = matches!(record.state, PromotionState::Opening | PromotionState::Open);
        Ok(Some(PromotionPage {
            holds: if is_open { in_words(&standing) } else { Vec::new() },
            history: history.into_iter().filter(of_pair).map(line).collect(),
            // What the pull request shows by now has holds and evidence in its head.
            text: text.map(|text| (text.title, body_now.unwrap_or(text.body))),
            line: line(found),
        }))
    }
}

/// A promotion as lists show it.
pub(super) fn line(listed: Listed) -> PromotionLine {
    let Listed { record, updated_at } = listed;
    PromotionLine {
        because: because(&record),
        id: record.id,
        repository: record.repository,
        application: record.application,
        source: record.source,
        target: record.target,
        state: match record.state {
            PromotionState::Opening => "opening",
            PromotionState::Open => "open",
            PromotionState::Merged => "merged",
            PromotionState::Closed => "closed",
        },
        number: record.pull_request.map(PullRequestNumber::get),
        plan: record.plan_id,
        base_commit: record.base_commit.map_or_else(String::new, |commit| commit.to_string()),
        head_commit: record.head_commit.to_string(),
        branch: record.branch.to_string(),
        intent: record.intent,
        undoes: record.undoes,
        merged: record.merged_as.map(|commit| commit.to_string()).zip(record.merged_at),
        merged_by: record.merged_by,
        undone_at: record.undone_at,
        created_at: record.created_at,
        updated_at,
    }
}

fn because(record: &PromotionRecord) -> Option<String> {
    let words = match record.closed_because.as_deref()? {
        "person" => "closed by a person",
        "empty" => "nothing to promote any more",
        "retired" => "not configured any more",
        "superseded" => "a newer one took its place",
        other => other,
    };
    Some(words.to_owned())
}
