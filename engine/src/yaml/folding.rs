//! Folding and chomping: what the lines of a literal (`|`) or folded (`>`) scalar say.
//!
//! The reader takes the lines from a text; the writer of folded scalars has to know what will be read.

use super::Text;

/// What happens to the line breaks at the end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Chomping {
    /// One remains, if there is one.
    Clip,
    /// None remains.
    Strip,
    /// All remain.
    Keep,
}

/// Reads the lines of a folded scalar whose indentation is already gone.
pub(super) fn fold_lines(block: &str, chomping: Chomping) -> Text {
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

/// Ends a text as its chomping says.
pub(super) fn chomp(text: &mut String, ending: Ending, chomping: Chomping) {
    if chomping != Chomping::Strip && ending.line_break {
        text.push('\n');
    }
    if chomping == Chomping::Keep {
        text.extend(std::iter::repeat_n('\n', ending.blank_lines));
    }
}

/// What stands between the text so far and the next line.
#[derive(Clone, Copy, Default)]
pub(super) struct Ending {
    /// The break of the last line with content.
    pub(super) line_break: bool,
    /// Whether that line began with a space or tab.
    indented: bool,
    pub(super) blank_lines: usize,
}

/// Adds a line of a literal scalar.
pub(super) fn literal(text: &mut String, ending: Ending, line: &str) -> Ending {
    text.extend(std::iter::repeat_n('\n', ending.blank_lines + usize::from(ending.line_break)));
    text.push_str(line);
    Ending::default()
}

/// Adds a line of a folded scalar; indented lines keep their breaks.
pub(super) fn folded(text: &mut String, ending: Ending, line: &str) -> Ending {
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
