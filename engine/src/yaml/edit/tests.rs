//! Edits on files of every style: what changes, and that nothing else does.

use super::*;

fn edited(text: &str, edit: impl FnOnce(&mut Editor) -> Result<(), EditError>) -> String {
    let mut editor = Editor::parse(text).unwrap();
    edit(&mut editor).unwrap_or_else(|error| panic!("{error} in {text:?}"));
    editor.text()
}

fn refused(text: &str, edit: impl FnOnce(&mut Editor) -> Result<(), EditError>) -> EditError {
    let mut editor = Editor::parse(text).unwrap();
    let error = edit(&mut editor).unwrap_err();
    assert_eq!(editor.text(), text, "a refused edit changes nothing");
    error
}

fn root() -> NodePath {
    NodePath::root(0)
}

fn entry(text: &str) -> Fragment {
    let editor = Editor::parse(text).unwrap();
    editor.fragment(&root().key("patches").index(0)).unwrap()
}

fn add(text: &str, after: Option<usize>) -> String {
    let item = entry("patches:\n- path: new.yaml\n  target:\n    kind: Service\n");
    edited(text, |editor| editor.add_item(&root(), "patches", after, &item))
}

#[test]
fn adds_an_item_in_the_style_of_its_neighbours() {
    let new = "- path: new.yaml\n  target:\n    kind: Service\n";
    assert_eq!(add("patches:\n- path: a\n", None), format!("patches:\n- path: a\n{new}"));
    assert_eq!(
        add("patches:\n    -   path: a # why\n    # old\n    -   path: b\nx: 1\n", Some(0)),
        "patches:\n    -   path: a # why\n    -   path: new.yaml\n        target:\n          kind: Service\n    # old\n    -   path: b\nx: 1\n"
    );
    assert_eq!(
        add("patches:\r\n  - path: a\r\n", None),
        "patches:\r\n  - path: a\r\n  - path: new.yaml\r\n    target:\r\n      kind: Service\r\n"
    );
    assert_eq!(
        add("\u{feff}patches:\n- path: a", None),
        "\u{feff}patches:\n- path: a\n- path: new.yaml\n  target:\n    kind: Service"
    );
}

#[test]
fn adds_an_item_to_a_flow_list() {
    let new = "{path: new.yaml, target: {kind: Service}}";
    assert_eq!(
        add("patches: [{path: a}] # x\n", None),
        format!("patches: [{{path: a}}, {new}] # x\n")
    );
    assert_eq!(
        add("patches: [{path: a}, {path: b}]\n", Some(0)),
        format!("patches: [{{path: a}}, {new}, {{path: b}}]\n")
    );
    assert_eq!(
        add("patches: [\n  {path: a},\n  {path: b} # last\n]\n", None),
        format!("patches: [\n  {{path: a}},\n  {{path: b}}, # last\n  {new}\n]\n")
    );
    assert_eq!(
        add("patches: [\n  {path: a}, # first\n  {path: b},\n]\n", Some(0)),
        format!("patches: [\n  {{path: a}}, # first\n  {new},\n  {{path: b}},\n]\n")
    );
    assert_eq!(
        add("{resources: [a], patches: []}", None),
        format!("{{resources: [a], patches: [{new}]}}")
    );
    assert_eq!(add("{resources: [a]}\n", None), format!("{{resources: [a], patches: [{new}]}}\n"));
    assert_eq!(add("{}\n", None), format!("{{patches: [{new}]}}\n"));
}

