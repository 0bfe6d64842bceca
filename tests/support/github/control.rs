//! What a program outside can do with the stand-in, below `/_stand-in/`: what tests do with its methods.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Bytes;
use serde_json::{Value, json};

use super::exchange::{Answer, not_found};
use super::server::Shared;
use super::{endpoint, payloads, pulls};

pub fn handle(shared: &Shared, method: &str, path: &str, body: &Bytes) -> Answer {
    let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let text = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
    let repo = text("repository");
    let answer = match (method, path) {
        ("POST", "commit") => {
            let files: BTreeMap<String, Option<String>> =
                serde_json::from_value(body["files"].clone()).unwrap_or_default();
            let files: Vec<(&str, Option<&[u8]>)> = files
                .iter()
                .map(|(path, text)| (path.as_str(), text.as_ref().map(|text| text.as_bytes())))
                .collect();
            let mut world = shared.world.lock().unwrap();
            let branch = text("branch");
            let before = world.repo(&repo).branches.get(&branch).cloned();
            world.commit(&repo, &branch, &text("author"), &text("message"), &files);
            payloads::push(&world, &repo, &branch, before.as_deref())
        }
        ("POST", "merge") => {
            let mut world = shared.world.lock().unwrap();
            let number = body["number"].as_u64().unwrap_or_default();
            let branch = world.repo(&repo).pulls[&number].base.clone();
            let before = world.repo(&repo).branches[&branch].clone();
            match world.merge(&repo, number, &text("author")) {
                Ok(_) => json!({
                    "push": payloads::push(&world, &repo, &branch, Some(&before)),
                    "pull_request": payloads::pull_request_closed(&world, &repo, number, "mona"),
                }),
                Err(message) => return super::exchange::refuse(405, &message),
            }
        }
        ("POST", "faults") => {
            let name = text("endpoint");
            let known = endpoint::ALL.iter().find(|known| **known == name);
            let times = body["times"].as_u64().and_then(|times| usize::try_from(times).ok());
            let plan = shared.faults.plan(known.copied().unwrap_or(endpoint::ANY));
            let plan = plan.times(times.unwrap_or(1));
            let status = body["status"].as_u64().and_then(|status| u16::try_from(status).ok());
            match text("fault").as_str() {
                "cut" => plan.is_cut(),
                "lostReply" => plan.loses_its_reply(),
                "cutReply" => plan.has_its_reply_cut(),
                "slow" => plan.takes(Duration::from_secs(body["seconds"].as_u64().unwrap_or(1))),
                "limit" => plan.is_limited(status.unwrap_or(403), body["retryAfter"].as_u64()),
                _ => plan.fails_with(status.unwrap_or(500)),
            }
            json!({})
        }
        ("DELETE", "faults") => {
            shared.faults.clear();
            json!({})
        }
        ("GET", "state") => state(shared),
        _ => return not_found(),
    };
    Answer::new(200, answer)
}

fn state(shared: &Shared) -> Value {
    let world = shared.world.lock().unwrap();
    let repos: BTreeMap<&str, Value> = world
        .repos
        .values()
        .map(|repo| {
            let pulls: Vec<Value> =
                repo.pulls.values().map(|pull| pulls::pull_json(repo, pull, true)).collect();
            let comments: Vec<Value> = repo.comments.values().map(pulls::comment_json).collect();
            let state = json!({
                "branches": repo.branches, "pulls": pulls, "comments": comments,
                "checkRuns": repo.check_runs.iter().map(|(_, run)| run).collect::<Vec<_>>(),
            });
            (repo.full_name.as_str(), state)
        })
        .collect();
    let writes: Vec<&str> = world.history.iter().map(|write| write.what.as_str()).collect();
    let count = world.requests.len();
    json!({ "repositories": repos, "writes": writes, "requests": count, "violations": world.violations })
}
