//! Taking one change of a file back, field by field: what others changed since stays.
//!
//! A change led from `before` to `after`, and the file is now what it is. A field that is still as the
//! change left it becomes what it was; one that is what it was stays; one that is a third thing is
//! somebody else's work, which is never overwritten and told instead.

use super::content::Form;
use super::decision::{Decision, Op, Reason};
use super::names::Names;
use super::pairing::{Pairing, Side};
use super::splice::carry_out;
use super::three_way::merge_lines;
use super::value::{Shape, Value};
use crate::yaml::edit::{Editor, NodePath};

/// What a file becomes when a change of it is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenBack {
    /// Its content; `None` if it goes.
    pub content: Option<Vec<u8>>,
    /// The fields that become what they were; empty for a whole file.
    pub fields: Vec<String>,
    /// What somebody else changed since.
    pub conflicts: Vec<Conflict>,
}

/// A field that somebody else changed since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The field; empty for the whole file.
    pub field: String,
    /// Where it is now, from 1.
    pub line: u32,
}

/// Takes a change of the file at `path` back.
#[must_use]
pub fn take_back(
    path: &str,
    before: Option<&[u8]>,
    after: Option<&[u8]>,
    now: Option<&[u8]>,
) -> TakenBack {
    let becomes = |content: Option<&[u8]>| TakenBack {
        content: content.map(<[u8]>::to_vec),
        fields: Vec::new(),
        conflicts: Vec::new(),
    };
    if now == after {
        return becomes(before);
    }
    if now == before || before == after {
        return becomes(now);
    }
    match (before, after, now) {
        (Some(before), Some(after), Some(now)) => by_field(path, before, after, now),
        _ => TakenBack {
            conflicts: vec![Conflict { field: String::new(), line: 1 }],
            ..becomes(now)
        },
    }
}

fn by_field(path: &str, before: &[u8], after: &[u8], now: &[u8]) -> TakenBack {
    let whole = |content: &[u8]| TakenBack {
        content: Some(content.to_vec()),
        fields: Vec::new(),
        conflicts: vec![Conflict { field: String::new(), line: 1 }],
    };
    let form = Form::of(path, [before, after, now].into_iter());
    let texts = [before, after, now].map(std::str::from_utf8);
    let [Ok(before_text), Ok(after_text), Ok(now_text)] = texts else { return whole(now) };
    if form == Form::Text {
        let merged = merge_lines(after_text, before_text, now_text);
        let conflicts = (merged.kept_out > 0).then(|| Conflict { field: String::new(), line: 1 });
        let content = Some(merged.text.into_bytes());
        return TakenBack {
            content,
            fields: Vec::new(),
            conflicts: conflicts.into_iter().collect(),
        };
    }
    let values = (form.read(before), form.read(after), form.read(now));
    let (Some(was), Some(became), Some(is)) = values else { return whole(now) };
    let editor = Editor::parse(now_text).ok().filter(|_| form == Form::Yaml);
    let names = Names::new([], []);
    let mut walk =
        Walk { names: &names, editor: editor.as_ref(), found: Vec::new(), conflicts: Vec::new() };
    let sides = Sides { before: Some(&was), after: Some(&became), now: Some(&is) };
    match form {
        Form::Yaml => walk.documents(sides),
        _ => walk.node(sides, &Way::default()),
    }
    let Walk { mut found, mut conflicts, .. } = walk;
    let Ok((text, refused)) = carry_out(form, now_text, before_text, &mut found) else {
        return whole(now);
    };
    conflicts.extend(refused.iter().map(|(index, _)| {
        let field = found[*index].field.clone();
        Conflict { field, line: 1 }
    }));
    let fields = found.iter().filter(|it| it.op.is_some()).map(|it| it.field.clone()).collect();
    TakenBack { content: Some(text.into_bytes()), fields, conflicts }
}

/// One place of the file at three times.
#[derive(Clone, Copy)]
struct Sides<'v> {
    before: Option<&'v Value>,
    after: Option<&'v Value>,
    now: Option<&'v Value>,
}

impl<'v> Sides<'v> {
    fn map(self, of: impl Fn(&'v Value) -> Option<&'v Value>) -> Self {
        let Self { before, after, now } = self;
        Self { before: before.and_then(&of), after: after.and_then(&of), now: now.and_then(&of) }
    }
}

/// The way to a place, before and now.
#[derive(Clone, Default)]
struct Way {
    before: NodePath,
    now: NodePath,
    position: Vec<usize>,
    key: String,
    shown: String,
}

struct Walk<'w> {
    names: &'w Names,
    editor: Option<&'w Editor>,
    found: Vec<Decision>,
    conflicts: Vec<Conflict>,
}

