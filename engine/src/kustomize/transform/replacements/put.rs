//! A value put into a field: what the field becomes, and why it may refuse.

use super::path::{FRESH, FRESH_IN_FLOW, PathError, is_fresh};
use super::value::FieldOptions;
use crate::kustomize::growth::{TooDeep, TooMuch};
use crate::kustomize::scalar;
use crate::kustomize::version::Version;
use crate::yaml::{
    Dialect, Node, NotStyled, Scalar, Style, Tag, Text, Value, may_be_float, resolve_plain,
};

/// Why a field does not take a value.
#[derive(Debug, thiserror::Error)]
pub(super) enum CopyError {
    #[error(transparent)]
    Path(#[from] PathError),
    #[error("there is no such field{}", if *.create { ", and it cannot be made" } else { "; `options.create: true` makes it" })]
    NoField { create: bool },
    #[error(
        "a field on the way has no value, and kustomize {version} reads it as an empty text; write \
         `{{}}` there"
    )]
    NoValue { version: Version },
    #[error("the text that holds the field has {0}, with which it cannot be written anew")]
    NotStyled(NotStyled),
    #[error("the field is no scalar, and only those have a delimiter")]
    DelimitedTree,
    #[error("the field is a {field} and does not take the new text")]
    WrongType { field: &'static str },
    #[error(transparent)]
    TooMuch(#[from] TooMuch),
    #[error(transparent)]
    TooDeep(#[from] TooDeep),
}

/// Puts a value into a field: a scalar keeps its type, anything else becomes what the value is.
pub(super) fn put(
    field: &mut Node,
    value: &Node,
    options: Option<&FieldOptions>,
) -> Result<(), CopyError> {
    let mut text: Text = value.text().unwrap_or_default().into();
    let delimited = options.filter(|options| !options.delimiter.is_empty());
    let Value::Scalar(old) = &mut field.value else {
        if delimited.is_some() {
            return Err(CopyError::DelimitedTree);
        }
        field.value = value.value.clone();
        part(field);
        return Ok(());
    };
    if let Some(options) = delimited {
        text = join(&old.text, &text, options);
    }
    if is_fresh(old) {
        let in_brackets = *old == FRESH_IN_FLOW;
        let is_text = in_brackets && text.is_empty();
        *old = Scalar { style: Style::Plain, ..FRESH };
        scalar::assign(old, text, is_text.then_some(Tag::Str));
        if in_brackets && old.tag == Tag::Timestamp && old.text.contains(':') {
            (old.tag, old.style) = (Tag::Str, Style::TimeInBrackets);
        }
        return Ok(());
    }
    if old.style.is_untyped() {
        scalar::assign(old, text, None);
        return Ok(());
    }
    let is_time = old.style == Style::TimeInBrackets;
    let old_tag = if is_time { Tag::Timestamp } else { old.tag };
    let fits = match (old_tag, resolve_plain(&text, Dialect::V3)) {
        (Tag::Str, _) => true,
        (Tag::Float, Tag::Int) => may_be_float(&text),
        (old, new) => old == new,
    };
    if !fits {
        return Err(CopyError::WrongType { field: type_name(old_tag) });
    }
    if is_time && !text.contains(':') {
        (old.tag, old.style) = (Tag::Timestamp, Style::Plain);
    }
    old.text = text;
    Ok(())
}

/// A copy is a node of its own, and its groups are those of another resource.
fn part(copy: &mut Node) {
    match &mut copy.value {
        Value::Scalar(_) => {}
        Value::Sequence(items) => items.iter_mut().for_each(part_with_mark),
        Value::Mapping(mapping) => {
            mapping.iter_mut().for_each(|pair| part_with_mark(&mut pair.value));
        }
    }
}

fn part_with_mark(copy: &mut Node) {
    copy.mark = copy.mark.apart();
    part(copy);
}

/// The old text with a part replaced, or put before or behind the others.
pub(super) fn join(old: &str, new: &str, options: &FieldOptions) -> Text {
    let mut parts: Vec<&str> = old.split(options.delimiter.as_str()).collect();
    match usize::try_from(options.index) {
        Err(_) => parts.insert(0, new),
        Ok(index) if index >= parts.len() => parts.push(new),
        Ok(index) => parts[index] = new,
    }
    parts.join(&options.delimiter).into()
}

pub(super) const fn type_name(tag: Tag) -> &'static str {
    match tag {
        Tag::Null => "null",
        Tag::Bool => "boolean",
        Tag::Int | Tag::Float => "number",
        Tag::Timestamp => "date",
        Tag::Str => "string",
    }
}
