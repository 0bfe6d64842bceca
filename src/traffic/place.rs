//! Where an environment's own files may write the routes of a VirtualService.

use crate::model::{Files, PATCH_LISTS, RepoPath};
use crate::yaml::edit::{EditError, Editor, Fragment, NodePath, SpanNode, Step};

/// A text that may write routes: a whole file, or a patch within a kustomization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) path: RepoPath,
    /// The patch's place in the kustomization.
    pub(super) inline: Option<NodePath>,
}

impl Spot {
    /// Its text as it stands in a file.
    pub(super) fn text(&self, file: &str) -> Option<String> {
        let Some(path) = &self.inline else { return Some(file.to_owned()) };
        let editor = Editor::parse(file).ok()?;
        editor.node(path)?.text().map(str::to_owned)
    }

    /// The file with another text in its place.
    ///
    /// # Errors
    /// [`EditError`] if the text is written in a way that cannot be followed.
    pub(super) fn put(&self, file: &str, text: &str) -> Result<String, EditError> {
        let Some(path) = &self.inline else { return Ok(text.to_owned()) };
        let mut editor = Editor::parse(file)?;
        let Some(node) = editor.node(path) else { return Ok(file.to_owned()) };
        let written = editor.written(node).to_owned();
        let fragment = match written.chars().next() {
            Some('|') => {
                let (mark, span) = (file.len() - editor_text_len(file), node.span.clone());
                let (start, end) = (mark + span.start, mark + span.end);
                let literal = literal(&written, text);
                let changed = format!("{}{literal}{}", &file[..start], &file[end..]);
                let kept = Editor::parse(&changed)?;
                let now = kept.node(path).and_then(SpanNode::text).map(str::trim_end);
                if now == Some(text.trim_end()) {
                    return Ok(changed);
                }
                Fragment::text(text)?
            }
            Some('\'') if !text.contains('\n') => {
                Fragment::parse(&format!("'{}'", text.replace('\'', "''")))?
            }
            _ => Fragment::text(text)?,
        };
        editor.replace(path, &fragment)?;
        Ok(editor.text())
    }
}

/// The length of a text without its byte order mark, from which places are counted.
fn editor_text_len(file: &str) -> usize {
    file.strip_prefix('\u{feff}').unwrap_or(file).len()
}

/// A literal text with other lines, indented as the one that is there.
fn literal(written: &str, text: &str) -> String {
    let ending = if written.contains("\r\n") { "\r\n" } else { "\n" };
    let mut lines = written.lines();
    let header = lines.next().unwrap_or("|-").trim_end();
    let first = lines.find(|line| !line.trim().is_empty()).unwrap_or("  ");
    // The first line of a text may be indented itself only where the header says by how much.
    let own = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let blanks = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let indent = " ".repeat(blanks(first).saturating_sub(blanks(own)));
    let line = |line: &str| match line {
        "" => String::new(),
        line => format!("{indent}{line}"),
    };
    let body: Vec<String> = text.trim_end_matches('\n').lines().map(line).collect();
    format!("{header}{ending}{}", body.join(ending))
}

/// The spots of an environment among the files that it builds from: what is applied last comes first.
pub(super) fn spots<'a>(
    files: &dyn Files,
    folder: &RepoPath,
    inputs: impl IntoIterator<Item = &'a RepoPath>,
) -> Vec<Spot> {
    let (mut inline, mut whole) = (Vec::new(), Vec::new());
    for path in inputs {
        if !path.is_within(folder) {
            continue;
        }
        let Some(text) = text_of(files, path) else { continue };
        let Ok(editor) = Editor::parse(&text) else { continue };
        if is_kustomization(path, &editor) {
            let found = inline_patches(editor.root(0));
            inline.extend(
                found.into_iter().rev().map(|at| Spot { path: path.clone(), inline: Some(at) }),
            );
        } else {
            whole.push(Spot { path: path.clone(), inline: None });
        }
    }
    inline.into_iter().chain(whole.into_iter().rev()).collect()
}

/// A file's text; `None` for what is no text or a symlink.
pub(super) fn text_of(files: &dyn Files, path: &RepoPath) -> Option<String> {
    let file = files.file(path).ok()??;
    let is_link = file.mode == crate::model::FileMode::Symlink;
    String::from_utf8(file.content.to_vec()).ok().filter(|_| !is_link)
}

fn is_kustomization(path: &RepoPath, editor: &Editor) -> bool {
    let kind = editor.root(0).get("kind").and_then(SpanNode::text);
    path.is_kustomization() || matches!(kind, Some("Kustomization" | "Component"))
}

/// The patches that a kustomization writes itself.
fn inline_patches(root: &SpanNode) -> Vec<NodePath> {
    let mut found = Vec::new();
    for key in PATCH_LISTS {
        let list = NodePath::root(0).key(key);
        for (at, item) in root.get(key).map(SpanNode::items).unwrap_or_default().iter().enumerate()
        {
            let place = list.index(at);
            if item.get("patch").and_then(SpanNode::text).is_some() {
                found.push(place.step(Step::Key("patch".to_owned())));
            } else if item.text().is_some_and(|text| text.contains('\n')) {
                found.push(place);
            }
        }
    }
    found
}
