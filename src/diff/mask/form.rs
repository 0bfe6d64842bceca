//! What a value of a Secret may look like where it was copied to: as it is, decoded, in base64 whatever stands
//! before it, quoted as JSON or a URL quotes, or one telling part of it.
//!
//! A value that is everybody's word (a resource's name, a folder, `true`) is no use as a secret and would hide
//! half a diff: it is hidden in its Secret and shown elsewhere, unless the build itself copied it from there.

use std::collections::BTreeSet;

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose};

use super::nested::nested_values;
use crate::kustomize::Build;

/// So much is searched for: a search takes some twenty times as much memory.
const MOST_BYTES: usize = 2 << 20;
/// Shorter texts are found everywhere by chance.
const SHORTEST: usize = 4;
/// Of a longer text so much is searched for: its beginning, and pieces of the rest.
const LONGEST: usize = 256;
/// How many pieces of a long text are searched for.
const MOST_PIECES: usize = 64;
/// Parts of values in files of several lines, which have much in common with other files, are longer.
const SHORTEST_IN_LINES: usize = 8;
/// A part as long as that is one by chance nowhere.
const TELLING: usize = 20;

/// Words that say nothing, whatever key they stand under.
const COMMON: [&str; 40] = [
    "true",
    "false",
    "null",
    "none",
    "yes",
    "no",
    "on",
    "off",
    "default",
    "enabled",
    "disabled",
    "admin",
    "root",
    "user",
    "username",
    "password",
    "passwd",
    "secret",
    "token",
    "postgres",
    "postgresql",
    "mysql",
    "redis",
    "mongodb",
    "localhost",
    "http",
    "https",
    "info",
    "debug",
    "warn",
    "warning",
    "error",
    "require",
    "prefer",
    "opaque",
    "data",
    "name",
    "test",
    "local",
    "string",
];

/// The last words of keys whose values are no secrets, although they stand in Secrets: they stand in images,
/// names and arguments too, which nobody could review if they were hidden there.
const HARMLESS: [&str; 14] = [
    "user",
    "username",
    "host",
    "hostname",
    "port",
    "database",
    "db",
    "dbname",
    "name",
    "region",
    "type",
    "mode",
    "environment",
    "env",
];

/// The last words of keys whose values are secrets however plain they look.
const SECRET_KEYS: [&str; 10] =
    ["password", "passwd", "pwd", "pass", "secret", "token", "key", "apikey", "credential", "auth"];

/// Texts to search for.
pub(super) struct Forms<'p> {
    public: &'p BTreeSet<String>,
    wholes: BTreeSet<String>,
    found: BTreeSet<String>,
    /// Texts in base64, which are no words whatever they look like.
    encoded: BTreeSet<String>,
    too_many: bool,
}

impl<'p> Forms<'p> {
    pub(super) const fn new(public: &'p BTreeSet<String>) -> Self {
        Self {
            public,
            wholes: BTreeSet::new(),
            found: BTreeSet::new(),
            encoded: BTreeSet::new(),
            too_many: false,
        }
    }

    /// The texts that count where they are whole, as whole words, and anywhere, and whether some are left out.
    ///
    /// Of very many values those in base64 are left out, then all.
    pub(super) fn into_parts(self) -> (BTreeSet<String>, Vec<String>, Vec<String>, bool) {
        let bytes = |texts: &BTreeSet<String>| texts.iter().map(String::len).sum::<usize>();
        let plain = bytes(&self.found);
        let (words, mut parts): (Vec<String>, Vec<String>) =
            self.found.into_iter().partition(|text| is_word(text));
        if plain + bytes(&self.encoded) <= MOST_BYTES {
            parts.extend(self.encoded);
        }
        (self.wholes, words, parts, self.too_many || plain > MOST_BYTES)
    }

