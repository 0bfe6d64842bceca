//! `overlift action`: the GitHub Action's side of the program.
//!
//! What a pull request brings is looked at in a process that was never given a token: it is started anew with
//! the variables that it needs, and with no other. Plans are tried as the service's are, in a process that
//! has no variable at all.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};

use crate::action;
use crate::app::plan_in_sandbox;

/// The variables that a process without a token gets; what ends with `_` begins the names of several.
const KEPT: &[&str] = &[
    "PATH",
    "HOME",
    "TMPDIR",
    "LANG",
    "XDG_CACHE_HOME",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "https_proxy",
    "http_proxy",
    "no_proxy",
    "GITHUB_",
    "RUNNER_",
    "INPUT_",
    "OVERLIFT_",
];

/// Runs with the variables of this process. What went wrong is in the workflow's log already.
#[expect(clippy::disallowed_methods, reason = "inputs of an Action are variables")]
pub(super) fn run() -> ExitCode {
    let variable = |name: &str| std::env::var(name).ok();
    if let Ok(program) = std::env::current_exe() {
        let has_one = std::env::vars_os().any(|(name, _)| !is_kept(&name.to_string_lossy()));
        if has_one && action::needs_no_token(&variable) {
            return without_token(&program);
        }
        plan_in_sandbox(program);
    }
    if action::run(&variable) { ExitCode::SUCCESS } else { ExitCode::from(2) }
}

/// Starts the same again with what it needs.
#[expect(clippy::disallowed_methods, reason = "inputs of an Action are variables")]
fn without_token(program: &Path) -> ExitCode {
    let kept = std::env::vars_os().filter(|(name, _)| is_kept(&name.to_string_lossy()));
    let kept: Vec<(OsString, OsString)> = kept.collect();
    let status = Command::new(program).arg("action").env_clear().envs(kept).status();
    let code =
        status.ok().and_then(|status| status.code()).and_then(|code| u8::try_from(code).ok());
    ExitCode::from(code.unwrap_or(2))
}

fn is_kept(name: &str) -> bool {
    let is_meant = |kept: &&str| name == *kept || kept.ends_with('_') && name.starts_with(*kept);
    !name.to_ascii_uppercase().contains("TOKEN") && KEPT.iter().any(is_meant)
        || name == "OVERLIFT_DEFAULT_TOKEN"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_token_is_kept() {
        for name in ["PATH", "INPUT_CONFIG", "INPUT_FAIL-ON", "GITHUB_EVENT_PATH", "RUNNER_TEMP"] {
            assert!(is_kept(name), "{name}");
        }
        for name in [
            "INPUT_TOKEN",
            "GITHUB_TOKEN",
            "GH_TOKEN",
            "ACTIONS_RUNTIME_TOKEN",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            "AWS_SECRET_ACCESS_KEY",
            "SSH_AUTH_SOCK",
        ] {
            assert!(!is_kept(name), "{name}");
        }
    }
}
