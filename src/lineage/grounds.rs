//! On what a decision rests about one place of a file, and what it is.

use super::decision::{Choice, Decision, Op, Policy, Reason};
use super::families::entry;
use super::held::Held;
use super::names::Names;
use super::three_way::new_lines;
use super::translation::has_lines;
use super::value::Value;
use super::verdict::{Column, Times, Verdict, is_version, judge, placeholder_for, since_of};
use super::way::Way;
use crate::model::{FieldStep, KustomizationField, PATCH_LISTS};

/// Why the value of a key, or the file that an entry leads to, has to stay away.
type Foreign<'w> = dyn Fn(&str, &Value, Option<&str>) -> Option<Held> + 'w;
/// What the target says for the value of a key, if that is known.
type OwnWords<'w> = dyn Fn(&str, &str) -> Option<String> + 'w;

/// What stays the same while a file is walked through.
#[derive(Clone, Copy)]
pub(super) struct Grounds<'w> {
    pub times: &'w Times,
    pub names: &'w Names,
    pub policy: Policy<'w>,
    /// Whether the file is a kustomization: its lists may begin with an entry that comes.
    pub is_kustomization: bool,
    /// Whether an entry of the kustomization leads to something that the target has and lists nowhere.
    pub is_unlisted: &'w dyn Fn(&str) -> bool,
    /// Why an entry of the kustomization stays that the source dropped in a commit, if it does.
    pub kept: &'w dyn Fn(&str, Option<usize>) -> Option<Reason>,
    /// Why a value of a key that would come new, or the file that an entry of the kustomization leads to, has to stay
    /// away.
    pub foreign: &'w Foreign<'w>,
    /// Whether an entry that only the source's kustomization has is its own by its name.
    pub is_sources_own: &'w dyn Fn(&str) -> bool,
    /// Whether a field with the source's value is of an image that was asked for by its name.
    pub named: &'w dyn Fn(&str, &str) -> bool,
    /// What the target says for the source's value of a key, if that is known.
    pub own_words: &'w OwnWords<'w>,
}

/// A place as it is told.
fn field<'w>(way: &'w Way<'_>) -> &'w str {
    way.shown.trim_start_matches('.')
}

