//! The comments of a text, found by where the nodes are that were read from it.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::super::{Node, Style, Value};

/// Why a text cannot be written anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotStyled {
    /// An anchor, an alias or a tag, none of which the tree knows.
    #[error("an anchor, an alias or a tag")]
    Property,
    /// A comment in brackets.
    #[error("a comment in brackets")]
    CommentInBrackets,
}

/// A line that is a comment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comment<'a> {
    /// From `#` on.
    pub(super) text: &'a str,
    /// Whether a blank line stands above it.
    pub(super) after_blank: bool,
    /// Whether one stands below it.
    pub(super) before_blank: bool,
    at: usize,
    column: usize,
}

/// The comments of a text that were not written yet.
pub(super) struct Comments<'a> {
    text: &'a str,
    lines: std::iter::Peekable<std::vec::IntoIter<Comment<'a>>>,
    /// Those behind a value or, where the value stands on lines of its own, its key.
    behind: BTreeMap<usize, &'a str>,
    /// Whether the block that was written last ended with a comment.
    pub(super) ended_block: bool,
}

impl<'a> Comments<'a> {
    pub(super) fn of(root: &Node, text: &'a str) -> Result<Self, NotStyled> {
        let mut finder = Finder { text, covered: Vec::new(), behind: BTreeMap::new() };
        finder.walk(root, None)?;
        let Finder { covered, behind, .. } = finder;
        let lines = comment_lines(text, &covered).into_iter().peekable();
        Ok(Self { text, lines, behind, ended_block: false })
    }

    /// The comment behind the value, or key, at a place.
    pub(super) fn behind(&mut self, place: Option<usize>) -> Option<&'a str> {
        self.behind.remove(&place?)
    }

    /// The next comment if it stands before a place and no further left than a column.
    pub(super) fn next_before(&mut self, place: usize, column: usize) -> Option<Comment<'a>> {
        self.lines.next_if(|comment| comment.at < place && comment.column >= column)
    }

    /// The column of a place.
    pub(super) fn column(&self, place: usize) -> usize {
        place - line_start(self.text, place)
    }

    /// The column of the dash of an item that begins at a place.
    pub(super) fn dash_column(&self, place: usize) -> usize {
        let line = &self.text[line_start(self.text, place)..];
        let column = place - line_start(self.text, place);
        // The item may begin in the line below its dash; the block is indented less than that then.
        line[..column].rfind('-').unwrap_or_else(|| column.saturating_sub(1))
    }
}

struct Finder<'a> {
    text: &'a str,
    /// Where scalars are that have several lines.
    covered: Vec<Range<usize>>,
    behind: BTreeMap<usize, &'a str>,
}

impl Finder<'_> {
    /// Looks at a node; `key` is where its key stands.
    fn walk(&mut self, node: &Node, key: Option<usize>) -> Result<(), NotStyled> {
        let at = node.mark.offset().filter(|at| *at < self.text.len());
        if let Some(at) = at
            && self.text[at..].starts_with(['&', '*', '!'])
        {
            return Err(NotStyled::Property);
        }
        match (&node.value, at) {
            (Value::Mapping(mapping), _) if !node.mark.is_flow() => {
                self.note_behind_key(key);
                for pair in mapping {
                    self.walk(&pair.value, pair.key_mark.offset())?;
                }
            }
            (Value::Sequence(items), _) if !node.mark.is_flow() => {
                self.note_behind_key(key);
                items.iter().try_for_each(|item| self.walk(item, None))?;
            }
            (Value::Scalar(scalar), _) if scalar.text.is_empty() && node.is_null() => {
                self.note_behind_key(key);
            }
            (Value::Scalar(scalar), Some(at)) => {
                let end = match scalar.style {
                    Style::SingleQuoted => quoted_end(self.text, at, b'\''),
                    Style::DoubleQuoted => quoted_end(self.text, at, b'"'),
                    Style::Literal | Style::Folded => {
                        self.note_behind(at, at + indicators(&self.text[at..]));
                        let column = key.unwrap_or(at) - line_start(self.text, key.unwrap_or(at));
                        self.covered.push(at..block_end(self.text, at, column));
                        return Ok(());
                    }
                    _ => plain_end(self.text, at, &scalar.text),
                };
                self.covered.push(at..end);
                self.note_behind(at, end);
            }
            (_, Some(at)) => {
                let end = brackets_end(self.text, at)?;
                self.covered.push(at..end);
                self.note_behind(at, end);
                self.walk_brackets(node)?;
            }
            (_, None) => {}
        }
        Ok(())
    }

    /// Looks for what the tree does not know, in brackets.
    fn walk_brackets(&self, node: &Node) -> Result<(), NotStyled> {
        let at = node.mark.offset().filter(|at| *at < self.text.len());
        if at.is_some_and(|at| self.text[at..].starts_with(['&', '*', '!'])) {
            return Err(NotStyled::Property);
        }
        match &node.value {
            Value::Mapping(mapping) => {
                mapping.iter().try_for_each(|pair| self.walk_brackets(&pair.value))
            }
            Value::Sequence(items) => items.iter().try_for_each(|item| self.walk_brackets(item)),
            Value::Scalar(_) => Ok(()),
        }
    }

    /// Notes the comment in the line of a key whose value stands below.
    fn note_behind_key(&mut self, key: Option<usize>) {
        let Some(key) = key else { return };
        let line = line_at(self.text, key);
        let quote = line.as_bytes().first().copied().filter(|byte| matches!(byte, b'"' | b'\''));
        let name = quote.map_or(0, |quote| quoted_end(self.text, key, quote) - key);
        let Some(colon) = line.get(name..).and_then(|rest| rest.find(':')) else { return };
        self.note_behind(key, key + name + colon + 1);
    }

    /// Notes the comment behind `end` as that of `place`.
    fn note_behind(&mut self, place: usize, end: usize) {
        let rest = line_at(self.text, end);
        let comment = rest.trim();
        if comment.starts_with('#') && rest.len() > comment.len() {
            self.behind.insert(place, comment);
        }
    }
}

