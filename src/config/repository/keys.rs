//! The keys of `overlift.yaml`, their types and what they mean: the one list that the check of a file and
//! the JSON Schema are made from.

use crate::model::KUSTOMIZE_NAMES;

use super::freeze::FREEZE;
use super::health::HEALTH;
use super::keys_of_gates::GATES;
use super::keys_of_promotion::PROMOTION;
use super::keys_of_pull_request::PULL_REQUEST;
use super::shape::{Absent, Key, NAME, PATH, SOMETHING, Shape, list};
use super::steps::STEP;

/// The whole file.
pub(super) static ROOT: Shape = Shape::Mapping(&[
    Key {
        name: "version",
        shape: Shape::Version,
        about: "The version of this file's format.",
        absent: Absent::Nothing,
    },
    Key {
        name: "environments",
        shape: Shape::List { items: &ENVIRONMENT, least: 1, most: usize::MAX },
        about: "The environments in promotion order; each is promoted from the one before it. \
                Without this key they are the folders, or the values files, side by side that are named like environments.",
        absent: Absent::Nothing,
    },
    Key {
        name: "applications",
        shape: list(&APPLICATION, 0),
        about: "What differs for some applications; the first whose name fits counts.",
        absent: Absent::Texts(&[]),
    },
    Key {
        name: "promotion",
        shape: PROMOTION,
        about: "What a promotion does to the target overlay.",
        absent: Absent::Nothing,
    },
    Key {
        name: "remoteBases",
        shape: list(&REMOTE_BASE, 0),
        about: "Repositories whose bases may be fetched, each as `HOST/OWNER/NAME`; `*` stands for \
                any one part. Without this key nothing is fetched from elsewhere.",
        absent: Absent::Texts(&[]),
    },
    Key {
        name: "loadRestrictor",
        shape: Shape::Choice(&["rootOnly", "none"]),
        about: "Which files a kustomization may load: `rootOnly`, those below its own folder, or `none`, \
                any of the repository. What a Flux Kustomization points at may load any, as with Flux.",
        absent: Absent::Text("rootOnly"),
    },
    Key {
        name: "kustomize",
        shape: Shape::Choice(&KUSTOMIZE_NAMES),
        about: "The kustomize whose bytes count, as your Argo CD or Flux ships it: a line such as `\"5.8\"`, \
                which stands for its last version, or one of them such as `\"5.8.1\"`. In quotes.",
        absent: Absent::Text("5.8"),
    },
    Key {
        name: "previews",
        shape: Shape::Choice(&["comment", "check", "off"]),
        about: "How the service answers pull requests that change what an environment builds from: with a \
                `comment`, a `check` run that new errors fail, or not.",
        absent: Absent::Text("off"),
    },
    Key {
        name: "deployments",
        shape: Shape::Flag,
        about: "Whether a merge makes a deployment of the target on GitHub, with statuses from the evidence.",
        absent: Absent::Flag(false),
    },
    Key {
        name: "notices",
        shape: list(&NOTICE, 0),
        about: "Who is told outside GitHub what becomes of promotions, such as a channel of Slack.",
        absent: Absent::Texts(&[]),
    },
    Key {
        name: "gates",
        shape: GATES,
        about: "What is checked before and after a promotion.",
        absent: Absent::Nothing,
    },
    Key {
        name: "pullRequest",
        shape: PULL_REQUEST,
        about: "Texts and people of the pull request. Texts are templates with `{{ application }}`, \
                `{{ source }}`, `{{ target }}`, `{{ plan.id }}`, `{{ plan.commit }}` and `{{ plan.summary }}`.",
        absent: Absent::Nothing,
    },
]);

