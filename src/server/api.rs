//! `/api/v1`: what the pages show, as JSON, described at `/api/v1/openapi.json`.
//!
//! Every answer has an `ETag`, so that whoever asks again and again costs little. Times are milliseconds
//! since 1970 and, beside them, texts.

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::asked::{Unanswerable, of_environment, question};
use super::iso::iso;
use super::rooms::Rooms;
use crate::app::{
    EnvironmentCell, EnvironmentList, EvidenceLine, HealthNote, JobLine, LacksNote, Part,
    PromotionLine, Sight, StaysNote, VoiceNote,
};

/// The description of it all.
const OPENAPI: &str = include_str!("openapi.json");

pub(super) fn routes() -> Router<Rooms> {
    Router::new()
        .route("/openapi.json", get(openapi))
        .route("/promotions", get(promotions))
        .route("/promotions/{id}", get(promotion))
        .route("/environments", get(environments))
        .route("/evidence", get(evidence))
        .route("/queue", get(queue))
        .fallback(async || refusal(StatusCode::NOT_FOUND, "there is nothing at this address"))
}

/// Why there is no other answer.
#[derive(Debug)]
struct Refused {
    status: StatusCode,
    text: String,
}

impl Refused {
    fn new(status: StatusCode, text: &str) -> Self {
        Self { status, text: text.to_owned() }
    }
}

impl From<Unanswerable> for Refused {
    fn from(fault: Unanswerable) -> Self {
        Self { status: StatusCode::BAD_REQUEST, text: fault.0 }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        refusal(self.status, &self.text)
    }
}

/// An answer that says why there is no other.
pub(super) fn refusal(status: StatusCode, text: &str) -> Response {
    let body = json!({ "error": text }).to_string();
    let kind = [(header::CONTENT_TYPE, "application/json")];
    if status == StatusCode::UNAUTHORIZED {
        return (status, [(header::WWW_AUTHENTICATE, "Bearer")], kind, body).into_response();
    }
    (status, kind, body).into_response()
}

async fn openapi(headers: HeaderMap) -> Response {
    tagged(&headers, OPENAPI.to_owned())
}

async fn promotions(
    State(rooms): State<Rooms>,
    Extension(sight): Extension<Sight>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let asked = question(query.as_deref(), sight)?;
    let part = rooms.app.promotions(&asked).await.map_err(unavailable)?;
    let line = |line: &PromotionLine| promotion_json(&rooms, line);
    Ok(tagged(&headers, list(&part, line)))
}

async fn environments(
    State(rooms): State<Rooms>,
    Extension(sight): Extension<Sight>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let asked = question(query.as_deref(), sight)?;
    let list = rooms.app.environments(&asked).await.map_err(unavailable)?;
    let EnvironmentList { part, left_out } = list;
    let open = |(line, holds): &(PromotionLine, Vec<String>)| {
        let mut json = promotion_json(&rooms, line);
        json["holds"] = json!(holds);
        json
    };
    let cell = |cell: &EnvironmentCell| {
        json!({
            "repository": cell.repository,
            "application": cell.application,
            "environment": cell.environment,
            "merged": cell.merged.as_ref().map(|line| promotion_json(&rooms, line)),
            "open": cell.open.iter().map(open).collect::<Vec<_>>(),
            "health": cell.notes.health.as_ref().map(health_json),
            "lacks": cell.notes.lacks.iter().map(lacks_json).collect::<Vec<_>>(),
        })
    };
    let left_out = left_out.map(
        |(repository, application)| json!({ "repository": repository, "application": application }),
    );
    let items: Vec<Value> = part.items.iter().map(cell).collect();
    let body = json!({ "items": items, "next": part.next, "leftOut": left_out });
    Ok(tagged(&headers, body.to_string()))
}

async fn promotion(
    State(rooms): State<Rooms>,
    Extension(sight): Extension<Sight>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    // What is no text is nobody's id.
    let id = id.map(|Path(id)| id).unwrap_or_default();
    let found = rooms.app.promotion(&id, &sight).await.map_err(unavailable)?;
    let found =
        found.ok_or_else(|| Refused::new(StatusCode::NOT_FOUND, "there is no such promotion"))?;
    let mut answer = promotion_json(&rooms, &found.line);
    let (title, body) = found.text.unzip();
    answer["title"] = json!(title);
    answer["body"] = json!(body);
    answer["holds"] = json!(found.holds);
    answer["history"] =
        found.history.iter().map(|line| promotion_json(&rooms, line)).collect::<Vec<_>>().into();
    Ok(tagged(&headers, answer.to_string()))
}

