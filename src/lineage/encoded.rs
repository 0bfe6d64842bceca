//! What Secrets hold in base64: it is compared, judged and told apart as the text that it stands for, and written in
//! base64 again.

use std::borrow::Cow;

use super::content::Form;
use super::value::{Value, is_secret};
use crate::model::{base64_of, text_in_base64};
use crate::yaml::edit::{Editor, NodePath, SpanNode, Step};

/// Whether what a mapping has at a key is the `data` of a Secret.
pub(super) fn is_encoded(node: &SpanNode, key: &str) -> bool {
    let kind = node.pairs().iter().find(|(key, _)| key.text() == Some("kind"));
    key == "data" && kind.is_some_and(|(_, kind)| is_secret(kind.text()))
}

/// What the scalar at a path says, and whether that stands there in base64.
pub(super) fn said_at<'e>(editor: &'e Editor, path: &NodePath) -> Option<(Cow<'e, str>, bool)> {
    let written = editor.node(path)?.text()?;
    let said = holds_encoded(editor, path).then(|| text_in_base64(written)).flatten();
    Some(said.map_or((Cow::Borrowed(written), false), |said| (Cow::Owned(said), true)))
}

/// A text as it has to be written at a path.
pub(super) fn as_written<'t>(editor: &Editor, path: &NodePath, text: &'t str) -> Cow<'t, str> {
    match said_at(editor, path) {
        Some((_, true)) => Cow::Owned(base64_of(text)),
        _ => Cow::Borrowed(text),
    }
}

fn holds_encoded(editor: &Editor, path: &NodePath) -> bool {
    let Some((data, Step::Key(_))) = path.split_last() else { return false };
    let Some((secret, Step::Key(key))) = data.split_last() else { return false };
    editor.node(&secret).is_some_and(|node| is_encoded(node, key))
}

/// All that a file says: its text, and behind it what its Secrets hold in base64.
pub(super) fn all_said(content: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(content);
    let may_hold = text.contains("Secret") && text.contains("data");
    let Some(value) = may_hold.then(|| Form::Yaml.read(content)).flatten() else { return text };
    let mut said = text.into_owned();
    add_data(&value, &mut said);
    Cow::Owned(said)
}

fn add_data(value: &Value, said: &mut String) {
    if is_secret(value.text_at("kind")) {
        for text in value.get("data").into_iter().flat_map(Value::pairs) {
            said.push('\n');
            said.push_str(text.1.as_text().unwrap_or_default());
        }
    }
    value.items().iter().for_each(|item| add_data(item, said));
    value.get("items").into_iter().for_each(|items| add_data(items, said));
}
