//! Who asked: people who may not, so that whoever may only read is told once and costs no requests after
//! that; and comments that were taken, so that each asks once.

use super::error::StoreError;
use super::handle::{Millis, Store};

/// Where somebody was told that they may not ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The issue or pull request.
    pub number: i64,
    /// When GitHub was last asked what they may do.
    pub asked_at: Millis,
}

impl Store {
    /// Where a person was refused in a repository, newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn refusals(
        &self,
        repository: &str,
        login: &str,
    ) -> Result<Vec<Refusal>, StoreError> {
        const FIND: &str = "SELECT number, asked_at FROM refusals WHERE repository = $1 \
             AND login = $2 ORDER BY asked_at DESC LIMIT 100";
        let read = async {
            let values = [repository.into(), login.into()];
            let rows = self.database.fetch(FIND, &values).await?;
            let refusal = |row: &super::database::Row| {
                Ok::<_, sqlx::Error>(Refusal {
                    number: row.int("number")?,
                    asked_at: row.int("asked_at")?,
                })
            };
            rows.iter().map(refusal).collect::<Result<Vec<_>, _>>()
        };
        read.await.map_err(StoreError::while_to("look who may not ask"))
    }

    /// Takes the command in a comment for a delivery; false if another one brought it before.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn take_command(
        &self,
        repository: &str,
        comment: i64,
        delivery: &str,
        now: Millis,
    ) -> Result<bool, StoreError> {
        const TAKE: &str = "INSERT INTO commands (repository, comment, delivery, taken_at) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (repository, comment) DO NOTHING";
        const FIND: &str = "SELECT delivery FROM commands WHERE repository = $1 AND comment = $2";
        let take = async {
            let values = [repository.into(), comment.into(), delivery.into(), now.into()];
            self.database.execute(TAKE, &values).await?;
            let rows = self.database.fetch(FIND, &values[..2]).await?;
            rows.first().map(|row| row.text("delivery")).transpose()
        };
        let taken: Result<Option<String>, _> = take.await;
        let taken = taken.map_err(StoreError::while_to("take a command"))?;
        Ok(taken.is_none_or(|by| by == delivery))
    }

    /// Notes that a person was refused.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn note_refusal(
        &self,
        repository: &str,
        login: &str,
        refusal: Refusal,
    ) -> Result<(), StoreError> {
        const NOTE: &str = "INSERT INTO refusals (repository, login, number, asked_at) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (repository, login, number) \
             DO UPDATE SET asked_at = excluded.asked_at";
        let values =
            [repository.into(), login.into(), refusal.number.into(), refusal.asked_at.into()];
        let touched = self.database.execute(NOTE, &values).await;
        touched.map(|_| ()).map_err(StoreError::while_to("note who may not ask"))
    }
}