#[test]
fn begins_a_list_in_the_style_of_the_file() {
    let new = |indent: &str| {
        format!("{indent}- path: new.yaml\n{indent}  target:\n{indent}    kind: Service\n")
    };
    for (text, want) in [
        ("resources:\n- a\n", format!("resources:\n- a\npatches:\n{}", new(""))),
        ("resources:\n  - a\n", format!("resources:\n  - a\npatches:\n{}", new("  "))),
        (
            "resources:\n    -   a\n",
            "resources:\n    -   a\npatches:\n    -   path: new.yaml\n        target:\n          kind: Service\n"
                .to_owned(),
        ),
        (
            "resources: [a]\n",
            "resources: [a]\npatches: [{path: new.yaml, target: {kind: Service}}]\n".to_owned(),
        ),
        ("patches: []\n", format!("patches:\n{}", new(""))),
        ("patches: [] # none\nx: 1\n", format!("patches: # none\n{}x: 1\n", new(""))),
        ("patches:\nx:\n  - a\n", format!("patches:\n{}x:\n  - a\n", new("  "))),
        ("patches: # none\n", format!("patches: # none\n{}", new(""))),
        ("patches: ~\n", format!("patches:\n{}", new(""))),
        ("patches: null # c\n", format!("patches: # c\n{}", new(""))),
        ("", format!("patches:\n{}", new(""))),
        ("# only\n\n", format!("# only\npatches:\n{}\n", new(""))),
        ("---\n", format!("---\npatches:\n{}", new(""))),
        ("a: 1\n# end\n\n", format!("a: 1\n# end\npatches:\n{}\n", new(""))),
        ("a: 1\n---\nb: 1\n", format!("a: 1\npatches:\n{}---\nb: 1\n", new(""))),
        ("a: 1\n...\n", format!("a: 1\npatches:\n{}...\n", new(""))),
        ("a: |+\n  x\n\n", format!("a: |+\n  x\n\npatches:\n{}", new(""))),
        ("# tab\there\na: 1", format!("# tab\there\na: 1\npatches:\n{}", new("").trim_end())),
    ] {
        assert_eq!(add(text, None), want, "{text:?}");
    }
}

#[test]
fn an_entry_comes_whole() {
    let source = "patches:\n    - path: x.yaml   # only here\n      # which\n      target: {kind: Service}\n      patch: |\n        a\n          b\n\n        c\n    - y\n";
    let got = edited("patches:\n- path: a\nz: 1\n", |editor| {
        editor.add_item(&root(), "patches", None, &entry(source))
    });
    assert_eq!(
        got,
        "patches:\n- path: a\n- path: x.yaml   # only here\n  # which\n  target: {kind: Service}\n  patch: |\n    a\n      b\n\n    c\nz: 1\n"
    );
    let flow = edited("patches: [a]\n", |editor| {
        editor.add_item(&root(), "patches", None, &entry(source))
    });
    assert_eq!(
        flow,
        "patches: [a, {path: x.yaml, target: {kind: Service}, patch: \"a\\n  b\\n\\nc\\n\"}]\n"
    );
}

#[test]
fn removes_an_item_and_nothing_else() {
    let remove =
        |text: &str, index| edited(text, |editor| editor.remove_item(&root().key("p"), index));
    assert_eq!(remove("p:\n# a\n- a: 1\n  b: 2 # c\n# b\n- c\n", 0), "p:\n# a\n# b\n- c\n");
    assert_eq!(remove("p:\n- a\nq: 1\n", 0), "p:\nq: 1\n");
    assert_eq!(remove("p:\n  - a\n  - b", 1), "p:\n  - a\n");
    assert_eq!(remove("p: [a, b, c]\n", 0), "p: [b, c]\n");
    assert_eq!(remove("p: [a, b, c]\n", 2), "p: [a, b]\n");
    assert_eq!(remove("p: [a]\n", 0), "p: []\n");
    assert_eq!(remove("p: [\n  a, # a\n  b, # b\n]\n", 1), "p: [\n  a, # a\n]\n");
    assert_eq!(remove("p:\n- |\n  x\n\n- b\n", 0), "p:\n\n- b\n");
}

