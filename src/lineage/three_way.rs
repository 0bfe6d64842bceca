//! Text that is no YAML, by line: what the source changed in lines that the target left alone.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// The target's text with the source's changes, how many of them the target's own lines kept out, and how many had to
/// stay away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Merged {
    pub text: String,
    pub applied: usize,
    pub kept_out: usize,
    pub stayed: usize,
}

/// Changes between `base` and `source`, made in `target` where its lines are still those of `base`.
pub(super) fn merge_lines(base: &str, source: &str, target: &str) -> Merged {
    merge_allowed_lines(base, source, target, &|_| true)
}

/// The same without the changes whose new lines may not come.
pub(super) fn merge_allowed_lines(
    base: &str,
    source: &str,
    target: &str,
    may_come: &dyn Fn(&str) -> bool,
) -> Merged {
    let now = target;
    let split =
        |text: &'_ str| -> Vec<String> { text.split_inclusive('\n').map(str::to_owned).collect() };
    let (base, source, target) = (split(base), split(source), split(target));
    let places = places_in_target(&base, &target);
    let mut from = 0;
    let mut edits: Vec<Edit<'_>> = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, &base, &source) {
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        let (old, new) = (&base[op.old_range()], &source[op.new_range()]);
        let fate = match range_in_target(&places, op.old_range(), target.len()) {
            Some(at) if at.start >= from => {
                if !may_come(&new_lines(&new.concat(), now)) {
                    Fate::Stays
                } else if is_there(&target, &at, new) {
                    Fate::Had
                } else {
                    from = at.end;
                    Fate::Comes(at)
                }
            }
            _ if target.windows(new.len().max(1)).any(|lines| lines == new) => Fate::Had,
            _ => Fate::KeptOut,
        };
        edits.push(Edit { old, new, fate });
    }
    keep_moves_whole(&mut edits, &target);
    let (mut out, mut from) = (String::new(), 0);
    let crlf = target.first().is_some_and(|line| line.ends_with("\r\n"));
    for edit in &edits {
        if let Fate::Comes(at) = &edit.fate {
            out.extend(target[from..at.start].iter().map(String::as_str));
            out.extend(edit.new.iter().map(|line| ended(line, crlf)));
            from = at.end;
        }
    }
    out.extend(target[from..].iter().map(String::as_str));
    let count = |is: fn(&Fate) -> bool| edits.iter().filter(|edit| is(&edit.fate)).count();
    Merged {
        text: out,
        applied: count(|it| matches!(it, Fate::Comes(_))),
        kept_out: count(|it| *it == Fate::KeptOut),
        stayed: count(|it| *it == Fate::Stays),
    }
}

/// Lines that the source put in the place of others.
struct Edit<'t> {
    old: &'t [String],
    new: &'t [String],
    fate: Fate,
}

/// What becomes of them in the target.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fate {
    /// They come here.
    Comes(Range<usize>),
    /// The target has them already.
    Had,
    /// They may not come.
    Stays,
    /// Lines of the target's own stand there.
    KeptOut,
}

/// Lines that the source moved go from where they were only if they come where they are: else a file had some of them
/// nowhere, and others twice.
fn keep_moves_whole(edits: &mut [Edit<'_>], target: &[String]) {
    const TELLING: usize = 3;
    let telling = |line: &&String| line.chars().filter(|c| c.is_alphanumeric()).count() >= TELLING;
    let mut coming: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, edit) in edits.iter().enumerate() {
        for line in edit.new.iter().filter(telling) {
            coming.entry(line.trim()).or_default().push(at);
        }
    }
    let mut moves: Vec<(usize, usize, &str)> = Vec::new();
    for (at, edit) in edits.iter().enumerate() {
        for line in edit.old.iter().filter(telling) {
            let to = coming.get(line.trim()).into_iter().flatten();
            moves.extend(to.filter(|to| **to != at).map(|to| (at, *to, line.trim())));
        }
    }
    loop {
        let comes = |at: usize| matches!(edits[at].fate, Fate::Comes(_));
        // Where the target has them once, they are those that would go.
        let is_elsewhere =
            |line: &str| target.iter().filter(|theirs| theirs.trim() == line).count() > 1;
        let is_torn = |(from, to, line): &&(usize, usize, &str)| {
            let is_settled = match (&edits[*from].fate, &edits[*to].fate) {
                (Fate::Had, _) => true,
                (_, Fate::Had) => is_elsewhere(line),
                _ => false,
            };
            !is_settled && comes(*from) != comes(*to)
        };
        let Some((from, to, _)) = moves.iter().find(is_torn).copied() else { return };
        let torn = if comes(from) { from } else { to };
        edits[torn].fate = Fate::KeptOut;
    }
}

/// Whether the target has lines already, a line or two from the place where they would come.
fn is_there(target: &[String], at: &Range<usize>, new: &[String]) -> bool {
    let is_blank = |line: &String| line.trim().is_empty();
    let reach = new.len() + 2;
    let near = at.start.saturating_sub(reach)..(at.end + reach).min(target.len());
    let near: Vec<&String> = target[near].iter().filter(|line| !is_blank(line)).collect();
    let new: Vec<&String> = new.iter().filter(|line| !is_blank(line)).collect();
    at.is_empty() && !new.is_empty() && near.windows(new.len()).any(|lines| lines == new)
}

