//! A notice, before it has the form that its receiver wants.

use crate::model::NoticeEvent;

/// A notice. It names things and counts them; no value of a manifest is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The same however often it is sent.
    pub id: String,
    /// What happened.
    pub event: NoticeEvent,
    /// Where: `owner/name`.
    pub repository: String,
    /// The application, in a repository that has some.
    pub application: Option<String>,
    /// The source environment; `None` where no promotion is meant but the whole configuration.
    pub source: Option<String>,
    /// The target environment.
    pub target: Option<String>,
    /// The pull request.
    pub number: Option<u64>,
    /// Its page.
    pub url: Option<String>,
    /// What happened, in a sentence.
    pub summary: String,
    /// How often it was tried to send it, this time included.
    pub attempt: u32,
}
