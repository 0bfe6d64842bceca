//! The pages: what is where, what waits for whom, what went wrong. Read-only, rendered here.
//!
//! Every text is escaped by the templates, whatever a repository, a manifest or a person wrote. A page
//! needs no script; with one it fetches itself anew when something changed.

mod answer;
mod markdown;
mod shared;
mod sign_in;
mod template;
mod view;

use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, RawForm, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use minijinja::value::Serde;
use minijinja::{Value, context};

use super::access::{Guess, PageAccess, bearer, is_secure};
use super::api;
use super::asked::{of_environment, question, with_cursor};
use super::rooms::Rooms;
use crate::app::{EnvironmentList, PageSession, Question, Sight};
use answer::{field, html, local, message, not_understood, see, unavailable};
use shared::{Shared, share};
use template::page;
use view::{Line, Queue, Word, groups, noted};

/// What a browser may do with a page: show it with our style and our script, and nothing from elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
     img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The routes of the pages and of `/api/v1`, behind the token.
pub(super) fn routes(rooms: Rooms) -> Router {
    // What open pages are answered that heard the same news.
    let once = (Shared::default(), rooms.app.clone());
    let live = Router::new()
        .route("/", get(environments))
        .route("/promotions", get(promotions))
        .route("/promotions/{id}", get(promotion))
        .route("/environment", get(environment))
        .route("/queue", get(queue))
        .layer(middleware::from_fn_with_state(once, share));
    let behind = live
        .route("/live.js", get(|| asset("text/javascript; charset=utf-8", include_str!("live.js"))))
        .route("/events", get(events))
        .nest("/api/v1", api::routes())
        .layer(middleware::from_fn_with_state(rooms.clone(), let_in));
    Router::new()
        .route("/login", get(form).post(show_token))
        .route("/login/github", get(sign_in::leave))
        .route("/login/github/callback", get(sign_in::come_back))
        .route("/logout", post(sign_out))
        .route("/style.css", get(|| asset("text/css; charset=utf-8", include_str!("style.css"))))
        .merge(behind)
        .layer(middleware::map_response(guard))
        .with_state(rooms)
}

/// Lets a request in that has a session or shows the token; else an API says 401, a page shows the form.
async fn let_in(State(rooms): State<Rooms>, mut request: Request, next: Next) -> Response {
    let headers = request.headers();
    if rooms.access.has_session(headers, rooms.app.now()) {
        request.extensions_mut().insert(Sight::All);
        return next.run(request).await;
    }
    if let Some(PageSession { sight, .. }) = sign_in::session(&rooms, headers).await {
        request.extensions_mut().insert(sight);
        return next.run(request).await;
    }
    let is_api = request.uri().path().starts_with("/api/");
    if let Some(token) = bearer(headers) {
        return match rooms.access.guess(token).await {
            Guess::Right => {
                request.extensions_mut().insert(Sight::All);
                next.run(request).await
            }
            Guess::Wrong => api::refusal(StatusCode::UNAUTHORIZED, "this is not the token"),
            Guess::TooMany => slow_down(&rooms, is_api),
        };
    }
    if is_api {
        return api::refusal(StatusCode::UNAUTHORIZED, "show the token: `Authorization: Bearer …`");
    }
    let wanted = request.uri().path_and_query().map_or("/", |it| it.as_str());
    let to = form_urlencoded::Serializer::new(String::new()).append_pair("next", wanted).finish();
    // Whoever signed in with GitHub does not see that it is asked again.
    let offered = if sign_in::was_here(headers) { "/login/github" } else { "/login" };
    see(&format!("{offered}?{to}"))
}

