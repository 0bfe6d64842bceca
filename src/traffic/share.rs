//! The arithmetic of one route: what each destination gets, and that all of them get 100.

use super::rollout::Aim;

/// One destination of a route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Destination {
    /// Its subset, where it has one.
    pub(super) subset: Option<String>,
    /// Its host.
    pub(super) host: String,
    /// Its weight, where one is written that is a number.
    pub(super) weight: Option<u32>,
}

/// Which of a step's two destinations it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    To,
    From,
    Other,
}

impl Destination {
    pub(super) fn which(&self, aim: &Aim) -> Which {
        let is = |name: &str| match &self.subset {
            Some(subset) => subset == name,
            None => self.host == name || self.host.split('.').next() == Some(name),
        };
        match (is(&aim.to), is(&aim.from)) {
            (true, _) => Which::To,
            (_, true) => Which::From,
            _ => Which::Other,
        }
    }
}

/// A route as it is written: its destinations, and whether only requests that ask for it get there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) destinations: Vec<Destination>,
    /// Whether each of its matches wants a header or a parameter, as routes for testers do.
    pub(super) by_name: bool,
}

/// What is to be done to a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Its destinations get these weights.
    Weights(Vec<u32>),
    /// The destination at this place becomes the other one.
    Rename(usize),
    /// Behind the destination at this place comes the other one; then these are the weights of all.
    Add(usize, Vec<u32>),
}

impl Route {
    /// What a step does to it; `None` if it has nothing to do with it.
    pub(super) fn change(&self, aim: &Aim) -> Option<Change> {
        let which: Vec<Which> = self.destinations.iter().map(|it| it.which(aim)).collect();
        let from = which.iter().position(|it| *it == Which::From);
        match (which.contains(&Which::To), from) {
            (true, Some(_)) => Some(Change::Weights(self.weights(&which, aim.share))),
            // A route with one of the two is for whoever asks for it, or is what is live.
            (false, Some(at)) if !self.by_name && aim.switches && aim.share == 100 => {
                Some(Change::Rename(at))
            }
            (false, Some(at)) if !self.by_name && !aim.switches && aim.share > 0 => {
                let mut which = which;
                which.insert(at + 1, Which::To);
                let mut more = self.clone();
                more.destinations.insert(at + 1, Destination::default());
                if more.destinations.len() == 2 {
                    // What is alone gets everything, whatever is written.
                    more.destinations[at].weight = Some(100);
                }
                Some(Change::Add(at, more.weights(&which, aim.share)))
            }
            _ => None,
        }
    }

    /// What `to` gets now, in percent; `None` if the route has nothing to do with it.
    pub(super) fn share(&self, aim: &Aim) -> Option<u32> {
        let which: Vec<Which> = self.destinations.iter().map(|it| it.which(aim)).collect();
        let (to, from) = (which.contains(&Which::To), which.contains(&Which::From));
        match (to, from) {
            (true, true) => {
                let shares = self.percentages();
                let of_to = which.iter().zip(shares).filter(|(it, _)| **it == Which::To);
                Some(of_to.map(|(_, share)| share).sum())
            }
            (false, true) if !self.by_name => Some(0),
            (true, false) if !self.by_name && aim.switches => Some(100),
            _ => None,
        }
    }

    /// Whether it is as a step wants it, and its weights are 100 together.
    pub(super) fn is_at(&self, aim: &Aim) -> bool {
        match self.change(aim) {
            Some(Change::Weights(weights)) => {
                let now = self.destinations.iter().map(|it| it.weight.unwrap_or(0));
                now.eq(weights)
            }
            Some(Change::Rename(_) | Change::Add(..)) => false,
            None => true,
        }
    }

    /// The weights in percent, rounded down; where none is written, one destination has everything.
    fn percentages(&self) -> Vec<u32> {
        if let [_] = self.destinations.as_slice() {
            return vec![100];
        }
        let weights = self.destinations.iter().map(|it| u64::from(it.weight.unwrap_or(0)));
        let total: u64 = weights.clone().sum();
        let percent = |weight: u64| (weight * 100).checked_div(total).unwrap_or(0);
        weights.map(|weight| u32::try_from(percent(weight)).unwrap_or(0)).collect()
    }

    /// The weights of a step, 100 together. Destinations that are neither keep theirs as long as there is room.
    fn weights(&self, which: &[Which], share: u32) -> Vec<u32> {
        let mut weights = self.percentages();
        let mut room = 100 - share;
        for (weight, of) in weights.iter_mut().zip(which) {
            if *of == Which::Other {
                *weight = (*weight).min(room);
                room -= *weight;
            }
        }
        share_out(&mut weights, which, Which::To, share);
        share_out(&mut weights, which, Which::From, room);
        weights
    }
}

/// The first of a kind gets what is there; the others of it nothing.
fn share_out(weights: &mut [u32], which: &[Which], of: Which, mut amount: u32) {
    for (weight, kind) in weights.iter_mut().zip(which) {
        if *kind == of {
            *weight = std::mem::take(&mut amount);
        }
    }
}
