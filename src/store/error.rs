//! Why the store could not do what it was asked.

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address is neither SQLite's nor PostgreSQL's, or malformed. The address is not shown: it may hold
    /// a password.
    #[error("the database address is not `sqlite://FILE` or `postgres://HOST/NAME`: {reason}")]
    Address {
        /// What is wrong with it.
        reason: String,
    },
    /// The database cannot be opened.
    #[error("cannot open the database {place}: {reason}")]
    Open {
        /// Its file, or its host and port; never its password.
        place: String,
        /// The database's words, once.
        reason: String,
    },
    /// The database cannot be reached, or refuses a statement.
    #[error("the database did not {action}")]
    Database {
        /// What it should have done, such as `claim a job`.
        action: &'static str,
        /// Its words.
        source: sqlx::Error,
    },
    /// The tables could not be brought to this version's form.
    #[error("the tables could not be brought up to date")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// The lease lapsed and somebody else may run the job: stop, write nothing more.
    #[error("the lease of job `{job}` lapsed, another worker may have it")]
    LeaseLost {
        /// The job.
        job: String,
    },
    /// The writer of deliveries stopped: the process is going down.
    #[error("deliveries are not taken any more")]
    Closed,
}

impl StoreError {
    /// An error of opening: sqlx says the database's words twice, and with a pool not at all.
    pub(super) fn open(place: String, error: &sqlx::Error) -> Self {
        let reason = match error {
            sqlx::Error::Database(error) => error.message().to_owned(),
            sqlx::Error::Io(error) => error.to_string(),
            sqlx::Error::Tls(error) => error.to_string(),
            error => error.to_string(),
        };
        Self::Open { place, reason }
    }

    /// Turns sqlx's error into ours, with what was to be done.
    pub(super) const fn while_to(action: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self::Database { action, source }
    }
}
