//! All of GitHub's own examples of the events that we use are understood.
//!
//! They are `@octokit/webhooks-examples` 7.6.1 from npm, which `.ci/run` installs; it is not ours to
//! commit. Without it the test says so and does nothing.

use std::collections::BTreeMap;
use std::path::Path;

use overlift::rooms::github::webhook::{Event, Repository};
use overlift::rooms::github::{Account, CommitReport, Reading, ReportKind};
use serde_json::Value;

const INSTALLED: &str =
    "target/npm/node_modules/@octokit/webhooks-examples/api.github.com/index.json";

/// What an example is read as; the numbers of examples are those of the reference (github-contract.md).
fn kind(event: &Event) -> &'static str {
    match event {
        Event::Ping => "ping",
        Event::Push(_) => "push",
        Event::Dispatch(_) => "dispatch",
        Event::IssueComment(_) => "comment",
        Event::PullRequestClosed(_) => "closed",
        Event::PullRequestChanged(_) => "changed",
        Event::CommitReported(_) => "reported",
        Event::MergeGroup(_) => "group",
        Event::Installation(_) => "installation",
        Event::Other => "other",
    }
}

/// The examples with the names of their events; `None` where they are not installed.
fn examples() -> Option<Vec<(String, Value)>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(INSTALLED);
    let Ok(text) = std::fs::read(&path) else {
        eprintln!("skipped: {INSTALLED} is not installed; .ci/run does that");
        return None;
    };
    let groups: Vec<Value> = serde_json::from_slice(&text).unwrap();
    let of = |group: &Value| {
        let name = group["name"].as_str().unwrap().to_owned();
        let examples = group["examples"].as_array().unwrap().clone();
        examples.into_iter().map(move |example| (name.clone(), example)).collect::<Vec<_>>()
    };
    Some(groups.iter().flat_map(of).collect())
}

#[test]
fn githubs_own_examples_are_understood() {
    let Some(examples) = examples() else { return };
    let mut kinds: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for (name, example) in examples {
        let event = Event::parse(&name, example.to_string().as_bytes());
        let event = event.unwrap_or_else(|error| panic!("{name}: {error}: {example}"));
        *kinds.entry((name, kind(&event))).or_default() += 1;
    }
    let count = |name: &str, kind| kinds.get(&(name.to_owned(), kind)).copied().unwrap_or(0);
    assert_eq!((count("ping", "ping"), count("push", "push"), count("push", "other")), (4, 2, 5));
    assert_eq!((count("issue_comment", "comment"), count("issue_comment", "other")), (5, 4));
    assert_eq!((count("pull_request", "closed"), count("pull_request", "changed")), (2, 13));
    assert_eq!(count("pull_request_review", "changed"), 4);
    assert_eq!((count("status", "reported"), count("deployment_status", "reported")), (4, 4));
    assert_eq!((count("check_run", "reported"), count("check_run", "other")), (3, 6));
    assert_eq!(count("merge_group", "group"), 2);
    assert_eq!(count("installation", "installation"), 7);
    assert_eq!(count("installation_repositories", "installation"), 3);
    assert_eq!(count("workflow_dispatch", "other"), 2, "their inputs are empty");
    assert_eq!(count("repository_dispatch", "other"), 2, "they are of other types");
}

