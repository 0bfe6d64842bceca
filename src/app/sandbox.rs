//! The sandbox: what a repository holds is rendered and judged in a process of its own, and never in the one that
//! holds the credentials and the queue.
//!
//! The process is our own program with fixed arguments, an empty environment and no credential, within the limits
//! of [`super::limit`] and the fence of [`super::fence`]. It gets a [`Question`] and the files that are here on its
//! standard input, says which it lacks, and answers on its standard output with a value: a plan, the text of a
//! preview. Where nobody named a program for it, the same answers are made in this process: the command is itself
//! within limits, and tests have nothing to protect.

mod answer;
mod answering;
mod past;
mod places;
mod question;

use std::io::{self, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};

use super::limit::{LimitMet, Memory};
use crate::model::FileTree;

pub(super) use answer::{Answer, PreviewAnswer, Reply};
pub use answering::answer_questions;
pub(super) use places::Sandbox;
pub(super) use question::{PlanQuestion, Question};

/// The program that is started.
static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// An answer is a plan at most, with what it changes three times over.
const LARGEST_ANSWER: u64 = 256 << 20;

/// What the program is started with.
const fn arguments(memory: Memory) -> &'static [&'static str] {
    match memory {
        Memory::Usual => &["sandbox"],
        Memory::Most => &["sandbox", "--large"],
    }
}

/// Names the program that plans for the service. The first name counts.
pub fn plan_in_sandbox(program: PathBuf) {
    let _ = PROGRAM.set(program);
}

/// Whether there is a program for it.
pub(super) fn has_sandbox() -> bool {
    PROGRAM.get().is_some()
}

impl Question {
    /// Has this answered by the files that are here. Waits, on a thread that may.
    pub(super) fn ask(&self, files: &FileTree, memory: Memory) -> Result<Reply, LimitMet> {
        let Some(program) = PROGRAM.get() else { return Ok(self.answer(files)) };
        let started = Command::new(program)
            .args(arguments(memory))
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        match started {
            Ok(child) => self.follow(child, files),
            Err(error) => {
                tracing::error!(%error, "no process can be started for a plan");
                Err(LimitMet::Killed)
            }
        }
    }

    fn follow(&self, mut child: Child, files: &FileTree) -> Result<Reply, LimitMet> {
        let (input, errors) = (child.stdin.take(), child.stderr.take());
        let (answer, told) = std::thread::scope(|scope| {
            // Who dies does not read on: then writing fails, and the rest tells why.
            scope.spawn(|| input.map(|input| self.write(files, io::BufWriter::new(input))));
            let told = scope.spawn(|| {
                let mut text = String::new();
                let _ = errors.map(|errors| errors.take(64 << 10).read_to_string(&mut text));
                text.lines().find_map(|line| LimitMet::told_by(line).flatten())
            });
            let mut answer = Vec::new();
            let output = child.stdout.take();
            let _ = output.map(|output| output.take(LARGEST_ANSWER + 1).read_to_end(&mut answer));
            (answer, told.join().ok().flatten())
        });
        let is_too_large = answer.len() as u64 > LARGEST_ANSWER;
        let status = child.wait().map_err(|_| LimitMet::Killed)?;
        if is_too_large {
            return Err(LimitMet::Memory);
        }
        match LimitMet::of(status, told) {
            Some(met) => Err(met),
            None => Reply::read(&answer).ok_or_else(LimitMet::other_answer),
        }
    }

    /// Has this answered on a thread that may wait.
    pub(super) async fn ask_aside(
        self: Arc<Self>,
        files: Arc<FileTree>,
        memory: Memory,
    ) -> Result<Reply, LimitMet> {
        let asked = tokio::task::spawn_blocking(move || self.ask(&files, memory)).await;
        asked.unwrap_or(Err(LimitMet::Killed))
    }
}
