//! Go's regular expressions (RE2 syntax), translated for the machine that we have.
//!
//! kustomize reads the patterns of targets, images and replacements with Go's `regexp`. The two
//! dialects look alike and are not: `{` without numbers means itself in Go and nothing here, `\d` is
//! ASCII in Go and Unicode here, `[a&&b]` is three letters in Go and a set operation here, `\<` is a
//! sign in Go and the begin of a word here, `a**` is refused in Go and taken here. So no text of a
//! kustomization reaches our machine as it is: it is read as Go reads it (`regexp/syntax/parse.go`,
//! with the flags `Perl`) and written anew with nothing but what both agree on.

mod class;
mod escape;
mod groups;

use regex::{Regex, RegexBuilder};

use class::Class;
use escape::Escape;

/// Go counts nested groups up to here (`maxHeight`).
const MAX_DEPTH: u32 = 1_000;
/// The largest number in `{n,m}`, and of repetitions within each other.
const MAX_REPEAT: u32 = 1_000;

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

struct Parser<'a> {
    rest: &'a str,
    out: String,
    /// For each group that is open, the most that is repeated inside it so far.
    open: Vec<u32>,
    names: Vec<&'a str>,
    /// Whether there is something that `*` can repeat.
    has_atom: bool,
    /// How often the last atom's inner parts are repeated already.
    repeats: u32,
}

fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

fn refused(why: &'static str, what: &str) -> PatternError {
    PatternError::Refused(why, short(what))
}

impl<'a> Parser<'a> {
    fn run(&mut self) -> Result<(), PatternError> {
        let mut after_repeat = None;
        while let Some(first) = self.rest.chars().next() {
            let before = self.rest;
            let mut repeat = None;
            match first {
                '(' => self.open_group()?,
                ')' => self.close_group()?,
                '|' => {
                    self.sign('|');
                    self.has_atom = false;
                }
                '^' | '$' | '.' => {
                    self.sign(first);
                    self.atom(1);
                }
                '[' => {
                    let (class, rest) = Class::parse(self.rest)?;
                    class.write(&mut self.out);
                    self.rest = rest;
                    self.atom(1);
                }
                '*' | '+' | '?' => {
                    self.rest = &self.rest[1..];
                    self.repeat(before, after_repeat, &first.to_string(), 1)?;
                    repeat = Some(before);
                }
                '{' => match counts(self.rest) {
                    Some((low, high, rest)) => {
                        self.rest = rest;
                        let text = self.counted(before, low, high)?;
                        self.repeat(before, after_repeat, &text, high.unwrap_or(low).max(low))?;
                        repeat = Some(before);
                    }
                    // A brace that counts nothing means itself.
                    None => self.letter(first),
                },
                '\\' => self.escape()?,
                _ => self.letter(first),
            }
            after_repeat = repeat;
        }
        if self.open.is_empty() { Ok(()) } else { Err(refused("missing closing )", self.rest)) }
    }

    /// A sign that means the same in both.
    fn sign(&mut self, sign: char) {
        self.out.push(sign);
        self.rest = &self.rest[sign.len_utf8()..];
    }

    /// A letter that means itself.
    fn letter(&mut self, letter: char) {
        self.rest = &self.rest[letter.len_utf8()..];
        write_letter(letter, &mut self.out);
        self.atom(1);
    }

    const fn atom(&mut self, repeats: u32) {
        self.has_atom = true;
        self.repeats = repeats;
    }

    fn escape(&mut self) -> Result<(), PatternError> {
        let (escape, rest) = Escape::parse(self.rest)?;
        match escape {
            Escape::Letter(letter) => write_letter(letter, &mut self.out),
            Escape::Class(class) => class.write(&mut self.out),
            Escape::Text(text) => {
                text.chars().for_each(|letter| write_letter(letter, &mut self.out));
                self.rest = rest;
                if !text.is_empty() {
                    self.atom(1);
                }
                return Ok(());
            }
            Escape::Assertion(text) => self.out.push_str(text),
        }
        self.rest = rest;
        self.atom(1);
        Ok(())
    }

    /// A repetition of the last atom; `?` behind it makes it lazy.
    fn repeat(
        &mut self,
        before: &str,
        after_repeat: Option<&str>,
        text: &str,
        times: u32,
    ) -> Result<(), PatternError> {
        let lazy = self.rest.starts_with('?');
        if lazy {
            self.rest = &self.rest[1..];
        }
        let operator = &before[..before.len() - self.rest.len()];
        if let Some(first) = after_repeat {
            let both = &first[..first.len() - self.rest.len()];
            return Err(refused("invalid nested repetition operator", both));
        }
        if !self.has_atom {
            return Err(refused("missing argument to repetition operator", operator));
        }
        if times > 1 {
            let all = self.repeats.saturating_mul(times);
            if all > MAX_REPEAT {
                return Err(refused("invalid repeat count", operator));
            }
            self.note_repeats(all);
        }
        self.out.push_str(text);
        if lazy {
            self.out.push('?');
        }
        Ok(())
    }

    fn note_repeats(&mut self, all: u32) {
        self.repeats = all;
        if let Some(inner) = self.open.last_mut() {
            *inner = all.max(*inner);
        }
    }

    /// The text of `{n}`, `{n,}` and `{n,m}`.
    fn counted(&self, before: &str, low: u32, high: Option<u32>) -> Result<String, PatternError> {
        let operator = &before[..before.len() - self.rest.len()];
        if low > MAX_REPEAT || high.is_some_and(|high| high > MAX_REPEAT || high < low) {
            return Err(refused("invalid repeat count", operator));
        }
        Ok(operator.to_owned())
    }
}

/// Writes a letter so that it means itself.
fn write_letter(letter: char, out: &mut String) {
    if letter.is_ascii_alphanumeric() || (!letter.is_ascii() && !letter.is_control()) {
        out.push(letter);
    } else {
        out.push_str(&format!("\\x{{{:X}}}", u32::from(letter)));
    }
}

/// `{n}`, `{n,}` or `{n,m}` at the beginning of a text: the two numbers and what follows.
fn counts(text: &str) -> Option<(u32, Option<u32>, &str)> {
    let (low, rest) = whole(text.strip_prefix('{')?)?;
    if let Some(rest) = rest.strip_prefix('}') {
        return Some((low, Some(low), rest));
    }
    let rest = rest.strip_prefix(',')?;
    if let Some(rest) = rest.strip_prefix('}') {
        return Some((low, None, rest));
    }
    let (high, rest) = whole(rest)?;
    Some((low, Some(high), rest.strip_prefix('}')?))
}

/// A number without leading zeros; one that is far too large is [`u32::MAX`].
fn whole(text: &str) -> Option<(u32, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(length);
    if digits.is_empty() || (digits.len() > 1 && digits.starts_with('0')) {
        return None;
    }
    Some((digits.parse().unwrap_or(u32::MAX), rest))
}

#[cfg(test)]
mod tests;
