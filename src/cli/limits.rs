//! A command that renders and judges a repository runs in a process of its own, within limits.
//!
//! What a repository holds may be made to use all memory, to compute for ever or to nest without end. Before
//! anything is read the process splits in two: the new one lowers its limits and does the work; the one that
//! a person started waits, hands the messages on, and if the other one dies says in a sentence which limit
//! was met. Splitting costs a tenth of starting the program again. Where a system cannot, the command runs
//! as it is.

use std::io::{self, BufRead as _, BufReader, PipeReader};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitCode, ExitStatus};

use fork::{Fork, fork, waitpid};
use rustix::stdio::dup2_stderr;

use super::output::Output;
use crate::app::{LimitMet, Memory, lower_limits, watched};

/// Works within limits, and returns how it ended. There must be no second thread yet: it would not go along.
pub(super) fn within(output: &Output, work: impl FnOnce() -> ExitCode + Send) -> ExitCode {
    let Ok((messages, of_child)) = io::pipe() else { return work() };
    match fork() {
        Err(_) => work(),
        Ok(Fork::Child) => {
            drop(messages);
            let _ = dup2_stderr(&of_child);
            drop(of_child);
            lower_limits(Memory::Most);
            watched(work)
        }
        Ok(Fork::Parent(child)) => {
            drop(of_child);
            let told = hand_on(messages, output);
            match waitpid(child) {
                Ok(status) => ended(ExitStatus::from_raw(status), told, output),
                Err(_) => ExitCode::from(2),
            }
        }
    }
}

fn ended(status: ExitStatus, told: Option<LimitMet>, output: &Output) -> ExitCode {
    if let Some(met) = LimitMet::of(status, told) {
        output.fail(&met.sentence(), met.help());
        return ExitCode::from(2);
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    ExitCode::from(code.unwrap_or(2))
}

/// Hands the messages on, line by line, without those of the runtime, and tells what they said.
fn hand_on(messages: PipeReader, output: &Output) -> Option<LimitMet> {
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
