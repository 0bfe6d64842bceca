//! What the queue holds: kinds of jobs, and how they are written down.
//!
//! This is the wire form of the queue. An older process may have written what a newer one reads: fields are added
//! with a default, never renamed.

mod payload;
mod step;

pub(super) use payload::{
    After, Asker, Asks, Changed, Clear, Command, Edit, Ended, Head, Look, Moved, News, Notify,
    Place, PreviewPullRequest, Promote, Release, Repositories, Undo,
};
pub(super) use step::{Step, StoredAim};

use serde::{Deserialize, Serialize};

use crate::store::{Millis, NewJob};

use super::fresh_id;
use payload::of_application;

/// The kind of jobs that send notices, which have workers of their own.
pub(super) const NOTICE: &str = "notice";

/// A job as the queue holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub(super) enum Job {
    /// Look at the default branch: which promotions does its head ask for?
    Look(Look),
    /// Carry a promotion out, or find that there is nothing to do.
    Promote(Promote),
    /// Answer a command in a comment.
    Command(Command),
    /// Note how a pull request ended.
    Ended(Ended),
    /// Show on a pull request what it does to environments.
    PreviewPullRequest(PreviewPullRequest),
    /// A pull request changed: perhaps a promotion's.
    Changed(Changed),
    /// Decide what holds a promotion, show it, and act upon it.
    Clear(Clear),
    /// Something was said of commits: whom does it concern?
    News(News),
    /// Look how the target of a merged promotion is doing.
    After(After),
    /// Take a merged promotion back.
    Undo(Undo),
    /// Send notices in order.
    Notify(Notify),
    /// Move traffic on by a step.
    Step(Step),
    /// Note which repositories an installation gained and lost.
    Repositories(Repositories),
    /// Take in the deliveries that GitHub failed to make.
    Recover,
}

