//! The `health` and `freeze` parts of an environment as the values that `clearance` works with.

use super::file;
use super::places::{Faults, Section, Segment};
use crate::clearance::{Expectation, Freeze, Health, NameGlob, Query, Span, UndoBy};
use crate::config::error::ConfigError;
use Segment::{Item, Key};

/// What says that an environment is healthy.
pub(super) fn read_health(
    file: &file::Health,
    section: &Section<'_>,
    faults: &mut Faults,
) -> Health {
    let mut span = |text: &Option<String>, key| {
        let text = text.as_ref()?;
        let fault = |error: crate::clearance::InvalidSpan| section.fault(&[Key(key)], &error);
        faults.keep(Span::parse(text).map_err(fault))
    };
    let (soak, within) = (span(&file.soak, "soak"), span(&file.within, "within"));
    let read = |(index, query): (usize, &file::Query)| {
        let steps = [Key("queries"), Item(index), Key("expect")];
        let expect =
            Expectation::parse(&query.expect).map_err(|error| section.fault(&steps, &error));
        let expect = faults.keep(expect)?;
        Some(Query { name: query.name.clone(), query: query.query.clone(), expect })
    };
    let queries = file.queries.iter().enumerate().filter_map(read).collect();
    let health = Health {
        statuses: file.statuses.iter().map(|name| NameGlob::new(name)).collect(),
        deployments: file.deployments.clone(),
        events: file.events,
        queries,
        soak,
        undo: file.undo.map(file::UndoBy::undo_by),
        within: within.unwrap_or(Health::default().within),
    };
    if !health.has_sources() && file.queries.is_empty() {
        let because = "nothing here says when it is healthy: name `statuses`, `deployments`, \
                       `events: true` or `queries`";
        faults.add(section.fault(&[], &because));
    }
    health
}

impl file::UndoBy {
    const fn undo_by(self) -> UndoBy {
        match self {
            Self::Propose => UndoBy::Propose,
            Self::Merge => UndoBy::Merge,
        }
    }
}

/// When nothing is merged into an environment.
pub(super) fn read_freezes(
    file: &[file::Freeze],
    section: &Section<'_>,
    faults: &mut Faults,
) -> Vec<Freeze> {
    let read = |(index, freeze): (usize, &file::Freeze)| {
        let section = section.inside(&[Item(index)]);
        faults.keep(read_freeze(freeze, &section))
    };
    file.iter().enumerate().filter_map(read).collect()
}

fn read_freeze(file: &file::Freeze, section: &Section<'_>) -> Result<Freeze, ConfigError> {
    let file::Freeze { from, until, weekly, timezone, reason } = file;
    let (zone, reason) = (timezone.as_deref(), reason.clone());
    let (freeze, nearest) = match (weekly, from, until) {
        (Some(weekly), None, None) => (Freeze::weekly(weekly, zone, reason), "weekly"),
        (None, Some(from), Some(until)) => (Freeze::between(from, until, zone, reason), "until"),
        _ => {
            let because = "a freeze has either `from` and `until`, or `weekly`";
            return Err(section.fault(&[], &because));
        }
    };
    freeze.map_err(|error| {
        use crate::clearance::InvalidFreeze::Zone;
        let key = if matches!(error, Zone(_)) { "timezone" } else { nearest };
        let key = match (&error, from) {
            (crate::clearance::InvalidFreeze::Moment(text), Some(from))
                if from.starts_with(text.as_str()) =>
            {
                "from"
            }
            _ => key,
        };
        section.fault(&[Key(key)], &error)
    })
}
