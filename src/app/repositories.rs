//! Noting which repositories an installation gained and lost.

use super::job::Repositories;
use super::work::{Stop, Work};
use super::worker::Outcome;
use crate::store::KnownRepository;

/// Notes them, by the names under which the store knows them.
pub(super) async fn note(work: &Work, repositories: &Repositories) -> Result<Outcome, Stop> {
    let now = work.app.clock.now();
    for name in &repositories.removed {
        work.app.store.forget_repository(&name.to_lowercase()).await?;
    }
    for name in &repositories.added {
        let known = KnownRepository {
            name: name.to_lowercase(),
            default_branch: None,
            installation: i64::try_from(repositories.installation).ok(),
            looked_at: None,
            looked_tree: None,
        };
        work.app.store.note_repository(&known, now).await?;
    }
    Ok(Outcome::Done(Vec::new()))
}
