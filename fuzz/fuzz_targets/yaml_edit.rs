//! An edit is refused and leaves the text as it is, or does what it says; it never panics.

#![no_main]

use libfuzzer_sys::fuzz_target;
use overlift_engine::yaml::edit::{Editor, Fragment, NodePath, SpanNode, Step};
use overlift_engine::yaml::{Dialect, Node, parse_stream};

/// Every node with the way to it.
fn all<'e>(node: &'e SpanNode, path: &NodePath, found: &mut Vec<(NodePath, &'e SpanNode)>) {
    found.push((path.clone(), node));
    let below = |step: Step| {
        let mut path = path.clone();
        path.steps.push(step);
        path
    };
    for (at, item) in node.items().iter().enumerate() {
        all(item, &below(Step::Index(at)), found);
    }
    for (key, value) in node.pairs() {
        if let Some(key) = key.text() {
            all(value, &below(Step::Key(key.to_owned())), found);
        }
    }
}

/// The first document as the engine reads it; `None` if it does not.
fn tree(text: &str) -> Option<Node> {
    parse_stream(text, Dialect::V2).ok()?.into_iter().next()
}

fuzz_target!(|input: (u8, u8, &str)| {
    let (choice, place, text) = input;
    let Ok(mut editor) = Editor::parse(text) else { return };
    assert_eq!(editor.text(), text);
    let mut nodes = Vec::new();
    all(editor.root(0), &NodePath { document: 0, steps: Vec::new() }, &mut nodes);
    let (path, node) = &nodes[usize::from(place) % nodes.len()];
    // What is merged has to stay a mapping, which only the reader knows.
    if path.steps.contains(&Step::Key("<<".to_owned())) {
        return;
    }
    let (path, before) = (path.clone(), tree(text));
    let was_null = node.is_null();
    let first_key = node.pairs().first().and_then(|(key, _)| key.text().map(str::to_owned));
    let value = Fragment::text("it's: new").expect("a text is a fragment");
    let edited = match (choice % 4, &first_key) {
        (0, Some(key)) => editor.remove_key(&path, key),
        (1, _) => editor.remove_item(&path, 0),
        (2, _) => editor.replace(&path, &value),
        _ => editor.insert_key(&path, first_key.as_deref(), "overlift", &value),
    };
    if edited.is_err() {
        assert_eq!(editor.text(), text);
        return;
    }
    if before.is_some() {
        // A root list may lose its only item, and is then no document.
        assert!(
            parse_stream(&editor.text(), Dialect::V2).is_ok(),
            "{:?} -> {:?}",
            text,
            editor.text()
        );
    }
    // In flow style a null that got a key is an empty mapping from then on.
    if choice % 4 == 3 && !was_null && editor.remove_key(&path, "overlift").is_ok() {
        assert_eq!(tree(&editor.text()), before);
    }
});
