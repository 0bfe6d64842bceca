//! A command that renders and judges a repository runs in a process of its own, within limits.
//!
//! What a repository holds may be made to use all memory, to compute for ever or to nest without end. The
//! process that does the work is our own program again, with the same arguments; it lowers its limits before
//! it reads anything. The one that a person started waits, hands the messages on, and if the other one dies
//! it says in a sentence which limit was met. Without such a process (a program that cannot be started
//! again) the command runs as it is.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};

use super::output::Output;
use crate::app::LimitMet;

/// Says to our own program that it is the process within limits, and whether its messages are coloured.
const VARIABLE: &str = "OVERLIFT_WITHIN_LIMITS";

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

/// Runs the same command within limits; `None` if that cannot be done here.
#[expect(clippy::disallowed_methods, reason = "the program that is started is this one")]
pub(super) fn supervise(arguments: &[OsString], output: &Output) -> Option<ExitCode> {
    let program = std::env::current_exe().ok()?;
    let mut child = Command::new(program)
        .args(arguments.get(1..)?)
        .env(VARIABLE, if output.colours_errors() { "coloured" } else { "plain" })
        // A runtime that is out of memory would print where, which is nothing for people.
        .env("RUST_BACKTRACE", "0")
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let told = hand_on(&mut child, output);
    let status = child.wait().ok()?;
    let Some(met) = LimitMet::of(status, told) else {
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        return Some(ExitCode::from(code.unwrap_or(2)));
    };
    output.fail(&met.sentence(), met.help());
    Some(ExitCode::from(2))
}

/// Hands the messages on, line by line, without those of the runtime, and tells what they said.
fn hand_on(child: &mut Child, output: &Output) -> Option<LimitMet> {
    let messages = child.stderr.take()?;
    let mut met = None;
    for line in BufReader::new(messages).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        match LimitMet::told_by(&line) {
            Some(told) => met = met.or(told),
            // What is said in dying is for nobody.
            None if met.is_some() => {}
            None => output.say(&line),
        }
    }
    met
}
