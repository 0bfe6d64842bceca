//! Kubernetes label selectors: `app=shop,tier in (web, api),!legacy`.
//!
//! The grammar and its leniencies are those of apimachinery's `labels.Parse`.

use std::collections::BTreeSet;

/// A label selector; without requirements it selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSelector {
    requirements: Vec<Requirement>,
}

/// Why a text is no label selector.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectorError {
    /// The grammar does not have this here.
    #[error("found `{found}`, expected {expected}")]
    Unexpected {
        /// The part that does not fit.
        found: String,
        /// What would.
        expected: &'static str,
    },
    /// Not a label's key: at most 63 characters, after a prefix that is a DNS name.
    #[error("`{0}` is no key of a label")]
    Key(String),
    /// Not a label's value.
    #[error("`{0}` is no value of a label")]
    Value(String),
    /// A comparison with something that is no number.
    #[error("`{0}` is no integer, and `<` and `>` compare integers")]
    Number(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    condition: Condition,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    Exists,
    DoesNotExist,
    In(BTreeSet<String>),
    NotIn(BTreeSet<String>),
    Greater(i64),
    Less(i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Text(&'a str),
    Symbol(&'static str),
    Bad(&'a str),
    End,
}

impl LabelSelector {
    /// Reads a selector.
    ///
    /// # Errors
    /// [`SelectorError`] with the part that does not fit.
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        let mut parser = Parser { tokens: tokens(text), at: 0 };
        let mut requirements = Vec::new();
        if parser.peek() == Token::End {
            return Ok(Self::default());
        }
        loop {
            requirements.push(parser.requirement()?);
            match parser.next() {
                Token::End => return Ok(Self { requirements }),
                Token::Symbol(",") => {}
                other => return Err(unexpected(other, "`,` or the end")),
            }
        }
    }

    /// Whether it selects everything.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether it selects an object, whose labels `value` looks up.
    pub fn matches<'l>(&self, value: impl Fn(&str) -> Option<&'l str>) -> bool {
        self.requirements.iter().all(|requirement| {
            let found = value(&requirement.key);
            match &requirement.condition {
                Condition::Exists => found.is_some(),
                Condition::DoesNotExist => found.is_none(),
                Condition::In(values) => found.is_some_and(|value| values.contains(value)),
                Condition::NotIn(values) => found.is_none_or(|value| !values.contains(value)),
                Condition::Greater(than) => number(found).is_some_and(|value| value > *than),
                Condition::Less(than) => number(found).is_some_and(|value| value < *than),
            }
        })
    }
}

fn number(text: Option<&str>) -> Option<i64> {
    text?.parse().ok()
}

struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Token<'a> {
        self.tokens.get(self.at).copied().unwrap_or(Token::End)
    }

    fn next(&mut self) -> Token<'a> {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn requirement(&mut self) -> Result<Requirement, SelectorError> {
        let negated = self.peek() == Token::Symbol("!");
        if negated {
            self.at += 1;
        }
        let Token::Text(key) = self.next() else {
            self.at -= 1;
            return Err(unexpected(self.peek(), "a key, `!` or the end"));
        };
        check_key(key)?;
        let condition = match self.peek() {
            _ if negated => Condition::DoesNotExist,
            Token::End | Token::Symbol(",") => Condition::Exists,
            _ => self.condition()?,
        };
        Ok(Requirement { key: key.to_owned(), condition })
    }

    fn condition(&mut self) -> Result<Condition, SelectorError> {
        match self.next() {
            Token::Text("in") => self.values().map(Condition::In),
            Token::Text("notin") => self.values().map(Condition::NotIn),
            Token::Symbol("=" | "==") => Ok(Condition::In(BTreeSet::from([self.value()?]))),
            Token::Symbol("!=") => Ok(Condition::NotIn(BTreeSet::from([self.value()?]))),
            Token::Symbol(">") => self.integer().map(Condition::Greater),
            Token::Symbol("<") => self.integer().map(Condition::Less),
            other => Err(unexpected(other, "`=`, `==`, `!=`, `in`, `notin`, `<` or `>`")),
        }
    }

    fn value(&mut self) -> Result<String, SelectorError> {
        match self.peek() {
            Token::End | Token::Symbol(",") => Ok(String::new()),
            Token::Text(text) => {
                self.at += 1;
                check_value(text)?;
                Ok(text.to_owned())
            }
            other => Err(unexpected(other, "a value")),
        }
    }

    fn integer(&mut self) -> Result<i64, SelectorError> {
        let text = self.value()?;
        text.parse().map_err(|_| SelectorError::Number(text))
    }

    /// The values of a set in parentheses; two commas in a row have an empty value between them.
    fn values(&mut self) -> Result<BTreeSet<String>, SelectorError> {
        match self.next() {
            Token::Symbol("(") => {}
            other => return Err(unexpected(other, "`(`")),
        }
        let mut values = BTreeSet::new();
        loop {
            match self.next() {
                Token::Text(text) => {
                    check_value(text)?;
                    values.insert(text.to_owned());
                    match self.next() {
                        Token::Symbol(")") => return Ok(values),
                        Token::Symbol(",") if self.peek() == Token::Symbol(")") => {
                            values.insert(String::new());
                        }
                        Token::Symbol(",") => {}
                        other => return Err(unexpected(other, "`,` or `)`")),
                    }
                }
                Token::Symbol(",") => {
                    values.insert(String::new());
                }
                Token::Symbol(")") => {
                    values.insert(String::new());
                    return Ok(values);
                }
                other => return Err(unexpected(other, "a value, `,` or `)`")),
            }
        }
    }
}

