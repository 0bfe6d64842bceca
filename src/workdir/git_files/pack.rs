//! A pack by its index: which objects it has, and where in it they begin.

use std::fs::{self, File};
use std::path::Path;

use super::object::{ObjectId, number_at};

/// An index that is larger is git's to read.
const LARGEST_INDEX: u64 = 64 << 20;
/// The magic bytes and the version of the only form that git has written since 2007.
const HEAD: [u8; 8] = [0xff, b't', b'O', b'c', 0, 0, 0, 2];
/// How many ids begin with at most each byte.
const FAN_OUT: usize = HEAD.len() + 256 * 4;

/// A pack.
#[derive(Debug)]
pub(super) struct Pack {
    index: Vec<u8>,
    objects: usize,
    data: File,
}

impl Pack {
    /// Opens the packs of a folder; `None` if one of them is of another form.
    pub(super) fn open_all(folder: &Path) -> Option<Vec<Self>> {
        let mut packs = Vec::new();
        for file in fs::read_dir(folder).into_iter().flatten() {
            let path = file.ok()?.path();
            if path.extension().is_some_and(|it| it == "idx") {
                packs.push(Self::open(&path)?);
            }
        }
        Some(packs)
    }

    /// Opens the pack of an index.
    fn open(index: &Path) -> Option<Self> {
        if fs::metadata(index).ok()?.len() > LARGEST_INDEX {
            return None;
        }
        let data = File::open(index.with_extension("pack")).ok()?;
        let index = fs::read(index).ok()?;
        if !index.starts_with(&HEAD) {
            return None;
        }
        let objects = usize::try_from(number_at(&index, FAN_OUT - 4)?).ok()?;
        // Ids, checksums and places, then two checksums of all.
        let least = objects.checked_mul(28)?.checked_add(FAN_OUT + 40)?;
        (index.len() >= least).then_some(Self { index, objects, data })
    }

    /// Where an object begins.
    pub(super) fn find(&self, id: &ObjectId) -> Option<u64> {
        let first = usize::from(id.0[0]);
        let until =
            |byte: usize| number_at(&self.index, HEAD.len() + 4 * byte).map(|it| it as usize);
        let (mut low, mut high) = (first.checked_sub(1).map_or(Some(0), until)?, until(first)?);
        while low < high {
            let middle = low.midpoint(high);
            match self.index.get(FAN_OUT + 20 * middle..)?.get(..20)?.cmp(&id.0) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return self.place(middle),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    fn place(&self, number: usize) -> Option<u64> {
        let places = FAN_OUT + 24 * self.objects;
        let place = number_at(&self.index, places + 4 * number)?;
        let Some(large) = place.checked_sub(1 << 31) else { return Some(place.into()) };
        let at = places + 4 * self.objects + 8 * large as usize;
        self.index.get(at..)?.first_chunk().copied().map(u64::from_be_bytes)
    }

    /// Reads from a place on; fewer bytes than there is room for at the end alone.
    #[cfg(unix)]
    pub(super) fn read_at(&self, place: u64, room: &mut [u8]) -> Option<usize> {
        use std::os::unix::fs::FileExt as _;
        let mut read = 0;
        while read < room.len() {
            match self.data.read_at(&mut room[read..], place + read as u64).ok()? {
                0 => break,
                more => read += more,
            }
        }
        Some(read)
    }

    #[cfg(not(unix))]
    pub(super) fn read_at(&self, _place: u64, _room: &mut [u8]) -> Option<usize> {
        None
    }
}
