//! Carrying decisions out in the target's own text: what is not meant keeps every byte.

use super::content::{Form, property};
use super::decision::{Decision, Op};
use super::encoded::{as_written, said_at};
use super::value::Value;
use crate::yaml::edit::{EditError, Editor, Fragment, NodePath, Step};

/// Applies the decisions that have an edit, the last place first, so that places before it stay what they
/// are. A decision that cannot be carried out loses its edit and gets the reason.
pub(super) fn carry_out(
    form: Form,
    target: &str,
    source: &str,
    decisions: &mut [Decision],
) -> Result<(String, Vec<(usize, String)>), String> {
    let mut order: Vec<usize> =
        (0..decisions.len()).filter(|index| decisions[*index].op.is_some()).collect();
    if order.is_empty() {
        return Ok((target.to_owned(), Vec::new()));
    }
    order.sort_by(|a, b| decisions[*a].position.cmp(&decisions[*b].position));
    let mut text = Text::open(form, target, source)?;
    let ops: Vec<&Op> = order.iter().filter_map(|index| decisions[*index].op.as_ref()).collect();
    let refused = text.apply_all(&ops);
    let refused: Vec<_> = refused.into_iter().map(|(at, reason)| (order[at], reason)).collect();
    for (index, _) in &refused {
        decisions[*index].op = None;
    }
    Ok((text.finish(), refused))
}

/// Where the group of the last operation begins: items that come to one place come together, and so does all
/// that changes within one text.
fn group_start(ops: &[&Op]) -> usize {
    let same = |op: &&&Op| match (op, ops.last()) {
        (Op::Add { list, after, .. }, Some(Op::Add { list: other, after: place, .. })) => {
            other == list && place == after
        }
        (Op::Within { target, .. }, Some(Op::Within { target: other, .. })) => target == other,
        _ => false,
    };
    ops.len() - ops.iter().rev().take_while(same).count().max(1)
}

/// A text that is being changed.
enum Text {
    Yaml { target: Box<Editor>, source: Box<Editor> },
    Properties { target: Vec<String>, source: Vec<String> },
}

impl Text {
    fn open(form: Form, target: &str, source: &str) -> Result<Self, String> {
        let lines = |text: &str| text.split_inclusive('\n').map(str::to_owned).collect();
        let editor = |text: &str| Editor::parse(text).map(Box::new).map_err(|it| it.to_string());
        Ok(match form {
            Form::Yaml => Self::Yaml { target: editor(target)?, source: editor(source)? },
            _ => Self::Properties { target: lines(target), source: lines(source) },
        })
    }

    fn finish(self) -> String {
        match self {
            Self::Yaml { target, .. } => target.text(),
            Self::Properties { target, .. } => target.concat(),
        }
    }

    /// Applies operations in the order of their places, the last first; gives those that cannot be, by their
    /// number, with the reason.
    fn apply_all(&mut self, ops: &[&Op]) -> Vec<(usize, String)> {
        let mut refused = Vec::new();
        let mut end = ops.len();
        while end > 0 {
            let start = group_start(&ops[..end]);
            refused.extend(match (&mut *self, ops[start]) {
                (Self::Yaml { target, source }, Op::Within { .. }) => {
                    let within = apply_within(target, source, &ops[start..end]);
                    within.into_iter().map(|(at, reason)| (start + at, reason)).collect()
                }
                (text, _) => match text.apply(&ops[start..end]) {
                    Ok(()) => Vec::new(),
                    Err(reason) => (start..end).map(|at| (at, reason.clone())).collect(),
                },
            });
            end = start;
        }
        refused
    }

    fn apply(&mut self, group: &[&Op]) -> Result<(), String> {
        match self {
            Self::Yaml { target, source } => {
                apply_to_yaml(target, source, group).map_err(|error| error.to_string())
            }
            Self::Properties { target, source } => {
                group.iter().try_for_each(|op| apply_to_lines(target, source, op))
            }
        }
    }
}

