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
    /// The database cannot be reached or opened, or refuses a statement.
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
    /// Turns sqlx's error into ours, with what was to be done.
    pub(super) const fn while_to(action: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self::Database { action, source }
    }
}