fn unexpected(found: Token<'_>, expected: &'static str) -> SelectorError {
    let found = match found {
        Token::Text(text) | Token::Bad(text) => text.chars().take(80).collect(),
        Token::Symbol(text) => text.to_owned(),
        Token::End => "the end".to_owned(),
    };
    SelectorError::Unexpected { found, expected }
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    const SYMBOLS: [&str; 9] = ["==", "!=", "=", "!", "(", ")", ",", "<", ">"];
    let mut tokens = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\t', '\r', '\n']);
    while !rest.is_empty() {
        let symbol = SYMBOLS.iter().copied().find(|symbol| rest.starts_with(symbol));
        let length = if let Some(symbol) = symbol {
            tokens.push(Token::Symbol(symbol));
            symbol.len()
        } else {
            let end = rest.find([' ', '\t', '\r', '\n', '=', '!', '(', ')', ',', '<', '>']);
            let end = end.unwrap_or(rest.len());
            tokens.push(if end == 0 { Token::Bad(rest) } else { Token::Text(&rest[..end]) });
            end.max(1)
        };
        rest = rest.get(length..).unwrap_or_default().trim_start_matches([' ', '\t', '\r', '\n']);
    }
    tokens
}

fn check_key(key: &str) -> Result<(), SelectorError> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    let prefix_fits = prefix.is_none_or(|prefix| {
        prefix.len() <= 253 && prefix.split('.').all(|part| is_word(part, b"-", false))
    });
    if prefix_fits && name.len() <= 63 && is_word(name, b"-_.", true) {
        Ok(())
    } else {
        Err(SelectorError::Key(key.chars().take(80).collect()))
    }
}

fn check_value(value: &str) -> Result<(), SelectorError> {
    if value.is_empty() || (value.len() <= 63 && is_word(value, b"-_.", true)) {
        Ok(())
    } else {
        Err(SelectorError::Value(value.chars().take(80).collect()))
    }
}

/// Letters and digits, with others between them.
fn is_word(text: &str, between: &[u8], upper: bool) -> bool {
    let letter = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || (upper && byte.is_ascii_uppercase())
    };
    let bytes = text.as_bytes();
    bytes.first().is_some_and(|byte| letter(*byte))
        && bytes.last().is_some_and(|byte| letter(*byte))
        && bytes.iter().all(|byte| letter(*byte) || between.contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selects(selector: &str, labels: &[(&str, &str)]) -> bool {
        let value = |key: &str| labels.iter().find(|(name, _)| *name == key).map(|(_, v)| *v);
        LabelSelector::parse(selector).unwrap().matches(value)
    }

    #[test]
    fn selects_as_kubernetes_does() {
        let labels = [("app", "shop"), ("tier", "web"), ("n", "5"), ("e", "")];
        for selector in [
            "",
            " ",
            "app",
            "app=shop",
            "app == shop,tier in (api, web)",
            "!other",
            "app!=x",
            "other!=x",
            "n>4",
            "n < 6",
            "e=",
            "tier notin (api,)",
            "other notin (a)",
            "e in ()",
            "app in (in,shop)",
        ] {
            assert!(selects(selector, &labels), "{selector}");
        }
        for selector in ["app=x", "!app", "other", "tier notin (web)", "n>5", "app>1", "app,tier=x"]
        {
            assert!(!selects(selector, &labels), "{selector}");
        }
    }

    #[test]
    fn refuses_what_kubernetes_refuses() {
        for selector in [
            "app=shop,",
            "=x",
            "app in x",
            "app in (x",
            "a b",
            "-a",
            "a=b=c",
            "a=-",
            "a>x",
            "(",
            "a=!",
        ] {
            assert!(LabelSelector::parse(selector).is_err(), "{selector}");
        }
    }
}
