//! Unified diffs of two texts: the format that `patch` and `git apply` read.
//!
//! Lines end at `\n` and nowhere else, because `patch` and git see them so: a lone carriage return
//! is part of its line. No deadline is set, so the same texts give the same diff on every machine.
//!
//! A masked value takes one line here and perhaps many in the text that a diff is applied to, so behind
//! one the line numbers may be off. `patch` then looks for the nearest place where a hunk fits, which
//! among resources that are alike is the wrong one. A hunk that fits several places gets the whole
//! document as its context.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices};

use super::mask::MASKED;

/// How many unchanged lines stand around a change, as `diff -u` and git have it.
const CONTEXT_LINES: usize = 3;

/// A hunk whose rarest line is as frequent as that is not looked up any further.
const FREQUENT: usize = 200;

/// The hunks between two texts, without file headers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunks {
    /// `@@` lines and bodies; empty if the texts are equal.
    pub text: String,
    /// How many lines begin with `+`.
    pub added_lines: usize,
    /// How many lines begin with `-`.
    pub removed_lines: usize,
}

impl Hunks {
    /// Compares two texts.
    #[must_use]
    pub fn between(before: &str, after: &str) -> Self {
        let mut out = Self::default();
        if before == after {
            return out;
        }
        let first_mask = memchr::memmem::find(before.as_bytes(), MASK_START.as_bytes());
        let first_mask =
            first_mask.map(|at| memchr::memchr_iter(b'\n', &before.as_bytes()[..at]).count());
        let before: Vec<&str> = before.split_inclusive('\n').collect();
        let after: Vec<&str> = after.split_inclusive('\n').collect();
        let changes = capture_diff_slices(Algorithm::Myers, &before, &after);
        let mut hunks = Hunk::group(changes, before.len());
        if let Some(line) = first_mask {
            hunks = widen_behind(line, hunks, &before);
        }
        for hunk in &hunks {
            out.push(hunk, &before, &after);
        }
        out
    }

