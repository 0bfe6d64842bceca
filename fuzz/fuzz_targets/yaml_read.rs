//! No text makes the reader panic, and our scanner reads what it reads as events do.

#![no_main]

use libfuzzer_sys::fuzz_target;
use overlift_engine::yaml::{Dialect, Node, Value, parse_stream, parse_stream_by_events};

/// Equal to the last mark and style, which `==` on nodes leaves out.
fn same(a: &Node, b: &Node) -> bool {
    a.mark == b.mark
        && match (&a.value, &b.value) {
            (Value::Scalar(x), Value::Scalar(y)) => x == y,
            (Value::Sequence(x), Value::Sequence(y)) => {
                x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same(x, y))
            }
            (Value::Mapping(x), Value::Mapping(y)) => {
                x.len() == y.len()
                    && x.iter().zip(y).all(|(x, y)| {
                        x.key == y.key && x.key_mark == y.key_mark && same(&x.value, &y.value)
                    })
            }
            _ => false,
        }
}

fuzz_target!(|text: &str| {
    for dialect in [Dialect::V3, Dialect::V2] {
        match (parse_stream(text, dialect), parse_stream_by_events(text, dialect)) {
            (Ok(ours), Ok(theirs)) => {
                let equal =
                    ours.len() == theirs.len() && ours.iter().zip(&theirs).all(|(a, b)| same(a, b));
                assert!(equal, "{dialect:?}: {ours:#?}\n{theirs:#?}");
            }
            (ours, theirs) => assert_eq!(ours, theirs),
        }
    }
});
