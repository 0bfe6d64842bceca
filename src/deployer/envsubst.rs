//! Variables in texts as Flux puts them in: `${name}` with the operators of a shell, `$$` for a dollar.

use super::changes::Substitution;
use super::glob::matches_file;

const DEEPEST: usize = 40;

/// Puts variables in. One whose source is not known here stays as it is written.
///
/// # Errors
/// In words, where an expression is none.
pub(super) fn substitute(text: &str, with: &Substitution) -> Result<String, String> {
    let mut reader = Reader { rest: text, with };
    reader.text(None, 0)
}

struct Reader<'t> {
    rest: &'t str,
    with: &'t Substitution,
}

/// What follows a variable's name.
enum Operator {
    None,
    Default(String),
    Slice(String),
    Case(&'static str),
    Cut { prefix: bool, longest: bool, pattern: String },
    Replace { how: &'static str, what: String, by: String },
}

impl Reader<'_> {
    /// Text with expressions, up to what ends it.
    fn text(&mut self, end: Option<&[char]>, depth: usize) -> Result<String, String> {
        if depth > DEEPEST {
            return Err("expressions are nested too deeply".to_owned());
        }
        let mut out = String::new();
        while let Some(c) = self.rest.chars().next() {
            if end.is_some_and(|end| end.contains(&c)) {
                return Ok(out);
            }
            if self.rest.starts_with("$$") {
                out.push('$');
                self.rest = &self.rest[2..];
            } else if self.rest.starts_with("${") {
                out.push_str(&self.expression(depth)?);
            } else if end.is_some() && c == '\\' && self.rest[1..].starts_with(['/', '\\']) {
                out.push_str(&self.rest[1..2]);
                self.rest = &self.rest[2..];
            } else {
                out.push(c);
                self.rest = &self.rest[c.len_utf8()..];
            }
        }
        match end {
            None => Ok(out),
            Some(_) => Err("an expression does not end".to_owned()),
        }
    }

    fn expression(&mut self, depth: usize) -> Result<String, String> {
        let whole = self.rest;
        self.rest = &self.rest[2..];
        let counts = self.eat("#");
        let length = self.rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(0);
        let name = &whole[2 + usize::from(counts)..][..length];
        if name.is_empty() {
            return Err("an expression names no variable".to_owned());
        }
        self.rest = &self.rest[length..];
        let operator = self.operator(depth)?;
        if !self.eat("}") {
            return Err(format!("the expression of `{name}` does not end"));
        }
        let written = &whole[..whole.len() - self.rest.len()];
        let value = match self.with.variables.get(name) {
            Some(value) => value.as_str(),
            // It may well be set.
            None if !self.with.unknown.is_empty() => return Ok(written.to_owned()),
            None => "",
        };
        Ok(if counts { value.len().to_string() } else { operator.apply(value) })
    }

    fn operator(&mut self, depth: usize) -> Result<Operator, String> {
        const END: &[char] = &['}'];
        for word in [":=", ":-", ":?", ":+", "=", "-", "?", "+"] {
            if self.eat(word) {
                return Ok(Operator::Default(self.text(Some(END), depth + 1)?));
            }
        }
        if self.eat(":") {
            return Ok(Operator::Slice(self.text(Some(END), depth + 1)?));
        }
        for word in ["^^", "^", ",,", ","] {
            if self.eat(word) {
                return Ok(Operator::Case(word));
            }
        }
        for (word, prefix, longest) in
            [("##", true, true), ("#", true, false), ("%%", false, true), ("%", false, false)]
        {
            if self.eat(word) {
                let pattern = self.text(Some(END), depth + 1)?;
                return Ok(Operator::Cut { prefix, longest, pattern });
            }
        }
        for how in ["//", "/#", "/%", "/"] {
            if self.eat(how) {
                let what = self.text(Some(&['/', '}']), depth + 1)?;
                let by =
                    if self.eat("/") { self.text(Some(END), depth + 1)? } else { String::new() };
                return Ok(Operator::Replace { how, what, by });
            }
        }
        Ok(Operator::None)
    }

    fn eat(&mut self, word: &str) -> bool {
        let rest = self.rest.strip_prefix(word);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }
}

impl Operator {
    fn apply(&self, value: &str) -> String {
        match self {
            Self::Default(text) if value.is_empty() => text.clone(),
            Self::None | Self::Default(_) => value.to_owned(),
            Self::Slice(arguments) => sliced(value, arguments),
            Self::Case("^^") => value.to_uppercase(),
            Self::Case(",,") => value.to_lowercase(),
            Self::Case(one) => {
                let mut chars = value.chars();
                let first = chars.next().map(|c| match *one {
                    "^" => c.to_uppercase().to_string(),
                    _ => c.to_lowercase().to_string(),
                });
                first.unwrap_or_default() + chars.as_str()
            }
            Self::Cut { prefix, longest, pattern } => cut(value, pattern, *prefix, *longest),
            Self::Replace { how, what, by } => match *how {
                "//" => value.replace(what, by),
                "/#" => value
                    .strip_prefix(what.as_str())
                    .map_or(value.to_owned(), |it| format!("{by}{it}")),
                "/%" => value
                    .strip_suffix(what.as_str())
                    .map_or(value.to_owned(), |it| format!("{it}{by}")),
                _ => value.replacen(what, by, 1),
            },
        }
    }
}

/// A part by place and length, in bytes; what is no number leaves the value as it is.
fn sliced(value: &str, arguments: &str) -> String {
    let (place, length) =
        arguments.split_once(':').map_or((arguments, None), |(a, b)| (a, Some(b)));
    let Ok(place) = place.trim().parse::<i64>() else { return value.to_owned() };
    let count = i64::try_from(value.len()).unwrap_or(i64::MAX);
    let start = if place < 0 { (count + place).max(0) } else { place };
    let end = match length.map(|it| it.trim().parse::<i64>()) {
        Some(Err(_)) => return value.to_owned(),
        Some(Ok(length)) => start.saturating_add(length).min(count),
        None => count,
    };
    let range = usize::try_from(start).unwrap_or(0)..usize::try_from(end).unwrap_or(0);
    value.get(range).unwrap_or_default().to_owned()
}

/// Takes away what a pattern matches at the beginning or the end.
fn cut(value: &str, pattern: &str, prefix: bool, longest: bool) -> String {
    let edges = value.char_indices().map(|(at, _)| at).chain([value.len()]);
    let parts = edges.map(|at| if prefix { value.split_at(at) } else { swap(value.split_at(at)) });
    let mut fitting: Vec<(&str, &str)> =
        parts.filter(|(gone, _)| !gone.is_empty() && matches_file(pattern, gone)).collect();
    fitting.sort_by_key(|(gone, _)| gone.len());
    let chosen = if longest { fitting.last() } else { fitting.first() };
    chosen.map_or(value, |(_, stays)| stays).to_owned()
}

const fn swap<'v>((start, end): (&'v str, &'v str)) -> (&'v str, &'v str) {
    (end, start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(text: &str, unknown: &[&str]) -> Result<String, String> {
        let variables = [
            ("env", "Production"),
            ("file", "a/b.tar.gz"),
            ("n", "3"),
            ("cluster_domain", "x.example.com"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let unknown = unknown.iter().map(|it| (*it).to_owned()).collect();
        substitute(text, &Substitution { variables, unknown, always: false })
    }

    #[test]
    fn expressions_are_what_a_shell_makes_of_them() {
        for (text, want) in [
            ("plain $HOME $1", "plain $HOME $1"),
            ("a.${cluster_domain}/x", "a.x.example.com/x"),
            ("${n}", "3"),
            ("$${n} $$x", "${n} $x"),
            ("${none}", ""),
            ("${none:=d} ${none:-e} ${none=f} ${env:=d}", "d e f Production"),
            ("${none:=a-${n}-b}", "a-3-b"),
            (
                "${#env} ${env^^} ${env,,} ${env,} ${none:=x}",
                "10 PRODUCTION production production x",
            ),
            ("${env:4} ${env:0:4} ${env:-4:2}", "uction Prod Production"),
            ("${file##*/} ${file#*/} ${file%.*} ${file%%.*}", "b.tar.gz b.tar.gz a/b.tar a/b"),
            (
                "${file/a/x} ${file//./-} ${file/#a/y} ${file/%gz/z}",
                "x/b.tar.gz a/b-tar-gz y/b.tar.gz a/b.tar.z",
            ),
            (r"${file/\//-}", "a-b.tar.gz"),
            ("a: \"${none:=}\"", "a: \"\""),
            ("ümläut ${n}", "ümläut 3"),
        ] {
            assert_eq!(put(text, &[]).as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn what_is_not_known_here_stays_as_it_is_written() {
        let secret = &["Secret vars"];
        assert_eq!(
            put("${token} ${token:=x} ${n} $${n}", secret).unwrap(),
            "${token} ${token:=x} 3 ${n}"
        );
    }

    #[test]
    fn what_is_no_expression_is_told() {
        for text in ["${}", "${", "${a", "${a:=b", "${-x}", "${a!}", "${a/b"] {
            assert!(put(text, &[]).is_err(), "{text}");
        }
        assert!(put(&"${a:=".repeat(10_000), &[]).is_err());
    }
}
