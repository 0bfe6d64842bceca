//! Our events are those of libyaml, but where go-yaml's are others: a text with such a place is passed over.

#![no_main]

use libfuzzer_sys::fuzz_target;
use libyaml_safer::{Encoding, EventData, MappingStyle, Parser, ScalarStyle, SequenceStyle};
use overlift_engine::yaml::outline;

/// What go-yaml reads in another way, or libyaml-safer not at all: a `?` or a `:` at the end of a text within flow
/// collections, commas and brackets of tags, escapes that only one of them knows, directives, characters that
/// only one of them refuses, a text that ends within a line.
fn differs_by_intent(text: &str) -> bool {
    let has = |odd: &[&str]| odd.iter().any(|odd| text.contains(odd));
    let has_flow = has(&["[", "{"]);
    has_flow && has(&["?", ":,", ":]", ":}", ":[", ":{"])
        || text.contains('!') && has(&[",", "[", "]"])
        || has(&["\\/", "\\'", "%"])
        || text.chars().any(is_refused_by_one)
        || !text.ends_with('\n')
}

fn is_refused_by_one(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{85}')
        || matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn theirs(text: &str) -> Result<Vec<String>, String> {
    let mut input = text.as_bytes();
    let mut parser = Parser::new();
    parser.set_encoding(Encoding::Utf8);
    parser.set_input_string(&mut input);
    let mut lines = Vec::new();
    loop {
        let event = parser.parse().map_err(|error| match error.context() {
            Some(context) => format!("{}, {context}", error.problem()),
            None => error.problem().to_owned(),
        })?;
        let (start, end) = (event.start_mark.index, event.end_mark.index);
        let of = |anchor: Option<String>, tag: Option<String>| {
            let anchor = anchor.map(|name| format!(" &{name}")).unwrap_or_default();
            let tag = tag.map(|tag| format!(" <{tag}>")).unwrap_or_default();
            format!("{anchor}{tag}")
        };
        lines.push(match event.data {
            EventData::StreamStart { .. } => continue,
            EventData::StreamEnd => return Ok(lines),
            EventData::DocumentStart { .. } => "+DOC".to_owned(),
            EventData::DocumentEnd { .. } => format!("{start} -DOC"),
            EventData::Alias { anchor } => format!("{start}..{end} =ALI *{anchor}"),
            EventData::Scalar { anchor, tag, value, style, .. } => {
                let mark = match style {
                    ScalarStyle::SingleQuoted => '\'',
                    ScalarStyle::DoubleQuoted => '"',
                    ScalarStyle::Literal => '|',
                    ScalarStyle::Folded => '>',
                    _ => ':',
                };
                let signs =
                    [('\\', "\\\\"), ('\n', "\\n"), ('\t', "\\t"), ('\r', "\\r"), ('\u{8}', "\\b")];
                let value =
                    signs.iter().fold(value, |text, (sign, written)| text.replace(*sign, written));
                format!("{start}..{end} =VAL{} {mark}{value}", of(anchor, tag))
            }
            EventData::SequenceStart { anchor, tag, style, .. } => {
                let bracket = if style == SequenceStyle::Flow { " []" } else { "" };
                format!("{start} +SEQ{bracket}{}", of(anchor, tag))
            }
            EventData::SequenceEnd => "-SEQ".to_owned(),
            EventData::MappingStart { anchor, tag, style, .. } => {
                let bracket = if style == MappingStyle::Flow { " {}" } else { "" };
                format!("{start} +MAP{bracket}{}", of(anchor, tag))
            }
            EventData::MappingEnd => "-MAP".to_owned(),
        });
    }
}

fuzz_target!(|text: &str| {
    let ours = outline(text);
    if differs_by_intent(text) {
        return;
    }
    match (ours, theirs(text)) {
        (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs),
        // libyaml-safer knows handles a token earlier.
        (Err(_), Err(theirs)) if theirs.contains("undefined tag handle") => {}
        (Err(ours), Err(theirs)) => assert_eq!(ours.reason, theirs),
        (ours, theirs) => panic!("{ours:?}\n{theirs:?}"),
    }
});