#[test]
fn replaces_values_in_every_form() {
    let value =
        |text: &str| Editor::parse(text).unwrap().fragment(&root().key("s").key("v")).unwrap();
    let forms = [
        "s:\n  v: 5\n",
        "s:\n  v:\n    a: 1 # in\n    b:\n    - x\n",
        "s:\n  v:\n  - x\n",
        "s:\n  v: {a: [1, 2]}\n",
        "s:\n  v: |-\n    text\n\n     more\n",
        "s:\n  v: 'it''s\n    two lines'\n",
        "s:\n  v:\n",
    ];
    for from in forms {
        for to in forms {
            let mut editor = Editor::parse(&format!("x: 1 # a\n{from}  w: 2 # b\n")).unwrap();
            editor.replace(&root().key("s").key("v"), &value(to)).unwrap();
            assert_eq!(editor.text(), format!("x: 1 # a\n{to}  w: 2 # b\n"), "{from:?} -> {to:?}");
            let mut flow = Editor::parse("s: {v: 1, w: 2}\n").unwrap();
            flow.replace(&root().key("s").key("v"), &value(to)).unwrap();
        }
    }
}

#[test]
fn a_value_moves_to_the_indentation_it_is_put_in() {
    let value =
        Editor::parse("a:\n        b:\n            c: 1\n            d: |\n                x\n")
            .unwrap()
            .fragment(&root().key("a").key("b"))
            .unwrap();
    let got = edited("b: 1 # keep\nc: 2\n", |editor| editor.replace(&root().key("b"), &value));
    assert_eq!(got, "b: # keep\n    c: 1\n    d: |\n        x\nc: 2\n");
}

#[test]
fn inserts_a_key_behind_another() {
    let value = Fragment::parse("[1]").unwrap();
    let insert = |text: &str, path: NodePath, after: Option<&str>| {
        edited(text, |editor| editor.insert_key(&path, after, "new", &value))
    };
    assert_eq!(insert("a: 1 # a\nb: 2\n", root(), Some("a")), "a: 1 # a\nnew: [1]\nb: 2\n");
    assert_eq!(
        insert("l:\n- a:\n    x: 1\n  b: 2\n", root().key("l").index(0), Some("a")),
        "l:\n- a:\n    x: 1\n  new: [1]\n  b: 2\n"
    );
    assert_eq!(
        insert("a: {b: 1, c: 2}\n", root().key("a"), Some("b")),
        "a: {b: 1, new: [1], c: 2}\n"
    );
    assert_eq!(insert("a:\nb: 1\n", root().key("a"), None), "a:\n  new: [1]\nb: 1\n");
    assert_eq!(
        insert("a:\n    b: 1\n    # c\nd: 1\n", root().key("a"), None),
        "a:\n    b: 1\n    new: [1]\n    # c\nd: 1\n"
    );
    // What is commented out below a key stays below it, and comes into no text.
    let text = Fragment::parse("|\n  x\n").unwrap();
    let below = "a:\n  b: 1\n    # c: 2\n\n  # d: 3\n";
    let got = edited(&format!("{below}e: 1\n"), |editor| {
        editor.insert_key(&root(), Some("a"), "new", &text)
    });
    assert_eq!(got, format!("{below}new: |\n  x\ne: 1\n"));
}

#[test]
fn removes_a_key() {
    let remove = |text: &str, path: NodePath| edited(text, |editor| editor.remove_key(&path, "x"));
    assert_eq!(remove("a: 1\nx:\n- 1 # c\nb: 2\n", root()), "a: 1\nb: 2\n");
    assert_eq!(remove("- x: 1\n  b: 2\n", root().index(0)), "- b: 2\n");
    assert_eq!(remove("{a: 1, x: 2}", root()), "{a: 1}");
    assert_eq!(remove("{x: 1, a: 2}", root()), "{a: 2}");
}

