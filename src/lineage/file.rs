//! One file of both folders: whole, field by field, or line by line.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use super::content::Form;
use super::decision::{Choice, Decision, Op, Policy, Reason};
use super::difference::{Because, Difference, Then};
use super::entries::named_after;
use super::grounds::Grounds;
use super::held::Held;
use super::history::Version;
use super::named::{Named, is_within, join};
use super::opened::{Opened, Pair};
use super::request::{Outcome, Request};
use super::reserved::Remarks;
use super::sides::Sides;
use super::splice::carry_out;
use super::together::{Together, keep_together};
use super::value::Value;
use super::verdict::{Chart, Column, Times, Verdict, judge};
use super::versions::Read;
use super::walk::Walk;
use crate::model::{CHART_NAME, File, FileMode, KUSTOMIZATION_NAMES, ReadError};

impl<'a> Sides<'a> {
    /// Decides for each file.
    pub(super) fn decide(&self, request: &Request<'a>) -> Result<Vec<Outcome>, ReadError> {
        let pairs = self.pairs();
        let decided = pairs.iter().map(|pair| Ok(pair.open(request, self)?.map(|it| it.decide())));
        decided.filter_map(Result::transpose).collect()
    }

    /// Decides again for what was decided to change, once more is known that keeps things away. What stays already has
    /// nothing to be kept away.
    pub(super) fn decide_again(
        &self,
        request: &Request<'a>,
        outcomes: Vec<Outcome>,
    ) -> Result<Vec<Outcome>, ReadError> {
        let again = |outcome: Outcome| {
            if outcome.change.is_none() {
                return Ok(Some(outcome));
            }
            let (source, target) = outcome.below;
            Ok(Pair { source, target }.open(request, self)?.map(|it| it.decide()))
        };
        outcomes.into_iter().map(again).filter_map(Result::transpose).collect()
    }

    /// The files that could differ, each with its counterpart.
    fn pairs(&self) -> Vec<Pair> {
        let mut pairs: Vec<Pair> = Vec::new();
        let mut paired = BTreeSet::new();
        for below in self.source.iter().chain(&self.gone) {
            let moved = self.moved.get(below).map(|moved| &moved.from);
            let target = moved.or_else(|| self.counterparts.get(below)).unwrap_or(below).clone();
            if paired.contains(&target) {
                continue;
            }
            if self.source.contains(below) || self.target.contains(&target) {
                paired.insert(target.clone());
                pairs.push(Pair { source: below.clone(), target });
            }
        }
        let alone = self.target.iter().filter(|below| !paired.contains(*below));
        pairs.extend(alone.map(|below| Pair { source: below.clone(), target: below.clone() }));
        pairs
    }
}

impl Opened<'_, '_> {
    fn decide(&self) -> Outcome {
        let target_path = self.target_path();
        let mut outcome = Outcome {
            below: (self.pair.source.clone(), self.pair.target.clone()),
            change: None,
            differences: Vec::new(),
        };
        if (self.request.excluded)(&self.pair.target) {
            outcome.differences.push(self.whole(target_path, Then::Stays, Because::Excluded));
            return outcome;
        }
        match (&self.source, &self.target) {
            (Some(source), Some(target)) => self.decide_both(source, target, &mut outcome),
            _ => self.decide_whole(&mut outcome),
        }
        outcome
    }

    /// What the target's kustomizations name, below its folder; everything if that cannot be read.
    fn listed(&self) -> &Named {
        let sides = self.sides;
        let named = || named_after(self.request, sides, &[]);
        sides.listed.get_or_init(|| named().unwrap_or_else(|_| Named::all(&sides.target)))
    }

    /// Decides for a file that both have: links and what is encrypted as bytes, the rest by what it says.
    fn decide_both(&self, source: &File, target: &File, outcome: &mut Outcome) {
        if [source, target].iter().any(|file| file.mode == FileMode::Symlink) {
            return self.decide_whole(outcome);
        }
        match Form::read_both(self.target_path().as_str(), [&source.content, &target.content]) {
            (_, Some(values)) if values.iter().all(Value::is_sealed) => self.decide_whole(outcome),
            (form, Some(values)) => self.decide_values(form, (source, target), &values, outcome),
            (Form::Text, None) => self.decide_text(source, target, outcome),
            _ => self.decide_whole(outcome),
        }
    }

