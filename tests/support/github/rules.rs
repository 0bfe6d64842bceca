//! What the rules of a branch require, and its merge queue.

use serde_json::{Value, json};

use super::exchange::{Exchange, Reply, ok};

pub fn of_branch(x: &mut Exchange<'_>) -> Reply {
    x.check("metadata", false)?;
    let branch = x.parts[5].clone();
    let repo = x.repo();
    if branch != repo.default_branch {
        return ok(json!([]));
    }
    let mut rules = vec![json!({ "type": "deletion", "ruleset_source_type": "Repository" })];
    if !repo.ruleset_checks.is_empty() {
        let check = |name: &String| json!({ "context": name, "integration_id": 15_368 });
        let checks: Vec<Value> = repo.ruleset_checks.iter().map(check).collect();
        rules.push(json!({
            "type": "required_status_checks", "ruleset_id": 1,
            "parameters": {
                "strict_required_status_checks_policy": false, "required_status_checks": checks,
            },
        }));
    }
    if repo.merge_queue.is_some() && repo.queue_in_rules {
        let parameters = json!({ "merge_method": "MERGE", "grouping_strategy": "ALLGREEN" });
        rules.push(json!({ "type": "merge_queue", "ruleset_id": 2, "parameters": parameters }));
    }
    x.list(rules)
}

/// What GraphQL says and does about the merge queue.
pub fn graphql(x: &mut Exchange<'_>, query: &str) -> Option<Value> {
    let variables = x.body["variables"].clone();
    if query.contains("isInMergeQueue") {
        let name = format!("{}/{}", text(&variables, "owner"), text(&variables, "name"));
        let number = variables["number"].as_u64()?;
        let repo = x.world.repo(&name);
        repo.pulls.get(&number)?;
        let queue = repo.merge_queue.as_ref();
        let inside = queue.is_some_and(|queue| queue.contains(&number));
        return Some(json!({ "data": { "repository": { "pullRequest": {
            "id": format!("PR_{name}#{number}"), "isMergeQueueEnabled": queue.is_some(),
            "isInMergeQueue": inside,
        } } } }));
    }
    let input = &variables["input"];
    let (id, enters) = match query {
        _ if query.contains("enqueuePullRequest") => (text(input, "pullRequestId"), true),
        _ if query.contains("dequeuePullRequest") => (text(input, "id"), false),
        _ => return None,
    };
    let (name, number) = id.strip_prefix("PR_")?.split_once('#')?;
    let number: u64 = number.parse().ok()?;
    x.parts = ["repos"].into_iter().chain(name.split('/')).map(str::to_owned).collect();
    if let Err(refusal) = x.check("contents", true) {
        return Some(json!({ "data": null, "errors": [refusal.body] }));
    }
    let repo = x.world.repo_mut(name);
    let refuse = |message: &str| {
        let error = json!({ "message": message, "type": "UNPROCESSABLE" });
        Some(json!({ "data": null, "errors": [error] }))
    };
    if enters && let Some(rule) = &repo.merges_refused {
        return refuse(rule);
    }
    if enters && text(input, "expectedHeadOid") != repo.pulls[&number].head_sha {
        return refuse("Head sha didn't match the expected head sha");
    }
    let queue = repo.merge_queue.as_mut()?;
    queue.retain(|there| *there != number);
    let field = if enters { "enqueuePullRequest" } else { "dequeuePullRequest" };
    if enters {
        queue.push(number);
    }
    x.wrote(format!("{field} #{number}"));
    Some(json!({ "data": { field: { "mergeQueueEntry": { "position": 1 } } } }))
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}
