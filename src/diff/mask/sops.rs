//! For whom SOPS encrypted a Secret: names of keys, which everybody may know and a reviewer has to.

use super::masked::{MASKED, MASKED_CHANGED};
use crate::yaml::{Node, Value};

/// Lists of SOPS' own block, the field that names a key, and what such a name begins with.
const KEYS: [(&str, &str, &str); 4] = [
    ("age", "recipient", "age1"),
    ("kms", "arn", "arn:"),
    ("gcp_kms", "resource_id", "projects/"),
    ("pgp", "fp", ""),
];

/// Shows the keys of a Secret whose block of SOPS is masked; of the rest whether it changed.
pub(super) fn show_keys(masked: &mut Node, node: &Node) {
    let (Some(hidden), Some(block)) = (masked.get_mut("sops"), node.get("sops")) else { return };
    let Some(mask) = hidden.text().filter(|it| [MASKED, MASKED_CHANGED].contains(it)) else {
        return;
    };
    let mask = Node::string(mask);
    let mut shown = Node::mapping();
    for (list, field, begins) in KEYS {
        let items = block.get(list).and_then(Node::as_sequence).unwrap_or_default().iter();
        let names = items.filter_map(|item| item.get(field)?.text());
        let names: Vec<Node> = names
            .filter(|name| is_name(name, begins))
            .map(|name| {
                let mut item = Node::mapping();
                if let Some(item) = item.as_mapping_mut() {
                    item.insert(field, Node::string(name));
                }
                item
            })
            .collect();
        if let (false, Some(shown)) = (names.is_empty(), shown.as_mapping_mut()) {
            shown.insert(list, Node { value: Value::Sequence(names), ..Node::mapping() });
        }
    }
    let Some(mapping) = shown.as_mapping_mut().filter(|mapping| !mapping.is_empty()) else {
        return;
    };
    mapping.insert("mac", mask);
    *hidden = shown;
}

/// Whether a text is the name of a key: of one of its beginnings, or the fingerprint of one of PGP.
fn is_name(text: &str, begins: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '/' | '-' | '_' | '.');
    match begins {
        "" => text.len() >= 16 && text.chars().all(|c| c.is_ascii_hexdigit()),
        begins => text.starts_with(begins) && text.len() <= 300 && text.chars().all(fits),
    }
}
