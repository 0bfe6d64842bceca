//! A tree written as kyaml writes it: in the styles and with the comments of the text it was read from.
//!
//! kustomize writes YAML that a scalar holds anew this way (go-yaml v3: encode.go, emitterc.go): blocks
//! indented by two, lists at the column of their key, collections in brackets in one line, quotes and
//! block scalars as they were, lines never folded.

mod comments;
mod scalar;

use super::super::{Mapping, Mark, Node, Pair, Value};
use super::indent::pad;
use comments::Comments;
pub use comments::NotStyled;
pub use scalar::is_block;

/// `root`, which was read from `text` and changed since, as a text.
///
/// # Errors
/// [`NotStyled`] if something of the text is not in the tree.
pub fn write_styled(root: &Node, text: &str) -> Result<String, NotStyled> {
    let comments = Comments::of(root, text)?;
    let out = String::with_capacity(text.len() + 32);
    let mut writer = Writer { comments, length: text.len(), out };
    match &root.value {
        Value::Mapping(mapping) if is_in_block(root, mapping.is_empty()) => {
            writer.mapping(mapping, 0, usize::MAX);
        }
        Value::Sequence(items) if is_in_block(root, items.is_empty()) => {
            writer.sequence(items, 0, usize::MAX);
        }
        _ => {
            writer.comments_before(writer.place(root.mark), 0, false);
            writer.leaf(root, 2);
        }
    }
    writer.comments_before(Some(usize::MAX), 0, false);
    Ok(writer.out)
}

const fn is_in_block(node: &Node, is_empty: bool) -> bool {
    !node.mark.is_flow() && !is_empty
}

struct Writer<'a> {
    comments: Comments<'a>,
    /// The length of the text; what lies beyond was not read from it.
    length: usize,
    out: String,
}

