//! Who signed in to see the pages, and which repositories each may see.
//!
//! A session is known by the hash of what the browser holds, so that who reads the database has no way in.
//! GitHub's token is not here: the repositories are what it was asked for.

use super::error::StoreError;
use super::handle::{Millis, Store};

/// A session that is to be opened.
#[derive(Clone, Copy, Debug)]
pub struct NewPageSession<'a> {
    /// The hash of what the browser holds.
    pub id: &'a str,
    /// Who it is.
    pub login: &'a str,
    /// The repositories that this person may see, as GitHub spells them.
    pub repositories: &'a [String],
    /// When it ends.
    pub until: Millis,
}

impl Store {
    /// Opens a session, and forgets those that have ended.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn open_page_session(
        &self,
        new: NewPageSession<'_>,
        now: Millis,
    ) -> Result<(), StoreError> {
        const FORGET_RIGHTS: &str = "DELETE FROM page_session_repositories WHERE session IN \
             (SELECT id FROM page_sessions WHERE until <= $1)";
        const FORGET: &str = "DELETE FROM page_sessions WHERE until <= $1";
        const OPEN: &str = "INSERT INTO page_sessions (id, login, until) VALUES ($1, $2, $3)";
        const ALLOW: &str = "INSERT INTO page_session_repositories (session, repository) \
             VALUES ($1, $2) ON CONFLICT (session, repository) DO NOTHING";
        let run = async {
            let mut tx = self.database.begin().await?;
            tx.execute(FORGET_RIGHTS, &[now.into()]).await?;
            tx.execute(FORGET, &[now.into()]).await?;
            tx.execute(OPEN, &[new.id.into(), new.login.into(), new.until.into()]).await?;
            for repository in new.repositories {
                tx.execute(ALLOW, &[new.id.into(), repository.into()]).await?;
            }
            tx.commit().await
        };
        run.await.map_err(StoreError::while_to("open a session of the pages"))
    }

    /// Whose session this is; `None` if there is none, or it has ended.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn page_session(&self, id: &str, now: Millis) -> Result<Option<String>, StoreError> {
        const FIND: &str = "SELECT login FROM page_sessions WHERE id = $1 AND until > $2";
        let read = async {
            let rows = self.database.fetch(FIND, &[id.into(), now.into()]).await?;
            rows.first().map(|row| row.text("login")).transpose()
        };
        read.await.map_err(StoreError::while_to("look for a session of the pages"))
    }

    /// Whether a session may see a repository.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn page_session_sees(&self, id: &str, repository: &str) -> Result<bool, StoreError> {
        const FIND: &str = "SELECT repository FROM page_session_repositories \
             WHERE session = $1 AND repository = $2";
        let found = self.database.fetch(FIND, &[id.into(), repository.into()]).await;
        let found = found.map_err(StoreError::while_to("look what a session may see"))?;
        Ok(!found.is_empty())
    }

    /// Ends a session; one that is not there is as good as ended.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn close_page_session(&self, id: &str) -> Result<(), StoreError> {
        const RIGHTS: &str = "DELETE FROM page_session_repositories WHERE session = $1";
        const CLOSE: &str = "DELETE FROM page_sessions WHERE id = $1";
        let run = async {
            let mut tx = self.database.begin().await?;
            tx.execute(RIGHTS, &[id.into()]).await?;
            tx.execute(CLOSE, &[id.into()]).await?;
            tx.commit().await
        };
        run.await.map_err(StoreError::while_to("end a session of the pages"))
    }
}
