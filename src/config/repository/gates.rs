//! The `gates` part of the file as the values that `policy` works with.

use std::collections::BTreeSet;

use super::file;
use super::places::{Faults, Section, Segment};
use crate::config::error::ConfigError;
use crate::model::{RepoPath, nearest};
use crate::policy::{
    Gate, Gates, Level, ResourceGlob, SchemaSource, Severity, Suppression, known_words,
};
use Segment::{Item, Key};

/// The gates of a section on top of those above it.
pub(super) fn read_gates(
    above: &Gates,
    file: &file::Gates,
    section: &Section<'_>,
) -> Result<Gates, ConfigError> {
    let mut gates = above.clone();
    gates.complete = file.complete.unwrap_or(gates.complete);
    gates.block_pull_request = file.block_pull_request.unwrap_or(gates.block_pull_request);
    if file.kubernetes.is_some() {
        gates.kubernetes.clone_from(&file.kubernetes);
    }
    if let Some(names) = &file.run {
        let named = |gate: &Gate| names.iter().any(|name| name == gate.name());
        gates.run = Gate::ALL.into_iter().filter(named).collect::<BTreeSet<_>>();
    }
    let mut faults = Faults::default();
    let mut severity = Vec::new();
    for (word, level) in &file.severity {
        faults.keep(check_word(word, &[Key("severity"), Key(word)], section));
        severity.push(Severity { of: word.clone(), level: level.level() });
    }
    // The code is nearer to a finding than its rule, and the nearer word counts.
    let is_rule = |word: &str| crate::policy::all_rules().any(|rule| rule.id == word);
    severity.sort_by_key(|severity| !is_rule(&severity.of));
    gates.severity.extend(severity);
    for (index, suppression) in file.suppress.iter().enumerate() {
        gates.suppress.extend(faults.keep(read_suppression(suppression, index, section)));
    }
    if let Some(texts) = &file.schemas {
        let parse = |(index, text): (usize, &String)| {
            let at = || section.at(&[Key("schemas"), Item(index)]);
            let fault = |because: String| ConfigError::Gate { at: at(), because };
            faults.keep(SchemaSource::parse(text).map_err(|error| fault(error.to_string())))
        };
        gates.schemas = texts.iter().enumerate().filter_map(parse).collect();
    }
    if let Some(texts) = &file.policies {
        let parse = |(index, text): (usize, &String)| {
            let at = section.at(&[Key("policies"), Item(index)]);
            let path = RepoPath::parse(text);
            faults.keep(path.map_err(|source| ConfigError::Path { at, source: source.into() }))
        };
        gates.policies = texts.iter().enumerate().filter_map(parse).collect();
    }
    faults.end().map(|()| gates)
}

fn read_suppression(
    suppression: &file::Suppression,
    index: usize,
    section: &Section<'_>,
) -> Result<Suppression, ConfigError> {
    let steps = |key| [Key("suppress"), Item(index), Key(key)];
    check_word(&suppression.code, &steps("code"), section)?;
    let resource = suppression.resource.as_deref().map(ResourceGlob::parse).transpose();
    let resource = resource.map_err(|error| ConfigError::Gate {
        at: section.at(&steps("resource")),
        because: error.to_string(),
    })?;
    let expires = suppression.expires.as_deref().map(str::parse).transpose();
    let expires = expires.map_err(|_| ConfigError::Gate {
        at: section.at(&steps("expires")),
        because: "this is no day: write it as `2027-01-31`".to_owned(),
    })?;
    if suppression.reason.trim().is_empty() {
        return Err(ConfigError::Gate {
            at: section.at(&steps("reason")),
            because: "a suppression needs a reason".to_owned(),
        });
    }
    Ok(Suppression {
        of: suppression.code.clone(),
        resource,
        reason: suppression.reason.clone(),
        expires,
        at: section.at(&steps("code")),
    })
}

fn check_word(word: &str, steps: &[Segment<'_>], section: &Section<'_>) -> Result<(), ConfigError> {
    let known = known_words();
    if known.contains(&word) {
        return Ok(());
    }
    let shown: String = word.chars().take(100).collect();
    let because = match nearest(word, &known) {
        Some(meant) => format!("there is no rule or code `{shown}`; did you mean `{meant}`?"),
        None => format!("there is no rule or code `{shown}`; docs/rules.md lists them"),
    };
    Err(section.fault(steps, &because))
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