impl Walk<'_> {
    fn documents(&mut self, sides: Sides<'_>) {
        let only = |value: &Value| value.items().len() == 1;
        let all = [sides.before, sides.after, sides.now];
        if all.iter().flatten().all(|value| only(value)) {
            let way = Way { position: vec![0], ..Way::default() };
            return self.node(sides.map(|value| value.items().first()), &way);
        }
        self.items(sides, &Way::default());
    }

    fn node(&mut self, sides: Sides<'_>, way: &Way) {
        let Sides { before, after, now } = sides;
        if before == after || now == before {
            return;
        }
        let shapes = (
            before.map(|value| &value.shape),
            after.map(|value| &value.shape),
            now.map(|value| &value.shape),
        );
        match shapes {
            (Some(Shape::Map(_)), Some(Shape::Map(_)), Some(Shape::Map(_))) => {
                self.keys(sides, way);
            }
            (Some(Shape::List(_)), Some(Shape::List(_)), Some(Shape::List(_))) => {
                self.items(sides, way);
            }
            _ if now == after => {
                let op = match before {
                    Some(_) => Op::Replace { target: way.now.clone(), source: way.before.clone() },
                    None => Op::Remove { target: way.now.clone() },
                };
                self.decide(way, op);
            }
            _ => self.conflict(way),
        }
    }

    fn keys(&mut self, sides: Sides<'_>, way: &Way) {
        let Some(now) = sides.now.map(Value::pairs) else { return };
        for (index, (key, _)) in now.iter().enumerate() {
            self.node(sides.map(|value| value.get(key)), &way.key(key, 2 * index));
        }
        let mut after: Option<usize> = None;
        for (key, _) in sides.before.map(Value::pairs).unwrap_or_default() {
            if let Some(at) = now.iter().position(|(known, _)| known == key) {
                after = Some(at);
                continue;
            }
            let at = after.or_else(|| now.len().checked_sub(1));
            let below = way.key(key, at.map_or(0, |at| 2 * at + 1));
            let here = sides.map(|value| value.get(key));
            if here.before == here.after {
                continue;
            }
            if here.after.is_some() {
                self.conflict(&below);
                continue;
            }
            let op = Op::Insert {
                parent: way.now.clone(),
                after: at.map(|at| now[at].0.clone()),
                key: key.clone(),
                source: below.before.clone(),
            };
            self.decide(&below, op);
        }
    }

    fn items(&mut self, sides: Sides<'_>, way: &Way) {
        let list = |value: Option<&'_ Value>| -> Vec<Value> {
            value.map(|value| value.items().to_vec()).unwrap_or_default()
        };
        let (before, after, now) = (list(sides.before), list(sides.after), list(sides.now));
        let pairing = Pairing { field: &way.key, names: self.names };
        let pair = |a: &[Value], b: &[Value]| pairing.pair((a, Side::Target), (b, Side::Target));
        let (to_before, to_after) = (pair(&now, &before), pair(&now, &after));
        let before_to_after = pair(&before, &after);
        for (index, item) in now.iter().enumerate() {
            let was = to_before[index];
            let here = Sides {
                before: was.map(|at| &before[at]),
                after: to_after[index].map(|at| &after[at]),
                now: Some(item),
            };
            self.node(here, &way.item(was, Some(index), item));
        }
        let mut anchor = None;
        for (index, item) in before.iter().enumerate() {
            if let Some(at) = to_before.iter().position(|partner| *partner == Some(index)) {
                anchor = Some(at);
                continue;
            }
            let at = anchor.or_else(|| now.len().checked_sub(1));
            let mut below = way.item(Some(index), None, item);
            below.position = [way.position.clone(), vec![at.map_or(0, |at| 2 * at + 1)]].concat();
            match before_to_after[index].map(|at| &after[at]) {
                Some(became) if became == item => {}
                Some(_) => self.conflict(&below),
                None => {
                    let source = below.before.clone();
                    let op = if way.position.is_empty() {
                        Op::AddDocument { after: at, source: source.document }
                    } else {
                        Op::Add { list: way.now.clone(), after: at, source }
                    };
                    self.decide(&below, op);
                }
            }
        }
    }

    fn decide(&mut self, way: &Way, op: Op) {
        self.found.push(Decision {
            field: way.field(),
            document: None,
            source: None,
            target: None,
            reason: Reason::All,
            is_new: false,
            op: Some(op),
            position: way.position.clone(),
        });
    }

    fn conflict(&mut self, way: &Way) {
        // A field that is gone is looked for where it was.
        let mut path = Some(way.now.clone());
        let mut line = 1;
        while let (Some(at), Some(editor)) = (&path, self.editor) {
            if let Some(node) = editor.node(at) {
                line = editor.position(node).line;
                break;
            }
            path = at.split_last().map(|(above, _)| above);
        }
        self.conflicts.push(Conflict { field: way.field(), line });
    }
}

