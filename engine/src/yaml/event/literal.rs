//! Scalars that are their own lines: `|` and `>`.

use std::ops::Range;

use super::super::Style;
use super::super::fault::Fault;
use super::cursor::Cursor;

const CONTEXT: &str = "while scanning a block scalar";

/// Such a scalar; its bytes end with the lines that belong to it, blank ones included.
pub(super) struct Literal {
    pub(super) text: String,
    pub(super) style: Style,
    pub(super) span: Range<usize>,
}

/// What becomes of line breaks at the end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    /// `-`: none stays.
    Strip,
    /// One stays.
    Clip,
    /// `+`: all stay.
    Keep,
}

/// Reads the scalar whose `|` or `>` is at the cursor. `parent` is the column that its lines lie behind,
/// if there is one.
pub(super) fn scan(cursor: &mut Cursor<'_>, parent: Option<usize>) -> Result<Literal, Fault> {
    let start = cursor.at;
    let style = if cursor.byte(0) == b'|' { Style::Literal } else { Style::Folded };
    cursor.skip();
    let (chomping, increment) = header(cursor)?;
    cursor.skip_to_line_end();
    if !cursor.is_line_end() {
        return Err(cursor.fault(CONTEXT, "did not find expected comment or line break"));
    }
    cursor.skip_break();

    let mut lines = Lines {
        least: parent.map_or(1, |column| column + 1),
        indent: increment.map(|more| parent.unwrap_or(0) + more),
        end: cursor.at,
        breaks: String::new(),
    };
    let (mut text, mut last_break) = (String::new(), String::new());
    // Whether the last line began with a blank: those next to it keep their breaks.
    let mut was_blank = false;
    let indent = lines.next(cursor)?;
    while cursor.column == indent && !cursor.is_end() {
        let is_blank = cursor.is_blank(0);
        let folds = style == Style::Folded && last_break == "\n" && !was_blank && !is_blank;
        if !folds {
            text.push_str(&last_break);
        } else if lines.breaks.is_empty() {
            text.push(' ');
        }
        text.push_str(&lines.breaks);
        lines.breaks.clear();
        last_break.clear();
        was_blank = is_blank;
        let line = cursor.at;
        cursor.skip_while(|it| !it.is_break(0));
        text.push_str(cursor.since(line));
        cursor.take_break(&mut last_break);
        lines.next(cursor)?;
    }
    if chomping != Chomping::Strip {
        text.push_str(&last_break);
    }
    if chomping == Chomping::Keep {
        text.push_str(&lines.breaks);
    }
    Ok(Literal { text, style, span: start..lines.end })
}

/// What stands behind the indicator, in either order: how the end is chomped, and how much deeper than
/// the parent the lines lie.
fn header(cursor: &mut Cursor<'_>) -> Result<(Chomping, Option<usize>), Fault> {
    let (mut chomping, mut increment) = (None, None);
    for _ in 0..2 {
        match cursor.byte(0) {
            b'+' if chomping.is_none() => chomping = Some(Chomping::Keep),
            b'-' if chomping.is_none() => chomping = Some(Chomping::Strip),
            b'0' if increment.is_none() => {
                return Err(cursor.fault(CONTEXT, "found an indentation indicator equal to 0"));
            }
            digit @ b'1'..=b'9' if increment.is_none() => {
                increment = Some(usize::from(digit - b'0'));
            }
            _ => break,
        }
        cursor.skip();
    }
    Ok((chomping.unwrap_or(Chomping::Clip), increment))
}

/// The indentation of the lines, and the breaks between them.
struct Lines {
    /// The least that it can be.
    least: usize,
    /// `None` until a line with content decides it.
    indent: Option<usize>,
    /// Where the last line that belongs to the scalar ends.
    end: usize,
    /// Breaks of blank lines.
    breaks: String,
}

impl Lines {
    /// Goes over blank lines and the indentation of the next with content; returns what that is.
    fn next(&mut self, cursor: &mut Cursor<'_>) -> Result<usize, Fault> {
        self.end = cursor.at;
        let mut deepest = 0;
        loop {
            let is_within = |it: &Cursor<'_>| self.indent.is_none_or(|indent| it.column < indent);
            cursor.skip_while(|it| is_within(it) && it.byte(0) == b' ');
            deepest = deepest.max(cursor.column);
            if is_within(cursor) && cursor.byte(0) == b'\t' {
                return Err(cursor.fault(
                    CONTEXT,
                    "found a tab character where an indentation space is expected",
                ));
            }
            if !cursor.is_break(0) {
                break;
            }
            cursor.take_break(&mut self.breaks);
            self.end = cursor.at;
        }
        Ok(*self.indent.get_or_insert(deepest.max(self.least)))
    }
}
