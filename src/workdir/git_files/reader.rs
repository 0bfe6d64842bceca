//! Objects by their ids, from loose files and packs.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use flate2::{Decompress, FlushDecompress, Status};

use super::super::bounds::FILE_LIMIT_BYTES;
use super::delta;
use super::layout::GitFiles;
use super::object::{Kind, Object, ObjectId};
use super::pack::Pack;

/// Larger objects are git's to read.
const LIMIT: usize = FILE_LIMIT_BYTES as usize;
/// So much of a pack is read at once: what is asked for together stands together.
const WINDOW: u64 = 64 << 10;
const MOST_WINDOWS: usize = 128;
/// So many bytes of objects are kept; others are often a change of them.
const MOST_KEPT: usize = 16 << 20;
/// Git makes no chain of changes that is longer.
const LONGEST_CHAIN: usize = 4096;

/// A place in one of the packs.
type PackOffset = (usize, u64);

/// Reads objects; keeps what it read lately.
pub struct ObjectReader {
    objects: PathBuf,
    packs: Arc<Vec<Pack>>,
    windows: BTreeMap<PackOffset, Arc<[u8]>>,
    kept: BTreeMap<PackOffset, Object>,
    kept_bytes: usize,
    inflater: Decompress,
}

impl std::fmt::Debug for ObjectReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObjectReader").field("objects", &self.objects).finish_non_exhaustive()
    }
}

/// An entry of a pack.
enum Entry {
    Whole(Object),
    /// A change of what stands at an earlier place.
    Change {
        base: u64,
        delta: Vec<u8>,
    },
}

impl ObjectReader {
    /// A reader of a repository's objects; `None` if one of its packs is of a form that we do not read.
    #[must_use]
    pub fn open(files: &GitFiles) -> Option<Self> {
        let (windows, kept) = (BTreeMap::new(), BTreeMap::new());
        let (objects, packs) = (files.git.join("objects"), files.packs()?);
        let inflater = Decompress::new(true);
        Some(Self { objects, packs, windows, kept, kept_bytes: 0, inflater })
    }

    /// An object; `None` if it is not here or cannot be read here.
    pub fn read(&mut self, id: &ObjectId) -> Option<Object> {
        let packs = Arc::clone(&self.packs);
        let mut places =
            packs.iter().enumerate().filter_map(|(pack, it)| Some((pack, it.find(id)?)));
        match places.next() {
            Some(place) => self.packed(place),
            None => self.loose(id),
        }
    }

    /// The content of an object that has to be of a kind.
    pub fn content(&mut self, id: &ObjectId, kind: Kind) -> Option<Arc<[u8]>> {
        self.read(id).filter(|object| object.kind == kind).map(|object| object.content)
    }

    fn loose(&mut self, id: &ObjectId) -> Option<Object> {
        let name = id.hex();
        let (folder, file) = name.split_at(2);
        let packed = fs::read(self.objects.join(folder).join(file)).ok()?;
        let whole = self.inflate_whole(&packed)?;
        let end = memchr::memchr(0, &whole)?;
        let mut words = whole[..end].splitn(2, |byte| *byte == b' ');
        let kind = Kind::of_word(words.next()?)?;
        let size: usize = std::str::from_utf8(words.next()?).ok()?.parse().ok()?;
        let content = &whole[end + 1..];
        (content.len() == size).then(|| Object { kind, content: Arc::from(content) })
    }

    fn inflate_whole(&mut self, packed: &[u8]) -> Option<Vec<u8>> {
        let mut whole = Vec::with_capacity(packed.len().saturating_mul(4).max(256));
        self.inflater.reset(true);
        loop {
            let from = usize::try_from(self.inflater.total_in()).ok()?;
            let (read, made) = (from, whole.len());
            let rest = packed.get(from..)?;
            let status = self.inflater.decompress_vec(rest, &mut whole, FlushDecompress::None);
            if status.ok()? == Status::StreamEnd {
                return Some(whole);
            }
            let is_stuck = self.inflater.total_in() == read as u64 && whole.len() == made;
            let has_room = whole.len() < whole.capacity();
            if is_stuck && has_room || whole.len() > LIMIT {
                return None;
            }
            whole.reserve(whole.len().max(256));
        }
    }

