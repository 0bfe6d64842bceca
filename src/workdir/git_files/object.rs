//! What git's store holds.

use std::sync::Arc;

/// The number in the four bytes at a place, the highest first, as git writes numbers; `None` behind the end.
pub(super) fn number_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_be_bytes)
}

/// The id of an object: SHA-1, as hex elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectId(pub(super) [u8; 20]);

impl ObjectId {
    /// The id that hexadecimal digits name.
    #[must_use]
    pub fn of_hex(digits: &str) -> Option<Self> {
        let mut id = [0; 20];
        hex::decode_to_slice(digits, &mut id).ok()?;
        Some(Self(id))
    }

    /// The id at the beginning of some bytes.
    #[must_use]
    pub(super) fn at_start(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().copied().map(Self)
    }

    /// As git writes it.
    #[must_use]
    pub fn hex(&self) -> String {
        let mut digits = [0; 40];
        hex::encode_to_slice(self.0, &mut digits).expect("each byte has two digits");
        String::from_utf8_lossy(&digits).into_owned()
    }
}

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A commit.
    Commit,
    /// A directory.
    Tree,
    /// A file's content.
    Blob,
    /// A tag with a message.
    Tag,
}

impl Kind {
    /// By the word that loose objects begin with.
    pub(super) fn of_word(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"commit" => Self::Commit,
            b"tree" => Self::Tree,
            b"blob" => Self::Blob,
            b"tag" => Self::Tag,
            _ => return None,
        })
    }

    /// By the number that entries of packs have.
    pub(super) const fn of_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Commit,
            2 => Self::Tree,
            3 => Self::Blob,
            4 => Self::Tag,
            _ => return None,
        })
    }
}

/// An object, whole.
#[derive(Clone, Debug)]
pub struct Object {
    /// What it is.
    pub kind: Kind,
    /// Its bytes, without the head that its id is made with.
    pub content: Arc<[u8]>,
}
