//! The program `kustomize`, for those who ask for it.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, Stdio};

use super::WorkdirError;

/// Builds `dir` with the `kustomize` on `PATH` and returns what it printed; what it says on
/// standard error goes there.
///
/// Only somebody who asked for it on the command line gets here: kustomize may fetch, and with
/// `--enable-helm` start programs, because a manifest says so.
///
/// # Errors
/// [`WorkdirError::NoKustomize`] if it cannot be started, [`WorkdirError::Kustomize`] if it fails.
pub fn kustomize_build(
    dir: &Path,
    flags: impl IntoIterator<Item = OsString>,
) -> Result<Vec<u8>, WorkdirError> {
    let output = Command::new("kustomize")
        .arg("build")
        .args(flags)
        .arg("--")
        .arg::<&OsStr>(dir.as_ref())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| WorkdirError::NoKustomize(error.to_string()))?;
    if !output.status.success() {
        return Err(WorkdirError::Kustomize(dir.to_path_buf()));
    }
    Ok(output.stdout)
}