    /// Takes the values that a build learned, and those in Secrets that other resources hold.
    pub(super) fn add_build(&mut self, build: &Build) {
        let is_foreign = build.origins_are_guessed;
        for (key, value) in build.secrets.values() {
            self.add(key, value);
        }
        for resource in &build.resources {
            for (key, value) in nested_values(&resource.node, !build.secrets.has_values()) {
                // Charts keep all kinds of settings in Secrets.
                if !is_foreign || !is_harmless(key) && value.len() >= 6 {
                    self.add(key, value);
                }
            }
        }
        for text in build.secrets.copied() {
            self.add_copied(text);
        }
        self.too_many |= build.secrets.too_many();
    }

    /// Takes a value that stands under a key of a Secret, as it is written or in base64.
    pub(super) fn add(&mut self, key: &str, value: &str) {
        for text in decodings(value) {
            let text = text.trim();
            if text.len() < SHORTEST || is_harmless(key) && is_plain(text) || self.is_public(text) {
                continue;
            }
            self.add_forms(text);
            self.add_telling_parts(text);
        }
    }

    /// Takes a text that the build copied out of a Secret or into one: it is secret whatever it is.
    fn add_copied(&mut self, text: &str) {
        for text in decodings(text) {
            let text = text.trim();
            if text.len() >= SHORTEST {
                self.add_forms(text);
                self.add_telling_parts(text);
            }
            if !text.is_empty() && text.len() <= LONGEST {
                self.wholes.insert(text.to_owned());
            }
        }
    }

    fn is_public(&self, text: &str) -> bool {
        self.public.contains(text) || COMMON.iter().any(|word| text.eq_ignore_ascii_case(word))
    }

    fn add_forms(&mut self, text: &str) {
        self.insert(text);
        let json = serde_json::to_string(text).unwrap_or_default();
        let json = json.trim_matches('"');
        if json != text {
            self.insert(json);
        }
        let percent = percent_encoded(text);
        if percent != text {
            self.insert(&percent);
        }
        if !text.contains('\n') || text.len() <= LONGEST {
            self.encoded.extend(encodings(text));
        } else {
            self.encoded.extend(encodings(start_of(text, LONGEST)));
        }
    }

    /// Takes a text, of a long one the beginning and pieces of the rest.
    fn insert(&mut self, text: &str) {
        if text.len() <= LONGEST {
            if text.len() >= SHORTEST {
                self.found.insert(text.to_owned());
            }
            return;
        }
        self.found.insert(start_of(text, LONGEST).to_owned());
        let is_one_line = !text.contains('\n');
        let step = (text.len() / MOST_PIECES).max(LONGEST / 4);
        let pieces = (LONGEST..text.len()).step_by(step).filter(|_| is_one_line);
        for at in pieces {
            let Some(rest) = text.get(at..) else { continue };
            let piece = start_of(rest, LONGEST / 4);
            if piece.len() >= TELLING {
                self.found.insert(piece.to_owned());
            }
        }
    }

    /// Takes what of a value is secret by its looks: the password of a URL, the value of a `password=`, a
    /// word of letters and digits, a long one.
    fn add_telling_parts(&mut self, text: &str) {
        let has_lines = text.contains('\n');
        let shortest = if has_lines { SHORTEST_IN_LINES } else { SHORTEST };
        let mut is_key = false;
        for line in text.lines().take(20_000) {
            is_key = line.contains("PRIVATE KEY-----") && line.contains("-----BEGIN")
                || is_key && !line.contains("-----END");
            self.add_line(line.trim(), is_key, has_lines);
            for (key, value) in pairs(line) {
                let value = value.trim().trim_matches(is_around);
                if value.len() >= SHORTEST && is_secret_key(key) && !self.is_public(value) {
                    self.add_part(value);
                }
            }
            for part in line.split(is_between) {
                let tells = part.len() >= shortest && is_mixed(part) && !is_host(line, part)
                    || part.len() >= TELLING && !part.contains("://") && !is_host(line, part);
                if tells && !self.is_public(part) {
                    self.add_part(part);
                }
            }
            if let Some(password) = password_of(line)
                && password.len() >= SHORTEST
                && !self.is_public(password)
            {
                self.add_part(password);
            }
        }
    }

