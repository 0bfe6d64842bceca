//! How much memory a trial gets, and who waits for it.
//!
//! Most plans are tried, and made, within little memory. One that does not fit is tried again with all that a plan
//! may hold, and then it has one of two places; a repository has one at most, so that what it pushes does not keep
//! those of others waiting. So what all plans together hold stays within what `deploy/` allows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use super::limit::{LimitMet, Memory};
use super::trial::Tried;
use crate::model::RepoName;

/// Something of a repository that is tried, and made where that went well, while this is kept.
pub(super) struct Rehearsal {
    repository: RepoName,
    place: Option<LargePlan>,
}

impl Rehearsal {
    /// With the memory that is enough for most plans.
    pub(super) const fn of(repository: RepoName) -> Self {
        Self { repository, place: None }
    }

    /// Runs a trial on a thread that may wait, and once more where it needs more memory.
    pub(super) async fn run<R>(&mut self, run: R) -> Tried
    where
        R: Fn(Memory) -> Tried + Send + Sync + 'static,
    {
        let run = Arc::new(run);
        loop {
            let memory = if self.place.is_some() { Memory::Most } else { Memory::Usual };
            let run = Arc::clone(&run);
            let tried = tokio::task::spawn_blocking(move || run(memory)).await;
            match tried.unwrap_or(Tried::Met(LimitMet::Killed)) {
                // Who gets no memory for a thread dies of what looks like a fault.
                Tried::Met(LimitMet::Memory | LimitMet::Fault(_)) if memory == Memory::Usual => {
                    self.place = Some(LargePlan::begin(&self.repository).await);
                }
                tried => return tried,
            }
        }
    }
}

static PLACES: Semaphore = Semaphore::const_new(2);
static REPOSITORIES: Mutex<BTreeMap<RepoName, Weak<Semaphore>>> = Mutex::new(BTreeMap::new());

/// A place for a plan that needs much memory, while it is tried and made.
struct LargePlan {
    _of_all: SemaphorePermit<'static>,
    _of_repository: OwnedSemaphorePermit,
}

impl LargePlan {
    /// Waits for a place. Who has one must not ask for another.
    async fn begin(repository: &RepoName) -> Self {
        const NEVER_CLOSED: &str = "nobody closes a semaphore of places";
        let own = own_place(repository).acquire_owned().await.expect(NEVER_CLOSED);
        let place = PLACES.acquire().await.expect(NEVER_CLOSED);
        Self { _of_all: place, _of_repository: own }
    }
}

fn own_place(repository: &RepoName) -> Arc<Semaphore> {
    let mut known = REPOSITORIES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(place) = known.get(repository).and_then(Weak::upgrade) {
        return place;
    }
    known.retain(|_, place| place.strong_count() > 0);
    let place = Arc::new(Semaphore::new(1));
    known.insert(repository.clone(), Arc::downgrade(&place));
    place
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::future::poll_immediate;

    use super::*;

    #[tokio::test]
    async fn what_needs_more_memory_gets_it_once() {
        let mut rehearsal = Rehearsal::of(RepoName::parse("octo/large").unwrap());
        let needs = |enough: bool| {
            move |memory| match memory {
                Memory::Most if enough => Tried::Ended,
                _ => Tried::Met(LimitMet::Memory),
            }
        };
        assert_eq!(rehearsal.run(needs(true)).await, Tried::Ended);
        assert_eq!(rehearsal.run(needs(false)).await, Tried::Met(LimitMet::Memory));
        assert!(rehearsal.place.is_some());
    }

    #[tokio::test]
    async fn a_repository_has_one_place_and_all_have_two() {
        let repository = |name| RepoName::parse(name).unwrap();
        let names = ["octo/loud", "octo/quiet", "octo/third"].map(repository);
        let [loud, quiet, third] = &names;
        let first = LargePlan::begin(loud).await;
        let mut again = pin!(LargePlan::begin(loud));
        assert!(poll_immediate(again.as_mut()).await.is_none(), "its own is taken");
        let second = LargePlan::begin(quiet).await;
        let mut waiting = pin!(LargePlan::begin(third));
        assert!(poll_immediate(waiting.as_mut()).await.is_none(), "both are taken");
        drop(first);
        // Its own is free, and the others wait for longer.
        assert!(poll_immediate(again.as_mut()).await.is_none());
        let _third = poll_immediate(waiting.as_mut()).await.expect("there is one");
        drop(second);
        assert!(poll_immediate(again.as_mut()).await.is_some());
    }
}
