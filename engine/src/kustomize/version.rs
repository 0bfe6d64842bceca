//! Which kustomize is followed, and where its versions differ.
//!
//! Clusters run what Argo CD and Flux ship, not what is newest. Every place where two versions print
//! something else, or one of them refuses, asks the table here; `docs/kustomize.md` is made from it. The
//! sources are kustomize's release notes and pull requests, read with the code between two tags.

pub use crate::model::{KNOWN_KUSTOMIZES as KNOWN, KustomizeVersion as Version};

impl Version {
    /// Whether this version behaves in the newer way.
    #[must_use]
    pub fn has(self, change: &Change) -> bool {
        self >= change.since && change.until.is_none_or(|until| self < until)
    }
}

/// One place where versions differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it is about.
    pub what: &'static str,
    /// What older versions do.
    pub before: &'static str,
    /// The first version that does otherwise.
    pub since: Version,
    /// The first version that does as before again.
    pub until: Option<Version>,
    /// What it does.
    pub after: &'static str,
    /// The number of the pull request.
    pub source: u32,
}

/// Where versions differ, oldest first.
pub const CHANGES: [&Change; 18] = [
    &SOURCE_VALUE,
    &IMAGE_VOLUMES,
    &EMPTY_PATCHES_WITH_TARGET,
    &SEVERAL_DELETIONS,
    &SELECT_PATTERNS,
    &STRUCTURED_DATA,
    &BELOW_AN_EMPTY_NULL,
    &PATCH_OPTIONS,
    &NAMESPACE_GOES_DOWN,
    &EMPTY_PATCHES,
    &CLAIM_TEMPLATES,
    &STRUCTURED_DELIMITERS,
    &ADMISSION_POLICIES,
    &AMBIGUOUS_PATHS,
    &DIGEST_ALGORITHMS,
    &BROKEN_IMAGE_PATTERNS,
    &STRING_DATA,
    &CRON_JOB_IMAGE_VOLUMES,
];

const fn change(
    what: &'static str,
    before: &'static str,
    (minor, patch): (u8, u8),
    after: &'static str,
    source: u32,
) -> Change {
    Change { what, before, since: Version::new(minor, patch), until: None, after, source }
}

/// `sourceValue` of a replacement.
pub const SOURCE_VALUE: Change =
    change("`sourceValue` of a replacement", "refused", (7, 0), "copied", 5630);
/// Images of volumes.
pub const IMAGE_VOLUMES: Change = change(
    "`images` and image volumes (`volumes[].image.reference`)",
    "left alone",
    (7, 0),
    "set",
    5921,
);
/// Patches without content that have a target.
pub const EMPTY_PATCHES_WITH_TARGET: Change = change(
    "a patch with a `target` that holds only comments",
    "refused",
    (7, 0),
    "nothing happens",
    5771,
);
/// Several deletions in one patch.
pub const SEVERAL_DELETIONS: Change = change(
    "several objects with `$patch: delete` in one patch",
    "fails",
    (7, 0),
    "all are deleted",
    5859,
);
/// Patterns in the targets of replacements.
pub const SELECT_PATTERNS: Change = change(
    "`select` and `reject` of a replacement",
    "exact names and kinds; `namespace: default` is also what has none",
    (8, 0),
    "patterns, as targets of patches have them; namespaces as they are written",
    5863,
);
/// Replacements inside of texts.
pub const STRUCTURED_DATA: Change = change(
    "a replacement into JSON or YAML inside of a text",
    "refused",
    (8, 0),
    "the text is changed",
    5679,
);
/// What a replacement makes below `key:`.
pub const BELOW_AN_EMPTY_NULL: Change = change(
    "`create: true` below a key without a value (`annotations:`)",
    "made in annotations, lost elsewhere",
    (8, 0),
    "refused",
    5679,
);
/// Options of patches that nobody knows.
pub const PATCH_OPTIONS: Change = change(
    "unknown `options` of a patch",
    "passed over if they are true or false",
    (8, 0),
    "refused",
    5930,
);
/// The namespace of an overlay goes to its bases.
pub const NAMESPACE_GOES_DOWN: Change = Change {
    until: Some(Version::new(8, 1)),
    ..change(
        "a base or component without a `namespace` below an overlay with one",
        "is built without",
        (8, 0),
        "is built with the overlay's (in 5.8.0 alone)",
        5940,
    )
};
/// Patches without content.
pub const EMPTY_PATCHES: Change = change(
    "a patch without a `target` that holds only comments",
    "refused",
    (8, 1),
    "nothing happens",
    5990,
);
/// Labels of volume claim templates.
pub const CLAIM_TEMPLATES: Change = change(
    "labels on volume claim templates",
    "with `includeTemplates`; `includeVolumeClaimTemplates` is refused",
    (8, 2),
    "with `includeVolumeClaimTemplates`",
    5831,
);
/// Delimiters inside of texts.
pub const STRUCTURED_DELIMITERS: Change = change(
    "`options.delimiter` of a replacement into JSON or YAML inside of a text",
    "not looked at: all of the value is replaced",
    (8, 2),
    "a part is replaced",
    6029,
);
/// Admission policies live in the cluster.
pub const ADMISSION_POLICIES: Change = change(
    "the namespace of `ValidatingAdmissionPolicy` and its binding",
    "set",
    (8, 2),
    "none",
    6056,
);
/// Two entries that became one.
pub const AMBIGUOUS_PATHS: Change = change(
    "a directory with `..` inside of a part of its path (`../../base - ../../shared`)",
    "read as a path",
    (8, 2),
    "refused",
    6087,
);
/// Digests other than SHA-256.
pub const DIGEST_ALGORITHMS: Change = change(
    "`images` and an image with a digest that is not `sha256`",
    "left alone",
    (8, 2),
    "set",
    6167,
);
/// Names of images that are no pattern.
pub const BROKEN_IMAGE_PATTERNS: Change = change(
    "a `name` of `images` that is no pattern (`[`)",
    "fails at the first image",
    (8, 2),
    "fits no image",
    6184,
);
/// Texts of a secret that a generator merges into.
pub const STRING_DATA: Change = change(
    "`stringData` of a Secret that a generator with `behavior: merge` adds to",
    "dropped",
    (8, 2),
    "becomes `data`",
    6237,
);
/// Images of volumes of cron jobs.
pub const CRON_JOB_IMAGE_VOLUMES: Change =
    change("`images` and image volumes of a CronJob", "left alone", (8, 2), "set", 6239);

/// The table as Markdown, as `docs/kustomize.md` has it.
#[must_use]
pub fn markdown() -> String {
    let mut out = String::from(
        "| what | before | since | then | source |\n| --- | --- | --- | --- | --- |\n",
    );
    for Change { what, before, since, after, source, .. } in CHANGES {
        let link =
            format!("[#{source}](https://github.com/kubernetes-sigs/kustomize/pull/{source})");
        out.push_str(&format!("| {what} | {before} | {since} | {after} | {link} |\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_and_went_is_there_between() {
        let has = |text: &str| text.parse::<Version>().unwrap().has(&NAMESPACE_GOES_DOWN);
        assert_eq!(["5.7.1", "5.8.0", "5.8.1"].map(has), [false, true, false]);
    }
}
