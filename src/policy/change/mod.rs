//! What the rules over before and after look at: one changed resource ([`Changed`]) or all of them
//! ([`Changes`]), values of Secrets masked; and the words in which they say what they found.

mod changed;
mod charts;
mod field;
mod leaf;
mod moved;
mod words;

pub use changed::{Changed, Changes, OwnValue};
pub(super) use charts::{FILE as VALUES_FILE, has_values, read_values};
pub(super) use field::{at, items, new_ones, text, texts};
pub(super) use leaf::{
    Leaves, is_switched_off, is_switched_on, last_key, leaves, push_key, setting,
};
pub(super) use moved::moves;
pub use words::Words;
pub(super) use words::{all_become, becomes, listed, shown, words};
