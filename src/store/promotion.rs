//! What was written where: one row for each pull request that was opened, the newest of a pair counts.

use super::claim::{Lease, guard, held};
use super::database::Row;
use super::error::StoreError;
use super::handle::{Millis, Store};
use crate::model::{BranchName, CommitSha, PullRequestNumber};

/// How far a promotion got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromotionState {
    /// Its commit is made; the branch or the pull request may be there or not.
    Opening,
    /// Its pull request is open.
    Open,
    /// Its pull request was merged.
    Merged,
    /// Its pull request was closed without a merge, or never opened.
    Closed,
}

impl PromotionState {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Open => "open",
            Self::Merged => "merged",
            Self::Closed => "closed",
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "opening" => Self::Opening,
            "open" => Self::Open,
            "merged" => Self::Merged,
            _ => Self::Closed,
        }
    }
}

/// One promotion, as far as it was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromotionRecord {
    /// A fresh id for a new one.
    pub id: String,
    /// The repository.
    pub repository: String,
    /// The application; empty in a repository without them.
    pub application: String,
    /// The source environment.
    pub source: String,
    /// The target environment.
    pub target: String,
    /// What for: `promote`, `undo` or `step`.
    pub intent: String,
    /// The plan that is undone, of one that undoes.
    pub undoes: Option<String>,
    /// The head branch.
    pub branch: BranchName,
    /// The plan's id.
    pub plan_id: String,
    /// What the edits were made from.
    pub base_digest: String,
    /// The commit of the base branch that the plan was made on; `None` of one that GitHub told of without it.
    pub base_commit: Option<CommitSha>,
    /// The commit that we made.
    pub head_commit: CommitSha,
    /// Its tree.
    pub tree: String,
    /// The pull request.
    pub pull_request: Option<PullRequestNumber>,
    /// How far it got.
    pub state: PromotionState,
    /// Why it was closed, such as `person`, `empty`, `retired` or `superseded`.
    pub closed_because: Option<String>,
    /// The commit of the default branch that brought it.
    pub merged_as: Option<CommitSha>,
    /// When it was merged.
    pub merged_at: Option<Millis>,
    /// Who merged it, by login, if we heard of that.
    pub merged_by: Option<String>,
    /// When it was undone.
    pub undone_at: Option<Millis>,
    /// When it was made.
    pub created_at: Millis,
}

impl PromotionRecord {
    /// Whether GitHub told of it after the fact: then it may not be the newest of its pair.
    #[must_use]
    pub fn is_recollected(&self) -> bool {
        self.state == PromotionState::Merged && self.base_digest.is_empty()
    }
}

/// Which promotion of a repository: what its record and its survey are found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair<'a> {
    /// The application; empty in a repository without them.
    pub application: &'a str,
    /// The source environment.
    pub source: &'a str,
    /// The target environment.
    pub target: &'a str,
    /// What for: `promote`, `undo` or `step`.
    pub intent: &'a str,
}

/// How a pull request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End<'a> {
    /// Merged or closed.
    pub state: PromotionState,
    /// Why it was closed.
    pub because: Option<&'a str>,
    /// The commit that it was merged as.
    pub merged_as: Option<&'a CommitSha>,
    /// Who merged it.
    pub merged_by: Option<&'a str>,
}

