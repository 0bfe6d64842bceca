//! The runner: its variables, its files, its log.

use std::cell::Cell;
use std::fmt::Display;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::input::Lookup;
use super::output::{entry, fresh_delimiter};
use super::workflow_command::WorkflowCommand;
use super::{ActionError, summary};

/// The runner as one step sees it.
pub(super) struct Runner<'a> {
    variable: Lookup<'a>,
    /// How many bytes of the summary this process wrote.
    summarized: Cell<u64>,
}

impl<'a> Runner<'a> {
    pub(super) const fn new(variable: Lookup<'a>) -> Self {
        Self { variable, summarized: Cell::new(0) }
    }

    /// A variable that is set to something.
    pub(super) fn optional(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    /// A variable that the runner always sets.
    ///
    /// # Errors
    /// [`ActionError::NoVariable`] if it does not.
    pub(super) fn required(&self, name: &'static str) -> Result<String, ActionError> {
        self.optional(name).ok_or(ActionError::NoVariable(name))
    }

    /// The event's payload, if there is a file with one.
    pub(super) fn event(&self) -> Option<String> {
        read(Path::new(&self.optional("GITHUB_EVENT_PATH")?))
    }

    /// Writes a line to the log.
    pub(super) fn say(&self, line: impl Display) {
        // If the log is gone, nobody reads it.
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    }

    /// Hides a value wherever it would show in the log.
    pub(super) fn mask(&self, value: &str) {
        for line in value.lines().filter(|line| !line.is_empty()) {
            self.say(WorkflowCommand::new("add-mask", line));
        }
    }

    /// Writes text that others wrote, folded below a title. The runner obeys none of it: a manifest may
    /// hold lines that are commands.
    pub(super) fn group(&self, title: &str, text: &str) {
        let resume = fresh_delimiter();
        self.say(WorkflowCommand::new("group", title));
        self.say(WorkflowCommand::new("stop-commands", &resume));
        self.say(text.trim_end_matches('\n'));
        self.say(WorkflowCommand::new(&resume, ""));
        self.say(WorkflowCommand::new("endgroup", ""));
    }

    /// Sets an output of the step.
    ///
    /// # Errors
    /// [`ActionError::File`] if the runner's file cannot be written.
    pub(super) fn set_output(&self, name: &'static str, value: &str) -> Result<(), ActionError> {
        match self.optional("GITHUB_OUTPUT") {
            Some(file) => append(Path::new(&file), &entry(name, value, &fresh_delimiter())),
            None => {
                // What the toolkit does for runners of before 2022.
                let command = WorkflowCommand::new("set-output", value).with("name", name);
                self.say(format!("\n{command}"));
                Ok(())
            }
        }
    }

    /// Adds to the step's summary, as far as GitHub shows it.
    ///
    /// # Errors
    /// [`ActionError::File`] if the runner's file cannot be written.
    pub(super) fn summarize(&self, markdown: &str) -> Result<(), ActionError> {
        let Some(file) = self.optional("GITHUB_STEP_SUMMARY") else { return Ok(()) };
        let file = Path::new(&file);
        let there = size(file).unwrap_or(0).max(self.summarized.get());
        let text = summary::fit(markdown, there);
        append(file, &text)?;
        self.summarized.set(there + text.len() as u64);
        Ok(())
    }

    /// Writes a file that later steps of the job can read, and returns its path.
    ///
    /// # Errors
    /// [`ActionError`] if there is no place for it.
    pub(super) fn keep_file(
        &self,
        directory: &str,
        name: &str,
        content: &str,
    ) -> Result<PathBuf, ActionError> {
        let temp = PathBuf::from(self.required("RUNNER_TEMP")?).join(directory);
        let file = temp.join(name);
        write(&temp, &file, content)
            .map_err(|source| ActionError::File { file: file.clone(), source })?;
        Ok(file)
    }
}

#[expect(clippy::disallowed_methods, reason = "the runner's files are outside the checkout")]
fn read(file: &Path) -> Option<String> {
    std::fs::read_to_string(file).ok()
}

#[expect(clippy::disallowed_methods, reason = "the runner's files are outside the checkout")]
fn size(file: &Path) -> Option<u64> {
    std::fs::metadata(file).ok().map(|metadata| metadata.len())
}

#[expect(clippy::disallowed_types, reason = "the runner's files are outside the checkout")]
fn append(file: &Path, text: &str) -> Result<(), ActionError> {
    std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(file)
        .and_then(|mut open| open.write_all(text.as_bytes()))
        .map_err(|source| ActionError::File { file: file.to_path_buf(), source })
}

#[expect(clippy::disallowed_methods, reason = "the runner's files are outside the checkout")]
fn write(directory: &Path, file: &Path, content: &str) -> std::io::Result<()> {
    std::fs::create_dir_all(directory)?;
    std::fs::write(file, content)
}
