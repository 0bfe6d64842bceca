//! The HTTP side: routes, credentials, faults, ETags, limits.

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::{Request as HttpRequest, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::exchange::{Answer, Exchange, Reply, not_found};
use super::faults::{Fault, Faults};
use super::world::{Request, World};
use super::{app, control, deployments, endpoint, git_data, graphql, pulls, rules, sign_in};

/// What all requests share.
pub struct Shared {
    pub world: Mutex<World>,
    pub faults: Faults,
    /// Such as `/api/v3`; empty for api.github.com.
    pub prefix: String,
    pub base: String,
    pub archive_base: String,
}

type Handler = fn(&mut Exchange<'_>) -> Reply;

/// The endpoint for a path: its name, what answers, and the part from which on slashes belong to a name.
fn route(method: &str, parts: &[&str]) -> Option<(&'static str, Handler, usize)> {
    use endpoint::*;
    Some(match (method, parts) {
        ("POST", ["graphql"]) => (GRAPHQL, graphql::answer, 1),
        ("GET", ["app"]) => (GET_APP, app::app, 1),
        ("GET", ["app", "hook", "config"]) => (GET_HOOK_CONFIG, app::hook_config, 3),
        ("GET", ["user"]) => (GET_USER, app::user, 1),
        ("GET", ["app", "installations"]) => (LIST_INSTALLATIONS, app::installations, 2),
        ("POST", ["app", "installations", _, "access_tokens"]) => {
            (CREATE_TOKEN, app::access_token, 4)
        }
        ("GET", ["app", "hook", "deliveries"]) => (LIST_DELIVERIES, app::deliveries, 3),
        ("GET", ["app", "hook", "deliveries", _]) => (GET_DELIVERY, app::delivery, 4),
        ("GET", ["installation", "repositories"]) => {
            (LIST_REPOSITORIES, app::installation_repositories, 2)
        }
        ("GET", ["user", "installations"]) => (LIST_USER_INSTALLATIONS, sign_in::installations, 2),
        ("GET", ["user", "installations", _, "repositories"]) => {
            (LIST_USER_REPOSITORIES, sign_in::repositories, 4)
        }
        (method, ["repos", _, _, rest @ ..]) => return route_repository(method, rest),
        _ => return None,
    })
}

fn route_repository(method: &str, rest: &[&str]) -> Option<(&'static str, Handler, usize)> {
    use endpoint::*;
    Some(match (method, rest) {
        ("GET", []) => (GET_REPOSITORY, git_data::repository, 3),
        ("GET", ["installation"]) => (GET_INSTALLATION, app::repository_installation, 4),
        ("GET", ["branches", _, ..]) => (GET_BRANCH, git_data::branch, 4),
        ("GET", ["rules", "branches", _, ..]) => (GET_RULES, rules::of_branch, 5),
        ("GET", ["commits"]) => (LIST_COMMITS, git_data::commits, 4),
        ("GET", ["commits", _, "check-runs"]) => (LIST_CHECK_RUNS, git_data::check_runs, 6),
        ("GET", ["compare", ..]) => (COMPARE, git_data::compare, 4),
        ("GET", ["tarball", ..]) => (GET_TARBALL, git_data::tarball, 4),
        ("GET", ["git", "ref", "heads", _, ..]) => (GET_REF, git_data::reference, 6),
        ("POST", ["git", "refs"]) => (CREATE_REF, git_data::create_reference, 5),
        ("PATCH", ["git", "refs", "heads", _, ..]) => (UPDATE_REF, git_data::update_reference, 6),
        ("DELETE", ["git", "refs", "heads", _, ..]) => (DELETE_REF, git_data::delete_reference, 6),
        ("GET", ["git", "trees", _, ..]) => (GET_TREE, git_data::tree, 5),
        ("POST", ["git", "trees"]) => (CREATE_TREE, git_data::create_tree, 5),
        ("GET", ["git", "blobs", _]) => (GET_BLOB, git_data::blob, 6),
        ("POST", ["git", "blobs"]) => (CREATE_BLOB, git_data::create_blob, 5),
        ("GET", ["git", "commits", _]) => (GET_COMMIT, git_data::git_commit, 6),
        ("POST", ["git", "commits"]) => (CREATE_COMMIT, git_data::create_commit, 5),
        ("POST", ["check-runs"]) => (CREATE_CHECK_RUN, git_data::check_run, 4),
        ("PATCH", ["check-runs", _]) => (UPDATE_CHECK_RUN, git_data::update_check_run, 5),
        ("POST", ["statuses", _]) => (CREATE_STATUS, git_data::status, 5),
        ("GET", ["pulls"]) => (LIST_PULLS, pulls::list, 4),
        ("POST", ["pulls"]) => (CREATE_PULL, pulls::create, 4),
        ("GET", ["pulls", _]) => (GET_PULL, pulls::get, 5),
        ("PATCH", ["pulls", _]) => (UPDATE_PULL, pulls::update, 5),
        ("PUT", ["pulls", _, "merge"]) => (MERGE_PULL, pulls::merge, 6),
        ("GET", ["pulls", _, "reviews"]) => (LIST_REVIEWS, pulls::reviews, 6),
        ("GET", ["commits", _, "status"]) => (GET_STATUS, deployments::combined_status, 6),
        ("GET", ["deployments"]) => (LIST_DEPLOYMENTS, deployments::list, 4),
        ("POST", ["deployments"]) => (CREATE_DEPLOYMENT, deployments::create, 4),
        ("GET", ["deployments", _, "statuses"]) => {
            (LIST_DEPLOYMENT_STATUSES, deployments::statuses, 6)
        }
        ("POST", ["deployments", _, "statuses"]) => {
            (CREATE_DEPLOYMENT_STATUS, deployments::create_status, 6)
        }
        ("POST", ["pulls", _, "requested_reviewers"]) => {
            (REQUEST_REVIEWERS, pulls::request_reviewers, 6)
        }
        ("POST", ["issues", _, "labels"]) => (ADD_LABELS, pulls::add_labels, 6),
        ("POST", ["issues", _, "assignees"]) => (ADD_ASSIGNEES, pulls::add_assignees, 6),
        ("GET", ["issues", _, "comments"]) => (LIST_COMMENTS, pulls::comments, 6),
        ("POST", ["issues", _, "comments"]) => (CREATE_COMMENT, pulls::create_comment, 6),
        ("PATCH", ["issues", "comments", _]) => (EDIT_COMMENT, pulls::edit_comment, 6),
        ("POST", ["issues", "comments", _, "reactions"]) => (REACT, pulls::react, 7),
        ("GET", ["collaborators", _, "permission"]) => (GET_PERMISSION, pulls::permission, 6),
        _ => return None,
    })
}

pub async fn serve_api(State(shared): State<Arc<Shared>>, request: HttpRequest) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 64 << 20).await.unwrap_or_default();
    let path = head.uri.path().to_owned();
    if let Some(rest) = path.strip_prefix("/_stand-in/") {
        return respond(
            control::handle(&shared, head.method.as_str(), rest, &body),
            &HeaderMap::new(),
        );
    }
    // Not the API's: it is where people are.
    if (head.method.as_str(), path.as_str()) == ("POST", "/login/oauth/access_token") {
        let mut world = shared.world.lock().unwrap();
        return respond(sign_in::access_token(&mut world, &body), &HeaderMap::new());
    }
    // GraphQL is beside the REST API: `/api/graphql` and `/api/v3`.
    let beside = shared.prefix.strip_suffix("/v3").unwrap_or(&shared.prefix);
    let path = match path.strip_prefix(beside) {
        Some("/graphql") => format!("{}/graphql", shared.prefix),
        _ => path,
    };
    let Some(path) = path.strip_prefix(shared.prefix.as_str()) else {
        return respond(not_found(), &HeaderMap::new());
    };
    let query = head.uri.query().unwrap_or_default();
    let text = path.trim_start_matches('/').to_owned();
    let raw: Vec<&str> = text.split('/').collect();
    let routed = route(head.method.as_str(), &raw);
    let endpoint = routed.map_or("unknown", |(endpoint, ..)| endpoint);
    let first = || shared.faults.first(format!("{} {path}?{query}", head.method));
    let fault = shared.faults.take(endpoint).or_else(first);
    match &fault {
        Some(Fault::Answer { status, headers, body }) => {
            shared.note(endpoint, &head.method, path, query, &body_json(&Bytes::new()), *status);
            return failure(*status, headers, body.clone());
        }
        Some(Fault::Cut) => {
            shared.note(endpoint, &head.method, path, query, &Value::Null, 0);
            cut();
        }
        Some(Fault::Slow(duration)) => tokio::time::sleep(*duration).await,
        Some(Fault::Pushed { repo, branch }) => {
            let files: &[(&str, Option<&[u8]>)] = &[("theirs", Some(b"kept\n"))];
            shared.world.lock().unwrap().commit(repo, branch, "somebody", "mine", files);
        }
        Some(Fault::LostReply | Fault::CutReply) | None => {}
    }
    let answer = shared.answer(routed, &raw, path, query, &head.headers, &body);
    shared.note(endpoint, &head.method, path, query, &body_json(&body), answer.status);
    match fault {
        Some(Fault::LostReply) => cut(),
        Some(Fault::CutReply) => cut_reply(&answer),
        _ => shared.limited(answer, &head.headers),
    }
}

