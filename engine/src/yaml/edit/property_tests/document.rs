//! Random documents in random layouts: block and flow, quotes, comments, indentation, line ends.

use proptest::collection::vec;
use proptest::prelude::*;

/// A value with the way it is written.
#[derive(Clone, Debug)]
enum Written {
    /// One line, in any quotes.
    Line(&'static str),
    /// A block scalar: header and lines.
    Block(&'static str, Vec<&'static str>),
    List {
        flow: Flow,
        items: Vec<(Self, Remark)>,
    },
    Map {
        flow: Flow,
        pairs: Vec<(Self, Remark)>,
    },
    /// Nothing at all.
    Absent,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flow {
    No,
    Line,
    Lines,
}

/// What stands around a value.
#[derive(Clone, Copy, Debug)]
enum Remark {
    None,
    Behind,
    Above,
    BlankAbove,
}

#[derive(Clone, Copy, Debug)]
struct Layout {
    step: usize,
    list_indent: usize,
    dash: usize,
    crlf: bool,
    mark: bool,
    final_newline: bool,
}

fn line() -> impl Strategy<Value = Written> {
    prop::sample::select(vec![
        "a",
        "patches/x.yaml",
        "'it''s'",
        "\"q \\\" # x\"",
        "5",
        "'5'",
        "true",
        "~",
        "a b c",
        "ü€😀",
        "x:y",
        "-dash",
        "'# no comment'",
        "http://x/y?z=1",
        "0777",
        "yes",
        "!not",
        "'[x]'",
        "a#b",
    ])
    .prop_filter("no tag", |text| !text.starts_with('!'))
    .prop_map(Written::Line)
}

fn block() -> impl Strategy<Value = Written> {
    let header = prop::sample::select(vec!["|", "|-", "|+", ">", ">-", "|  # remark"]);
    let lines =
        vec(prop::sample::select(vec!["x", "  deeper", "", "# no comment", "- a: b", "ü"]), 0..4);
    (header, lines).prop_map(|(header, mut lines)| {
        lines.insert(0, "first");
        Written::Block(header, lines)
    })
}

fn flow() -> impl Strategy<Value = Flow> {
    prop_oneof![4 => Just(Flow::No), 1 => Just(Flow::Line), 1 => Just(Flow::Lines)]
}

fn remark() -> impl Strategy<Value = Remark> {
    prop_oneof![
        4 => Just(Remark::None), 1 => Just(Remark::Behind), 1 => Just(Remark::Above),
        1 => Just(Remark::BlankAbove)
    ]
}

fn value() -> impl Strategy<Value = Written> {
    let leaf = prop_oneof![6 => line(), 1 => block(), 1 => Just(Written::Absent)];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            (flow(), vec((inner.clone(), remark()), 0..4))
                .prop_map(|(flow, items)| Written::List { flow, items }),
            (flow(), vec((inner, remark()), 0..4))
                .prop_map(|(flow, pairs)| Written::Map { flow, pairs }),
        ]
    })
}

fn layout() -> impl Strategy<Value = Layout> {
    (
        prop::sample::select(vec![2, 4]),
        prop::sample::select(vec![0, 2, 4]),
        prop::sample::select(vec![2, 2, 3, 4]),
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.8),
    )
        .prop_map(|(step, list_indent, dash, crlf, mark, final_newline)| Layout {
            step,
            list_indent,
            dash,
            crlf,
            mark,
            final_newline,
        })
}

/// A document: a mapping in block style, as kustomizations and manifests are.
pub(super) fn document() -> impl Strategy<Value = String> {
    (vec((value(), remark()), 1..5), layout()).prop_map(|(pairs, layout)| {
        let mut out = String::from("# head\n");
        write_pairs(&pairs, 0, layout, &mut out);
        // A block scalar that ends the text would change its meaning with the newline.
        if !layout.final_newline {
            out.push_str("last: end");
        }
        if layout.crlf {
            out = out.replace('\n', "\r\n");
        }
        if layout.mark { format!("\u{feff}{out}") } else { out }
    })
}

fn above(remark: Remark, indent: usize, out: &mut String) {
    match remark {
        Remark::Above => out.push_str(&format!("{:indent$}# a\tremark: x\n", "")),
        Remark::BlankAbove => out.push('\n'),
        Remark::None | Remark::Behind => {}
    }
}

fn end_line(remark: Remark, out: &mut String) {
    out.push_str(if matches!(remark, Remark::Behind) { "   # behind\n" } else { "\n" });
}

