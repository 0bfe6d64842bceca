//! What a plan does, in words: the same for the pull request, the terminal and the check run.
//!
//! A [`Phrase`] is a sentence whose names and values are marked, so that each place can show them in its
//! way: code and bold in Markdown, colours at a terminal.

use crate::diff::{FieldChange, FieldValue, MASKED, MASKED_CHANGED};
use crate::model::{ShownPart, excerpts, shown_parts};

use super::markdown::{code, counted, plain};
use super::plain_text::{one_line, visible};

/// Values are cut after so many UTF-16 units.
const VALUE_LIMIT: usize = 90;
/// Names of fields and resources too.
const NAME_LIMIT: usize = 120;

/// Words between them as well.
const TEXT_LIMIT: usize = 400;

/// A piece of a [`Phrase`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Words of ours.
    Text(String),
    /// A name or a value, of others.
    Name(String),
    /// A value that holds from now on.
    New(String),
}

/// Words with marked names and values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phrase(pub Vec<Part>);

impl Phrase {
    pub(super) fn text(mut self, text: impl Into<String>) -> Self {
        self.0.push(Part::Text(text.into()));
        self
    }

    pub(super) fn name(mut self, name: impl Into<String>) -> Self {
        self.0.push(Part::Name(name.into()));
        self
    }

    pub(super) fn new_value(mut self, value: impl Into<String>) -> Self {
        self.0.push(Part::New(value.into()));
        self
    }

    pub(super) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// A sentence of a finding: what stands in backticks is a name, what follows an arrow is new.
    pub(super) fn of_sentence(text: &str) -> Self {
        let parts: Vec<&str> = text.split('`').collect();
        let mut phrase = Self::default();
        if parts.len().is_multiple_of(2) {
            return phrase.text(text);
        }
        let mut after_arrow = false;
        for (index, part) in parts.iter().enumerate() {
            if index % 2 == 1 {
                phrase.0.push(if after_arrow {
                    Part::New((*part).to_owned())
                } else {
                    Part::Name((*part).to_owned())
                });
            } else {
                phrase = phrase.and(plain_arrows(part));
            }
            after_arrow = index % 2 == 0 && part.ends_with("→ ");
        }
        phrase.0.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        phrase
    }

    /// As Markdown: names as code, new values bold.
    pub(super) fn markdown(&self) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => plain(&visible(&text.replace(['\n', '\t'], " ")), TEXT_LIMIT),
            Part::Name(name) => code(name, NAME_LIMIT),
            Part::New(value) => format!("**{}**", code(value, NAME_LIMIT)),
        };
        self.0.iter().map(part).collect()
    }

    /// Without marks, on one line.
    #[must_use]
    pub fn plain(&self) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Name(name) | Part::New(name) => one_line(name, NAME_LIMIT),
        };
        self.0.iter().map(part).collect()
    }
}

/// `80 → 5` without backticks: the number after the arrow is new.
fn plain_arrows(text: &str) -> Phrase {
    let mut phrase = Phrase::default();
    let mut rest = text;
    while let Some(at) = rest.find("→ ") {
        let (before, after) = rest.split_at(at + "→ ".len());
        let end = after.find([' ', ',', ';']).unwrap_or(after.len());
        phrase = phrase.text(before);
        if end > 0 {
            phrase = phrase.new_value(&after[..end]);
        }
        rest = &after[end..];
    }
    phrase.text(rest)
}

