//! One document's tree from events: the path for texts that the scanner of plainly written ones leaves
//! alone, and the measure of what it does.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::super::event::{Event, Events, Kind, Properties};
use super::super::fault::Fault;
use super::super::number::special_float;
use super::super::resolve::{resolve_in_flow, resolve_plain};
use super::super::{Dialect, Mark, Node, Pair, Scalar, Style, Tag, Text, TextId, Value};
use super::limits::MAX_DEPTH;
use super::merge::Merging;
use super::typed::{
    TypedKeys, decode_binary, empty_in_flow, printable, representable, representable_key, tagged,
};

/// Reads the first document of a part of a text; `None` if there is none. `aliased` is how many
/// nodes aliases may still add.
pub(super) fn parse_document(
    (text, id): (&str, TextId),
    Range { start, end }: Range<usize>,
    (dialect, typed_keys): (Dialect, TypedKeys),
    aliased: &mut usize,
) -> Result<Option<Node>, Fault> {
    let bom = if text[start..end].starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let start = start + bom;
    let events = Events::new(&text[start..end]).map_err(|fault| fault.behind(start))?;
    let mut composer = Composer {
        events,
        start,
        id,
        dialect,
        typed_keys,
        aliased,
        anchors: BTreeMap::new(),
        open: BTreeSet::new(),
        flow: 0,
        annotations: 0,
    };
    composer.document()
}

struct Composer<'t> {
    events: Events<'t>,
    /// Where the piece begins in the whole text.
    start: usize,
    /// The text, for marks.
    id: TextId,
    dialect: Dialect,
    typed_keys: TypedKeys,
    aliased: &'t mut usize,
    /// What anchors stand for, with the number of nodes.
    anchors: BTreeMap<String, (Node, usize)>,
    /// Anchors of the collections that are being read.
    open: BTreeSet<String>,
    /// How many flow collections are open.
    flow: usize,
    /// How many keys of [`ANNOTATIONS`] lead to what is being read.
    annotations: usize,
}

/// The way to a resource's annotations, which kustomize takes as the texts that they are, whatever
/// their tags say.
const ANNOTATIONS: [&str; 2] = ["metadata", "annotations"];

