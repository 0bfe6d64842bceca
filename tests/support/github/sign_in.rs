//! Signing in to the App: codes for people's tokens, and what each person may read.

use std::collections::BTreeMap;

use axum::body::Bytes;
use serde_json::{Value, json};

use super::app::parse_query;
use super::exchange::{Actor, Answer, Exchange, Reply, not_found, ok, refuse};
use super::world::World;

/// What the App's owner has.
pub const CLIENT_ID: &str = "Iv1.standin";
pub const CLIENT_SECRET: &str = "the-client-secret-of-the-app";

/// `POST /login/oauth/access_token`: what is wrong is told with status 200.
pub fn access_token(world: &mut World, body: &Bytes) -> Answer {
    let form: BTreeMap<String, String> = parse_query(&String::from_utf8_lossy(body));
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    if (field("client_id"), field("client_secret")) != (CLIENT_ID, CLIENT_SECRET) {
        return Answer::new(200, json!({ "error": "incorrect_client_credentials" }));
    }
    let Some(login) = world.sign_in_codes.remove(field("code")) else {
        return Answer::new(200, json!({ "error": "bad_verification_code" }));
    };
    let token = format!("ghu_standin{login}0123456789");
    world.people.insert(token.clone(), login);
    Answer::new(200, json!({ "access_token": token, "token_type": "bearer", "scope": "" }))
}

/// The installations that a person can reach.
pub fn installations(x: &mut Exchange<'_>) -> Reply {
    let login = person(x)?;
    let reached = |id: &u64| !readable(x.world, &login, *id).is_empty();
    let ids: Vec<Value> = x
        .world
        .installations
        .keys()
        .filter(|id| reached(id))
        .map(|id| json!({ "id": id }))
        .collect();
    ok(json!({ "total_count": ids.len(), "installations": ids }))
}

/// The repositories of one that a person has a permission on.
pub fn repositories(x: &mut Exchange<'_>) -> Reply {
    let login = person(x)?;
    let id: u64 = x.parts[2].parse().map_err(|_| not_found())?;
    let names = readable(x.world, &login, id);
    let items: Vec<Value> = names.iter().map(|name| json!({ "full_name": name })).collect();
    let total = items.len();
    let (page, headers) = x.page(items);
    Ok(Answer { status: 200, headers, body: json!({ "total_count": total, "repositories": page }) })
}

fn person(x: &Exchange<'_>) -> Result<String, Answer> {
    match &x.actor {
        Actor::Person(login) => Ok(login.clone()),
        _ => Err(refuse(
            403,
            "You must authenticate with an access token authorized to a GitHub App",
        )),
    }
}

fn readable(world: &World, login: &str, installation: u64) -> Vec<String> {
    let Some(installation) = world.installations.get(&installation) else { return Vec::new() };
    let may = |name: &&String| world.repo(name).permissions.contains_key(login);
    installation.repos.iter().filter(may).cloned().collect()
}
