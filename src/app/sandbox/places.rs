//! How much memory the sandbox gets, and who waits for it.
//!
//! Most questions are answered within little memory. One that is not is asked again with all that a plan may hold,
//! and then it has one of two places; a repository has one at most, so that what it pushes does not keep those of
//! others waiting. So what all plans together hold stays within what `deploy/` allows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use super::super::limit::{LimitMet, Memory};
use super::answer::Reply;
use super::asking::Asking;
use super::question::Question;
use crate::model::{FileTree, RepoName};

/// Where a question about a repository is answered, with as much memory as it turns out to need.
pub(in crate::app) struct Sandbox {
    repository: RepoName,
    question: Arc<Question>,
    asking: Option<Asking>,
    place: Option<LargePlan>,
}

impl Sandbox {
    /// With the memory that is enough for most questions.
    pub(in crate::app) fn of(repository: RepoName, question: Question) -> Self {
        Self { repository, question: Arc::new(question), asking: None, place: None }
    }

    /// Has the question answered by the files that are here, which are more from one time to the next; or tells
    /// the limit that was met.
    pub(in crate::app) async fn ask(&mut self, files: Arc<FileTree>) -> Result<Reply, LimitMet> {
        loop {
            let memory = if self.place.is_some() { Memory::Most } else { Memory::Usual };
            let begin = || Asking::of(Arc::clone(&self.question), memory);
            let mut asking = self.asking.take().unwrap_or_else(begin);
            let here = Arc::clone(&files);
            let asked = tokio::task::spawn_blocking(move || {
                let reply = asking.ask(&here);
                (asking, reply)
            });
            match asked.await {
                Ok((asking, Ok(reply))) => {
                    self.asking = Some(asking);
                    return Ok(reply);
                }
                Ok((_, Err(met))) if self.may_grow(&met).await => {}
                Ok((_, Err(met))) => return Err(met),
                Err(_) => return Err(LimitMet::Killed),
            }
        }
    }

    /// Takes a place for a question that needs more memory, if that is what it met and there is more.
    async fn may_grow(&mut self, met: &LimitMet) -> bool {
        // Who gets no memory for a thread dies of what looks like a fault.
        let is_memory = matches!(met, LimitMet::Memory | LimitMet::Fault(_));
        if !is_memory || self.place.is_some() {
            return false;
        }
        self.place = Some(LargePlan::begin(&self.repository).await);
        true
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
        let question = Question::configuration(None);
        let mut sandbox = Sandbox::of(RepoName::parse("octo/large").unwrap(), question);
        assert!(!sandbox.may_grow(&LimitMet::Time).await);
        assert!(sandbox.may_grow(&LimitMet::Memory).await);
        assert!(!sandbox.may_grow(&LimitMet::Memory).await);
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
