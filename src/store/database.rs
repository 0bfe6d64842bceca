//! One way to talk to two databases.
//!
//! What differs between the two stands here: how to connect, how a transaction that writes begins, how a key is
//! locked. [`statement`](super::statement) says how statements are written. There is no trait: the set of databases is closed, and an enum needs neither
//! boxed futures nor the bounds that sqlx's generic code drags along.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions, PgRow};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{Connection as _, Postgres, Row as _, Sqlite};

use super::error::StoreError;
use super::statement::{Statement, Value};

/// How long a statement waits for a connection. Longer than a commit on a slow disk, shorter than
/// GitHub's patience with a webhook (10 s).
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(8);

/// How long SQLite waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A connected database.
#[derive(Clone, Debug)]
pub(super) enum Database {
    Sqlite {
        /// One connection: SQLite has one writer, and waiting in the pool is fairer than its own busy loop.
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres(PgPool),
}

/// A transaction that may write.
pub(super) enum Transaction {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

/// A row of either database.
pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Database {
    /// Connects, with the tables as they are.
    pub(super) async fn connect(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("sqlite:") {
            Self::connect_sqlite(url).await
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            Self::connect_postgres(url).await
        } else {
            Err(StoreError::Address { reason: "unknown scheme".to_owned() })
        }
    }

    async fn connect_sqlite(url: &str) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::from_str(url)
            .map_err(|error| StoreError::Address { reason: error.to_string() })?;
        let place = format!("file `{}`", options.get_filename().display());
        // Whoever names a file wants it, unless a mode says otherwise.
        let options = if url.contains("mode=") { options } else { options.create_if_missing(true) };
        let options = options
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            // The journal is folded into the file in larger steps than the default of 4 MB.
            .pragma("wal_autocheckpoint", "4000");
        let pool = |connections, options| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                // A file does not hang up.
                .test_before_acquire(false)
                .connect_with(options)
        };
        let fault = |error| StoreError::open(place.clone(), &error);
        let writer = pool(1, options.clone()).await.map_err(fault)?;
        let readers = pool(4, options.create_if_missing(false)).await.map_err(fault)?;
        Ok(Self::Sqlite { writer, readers })
    }

