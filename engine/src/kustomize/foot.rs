//! A comment at the foot of a document, by what stands in the text.

use crate::yaml::{Node, Value};

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
