//! Adding and removing list items in place.

use std::ops::Range;

use super::fragment::Margin;
use super::line::{begins_line, column, line_start, next_line};

use super::span::{SpanKind, SpanNode};
use super::{EditError, Editor, Fragment, NodePath, flow};

/// How a file writes its lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ListStyle {
    /// Whether in brackets.
    pub flow: bool,
    /// How far the dashes stand from the key's column.
    pub indent: usize,
    /// How far the items stand from the dash.
    pub offset: usize,
}

impl ListStyle {
    const DEFAULT: Self = Self { flow: false, indent: 0, offset: 2 };
}

impl Editor {
    /// Adds an item to the list at `key` of the mapping at `parent`, see [`Self::add_items`].
    ///
    /// # Errors
    /// As [`Self::add_items`].
    pub fn add_item(
        &mut self,
        parent: &NodePath,
        key: &str,
        after: Option<usize>,
        item: &Fragment,
    ) -> Result<(), EditError> {
        self.add_items(parent, key, after, std::slice::from_ref(item))
    }

    /// Adds items to the list at `key` of the mapping at `parent`, behind the item `after`, or at
    /// the end. A list that is absent, null or empty begins with them, in the style of the file's
    /// other lists.
    ///
    /// # Errors
    /// [`EditError`] if something else than a list stands there, an anchor or alias would be
    /// touched, or the layout cannot be followed.
    pub fn add_items(
        &mut self,
        parent: &NodePath,
        key: &str,
        after: Option<usize>,
        items: &[Fragment],
    ) -> Result<(), EditError> {
        let path = parent.key(key);
        self.refuse_anchors_above(&path)?;
        let Some((first, rest)) = items.split_first() else { return Ok(()) };
        match self.node(&path) {
            Some(list) if !list.items().is_empty() => {
                let last = list.items().len() - 1;
                return self.add_after(&path, after.unwrap_or(last).min(last), items);
            }
            Some(list) if !list.is_null() && !matches!(list.kind, SpanKind::Sequence { .. }) => {
                return Err(self.layout(list.span.start, "a list is expected here"));
            }
            Some(_) => {
                let list = self.list_of(parent, first)?;
                self.replace(&path, &list)?;
            }
            None => {
                let list = self.list_of(parent, first)?;
                self.insert_key(parent, None, key, &list)?;
            }
        }
        if rest.is_empty() { Ok(()) } else { self.add_after(&path, 0, rest) }
    }

    /// Removes an item from the list at `path`. A block list without its last item is a null.
    ///
    /// # Errors
    /// [`EditError`] if it is not there, or an anchor or alias would be touched.
    pub fn remove_item(&mut self, path: &NodePath, index: usize) -> Result<(), EditError> {
        self.refuse_anchors_above(path)?;
        let list = self.node(path).ok_or_else(|| self.missing("the list"))?;
        let SpanKind::Sequence { flow, items } = &list.kind else {
            return Err(self.layout(list.span.start, "a list is expected here"));
        };
        let item = items.get(index).ok_or_else(|| self.missing("the list item"))?;
        self.refuse_anchors_within(item)?;
        let range = if *flow {
            flow::removal(&self.text, list, index)
        } else {
            let dash = self.dash(list, item)?;
            if !begins_line(&self.text, dash) {
                let reason = "this item shares its line with what is around it: put it on its own";
                return Err(self.layout(dash, reason));
            }
            line_start(&self.text, dash)..next_line(&self.text, item.span.end)
        };
        let becomes_null = !flow && items.len() == 1;
        let meant = self.meant(path, |list| {
            if becomes_null {
                *list = SpanNode::unwritten(0);
            } else if let SpanKind::Sequence { items, .. } = &mut list.kind {
                items.remove(index);
            }
        });
        self.splice_within(&[(range, String::new())], meant)
    }

    /// Adds items behind another in a list that has some.
    pub(super) fn add_after(
        &mut self,
        path: &NodePath,
        after: usize,
        items: &[Fragment],
    ) -> Result<(), EditError> {
        let list = self.node(path).ok_or_else(|| self.missing("the list"))?;
        let neighbour = &list.items()[after];
        let splices = if matches!(list.kind, SpanKind::Sequence { flow: true, .. }) {
            let texts: Vec<String> = items.iter().map(Fragment::as_flow).collect();
            flow::add_behind(&self.text, &neighbour.span, &texts)
        } else {
            vec![self.block_items(list, neighbour, items)?]
        };
        let nodes: Vec<SpanNode> = items.iter().map(|item| item.node.clone()).collect();
        let meant = self.meant(path, |list| {
            if let SpanKind::Sequence { items, .. } = &mut list.kind {
                items.splice(after + 1..after + 1, nodes);
            }
        });
        self.splice_within(&splices, meant)
    }