#[test]
fn refuses_what_would_reach_further_than_meant() {
    let item = Fragment::parse("n").unwrap();
    let add = |text: &str| refused(text, |editor| editor.add_item(&root(), "p", None, &item));
    assert!(matches!(add("p: &x\n- a\nq: *x\n"), EditError::Anchored { .. }));
    assert!(matches!(add("q: &x\n- a\np: *x\n"), EditError::Anchored { .. }));
    assert!(matches!(add("&x\np:\n- a\n"), EditError::Anchored { .. }));
    assert!(matches!(add("p: text\n"), EditError::Layout { .. }));
    let remove = refused("p:\n- &x a\n- *x\n", |editor| editor.remove_item(&root().key("p"), 0));
    assert!(matches!(remove, EditError::Anchored { .. }));
    // An anchor elsewhere is no obstacle.
    let got =
        edited("q: &x [a]\nr: *x\np:\n- a\n", |editor| editor.add_item(&root(), "p", None, &item));
    assert_eq!(got, "q: &x [a]\nr: *x\np:\n- a\n- n\n");
}

#[test]
fn refuses_to_end_a_text_that_ends_without_a_newline() {
    // The block scalar's value would gain a newline.
    let item = Fragment::parse("n").unwrap();
    let error = refused("p:\n- |\n  a", |editor| editor.add_item(&root(), "p", None, &item));
    assert!(matches!(error, EditError::Unfaithful { .. }));
}

#[test]
fn quotes_texts_that_could_be_taken_for_something_else() {
    for (text, want) in [
        ("patches/a.yaml", "patches/a.yaml"),
        ("../../base", "../../base"),
        ("a b.yaml", "\"a b.yaml\""),
        ("on", "\"on\""),
        ("#x.yaml", "\"#x.yaml\""),
        ("a: b\n", "\"a: b\\n\""),
    ] {
        assert_eq!(quote(text), want);
        assert_eq!(Editor::parse(&quote(text)).unwrap().root(0).text(), Some(text));
    }
}

#[test]
fn an_edit_behind_a_second_byte_order_mark_is_no_panic() {
    let mut editor = Editor::parse("\u{feff}\u{feff}-e:").unwrap();
    let pairs = editor.root(0).pairs();
    let key = pairs.first().and_then(|(key, _)| key.text()).map(str::to_owned);
    let value = Fragment::text("x").unwrap();
    let before = editor.text();
    if editor.insert_key(&NodePath::root(0), key.as_deref(), "new", &value).is_err() {
        assert_eq!(editor.text(), before);
    }
}

#[test]
fn an_edit_in_one_document_leaves_the_places_of_the_others_right() {
    let text = "# head\na: 1 # one\nl:\n- x\n---\n# two\na: 2\n...\n---\na: 3";
    let mut editor = Editor::parse(text).unwrap();
    let at = |document: usize, key: &str| NodePath { document, steps: vec![Step::Key(key.into())] };
    editor.replace(&at(0, "a"), &Fragment::parse("a longer text").unwrap()).unwrap();
    editor.replace(&at(1, "a"), &Fragment::parse("22").unwrap()).unwrap();
    editor
        .insert_key(
            &NodePath { document: 2, steps: Vec::new() },
            None,
            "b",
            &Fragment::parse("4").unwrap(),
        )
        .unwrap();
    editor.remove_key(&NodePath { document: 0, steps: Vec::new() }, "l").unwrap();
    let want = "# head\na: a longer text # one\n---\n# two\na: 22\n...\n---\na: 3\nb: 4";
    assert_eq!(editor.text(), want);
    let again = Editor::parse(want).unwrap();
    for document in 0..3 {
        let (now, read) = (editor.root(document), again.root(document));
        assert_eq!(editor.written(now), again.written(read));
        assert_eq!(format!("{now:?}"), format!("{read:?}"));
        assert_eq!(editor.document_text(document), again.document_text(document));
    }
}

#[test]
fn an_edit_makes_no_document_more_and_takes_none() {
    let mut editor = Editor::parse("a: 1\n---\nb: 2\n").unwrap();
    let at = NodePath { document: 0, steps: vec![Step::Key("a".into())] };
    let quoted = Fragment::text("x\n---\ny").unwrap();
    editor.replace(&at, &quoted).unwrap();
    assert_eq!(Editor::parse(&editor.text()).unwrap().document_count(), 2);
    assert_eq!(editor.document_count(), 2);
}
