//! One document's tree from libyaml's events: the path for texts that our own scanner leaves
//! alone, and the measure of what it does.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use libyaml_safer::{
    Encoding, Event, EventData, MappingStyle, Mark as EventMark, Parser, ScalarStyle, SequenceStyle,
};

use super::super::number::special_float;
use super::super::quiet::without_panic;
use super::super::resolve::{resolve_in_flow, resolve_plain};
use super::super::{Dialect, Mark, Node, Pair, Scalar, Style, Tag, Text, Value};
use super::fault::Fault;
use super::limits::MAX_DEPTH;
use super::merge::Merging;
use super::stand_in::StandIns;
use super::typed::{
    decode_binary, empty_in_flow, printable, representable, representable_key, tagged,
};

/// Reads the first document of `text[start..end]`; `None` if there is none. `aliased` is how many
/// nodes aliases may still add.
pub(super) fn parse_document(
    text: &str,
    start: usize,
    end: usize,
    dialect: Dialect,
    aliased: &mut usize,
) -> Result<Option<Node>, Fault> {
    let bom = if text[start..end].starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let start = start + bom;
    let piece = &text[start..end];
    if let Some(at) = control_character(piece) {
        return Err(Fault::new(start + at, "a control character that YAML does not allow"));
    }
    // libyaml-safer 0.3 panics at a text that ends within a block scalar or after a backslash.
    let ends = piece.ends_with(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']);
    let stand_ins = StandIns::replace(piece);
    let ended = (!ends).then(|| format!("{}\n", stand_ins.text));
    let mut input = ended.as_deref().unwrap_or(&stand_ins.text).as_bytes();
    let mut parser = Parser::new();
    parser.set_encoding(Encoding::Utf8);
    parser.set_input_string(&mut input);
    let last = Cell::new(start);
    let composer = Composer {
        parser,
        piece,
        stand_ins: &stand_ins,
        start,
        dialect,
        aliased,
        anchors: BTreeMap::new(),
        open: BTreeSet::new(),
        last: &last,
        flow: 0,
        annotations: 0,
    };
    // Behind most tokens a tag with a comma still makes libyaml-safer panic.
    without_panic(move || {
        let mut composer = composer;
        composer.document()
    })
    .unwrap_or_else(|| Err(Fault::new(last.get(), "a tag that is not where one can be")))
}

/// What go-yaml's reader refuses anywhere in a text (readerc.go).
fn control_character(text: &str) -> Option<usize> {
    let refused = |c: char| {
        !matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}')
            && c < '\u{10000}'
    };
    text.char_indices().find(|(_, c)| refused(*c)).map(|(at, _)| at)
}

type Events<'r, 'b> = Parser<&'r mut &'b [u8]>;

struct Composer<'r, 'b, 't> {
    parser: Events<'r, 'b>,
    /// The text without the line break that may have been added.
    piece: &'t str,
    stand_ins: &'t StandIns<'t>,
    /// Where the piece begins in the whole text.
    start: usize,
    dialect: Dialect,
    aliased: &'t mut usize,
    /// What anchors stand for, with the number of nodes.
    anchors: BTreeMap<String, (Node, usize)>,
    /// Anchors of the collections that are being read.
    open: BTreeSet<String>,
    /// Where the last event began, for errors without a place.
    last: &'t Cell<usize>,
    /// How many flow collections are open.
    flow: usize,
    /// How many keys of [`ANNOTATIONS`] lead to what is being read.
    annotations: usize,
}

/// The way to a resource's annotations, which kustomize takes as the texts that they are, whatever
/// their tags say.
const ANNOTATIONS: [&str; 2] = ["metadata", "annotations"];