    fn block_items(
        &self,
        list: &SpanNode,
        neighbour: &SpanNode,
        items: &[Fragment],
    ) -> Result<(Range<usize>, String), EditError> {
        let dash = self.dash(list, neighbour)?;
        let indent = column(&self.text, dash);
        let offset = self.item_offset(dash, neighbour);
        let item = |item: &Fragment| {
            format!("{:indent$}-{}", "", item.as_item(indent, offset, self.ending()))
        };
        let text: Vec<String> = items.iter().map(item).collect();
        let at = next_line(&self.text, neighbour.span.end);
        Ok(self.new_lines(at, &text.join(self.ending())))
    }

    /// A splice that puts whole lines at `at`, the beginning of a line or the end of the text.
    pub(super) fn new_lines(&self, at: usize, lines: &str) -> (Range<usize>, String) {
        let ending = self.ending();
        let before = &self.text[..at];
        if before.is_empty() || before.ends_with('\n') {
            (at..at, format!("{lines}{ending}"))
        } else {
            // The text has no final newline, and will have none.
            (at..at, format!("{ending}{lines}"))
        }
    }

    /// A list with one item, in the style of the file's other lists, as the value of a key of the
    /// mapping at `parent`.
    fn list_of(&self, parent: &NodePath, item: &Fragment) -> Result<Fragment, EditError> {
        let in_flow = self.in_flow(parent);
        let style = self.list_style(parent.document);
        let one_line = !item.as_flow().contains('\n');
        if in_flow || (style.flow && one_line) {
            return Fragment::parse(&format!("[{}]", item.as_flow()));
        }
        let indent = style.indent;
        let text = format!("{:indent$}-{}\n", "", item.as_item(indent, style.offset, "\n"));
        // As the value of a key, so that the distance between key and dash is known.
        let holder = Self::parse(&format!("k:\n{text}"))?;
        holder.fragment(&NodePath::root(0).key("k"))
    }

    /// Whether the node at `path` is written in brackets or braces, or stands in some.
    pub(super) fn in_flow(&self, path: &NodePath) -> bool {
        let flow = |node: &SpanNode| {
            matches!(
                node.kind,
                SpanKind::Sequence { flow: true, .. } | SpanKind::Mapping { flow: true, .. }
            )
        };
        let mut above = NodePath::root(path.document);
        let mut found = self.node(&above).is_some_and(flow);
        for step in &path.steps {
            above = above.step(step.clone());
            found |= self.node(&above).is_some_and(flow);
        }
        found
    }

    /// How the lists of a document's top level are written: as the first one with items in block
    /// style, else in brackets if there are some with items, else as kustomize's documentation does.
    pub(super) fn list_style(&self, document: usize) -> ListStyle {
        let pairs = self.root(document).pairs();
        let lists = || pairs.iter().filter(|(_, value)| !value.items().is_empty());
        let block = lists().find(|(_, value)| value.is_block()).and_then(|(key, list)| {
            let dash = self.dash(list, &list.items()[0]).ok()?;
            let key_column = column(&self.text, key.span.start);
            Some(ListStyle {
                flow: false,
                indent: column(&self.text, dash).checked_sub(key_column)?,
                offset: self.item_offset(dash, &list.items()[0]),
            })
        });
        let flow = lists().next().is_some();
        block.unwrap_or(ListStyle { flow, ..ListStyle::DEFAULT })
    }

    /// How far an item stands from its dash; 2 if it is on another line.
    fn item_offset(&self, dash: usize, item: &SpanNode) -> usize {
        let same_line = line_start(&self.text, item.span.start) == line_start(&self.text, dash);
        if same_line && item.span.start > dash + 1 { item.span.start - dash } else { 2 }
    }

    /// The dash of an item of a block list: on the item's own line or the nearest above that
    /// begins with one in the list's column.
    fn dash(&self, list: &SpanNode, item: &SpanNode) -> Result<usize, EditError> {
        let indent = column(&self.text, list.span.start);
        let own_line = line_start(&self.text, item.span.start);
        let mut line = own_line;
        loop {
            let dash = line + indent;
            let is_dash = self.text.as_bytes().get(dash) == Some(&b'-') && dash < item.span.start;
            if is_dash && (line == own_line || begins_line(&self.text, dash)) {
                return Ok(dash);
            }
            if line <= list.span.start {
                return Err(self
                    .layout(item.span.start, "the dash of this item is not where it is expected"));
            }
            line = line_start(&self.text, line - 1);
        }
    }

    /// Where a value of the mapping at `parent` would be put.
    pub(super) fn place(&self, anchor: usize, document: usize) -> Margin<'static> {
        let indent = self.list_style(document).indent;
        Margin { anchor, offset: if indent == 0 { 2 } else { indent }, ending: self.ending() }
    }
}
