//! The words in which rules over a change say what they found.

use crate::model::excerpts;

/// What a rule says of a resource. Resources of which the same is said are told together.
pub struct Words {
    /// What happens, after one name: `shrinks`.
    pub one: String,
    /// The same after several: `shrink`.
    pub many: String,
    /// What tells one from the other: `80 → 5`; may be empty.
    pub detail: String,
}

/// Words for one and for many with a detail.
pub(in crate::policy) fn words(
    one: impl Into<String>,
    many: impl Into<String>,
    detail: impl Into<String>,
) -> Words {
    Words { one: one.into(), many: many.into(), detail: detail.into() }
}

/// A value is cut after so many characters.
const VALUE_LIMIT: usize = 80;

/// A value in words; an absent one too.
pub(in crate::policy) fn shown(value: &str) -> String {
    quoted(&excerpts(&one_line(value), "", VALUE_LIMIT).0)
}

/// `` `before` → `after` ``, cut so that what differs is seen.
pub(in crate::policy) fn becomes(before: &str, after: &str) -> String {
    let (before, after) = excerpts(&one_line(before), &one_line(after), VALUE_LIMIT);
    format!("{} → {}", quoted(&before), quoted(&after))
}

/// The same for several values.
pub(in crate::policy) fn all_become<S: AsRef<str>>(before: &[S], after: &[S]) -> String {
    match (before, after) {
        ([before], [after]) => becomes(before.as_ref(), after.as_ref()),
        // Two lists in one sentence: both are short.
        _ => format!("{} → {}", first_of(before, 2), first_of(after, 2)),
    }
}

fn one_line(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn quoted(value: &str) -> String {
    if value.is_empty() { "unset".to_owned() } else { format!("`{}`", value.replace('`', "'")) }
}

/// `` `a`, `b` and 3 more ``.
pub(in crate::policy) fn listed<S: AsRef<str>>(words: &[S]) -> String {
    first_of(words, 4)
}

fn first_of<S: AsRef<str>>(words: &[S], most: usize) -> String {
    let first: Vec<String> = words.iter().take(most).map(|word| shown(word.as_ref())).collect();
    let rest = words.len().saturating_sub(most);
    match (rest, first.as_slice()) {
        (0, [init @ .., last]) if !init.is_empty() => format!("{} and {last}", init.join(", ")),
        (0, all) => all.join(", "),
        (rest, all) => format!("{} and {rest} more", all.join(", ")),
    }
}
