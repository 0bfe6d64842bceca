//! Adding, replacing and removing whole documents of a stream.

use std::ops::Range;

use super::span::{SpanNode, parse_spans};
use super::{EditError, Editor, Fragment, NodePath};

impl Editor {
    /// The text of a document, the marker before it and comments around it included.
    ///
    /// # Panics
    /// If there are not so many documents.
    #[must_use]
    pub fn document_text(&self, document: usize) -> &str {
        &self.text[self.document_range(document)]
    }

    pub(super) fn document_range(&self, document: usize) -> Range<usize> {
        let start = document.checked_sub(1).map_or(0, |before| self.documents[before].end);
        start..self.documents[document].end
    }

    /// Adds a document, written as `text`, behind the document `after`, or at the end.
    ///
    /// # Errors
    /// [`EditError`] if the text is not one document or cannot stand there.
    pub fn add_document(&mut self, after: Option<usize>, text: &str) -> Result<(), EditError> {
        let root = one_document(text)?;
        let last = self.documents.len() - 1;
        let after = after.unwrap_or(last).min(last);
        let end = self.documents[after].end;
        let mut lines = String::new();
        if end > 0 && !self.text[..end].ends_with('\n') {
            lines.push_str(self.ending());
        }
        if !text.starts_with("---") {
            lines.push_str("---");
            lines.push_str(self.ending());
        }
        lines.push_str(&self.with_own_endings(text));
        if !lines.ends_with('\n') {
            lines.push_str(self.ending());
        }
        let mut meant = self.documents.clone();
        let mut document = meant[after].clone();
        document.root = root;
        meant.insert(after + 1, document);
        self.splice(&[(end..end, lines)], &meant)
    }

    /// Puts another document, written as `text`, in the place of one.
    ///
    /// # Errors
    /// As [`Self::add_document`].
    pub fn replace_document(&mut self, document: usize, text: &str) -> Result<(), EditError> {
        let root = one_document(text)?;
        let range = self.document_range(document);
        let mut lines = String::new();
        if document > 0 && !text.starts_with("---") {
            lines = format!("---{}", self.ending());
        }
        lines.push_str(&self.with_own_endings(text));
        let mut meant = self.documents.clone();
        meant[document].root = root;
        self.splice(&[(range, lines)], &meant)
    }

    /// Removes a document.
    ///
    /// # Errors
    /// [`EditError`] if it is the only one.
    pub fn remove_document(&mut self, document: usize) -> Result<(), EditError> {
        let range = self.document_range(document);
        if self.documents.len() == 1 {
            return Err(self.layout(range.start, "the only document of a file is not removed"));
        }
        let mut meant = self.documents.clone();
        meant.remove(document);
        self.splice(&[(range, String::new())], &meant)
    }

    /// Adds items to the list at `path`, wherever it stands, behind the item `after`, or at the end.
    ///
    /// # Errors
    /// [`EditError`] if no list with items stands there or the layout cannot be followed.
    pub fn extend_list(
        &mut self,
        path: &NodePath,
        after: Option<usize>,
        items: &[Fragment],
    ) -> Result<(), EditError> {
        self.refuse_anchors_above(path)?;
        let list = self.node(path).ok_or_else(|| self.missing("the list"))?;
        let Some(last) = list.items().len().checked_sub(1) else {
            return Err(self.layout(list.span.start, "a list with items is expected here"));
        };
        self.add_after(path, after.unwrap_or(last).min(last), items)
    }

    fn with_own_endings(&self, text: &str) -> String {
        let plain = text.replace("\r\n", "\n");
        if self.ending() == "\r\n" { plain.replace('\n', "\r\n") } else { plain }
    }
}

fn one_document(text: &str) -> Result<SpanNode, EditError> {
    Ok(parse_spans(text).map_err(EditError::Syntax)?.remove(0).root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_come_and_go_and_the_others_keep_their_bytes() {
        let mut editor = Editor::parse("a: 1\n---\n# two\nb: 2\n").unwrap();
        let other = Editor::parse("x: 1\n---\ny: 2 # why\n").unwrap();
        editor.add_document(Some(0), other.document_text(1)).unwrap();
        assert_eq!(editor.text(), "a: 1\n---\ny: 2 # why\n---\n# two\nb: 2\n");
        editor.add_document(None, other.document_text(0)).unwrap();
        editor.remove_document(1).unwrap();
        assert_eq!(editor.text(), "a: 1\n---\n# two\nb: 2\n---\nx: 1\n");
        editor.remove_document(0).unwrap();
        editor.replace_document(1, "z: 9\n").unwrap();
        assert_eq!(editor.text(), "---\n# two\nb: 2\n---\nz: 9\n");
    }
}