impl Store {
    /// The merged promotions into a target, newest first; undone ones and undoings too.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn merged_promotions(
        &self,
        repository: &str,
        application: &str,
        target: &str,
    ) -> Result<Vec<PromotionRecord>, StoreError> {
        const MERGED: &str = "SELECT * FROM promotions WHERE repository = $1 AND application = $2 \
             AND target = $3 AND state = 'merged' ORDER BY merged_at DESC, created_at DESC LIMIT 50";
        self.promotions(MERGED, &[repository.into(), application.into(), target.into()]).await
    }

    /// Notes that a promotion was undone.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn note_undone(
        &self,
        repository: &str,
        plan: &str,
        now: Millis,
    ) -> Result<(), StoreError> {
        const NOTE: &str = "UPDATE promotions SET undone_at = $3 WHERE repository = $1 \
             AND plan_id = $2 AND intent <> 'undo' AND state = 'merged' AND undone_at IS NULL";
        let values = [repository.into(), plan.into(), now.into()];
        let touched = self.database.execute(NOTE, &values).await;
        touched.map(|_| ()).map_err(StoreError::while_to("note what was undone"))
    }

    /// The newest promotion of a pair.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn newest_promotion(
        &self,
        repository: &str,
        pair: Pair<'_>,
    ) -> Result<Option<PromotionRecord>, StoreError> {
        const NEWEST: &str = "SELECT * FROM promotions WHERE repository = $1 \
             AND application = $2 AND source = $3 AND target = $4 AND intent = $5 \
             ORDER BY created_at DESC, id DESC LIMIT 1";
        let Pair { application, source, target, intent } = pair;
        let values =
            [repository.into(), application.into(), source.into(), target.into(), intent.into()];
        Ok(self.promotions(NEWEST, &values).await?.pop())
    }

    /// The promotions of a repository that are open, by application, source and target.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn open_promotions(
        &self,
        repository: &str,
    ) -> Result<Vec<PromotionRecord>, StoreError> {
        const OPEN: &str = "SELECT * FROM promotions WHERE repository = $1 \
             AND state IN ('opening', 'open') ORDER BY application, source, target, intent";
        self.promotions(OPEN, &[repository.into()]).await
    }

    /// Whether anything was ever promoted in a repository.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn has_promotions(&self, repository: &str) -> Result<bool, StoreError> {
        const ANY: &str = "SELECT id FROM promotions WHERE repository = $1 LIMIT 1";
        let found = self.database.fetch(ANY, &[repository.into()]).await;
        found.map(|rows| !rows.is_empty()).map_err(StoreError::while_to("look for promotions"))
    }

    /// The promotion with this pull request.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn promotion_of_pull_request(
        &self,
        repository: &str,
        pull_request: PullRequestNumber,
    ) -> Result<Option<PromotionRecord>, StoreError> {
        const FIND: &str = "SELECT * FROM promotions WHERE repository = $1 AND pull_request = $2 \
             ORDER BY created_at DESC LIMIT 1";
        Ok(self.promotions(FIND, &[repository.into(), number_of(pull_request).into()]).await?.pop())
    }

    async fn promotions(
        &self,
        sql: &'static str,
        values: &[super::statement::Value<'_>],
    ) -> Result<Vec<PromotionRecord>, StoreError> {
        let read = async {
            let rows = self.database.fetch(sql, values).await?;
            rows.iter().map(read_record).collect::<Result<Vec<_>, _>>()
        };
        read.await.map_err(StoreError::while_to("look for a promotion"))
    }

    /// Writes a promotion down, new or changed; an earlier one of its pair that is still open ends as
    /// superseded.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`]; then nothing is written.
    pub async fn record_promotion(
        &self,
        lease: &Lease,
        record: &PromotionRecord,
        now: Millis,
    ) -> Result<(), StoreError> {
        const END_OTHERS: &str = "UPDATE promotions SET state = 'closed', \
             closed_because = 'superseded', updated_at = $6 WHERE repository = $1 \
             AND application = $2 AND source = $3 AND target = $4 AND id <> $5 \
             AND intent = $7 AND state IN ('opening', 'open')";
        let run = async {
            let mut tx = self.database.begin().await?;
            let holds = guard(&mut tx, lease).await?;
            if holds {
                let pair = [
                    (&record.repository).into(),
                    (&record.application).into(),
                    (&record.source).into(),
                    (&record.target).into(),
                    (&record.id).into(),
                    now.into(),
                    (&record.intent).into(),
                ];
                tx.execute(END_OTHERS, &pair).await?;
                write(&mut tx, record, now).await?;
                tx.commit().await?;
            }
            Ok(u64::from(holds))
        };
        held(lease, run.await.map_err(StoreError::while_to("write a promotion down"))?)
    }

    /// Notes promotions that were read from GitHub again, all or none; one whose pull request is known stays as
    /// it is.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn recollect_promotions(
        &self,
        records: &[PromotionRecord],
        now: Millis,
    ) -> Result<(), StoreError> {
        const KNOWN: &str =
            "SELECT id FROM promotions WHERE repository = $1 AND pull_request = $2 AND id <> $3";
        let run = async {
            let mut tx = self.database.begin().await?;
            for record in records {
                let number = record.pull_request.map(number_of).into();
                let values = [(&record.repository).into(), number, (&record.id).into()];
                if tx.fetch(KNOWN, &values).await?.is_empty() {
                    write(&mut tx, record, now).await?;
                }
            }
            tx.commit().await
        };
        run.await.map_err(StoreError::while_to("note promotions that GitHub knows"))
    }

    /// Notes how a pull request ended, if it is one of ours that was open; a reason that is noted stays.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn end_promotion(
        &self,
        repository: &str,
        pull_request: PullRequestNumber,
        end: &End<'_>,
        now: Millis,
    ) -> Result<bool, StoreError> {
        const END: &str = "UPDATE promotions SET state = $3, \
             closed_because = COALESCE(closed_because, $4), updated_at = $5, \
             merged_as = COALESCE($6, merged_as), merged_at = COALESCE($7, merged_at), \
             merged_by = COALESCE($8, merged_by) \
             WHERE repository = $1 AND pull_request = $2 AND state IN ('opening', 'open')";
        const BY: &str = "UPDATE promotions SET merged_by = $3 WHERE repository = $1 \
             AND pull_request = $2 AND state = 'merged' AND merged_by IS NULL";
        let End { state, because, merged_as, merged_by } = *end;
        let merged_at = (state == PromotionState::Merged).then_some(now);
        let values = [
            repository.into(),
            number_of(pull_request).into(),
            state.as_str().into(),
            because.into(),
            now.into(),
            merged_as.map(CommitSha::as_str).into(),
            merged_at.into(),
            merged_by.into(),
        ];
        let noting = "note how a promotion ended";
        let touched = self.database.execute(END, &values).await;
        let touched = touched.map_err(StoreError::while_to(noting))?;
        // Who looks at GitHub may see the merge before the delivery is read that says by whom.
        if let (0, Some(by)) = (touched, merged_by) {
            let values = [repository.into(), number_of(pull_request).into(), by.into()];
            let told = self.database.execute(BY, &values).await;
            told.map_err(StoreError::while_to(noting))?;
        }
        Ok(touched > 0)
    }

    /// Notes who merged a pull request, unless that is known: a look at the default branch may have found the
    /// merge before GitHub told of it.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn note_merged_by(
        &self,
        repository: &str,
        pull_request: PullRequestNumber,
        login: &str,
    ) -> Result<(), StoreError> {
        const NOTE: &str = "UPDATE promotions SET merged_by = $3 WHERE repository = $1 \
             AND pull_request = $2 AND state = 'merged' AND merged_by IS NULL";
        let values = [repository.into(), number_of(pull_request).into(), login.into()];
        let touched = self.database.execute(NOTE, &values).await;
        touched.map(|_| ()).map_err(StoreError::while_to("note who merged"))
    }

    /// Notes that GitHub was searched for pull requests of a pair.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn note_survey(
        &self,
        repository: &str,
        pair: Pair<'_>,
        now: Millis,
    ) -> Result<(), StoreError> {
        const NOTE: &str = "INSERT INTO surveys (repository, application, source, target, \
             surveyed_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (repository, application, source, target) \
             DO UPDATE SET surveyed_at = excluded.surveyed_at";
        let Pair { application, source, target, .. } = pair;
        let values =
            [repository.into(), application.into(), source.into(), target.into(), now.into()];
        let touched = self.database.execute(NOTE, &values).await;
        touched.map(|_| ()).map_err(StoreError::while_to("note a survey"))
    }

    /// Whether GitHub was searched for pull requests of a pair.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn was_surveyed(&self, repository: &str, pair: Pair<'_>) -> Result<bool, StoreError> {
        const FIND: &str = "SELECT surveyed_at FROM surveys WHERE repository = $1 \
             AND application = $2 AND source = $3 AND target = $4";
        let Pair { application, source, target, .. } = pair;
        let values = [repository.into(), application.into(), source.into(), target.into()];
        let rows = self.database.fetch(FIND, &values).await;
        Ok(!rows.map_err(StoreError::while_to("look for a survey"))?.is_empty())
    }

    /// Forgets the surveys of a repository: somebody else opened a pull request that may be a promotion.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn forget_surveys(&self, repository: &str) -> Result<(), StoreError> {
        const FORGET: &str = "DELETE FROM surveys WHERE repository = $1";
        let touched = self.database.execute(FORGET, &[repository.into()]).await;
        touched.map(|_| ()).map_err(StoreError::while_to("forget surveys"))
    }
}

