//! The file as serde reads it. Every key is optional here: what has to be there, and every type, was
//! checked with places before.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::freeze::FreezeKeys;
use super::health::HealthKeys;
use super::steps::StepKeys;
use crate::config::error::ConfigError;
use crate::model::Location;
use crate::yaml::{Node, SyntaxError, Tag, Value};

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct File {
    pub(super) version: Option<u32>,
    pub(super) environments: Option<Vec<Environment>>,
    pub(super) applications: Vec<Application>,
    pub(super) promotion: Promotion,
    pub(super) remote_bases: Vec<String>,
    pub(super) load_restrictor: LoadRestrictor,
    pub(super) kustomize: Option<String>,
    pub(super) previews: Previews,
    pub(super) deployments: bool,
    pub(super) pull_request: PullRequest,
    pub(super) gates: Gates,
    pub(super) notices: Vec<Notice>,
}

/// Who is told of what outside GitHub.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Notice {
    pub(super) to: String,
    pub(super) on: Option<Vec<String>>,
    pub(super) format: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum LoadRestrictor {
    #[default]
    RootOnly,
    None,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Previews {
    Comment,
    Check,
    #[default]
    Off,
}

/// What differs for some applications.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Application {
    pub(super) name: String,
    pub(super) promotion: Promotion,
    pub(super) pull_request: PullRequest,
    pub(super) gates: Gates,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Environment {
    pub(super) name: String,
    #[serde(deserialize_with = "one_or_several")]
    pub(super) path: Vec<String>,
    pub(super) trigger: Trigger,
    pub(super) from: Option<Vec<String>>,
    pub(super) promotion: Promotion,
    pub(super) pull_request: PullRequest,
    pub(super) gates: Gates,
    pub(super) health: Option<HealthKeys>,
    pub(super) freeze: Vec<FreezeKeys>,
    pub(super) steps: Vec<StepKeys>,
}

/// A text, or a list of them.
fn one_or_several<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrSeveral {
        One(String),
        Several(Vec<String>),
    }
    Ok(match OneOrSeveral::deserialize(from)? {
        OneOrSeveral::One(text) => vec![text],
        OneOrSeveral::Several(texts) => texts,
    })
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Trigger {
    #[default]
    Manual,
    Push,
    Healthy,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Promotion {
    pub(super) by: Option<By>,
    pub(super) since: Option<String>,
    pub(super) take: Option<Vec<Keep>>,
    pub(super) copy: Option<Vec<String>>,
    pub(super) exclude: Option<Vec<String>>,
    pub(super) keep: Option<Vec<Keep>>,
    pub(super) prune: Option<Prune>,
    pub(super) wire: Option<bool>,
    pub(super) fields: Option<Vec<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum By {
    Changes,
    Files,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Keep {
    pub(super) file: String,
    pub(super) fields: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Prune {
    #[default]
    Never,
    Removed,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct PullRequest {
    pub(super) branch: Option<String>,
    pub(super) title: Option<String>,
    pub(super) commit_message: Option<String>,
    pub(super) labels: Option<Vec<String>>,
    pub(super) reviewers: Option<Vec<String>>,
    pub(super) team_reviewers: Option<Vec<String>>,
    pub(super) assignees: Option<Vec<String>>,
    pub(super) draft: Option<bool>,
    pub(super) merge: Option<Merge>,
    pub(super) merge_method: Option<MergeMethod>,
    pub(super) checklist: Option<Vec<Item>>,
    pub(super) body_template: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Merge {
    Manual,
    Auto,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum MergeMethod {
    Merge,
    Squash,
    Rebase,
}

/// An item of the checklist: a text, or one that says what ticks it.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum Item {
    Text(String),
    #[serde(rename_all = "camelCase")]
    More {
        text: String,
        #[serde(default)]
        when: Option<When>,
    },
}

impl Item {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::More { text, .. } => text,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum When {
    Healthy,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Gates {
    pub(super) run: Option<Vec<String>>,
    pub(super) complete: Option<bool>,
    pub(super) severity: BTreeMap<String, Level>,
    pub(super) suppress: Vec<Suppression>,
    pub(super) schemas: Option<Vec<String>>,
    pub(super) policies: Option<Vec<String>>,
    pub(super) kubernetes: Option<String>,
    pub(super) block_pull_request: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Level {
    Error,
    Warning,
    Info,
    Off,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Suppression {
    pub(super) code: String,
    pub(super) resource: Option<String>,
    pub(super) reason: String,
    pub(super) expires: Option<String>,
}

/// Decodes a tree whose shape was checked. The tree is decoded and not the text, so that one reader
/// decides what is a text and what a number.
pub(super) fn decode(root: &Node, file: &Location) -> Result<File, ConfigError> {
    serde_yaml::from_value(value(root)).map_err(|error| ConfigError::Syntax {
        at: file.clone(),
        source: Box::new(SyntaxError { position: None, reason: error.to_string() }),
    })
}

fn value(node: &Node) -> serde_yaml::Value {
    match &node.value {
        Value::Scalar(scalar) => match scalar.tag {
            Tag::Null => serde_yaml::Value::Null,
            Tag::Bool => serde_yaml::Value::Bool(scalar.text.eq_ignore_ascii_case("true")),
            Tag::Int => scalar.text.parse::<i64>().map_or_else(
                |_| serde_yaml::Value::String(scalar.text.to_string()),
                |number| serde_yaml::Value::Number(number.into()),
            ),
            _ => serde_yaml::Value::String(scalar.text.to_string()),
        },
        Value::Sequence(items) => serde_yaml::Value::Sequence(items.iter().map(value).collect()),
        Value::Mapping(mapping) => serde_yaml::Value::Mapping(
            mapping
                .iter()
                .map(|pair| (pair.key.text.as_str().into(), value(&pair.value)))
                .collect(),
        ),
    }
}
