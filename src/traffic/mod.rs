//! Traffic moved step by step: which weights a route has, which step is next, and where a weight is written.
//!
//! `rollout` is what the configuration asks for, `split` how a built VirtualService shares its traffic out,
//! `share` the arithmetic of one route, `next` which step is due and `owner` who else moves these weights.
//! `shift` makes the edits of a step: `place` finds where an environment's own files write the routes,
//! `rewrite` changes one such place, `pointer` a JSON patch and `annotation` what repeats a weight.
//! Whatever an edit was meant to do, it counts only if the environment, built again, shares its traffic out as
//! it should and is otherwise what it was.

mod annotation;
mod error;
mod next;
mod owner;
mod place;
mod pointer;
mod rewrite;
mod rollout;
mod share;
mod shift;
mod split;
mod task;
#[cfg(test)]
mod tests;

pub use error::ShiftError;
pub use next::{Done, Next, next_step, standing_step};
pub use rollout::{Aim, InvalidRollout, Rollout, VirtualServiceName, Way};
pub use shift::shift;
pub use split::share_of;
