//! Which entry of one list is which of another: found by keys, one sieve after the other.

use std::collections::BTreeMap;

/// Two lists whose entries find each other.
#[derive(Clone, Debug)]
pub struct Pairing {
    partners: Vec<Option<usize>>,
    taken: Vec<bool>,
}

impl Pairing {
    /// Nobody has found anybody yet.
    #[must_use]
    pub fn new(ours: usize, theirs: usize) -> Self {
        Self { partners: vec![None; ours], taken: vec![false; theirs] }
    }

    /// Pairs by a key those that have it alone on their side, among those that are left: where two have
    /// the same, guessing would tell stories.
    pub fn by_unique<K: Ord>(
        &mut self,
        ours: impl Fn(usize) -> Option<K>,
        theirs: impl Fn(usize) -> Option<K>,
    ) {
        let mut places = groups(theirs, self.left());
        for (key, places_of_ours) in groups(ours, self.alone()) {
            if let ([our], Some([their])) = (&places_of_ours[..], places.remove(&key).as_deref()) {
                self.join(*our, *their);
            }
        }
    }

    /// Pairs by a key those that are left; of several with the same the first with the first.
    pub fn in_order<K: Ord>(
        &mut self,
        ours: impl Fn(usize) -> Option<K>,
        theirs: impl Fn(usize) -> Option<K>,
    ) {
        let places = groups(theirs, self.left());
        for (key, places_of_ours) in groups(ours, self.alone()) {
            for (our, their) in
                places_of_ours.into_iter().zip(places.get(&key).into_iter().flatten())
            {
                self.join(our, *their);
            }
        }
    }

    /// The partner of each of ours.
    #[must_use]
    pub fn partners(&self) -> &[Option<usize>] {
        &self.partners
    }

    /// Those of theirs that have none, in order.
    pub fn left(&self) -> impl Iterator<Item = usize> + use<> {
        let left: Vec<usize> = (0..self.taken.len()).filter(|at| !self.taken[*at]).collect();
        left.into_iter()
    }

    /// Those of ours that have none.
    fn alone(&self) -> Vec<usize> {
        (0..self.partners.len()).filter(|at| self.partners[*at].is_none()).collect()
    }

    fn join(&mut self, our: usize, their: usize) {
        self.partners[our] = Some(their);
        self.taken[their] = true;
    }
}

/// Places by their key, in order.
fn groups<K: Ord>(
    key: impl Fn(usize) -> Option<K>,
    places: impl IntoIterator<Item = usize>,
) -> BTreeMap<K, Vec<usize>> {
    let mut groups: BTreeMap<K, Vec<usize>> = BTreeMap::new();
    for at in places {
        if let Some(key) = key(at) {
            groups.entry(key).or_default().push(at);
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at<'l>(list: &'l [&'l str]) -> impl Fn(usize) -> Option<&'l str> {
        |at| Some(list[at]).filter(|key| !key.is_empty())
    }

    #[test]
    fn what_is_there_twice_finds_nobody_or_its_like_in_order() {
        let (ours, theirs) = (["a", "b", "b", ""], ["b", "a", "b", "", "b"]);
        let mut pairing = Pairing::new(ours.len(), theirs.len());
        pairing.by_unique(at(&ours), at(&theirs));
        assert_eq!(pairing.partners(), [Some(1), None, None, None]);
        pairing.in_order(at(&ours), at(&theirs));
        assert_eq!(pairing.partners(), [Some(1), Some(0), Some(2), None]);
        assert_eq!(pairing.left().collect::<Vec<_>>(), [3, 4]);
    }

    #[test]
    fn a_later_sieve_sees_what_earlier_ones_left() {
        let mut pairing = Pairing::new(2, 2);
        let (ours, theirs) = (["x1", "x2"], ["x2", "x3"]);
        pairing.by_unique(at(&ours), at(&theirs));
        pairing.by_unique(|at| ours[at].get(..1), |at| theirs[at].get(..1));
        assert_eq!(pairing.partners(), [Some(1), Some(0)]);
    }
}