impl Way {
    fn field(&self) -> String {
        self.shown.trim_start_matches('.').to_owned()
    }

    fn key(&self, key: &str, position: usize) -> Self {
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        let is_plain = !key.is_empty() && key.chars().all(plain);
        let step = if is_plain { format!(".{key}") } else { format!(".[{key}]") };
        Self {
            before: self.before.key(key),
            now: self.now.key(key),
            position: [self.position.clone(), vec![position]].concat(),
            key: key.to_owned(),
            shown: format!("{}{step}", self.shown),
        }
    }

    fn item(&self, before: Option<usize>, now: Option<usize>, item: &Value) -> Self {
        let at_root = self.position.is_empty();
        let step = |path: &NodePath, index: Option<usize>| match index {
            Some(document) if at_root => NodePath::root(document),
            Some(index) => path.index(index),
            None => path.clone(),
        };
        let index = now.or(before).unwrap_or(0);
        let named = ["name", "path", "host"].iter().find_map(|key| item.text_at(key));
        let shown = match (at_root, named.or_else(|| item.as_text())) {
            (true, _) => String::new(),
            (false, Some(name)) if name.len() < 100 && !name.contains('\n') => {
                format!("{}[{name}]", self.shown)
            }
            _ => format!("{}[{index}]", self.shown),
        };
        Self {
            before: step(&self.before, before),
            now: step(&self.now, now),
            position: [self.position.clone(), vec![2 * index]].concat(),
            key: self.key.clone(),
            shown,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::btree_map;
    use proptest::prelude::*;

    use super::*;

    /// A file of two levels with values that differ from one to the other.
    fn file() -> impl Strategy<Value = String> {
        let value = || prop::sample::select(vec!["1", "2", "\"3\"", "[a, b]"]);
        let key = || prop::sample::select(vec!["a", "b", "c", "d"]);
        let top = btree_map(key(), value(), 0..4);
        (top, btree_map(key(), value(), 1..4)).prop_map(|(top, below)| {
            let lines = |map: &std::collections::BTreeMap<&str, &str>, indent: &str| -> String {
                map.iter().map(|(key, value)| format!("{indent}{key}: {value}\n")).collect()
            };
            format!("kind: D\n{}spec:\n  stays: 1\n{}", lines(&top, ""), lines(&below, "  "))
        })
    }

    /// The lines of a file, whatever their order, with the key that they are below.
    fn lines(text: &str) -> std::collections::BTreeSet<String> {
        let mut below = "";
        let place = |line| {
            if !str::starts_with(line, ' ') {
                below = line;
                return line.to_owned();
            }
            format!("{below}{line}")
        };
        text.lines().map(place).collect()
    }

    proptest! {
        /// What a promotion brought is taken back whole, and what somebody else wrote since stays, beside it and
        /// below. Values count: a remark behind one that was replaced does not come back then.
        #[test]
        fn undo_gives_the_file_as_it_was(before in file(), after in file()) {
            prop_assert_eq!(taken(&before, &after, &after), (before.clone(), vec![]));
            let theirs =
                |text: &str| format!("{}own: 4 # theirs\n", text.replace("stays: 1", "stays: 2"));
            let (text, conflicts) = taken(&before, &after, &theirs(&after));
            prop_assert_eq!(conflicts, vec![]);
            prop_assert_eq!(lines(&text), lines(&theirs(&before)), "{}", text);
            // Taken back a second time, nothing is left to do.
            prop_assert_eq!(taken(&before, &after, &text).0, text);
        }
    }

    fn taken(before: &str, after: &str, now: &str) -> (String, Vec<(String, u32)>) {
        let bytes = |text: &'_ str| text.as_bytes().to_vec();
        let (before, after, now) = (bytes(before), bytes(after), bytes(now));
        let taken = take_back("a.yaml", Some(&before), Some(&after), Some(&now));
        let conflicts = taken.conflicts.into_iter().map(|it| (it.field, it.line)).collect();
        (String::from_utf8(taken.content.unwrap()).unwrap(), conflicts)
    }

    #[test]
    fn later_changes_of_others_stay() {
        let before = "a: 1 # one\nb: 2\nlist:\n- name: x\n  v: 1\n";
        let after = "a: 10 # one\nb: 2\nc: new\nlist:\n- name: x\n  v: 2\n- name: y\n  v: 1\n";
        for (now, want) in [
            (after.to_owned(), before.to_owned()),
            (after.replace("b: 2", "b: 3"), before.replace("b: 2", "b: 3")),
            (format!("{after}own: 1\n"), format!("{before}own: 1\n")),
            (after.replace("# one", "# others"), before.replace("# one", "# others")),
            (before.to_owned(), before.to_owned()),
        ] {
            assert_eq!(taken(before, after, &now), (want, vec![]), "{now}");
        }
    }

    #[test]
    fn what_others_changed_is_told_with_its_line_and_the_rest_taken_back() {
        let (before, after) = ("a: 1\nb: 1\n", "a: 2\nb: 2\n");
        let conflict = |field: &str, line| vec![(field.to_owned(), line)];
        assert_eq!(taken(before, after, "a: 3\nb: 2\n"), ("a: 3\nb: 1\n".into(), conflict("a", 1)));
        assert_eq!(taken(before, after, "x: 0\nb: 3\na: 2\n").1, conflict("b", 2));
        assert_eq!(taken(before, after, "a: 2\n"), ("a: 1\n".into(), conflict("b", 1)));
    }

    #[test]
    fn what_was_removed_comes_back_where_it_was() {
        let (before, after) = ("a: 1\nb: {x: 2}\nc: 3\n", "a: 1\nc: 3\n");
        assert_eq!(taken(before, after, "a: 1\nc: 4\n").0, "a: 1\nb: {x: 2}\nc: 4\n");
        let (before, after) = ("l:\n- a\n- b\n- c\n", "l:\n- a\n- c\n");
        assert_eq!(taken(before, after, "l:\n- a\n- c\n- d\n").0, "l:\n- a\n- b\n- c\n- d\n");
        let (before, after) = ("kind: A\n---\nkind: B\n", "kind: A\n");
        assert_eq!(taken(before, after, "kind: A\nx: 1\n").0, "kind: A\nx: 1\n---\nkind: B\n");
    }

    #[test]
    fn whole_files_come_and_go() {
        let back = |before: Option<&str>, after: Option<&str>, now: Option<&str>| {
            let bytes = |text: Option<&str>| text.map(|text| text.as_bytes().to_vec());
            let (before, after, now) = (bytes(before), bytes(after), bytes(now));
            let taken = take_back("a.txt", before.as_deref(), after.as_deref(), now.as_deref());
            let text = taken.content.map(|content| String::from_utf8(content).unwrap());
            (text, taken.conflicts.len())
        };
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(back(None, Some("a"), Some("a")), (None, 0));
        assert_eq!(back(None, Some("a"), Some("b")), (text("b"), 1));
        assert_eq!(back(Some("a"), None, None), (text("a"), 0));
        assert_eq!(back(Some("a"), None, Some("b")), (text("b"), 1));
        assert_eq!(back(Some("a"), Some("b"), None), (None, 1));
        assert_eq!(back(Some("1\n2\n"), Some("1\n3\n"), Some("0\n1\n3\n")), (text("0\n1\n2\n"), 0));
        assert_eq!(back(Some("1\n2\n"), Some("1\n3\n"), Some("1\n4\n")).1, 1);
    }

    proptest! {
        /// What a change made and nobody touched since is taken back to the letter.
        #[test]
        fn undoing_after_promoting_gives_the_file_as_it_was(
            before in "[a-c]: [0-9]\n([d-f]: [0-9]\n)?", after in "[a-c]: [0-9]\n([d-f]: [0-9]\n)?",
        ) {
            let (text, conflicts) = taken(&before, &after, &after);
            prop_assert_eq!((text, conflicts), (before, vec![]));
        }

        /// Whatever others did, nothing of theirs is lost: a key that the change did not touch keeps its value.
        #[test]
        fn nothing_of_others_is_lost(value in "[0-9]{1,3}", other in "[0-9]{1,3}", own in "[0-9]{1,3}") {
            let before = "a: before\nb: 1\n";
            let after = format!("a: {value}\nb: 1\n");
            let now = format!("b: {other}\na: {value}\nown: {own}\n");
            let (text, _) = taken(before, &after, &now);
            prop_assert_eq!(text, format!("b: {other}\na: before\nown: {own}\n"));
        }
    }
}
