//! A question on its way to an answer: asked once, and again with what was lacking.

use std::sync::Arc;

use super::super::lacking::Lacking;
use super::super::limit::{LimitMet, Memory};
use super::answer::Reply;
use super::process::Process;
use super::question::Question;
use crate::model::FileTree;

/// A question, and the process that has it. Both block: they are for threads that may wait.
pub(in crate::app) struct Asking {
    question: Arc<Question>,
    memory: Memory,
    /// The process, with what it lacked.
    asked: Option<(Process, Lacking)>,
}

impl Asking {
    /// A question that is to be answered within so much memory.
    pub(in crate::app) const fn of(question: Arc<Question>, memory: Memory) -> Self {
        Self { question, memory, asked: None }
    }

    /// An answer by the files that are here, which are more from one time to the next; or the limit that was met.
    pub(in crate::app) fn ask(&mut self, files: &FileTree) -> Result<Reply, LimitMet> {
        let question = &self.question;
        let (process, reply) = match self.asked.take() {
            Some((mut process, lacked)) => {
                let reply = process.exchange(|out| question.write_more(files, &lacked, out))?;
                (process, reply)
            }
            None => {
                let Some(started) = Process::start(self.memory) else {
                    return Ok(question.answer(files));
                };
                let mut process = started?;
                let reply = process.exchange(|out| question.write(files, out))?;
                (process, reply)
            }
        };
        if !reply.lacking.is_empty() {
            self.asked = Some((process, reply.lacking.clone()));
        }
        Ok(reply)
    }
}
