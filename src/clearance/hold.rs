//! Why a promotion must not be merged now.

use std::fmt;

use super::evidence::State;
use super::freeze::{Freeze, Season};
use super::judgement::Judgement;
use super::moment::{Millis, Span, written};

/// All that decides about the holds of one promotion.
#[derive(Clone, Debug)]
pub struct Circumstances<'a> {
    /// Why it is not planned on the newest commit, if it is not.
    pub stale: Option<&'a str>,
    /// New errors that the gates found.
    pub gate_errors: usize,
    /// The checklist.
    pub items: &'a [Item],
    /// How the source is; `None` where nothing says so.
    pub source: Option<&'a Judgement>,
    /// The source's name.
    pub source_name: &'a str,
    /// For how long the source has to be healthy.
    pub soak: Option<Span>,
    /// When nothing is merged into the target.
    pub freezes: &'a [Freeze],
    /// Whether exactly this was undone.
    pub undone: bool,
    /// Whether somebody else's commits are on the branch.
    pub foreign: bool,
    /// Who lifted what can be lifted.
    pub released: Option<&'a Release>,
    /// What time it is.
    pub now: Millis,
}

/// An item of the checklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it says.
    pub text: String,
    /// Whether evidence ticks it, and not people.
    pub by_evidence: bool,
    /// Whether it is ticked.
    pub ticked: bool,
}

/// Somebody with the right to do so lifted holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Who, by login.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Millis,
}

/// A reason why a promotion must not be merged now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    /// The target or the source moved, and it is not planned again.
    Stale {
        /// Why not.
        because: String,
    },
    /// The gates found new errors.
    Gates {
        /// How many.
        errors: usize,
    },
    /// Items of the checklist are open.
    Checklist {
        /// Those that people tick.
        open: usize,
        /// Those that evidence ticks.
        by_evidence: usize,
    },
    /// The source is not healthy.
    Health {
        /// How it is.
        state: State,
        /// What its sources say.
        because: String,
    },
    /// The source has not been healthy for long enough.
    Soak {
        /// Until then, if nothing contradicts.
        until: Millis,
    },
    /// Nothing is merged into the target now.
    Freeze {
        /// Until then.
        until: Millis,
        /// The same on the clock of the freeze.
        written: String,
        /// Why.
        reason: Option<String>,
    },
    /// Exactly this was undone.
    Undone,
    /// Somebody else's commits are on the branch.
    Foreign,
}

impl Hold {
    /// Its word.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Stale { .. } => "stale",
            Self::Gates { .. } => "gates",
            Self::Checklist { .. } => "checklist",
            Self::Health { .. } => "health",
            Self::Soak { .. } => "soak",
            Self::Freeze { .. } => "freeze",
            Self::Undone => "undone",
            Self::Foreign => "foreign",
        }
    }

    /// Whether only time or evidence is missing, so that nobody has to do anything.
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        match self {
            Self::Soak { .. } | Self::Freeze { .. } => true,
            Self::Health { state, .. } => !matches!(state, State::Degraded),
            Self::Checklist { open, .. } => *open == 0,
            Self::Stale { .. } | Self::Gates { .. } | Self::Undone | Self::Foreign => false,
        }
    }

    /// Whether a release lifts it.
    #[must_use]
    pub const fn can_be_lifted(&self) -> bool {
        matches!(
            self,
            Self::Health { .. } | Self::Soak { .. } | Self::Freeze { .. } | Self::Checklist { .. }
        )
    }

    /// When time alone ends it.
    #[must_use]
    pub const fn until(&self) -> Option<Millis> {
        match self {
            Self::Soak { until } | Self::Freeze { until, .. } => Some(*until),
            _ => None,
        }
    }
}

