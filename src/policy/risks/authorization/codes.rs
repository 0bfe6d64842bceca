//! How much it weighs that more is let through, and what is said alike of all that refused something.

use crate::policy::Level;
use crate::policy::change::{Changed, words};
use crate::policy::rule::{Code, Report};

/// More is let through, or it cannot be told.
pub(super) const WIDER: Code = Code::sound("authorization-wider", Level::Warning);
/// Something else is let through, or less.
pub(super) const OTHER: Code = Code::sound("authorization-wider", Level::Info);

/// Tells that something goes which refused what it did not name.
pub(super) fn refusal_gone(changed: &Changed<'_>, report: &mut Report<'_>) {
    let words = words(
        "is deleted, so what it refused is allowed",
        "are deleted, so what they refused is allowed",
        "",
    );
    report.tell(changed, WIDER, "", words);
}
