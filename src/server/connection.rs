//! Connections: few at a time, with headers that arrive in time, and an end when the process ends.
//!
//! `axum::serve` has no limits of its own, so hyper is asked directly.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// How many connections are open at a time; more wait in the kernel.
const CONNECTIONS: usize = 1024;

/// How long a request's headers may take, and how long a connection may be idle.
const HEADER_PATIENCE: Duration = Duration::from_secs(15);

/// What hyper holds of a connection at most; the default is 400 kB.
const BUFFER_BYTES: usize = 64 << 10;

/// How long requests under way may take when the process ends.
const LAST_PATIENCE: Duration = Duration::from_secs(5);

/// Accepts connections until `shutdown`, then lets requests under way end.
pub(super) async fn accept(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let (close, closing) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, stream) = tokio::select! {
            () = &mut shutdown => break,
            accepted = accepted => accepted,
        };
        let stream = match stream {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Mostly too many open files: others have to end first.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (router, closing) = (router.clone(), closing.clone());
        connections.spawn(async move {
            answer(stream, router, closing).await;
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

async fn answer(stream: TcpStream, router: Router, mut closing: watch::Receiver<bool>) {
    // Answers are a few bytes, and the sender waits for them.
    let _ = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_PATIENCE)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    // How a connection breaks is its client's affair.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = closing.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
