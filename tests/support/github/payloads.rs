//! What GitHub would post about what happened here.

use serde_json::{Value, json};

use super::objects::Commit;
use super::pulls;
use super::world::{Repo, World};

fn common(world: &World, repo: &str, sender: &str) -> Value {
    let stored = world.repo(repo);
    let owner = stored.full_name.split('/').next().unwrap();
    let mut json = json!({
        "repository": {
            "id": stored.id, "full_name": stored.full_name,
            "name": stored.full_name.rsplit('/').next(), "owner": { "login": owner },
            "default_branch": stored.default_branch, "private": true,
        },
        "sender": { "login": sender, "type": "User" },
    });
    let name = stored.full_name.to_ascii_lowercase();
    if let Some((id, _)) = world.installations.iter().find(|(_, i)| i.repos.contains(&name)) {
        json["installation"] = json!({ "id": id });
    }
    json
}

/// A branch moved to where it is now.
pub fn push(world: &World, repo: &str, branch: &str, before: Option<&str>) -> Value {
    let mut json = common(world, repo, "mona");
    let head = world.repo(repo).head(branch);
    json["ref"] = format!("refs/heads/{branch}").into();
    json["before"] = before.map_or("0".repeat(40), str::to_owned).into();
    json["after"] = head.sha.clone().into();
    json["deleted"] = false.into();
    json["forced"] = false.into();
    let new = new_commits(world.repo(repo), &head, before);
    json["commits"] = new.iter().map(pushed_commit).collect();
    json["head_commit"] = pushed_commit(&head);
    json
}

/// The commits that a push brings, oldest first.
fn new_commits(repo: &Repo, head: &Commit, before: Option<&str>) -> Vec<Commit> {
    let known: Vec<String> = before
        .map(|before| repo.objects.history(before))
        .into_iter()
        .flatten()
        .map(|commit| commit.sha)
        .collect();
    let mut new = repo.objects.history(&head.sha);
    new.retain(|commit| !known.contains(&commit.sha));
    new.reverse();
    new
}

fn pushed_commit(commit: &Commit) -> Value {
    json!({
        "id": commit.sha, "tree_id": commit.tree, "message": commit.message, "distinct": true,
        "author": { "name": commit.author },
    })
}

pub fn workflow_dispatch(world: &World, repo: &str, source: &str, target: &str) -> Value {
    let mut json = common(world, repo, "mona");
    json["ref"] = format!("refs/heads/{}", world.repo(repo).default_branch).into();
    json["workflow"] = ".github/workflows/promote.yaml".into();
    json["inputs"] = json!({ "source_env": source, "target_env": target });
    json
}

pub fn repository_dispatch(world: &World, repo: &str, source: &str, target: &str) -> Value {
    let mut json = common(world, repo, "mona");
    json["action"] = "promote".into();
    json["branch"] = world.repo(repo).default_branch.clone().into();
    json["client_payload"] = json!({ "source_env": source, "target_env": target });
    json
}

/// A comment that is here, as its creation was announced.
pub fn issue_comment(world: &World, repo: &str, comment: u64) -> Value {
    let comment = &world.repo(repo).comments[&comment];
    let mut json = common(world, repo, &comment.author);
    json["action"] = "created".into();
    json["comment"] = pulls::comment_json(comment);
    json["issue"] = json!({ "number": comment.number, "state": "open" });
    if world.repo(repo).pulls.contains_key(&comment.number) {
        json["issue"]["pull_request"] = json!({ "url": "https://github.test/pull" });
    }
    json
}

pub fn pull_request_closed(world: &World, repo: &str, number: u64, sender: &str) -> Value {
    let mut json = common(world, repo, sender);
    json["action"] = "closed".into();
    json["number"] = number.into();
    let stored = world.repo(repo);
    json["pull_request"] = pulls::pull_json(stored, &stored.pulls[&number], true);
    json
}

/// A pull request is open: `opened`, `synchronize` and the like.
pub fn pull_request(world: &World, repo: &str, number: u64, action: &str) -> Value {
    let mut json = pull_request_closed(world, repo, number, "mona");
    json["action"] = action.into();
    json
}

/// A pull request changed: `opened`, `synchronize`, `edited` and the like.
pub fn pull_request_changed(
    world: &World,
    repo: &str,
    number: u64,
    action: &str,
    sender: &str,
) -> Value {
    let mut json = common(world, repo, sender);
    json["action"] = action.into();
    json["number"] = number.into();
    json["sender"] = pulls::sender_json(sender);
    let stored = world.repo(repo);
    json["pull_request"] = pulls::pull_json(stored, &stored.pulls[&number], true);
    json
}

/// The merge queue made a commit for a pull request, and asks for checks on it.
pub fn merge_group(world: &World, repo: &str, number: u64, sha: &str) -> Value {
    let mut json = common(world, repo, "github-merge-queue[bot]");
    let stored = world.repo(repo);
    let base = &stored.default_branch;
    json["action"] = "checks_requested".into();
    json["merge_group"] = json!({
        "head_sha": sha, "base_sha": stored.branches[base], "base_ref": format!("refs/heads/{base}"),
        "head_ref": format!("refs/heads/gh-readonly-queue/{base}/pr-{number}-{}", stored.branches[base]),
    });
    json
}

/// Somebody reviewed.
pub fn pull_request_review(world: &World, repo: &str, number: u64, sender: &str) -> Value {
    let mut json = pull_request_changed(world, repo, number, "submitted", sender);
    json["review"] = json!({ "id": 1, "state": "changes_requested" });
    json
}

pub fn status(world: &World, repo: &str, sha: &str, context: &str, state: &str) -> Value {
    let mut json = common(world, repo, "mona");
    json["sha"] = sha.into();
    json["context"] = context.into();
    json["state"] = state.into();
    json["description"] = format!("{context} says {state}").into();
    json["target_url"] = "https://ci.example.com/1".into();
    json["branches"] = json!([]);
    json
}

pub fn check_run(world: &World, repo: &str, sha: &str, name: &str, conclusion: &str) -> Value {
    let mut json = common(world, repo, "mona");
    json["action"] = "completed".into();
    json["check_run"] = json!({
        "name": name, "head_sha": sha, "status": "completed", "conclusion": conclusion,
        "html_url": "https://github.test/run/1", "output": { "title": null },
    });
    json
}

pub fn deployment_status(
    world: &World,
    repo: &str,
    sha: &str,
    environment: &str,
    state: &str,
) -> Value {
    let mut json = common(world, repo, "mona");
    json["action"] = "created".into();
    json["deployment"] = json!({ "id": 1, "sha": sha, "environment": environment, "payload": {} });
    json["deployment_status"] = json!({ "state": state, "description": "", "log_url": "" });
    json
}
