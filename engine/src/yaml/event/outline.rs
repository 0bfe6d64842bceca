//! Events as lines, as the YAML test suite writes them, for comparing readers.

use super::super::{Style, SyntaxError};
use super::grammar::Events;
use super::kind::{Event, Kind, Properties};

/// The events of a text, a line each: its bytes, then what it is (`0..4 =VAL :text`). Lists and mappings
/// have the byte where they begin, since readers differ in where that ends.
///
/// # Errors
/// [`SyntaxError`] if the text is not YAML.
pub fn outline(text: &str) -> Result<Vec<String>, SyntaxError> {
    let mut lines = Vec::new();
    let mut events = Events::new(text).map_err(|fault| fault.in_text(text))?;
    loop {
        let event = events.next().map_err(|fault| fault.in_text(text))?;
        if event.kind == Kind::StreamEnd {
            return Ok(lines);
        }
        lines.push(line(&event));
    }
}

fn line(event: &Event) -> String {
    let Event { kind, span } = event;
    let begin = |what: &str, is_flow: bool, bracket: &str, of: &Properties| {
        let bracket = if is_flow { bracket } else { "" };
        format!("{} {what}{bracket}{}", span.start, properties(of))
    };
    match kind {
        Kind::StreamEnd => "-STR".to_owned(),
        Kind::DocumentStart { .. } => "+DOC".to_owned(),
        Kind::DocumentEnd => format!("{} -DOC", span.start),
        Kind::Alias(name) => format!("{}..{} =ALI *{name}", span.start, span.end),
        Kind::Scalar { properties: of, text, style } => {
            let mark = match style {
                Style::SingleQuoted => '\'',
                Style::DoubleQuoted => '"',
                Style::Literal => '|',
                Style::Folded => '>',
                _ => ':',
            };
            let text = escaped(text);
            format!("{}..{} =VAL{} {mark}{text}", span.start, span.end, properties(of))
        }
        Kind::SequenceStart { properties, is_flow } => begin("+SEQ", *is_flow, " []", properties),
        Kind::SequenceEnd => "-SEQ".to_owned(),
        Kind::MappingStart { properties, is_flow } => begin("+MAP", *is_flow, " {}", properties),
        Kind::MappingEnd => "-MAP".to_owned(),
    }
}

/// A text in one line.
fn escaped(text: &str) -> String {
    let signs = [('\\', "\\\\"), ('\n', "\\n"), ('\t', "\\t"), ('\r', "\\r"), ('\u{8}', "\\b")];
    signs.iter().fold(text.to_owned(), |text, (sign, written)| text.replace(*sign, written))
}

fn properties(of: &Properties) -> String {
    let anchor = of.anchor.as_ref().map(|name| format!(" &{name}")).unwrap_or_default();
    let tag = of.tag.as_ref().map(|tag| format!(" <{tag}>")).unwrap_or_default();
    format!("{anchor}{tag}")
}
