//! What is to be done on GitHub about a promotion, given what is planned and what is there.
//!
//! One function from one value to another, so that every case can be read and tested without GitHub:
//! `app` looks, asks [`decide`], and carries the answer out. Looking twice is harmless, since what is
//! done already is seen and not done again.

use super::plan_id::PlanId;

/// What is known when a decision is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Situation {
    /// What the promotion would do now.
    pub planned: Planned,
    /// Why we look.
    pub request: Request,
    /// Whether a pull request may be opened.
    pub opening: Opening,
    /// Whether exactly this plan was carried out and then undone.
    pub undone: bool,
    /// What is on GitHub for this source and target.
    pub there: Presence,
}

/// Whether a pull request may be opened. One that is open shows what there is, in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// It may.
    Allowed,
    /// The gates found errors, and the configuration says that they keep it from being opened.
    Blocked,
}

/// What the promotion would do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Planned {
    /// Nothing.
    Nothing,
    /// This.
    Edits {
        /// The plan's id.
        plan: PlanId,
        /// What the edited files are now. With the same one, a commit that was made on an earlier head still
        /// merges cleanly.
        base: String,
    },
}

/// Why we look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Request {
    /// The default branch moved.
    Moved,
    /// Somebody asks for the promotion.
    Asked,
    /// Somebody asks on the pull request itself: whatever is on its branch, it is to be made anew.
    AskedThere,
}

/// What is on GitHub for a source and a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// No pull request, or a merged one: it is done.
    None,
    /// A person closed the last one without a merge; the plan of its head, if that was ours.
    ClosedByPerson(Option<PlanId>),
    /// One is open.
    Open {
        /// Whose commit its branch points at.
        tip: Tip,
        /// Whether texts, labels and reviewers were all seen to after the commit.
        complete: bool,
        /// Whether GitHub says that it does not merge cleanly.
        conflicts: bool,
    },
}

/// Whose commit a promotion's branch points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tip {
    /// Ours, perhaps with the default branch merged in.
    Ours {
        /// Its plan.
        plan: PlanId,
        /// What the edited files were when it was made.
        base: String,
    },
    /// Somebody else's.
    Foreign,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing, and why.
    Leave(Reason),
    /// Make the commit and the branch and open a pull request.
    Open,
    /// Make the commit anew, move the branch and renew the pull request's texts.
    Renew,
    /// The commit is right: see to the texts, labels and reviewers.
    Complete,
    /// Close the pull request, since nothing is left to promote.
    Close,
    /// Say, once, that somebody else's commits are on the branch.
    TellForeign,
}

/// Why nothing is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The source has nothing that the target lacks.
    NothingToPromote,
    /// The open pull request shows exactly this plan.
    Unchanged,
    /// A person closed a pull request with exactly this plan.
    ClosedByPerson,
    /// The gates keep the pull request from being opened.
    Blocked,
    /// Exactly this was undone, and nobody asks for it.
    Undone,
}

/// Decides.
#[must_use]
pub fn decide(situation: &Situation) -> Decision {
    match (decide_unblocked(situation), situation.opening) {
        (Decision::Open, _) if situation.undone && situation.request == Request::Moved => {
            Decision::Leave(Reason::Undone)
        }
        (Decision::Open, Opening::Blocked) => Decision::Leave(Reason::Blocked),
        (decision, _) => decision,
    }
}

