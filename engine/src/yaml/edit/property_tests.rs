//! Random documents in random layouts, edited at random: an edit succeeds, means what it says to
//! another reader, and leaves every line alone that it does not have to touch.

mod document;

use proptest::prelude::*;

use self::document::document;
use super::*;
use crate::yaml::{Dialect, Node, Value, parse_stream};

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
/// Those that are values of keys.
fn in_keys(editor: &Editor) -> Vec<(NodePath, SpanNode)> {
    let in_key = |path: &NodePath| matches!(path.steps.last(), Some(Step::Key(_)));
    all(editor).into_iter().filter(|(path, _)| in_key(path)).collect()
}

/// Those that are items of lists.
fn in_lists(editor: &Editor) -> Vec<(NodePath, SpanNode)> {
    let in_list = |path: &NodePath| matches!(path.steps.last(), Some(Step::Index(_)));
    all(editor).into_iter().filter(|(path, _)| in_list(path)).collect()
}

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
        let is_list = |node: &SpanNode| matches!(node.kind, SpanKind::Sequence { .. });
        let lists: Vec<_> = in_keys(&editor)
            .into_iter()
            .filter(|(_, node)| is_list(node) || node.is_null())
            .collect();
        let items = in_lists(&source);
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
        let items = in_lists(&editor);
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
        let (places, values) = (in_keys(&editor), in_keys(&source));
        let ((path, _), (value_path, _)) = (pick.get(&places), which.get(&values));
        let fragment = source.fragment(value_path).unwrap();
        match editor.replace(path, &fragment) {
            Err(error) if may_be_refused(&from, &error) => return Ok(()),
            other => other.unwrap(),
        }
        let got = editor.text();
        let mut want = read(&text);
        *at_mut(&mut want, path) = fragment_value(&from, value_path);
        prop_assert_eq!(read(&got), want);
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
        let values = in_keys(&source);
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
