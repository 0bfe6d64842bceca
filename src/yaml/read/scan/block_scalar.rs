//! Literal (`|`) and folded (`>`) scalars.

use super::super::super::{Scalar, Style, Tag, Text};
use super::Scanner;

/// What happens to the line breaks at the end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in super::super::super) enum Chomping {
    /// One remains, if there is one.
    Clip,
    /// None remains.
    Strip,
    /// All remain.
    Keep,
}

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

/// Reads the lines of a folded scalar whose indentation is already gone.
pub(in super::super::super) fn fold_lines(block: &str, chomping: Chomping) -> Text {
    let (mut text, mut ending) = (String::new(), Ending::default());
    for line in block.split_inclusive('\n') {
        match line.strip_suffix('\n') {
            Some("") => ending.blank_lines += 1,
            content => {
                ending = folded(&mut text, ending, content.unwrap_or(line));
                ending.line_break = content.is_some();
            }
        }
    }
    chomp(&mut text, ending, chomping);
    text.into()
}

fn chomp(text: &mut String, ending: Ending, chomping: Chomping) {
    if chomping != Chomping::Strip && ending.line_break {
        text.push('\n');
    }
    if chomping == Chomping::Keep {
        text.extend(std::iter::repeat_n('\n', ending.blank_lines));
    }
}

/// What stands between the text so far and the next line.
#[derive(Clone, Copy, Default)]
struct Ending {
    /// The break of the last line with content.
    line_break: bool,
    /// Whether that line began with a space or tab.
    indented: bool,
    blank_lines: usize,
}

fn literal(text: &mut String, ending: Ending, line: &str) -> Ending {
    text.extend(std::iter::repeat_n('\n', ending.blank_lines + usize::from(ending.line_break)));
    text.push_str(line);
    Ending::default()
}

fn folded(text: &mut String, ending: Ending, line: &str) -> Ending {
    let indented = line.starts_with([' ', '\t']);
    if ending.line_break && !ending.indented && !indented {
        match ending.blank_lines {
            0 => text.push(' '),
            breaks => text.extend(std::iter::repeat_n('\n', breaks)),
        }
        text.push_str(line);
    } else {
        literal(text, ending, line);
    }
    Ending { indented, ..Ending::default() }
}
