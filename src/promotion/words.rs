//! What a plan says in words, without values of Secrets.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::draft::Finished;
use super::plan_request::PlanRequest;
use super::planned_edit::{Cause, PlannedEdit};
use crate::diff::{FilesDiff, KnownValues, MASKED, SecretInputs};
use crate::lineage::Difference;
use crate::model::{FieldValues, FileEdit, KustomizationField, RepoPath};
use crate::policy::Finding;

impl Finished {
    /// The same without values of Secrets. `masked` are files that hold some: their values are not told.
    pub(super) fn without_secrets(
        mut self,
        known: &KnownValues,
        masked: &BTreeSet<RepoPath>,
    ) -> Self {
        let hide = |text: &mut String| {
            if let Cow::Owned(hidden) = known.scrub(text) {
                *text = hidden;
            }
        };
        self.warnings.iter_mut().for_each(|warning| hide(&mut warning.message));
        self.not_promoted.iter_mut().for_each(|left| hide(&mut left.entry));
        for PlannedEdit { edit, causes } in &mut self.edits {
            for cause in causes {
                match cause {
                    Cause::Changed { fields, .. } => {
                        for field in &mut *fields {
                            if masked.contains(&edit.path) && !is_open(&edit.path, field) {
                                without_values(field);
                            }
                            hide(field);
                        }
                    }
                    Cause::Kept { fields: words } | Cause::Carried { keys: words, .. } => {
                        words.iter_mut().for_each(hide);
                    }
                    _ => {}
                }
            }
        }
        self.commits.iter_mut().for_each(|commit| hide(&mut commit.subject));
        for difference in &mut self.differences {
            let values = [&mut difference.source, &mut difference.target];
            if masked.contains(&difference.path) && !is_open(&difference.path, &difference.field) {
                values.into_iter().flatten().for_each(|value| MASKED.clone_into(value));
                without_values(&mut difference.field);
                difference.because.hide_name(MASKED);
            } else {
                values.into_iter().flatten().for_each(hide);
            }
            hide(&mut difference.field);
            difference.document.iter_mut().for_each(hide);
        }
        self
    }
}

/// What rules found, names of resources included: a prefix or a replacement may have made one of a value.
pub(super) fn hide_in_findings(findings: &mut [Finding], known: &KnownValues) {
    let hide = |text: &mut String| {
        if let Cow::Owned(hidden) = known.scrub(text) {
            *text = hidden;
        }
    };
    for finding in findings {
        hide(&mut finding.message);
        finding.help.iter_mut().for_each(hide);
        if let Some(alike) = &mut finding.alike {
            [&mut alike.one, &mut alike.many, &mut alike.detail].into_iter().for_each(hide);
        }
        if let Some(resource) = &mut finding.resource {
            for name in [&mut resource.name, &mut resource.namespace] {
                if let Cow::Owned(hidden) = known.scrub(name) {
                    *name = hidden.into();
                }
            }
        }
        if let Some(location) = &mut finding.location {
            hide(&mut location.field);
        }
    }
}

fn is_open(path: &RepoPath, field: &str) -> bool {
    let first = field.split(['.', '[']).next().unwrap_or_default();
    path.is_kustomization()
        && KustomizationField::named(first).is_some_and(|field| field.values == FieldValues::Open)
}

/// Leaves of a field's place what is no value: items are shown by what they say, and what is inside a Secret's text is
/// a part of that.
fn without_values(field: &mut String) {
    let key_of = |part: &str| {
        let key = field.strip_prefix(part)?.strip_prefix('.')?;
        let len = match key.strip_prefix('[') {
            Some(dotted) => dotted.find(']')? + 2,
            None => key.find(['.', '[']).unwrap_or(key.len()),
        };
        Some(part.len() + 1 + len)
    };
    let end = ["data", "stringData"].into_iter().find_map(key_of).or_else(|| field.find('['));
    field.truncate(end.unwrap_or(field.len()));
}

/// The files with differences of which a diff would hide something.
pub(super) fn files_with_secrets(
    request: &PlanRequest<'_>,
    differences: &[Difference],
    secrets: &SecretInputs,
    known: &KnownValues,
) -> BTreeSet<RepoPath> {
    let mut masked = BTreeSet::new();
    let mut looked: BTreeSet<(&RepoPath, &RepoPath)> = BTreeSet::new();
    for Difference { path, from, .. } in differences {
        if !looked.insert((path, from)) {
            continue;
        }
        let read = |path: &RepoPath| request.files.file(path).ok().flatten();
        for at in [path, from] {
            let edit = FileEdit { path: at.clone(), before: read(path), after: read(from) };
            let diff = FilesDiff::between([&edit], secrets, known, &[]);
            if diff.files().iter().any(|file| file.masked) {
                masked.insert(path.clone());
            }
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::without_values;

    #[test]
    fn of_a_field_of_secrets_no_value_is_left() {
        for (field, left) in [
            ("data.token", "data.token"),
            ("data.[app.properties]", "data.[app.properties]"),
            ("data.settings.pool.hunter2", "data.settings"),
            ("stringData.[users.yaml].[a.b].c", "stringData.[users.yaml]"),
            ("data.users[hunter2]", "data.users"),
            ("data[hunter2].x", "data"),
            ("secretGenerator[name=db].literals[hunter2]", "secretGenerator"),
            ("spec.a", "spec.a"),
        ] {
            let mut shown = field.to_owned();
            without_values(&mut shown);
            assert_eq!(shown, left, "{field}");
        }
    }
}
