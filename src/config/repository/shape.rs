//! The keys of `overlift.yaml`, their types and what they mean: the one list that the check of a file
//! and the JSON Schema are made from.

use crate::model::KUSTOMIZE_NAMES;
use crate::promotion::{
    CHECKLIST_ITEM_LIMIT, CHECKLIST_LIMIT, DEFAULT_BRANCH, DEFAULT_CHECKLIST,
    DEFAULT_COMMIT_MESSAGE, DEFAULT_LABELS, DEFAULT_TITLE,
};

/// One key of a mapping.
pub(super) struct Key {
    /// As it is written.
    pub(super) name: &'static str,
    /// What its value may be.
    pub(super) shape: Shape,
    /// What it means, for editors.
    pub(super) about: &'static str,
    /// What holds where it is absent.
    pub(super) absent: Absent,
}

/// What holds where a key is absent.
pub(super) enum Absent {
    /// It has to be there.
    Refused,
    /// Nothing, or what depends on other keys.
    Nothing,
    /// A text.
    Text(&'static str),
    /// A switch.
    Flag(bool),
    /// A list of texts.
    Texts(&'static [&'static str]),
}

/// What a value may be.
pub(super) enum Shape {
    /// The number 1.
    Version,
    /// A text that is checked later; for editors a pattern.
    Text {
        /// A regular expression that every right text matches.
        pattern: Option<&'static str>,
        /// The longest, in characters.
        longest: Option<usize>,
    },
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A whole number from 1 to 100.
    Percent,
    /// A list.
    List {
        /// What its items may be.
        items: &'static Self,
        /// The least number of them.
        least: usize,
        /// The greatest number of them.
        most: usize,
    },
    /// One value, or a list of them that is not empty.
    OneOrSeveral(&'static Self),
    /// A mapping with keys that are checked later.
    Words(&'static Self),
    /// A day.
    Day,
    /// A day, or a day with a time.
    Moment,
    /// A text, or a mapping that says more.
    TextOr(&'static Self, &'static Self),
    /// A version of Kubernetes; quotes are not needed.
    Release,
    /// A mapping with these keys and no others.
    Mapping(&'static [Key]),
}

/// No list of a configuration is longer, but for environments, of which there may be any number.
const LONGEST_LIST: usize = 10_000;

const TEXT: Shape = Shape::Text { pattern: None, longest: None };
const NAME: Shape =
    Shape::Text { pattern: Some("^[A-Za-z0-9][A-Za-z0-9._-]*$"), longest: Some(100) };
/// No absolute path, and something in it.
const PATH: Shape = Shape::Text { pattern: Some("^[^/]"), longest: None };
const GLOB: Shape = Shape::Text { pattern: Some("^[^/].*[^/]$|^[^/]$"), longest: None };
const SOMETHING: Shape = Shape::Text { pattern: Some("\\S"), longest: None };

const fn list(items: &'static Shape, least: usize) -> Shape {
    Shape::List { items, least, most: LONGEST_LIST }
}

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
                Without this key they are the folders side by side that are named like environments.",
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
                any of the repository.",
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

static NOTICE: Shape = Shape::Mapping(&[
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
static NOTICE_EVENT: Shape = Shape::Choice(NOTICE_EVENTS);
const NOTICE_EVENTS: &[&str] = &["opened", "held", "merged", "degraded", "undone", "failed"];

static REMOTE_BASE: Shape =
    Shape::Text { pattern: Some("^[^/*\\s]+(/[^/\\s]+){2,}$"), longest: Some(200) };

static ENVIRONMENT: Shape = Shape::Mapping(&[
    Key {
        name: "name",
        shape: NAME,
        about: "The environment's name: letters, digits, `.`, `_` and `-`.",
        absent: Absent::Refused,
    },
    Key {
        name: "path",
        shape: Shape::OneOrSeveral(&PATH),
        about: "Its folder, from the repository's root, or several; `{application}` stands for one \
                folder name, and what it matches is an application.",
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

static STEP: Shape = Shape::Mapping(&[
    Key {
        name: "virtualService",
        shape: Shape::Text {
            pattern: Some("^([a-z0-9.{}-]+/)?[a-z0-9.{}-]+$"),
            longest: Some(300),
        },
        about: "The VirtualService, as `NAMESPACE/NAME`; `{application}` stands for the application.",
        absent: Absent::Refused,
    },
    Key {
        name: "to",
        shape: SOMETHING,
        about: "The subset (or host) that traffic moves to.",
        absent: Absent::Nothing,
    },
    Key {
        name: "from",
        shape: SOMETHING,
        about: "The subset (or host) that it comes from.",
        absent: Absent::Nothing,
    },
    Key {
        name: "weights",
        shape: list(&Shape::Percent, 1),
        about: "What `to` gets at each step, in percent, rising; `from` gets the rest.",
        absent: Absent::Nothing,
    },
    Key {
        name: "switch",
        shape: Shape::List { items: &SOMETHING, least: 2, most: 2 },
        about: "In place of `to`, `from` and `weights`: two subsets (or hosts) of which one is live; one \
                pull request makes the other one live.",
        absent: Absent::Nothing,
    },
    Key {
        name: "pause",
        shape: SPAN,
        about: "How long a step waits once the environment is healthy with the one before it: `30s`, \
                `10m`, `2h`, `1d`.",
        absent: Absent::Nothing,
    },
]);

const SPAN: Shape = Shape::Text { pattern: Some("^[0-9]+[smhd]$"), longest: Some(20) };

const HEALTH: Shape = Shape::Mapping(&[
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

static FREEZE: Shape = Shape::Mapping(&[
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

static APPLICATION: Shape = Shape::Mapping(&[
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

const PROMOTION: Shape = Shape::Mapping(&[
    Key {
        name: "by",
        shape: Shape::Choice(&["changes", "files"]),
        about: "`changes`: what the source changed comes over, field by field, and what belongs to the \
                target stays; `files`: what `copy` matches is copied. Without this key: `changes` where \
                the history tells something, `files` where `copy`, `prune` or `fields` is written.",
        absent: Absent::Nothing,
    },
    Key {
        name: "since",
        shape: SOMETHING,
        about: "With `changes`: a commit or tag; what differed then and has not changed since is settled. \
                Without this key: the last promotion.",
        absent: Absent::Nothing,
    },
    Key {
        name: "take",
        shape: list(&KEEP, 0),
        about: "With `changes`: fields that always get the source's value.",
        absent: Absent::Texts(&[]),
    },
    Key {
        name: "copy",
        shape: list(&GLOB, 0),
        about: "Globs below the overlay: these files are copied from the source.",
        absent: Absent::Texts(&["patches/**"]),
    },
    Key {
        name: "exclude",
        shape: list(&GLOB, 0),
        about: "Globs below the overlay: these files are never written.",
        absent: Absent::Texts(&[]),
    },
    Key {
        name: "keep",
        shape: list(&KEEP, 0),
        about: "Fields whose value belongs to the target and stays.",
        absent: Absent::Texts(&[]),
    },
    Key {
        name: "prune",
        shape: Shape::Choice(&["never", "removed"]),
        about: "`removed`: a file that the source had at the last promotion and has no more goes \
                from the target too.",
        absent: Absent::Text("never"),
    },
    Key {
        name: "wire",
        shape: Shape::Flag,
        about: "Whether the target's kustomization gets the entries of copied files.",
        absent: Absent::Flag(true),
    },
    Key {
        name: "fields",
        shape: list(&Shape::Choice(CARRIED_FIELDS), 0),
        about: "Fields of the kustomization that are carried entry by entry.",
        absent: Absent::Texts(&[]),
    },
]);

/// What `promotion.fields` may name; `promotion` knows how each is told apart.
pub(super) const CARRIED_FIELDS: &[&str] = &[
    "images",
    "replicas",
    "helmCharts",
    "helmGlobals",
    "configMapGenerator",
    "secretGenerator",
    "generatorOptions",
    "labels",
    "commonLabels",
    "commonAnnotations",
    "vars",
    "namespace",
    "namePrefix",
    "nameSuffix",
    "buildMetadata",
    "sortOptions",
];

static KEEP: Shape = Shape::Mapping(&[
    Key {
        name: "file",
        shape: GLOB,
        about: "The file, below the overlay; a glob for several.",
        absent: Absent::Refused,
    },
    Key {
        name: "fields",
        shape: list(&SOMETHING, 1),
        about: "Paths to its fields, such as `spec.replicas` or `spec.containers.[name=app].image`.",
        absent: Absent::Refused,
    },
]);

static CHECKLIST_TEXT: Shape =
    Shape::Text { pattern: Some("\\S"), longest: Some(CHECKLIST_ITEM_LIMIT) };
static CHECKLIST_ITEM: Shape = Shape::TextOr(&CHECKLIST_TEXT, &EVIDENCE_ITEM);
static EVIDENCE_ITEM: Shape = Shape::Mapping(&[
    Key {
        name: "text",
        shape: Shape::Text { pattern: Some("\\S"), longest: Some(CHECKLIST_ITEM_LIMIT) },
        about: "What it says.",
        absent: Absent::Refused,
    },
    Key {
        name: "when",
        shape: Shape::Choice(&["healthy"]),
        about: "`healthy`: ticked and unticked by the evidence of the source; a person's tick does not count.",
        absent: Absent::Nothing,
    },
]);

const PULL_REQUEST: Shape = Shape::Mapping(&[
    Key {
        name: "branch",
        shape: SOMETHING,
        about: "The head branch, from `{{ application }}`, `{{ source }}` and `{{ target }}` alone. \
                With applications the default is `promote/{{ application }}/{{ source }}-to-{{ target }}`.",
        absent: Absent::Text(DEFAULT_BRANCH),
    },
    Key {
        name: "title",
        shape: SOMETHING,
        about: "The title, one line.",
        absent: Absent::Text(DEFAULT_TITLE),
    },
    Key {
        name: "commitMessage",
        shape: SOMETHING,
        about: "The commit message; Overlift adds its trailers.",
        absent: Absent::Text(DEFAULT_COMMIT_MESSAGE),
    },
    Key {
        name: "labels",
        shape: list(&TEXT, 0),
        about: "Labels of the pull request.",
        absent: Absent::Texts(&DEFAULT_LABELS),
    },
    Key {
        name: "reviewers",
        shape: list(&SOMETHING, 0),
        about: "Logins of people who are asked to review.",
        absent: Absent::Texts(&[]),
    },
    Key {
        name: "teamReviewers",
        shape: list(&SOMETHING, 0),
        about: "Slugs of teams that are asked to review, without the organisation.",
        absent: Absent::Texts(&[]),
    },
    Key {
        name: "assignees",
        shape: list(&SOMETHING, 0),
        about: "Logins of people it is assigned to.",
        absent: Absent::Texts(&[]),
    },
    Key {
        name: "draft",
        shape: Shape::Flag,
        about: "Whether it is opened as a draft.",
        absent: Absent::Flag(false),
    },
    Key {
        name: "merge",
        shape: Shape::Choice(&["manual", "auto"]),
        about: "`auto`: Overlift merges it once nothing holds it and GitHub's own rules allow it; \
                `manual`: people do.",
        absent: Absent::Text("manual"),
    },
    Key {
        name: "mergeMethod",
        shape: Shape::Choice(&["merge", "squash", "rebase"]),
        about: "How Overlift merges.",
        absent: Absent::Text("merge"),
    },
    Key {
        name: "checklist",
        shape: Shape::List { items: &CHECKLIST_ITEM, least: 0, most: CHECKLIST_LIMIT },
        about: "What has to be confirmed before the merge; an item is a text, or `{text, when: healthy}`.",
        absent: Absent::Texts(&DEFAULT_CHECKLIST),
    },
    Key {
        name: "bodyTemplate",
        shape: PATH,
        about: "A file with a template for the body, from the repository's root. It has all of \
                `application`, `source`, `target`, `plan.id`, `plan.commit`, `plan.summary`, `plan.findings`, \
                `plan.diff`, `plan.files`, `plan.drift`, `checklist`, and the list `plan.commits` of the source's \
                commits that this brings, each with `subject`, `author` and `number`.",
        absent: Absent::Nothing,
    },
]);

const ALL_GATES: &[&str] = &["hygiene", "schemas", "istio", "policies", "leaks", "order", "risks"];
static GATE: Shape = Shape::Choice(ALL_GATES);
static LEVEL: Shape = Shape::Choice(&["error", "warning", "info", "off"]);

const GATES: Shape = Shape::Mapping(&[
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

static SUPPRESSION: Shape = Shape::Mapping(&[
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
