//! Go's regular expressions (RE2 syntax), translated for the machine that we have.
//!
//! kustomize reads the patterns of targets, images and replacements with Go's `regexp`. The two
//! dialects look alike and are not: `{` without numbers means itself in Go and nothing here, `\d` is
//! ASCII in Go and Unicode here, `[a&&b]` is three letters in Go and a set operation here, `\<` is a
//! sign in Go and the begin of a word here, `a**` is refused in Go and taken here. So no text of a
//! kustomization reaches our machine as it is: it is read as Go reads it (`regexp/syntax/parse.go`,
//! with the flags `Perl`) and written anew with nothing but what both agree on.

mod class;
mod error;
mod escape;
mod groups;
mod letter;
mod parser;

pub use error::PatternError;

use regex::{Regex, RegexBuilder};

use error::short;
use parser::{MAX_DEPTH, Parser};

/// Reads a pattern as Go does.
///
/// # Errors
/// [`PatternError`] where Go refuses it, and for the classes of Unicode scripts, which we lack.
pub fn compile(pattern: &str) -> Result<Regex, PatternError> {
    let translated = translate(pattern)?;
    let built = RegexBuilder::new(&translated).nest_limit(MAX_DEPTH * 2).build();
    built.map_err(|_| PatternError::Unsupported(short(pattern)))
}

/// The same pattern in the words of the `regex` crate.
fn translate(pattern: &str) -> Result<String, PatternError> {
    let mut parser = Parser {
        rest: pattern,
        out: String::with_capacity(pattern.len() + 8),
        open: Vec::new(),
        names: Vec::new(),
        has_atom: false,
        repeats: 1,
    };
    parser.run()?;
    Ok(parser.out)
}

#[cfg(test)]
mod tests;