async fn write(
    tx: &mut super::database::Transaction,
    record: &PromotionRecord,
    now: Millis,
) -> Result<(), sqlx::Error> {
    const UPSERT: &str = "INSERT INTO promotions (id, repository, application, source, target, branch, \
         plan_id, base_digest, base_commit, head_commit, tree, pull_request, state, \
         closed_because, created_at, updated_at, intent, undoes, merged_as, merged_at, undone_at, merged_by) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
         $17, $18, $19, $20, $21, $22) \
         ON CONFLICT (id) DO UPDATE SET branch = excluded.branch, plan_id = excluded.plan_id, \
         base_digest = excluded.base_digest, \
         base_commit = excluded.base_commit, head_commit = excluded.head_commit, \
         tree = excluded.tree, pull_request = excluded.pull_request, state = excluded.state, \
         closed_because = excluded.closed_because, updated_at = excluded.updated_at, \
         undoes = excluded.undoes, merged_as = excluded.merged_as, \
         merged_at = excluded.merged_at, undone_at = excluded.undone_at, \
         merged_by = excluded.merged_by";
    let values = [
        (&record.id).into(),
        (&record.repository).into(),
        (&record.application).into(),
        (&record.source).into(),
        (&record.target).into(),
        record.branch.as_str().into(),
        (&record.plan_id).into(),
        (&record.base_digest).into(),
        record.base_commit.as_ref().map_or("", CommitSha::as_str).into(),
        record.head_commit.as_str().into(),
        (&record.tree).into(),
        record.pull_request.map(number_of).into(),
        record.state.as_str().into(),
        record.closed_because.as_deref().into(),
        record.created_at.into(),
        now.into(),
        (&record.intent).into(),
        record.undoes.as_deref().into(),
        record.merged_as.as_ref().map(CommitSha::as_str).into(),
        record.merged_at.into(),
        record.undone_at.into(),
        record.merged_by.as_deref().into(),
    ];
    tx.execute(UPSERT, &values).await?;
    Ok(())
}

