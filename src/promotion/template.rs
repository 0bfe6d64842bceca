//! Texts with `{{ variables }}`: branch, title, commit message, labels, checklist, body.
//!
//! Templates come from the repository, so their language is small: values, `if`, `for`, and filters
//! that cannot make a text much longer. What doubles values (`set`, `~`, `*`, captured blocks) is
//! refused when the template is read, since an engine's fuel counts steps and not memory. An unknown
//! variable is an error when the template is read, not an empty text in a pull request.

use std::collections::BTreeMap;
use std::io;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value, filters};

use super::commit::Commit;
use super::markdown::plain;
use crate::model::nearest;

/// The longest template that is read.
const SOURCE_LIMIT_BYTES: usize = 60_000;

/// Steps of the engine; a loop over every variable of a body takes a few hundred.
const FUEL: u64 = 20_000;

/// The longest text that a template makes; a body has at most 58,000 UTF-16 units.
const OUTPUT_LIMIT_BYTES: usize = 400_000;

const NAME: &str = "template";

/// Blocks that neither bind nor capture anything.
const BLOCKS: [&str; 8] = ["if", "elif", "else", "endif", "for", "endfor", "raw", "endraw"];

/// The variables a template may use, with dots for those of `plan`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variables(&'static [&'static str]);

impl Variables {
    /// The environments: what is known without a plan. For the branch, which has to stay the same.
    pub const ENVIRONMENTS: Self = Self(&["application", "source", "target"]);
    /// What fits a line: titles, commit messages, labels and checklist items.
    pub const LINE: Self =
        Self(&["application", "source", "target", "plan.id", "plan.commit", "plan.summary"]);
    /// Everything: the body.
    pub const BODY: Self = Self(&[
        "application",
        "source",
        "target",
        "plan.id",
        "plan.commit",
        "plan.summary",
        "plan.findings",
        "plan.diff",
        "plan.files",
        "plan.drift",
        "plan.commits",
        "checklist",
    ]);

    /// The names.
    #[must_use]
    pub const fn names(self) -> &'static [&'static str] {
        self.0
    }
}

/// Values by the names of [`Variables`].
pub type Values<'a> = BTreeMap<&'static str, &'a str>;

/// A checked template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    source: String,
}

/// Why a text is no template, or why it cannot be filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// The syntax is wrong.
    #[error("line {line} of the template: {reason}")]
    Syntax {
        /// The line in the template, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// A variable does not exist, or not here.
    #[error("`{name}` is no variable here; there are {}{}", known.join(", "), meant(*.nearest))]
    UnknownVariable {
        /// The name.
        name: String,
        /// The names there are.
        known: &'static [&'static str],
        /// The one that was probably meant.
        nearest: Option<&'static str>,
    },
    /// Something of the template language that is not offered.
    #[error("{what} is not offered in templates; there are values, `if`, `for` and filters")]
    NotOffered {
        /// What.
        what: String,
    },
    /// The template or its result is too long, or it takes too many steps.
    #[error("the template {0}")]
    TooLarge(&'static str),
    /// The filled-in text is not what it should be.
    #[error("the template makes {0}")]
    Result(String),
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map_or(String::new(), |name| format!("; did you mean `{name}`?"))
}

impl Template {
    /// Checks a template that may use `variables`.
    ///
    /// # Errors
    /// [`TemplateError`] if its syntax is wrong or it uses what is not there.
    pub fn parse(source: &str, variables: Variables) -> Result<Self, TemplateError> {
        if source.len() > SOURCE_LIMIT_BYTES {
            return Err(TemplateError::TooLarge("is longer than 60,000 bytes"));
        }
        check_language(source)?;
        let engine = engine();
        let template = engine.template_from_named_str(NAME, source).map_err(translate)?;
        let mut used: Vec<String> = template.undeclared_variables(true).into_iter().collect();
        used.sort();
        for name in used {
            check_variable(name, variables)?;
        }
        Ok(Self { source: source.to_owned() })
    }

