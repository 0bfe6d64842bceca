//! After the pull request is opened: from evidence to holds, and from holds to a merge.
//!
//! Everything here is a function from values to a value: what sources said of an environment, what
//! the configuration wants of it, what the calendar forbids, and what time it is come in; a
//! judgement, a list of holds and a decision come out. Who asks GitHub or Prometheus, who stores
//! what was heard and who merges is elsewhere.
//!
//! `moment` and `freeze` are time, `health` is what the configuration asks for of each `source`, `evidence` what was
//! heard and `judgement` what follows from it; `hold` puts it together for one promotion, `merge`
//! says whether it may be merged now, and `aftermath` what the time after the merge asks for.

mod aftermath;
mod evidence;
mod expectation;
mod freeze;
mod health;
mod hold;
mod judgement;
mod merge;
mod moment;
mod source;
#[cfg(test)]
mod tests;

pub use aftermath::{Aftermath, aftermath};
pub use evidence::{Known, State, Word};
pub use expectation::Expectation;
pub use freeze::{Freeze, InvalidFreeze};
pub use health::{Health, UndoBy};
pub use hold::{Circumstances, Conclusion, Hold, Holds, Item, Release, holds};
pub use judgement::{Judgement, Voice, judge};
pub use merge::{Merge, MergeDecision, MergeMethod, MergeSituation, may_merge};
pub use moment::{InvalidSpan, Span, written};
pub use source::{HealthSource, NameGlob, Query, Source, SourceKind};
