//! A build by our own engine, with the account of its files.

use std::sync::Arc;

use super::built::Build;
use super::error::BuildError;
use super::finish;
use super::load::Loader;
use super::options::BuildOptions;
use crate::model::{Files, RepoPath};

/// Builds the overlay in `dir`, whatever engine the options name.
///
/// # Errors
/// As [`build`](super::build).
pub(super) fn build(
    files: &dyn Files,
    dir: &RepoPath,
    options: &BuildOptions,
) -> Result<Build, BuildError> {
    let loader = Loader::new(options);
    let result = finish::build(&loader, files, dir, options);
    let mut account = loader.into_account();
    // Bases are read by several threads, and one may be read twice.
    account.absent.sort_by(|a, b| (&a.at, &a.path).cmp(&(&b.at, &b.path)));
    account.absent.dedup();
    // What could not be read explains whatever else went wrong.
    if !account.unknown.is_empty() {
        return Err(BuildError::Unknown(account.unknown));
    }
    result.map(|build| Build {
        inputs: account.inputs,
        bytes_read: account.bytes,
        secrets: Arc::new(account.secrets),
        texts: Arc::new(account.texts),
        absent: account.absent,
        ..build
    })
}