impl Grounds<'_> {
    /// What the configuration says of a place, if it says something.
    pub(super) fn given(&self, way: &Way<'_>) -> Option<Reason> {
        let ends = |paths: &[&[FieldStep]]| paths.iter().any(|rest| rest.is_empty());
        if ends(&way.keep) {
            return Some(Reason::Kept);
        }
        ends(&way.take).then_some(Reason::Taken)
    }

    /// Whether the history alone decides, and a value is the target's own while the source has changed its.
    pub(super) fn is_own(&self, column: &Column<'_>, way: &Way<'_>) -> bool {
        self.policy.choice == Choice::Changed
            && since_of(column, self.times).is_some()
            && matches!(judge(column, self.times, &way.keys, self.names), Verdict::Own { .. })
    }

    /// Whether the history alone decides, and a text comes of which something has to stay away.
    pub(super) fn leaves_some(&self, column: &Column<'_>, way: &Way<'_>) -> bool {
        self.policy.choice == Choice::Changed
            && self.foreign(column, way).is_some()
            && matches!(judge(column, self.times, &way.keys, self.names), Verdict::Behind { .. })
    }

    /// What becomes of a place, and the change that makes it so: `op`, or the last version that the source had.
    pub(super) fn decision(&self, column: &Column<'_>, way: &Way<'_>, op: Op) -> Decision {
        let reason = self.reason(column, way);
        let edits = matches!(
            reason,
            Reason::Taken
                | Reason::All
                | Reason::Named
                | Reason::Judged(Verdict::Behind { .. } | Verdict::Unlisted)
        );
        let text = |value: Option<&Value>| value.and_then(Value::as_text).map(str::to_owned);
        let decision = Decision {
            field: field(way).to_owned(),
            document: way.document.clone(),
            source: text(column.source),
            target: text(column.target),
            is_new: column.target.is_none(),
            op: edits.then_some(op),
            position: way.position.clone(),
            reason,
        };
        // Where a build puts the tag in, the source's version is the last one that it had.
        let behind = matches!(decision.reason, Reason::Judged(Verdict::Behind { .. }));
        let last = placeholder_for(column, &way.keys, self.names).filter(|_| behind);
        let Some(version) = last.map(str::to_owned) else { return decision };
        let comes = decision.target.as_ref() != Some(&version);
        let set = Op::Set { target: way.target.clone(), text: version.clone() };
        Decision {
            source: Some(version),
            op: comes.then_some(set),
            reason: if comes { decision.reason } else { Reason::OWN },
            ..decision
        }
    }

    fn reason(&self, column: &Column<'_>, way: &Way<'_>) -> Reason {
        if let Some(given) = self.given(way) {
            return given;
        }
        if self.policy.choice == Choice::All {
            return Reason::All;
        }
        if self.is_sources_own(column, way) {
            return Reason::Judged(Verdict::AbsentOnPurpose);
        }
        match judge(column, self.times, &way.keys, self.names) {
            verdict @ Verdict::Behind { since } => {
                self.kept(column, way, since).unwrap_or_else(|| self.behind(column, way, verdict))
            }
            Verdict::AbsentOnPurpose | Verdict::LeftOut if self.waits(column, way) => {
                Reason::Judged(Verdict::Unlisted)
            }
            Verdict::LeftOut | Verdict::LeftBy { .. } | Verdict::Tried { .. }
                if self.is_named(column, way) =>
            {
                Reason::Named
            }
            verdict => Reason::Judged(verdict),
        }
    }

    /// Whether a place says the version of an image that was asked for by its name.
    fn is_named(&self, column: &Column<'_>, way: &Way<'_>) -> bool {
        let source = column.source.and_then(Value::as_text);
        let is_version = column.target.is_some_and(|target| is_version(target, &way.keys));
        is_version && source.is_some_and(|source| (self.named)(field(way), source))
    }

    /// Whether the source alone has something that is nobody's to promote: an entry of a kustomization that
    /// names the source's environment, or the fields that only say that it is a kustomization.
    pub(super) fn is_sources_own(&self, column: &Column<'_>, way: &Way<'_>) -> bool {
        if !self.is_kustomization || column.target.is_some() {
            return false;
        }
        let entry = column.source.and_then(entry);
        match way.keys[..] {
            ["apiVersion" | "kind"] => true,
            [list] if lists_files(list) => entry.is_some_and(self.is_sources_own),
            _ => false,
        }
    }

    /// Whether an entry was prepared in the target and never listed: its file is there, and nobody took the entry
    /// out.
    fn waits(&self, column: &Column<'_>, way: &Way<'_>) -> bool {
        let is_list = matches!(way.keys[..], [list] if lists_files(list));
        self.is_kustomization
            && is_list
            && column.target.is_none()
            && column.target_past.iter().all(Option::is_none)
            && column.source.and_then(entry).is_some_and(self.is_unlisted)
    }

    /// Why an entry stays that the source has no more: the target made what it leads to its own, or was told apart.
    fn kept(&self, column: &Column<'_>, way: &Way<'_>, dropped: Option<usize>) -> Option<Reason> {
        let is_list = |list: &str| lists_files(list) || PATCH_LISTS.contains(&list);
        let is_dropped = self.is_kustomization
            && matches!(way.keys[..], [list] if is_list(list))
            && column.source.is_none();
        column.target.filter(|_| is_dropped).and_then(entry).and_then(|it| (self.kept)(it, dropped))
    }

    /// Why what would come new stays away: a value, or lines of a text.
    fn foreign(&self, column: &Column<'_>, way: &Way<'_>) -> Option<Held> {
        let key = way.keys.last().copied().unwrap_or_default();
        let new = column.source?;
        let Some(target) = column.target else {
            return (self.foreign)(key, new, entry(new).filter(|_| self.is_kustomization));
        };
        let (text, theirs) = (new.as_text()?, target.as_text()?);
        if has_lines(text) {
            return (self.foreign)(key, &Value::text(&new_lines(text, theirs)), None);
        }
        // A value that the target has of the source's comes, whatever the source is called in it: the leak gate tells
        // that. It tells nothing of a third environment, nor of an account.
        (self.foreign)(key, new, None).filter(|held| !matches!(held, Held::Source(_)))
    }

    /// What becomes of a value that the target is behind with.
    fn behind(&self, column: &Column<'_>, way: &Way<'_>, verdict: Verdict) -> Reason {
        if let Some(held) = self.foreign(column, way) {
            return Reason::Held(held);
        }
        let text = |value: Option<&'_ Value>| value.and_then(Value::as_text).map(str::to_owned);
        if let (Some(ours), Some(theirs)) = (text(column.source), text(column.target)) {
            let key = way.keys.last().copied().unwrap_or_default();
            if self.names.names_source(&ours) && (self.own_words)(key, &ours) == Some(theirs) {
                return Reason::Judged(Verdict::Counterpart);
            }
        }
        Reason::Judged(verdict)
    }
}

/// Whether the entries of a kustomization's field are files and folders.
fn lists_files(field: &str) -> bool {
    KustomizationField::named(field).is_some_and(|field| field.lists_files())
}
