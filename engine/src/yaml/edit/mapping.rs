//! Replacing values, adding and removing keys in place.

use std::ops::Range;

use super::fragment::Margin;
use super::line::{
    after_comments_within, after_last_content, begins_line, column, line_end, line_start, next_line,
};
use super::span::{SpanKind, SpanNode};
use super::{EditError, Editor, Fragment, NodePath, Step, flow};

impl Fragment {
    /// This fragment as the value of nested keys as they are written, the outermost first.
    ///
    /// # Errors
    /// [`EditError`] if it cannot be put there.
    pub fn below(self, keys: &[&str]) -> Result<Self, EditError> {
        let mut fragment = self;
        for key in keys.iter().rev() {
            let mut holder = Editor::parse("k:\n  x: 0\n")?;
            let path = NodePath::root(0).key("k");
            holder.insert_key(&path, None, key, &fragment)?;
            holder.remove_key(&path, "x")?;
            fragment = holder.fragment(&path)?;
        }
        Ok(fragment)
    }
}

impl Editor {
    /// Puts another node in place of the one at `path`. Comments around it stay.
    ///
    /// # Errors
    /// [`EditError`] if nothing is there, an anchor or alias would be touched, or the layout
    /// cannot be followed.
    pub fn replace(&mut self, path: &NodePath, fragment: &Fragment) -> Result<(), EditError> {
        self.refuse_anchors_above(path)?;
        let node = self.node(path).ok_or_else(|| self.missing("the field"))?;
        self.refuse_anchors_within(node)?;
        let Some((parent, step)) = path.split_last() else {
            return Err(self.layout(node.span.start, "a whole document is not replaced in place"));
        };
        let splices = if self.in_flow(&parent) {
            vec![self.flow_value(node, fragment)]
        } else {
            match step {
                Step::Key(key) => self.block_value(&parent, key, fragment)?,
                Step::Index(_) => vec![self.block_item_value(&parent, node, fragment)?],
            }
        };
        let new = fragment.node.clone();
        let meant = self.meant(path, |node| *node = new);
        self.splice_within(&splices, meant)
    }

    /// Adds a key, as it is written, with its value to the mapping at `path`, behind the key
    /// `after`, or at the end. A mapping that is null begins with it.
    ///
    /// # Errors
    /// [`EditError`] if the key is there already, no mapping stands there, an anchor or alias
    /// would be touched, or the layout cannot be followed.
    pub fn insert_key(
        &mut self,
        path: &NodePath,
        after: Option<&str>,
        key: &str,
        fragment: &Fragment,
    ) -> Result<(), EditError> {
        self.refuse_anchors_above(path)?;
        let mapping = self.node(path).ok_or_else(|| self.missing("the mapping"))?;
        let pair = (Fragment::parse(key)?.node, fragment.node.clone());
        if pair.0.text().is_none_or(|key| mapping.get(key).is_some()) {
            return Err(self.layout(mapping.span.start, "the key is there already"));
        }
        let at = after
            .and_then(|after| mapping.pairs().iter().position(|(k, _)| k.text() == Some(after)))
            .map_or(mapping.pairs().len(), |at| at + 1);
        let splices = match &mapping.kind {
            SpanKind::Mapping { flow: true, .. } => {
                let text = format!("{key}: {}", fragment.as_flow());
                match at.checked_sub(1) {
                    Some(before) => {
                        flow::add_behind(&self.text, &flow::parts(mapping)[before], &[text])
                    }
                    None => vec![(mapping.span.start + 1..mapping.span.start + 1, text)],
                }
            }
            SpanKind::Mapping { pairs, .. } => {
                vec![self.block_pair(path, pairs, at, key, fragment)?]
            }
            _ if mapping.is_null() => {
                if !path.steps.is_empty() {
                    let holder = self.key_holder(key, fragment)?;
                    return self.replace(path, &holder);
                }
                vec![self.first_pair(path.document, mapping, key, fragment)]
            }
            _ => return Err(self.layout(mapping.span.start, "a mapping is expected here")),
        };
        let meant = self.meant(path, |mapping| match &mut mapping.kind {
            SpanKind::Mapping { pairs, .. } => pairs.insert(at, pair),
            _ => mapping.kind = SpanKind::Mapping { flow: false, pairs: vec![pair] },
        });
        self.splice_within(&splices, meant)
    }

