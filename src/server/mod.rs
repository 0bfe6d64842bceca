//! The HTTP door: webhook, health, metrics, and the pages with their API.
//!
//! Whoever connects is hostile until a signature says otherwise: headers and bodies have to arrive in time,
//! connections and large bodies are few at a time, and nothing is parsed before it is verified.

mod access;
mod api;
mod asked;
mod body;
mod connection;
mod health_events;
mod live;
mod pages;
mod webhook;

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::app::App;
use crate::redact::{Credential, WebhookSecrets};

pub use access::PageAccess;
use live::Live;

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

/// What the pages need.
#[derive(Debug, Clone)]
pub struct PageSettings {
    /// Who may see them.
    pub access: PageAccess,
    /// Where pull requests are, without a slash at its end: `https://github.com`.
    pub github: String,
}

impl PageSettings {
    /// Pages for whoever has this token, with links to the GitHub of this API.
    #[must_use]
    pub fn new(token: Credential, api_url: &str) -> Self {
        let web = api_url.trim_end_matches('/').trim_end_matches("/api/v3");
        let web = if web == "https://api.github.com" { "https://github.com" } else { web };
        Self { access: PageAccess::new(token), github: web.to_owned() }
    }
}

/// What every page needs.
#[derive(Clone)]
struct Rooms {
    app: App,
    access: PageAccess,
    github: Arc<str>,
    live: Live,
}

impl Rooms {
    /// The address of a pull request.
    fn pull_request(&self, repository: &str, number: i64) -> String {
        format!("{}/{repository}/pull/{number}", self.github)
    }
}

/// As [`serve`], with the pages for whoever has their token.
pub async fn serve_with_pages(
    listener: TcpListener,
    app: App,
    secrets: WebhookSecrets,
    pages: PageSettings,
    shutdown: impl Future<Output = ()>,
) {
    let (stop, stopped) = watch::channel(false);
    let live = Live::new(stopped);
    let github = pages.github.into();
    let rooms = Rooms { app: app.clone(), access: pages.access, github, live: live.clone() };
    let door = Door {
        app: app.clone(),
        secrets: Arc::new(secrets),
        large_bodies: body::LargeBodies::default(),
    };
    let router = router(door).merge(pages::routes(rooms));
    // Open pages end first: each is a request that would not end by itself.
    let shutdown = async {
        shutdown.await;
        let _ = stop.send(true);
    };
    tokio::join!(connection::accept(listener, router, shutdown), live.look(&app));
}

fn router(door: Door) -> Router {
    Router::new()
        .route("/webhook", post(webhook::webhook))
        .route("/health-events", post(health_events::health_events))
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
