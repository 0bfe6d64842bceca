//! A comment at the foot of a document, and what kustomize makes of it.
//!
//! kustomize keeps comments until it prints, when it writes each resource and reads it again. It writes one at the foot
//! below a blank line (go-yaml v3: `yaml_emitter_emit_document_end`), which a text above that keeps its line breaks
//! (`|+`) takes for one of its own.

use super::origin::ORIGIN;
use super::resource::Draft;
use crate::yaml::{self, Mapping, Node, Scalar, Text, Value};

/// What stands at the foot of a resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Foot {
    /// Nothing that counts.
    #[default]
    Nothing,
    /// A comment below a blank line.
    Comment,
    /// The same, where kustomize has sorted the annotations since, its own among them.
    CommentBelowSorted,
}

impl Foot {
    /// Notes that kustomize sorted the annotations.
    pub fn sort_annotations(&mut self) {
        if *self == Self::Comment {
            *self = Self::CommentBelowSorted;
        }
    }
}

/// Where kustomize puts its own annotations of identities.
const INTERNAL: &str = "internal.config.kubernetes.io/";

/// What stands at the foot of a document of the text.
pub fn foot_of(text: &str, document: &Node) -> Foot {
    if ends_in_comment(text, document) { Foot::Comment } else { Foot::Nothing }
}

/// Whether a document of the text ends with a comment that has a blank line above.
fn ends_in_comment(text: &str, document: &Node) -> bool {
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
    /// JSON of the resource, for a patch, before which it notes its identity or not.
    pub fn settle_foot(&mut self, notes_identity: bool) {
        let foot = std::mem::take(&mut self.foot);
        if foot == Foot::Nothing {
            return;
        }
        let has_notes = notes_identity || self.has_history();
        if !has_notes || !metadata_is_last(&self.node) {
            return add_break(last_scalar(&mut self.node));
        }
        // Its notes among the annotations are the last of the metadata, unless it sorted them with the others.
        let has_identities = !self.previous.is_empty();
        if foot == Foot::CommentBelowSorted && (has_identities || !notes_identity) {
            let note = if has_identities { INTERNAL } else { ORIGIN };
            let last = annotations(&mut self.node).and_then(last_of_sorted);
            add_break(
                last.filter(|(key, _)| key.as_str() > note).and_then(|(_, it)| last_scalar(it)),
            );
        }
    }

    /// The same in the end, where kustomize has sorted the annotations and put them behind the other metadata.
    pub fn settle_foot_in_the_end(&mut self) {
        if std::mem::take(&mut self.foot) == Foot::Nothing {
            return;
        }
        let metadata_is_last = metadata_is_last(&self.node);
        add_break(match annotations(&mut self.node).filter(|_| metadata_is_last) {
            Some(annotations) => {
                last_of_sorted(annotations).and_then(|(_, value)| last_scalar(value))
            }
            None => last_scalar(&mut self.node),
        });
    }
}

/// The annotations of a resource whose metadata is in no brackets.
fn annotations(node: &mut Node) -> Option<&mut Mapping> {
    let metadata = node.get_mut("metadata").filter(|metadata| !metadata.mark.is_flow())?;
    metadata.get_mut("annotations")?.as_mapping_mut()
}

/// The last annotation once they are sorted.
fn last_of_sorted(annotations: &mut Mapping) -> Option<(&Text, &mut Node)> {
    let last = annotations.iter_mut().max_by(|a, b| a.key.text.cmp(&b.key.text))?;
    Some((&last.key.text, &mut last.value))
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
