//! Signing in with GitHub: there and back, by plain links.
//!
//! What a browser holds on the way is a random word that GitHub has to bring back, so that nobody is led into
//! somebody else's session. It comes back from another site, where `SameSite=Strict` cookies do not go along:
//! the last step is a page of ours that leads on by itself.

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use minijinja::context;

use super::answer::{field, html, local, see, unavailable};
use super::template::page;
use crate::app::{PageSession, SignInError};
use crate::github::{GithubError, Retry};
use crate::server::access::{cookies, is_secure};
use crate::server::rooms::Rooms;

/// What a browser shows of its session.
const SESSION: &str = "overlift_session";
/// What GitHub has to bring back, and where to go then.
const STATE: &str = "overlift_state";
/// How long the way there and back may take, as GitHub's code does.
const STATE_SECONDS: u32 = 600;
/// How long a browser remembers that somebody signed in with GitHub here. The session ends before, and then
/// GitHub is asked again.
const REMEMBERED_SECONDS: u32 = 12 * 3_600;

/// Whose session a request shows.
pub(super) async fn session(rooms: &Rooms, headers: &HeaderMap) -> Option<PageSession> {
    for held in cookies(headers, SESSION) {
        match rooms.app.page_session(held).await {
            Ok(Some(session)) => return Some(session),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "a session cannot be looked for"),
        }
    }
    None
}

/// Whether this browser had a session before.
pub(super) fn was_here(headers: &HeaderMap) -> bool {
    cookies(headers, SESSION).next().is_some()
}

/// Sends a browser to GitHub.
pub(super) async fn leave(
    State(rooms): State<Rooms>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let state = format!("{:032x}", rand::random::<u128>());
    let Some(address) = rooms.app.sign_in_address(&state) else { return see("/login") };
    let next = field(query.unwrap_or_default().as_bytes(), "next");
    let next: String = form_urlencoded::byte_serialize(local(&next).as_bytes()).collect();
    let secure = if is_secure(&headers) { "; Secure" } else { "" };
    // Lax, since it has to come back from another site.
    let cookie = format!(
        "{STATE}={state}.{next}; Path=/login/github; Max-Age={STATE_SECONDS}; HttpOnly; SameSite=Lax{secure}"
    );
    ([(header::SET_COOKIE, cookie)], see(&address)).into_response()
}

/// Takes a browser back from GitHub.
pub(super) async fn come_back(
    State(rooms): State<Rooms>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let (code, state) = (field(query.as_bytes(), "code"), field(query.as_bytes(), "state"));
    let told = cookies(&headers, STATE).find_map(|held| {
        let (known, next) = held.split_once('.')?;
        (!state.is_empty() && known == state)
            .then(|| field(format!("next={next}").as_bytes(), "next"))
    });
    let Some(next) = told else {
        let text = "This sign-in did not begin here, or took too long. Begin it again.";
        return refuse(StatusCode::BAD_REQUEST, text);
    };
    if code.is_empty() {
        return refuse(StatusCode::FORBIDDEN, "GitHub was not allowed to say who you are.");
    }
    let Ok(_place) = rooms.sign_ins.try_acquire() else {
        let text = "Too many people sign in at the moment, try again in some seconds.";
        return refuse(StatusCode::TOO_MANY_REQUESTS, text);
    };
    let held = match rooms.app.sign_in(&code).await {
        Ok(held) => held,
        Err(SignInError::Store(_)) => return unavailable(),
        Err(SignInError::NotOffered) => return see("/login"),
        Err(SignInError::Github(error)) => return not_let_in(&error),
    };
    let secure = if is_secure(&headers) { "; Secure" } else { "" };
    let cookie = format!(
        "{SESSION}={held}; Path=/; Max-Age={REMEMBERED_SECONDS}; HttpOnly; SameSite=Strict{secure}"
    );
    let mut answer =
        html(StatusCode::OK, page("onward", "Signed in", false, context! { next => local(&next) }));
    set(&mut answer, &cookie);
    set(&mut answer, &nothing(STATE, "/login/github"));
    answer
}

/// Ends the session that a browser shows.
pub(super) async fn end(rooms: &Rooms, headers: &HeaderMap, answer: &mut Response) {
    for held in cookies(headers, SESSION) {
        if let Err(error) = rooms.app.sign_out(held).await {
            tracing::warn!(%error, "a session could not be ended, it lapses");
        }
    }
    set(answer, &nothing(SESSION, "/"));
}

fn not_let_in(error: &GithubError) -> Response {
    tracing::warn!(%error, "somebody could not be signed in");
    match error {
        GithubError::NotFound { .. } => {
            let text = "The sign-in took too long, or was used already. Begin it again.";
            refuse(StatusCode::BAD_REQUEST, text)
        }
        error if error.retry() == Retry::Never => {
            let text = "GitHub does not say who you are. The operator finds the reason in the log: the client \
                        id or the client secret may be wrong.";
            refuse(StatusCode::BAD_GATEWAY, text)
        }
        _ => refuse(StatusCode::BAD_GATEWAY, "GitHub does not answer at the moment. Try again."),
    }
}

/// Says why, and forgets what was held, so that nobody is sent around in a circle.
fn refuse(status: StatusCode, text: &str) -> Response {
    let mut answer = html(status, page("message", "Not signed in", false, context! { text }));
    set(&mut answer, &nothing(SESSION, "/"));
    set(&mut answer, &nothing(STATE, "/login/github"));
    answer
}

fn nothing(name: &str, path: &str) -> String {
    format!("{name}=; Path={path}; Max-Age=0; HttpOnly; SameSite=Strict")
}

fn set(answer: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        answer.headers_mut().append(header::SET_COOKIE, value);
    }
}
