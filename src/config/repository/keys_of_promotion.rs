//! The keys of what a promotion does.

use super::shape::{Absent, GLOB, Key, SOMETHING, Shape, list};
use crate::model::CARRIED_FIELDS;

pub(super) const PROMOTION: Shape = Shape::Mapping(&[
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
        shape: list(&Shape::Choice(&CARRIED_FIELDS), 0),
        about: "Fields of the kustomization that are carried entry by entry.",
        absent: Absent::Texts(&[]),
    },
]);

pub(super) static KEEP: Shape = Shape::Mapping(&[
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