impl Composer<'_> {
    fn document(&mut self) -> Result<Option<Node>, Fault> {
        loop {
            let event = self.next()?;
            match event.kind {
                Kind::StreamEnd => return Ok(None),
                Kind::DocumentStart { version: Some(version) } if version != (1, 1) => {
                    let reason = "a %YAML directive with another version than 1.1";
                    return Err(Fault::new(event.span.start, reason));
                }
                Kind::DocumentStart { .. } => {
                    let event = self.next()?;
                    return Ok(Some(self.node(event, 0)?.0));
                }
                _ => {}
            }
        }
    }

    fn mark(&self, offset: usize) -> Mark {
        Mark::at(offset).in_text(self.id)
    }

    /// The next event, at its place in the whole text.
    fn next(&mut self) -> Result<Event, Fault> {
        let event = self.events.next().map_err(|fault| fault.behind(self.start))?;
        Ok(Event { span: event.span.start + self.start..event.span.end + self.start, ..event })
    }

    /// The node that `event` begins, and how many nodes it has.
    fn node(&mut self, event: Event, depth: usize) -> Result<(Node, usize), Fault> {
        let offset = event.span.start;
        if depth > MAX_DEPTH {
            return Err(Fault::new(offset, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        match event.kind {
            Kind::Alias(anchor) => self.alias(&anchor, offset),
            Kind::Scalar { properties: Properties { anchor, tag }, text, style } => {
                let scalar = self.scalar(offset, tag.as_deref(), text, style)?;
                Ok(self.anchored(anchor, Value::Scalar(scalar), self.mark(offset), 1))
            }
            Kind::SequenceStart { properties, is_flow } => {
                self.collection(properties.anchor, (offset, is_flow), |it| it.sequence(depth))
            }
            Kind::MappingStart { properties, is_flow } => {
                self.collection(properties.anchor, (offset, is_flow), |it| it.mapping(depth))
            }
            _ => Err(Fault::new(offset, "the text ends early")),
        }
    }

    /// A list or mapping that has begun.
    fn collection(
        &mut self,
        anchor: Option<String>,
        (offset, is_flow): (usize, bool),
        read: impl FnOnce(&mut Self) -> Result<(Value, usize), Fault>,
    ) -> Result<(Node, usize), Fault> {
        self.open.extend(anchor.clone());
        self.flow += usize::from(is_flow);
        let (value, size) = read(self)?;
        self.flow -= usize::from(is_flow);
        let mark = self.mark(offset);
        let mark = if is_flow { mark.in_flow() } else { mark };
        Ok(self.anchored(anchor, value, mark, size))
    }

    fn anchored(
        &mut self,
        anchor: Option<String>,
        value: Value,
        mark: Mark,
        size: usize,
    ) -> (Node, usize) {
        let node = Node { value, mark };
        if let Some(anchor) = anchor {
            self.open.remove(&anchor);
            self.anchors.insert(anchor, (node.clone(), size));
        }
        (node, size)
    }

    fn alias(&mut self, anchor: &str, offset: usize) -> Result<(Node, usize), Fault> {
        if self.open.contains(anchor) {
            return Err(Fault::new(offset, "an anchor contains itself".to_owned()));
        }
        let Some((node, size)) = self.anchors.get(anchor) else {
            return Err(Fault::new(
                offset,
                "the anchor of this alias is not defined; a text that begins with `*` needs quotes"
                    .to_owned(),
            ));
        };
        let Some(left) = self.aliased.checked_sub(*size) else {
            return Err(Fault::new(offset, "aliases repeat more than any manifest does"));
        };
        *self.aliased = left;
        Ok((Node { value: node.value.clone(), mark: self.mark(offset) }, *size))
    }

    fn sequence(&mut self, depth: usize) -> Result<(Value, usize), Fault> {
        let (mut items, mut total) = (Vec::new(), 1);
        loop {
            let event = self.next()?;
            if event.kind == Kind::SequenceEnd {
                return Ok((Value::Sequence(items), total));
            }
            let (item, size) = self.node(event, depth + 1)?;
            total += size;
            items.push(item);
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<(Value, usize), Fault> {
        let (mut merging, mut total) = (Merging::default(), 1);
        // Whether the first `<<` was met.
        let mut cleared = false;
        loop {
            let event = self.next()?;
            if event.kind == Kind::MappingEnd {
                return Ok((Value::Mapping(merging.finish(self.dialect)?), total));
            }
            let merge = is_merge(&event.kind);
            let is_unwritten = self.dialect == Dialect::V3 && is_unwritten(&event.kind);
            let (key, key_size) = self.node(event, depth + 1)?;
            let event = self.next()?;
            let way = self.annotations;
            let leads = way == depth && key.text() == ANNOTATIONS.get(way).copied();
            self.annotations += usize::from(leads);
            let (value, size) = self.node(event, depth + 1)?;
            self.annotations = way;
            total += key_size + size;
            if merge {
                cleared = true;
                merging.merges.push((merging.pairs.len(), value));
                continue;
            }
            let offset = key.mark.offset().unwrap_or(0);
            let Value::Scalar(scalar) = key.value else {
                return Err(Fault::new(offset, "a list or a mapping as a key"));
            };
            if scalar.text == "<<"
                && self.dialect == Dialect::V3
                && !std::mem::replace(&mut cleared, true)
            {
                // Once it has looked for merges, kyaml drops the first key of that name, quoted or not.
                continue;
            }
            let key = if is_unwritten {
                // `{?}` is written in quotes on its way through kyaml, and is a text from then on.
                Scalar { text: Text::default(), tag: Tag::Str, style: Style::SingleQuoted }
            } else {
                representable_key(scalar, offset, self.dialect, (depth, self.typed_keys))?
            };
            merging.pairs.push(Pair { key, key_mark: self.mark(offset), value });
        }
    }

    /// Whether a resource's annotations are being read.
    fn takes_texts(&self) -> bool {
        self.dialect == Dialect::V3 && self.annotations == ANNOTATIONS.len()
    }

    fn scalar(
        &self,
        offset: usize,
        tag: Option<&str>,
        value: String,
        mut style: Style,
    ) -> Result<Scalar, Fault> {
        let tag = tag.filter(|tag| !matches!(*tag, "" | "!"));
        let is_binary = tag == Some("tag:yaml.org,2002:binary") && !self.takes_texts();
        let mut text = Text::from(value);
        if text.is_empty() && tag.is_none() && style == Style::Plain && self.flow > 0 {
            return Ok(empty_in_flow(self.dialect));
        }
        let tag = match tag {
            None if style != Style::Plain => Tag::Str,
            None => {
                let mut tag = resolve_plain(&text, self.dialect);
                if self.flow > 0 {
                    (tag, style) = resolve_in_flow(&text, self.dialect);
                }
                match tag {
                    Tag::Float if self.takes_texts() && special_float(&text).is_some() => Tag::Str,
                    tag => tag,
                }
            }
            Some("tag:yaml.org,2002:binary") if self.takes_texts() => Tag::Str,
            Some("tag:yaml.org,2002:binary") => {
                text = decode_binary(&text)
                    .ok_or_else(|| Fault::new(offset, "a !!binary value that is not base64"))?;
                Tag::Str
            }
            Some(tag) => {
                let tag = tagged(tag, &text, self.dialect).ok_or_else(|| {
                    let short = tag.rsplit(':').next().unwrap_or(tag);
                    Fault::new(offset, format!("a value that is no !!{short}, as its tag says"))
                })?;
                // What the tag says makes the quotes meaningless, as long as it is there.
                style = match (style, tag) {
                    (Style::Plain, _) => Style::Tagged,
                    (style, Tag::Str) => style,
                    _ => Style::TaggedInQuotes,
                };
                tag
            }
        };
        let scalar = Scalar { text, tag, style };
        representable(&scalar, offset)?;
        let may_hide_controls = style == Style::DoubleQuoted || is_binary;
        if may_hide_controls && self.dialect == Dialect::V3 {
            printable(&scalar.text, offset)?;
        }
        Ok(scalar)
    }
}

/// Whether a question mark has nothing behind it, not even a tag.
fn is_unwritten(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Scalar { properties, text, style: Style::Plain }
            if text.is_empty() && matches!(properties.tag.as_deref(), None | Some(""))
    )
}

fn is_merge(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Scalar { properties, text, style: Style::Plain }
            if text == "<<"
                && matches!(properties.tag.as_deref(), None | Some("!" | "tag:yaml.org,2002:merge"))
    )
}
