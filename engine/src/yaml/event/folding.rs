//! Blanks and breaks within a scalar, which become a space or fewer breaks once the text goes on.

use super::cursor::Cursor;

#[derive(Debug, Default)]
pub(super) struct Folding {
    blanks: String,
    first_break: String,
    more_breaks: String,
    /// Whether a line ended since the text stopped.
    pub(super) is_broken: bool,
}

impl Folding {
    /// Takes the blank or break at the cursor. Blanks at the beginning of a line say nothing.
    pub(super) fn take(&mut self, cursor: &mut Cursor<'_>) {
        if cursor.is_blank(0) {
            if !self.is_broken {
                self.blanks.push(char::from(cursor.byte(0)));
            }
            cursor.skip();
        } else if self.is_broken {
            cursor.take_break(&mut self.more_breaks);
        } else {
            self.blanks.clear();
            cursor.take_break(&mut self.first_break);
            self.is_broken = true;
        }
    }

    /// Writes what they become, and begins anew.
    pub(super) fn join(&mut self, text: &mut String) {
        if !self.is_broken {
            text.push_str(&self.blanks);
        } else if self.first_break != "\n" {
            // A separator of lines or paragraphs stays; behind an escaped break there is none.
            text.push_str(&self.first_break);
            text.push_str(&self.more_breaks);
        } else if self.more_breaks.is_empty() {
            text.push(' ');
        } else {
            text.push_str(&self.more_breaks);
        }
        self.blanks.clear();
        self.first_break.clear();
        self.more_breaks.clear();
        self.is_broken = false;
    }
}
