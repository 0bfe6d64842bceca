//! Connections: so many at a time, with headers that arrive in time, and an end when the process ends.
//!
//! `axum::serve` has no limits of its own, so hyper is asked directly. When all places are taken, whoever has
//! been here longest without a signature that holds makes room for the next: those who keep a connection open and
//! say nothing keep nobody out, and a delivery that was verified is answered.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service as _;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinSet;

/// How many connections are open at a time.
const CONNECTIONS: usize = 1024;

/// How long a request's headers may take, and how long a connection may be idle.
const HEADER_PATIENCE: Duration = Duration::from_secs(15);

/// What hyper holds of a connection at most; the default is 400 kB.
const BUFFER_BYTES: usize = 64 << 10;

/// How long requests under way may take when the process ends.
const LAST_PATIENCE: Duration = Duration::from_secs(5);

/// Those who are connected and have shown nothing yet, by when they came or were last vouched for.
#[derive(Default)]
struct Strangers {
    waiting: Mutex<(u64, BTreeMap<u64, Arc<Notify>>)>,
}

impl Strangers {
    fn waiting(&self) -> MutexGuard<'_, (u64, BTreeMap<u64, Arc<Notify>>)> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, leave: &Arc<Notify>) -> u64 {
        let (next, waiting) = &mut *self.waiting();
        *next += 1;
        waiting.insert(*next, Arc::clone(leave));
        *next
    }

    fn remove(&self, id: u64) {
        self.waiting().1.remove(&id);
    }

    /// The one who is here longest has to leave.
    fn turn_one_out(&self) {
        if let Some((_, leave)) = self.waiting().1.pop_first() {
            leave.notify_one();
        }
    }
}

/// A connection, as its requests know it.
#[derive(Clone)]
pub(super) struct Guest(Arc<Inner>);

struct Inner {
    strangers: Arc<Strangers>,
    leave: Arc<Notify>,
    id: Mutex<u64>,
}

impl Guest {
    fn new(strangers: &Arc<Strangers>) -> Self {
        let leave = Arc::new(Notify::new());
        let id = Mutex::new(strangers.add(&leave));
        Self(Arc::new(Inner { strangers: Arc::clone(strangers), leave, id }))
    }

    fn id(&self) -> MutexGuard<'_, u64> {
        self.0.id.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who sent this request is no stranger: the connection stays until it is answered.
    pub(super) fn vouch(&self) -> Vouched<'_> {
        self.0.strangers.remove(*self.id());
        Vouched(self)
    }
}

/// As long as this is held, the connection stays.
pub(super) struct Vouched<'g>(&'g Guest);

impl Drop for Vouched<'_> {
    fn drop(&mut self) {
        *self.0.id() = self.0.0.strangers.add(&self.0.0.leave);
    }
}

/// Accepts connections until `shutdown`, then lets requests under way end.
pub(super) async fn accept(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let strangers = Arc::new(Strangers::default());
    let (close, closing) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = async {
            let accepted = listener.accept().await;
            if accepted.is_err() || places.available_permits() == 0 {
                strangers.turn_one_out();
            }
            (Arc::clone(&places).acquire_owned().await, accepted)
        };
        let (place, stream) = tokio::select! {
            () = &mut shutdown => break,
            accepted = accepted => accepted,
        };
        let stream = match stream {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Mostly too many open files: the one who was turned out makes room.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            }
        };
        let (router, closing) = (router.clone(), closing.clone());
        let guest = Guest::new(&strangers);
        connections.spawn(async move {
            answer(stream, router, &guest, closing).await;
            guest.0.strangers.remove(*guest.id());
            drop(place);
        });
    }
    drop(listener);
    let _ = close.send(true);
    let finish = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(LAST_PATIENCE, finish).await.is_err() {
        connections.shutdown().await;
    }
}

async fn answer(
    stream: TcpStream,
    router: Router,
    guest: &Guest,
    mut closing: watch::Receiver<bool>,
) {
    // Answers are a few bytes, and the sender waits for them.
    let _ = stream.set_nodelay(true);
    let router = TowerToHyperService::new(router);
    let as_guest = guest.clone();
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(as_guest.clone());
        router.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_PATIENCE)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    // How a connection breaks is its client's affair.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = guest.0.leave.notified() => return,
        _ = closing.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