impl Writer<'_> {
    /// Writes pairs, each on lines of its own; `end` is where whatever comes behind them begins.
    fn mapping(&mut self, mapping: &Mapping, indent: usize, end: usize) {
        let pairs = mapping.as_slice();
        for (at, pair) in pairs.iter().enumerate() {
            let next = pairs[at + 1..].iter().find_map(|pair| self.place(pair.key_mark));
            if at > 0 || indent == 0 {
                self.comments_before(self.place(pair.key_mark), indent, false);
            }
            if at > 0 {
                pad(indent, &mut self.out);
            }
            self.pair(pair, indent, next.unwrap_or(end));
        }
        let first = pairs.iter().find_map(|pair| self.place(pair.key_mark));
        self.comments_of_block(end, indent, first.map(|first| self.comments.column(first)));
    }

    fn pair(&mut self, pair: &Pair, indent: usize, end: usize) {
        scalar::write_key(&pair.key, false, &mut self.out);
        self.out.push(':');
        match &pair.value.value {
            Value::Mapping(mapping) if is_in_block(&pair.value, mapping.is_empty()) => {
                self.end_line(self.place(pair.key_mark));
                self.open(self.first_of(&pair.value), indent + 2);
                self.mapping(mapping, indent + 2, end);
            }
            Value::Sequence(items) if is_in_block(&pair.value, items.is_empty()) => {
                self.end_line(self.place(pair.key_mark));
                self.open(self.first_of(&pair.value), indent);
                self.sequence(items, indent, end);
                // Its items stand in the column of the key, so the comment has to be told from the next.
                if self.comments.ended_block && end != usize::MAX {
                    self.out.push('\n');
                }
            }
            Value::Scalar(scalar) if scalar.text.is_empty() && pair.value.is_null() => {
                self.end_line(self.place(pair.key_mark));
            }
            _ => {
                self.out.push(' ');
                self.leaf(&pair.value, indent + 2);
            }
        }
    }

    /// Comments above the first line of a block, and its indentation.
    fn open(&mut self, first: Option<usize>, indent: usize) {
        self.comments_before(first, indent, false);
        pad(indent, &mut self.out);
    }

    fn sequence(&mut self, items: &[Node], indent: usize, end: usize) {
        for (at, item) in items.iter().enumerate() {
            let next = items[at + 1..].iter().find_map(|item| self.first_of(item));
            if at > 0 || indent == 0 {
                self.comments_before(self.first_of(item), indent, true);
            }
            if at > 0 {
                pad(indent, &mut self.out);
            }
            self.out.push('-');
            match &item.value {
                Value::Mapping(mapping) if is_in_block(item, mapping.is_empty()) => {
                    self.out.push(' ');
                    self.mapping(mapping, indent + 2, next.unwrap_or(end));
                }
                Value::Sequence(items) if is_in_block(item, items.is_empty()) => {
                    self.out.push(' ');
                    self.sequence(items, indent + 2, next.unwrap_or(end));
                }
                Value::Scalar(scalar) if scalar.text.is_empty() && item.is_null() => {
                    self.end_line(None);
                }
                _ => {
                    self.out.push(' ');
                    self.leaf(item, indent + 2);
                }
            }
        }
        let column = items
            .iter()
            .find_map(|item| self.first_of(item))
            .map(|first| self.comments.dash_column(first));
        self.comments_of_block(end, indent, column);
    }

    /// Writes what fits into a line, or a block scalar, and ends the line.
    fn leaf(&mut self, node: &Node, indent: usize) {
        match &node.value {
            Value::Scalar(scalar) if scalar::is_block(scalar) => {
                let comment = self.comments.behind(self.place(node.mark));
                scalar::write_block(scalar, indent, comment, &mut self.out);
            }
            _ => {
                self.flow(node, indent);
                self.end_line(self.place(node.mark));
            }
        }
    }

    /// Writes what stands in brackets.
    fn flow(&mut self, node: &Node, indent: usize) {
        match &node.value {
            Value::Scalar(scalar) => {
                scalar::write(scalar, node.mark.is_flow(), indent, &mut self.out);
            }
            Value::Sequence(items) => {
                self.out.push('[');
                for (at, item) in items.iter().enumerate() {
                    self.out.push_str(if at > 0 { ", " } else { "" });
                    self.within_flow(item, indent);
                }
                self.out.push(']');
            }
            Value::Mapping(mapping) => {
                self.out.push('{');
                for (at, pair) in mapping.iter().enumerate() {
                    self.out.push_str(if at > 0 { ", " } else { "" });
                    scalar::write_key(&pair.key, true, &mut self.out);
                    self.out.push_str(": ");
                    self.within_flow(&pair.value, indent);
                }
                self.out.push('}');
            }
        }
    }

    fn within_flow(&mut self, node: &Node, indent: usize) {
        match &node.value {
            Value::Scalar(scalar) => scalar::write(scalar, true, indent, &mut self.out),
            _ => self.flow(node, indent),
        }
    }

    fn end_line(&mut self, place: Option<usize>) {
        if let Some(comment) = self.comments.behind(place) {
            self.out.push(' ');
            self.out.push_str(comment);
        }
        self.out.push('\n');
    }

    /// Writes the comments that stand before a place, above the line that begins there.
    fn comments_before(&mut self, place: Option<usize>, indent: usize, in_list: bool) {
        let Some(place) = place else { return };
        while let Some(comment) = self.comments.next_before(place, 0) {
            pad(indent, &mut self.out);
            self.out.push_str(comment.text);
            self.out.push('\n');
            let ends = comment.before_blank && !(in_list && comment.after_blank);
            if ends && place != usize::MAX {
                self.out.push('\n');
            }
        }
    }

    /// Writes the comments at the end of a block, which stand no further left than its lines did.
    fn comments_of_block(&mut self, end: usize, indent: usize, column: Option<usize>) {
        let Some(column) = column.filter(|column| *column > 0) else { return };
        self.comments.ended_block = false;
        while let Some(comment) = self.comments.next_before(end, column) {
            pad(indent, &mut self.out);
            self.out.push_str(comment.text);
            self.out.push('\n');
            self.comments.ended_block = true;
        }
    }

    fn place(&self, mark: Mark) -> Option<usize> {
        mark.offset().filter(|place| *place < self.length)
    }

    /// Where the line begins that a node of a list stands in, or the first of its own.
    fn first_of(&self, node: &Node) -> Option<usize> {
        match &node.value {
            Value::Mapping(mapping) if !node.mark.is_flow() => {
                mapping.iter().find_map(|pair| self.place(pair.key_mark))
            }
            Value::Sequence(items) if !node.mark.is_flow() => {
                items.iter().find_map(|item| self.first_of(item))
            }
            _ => self.place(node.mark),
        }
    }
}

#[cfg(test)]
mod tests;
