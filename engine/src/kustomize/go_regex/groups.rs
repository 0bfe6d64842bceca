//! Groups: `(…)`, `(?:…)`, named ones, and flags.

use super::error::{PatternError, refused};
use super::parser::{MAX_DEPTH, Parser};

impl<'a> Parser<'a> {
    pub(super) fn open_group(&mut self) -> Result<(), PatternError> {
        if self.open.len() >= MAX_DEPTH as usize {
            return Err(refused("expression nests too deeply", self.rest));
        }
        if self.rest.starts_with("(?") {
            return self.open_special();
        }
        self.rest = &self.rest[1..];
        self.out.push('(');
        self.open();
        Ok(())
    }

    pub(super) fn close_group(&mut self) -> Result<(), PatternError> {
        let Some(inner) = self.open.pop() else {
            return Err(refused("unexpected )", self.rest));
        };
        self.rest = &self.rest[1..];
        self.out.push(')');
        self.atom(1);
        self.note_repeats(inner);
        Ok(())
    }

    fn open(&mut self) {
        self.open.push(1);
        self.has_atom = false;
    }

    fn open_special(&mut self) -> Result<(), PatternError> {
        let before = self.rest;
        let named = before.strip_prefix("(?P<").or_else(|| before.strip_prefix("(?<"));
        if let Some(inner) = named
            && !inner.starts_with(['=', '!'])
        {
            return self.open_named(inner);
        }
        let inner = &before[2..];
        let length = inner.find(|c: char| !"imsU-".contains(c)).unwrap_or(inner.len());
        let (flags, rest) = inner.split_at(length);
        let invalid = || refused("invalid or unsupported Perl syntax", &before[..length + 2]);
        // A minus has to turn something off, and only once.
        if flags.matches('-').count() > 1 || flags.ends_with('-') {
            return Err(invalid());
        }
        self.out.push_str("(?");
        self.out.push_str(&unique(flags));
        match rest.chars().next() {
            Some(':') => {
                self.out.push(':');
                self.rest = &rest[1..];
                self.open();
            }
            Some(')') => {
                if flags.is_empty() {
                    // `(?)` says nothing, and is no flag group to our machine.
                    self.out.push(':');
                }
                self.out.push(')');
                self.rest = &rest[1..];
            }
            Some(_) => return Err(invalid()),
            None => return Err(refused("missing closing )", before)),
        }
        Ok(())
    }

    fn open_named(&mut self, inner: &'a str) -> Result<(), PatternError> {
        let Some((name, rest)) = inner.split_once('>') else {
            return Err(refused("invalid named capture", inner));
        };
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(is_word) {
            return Err(refused("invalid named capture", name));
        }
        if self.names.contains(&name) {
            return Err(refused("duplicate capture group name", name));
        }
        self.names.push(name);
        // The name is nothing to us, and ours may not begin with a digit.
        self.out.push('(');
        self.rest = rest;
        self.open();
        Ok(())
    }
}

/// Our machine refuses a flag that is written twice.
fn unique(flags: &str) -> String {
    let mut out = String::new();
    let (on, off) = flags.split_once('-').unwrap_or((flags, ""));
    for flag in on.chars().filter(|flag| !off.contains(*flag)) {
        if !out.contains(flag) {
            out.push(flag);
        }
    }
    if !off.is_empty() {
        out.push('-');
        for flag in off.chars() {
            if !out.contains(flag) {
                out.push(flag);
            }
        }
    }
    out
}
