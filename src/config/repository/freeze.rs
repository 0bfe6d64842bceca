//! `freeze` of an environment: its keys, what is written there, and the times that `clearance` works with.

use serde::Deserialize;

use super::places::{Faults, Section, Segment};
use super::shape::{Absent, Key, SOMETHING, Shape};
use crate::clearance::Freeze;
use crate::config::error::ConfigError;

pub(super) static FREEZE: Shape = Shape::Mapping(&[
    Key {
        name: "from",
        shape: Shape::Moment,
        about: "When it begins: a day, or a day with a time, such as `2026-12-20 16:00`.",
        absent: Absent::Nothing,
    },
    Key {
        name: "until",
        shape: Shape::Moment,
        about: "When it ends; a day alone is its last day.",
        absent: Absent::Nothing,
    },
    Key {
        name: "weekly",
        shape: WEEKLY,
        about: "In place of `from` and `until`: a window of every week, such as `Fri 16:00 - Mon 08:00`.",
        absent: Absent::Nothing,
    },
    Key {
        name: "timezone",
        shape: SOMETHING,
        about: "The time zone of these times, such as `Europe/Berlin`.",
        absent: Absent::Text("UTC"),
    },
    Key {
        name: "reason",
        shape: SOMETHING,
        about: "Why, for whoever waits.",
        absent: Absent::Nothing,
    },
]);
const WEEKLY: Shape = Shape::Text {
    pattern: Some("^[A-Za-z]+ [0-9]{1,2}:[0-9]{2} *[-\u{2013}] *[A-Za-z]+ [0-9]{1,2}:[0-9]{2}$"),
    longest: Some(60),
};

/// What is written there.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct FreezeKeys {
    from: Option<String>,
    until: Option<String>,
    weekly: Option<String>,
    timezone: Option<String>,
    reason: Option<String>,
}

/// When nothing is merged into an environment.
pub(super) fn read_freezes(
    file: &[FreezeKeys],
    section: &Section<'_>,
    faults: &mut Faults,
) -> Vec<Freeze> {
    let read = |(index, freeze): (usize, &FreezeKeys)| {
        let section = section.inside(&[Segment::Item(index)]);
        faults.keep(read_freeze(freeze, &section))
    };
    file.iter().enumerate().filter_map(read).collect()
}

fn read_freeze(file: &FreezeKeys, section: &Section<'_>) -> Result<Freeze, ConfigError> {
    let FreezeKeys { from, until, weekly, timezone, reason } = file;
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
        section.fault(&[Segment::Key(key)], &error)
    })
}
