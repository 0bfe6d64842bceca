//! A file that is no YAML: what the source changed comes line by line.

use super::decision::{Choice, Reason};
use super::difference::{Because, Then};
use super::history::Version;
use super::opened::Opened;
use super::request::Outcome;
use super::three_way::{merge_allowed_lines, new_lines, shared_lines};
use super::value::Value;
use crate::model::File;

impl Opened<'_, '_> {
    /// Decides for a text that both have.
    pub(super) fn decide_text(&self, source: &File, target: &File, outcome: &mut Outcome) {
        self.merge_text(source, target, outcome);
        if outcome.change.is_some() && !self.is_asked("", None) {
            let path = self.target_path();
            outcome.change = None;
            outcome.differences = vec![self.whole(path, Then::Stays, Because::NotAsked)];
        }
    }

    fn merge_text(&self, source: &File, target: &File, outcome: &mut Outcome) {
        let text = |content: &[u8]| String::from_utf8_lossy(content).into_owned();
        let (now_source, now_target) = (text(&source.content), text(&target.content));
        let path = self.target_path();
        if self.request.choice == Choice::All {
            let file = File { mode: target.mode, content: source.content.clone() };
            outcome.change = Some(self.change(Some(file), Vec::new()));
            return outcome.differences.push(self.whole(path, Then::Comes, Because::All));
        }
        let had = self.target_past.iter().any(|it| it.bytes() == Some(&source.content));
        let Some((base, at)) = self.text_base(&now_source, &now_target).filter(|_| !had) else {
            let because = if had {
                Because::SetLater { by: None }
            } else {
                Because::Own { since: None, source_moved: false }
            };
            return outcome.differences.push(self.whole(path, Then::Stays, because));
        };
        let foreign = |lines: &str| self.foreign("", &Value::text(lines));
        let may_come = |lines: &str| foreign(lines).is_none();
        let merged = merge_allowed_lines(&base, &now_source, &now_target, &may_come);
        if merged.applied > 0 && merged.text != now_target {
            let file = File { mode: target.mode, content: merged.text.into_bytes().into() };
            outcome.change = Some(self.change(Some(file), Vec::new()));
            let since = self.commit(at);
            outcome.differences.push(self.whole(
                path.clone(),
                Then::Comes,
                Because::Behind { since },
            ));
        }
        let named = foreign(&new_lines(&now_source, &now_target)).filter(|_| merged.stayed > 0);
        if outcome.change.is_none() && named.is_none() || merged.kept_out > 0 {
            let because = Because::Own { since: None, source_moved: merged.kept_out > 0 };
            outcome.differences.push(self.whole(path.clone(), Then::Stays, because));
        }
        if let Some(held) = named {
            let (then, because) = self.words(&Reason::Held(held), false);
            outcome.differences.push(self.whole(path, then, because));
        }
    }

    /// The version of the source's that the target was made from: what the last promotion saw, else
    /// the one that shares most lines with it; with the commit after which the source changed.
    fn text_base(&self, source: &str, target: &str) -> Option<(String, Option<usize>)> {
        let text = |version: &Version| String::from_utf8(version.bytes()?.to_vec()).ok();
        let last = self.source_past.last().map(|version| version.since);
        if let Some(point) = &self.point {
            let seen = self.source_past.iter().rev().find(|it| Some(it.since) <= point.seen)?;
            return Some((text(seen)?, last));
        }
        let earlier = self.source_past.iter().filter_map(text).filter(|text| text != source);
        let best = earlier.map(|text| (shared_lines(&text, target), text)).max_by_key(|it| it.0)?;
        Some((best.1, last))
    }
}
