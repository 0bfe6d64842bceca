//! What people are told outside GitHub: an outbox in order, and who wants to be told.
//!
//! A notice is written down with the job that sends it, in one commit. Its id says what it is about, so that
//! writing it down again changes nothing. Contents are opaque here.

use super::NewJob;
use super::claim::{Lease, guard, held};
use super::database::Transaction;
use super::error::StoreError;
use super::handle::{Millis, Store};
use super::job::enqueue_in;

/// A notice to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNotice {
    /// What it is about, as a hash: the same occasion has the same id.
    pub id: String,
    /// Notices of one stream are sent in the order in which they were written down.
    pub stream: String,
    /// What it says; opaque here.
    pub content: String,
    /// The job that sends it.
    pub job: NewJob,
}

/// A notice that is being sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingNotice {
    /// Its id.
    pub id: String,
    /// What it says.
    pub content: String,
    /// Which attempt this is, from 1, whatever became of the others.
    pub attempt: u32,
}

impl Store {
    /// Writes notices down and queues the jobs that send them; those that are known already change nothing,
    /// and neither does one that says what the last of its stream said after `same_since`. Returns how many
    /// are new.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn add_notices(
        &self,
        notices: Vec<NewNotice>,
        same_since: Millis,
        now: Millis,
    ) -> Result<usize, StoreError> {
        let run = async {
            let mut tx = self.database.begin().await?;
            let mut jobs = Vec::new();
            for notice in notices {
                if insert(&mut tx, &notice, same_since, now).await? {
                    jobs.push(notice.job);
                }
            }
            let added = jobs.len();
            enqueue_in(&mut tx, jobs, self.merge, now).await?;
            tx.commit().await?;
            Ok(added)
        };
        run.await.map_err(StoreError::while_to("write notices down"))
    }

    /// The first notice of a stream that was not sent; counts as an attempt at once, so that no other one has
    /// the same number.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`].
    pub async fn begin_notice(
        &self,
        lease: &Lease,
        stream: &str,
    ) -> Result<Option<WaitingNotice>, StoreError> {
        const BEGIN: &str = "UPDATE notices SET attempts = attempts + 1 WHERE id = \
             (SELECT id FROM notices WHERE stream = $1 AND sent_at IS NULL \
             ORDER BY position LIMIT 1) RETURNING id, content, attempts";
        let run = async {
            let mut tx = self.database.begin().await?;
            if !guard(&mut tx, lease).await? {
                return Ok(None);
            }
            let rows = tx.fetch(BEGIN, &[stream.into()]).await?;
            tx.commit().await?;
            let Some(row) = rows.first() else { return Ok(Some(None)) };
            let attempt = u32::try_from(row.int("attempts")?).unwrap_or(u32::MAX);
            let (id, content) = (row.text("id")?, row.text("content")?);
            Ok(Some(Some(WaitingNotice { id, content, attempt })))
        };
        let found: Option<Option<WaitingNotice>> =
            run.await.map_err(StoreError::while_to("begin a notice"))?;
        held(lease, u64::from(found.is_some()))?;
        Ok(found.flatten())
    }

    /// Notes that a notice arrived.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`].
    pub async fn note_sent(&self, lease: &Lease, id: &str, now: Millis) -> Result<(), StoreError> {
        const SENT: &str = "UPDATE notices SET sent_at = $2 WHERE id = $1";
        let run = async {
            let mut tx = self.database.begin().await?;
            let holds = guard(&mut tx, lease).await?;
            if holds {
                tx.execute(SENT, &[id.into(), now.into()]).await?;
                tx.commit().await?;
            }
            Ok(u64::from(holds))
        };
        held(lease, run.await.map_err(StoreError::while_to("note that a notice was sent"))?)
    }

    /// Notes who wants to be told of what in a repository; writes nothing where that is known.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn note_subscriptions(
        &self,
        repository: &str,
        subscriptions: &str,
        now: Millis,
    ) -> Result<(), StoreError> {
        const NOTE: &str = "INSERT INTO subscriptions (repository, subscriptions, updated_at) \
             VALUES ($1, $2, $3) ON CONFLICT (repository) DO UPDATE SET \
             subscriptions = excluded.subscriptions, updated_at = excluded.updated_at";
        if self.subscriptions(repository).await?.as_deref() == Some(subscriptions) {
            return Ok(());
        }
        let values = [repository.into(), subscriptions.into(), now.into()];
        let touched = self.database.execute(NOTE, &values).await;
        touched.map(|_| ()).map_err(StoreError::while_to("note who wants to be told"))
    }

    /// Who wants to be told of what in a repository, as it was noted last.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn subscriptions(&self, repository: &str) -> Result<Option<String>, StoreError> {
        const FIND: &str = "SELECT subscriptions FROM subscriptions WHERE repository = $1";
        let read = async {
            let rows = self.database.fetch(FIND, &[repository.into()]).await?;
            rows.first().map(|row| row.text("subscriptions")).transpose()
        };
        read.await.map_err(StoreError::while_to("look who wants to be told"))
    }
}

/// Writes one down at the end of its stream; false if it is known, or says what was said just now.
async fn insert(
    tx: &mut Transaction,
    notice: &NewNotice,
    same_since: Millis,
    now: Millis,
) -> Result<bool, sqlx::Error> {
    const LAST: &str = "SELECT position, content, created_at FROM notices WHERE stream = $1 \
         ORDER BY position DESC LIMIT 1";
    const INSERT: &str = "INSERT INTO notices (id, stream, position, content, created_at) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING";
    let NewNotice { id, stream, content, .. } = notice;
    tx.lock(stream).await?;
    let rows = tx.fetch(LAST, &[stream.into()]).await?;
    let mut position = 1;
    if let Some(last) = rows.first() {
        position += last.int("position")?;
        let was_said = last.text("content")? == *content && last.int("created_at")? > same_since;
        if was_said {
            return Ok(false);
        }
    }
    let values = [id.into(), stream.into(), position.into(), content.into(), now.into()];
    Ok(tx.execute(INSERT, &values).await? > 0)
}