    /// Fills the template in. `values` without a variable that the template may use are an error.
    ///
    /// # Errors
    /// [`TemplateError`] if a filter refuses its value, or the result is too large.
    pub fn render(&self, values: &Values<'_>) -> Result<String, TemplateError> {
        self.render_with(values, &[])
    }

    /// The same with commits, each with `subject`, `author` and `number` (of its pull request, or nothing).
    pub(super) fn render_with(
        &self,
        values: &Values<'_>,
        commits: &[Commit],
    ) -> Result<String, TemplateError> {
        let engine = engine();
        let template = engine.template_from_named_str(NAME, &self.source).map_err(translate)?;
        let mut out = Bounded(Vec::new());
        template.render_captured_to(context(values, commits), &mut out).map_err(translate)?;
        String::from_utf8(out.0).map_err(|_| TemplateError::TooLarge("makes too long a text"))
    }
}

fn engine() -> Environment<'static> {
    let mut engine = Environment::empty();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    engine.set_fuel(Some(FUEL));
    engine.set_recursion_limit(50);
    // A block alone on its line leaves no empty line behind.
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()
        .expect("the delimiters are the default ones");
    engine.set_syntax(syntax);
    engine.add_filter("lower", filters::lower);
    engine.add_filter("upper", filters::upper);
    engine.add_filter("title", filters::title);
    engine.add_filter("capitalize", filters::capitalize);
    engine.add_filter("trim", filters::trim);
    engine.add_filter("length", filters::length);
    engine.add_filter("default", filters::default);
    engine.add_filter("replace", replace);
    engine
}

/// `replace(from, to)` for short texts: names, not diffs.
fn replace(text: &str, from: &str, to: &str) -> Result<String, minijinja::Error> {
    let refuse = |why| Err(minijinja::Error::new(ErrorKind::InvalidOperation, why));
    if from.is_empty() {
        return refuse("`replace` needs a text to look for");
    }
    let out = text.replace(from, to);
    if out.len() > OUTPUT_LIMIT_BYTES.min(text.len() * 2 + 1000) {
        return refuse("`replace` makes the text much longer");
    }
    Ok(out)
}

fn context(values: &Values<'_>, commits: &[Commit]) -> Value {
    let mut plan: BTreeMap<&str, Value> = BTreeMap::new();
    let mut root: BTreeMap<&str, Value> = BTreeMap::new();
    for (name, value) in values {
        match name.strip_prefix("plan.") {
            Some(name) => plan.insert(name, Value::from(*value)),
            None => root.insert(name, Value::from(*value)),
        };
    }
    let commits = commits.iter().map(|commit| {
        let text = |text: &str| Value::from(plain(text, 200));
        let number = commit.pull_request.map_or(Value::from(()), Value::from);
        Value::from_pairs([
            ("subject", text(&commit.subject)),
            ("author", text(&commit.author)),
            ("number", number),
        ])
    });
    plan.insert("commits", Value::from_iter(commits));
    root.insert("plan", Value::from_pairs(plan));
    Value::from_pairs(root)
}

fn check_variable(name: String, variables: Variables) -> Result<(), TemplateError> {
    let known = variables.names();
    if known.contains(&name.as_str()) {
        return Ok(());
    }
    let nearest = nearest(&name, known);
    Err(TemplateError::UnknownVariable { name, known, nearest })
}

/// Looks into every tag for what could make values grow.
fn check_language(source: &str) -> Result<(), TemplateError> {
    let refuse = |what: String| Err(TemplateError::NotOffered { what });
    let mut rest = source;
    while let Some(at) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        let is_block = rest[at..].starts_with("{%");
        let (tag, after) = split_tag(&rest[at + 2..], if is_block { "%}" } else { "}}" });
        rest = after;
        if let Some(operator) = tag.chars().find(|c| matches!(c, '~' | '*' | '+')) {
            return refuse(format!("the operator `{operator}`"));
        }
        if tag.split(|c: char| !c.is_alphanumeric()).any(|word| word == "recursive") {
            return refuse("a recursive loop".to_owned());
        }
        let word = tag.trim_start_matches(['-', '+']).split_whitespace().next().unwrap_or_default();
        if is_block && !BLOCKS.contains(&word.trim_end_matches('-')) {
            let word: String = word.chars().take(40).collect();
            return refuse(format!("`{word}`"));
        }
    }
    Ok(())
}