    fn decide_whole(&self, outcome: &mut Outcome) {
        // Whether two are the same is all that is asked of them.
        let value = |content: &[u8]| Value::text(&hex::encode(Sha256::digest(content)));
        let of = |file: &Option<File>| file.as_ref().map(|file| value(&file.content));
        let past = |versions: &[Version]| -> Vec<Option<Value>> {
            versions.iter().map(|version| version.bytes().map(value)).collect()
        };
        let (source, target) = (of(&self.source), of(&self.target));
        let (source_past, target_past) = (past(&self.source_past), past(&self.target_past));
        let column = Column {
            source: source.as_ref(),
            target: target.as_ref(),
            source_past: source_past.iter().map(Option::as_ref).collect(),
            target_past: target_past.iter().map(Option::as_ref).collect(),
        };
        let name = self.pair.source.rsplit('/').next().unwrap_or_default();
        let named_for_source = self.target.is_none()
            && self.request.names.names_source(name)
            && !self.sides.share_names_of_source(self.request.names, &self.pair.source);
        let reason = match self.request.choice {
            Choice::All => Reason::All,
            Choice::Changed if named_for_source => Reason::Judged(Verdict::AbsentOnPurpose),
            Choice::Changed => match judge(&column, &self.times(), &[], self.request.names) {
                verdict @ Verdict::Behind { .. } => match self.foreign_file() {
                    Some(held) => Reason::Held(held),
                    None => {
                        let left = self.left_out_at_once().map(|by| Verdict::LeftBy { by });
                        Reason::Judged(left.unwrap_or(verdict))
                    }
                },
                verdict => Reason::Judged(verdict),
            },
        };
        let path = self.target_path();
        let (mut then, because) = self.words(&reason, self.source.is_none());
        // What the source never had belongs to the target, whatever is asked for.
        let never = self.source.is_none() && self.source_past.iter().all(|it| it.content.is_none());
        if never {
            then = Then::Stays;
        }
        let because =
            if never { Because::Own { since: None, source_moved: false } } else { because };
        let mut because = because;
        if then != Then::Stays && !self.is_asked("", None) {
            (then, because) = (Then::Stays, Because::NotAsked);
        }
        if then != Then::Stays {
            outcome.change = Some(self.change(self.source.clone(), Vec::new()));
        }
        outcome.differences.push(self.whole(path, then, because));
    }

    fn times(&self) -> Times {
        let of = |versions: &[Version]| versions.iter().map(|version| version.since).collect();
        let point = self.point.as_ref();
        Times {
            source: of(&self.source_past),
            target: of(&self.target_past),
            settled: point.map(|point| point.seen.unwrap_or(0)),
            settles_versions: point.is_none_or(|point| point.settles_versions),
            is_committed: false,
            chart: None,
            edits: Vec::new(),
        }
    }