/// The other host, which archives are redirected to: it must never see a credential.
pub async fn serve_archive(State(shared): State<Arc<Shared>>, request: HttpRequest) -> Response {
    let mut world = shared.world.lock().unwrap();
    if request.headers().contains_key(header::AUTHORIZATION) {
        world.violations.push("a credential was sent to another host".to_owned());
    }
    let parts: Vec<&str> = request.uri().path().trim_start_matches('/').split('/').collect();
    let [owner, name, _, sha] = parts[..] else { return respond(not_found(), &HeaderMap::new()) };
    let repo = world.repo(&format!("{owner}/{name}"));
    let archive = git_data::archive(repo, &repo.resolve(sha).unwrap());
    Response::builder().header("content-type", "application/x-gzip").body(archive.into()).unwrap()
}

/// Ends the connection without a word. The panic hook is not told, so the log stays clean.
fn cut() -> ! {
    std::panic::resume_unwind(Box::new("the connection is cut on request"))
}

/// Promises a body and breaks off in its middle.
fn cut_reply(answer: &Answer) -> Response {
    let text = answer.body.to_string();
    let half = Bytes::from(text.as_bytes()[..text.len() / 2].to_vec());
    let parts = [Ok(half), Err(std::io::Error::other("cut"))];
    let body = Body::from_stream(futures_util::stream::iter(parts));
    Response::builder().status(answer.status).body(body).unwrap()
}

