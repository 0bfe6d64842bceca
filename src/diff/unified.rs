//! Unified diffs of two texts: the format that `patch` and `git apply` read.
//!
//! Lines end at `\n` and nowhere else, because `patch` and git see them so: a lone carriage return
//! is part of its line. No deadline is set, so the same texts give the same diff on every machine.

use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices, group_diff_ops};

/// How many unchanged lines stand around a change, as `diff -u` and git have it.
const CONTEXT_LINES: usize = 3;

/// The hunks between two texts, without file headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
        let mut hunks = Self::default();
        if before == after {
            return hunks;
        }
        let before: Vec<&str> = before.split_inclusive('\n').collect();
        let after: Vec<&str> = after.split_inclusive('\n').collect();
        let operations = capture_diff_slices(Algorithm::Myers, &before, &after);
        for group in group_diff_ops(operations, CONTEXT_LINES) {
            hunks.push(&group, &before, &after);
        }
        hunks
    }

    /// Whether the texts are equal.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    fn push(&mut self, group: &[DiffOp], before: &[&str], after: &[&str]) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { return };
        let old = first.old_range().start..last.old_range().end;
        let new = first.new_range().start..last.new_range().end;
        self.text.push_str(&format!("@@ -{} +{} @@\n", hunk_range(&old), hunk_range(&new)));
        for operation in group {
            if operation.tag() == DiffTag::Equal {
                before[operation.old_range()].iter().for_each(|line| self.push_line(' ', line));
                continue;
            }
            let (old, new) = (&before[operation.old_range()], &after[operation.new_range()]);
            self.removed_lines += old.len();
            self.added_lines += new.len();
            old.iter().for_each(|line| self.push_line('-', line));
            new.iter().for_each(|line| self.push_line('+', line));
        }
    }

    fn push_line(&mut self, sign: char, line: &str) {
        self.text.push(sign);
        self.text.push_str(line);
        if !line.ends_with('\n') {
            self.text.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// `start,count` from 1, the count left out where it is 1; an empty range names the line before it.
fn hunk_range(range: &std::ops::Range<usize>) -> String {
    match range.len() {
        0 => format!("{},0", range.start),
        1 => format!("{}", range.start + 1),
        count => format!("{},{count}", range.start + 1),
    }
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