pub(super) static NOTICE: Shape = Shape::Mapping(&[
    Key {
        name: "to",
        shape: NAME,
        about: "The name of a receiver; whoever runs the service gives its address as \
                `OVERLIFT_NOTICES_<NAME>_URL`.",
        absent: Absent::Refused,
    },
    Key {
        name: "on",
        shape: list(&NOTICE_EVENT, 1),
        about: "Of what it is told.",
        absent: Absent::Texts(NOTICE_EVENTS),
    },
    Key {
        name: "format",
        shape: Shape::Choice(&["slack", "json"]),
        about: "`slack`: a text, as Slack's incoming webhooks take it; `json`: fields for a program, \
                signed where the operator gave a secret.",
        absent: Absent::Text("slack"),
    },
]);
pub(super) static NOTICE_EVENT: Shape = Shape::Choice(NOTICE_EVENTS);
pub(super) const NOTICE_EVENTS: &[&str] =
    &["opened", "held", "merged", "degraded", "undone", "failed"];

pub(super) static REMOTE_BASE: Shape =
    Shape::Text { pattern: Some("^[^/*\\s]+(/[^/\\s]+){2,}$"), longest: Some(200) };

pub(super) static ENVIRONMENT: Shape = Shape::Mapping(&[
    Key {
        name: "name",
        shape: NAME,
        about: "The environment's name: letters, digits, `.`, `_` and `-`.",
        absent: Absent::Refused,
    },
    Key {
        name: "path",
        shape: Shape::OneOrSeveral(&PATH),
        about: "Its folder, from the repository's root, or its one file, or several; `{application}` stands for one \
                folder name, or for a part of the last name (`values/{application}-prod.yaml`), and what it matches \
                is an application.",
        absent: Absent::Refused,
    },
    Key {
        name: "trigger",
        shape: Shape::Choice(&["manual", "push", "healthy"]),
        about: "`push`: promoted by itself when the source changes on the default branch; `healthy`: \
                once the source is healthy with that change, and has soaked; `manual`: when somebody asks.",
        absent: Absent::Text("manual"),
    },
    Key {
        name: "from",
        shape: list(&NAME, 0),
        about: "Where it may be promoted from. Without this key: the environment before it.",
        absent: Absent::Nothing,
    },
    Key {
        name: "promotion",
        shape: PROMOTION,
        about: "What a promotion into it does differently: each key takes the place of the one above.",
        absent: Absent::Nothing,
    },
    Key {
        name: "pullRequest",
        shape: PULL_REQUEST,
        about: "What its pull request says differently: each key takes the place of the one above.",
        absent: Absent::Nothing,
    },
    Key {
        name: "gates",
        shape: GATES,
        about: "What is checked differently: `severity` and `suppress` add to those above, each other \
                key takes the place of the one above.",
        absent: Absent::Nothing,
    },
    Key {
        name: "health",
        shape: HEALTH,
        about: "What says that this environment is healthy, on the commit that it runs.",
        absent: Absent::Nothing,
    },
    Key {
        name: "freeze",
        shape: list(&FREEZE, 0),
        about: "When no promotion into it is merged.",
        absent: Absent::Texts(&[]),
    },
    Key {
        name: "steps",
        shape: list(&STEP, 0),
        about: "How its traffic moves once a promotion is merged: each step is a pull request of its own, one \
                after the other, and a promotion leaves these weights alone.",
        absent: Absent::Texts(&[]),
    },
]);

pub(super) static APPLICATION: Shape = Shape::Mapping(&[
    Key {
        name: "name",
        shape: SOMETHING,
        about: "The application, or several: `*` stands for any text.",
        absent: Absent::Refused,
    },
    Key {
        name: "promotion",
        shape: PROMOTION,
        about: "What its promotions do differently, in every environment.",
        absent: Absent::Nothing,
    },
    Key {
        name: "pullRequest",
        shape: PULL_REQUEST,
        about: "What its pull requests say differently.",
        absent: Absent::Nothing,
    },
    Key {
        name: "gates",
        shape: GATES,
        about: "What is checked differently.",
        absent: Absent::Nothing,
    },
]);
