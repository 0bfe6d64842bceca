//! What has to be known of a kind of jobs to queue it: a file for each says it beside what the job says.

use super::repository_address::RepositoryAddress;

/// A kind of jobs.
pub(in crate::app) trait Kind: Sized {
    /// The word for it in lists and metrics, with which its keys begin.
    const WORD: &'static str;

    /// Where it plays, if in one repository.
    fn place(&self) -> Option<&RepositoryAddress>;

    /// What makes a second one the same job.
    fn queue_key(&self) -> String;

    /// What must not run at the same time.
    fn lane(&self) -> String {
        self.queue_key()
    }

    /// One job that does what both do.
    fn merge(self, newer: Self) -> Self {
        newer
    }
}