    async fn connect_postgres(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)
            .map_err(|_| StoreError::Address { reason: "malformed".to_owned() })?
            .application_name("overlift");
        let place = format!("at `{}:{}`", options.get_host(), options.get_port());
        let pool = PgPoolOptions::new()
            .max_connections(10)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_with(options.clone());
        let error = match pool.await {
            Ok(pool) => {
                warn_of_plain_text(&pool, options.get_host()).await;
                return Ok(Self::Postgres(pool));
            }
            // The pool only says that it waited; one connection of its own says for what.
            Err(sqlx::Error::PoolTimedOut) => {
                let alone = PgConnection::connect_with(&options);
                match tokio::time::timeout(ACQUIRE_TIMEOUT, alone).await {
                    Ok(Err(error)) => error,
                    Ok(Ok(_)) | Err(_) => sqlx::Error::PoolTimedOut,
                }
            }
            Err(error) => error,
        };
        Err(StoreError::open(place, &error))
    }

    /// Begins a transaction that may write.
    pub(super) async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        Ok(match self {
            // Taking the write lock at once: a read that is upgraded later can fail.
            Self::Sqlite { writer, .. } => {
                Transaction::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?)
            }
            Self::Postgres(pool) => Transaction::Postgres(pool.begin().await?),
        })
    }

    /// Runs one statement that writes, and returns how many rows it touched.
    pub(super) async fn execute(
        &self,
        sql: impl Into<Statement>,
        values: &[Value<'_>],
    ) -> Result<u64, sqlx::Error> {
        match self {
            Self::Sqlite { writer, .. } => {
                Ok(bind_sqlite(sql.into(), values).execute(writer).await?.rows_affected())
            }
            Self::Postgres(pool) => {
                Ok(bind_postgres(sql.into(), values).execute(pool).await?.rows_affected())
            }
        }
    }

    /// Reads rows.
    pub(super) async fn fetch(
        &self,
        sql: impl Into<Statement>,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Self::Sqlite { readers, .. } => {
                let rows = bind_sqlite(sql.into(), values).fetch_all(readers).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres(pool) => {
                let rows = bind_postgres(sql.into(), values).fetch_all(pool).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// Closes all connections; SQLite folds its journal into the file.
    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Transaction {
    /// Runs one statement and returns how many rows it touched.
    pub(super) async fn execute(
        &mut self,
        sql: impl Into<Statement>,
        values: &[Value<'_>],
    ) -> Result<u64, sqlx::Error> {
        match self {
            Self::Sqlite(tx) => {
                Ok(bind_sqlite(sql.into(), values).execute(&mut **tx).await?.rows_affected())
            }
            Self::Postgres(tx) => {
                Ok(bind_postgres(sql.into(), values).execute(&mut **tx).await?.rows_affected())
            }
        }
    }

    /// Reads rows, or what `RETURNING` gives.
    pub(super) async fn fetch(
        &mut self,
        sql: impl Into<Statement>,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Self::Sqlite(tx) => {
                let rows = bind_sqlite(sql.into(), values).fetch_all(&mut **tx).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres(tx) => {
                let rows = bind_postgres(sql.into(), values).fetch_all(&mut **tx).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// Keeps other transactions away from a name until this one ends. SQLite has one writer anyway.
    pub(super) async fn lock(&mut self, name: &str) -> Result<(), sqlx::Error> {
        if let Self::Postgres(_) = self {
            self.fetch("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", &[name.into()])
                .await?;
        }
        Ok(())
    }

    /// Undoes it.
    pub(super) async fn roll_back(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(tx) => tx.rollback().await,
            Self::Postgres(tx) => tx.rollback().await,
        }
    }

    /// Makes it durable.
    pub(super) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
    }
}

impl Row {
    pub(super) fn text(&self, column: &str) -> Result<String, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }

    pub(super) fn maybe_text(&self, column: &str) -> Result<Option<String>, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }

    pub(super) fn int(&self, column: &str) -> Result<i64, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }

    pub(super) fn maybe_int(&self, column: &str) -> Result<Option<i64>, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }
}

/// Whether a statement lost against a unique index.
pub(super) fn is_unique_violation(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

type SqliteQuery<'a> = sqlx::query::Query<'a, Sqlite, <Sqlite as sqlx::Database>::Arguments>;
type PostgresQuery<'a> = sqlx::query::Query<'a, Postgres, <Postgres as sqlx::Database>::Arguments>;

fn bind_sqlite<'a>(sql: Statement, values: &[Value<'a>]) -> SqliteQuery<'a> {
    values.iter().fold(sqlx::query(sql.sqlite), |query, value| match *value {
        Value::Int(number) => query.bind(number),
        Value::Text(text) => query.bind(text),
    })
}

fn bind_postgres<'a>(sql: Statement, values: &[Value<'a>]) -> PostgresQuery<'a> {
    values.iter().fold(sqlx::query(sql.postgres), |query, value| match *value {
        Value::Int(number) => query.bind(number),
        Value::Text(text) => query.bind(text),
    })
}

/// Whoever sits between us and another host could read what the database says, and write what it does.
async fn warn_of_plain_text(pool: &PgPool, host: &str) {
    const IS_ENCRYPTED: &str = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    if is_this_machine(host) {
        return;
    }
    let encrypted = sqlx::query_scalar::<_, bool>(IS_ENCRYPTED).fetch_one(pool).await;
    if matches!(encrypted, Ok(false)) {
        tracing::warn!(
            host,
            "PostgreSQL on another host is spoken to without TLS: add `?sslmode=verify-full` to its address"
        );
    }
}

fn is_this_machine(host: &str) -> bool {
    host.starts_with('/') || matches!(host, "localhost" | "127.0.0.1" | "::1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_and_the_loopback_are_this_machine() {
        for host in ["/run/postgresql", "localhost", "127.0.0.1", "::1"] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in ["db", "10.0.0.7", "localhost.example.com", "127.0.0.1.example.com"] {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