    fn packed(&mut self, place: PackOffset) -> Option<Object> {
        let (pack, mut at) = place;
        let (mut changes, mut bytes) = (Vec::new(), 0);
        let mut object = loop {
            if let Some(kept) = self.kept.get(&(pack, at)) {
                break kept.clone();
            }
            match self.entry((pack, at))? {
                Entry::Whole(object) => {
                    self.keep((pack, at), &object);
                    break object;
                }
                Entry::Change { base, delta } => {
                    bytes += delta.len();
                    changes.push((at, delta));
                    at = base;
                }
            }
            if changes.len() > LONGEST_CHAIN || bytes > 2 * LIMIT {
                return None;
            }
        };
        for (at, delta) in changes.into_iter().rev() {
            let content = Arc::from(delta::apply(&object.content, &delta, LIMIT)?);
            object = Object { kind: object.kind, content };
            self.keep((pack, at), &object);
        }
        Some(object)
    }

    fn keep(&mut self, place: PackOffset, object: &Object) {
        self.kept_bytes += object.content.len();
        if self.kept_bytes > MOST_KEPT {
            self.kept.clear();
            self.kept_bytes = object.content.len();
        }
        self.kept.insert(place, object.clone());
    }

    /// Kind and size in one number, what it is a change of, then the packed bytes.
    fn entry(&mut self, (pack, start): PackOffset) -> Option<Entry> {
        let mut at = start;
        let mut byte = self.byte(pack, &mut at)?;
        let number = byte >> 4 & 7;
        let mut size = usize::from(byte & 0x0f);
        let mut shift = 4;
        while byte & 0x80 != 0 {
            byte = self.byte(pack, &mut at)?;
            size |= usize::from(byte & 0x7f).checked_shl(shift)?;
            shift += 7;
        }
        if size > LIMIT {
            return None;
        }
        let base = match number {
            6 => Some(start.checked_sub(self.distance(pack, &mut at)?)?),
            7 => {
                let mut id = [0; 20];
                for place in &mut id {
                    *place = self.byte(pack, &mut at)?;
                }
                Some(self.packs.get(pack)?.find(&ObjectId(id))?)
            }
            _ => None,
        };
        let content = self.inflate((pack, at), size)?;
        Some(match base {
            Some(base) => Entry::Change { base, delta: content },
            None => {
                Entry::Whole(Object { kind: Kind::of_number(number)?, content: content.into() })
            }
        })
    }

    /// How far before an entry its base begins: seven bits a byte, highest first, each further byte one more.
    fn distance(&mut self, pack: usize, at: &mut u64) -> Option<u64> {
        let mut byte = self.byte(pack, at)?;
        let mut distance = u64::from(byte & 0x7f);
        while byte & 0x80 != 0 {
            byte = self.byte(pack, at)?;
            distance = (distance + 1).checked_mul(128)? | u64::from(byte & 0x7f);
        }
        Some(distance)
    }

    fn inflate(&mut self, (pack, mut at): PackOffset, size: usize) -> Option<Vec<u8>> {
        // With room for one more, so that the end is seen.
        let mut content = Vec::with_capacity(size + 1);
        self.inflater.reset(true);
        loop {
            let (window, from) = self.window(pack, at)?;
            let before = (self.inflater.total_in(), content.len());
            let rest = window.get(from..)?;
            let status = self.inflater.decompress_vec(rest, &mut content, FlushDecompress::None);
            if status.ok()? == Status::StreamEnd {
                return (content.len() == size).then_some(content);
            }
            if (self.inflater.total_in(), content.len()) == before || content.len() > size {
                return None;
            }
            at += self.inflater.total_in() - before.0;
        }
    }

    fn byte(&mut self, pack: usize, at: &mut u64) -> Option<u8> {
        let (window, from) = self.window(pack, *at)?;
        *at += 1;
        window.get(from).copied()
    }

    /// The part of a pack that a place is in, and the place in it.
    fn window(&mut self, pack: usize, at: u64) -> Option<(Arc<[u8]>, usize)> {
        let (number, from) = (at / WINDOW, usize::try_from(at % WINDOW).ok()?);
        if let Some(window) = self.windows.get(&(pack, number)) {
            return Some((Arc::clone(window), from));
        }
        let mut window = vec![0; WINDOW as usize];
        let read = self.packs.get(pack)?.read_at(number * WINDOW, &mut window)?;
        let window: Arc<[u8]> = window[..read].into();
        if self.windows.len() == MOST_WINDOWS {
            self.windows.clear();
        }
        self.windows.insert((pack, number), Arc::clone(&window));
        Some((window, from))
    }
}