/// The lines that are comments, save those in scalars.
fn comment_lines<'a>(text: &'a str, covered: &[Range<usize>]) -> Vec<Comment<'a>> {
    let mut comments = Vec::new();
    let mut at = 0;
    let mut after_blank = false;
    for line in text.split_inclusive('\n') {
        let content = line.trim();
        let column = line.len() - line.trim_start().len();
        let start = at + column;
        at += line.len();
        if content.starts_with('#') && !covered.iter().any(|range| range.contains(&start)) {
            let before_blank = line_at(text, at).trim().is_empty() && at < text.len();
            comments.push(Comment { text: content, after_blank, before_blank, at: start, column });
        }
        // The lines of one comment are one.
        after_blank = content.is_empty() || (after_blank && content.starts_with('#'));
    }
    comments
}

/// The rest of the line from a place on.
fn line_at(text: &str, place: usize) -> &str {
    let rest = text.get(place..).unwrap_or_default();
    rest.split('\n').next().unwrap_or_default()
}

fn line_start(text: &str, place: usize) -> usize {
    text[..place].rfind('\n').map_or(0, |at| at + 1)
}

/// Where a scalar without quotes ends: its words are those of the text, whatever is between them.
fn plain_end(text: &str, at: usize, value: &str) -> usize {
    let mut end = at;
    for word in value.split_whitespace() {
        let rest = &text[end..];
        end += rest.len() - rest.trim_start().len() + word.len();
        if end > text.len() {
            return text.len();
        }
    }
    end
}

/// Where a scalar in quotes ends.
fn quoted_end(text: &str, at: usize, quote: u8) -> usize {
    let bytes = text.as_bytes();
    let mut end = at + 1;
    while end < bytes.len() {
        match bytes[end] {
            b'\\' if quote == b'"' => end += 1,
            byte if byte == quote => {
                if quote == b'"' || bytes.get(end + 1) != Some(&quote) {
                    return end + 1;
                }
                end += 1;
            }
            _ => {}
        }
        end += 1;
    }
    bytes.len()
}

/// The length of `|`, `>-` and their like.
fn indicators(text: &str) -> usize {
    text.find(|c: char| !matches!(c, '|' | '>' | '+' | '-' | '0'..='9')).unwrap_or(text.len())
}

/// Where a block scalar ends: before the first line that is indented no more than its key.
fn block_end(text: &str, at: usize, column: usize) -> usize {
    let mut end = at + line_at(text, at).len() + 1;
    while end < text.len() {
        let line = line_at(text, end);
        let indent = line.len() - line.trim_start_matches(' ').len();
        if !line.trim().is_empty() && indent <= column {
            break;
        }
        end += line.len() + 1;
    }
    end.min(text.len())
}

/// Where brackets are closed.
fn brackets_end(text: &str, at: usize) -> Result<usize, NotStyled> {
    let bytes = text.as_bytes();
    let (mut end, mut depth) = (at, 0_usize);
    while end < bytes.len() {
        let before = end.checked_sub(1).map_or(b' ', |before| bytes[before]);
        match bytes[end] {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            quote @ (b'"' | b'\'') if !before.is_ascii_alphanumeric() => {
                end = quoted_end(text, end, quote);
                continue;
            }
            b'#' if before.is_ascii_whitespace() => return Err(NotStyled::CommentInBrackets),
            _ => {}
        }
        end += 1;
        if depth == 0 {
            break;
        }
    }
    Ok(end)
}
