//! A place in a text, with its line and column, and what stands there.

use super::super::fault::Fault;

/// Where a scanner is. Nothing is copied but the place.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'t> {
    text: &'t str,
    /// Bytes before it.
    pub(super) at: usize,
    /// Characters before it.
    pub(super) characters: usize,
    /// Lines before it.
    pub(super) line: usize,
    /// Characters before it in its line.
    pub(super) column: usize,
}

impl<'t> Cursor<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text, at: 0, characters: 0, line: 0, column: 0 }
    }

    /// The byte that many further on; 0 behind the end, since a text with a NUL is not read.
    pub(super) fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    pub(super) fn is_end(&self) -> bool {
        self.at >= self.text.len()
    }

    /// Whether a space or a tab is there.
    pub(super) fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.byte(ahead), b' ' | b'\t')
    }

    /// How many bytes the line break there has; 0 if there is none.
    fn break_length(&self, ahead: usize) -> usize {
        match self.byte(ahead) {
            b'\r' if self.byte(ahead + 1) == b'\n' => 2,
            b'\r' | b'\n' => 1,
            // Next line.
            0xc2 if self.byte(ahead + 1) == 0x85 => 2,
            // Line separator and paragraph separator.
            0xe2 if self.byte(ahead + 1) == 0x80 && matches!(self.byte(ahead + 2), 0xa8 | 0xa9) => {
                3
            }
            _ => 0,
        }
    }

    pub(super) fn is_break(&self, ahead: usize) -> bool {
        self.break_length(ahead) > 0
    }

    /// Whether a line ends there, by a break or with the text.
    pub(super) fn is_line_end(&self) -> bool {
        self.is_end() || self.is_break(0)
    }

    /// Whether a word ends there: at a blank, a break, or with the text.
    pub(super) fn is_word_end(&self, ahead: usize) -> bool {
        self.at + ahead >= self.text.len() || self.is_blank(ahead) || self.is_break(ahead)
    }

    /// Whether `---` or `...` begins this line, alone or before a blank.
    pub(super) fn is_at_document_marker(&self) -> bool {
        self.column == 0 && (self.is_marker(b'-') || self.is_marker(b'.'))
    }

    /// Whether three of these begin this line, alone or before a blank.
    pub(super) fn is_marker(&self, of: u8) -> bool {
        self.column == 0 && (0..3).all(|ahead| self.byte(ahead) == of) && self.is_word_end(3)
    }

    pub(super) fn is_byte_order_mark(&self) -> bool {
        (self.byte(0), self.byte(1), self.byte(2)) == (0xef, 0xbb, 0xbf)
    }

    /// Goes over one character.
    pub(super) fn skip(&mut self) {
        let length = match self.byte(0) {
            0xf0.. => 4,
            0xe0.. => 3,
            0xc0.. => 2,
            _ => 1,
        };
        self.at = (self.at + length).min(self.text.len());
        self.characters += 1;
        self.column += 1;
    }

    pub(super) fn skip_many(&mut self, count: usize) {
        (0..count).for_each(|_| self.skip());
    }

    /// Goes over characters while a byte at the cursor is one of those.
    pub(super) fn skip_while(&mut self, wanted: impl Fn(&Self) -> bool) {
        while !self.is_end() && wanted(self) {
            self.skip();
        }
    }

    /// Goes over the line break there, if there is one.
    pub(super) fn skip_break(&mut self) {
        let length = self.break_length(0);
        if length == 0 {
            return;
        }
        self.characters += if self.byte(0) == b'\r' { length } else { 1 };
        self.at += length;
        self.line += 1;
        self.column = 0;
    }

    /// Goes over the line break there, which is a `\n` in a value unless it separates lines or paragraphs.
    pub(super) fn take_break(&mut self, into: &mut String) {
        let length = self.break_length(0);
        match length {
            0 => {}
            3 => into.push_str(&self.text[self.at..self.at + length]),
            _ => into.push('\n'),
        }
        self.skip_break();
    }

    /// Goes over blanks, and a comment behind them.
    pub(super) fn skip_to_line_end(&mut self) {
        self.skip_while(|it| it.is_blank(0));
        if self.byte(0) == b'#' {
            self.skip_while(|it| !it.is_break(0));
        }
    }

    /// What lies between a place and this one.
    pub(super) fn since(&self, start: usize) -> &'t str {
        &self.text[start..self.at]
    }

    /// A fault at this place.
    pub(super) fn fault(&self, context: &str, problem: &str) -> Fault {
        Fault::new(self.at, format!("{problem}, {context}"))
    }

    /// Ends the text with a line of its own, if it has begun one.
    pub(super) const fn end_line(&mut self) {
        if self.column != 0 {
            self.column = 0;
            self.line += 1;
        }
    }
}

/// What names of anchors and handles of tags are made of.
pub(super) const fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}
