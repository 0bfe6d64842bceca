//! From text to [`Node`]s, over libyaml's events.

use std::collections::BTreeMap;

use libyaml_safer::{Event, EventData, Parser, ScalarStyle};

use super::resolve::{resolve_plain, tag_of};
use super::{Mapping, Mark, Node, Pair, Scalar, Style, SyntaxError, Tag, Text, Value};
use crate::model::Position;

/// Whose rules decide the type of a plain scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// go-yaml v3: resources, patches. `yes` is a string, `0777` is 511, `2001-01-01` a timestamp.
    V3,
    /// go-yaml v2 by way of sigs.k8s.io/yaml: `kustomization.yaml`. `yes`, `y` and `on` are booleans.
    V2,
}

const MAX_DEPTH: usize = 400;
const MAX_BYTES: usize = 64 << 20;
const MAX_NODES: usize = 8_000_000;

/// Reads all documents of a text; an empty document is a null node.
///
/// # Errors
/// [`SyntaxError`] if the text is not YAML, has duplicate keys, or is larger, deeper or more
/// self-repeating than any manifest.
pub fn parse_stream(text: &str, dialect: Dialect) -> Result<Vec<Node>, SyntaxError> {
    if text.len() > MAX_BYTES {
        return Err(SyntaxError { position: None, reason: "the file is too large".to_owned() });
    }
    // libyaml-safer 0.3 panics on a block scalar that ends the text without a newline.
    let mut bytes = text.strip_prefix('\u{feff}').unwrap_or(text).as_bytes().to_vec();
    bytes.push(b'\n');
    let mut input = bytes.as_slice();
    let mut parser = Parser::new();
    parser.set_input_string(&mut input);
    let mut reader =
        Reader { offsets: char_offsets(text), text, dialect, anchors: BTreeMap::new(), nodes: 0 };
    let mut documents = Vec::new();
    loop {
        let event = reader.next(&mut parser)?;
        match event.data {
            EventData::StreamEnd => return Ok(documents),
            EventData::DocumentStart { .. } => {
                reader.anchors.clear();
                let event = reader.next(&mut parser)?;
                documents.push(reader.node(&mut parser, event, 0)?);
            }
            _ => {}
        }
    }
}

/// Byte offset of each character, where they differ.
fn char_offsets(text: &str) -> Option<Vec<u32>> {
    (!text.is_ascii()).then(|| text.char_indices().map(|(at, _)| at as u32).collect())
}

struct Reader<'t> {
    text: &'t str,
    offsets: Option<Vec<u32>>,
    dialect: Dialect,
    anchors: BTreeMap<String, Node>,
    nodes: usize,
}

type Events<'r, 'b> = Parser<&'r mut &'b [u8]>;

