//! A comment at the foot of a document, and what kustomize makes of it.
//!
//! kustomize keeps comments until it prints, when it writes each resource and reads it again. It writes one at the foot
//! below a blank line (go-yaml v3: `yaml_emitter_emit_document_end`), which a text above that keeps its line breaks
//! (`|+`) takes for one of its own.

use super::resource::Draft;
use crate::yaml::{self, Node, Scalar, Value};

/// Whether a document of the text ends with a comment that has a blank line above.
pub fn ends_in_comment(text: &str, document: &Node) -> bool {
    let Some(last) = last_leaf(document) else { return false };
    let Some(from) = last.mark.offset().filter(|from| *from < text.len()) else { return false };
    let rest = &text[from..];
    let rest = &rest[..rest.find("\n---").map_or(rest.len(), |end| end + 1)];
    let rest = rest.trim_end().trim_end_matches("\n...");
    // Most documents end without one.
    let is_comment = |line: &str| line.trim_start().starts_with('#');
    if !rest.trim_end().rsplit('\n').next().is_some_and(is_comment) {
        return false;
    }
    let lines: Vec<&str> = rest.split_terminator('\n').skip(1).collect();
    let content =
        if rest.starts_with(['|', '>']) { block_indent(last, &lines) } else { usize::MAX };
    let (mut below_blank, mut comment, mut belongs_to_key) = (false, None, false);
    for line in lines.iter().rev() {
        if line.trim().is_empty() || line.starts_with("...") {
            below_blank |= comment.is_some();
        } else if is_comment(line) && indent(line) < content {
            // One that stands further right than those below is at the foot of a key, and is written right below it.
            belongs_to_key = comment.is_some_and(|below| below < indent(line));
            comment = Some(indent(line));
        } else {
            break;
        }
    }
    // kustomize writes annotations anew, without the comments at their feet.
    below_blank && (!belongs_to_key || is_annotation(document, last))
}

/// Whether what stands last is an annotation.
fn is_annotation(document: &Node, last: &Node) -> bool {
    let annotations = document.at(&["metadata", "annotations"]);
    annotations.and_then(last_leaf).is_some_and(|annotation| std::ptr::eq(annotation, last))
}

/// How far the lines of a block scalar are indented.
fn block_indent(node: &Node, lines: &[&str]) -> usize {
    let has_lines = node.text().is_some_and(|text| text.bytes().any(|byte| byte != b'\n'));
    let first = lines.iter().find(|line| has_lines && !line.trim().is_empty());
    first.map_or(usize::MAX, |line| indent(line))
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// What stands last in a document.
fn last_leaf(mut node: &Node) -> Option<&Node> {
    loop {
        node = match &node.value {
            _ if node.mark.is_flow() => return Some(node),
            Value::Mapping(mapping) => &mapping.as_slice().last()?.value,
            Value::Sequence(items) => items.last()?,
            Value::Scalar(_) => return Some(node),
        };
    }
}

impl Draft {
    /// Gives the text that stands last the line break that kustomize reads into it; call it where kustomize makes
    /// JSON of the resource, for a patch.
    pub fn settle_foot(&mut self) {
        // Its notes among the annotations are the last of the metadata.
        let has_notes_there = self.has_history() && metadata_is_last(&self.node);
        if std::mem::take(&mut self.ends_in_comment) && !has_notes_there {
            add_break(last_scalar(&mut self.node));
        }
    }

    /// The same in the end, where kustomize has sorted the annotations and put them behind the other metadata.
    pub fn settle_foot_in_the_end(&mut self) {
        if !std::mem::take(&mut self.ends_in_comment) {
            return;
        }
        let metadata_is_last = metadata_is_last(&self.node);
        let annotations = self
            .node
            .get_mut("metadata")
            .filter(|metadata| metadata_is_last && !metadata.mark.is_flow())
            .and_then(|metadata| metadata.get_mut("annotations"))
            .and_then(Node::as_mapping_mut);
        add_break(match annotations {
            Some(annotations) => annotations
                .iter_mut()
                .max_by(|a, b| a.key.text.cmp(&b.key.text))
                .and_then(|pair| last_scalar(&mut pair.value)),
            None => last_scalar(&mut self.node),
        });
    }
}

fn metadata_is_last(node: &Node) -> bool {
    let last = node.as_mapping().and_then(|object| object.as_slice().last());
    !node.mark.is_flow() && last.is_some_and(|pair| pair.key.text == "metadata")
}

/// Adds a line break to a text that keeps all that it has.
fn add_break(scalar: Option<&mut Scalar>) {
    if let Some(scalar) = scalar.filter(|scalar| yaml::is_block(scalar))
        && (scalar.text == "\n" || scalar.text.ends_with("\n\n"))
    {
        scalar.text.push('\n');
    }
}

/// The scalar that is written last, if that is not in brackets.
fn last_scalar(node: &mut Node) -> Option<&mut Scalar> {
    if node.mark.is_flow() {
        return None;
    }
    match &mut node.value {
        Value::Mapping(mapping) => last_scalar(&mut mapping.iter_mut().last()?.value),
        Value::Sequence(items) => last_scalar(items.last_mut()?),
        Value::Scalar(scalar) => Some(scalar),
    }
}
