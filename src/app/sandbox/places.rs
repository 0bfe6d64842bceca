//! How much memory the sandbox gets, and who waits for it.
//!
//! Most questions are answered within little memory. One that is not is asked again with all that a plan may hold,
//! and then it has one of two places; a repository has one at most, so that what it pushes does not keep those of
//! others waiting. So what all plans together hold stays within what `deploy/` allows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use super::super::limit::{LimitMet, Memory};
use super::{Question, Reply};
use crate::model::{FileTree, RepoName};

/// Where questions about a repository are answered; how much memory that takes is remembered from one to the next.
pub(in crate::app) struct Sandbox {
    repository: RepoName,
    place: Option<LargePlan>,
}

impl Sandbox {
    /// With the memory that is enough for most plans.
    pub(in crate::app) const fn of(repository: RepoName) -> Self {
        Self { repository, place: None }
    }

    /// Has a question answered, once more where that needs more memory; else tells the limit that it met.
    pub(in crate::app) async fn ask(
        &mut self,
        question: Question,
        files: Arc<FileTree>,
    ) -> Result<Reply, LimitMet> {
        let question = Arc::new(question);
        self.run(|memory| Arc::clone(&question).ask_aside(Arc::clone(&files), memory)).await
    }

    async fn run<T, F>(&mut self, run: impl Fn(Memory) -> F) -> Result<T, LimitMet>
    where
        F: Future<Output = Result<T, LimitMet>>,
    {
        loop {
            let memory = if self.place.is_some() { Memory::Most } else { Memory::Usual };
            match run(memory).await {
                // Who gets no memory for a thread dies of what looks like a fault.
                Err(LimitMet::Memory | LimitMet::Fault(_)) if memory == Memory::Usual => {
                    self.place = Some(LargePlan::begin(&self.repository).await);
                }
                ended => return ended,
            }
        }
    }
}

static PLACES: Semaphore = Semaphore::const_new(2);
static REPOSITORIES: Mutex<BTreeMap<RepoName, Weak<Semaphore>>> = Mutex::new(BTreeMap::new());

/// A place for a plan that needs much memory, while it is made.
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
        let mut sandbox = Sandbox::of(RepoName::parse("octo/large").unwrap());
        let needs = |enough: bool| {
            move |memory| {
                std::future::ready(match memory {
                    Memory::Most if enough => Ok(()),
                    _ => Err(LimitMet::Memory),
                })
            }
        };
        assert_eq!(sandbox.run(needs(true)).await, Ok(()));
        assert_eq!(sandbox.run(needs(false)).await, Err(LimitMet::Memory));
        assert!(sandbox.place.is_some());
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
