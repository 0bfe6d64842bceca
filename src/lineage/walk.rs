//! Going through a file on both sides at once, and through what it was.

use super::content::Form;
use super::decision::{Choice, Decision, Op, Policy, Reason};
use super::families::{Unpaired, entry, has_other, keep_in_one, same};
use super::grounds::Grounds;
use super::pairing::{Pairing, Side};
use super::past::{Past, renamed, swapped};
use super::together::{Together, keep_together};
use super::value::{Shape, Value};
use super::verdict::{Column, Verdict, since_of};
use super::way::Way;
use super::within::Within;

/// A file on the way through it, and what was found so far.
pub(super) struct Walk<'w> {
    pub grounds: Grounds<'w>,
    pub form: Form,
    pub found: Vec<Decision>,
    /// The entries of a kustomization that only one side has in the list where it stands.
    pub unpaired: Vec<Unpaired<'w>>,
    /// What says one thing in several fields.
    pub together: Vec<Together>,
}

impl<'w> Walk<'w> {
    pub(super) const fn new(grounds: Grounds<'w>, form: Form) -> Self {
        Self { grounds, form, found: Vec::new(), unpaired: Vec::new(), together: Vec::new() }
    }

    /// Goes through a file's column.
    pub(super) fn file(&mut self, column: &Column<'w>) {
        let way = Way {
            keep: self.grounds.policy.keep.iter().map(|path| path.steps()).collect(),
            take: self.grounds.policy.take.iter().map(|path| path.steps()).collect(),
            ..Way::default()
        };
        if self.form == Form::Yaml {
            self.documents(column, &way)
        } else {
            self.node(column, &way)
        }
        let only = |value: Option<&'w Value>| value.and_then(|value| value.items().first());
        keep_in_one(&mut self.found, &self.unpaired, (only(column.source), only(column.target)));
        keep_together(&mut self.found, &self.together);
    }

    fn documents(&mut self, column: &Column<'w>, way: &Way<'w>) {
        let lists = (column.source.map(Value::items), column.target.map(Value::items));
        if let (Some([_]), Some([_])) = lists {
            // One on each side is one resource under whatever name.
            let only = |value: &Option<&'w Value>| value.and_then(|value| value.items().first());
            let mut below = way.clone();
            below.position = vec![0];
            let column = Column {
                source: only(&column.source),
                target: only(&column.target),
                source_past: column.source_past.iter().map(only).collect(),
                target_past: column.target_past.iter().map(only).collect(),
            };
            return self.node(&column, &below);
        }
        self.items(column, way);
    }

    fn node(&mut self, column: &Column<'w>, way: &Way<'w>) {
        if column.source == column.target || self.is_same_entry(column, way) {
            return;
        }
        let op = match column.source {
            Some(_) => Op::Replace { target: way.target.clone(), source: way.source.clone() },
            None => Op::Remove { target: way.target.clone() },
        };
        if self.grounds.given(way).is_some() {
            return self.decide(column, way, op);
        }
        match (column.source.map(|value| &value.shape), column.target.map(|value| &value.shape)) {
            (Some(Shape::Map(_)), Some(Shape::Map(_))) => self.keys(column, way),
            (Some(Shape::List(source)), Some(Shape::List(target)))
                if !is_one_command(way, (source, target)) =>
            {
                self.items(column, way);
            }
            (Some(Shape::Scalar { .. }), Some(Shape::Scalar { .. }))
                if self.grounds.is_own(column, way) && self.within(column, way, false)
                    || self.grounds.leaves_some(column, way) && self.within(column, way, true) => {}
            (Some(Shape::List(_)), None) | (None, Some(Shape::List(_)))
                if self.is_entry_list(column, way) =>
            {
                self.items(column, way);
            }
            _ => self.decide(column, way, op),
        }
    }

    /// Goes through texts that hold fields of their own; `false` if they hold none, or if nothing comes or goes there
    /// and that is not to be told field by field.
    fn within(&mut self, column: &Column<'w>, way: &Way<'w>, is_told: bool) -> bool {
        let Some(texts) = Within::read(column) else { return false };
        let policy = Policy { choice: Choice::Changed, keep: &[], take: &[] };
        let grounds = Grounds { policy, is_kustomization: false, ..self.grounds };
        let mut walk = Walk::new(grounds, texts.form);
        walk.file(&texts.column());
        let form = texts.form;
        let (found, before) = (walk.found, self.found.len());
        if !is_told && found.iter().all(|decision| decision.op.is_none()) {
            return false;
        }
        self.together.extend(walk.together.into_iter().map(|it| it.behind(before)));
        let outer = way.shown.trim_start_matches('.');
        self.found.extend(found.into_iter().map(|decision| {
            let dot = if decision.field.starts_with('[') { "" } else { "." };
            let op = decision.op.map(|op| Op::Within {
                target: way.target.clone(),
                source: way.source.clone(),
                form,
                op: Box::new(op),
            });
            Decision {
                field: format!("{outer}{dot}{}", decision.field),
                document: way.document.clone(),
                op,
                position: [way.position.clone(), decision.position].concat(),
                ..decision
            }
        }));
        true
    }

