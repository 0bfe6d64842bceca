//! JSON as it is written, for `test`: evanphx/json-patch compares texts, so that `1` is not `1.0` and
//! `"é"` is not `"\u00e9"`.

use std::collections::BTreeMap;

use crate::kustomize::json::json_number;
use crate::kustomize::transform::name_hash::write_text;
use crate::yaml::{Node, Tag, Value, number};

/// From here on a float does not tell whole numbers apart.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A value whose scalars are texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Raw {
    /// A scalar as written.
    Scalar(String),
    /// A list.
    List(Vec<Self>),
    /// An object.
    Object(BTreeMap<String, Self>),
}

impl Raw {
    /// Reads a text that is JSON; `None` if it is not.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader { text, at: 0 };
        reader.value()
    }

    /// The member of an object.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.get(key),
            _ => None,
        }
    }

    /// Whether Go would write the node as this.
    pub(super) fn is(&self, node: &Node) -> bool {
        match (self, &node.value) {
            (Self::Scalar(text), Value::Scalar(scalar)) => match scalar.tag {
                Tag::Int | Tag::Float => {
                    number(scalar).is_some_and(|n| is_number(text, n.as_f64()))
                }
                Tag::Null | Tag::Bool => *text == scalar.text.as_str(),
                Tag::Str | Tag::Timestamp => {
                    let mut json = String::new();
                    write_text(&scalar.text, &mut json);
                    *text == json
                }
            },
            (Self::List(list), Value::Sequence(items)) => {
                list.len() == items.len() && list.iter().zip(items).all(|(raw, item)| raw.is(item))
            }
            (Self::Object(members), Value::Mapping(mapping)) => {
                let fits = |pair: &crate::yaml::Pair| {
                    members.get(pair.key.text.as_str()).is_some_and(|raw| raw.is(&pair.value))
                };
                members.len() == mapping.len() && mapping.iter().all(fits)
            }
            _ => false,
        }
    }
}

/// Whether a number is written so. Whole numbers beyond a float's reach were exact before they came here.
fn is_number(text: &str, value: f64) -> bool {
    let is_whole = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    text == json_number(value)
        || (is_whole && value.abs() >= EXACT && text.parse::<f64>().is_ok_and(|own| own == value))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn value(&mut self) -> Option<Raw> {
        match self.peek()? {
            b'[' => self.list(),
            b'{' => self.object(),
            b'"' => self.string().map(|text| Raw::Scalar(text.to_owned())),
            _ => {
                let rest = &self.text[self.at..];
                let ends = |c: char| ",]}".contains(c) || c.is_ascii_whitespace();
                let length = rest.find(ends).unwrap_or(rest.len());
                self.at += length;
                Some(Raw::Scalar(rest[..length].to_owned()))
            }
        }
    }

    fn list(&mut self) -> Option<Raw> {
        self.at += 1;
        let mut list = Vec::new();
        while self.peek()? != b']' {
            list.push(self.value()?);
            self.skip(b',');
        }
        self.at += 1;
        Some(Raw::List(list))
    }

    fn object(&mut self) -> Option<Raw> {
        self.at += 1;
        let mut members = BTreeMap::new();
        while self.peek()? != b'}' {
            let key: String = serde_json::from_str(self.string()?).ok()?;
            self.skip(b':');
            members.insert(key, self.value()?);
            self.skip(b',');
        }
        self.at += 1;
        Some(Raw::Object(members))
    }

    /// A string with its quotes.
    fn string(&mut self) -> Option<&str> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        self.at += 1;
        while *bytes.get(self.at)? != b'"' {
            self.at += if bytes[self.at] == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
        self.text.get(start..self.at)
    }

    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at)?.is_ascii_whitespace() {
            self.at += 1;
        }
        Some(bytes[self.at])
    }

    fn skip(&mut self, sign: u8) {
        if self.peek() == Some(sign) {
            self.at += 1;
        }
    }
}