/// What people read after the word.
impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stale { because } => f.write_str(because),
            Self::Gates { errors: 1 } => f.write_str("the gates found a new error"),
            Self::Gates { errors } => write!(f, "the gates found {errors} new errors"),
            Self::Checklist { open, by_evidence } => match (open, by_evidence) {
                (0, _) => f.write_str("items wait for evidence"),
                (_, _) => f.write_str("items of the checklist are open"),
            },
            Self::Health { state, because } => write!(f, "{} — {because}", state.as_str()),
            Self::Soak { until } => {
                write!(f, "until {}, if nothing contradicts meanwhile", written(*until))
            }
            Self::Freeze { written, reason, .. } => {
                write!(f, "until {written}")?;
                reason.as_ref().map_or(Ok(()), |reason| write!(f, " ({reason})"))
            }
            Self::Undone => {
                f.write_str("exactly this was undone before, and the source is as it was then")
            }
            Self::Foreign => f.write_str("somebody else's commits are on the branch"),
        }
    }
}

/// All reasons why a promotion must not be merged now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holds {
    /// Those that hold, in the order of their importance.
    pub standing: Vec<Hold>,
    /// Those that a release lifted.
    pub lifted: Vec<Hold>,
    /// When time alone changes something next.
    pub next: Option<Millis>,
}

/// What a check says of holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// There is none.
    Success,
    /// Only time or evidence is missing.
    InProgress,
    /// Somebody has to do something.
    Failure,
}

impl Holds {
    /// What a check says of them.
    #[must_use]
    pub fn conclusion(&self) -> Conclusion {
        match self.standing.as_slice() {
            [] => Conclusion::Success,
            holds if holds.iter().all(Hold::is_waiting) => Conclusion::InProgress,
            _ => Conclusion::Failure,
        }
    }

    /// Whether nothing keeps the promotion from being merged.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.standing.is_empty()
    }
}

/// Decides.
#[must_use]
pub fn holds(of: &Circumstances<'_>) -> Holds {
    let mut all = Vec::new();
    all.extend(of.stale.map(|because| Hold::Stale { because: because.to_owned() }));
    all.extend(of.foreign.then_some(Hold::Foreign));
    all.extend(of.undone.then_some(Hold::Undone));
    all.extend((of.gate_errors > 0).then_some(Hold::Gates { errors: of.gate_errors }));
    all.extend(health(of));
    all.extend(soak(of));
    let mut next = all.iter().filter_map(Hold::until).min();
    for freeze in of.freezes {
        match freeze.at(of.now) {
            Season::Frozen { until } => {
                next = earlier(next, until);
                let (written, reason) = (freeze.written(until), freeze.reason.clone());
                all.push(Hold::Freeze { until, written, reason });
            }
            Season::Open { next: Some(begins) } => next = earlier(next, begins),
            Season::Open { next: None } => {}
        }
    }
    all.extend(checklist(of.items));
    let is_lifted = |hold: &Hold| of.released.is_some() && hold.can_be_lifted();
    let (lifted, standing) = all.into_iter().partition(is_lifted);
    Holds { standing, lifted, next }
}

fn earlier(known: Option<Millis>, other: Millis) -> Option<Millis> {
    Some(known.map_or(other, |known| known.min(other)))
}

fn health(of: &Circumstances<'_>) -> Option<Hold> {
    let source = of.source.filter(|source| source.state != State::Healthy)?;
    /// More voices than these are not told one by one.
    const TOLD: usize = 5;
    let told = source.telling().take(TOLD).map(|voice| {
        let state = voice.state.as_str();
        match (voice.at, voice.message.is_empty()) {
            (None, _) => format!("{} {}", voice.name, voice.message),
            (Some(_), true) => format!("{} is {state}", voice.name),
            (Some(_), false) => format!("{} is {state}: {}", voice.name, voice.message),
        }
    });
    let told: Vec<String> = told.collect();
    let because = format!("{}: {}", of.source_name, told.join("; "));
    Some(Hold::Health { state: source.state, because })
}

fn soak(of: &Circumstances<'_>) -> Option<Hold> {
    let since = of.source?.since?;
    let until = since.saturating_add(of.soak?.ms());
    (of.now < until).then_some(Hold::Soak { until })
}

fn checklist(items: &[Item]) -> Option<Hold> {
    let open = |by_evidence| {
        items.iter().filter(|item| item.by_evidence == by_evidence && !item.ticked).count()
    };
    let (people, by_evidence) = (open(false), open(true));
    (people + by_evidence > 0).then_some(Hold::Checklist { open: people, by_evidence })
}
