//! The keys that say when an environment is healthy, and when nothing is merged into it.

use super::shape::{Absent, Key, SOMETHING, Shape, list};

pub(super) const SPAN: Shape = Shape::Text { pattern: Some("^[0-9]+[smhd]$"), longest: Some(20) };

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

pub(super) static QUERY: Shape = Shape::Mapping(&[
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
pub(super) const EXPECTATION: Shape = Shape::Text { pattern: Some("result"), longest: Some(200) };

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
pub(super) const WEEKLY: Shape = Shape::Text {
    pattern: Some("^[A-Za-z]+ [0-9]{1,2}:[0-9]{2} *[-\u{2013}] *[A-Za-z]+ [0-9]{1,2}:[0-9]{2}$"),
    longest: Some(60),
};
