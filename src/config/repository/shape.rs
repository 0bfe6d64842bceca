//! What a key of `overlift.yaml` may hold: the shapes that the check of a file and the JSON Schema are made
//! from. The keys themselves are in [`super::keys`].

/// One key of a mapping.
pub(super) struct Key {
    /// As it is written.
    pub(super) name: &'static str,
    /// What its value may be.
    pub(super) shape: Shape,
    /// What it means, for editors.
    pub(super) about: &'static str,
    /// What holds where it is absent.
    pub(super) absent: Absent,
}

/// What holds where a key is absent.
pub(super) enum Absent {
    /// It has to be there.
    Refused,
    /// Nothing, or what depends on other keys.
    Nothing,
    /// A text.
    Text(&'static str),
    /// A switch.
    Flag(bool),
    /// A list of texts.
    Texts(&'static [&'static str]),
}

/// What a value may be.
pub(super) enum Shape {
    /// The number 1.
    Version,
    /// A text that is checked later; for editors a pattern.
    Text {
        /// A regular expression that every right text matches.
        pattern: Option<&'static str>,
        /// The longest, in characters.
        longest: Option<usize>,
    },
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A whole number from 1 to 100.
    Percent,
    /// A list.
    List {
        /// What its items may be.
        items: &'static Self,
        /// The least number of them.
        least: usize,
        /// The greatest number of them.
        most: usize,
    },
    /// One value, or a list of them that is not empty.
    OneOrSeveral(&'static Self),
    /// A mapping with keys that are checked later.
    Words(&'static Self),
    /// A day.
    Day,
    /// A day, or a day with a time.
    Moment,
    /// A text, or a mapping that says more.
    TextOr(&'static Self, &'static Self),
    /// A version of Kubernetes; quotes are not needed.
    Release,
    /// A mapping with these keys and no others.
    Mapping(&'static [Key]),
}

/// No list of a configuration is longer, but for environments, of which there may be any number.
pub(super) const LONGEST_LIST: usize = 10_000;

pub(super) const TEXT: Shape = Shape::Text { pattern: None, longest: None };
pub(super) const NAME: Shape =
    Shape::Text { pattern: Some("^[A-Za-z0-9][A-Za-z0-9._-]*$"), longest: Some(100) };
/// No absolute path, and something in it.
pub(super) const PATH: Shape = Shape::Text { pattern: Some("^[^/]"), longest: None };
pub(super) const GLOB: Shape = Shape::Text { pattern: Some("^[^/].*[^/]$|^[^/]$"), longest: None };
/// A time span.
pub(super) const SPAN: Shape = Shape::Text { pattern: Some("^[0-9]+[smhd]$"), longest: Some(20) };

pub(super) const SOMETHING: Shape = Shape::Text { pattern: Some("\\S"), longest: None };

pub(super) const fn list(items: &'static Shape, least: usize) -> Shape {
    Shape::List { items, least, most: LONGEST_LIST }
}
