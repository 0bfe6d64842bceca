//! Config maps and secrets from literals, files and environment files.
//!
//! As kustomize's `api/internal/generators`, without its shell-like corners removed: what it
//! accepts is accepted here, since a generated name carries a hash of every byte.

mod generated;
mod key_values;

pub use generated::Generated;
use key_values::Datum;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::decode::TextEntry;
use super::error::BuildError;
use super::kustomization::{GeneratorArgs, GeneratorOptions};
use super::load::{Loader, Root};
use super::resource::{Behavior, Draft};
use super::scalar;
use super::schema::Schema;
use crate::yaml::{Mapping, Mark, Node, Pair, Scalar, Style, Tag, Value, can_be_printed};

/// Width of the lines of long base64 texts.
const BASE64_WIDTH: usize = 70;

/// Generates one config map or secret; `options` are already merged with the kustomization's.
///
/// # Errors
/// [`BuildError`] if it has no name, a source cannot be read, or a key is there twice.
pub fn generate(
    what: Generated,
    args: &GeneratorArgs,
    options: Option<&GeneratorOptions>,
    loader: &Loader<'_>,
    root: &Root<'_>,
    schema: &Schema,
) -> Result<Draft, BuildError> {
    if args.name.is_empty() {
        return Err(BuildError::Invalid {
            at: args.at.clone(),
            reason: "a generated object needs a `name`".to_owned(),
        });
    }
    let data = key_values::read(what, args, loader, root)?;
    refuse_unprintable(what, args, &data)?;
    let mut object = Mapping::default();
    object.insert("apiVersion", Node::string("v1"));
    object.insert("kind", Node::string(what.kind()));
    object.insert("metadata", metadata(args, options));
    match what {
        Generated::ConfigMap => add_config_map_data(&mut object, data),
        Generated::Secret => {
            let secret_type =
                if args.secret_type.is_empty() { "Opaque" } else { &args.secret_type };
            object.insert("type", text(secret_type));
            loader.note_secrets(|known| {
                for (key, datum) in &data {
                    if let Ok(text) = std::str::from_utf8(&datum.value) {
                        known.note_value(key, text);
                    }
                }
            });
            let encoded = data.into_iter().map(|(key, Datum { value, mark })| {
                let value = base64_lines(&value);
                TextEntry { key, value, mark }
            });
            object.insert("data", text_mapping(encoded, scalar::text_of_new_field));
        }
    }
    if options.is_some_and(|options| options.immutable) {
        let scalar = Scalar { text: "true".into(), tag: Tag::Bool, style: Style::Plain };
        object.insert("immutable", Node::made(Value::Scalar(scalar)));
    }
    let node = Node::made(Value::Mapping(object));
    let mut draft = Draft::new(node, args.at.clone(), schema);
    draft.is_generated = true;
    draft.behavior = Behavior::parse(&args.behavior);
    draft.needs_hash = !options.is_some_and(|options| options.disable_name_suffix_hash);
    Ok(draft)
}

/// Refuses control characters that kustomize would make a text of which it cannot read again: in
/// literals always, in files where they stay text.
fn refuse_unprintable(
    what: Generated,
    args: &GeneratorArgs,
    data: &BTreeMap<String, Datum>,
) -> Result<(), BuildError> {
    let stays_text = |value: &&[u8]| what == Generated::ConfigMap && !value.is_ascii();
    let has_delete = |value: &&[u8]| what == Generated::ConfigMap && value.contains(&0x7f);
    let values = data.values().map(|datum| datum.value.as_slice());
    let texts = values.filter(|value| stays_text(value) || has_delete(value));
    let texts = texts.filter_map(|value| std::str::from_utf8(value).ok());
    let literals = args.literals.iter().map(|literal| literal.text.as_str());
    if literals.chain(texts).all(can_be_printed) {
        return Ok(());
    }
    let reason = format!("`{}` holds a control character that kustomize cannot print", args.name);
    Err(BuildError::Invalid { at: args.at.clone(), reason })
}

/// The options of one generator: its own, and what the kustomization says for all. A boolean that
/// is true for all cannot be made false for one.
#[must_use]
pub fn merge_options(
    own: Option<&GeneratorOptions>,
    global: Option<&GeneratorOptions>,
) -> Option<GeneratorOptions> {
    let Some(global) = global else { return own.cloned() };
    let mut merged = own.cloned().unwrap_or_default();
    let pairs =
        [(&mut merged.labels, &global.labels), (&mut merged.annotations, &global.annotations)];
    for (ours, theirs) in pairs {
        for entry in theirs {
            if !ours.iter().any(|own| own.key == entry.key) {
                ours.push(entry.clone());
            }
        }
    }
    merged.disable_name_suffix_hash |= global.disable_name_suffix_hash;
    merged.immutable |= global.immutable;
    Some(merged)
}

fn metadata(args: &GeneratorArgs, options: Option<&GeneratorOptions>) -> Node {
    let mut metadata = Mapping::default();
    metadata.insert("name", text(&args.name));
    if !args.namespace.is_empty() {
        metadata.insert("namespace", text(&args.namespace));
    }
    if let Some(options) = options {
        for (key, pairs) in [("labels", &options.labels), ("annotations", &options.annotations)] {
            if !pairs.is_empty() {
                metadata.insert(key, text_mapping(pairs.iter().cloned(), quoted));
            }
        }
    }
    Node::made(Value::Mapping(metadata))
}

fn add_config_map_data(object: &mut Mapping, data: BTreeMap<String, Datum>) {
    let (mut texts, mut binaries) = (Vec::new(), Vec::new());
    for (key, Datum { value, mark }) in data {
        match String::from_utf8(value) {
            Ok(value) => texts.push(TextEntry { key, value, mark }),
            Err(fault) => {
                let value = base64_lines(fault.as_bytes());
                binaries.push(TextEntry { key, value, mark });
            }
        }
    }
    for (key, pairs) in [("data", texts), ("binaryData", binaries)] {
        if !pairs.is_empty() {
            object.insert(key, text_mapping(pairs.into_iter(), scalar::text_of_new_field));
        }
    }
}

fn text(text: &str) -> Node {
    Node::made(Value::Scalar(scalar::text_of_new_field(text)))
}

/// A text as kustomize writes labels and annotations of generators.
fn quoted(text: String) -> Scalar {
    Scalar { style: Style::SingleQuoted, ..Scalar::string(text) }
}

fn text_mapping(entries: impl Iterator<Item = TextEntry>, made: fn(String) -> Scalar) -> Node {
    let pairs = entries.map(|TextEntry { key, value, mark }| Pair {
        key: Scalar::string(key),
        key_mark: Mark::NONE,
        value: Node { value: Value::Scalar(made(value)), mark },
    });
    Node::made(Value::Mapping(pairs.collect()))
}

/// Base64; from 70 characters on in lines, the last one ended too.
pub(super) fn base64_lines(bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    if encoded.len() < BASE64_WIDTH {
        return encoded;
    }
    let mut lines = String::with_capacity(encoded.len() + encoded.len() / BASE64_WIDTH + 1);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(BASE64_WIDTH));
        lines.push_str(line);
        lines.push('\n');
        rest = more;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_base64_from_seventy_characters_on() {
        assert_eq!(base64_lines(b"a"), "YQ==");
        assert!(!base64_lines(&[0; 51]).contains('\n'));
        let lines = base64_lines(&[0; 53]);
        assert_eq!(lines.lines().map(str::len).collect::<Vec<_>>(), [70, 2]);
        assert!(lines.ends_with('\n'));
    }
}
