//! The HTTP door: webhook, health, metrics, and the pages with their API.
//!
//! Whoever connects is hostile until a signature says otherwise: headers and bodies have to arrive in time,
//! connections and bodies have limits for all together, and nothing is parsed before it is verified.

mod access;
mod api;
mod asked;
mod body;
mod connection;
mod door;
mod health_events;
mod iso;
mod live;
mod pages;
mod rooms;
mod webhook;

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::FutureExt as _;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use crate::app::App;
use crate::github::web_of;
use crate::redact::{Credential, WebhookSecrets};

pub use access::PageAccess;
use door::Door;
use live::Live;
use rooms::Rooms;

/// Where requests come in.
#[derive(Debug)]
pub struct Listeners {
    /// Webhooks and health; metrics too, unless they have their own.
    pub webhooks: TcpListener,
    /// Metrics alone: what faces the internet need not show them.
    pub metrics: Option<TcpListener>,
}

impl From<TcpListener> for Listeners {
    fn from(webhooks: TcpListener) -> Self {
        Self { webhooks, metrics: None }
    }
}

/// Answers requests until `shutdown` comes and those under way are answered, for five seconds at most.
pub async fn serve(
    listeners: impl Into<Listeners>,
    app: App,
    secrets: WebhookSecrets,
    shutdown: impl Future<Output = ()>,
) {
    let door = Door { app, secrets: Arc::new(secrets), bodies: body::Bodies::default() };
    accept(listeners.into(), router(&door), metrics_router(&door), shutdown).await;
}

/// Accepts connections, with the metrics where they belong.
async fn accept(
    listeners: Listeners,
    router: Router,
    metrics: Router,
    shutdown: impl Future<Output = ()>,
) {
    let Listeners { webhooks, metrics: apart } = listeners;
    let Some(apart) = apart else {
        return connection::accept(webhooks, router.merge(metrics), shutdown).await;
    };
    let shutdown = shutdown.shared();
    let apart = connection::accept(apart, metrics, shutdown.clone());
    tokio::join!(connection::accept(webhooks, router, shutdown), apart);
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
    /// Pages for whoever has this token or, where the App offers it, signs in with GitHub; with links to the
    /// GitHub of this API.
    #[must_use]
    pub fn new(token: Option<Credential>, api_url: &str) -> Self {
        Self { access: PageAccess::new(token), github: web_of(api_url) }
    }
}

/// So many sign-ins are looked at at a time.
const SIGN_INS: usize = 8;

/// As [`serve`], with the pages.
pub async fn serve_with_pages(
    listeners: impl Into<Listeners>,
    app: App,
    secrets: WebhookSecrets,
    pages: PageSettings,
    shutdown: impl Future<Output = ()>,
) {
    let (stop, stopped) = watch::channel(false);
    let live = Live::new(stopped);
    let github = pages.github.into();
    let sign_ins = Arc::new(Semaphore::new(SIGN_INS));
    let rooms =
        Rooms { app: app.clone(), access: pages.access, github, live: live.clone(), sign_ins };
    let door =
        Door { app: app.clone(), secrets: Arc::new(secrets), bodies: body::Bodies::default() };
    let metrics = metrics_router(&door);
    let router = router(&door).merge(pages::routes(rooms));
    // Open pages end first: each is a request that would not end by itself.
    let shutdown = async {
        shutdown.await;
        let _ = stop.send(true);
    };
    tokio::join!(accept(listeners.into(), router, metrics, shutdown), live.look(&app));
}

fn router(door: &Door) -> Router {
    Router::new()
        .route("/webhook", post(webhook::webhook))
        .route("/health-events", post(health_events::health_events))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .with_state(door.clone())
}

fn metrics_router(door: &Door) -> Router {
    Router::new().route("/metrics", get(metrics)).with_state(door.clone())
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
