//! One request while it is answered: who asks, for what, and what they may.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::world::{Repo, World, Write};

/// An answer; as the `Err` of a [`Reply`] it is a refusal.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Value,
}

pub type Reply = Result<Answer, Answer>;

impl Answer {
    pub fn new(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body }
    }
}

pub fn ok(body: Value) -> Reply {
    Ok(Answer::new(200, body))
}

pub fn created(body: Value) -> Reply {
    Ok(Answer::new(201, body))
}

pub fn refuse(status: u16, message: &str) -> Answer {
    Answer::new(status, json!({ "message": message, "status": status.to_string() }))
}

pub fn not_found() -> Answer {
    refuse(404, "Not Found")
}

/// GitHub's *Validation Failed*.
pub fn invalid(resource: &str, field: &str, code: &str, message: Option<&str>) -> Answer {
    let mut error = json!({ "resource": resource, "field": field, "code": code });
    if let Some(message) = message {
        error["message"] = message.into();
    }
    Answer::new(422, json!({ "message": "Validation Failed", "errors": [error] }))
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    Person(String),
    App,
    Installation(u64),
}

pub struct Exchange<'a> {
    pub world: &'a mut World,
    pub endpoint: &'static str,
    pub actor: Actor,
    /// The path's parts, decoded; the part after `...` of an endpoint's pattern is the last one.
    pub parts: Vec<String>,
    pub query: BTreeMap<String, String>,
    pub body: Value,
    /// The API's base, for addresses in answers.
    pub base: String,
    /// The base of the other host.
    pub archive_base: String,
    /// The path as it came, for the addresses of pages.
    pub path: String,
}

impl Exchange<'_> {
    pub fn repo_name(&self) -> String {
        format!("{}/{}", self.parts[1], self.parts[2])
    }

    pub fn repo(&mut self) -> &mut Repo {
        let name = self.repo_name();
        self.world.repo_mut(&name)
    }

    pub fn login(&self) -> String {
        match &self.actor {
            Actor::Person(login) => login.clone(),
            _ => format!("{}[bot]", self.world.app.as_ref().unwrap().slug),
        }
    }

    /// Refuses who may not do this: `needs` is an App's permission, and writing needs a person to be allowed to write.
    pub fn check(&self, needs: &str, writes: bool) -> Result<(), Answer> {
        let name = self.repo_name();
        let Some(repo) = self.world.repos.get(&name.to_ascii_lowercase()) else {
            return Err(not_found());
        };
        match &self.actor {
            Actor::App => Err(refuse(403, "Resource not accessible by integration")),
            Actor::Installation(id) => {
                let installation = &self.world.installations[id];
                if !installation.repos.contains(&name.to_ascii_lowercase()) {
                    return Err(not_found());
                }
                if writes && installation.lacks.contains(needs) {
                    return Err(refuse(403, "Resource not accessible by integration"));
                }
                Ok(())
            }
            Actor::Person(login) => {
                if needs == "checks" && writes {
                    return Err(refuse(403, "You must authenticate via a GitHub App."));
                }
                match repo.permissions.get(login).map(String::as_str) {
                    Some("admin" | "write") => Ok(()),
                    Some("read") if !writes || needs == "issues" => Ok(()),
                    Some(_) => Err(refuse(403, "Resource not accessible by personal access token")),
                    None => Err(not_found()),
                }
            }
        }
    }

    /// Remembers that something was changed.
    pub fn wrote(&mut self, what: impl Into<String>) {
        let write = Write { endpoint: self.endpoint, by: self.login(), what: what.into() };
        self.world.history.push(write);
    }

    pub fn text(&self, field: &str) -> Result<String, Answer> {
        let text = self.body[field].as_str().map(str::to_owned);
        text.ok_or_else(|| refuse(422, &format!("Invalid request. \"{field}\" wasn't supplied.")))
    }

    pub fn number(&self, part: usize) -> Result<u64, Answer> {
        self.parts[part].parse().map_err(|_| not_found())
    }

    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// One page of a list, with links to the others.
    pub fn page(&self, items: Vec<Value>) -> (Vec<Value>, Vec<(String, String)>) {
        let number = |name, default| {
            self.query(name).and_then(|text| text.parse::<usize>().ok()).unwrap_or(default)
        };
        let (size, page) = (number("per_page", 30).clamp(1, 100), number("page", 1).max(1));
        let pages = items.len().div_ceil(size).max(1);
        let mut links = Vec::new();
        let mut link = |rel: &str, page: usize| {
            let mut query: Vec<String> = self
                .query
                .iter()
                .filter(|(name, _)| *name != "page")
                .map(|(name, value)| format!("{name}={}", super::encode(value)))
                .collect();
            query.push(format!("page={page}"));
            links.push(format!("<{}{}?{}>; rel=\"{rel}\"", self.base, self.path, query.join("&")));
        };
        if page > 1 {
            link("prev", page - 1);
        }
        if page < pages {
            link("next", page + 1);
            link("last", pages);
        }
        let items = items.into_iter().skip((page - 1) * size).take(size).collect();
        let header = (!links.is_empty()).then(|| ("link".to_owned(), links.join(", ")));
        (items, header.into_iter().collect())
    }

    pub fn list(&self, items: Vec<Value>) -> Reply {
        let (items, headers) = self.page(items);
        Ok(Answer { status: 200, headers, body: items.into() })
    }
}