    /// Removes a key with its value from the block mapping at `path`.
    ///
    /// # Errors
    /// [`EditError`] if it is not there, is the only one, shares its line with something else, or
    /// an anchor or alias would be touched.
    pub fn remove_key(&mut self, path: &NodePath, key: &str) -> Result<(), EditError> {
        self.refuse_anchors_above(path)?;
        let mapping = self.node(path).ok_or_else(|| self.missing("the mapping"))?;
        let (key_node, value) = self.pair(path, key)?;
        self.refuse_anchors_within(value)?;
        let index = mapping.pairs().iter().position(|(k, _)| k.text() == Some(key)).unwrap_or(0);
        let splice = if matches!(mapping.kind, SpanKind::Mapping { flow: true, .. }) {
            (flow::removal(&self.text, mapping, index), String::new())
        } else {
            self.block_pair_removal(mapping, index, key_node, value)?
        };
        let meant = self.meant(path, |mapping| {
            if let SpanKind::Mapping { pairs, .. } = &mut mapping.kind {
                pairs.remove(index);
            }
        });
        self.splice_within(&[splice], meant)
    }

    /// A key of the mapping at `path` as it is written.
    #[must_use]
    pub fn key_as_written(&self, path: &NodePath, key: &str) -> Option<&str> {
        let (key, _) = self.pair(path, key).ok()?;
        Some(&self.text[key.span.clone()])
    }

    fn block_pair_removal(
        &self,
        mapping: &SpanNode,
        index: usize,
        key: &SpanNode,
        value: &SpanNode,
    ) -> Result<(Range<usize>, String), EditError> {
        let end = value.span.end.max(self.colon(key)? + 1);
        if begins_line(&self.text, key.span.start) && mapping.pairs().len() > 1 {
            let lines = line_start(&self.text, key.span.start)..next_line(&self.text, end);
            return Ok((lines, String::new()));
        }
        // The first key of a list item shares its line with the dash: the next one takes its place.
        match mapping.pairs().get(index + 1) {
            Some((next, _)) => Ok((key.span.start..next.span.start, String::new())),
            None => {
                Err(self
                    .layout(key.span.start, "the only key of a mapping is not removed in place"))
            }
        }
    }

    /// The value of a key in a block mapping, in whatever form it was and will be.
    fn block_value(
        &self,
        parent: &NodePath,
        key: &str,
        fragment: &Fragment,
    ) -> Result<Vec<(Range<usize>, String)>, EditError> {
        let (key, value) = self.pair(parent, key)?;
        let colon = self.colon(key)?;
        let place = self.place(column(&self.text, key.span.start), parent.document);
        let is_block = value.is_block() && line_start(&self.text, value.span.start) > colon;
        let rest_of_line = line_end(&self.text, value.span.end.max(colon + 1));
        Ok(match (is_block, fragment.is_block()) {
            (false, false) => {
                let end = value.span.end.max(colon + 1);
                let comment = fragment.comment_after(&self.text[end..rest_of_line]);
                vec![(colon + 1..rest_of_line, before_comment(fragment, place, comment))]
            }
            (false, true) => {
                let lines = format!("{}{}", place.ending, fragment.as_lines(place));
                vec![
                    (colon + 1..value.span.end.max(colon + 1), String::new()),
                    (rest_of_line..rest_of_line, lines),
                ]
            }
            (true, true) => {
                // A comment behind the last line belongs to what goes.
                let from = line_start(&self.text, value.span.start);
                vec![(from..rest_of_line, fragment.as_lines(place))]
            }
            (true, false) => {
                let rest_of_line = line_end(&self.text, colon + 1);
                // Comments above the first line would become lines of a block scalar.
                let from = if fragment.is_block_scalar() {
                    next_line(&self.text, colon)
                } else {
                    line_start(&self.text, value.span.start)
                };
                let comment = &self.text[colon + 1..rest_of_line];
                vec![
                    (colon + 1..rest_of_line, before_comment(fragment, place, comment)),
                    (from..next_line(&self.text, value.span.end), String::new()),
                ]
            }
        })
    }