/// Changes a text that holds fields of its own; gives what cannot be, as [`Text::apply_all`] does.
fn apply_within(target: &mut Editor, source: &Editor, group: &[&Op]) -> Vec<(usize, String)> {
    let all = |reason: String| (0..group.len()).map(|at| (at, reason.clone())).collect();
    let [Op::Within { target: path, source: from, form, .. }, ..] = group else {
        return Vec::new();
    };
    let inner: Vec<&Op> = group
        .iter()
        .filter_map(|op| if let Op::Within { op, .. } = op { Some(&**op) } else { None })
        .collect();
    let texts = (said_at(target, path), said_at(source, from));
    let (Some((before, is_encoded)), Some((theirs, _))) = texts else {
        return all("it is no text".to_owned());
    };
    let mut text = match Text::open(*form, &before, &theirs) {
        Ok(text) => text,
        Err(reason) => return all(reason),
    };
    let refused = text.apply_all(&inner);
    let text = text.finish();
    let written =
        if is_encoded { set_text(target, path, &text) } else { target.rewrite(path, &text) };
    match written {
        Ok(()) => refused,
        Err(error) => all(error.to_string()),
    }
}

fn apply_to_yaml(target: &mut Editor, source: &Editor, group: &[&Op]) -> Result<(), EditError> {
    match group {
        [Op::Replace { target: path, source: from }] if path.steps.is_empty() => {
            target.replace_document(path.document, source.document_text(from.document))
        }
        [Op::Replace { target: path, source: from }] => {
            let fragment = source.fragment(from)?;
            let quoted = in_quotes_of(target, path, source, from);
            target.replace(path, &quoted.unwrap_or(fragment))
        }
        [Op::Set { target: path, text }] => set_text(target, path, text),
        [Op::Insert { parent, after, key, source: from }] => {
            let fragment = source.fragment(from)?;
            let written =
                from.split_last().and_then(|(above, _)| source.key_as_written(&above, key));
            target.insert_key(parent, after.as_deref(), written.unwrap_or(key), &fragment)
        }
        [Op::Remove { target: path }] => remove(target, path),
        [Op::AddDocument { after, source: from }] => {
            target.add_document(*after, source.document_text(*from))
        }
        _ => add_items(target, source, group),
    }
}

/// Puts a text in a scalar's place: in base64 where that is what stands there, else of one line; in its quotes.
fn set_text(target: &mut Editor, path: &NodePath, text: &str) -> Result<(), EditError> {
    let text = &*as_written(target, path, text);
    let quote = target.node(path).and_then(|node| target.written(node).chars().next());
    let quoted = quote.filter(|quote| matches!(quote, '\'' | '"'));
    let is_text = Editor::parse(text).is_ok_and(|it| Value::of(it.root(0)) == Value::text(text));
    let fragment = match quoted {
        Some(quote) => Fragment::parse(&format!("{quote}{text}{quote}"))?,
        None if is_text => Fragment::parse(text)?,
        None => Fragment::text(text)?,
    };
    target.replace(path, &fragment)
}

/// The source's text in the target's kind of quotes, where both are quoted and nothing has to be escaped.
fn in_quotes_of(
    target: &Editor,
    path: &NodePath,
    source: &Editor,
    from: &NodePath,
) -> Option<Fragment> {
    let written = |editor: &Editor, path: &NodePath| {
        let node = editor.node(path)?;
        let quote = editor.written(node).chars().next()?;
        (node.text().is_some() && matches!(quote, '\'' | '"')).then_some(quote)
    };
    let theirs = written(target, path)?;
    let node = source.node(from)?;
    // A number in quotes would be a text.
    let is_text = |text: &str| Value::of(node) == Value::text(text);
    let text = node.text().filter(|text| written(source, from).is_some() || is_text(text))?;
    let simple = text.chars().all(|c| !matches!(c, '\'' | '"' | '\\') && !c.is_control());
    (written(source, from) != Some(theirs) && simple)
        .then(|| Fragment::parse(&format!("{theirs}{text}{theirs}")).ok())?
}

