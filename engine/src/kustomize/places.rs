//! An index from hashes to places in a list that grows: open chains over two plain vectors.
//!
//! The standard map of hashes is banned from pure rooms for its order, which nobody sees here, and
//! costs an allocation for each key. A place stays in the index when what stands there changes: who
//! searches compares.

use std::hash::{DefaultHasher, Hash, Hasher as _};

/// No entry: the end of a chain.
const END: u32 = u32::MAX;
/// Buckets of the smallest index.
const FEW: usize = 16;

/// Places by the hash of a key.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The newest entry of each chain; as many as a power of two.
    buckets: Vec<u32>,
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    hash: u64,
    place: u32,
    next: u32,
}

impl Places {
    /// Notes that `key` is at `place`.
    pub fn note(&mut self, key: impl Hash, place: usize) {
        self.note_hashed(hash_of(key), place);
    }

    /// As [`Places::note`], for who has hashed the key already.
    pub fn note_hashed(&mut self, hash: u64, place: usize) {
        if self.chain(hash).any(|known| known == place) {
            return;
        }
        if self.entries.len() == self.buckets.len() {
            self.grow();
        }
        let place = u32::try_from(place).expect("a list of objects in memory has fewer than 2^32");
        let entry = Entry { hash, place, next: END };
        link(&mut self.buckets, &mut self.entries, entry);
    }

    /// The places where `key` may be, in order.
    #[must_use]
    pub fn of(&self, key: impl Hash) -> Vec<usize> {
        let mut places: Vec<usize> = self.chain(hash_of(key)).collect();
        places.sort_unstable();
        places
    }

    /// The first place of which `fits` is true among those where a key may be that hashes so.
    pub fn first_hashed(&self, hash: u64, fits: impl Fn(usize) -> bool) -> Option<usize> {
        self.chain(hash).filter(|place| fits(*place)).min()
    }

    fn chain(&self, hash: u64) -> impl Iterator<Item = usize> {
        let mut next = if self.buckets.is_empty() {
            END
        } else {
            self.buckets[bucket(hash, self.buckets.len())]
        };
        std::iter::from_fn(move || {
            let entry = self.entries.get(next as usize)?;
            next = entry.next;
            Some(entry)
        })
        .filter(move |entry| entry.hash == hash)
        .map(|entry| entry.place as usize)
    }

    fn grow(&mut self) {
        let size = (self.buckets.len() * 2).max(FEW);
        self.buckets.clear();
        self.buckets.resize(size, END);
        let old = std::mem::replace(&mut self.entries, Vec::with_capacity(size));
        for entry in old {
            link(&mut self.buckets, &mut self.entries, entry);
        }
    }
}

/// Puts an entry at the head of its chain.
fn link(buckets: &mut [u32], entries: &mut Vec<Entry>, entry: Entry) {
    let at = bucket(entry.hash, buckets.len());
    let next = std::mem::replace(&mut buckets[at], u32::try_from(entries.len()).unwrap_or(END));
    entries.push(Entry { next, ..entry });
}

fn bucket(hash: u64, buckets: usize) -> usize {
    #[expect(clippy::cast_possible_truncation, reason = "the low bits are wanted")]
    let low = hash as usize;
    low & (buckets - 1)
}

/// The hash of a key.
pub fn hash_of(key: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_all_places_of_a_key_in_order() {
        let mut places = Places::default();
        assert!(places.of("k0").is_empty());
        for place in (0..300).rev() {
            places.note(format!("k{}", place % 100), place);
            places.note(format!("k{}", place % 100), place);
        }
        assert_eq!(places.of("k7"), [7, 107, 207]);
        assert!(places.of("k100").is_empty());
    }
}