/// What a field is called in a sentence: whose it is (a container), and its own name.
fn field_words(path: &str) -> (Option<String>, Phrase) {
    let all = shown_parts(path);
    let mut own: &[ShownPart<'_>] = &all;
    for prefix in [
        ["spec", "jobTemplate"].as_slice(),
        &["spec", "template"],
        &["spec"],
        &["data"],
        &["values"],
    ] {
        let fits = own.len() > prefix.len()
            && own.iter().zip(prefix).all(|(step, key)| *step == ShownPart::Key(key));
        if fits && !(prefix == ["data"] && all.len() == 1) {
            own = &own[prefix.len()..];
        }
    }
    let mut owner = None;
    if let [ShownPart::Key(list), ShownPart::InBrackets(name), rest @ ..] = own
        && list.ends_with("ontainers")
        && !rest.is_empty()
    {
        owner = Some((*name).to_owned());
        own = rest;
    }
    (owner, own_words(own))
}

fn own_words(own: &[ShownPart<'_>]) -> Phrase {
    let phrase = Phrase::default();
    match own {
        [ShownPart::Key("env"), ShownPart::InBrackets(name)]
        | [ShownPart::Key("env"), ShownPart::InBrackets(name), ShownPart::Key("value")] => {
            phrase.text("env ").name(*name)
        }
        [ShownPart::Key("env"), ShownPart::InBrackets(name), rest @ ..] => {
            phrase.text("env ").name(*name).text(" ").name(joined(rest))
        }
        [ShownPart::Key("resources"), ShownPart::Key("limits"), ShownPart::Key(what)] => {
            phrase.text(format!("{} limit", plain_key(what)))
        }
        [ShownPart::Key("resources"), ShownPart::Key("requests"), ShownPart::Key(what)] => {
            phrase.text(format!("{} request", plain_key(what)))
        }
        [ShownPart::Key("metadata"), ShownPart::Key("annotations"), ShownPart::Key(key)] => {
            phrase.text("annotation ").name(*key)
        }
        [ShownPart::Key("metadata"), ShownPart::Key("labels"), ShownPart::Key(key)] => {
            phrase.text("label ").name(*key)
        }
        [ShownPart::Key("image")] => phrase.text("image"),
        own => phrase.name(joined(own)),
    }
}

/// A key of ours in a sentence; anything unusual as it is.
fn plain_key(key: &str) -> String {
    if key == "cpu" { "CPU".to_owned() } else { key.replace('`', "'") }
}

fn joined(steps: &[ShownPart<'_>]) -> String {
    let mut out = String::new();
    for step in steps {
        match step {
            ShownPart::Key(key) => {
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(key);
            }
            ShownPart::InBrackets(name) => out.push_str(&format!("[{name}]")),
        }
    }
    end_of(&out).to_owned()
}

/// Of longer paths the end is shown, in characters.
const SHOWN_PATH: usize = 60;

/// The end of a long field path, from the beginning of a field on. The diff has the whole.
fn end_of(path: &str) -> &str {
    let over = path.chars().count().saturating_sub(SHOWN_PATH);
    let after = path.char_indices().nth(over).map_or(0, |(at, _)| at);
    if over == 0 {
        return path;
    }
    path[after..].find('.').map_or(path, |dot| &path[after + dot + 1..])
}

/// The fields that differ, in words: at most `most`, then a number.
pub(super) fn fields_in_words(fields: &[&FieldChange], most: usize) -> Phrase {
    let mut phrase = Phrase::default();
    // One more takes no more room than the words that say so.
    let shown = if fields.len() == most + 1 { most + 1 } else { most.min(fields.len()) };
    let mut owner_told: Option<String> = None;
    for (index, field) in fields.iter().take(shown).enumerate() {
        let (owner, name) = field_words(&field.path);
        let new_owner = owner.is_some() && owner != owner_told;
        if index > 0 {
            phrase = phrase.text(if new_owner { " · " } else { ", " });
        }
        if let (true, Some(owner)) = (new_owner, &owner) {
            phrase = phrase.text("container ").name(owner.clone()).text(": ");
        }
        let likewise = index > 0
            && fields[index - 1].before == field.before
            && fields[index - 1].after == field.after
            && field.before != FieldValue::Absent;
        phrase = if likewise {
            phrase.and(name).text(" likewise")
        } else {
            phrase.and(change_in_words(name, field))
        };
        owner_told = owner.or(owner_told);
    }
    match fields.len().saturating_sub(shown) {
        0 => phrase,
        rest => phrase.text(format!(", and {} more", super::markdown::number(rest))),
    }
}

fn change_in_words(name: Phrase, field: &FieldChange) -> Phrase {
    let masked = |value: &FieldValue| matches!(value, FieldValue::Scalar(text) if text == MASKED || text == MASKED_CHANGED);
    match (&field.before, &field.after) {
        (before, after) if masked(before) && masked(after) => {
            name.text(" has another value, not shown")
        }
        (_, FieldValue::Absent) if matches!(field.before, FieldValue::Scalar(_)) => {
            name.text(" ").and(value(&field.before, false)).text(" is removed")
        }
        (_, FieldValue::Absent) => name.text(" is removed"),
        (FieldValue::Absent, after @ FieldValue::Scalar(_)) => {
            name.text(" is now ").and(value(after, true))
        }
        (FieldValue::Absent, _) => name.text(" is added"),
        (FieldValue::Scalar(before), FieldValue::Scalar(after))
            if before.contains('\n') || after.contains('\n') =>
        {
            name.text(" has another text")
        }
        (FieldValue::Scalar(before), FieldValue::Scalar(after)) => scalars(name, before, after),
        (before, after) => {
            name.text(" ").and(value(before, false)).text(" → ").and(value(after, true))
        }
    }
}

/// Two values; of an image with another tag, what is the same stands once.
fn scalars(name: Phrase, before: &str, after: &str) -> Phrase {
    if let (Some((image, tag)), Some((same, now))) = (image_and_tag(before), image_and_tag(after))
        && image == same
    {
        let short = image.rsplit('/').next().unwrap_or(image);
        return name.text(" ").name(short).text(" ").name(cut(tag)).text(" → ").new_value(cut(now));
    }
    let line = |text: &str| one_line(text, usize::MAX);
    let (before, after) = excerpts(&line(before), &line(after), VALUE_LIMIT);
    name.text(" ").name(before).text(" → ").new_value(after)
}

/// `registry/app` and `1.2` of an image's reference; a value that only has a colon is none.
fn image_and_tag(text: &str) -> Option<(&str, &str)> {
    if text.contains("://") || text.contains(' ') {
        return None;
    }
    let name_start = text.rfind('/').map_or(0, |at| at + 1);
    let at = name_start + text[name_start..].find([':', '@'])?;
    let is_image = name_start > 0 || text[..at].chars().any(|c| c.is_ascii_alphabetic());
    (is_image && at > 0).then(|| (&text[..at], &text[at + 1..]))
}

fn value(value: &FieldValue, is_new: bool) -> Phrase {
    let phrase = Phrase::default();
    match value {
        FieldValue::Absent => phrase.text("nothing"),
        FieldValue::Scalar(text) if text == MASKED || text == MASKED_CHANGED => {
            phrase.text("a value, not shown")
        }
        FieldValue::Scalar(text) if is_new => phrase.new_value(cut(text)),
        FieldValue::Scalar(text) => phrase.name(cut(text)),
        FieldValue::Items(count) => phrase.text(counted(*count, "item", "items")),
        FieldValue::Keys(count) => phrase.text(counted(*count, "key", "keys")),
    }
}

fn cut(text: &str) -> String {
    one_line(text, VALUE_LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &str, before: &str, after: &str) -> String {
        let value = |text: &str| match text {
            "" => FieldValue::Absent,
            text => FieldValue::Scalar(text.to_owned()),
        };
        let field =
            FieldChange { path: path.to_owned(), before: value(before), after: value(after) };
        fields_in_words(&[&field], 3).plain()
    }

    #[test]
    fn fields_are_called_by_their_names() {
        for (path, before, after, want) in [
            ("spec.replicas", "80", "5", "replicas 80 → 5"),
            (
                "spec.template.spec.containers[api].env[LOG_LEVEL].value",
                "a",
                "b",
                "container api: env LOG_LEVEL a → b",
            ),
            (
                "spec.template.spec.containers[api].image",
                "r.example.com/x/app:2.0",
                "r.example.com/x/app:3.0",
                "container api: image app 2.0 → 3.0",
            ),
            (
                "spec.jobTemplate.spec.template.spec.containers[a].resources.limits.memory",
                "1Gi",
                "2Gi",
                "container a: memory limit 1Gi → 2Gi",
            ),
            ("metadata.annotations[\"a.b/c\"]", "x", "", "annotation a.b/c x is removed"),
            ("spec.rules[0].host", "", "a", "rules[0].host is now a"),
            ("data.url", "http://a:1", "http://a:2", "url http://a:1 → http://a:2"),
            (
                "data.issuer",
                &*format!("https://a.example.com/{}/1", "0".repeat(90)),
                &*format!("https://a.example.com/{}/2", "0".repeat(90)),
                "issuer …000000000000000000000/1 → …000000000000000000000/2",
            ),
        ] {
            assert_eq!(told(path, before, after), want);
        }
    }

    #[test]
    fn what_is_new_is_bold() {
        let phrase = Phrase::of_sentence("`web v1` 90 → 50 %, `a` → `b`");
        assert_eq!(phrase.markdown(), "`web v1` 90 → **`50`** %, `a` → **`b`**");
        assert_eq!(Phrase::of_sentence("one ` tick").plain(), "one ` tick");
        let text = Phrase::default().text("all: ").name("x").text(" y");
        assert_eq!(text.plain(), "all: x y");
    }
}
