//! Payloads in GitHub's shape, written by us, with more in them than we read.

use serde_json::{Value, json};

use super::*;
use crate::github::Account;
use crate::model::InstallationId;

const AFTER: &str = "6113728f27ae82c7b1a177c8d03f9e96e0adf246";

fn repository() -> Value {
    json!({"id": 1, "full_name": "octo/mesh", "default_branch": "main", "private": true})
}

fn parse(event: &str, body: &Value) -> Result<Event, PayloadError> {
    Event::parse(event, body.to_string().as_bytes())
}

fn push() -> Value {
    json!({
        "ref": "refs/heads/main", "before": "0".repeat(40), "after": AFTER, "commits": [{"id": 1}],
        "repository": repository(), "installation": {"id": 7}, "sender": {"login": "mona"},
    })
}

fn comment() -> Value {
    json!({
        "action": "created", "repository": repository(),
        "issue": {"number": 3, "pull_request": {"url": "x"}},
        "comment": {"id": 11, "body": "/promote", "user": {"login": "mona", "type": "User"}},
    })
}

fn closed() -> Value {
    json!({
        "action": "closed", "repository": repository(),
        "sender": {"login": "ci[bot]", "type": "Bot"},
        "pull_request": {
            "number": 5, "merged": false, "merge_commit_sha": null,
            "head": {"ref": "promote/a-to-b", "sha": AFTER, "repo": {"full_name": "octo/mesh"}},
            "base": {"ref": "main", "sha": AFTER, "repo": {"full_name": "octo/mesh"}},
        },
    })
}

#[test]
fn reads_a_push() {
    let Event::Push(read) = parse("push", &push()).unwrap() else { panic!("no push") };
    assert_eq!((read.branch.as_str(), read.after.as_str(), read.before), ("main", AFTER, None));
    assert_eq!(read.repository.name.to_string(), "octo/mesh");
    assert_eq!(read.repository.installation, Some(InstallationId(7)));
}

#[test]
fn tags_and_deleted_branches_are_no_pushes() {
    for (field, value) in [("ref", "refs/tags/v1"), ("after", &*"0".repeat(40))] {
        let mut body = push();
        body[field] = value.into();
        assert_eq!(parse("push", &body).unwrap(), Event::Other, "{field}");
    }
}

#[test]
fn reads_dispatches_of_both_kinds() {
    let pair = json!({"source_env": "dev", "target_env": "prod", "other": true});
    let mut body = json!({"ref": "refs/heads/main", "repository": repository(), "inputs": pair});
    let Event::Dispatch(read) = parse("workflow_dispatch", &body).unwrap() else { panic!() };
    assert_eq!((&*read.source, &*read.target), ("dev", "prod"));
    assert_eq!((read.branch.as_deref(), &*read.application), (Some("main"), ""));
    body["inputs"]["application"] = json!("cart, pay");
    let Event::Dispatch(read) = parse("workflow_dispatch", &body).unwrap() else { panic!() };
    assert_eq!(read.application, "cart, pay");

    for foreign in [json!(null), json!({}), json!({"version": "1"})] {
        body["inputs"] = foreign;
        assert_eq!(parse("workflow_dispatch", &body).unwrap(), Event::Other);
    }

    let mut body = json!({"action": "promote", "repository": repository(), "client_payload": pair});
    let Event::Dispatch(read) = parse("repository_dispatch", &body).unwrap() else { panic!() };
    assert_eq!((&*read.source, &*read.target, read.branch), ("dev", "prod", None));
    body["action"] = "deploy".into();
    assert_eq!(parse("repository_dispatch", &body).unwrap(), Event::Other);
}

#[test]
fn reads_a_comment_and_knows_bots() {
    let Event::IssueComment(read) = parse("issue_comment", &comment()).unwrap() else { panic!() };
    assert_eq!((read.number.get(), read.comment, read.on_pull_request), (3, 11, true));
    assert_eq!(read.author, Some(Account { login: "mona".into(), bot: false }));

    let mut body = comment();
    body["issue"]["pull_request"] = json!(null);
    body["comment"]["user"] = json!({"login": "x", "type": "Bot"});
    let Event::IssueComment(read) = parse("issue_comment", &body).unwrap() else { panic!() };
    assert!(!read.on_pull_request && read.author.unwrap().bot);

    for action in ["edited", "deleted"] {
        let body = json!({"action": action, "repository": repository()});
        assert_eq!(parse("issue_comment", &body).unwrap(), Event::Other);
    }
}

