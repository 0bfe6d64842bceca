//! Brings the tables of an older version to this version's form.
//!
//! A migration that was released is never edited: sqlx compares checksums and refuses to start.

use std::borrow::Cow;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use super::database::Database;
use super::error::StoreError;

/// All migrations, oldest first. They are part of the binary, so that there is nothing to install.
const MIGRATIONS: [(i64, &str, &str); 13] = [
    (1, "first", include_str!("migrations/0001_first.sql")),
    (2, "looked tree and surveys", include_str!("migrations/0002_looked_tree_and_surveys.sql")),
    (3, "deliveries of jobs", include_str!("migrations/0003_deliveries_of_jobs.sql")),
    (4, "applications", include_str!("migrations/0004_applications.sql")),
    (5, "deaths", include_str!("migrations/0005_deaths.sql")),
    (6, "after the merge", include_str!("migrations/0006_after_the_merge.sql")),
    (7, "texts of promotions", include_str!("migrations/0007_texts_of_promotions.sql")),
    (8, "notices", include_str!("migrations/0008_notices.sql")),
    (9, "notes of environments", include_str!("migrations/0009_notes_of_environments.sql")),
    (10, "page sessions", include_str!("migrations/0010_page_sessions.sql")),
    (11, "who asked", include_str!("migrations/0011_who_asked.sql")),
    (12, "when pages change", include_str!("migrations/0012_when_pages_change.sql")),
    (13, "required checks", include_str!("migrations/0013_required_checks.sql")),
];

impl Database {
    /// Connects and brings the tables up to date.
    pub(super) async fn open(url: &str) -> Result<Self, StoreError> {
        let database = Self::connect(url).await?;
        run(&database, None).await?;
        Ok(database)
    }
}

/// Runs the migrations that the database lacks, up to and with `version` if one is given.
///
/// Two processes that start at once wait for each other (PostgreSQL takes an advisory lock).
pub(super) async fn run(database: &Database, version: Option<i64>) -> Result<(), StoreError> {
    let migrator = Migrator::with_migrations(
        MIGRATIONS
            .iter()
            .filter(|(number, ..)| version.is_none_or(|last| *number <= last))
            .map(|(number, name, sql)| {
                let (name, sql) = (Cow::Borrowed(*name), sql.into_sql_str());
                Migration::new(*number, name, MigrationType::Simple, sql, false)
            })
            .collect(),
    );
    match database {
        Database::Sqlite { writer, .. } => migrator.run(writer).await,
        Database::Postgres(pool) => migrator.run(pool).await,
    }
    .map_err(StoreError::Migration)
}
