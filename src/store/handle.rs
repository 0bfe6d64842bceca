//! The open store: what all its parts work on, and what concerns the whole of it.

use super::database::Database;
use super::error::StoreError;

/// Milliseconds since 1970, as stored.
pub type Millis = i64;

/// The open store. Cloning shares the connections.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) database: Database,
    pub(super) merge: Merge,
}

impl Store {
    /// Opens the database at `url` and brings its tables up to date; `merge` makes one payload of
    /// those of two jobs with one key.
    ///
    /// # Errors
    /// [`StoreError`] if the address is malformed, or the database does not open or is newer than we are.
    pub async fn open(url: &str, merge: Merge) -> Result<Self, StoreError> {
        Ok(Self { database: Database::open(url).await?, merge })
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StoreError::Database`] if it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let answer = self.database.fetch("SELECT 1", &[]).await;
        answer.map(|_| ()).map_err(StoreError::while_to("answer"))
    }

    /// Whether the database takes writes; changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Database`] if it does not.
    pub async fn try_writing(&self) -> Result<(), StoreError> {
        let written = self.database.execute("UPDATE repositories SET name = name WHERE 1 = 0", &[]);
        written.await.map(|_| ()).map_err(StoreError::while_to("write"))
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.database.close().await;
    }

    /// Forgets deliveries and ended promotions older than these times; returns how many rows went.
    ///
    /// GitHub lets a delivery be sent again for three days: ids have to be kept longer than that. The newest
    /// promotion of a pair stays, since it says what a person closed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn forget(
        &self,
        deliveries_before: Millis,
        promotions_before: Millis,
    ) -> Result<u64, StoreError> {
        const DELIVERIES: &str = "DELETE FROM deliveries WHERE id IN \
             (SELECT id FROM deliveries WHERE received_at < $1 LIMIT 10000)";
        const PROMOTIONS: &str = "DELETE FROM promotions WHERE updated_at < $1 \
             AND state IN ('merged', 'closed') AND EXISTS (SELECT 1 FROM promotions AS newer \
             WHERE newer.repository = promotions.repository \
             AND newer.application = promotions.application \
             AND newer.source = promotions.source AND newer.target = promotions.target \
             AND newer.intent = promotions.intent AND newer.created_at > promotions.created_at)";
        const STANDINGS: &str = "DELETE FROM standings WHERE NOT EXISTS \
             (SELECT 1 FROM promotions WHERE promotions.id = standings.promotion)";
        const EVIDENCE: &str = "DELETE FROM evidence WHERE heard < $1 AND NOT EXISTS \
             (SELECT 1 FROM environment_commits AS same WHERE same.repository = evidence.repository \
             AND same.commit_sha = evidence.commit_sha)";
        const TEXTS: &str = "DELETE FROM promotion_texts WHERE NOT EXISTS \
             (SELECT 1 FROM promotions WHERE promotions.id = promotion_texts.promotion)";
        const NOTICES: &str = "DELETE FROM notices WHERE created_at < $1";
        const COMMANDS: &str = "DELETE FROM commands WHERE taken_at < $1";
        const REFUSALS: &str = "DELETE FROM refusals WHERE asked_at < $1";
        let forget = || StoreError::while_to("forget old rows");
        let deliveries = self.database.execute(DELIVERIES, &[deliveries_before.into()]).await;
        let promotions = self.database.execute(PROMOTIONS, &[promotions_before.into()]).await;
        let standings = self.database.execute(STANDINGS, &[]).await;
        let texts = self.database.execute(TEXTS, &[]).await;
        let evidence = self.database.execute(EVIDENCE, &[deliveries_before.into()]).await;
        let notices = self.database.execute(NOTICES, &[promotions_before.into()]).await;
        let refusals = self.database.execute(REFUSALS, &[deliveries_before.into()]).await;
        let commands = self.database.execute(COMMANDS, &[promotions_before.into()]).await;
        let mut gone = 0;
        for rows in
            [deliveries, promotions, standings, texts, evidence, notices, refusals, commands]
        {
            gone += rows.map_err(forget())?;
        }
        Ok(gone)
    }
}

/// Makes one payload of that of a job that waits and that of a newer one with the same key. Equal payloads are
/// one already.
pub type Merge = fn(waiting: &str, newer: &str) -> String;
