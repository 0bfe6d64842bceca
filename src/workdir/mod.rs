//! A local checkout: read on demand, written back, never outside its root.
//!
//! [`Checkout`] is the working tree and [`CommitTree`] one commit of it; both are
//! [`crate::model::Files`], so that a plan does not know which of the two it reads. [`Repository`]
//! asks git: by its program with a fixed set of arguments, so that no hook, filter or pager of
//! the user's runs and no name can turn into an option; or, where that is sure to give the same answer,
//! by reading git's files ([`git_files`]), since a start of git costs more than most plans.
//!
//! Which files there are is decided by git where there is git: what it ignores is not listed, so
//! that a plan of a clean working tree is the plan of its commit. A file that is ignored but named
//! by a kustomization is still read, because `kustomize build` reads it too.
#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "the home of the disk")]

mod apply;
mod bounds;
mod checkout;
mod commit;
mod commit_tree;
mod error;
mod git;
mod git_files;
mod history;
mod kustomize;
mod manifests;
mod met;
mod on_disk;
mod remote;
mod repository;
mod root;
mod schema_store;
#[cfg(unix)]
#[cfg(test)]
mod tests;
#[cfg(unix)]
#[cfg(test)]
mod tests_of_files;
mod way;

pub use apply::{apply, make_directory, read_bytes, read_input, write_output};
pub use checkout::Checkout;
pub use commit::{BranchCommit, BranchMove, NewCommit};
pub use commit_tree::{CommitTree, edits_between};
pub use error::WorkdirError;
pub use history::{FolderHistory, SharedHistory};
pub use kustomize::{KustomizeRun, kustomize_build, kustomize_build_of};
pub use manifests::{ManifestFile, read_manifests};
pub use remote::RemoteCache;
pub use repository::Repository;
pub use root::{build_root, plan_root, wider_root};
pub use schema_store::{
    read_remote_schema, read_schema_bundle, write_remote_schema, write_schema_bundle,
};
pub use way::Way;
