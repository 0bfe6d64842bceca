//! Why a patch cannot be laid over an object.

/// Why a patch cannot be laid over an object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// The patch has another kind of value than the object.
    #[error("`{field}` is a {found} in one and a {expected} in the other")]
    Mismatch {
        /// The field, with dots.
        field: String,
        /// What the object has, or the patch where the object has nothing.
        expected: &'static str,
        /// What does not fit.
        found: &'static str,
    },
    /// `$patch` has a value that is none of the three.
    #[error("`{field}`: `$patch` is none of `delete`, `replace` and `merge`")]
    UnknownDirective {
        /// The mapping or list with the directive, with dots.
        field: String,
    },
    /// A mapping that the walk comes by has a key without text.
    #[error("`{field}` has an empty key, which kustomize cannot lay a strategic merge patch over")]
    EmptyKey {
        /// The mapping, with dots.
        field: String,
    },
    /// A key of the patch is no string and comes to stand in the object.
    #[error("the last key of `{field}` is no string: put it in quotes")]
    TypedKey {
        /// The field, with dots.
        field: String,
    },
    /// An irregular list is too long to be merged by comparing all pairs of items.
    #[error("`{field}` has more than {limit} items, some of them without their key")]
    TooLong {
        /// The list, with dots.
        field: String,
        /// The limit.
        limit: usize,
    },
}
