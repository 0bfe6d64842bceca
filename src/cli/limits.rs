//! A command that renders and judges a repository runs in a process of its own, within limits.
//!
//! What a repository holds may be made to use all memory, to compute for ever or to nest without end. The
//! process that does the work is our own program again, with the same arguments; it lowers its limits before
//! it reads anything. The one that a person started waits, hands the messages on, and if the other one dies
//! it says in a sentence which limit was met. Without such a process (another system than Unix, a program
//! that cannot be started again) the command runs as it is.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Write as _};
use std::panic::PanicHookInfo;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal, getpid, kill_process, setrlimit};
use rustix::time::{ClockId, clock_gettime};

use super::output::Output;

/// Says to our own program that it is the process within limits, and whether its messages are coloured.
const VARIABLE: &str = "OVERLIFT_WITHIN_LIMITS";
/// What the process may hold of its own; the program and files that are mapped come on top.
const MEMORY_BYTES: u64 = 448 << 20;
/// How long it may compute, on all its threads together.
const SECONDS: u64 = 50;
/// How long it may work, if it does not wait for others most of the time.
const WALL_SECONDS: u64 = 55;
/// The exit code of a Rust program that panicked.
const PANICKED: i32 = 101;
/// Begins the line that tells the waiting process of a panic.
const FAULT: &str = "\u{1}fault ";

/// On which side of the limits this process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// It was started by a person or a program, and has no limits of ours.
    Outside,
    /// It was started by the one outside.
    Within {
        /// Whether its messages go to a terminal in the end.
        coloured: bool,
    },
}

impl Side {
    /// Asks the environment.
    #[expect(clippy::disallowed_methods, reason = "the outer process tells by a variable")]
    pub(super) fn detect() -> Self {
        match std::env::var_os(VARIABLE) {
            Some(value) => Self::Within { coloured: value == "coloured" },
            None => Self::Outside,
        }
    }
}

/// Lowers the limits of this process. A system that knows one of them not goes without it.
pub(super) fn lower() {
    let limit = |resource, current, maximum| {
        let _ = setrlimit(resource, Rlimit { current: Some(current), maximum: Some(maximum) });
    };
    limit(Resource::Core, 0, 0);
    limit(Resource::Data, MEMORY_BYTES, MEMORY_BYTES);
    // At the first the signal tells why, at the second there is no way round it.
    limit(Resource::Cpu, SECONDS, SECONDS + 2);
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    std::panic::set_hook(Box::new(tell_panic));
    std::thread::spawn(watch);
}

/// Ends this process once it has worked for too long by the clock on the wall, which on a busy machine runs
/// ahead of the time that it computes. Whoever waits for a network and computes next to nothing may go on.
fn watch() {
    std::thread::sleep(Duration::from_secs(WALL_SECONDS));
    loop {
        let computed = clock_gettime(ClockId::ProcessCPUTime).tv_sec;
        if u64::try_from(computed).unwrap_or_default() >= SECONDS / 5 {
            let _ = kill_process(getpid(), Signal::XCPU);
        }
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// One line with the place: the message of a panic may hold what the repository holds.
fn tell_panic(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or_default();
    let place = match panic.location() {
        _ if message.contains("allocat") || message.contains("capacity overflow") => {
            "memory".into()
        }
        Some(place) => place.to_string(),
        None => "an unknown place".to_owned(),
    };
    let _ = writeln!(std::io::stderr().lock(), "{FAULT}{place}");
}

/// Runs the same command within limits; `None` if that cannot be done here.
#[expect(clippy::disallowed_methods, reason = "the program that is started is this one")]
pub(super) fn supervise(arguments: &[OsString], output: &Output) -> Option<ExitCode> {
    let program = std::env::current_exe().ok()?;
    let mut child = Command::new(program)
        .args(arguments.get(1..)?)
        .env(VARIABLE, if output.colours_errors() { "coloured" } else { "plain" })
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let met = hand_on(&mut child, output);
    let status = child.wait().ok()?;
    match (status.code(), met) {
        (Some(code), _) if code != PANICKED => {
            Some(ExitCode::from(u8::try_from(code).unwrap_or(2)))
        }
        (_, met) => {
            let met = met.unwrap_or_else(|| by_signal(&status));
            output.fail(&met.sentence(), met.help());
            Some(ExitCode::from(2))
        }
    }
}

/// Why the process within limits died.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Met {
    Memory,
    Time,
    Depth,
    /// A fault of ours, at this place of the program.
    Fault(String),
    /// Something outside ended it.
    Killed,
}

impl Met {
    /// What a line of its messages tells, if it is not one for people.
    fn told_by(line: &str) -> Option<Option<Self>> {
        if let Some(place) = line.strip_prefix(FAULT) {
            return Some(Some(match place {
                "memory" => Self::Memory,
                place => Self::Fault(place.to_owned()),
            }));
        }
        if line.contains("has overflowed its stack") {
            return Some(Some(Self::Depth));
        }
        if line.starts_with("memory allocation of ") && line.contains(" failed") {
            return Some(Some(Self::Memory));
        }
        let is_runtimes = ["mimalloc: ", "fatal runtime error: ", "note: run with `RUST_BACKTRACE"]
            .iter()
            .any(|begin| line.starts_with(begin));
        is_runtimes.then_some(None)
    }

    fn sentence(&self) -> String {
        match self {
            Self::Memory => {
                "this was stopped: it needs more than the 512 MiB of memory that a plan may hold"
                    .to_owned()
            }
            Self::Time => format!(
                "this was stopped: it takes longer than the {SECONDS} s that a plan may compute"
            ),
            Self::Depth => {
                "this was stopped: something in these files is nested or calls itself deeper than a plan \
                 can follow"
                    .to_owned()
            }
            Self::Fault(place) => format!("this is a fault of Overlift's own, at `{place}`"),
            Self::Killed => "this was ended from outside".to_owned(),
        }
    }

    const fn help(&self) -> &'static str {
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

/// Hands the messages on, line by line, without those of the runtime, and tells what they said.
fn hand_on(child: &mut Child, output: &Output) -> Option<Met> {
    let messages = child.stderr.take()?;
    let mut met = None;
    for line in BufReader::new(messages).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        match Met::told_by(&line) {
            Some(told) => met = met.or(told),
            // The runtime puts an empty line before its last words.
            None => output.say(&line),
        }
    }
    met
}

#[cfg(unix)]
fn by_signal(status: &std::process::ExitStatus) -> Met {
    use std::os::unix::process::ExitStatusExt as _;
    match status.signal() {
        Some(signal) if signal == Signal::XCPU.as_raw() => Met::Time,
        Some(signal) if signal == Signal::SEGV.as_raw() || signal == Signal::BUS.as_raw() => {
            Met::Depth
        }
        Some(signal) if signal == Signal::ABORT.as_raw() => Met::Memory,
        _ => Met::Killed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runtimes_last_words_are_understood() {
        let told = |line: &str| Met::told_by(line);
        assert_eq!(told("error: a.yaml: not YAML"), None);
        assert_eq!(told("thread 'main' (12) has overflowed its stack"), Some(Some(Met::Depth)));
        assert_eq!(told("fatal runtime error: stack overflow, aborting"), Some(None));
        assert_eq!(told("memory allocation of 99 bytes failed"), Some(Some(Met::Memory)));
        assert_eq!(told("\u{1}fault src/a.rs:1:2"), Some(Some(Met::Fault("src/a.rs:1:2".into()))));
    }
}