    /// Takes a line that stands alone: of a private key, or one word that is no name and no path.
    fn add_line(&mut self, line: &str, is_key: bool, has_lines: bool) {
        let is_body = is_key && !line.starts_with("-----") && line.len() >= SHORTEST;
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '/' | '-');
        let is_token = has_lines
            && line.len() >= SHORTEST_IN_LINES
            && is_mixed(line)
            && !line.chars().all(is_name)
            && !line.contains(|c: char| c.is_whitespace() || matches!(c, ':' | '=' | '{' | '['));
        if (is_body || is_token) && !self.is_public(line) {
            self.add_part(line);
        }
    }

    fn add_part(&mut self, part: &str) {
        self.insert(part);
        self.encoded.extend(encodings(part));
    }
}

/// Whether a text is found only as a whole word: letters alone, or digits alone.
fn is_word(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphabetic())
        || text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A text, and what it says in base64, and what that says.
pub(super) fn decodings(text: &str) -> Vec<String> {
    let mut all = vec![text.to_owned()];
    for _ in 0..3 {
        let last = &all[all.len() - 1];
        let plain: String = last.split_whitespace().collect();
        let Some(decoded) = decode(&plain) else { break };
        all.push(decoded);
    }
    all
}

fn decode(text: &str) -> Option<String> {
    if text.len() < SHORTEST {
        return None;
    }
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabets = [&STANDARD, &URL_SAFE];
    let decoded = alphabets
        .iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, config).decode(text).ok())?;
    let decoded = String::from_utf8(decoded).ok()?;
    let is_text = |c: char| !c.is_control() || c.is_whitespace();
    (!decoded.is_empty() && decoded.chars().all(is_text)).then_some(decoded)
}

/// The characters of base64 that a text alone decides, for each of the three places where it may begin.
fn encodings(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    for before in 0..3 {
        let mut bytes = vec![0; before];
        bytes.extend(text.as_bytes());
        let bits = bytes.len() * 8;
        let (first, last) = ((before * 8).div_ceil(6), bits / 6);
        if last < first + SHORTEST {
            continue;
        }
        for engine in [&general_purpose::STANDARD_NO_PAD, &general_purpose::URL_SAFE_NO_PAD] {
            all.push(engine.encode(&bytes)[first..last].to_owned());
        }
    }
    all
}

fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn start_of(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or(0)]
}

/// The last word of a key is one of these.
fn last_word_is(key: &str, words: &[&str]) -> bool {
    let is_small = |c: char| !c.is_ascii_alphanumeric();
    let last = key.trim().trim_matches(is_around).rsplit(is_small).next().unwrap_or(key);
    words.iter().any(|word| {
        last.len() >= word.len()
            && last.is_char_boundary(last.len() - word.len())
            && last[last.len() - word.len()..].eq_ignore_ascii_case(word)
            && (last.len() == word.len()
                || last.as_bytes()[last.len() - word.len()].is_ascii_uppercase()
                || word.len() > 4)
    })
}

fn is_harmless(key: &str) -> bool {
    last_word_is(key, &HARMLESS)
}

fn is_secret_key(key: &str) -> bool {
    last_word_is(key, &SECRET_KEYS)
}

/// A word, a name of a host or a number, as settings are.
fn is_plain(text: &str) -> bool {
    let is_name = |c: char| c.is_ascii_lowercase() || matches!(c, '.' | '-' | '_');
    let is_host = text.contains('.') && !text.contains([':', '@', '/', ' ']);
    text.chars().all(is_name)
        || text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_digit())
        || is_host
}

fn is_mixed(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit()) && text.chars().any(char::is_alphabetic)
}

const fn is_between(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            ':' | '/'
                | '@'
                | '?'
                | '&'
                | '='
                | ';'
                | ','
                | '|'
                | '"'
                | '\''
                | '`'
                | '('
                | ')'
                | '{'
                | '}'
                | '['
                | ']'
                | '<'
                | '>'
        )
}

/// Punctuation around a value.
const fn is_around(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '{' | '}' | '[' | ']' | ',' | ';' | ':' | '"' | '\'' | '`' | '-')
}

