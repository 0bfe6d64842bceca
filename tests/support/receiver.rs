//! A stand-in for what receives notices: it keeps what was posted and answers as it is told.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use overlift::rooms::github::webhook::sign;
use overlift::rooms::model::ReceiverName;
use overlift::rooms::notices::{Receiver, Receivers};
use overlift::rooms::redact::Credential;
use serde_json::Value;

pub const SECRET: &str = "a secret of notices";

/// What was posted.
#[derive(Clone, Debug)]
pub struct Posted {
    pub path: String,
    pub json: Value,
    /// Whether its signature is that of the secret.
    pub signed: bool,
}

impl Posted {
    pub fn event(&self) -> &str {
        self.json["event"].as_str().unwrap_or_default()
    }

    pub fn summary(&self) -> &str {
        self.json["summary"].as_str().unwrap_or_default()
    }
}

#[derive(Default)]
struct Script {
    posted: Vec<Posted>,
    answers: VecDeque<u16>,
    always: Option<u16>,
    pause: Duration,
}

pub struct StandInReceiver {
    script: Arc<Mutex<Script>>,
    address: SocketAddr,
}

impl StandInReceiver {
    pub async fn start() -> Self {
        let script = Arc::new(Mutex::new(Script::default()));
        let router = Router::new().fallback(take).with_state(Arc::clone(&script));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { script, address }
    }

    /// The receivers `ops`, which has a secret, and `chat`, which has none.
    pub fn receivers(&self) -> Receivers {
        let of = |name: &str, secret: Option<&str>| {
            let url = format!("http://{}/{name}", self.address);
            let url = Credential::new("address", &url).unwrap();
            let secret = secret.map(|secret| Credential::new("secret", secret).unwrap());
            (ReceiverName::parse(name).unwrap(), Receiver { url, secret })
        };
        Receivers::new([of("ops", Some(SECRET)), of("chat", None)].into()).unwrap()
    }

    /// The statuses of the next answers; afterwards 200.
    pub fn answers(&self, statuses: &[u16]) {
        self.script.lock().unwrap().answers.extend(statuses);
    }

    /// The status of all answers from now on.
    pub fn always(&self, status: Option<u16>) {
        self.script.lock().unwrap().always = status;
    }

    /// How long each answer takes.
    pub fn takes(&self, pause: Duration) {
        self.script.lock().unwrap().pause = pause;
    }

    pub fn posted(&self) -> Vec<Posted> {
        self.script.lock().unwrap().posted.clone()
    }

    pub fn events(&self) -> Vec<String> {
        self.posted().iter().map(|posted| posted.event().to_owned()).collect()
    }

    pub fn forget(&self) {
        self.script.lock().unwrap().posted.clear();
    }
}

async fn take(
    State(script): State<Arc<Mutex<Script>>>,
    uri: axum::http::Uri,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let secret = Credential::new("secret", SECRET).unwrap();
    let signature = headers.get("x-signature").and_then(|value| value.to_str().ok());
    let posted = Posted {
        path: uri.path().to_owned(),
        json: serde_json::from_slice(&body).unwrap(),
        signed: signature == Some(sign(&secret, &body).as_str()),
    };
    let (status, pause) = {
        let mut script = script.lock().unwrap();
        script.posted.push(posted);
        let status = script.answers.pop_front().or(script.always).unwrap_or(200);
        (status, script.pause)
    };
    tokio::time::sleep(pause).await;
    StatusCode::from_u16(status).unwrap()
}
