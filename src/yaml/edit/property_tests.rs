//! Random documents in random layouts, edited at random: an edit succeeds, means what it says to
//! another reader, and leaves every line alone that it does not have to touch.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::yaml::{Dialect, Node, Value, parse_stream};

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
fn document() -> impl Strategy<Value = String> {
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

/// All ways to a node, with the node.
fn ways(node: &SpanNode, at: NodePath, found: &mut Vec<(NodePath, SpanNode)>) {
    found.push((at.clone(), node.clone()));
    for (index, item) in node.items().iter().enumerate() {
        ways(item, at.index(index), found);
    }
    for (key, value) in node.pairs() {
        ways(value, at.key(key.text().unwrap()), found);
    }
}

fn all(editor: &Editor) -> Vec<(NodePath, SpanNode)> {
    let mut found = Vec::new();
    ways(editor.root(0), NodePath::root(0), &mut found);
    found
}

/// What another reader makes of a text. However a null is written, it is one.
fn read(text: &str) -> Node {
    fn same_nulls(node: &mut Node) {
        if node.is_null() {
            *node = Node::null();
        }
        node.as_sequence_mut().into_iter().flatten().for_each(same_nulls);
        let pairs = node.as_mapping_mut().into_iter().flat_map(|mapping| mapping.iter_mut());
        pairs.for_each(|pair| same_nulls(&mut pair.value));
    }
    let documents = parse_stream(text, Dialect::V3).unwrap();
    let mut root = documents.into_iter().next().unwrap_or_else(Node::null);
    same_nulls(&mut root);
    root
}

fn at_mut<'n>(root: &'n mut Node, path: &NodePath) -> &'n mut Node {
    path.steps.iter().fold(root, |node, step| match step {
        Step::Key(key) => node.get_mut(key).unwrap(),
        Step::Index(index) => &mut node.as_sequence_mut().unwrap()[*index],
    })
}

/// The value of a fragment, as another reader has it.
fn fragment_value(text: &str, path: &NodePath) -> Node {
    at_mut(&mut read(text), path).clone()
}

fn lines(text: &str) -> Vec<&str> {
    text.split('\n').map(|line| line.trim_end_matches('\r')).collect()
}

/// Whether all of `few` are among `many` in their order.
fn is_among(few: &[&str], many: &[&str]) -> bool {
    let mut rest = many.iter();
    few.iter().all(|line| rest.any(|other| other == line))
}

/// Whether an edit may be refused: a text that keeps its last blank lines would take those that
/// follow its new place too.
fn may_be_refused(from: &str, error: &EditError) -> bool {
    from.contains("|+") && matches!(error, EditError::Unfaithful { .. })
}

/// How many lines of `before` are not among those of `after`, at least: their longest common
/// beginning and end are taken away.
fn touched(before: &str, after: &str) -> usize {
    let (before, after) = (lines(before), lines(after));
    let head = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
    let tail = before[head..].iter().rev().zip(after[head..].iter().rev());
    before.len() - head - tail.take_while(|(a, b)| a == b).count()
}