/// Whether a part of a line is the name of a host or belongs to one: behind `@` or `://`, with dots.
fn is_host(line: &str, part: &str) -> bool {
    let Some(at) = line.find(part) else { return false };
    part.contains('.') && (line[..at].ends_with('@') || line[..at].ends_with("://"))
}

/// What looks like keys with values in a line.
fn pairs(line: &str) -> impl Iterator<Item = (&str, &str)> {
    let whole = line.split_once('=').into_iter().chain(line.split_once(": "));
    let in_json = line.split(',').filter_map(|part| part.split_once(':'));
    let in_query = line.split(['&', ';', ' ', '?']).filter_map(|part| part.split_once('='));
    whole.chain(in_json).chain(in_query)
}

/// The password of `scheme://user:password@host` or `user:password@host`.
fn password_of(line: &str) -> Option<&str> {
    let (before, _) = line.rsplit_once('@')?;
    let (user, password) = match before.rsplit_once("://") {
        Some((_, account)) => account.split_once(':')?,
        None => before.split_once(':')?,
    };
    (!user.is_empty()).then_some(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(key: &str, value: &str) -> BTreeSet<String> {
        let public = BTreeSet::from(["production".to_owned()]);
        let mut forms = Forms::new(&public);
        forms.add(key, value);
        let (_, words, parts, _) = forms.into_parts();
        words.into_iter().chain(parts).collect()
    }

    #[test]
    fn a_value_is_found_in_what_encodes_it() {
        let found = forms("password", "aHVudGVyMg==");
        assert!(found.contains("hunter2") && found.contains("aHVudGVyMg=="), "{found:?}");
        for before in ["", "a", "ab", "abc"] {
            let encoded = general_purpose::STANDARD.encode(format!("{before}hunter2, and more"));
            assert!(found.iter().any(|form| encoded.contains(form)), "{encoded} {found:?}");
        }
        assert!(forms("p", "a\"b\\c").contains("a\\\"b\\\\c"));
        assert!(forms("p", "p@ss w").contains("p%40ss%20w"));
    }

    #[test]
    fn telling_parts_count() {
        let parts = [
            ("app:hunter2@db.example.com", "hunter2"),
            ("postgres://orders:correcthorse@db:5432/orders", "correcthorse"),
            ("Server=db;User Id=app;Password=swordfish;", "swordfish"),
            ("{\"user\": \"app\", \"password\": \"swordfish\"}", "swordfish"),
            ("[db]\nuser=app\npassword=swordfish\n", "swordfish"),
        ];
        for (value, part) in parts {
            let found = forms("dsn", value);
            assert!(found.contains(part), "{value}: {found:?}");
            for shown in ["postgres", "orders", "example", "db.example.com", "5432", "Server"] {
                assert!(!found.contains(shown), "{value}: {shown}");
            }
        }
    }

    #[test]
    fn lines_that_stand_alone_count() {
        let pem = "-----BEGIN EC PRIVATE KEY-----\nMHcC/a+1\nAb=\nxY9=\n-----END EC PRIVATE KEY-----\n/etc/ssl/ca1\nplain text\n";
        let found = forms("tls.key", pem);
        assert!(found.contains("MHcC/a+1") && found.contains("xY9="), "{found:?}");
        for shown in ["Ab=", "/etc/ssl/ca1", "plain text", "-----END EC PRIVATE KEY-----"] {
            assert!(!found.contains(shown), "{shown}: {found:?}");
        }
        assert!(forms("file", "first\nTfLyg53/*e!c\nlast\n").contains("TfLyg53/*e!c"));
    }

    #[test]
    fn what_everybody_says_is_no_secret() {
        for (key, value) in [
            ("a", "true"),
            ("a", "production"),
            ("DB_HOST", "db.example.com"),
            ("port", "5432"),
            ("username", "orders"),
            ("password", "abc"),
        ] {
            assert!(forms(key, value).is_empty(), "{value}");
        }
        assert!(!forms("username", "hunter2").is_empty());
    }
}