/// What every answer says to browsers.
async fn guard(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn form(State(rooms): State<Rooms>, RawQuery(query): RawQuery) -> Response {
    let next = field(query.unwrap_or_default().as_bytes(), "next");
    login(&rooms, StatusCode::OK, None, &next)
}

fn login(rooms: &Rooms, status: StatusCode, fault: Option<&str>, next: &str) -> Response {
    let next = local(next);
    let way = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    let by_github = rooms.app.sign_in_address("").map(|_| format!("/login/github?{way}"));
    let by_token = rooms.access.has_token();
    html(status, page("login", "Sign in", false, context! { fault, next, by_github, by_token }))
}

async fn show_token(
    State(rooms): State<Rooms>,
    headers: HeaderMap,
    RawForm(body): RawForm,
) -> Response {
    let (token, next) = (field(&body, "token"), field(&body, "next"));
    match rooms.access.guess(token.trim()).await {
        Guess::Right => {
            let cookie = rooms.access.cookie(rooms.app.now(), is_secure(&headers));
            let cookie = cookie.map(|cookie| [(header::SET_COOKIE, cookie)]);
            (cookie, see(local(&next))).into_response()
        }
        Guess::Wrong => {
            login(&rooms, StatusCode::UNAUTHORIZED, Some("This is not the token."), &next)
        }
        Guess::TooMany => slow_down(&rooms, false),
    }
}

async fn sign_out(State(rooms): State<Rooms>, headers: HeaderMap) -> Response {
    let mut answer =
        ([(header::SET_COOKIE, PageAccess::no_cookie())], see("/login")).into_response();
    sign_in::end(&rooms, &headers, &mut answer).await;
    answer
}

fn slow_down(rooms: &Rooms, is_api: bool) -> Response {
    let text = "too many wrong tokens at the moment, try again in some seconds";
    let answer = if is_api {
        api::refusal(StatusCode::TOO_MANY_REQUESTS, text)
    } else {
        login(rooms, StatusCode::TOO_MANY_REQUESTS, Some(text), "/")
    };
    ([(header::RETRY_AFTER, "2")], answer).into_response()
}

async fn environments(
    State(rooms): State<Rooms>,
    Extension(sight): Extension<Sight>,
    RawQuery(query): RawQuery,
) -> Response {
    let asked = match question(query.as_deref(), sight) {
        Ok(asked) => asked,
        Err(fault) => return not_understood(&fault),
    };
    let Ok(list) = rooms.app.environments(&asked).await else { return unavailable() };
    let EnvironmentList { part, left_out } = list;
    let next = part.next.map(|cursor| with_cursor(&asked, &cursor));
    let groups = groups(part.items, rooms.app.now());
    let groups = Value::from(Serde(&groups));
    let content = context! { groups, next, left_out, asked => shown(&asked) };
    html(StatusCode::OK, page("environments", "Environments", true, content))
}

async fn promotions(
    State(rooms): State<Rooms>,
    Extension(sight): Extension<Sight>,
    RawQuery(query): RawQuery,
) -> Response {
    let asked = match question(query.as_deref(), sight) {
        Ok(asked) => asked,
        Err(fault) => return not_understood(&fault),
    };
    let Ok(part) = rooms.app.promotions(&asked).await else { return unavailable() };
    let next = part.next.map(|cursor| with_cursor(&asked, &cursor));
    let now = rooms.app.now();
    let lines: Vec<Line> = part.items.into_iter().map(|line| Line::of(line, now)).collect();
    let content = context! { lines => Value::from(Serde(&lines)), next, asked => shown(&asked) };
    html(StatusCode::OK, page("promotions", "Promotions", true, content))
}

async fn environment(
    State(rooms): State<Rooms>,
    Extension(sight): Extension<Sight>,
    RawQuery(query): RawQuery,
) -> Response {
    let asked = match of_environment(query.as_deref(), sight) {
        Ok(asked) => asked,
        Err(fault) => return not_understood(&fault),
    };
    let Ok(part) = rooms.app.promotions(&asked).await else { return unavailable() };
    let next = part.next.map(|cursor| format!("/environment?{}", with_cursor(&asked, &cursor)));
    let now = rooms.app.now();
    let lines: Vec<Line> = part.items.into_iter().map(|line| Line::of(line, now)).collect();
    // The page's cursor is that of its promotions: of what was heard it has the beginning.
    let newest = Question { cursor: String::new(), ..asked.clone() };
    let Ok(heard) = rooms.app.heard_of(&newest).await else { return unavailable() };
    let words_more = heard.next.is_some();
    let heard: Vec<Word> = heard.items.into_iter().map(|line| Word::of(line, now)).collect();
    let Ok(notes) = rooms.app.noted_of(&asked).await else { return unavailable() };
    let (health, lacks) = noted(notes, now);
    let (lines, heard) = (Value::from(Serde(&lines)), Value::from(Serde(&heard)));
    let (health, lacks) = (Value::from(Serde(&health)), Value::from(Serde(&lacks)));
    let content =
        context! { lines, heard, words_more, health, lacks, next, asked => shown(&asked) };
    html(StatusCode::OK, page("environment", &asked.environment, true, content))
}

async fn promotion(
    State(rooms): State<Rooms>,
    Extension(sight): Extension<Sight>,
    id: Result<Path<String>, PathRejection>,
) -> Response {
    // What is no text is nobody's id.
    let id = id.map(|Path(id)| id).unwrap_or_default();
    let found = match rooms.app.promotion(&id, &sight).await {
        Ok(Some(found)) => found,
        Ok(None) => {
            return message(StatusCode::NOT_FOUND, "Not here", "There is no such promotion.");
        }
        Err(_) => return unavailable(),
    };
    let now = rooms.app.now();
    let url = found.line.number.map(|number| rooms.pull_request(&found.line.repository, number));
    let (title, body) = match found.text {
        Some((title, body)) => (title, Some(Value::from_safe_string(markdown::render(&body)))),
        None => (format!("{} → {}", found.line.source, found.line.target), None),
    };
    let history: Vec<Line> = found.history.into_iter().map(|line| Line::of(line, now)).collect();
    let line = Value::from(Serde(Line::of(found.line, now)));
    let holds = found.holds;
    let content = context! { line, url, body, holds, history => Value::from(Serde(&history)) };
    html(StatusCode::OK, page("promotion", &title, true, content))
}

async fn queue(State(rooms): State<Rooms>, Extension(sight): Extension<Sight>) -> Response {
    let Ok(queue) = rooms.app.queue(&sight).await else { return unavailable() };
    let queue = Value::from(Serde(Queue::of(queue, rooms.app.now())));
    html(StatusCode::OK, page("queue", "Queue", true, context! { queue }))
}

async fn events(State(rooms): State<Rooms>) -> Response {
    rooms.live.page()
}

async fn asset(kind: &'static str, text: &'static str) -> Response {
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "max-age=300")];
    (headers, text).into_response()
}

fn shown(asked: &Question) -> Value {
    let Question { repository, application, environment, state, search, .. } = asked;
    context! { repository, application, environment, state, search }
}
