//! What the queue holds: kinds of jobs, and how they are written down.
//!
//! This is the wire form of the queue. An older process may have written what a newer one reads: fields are added
//! with a default, never renamed.

mod after;
mod asker;
mod changed;
mod clear;
mod command;
mod edit;
mod ended;
mod exempt;
mod head;
mod kind;
mod look;
mod news;
mod notify;
mod preview_pull_request;
mod promote;
mod recover;
mod repositories;
mod repository_address;
mod step;
mod stored_pair;
mod undo;

pub(super) use after::After;
pub(super) use asker::Asker;
pub(super) use changed::Changed;
pub(super) use clear::Clear;
pub(super) use command::{Asks, Command};
pub(super) use edit::{Edit, Release};
pub(super) use ended::Ended;
pub(super) use exempt::{Exempt, ExemptOf, PullRequestHead};
pub(super) use head::Head;
pub(super) use kind::Kind;
pub(super) use look::{Look, Moved};
pub(super) use news::News;
pub(super) use notify::Notify;
pub(super) use preview_pull_request::PreviewPullRequest;
pub(super) use promote::Promote;
pub(super) use recover::Recover;
pub(super) use repositories::Repositories;
pub(super) use repository_address::RepositoryAddress;
pub(super) use step::{Step, StoredAim};
pub(super) use stored_pair::StoredPair;
pub(super) use undo::Undo;

use serde::{Deserialize, Serialize};

use crate::store::{Millis, NewJob};

use super::fresh_id;

/// The kind of jobs that send notices, which have workers of their own.
pub(super) const NOTICE: &str = <Notify as Kind>::WORD;

/// The list of all kinds: a new one is a file and a line here, and a line in `perform`.
macro_rules! jobs {
    ($($name:ident),* $(,)?) => {
        /// A job as the queue holds it.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "job", rename_all = "snake_case")]
        pub(super) enum Job {
            $(#[doc = concat!("See [`", stringify!($name), "`].")] $name($name)),*
        }

        impl Job {
            /// The word for it in lists and metrics.
            pub(super) const fn kind(&self) -> &'static str {
                match self { $(Self::$name(_) => <$name as Kind>::WORD),* }
            }

            /// Where it plays, if in one repository.
            pub(super) fn place(&self) -> Option<&RepositoryAddress> {
                match self { $(Self::$name(job) => job.place()),* }
            }

            /// What makes a second one the same job.
            fn key(&self) -> String {
                match self { $(Self::$name(job) => job.queue_key()),* }
            }

            /// What must not run at the same time: one promotion at a time into a target.
            fn lane(&self) -> String {
                match self { $(Self::$name(job) => job.lane()),* }
            }

            /// One job that does what both do.
            fn merge(self, newer: Self) -> Self {
                match (self, newer) {
                    $((Self::$name(waiting), Self::$name(newer)) => Self::$name(waiting.merge(newer)),)*
                    (_, newer) => newer,
                }
            }
        }
    };
}

jobs! {
    Look, Promote, Command, Ended, PreviewPullRequest, Changed, Clear, News, After, Undo, Notify,
    Step, Repositories, Recover, Exempt,
}

impl Job {
    /// The job for the queue.
    pub(super) fn queue(&self, now: Millis) -> NewJob {
        NewJob {
            id: fresh_id(now),
            kind: self.kind(),
            repository: self.place().map(RepositoryAddress::key),
            key: self.key(),
            lane: self.lane(),
            payload: serde_json::to_string(self).expect("plain fields can always be written"),
            run_at: now,
            delivery: None,
        }
    }

    /// The job for the queue, following from a delivery.
    pub(super) fn queue_for(&self, now: Millis, delivery: Option<&str>) -> NewJob {
        NewJob { delivery: delivery.map(str::to_owned), ..self.queue(now) }
    }

    /// Reads a job back; `None` if a newer version wrote a kind that this one does not know.
    pub(super) fn parse(payload: &str) -> Option<Self> {
        serde_json::from_str(payload).ok()
    }
}