    /// Whether the entries of a list that one side lacks are decided one by one: in a kustomization an
    /// absent list is an empty one, unless the whole list is new or gone and nothing of it has to stay away.
    fn is_entry_list(&self, column: &Column<'_>, way: &Way<'_>) -> bool {
        let whole = column.source_past.contains(&column.target);
        let entries = column.source.map(Value::items).unwrap_or_default();
        let stays = |item: &Value| (self.grounds.foreign)("", item, entry(item)).is_some();
        self.grounds.is_kustomization
            && way.keys.len() == 1
            && (!whole || entries.iter().any(stays))
    }

    /// Whether both entries of a kustomization name the same, in another spelling.
    fn is_same_entry(&self, column: &Column<'_>, way: &Way<'_>) -> bool {
        let text = |value: Option<&'_ Value>| value.and_then(Value::as_text).map(str::to_owned);
        self.grounds.is_kustomization
            && way.keys.len() == 1
            && text(column.source).zip(text(column.target)).is_some_and(|(a, b)| same(&a, &b))
    }

    fn keys(&mut self, column: &Column<'w>, way: &Way<'w>) {
        let (Some(source), Some(target)) = (column.source, column.target) else { return };
        let mut after: Option<usize> = target.pairs().len().checked_sub(1);
        let mut spans = Vec::new();
        for (index, (key, _)) in target.pairs().iter().enumerate() {
            let from = self.found.len();
            self.node(&column.at_key(key), &way.key(key, 2 * index));
            spans.push((key.as_str(), from..self.found.len()));
        }
        let mut anchored = false;
        for (key, _) in source.pairs() {
            if let Some(at) = target.pairs().iter().position(|(known, _)| known == key) {
                (after, anchored) = (Some(at), true);
                continue;
            }
            let end = target.pairs().len().checked_sub(1);
            let at = if anchored { after } else { end };
            let below = way.key(key, at.map_or(0, |at| 2 * at + 1));
            let (column, from) = (column.at_key(key), self.found.len());
            if self.grounds.is_kustomization
                && matches!(column.source.map(|value| &value.shape), Some(Shape::List(_)))
                && (self.is_entry_list(&column, &below)
                    || way.keys.is_empty() && has_other(target, key))
            {
                self.items(&column, &below);
                spans.push((key.as_str(), from..self.found.len()));
                continue;
            }
            let op = Op::Insert {
                parent: way.target.clone(),
                after: at.map(|at| target.pairs()[at].0.clone()),
                key: key.clone(),
                source: below.source.clone(),
            };
            self.decide(&column, &below, op);
            spans.push((key.as_str(), from..self.found.len()));
        }
        let key = way.keys.last().copied().unwrap_or_default();
        self.together.extend(Together::find(key, (source, target), &spans));
    }

    fn items(&mut self, column: &Column<'w>, way: &Way<'w>) {
        let field = way.keys.last().copied().unwrap_or_default();
        let pairing = Pairing { field, names: self.grounds.names };
        let list = |value: Option<&'w Value>| value.map(Value::items).unwrap_or_default();
        let (source, target) = (list(column.source), list(column.target));
        let partners = pairing.pair((source, Side::Source), (target, Side::Target));
        let past = |items, side| Past {
            source: column
                .source_past
                .iter()
                .map(|then| (*then, pairing.pair((items, side), (list(*then), Side::Source))))
                .collect(),
            target: column
                .target_past
                .iter()
                .map(|then| (*then, pairing.pair((items, side), (list(*then), Side::Target))))
                .collect(),
        };
        let (of_source, of_target) = (past(source, Side::Source), past(target, Side::Target));
        // An image is all that its entry names, whatever else changed with it.
        let is_image = self.grounds.is_kustomization && way.keys[..] == ["images"];
        let pasts = (&of_source, &of_target);
        let renamed = renamed(pasts, (source, target), &partners, is_image);
        let mut partners = partners;
        for (from, to, _) in &renamed {
            partners[*from] = Some(*to);
        }
        let from = self.found.len();
        for (index, item) in target.iter().enumerate() {
            let partner = partners.iter().position(|partner| *partner == Some(index));
            let column = match partner {
                Some(at) => match renamed.iter().find(|it| it.0 == at) {
                    Some((_, _, column)) => column.clone(),
                    None => of_source.column(Some(&source[at]), Some(item), at),
                },
                None => of_target.column(None, Some(item), index),
            };
            let below = way.item(partner, Some(index), partner.map(|at| &source[at]), Some(item));
            self.node(&column, &below);
        }
        let mut anchor = None;
        for (index, item) in source.iter().enumerate() {
            if let Some(at) = partners[index] {
                anchor = Some(at);
                continue;
            }
            // What the source says twice is said by the first.
            if named(item) && source[..index].contains(item) {
                continue;
            }
            let column = of_source.column(Some(item), None, index);
            let mut below = way.item(Some(index), None, Some(item), None);
            let at = anchor.or_else(|| target.len().checked_sub(1));
            below.position = [way.position.clone(), vec![at.map_or(0, |at| 2 * at + 1)]].concat();
            let source = below.source.clone();
            let op = if way.is_documents() {
                Op::AddDocument { after: at, source: source.document }
            } else {
                Op::Add { list: way.target.clone(), after: at, source }
            };
            let own = self.grounds.policy.choice == Choice::Changed
                && self.grounds.is_sources_own(&column, &below);
            if let Some(since) = own.then(|| since_of(&column, self.grounds.times)).flatten() {
                self.keep_replaced(from, since);
            }
            self.decide(&column, &below, op);
            self.leave_said(field, item, target);
            if self.grounds.times.chart.is_some() && way.keys[..] == ["dependencies"] {
                self.keep_dependency(from, (target, &partners), (&column, &of_target));
            }
        }
    }

