//! Why something stays away that would come: what it names is not the target's.

/// Who is named that keeps it away, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// The source, and nothing tells what the target says instead.
    Source(String),
    /// An environment that is neither of the two.
    Other(String),
    /// An account of a cloud, to which it is bound and which the target names nowhere.
    Account(String),
    /// Something in an account that is there once, and that the target names nowhere.
    OnlyOne(String),
    /// What a comment of its author's says: the words in it.
    Reserved(String),
}
