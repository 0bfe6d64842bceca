//! What a chart is given, and what conditions of templates say of it: true, false, or not known.
//!
//! Only what the values alone decide is decided; a function that is not known here, and a value whose parent is not
//! there (Helm would stop), are not known.

use crate::yaml::{Node, Value};

/// Values over others, as Helm puts one file over another: mappings are merged, `null` takes away.
pub(in crate::policy) fn overlaid(mut below: Node, above: &Node) -> Node {
    let (Some(own), Some(pairs)) = (below.as_mapping_mut(), above.as_mapping()) else {
        return if above.is_null() { below } else { above.clone() };
    };
    for pair in pairs {
        let merged = match own.get_mut(&pair.key.text) {
            Some(known) if known.as_mapping().is_some() && pair.value.as_mapping().is_some() => {
                overlaid(known.clone(), &pair.value)
            }
            _ => pair.value.clone(),
        };
        own.insert(pair.key.text.clone(), merged);
    }
    below
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
enum Term {
    /// A value, or none.
    Value(Option<Node>),
    /// A text, a number or a word of the template itself.
    Text(String),
    /// True or false.
    Truth(bool),
}

impl Term {
    /// Whether Go's templates take it for true.
    fn holds(&self) -> bool {
        match self {
            Self::Truth(truth) => *truth,
            Self::Text(text) => !text.is_empty() && text != "0",
            Self::Value(None) => false,
            Self::Value(Some(node)) => match &node.value {
                Value::Mapping(mapping) => !mapping.is_empty(),
                Value::Sequence(items) => !items.is_empty(),
                Value::Scalar(scalar) => {
                    let text = &*scalar.text;
                    !(node.is_null() || text.is_empty() || node.as_str().is_none() && is_zero(text))
                }
            },
        }
    }

    fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Truth(truth) => Some(truth.to_string()),
            Self::Value(node) => node.as_ref()?.text().map(str::to_owned),
        }
    }
}

fn is_zero(text: &str) -> bool {
    text == "false" || text.parse::<f64>() == Ok(0.0)
}

/// Whether a condition holds; `None` if nobody here can say. `is_root` says that `.` is what the template was given.
pub(super) fn holds(condition: &str, values: &Node, is_root: bool) -> Option<bool> {
    let words = words(condition)?;
    if words.iter().any(|word| word == "|" || word.contains(":=")) {
        return None;
    }
    let mut reader = Reader { words: &words, values, is_root, depth: 0 };
    let term = reader.call()?;
    reader.words.is_empty().then(|| term.holds())
}

struct Reader<'a> {
    words: &'a [String],
    values: &'a Node,
    is_root: bool,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }

    /// A function with what follows it, or one value; up to the parenthesis that closes it.
    fn call(&mut self) -> Option<Term> {
        self.depth += 1;
        if self.depth > 20 {
            return None;
        }
        let function = self.words.first()?.as_str();
        if !["not", "and", "or", "eq", "ne"].contains(&function) {
            return self.one();
        }
        self.next();
        let mut terms = Vec::new();
        while self.words.first().is_some_and(|word| word != ")") {
            terms.push(self.argument());
        }
        let known = || terms.iter().map(|term| term.as_ref().map(Term::holds));
        let truth = match function {
            "not" if terms.len() == 1 => !known().next()??,
            "and" if known().any(|it| it == Some(false)) => false,
            "or" if known().any(|it| it == Some(true)) => true,
            "and" | "or" => {
                let all: Option<Vec<bool>> = known().collect();
                all?.last().copied()?
            }
            "eq" | "ne" if terms.len() == 2 => {
                let text = |at: usize| terms[at].as_ref().and_then(Term::text);
                (text(0)? == text(1)?) == (function == "eq")
            }
            _ => return None,
        };
        Some(Term::Truth(truth))
    }

    /// One argument. What is not known is passed over, so that the others may decide.
    fn argument(&mut self) -> Option<Term> {
        if self.words.first().is_some_and(|word| word == "(") {
            let before = self.words;
            let end = closing(before)?;
            self.words = &before[1..end];
            let term = self.call();
            let whole = self.words.is_empty();
            self.words = &before[end + 1..];
            return term.filter(|_| whole);
        }
        self.one()
    }

    fn one(&mut self) -> Option<Term> {
        if self.words.first().is_some_and(|word| word == "(") {
            return self.argument();
        }
        let word = self.next()?;
        if let Some(text) = word.strip_prefix('"').and_then(|it| it.strip_suffix('"')) {
            return (!text.contains('\\')).then(|| Term::Text(text.to_owned()));
        }
        match word {
            "true" | "false" => return Some(Term::Truth(word == "true")),
            number if number.parse::<f64>().is_ok() => return Some(Term::Text(number.to_owned())),
            _ => {}
        }
        let path = match word.strip_prefix("$.Values.") {
            Some(path) => path,
            None => word.strip_prefix(".Values.").filter(|_| self.is_root)?,
        };
        let keys: Vec<&str> = path.split('.').collect();
        let (last, above) = keys.split_last()?;
        let mut at = self.values;
        for key in above {
            at = at.get(key).filter(|it| it.as_mapping().is_some())?;
        }
        Some(Term::Value(at.get(last).cloned()))
    }
}

