//! The HTTP door: webhook, health, metrics.
//!
//! Whoever connects is hostile until a signature says otherwise: headers and bodies have to arrive in time,
//! connections and large bodies are few at a time, and nothing is parsed before it is verified.

mod body;
mod connection;
mod webhook;

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::net::TcpListener;

use crate::app::App;
use crate::redact::WebhookSecrets;

/// What every request needs.
#[derive(Clone)]
struct Door {
    app: App,
    secrets: Arc<WebhookSecrets>,
    large_bodies: body::LargeBodies,
}

/// Answers requests until `shutdown` comes and those under way are answered, for five seconds at most.
pub async fn serve(
    listener: TcpListener,
    app: App,
    secrets: WebhookSecrets,
    shutdown: impl Future<Output = ()>,
) {
    let door = Door { app, secrets: Arc::new(secrets), large_bodies: body::LargeBodies::default() };
    connection::accept(listener, router(door), shutdown).await;
}

fn router(door: Door) -> Router {
    Router::new()
        .route("/webhook", post(webhook::webhook))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(door)
}

async fn ready(State(door): State<Door>) -> Response {
    match door.app.ready().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")).into_response()
        }
    }
}

async fn metrics(State(door): State<Door>) -> Response {
    let form = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (form, door.app.metrics().await).into_response()
}