fn write_pairs(pairs: &[(Written, Remark)], indent: usize, layout: Layout, out: &mut String) {
    for (count, (value, remark)) in pairs.iter().enumerate() {
        above(*remark, indent, out);
        out.push_str(&format!("{:indent$}k{count}:", ""));
        write_value(value, *remark, indent, layout, out);
    }
}

/// What follows a colon.
fn write_value(value: &Written, remark: Remark, indent: usize, layout: Layout, out: &mut String) {
    match value {
        Written::List { flow: Flow::No, items } if !items.is_empty() => {
            end_line(remark, out);
            write_items(items, indent + layout.list_indent, layout, out);
        }
        Written::Map { flow: Flow::No, pairs } if !pairs.is_empty() => {
            end_line(remark, out);
            write_pairs(pairs, indent + layout.step, layout, out);
        }
        _ => write_inline(value, remark, indent, layout, out),
    }
}

fn write_items(items: &[(Written, Remark)], indent: usize, layout: Layout, out: &mut String) {
    for (item, remark) in items {
        above(*remark, indent, out);
        out.push_str(&format!("{:indent$}-", ""));
        let inner = indent + layout.dash;
        match item {
            Written::Map { flow: Flow::No, pairs } if !pairs.is_empty() => {
                let mut text = String::new();
                let mut pairs = pairs.clone();
                pairs[0].1 = Remark::None;
                write_pairs(&pairs, inner, layout, &mut text);
                out.push_str(&" ".repeat(layout.dash - 1));
                out.push_str(text.trim_start_matches(' '));
            }
            Written::List { flow: Flow::No, items } if !items.is_empty() => {
                let mut text = String::new();
                let mut items = items.clone();
                items[0].1 = Remark::None;
                write_items(&items, inner, layout, &mut text);
                out.push_str(&" ".repeat(layout.dash - 1));
                out.push_str(text.trim_start_matches(' '));
            }
            _ => write_inline(item, *remark, indent, layout, out),
        }
    }
}

/// What stands on one line, or begins on it.
fn write_inline(value: &Written, remark: Remark, indent: usize, layout: Layout, out: &mut String) {
    match value {
        Written::Absent => end_line(remark, out),
        Written::Block(header, lines) => {
            out.push_str(&format!(" {header}\n"));
            let indent = indent + layout.step.max(layout.dash);
            for line in lines {
                out.push_str(&if line.is_empty() {
                    "\n".to_owned()
                } else {
                    format!("{:indent$}{line}\n", "")
                });
            }
        }
        value => {
            out.push(' ');
            write_flow(value, indent + layout.step, out);
            end_line(remark, out);
        }
    }
}

fn write_flow(value: &Written, indent: usize, out: &mut String) {
    match value {
        Written::Absent => out.push_str("null"),
        // go-yaml reads no question mark in a flow collection, but in quotes.
        Written::Line(text) if text.contains('?') => out.push_str(&format!("'{text}'")),
        Written::Line(text) => out.push_str(text),
        Written::Block(_, lines) => out.push_str(&format!("\"{}\"", lines.join("\\n"))),
        Written::List { flow, items } => {
            let items = items.iter().map(|(item, remark)| {
                let mut text = String::new();
                write_flow(item, indent + 2, &mut text);
                (text, *remark)
            });
            write_flow_parts("[", "]", *flow, items.collect(), indent, out);
        }
        Written::Map { flow, pairs } => {
            let pairs = pairs.iter().enumerate().map(|(count, (value, remark))| {
                let mut text = format!("k{count}: ");
                write_flow(value, indent + 2, &mut text);
                (text, *remark)
            });
            write_flow_parts("{", "}", *flow, pairs.collect(), indent, out);
        }
    }
}

fn write_flow_parts(
    open: &str,
    close: &str,
    flow: Flow,
    parts: Vec<(String, Remark)>,
    indent: usize,
    out: &mut String,
) {
    out.push_str(open);
    let last = parts.len().saturating_sub(1);
    for (count, (part, remark)) in parts.into_iter().enumerate() {
        let comma = if count < last { "," } else { "" };
        if flow == Flow::Lines {
            out.push_str(&format!("\n{:indent$}{part}{comma}", ""));
            if matches!(remark, Remark::Behind) {
                out.push_str(&format!(" # behind\n{:indent$}", ""));
            }
        } else {
            out.push_str(&format!("{part}{comma}{}", if comma.is_empty() { "" } else { " " }));
        }
    }
    if flow == Flow::Lines {
        let indent = indent.saturating_sub(1);
        out.push_str(&format!("\n{:indent$}", ""));
    }
    out.push_str(close);
}
