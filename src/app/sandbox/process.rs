//! The process of the sandbox, from outside.

use std::io::{self, BufReader, BufWriter, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::thread::JoinHandle;

use super::super::limit::{LimitMet, Memory};
use super::super::pipe::read_bytes_up_to;
use super::answer::Reply;

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
pub(in crate::app) fn has_sandbox() -> bool {
    PROGRAM.get().is_some()
}

/// A process that waits for files, or computes. It ends with this value.
pub(super) struct Process {
    child: Child,
    /// `None` once it is to get nothing more.
    input: Option<BufWriter<ChildStdin>>,
    output: BufReader<ChildStdout>,
    /// What its last messages told.
    told: Option<JoinHandle<Option<LimitMet>>>,
}

impl Process {
    /// `None` where nobody named a program.
    pub(super) fn start(memory: Memory) -> Option<Result<Self, LimitMet>> {
        Some(Self::of(PROGRAM.get()?, memory))
    }

    fn of(program: &Path, memory: Memory) -> Result<Self, LimitMet> {
        let started = Command::new(program)
            .args(arguments(memory))
            .env_clear()
            // Else the allocator takes 128 MiB before it needs any of it, where the system promises more memory
            // than there is, and all of that counts.
            .env("MIMALLOC_ARENA_EAGER_COMMIT", "0")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = started.map_err(|error| {
            tracing::error!(%error, "no process can be started for a plan");
            LimitMet::Killed
        })?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let (Some(input), Some(output), Some(errors)) = (input, output, child.stderr.take()) else {
            return Err(LimitMet::Killed);
        };
        let told = std::thread::spawn(|| {
            let mut text = String::new();
            let _ = errors.take(64 << 10).read_to_string(&mut text);
            text.lines().find_map(|line| LimitMet::told_by(line).flatten())
        });
        let (input, output) = (Some(BufWriter::new(input)), BufReader::new(output));
        Ok(Self { child, input, output, told: Some(told) })
    }

    /// Writes something to it, which it reads to the end, and reads what it answers.
    pub(super) fn exchange(
        &mut self,
        write: impl FnOnce(&mut BufWriter<ChildStdin>) -> io::Result<()>,
    ) -> Result<Reply, LimitMet> {
        // Who dies does not read on: then writing fails, and how it died tells why.
        let _ = self.input.as_mut().map(write);
        match read_bytes_up_to(LARGEST_ANSWER, &mut self.output) {
            Ok(Some(answer)) => Reply::read(&answer).ok_or_else(LimitMet::other_answer),
            Ok(None) => Err(self.cause_of_death()),
            Err(_) => Err(LimitMet::Memory),
        }
    }

    fn cause_of_death(&mut self) -> LimitMet {
        self.input = None;
        let Ok(status) = self.child.wait() else { return LimitMet::Killed };
        let told = self.told.take().and_then(|told| told.join().ok().flatten());
        LimitMet::of(status, told).unwrap_or_else(LimitMet::other_answer)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
