//! What a repository holds is tried in a process of its own before the service touches it.
//!
//! The process is our own program with fixed arguments, an empty environment and no credential, within the
//! limits of [`super::limit`]; it gets the files that are here on its standard input, and says which it lacks.
//! A plan is a pure function of its files: what ends there within the limits ends here too, and what dies
//! there never begins here. That the plan is made twice is the price (some milliseconds); nothing but a few
//! words has to cross between the two.

mod past;
mod perform;
mod task;

use std::io::{self, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use super::lacking::Lacking;
use super::limit::{LimitMet, Memory};
use crate::model::FileTree;

pub use perform::answer_trial;
pub(super) use task::{PlanTrial, Trial};

/// The program that is started; nothing is tried where nobody named one (the command is itself within limits).
static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// What it is started with.
const fn arguments(memory: Memory) -> &'static [&'static str] {
    match memory {
        Memory::Usual => &["trial"],
        Memory::Most => &["trial", "--large"],
    }
}

/// Names the program that tries what the service plans. The first name counts.
pub fn try_plans_with(program: PathBuf) {
    let _ = PROGRAM.set(program);
}

/// Whether anything is tried before it is planned.
pub(super) fn plans_are_tried() -> bool {
    PROGRAM.get().is_some()
}

/// How a trial ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tried {
    /// Well, or in an error like any other.
    Ended,
    /// For want of these files, and these contents of the past.
    Lacks(Lacking),
    /// It met a limit.
    Met(LimitMet),
}

impl Trial {
    /// Tries with the files that are here. Waits, on a thread that may.
    pub(super) fn run(&self, files: &FileTree, memory: Memory) -> Tried {
        let Some(program) = PROGRAM.get() else { return Tried::Ended };
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
                Tried::Met(LimitMet::Killed)
            }
        }
    }

    fn follow(&self, mut child: Child, files: &FileTree) -> Tried {
        let (input, errors) = (child.stdin.take(), child.stderr.take());
        let (answer, told) = std::thread::scope(|scope| {
            // Who dies does not read on: then writing fails, and the rest tells why.
            scope.spawn(|| input.map(|input| self.write(files, io::BufWriter::new(input))));
            let told = scope.spawn(|| {
                let mut text = String::new();
                let _ = errors.map(|errors| errors.take(64 << 10).read_to_string(&mut text));
                text.lines().find_map(|line| LimitMet::told_by(line).flatten())
            });
            let mut answer = String::new();
            let output = child.stdout.take();
            let _ = output.map(|output| output.take(64 << 20).read_to_string(&mut answer));
            (answer, told.join().ok().flatten())
        });
        let Ok(status) = child.wait() else { return Tried::Met(LimitMet::Killed) };
        if let Some(met) = LimitMet::of(status, told) {
            return Tried::Met(met);
        }
        match answer.strip_prefix("lacks\n").map(Lacking::read) {
            Some(lacking) if !lacking.is_empty() => Tried::Lacks(lacking),
            _ => Tried::Ended,
        }
    }
}
