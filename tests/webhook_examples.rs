//! All of GitHub's own examples of the events that we use are understood.
//!
//! They are `@octokit/webhooks-examples` 7.6.1 from npm, which `.ci/run` installs; it is not ours to
//! commit. Without it the test says so and does nothing.

use std::collections::BTreeMap;
use std::path::Path;

use overlift::github::webhook::Event;
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
        Event::Installation(_) => "installation",
        Event::Other => "other",
    }
}

#[test]
fn githubs_own_examples_are_understood() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(INSTALLED);
    let Ok(text) = std::fs::read(&path) else {
        eprintln!("skipped: {INSTALLED} is not installed; .ci/run does that");
        return;
    };
    let examples: Vec<Value> = serde_json::from_slice(&text).unwrap();
    let mut kinds: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for group in &examples {
        let name = group["name"].as_str().unwrap();
        for example in group["examples"].as_array().unwrap() {
            let event = Event::parse(name, example.to_string().as_bytes());
            let event = event.unwrap_or_else(|error| panic!("{name}: {error}: {example}"));
            *kinds.entry((name.to_owned(), kind(&event))).or_default() += 1;
        }
    }
    let count = |name: &str, kind| kinds.get(&(name.to_owned(), kind)).copied().unwrap_or(0);
    assert_eq!((count("ping", "ping"), count("push", "push"), count("push", "other")), (4, 2, 5));
    assert_eq!((count("issue_comment", "comment"), count("issue_comment", "other")), (5, 4));
    assert_eq!((count("pull_request", "closed"), count("pull_request", "changed")), (2, 13));
    assert_eq!(count("pull_request_review", "changed"), 4);
    assert_eq!((count("status", "reported"), count("deployment_status", "reported")), (4, 4));
    assert_eq!((count("check_run", "reported"), count("check_run", "other")), (3, 6));
    assert_eq!(count("installation", "installation"), 7);
    assert_eq!(count("installation_repositories", "installation"), 3);
    assert_eq!(count("workflow_dispatch", "other"), 2, "their inputs are empty");
    assert_eq!(count("repository_dispatch", "other"), 2, "they are of other types");
}
