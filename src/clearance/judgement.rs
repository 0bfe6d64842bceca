//! What the words of all sources make of an environment.

use std::collections::BTreeMap;

use super::evidence::{Known, State};
use super::health::Health;
use super::moment::Millis;
use super::source::Source;

/// How an environment is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// In one word: the worst of its voices.
    pub state: State,
    /// Since when it is healthy without a contradiction; only where it is healthy.
    pub since: Option<Millis>,
    /// What each source that the configuration names says, in its order.
    pub voices: Vec<Voice>,
}

/// What one source says, or that one is silent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    /// Its name, or the pattern that nothing fits yet.
    pub name: String,
    /// What it says.
    pub state: State,
    /// More about it.
    pub message: String,
    /// Where to read more.
    pub url: Option<String>,
    /// When it said so.
    pub at: Option<Millis>,
}

impl Judgement {
    /// The voices that are not healthy, or all if all are.
    pub fn telling(&self) -> impl Iterator<Item = &Voice> {
        let healthy = self.state == State::Healthy;
        self.voices.iter().filter(move |voice| healthy || voice.state != State::Healthy)
    }
}

/// Judges an environment by what is known of the commits at which it builds from the same files.
#[must_use]
pub fn judge(health: &Health, known: &[Known]) -> Judgement {
    let told = by_source(known);
    let wanted = health.sources.iter().map(|source| Wanted {
        name: source.name(),
        found: told.iter().filter(|(it, _)| source.is_meant(it)).map(|(_, it)| it).collect(),
    });
    conclude(&wanted.collect::<Vec<_>>())
}

/// A source that the configuration names, with what is known of it.
struct Wanted<'a> {
    name: &'a str,
    found: Vec<&'a Summary<'a>>,
}

/// What one source said of all the commits.
struct Summary<'a> {
    newest: &'a Known,
    healthy_since: Option<Millis>,
}

fn by_source(known: &[Known]) -> BTreeMap<Source, Summary<'_>> {
    let mut grouped: BTreeMap<&Source, Vec<&Known>> = BTreeMap::new();
    for it in known {
        grouped.entry(&it.word.source).or_default().push(it);
    }
    grouped.into_iter().filter_map(|(source, of)| Some((source.clone(), summary(&of)?))).collect()
}

fn summary<'a>(of: &[&'a Known]) -> Option<Summary<'a>> {
    let newest = of.iter().copied().max_by_key(|it| (it.word.at, it.word.heard))?;
    let contradicted = of.iter().filter_map(|it| it.degraded_at).max();
    let after = |since: &Millis| contradicted.is_none_or(|at| *since > at);
    let healthy_since = of.iter().filter_map(|it| it.healthy_since).filter(after).min();
    // Healthy now, though every first word of that is as old as a contradiction.
    Some(Summary { newest, healthy_since: healthy_since.or(Some(newest.word.heard)) })
}

fn conclude(heard: &[Wanted<'_>]) -> Judgement {
    let mut voices = Vec::new();
    let mut since = None;
    for wanted in heard {
        if wanted.found.is_empty() {
            voices.push(Voice {
                name: wanted.name.to_owned(),
                state: State::NotYet,
                message: "has said nothing yet".to_owned(),
                url: None,
                at: None,
            });
        }
        for summary in &wanted.found {
            let word = &summary.newest.word;
            since = since.max(summary.healthy_since);
            voices.push(Voice {
                name: word.source.name.clone(),
                state: word.state,
                message: word.message.clone(),
                url: word.url.clone(),
                at: Some(word.at),
            });
        }
    }
    let state = voices.iter().map(|voice| voice.state).max().unwrap_or(State::Healthy);
    Judgement { state, since: since.filter(|_| state == State::Healthy), voices }
}
