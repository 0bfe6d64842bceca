//! Literal (`|`) and folded (`>`) scalars.

use super::super::super::folding::{Chomping, Ending, chomp, folded, literal};
use super::super::super::{Scalar, Style, Tag, Text};
use super::scanner::Scanner;

impl Scanner<'_> {
    /// Reads a block scalar and steps to the line behind it. `parent` is the column of the
    /// collection it is in.
    pub(super) fn block_scalar(&mut self, start: usize, parent: usize) -> Option<Scalar> {
        let style = if self.bytes[start] == b'|' { Style::Literal } else { Style::Folded };
        let (chomping, indicated, end) = self.header(start + 1)?;
        self.end_line(end)?.then_some(())?;
        let indent = match indicated {
            Some(digit) => parent + digit,
            None => self.detect_indent(parent)?,
        };
        let text = match style {
            Style::Literal => self.lines(indent, chomping, literal)?,
            _ => self.lines(indent, chomping, folded)?,
        };
        Some(Scalar { text, tag: Tag::Str, style })
    }

    /// The chomping and indentation indicators, and where they end.
    fn header(&self, start: usize) -> Option<(Chomping, Option<usize>, usize)> {
        let (mut chomping, mut indent, mut at) = (None, None, start);
        while let Some(byte) = self.bytes.get(at) {
            match byte {
                b'+' if chomping.is_none() => chomping = Some(Chomping::Keep),
                b'-' if chomping.is_none() => chomping = Some(Chomping::Strip),
                b'1'..=b'9' if indent.is_none() => indent = Some(usize::from(byte - b'0')),
                b' ' | b'\n' => break,
                _ => return None,
            }
            at += 1;
        }
        Some((chomping.unwrap_or(Chomping::Clip), indent, at))
    }

    /// The indentation of the first line with content.
    fn detect_indent(&self, parent: usize) -> Option<usize> {
        let (mut start, mut deepest) = (self.at, 0);
        loop {
            let content = self.skip_spaces(start);
            let indent = content - start;
            match self.bytes.get(content) {
                Some(b'\t') => return None,
                Some(b'\n') => (start, deepest) = (content + 1, deepest.max(indent)),
                // Blank lines that are deeper than the content change what the content is.
                Some(_) if deepest > indent => return None,
                _ => return Some(indent.max(deepest).max(parent + 1)),
            }
        }
    }

    /// Hands the lines of the scalar to `push` and steps behind them.
    fn lines(
        &mut self,
        indent: usize,
        chomping: Chomping,
        push: fn(&mut String, Ending, &str) -> Ending,
    ) -> Option<Text> {
        let mut text = std::mem::take(&mut self.block);
        text.clear();
        let mut ending = Ending::default();
        while self.at < self.bytes.len() {
            let mut content = self.at;
            while content - self.at < indent && self.bytes.get(content) == Some(&b' ') {
                content += 1;
            }
            match self.bytes.get(content) {
                None => content = self.bytes.len(),
                Some(b'\n') => {
                    ending.blank_lines += 1;
                    self.at = content + 1;
                    continue;
                }
                Some(b'\t') if content - self.at < indent => return None,
                Some(_) if content - self.at < indent => break,
                Some(_) => {
                    let end = self.line_end(content);
                    ending = push(&mut text, ending, &self.text[content..end]);
                    ending.line_break = end < self.bytes.len();
                    content = (end + 1).min(self.bytes.len());
                }
            }
            self.at = content;
        }
        chomp(&mut text, ending, chomping);
        let read = Text::from(text.as_str());
        self.block = text;
        Some(read)
    }
}
