//! The texts that a build reads, by the numbers in the marks of its nodes: where each field of a resource
//! comes from.
//!
//! Nodes keep their marks on the way into a resource, and a transformer gives what it sets the mark of the
//! entry that asks for it. So the last word about a field is whatever its mark says at the end.

use std::sync::Arc;

use super::decode::Written;
use super::file_text::counted_text;
use crate::model::{Position, RepoPath};
use crate::yaml::{Mark, TextId};

/// All texts of a build.
#[derive(Clone, Debug, Default)]
pub struct Texts(Vec<BuildText>);

/// One of them.
#[derive(Clone, Debug)]
pub enum BuildText {
    /// A file of the repository.
    File(BuiltFile),
    /// A text within another one: an inline patch.
    Inline(InlineText),
    /// An entry of another text, which is one place whatever the offset.
    Entry(Mark),
}

/// A file that was read.
#[derive(Clone, Debug)]
pub struct BuiltFile {
    /// Its path.
    pub path: RepoPath,
    /// What it held; only of kustomizations, which deployers change before they build.
    pub kept: Option<Arc<[u8]>>,
}

/// A scalar that is read as YAML itself.
#[derive(Clone, Debug)]
pub struct InlineText {
    /// Where the scalar begins.
    at: Mark,
    /// Of a block, whose lines are lines of the file, where each begins; none of other scalars.
    lines: Vec<Line>,
    /// How many lines of it come before those.
    skipped: usize,
}

/// A line of a block.
#[derive(Clone, Copy, Debug)]
struct Line {
    start: usize,
    /// Its own indentation, without the block's.
    indent: usize,
}

impl Texts {
    /// Takes one in, and gives it a number.
    pub fn add(&mut self, text: BuildText) -> TextId {
        self.0.push(text);
        u32::try_from(self.0.len()).map_or(TextId::ONLY, TextId)
    }

    fn get(&self, id: TextId) -> Option<&BuildText> {
        self.0.get(usize::try_from(id.0).ok()?.checked_sub(1)?)
    }

    /// The file that a mark leads to.
    fn file(&self, mark: Mark) -> Option<&BuiltFile> {
        match self.get(mark.text())? {
            BuildText::File(file) => Some(file),
            BuildText::Inline(InlineText { at, .. }) | BuildText::Entry(at) => self.file(*at),
        }
    }

    /// The path of the file that a mark leads to.
    #[must_use]
    pub fn path(&self, mark: Mark) -> Option<&RepoPath> {
        self.file(mark).map(|file| &file.path)
    }

    /// The position in that file, which has this text now; `None` if what was built stands there no more.
    #[must_use]
    pub fn position(&self, mark: Mark, now: &str) -> Option<Position> {
        let BuiltFile { path, kept } = self.file(mark)?;
        let built = kept.as_ref().and_then(|kept| counted_text(path, kept));
        match built.filter(|built| built != now) {
            Some(built) => moved_with_its_line(self.position_in(mark, &built)?, &built, now),
            None => self.position_in(mark, now),
        }
    }

    fn position_in(&self, mark: Mark, file: &str) -> Option<Position> {
        match self.get(mark.text())? {
            BuildText::File(_) => Some(Position::of_offset(file, mark.offset()?)),
            BuildText::Entry(at) => self.position_in(*at, file),
            BuildText::Inline(inline) => {
                let start = self.position_in(inline.at, file)?;
                if inline.lines.is_empty() {
                    return Some(start);
                }
                inline.position(mark.offset()?, start, file)
            }
        }
    }
}

impl InlineText {
    /// `text` is read of `whole`, which is written so.
    #[must_use]
    pub fn new(written: Written, whole: &str, text: &str) -> Self {
        let lead = whole.find(text).map_or("", |at| &whole[..at]);
        let mut start = 0;
        let lines = text.split_inclusive('\n').filter(|_| written.is_block).map(|line| {
            let indent = indent(line);
            start += line.len();
            Line { start: start - line.len(), indent }
        });
        let lines = lines.collect();
        Self { at: written.mark, lines, skipped: lead.matches('\n').count() }
    }

    /// Where an offset into a block is in the file; `start` is the block's first sign.
    fn position(&self, offset: usize, start: Position, file: &str) -> Option<Position> {
        let index = self.lines.partition_point(|line| line.start <= offset).checked_sub(1)?;
        let line = usize::try_from(start.line).ok()? + self.skipped + index;
        let written = file.lines().nth(line)?;
        let Line { start, indent: own } = self.lines[index];
        let end = indent(written).saturating_sub(own) + offset - start;
        let column = written.get(..end).map_or(1, |before| before.chars().count() + 1);
        let count = |n: usize| u32::try_from(n).ok();
        Some(Position { line: count(line + 1)?, column: count(column)? })
    }
}

/// How many spaces a line begins with.
fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Where a line of one text is in another: it has the same lines before or behind it, or there are as many like it
/// between those in both.
fn moved_with_its_line(position: Position, was: &str, now: &str) -> Option<Position> {
    let (was, now): (Vec<&str>, Vec<&str>) = (was.lines().collect(), now.lines().collect());
    let at = usize::try_from(position.line).ok()?.checked_sub(1)?;
    let before = was.iter().zip(&now).take_while(|(a, b)| a == b).count();
    let ends = was[before..].iter().rev().zip(now[before..].iter().rev());
    let behind = ends.take_while(|(a, b)| a == b).count();
    let line = if at < before {
        at
    } else if at + behind >= was.len() {
        at + now.len() - was.len()
    } else {
        let like = |lines: &[&str]| -> Vec<usize> {
            (before..lines.len() - behind).filter(|it| lines[*it] == was[at]).collect()
        };
        let (of_was, of_now) = (like(&was), like(&now));
        let nth = of_was.iter().position(|it| *it == at)?;
        (of_was.len() == of_now.len()).then(|| of_now[nth])?
    };
    Some(Position { line: u32::try_from(line + 1).ok()?, ..position })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_again_in_a_text_that_was_changed() {
        let was = "a\nb\nx: 1\nc\ny: 2\nd\n";
        let now = "a\nb\nx: 7\nx: 8\nc\nd\n";
        let line = |line| moved_with_its_line(Position { line, column: 1 }, was, now);
        let lines: Vec<_> = (1..=6).map(|at| line(at).map(|found| found.line)).collect();
        assert_eq!(lines, [Some(1), Some(2), None, Some(5), None, Some(6)]);
        let (was, now) = ("- t:\na\n- t:\nb\n", "n: x\n- t:\na\n- t:\nb\nl: y\n");
        let line = |line| moved_with_its_line(Position { line, column: 1 }, was, now);
        let lines: Vec<_> = (1..=4).map(|at| line(at).map(|found| found.line)).collect();
        assert_eq!(lines, [Some(2), Some(3), Some(4), Some(5)]);
    }
}