fn keeps_layout(before: &str, after: &str) -> Result<(), TestCaseError> {
    prop_assert_eq!(before.contains("\r\n"), after.contains("\r\n"));
    if before.contains("\r\n") {
        prop_assert_eq!(after.matches('\n').count(), after.matches("\r\n").count());
    }
    prop_assert_eq!(before.starts_with('\u{feff}'), after.starts_with('\u{feff}'));
    let gains_an_end = !before.ends_with('\n') && after.ends_with('\n');
    prop_assert!(gains_an_end || before.ends_with('\n') == after.ends_with('\n'));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, max_global_rejects: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn spans_agree_with_the_reader(text in document()) {
        let editor = Editor::parse(&text).unwrap();
        let mut root = read(&text);
        for (path, node) in all(&editor) {
            let theirs = at_mut(&mut root, &path);
            match &theirs.value {
                Value::Scalar(scalar) if !theirs.is_null() => {
                    prop_assert_eq!(node.text(), Some(scalar.text.as_str()));
                }
                Value::Scalar(_) => prop_assert!(node.is_null()),
                Value::Sequence(items) => prop_assert_eq!(items.len(), node.items().len()),
                Value::Mapping(pairs) => prop_assert_eq!(pairs.len(), node.pairs().len()),
            }
        }
    }

    #[test]
    fn an_item_is_added_and_no_other_line_touched(
        text in document(),
        from in document(),
        pick in any::<prop::sample::Index>(),
        which in any::<prop::sample::Index>(),
        after in any::<prop::sample::Index>(),
    ) {
        let (mut editor, source) = (Editor::parse(&text).unwrap(), Editor::parse(&from).unwrap());
        let lists: Vec<_> = all(&editor)
            .into_iter()
            .filter(|(path, node)| {
                let in_key = matches!(path.steps.last(), Some(Step::Key(_)));
                in_key && (matches!(node.kind, SpanKind::Sequence { .. }) || node.is_null())
            })
            .collect();
        let items: Vec<_> =
            all(&source).into_iter().filter(|(path, _)| matches!(path.steps.last(), Some(Step::Index(_)))).collect();
        prop_assume!(!lists.is_empty() && !items.is_empty());
        let ((path, list), (item_path, _)) = (pick.get(&lists), which.get(&items));
        let fragment = source.fragment(item_path).unwrap();
        let count = list.items().len();
        let after = (count > 0).then(|| after.index(count));
        let (parent, step) = path.split_last().unwrap();
        let Step::Key(key) = step else { unreachable!() };
        match editor.add_item(&parent, key, after, &fragment) {
            Err(error) if may_be_refused(&from, &error) => return Ok(()),
            other => other.unwrap(),
        }
        let got = editor.text();

        let mut want = read(&text);
        let place = at_mut(&mut want, path);
        if place.as_sequence().is_none() {
            *place = Node::made(Value::Sequence(Vec::new()));
        }
        let at = after.map_or(0, |after| after + 1);
        place.as_sequence_mut().unwrap().insert(at, fragment_value(&from, item_path));
        prop_assert_eq!(read(&got), want);
        keeps_layout(&text, &got)?;
        if list.is_block() {
            prop_assert!(is_among(&lines(&text), &lines(&got)), "{:?} -> {:?}", text, got);
        } else {
            let plain = text.trim_start_matches('\u{feff}');
            let own = lines(&plain[list.span.clone()]).len();
            prop_assert!(touched(&text, &got) <= own, "{:?} -> {:?}", text, got);
        }
    }

    #[test]
    fn an_item_is_removed_and_no_other_line_touched(
        text in document(),
        pick in any::<prop::sample::Index>(),
    ) {
        let mut editor = Editor::parse(&text).unwrap();
        let items: Vec<_> = all(&editor)
            .into_iter()
            .filter(|(path, _)| matches!(path.steps.last(), Some(Step::Index(_))))
            .collect();
        prop_assume!(!items.is_empty());
        let (path, _) = pick.get(&items);
        let (parent, step) = path.split_last().unwrap();
        let Step::Index(index) = step else { unreachable!() };
        match editor.remove_item(&parent, *index) {
            // The first item of a list in a list shares its line with the outer dash.
            Err(EditError::Layout { .. }) => return Ok(()),
            Err(error) if may_be_refused(&text, &error) => return Ok(()),
            other => other.unwrap(),
        }
        let got = editor.text();
        let mut want = read(&text);
        let list = at_mut(&mut want, &parent);
        list.as_sequence_mut().unwrap().remove(*index);
        let block = Editor::parse(&text).unwrap().node(&parent).unwrap().is_block();
        if block && list.as_sequence().unwrap().is_empty() {
            *list = Node::null();
        }
        prop_assert_eq!(read(&got), want);
        keeps_layout(&text, &got)?;
        if block {
            prop_assert!(is_among(&lines(&got), &lines(&text)));
        }
    }

    #[test]
    fn a_value_is_replaced_and_no_other_line_touched(
        text in document(),
        from in document(),
        pick in any::<prop::sample::Index>(),
        which in any::<prop::sample::Index>(),
    ) {
        let (mut editor, source) = (Editor::parse(&text).unwrap(), Editor::parse(&from).unwrap());
        let keyed = |editor: &Editor| -> Vec<_> {
            let keyed = |path: &NodePath| matches!(path.steps.last(), Some(Step::Key(_)));
            all(editor).into_iter().filter(|(path, _)| keyed(path)).collect()
        };
        let (places, values) = (keyed(&editor), keyed(&source));
        let ((path, old), (value_path, new)) = (pick.get(&places), which.get(&values));
        let fragment = source.fragment(value_path).unwrap();
        match editor.replace(path, &fragment) {
            Err(error) if may_be_refused(&from, &error) => return Ok(()),
            other => other.unwrap(),
        }
        let got = editor.text();
        let mut want = read(&text);
        *at_mut(&mut want, path) = fragment_value(&from, value_path);
        prop_assert_eq!(read(&got), want);
        let _ = (old, new);
        prop_assert_eq!(text.starts_with('\u{feff}'), got.starts_with('\u{feff}'));
    }

    #[test]
    fn a_key_comes_and_goes_without_a_trace(
        text in document(),
        from in document(),
        pick in any::<prop::sample::Index>(),
        which in any::<prop::sample::Index>(),
        after in any::<prop::sample::Index>(),
    ) {
        let (mut editor, source) = (Editor::parse(&text).unwrap(), Editor::parse(&from).unwrap());
        let mappings: Vec<_> =
            all(&editor).into_iter().filter(|(_, node)| !node.pairs().is_empty()).collect();
        let values: Vec<_> = all(&source)
            .into_iter()
            .filter(|(path, _)| matches!(path.steps.last(), Some(Step::Key(_))))
            .collect();
        let ((path, mapping), (value_path, _)) = (pick.get(&mappings), which.get(&values));
        let keys: Vec<&str> = mapping.pairs().iter().filter_map(|(key, _)| key.text()).collect();
        let fragment = source.fragment(value_path).unwrap();
        let after = keys[after.index(keys.len())];
        match editor.insert_key(path, Some(after), "new", &fragment) {
            Err(error) if may_be_refused(&from, &error) => return Ok(()),
            other => other.unwrap(),
        }
        let with = editor.text();
        let mut want = read(&text);
        let value = fragment_value(&from, value_path);
        at_mut(&mut want, path).as_mapping_mut().unwrap().insert("new", value);
        prop_assert_eq!(read(&with), want);
        keeps_layout(&text, &with)?;
        if mapping.is_block() {
            prop_assert!(is_among(&lines(&text), &lines(&with)), "{:?} -> {:?}", text, with);
        }
        editor.remove_key(path, "new").unwrap();
        prop_assert_eq!(read(&editor.text()), read(&text));
        if mapping.is_block() {
            let got = editor.text();
            prop_assert_eq!(got.trim_end(), text.trim_end());
        }
    }

    #[test]
    fn any_text_is_edited_or_refused(text in "[ a-c:\\-\\[\\]{},#|>&*!'\"\n\t]{0,40}") {
        if let Ok(mut editor) = Editor::parse(&text) {
            let item = Fragment::parse("n").unwrap();
            for key in ["a", "b", "new"] {
                let _ = editor.add_item(&NodePath::root(0), key, None, &item);
            }
            for (path, _) in all_if_keys_are_texts(&editor) {
                let _ = editor.clone().replace(&path, &item);
                if let Some((parent, Step::Index(index))) = path.split_last() {
                    let _ = editor.clone().remove_item(&parent, *index);
                }
            }
        }
    }
}

fn all_if_keys_are_texts(editor: &Editor) -> Vec<(NodePath, SpanNode)> {
    fn texts(node: &SpanNode) -> bool {
        node.items().iter().all(texts)
            && node.pairs().iter().all(|(key, value)| key.text().is_some() && texts(value))
    }
    if texts(editor.root(0)) { all(editor) } else { Vec::new() }
}