/// A number as the database has it.
fn number_of(number: PullRequestNumber) -> i64 {
    i64::try_from(number.get()).unwrap_or(i64::MAX)
}

/// Reads what only we write.
fn typed<T, E>(text: &str, parse: impl Fn(&str) -> Result<T, E>) -> Result<T, sqlx::Error>
where
    E: std::error::Error + Send + Sync + 'static,
{
    parse(text).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

pub(super) fn read_record(row: &Row) -> Result<PromotionRecord, sqlx::Error> {
    Ok(PromotionRecord {
        id: row.text("id")?,
        repository: row.text("repository")?,
        application: row.text("application")?,
        source: row.text("source")?,
        target: row.text("target")?,
        branch: typed(&row.text("branch")?, BranchName::parse)?,
        plan_id: row.text("plan_id")?,
        base_digest: row.text("base_digest")?,
        base_commit: Some(row.text("base_commit")?)
            .filter(|text| !text.is_empty())
            .map(|text| typed(&text, CommitSha::parse))
            .transpose()?,
        head_commit: typed(&row.text("head_commit")?, CommitSha::parse)?,
        tree: row.text("tree")?,
        pull_request: row
            .maybe_int("pull_request")?
            .and_then(|number| PullRequestNumber::new(u64::try_from(number).ok()?)),
        state: PromotionState::parse(&row.text("state")?),
        closed_because: row.maybe_text("closed_because")?,
        intent: row.text("intent")?,
        undoes: row.maybe_text("undoes")?,
        merged_as: row
            .maybe_text("merged_as")?
            .map(|text| typed(&text, CommitSha::parse))
            .transpose()?,
        merged_at: row.maybe_int("merged_at")?,
        merged_by: row.maybe_text("merged_by")?,
        undone_at: row.maybe_int("undone_at")?,
        created_at: row.int("created_at")?,
    })
}