impl Composer<'_, '_, '_> {
    fn document(&mut self) -> Result<Option<Node>, Fault> {
        loop {
            let event = self.next()?;
            match event.data {
                EventData::StreamEnd => return Ok(None),
                EventData::DocumentStart { version_directive: Some(version), .. }
                    if (version.major, version.minor) != (1, 1) =>
                {
                    let reason = "a %YAML directive with another version than 1.1";
                    return Err(Fault::new(self.offset(event.start_mark), reason));
                }
                EventData::DocumentStart { .. } => {
                    let event = self.next()?;
                    return Ok(Some(self.node(event, 0)?.0));
                }
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Result<Event, Fault> {
        let event = match self.parser.next() {
            Some(Ok(event)) => event,
            Some(Err(error)) => {
                let offset = error.problem_mark().map_or(self.last.get(), |mark| self.offset(mark));
                return Err(Fault::new(offset, describe(&error)));
            }
            None => return Err(Fault::new(self.last.get(), "the text ends early")),
        };
        self.last.set(self.offset(event.start_mark));
        Ok(event)
    }

    fn offset(&self, mark: EventMark) -> usize {
        let index = usize::try_from(mark.index).unwrap_or(usize::MAX);
        self.start + index.min(self.piece.len())
    }

    /// The node that `event` begins, and how many nodes it has.
    fn node(&mut self, event: Event, depth: usize) -> Result<(Node, usize), Fault> {
        let offset = self.offset(event.start_mark);
        if depth > MAX_DEPTH {
            return Err(Fault::new(offset, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        let (start, end) = (event.start_mark, event.end_mark);
        match event.data {
            EventData::Alias { anchor } => self.alias(&anchor, offset),
            EventData::Scalar { anchor, tag, value, style, .. } => {
                let value = self.source_value(value, style, start, end)?;
                let scalar = self.scalar(offset, tag.as_deref(), value, style)?;
                Ok(self.anchored(anchor, Value::Scalar(scalar), Mark::at(offset), 1))
            }
            EventData::SequenceStart { anchor, style, .. } => {
                self.open.extend(anchor.clone());
                let flow = usize::from(style == SequenceStyle::Flow);
                self.flow += flow;
                let (value, size) = self.sequence(depth)?;
                self.flow -= flow;
                Ok(self.anchored(anchor, value, place(offset, flow), size))
            }
            EventData::MappingStart { anchor, style, .. } => {
                self.open.extend(anchor.clone());
                let flow = usize::from(style == MappingStyle::Flow);
                self.flow += flow;
                let (value, size) = self.mapping(depth)?;
                self.flow -= flow;
                Ok(self.anchored(anchor, value, place(offset, flow), size))
            }
            _ => Err(Fault::new(offset, "the text ends early")),
        }
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
        Ok((Node { value: node.value.clone(), mark: Mark::at(offset) }, *size))
    }

    fn sequence(&mut self, depth: usize) -> Result<(Value, usize), Fault> {
        let (mut items, mut total) = (Vec::new(), 1);
        loop {
            let event = self.next()?;
            if event.data == EventData::SequenceEnd {
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
            if event.data == EventData::MappingEnd {
                return Ok((Value::Mapping(merging.finish(self.dialect)?), total));
            }
            let merge = is_merge(&event.data);
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
            let key = representable_key(scalar, offset, self.dialect, depth)?;
            merging.pairs.push(Pair { key, key_mark: Mark::at(offset), value });
        }
    }

    /// Whether a resource's annotations are being read.
    fn takes_texts(&self) -> bool {
        self.dialect == Dialect::V3 && self.annotations == ANNOTATIONS.len()
    }

    /// The value of a scalar as it is without the line break that was added to its text, and
    /// without what go-yaml's scanner does not know.
    fn source_value(
        &self,
        mut value: String,
        style: ScalarStyle,
        start: EventMark,
        end: EventMark,
    ) -> Result<String, Fault> {
        let source = &self.piece[self.offset(start) - self.start..self.offset(end) - self.start];
        match style {
            ScalarStyle::DoubleQuoted => {
                if let Some(at) = escaped_slash(source) {
                    let reason = "`\\/` is an escape in JSON but not in YAML";
                    return Err(Fault::new(self.offset(start) + at, reason));
                }
            }
            ScalarStyle::Literal | ScalarStyle::Folded
                if usize::try_from(end.index).is_ok_and(|index| index > self.piece.len())
                    && ends_in_last_line(source, &value) =>
            {
                value.pop();
            }
            _ => {}
        }
        Ok(self.stand_ins.restore(value))
    }

    fn scalar(
        &self,
        offset: usize,
        tag: Option<&str>,
        value: String,
        style: ScalarStyle,
    ) -> Result<Scalar, Fault> {
        let mut style = match style {
            ScalarStyle::SingleQuoted => Style::SingleQuoted,
            ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
            _ => Style::Plain,
        };
        let tag = tag.filter(|tag| !matches!(*tag, "" | "!"));
        let is_binary = tag == Some("tag:yaml.org,2002:binary") && !self.takes_texts();
        let mut text = Text::from(value);
        if text.is_empty() && tag.is_none() && style == Style::Plain && self.flow > 0 {
            return Ok(empty_in_flow(self.dialect));
        }
        if self.flow > 0 && style == Style::Plain && text.contains('?') {
            // To go-yaml it begins a key anywhere; libyaml-safer goes by YAML 1.2.
            let reason =
                "a `?` in a flow collection, which kustomize does not read: put the text in quotes";
            return Err(Fault::new(offset, reason));
        }
        let resolve = if self.flow > 0 { resolve_in_flow } else { resolve_plain };
        let tag = match tag {
            None if style != Style::Plain => Tag::Str,
            None => match resolve(&text, self.dialect) {
                Tag::Float if self.takes_texts() && special_float(&text).is_some() => Tag::Str,
                tag => tag,
            },
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
                // What the tag says makes the quotes meaningless, also for a later value.
                if tag != Tag::Str {
                    style = Style::Plain;
                }
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

/// What libyaml says, without the text around.
fn describe(error: &libyaml_safer::Error) -> String {
    match error.context() {
        Some(context) => format!("{}, {context}", error.problem()),
        None => error.problem().to_owned(),
    }
}

/// The place of a list or mapping.
fn place(offset: usize, flow: usize) -> Mark {
    if flow == 0 { Mark::at(offset) } else { Mark::at(offset).in_flow() }
}

fn is_merge(event: &EventData) -> bool {
    matches!(
        event,
        EventData::Scalar { value, tag, style: ScalarStyle::Plain, .. }
            if value == "<<" && matches!(tag.as_deref(), None | Some("!" | "tag:yaml.org,2002:merge"))
    )
}

/// Where a double-quoted scalar's source has `\/`.
fn escaped_slash(source: &str) -> Option<usize> {
    let mut bytes = source.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        if byte == b'\\' && bytes.next()?.1 == b'/' {
            return Some(at);
        }
    }
    None
}

/// Whether a block scalar, whose source is given, took its last line break from the one that was
/// added behind: with `+` always, else if its last line holds content.
fn ends_in_last_line(source: &str, value: &str) -> bool {
    let mut lines = source.split('\n');
    let header = lines.next().unwrap_or("");
    let header = header.split('#').next().unwrap_or("");
    if header.contains('-') || !value.ends_with('\n') {
        return false;
    }
    if header.contains('+') {
        return true;
    }
    let last = source.rsplit('\n').next().unwrap_or("");
    if !last.bytes().all(|byte| byte == b' ') {
        return true;
    }
    // The last line is blank: content if it is longer than the indentation, which is what the
    // first line with content lost on its way into the value.
    let blank_lines = value.len() - value.trim_start_matches('\n').len();
    let spaces = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let Some(first) = lines.nth(blank_lines) else { return false };
    let indent = spaces(first).saturating_sub(spaces(&value[blank_lines..]));
    last.len() > indent
}