    /// Whether the texts are equal.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    fn push(&mut self, hunk: &Hunk, before: &[&str], after: &[&str]) {
        let new = hunk.new_range();
        self.text.push_str(&format!("@@ -{} +{} @@\n", hunk_range(&hunk.old), hunk_range(&new)));
        let mut at = hunk.old.start;
        for change in &hunk.changes {
            before[at..change.old_range().start].iter().for_each(|line| self.push_line(' ', line));
            let (old, new) = (&before[change.old_range()], &after[change.new_range()]);
            self.removed_lines += old.len();
            self.added_lines += new.len();
            old.iter().for_each(|line| self.push_line('-', line));
            new.iter().for_each(|line| self.push_line('+', line));
            at = change.old_range().end;
        }
        before[at..hunk.old.end].iter().for_each(|line| self.push_line(' ', line));
    }

    fn push_line(&mut self, sign: char, line: &str) {
        self.text.push(sign);
        self.text.push_str(line);
        if !line.ends_with('\n') {
            self.text.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// What both masks begin with.
const MASK_START: &str = MASKED.split_at(MASKED.len() - 1).0;

/// Changes that are shown together with the unchanged lines around them.
struct Hunk {
    /// The lines before, context included.
    old: Range<usize>,
    changes: Vec<DiffOp>,
}

impl Hunk {
    /// Puts changes together whose contexts touch.
    fn group(operations: Vec<DiffOp>, lines: usize) -> Vec<Self> {
        let changes = operations.into_iter().filter(|operation| operation.tag() != DiffTag::Equal);
        let hunks = changes.map(|change| {
            let old = change.old_range();
            let start = old.start.saturating_sub(CONTEXT_LINES);
            Self { old: start..(old.end + CONTEXT_LINES).min(lines), changes: vec![change] }
        });
        Self::merge(hunks)
    }

    /// Makes one of hunks that overlap or follow each other without a line between.
    fn merge(hunks: impl Iterator<Item = Self>) -> Vec<Self> {
        let mut merged: Vec<Self> = Vec::new();
        for hunk in hunks {
            match merged.last_mut() {
                Some(last) if hunk.old.start <= last.old.end => {
                    last.old.end = last.old.end.max(hunk.old.end);
                    last.changes.extend(hunk.changes);
                }
                _ => merged.push(hunk),
            }
        }
        merged
    }

    /// The lines after, context included: as much of it as before.
    fn new_range(&self) -> Range<usize> {
        let (first, last) = (&self.changes[0], &self.changes[self.changes.len() - 1]);
        let start = first.new_range().start - (first.old_range().start - self.old.start);
        start..last.new_range().end + (self.old.end - last.old_range().end)
    }
}

/// Widens hunks behind `line` that fit more than one place to the document they are in.
fn widen_behind(line: usize, hunks: Vec<Hunk>, before: &[&str]) -> Vec<Hunk> {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, text) in before.iter().enumerate() {
        let places = places.entry(text).or_default();
        if places.len() <= FREQUENT {
            places.push(at);
        }
    }
    let starts: Vec<usize> =
        (0..before.len()).filter(|at| *at == 0 || before[*at].trim_end() == "---").collect();
    let widened = hunks.into_iter().map(|mut hunk| {
        if hunk.old.end > line && !is_unique(&hunk.old, before, &places) {
            let after = starts.partition_point(|start| *start <= hunk.old.start);
            hunk.old.start = starts[after.saturating_sub(1)];
            let end = starts.partition_point(|start| *start < hunk.old.end);
            hunk.old.end = starts.get(end).copied().unwrap_or(before.len());
        }
        hunk
    });
    Hunk::merge(widened)
}

/// Whether the lines of a hunk stand in this order at one place only.
fn is_unique(hunk: &Range<usize>, before: &[&str], places: &BTreeMap<&str, Vec<usize>>) -> bool {
    let lines = &before[hunk.clone()];
    let rarest = lines.iter().enumerate().min_by_key(|(_, line)| places[*line].len());
    let Some((offset, line)) = rarest else { return false };
    let candidates = &places[line];
    let others = candidates.iter().filter_map(|at| at.checked_sub(offset));
    candidates.len() <= FREQUENT
        && others
            .filter(|start| *start != hunk.start)
            .all(|start| before.get(start..start + lines.len()) != Some(lines))
}

/// `start,count` from 1, the count left out where it is 1; an empty range names the line before it.
fn hunk_range(range: &std::ops::Range<usize>) -> String {
    match range.len() {
        0 => format!("{},0", range.start),
        1 => format!("{}", range.start + 1),
        count => format!("{},{count}", range.start + 1),
    }
}

/// A header is one line whatever a resource is called.
pub(super) fn one_line(text: &str) -> String {
    text.replace(|c: char| c.is_control(), "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_diff_u_writes() {
        let before = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n";
        let after = "a\nb\nC\nd\ne\nf\ng\nh\ni\nj";
        // Checked with GNU diff 3.8: `diff -u` prints exactly these hunks.
        let want = "@@ -1,10 +1,10 @@\n a\n b\n-c\n+C\n d\n e\n f\n g\n h\n i\n-j\n+j\n\\ No newline at end of file\n";
        let hunks = Hunks::between(before, after);
        assert_eq!(hunks.text, want);
        assert_eq!((hunks.added_lines, hunks.removed_lines), (2, 2));
    }

    #[test]
    fn an_empty_side_counts_from_zero() {
        assert_eq!(Hunks::between("", "a\nb\n").text, "@@ -0,0 +1,2 @@\n+a\n+b\n");
        assert_eq!(Hunks::between("a\n", "").text, "@@ -1 +0,0 @@\n-a\n");
        assert!(Hunks::between("", "").is_empty());
    }

    #[test]
    fn a_carriage_return_is_part_of_its_line() {
        assert_eq!(Hunks::between("a\rb\r\n", "a\rc\r\n").text, "@@ -1 +1 @@\n-a\rb\r\n+a\rc\r\n");
    }
}