/// The lines of a text that another does not have.
pub(super) fn new_lines(text: &str, other: &str) -> String {
    let had: BTreeSet<&str> = other.lines().map(str::trim).collect();
    let is_new = |line: &&str| !had.contains(line.trim());
    text.split_inclusive('\n').filter(is_new).collect()
}

fn ended(line: &str, crlf: bool) -> String {
    match line.strip_suffix('\n') {
        Some(text) if crlf && !text.ends_with('\r') => format!("{text}\r\n"),
        _ => line.to_owned(),
    }
}

/// For each line of `base` where it stands in `target`, if it is still there.
fn places_in_target(base: &[String], target: &[String]) -> Vec<Option<usize>> {
    let mut places = vec![None; base.len()];
    for op in capture_diff_slices(Algorithm::Myers, base, target) {
        if let DiffOp::Equal { old_index, new_index, len } = op {
            for offset in 0..len {
                places[old_index + offset] = Some(new_index + offset);
            }
        }
    }
    places
}

/// Where a range of base lines stands in the target, if it stands there whole.
fn range_in_target(
    places: &[Option<usize>],
    old: Range<usize>,
    target_len: usize,
) -> Option<Range<usize>> {
    if old.is_empty() {
        // Lines are put in behind the line before, or before the line behind.
        let behind = old.start.checked_sub(1).and_then(|at| places[at]).map(|at| at + 1);
        let before = match places.get(old.start) {
            Some(place) => *place,
            None if places.is_empty() => Some(target_len),
            None => None,
        };
        let at = behind.or(before).or((old.start == 0).then_some(0))?;
        return Some(at..at);
    }
    let start = places[old.start]?;
    let whole = old.clone().enumerate().all(|(offset, at)| places[at] == Some(start + offset));
    whole.then(|| start..start + old.len())
}

/// How many lines two texts share, for finding the version that the target was made from.
pub(super) fn shared_lines(a: &str, b: &str) -> usize {
    let (a, b): (Vec<&str>, Vec<&str>) = (a.lines().collect(), b.lines().collect());
    capture_diff_slices(Algorithm::Myers, &a, &b)
        .iter()
        .map(|op| if let DiffOp::Equal { len, .. } = op { *len } else { 0 })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_come_where_the_target_left_the_lines_alone() {
        let base = "a\nb\nc\nd\n";
        let merged = |source: &str, target: &str| merge_lines(base, source, target);
        let all = merged("a\nB\nc\nd\ne\n", "a\nb\nc\nown\nd\n");
        assert_eq!((all.text.as_str(), all.applied, all.kept_out), ("a\nB\nc\nown\nd\ne\n", 2, 0));
        let own = merged("a\nB\nc\nd\n", "a\nmine\nc\nd\n");
        assert_eq!((own.text.as_str(), own.applied, own.kept_out), ("a\nmine\nc\nd\n", 0, 1));
        let gone = merged("a\nc\nd\n", "a\nb\nc\nd\nown\n");
        assert_eq!(gone.text, "a\nc\nd\nown\n");
        let had = merged("a\nB\nc\nd\n", "a\nB\nc\nd\n");
        assert_eq!((had.applied, had.kept_out), (0, 0));
    }

    #[test]
    fn what_moves_is_neither_lost_nor_there_twice() {
        let base = "from one\nfrom two\nimport a\nx = 1\ny = 2\n";
        let source = "import a\nfrom one\nfrom two\nx = 1\ny = 3\n";
        // The target has a line of its own where they would come.
        let target = "from one\nfrom two\nimport own\nx = 1\ny = 2\n";
        let merged = merge_lines(base, source, target);
        assert_eq!(merged.text, "from one\nfrom two\nimport own\nx = 1\ny = 3\n");
        assert!(merged.kept_out > 0);
        let base = "a = 1\nb = 2\n";
        let both = merge_lines(base, "a = 1\nnew = 1\nb = 2\n", "a = 1\nown = 1\nnew = 1\nb = 2\n");
        assert_eq!(both.text, "a = 1\nown = 1\nnew = 1\nb = 2\n");
    }

    #[test]
    fn what_may_not_come_stays_away_alone() {
        let may_come = |lines: &str| !lines.contains('!');
        let merged = merge_allowed_lines("a\nb\nc\n", "a\nb!\nc\nd\n", "a\nb\nc\n", &may_come);
        assert_eq!((merged.text.as_str(), merged.applied, merged.stayed), ("a\nb\nc\nd\n", 1, 1));
    }

    #[test]
    fn line_ends_stay_the_targets() {
        let merged = merge_lines("a\r\nb\r\n", "a\nB\n", "a\r\nb\r\n");
        assert!(!merged.text.contains("a\n") || merged.text.contains("\r\n"));
    }
}