    fn decide_values(
        &self,
        form: Form,
        (source, target): (&File, &File),
        [now_source, now_target]: &[Value; 2],
        outcome: &mut Outcome,
    ) {
        let read = |versions| Read::all(form, self.request.history, versions);
        let (source_past, target_past) = (read(&self.source_past), read(&self.target_past));
        let edits = if self.request.by_hand { target_past.edits() } else { Vec::new() };
        let is_committed = source_past.values().last() == Some(&Some(now_source));
        let name = self.pair.target.rsplit('/').next().unwrap_or_default();
        let times = Times {
            chart: (name == CHART_NAME).then(|| Chart::of([now_source, now_target])),
            is_committed,
            source: source_past.since.clone(),
            target: target_past.since.clone(),
            edits,
            ..self.times()
        };
        let column = Column {
            source: Some(now_source),
            target: Some(now_target),
            source_past: source_past.values(),
            target_past: target_past.values(),
        };
        let (keep, take) =
            ((self.request.keep)(&self.pair.target), (self.request.take)(&self.pair.target));
        let is_unlisted = |entry: &str| self.is_unlisted(entry, target);
        let grounds = Grounds {
            is_unlisted: &is_unlisted,
            kept: &|entry, dropped| self.kept(entry, dropped),
            // An entry is judged by the path that it is, and may lead out of the folder, which a rule tells.
            foreign: &|key, value, entry| {
                let named = self.foreign(key, value);
                let named = named.filter(|it| match entry {
                    Some(entry) => matches!(it, Held::Source(_)) && self.is_sources_own(entry),
                    None => true,
                });
                named.or_else(|| self.held(entry?))
            },
            is_sources_own: &|entry| self.is_sources_own(entry),
            own_words: &|key, text| self.sides.translation(self.request.names)?.of_key(key, text),
            named: self.request.named,
            times: &times,
            names: self.request.names,
            policy: Policy { choice: self.request.choice, keep: &keep, take: &take },
            is_kustomization: KUSTOMIZATION_NAMES.contains(&name),
        };
        let mut walk = Walk::new(grounds, form);
        walk.file(&column);
        let (mut decisions, together) = (walk.found, walk.together);
        if self.request.choice == Choice::Changed && form == Form::Yaml {
            self.leave_reserved(source, &mut decisions);
        }
        for decision in decisions.iter_mut().filter(|decision| decision.op.is_some()) {
            if !self.is_asked(&decision.field, decision.source.as_deref()) {
                decision.leave(Reason::NotAsked);
            }
        }
        keep_together(&mut decisions, &together);
        self.carry_out(form, (source, target), (&mut decisions, &together), outcome);
    }

    /// Leaves what would come new and is kept from the target by a comment.
    fn leave_reserved(&self, source: &File, decisions: &mut [Decision]) {
        let would_come = |it: &&mut Decision| matches!(it.reason, Reason::Judged(_)) && it.is_new;
        let mut new = decisions.iter_mut().filter(would_come).peekable();
        if new.peek().is_none() {
            return;
        }
        let text = String::from_utf8_lossy(&source.content);
        let Some(remarks) = Remarks::read(&text) else { return };
        for decision in new {
            let op = decision.op.as_ref();
            if let Some(words) = op.and_then(|op| remarks.against(op, self.request.names)) {
                decision.leave(Reason::Held(Held::Reserved(words)));
            }
        }
    }

    /// Whether an entry of this kustomization is called after the source's environment, and nothing beside it that both
    /// have.
    fn is_sources_own(&self, entry: &str) -> bool {
        let names = self.request.names;
        let path = self.path_of(entry);
        names.names_source(entry)
            && !path.is_some_and(|path| self.sides.share_names_of_source(names, &path))
    }

    /// The path that an entry of this kustomization leads to, below the target's folder.
    fn path_of(&self, entry: &str) -> Option<String> {
        let dir = self.pair.target.rsplit_once('/').map_or("", |(dir, _)| dir);
        join(dir, entry)
    }

    /// Why an entry stays away: it leads to a file that does, or names another environment.
    fn held(&self, entry: &str) -> Option<Held> {
        let Some(path) = self.path_of(entry) else {
            let local = self.request.names.local_in(entry);
            return local.map(|name| Held::Other(name.to_owned()));
        };
        let mut held = self.sides.held.iter();
        let held = held.find(|(file, _)| is_within(file, &path)).map(|(_, why)| why.clone());
        held.or_else(|| self.sides.foreign_path(self.request.names, &path))
    }

    /// The commit that brought a file to the source alone and worked on the target's folder as well, where nobody
    /// promoted with Overlift yet: who does both means what differs.
    fn left_out_at_once(&self) -> Option<usize> {
        if !self.request.by_hand || self.source.is_none() || self.target.is_some() {
            return None;
        }
        let absent = self.source_past.iter().rposition(|version| version.content.is_none())?;
        let came = self.source_past.get(absent + 1)?.since;
        let touched = &self.request.history.commits.get(came)?.touched;
        let is_both = touched.iter().any(|it| it.path.is_within(self.request.folders.target));
        is_both.then_some(came)
    }

    /// Why a file that would come new stays away.
    fn foreign_file(&self) -> Option<Held> {
        let (Some(source), None) = (&self.source, &self.target) else { return None };
        self.sides.foreign_file(self.request.names, &self.pair.source, &source.content)
    }

