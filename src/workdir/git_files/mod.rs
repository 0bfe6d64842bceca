//! Git's own files, read without starting git, where they are of the plain kind.
//!
//! A start of git costs more than most plans have to compute. What stands here reads a repository as `git init` and
//! `git clone` make it: one `.git` directory that belongs to whoever runs us, with loose objects, packs and an index
//! of the usual versions. Whatever else there is (another work tree, a shallow or partial clone, alternates,
//! extensions, another hash) and whatever cannot be read is answered with `None`, and whoever asked asks git: nothing
//! here explains a fault, and nothing here is the only way to an answer.

mod clean;
mod commit;
mod delta;
mod index;
mod layout;
mod object;
mod pack;
mod reader;
mod tree;

pub(super) use clean::{Tracked, clean_files};
pub(super) use commit::Commit;
pub(super) use layout::GitFiles;
pub(super) use object::{Kind, ObjectId};
pub(super) use reader::ObjectReader;
pub(super) use tree::{Differing, differences};
