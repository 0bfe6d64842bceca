//! The App: who it is, where it is installed, its tokens, its deliveries; and who the asking person is.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::{Value, json};

use super::exchange::{Actor, Answer, Exchange, Reply, created, not_found, ok, refuse};
use super::world::{Delivery, InstallationToken, World};

pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Whose credential this is.
pub fn authenticate(world: &World, header: Option<&str>) -> Result<Actor, Answer> {
    let bad = || refuse(401, "Bad credentials");
    let header = header.ok_or_else(|| refuse(401, "Requires authentication"))?;
    let token = header.strip_prefix("Bearer ").or_else(|| header.strip_prefix("token "));
    let token = token.ok_or_else(bad)?;
    if let Some(login) = world.people.get(token) {
        return Ok(Actor::Person(login.clone()));
    }
    if let Some(known) = world.installation_tokens.get(token) {
        let alive = known.expires > now() && world.installations.contains_key(&known.installation);
        return if alive { Ok(Actor::Installation(known.installation)) } else { Err(bad()) };
    }
    let claims = verified_claims(world, token)
        .ok_or_else(|| refuse(401, "A JSON web token could not be decoded"))?;
    let (iat, exp) = (claims["iat"].as_u64(), claims["exp"].as_u64());
    let (Some(iat), Some(exp)) = (iat, exp) else { return Err(bad()) };
    if exp <= now() || iat > now() || exp > now() + 600 {
        return Err(refuse(401, "'Expiration time' claim ('exp') is too far in the future"));
    }
    Ok(Actor::App)
}

fn verified_claims(world: &World, token: &str) -> Option<Value> {
    let app = world.app.as_ref()?;
    let (message, signature) = token.rsplit_once('.')?;
    let (head, claims) = message.split_once('.')?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &app.public_key);
    key.verify(message.as_bytes(), &decode(signature)?).ok()?;
    let head: Value = serde_json::from_slice(&decode(head)?).ok()?;
    let claims: Value = serde_json::from_slice(&decode(claims)?).ok()?;
    let issuer = claims["iss"].as_str().map(str::to_owned);
    let issuer = issuer.or_else(|| claims["iss"].as_u64().map(|id| id.to_string()));
    (head["alg"] == "RS256" && issuer.as_ref() == Some(&app.id)).then_some(claims)
}

fn as_app(x: &Exchange<'_>) -> Result<(), Answer> {
    if x.actor == Actor::App { Ok(()) } else { Err(refuse(401, "A JSON web token is required")) }
}

pub fn app(x: &mut Exchange<'_>) -> Reply {
    as_app(x)?;
    let app = x.world.app.as_ref().unwrap();
    ok(json!({
        "slug": app.slug, "id": app.id.parse::<u64>().unwrap_or_default(),
        "permissions": app.permissions, "events": app.events,
    }))
}

pub fn hook_config(x: &mut Exchange<'_>) -> Reply {
    as_app(x)?;
    ok(x.world.app.as_ref().unwrap().webhook.clone())
}

pub fn user(x: &mut Exchange<'_>) -> Reply {
    match &x.actor {
        Actor::Person(login) => ok(json!({ "login": login, "type": "User" })),
        _ => Err(refuse(403, "Resource not accessible by integration")),
    }
}

pub fn installations(x: &mut Exchange<'_>) -> Reply {
    as_app(x)?;
    let permissions = &x.world.app.as_ref().unwrap().permissions;
    let item = |(id, installation): (&u64, &super::world::Installation)| {
        let mut granted = permissions.clone();
        granted.retain(|name, _| !installation.lacks.contains(name));
        let account = json!({ "login": "octo", "type": "Organization" });
        json!({ "id": id, "account": account, "permissions": granted, "suspended_at": null })
    };
    let items = x.world.installations.iter().map(item).collect();
    x.list(items)
}

pub fn repository_installation(x: &mut Exchange<'_>) -> Reply {
    as_app(x)?;
    let name = x.repo_name().to_ascii_lowercase();
    let mut installations = x.world.installations.iter();
    let (id, _) = installations.find(|(_, i)| i.repos.contains(&name)).ok_or_else(not_found)?;
    ok(json!({ "id": id }))
}

pub fn access_token(x: &mut Exchange<'_>) -> Reply {
    as_app(x)?;
    let installation = x.number(2)?;
    if !x.world.installations.contains_key(&installation) {
        return Err(not_found());
    }
    let token = format!("ghs_standin{:08}", x.world.fresh_id());
    let expires = now() + x.world.token_seconds;
    x.world.installation_tokens.insert(token.clone(), InstallationToken { installation, expires });
    let expires = jiff::Timestamp::from_second(i64::try_from(expires).unwrap()).unwrap();
    created(json!({ "token": token, "expires_at": expires.to_string() }))
}

pub fn installation_repositories(x: &mut Exchange<'_>) -> Reply {
    let Actor::Installation(id) = x.actor else {
        return Err(refuse(403, "You must authenticate with an installation access token"));
    };
    let names = x.world.installations[&id].repos.clone();
    let items: Vec<Value> = names
        .iter()
        .map(|name| x.world.repo(name))
        .map(|repo| json!({ "full_name": repo.full_name, "default_branch": repo.default_branch }))
        .collect();
    let total = items.len();
    let (page, headers) = x.page(items);
    Ok(Answer { status: 200, headers, body: json!({ "total_count": total, "repositories": page }) })
}

/// Newest first; pages go by a cursor, unlike all other lists.
pub fn deliveries(x: &mut Exchange<'_>) -> Reply {
    as_app(x)?;
    let size: usize = x.query("per_page").and_then(|text| text.parse().ok()).unwrap_or(30);
    let before: u64 = x.query("cursor").and_then(|text| text.parse().ok()).unwrap_or(u64::MAX);
    let older: Vec<&Delivery> =
        x.world.deliveries.iter().rev().filter(|delivery| delivery.id < before).collect();
    let page: Vec<Value> =
        older.iter().take(size).map(|delivery| delivery_json(delivery)).collect();
    let mut headers = Vec::new();
    if older.len() > size {
        let cursor = older[size - 1].id;
        let address = format!("{}{}?per_page={size}&cursor={cursor}", x.base, x.path);
        headers.push(("link".to_owned(), format!("<{address}>; rel=\"next\"")));
    }
    Ok(Answer { status: 200, headers, body: page.into() })
}

pub fn delivery(x: &mut Exchange<'_>) -> Reply {
    as_app(x)?;
    let id = x.number(3)?;
    let found = x.world.deliveries.iter().find(|delivery| delivery.id == id);
    let found = found.ok_or_else(not_found)?;
    let mut json = delivery_json(found);
    json["request"] = json!({
        "headers": { "X-GitHub-Delivery": found.guid, "X-GitHub-Event": found.event },
        "payload": found.payload,
    });
    ok(json)
}

fn delivery_json(delivery: &Delivery) -> Value {
    json!({
        "id": delivery.id, "guid": delivery.guid, "event": delivery.event, "redelivery": false,
        "delivered_at": "2026-01-01T00:00:00Z", "status_code": delivery.status,
        "status": if delivery.status == 0 { "failed to connect to host" } else { "OK" },
        "action": delivery.payload["action"],
    })
}

/// The query's parameters, decoded.
pub fn parse_query(query: &str) -> BTreeMap<String, String> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (super::decode(name), super::decode(value)))
        .collect()
}
