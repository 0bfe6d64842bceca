//! What the result of a query has to be: `result < 0.01`, as an AnalysisTemplate writes it.

use std::fmt;

/// A condition on every value of a result.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    text: String,
    /// One of these has to hold, each with all of its comparisons.
    any: Vec<Vec<Comparison>>,
}

/// Numbers of conditions are read from texts, which never say NaN.
impl Eq for Expectation {}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Comparison {
    by: By,
    number: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum By {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    Unequal,
}

/// Why a text is no expectation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no expectation: write `result < 0.01`, with `<`, `<=`, `>`, `>=`, `==` or `!=`, and \
     `&&` or `||` between several"
)]
pub struct InvalidExpectation {
    text: String,
}

impl Expectation {
    /// Reads a condition. `result[0]`, as others write it, is `result`.
    ///
    /// # Errors
    /// [`InvalidExpectation`].
    pub fn parse(text: &str) -> Result<Self, InvalidExpectation> {
        let fault = || InvalidExpectation { text: text.chars().take(200).collect() };
        let all = |text: &str| text.split("&&").map(Comparison::parse).collect::<Option<Vec<_>>>();
        let any = text.split("||").map(all).collect::<Option<Vec<_>>>().ok_or_else(fault)?;
        Ok(Self { text: text.trim().to_owned(), any })
    }

    /// Whether a value is as expected. What is no number never is.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        !value.is_nan() && self.any.iter().any(|all| all.iter().all(|it| it.holds(value)))
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Comparison {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim().strip_prefix("result")?;
        let text = text.strip_prefix("[0]").unwrap_or(text).trim_start();
        // The longer ones first: `<` begins `<=`.
        let operators = [
            ("<=", By::LessOrEqual),
            (">=", By::GreaterOrEqual),
            ("==", By::Equal),
            ("!=", By::Unequal),
            ("<", By::Less),
            (">", By::Greater),
        ];
        let (by, rest) =
            operators.into_iter().find_map(|(sign, by)| Some((by, text.strip_prefix(sign)?)))?;
        let number: f64 = rest.trim().parse().ok()?;
        number.is_finite().then_some(Self { by, number })
    }

    #[expect(clippy::float_cmp, reason = "whoever writes == means it")]
    fn holds(self, value: f64) -> bool {
        match self.by {
            By::Less => value < self.number,
            By::LessOrEqual => value <= self.number,
            By::Greater => value > self.number,
            By::GreaterOrEqual => value >= self.number,
            By::Equal => value == self.number,
            By::Unequal => value != self.number,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_hold_or_not() {
        for (text, value, holds) in [
            ("result < 0.01", 0.009, true),
            ("result < 0.01", 0.01, false),
            ("result[0] <= 1e2", 100.0, true),
            ("result>=0.95", 0.96, true),
            ("result > 1 && result < 3", 2.0, true),
            ("result > 1 && result < 3", 3.0, false),
            ("result == 0 || result > 10", 11.0, true),
            ("result != 0", 0.0, false),
            ("result < 0.01", f64::NAN, false),
            ("result != 1", f64::NAN, false),
        ] {
            assert_eq!(Expectation::parse(text).unwrap().holds(value), holds, "{text} {value}");
        }
        for text in [
            "",
            "result",
            "result <",
            "result < x",
            "x < 1",
            "result = 1",
            "result < NaN",
            "result < inf",
            "result < 1 &&",
        ] {
            assert!(Expectation::parse(text).is_err(), "{text}");
        }
    }
}