fn add_items(target: &mut Editor, source: &Editor, group: &[&Op]) -> Result<(), EditError> {
    let mut place = None;
    let mut items: Vec<Fragment> = Vec::new();
    for op in group {
        if let Op::Add { list, after, source: from } = op {
            place = Some((list, after));
            items.push(source.fragment(from)?);
        }
    }
    let Some((list, after)) = place else { return Ok(()) };
    match list.split_last() {
        Some((parent, Step::Key(key))) => target.add_items(&parent, key, *after, &items),
        _ => target.extend_list(list, *after, &items),
    }
}

fn remove(target: &mut Editor, path: &NodePath) -> Result<(), EditError> {
    let Some((parent, step)) = path.split_last() else {
        return target.remove_document(path.document);
    };
    let alone = |editor: &Editor, path: &NodePath| {
        editor.node(path).is_some_and(|node| node.pairs().len() == 1)
    };
    match step {
        Step::Key(_) if alone(target, &parent) && !parent.steps.is_empty() => {
            target.replace(&parent, &Fragment::parse("{}")?)
        }
        Step::Key(key) => target.remove_key(&parent, key),
        Step::Index(index) => {
            target.remove_item(&parent, *index)?;
            // A list without items is no list any more: its key goes with it, where it can.
            let empty = target.node(&parent).is_some_and(|list| list.items().is_empty());
            if let (true, Some((above, Step::Key(key)))) = (empty, parent.split_last()) {
                let key = key.clone();
                let mut without = target.clone();
                if !alone(target, &above) && without.remove_key(&above, &key).is_ok() {
                    *target = without;
                }
            }
            Ok(())
        }
    }
}

fn apply_to_lines(target: &mut Vec<String>, source: &[String], op: &Op) -> Result<(), String> {
    let key = |path: &NodePath| match path.steps.first() {
        Some(Step::Key(key)) => Ok(key.clone()),
        _ => Err("the whole file differs".to_owned()),
    };
    let find = |lines: &[String], key: &str| {
        lines.iter().rposition(|line| property(line).is_some_and(|(known, _)| known == key))
    };
    let missing = || "the line is not there any more".to_owned();
    match op {
        Op::Replace { target: path, source: from } => {
            let at = find(target, &key(path)?).ok_or_else(missing)?;
            let line = &source[find(source, &key(from)?).ok_or_else(missing)?];
            let (_, value) = property(line).unwrap_or_default();
            let old = property(&target[at]).map_or(0, |(_, old)| old.len());
            let begin = target[at].find('=').map_or(0, |equals| equals + 1);
            let blanks = target[at][begin..].len() - target[at][begin..].trim_start().len();
            let blanks = if old == 0 { 0 } else { blanks };
            target[at].replace_range(begin + blanks..begin + blanks + old, value);
        }
        Op::Insert { after, key, .. } => {
            let line = &source[find(source, key).ok_or_else(missing)?];
            let at = after.as_ref().and_then(|after| find(target, after));
            insert_line(target, at.map_or(target.len(), |at| at + 1), line);
        }
        Op::Remove { target: path } => {
            target.remove(find(target, &key(path)?).ok_or_else(missing)?);
        }
        Op::Add { .. } | Op::AddDocument { .. } | Op::Set { .. } | Op::Within { .. } => {
            return Err("it is no line".to_owned());
        }
    }
    Ok(())
}

/// Puts a line in, with the target's line end.
fn insert_line(lines: &mut Vec<String>, at: usize, line: &str) {
    let crlf = lines.iter().any(|line| line.ends_with("\r\n"));
    let ending = if crlf { "\r\n" } else { "\n" };
    let text = line.trim_end_matches(['\r', '\n']);
    if let Some(before) = at.checked_sub(1).and_then(|before| lines.get_mut(before))
        && !before.ends_with('\n')
    {
        before.push_str(ending);
        lines.insert(at, text.to_owned());
        return;
    }
    lines.insert(at, format!("{text}{ending}"));
}
