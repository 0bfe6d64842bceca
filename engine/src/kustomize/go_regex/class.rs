//! Classes: `[…]`, with Perl's and POSIX's names inside.

use super::error::{PatternError, refused};
use super::letter;

/// The last character there is.
const LAST: u32 = 0x0010_FFFF;

/// A set of characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Class {
    ranges: Vec<(u32, u32)>,
    negated: bool,
}

impl Class {
    /// The characters of these ranges.
    pub(super) fn of(ranges: &[(u32, u32)]) -> Self {
        Self { ranges: ranges.to_vec(), negated: false }
    }

    /// All others.
    pub(super) fn negated(self) -> Self {
        Self { negated: !self.negated, ..self }
    }

    /// Reads a class and returns what follows it.
    pub(super) fn parse(text: &str) -> Result<(Self, &str), PatternError> {
        let missing = || refused("missing closing ]", text);
        let mut rest = &text[1..];
        let negated = rest.starts_with('^');
        rest = rest.strip_prefix('^').unwrap_or(rest);
        let mut class = Self { ranges: Vec::new(), negated };
        let mut is_first = true;
        // A bracket that comes first means itself.
        while is_first || !rest.starts_with(']') {
            is_first = false;
            if let Some((name, after)) = posix(rest) {
                class.add(
                    &named(name).ok_or_else(|| refused("invalid character class range", name))?,
                );
                rest = after;
                continue;
            }
            if let Some((perl, after)) = perl_class(rest) {
                class.add(&perl);
                rest = after;
                continue;
            }
            let whole = rest;
            let low;
            (low, rest) = letter(rest)?.ok_or_else(missing)?;
            let mut high = low;
            if let Some(after) = rest.strip_prefix('-')
                && !after.is_empty()
                && !after.starts_with(']')
            {
                (high, rest) = letter(after)?.ok_or_else(missing)?;
                if high < low {
                    let range = &whole[..whole.len() - rest.len()];
                    return Err(refused("invalid character class range", range));
                }
            }
            class.ranges.push((low, high));
        }
        Ok((class, &rest[1..]))
    }

    fn add(&mut self, other: &Self) {
        if !other.negated {
            self.ranges.extend(&other.ranges);
            return;
        }
        let mut sorted = other.ranges.clone();
        sorted.sort_unstable();
        let mut next = 0;
        for (low, high) in sorted {
            if low > next {
                self.ranges.push((next, low - 1));
            }
            next = next.max(high + 1);
        }
        if next <= LAST {
            self.ranges.push((next, LAST));
        }
    }

    /// Writes the class so that every sign in it means itself.
    pub(super) fn write(&self, out: &mut String) {
        out.push_str(if self.negated { "[^" } else { "[" });
        for &(low, high) in &self.ranges {
            // Between these two are no characters.
            let parts = [(low, high.min(0xD7FF)), (low.max(0xE000), high)];
            for (low, high) in parts.into_iter().filter(|(low, high)| low <= high) {
                out.push_str(&format!("\\x{{{low:X}}}-\\x{{{high:X}}}"));
            }
        }
        out.push(']');
    }
}

/// One character of a class, with what follows; `None` at the end of the text.
fn letter(text: &str) -> Result<Option<(u32, &str)>, PatternError> {
    if !text.starts_with('\\') {
        let first = text.chars().next();
        return Ok(first.map(|letter| (u32::from(letter), &text[letter.len_utf8()..])));
    }
    let (letter, rest) = letter::letter(text)?;
    Ok(Some((u32::from(letter), rest)))
}

/// `[:name:]` at the beginning of a text, with what follows.
fn posix(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix("[:")?;
    let end = inner.find(":]")?;
    Some((&text[..end + 4], &inner[end + 2..]))
}

/// The class of a POSIX name.
fn named(name: &str) -> Option<Class> {
    let inner = name.strip_prefix("[:")?.strip_suffix(":]")?;
    let (negated, inner) = inner.strip_prefix('^').map_or((false, inner), |inner| (true, inner));
    let range = |low: char, high: char| (u32::from(low), u32::from(high));
    let (digit, upper, lower) = (range('0', '9'), range('A', 'Z'), range('a', 'z'));
    let ranges = match inner {
        "alnum" => vec![digit, upper, lower],
        "alpha" => vec![upper, lower],
        "ascii" => vec![(0, 0x7F)],
        "blank" => vec![range('\t', '\t'), range(' ', ' ')],
        "cntrl" => vec![(0, 0x1F), (0x7F, 0x7F)],
        "digit" => vec![digit],
        "graph" => vec![range('!', '~')],
        "lower" => vec![lower],
        "print" => vec![range(' ', '~')],
        "punct" => vec![range('!', '/'), range(':', '@'), range('[', '`'), range('{', '~')],
        "space" => vec![(9, 13), range(' ', ' ')],
        "upper" => vec![upper],
        "word" => vec![digit, upper, lower, range('_', '_')],
        "xdigit" => vec![digit, range('A', 'F'), range('a', 'f')],
        _ => return None,
    };
    Some(Class { ranges, negated })
}

/// One of Perl's classes, which are ASCII in Go, with what follows it.
pub(super) fn perl_class(text: &str) -> Option<(Class, &str)> {
    let mut letters = text.chars();
    let name = letters.next().filter(|first| *first == '\\').and_then(|_| letters.next())?;
    let range = |low: char, high: char| (u32::from(low), u32::from(high));
    let class = match name.to_ascii_lowercase() {
        'd' => Class::of(&[range('0', '9')]),
        's' => Class::of(&[(9, 10), (12, 13), range(' ', ' ')]),
        'w' => Class::of(&[range('0', '9'), range('A', 'Z'), range('_', '_'), range('a', 'z')]),
        _ => return None,
    };
    Some((if name.is_ascii_uppercase() { class.negated() } else { class }, letters.as_str()))
}
