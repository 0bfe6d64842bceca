//! `health` of an environment: its keys, what is written there, and the values that `clearance` works with.

use serde::Deserialize;

use super::places::{Faults, Section, Segment};
use super::shape::{Absent, Key, SOMETHING, SPAN, Shape, list};
use crate::clearance::{Expectation, Health, HealthSource, NameGlob, Query, Span, UndoBy};

pub(super) const HEALTH: Shape = Shape::Mapping(&[
    Key {
        name: "statuses",
        shape: list(&SOMETHING, 0),
        about: "Commit statuses and check runs by name; `*` stands for any text, `{application}` for the \
                application. Every one that fits has to be a success.",
        absent: Absent::Texts(&[]),
    },
    Key {
        name: "deployments",
        shape: list(&SOMETHING, 0),
        about: "GitHub environments whose newest deployment has to be a success.",
        absent: Absent::Texts(&[]),
    },
    Key {
        name: "events",
        shape: Shape::Flag,
        about: "Whether what Flux and Argo CD post to `/health-events` counts.",
        absent: Absent::Flag(false),
    },
    Key {
        name: "queries",
        shape: list(&QUERY, 0),
        about: "Queries of the Prometheus that whoever runs Overlift named.",
        absent: Absent::Texts(&[]),
    },
    Key {
        name: "soak",
        shape: SPAN,
        about: "For how long it has to be healthy without a contradiction: `30s`, `10m`, `2h`, `1d`.",
        absent: Absent::Nothing,
    },
    Key {
        name: "undo",
        shape: Shape::Choice(&["propose", "merge"]),
        about: "Whether a promotion that leaves it degraded is undone by itself: `propose` opens the \
                pull request, `merge` merges it too.",
        absent: Absent::Nothing,
    },
    Key {
        name: "within",
        shape: SPAN,
        about: "For how long after the merge that is done.",
        absent: Absent::Text("1h"),
    },
]);

static QUERY: Shape = Shape::Mapping(&[
    Key { name: "name", shape: SOMETHING, about: "How people call it.", absent: Absent::Refused },
    Key {
        name: "query",
        shape: SOMETHING,
        about: "The query in PromQL; `{application}` stands for the application.",
        absent: Absent::Refused,
    },
    Key {
        name: "expect",
        shape: EXPECTATION,
        about: "What every value of the result has to be, such as `result < 0.01`; `&&` and `||` \
                join several.",
        absent: Absent::Refused,
    },
]);
const EXPECTATION: Shape = Shape::Text { pattern: Some("result"), longest: Some(200) };

/// What is written there.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct HealthKeys {
    statuses: Vec<String>,
    deployments: Vec<String>,
    events: bool,
    queries: Vec<QueryKeys>,
    soak: Option<String>,
    undo: Option<UndoWord>,
    within: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct QueryKeys {
    name: String,
    query: String,
    expect: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum UndoWord {
    Propose,
    Merge,
}

/// What says that an environment is healthy.
pub(super) fn read_health(file: &HealthKeys, section: &Section<'_>, faults: &mut Faults) -> Health {
    let mut span = |text: &Option<String>, key| {
        let text = text.as_ref()?;
        let fault =
            |error: crate::clearance::InvalidSpan| section.fault(&[Segment::Key(key)], &error);
        faults.keep(Span::parse(text).map_err(fault))
    };
    let (soak, within) = (span(&file.soak, "soak"), span(&file.within, "within"));
    let read = |(index, query): (usize, &QueryKeys)| {
        let steps = [Segment::Key("queries"), Segment::Item(index), Segment::Key("expect")];
        let expect =
            Expectation::parse(&query.expect).map_err(|error| section.fault(&steps, &error));
        let expect = faults.keep(expect)?;
        Some(Query { name: query.name.clone(), query: query.query.clone(), expect })
    };
    let statuses = file.statuses.iter().map(|it| HealthSource::Statuses(NameGlob::new(it)));
    let deployments = file.deployments.iter().map(|it| HealthSource::Deployment(it.clone()));
    let events = file.events.then_some(HealthSource::Events);
    let queries = file.queries.iter().enumerate().filter_map(read).map(HealthSource::Query);
    let health = Health {
        sources: statuses.chain(deployments).chain(events).chain(queries).collect(),
        soak,
        undo: file.undo.map(UndoWord::undo_by),
        within: within.unwrap_or(Health::default().within),
    };
    if health.sources.is_empty() && file.queries.is_empty() {
        let because = "nothing here says when it is healthy: name `statuses`, `deployments`, \
                       `events: true` or `queries`";
        faults.add(section.fault(&[], &because));
    }
    health
}

impl UndoWord {
    const fn undo_by(self) -> UndoBy {
        match self {
            Self::Propose => UndoBy::Propose,
            Self::Merge => UndoBy::Merge,
        }
    }
}