fn decide_unblocked(situation: &Situation) -> Decision {
    match (&situation.planned, &situation.there) {
        (Planned::Nothing, Presence::Open { .. }) => Decision::Close,
        (Planned::Nothing, _) => Decision::Leave(Reason::NothingToPromote),
        (Planned::Edits { plan, .. }, Presence::ClosedByPerson(Some(closed)))
            if plan == closed && situation.request == Request::Moved =>
        {
            Decision::Leave(Reason::ClosedByPerson)
        }
        (Planned::Edits { .. }, Presence::None | Presence::ClosedByPerson(_)) => Decision::Open,
        (Planned::Edits { .. }, Presence::Open { tip: Tip::Foreign, .. }) => {
            match situation.request {
                Request::AskedThere => Decision::Renew,
                Request::Moved | Request::Asked => Decision::TellForeign,
            }
        }
        (
            Planned::Edits { plan, base },
            Presence::Open { tip: Tip::Ours { plan: shown, base: made_on }, complete, conflicts },
        ) => {
            if plan != shown || base != made_on || *conflicts {
                Decision::Renew
            } else if *complete {
                Decision::Leave(Reason::Unchanged)
            } else {
                Decision::Complete
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(digit: &str) -> PlanId {
        PlanId::parse(&digit.repeat(64)).unwrap()
    }

    fn edits(digit: &str) -> Planned {
        Planned::Edits { plan: id(digit), base: "base".to_owned() }
    }

    fn open(digit: &str) -> Presence {
        let tip = Tip::Ours { plan: id(digit), base: "base".to_owned() };
        Presence::Open { tip, complete: true, conflicts: false }
    }

    fn foreign() -> Presence {
        Presence::Open { tip: Tip::Foreign, complete: true, conflicts: false }
    }

    fn decided(planned: Planned, request: Request, there: Presence) -> Decision {
        decide(&Situation { planned, request, opening: Opening::Allowed, undone: false, there })
    }

    #[test]
    fn what_was_undone_comes_back_only_if_somebody_asks() {
        let undone = |request, there| {
            let (planned, opening) = (edits("a"), Opening::Allowed);
            decide(&Situation { planned, request, opening, undone: true, there })
        };
        let none = || Presence::None;
        assert_eq!(undone(Request::Moved, none()), Decision::Leave(Reason::Undone));
        assert_eq!(undone(Request::Asked, none()), Decision::Open);
        assert_eq!(undone(Request::Moved, open("b")), Decision::Renew);
    }

    #[test]
    fn what_the_gates_block_is_not_opened_and_an_open_one_shows_it() {
        let blocked = |planned, there| {
            let (request, opening) = (Request::Asked, Opening::Blocked);
            decide(&Situation { planned, request, opening, undone: false, there })
        };
        assert_eq!(blocked(edits("a"), Presence::None), Decision::Leave(Reason::Blocked));
        assert_eq!(blocked(edits("b"), open("a")), Decision::Renew);
        assert_eq!(blocked(Planned::Nothing, open("a")), Decision::Close);
    }

    #[test]
    fn one_pull_request_is_opened_and_then_updated() {
        use Request::Moved;
        assert_eq!(decided(edits("a"), Moved, Presence::None), Decision::Open);
        assert_eq!(decided(edits("a"), Moved, open("a")), Decision::Leave(Reason::Unchanged));
        assert_eq!(decided(edits("b"), Moved, open("a")), Decision::Renew);
    }

    #[test]
    fn the_same_plan_on_changed_files_or_in_conflict_is_made_anew() {
        let tip = Tip::Ours { plan: id("a"), base: "other".to_owned() };
        let there = Presence::Open { tip, complete: true, conflicts: false };
        assert_eq!(decided(edits("a"), Request::Moved, there), Decision::Renew);
        let Presence::Open { tip, .. } = open("a") else { unreachable!() };
        let there = Presence::Open { tip, complete: true, conflicts: true };
        assert_eq!(decided(edits("a"), Request::Moved, there), Decision::Renew);
    }

    #[test]
    fn what_was_cut_off_is_completed() {
        let Presence::Open { tip, .. } = open("a") else { unreachable!() };
        let there = Presence::Open { tip, complete: false, conflicts: false };
        assert_eq!(decided(edits("a"), Request::Moved, there), Decision::Complete);
    }

    #[test]
    fn somebody_elses_commits_stay_until_somebody_asks_there() {
        assert_eq!(decided(edits("a"), Request::Moved, foreign()), Decision::TellForeign);
        assert_eq!(decided(edits("a"), Request::Asked, foreign()), Decision::TellForeign);
        assert_eq!(decided(edits("a"), Request::AskedThere, foreign()), Decision::Renew);
    }

    #[test]
    fn a_person_who_closed_is_respected_for_that_plan() {
        let closed = || Presence::ClosedByPerson(Some(id("a")));
        assert_eq!(
            decided(edits("a"), Request::Moved, closed()),
            Decision::Leave(Reason::ClosedByPerson)
        );
        assert_eq!(decided(edits("a"), Request::Asked, closed()), Decision::Open);
        assert_eq!(decided(edits("b"), Request::Moved, closed()), Decision::Open);
        let unknown = Presence::ClosedByPerson(None);
        assert_eq!(decided(edits("a"), Request::Moved, unknown), Decision::Open);
    }

    #[test]
    fn with_nothing_to_promote_an_open_one_is_closed() {
        let nothing = Decision::Leave(Reason::NothingToPromote);
        assert_eq!(decided(Planned::Nothing, Request::Moved, Presence::None), nothing);
        let closed = Presence::ClosedByPerson(Some(id("a")));
        assert_eq!(decided(Planned::Nothing, Request::Asked, closed), nothing);
        assert_eq!(decided(Planned::Nothing, Request::Moved, open("a")), Decision::Close);
        assert_eq!(decided(Planned::Nothing, Request::Moved, foreign()), Decision::Close);
    }
}
