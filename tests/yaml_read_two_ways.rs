//! The scanner of plainly written texts makes the tree that events make, to the last mark, or leaves the text
//! to them.

use std::fs;
use std::path::{Path, PathBuf};

use overlift::rooms::yaml::{Dialect, Node, Value, parse_stream, parse_stream_by_events};
use proptest::prelude::*;

/// Where two trees differ, as a path and what is there.
fn difference(a: &Node, b: &Node, path: &str) -> Option<String> {
    let here = || Some(format!("{path}: {a:?} against {b:?}"));
    if a.mark != b.mark {
        return here();
    }
    match (&a.value, &b.value) {
        (Value::Scalar(x), Value::Scalar(y)) if x == y => None,
        (Value::Sequence(x), Value::Sequence(y)) if x.len() == y.len() => {
            x.iter().zip(y).find_map(|(x, y)| difference(x, y, &format!("{path}[]")))
        }
        (Value::Mapping(x), Value::Mapping(y)) if x.len() == y.len() => {
            x.iter().zip(y).find_map(|(x, y)| {
                if x.key != y.key || x.key_mark != y.key_mark {
                    return here();
                }
                difference(&x.value, &y.value, &format!("{path}.{}", x.key.text))
            })
        }
        _ => here(),
    }
}

fn check(text: &str) -> Result<(), String> {
    for dialect in [Dialect::V3, Dialect::V2] {
        match (parse_stream(text, dialect), parse_stream_by_events(text, dialect)) {
            (Ok(ours), Ok(theirs)) if ours.len() == theirs.len() => {
                let found = ours.iter().zip(&theirs).find_map(|(a, b)| difference(a, b, ""));
                found.map_or(Ok(()), Err)?;
            }
            (ours, theirs) if ours == theirs => {}
            (ours, theirs) => return Err(format!("{dialect:?}: {ours:?} against {theirs:?}")),
        }
    }
    Ok(())
}

fn conformance() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().map(|dir| dir.join("shared/conformance")).find(|dir| dir.is_dir())
}

fn visit(dir: &Path, each: &mut impl FnMut(&Path, &str)) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, each);
        } else if let Ok(text) = fs::read_to_string(&path) {
            each(&path, &text);
        }
    }
}

#[test]
fn every_text_of_the_conformance_cases_is_read_the_same() {
    let Some(dir) = conformance() else {
        return eprintln!("skipped: the conformance cases are not on this machine");
    };
    let (mut seen, mut wrong) = (0, Vec::new());
    visit(&dir, &mut |path, archive| {
        // The longer ones have the same kind of lines; debug builds are slow.
        for section in archive.split("\n-- ").filter(|section| section.len() < 40_000) {
            let text = section.split_once(" --\n").map_or(section, |(_, text)| text);
            seen += 1;
            if let Err(error) = check(text) {
                let error: String = error.chars().take(300).collect();
                wrong.push(format!("{}: {error}", path.display()));
            }
        }
    });
    assert!(seen > 2000, "{seen} texts");
    wrong.truncate(20);
    assert!(wrong.is_empty(), "of {seen}:\n{}", wrong.join("\n"));
}

#[test]
fn recorded_oddities_are_read_the_same() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/yaml/kustomize-5.5.0.json");
    let cases: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    for case in cases.as_array().unwrap() {
        let text = case["resource"].as_str().unwrap();
        check(text).unwrap_or_else(|error| panic!("{}: {error}", case["name"]));
        for cut in (0..text.len()).step_by(3).filter(|at| text.is_char_boundary(*at)) {
            check(&text[..cut]).unwrap_or_else(|error| panic!("{:?}: {error}", &text[..cut]));
        }
    }
}

/// Pieces from which texts are made that are mostly YAML.
const PIECES: &[&str] = &[
    "a",
    "b:",
    "c: ",
    "- ",
    "-",
    "\n",
    "\n",
    "\n  ",
    "\n    ",
    "\n ",
    "  ",
    " ",
    ": ",
    ":",
    "#",
    " # x",
    "'",
    "\"",
    "''",
    "\\n",
    "\\",
    "\\\n",
    "|",
    ">",
    "|-",
    ">+",
    "|2",
    "\n\n",
    "[",
    "]",
    "{",
    "}",
    ", ",
    ",",
    "{a: b}",
    "[a, b]",
    "\"x\"",
    "'y'",
    "1",
    "0x1",
    "1.5",
    "yes",
    "null",
    "~",
    "2001-01-01",
    ".inf",
    "<<",
    "---\n",
    "---",
    "...",
    "?",
    "? ",
    "&a ",
    "*a",
    "!t ",
    "%",
    "@",
    "\t",
    "é",
    "\u{85}",
    "\u{2028}",
    "key",
    "\n- ",
    "\n  - ",
    "\na: ",
    "\n  b: ",
    "\n    c: ",
    "text",
    "text ",
    "two words",
    "=",
    "$",
    "*",
    "-x",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, ..ProptestConfig::default() })]

    #[test]
    fn texts_of_any_pieces_are_read_the_same(
        pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..30)
    ) {
        let text = pieces.concat();
        prop_assert_eq!(check(&text), Ok(()), "{:?}", text);
    }
}

#[test]
fn commas_behind_tags_come_back_as_they_were() {
    // Found by fuzzing: a stand-in for the comma that an escape sequence wrote too.
    check("a: [!t, x]\nb: \"\\x41\"\n").unwrap();
    check("a: \"!@}!@, \\x41\"\n").unwrap();
    check("c: [_!!str, a]\n").unwrap();
}

/// Found by a property test: every letter was taken, as in any long text.
#[test]
fn a_long_text_has_a_character_to_spare() {
    let letters: String = ('A'..='Z').chain('a'..='z').chain('0'..='9').collect();
    let text = format!("letters: {letters}\n? \"odd\\r:{{\"\n: [a:b:, {letters}:]\n");
    let read = parse_stream_by_events(&text, Dialect::V3).unwrap();
    let keys: Vec<&str> =
        read[0].as_mapping().unwrap().iter().map(|pair| pair.key.text.as_str()).collect();
    assert_eq!(keys, ["letters", "odd\r:{"]);
    check(&text).unwrap();
}
