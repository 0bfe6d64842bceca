//! One operation as it is written, and the pointers in it.

use super::raw::Raw;
use crate::kustomize::json;
use crate::yaml::{Node, Text, Value};

/// One operation as written.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) kind: String,
    pub(super) path: Option<String>,
    pub(super) from: Option<String>,
    /// `None` if the key is absent.
    pub(super) value: Option<Node>,
    /// For `test`, the value as JSON has it; `None` if the patch is YAML.
    pub(super) raw: Option<Raw>,
}

/// An item of a patch; `None` if it is none.
pub(super) fn operation(node: Node) -> Option<Operation> {
    if node.is_null() {
        let kind = "unknown".to_owned();
        return Some(Operation { kind, path: None, from: None, value: None, raw: None });
    }
    let Value::Mapping(mut mapping) = node.value else { return None };
    let text = |key: &str| mapping.get(key).and_then(Node::as_str).map(str::to_owned);
    let kind = text("op").unwrap_or_else(|| "unknown".to_owned());
    let (path, from) = (text("path"), text("from"));
    let mut value = mapping.remove("value");
    if let Some(value) = &mut value
        && json::renew(value).is_err()
    {
        return None;
    }
    Some(Operation { kind, path, from, value, raw: None })
}

/// The parts of a pointer; `None` if it has no slash and so points at nothing.
pub(super) fn pointer(path: &str) -> Option<Vec<Text>> {
    let (_, rest) = path.split_once('/')?;
    Some(rest.split('/').map(unescape).collect())
}

/// `~1` is a slash and `~0` a tilde.
pub(super) fn unescape(part: &str) -> Text {
    if part.contains('~') { part.replace("~1", "/").replace("~0", "~").into() } else { part.into() }
}
