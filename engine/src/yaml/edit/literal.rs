//! Changing the text of a literal block where it stands.

use super::{EditError, Editor, NodePath};

impl Editor {
    /// Puts another text into the literal block at `path`: its header and indentation stay. A line break at
    /// the end is as the header says.
    ///
    /// # Errors
    /// [`EditError`] if nothing is there, or it is no literal block that can hold the text.
    pub fn rewrite(&mut self, path: &NodePath, text: &str) -> Result<(), EditError> {
        let fragment = self.fragment(path)?;
        let refuse = |reason| self.layout(fragment.node.span.start, reason);
        let (header, body) = fragment.raw().split_once('\n').unwrap_or((fragment.raw(), ""));
        let plain = |c: char| matches!(c, '|' | '-' | '+' | ' ' | '\r');
        let without_comment = header.split('#').next().unwrap_or_default();
        if !header.starts_with('|') || !without_comment.chars().all(plain) {
            return Err(refuse("the text is no literal block"));
        }
        let first = body.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let indent = first.len() - first.trim_start_matches(' ').len();
        let Some(offset) = indent.checked_sub(fragment.anchor()).filter(|offset| *offset > 0)
        else {
            return Err(refuse("the text is not indented"));
        };
        let kept = if without_comment.contains('+') { text } else { text.trim_end_matches('\n') };
        let mut written = format!("k: {}\n", header.trim_end());
        for line in kept.lines() {
            let offset = if line.is_empty() { 0 } else { offset };
            written.push_str(&format!("{:offset$}{line}\n", ""));
        }
        let new = Self::parse(&written)?.fragment(&NodePath::root(0).key("k"))?;
        if new.node.text().map(str::trim_end) != Some(text.trim_end()) {
            return Err(refuse("the block cannot hold the text"));
        }
        self.replace(path, &new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(before: &str, path: &NodePath, text: &str) -> Result<String, EditError> {
        let mut editor = Editor::parse(before).unwrap();
        editor.rewrite(path, text)?;
        Ok(editor.text())
    }

    #[test]
    fn header_indentation_and_what_is_around_stay() {
        let patch = NodePath::root(0).key("patches").index(0).key("patch");
        let before =
            "patches: # all\n- patch: |-\n      a: 1\n\n      b: 2\n  # why\n  target: x\n";
        let after = "patches: # all\n- patch: |-\n      a: 1\n\n      b: 3\n      c: 4\n  # why\n  target: x\n";
        assert_eq!(rewritten(before, &patch, "a: 1\n\nb: 3\nc: 4\n").unwrap(), after);
        let item = NodePath::root(0).key("p").index(0);
        let before = "p:\n  - |\n    a: 1\n  - x\n";
        let after = "p:\n  - |\n    a: 2\n  - x\n";
        assert_eq!(rewritten(before, &item, "a: 2\n").unwrap(), after);
        let crlf = "p:\r\n  - |\r\n    a: 1\r\n  - x\r\n";
        assert_eq!(rewritten(crlf, &item, "a: 2\n").unwrap(), after.replace('\n', "\r\n"));
    }

    #[test]
    fn other_styles_are_refused() {
        let key = NodePath::root(0).key("a");
        for before in ["a: >\n  x\n  y\n", "a: \"x\\ny\"\n", "a: |2\n  x\n  y\n", "a: {b: c}\n"] {
            assert!(rewritten(before, &key, "z\n").is_err(), "{before}");
        }
    }
}
