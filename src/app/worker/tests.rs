//! The worker with jobs that do as the test says.

use std::sync::Mutex;
use std::sync::atomic::AtomicI64;

use futures_util::FutureExt;
use tokio::sync::oneshot;

use super::*;

struct World {
    _dir: tempfile::TempDir,
    store: Store,
    now: Arc<AtomicI64>,
}

impl World {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/overlift.db?mode=rwc", dir.path().display());
        let store = Store::open(&url, |_, newer| newer.to_owned()).await.unwrap();
        Self { _dir: dir, store, now: Arc::new(AtomicI64::new(1_000)) }
    }

    fn worker(
        &self,
        run: impl Fn(Attempt) -> BoxFuture<'static, Outcome> + Send + Sync + 'static,
    ) -> Worker {
        let now = Arc::clone(&self.now);
        Worker {
            store: self.store.clone(),
            clock: Clock::of(move || now.load(Ordering::SeqCst)),
            wake: Arc::new(Notify::new()),
            run: Arc::new(run),
            kinds: Kinds::default(),
            name: "test".to_owned(),
            parallel: 4,
            place_was_free: Arc::default(),
        }
    }

    async fn queue(&self, key: &str) {
        let job = NewJob {
            id: format!("id-{key}"),
            kind: "look",
            repository: None,
            key: key.to_owned(),
            lane: key.to_owned(),
            payload: String::new(),
            run_at: 0,
            delivery: None,
        };
        self.store.enqueue(vec![job], 0).await.unwrap();
    }
}

fn again() -> Outcome {
    Outcome::Again { because: "502".to_owned(), after: None }
}

#[tokio::test]
async fn draining_works_off_what_is_due_and_tells_what_comes() {
    let world = World::new().await;
    world.queue("good").await;
    world.queue("bad").await;
    let worker = world.worker(|attempt| {
        let outcome = if attempt.claim.key == "bad" { again() } else { Outcome::Done(vec![]) };
        async move { outcome }.boxed()
    });
    let due = worker.drain().await.unwrap().expect("the bad one waits for its next attempt");
    assert!((1_750..=2_250).contains(&due), "{due}");
    world.now.store(due, Ordering::SeqCst);
    let due = worker.drain().await.unwrap().unwrap() - due;
    assert!((1_500..=2_500).contains(&due), "the pause doubles: {due}");
}

#[tokio::test]
async fn a_panic_fails_its_job_only_and_parks_it_in_the_end() {
    let world = World::new().await;
    world.queue("bad").await;
    world.queue("good").await;
    let worker = world.worker(|attempt| {
        async move {
            if attempt.claim.deaths >= 3 {
                return Outcome::Parked { because: "it died three times".to_owned() };
            }
            assert_ne!(attempt.claim.key, "bad", "as the test wants it");
            Outcome::Done(vec![])
        }
        .boxed()
    });
    for _ in 0..4 {
        worker.drain().await.unwrap();
        world.now.fetch_add(LONGEST_PAUSE_MS * 2, Ordering::SeqCst);
    }
    let jobs = world.store.list_jobs(10).await.unwrap();
    assert_eq!(jobs.len(), 1);
    assert_eq!((jobs[0].key.as_str(), jobs[0].state.as_str()), ("bad", "parked"));
}

#[tokio::test]
async fn githubs_faults_park_nothing_in_the_first_hour_but_after_a_day() {
    let world = World::new().await;
    world.queue("k").await;
    let worker = world.worker(|_| async { again() }.boxed());
    let state = async || world.store.list_jobs(1).await.unwrap()[0].state.as_str();
    let mut attempts = 0;
    while world.now.load(Ordering::SeqCst) < 3_600_000 {
        let due = worker.drain().await.unwrap().unwrap();
        world.now.store(due, Ordering::SeqCst);
        attempts += 1;
    }
    assert_eq!(state().await, "queued");
    assert!((140..260).contains(&attempts), "three times a minute, not more: {attempts}");
    world.now.fetch_add(GIVE_UP_AFTER_MS, Ordering::SeqCst);
    worker.drain().await.unwrap();
    assert_eq!(state().await, "parked");
}

#[tokio::test]
async fn progress_resets_the_pause() {
    let world = World::new().await;
    world.queue("k").await;
    let worker = world.worker(|attempt| {
        async move {
            attempt.progressed();
            again()
        }
        .boxed()
    });
    for _ in 0..6 {
        let now = world.now.load(Ordering::SeqCst);
        let due = worker.drain().await.unwrap().unwrap();
        assert!(due - now <= 2_500, "{}", due - now);
        world.now.store(due, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn stopping_hands_back_what_does_not_end() {
    let world = World::new().await;
    world.queue("slow").await;
    let (started, has_started) = oneshot::channel();
    let started = Mutex::new(Some(started));
    let worker = world.worker(move |_| {
        started.lock().unwrap().take().unwrap().send(()).unwrap();
        std::future::pending().boxed()
    });
    let (stop, stopped) = watch::channel(false);
    let work = tokio::spawn({
        let worker = worker.clone();
        async move { worker.work(stopped, Duration::from_millis(1)).await }
    });
    has_started.await.unwrap();
    stop.send(true).unwrap();
    work.await.unwrap();
    let jobs = world.store.list_jobs(1).await.unwrap();
    assert_eq!((jobs[0].state.as_str(), jobs[0].attempts), ("queued", 0));
}

/// What `/readyz` looks at.
#[tokio::test]
async fn a_worker_knows_since_when_all_its_places_are_taken() {
    let world = World::new().await;
    let (started, mut has_started) = tokio::sync::mpsc::unbounded_channel();
    let worker = world.worker(move |_| {
        started.send(()).unwrap();
        std::future::pending().boxed()
    });
    let free = || worker.place_was_free.load(Ordering::Relaxed);
    let (stop, stopped) = watch::channel(false);
    let work = tokio::spawn({
        let worker = worker.clone();
        async move { worker.work(stopped, Duration::from_millis(1)).await }
    });
    for key in ["a", "b", "c", "d"] {
        world.queue(key).await;
        worker.wake.notify_one();
        has_started.recv().await.unwrap();
    }
    world.now.store(500_000, Ordering::SeqCst);
    worker.wake.notify_one();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(free(), 1_000, "the fourth took the last one");
    stop.send(true).unwrap();
    work.await.unwrap();
}

#[test]
fn what_github_prescribes_is_not_shortened() {
    assert_eq!(pause_ms(1, Some(Duration::from_secs(90)), 0.0), 90_000);
    assert_eq!(pause_ms(9, Some(Duration::from_secs(2)), 0.5), 2_500);
    assert_eq!(pause_ms(1, Some(Duration::from_secs(1 << 40)), 0.0), LONGEST_PRESCRIBED_MS);
    assert_eq!((pause_ms(1, None, 0.0), pause_ms(1, None, 1.0)), (750, 1_250));
    assert_eq!(pause_ms(u32::MAX, None, 0.5), LONGEST_PAUSE_MS);
}
