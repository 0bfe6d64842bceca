//! What pages say of environments, written down where it is found: how one is, and what one lacks.
//!
//! Pages ask nobody and compute nothing: what the last judgement and the last plan said stands here.

use serde::{Deserialize, Serialize};

use crate::clearance::{Judgement, Voice};
use crate::lineage::Then;
use crate::promotion::{Plan, summary};
use crate::store::{EnvironmentKey, EnvironmentNote, Millis, StoreError};

use super::App;
use super::shortened::{MOST_CHARS, cut};

/// The subject of how an environment is.
const HEALTH: &str = "health";
/// How the subjects of what it lacks begin; the source's name follows.
const LACKS: &str = "lacks ";

/// So many differences and voices are kept.
const MOST: usize = 100;

/// How an environment is, as it was judged last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthNote {
    /// `healthy`, `not yet`, `degraded` or `unknown`.
    pub state: String,
    /// Since when it is healthy.
    pub since: Option<Millis>,
    /// What its sources say.
    pub voices: Vec<VoiceNote>,
}

/// What one source says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoiceNote {
    /// Its name.
    pub name: String,
    /// What it says.
    pub state: String,
    /// More about it.
    pub message: String,
    /// Where to read more.
    pub url: Option<String>,
    /// When it said so.
    pub at: Option<Millis>,
}

/// What an environment lacks of a source, as the last plan of the two said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LacksNote {
    /// The source.
    #[serde(default)]
    pub source: String,
    /// The commit that was looked at.
    pub commit: Option<String>,
    /// How many files would change.
    pub files: usize,
    /// What would change, in a sentence.
    pub summary: String,
    /// What stays different, and why.
    pub stays: Vec<StaysNote>,
    /// How many more of these there are.
    pub more: usize,
}

/// A difference that stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaysNote {
    /// The target's file.
    pub path: String,
    /// The field; empty for the whole file.
    pub field: String,
    /// The source's value, masked as everywhere.
    pub source: Option<String>,
    /// The target's.
    pub target: Option<String>,
    /// Why it stays.
    pub because: String,
}

/// What was noted of one environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvironmentNotes {
    /// How it is; `None` where nothing says so.
    pub health: Option<(HealthNote, Millis)>,
    /// What it lacks of each source that a plan was made from.
    pub lacks: Vec<(LacksNote, Millis)>,
}

impl EnvironmentNotes {
    /// Takes a note in; one that a newer version wrote is passed over.
    pub(super) fn take(&mut self, note: &EnvironmentNote) {
        if note.subject == HEALTH {
            let health = serde_json::from_str(&note.content).ok();
            self.health = health.map(|health| (health, note.updated_at));
        } else if let Some(source) = note.subject.strip_prefix(LACKS) {
            let lacks = serde_json::from_str(&note.content).ok();
            let named = |it: LacksNote| LacksNote { source: source.to_owned(), ..it };
            self.lacks.extend(lacks.map(|it| (named(it), note.updated_at)));
        }
    }
}

impl App {
    /// Notes how an environment is.
    pub(super) async fn note_judgement(
        &self,
        key: &EnvironmentKey,
        judgement: &Judgement,
    ) -> Result<(), StoreError> {
        let voice = |voice: &Voice| VoiceNote {
            name: voice.name.clone(),
            state: voice.state.as_str().to_owned(),
            message: voice.message.clone(),
            url: voice.url.clone(),
            at: voice.at,
        };
        let note = HealthNote {
            state: judgement.state.as_str().to_owned(),
            since: judgement.since,
            voices: judgement.voices.iter().take(MOST).map(voice).collect(),
        };
        self.note(key.clone(), HEALTH.to_owned(), &note).await
    }

    /// Notes what a plan's target lacks of its source.
    pub(super) async fn note_plan(&self, repository: &str, plan: &Plan) -> Result<(), StoreError> {
        let key = plan.key();
        let stays: Vec<_> = plan.differences.iter().filter(|it| it.then == Then::Stays).collect();
        let short = |text: &Option<String>| text.as_ref().map(|text| cut(text, MOST_CHARS));
        let told = stays.iter().take(MOST).map(|it| StaysNote {
            path: it.path.to_string(),
            field: it.field.clone(),
            source: short(&it.source),
            target: short(&it.target),
            because: it.because.words(plan.target.name.as_str()),
        });
        let note = LacksNote {
            source: String::new(),
            commit: plan.commit.as_ref().map(ToString::to_string),
            files: plan.edits.len(),
            summary: summary(plan),
            stays: told.collect(),
            more: stays.len().saturating_sub(MOST),
        };
        let of = EnvironmentKey {
            repository: repository.to_owned(),
            application: key.application().to_owned(),
            environment: key.target.as_str().to_owned(),
        };
        self.note(of, format!("{LACKS}{}", key.source), &note).await
    }

    async fn note(
        &self,
        key: EnvironmentKey,
        subject: String,
        note: &(impl Serialize + Sync),
    ) -> Result<(), StoreError> {
        let content = serde_json::to_string(note).expect("plain fields can always be written");
        let note = EnvironmentNote { key, subject, content, updated_at: self.clock.now() };
        self.store.note_of_environment(&note).await
    }
}
