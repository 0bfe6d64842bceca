//! Deployments with their statuses, and the statuses of a commit.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::exchange::{Exchange, Reply, created, invalid, not_found, ok};
use super::world::{Deployment, written};

pub fn combined_status(x: &mut Exchange<'_>) -> Reply {
    x.check("statuses", false)?;
    let sha = x.parts[4].clone();
    let repo = x.repo();
    let mut newest = BTreeMap::new();
    for status in repo.statuses.iter().filter(|status| status.sha == sha) {
        let json = json!({
            "context": status.context, "state": status.state, "description": status.description,
            "target_url": null, "updated_at": written(status.at),
        });
        newest.insert(status.context.clone(), json);
    }
    let statuses: Vec<Value> = newest.into_values().collect();
    ok(json!({ "sha": sha, "total_count": statuses.len(), "statuses": statuses }))
}

pub fn list(x: &mut Exchange<'_>) -> Reply {
    x.check("deployments", false)?;
    let (sha, environment) =
        (x.query("sha").map(str::to_owned), x.query("environment").map(str::to_owned));
    let fits = |deployment: &&Deployment| {
        sha.as_ref().is_none_or(|sha| deployment.sha == *sha)
            && environment.as_ref().is_none_or(|name| deployment.environment == *name)
    };
    let items = x.repo().deployments.iter().rev().filter(fits).map(deployment_json).collect();
    x.list(items)
}

pub fn create(x: &mut Exchange<'_>) -> Reply {
    x.check("deployments", true)?;
    let (reference, environment) = (x.text("ref")?, x.text("environment")?);
    let payload = x.body["payload"].clone();
    let id = x.world.fresh_id();
    let repo = x.repo();
    let Some(sha) = repo.resolve(&reference) else {
        return Err(invalid("Deployment", "ref", "invalid", None));
    };
    let deployment =
        Deployment { id, sha, environment: environment.clone(), payload, statuses: Vec::new() };
    let json = deployment_json(&deployment);
    repo.deployments.push(deployment);
    x.wrote(format!("deployment of {environment}"));
    created(json)
}

pub fn statuses(x: &mut Exchange<'_>) -> Reply {
    x.check("deployments", false)?;
    let id = x.number(4)?;
    let deployment = x.repo().deployments.iter().find(|it| it.id == id).ok_or_else(not_found)?;
    let status = |(state, description): &(String, String)| json!({ "state": state, "description": description, "updated_at": "2026-01-01T00:00:00Z" });
    let items = deployment.statuses.iter().rev().map(status).collect();
    x.list(items)
}

pub fn create_status(x: &mut Exchange<'_>) -> Reply {
    x.check("deployments", true)?;
    let (id, state) = (x.number(4)?, x.text("state")?);
    let known = ["error", "failure", "inactive", "in_progress", "queued", "pending", "success"];
    if !known.contains(&state.as_str()) {
        return Err(invalid("DeploymentStatus", "state", "invalid", None));
    }
    let description = x.body["description"].as_str().unwrap_or_default().to_owned();
    let found = x.repo().deployments.iter_mut().find(|it| it.id == id).ok_or_else(not_found)?;
    found.statuses.push((state.clone(), description));
    let environment = found.environment.clone();
    x.wrote(format!("deployment status {environment}: {state}"));
    created(json!({ "state": state }))
}

fn deployment_json(deployment: &Deployment) -> Value {
    json!({
        "id": deployment.id, "sha": deployment.sha, "ref": deployment.sha,
        "environment": deployment.environment, "payload": deployment.payload,
    })
}
