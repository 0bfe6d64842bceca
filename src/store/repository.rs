//! The repositories that we know, and how far we looked at each.

use super::database::Row;
use super::error::StoreError;
use super::handle::{Millis, Store};

/// A repository that sent us something, or that an installation named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownRepository {
    /// `owner/name`.
    pub name: String,
    /// The default branch, if a payload said so.
    pub default_branch: Option<String>,
    /// The installation, for a GitHub App.
    pub installation: Option<i64>,
    /// The commit of the default branch whose promotions are all queued.
    pub looked_at: Option<String>,
    /// The tree of that commit.
    pub looked_tree: Option<String>,
}

impl Store {
    /// All repositories, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn repositories(&self) -> Result<Vec<KnownRepository>, StoreError> {
        const ALL: &str = "SELECT name, default_branch, installation, looked_at, looked_tree \
             FROM repositories ORDER BY name";
        self.read_repositories(ALL, &[]).await
    }

    /// The repositories that were noted last before a time, the longest ago first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn repositories_seen_before(
        &self,
        time: Millis,
    ) -> Result<Vec<KnownRepository>, StoreError> {
        const OLD: &str = "SELECT name, default_branch, installation, looked_at, looked_tree \
             FROM repositories WHERE seen_at < $1 ORDER BY seen_at, name";
        self.read_repositories(OLD, &[time.into()]).await
    }

    /// One repository.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn repository(&self, name: &str) -> Result<Option<KnownRepository>, StoreError> {
        const ONE: &str = "SELECT name, default_branch, installation, looked_at, looked_tree \
             FROM repositories WHERE name = $1";
        Ok(self.read_repositories(ONE, &[name.into()]).await?.pop())
    }

    async fn read_repositories(
        &self,
        sql: &'static str,
        values: &[super::statement::Value<'_>],
    ) -> Result<Vec<KnownRepository>, StoreError> {
        let read = async {
            let rows = self.database.fetch(sql, values).await?;
            rows.iter().map(read_repository).collect::<Result<Vec<_>, _>>()
        };
        read.await.map_err(StoreError::while_to("look for a repository"))
    }

    /// Notes a repository; what is not given keeps its value.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn note_repository(
        &self,
        repository: &KnownRepository,
        now: Millis,
    ) -> Result<(), StoreError> {
        const NOTE: &str = "INSERT INTO repositories \
             (name, default_branch, installation, looked_at, looked_tree, seen_at) \
             VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (name) DO UPDATE SET \
             default_branch = COALESCE(excluded.default_branch, repositories.default_branch), \
             installation = COALESCE(excluded.installation, repositories.installation), \
             looked_at = COALESCE(excluded.looked_at, repositories.looked_at), \
             looked_tree = COALESCE(excluded.looked_tree, repositories.looked_tree), \
             seen_at = excluded.seen_at";
        let values = [
            (&repository.name).into(),
            repository.default_branch.as_deref().into(),
            repository.installation.into(),
            repository.looked_at.as_deref().into(),
            repository.looked_tree.as_deref().into(),
            now.into(),
        ];
        let touched = self.database.execute(NOTE, &values).await;
        touched.map(|_| ()).map_err(StoreError::while_to("note a repository"))
    }

    /// The checks of ours that the default branch's rules required at the last look, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn required_checks(&self, name: &str) -> Result<Vec<String>, StoreError> {
        const FIND: &str = "SELECT required_checks FROM repositories WHERE name = $1";
        let read = async {
            let rows = self.database.fetch(FIND, &[name.into()]).await?;
            rows.first().map_or(Ok(None), |row| row.maybe_text("required_checks"))
        };
        let read = read.await.map_err(StoreError::while_to("look for required checks"))?;
        Ok(read.iter().flat_map(|names| names.lines()).map(str::to_owned).collect())
    }

    /// Notes them.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn note_required_checks(
        &self,
        name: &str,
        checks: &[String],
    ) -> Result<(), StoreError> {
        const NOTE: &str = "UPDATE repositories SET required_checks = $2 WHERE name = $1";
        let checks = checks.join("\n");
        let touched = self.database.execute(NOTE, &[name.into(), checks.as_str().into()]).await;
        touched.map(|_| ()).map_err(StoreError::while_to("note required checks"))
    }

    /// Forgets a repository that we cannot see any more.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn forget_repository(&self, name: &str) -> Result<(), StoreError> {
        const FORGET: &str = "DELETE FROM repositories WHERE name = $1";
        let touched = self.database.execute(FORGET, &[name.into()]).await;
        touched.map(|_| ()).map_err(StoreError::while_to("forget a repository"))
    }
}

fn read_repository(row: &Row) -> Result<KnownRepository, sqlx::Error> {
    Ok(KnownRepository {
        name: row.text("name")?,
        default_branch: row.maybe_text("default_branch")?,
        installation: row.maybe_int("installation")?,
        looked_at: row.maybe_text("looked_at")?,
        looked_tree: row.maybe_text("looked_tree")?,
    })
}
