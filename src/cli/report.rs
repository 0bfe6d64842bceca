//! Errors for people: the place, what is there, the reason and the way out.

use super::output::{Output, harmless};

/// Prints an error with its causes to standard error.
pub(super) fn print(error: &anyhow::Error, output: &Output) {
    let palette = &output.error_palette;
    let style = palette.error;
    output.say(&format!("{style}error{style:#}: {}", harmless(&error.to_string())));
}
