//! The parameters of one Application of a set, and how templates are filled with them.

use serde_json::{Map, Value as Json};

use super::deployment::UNKNOWN;
use super::go_template;
use super::json::display;

/// How templates are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `{{ name }}`, replaced by texts.
    Plain,
    /// Go's templates.
    Go {
        /// Whether a parameter that is not there is an error.
        strict: bool,
    },
}

/// The parameters of one Application.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Parameters {
    /// As templates see them: a tree for Go, texts by their whole names otherwise.
    pub values: Map<String, Json>,
    /// Whether only the cluster knows the others.
    pub open: bool,
}

impl Parameters {
    /// Both together; the second's count.
    pub(super) fn and(&self, other: &Self) -> Self {
        let mut values = self.values.clone();
        for (key, value) in &other.values {
            // Two git generators, or two with `values`, tell different parts of one mapping.
            let value = match (values.get(key), value) {
                (Some(Json::Object(known)), Json::Object(more)) => {
                    let mut all = known.clone();
                    all.extend(more.clone());
                    Json::Object(all)
                }
                _ => value.clone(),
            };
            values.insert(key.clone(), value);
        }
        Self { values, open: self.open || other.open }
    }

    /// A template filled in, keys included.
    pub(super) fn fill(&self, template: &Json, dialect: Dialect) -> Result<Json, String> {
        Ok(match template {
            Json::String(text) => Json::String(self.fill_text(text, dialect)?),
            Json::Array(items) => {
                let items = items.iter().map(|item| self.fill(item, dialect));
                Json::Array(items.collect::<Result<_, _>>()?)
            }
            Json::Object(map) => {
                let pair = |(key, value): (&String, &Json)| {
                    Ok((self.fill_text(key, dialect)?, self.fill(value, dialect)?))
                };
                Json::Object(map.iter().map(pair).collect::<Result<_, String>>()?)
            }
            other => other.clone(),
        })
    }

    /// A text filled in.
    pub(super) fn fill_text(&self, text: &str, dialect: Dialect) -> Result<String, String> {
        if !text.contains("{{") {
            return Ok(text.to_owned());
        }
        match dialect {
            Dialect::Plain => Ok(self.fill_plain(text)),
            Dialect::Go { strict } => go_template::render(text, &self.values, self.open, strict),
        }
    }

    /// What is no parameter stays as it is written, as in Argo CD.
    fn fill_plain(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("{{") {
            let Some((tag, after)) = behind.split_once("}}") else { break };
            out.push_str(before);
            match self.values.get(tag.trim()) {
                Some(value) => out.push_str(&display(value)),
                None if self.open => out.push_str(UNKNOWN),
                None => out.push_str(&format!("{{{{{tag}}}}}")),
            }
            rest = after;
        }
        out + rest
    }
}

/// A tree as texts by their whole names: `a.b`, `a.0`.
pub(super) fn flattened(tree: &Json, prefix: &str, out: &mut Map<String, Json>) {
    let name = |key: &str| match prefix {
        "" => key.to_owned(),
        prefix => format!("{prefix}.{key}"),
    };
    match tree {
        Json::Object(map) => {
            map.iter().for_each(|(key, value)| flattened(value, &name(key), out));
        }
        Json::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(at, value)| flattened(value, &name(&at.to_string()), out));
        }
        scalar => {
            out.insert(prefix.to_owned(), Json::String(display(scalar)));
        }
    }
}