fn failure(status: u16, headers: &[(String, String)], body: String) -> Response {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(body.into()).unwrap()
}

fn respond(answer: Answer, asked: &HeaderMap) -> Response {
    let text = if answer.body.is_null() { String::new() } else { answer.body.to_string() };
    let etag = format!("W/\"{}\"", hex::encode(&Sha256::digest(text.as_bytes())[..16]));
    let known = asked.get(header::IF_NONE_MATCH).is_some_and(|tag| tag == etag.as_str());
    let status = if known && answer.status == 200 { 304 } else { answer.status };
    let mut response = Response::builder().status(status).header(header::ETAG, etag);
    response = response.header(header::CONTENT_TYPE, "application/json; charset=utf-8");
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(if status == 304 { Body::empty() } else { text.into() }).unwrap()
}

fn body_json(body: &Bytes) -> Value {
    serde_json::from_slice(body).unwrap_or(Value::Null)
}

/// Adds the request to the file that `OVERLIFT_REQUESTS_LOG` names, for `openapi.mjs`.
fn log(request: &Request) {
    let Some(path) = std::env::var_os("OVERLIFT_REQUESTS_LOG") else { return };
    let line = json!({
        "method": request.method, "path": request.path, "body": request.body,
        "status": request.status,
    });
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
    file.write_all(format!("{line}\n").as_bytes()).unwrap();
}

impl Shared {
    fn answer(
        &self,
        routed: Option<(&'static str, Handler, usize)>,
        raw: &[&str],
        path: &str,
        query: &str,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Answer {
        let mut world = self.world.lock().unwrap();
        if !headers.contains_key(header::USER_AGENT) {
            return super::exchange::refuse(403, "Request forbidden by administrative rules.");
        }
        let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let actor = match app::authenticate(&world, header) {
            Ok(actor) => actor,
            Err(refusal) => return refusal,
        };
        let Some((endpoint, handler, rest)) = routed else { return not_found() };
        let mut parts: Vec<String> = raw.iter().map(|part| super::decode(part)).collect();
        if parts.len() > rest + 1 {
            let tail = parts.split_off(rest).join("/");
            parts.push(tail);
        }
        let mut exchange = Exchange {
            world: &mut world,
            endpoint,
            actor,
            parts,
            query: app::parse_query(query),
            body: body_json(body),
            base: self.base.clone(),
            archive_base: self.archive_base.clone(),
            path: path.to_owned(),
        };
        handler(&mut exchange).unwrap_or_else(|refusal| refusal)
    }

    fn note(
        &self,
        endpoint: &'static str,
        method: &axum::http::Method,
        path: &str,
        query: &str,
        body: &Value,
        status: u16,
    ) {
        let path = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
        let request =
            Request { endpoint, method: method.to_string(), path, body: body.clone(), status };
        log(&request);
        self.world.lock().unwrap().requests.push(request);
    }

    /// Counts against the limit, as GitHub does: a 304 is free.
    fn limited(&self, answer: Answer, asked: &HeaderMap) -> Response {
        let mut response = respond(answer, asked);
        let mut world = self.world.lock().unwrap();
        if response.status() != StatusCode::NOT_MODIFIED {
            world.remaining = world.remaining.saturating_sub(1);
        }
        let headers = response.headers_mut();
        for (name, value) in [
            ("x-ratelimit-limit", 5000),
            ("x-ratelimit-remaining", world.remaining),
            ("x-ratelimit-reset", app::now() + 3600),
        ] {
            headers.insert(name, value.into());
        }
        response
    }
}
