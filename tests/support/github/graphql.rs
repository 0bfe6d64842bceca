//! GraphQL, as far as `updateRefs` and the merge queue go. An error says nothing that a program could tell it by, as GitHub's does not.

use serde_json::{Value, json};

use super::exchange::{Exchange, Reply, not_found, ok};
use super::world::Repo;

pub fn answer(x: &mut Exchange<'_>) -> Reply {
    if !x.world.graphql {
        return Err(not_found());
    }
    let query = x.text("query")?;
    if let Some(answer) = super::rules::graphql(x, &query) {
        return ok(answer);
    }
    if !query.contains("updateRefs(input: $input)") {
        return ok(error("Parse error"));
    }
    let input = x.body["variables"]["input"].clone();
    let named = input["repositoryId"].as_str().unwrap_or_default();
    let found = x.world.repos.values().find(|repo| repo.node_id.as_deref() == Some(named));
    let Some(name) = found.map(|repo| repo.full_name.clone()) else {
        return ok(error("Could not resolve to a node with the global id"));
    };
    let parts = name.split('/').map(str::to_owned);
    x.parts = ["repos".to_owned()].into_iter().chain(parts).collect();
    x.check("contents", true)?;
    let updates = input["refUpdates"].as_array().cloned().unwrap_or_default();
    for update in &updates {
        if !fits(x.repo(), update) {
            return ok(error("Something went wrong while executing your query."));
        }
    }
    for update in updates {
        let (branch, to) = (branch_of(&update), text(&update, "afterOid"));
        if is_nothing(&to) {
            x.repo().delete_branch(&branch);
            x.wrote(format!("delete ref {branch} (compared)"));
        } else {
            x.repo().move_branch(&branch, &to);
            x.wrote(format!("ref {branch} (compared)"));
        }
    }
    ok(json!({ "data": { "updateRefs": { "clientMutationId": null } } }))
}

fn fits(repo: &Repo, update: &Value) -> bool {
    let (from, to) = (text(update, "beforeOid"), text(update, "afterOid"));
    let tip = repo.branches.get(&branch_of(update)).cloned();
    let there = tip.clone().unwrap_or_else(|| "0".repeat(40));
    let force = update["force"].as_bool().unwrap_or(false);
    let is_known = is_nothing(&to) || repo.objects.commit(&to).is_some();
    let forward = || tip.as_ref().is_none_or(|tip| repo.objects.is_ancestor(tip, &to));
    there == from && is_known && (force || is_nothing(&to) || forward())
}

fn branch_of(update: &Value) -> String {
    text(update, "name").trim_start_matches("refs/heads/").to_owned()
}

fn text(update: &Value, field: &str) -> String {
    update[field].as_str().unwrap_or_default().to_owned()
}

fn is_nothing(oid: &str) -> bool {
    oid.chars().all(|digit| digit == '0')
}

fn error(message: &str) -> Value {
    json!({ "data": { "updateRefs": null }, "errors": [{ "message": message }] })
}