/// Where the parenthesis that the words begin with is closed.
fn closing(words: &[String]) -> Option<usize> {
    let mut open = 0usize;
    for (at, word) in words.iter().enumerate() {
        match word.as_str() {
            "(" => open += 1,
            ")" => open = open.checked_sub(1)?,
            _ => {}
        }
        if open == 0 {
            return Some(at);
        }
    }
    None
}

/// The words of an expression: texts in quotes are one, and so is each parenthesis.
fn words(text: &str) -> Option<Vec<String>> {
    let (mut words, mut word) = (Vec::new(), String::new());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '"' => {
                word.push(char);
                loop {
                    let next = chars.next()?;
                    word.push(next);
                    match next {
                        '"' => break,
                        '\\' => word.push(chars.next()?),
                        _ => {}
                    }
                }
            }
            '`' => return None,
            '(' | ')' | '|' => {
                words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
                words.push(char.to_string());
            }
            char if char.is_whitespace() => {
                words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
            }
            char => word.push(char),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Dialect, parse_stream};

    fn values(text: &str) -> Node {
        parse_stream(text, Dialect::V3).unwrap().remove(0)
    }

    #[test]
    fn conditions_hold_as_helm_takes_them() {
        let values = values(
            "on: true\noff: false\nnone: null\nempty: ''\nword: 'false'\nzero: 0\nname: a\nlist: []\n\
             more: [1]\nin: {on: true, off: false}\n",
        );
        for (condition, want) in [
            (".Values.on", Some(true)),
            (".Values.off", Some(false)),
            (".Values.none", Some(false)),
            (".Values.gone", Some(false)),
            (".Values.gone.deeper", None),
            (".Values.empty", Some(false)),
            (".Values.word", Some(true)),
            (".Values.zero", Some(false)),
            (".Values.list", Some(false)),
            (".Values.more", Some(true)),
            ("$.Values.in.on", Some(true)),
            ("not .Values.in.off", Some(true)),
            ("and .Values.on .Values.in.off", Some(false)),
            ("and .Values.on .Values.in.on", Some(true)),
            ("and .Release.IsInstall .Values.off", Some(false)),
            ("and .Release.IsInstall .Values.on", None),
            ("or .Release.IsInstall .Values.on", Some(true)),
            ("and .Values.on (not .Values.off)", Some(true)),
            ("and (eq .Values.name \"a\") (ne .Values.name \"b\")", Some(true)),
            ("eq .Values.name \"b\"", Some(false)),
            ("hasKey .Values \"on\"", None),
            (".Values.on | default true", None),
            ("$x := .Values.on", None),
            ("and .Values.on (semverCompare \">1\" .Capabilities.KubeVersion.Version)", None),
        ] {
            assert_eq!(holds(condition, &values, true), want, "{condition}");
        }
        assert_eq!(holds(".Values.on", &values, false), None, "another dot");
        assert_eq!(holds("$.Values.on", &values, false), Some(true));
    }

    #[test]
    fn files_of_values_lie_over_one_another() {
        let merged = overlaid(values("a: {b: 1, c: 2}\nd: [1]\n"), &values("a: {b: 3}\nd: [2]\n"));
        assert_eq!(merged, values("a: {b: 3, c: 2}\nd: [2]\n"));
    }
}
