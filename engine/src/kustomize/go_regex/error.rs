//! Why a text is no pattern, in Go's words.

/// Why a text is no pattern for Go, or none that can be matched here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Go's own words.
    #[error("{0}: `{1}`")]
    Refused(&'static str, String),
    /// Go takes it; we do not know it.
    #[error("not supported here: `{0}`")]
    Unsupported(String),
}

/// As much of a text as a message has room for.
pub(super) fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

/// Go refuses a part of a pattern.
pub(super) fn refused(why: &'static str, what: &str) -> PatternError {
    PatternError::Refused(why, short(what))
}