/// The inside of a tag without its string literals, and what follows the tag.
fn split_tag<'a>(text: &'a str, end: &str) -> (String, &'a str) {
    let mut inside = String::new();
    let mut quote = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match quote {
            Some(_) if c == '\\' => {
                chars.next();
            }
            Some(open) => quote = (c != open).then_some(open),
            None if text[at..].starts_with(end) => return (inside, &text[at + end.len()..]),
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None => inside.push(c),
        }
    }
    (inside, "")
}

fn translate(error: minijinja::Error) -> TemplateError {
    match error.kind() {
        ErrorKind::OutOfFuel => TemplateError::TooLarge("takes too many steps"),
        ErrorKind::WriteFailure => TemplateError::TooLarge("makes too long a text"),
        kind => TemplateError::Syntax {
            line: error.line().unwrap_or(1),
            reason: error.detail().map_or_else(|| kind.to_string(), str::to_owned),
        },
    }
}

/// A buffer that refuses to grow beyond the limit.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > OUTPUT_LIMIT_BYTES {
            return Err(io::Error::other("too long"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(source: &str) -> Result<Template, TemplateError> {
        Template::parse(source, Variables::LINE)
    }

    fn render(source: &str) -> Result<String, TemplateError> {
        let values: Values<'_> = [
            ("source", "staging"),
            ("target", "prod.eu"),
            ("plan.id", "abc"),
            ("plan.commit", ""),
            ("plan.summary", "s"),
        ]
        .into();
        parse(source)?.render(&values)
    }

    #[test]
    fn fills_values_in() {
        assert_eq!(render("{{ source }} -> {{target}}").unwrap(), "staging -> prod.eu");
        assert_eq!(render("{{ target|upper|replace('.', '-') }}").unwrap(), "PROD-EU");
        assert_eq!(render("{% if plan.commit %}at{% else %}dirty{% endif %}").unwrap(), "dirty");
        assert_eq!(render("<&> `{{ plan.id }}`\n").unwrap(), "<&> `abc`\n");
    }

    #[test]
    fn an_unknown_variable_is_an_error_with_the_nearest() {
        let error = parse("{{ sorce }}").unwrap_err();
        assert!(
            matches!(&error, TemplateError::UnknownVariable { nearest: Some("source"), .. }),
            "{error}"
        );
        assert!(parse("{{ plan.diff }}").is_err(), "a diff fits no line");
        assert!(parse("{{ plan }}").is_err());
        assert!(parse("{{ env.HOME }}").is_err());
    }

    #[test]
    fn tells_the_line_of_a_syntax_error() {
        let error = parse("a\n{{ source").unwrap_err();
        assert!(matches!(error, TemplateError::Syntax { line: 2, .. }), "{error:?}");
    }

    #[test]
    fn refuses_what_makes_values_grow() {
        for bad in [
            "{% set a = source ~ source %}",
            "{{ source ~ source }}",
            "{{ source * 1000000 }}",
            "{% filter upper %}x{% endfilter %}",
            "{% include 'x' %}",
            "{%- macro x() -%}{%- endmacro -%}",
            "{% for x in [source] recursive %}{{ loop([x]) }}{% endfor %}",
            "{% with a = 1 %}{% endwith %}",
            "{% autoescape true %}{% endautoescape %}",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn stops_what_grows_in_another_way() {
        let grows = format!("{{{{ source{} }}}}", "|replace('a', 'aaaaaaaaaa')".repeat(12));
        assert!(render(&grows).is_err());
        let loops = "{% for a in source %}".repeat(12) + &"{% endfor %}".repeat(12);
        assert!(render(&loops).is_err());
        assert!(parse(&"(".repeat(70_000)).is_err());
        assert!(parse(&format!("{{{{ {}source }}}}", "(".repeat(20_000))).is_err());
    }
}
