//! The `gates` part of the file as the values that `policy` works with.

use std::collections::BTreeSet;

use super::file;
use super::places::{Places, Step};
use crate::config::error::ConfigError;
use crate::model::{RepoPath, nearest};
use crate::policy::{
    Gate, Gates, Level, ResourceGlob, SchemaSource, Severity, Suppression, known_words,
};
use Step::{Item, Key, Name};

pub(super) fn read_gates(file: &file::Gates, places: &Places<'_>) -> Result<Gates, ConfigError> {
    let mut gates = Gates {
        complete: file.complete,
        kubernetes: file.kubernetes.clone(),
        block_pull_request: file.block_pull_request,
        ..Gates::default()
    };
    if let Some(names) = &file.run {
        let named = |gate: &Gate| names.iter().any(|name| name == gate.name());
        gates.run = Gate::ALL.into_iter().filter(named).collect::<BTreeSet<_>>();
    }
    for (word, level) in &file.severity {
        check_word(word, &[Key("gates"), Key("severity"), Name(word)], places)?;
        gates.severity.push(Severity { of: word.clone(), level: level.level() });
    }
    // The code is nearer to a finding than its rule, and the nearer word counts.
    let is_rule = |word: &str| crate::policy::all_rules().any(|rule| rule.id == word);
    gates.severity.sort_by_key(|severity| !is_rule(&severity.of));
    for (index, suppression) in file.suppress.iter().enumerate() {
        gates.suppress.push(read_suppression(suppression, index, places)?);
    }
    for (index, text) in file.schemas.iter().enumerate() {
        let at = || places.at(&[Key("gates"), Key("schemas"), Item(index)]);
        let source = SchemaSource::parse(text)
            .map_err(|error| ConfigError::Gate { at: at(), because: error.to_string() })?;
        gates.schemas.push(source);
    }
    for (index, text) in file.policies.iter().enumerate() {
        let at = || places.at(&[Key("gates"), Key("policies"), Item(index)]);
        let path = RepoPath::parse(text)
            .map_err(|source| ConfigError::Path { at: at(), source: source.into() })?;
        gates.policies.push(path);
    }
    Ok(gates)
}

fn read_suppression(
    suppression: &file::Suppression,
    index: usize,
    places: &Places<'_>,
) -> Result<Suppression, ConfigError> {
    let steps = |key| [Key("gates"), Key("suppress"), Item(index), Key(key)];
    check_word(&suppression.code, &steps("code"), places)?;
    let resource = suppression.resource.as_deref().map(ResourceGlob::parse).transpose();
    let resource = resource.map_err(|error| ConfigError::Gate {
        at: places.at(&steps("resource")),
        because: error.to_string(),
    })?;
    let expires = suppression.expires.as_deref().map(str::parse).transpose();
    let expires = expires.map_err(|_| ConfigError::Gate {
        at: places.at(&steps("expires")),
        because: "this is no day: write it as `2027-01-31`".to_owned(),
    })?;
    if suppression.reason.trim().is_empty() {
        return Err(ConfigError::Gate {
            at: places.at(&steps("reason")),
            because: "a suppression needs a reason".to_owned(),
        });
    }
    Ok(Suppression {
        of: suppression.code.clone(),
        resource,
        reason: suppression.reason.clone(),
        expires,
        at: places.at(&steps("code")),
    })
}

fn check_word(word: &str, steps: &[Step<'_>], places: &Places<'_>) -> Result<(), ConfigError> {
    let known = known_words();
    if known.contains(&word) {
        return Ok(());
    }
    let shown: String = word.chars().take(100).collect();
    let because = match nearest(word, &known) {
        Some(meant) => format!("there is no rule or code `{shown}`; did you mean `{meant}`?"),
        None => format!("there is no rule or code `{shown}`; docs/rules.md lists them"),
    };
    Err(ConfigError::Gate { at: places.at(steps), because })
}

impl file::Level {
    const fn level(self) -> Option<Level> {
        match self {
            Self::Error => Some(Level::Error),
            Self::Warning => Some(Level::Warning),
            Self::Info => Some(Level::Info),
            Self::Off => None,
        }
    }
}
