//! What somebody asks of a list, and how much of it they get.

use super::super::sign_in::Sight;
use crate::store::Wanted;

/// So many promotions or repositories are on a page where nobody asks for fewer.
pub const PAGE: i64 = 50;
/// So many at most.
pub const LARGEST_PAGE: i64 = 200;

/// What somebody asks for. An empty text asks for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// A repository.
    pub repository: String,
    /// An application.
    pub application: String,
    /// A target environment.
    pub environment: String,
    /// `open`, `merged` or `closed`.
    pub state: String,
    /// What whoever asks may see.
    pub sight: Sight,
    /// A part of any of the names.
    pub search: String,
    /// Where the page before ended.
    pub cursor: String,
    /// So many, at most [`LARGEST_PAGE`].
    pub limit: i64,
}

/// A part of a list, and where the next part begins.
#[derive(Clone, Debug)]
pub struct Part<T> {
    /// The items.
    pub items: Vec<T>,
    /// The cursor of the next part, if there is one.
    pub next: Option<String>,
}

/// How many items are asked for.
pub(super) fn limit(asked: &Question) -> i64 {
    if asked.limit == 0 { PAGE } else { asked.limit.clamp(1, LARGEST_PAGE) }
}

/// The same as the store asks it.
pub(super) fn wanted(asked: &Question) -> Wanted<'_> {
    Wanted {
        repository: &asked.repository,
        application: &asked.application,
        target: &asked.environment,
        state: &asked.state,
        search: &asked.search,
        session: asked.sight.session(),
        ..Wanted::default()
    }
}

/// Cuts a list that has one item more than was asked for, and returns the last of those that stay.
pub(super) fn cut<T>(list: &mut Vec<T>, limit: i64) -> Option<&T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if list.len() <= limit {
        return None;
    }
    list.truncate(limit);
    list.last()
}
