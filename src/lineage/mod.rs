//! What the history of values says about two environments: which differences are changes that the
//! target has not got yet, and which belong to it.
//!
//! The rule is one sentence: *a target that is behind has a value that the source had before; a
//! value of its own was never the source's.* Everything here is decided from values: files as they
//! are, files as they were at each commit, names. Who reads a history is elsewhere.
//!
//! - What there is: `history` is what is known of the past, `value` and `content` are files as trees, `encoded` what
//!   Secrets hold in base64, `versions` a file's past as trees, `names` those of the environments, `domains` whose
//!   last word is none, `named` what kustomizations name, `cloud` which objects of a
//!   cloud a text names.
//! - Which is which: `pairing` for the items of lists by what they name, `likeness` by what is in them, `past` for what they were, `file_names` for files under each
//!   environment's name, `moved` and `moves` for those in another place, `series` for those that are nobody's own by their
//!   names.
//! - What comes: `walk` goes through a file on both sides at once, `grounds` is on what it decides, `verdict` the
//!   rule for one value, `coupling` and `together` keep what says one thing in several fields from being torn.
//! - In which words: `counterparts` and `wording` say what is new in the target's names, `translation` puts them in,
//!   `world` and `definitions` tell whether there is such a name, `reserved` what a comment keeps from an environment.
//! - What becomes of it: `splice` carries decisions out in the target's text, `told` has the words for them, `file`
//!   decides for one file, and `compare` puts it together for two folders.
//! - Of commits: `value_change` says what one changed beside what the source had, `claim` whether it is the promotion that
//!   it says it is, `settle` which was the last one; `take_back` undoes one change of a file.

mod claim;
mod cloud;
mod compare;
mod content;
mod counterparts;
mod coupling;
mod decision;
mod definitions;
mod difference;
mod domains;
mod elsewhere;
mod encoded;
mod entries;
mod families;
mod file;
mod file_names;
mod grounds;
mod held;
mod history;
mod likeness;
mod lines;
mod moved;
mod moves;
mod named;
mod names;
mod opened;
mod pairing;
mod past;
mod request;
mod reserved;
mod series;
mod settle;
mod sides;
mod splice;
mod take_back;
mod three_way;
mod together;
mod told;
mod translation;
mod value;
mod value_change;
mod verdict;
mod versions;
mod walk;
mod way;
mod within;
mod wording;
mod world;

pub use claim::{Brought, bears_out};
pub use compare::{Comparison, compare};
pub use decision::Choice;
pub use difference::{Because, Difference, Then};
pub use domains::shared_domains;
pub use history::{History, ReadVersions};
pub use names::Names;
pub use request::{Folders, Request};
pub use settle::{Point, last_by_hand};
pub use take_back::take_back;
pub use verdict::Trial;
