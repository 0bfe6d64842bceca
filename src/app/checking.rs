//! What plans are checked by in this process: the repository's gates, what was fetched for them, the day.

use super::clock::Clock;
use crate::policy::{Day, Fetched, Gates};
use crate::promotion::Checks;

/// Owns what [`Checks`] borrows.
#[derive(Clone, Debug)]
pub(super) struct Checking {
    gates: Gates,
    fetched: Fetched,
    today: Day,
}

impl Checking {
    /// Nothing is checked: the plan is only compared with what is there.
    pub(super) fn nothing() -> Self {
        Self { gates: Gates::none(), fetched: Fetched::default(), today: Day::MIN }
    }

    /// What a repository wants, with what was fetched for it.
    pub(super) fn new(gates: &Gates, fetched: Fetched, clock: &Clock) -> Self {
        Self { gates: gates.clone(), fetched, today: clock.today() }
    }

    /// For a plan's request.
    pub(super) const fn checks(&self) -> Checks<'_> {
        Checks { gates: &self.gates, fetched: &self.fetched, today: self.today }
    }
}