impl Job {
    /// The word for it in lists and metrics.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Look(_) => "look",
            Self::Promote(_) => "promote",
            Self::Command(_) => "command",
            Self::Ended(_) => "ended",
            Self::PreviewPullRequest(_) => "preview",
            Self::Changed(_) => "changed",
            Self::Clear(_) => "clear",
            Self::News(_) => "news",
            Self::After(_) => "after",
            Self::Undo(_) => "undo",
            Self::Notify(_) => NOTICE,
            Self::Step(_) => "step",
            Self::Repositories(_) => "repositories",
            Self::Recover => "recover",
        }
    }

    /// Where it plays, if in one repository.
    pub(super) const fn place(&self) -> Option<&Place> {
        match self {
            Self::Look(Look { place, .. })
            | Self::Promote(Promote { place, .. })
            | Self::Command(Command { place, .. })
            | Self::PreviewPullRequest(PreviewPullRequest { place, .. })
            | Self::Ended(Ended { place, .. })
            | Self::Changed(Changed { place, .. })
            | Self::Clear(Clear { place, .. })
            | Self::News(News { place, .. })
            | Self::After(After { place, .. })
            | Self::Undo(Undo { place, .. })
            | Self::Step(Step { place, .. }) => Some(place),
            Self::Notify(_) | Self::Repositories(_) | Self::Recover => None,
        }
    }

    /// What makes a second one the same job.
    fn key(&self) -> String {
        let kind = self.kind();
        match self {
            Self::Look(look) => format!("{kind} {}", look.place.key()),
            Self::Promote(promote) => {
                let Promote { place, source, target, .. } = promote;
                format!("{kind} {} {source} {target}{}", place.key(), promote.of_application())
            }
            Self::Command(command) => {
                format!("{kind} {} {}", command.place.key(), command.comment)
            }
            Self::Ended(ended) => format!("{kind} {} {}", ended.place.key(), ended.number),
            Self::PreviewPullRequest(preview) => {
                format!("{kind} {} {}", preview.place.key(), preview.number)
            }
            Self::Changed(changed) => {
                format!("{kind} {} {}", changed.place.key(), changed.number)
            }
            Self::Clear(clear) => {
                let Clear { place, source, target, .. } = clear;
                let (of, intent) =
                    (of_application(clear.application.as_deref()), clear.intent.as_deref());
                let intent = intent.unwrap_or_default();
                format!("{kind} {} {source} {target}{of} {intent}", place.key())
            }
            Self::News(news) => format!("{kind} {}", news.place.key()),
            Self::After(after) => format!("{kind} {} {}", after.place.key(), after.number),
            Self::Undo(undo) => format!("{kind} {} {}", undo.place.key(), undo.number),
            Self::Notify(notify) => format!("{kind} {}", notify.stream),
            Self::Step(step) => {
                let of = of_application(step.application.as_deref());
                format!("{kind} {} {} {}{of}", step.place.key(), step.source, step.target)
            }
            Self::Repositories(repositories) => format!("{kind} {}", repositories.installation),
            Self::Recover => kind.to_owned(),
        }
    }

    /// What must not run at the same time: one promotion at a time into a target.
    fn lane(&self) -> String {
        match self {
            Self::Promote(promote) => {
                let Promote { place, target, .. } = promote;
                format!("promote {} {target}{}", place.key(), promote.of_application())
            }
            Self::Clear(Clear { place, target, application, .. })
            | Self::Step(Step { place, target, application, .. }) => {
                format!(
                    "promote {} {target}{}",
                    place.key(),
                    of_application(application.as_deref())
                )
            }
            // A receiver that is slow takes one place, whatever waits for it.
            Self::Notify(notify) => format!("{NOTICE} {}", notify.receiver),
            _ => self.key(),
        }
    }

    /// The job for the queue.
    pub(super) fn queue(&self, now: Millis) -> NewJob {
        NewJob {
            id: fresh_id(now),
            kind: self.kind(),
            repository: self.place().map(Place::key),
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

    /// One job that does what both do.
    fn merge(self, newer: Self) -> Self {
        match (self, newer) {
            (Self::Look(waiting), Self::Look(newer)) => Self::Look(Look {
                moved: Moved::join(waiting.moved, newer.moved),
                pushed: waiting.pushed || newer.pushed,
                place: waiting.place.merge(newer.place),
            }),
            (Self::Promote(waiting), Self::Promote(newer)) => Self::Promote(waiting.merge(newer)),
            (Self::Repositories(waiting), Self::Repositories(newer)) => {
                Self::Repositories(waiting.merge(newer))
            }
            (Self::Changed(waiting), Self::Changed(newer)) => Self::Changed(waiting.merge(newer)),
            (Self::Clear(waiting), Self::Clear(newer)) => Self::Clear(waiting.merge(newer)),
            (Self::News(waiting), Self::News(newer)) => Self::News(waiting.merge(newer)),
            (Self::Undo(waiting), Self::Undo(newer)) => Self::Undo(waiting.merge(newer)),
            (Self::Step(waiting), Self::Step(newer)) => Self::Step(waiting.merge(newer)),
            (_, newer) => newer,
        }
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
    use super::payload::MOST_ASKERS;
    use super::*;

    fn place() -> Place {
        Place { repository: "O/r".to_owned(), installation: None, default_branch: None }
    }

    fn look(moved: Option<(&str, &str)>) -> Job {
        let moved = moved.map(|(before, after)| Moved {
            before: before.into(),
            after: after.into(),
            tree: None,
        });
        Job::Look(Look { place: place(), moved, pushed: true })
    }

    fn promote(head: Option<&str>, askers: &[u64]) -> Promote {
        Promote {
            place: place(),
            application: None,
            source: "dev".to_owned(),
            target: "prod".to_owned(),
            head: head.map(head_of),
            asked: !askers.is_empty(),
            anew: false,
            look: false,
            several: false,
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
        let other = Promote { source: "qa".to_owned(), ..promote(None, &[]) };
        let spelled = Place { repository: "o/R".to_owned(), ..place() };
        let other = Promote { place: spelled, ..other };
        let (one, two) = (Job::Promote(promote(None, &[])), Job::Promote(other));
        assert_eq!(one.queue(1).lane, two.queue(1).lane);
        assert_ne!(one.queue(1).key, two.queue(1).key);
        let of = |application: &str| {
            let application = Some(application.to_owned());
            Job::Promote(Promote { application, ..promote(None, &[]) }).queue(1)
        };
        assert_ne!(of("cart").lane, of("pay").lane, "applications do not wait for each other");
        assert_ne!(of("cart").key, one.queue(1).key);
    }

    #[test]
    fn an_unknown_payload_gives_way() {
        assert_eq!(merge_payloads("{}", "x"), "x");
        assert_eq!(Job::parse(r#"{"job":"from_the_future"}"#), None);
    }
}
