//! The program `git`, started with a fixed set of safe arguments.

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::WorkdirError;

/// No hook, monitor, pager, signature program or replaced object; names are names, not patterns.
const SAFE: &[&str] = &[
    "--no-pager",
    "--no-replace-objects",
    "--literal-pathspecs",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "log.showSignature=false",
    "-c",
    "i18n.commitEncoding=UTF-8",
    "-c",
    "i18n.logOutputEncoding=UTF-8",
];

/// What a surrounding git (a hook, an alias) may have set, and would lead us to other files.
const FOREIGN: &[&str] = &[
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_PREFIX",
    "GIT_EXTERNAL_DIFF",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
];

/// How often the end of a call that may take long is looked for.
const TICK: Duration = Duration::from_millis(5);

/// One call of git.
pub(super) struct Git {
    command: Command,
    what: &'static str,
}

impl Git {
    /// A call in `dir`; `what` completes "git could not …".
    pub(super) fn new(dir: &Path, what: &'static str, arguments: &[&str]) -> Self {
        let mut command = Command::new("git");
        command.arg("-C").arg(dir).args(SAFE).args(arguments);
        for name in FOREIGN {
            command.env_remove(name);
        }
        // The Action's input is for nobody else.
        command.env_remove("INPUT_TOKEN");
        // Transports that start programs of their own (`ext::`) stay out, whatever a URL says.
        command.env("GIT_ALLOW_PROTOCOL", "https:ssh:file");
        // A server that sends next to nothing for a minute is given up.
        command.env("GIT_HTTP_LOW_SPEED_LIMIT", "1000").env("GIT_HTTP_LOW_SPEED_TIME", "60");
        command.env("GIT_TERMINAL_PROMPT", "0").env("GIT_OPTIONAL_LOCKS", "0").env("LC_ALL", "C");
        Self { command, what }
    }

    /// The same call with another index than the repository's.
    pub(super) fn with_index(mut self, index: &Path) -> Self {
        self.command.env("GIT_INDEX_FILE", index);
        self
    }

    /// Runs it to its end and returns what it wrote.
    pub(super) fn run(self) -> Result<Vec<u8>, WorkdirError> {
        self.run_with(b"")
    }

    /// Runs it to its end, if that comes in time; else it is stopped.
    pub(super) fn run_within(self, patience: Duration) -> Result<Vec<u8>, WorkdirError> {
        let what = self.what;
        let mut running = self.run_ahead()?;
        let until = patience.as_millis() / TICK.as_millis();
        for _ in 0..until {
            match running.child.try_wait() {
                Ok(None) => std::thread::sleep(TICK),
                // What is wrong with it shows when it is waited for.
                Ok(Some(_)) | Err(_) => return running.finish(),
            }
        }
        let _ = running.child.kill();
        let _ = running.child.wait();
        let said = format!("it was stopped after {} s", patience.as_secs());
        Err(WorkdirError::Git { what, said })
    }

    /// Runs it with `input` on its standard input, all of which it reads before it writes much.
    pub(super) fn run_with(self, input: &[u8]) -> Result<Vec<u8>, WorkdirError> {
        let what = self.what;
        let mut child = self.spawn(Stdio::piped())?;
        let mut stdin = child.stdin.take().expect("standard input is piped");
        // A git that stopped reading says why on standard error; that is the fault to report.
        let _ = stdin.write_all(input);
        drop(stdin);
        Running { child, what }.finish()
    }

    /// Starts it and lets it work; [`Running::finish`] has what it wrote.
    pub(super) fn run_ahead(self) -> Result<Running, WorkdirError> {
        let what = self.what;
        let mut child = self.spawn(Stdio::piped())?;
        drop(child.stdin.take());
        Ok(Running { child, what })
    }

    /// Starts it for a conversation; what it says on standard error is lost.
    pub(super) fn start(self) -> Result<Child, WorkdirError> {
        self.spawn(Stdio::null())
    }

    fn spawn(mut self, stderr: Stdio) -> Result<Child, WorkdirError> {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr);
        self.command.spawn().map_err(|error| WorkdirError::NoGit(error.to_string()))
    }
}

/// A call of git that is under way.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    what: &'static str,
}

impl Running {
    /// Waits for its end and returns what it wrote.
    pub(super) fn finish(self) -> Result<Vec<u8>, WorkdirError> {
        let output = self.child.wait_with_output();
        let output = output.map_err(|error| WorkdirError::NoGit(error.to_string()))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        Err(WorkdirError::Git { what: self.what, said: first_words(&output.stderr) })
    }
}

/// One line of what git said, bounded and without control characters.
fn first_words(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let line = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("no reason given");
    let line = line.trim_start_matches("fatal: ").trim_start_matches("error: ");
    line.chars().filter(|c| !c.is_control()).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_does_not_end_is_stopped() {
        // It waits for what nobody writes.
        let directory = tempfile::tempdir().unwrap();
        let fifo = directory.path().join("f");
        assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let call = Git::new(directory.path(), "read it", &["hash-object", "f"]);
        let error = call.run_within(TICK * 10).unwrap_err();
        assert!(error.to_string().contains("it was stopped after"), "{error}");
        let call = Git::new(directory.path(), "tell it", &["--version"]);
        assert!(call.run_within(TICK * 2000).unwrap().starts_with(b"git version"));
    }

    #[test]
    fn reports_one_clean_line() {
        assert_eq!(
            first_words(b"\nfatal: not a\x1b[31m repository\nhint: x"),
            "not a[31m repository"
        );
        assert_eq!(first_words(b""), "no reason given");
    }
}
