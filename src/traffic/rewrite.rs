//! Changing one text that writes routes: a resource, a patch, or a JSON patch; every other byte stays.

use super::pointer;
use super::task::{Op, Task};
use crate::yaml::edit::{EditError, Editor, Fragment, NodePath, SpanKind, Step};

/// A text that was changed.
pub(super) struct Rewritten {
    pub(super) text: String,
    /// The fields that changed, as paths.
    pub(super) fields: Vec<String>,
}

impl Task<'_> {
    /// The text with all that is to be changed in it; `None` if that is nothing.
    ///
    /// # Errors
    /// [`EditError`] if something of it cannot be changed in place.
    pub(super) fn rewrite(&self, text: &str) -> Result<Option<Rewritten>, EditError> {
        let mut editor = Editor::parse(text)?;
        let mut ops = Vec::new();
        for document in 0..editor.document_count() {
            let (root, path) = (editor.root(document), NodePath::root(document));
            if matches!(root.kind, SpanKind::Sequence { .. }) {
                pointer::ops(self, root, &path, &mut ops);
            }
            for (object, path) in self.objects(root, path) {
                self.object(object, &path, &mut ops);
            }
        }
        let mut fields = Vec::new();
        for op in &ops {
            self.apply(&mut editor, op, &mut fields)?;
        }
        let changed = editor.text();
        Ok((changed != text).then_some(Rewritten { text: changed, fields }))
    }

    fn apply(
        &self,
        editor: &mut Editor,
        op: &Op,
        fields: &mut Vec<String>,
    ) -> Result<(), EditError> {
        match op {
            Op::Weight(at, weight) => {
                let field = at.key("weight");
                fields.push(shown(&field));
                let number = Fragment::parse(&weight.to_string())?;
                match editor.node(&field) {
                    Some(_) => editor.replace(&field, &number),
                    None => editor.insert_key(at, Some("destination"), "weight", &number),
                }
            }
            Op::Rename(at) => {
                let field = self.name_of(editor, at);
                fields.push(shown(&field));
                set_text(editor, &field, &self.aim.to)
            }
            Op::Add(list, behind, weight) => {
                let Some((parent, Step::Key(key))) = list.split_last() else { return Ok(()) };
                let copy = editor.fragment(&list.index(*behind))?;
                editor.add_item(&parent, key, Some(*behind), &copy)?;
                let new = list.index(behind + 1);
                fields.push(shown(&new));
                let name = self.name_of(editor, &new);
                set_text(editor, &name, &self.aim.to)?;
                self.apply(editor, &Op::Weight(new, *weight), &mut Vec::new())
            }
            Op::Text(at, text) => {
                fields.push(shown(at));
                set_text(editor, at, text)
            }
        }
    }

    /// Where a destination's name is written: its subset, or its host.
    fn name_of(&self, editor: &Editor, at: &NodePath) -> NodePath {
        let destination = at.key("destination");
        let subset = destination.key("subset");
        if editor.node(&subset).is_some() { subset } else { destination.key("host") }
    }
}

/// Writes another text where one is, quoted as it was.
fn set_text(editor: &mut Editor, at: &NodePath, text: &str) -> Result<(), EditError> {
    let written = editor.node(at).map(|node| editor.written(node).to_owned()).unwrap_or_default();
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ' ' | '%');
    let fragment = match written.chars().next() {
        Some('\'') => Fragment::parse(&format!("'{}'", text.replace('\'', "''")))?,
        Some('"') | None => Fragment::parse(&format!("{text:?}"))?,
        Some(_) if text.chars().all(plain) => Fragment::parse(text)?,
        Some(_) => Fragment::text(text)?,
    };
    editor.replace(at, &fragment)
}

/// A path as people write it.
fn shown(path: &NodePath) -> String {
    let step = |step: &Step| match step {
        Step::Key(key) if key.contains('.') => format!("[{key}]"),
        Step::Key(key) => key.clone(),
        Step::Index(index) => index.to_string(),
    };
    path.steps.iter().map(step).collect::<Vec<_>>().join(".")
}
