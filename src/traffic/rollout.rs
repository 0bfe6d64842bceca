//! What the configuration asks for: a VirtualService whose traffic moves in steps.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::clearance::Span;

/// A VirtualService by name, with its namespace where one is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct VirtualServiceName {
    /// The namespace; `None` for whichever it is in.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

impl VirtualServiceName {
    /// Reads `namespace/name` or `name`; `None` if it can be neither.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (namespace, name) = match text.split_once('/') {
            Some((namespace, name)) => (Some(namespace), name),
            None => (None, text),
        };
        let is_name = |text: &str| {
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '{' | '}');
            !text.is_empty() && text.chars().all(fits)
        };
        (is_name(name) && namespace.is_none_or(is_name))
            .then(|| Self { namespace: namespace.map(str::to_owned), name: name.to_owned() })
    }

    /// Whether a resource is meant.
    #[must_use]
    pub fn is(&self, namespace: &str, name: &str) -> bool {
        self.name == name && self.namespace.as_ref().is_none_or(|own| own == namespace)
    }
}

impl fmt::Display for VirtualServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{namespace}/{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// A VirtualService whose traffic moves in steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollout {
    /// Which.
    pub virtual_service: VirtualServiceName,
    /// How.
    pub way: Way,
    /// How long a step waits once the environment is healthy with the one before it.
    pub pause: Option<Span>,
}

/// How traffic moves. Destinations are named by their subset, or by their host where they have none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// Bit by bit from one destination to another.
    Canary {
        /// Where it goes.
        to: String,
        /// Where it comes from.
        from: String,
        /// What the first gets at each step, in percent, rising.
        weights: Vec<u32>,
    },
    /// At once, from the one that is live to the other.
    Switch {
        /// The two.
        between: [String; 2],
    },
}

impl Way {
    /// Whether it goes by weights between nothing and everything, which tell by themselves how far it is.
    #[must_use]
    pub const fn has_weights(&self) -> bool {
        matches!(self, Self::Canary { .. })
    }
}

/// Why something is no rollout.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRollout {
    /// The name of the VirtualService.
    #[error(
        "`{0}` is no name of a VirtualService; write `NAMESPACE/NAME`, such as `shop/checkout`"
    )]
    Name(String),
    /// Neither or both ways.
    #[error("a step has either `to`, `from` and `weights`, or `switch`")]
    NoWay,
    /// Both destinations are one.
    #[error("traffic cannot move from `{0}` to `{0}`: name two subsets")]
    Same(String),
    /// Weights that are none.
    #[error(
        "`weights` rise from step to step and are whole numbers from 1 to 100, such as `[10, 50, 100]`"
    )]
    Weights,
}

impl Rollout {
    /// A canary.
    ///
    /// # Errors
    /// [`InvalidRollout`] that says what is wrong.
    pub fn canary(to: &str, from: &str, weights: &[u32]) -> Result<Way, InvalidRollout> {
        if to == from {
            return Err(InvalidRollout::Same(to.to_owned()));
        }
        let rise = weights.windows(2).all(|pair| pair[0] < pair[1]);
        let fit = weights.iter().all(|weight| (1..=100).contains(weight));
        if weights.is_empty() || !rise || !fit {
            return Err(InvalidRollout::Weights);
        }
        let weights = weights.to_vec();
        Ok(Way::Canary { to: to.to_owned(), from: from.to_owned(), weights })
    }

    /// A switch between two destinations.
    ///
    /// # Errors
    /// [`InvalidRollout::Same`] if they are one.
    pub fn switch(one: &str, other: &str) -> Result<Way, InvalidRollout> {
        if one == other {
            return Err(InvalidRollout::Same(one.to_owned()));
        }
        Ok(Way::Switch { between: [one.to_owned(), other.to_owned()] })
    }

    /// The same for one application: `{application}` stands for its name.
    #[must_use]
    pub fn for_application(&self, application: Option<&str>) -> Self {
        let Some(application) = application else { return self.clone() };
        let fill = |text: &str| text.replace("{application}", application);
        let VirtualServiceName { namespace, name } = &self.virtual_service;
        let namespace = namespace.as_deref().map(fill);
        let virtual_service = VirtualServiceName { namespace, name: fill(name) };
        Self { virtual_service, ..self.clone() }
    }

    /// The step with a weight that somebody asks for: what the canary or the second destination gets, nothing being
    /// the way back.
    #[must_use]
    pub fn with_weight(&self, weight: u32) -> Option<Aim> {
        match &self.way {
            Way::Canary { to, .. } => self.aim(to, weight),
            Way::Switch { between: [one, _] } if weight == 0 => self.aim(one, 100),
            Way::Switch { between: [_, other] } => self.aim(other, weight),
        }
    }

    /// A step of it: `to` gets this share of the traffic. `None` if it moves no traffic to that destination.
    #[must_use]
    pub fn aim(&self, to: &str, share: u32) -> Option<Aim> {
        let (from, switches) = match &self.way {
            Way::Canary { to: own, from, .. } if own == to => (from.as_str(), false),
            Way::Switch { between: [one, other] } if one == to => (other.as_str(), true),
            Way::Switch { between: [one, other] } if other == to => (one.as_str(), true),
            Way::Canary { .. } | Way::Switch { .. } => return None,
        };
        let may = share <= 100 && (!switches || share == 100);
        may.then(|| Aim {
            virtual_service: self.virtual_service.clone(),
            to: to.to_owned(),
            from: from.to_owned(),
            share,
            switches,
        })
    }

    /// The step back to where it began: nothing for the canary, or everything for the other one.
    #[must_use]
    pub fn back_from(&self, aim: &Aim) -> Option<Aim> {
        match &self.way {
            Way::Canary { to, .. } => self.aim(to, 0),
            Way::Switch { .. } => self.aim(&aim.from, 100),
        }
    }

    /// The last share that it leads to.
    #[must_use]
    pub fn last_share(&self) -> u32 {
        match &self.way {
            Way::Canary { weights, .. } => weights.last().copied().unwrap_or(100),
            Way::Switch { .. } => 100,
        }
    }
}

/// One step: what a destination is to get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aim {
    /// Whose traffic.
    pub virtual_service: VirtualServiceName,
    /// The destination that is named.
    pub to: String,
    /// The one that gets the rest.
    pub from: String,
    /// What `to` gets, in percent.
    pub share: u32,
    /// Whether one destination is replaced by the other where a route has only one.
    pub switches: bool,
}

/// `shop/checkout: canary 10 %`.
impl fmt::Display for Aim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {} %", self.virtual_service, self.to, self.share)
    }
}
