//! Events against those that the YAML test suite publishes.

use super::outline;

const CASES: &str = include_str!("../../../../fixtures/yaml/events.txt");

/// Where go-yaml reads in another way than the suite and libyaml, as `kubectl kustomize` v5.5.0 shows: no `\/`,
/// but `\'`; a `?` in brackets begins a key; a comma is part of a tag.
const GO_YAML: [(&str, &str); 5] = [
    ("3UYS", "error"),
    ("HRE5", "+DOC\n+MAP\n=VAL :double\n=VAL \"quoted ' scalar\n-MAP\n-DOC"),
    ("JR7V", "error"),
    ("U99R", "+DOC\n+SEQ\n=VAL <tag:yaml.org,2002:str,> :xxx\n-SEQ\n-DOC"),
    ("WZ62", "error"),
];

/// A text with the marks of the suite, as it is meant.
fn text(shown: &str) -> String {
    let mut text = String::new();
    for sign in shown.chars() {
        match sign {
            '␣' => text.push(' '),
            '»' => {
                let kept = text.trim_end_matches('—').len();
                text.truncate(kept);
                text.push('\t');
            }
            '←' => text.push('\r'),
            '⇔' => text.push('\u{feff}'),
            '↵' => {}
            sign => text.push(sign),
        }
    }
    match text.strip_suffix("∎\n") {
        Some(text) => text.to_owned(),
        None => text,
    }
}

/// The events of a text without the bytes that they are written in, or `error`.
fn events(text: &str) -> Vec<String> {
    let Ok(lines) = outline(text) else { return vec!["error".to_owned()] };
    let is_place = |sign: char| sign.is_ascii_digit() || matches!(sign, '.' | ' ');
    lines.iter().map(|line| line.trim_start_matches(is_place).to_owned()).collect()
}

#[test]
fn events_are_those_of_the_test_suite() {
    let (_, cases) = CASES.split_once("\n=== ").unwrap();
    let mut count = 0;
    let mut wrong = Vec::new();
    for case in cases.split("\n=== ") {
        let (head, case) = case.split_once('\n').unwrap();
        let (shown, expected) = case.split_once("\n---->").unwrap();
        let id = head.split(':').next().unwrap();
        let found = events(&text(&format!("{shown}\n"))).join("\n");
        let expected = expected.trim_matches('\n');
        let differs = GO_YAML.iter().find(|(known, _)| *known == id);
        if found != differs.map_or(expected, |(_, events)| events) {
            wrong.push(format!("{head}\n{shown}\nexpected\n{expected}\nfound\n{found}\n"));
        }
        count += 1;
    }
    assert_eq!(wrong, [""; 0], "{}", wrong.join("\n"));
    assert_eq!(count, 316);
}