/// What was read of each example, held against the example field by field.
#[test]
fn githubs_own_examples_are_read_right() {
    let Some(examples) = examples() else { return };
    let mut read = 0;
    for (name, example) in examples {
        let event = Event::parse(&name, example.to_string().as_bytes()).unwrap();
        let at = |path: &str| example.pointer(path).unwrap_or(&Value::Null);
        let text = |path: &str| at(path).as_str().unwrap_or_default();
        match &event {
            Event::CommitReported(reported) => {
                is_where(&reported.repository, &example);
                let (of, commit) = match name.as_str() {
                    "status" => ("", "/sha"),
                    "check_run" => ("/check_run", "/check_run/head_sha"),
                    _ => ("/deployment_status", "/deployment/sha"),
                };
                assert_eq!(reported.commit.as_str(), text(commit), "{example}");
                is_report(&reported.report, &name, at(of), text("/deployment/environment"));
            }
            Event::PullRequestClosed(closed) => {
                is_where(&closed.repository, &example);
                let merged = at("/pull_request/merged").as_bool().unwrap();
                let commit = merged.then(|| text("/pull_request/merge_commit_sha"));
                assert_eq!(closed.merged_as.as_ref().map(|it| it.as_str()), commit);
                assert_eq!(Some(closed.number.get()), at("/pull_request/number").as_u64());
                assert_eq!(closed.head.as_str(), text("/pull_request/head/sha"));
                assert_eq!(closed.head_branch, text("/pull_request/head/ref"));
                assert_eq!(closed.base_branch, text("/pull_request/base/ref"));
                assert_eq!(closed.body, text("/pull_request/body"));
                is_sender(closed.sender.as_ref(), at("/sender"));
            }
            Event::PullRequestChanged(changed) => {
                is_where(&changed.repository, &example);
                let action = if name == "pull_request" { text("/action") } else { "review" };
                assert_eq!(changed.action, action);
                assert_eq!(Some(changed.number.get()), at("/pull_request/number").as_u64());
                assert_eq!(changed.head.as_str(), text("/pull_request/head/sha"));
                assert_eq!(changed.head_branch, text("/pull_request/head/ref"));
                assert_eq!(changed.base_branch, text("/pull_request/base/ref"));
                assert_eq!(changed.body, text("/pull_request/body"));
                let before = at("/changes/body/from").as_str();
                assert_eq!(changed.body_before.as_deref(), before);
                assert_eq!(changed.base_changed, !at("/changes/base").is_null());
                assert_eq!(changed.at_ms, ms(text("/pull_request/updated_at")));
                is_sender(changed.sender.as_ref(), at("/sender"));
            }
            Event::IssueComment(comment) => {
                is_where(&comment.repository, &example);
                assert_eq!(Some(comment.number.get()), at("/issue/number").as_u64());
                assert_eq!(Some(comment.comment), at("/comment/id").as_u64());
                assert_eq!(comment.on_pull_request, !at("/issue/pull_request").is_null());
                assert_eq!(comment.body, text("/comment/body"));
                is_sender(comment.author.as_ref(), at("/comment/user"));
            }
            Event::MergeGroup(group) => {
                is_where(&group.repository, &example);
                assert_eq!(group.head.as_str(), text("/merge_group/head_sha"));
                assert_eq!(
                    format!("refs/heads/{}", group.base_branch),
                    text("/merge_group/base_ref")
                );
                let number = group.number.unwrap().get();
                assert!(text("/merge_group/head_ref").contains(&format!("/pr-{number}-")));
            }
            Event::Push(push) => {
                is_where(&push.repository, &example);
                assert_eq!(format!("refs/heads/{}", push.branch), text("/ref"));
                assert_eq!(push.after.as_str(), text("/after"));
                let before = push.before.as_ref().map_or("0".repeat(40), ToString::to_string);
                assert_eq!(before, text("/before"));
                let tree = push.tree.as_ref().map(|tree| tree.as_str());
                assert_eq!(tree, at("/head_commit/tree_id").as_str());
            }
            Event::Ping | Event::Dispatch(_) | Event::Installation(_) | Event::Other => continue,
        }
        read += 1;
    }
    assert_eq!(read, 2 + 5 + 2 + 13 + 4 + 4 + 4 + 3 + 2);
}

fn is_where(repository: &Repository, example: &Value) {
    let name = repository.name.to_string();
    assert_eq!(name, example["repository"]["full_name"].as_str().unwrap());
    let branch = repository.default_branch.as_ref().map(|branch| branch.as_str());
    assert_eq!(branch, example["repository"]["default_branch"].as_str());
    let installation = repository.installation.map(|id| id.0);
    assert_eq!(installation, example["installation"]["id"].as_u64());
}

fn is_sender(account: Option<&Account>, sender: &Value) {
    let account = account.map(|it| (it.login.as_str(), it.bot));
    assert_eq!(account, sender["login"].as_str().map(|login| (login, sender["type"] == "Bot")));
}

/// What a report says, by GitHub's reference of these words.
fn is_report(report: &CommitReport, event: &str, said: &Value, environment: &str) {
    let text = |key: &str| said[key].as_str().filter(|text| !text.is_empty());
    let (kind, name, word, at, url) = match event {
        "status" => (ReportKind::Status, text("context"), "state", "updated_at", "target_url"),
        "check_run" => {
            (ReportKind::CheckRun, text("name"), "conclusion", "completed_at", "html_url")
        }
        _ => (ReportKind::Deployment, Some(environment), "state", "updated_at", "log_url"),
    };
    let reading = match text(word) {
        Some("success" | "neutral" | "skipped") => Reading::Well,
        Some("failure" | "error" | "timed_out") => Reading::Bad,
        Some("pending" | "queued" | "in_progress") | None => Reading::Pending,
        _ => Reading::Nothing,
    };
    assert_eq!((report.kind, Some(report.name.as_str())), (kind, name), "{said}");
    assert_eq!(report.reading, reading, "{said}");
    assert_eq!(report.at_ms, ms(text(at).unwrap_or_default()), "{said}");
    assert_eq!(report.url.as_deref(), text(url).or(text("target_url")), "{said}");
    let title = said["output"]["title"].as_str().unwrap_or_default();
    let description =
        if event == "check_run" { title } else { text("description").unwrap_or_default() };
    assert_eq!(report.description, description, "{said}");
}

fn ms(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}
