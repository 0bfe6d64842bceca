//! The keys of the gates.

use super::shape::{Absent, Key, PATH, SOMETHING, Shape, list};

pub(super) const ALL_GATES: &[&str] =
    &["hygiene", "schemas", "istio", "policies", "leaks", "order", "risks"];
pub(super) static GATE: Shape = Shape::Choice(ALL_GATES);
pub(super) static LEVEL: Shape = Shape::Choice(&["error", "warning", "info", "off"]);

pub(super) const GATES: Shape = Shape::Mapping(&[
    Key {
        name: "run",
        shape: list(&GATE, 0),
        about: "The gates that run.",
        absent: Absent::Texts(ALL_GATES),
    },
    Key {
        name: "complete",
        shape: Shape::Flag,
        about: "Whether an environment holds all that its cluster has, so that a host or a workload \
                that is not in it does not exist.",
        absent: Absent::Flag(false),
    },
    Key {
        name: "kubernetes",
        shape: Shape::Release,
        about: "The clusters' version of Kubernetes, such as 1.34. Without this key: the newest \
                whose schemas are known.",
        absent: Absent::Nothing,
    },
    Key {
        name: "schemas",
        shape: list(&SOMETHING, 0),
        about: "Files and directories with CustomResourceDefinitions, from the repository's root, or \
                a file of another repository as `OWNER/REPO@REF:PATH`. What a base holds, and what is \
                called `crd`, is found without.",
        absent: Absent::Texts(&[]),
    },
    Key {
        name: "policies",
        shape: list(&PATH, 0),
        about: "Directories with policies in Rego, from the repository's root.",
        absent: Absent::Texts(&[]),
    },
    Key {
        name: "severity",
        shape: Shape::Words(&LEVEL),
        about: "Levels of your own for rules and codes; `off` switches one off.",
        absent: Absent::Nothing,
    },
    Key {
        name: "suppress",
        shape: list(&SUPPRESSION, 0),
        about: "Findings that you decided to live with.",
        absent: Absent::Texts(&[]),
    },
    Key {
        name: "blockPullRequest",
        shape: Shape::Flag,
        about: "Whether new errors keep the pull request from being opened. Without: it is opened, \
                and its check fails.",
        absent: Absent::Flag(false),
    },
]);

pub(super) static SUPPRESSION: Shape = Shape::Mapping(&[
    Key {
        name: "code",
        shape: SOMETHING,
        about: "The finding's code, or its rule.",
        absent: Absent::Refused,
    },
    Key {
        name: "resource",
        shape: SOMETHING,
        about: "Which resources, as `Kind namespace/name` with `*` for any text. Without: all.",
        absent: Absent::Nothing,
    },
    Key { name: "reason", shape: SOMETHING, about: "Why.", absent: Absent::Refused },
    Key {
        name: "expires",
        shape: Shape::Day,
        about: "The last day on which it holds.",
        absent: Absent::Nothing,
    },
]);
