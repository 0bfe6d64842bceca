//! What the time after a merge asks for: telling how the target is, and undoing what broke it.

use super::evidence::State;
use super::health::{Health, UndoBy};
use super::judgement::Judgement;
use super::moment::Millis;

/// What is to be done about a merged promotion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aftermath {
    /// How the target is, to be told.
    pub state: State,
    /// Whether it is to be undone, and how.
    pub undo: Option<UndoBy>,
    /// When time alone changes something next.
    pub next: Option<Millis>,
}

/// Decides. Evidence on a commit before the merge is not among what is judged, since the target then built
/// from other files.
#[must_use]
pub fn aftermath(health: &Health, target: &Judgement, merged_at: Millis, now: Millis) -> Aftermath {
    let ends = merged_at.saturating_add(health.within.ms());
    let in_time = now <= ends;
    let undo = health.undo.filter(|_| target.state == State::Degraded && in_time);
    let soaked = match (target.since, health.soak) {
        (Some(since), Some(soak)) => Some(since.saturating_add(soak.ms())).filter(|at| *at > now),
        _ => None,
    };
    Aftermath { state: target.state, undo, next: soaked }
}