    fn block_item_value(
        &self,
        parent: &NodePath,
        node: &SpanNode,
        fragment: &Fragment,
    ) -> Result<(Range<usize>, String), EditError> {
        let list = self.node(parent).ok_or_else(|| self.missing("the list"))?;
        if node.span.is_empty() {
            return Err(self.layout(node.span.start, "an item that is not written is not replaced"));
        }
        let dash = column(&self.text, list.span.start);
        let here = column(&self.text, node.span.start);
        let text = fragment.as_item(dash, here.saturating_sub(dash).max(2), self.ending());
        let text = text.trim_start_matches(' ');
        let text = text.strip_suffix(fragment.comment()).unwrap_or(text);
        Ok((node.span.clone(), text.to_owned()))
    }

    fn flow_value(&self, node: &SpanNode, fragment: &Fragment) -> (Range<usize>, String) {
        let text = fragment.as_flow();
        // A value that is not written directly follows the colon.
        let blank = if node.span.is_empty() { " " } else { "" };
        (node.span.clone(), format!("{blank}{text}"))
    }

    /// A new pair in a block mapping, on lines of its own behind the pair before it.
    fn block_pair(
        &self,
        path: &NodePath,
        pairs: &[(SpanNode, SpanNode)],
        at: usize,
        key: &str,
        fragment: &Fragment,
    ) -> Result<(Range<usize>, String), EditError> {
        let (first, _) = pairs.first().ok_or_else(|| self.missing("the mapping"))?;
        let indent = column(&self.text, first.span.start);
        let value = fragment.as_value(self.place(indent, path.document));
        let lines = format!("{:indent$}{key}:{value}", "");
        let (before, value) = &pairs[at.saturating_sub(1).min(pairs.len() - 1)];
        let end = next_line(&self.text, value.span.end.max(self.colon(before)? + 1));
        let end = after_comments_within(&self.text, end, indent);
        if path.steps.is_empty() && at == pairs.len() {
            // Comments that close the file stay where they are: above a new last field.
            let end = after_last_content(&self.text, self.documents[path.document].end).max(end);
            return Ok(self.new_lines(end, &lines));
        }
        Ok(self.new_lines(end, &lines))
    }

    /// The first pair of a document that has no content.
    fn first_pair(
        &self,
        document: usize,
        root: &SpanNode,
        key: &str,
        fragment: &Fragment,
    ) -> (Range<usize>, String) {
        let value = fragment.as_value(self.place(0, document));
        let lines = format!("{key}:{value}");
        if !root.span.is_empty() {
            return (root.span.clone(), lines);
        }
        self.new_lines(after_last_content(&self.text, self.documents[document].end), &lines)
    }

    /// A mapping with one pair, to put in the place of a null.
    fn key_holder(&self, key: &str, fragment: &Fragment) -> Result<Fragment, EditError> {
        let indent = self.place(0, 0).offset;
        let value = fragment.as_value(Margin { anchor: indent, offset: indent, ending: "\n" });
        let holder = Self::parse(&format!("k:\n{:indent$}{key}:{value}\n", ""))?;
        holder.fragment(&NodePath::root(0).key("k"))
    }

    /// The colon behind a key.
    fn colon(&self, key: &SpanNode) -> Result<usize, EditError> {
        let rest = &self.text[key.span.end..];
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        if rest[blanks..].starts_with(':') {
            return Ok(key.span.end + blanks);
        }
        let reason = "a key is expected to stand on one line with its colon: write `key: value`";
        Err(self.layout(key.span.start, reason))
    }
}

/// The text behind a colon, and the comment that stood behind the value before. It cannot follow
/// the lines of a block scalar, but its header.
fn before_comment(fragment: &Fragment, place: Margin<'_>, comment: &str) -> String {
    let text = fragment.as_value(place);
    match text.find(place.ending).filter(|_| fragment.is_block_scalar()) {
        Some(line) => format!("{}{comment}{}", &text[..line], &text[line..]),
        None => text + comment,
    }
}
