//! The limits of a process that renders and judges what a repository holds, and how it died of one.
//!
//! `cli` puts its own commands within them, [`super::sandbox`] what the service plans.

#[cfg(unix)]
mod unix;

use std::io::Write as _;
use std::panic::PanicHookInfo;
use std::process::ExitStatus;

/// What a process may hold of its own; the program and files that are mapped come on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// What is enough for most plans.
    Usual,
    /// All that a plan may hold.
    Most,
}

impl Memory {
    const fn bytes(self) -> u64 {
        match self {
            Self::Usual => 128 << 20,
            Self::Most => 448 << 20,
        }
    }
}

/// The exit code of a Rust program that panicked.
const PANICKED: i32 = 101;
/// Begins the line that tells the waiting process of a panic.
const FAULT: &str = "\u{1}fault ";

/// Lowers the limits of this process. A system that knows one of them not goes without it, and Windows, which
/// knows none, without all.
#[cfg_attr(not(unix), expect(unused_variables, reason = "there is nothing to limit it with"))]
pub fn lower_limits(memory: Memory) {
    #[cfg(unix)]
    unix::lower(memory.bytes());
    std::panic::set_hook(Box::new(tell_panic));
}

/// Ends this process, with the limits lowered, once it has worked for too long. It begins a thread.
pub fn watch_time() {
    #[cfg(unix)]
    unix::watch_time();
}

/// Works on a thread of its own while this one watches, as [`watch_time`] does, that it does not take too long.
///
/// Memory that a process had before it split in two is copied page by page as it is written, and a new thread fills
/// memory of its own.
#[cfg(unix)]
pub fn watched<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    unix::watched(work)
}

/// One line with the place: the message of a panic may hold what the repository holds.
fn tell_panic(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or_default();
    // A thread that cannot be begun has no room for its stack.
    let is_memory = ["allocat", "capacity overflow", "failed to spawn thread"]
        .iter()
        .any(|words| message.contains(words));
    // In one write, that nothing of another thread's gets between; without memory, if there is none.
    let mut line = [0; 256];
    let mut rest = &mut line[..];
    let _ = match panic.location() {
        _ if is_memory => writeln!(rest, "{FAULT}memory"),
        Some(place) => writeln!(rest, "{FAULT}{place}"),
        None => writeln!(rest, "{FAULT}an unknown place"),
    };
    let unused = rest.len();
    let _ = std::io::stderr().write_all(&line[..line.len() - unused]);
}

/// Why a process within limits died.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LimitMet {
    /// It wanted more memory.
    Memory,
    /// It would have gone on.
    Time,
    /// It went too deep.
    Depth,
    /// A fault of ours, at this place of the program.
    Fault(String),
    /// Something outside ended it.
    Killed,
}

impl LimitMet {
    /// What a line of its messages tells: `None` for a line for people, `Some(None)` for one of the runtime's
    /// that tells nothing more.
    #[must_use]
    pub fn told_by(line: &str) -> Option<Option<Self>> {
        // Two threads that die at once write into each other's lines.
        let is_last_word = line.starts_with("memory allocation of ") && line.contains(" failed");
        if is_last_word || line.contains(FAULT) && line.contains("memory allocation of ") {
            return Some(Some(Self::Memory));
        }
        if let Some((_, place)) = line.split_once(FAULT) {
            return Some(Some(match place {
                "memory" => Self::Memory,
                place => Self::Fault(place.to_owned()),
            }));
        }
        if line.contains("has overflowed its stack") {
            return Some(Some(Self::Depth));
        }
        let is_runtimes = ["mimalloc: ", "fatal runtime error: ", "note: run with `RUST_BACKTRACE"]
            .iter()
            .any(|begin| line.starts_with(begin));
        is_runtimes.then_some(None)
    }

    /// Why a process ended like this died, by what its messages told; `None` if it ended by itself.
    #[must_use]
    pub fn of(status: ExitStatus, told: Option<Self>) -> Option<Self> {
        match status.code() {
            Some(code) if code != PANICKED => None,
            #[cfg(unix)]
            _ => Some(told.unwrap_or_else(|| met_by_signal(status))),
            #[cfg(not(unix))]
            _ => Some(told.unwrap_or(Self::Killed)),
        }
    }

    /// It said something else than what it was asked.
    pub(super) fn other_answer() -> Self {
        Self::Fault("the sandbox's answer".to_owned())
    }

    /// The reason in a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Memory => {
                "this was stopped: it needs more than the 512 MiB of memory that a plan may hold"
                    .to_owned()
            }
            Self::Time => "this was stopped: a plan that takes longer than 60 s".to_owned(),
            Self::Depth => {
                "this was stopped: something in these files is nested or calls itself deeper than a plan \
                 can follow"
                    .to_owned()
            }
            Self::Fault(place) => format!("this is a fault of Overlift's own, at `{place}`"),
            Self::Killed => "this was ended from outside".to_owned(),
        }
    }

    /// What to do.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Memory | Self::Time | Self::Depth => {
                "look for what makes itself grow: bases that are taken many times, copies of copies, loops in \
                 policies and schemas"
            }
            Self::Fault(_) => "please report it, with what the repository holds if you can",
            Self::Killed => "start it again",
        }
    }
}

/// Which limit the signal tells by which a process died.
#[cfg(unix)]
fn met_by_signal(status: ExitStatus) -> LimitMet {
    use std::os::unix::process::ExitStatusExt as _;

    use rustix::process::Signal;
    match status.signal() {
        Some(signal) if signal == Signal::XCPU.as_raw() => LimitMet::Time,
        Some(signal) if signal == Signal::SEGV.as_raw() || signal == Signal::BUS.as_raw() => {
            LimitMet::Depth
        }
        Some(signal) if signal == Signal::ABORT.as_raw() => LimitMet::Memory,
        _ => LimitMet::Killed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runtimes_last_words_are_understood() {
        let told = |line: &str| LimitMet::told_by(line);
        assert_eq!(told("error: a.yaml: not YAML"), None);
        assert_eq!(
            told("thread 'main' (12) has overflowed its stack"),
            Some(Some(LimitMet::Depth))
        );
        assert_eq!(told("fatal runtime error: stack overflow, aborting"), Some(None));
        assert_eq!(told("memory allocation of 99 bytes failed"), Some(Some(LimitMet::Memory)));
        assert_eq!(told("\u{1}fault memory allocation of 99"), Some(Some(LimitMet::Memory)));
        let fault = LimitMet::Fault("src/a.rs:1:2".into());
        assert_eq!(told("\u{1}fault src/a.rs:1:2"), Some(Some(fault)));
    }
}
