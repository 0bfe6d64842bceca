//! A runner of GitHub Actions as one step sees it: its variables and files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Run, run};

/// The runner for one step.
pub struct Runner {
    temp: tempfile::TempDir,
    variables: BTreeMap<String, String>,
}

impl Runner {
    /// A runner for a workflow that somebody dispatched on the default branch of `repository`.
    pub fn new(repository: &str, api_url: &str, workspace: &Path) -> Self {
        let temp = tempfile::tempdir().unwrap();
        for name in ["output", "env", "summary"] {
            fs::write(temp.path().join(name), "").unwrap();
        }
        fs::create_dir(temp.path().join("temp")).unwrap();
        let file = |name: &str| temp.path().join(name).to_str().unwrap().to_owned();
        let variables = [
            ("GITHUB_ACTIONS", "true".to_owned()),
            ("GITHUB_API_URL", api_url.to_owned()),
            ("GITHUB_EVENT_NAME", "workflow_dispatch".to_owned()),
            ("GITHUB_ENV", file("env")),
            ("GITHUB_OUTPUT", file("output")),
            ("GITHUB_REF", "refs/heads/main".to_owned()),
            ("GITHUB_REPOSITORY", repository.to_owned()),
            ("GITHUB_STEP_SUMMARY", file("summary")),
            ("GITHUB_WORKSPACE", workspace.to_str().unwrap().to_owned()),
            ("RUNNER_ARCH", "X64".to_owned()),
            ("RUNNER_OS", "Linux".to_owned()),
            ("RUNNER_TEMP", file("temp")),
            ("RUNNER_TOOL_CACHE", file("tools")),
        ];
        let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value));
        Self { variables: variables.collect(), temp }
    }

    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Sets inputs as the runner does: `INPUT_` and the name in upper case.
    pub fn inputs(&mut self, inputs: &[(&str, &str)]) -> &mut Self {
        for (name, value) in inputs {
            self.set(&format!("INPUT_{}", name.to_uppercase()), value);
        }
        self
    }

    /// Writes the event's file.
    pub fn event(&mut self, name: &str, payload: &str) -> &mut Self {
        let file = self.path("event.json");
        fs::write(&file, payload).unwrap();
        self.set("GITHUB_EVENT_NAME", name).set("GITHUB_EVENT_PATH", file.to_str().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    /// Runs a program with the variables of the runner, and no credential of the developer's.
    pub fn run(&self, program: &Path, arguments: &[&str]) -> Run {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        self.run_command(&mut command)
    }

    /// Runs a command with the variables of the runner beside its own.
    pub fn run_command(&self, command: &mut Command) -> Run {
        command.current_dir(self.temp.path()).env("HOME", self.temp.path()).envs(&self.variables);
        run(command)
    }

    /// Runs `overlift action`.
    pub fn action(&self) -> Run {
        self.run(Path::new(env!("CARGO_BIN_EXE_overlift")), &["action"])
    }

    pub fn summary(&self) -> String {
        fs::read_to_string(self.path("summary")).unwrap()
    }

    /// The outputs, read as the runner reads them; the file is empty afterwards.
    pub fn outputs(&self) -> BTreeMap<String, String> {
        let text = fs::read_to_string(self.path("output")).unwrap();
        fs::write(self.path("output"), "").unwrap();
        parse_entries(&text)
    }
}

/// Reads `GITHUB_OUTPUT` as the runner does (actions/runner, FileCommandManager).
pub fn parse_entries(text: &str) -> BTreeMap<String, String> {
    let mut entries = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let at = line.find('=').map_or(usize::MAX, |at| at);
        if let Some(heredoc) = line.find("<<").filter(|heredoc| *heredoc < at) {
            let (name, delimiter) = (&line[..heredoc], &line[heredoc + 2..]);
            let value: Vec<&str> = lines.by_ref().take_while(|line| *line != delimiter).collect();
            entries.insert(name.to_owned(), value.join("\n"));
        } else if let Some((name, value)) = line.split_once('=') {
            entries.insert(name.to_owned(), value.to_owned());
        }
    }
    entries
}
