//! Items and pairs between brackets and braces.

use std::ops::Range;

use super::line::{begins_line, column, line_end, line_ending, line_start, next_line};
use super::span::SpanNode;

/// The bytes of the items of a list, or the pairs of a mapping.
pub(super) fn parts(collection: &SpanNode) -> Vec<Range<usize>> {
    let pairs = collection.pairs().iter();
    let pairs = pairs.map(|(key, value)| key.span.start..value.span.end.max(key.span.end));
    collection.items().iter().map(|item| item.span.clone()).chain(pairs).collect()
}

/// The splices that put `new` ones behind the part `after`: on lines of their own if that one has
/// one.
pub(super) fn add_behind(
    text: &str,
    after: &Range<usize>,
    new: &[String],
) -> Vec<(Range<usize>, String)> {
    let end = after.end;
    let on_the_line = || vec![(end..end, format!(", {}", new.join(", ")))];
    if !begins_line(text, after.start) {
        return on_the_line();
    }
    let line_break = format!("{}{:2$}", line_ending(text), "", column(text, after.start));
    let lines = format!("{line_break}{}", new.join(&format!(",{line_break}")));
    let behind = text[end..].trim_start_matches([' ', '\t']);
    let stop = line_end(text, end);
    if behind.starts_with(',') {
        let rest = text[text.len() - behind.len() + 1..stop].trim_start();
        if rest.is_empty() || rest.starts_with('#') {
            return vec![(stop..stop, format!("{lines},"))];
        }
        return on_the_line();
    }
    if behind.starts_with('#') {
        return vec![(end..end, ",".to_owned()), (stop..stop, lines)];
    }
    vec![(end..end, format!(",{lines}"))]
}

/// The bytes that go with a part: its whole line if it has one of its own, else one comma.
pub(super) fn removal(text: &str, collection: &SpanNode, index: usize) -> Range<usize> {
    let parts = parts(collection);
    let part = &parts[index];
    let rest = text[part.end..line_end(text, part.end)].trim_start_matches([' ', '\t']);
    let rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    if begins_line(text, part.start) && (rest.is_empty() || rest.starts_with('#')) {
        return line_start(text, part.start)..next_line(text, part.end);
    }
    if let Some(next) = parts.get(index + 1) {
        return part.start..next.start;
    }
    match index.checked_sub(1) {
        Some(before) => parts[before].end..part.end,
        None => collection.span.start + 1..collection.span.end - 1,
    }
}