/// One payload that does what both do; what cannot be read gives way to the newer one.
#[must_use]
pub fn merge_payloads(waiting: &str, newer: &str) -> String {
    match (Job::parse(waiting), Job::parse(newer)) {
        (Some(waiting), Some(newer)) => serde_json::to_string(&waiting.merge(newer))
            .expect("plain fields can always be written"),
        _ => newer.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::asker::MOST_ASKERS;
    use super::*;

    fn place() -> RepositoryAddress {
        RepositoryAddress { repository: "O/r".to_owned(), installation: None, default_branch: None }
    }

    fn look(moved: Option<(&str, &str)>) -> Job {
        let moved = moved.map(|(before, after)| Moved {
            before: before.into(),
            after: after.into(),
            tree: None,
        });
        Job::Look(Look { place: place(), moved, pushed: true })
    }

    fn pair() -> StoredPair {
        StoredPair { application: None, source: "dev".to_owned(), target: "prod".to_owned() }
    }

    fn promote(head: Option<&str>, askers: &[u64]) -> Promote {
        Promote {
            place: place(),
            pair: pair(),
            head: head.map(head_of),
            asked: !askers.is_empty(),
            asked_there: false,
            asks_github: false,
            several: false,
            all: false,
            askers: askers.iter().map(|comment| Asker { number: 1, comment: *comment }).collect(),
        }
    }

    fn head_of(digit: &str) -> Head {
        Head { commit: digit.to_owned(), tree: digit.to_owned() }
    }

    fn merged(waiting: &Job, newer: &Job) -> Job {
        Job::parse(&merge_payloads(&waiting.queue(1).payload, &newer.queue(1).payload)).unwrap()
    }

    #[test]
    fn pushes_that_follow_each_other_make_one_way() {
        let (first, second) = (look(Some(("a", "b"))), look(Some(("b", "c"))));
        assert_eq!(merged(&first, &second), look(Some(("a", "c"))));
        assert_eq!(merged(&second, &first), look(None), "they came in the wrong order");
        assert_eq!(merged(&first, &look(None)), look(None));
    }

    #[test]
    fn one_run_answers_everybody_and_forgets_no_request() {
        let waiting = Job::Promote(promote(Some("a"), &[1, 2]));
        let newer = Job::Promote(promote(Some("b"), &[2]));
        let both = Promote { asked: true, ..promote(Some("b"), &[1, 2]) };
        assert_eq!(merged(&waiting, &newer), Job::Promote(both));
        let unknown = Job::Promote(promote(None, &[]));
        let Job::Promote(job) = merged(&waiting, &unknown) else { panic!() };
        assert_eq!((job.head, job.asked), (None, true));
        let crowd = Job::Promote(promote(None, &(0..1000).collect::<Vec<_>>()));
        let Job::Promote(job) = merged(&waiting, &crowd) else { panic!() };
        assert_eq!(job.askers.len(), MOST_ASKERS);
    }

    #[test]
    fn one_promotion_at_a_time_goes_into_a_target_whatever_the_case() {
        let from_qa = StoredPair { source: "qa".to_owned(), ..pair() };
        let other = Promote { pair: from_qa, ..promote(None, &[]) };
        let spelled = RepositoryAddress { repository: "o/R".to_owned(), ..place() };
        let other = Promote { place: spelled, ..other };
        let (one, two) = (Job::Promote(promote(None, &[])), Job::Promote(other));
        assert_eq!(one.queue(1).lane, two.queue(1).lane);
        assert_ne!(one.queue(1).key, two.queue(1).key);
        let of = |application: &str| {
            let pair = StoredPair { application: Some(application.to_owned()), ..pair() };
            Job::Promote(Promote { pair, ..promote(None, &[]) }).queue(1)
        };
        assert_ne!(of("cart").lane, of("pay").lane, "applications do not wait for each other");
        assert_ne!(of("cart").key, one.queue(1).key);
    }

    /// What an older process wrote, or will read.
    #[test]
    fn a_promotion_is_written_down_flat() {
        let written = concat!(
            r#"{"job":"promote","place":{"repository":"O/r","installation":null,"default_branch":null},"#,
            r#""application":null,"source":"dev","target":"prod","head":{"commit":"a","tree":"a"},"#,
            r#""asked":true,"anew":false,"askers":[{"number":1,"comment":7}],"look":false,"#,
            r#""several":false,"all":false}"#,
        );
        let job = Job::Promote(promote(Some("a"), &[7]));
        assert_eq!(job.queue(1).payload, written);
        assert_eq!(Job::parse(written), Some(job));
        let short =
            r#"{"job":"clear","place":{"repository":"O/r"},"source":"dev","target":"prod"}"#;
        let Some(Job::Clear(clear)) = Job::parse(short) else { panic!() };
        assert_eq!(clear.pair, pair());
    }

    #[test]
    fn an_unknown_payload_gives_way() {
        assert_eq!(merge_payloads("{}", "x"), "x");
        assert_eq!(Job::parse(r#"{"job":"from_the_future"}"#), None);
    }
}