    /// An item for which the target has its own word comes to no list that has that word.
    fn leave_said(&mut self, field: &str, item: &Value, target: &[Value]) {
        let own = item.as_text().and_then(|text| (self.grounds.own_words)(field, text));
        let is_said = own.is_some_and(|own| target.iter().any(|it| it.as_text() == Some(&own)));
        let last = self.found.last_mut().filter(|it| is_said && it.op.is_some());
        if let Some(decision) = last {
            decision.leave(Reason::Judged(Verdict::Counterpart));
        }
    }

    /// A chart that the source depends on in place of another stays away where the target keeps the other: its values
    /// are for that one, and both would be installed.
    fn keep_dependency(
        &mut self,
        from: usize,
        (target, partners): (&'w [Value], &[Option<usize>]),
        (column, of_target): (&Column<'w>, &Past<'w>),
    ) {
        let is_kept = |at: &usize| {
            let old = of_target.column(None, Some(&target[*at]), *at);
            !partners.contains(&Some(*at)) && swapped(column, &old).is_some()
        };
        let goes = |it: &Decision| matches!(it.op, Some(Op::Remove { .. }));
        if self.found[from..].iter().any(goes) || !(0..target.len()).any(|at| is_kept(&at)) {
            return;
        }
        let added = self.found.last_mut().filter(|it| matches!(it.op, Some(Op::Add { .. })));
        if let Some(added) = added {
            added.leave(Reason::OWN);
        }
    }

    /// Entries that the source dropped when it put its own in their place stay in the target.
    fn keep_replaced(&mut self, from: usize, at: usize) {
        for decision in &mut self.found[from..] {
            if matches!(decision.op, Some(Op::Remove { .. }))
                && decision.reason == Reason::Judged(Verdict::Behind { since: Some(at) })
            {
                decision.leave(Reason::OWN);
            }
        }
    }

    fn decide(&mut self, column: &Column<'w>, way: &Way<'w>, op: Op) {
        self.note_unpaired(column, way);
        self.found.push(self.grounds.decision(column, way, op));
    }

    /// Remembers the entries that the next decision is about, if only one side has them.
    fn note_unpaired(&mut self, column: &Column<'w>, way: &Way<'w>) {
        let (item, is_source) = match (column.source, column.target) {
            (Some(item), None) => (item, true),
            (None, Some(item)) => (item, false),
            _ => return,
        };
        let ([list], true) = (&way.keys[..], self.grounds.is_kustomization) else { return };
        let is_whole = matches!(item.shape, Shape::List(_));
        let items = if is_whole { item.items() } else { std::slice::from_ref(item) };
        let decision = self.found.len();
        let paths = items.iter().filter_map(entry);
        self.unpaired.extend(paths.map(|path| Unpaired {
            decision,
            list,
            path,
            is_source,
            is_whole,
        }));
    }
}

/// Whether two lists are command lines of a shell that differ in more than one word: what stands behind `-c` is a
/// program, and what stands behind that is given to it.
fn is_one_command(way: &Way<'_>, (source, target): (&[Value], &[Value])) -> bool {
    let is_option = |text: &str| {
        let letters = text.strip_prefix('-').and_then(|text| text.strip_suffix('c'));
        letters.is_some_and(|it| it.bytes().all(|byte| byte.is_ascii_lowercase()))
    };
    let has_program = |items: &[Value]| {
        items.windows(2).any(|pair| match [&pair[0], &pair[1]].map(Value::as_text) {
            [Some(option), Some(program)] => {
                is_option(option) && program.contains(char::is_whitespace)
            }
            _ => false,
        })
    };
    let differ = || source.iter().zip(target).filter(|(ours, theirs)| ours != theirs).count();
    matches!(way.keys.last(), Some(&("command" | "args")))
        && (has_program(source) || has_program(target))
        && (source.len() != target.len() || differ() > 1)
}

/// Whether an item has a name, under which a list has it once.
fn named(item: &Value) -> bool {
    item.text_at("name").is_some()
}

impl<'v> Column<'v> {
    fn at_key(&self, key: &str) -> Self {
        let below = |value: &Option<&'v Value>| value.and_then(|value| value.get(key));
        Column {
            source: below(&self.source),
            target: below(&self.target),
            source_past: self.source_past.iter().map(below).collect(),
            target_past: self.target_past.iter().map(below).collect(),
        }
    }
}
