//! Installation tokens: fetched once for everyone who waits, kept until shortly before they end.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

use super::GithubError;
use super::identity::Who;
use super::lock::lock;
use crate::redact::Credential;

/// A token is renewed when it has less than this left.
const EARLY: Duration = Duration::from_secs(5 * 60);

/// A token with its end.
#[derive(Clone, Debug)]
pub(super) struct InstallationToken {
    pub(super) credential: Credential,
    pub(super) expires: SystemTime,
}

type Fetch = Shared<BoxFuture<'static, Result<InstallationToken, GithubError>>>;

enum Slot {
    /// Somebody asked; whoever comes now waits for the same answer, good or bad.
    Fetching(Fetch),
    Have(InstallationToken),
}

/// The tokens of all installations.
#[derive(Default)]
pub(super) struct InstallationTokens {
    slots: Mutex<BTreeMap<Who, Slot>>,
}

impl InstallationTokens {
    /// A token that is good for some minutes; `fetch` is called if there is none and nobody fetches one.
    pub(super) async fn get(
        &self,
        id: Who,
        now: SystemTime,
        fetch: impl FnOnce() -> BoxFuture<'static, Result<InstallationToken, GithubError>>,
    ) -> Result<Credential, GithubError> {
        let fetching = {
            let mut slots = lock(&self.slots);
            match slots.get(&id) {
                Some(Slot::Have(token)) if token.expires > now + EARLY => {
                    return Ok(token.credential.clone());
                }
                Some(Slot::Fetching(fetching)) => fetching.clone(),
                _ => {
                    let fetching = fetch().shared();
                    slots.insert(id, Slot::Fetching(fetching.clone()));
                    fetching
                }
            }
        };
        let result = fetching.clone().await;
        self.settle(id, &fetching, &result);
        result.map(|token| token.credential)
    }

    /// Puts the result in the place of the fetch it came from, once.
    fn settle(&self, id: Who, fetching: &Fetch, result: &Result<InstallationToken, GithubError>) {
        let mut slots = lock(&self.slots);
        if !matches!(slots.get(&id), Some(Slot::Fetching(there)) if there.ptr_eq(fetching)) {
            return;
        }
        match result {
            Ok(token) => slots.insert(id, Slot::Have(token.clone())),
            Err(_) => slots.remove(&id),
        };
    }

    /// Forgets a token that GitHub did not accept, unless it was replaced meanwhile.
    pub(super) fn forget(&self, id: Who, refused: &Credential) {
        let mut slots = lock(&self.slots);
        if matches!(slots.get(&id), Some(Slot::Have(token)) if token.credential.expose() == refused.expose())
        {
            slots.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::model::InstallationId;

    const ID: Who = Who::Installation(InstallationId(1));

    fn token(text: &str, lasts: u64) -> InstallationToken {
        InstallationToken {
            credential: Credential::new("token", text).unwrap(),
            expires: SystemTime::UNIX_EPOCH + Duration::from_secs(lasts),
        }
    }

    struct World {
        tokens: InstallationTokens,
        fetches: Arc<AtomicUsize>,
        answer: Arc<tokio::sync::Notify>,
    }

    impl World {
        fn new() -> Self {
            Self {
                tokens: InstallationTokens::default(),
                fetches: Arc::default(),
                answer: Arc::default(),
            }
        }

        async fn get(
            &self,
            now: u64,
            fetched: Result<InstallationToken, GithubError>,
        ) -> Result<String, GithubError> {
            let (fetches, answer) = (Arc::clone(&self.fetches), Arc::clone(&self.answer));
            let fetch = move || {
                async move {
                    fetches.fetch_add(1, Ordering::SeqCst);
                    answer.notified().await;
                    fetched
                }
                .boxed()
            };
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now);
            Ok(self.tokens.get(ID, now, fetch).await?.expose().to_owned())
        }

        /// Lets the fetch end once all have begun to wait for it.
        async fn answer<F: Future>(&self, all: impl Iterator<Item = F>) -> Vec<F::Output> {
            let all = futures_util::future::join_all(all);
            tokio::join!(biased; all, async { self.answer.notify_one() }).0
        }

        async fn one(&self, now: u64, lasts: u64, text: &str) -> String {
            let get = self.get(now, Ok(token(text, lasts)));
            self.answer(std::iter::once(get)).await.remove(0).unwrap()
        }

        fn fetches(&self) -> usize {
            self.fetches.load(Ordering::SeqCst)
        }
    }

    #[tokio::test]
    async fn many_who_wait_share_one_fetch() {
        let world = World::new();
        let all = (0..20).map(|_| world.get(0, Ok(token("a", 3600))));
        for result in world.answer(all).await {
            assert_eq!(result.unwrap(), "a");
        }
        assert_eq!(world.fetches(), 1);
    }

    #[tokio::test]
    async fn renews_five_minutes_early() {
        let world = World::new();
        assert_eq!(world.one(0, 3600, "a").await, "a");
        assert_eq!(world.one(3299, 7200, "b").await, "a");
        assert_eq!(world.one(3300, 7200, "b").await, "b");
        assert_eq!(world.fetches(), 2);
    }

    #[tokio::test]
    async fn a_failed_fetch_fails_all_who_wait_and_is_not_kept() {
        let world = World::new();
        let failure = GithubError::TooSlow { request: "try", seconds: 1 };
        let all = (0..5).map(|_| world.get(0, Err(failure.clone())));
        assert!(world.answer(all).await.iter().all(Result::is_err));
        assert_eq!(world.fetches(), 1);
        assert_eq!(world.one(0, 3600, "a").await, "a");
    }

    #[tokio::test]
    async fn forgets_what_was_refused_and_nothing_newer() {
        let world = World::new();
        world.one(0, 3600, "a").await;
        world.tokens.forget(ID, &Credential::new("token", "older").unwrap());
        assert_eq!(world.one(0, 3600, "b").await, "a");
        world.tokens.forget(ID, &Credential::new("token", "a").unwrap());
        assert_eq!(world.one(0, 3600, "b").await, "b");
    }
}
