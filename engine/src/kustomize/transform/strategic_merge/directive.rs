//! The directive `$patch` in mappings and as an item of lists.

use crate::yaml::Node;

/// The key of the directive.
const KEY: &str = "$patch";

/// What `$patch` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Directive {
    /// Merge, which is also what happens without a directive.
    Merge,
    /// The patch takes the place of the object's value.
    Replace,
    /// The object's value goes away.
    Delete,
}

/// `$patch` has a value that is no directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unknown;

impl Directive {
    fn parse(text: &str) -> Result<Self, Unknown> {
        match text {
            "merge" => Ok(Self::Merge),
            "replace" => Ok(Self::Replace),
            "delete" => Ok(Self::Delete),
            _ => Err(Unknown),
        }
    }
}

/// Reads and removes the directive of a mapping.
pub(super) fn take(node: &mut Node) -> Result<Directive, Unknown> {
    let Some(mapping) = node.as_mapping_mut() else { return Ok(Directive::Merge) };
    let Some(value) = mapping.get(KEY) else { return Ok(Directive::Merge) };
    let directive = Directive::parse(value.text().unwrap_or_default())?;
    mapping.remove(KEY);
    Ok(directive)
}

/// Reads and removes the directive of a list: an item `$patch: …` with nothing beside it. Only the
/// first item with that key counts, and every item with the same directive goes away with it.
pub(super) fn take_of_list(items: &mut Vec<Node>) -> Result<Directive, Unknown> {
    let first = items.iter().find_map(|item| item.as_mapping().filter(|item| item.contains(KEY)));
    let Some(mapping) = first.filter(|mapping| mapping.len() == 1) else {
        return Ok(Directive::Merge);
    };
    let text = mapping.get(KEY).and_then(Node::text).unwrap_or_default().to_owned();
    let directive = Directive::parse(&text)?;
    items.retain(|item| {
        let Some(mapping) = item.as_mapping() else { return !item.is_null() };
        !mapping.is_empty() && mapping.get(KEY).is_none_or(|value| value.text() != Some(&text))
    });
    Ok(directive)
}