impl Reader<'_> {
    fn next(&self, parser: &mut Events<'_, '_>) -> Result<Event, SyntaxError> {
        match parser.next() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(SyntaxError {
                position: error.problem_mark().map(|mark| Position {
                    line: mark.line as u32 + 1,
                    column: mark.column as u32 + 1,
                }),
                reason: error.problem().to_owned(),
            }),
            None => Err(SyntaxError { position: None, reason: "the text ends early".to_owned() }),
        }
    }

    fn mark(&self, index: u64) -> Mark {
        let index = index as usize;
        Mark::at(
            self.offsets
                .as_ref()
                .map_or(index, |o| o.get(index).map_or(self.text.len(), |o| *o as usize)),
        )
    }

    fn fault(&self, mark: Mark, reason: impl Into<String>) -> SyntaxError {
        let position = mark.offset().map(|offset| Position::of_offset(self.text, offset));
        SyntaxError { position, reason: reason.into() }
    }

    fn node(
        &mut self,
        parser: &mut Events<'_, '_>,
        event: Event,
        depth: usize,
    ) -> Result<Node, SyntaxError> {
        let mark = self.mark(event.start_mark.index);
        self.nodes += 1;
        if depth > MAX_DEPTH {
            return Err(self.fault(mark, "nested deeper than any manifest"));
        }
        if self.nodes > MAX_NODES {
            return Err(self.fault(mark, "more nodes than any manifest"));
        }
        let (value, anchor) = match event.data {
            EventData::Alias { anchor } => {
                let node = self
                    .anchors
                    .get(&anchor)
                    .cloned()
                    .ok_or_else(|| self.fault(mark, format!("unknown anchor `{anchor}`")))?;
                self.nodes += count(&node);
                if self.nodes > MAX_NODES {
                    return Err(self.fault(mark, "aliases repeat more than any manifest does"));
                }
                return Ok(Node { value: node.value, mark });
            }
            EventData::Scalar { anchor, tag, value, style, .. } => {
                (Value::Scalar(self.scalar(mark, tag.as_deref(), value, style)?), anchor)
            }
            EventData::SequenceStart { anchor, .. } => {
                let mut items = Vec::new();
                loop {
                    let event = self.next(parser)?;
                    if matches!(event.data, EventData::SequenceEnd) {
                        break;
                    }
                    items.push(self.node(parser, event, depth + 1)?);
                }
                (Value::Sequence(items), anchor)
            }
            EventData::MappingStart { anchor, .. } => {
                (Value::Mapping(self.mapping(parser, depth)?), anchor)
            }
            _ => return Err(self.fault(mark, "unexpected event")),
        };
        let node = Node { value, mark };
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn mapping(
        &mut self,
        parser: &mut Events<'_, '_>,
        depth: usize,
    ) -> Result<Mapping, SyntaxError> {
        let mut mapping = Mapping::default();
        let mut merges = Vec::new();
        let mut keys = std::collections::BTreeSet::new();
        loop {
            let event = self.next(parser)?;
            if matches!(event.data, EventData::MappingEnd) {
                break;
            }
            let key = self.node(parser, event, depth + 1)?;
            let event = self.next(parser)?;
            let value = self.node(parser, event, depth + 1)?;
            let Value::Scalar(scalar) = key.value else {
                return Err(self.fault(key.mark, "a key that is a list or a mapping"));
            };
            if scalar.text == "<<" && scalar.style == Style::Plain {
                merges.push(value);
                continue;
            }
            if !keys.insert(scalar.text.clone()) {
                return Err(self.fault(key.mark, format!("key `{}` is already there", scalar.text)));
            }
            mapping.push(Pair { key: scalar, key_mark: key.mark, value });
        }
        for merge in merges {
            let parts = match merge.value {
                Value::Sequence(items) => items,
                _ => vec![merge],
            };
            for part in parts {
                let Value::Mapping(part_mapping) = part.value else {
                    return Err(self.fault(
                        part.mark,
                        "map merge requires map or sequence of maps as the value",
                    ));
                };
                for pair in part_mapping {
                    if keys.insert(pair.key.text.clone()) {
                        mapping.push(pair);
                    }
                }
            }
        }
        Ok(mapping)
    }

    fn scalar(
        &self,
        mark: Mark,
        tag: Option<&str>,
        value: String,
        style: ScalarStyle,
    ) -> Result<Scalar, SyntaxError> {
        let style = match style {
            ScalarStyle::SingleQuoted => Style::SingleQuoted,
            ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
            _ => Style::Plain,
        };
        let mut text: Text = value.into();
        let tag = match tag {
            None | Some("") if style == Style::Plain => resolve_plain(&text, self.dialect),
            None | Some("" | "!") => Tag::Str,
            Some("tag:yaml.org,2002:binary") => {
                use base64::Engine as _;
                let bytes = base64::engine::general_purpose::STANDARD
                    .decode(text.as_bytes())
                    .map_err(|_| self.fault(mark, "!!binary value contains invalid base64 data"))?;
                text = String::from_utf8_lossy(&bytes).into_owned().into();
                Tag::Str
            }
            Some(tag) => tag_of(tag),
        };
        Ok(Scalar { text, tag, style })
    }
}

fn count(node: &Node) -> usize {
    1 + match &node.value {
        Value::Scalar(_) => 0,
        Value::Sequence(items) => items.iter().map(count).sum(),
        Value::Mapping(mapping) => mapping.iter().map(|pair| 1 + count(&pair.value)).sum(),
    }
}