async fn evidence(
    State(rooms): State<Rooms>,
    Extension(sight): Extension<Sight>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let asked = of_environment(query.as_deref(), sight)?;
    let part = rooms.app.heard_of(&asked).await.map_err(unavailable)?;
    let line = |line: &EvidenceLine| {
        json!({
            "kind": line.source.0,
            "name": line.source.1,
            "commit": line.commit,
            "state": line.state,
            "message": line.message,
            "url": line.url,
            "at": iso(line.at),
        })
    };
    Ok(tagged(&headers, list(&part, line)))
}

async fn queue(
    State(rooms): State<Rooms>,
    Extension(sight): Extension<Sight>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let queue = rooms.app.queue(&sight).await.map_err(unavailable)?;
    let job = |job: &JobLine| {
        json!({
            "id": job.id,
            "kind": job.kind,
            "repository": job.repository,
            "state": job.state,
            "attempts": job.attempts,
            "createdAt": iso(job.created_at),
            "runAt": iso(job.run_at),
            "reason": job.reason,
        })
    };
    let budget = |(who, remaining, limit): &(String, u64, u64)| json!({ "who": who, "remaining": remaining, "limit": limit });
    let answer = json!({
        "queued": queue.queued,
        "running": queue.running,
        "parked": queue.parked,
        "jobs": queue.jobs.iter().map(job).collect::<Vec<_>>(),
        "more": queue.more,
        "github": queue.budgets.iter().map(budget).collect::<Vec<_>>(),
    });
    Ok(tagged(&headers, answer.to_string()))
}

fn promotion_json(rooms: &Rooms, line: &PromotionLine) -> Value {
    json!({
        "id": line.id,
        "repository": line.repository,
        "application": line.application,
        "source": line.source,
        "target": line.target,
        "state": line.state,
        "because": line.because,
        "number": line.number,
        "url": line.number.map(|number| rooms.pull_request(&line.repository, number)),
        "planId": line.plan,
        "baseCommit": line.base_commit,
        "headCommit": line.head_commit,
        "branch": line.branch,
        "intent": line.intent,
        "undoes": line.undoes,
        "mergedAs": line.merged.as_ref().map(|(commit, _)| commit),
        "mergedAt": line.merged.as_ref().map(|(_, at)| iso(*at)),
        "mergedBy": line.merged_by,
        "undoneAt": line.undone_at.map(iso),
        "createdAt": iso(line.created_at),
        "updatedAt": iso(line.updated_at),
    })
}

fn health_json((note, at): &(HealthNote, i64)) -> Value {
    let voice = |voice: &VoiceNote| {
        json!({
            "name": voice.name,
            "state": voice.state,
            "message": voice.message,
            "url": voice.url,
            "at": voice.at.map(iso),
        })
    };
    json!({
        "state": note.state,
        "since": note.since.map(iso),
        "at": iso(*at),
        "voices": note.voices.iter().map(voice).collect::<Vec<_>>(),
    })
}

fn lacks_json((note, at): &(LacksNote, i64)) -> Value {
    let stays = |it: &StaysNote| {
        json!({
            "path": it.path,
            "field": it.field,
            "source": it.source,
            "target": it.target,
            "because": it.because,
        })
    };
    json!({
        "source": note.source,
        "commit": note.commit,
        "files": note.files,
        "summary": note.summary,
        "stays": note.stays.iter().map(stays).collect::<Vec<_>>(),
        "more": note.more,
        "at": iso(*at),
    })
}

fn list<T>(part: &Part<T>, item: impl Fn(&T) -> Value) -> String {
    let items: Vec<Value> = part.items.iter().map(item).collect();
    json!({ "items": items, "next": part.next }).to_string()
}

fn unavailable<E>(_: E) -> Refused {
    let text = "the database does not answer at the moment";
    Refused::new(StatusCode::SERVICE_UNAVAILABLE, text)
}

/// The answer with its `ETag`; nothing but that where the asker has it already.
fn tagged(headers: &HeaderMap, body: String) -> Response {
    let tag = format!("\"{}\"", hex::encode(&Sha256::digest(body.as_bytes())[..12]));
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|it| it.to_str().ok());
    let mut known = known.flat_map(|tags| tags.split(',')).map(str::trim);
    let has_it = known.any(|it| it == "*" || it.trim_start_matches("W/") == tag);
    let common = [(header::ETAG, tag), (header::CACHE_CONTROL, "private, no-cache".to_owned())];
    if has_it {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    (common, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
