//! What a pull request does to each environment that it reaches, before it is merged.
//!
//! Before is the commit where it branched off, after is its head. Only what a changed file may reach is
//! built; environments that change alike are told together.

mod body;
mod charts;
mod compare;
mod look;
mod reach;
#[cfg(test)]
mod tests;
mod value;

pub use body::preview_body;
pub use compare::preview;
pub use value::{Preview, Previewed, Reached};