#[test]
fn reads_how_a_pull_request_was_closed() {
    let mut body = closed();
    let Event::PullRequestClosed(read) = parse("pull_request", &body).unwrap() else { panic!() };
    assert_eq!((read.merged_as, read.head_branch.as_str()), (None, "promote/a-to-b"));
    assert!(read.sender.unwrap().bot);

    body["pull_request"]["merged"] = true.into();
    body["pull_request"]["merge_commit_sha"] = AFTER.into();
    body["pull_request"]["head"]["repo"] = json!(null);
    let Event::PullRequestClosed(read) = parse("pull_request", &body).unwrap() else { panic!() };
    assert_eq!(read.merged_as.unwrap().as_str(), AFTER);
    assert_eq!(read.head_repository, None);
}

#[test]
fn reads_where_the_app_is_installed() {
    let body = json!({
        "action": "added", "installation": {"id": 9},
        "repositories_added": [{"full_name": "octo/a"}], "repositories_removed": [],
    });
    let Event::Installation(read) = parse("installation_repositories", &body).unwrap() else {
        panic!()
    };
    assert_eq!((read.id, read.added.len(), read.removed.len()), (InstallationId(9), 1, 0));
}

#[test]
fn names_the_field_that_is_missing() {
    let cases = [
        ("push", push(), "/ref"),
        ("push", push(), "/after"),
        ("push", push(), "/repository"),
        ("push", push(), "/repository/full_name"),
        ("push", push(), "/repository/default_branch"),
        ("issue_comment", comment(), "/action"),
        ("issue_comment", comment(), "/comment"),
        ("issue_comment", comment(), "/comment/id"),
        ("issue_comment", comment(), "/comment/body"),
        ("issue_comment", comment(), "/issue/number"),
        ("pull_request", closed(), "/action"),
        ("pull_request", closed(), "/pull_request"),
        ("pull_request", closed(), "/pull_request/merged"),
        ("pull_request", closed(), "/pull_request/head/sha"),
    ];
    for (event, mut body, path) in cases {
        let (parent, field) = path.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(field);
        let error = parse(event, &body).unwrap_err();
        let text = format!("{error}: {:?}", std::error::Error::source(&error));
        assert!(text.contains(field), "{event} without {path}: {text}");
    }
    for pair in [json!({"source_env": "a"}), json!({"target_env": "a"}), json!({"source_env": 1})] {
        let body = json!({"ref": "main", "repository": repository(), "inputs": pair});
        assert!(parse("workflow_dispatch", &body).is_err());
        let body = json!({"action": "promote", "repository": repository(), "client_payload": pair});
        assert!(parse("repository_dispatch", &body).is_err());
    }
}

#[test]
fn refuses_what_is_no_object_and_names_that_nobody_has() {
    for body in ["", " ", "null", "[]", "[null]", "\"x\"", "{", "{\"a\":}", "{} x", "\u{feff}{}"] {
        for event in ["ping", "push", "watch"] {
            assert!(Event::parse(event, body.as_bytes()).is_err(), "{event} {body:?}");
        }
    }
    assert!(Event::parse("push", b"{\"a\":\"\xff\"}").is_err());
    let mut body = push();
    body["repository"]["full_name"] = "octo/../mesh".into();
    assert!(parse("push", &body).is_err());
}

#[test]
fn every_name_is_of_an_event_that_is_read() {
    for name in NAMES {
        assert_ne!(parse(name, &json!({"action": 1})).ok(), Some(Event::Other), "{name}");
    }
}

#[test]
fn events_that_we_do_not_use_are_left_alone() {
    assert_eq!(parse("watch", &json!({"action": "started"})).unwrap(), Event::Other);
    assert_eq!(parse("Push", &json!({})).unwrap(), Event::Other, "names are case-sensitive");
    assert_eq!(parse("ping", &json!({"zen": "x"})).unwrap(), Event::Ping);
}

#[test]
fn nesting_costs_no_stack() {
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    assert_eq!(Event::parse("watch", deep.as_bytes()).unwrap(), Event::Other);
    assert!(Event::parse("push", deep.as_bytes()).is_err());
    let deep = format!("{{\"repository\":{}", "{\"repository\":".repeat(100_000));
    assert!(Event::parse("push", deep.as_bytes()).is_err());
}
