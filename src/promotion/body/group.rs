//! What is told about each changed resource, in the order of telling; changes that are alike are told
//! once.

use std::borrow::Cow;
use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::diff::{Change, FieldChange, FieldValue, MASKED, MASKED_CHANGED, ResourceDiff};

use super::super::markdown::{cell_code, counted, number};
use super::super::risk::{Risk, RiskLevel, risks};

/// Values in the table are cut after so many UTF-16 units.
const VALUE_LIMIT: usize = 60;

/// Paths too.
const PATH_LIMIT: usize = 100;

/// Of longer paths the end is shown, in characters.
const SHOWN_PATH: usize = 48;

/// A resource that is told, with those whose changes are alike.
pub(super) struct Told<'a> {
    pub(super) diff: &'a ResourceDiff,
    pub(super) fields: Vec<FieldChange>,
    pub(super) risks: Vec<Risk>,
    pub(super) alike: Vec<&'a ResourceDiff>,
}

impl Told<'_> {
    /// How many resources are told with it, itself included.
    pub(super) fn count(&self) -> usize {
        1 + self.alike.len()
    }

    pub(super) fn level(&self) -> Option<RiskLevel> {
        self.risks.first().map(|risk| risk.level)
    }

    /// What happens to it, in one word.
    pub(super) fn verb(&self) -> &'static str {
        match self.diff.change {
            Change::Added => "added",
            Change::Deleted => "deleted",
            Change::Changed if self.is_renamed() => "renamed",
            Change::Changed => "changed",
        }
    }

    /// The fields in the order of telling: labels and annotations last, a new name not again.
    pub(super) fn fields_told(&self, name_is_told: bool) -> Vec<&FieldChange> {
        let is_name = |path: &str| matches!(path, "metadata.name" | "metadata.namespace");
        let mut fields: Vec<&FieldChange> =
            self.fields.iter().filter(|field| !(name_is_told && is_name(&field.path))).collect();
        fields.sort_by_key(|field| field.path.starts_with("metadata."));
        fields
    }

    fn is_renamed(&self) -> bool {
        self.diff.id_before.as_ref().is_some_and(|before| {
            before.name != self.diff.id.name || before.namespace != self.diff.id.namespace
        })
    }

    /// What changes, in a line for a table's cell.
    pub(super) fn change(&self) -> String {
        let hunks = &self.diff.hunks;
        match self.diff.change {
            Change::Added => return counted(hunks.added_lines, "line", "lines"),
            Change::Deleted => return counted(hunks.removed_lines, "line", "lines"),
            Change::Changed => {}
        }
        let mut words = Vec::new();
        if let Some(before) = self.diff.id_before.as_ref().filter(|_| self.is_renamed()) {
            words.push(format!("was {}", cell_code(&before.to_string(), PATH_LIMIT)));
        }
        let fields = self.fields_told(!words.is_empty());
        // Two are told both: a sentence about one more is no shorter.
        let (told, rest) = fields.split_at(if fields.len() == 2 { 2 } else { fields.len().min(1) });
        words.extend(told.iter().map(|field| field_change(field)));
        let mut text = words.join(", ");
        if !rest.is_empty() {
            text.push_str(&format!(", and {} more", number(rest.len())));
        }
        text
    }
}

/// The end of a long field path, from the beginning of a field on: a table that is wider than a phone hides
/// what changes. The diff has the whole.
fn end_of(path: &str) -> Cow<'_, str> {
    let over = path.chars().count().saturating_sub(SHOWN_PATH);
    if over == 0 {
        return path.into();
    }
    let (mut inside, mut chars) = (0_usize, 0_usize);
    for (at, c) in path.char_indices() {
        match c {
            '[' => inside += 1,
            ']' => inside = inside.saturating_sub(1),
            // A key in brackets may have dots of its own.
            '.' if inside == 0 && chars >= over => return format!("…{}", &path[at + 1..]).into(),
            _ => {}
        }
        chars += 1;
    }
    path.into()
}

/// `` `spec.timeout`: `5s` → `10s` ``.
pub(super) fn field_change(field: &FieldChange) -> String {
    let path = cell_code(&end_of(&field.path), PATH_LIMIT);
    let masked = |value: &FieldValue| matches!(value, FieldValue::Scalar(text) if text == MASKED || text == MASKED_CHANGED);
    match (&field.before, &field.after) {
        (before, FieldValue::Absent) => {
            format!("{path}: {} {}", value(before), if is_plural(before) { "go" } else { "goes" })
        }
        (FieldValue::Absent, after) => {
            format!("{path}: {} {}", value(after), if is_plural(after) { "come" } else { "comes" })
        }
        (before, after) if masked(before) && masked(after) => {
            format!("{path}: another value, not shown")
        }
        (FieldValue::Scalar(before), FieldValue::Scalar(after))
            if before.contains('\n') || after.contains('\n') =>
        {
            format!("{path}: another text")
        }
        (before, after) => format!("{path}: {} → {}", value(before), value(after)),
    }
}

const fn is_plural(value: &FieldValue) -> bool {
    matches!(value, FieldValue::Items(count) | FieldValue::Keys(count) if *count != 1)
}

fn value(value: &FieldValue) -> String {
    match value {
        FieldValue::Absent => "nothing".to_owned(),
        FieldValue::Scalar(text) if text == MASKED || text == MASKED_CHANGED => {
            "a value, not shown,".to_owned()
        }
        FieldValue::Scalar(text) => cell_code(text, VALUE_LIMIT),
        FieldValue::Items(count) => counted(*count, "item", "items"),
        FieldValue::Keys(count) => counted(*count, "key", "keys"),
    }
}

/// All changed resources, the riskiest first.
pub(super) fn tell(resources: &[ResourceDiff]) -> Vec<Told<'_>> {
    let mut told: Vec<Told<'_>> = Vec::new();
    let mut seen: BTreeMap<[u8; 32], usize> = BTreeMap::new();
    for diff in resources {
        let (fields, risks) = (diff.fields(), risks(diff));
        if let Some(likeness) = likeness(diff, &fields, &risks) {
            if let Some(&index) = seen.get(&likeness) {
                told[index].alike.push(diff);
                continue;
            }
            seen.insert(likeness, told.len());
        }
        told.push(Told { diff, fields, risks, alike: Vec::new() });
    }
    // A stable sort: what weighs the same keeps the order of the output.
    told.sort_by_key(|told| {
        (std::cmp::Reverse(told.level()), told.diff.change, std::cmp::Reverse(told.count()))
    });
    told
}

/// Equal for resources whose changes are the same and need telling once only.
fn likeness(diff: &ResourceDiff, fields: &[FieldChange], risks: &[Risk]) -> Option<[u8; 32]> {
    let told_anyway = !risks.is_empty() || diff.id_before.is_some() || diff.masked;
    if told_anyway || fields.is_empty() || fields.len() >= 100 {
        return None;
    }
    let mut hash = Sha256::new();
    for field in fields {
        hash.update(format!("{field:?}").as_bytes());
    }
    Some(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_paths_show_their_end() {
        let long = "spec.configPatches[0].patch.value.typed_config.value.response_headers_to_add";
        assert_eq!(end_of(long), "…typed_config.value.response_headers_to_add");
        assert_eq!(end_of("spec.http[0].timeout"), "spec.http[0].timeout");
        let keyed = format!("metadata.annotations[\"{}\"]", "rollout.example.com/".repeat(4));
        assert_eq!(end_of(&keyed), keyed, "nothing begins inside a key");
    }
}
