//! The sandbox: what a repository holds is rendered and judged in a process of its own, and never in the one that
//! holds the credentials and the queue.
//!
//! The process is our own program with fixed arguments, an empty environment and no credential, within the limits
//! of [`super::limit`] and the fence of [`mod@super::fence`]. It gets a [`Question`] and the files that are here on its
//! standard input and answers on its standard output with a value: a plan, the text of a preview. It says which
//! files it lacked, and answers again once it gets them. Where nobody named a program for it, the same answers are
//! made in this process: the command is itself within limits.

mod answer;
mod answering;
mod asking;
mod past;
mod places;
mod process;
mod question;

pub(super) use answer::{Answer, PreviewAnswer, Reply};
pub use answering::answer_questions;
pub(super) use asking::Asking;
pub(super) use places::Sandbox;
pub(super) use process::has_sandbox;
pub use process::plan_in_sandbox;
pub(super) use question::{PlanQuestion, Question};