    /// Whether the target has what an entry of this kustomization would name, and none of its kustomizations names
    /// it; an entry that is commented out was left out by somebody.
    fn is_unlisted(&self, entry: &str, kustomization: &File) -> bool {
        let Some(path) = self.path_of(entry) else { return false };
        let own = |name: &str| self.sides.target.contains(&format!("{path}/{name}"));
        let is_there =
            self.sides.target.contains(&path) || KUSTOMIZATION_NAMES.iter().any(|name| own(name));
        let text = String::from_utf8_lossy(&kustomization.content);
        let is_off = |line: &str| line.trim_start().starts_with('#') && line.contains(entry);
        is_there && !self.listed().has(&path) && !text.lines().any(is_off)
    }

    /// Why an entry of this kustomization stays that the source dropped in a commit. Who drops it there and edits in the
    /// same commit what it leads to in the target means the target to keep it.
    fn kept(&self, entry: &str, dropped: Option<usize>) -> Option<Reason> {
        if self.stays(entry) {
            return Some(Reason::OWN);
        }
        let (by, path) = (dropped?, self.sides.target_path(&self.path_of(entry)?));
        let touched = &self.request.history.commits.get(by)?.touched;
        let edited = touched.iter().any(|it| it.after.is_some() && it.path.is_within(&path));
        edited.then_some(Reason::Judged(Verdict::LeftBy { by }))
    }

    /// Whether the target alone has what an entry of this kustomization leads to, a file or what is in a folder, and
    /// some of that neither goes nor moves.
    fn stays(&self, entry: &str) -> bool {
        let Some(path) = self.path_of(entry) else { return false };
        let is_there = |file: &&String| is_within(file, &path);
        let moves = |file: &&String| self.sides.moved.values().any(|it| it.from == **file);
        let mut own = self.sides.target.iter().filter(is_there).filter(|file| !moves(file));
        let stays = |file: &String| {
            let pair = Pair { source: file.clone(), target: file.clone() };
            matches!(pair.open(self.request, self.sides), Ok(Some(it)) if it.decide().change.is_none())
        };
        !self.sides.source.iter().any(|file| is_there(&file)) && own.any(stays)
    }

    fn carry_out(
        &self,
        form: Form,
        (source, target): (&File, &File),
        (decisions, together): (&mut [Decision], &[Together]),
        outcome: &mut Outcome,
    ) {
        let text = |file: &File| String::from_utf8_lossy(&file.content).into_owned();
        let before = text(target);
        let mut refused = BTreeMap::new();
        let after = loop {
            let (after, now) =
                carry_out(form, &before, &text(source), decisions).unwrap_or_else(|reason| {
                    let all = (0..decisions.len()).map(|index| (index, reason.clone()));
                    (before.clone(), all.collect())
                });
            refused.extend(now);
            // What cannot be written keeps what it belongs with.
            if refused.is_empty() || !keep_together(decisions, together) {
                break after;
            }
        };
        let mut fields = Vec::new();
        for (index, decision) in decisions.iter().enumerate() {
            let (mut then, mut because) = self.words(&decision.reason, decision.source.is_none());
            if decision.op.as_ref().is_some_and(Op::removes) {
                then = Then::Goes;
            } else if then == Then::Goes {
                then = Then::Comes;
            }
            if let Some(reason) = refused.get(&index).filter(|_| then != Then::Stays) {
                (then, because) = (Then::Stays, Because::Unwritable(reason.clone()));
            }
            if let Because::Own { source_moved, .. } = &mut because {
                // What is called after the source is nothing that the target goes without.
                let names_source = |value: &String| self.request.names.source_in(value).is_some();
                *source_moved &= !decision.source.as_ref().is_some_and(names_source);
            }
            if then != Then::Stays {
                fields.push(decision.field.clone());
            }
            outcome.differences.push(Difference {
                path: self.target_path(),
                from: self.sides.source_path(&self.pair.source),
                field: decision.field.clone(),
                document: decision.document.clone(),
                source: decision.source.clone(),
                target: decision.target.clone(),
                then,
                because,
            });
        }
        if after != before {
            let file = File { mode: target.mode, content: after.into_bytes().into() };
            outcome.change = Some(self.change(Some(file), fields));
        }
    }
}
