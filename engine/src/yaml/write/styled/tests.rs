//! Expected texts are what kyaml (kubectl v1.32.4) wrote for a field with this value.

use super::{NotStyled, write_styled};
use crate::yaml::{Dialect, parse_stream};

fn styled(text: &str) -> Result<String, NotStyled> {
    let documents = parse_stream(text, Dialect::V3).unwrap();
    write_styled(&documents[0], text)
}

/// A text, and how it is written; the same where nothing is said.
fn comes_out(text: &str, expected: &str) {
    assert_eq!(styled(text).unwrap(), expected);
    assert_eq!(styled(expected).unwrap(), expected, "what was written stays");
}

#[test]
fn comments_stay_where_they_are() {
    let text = "# head\nserver:\n  port: 8080 # the port\n\n  # about host\n  host: x\n# tail\n";
    comes_out(text, &text.replace("port\n\n", "port\n"));
    let text = "a: # key\n  b: 1\n  # foot\n  # second\n\n  c: 2\n  # end of a\nb: 1\ns: # list\n- x # one\n# before y\n- y\n";
    comes_out(text, text);
    let text = "s:\n- x\n# foot of x\n\n- y\n# foot of y\n\nt: 1\n";
    comes_out(text, text);
    let text = "t: | # header\n  # no comment\nu: '# none' # one\nv: \"#\"\nw: a#b\n";
    comes_out(text, text);
}

#[test]
fn blocks_are_indented_by_two_and_lists_by_none() {
    comes_out(
        "l:\n    - a: 1\n      # c\n      b: 2\n    - - x\n      - y\n    -\n      z: 1\n    -\n    - ~\ne:\n",
        "l:\n- a: 1\n  # c\n  b: 2\n- - x\n  - y\n- z: 1\n-\n- ~\ne:\n",
    );
}

#[test]
fn brackets_get_one_line() {
    comes_out(
        "labels: {\n  app: \"x\",\n  n: , q: '', l: [1,  2], e: {}, f: [],\n} # flow\n",
        "labels: {app: \"x\", n: '', q: '', l: [1, 2], e: {}, f: []} # flow\n",
    );
}

#[test]
fn scalars_keep_their_style() {
    let kept = "'a': ~\n\"b\": True\n10: 0x1F\nd: 'it''s'\ne: \"tab\\there\"\nf: |+\n  keep\n\ng: |2\n    lead\n  x\n";
    comes_out(kept, kept);
    let text = "a: \"a\\u00e9/ \\U0001F600\"\nb: |\n     lit\n     more\nc: b\n  d\nd: \"two\n  lines\"\ne: 'x\n\n  y'\n";
    let expected =
        "a: \"aé/ \\U0001F600\"\nb: |\n  lit\n  more\nc: b d\nd: \"two lines\"\ne: 'x\n\n  y'\n";
    comes_out(text, expected);
    let text = "i: >-\n     folded\n     text\n\n       more\n     end\n";
    assert_eq!(styled(text).unwrap(), "i: >-\n  folded text\n\n\n    more\n  end\n");
}

#[test]
fn what_is_not_in_the_tree_is_refused() {
    assert_eq!(styled("a: &x 1\nb: *x\n"), Err(NotStyled::Property));
    assert_eq!(styled("a: !!str 1\n"), Err(NotStyled::Property));
    assert_eq!(styled("a: [b, # why\n  c]\n"), Err(NotStyled::CommentInBrackets));
}
