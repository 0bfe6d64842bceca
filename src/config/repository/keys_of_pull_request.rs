//! The keys of the pull request.

use crate::promotion::{
    CHECKLIST_ITEM_LIMIT, CHECKLIST_LIMIT, DEFAULT_BRANCH, DEFAULT_CHECKLIST,
    DEFAULT_COMMIT_MESSAGE, DEFAULT_LABELS, DEFAULT_TITLE,
};

use super::shape::{Absent, Key, PATH, SOMETHING, Shape, TEXT, list};

pub(super) static CHECKLIST_TEXT: Shape =
    Shape::Text { pattern: Some("\\S"), longest: Some(CHECKLIST_ITEM_LIMIT) };
pub(super) static CHECKLIST_ITEM: Shape = Shape::TextOr(&CHECKLIST_TEXT, &EVIDENCE_ITEM);
pub(super) static EVIDENCE_ITEM: Shape = Shape::Mapping(&[
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

pub(super) const PULL_REQUEST: Shape = Shape::Mapping(&[
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
