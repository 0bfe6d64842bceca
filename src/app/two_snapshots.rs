//! Two commits of a repository side by side, for what compares them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::github::GithubError;
use crate::model::RepoPath;

use super::limit::LimitMet;
use super::pair_of_trees::PairOfTrees;
use super::plan_at_commit::CheckedBy;
use super::sandbox::{Answer, PreviewAnswer, Question, Reply, Sandbox};
use super::snapshot::Snapshot;

/// Before and after.
pub(super) struct TwoSnapshots {
    pub(super) before: Snapshot,
    pub(super) after: Snapshot,
}

/// Why there is no preview.
pub(super) enum Previewing {
    /// It met a limit.
    Stopped(LimitMet),
    /// Files are wanted that GitHub does not give.
    Unreadable,
}

impl TwoSnapshots {
    /// The files that differ.
    pub(super) fn changed(&self) -> BTreeSet<RepoPath> {
        let (before, after) = (&self.before.tree.entries, &self.after.tree.entries);
        let paths = before.keys().chain(after.keys());
        paths.filter(|path| before.get(*path) != after.get(*path)).cloned().collect()
    }

    /// What the second does to each environment that it reaches; `command` shows the same.
    pub(super) async fn preview(
        &mut self,
        command: &str,
        checked: &CheckedBy,
    ) -> Result<Result<PreviewAnswer, Previewing>, GithubError> {
        let changed = Arc::new(self.changed());
        let CheckedBy { fetched, today } = checked;
        let question = Question::preview(changed, command.to_owned(), (fetched, *today));
        let question = question.with_bases(&self.after.bases);
        let mut sandbox = Sandbox::of(self.after.repository.name().clone(), question);
        loop {
            let both = PairOfTrees::as_one(&self.before.files, &self.after.files);
            let Reply { lacking, answer } = match sandbox.ask(Arc::new(both)).await {
                Ok(reply) => reply,
                Err(met) => return Ok(Err(Previewing::Stopped(met))),
            };
            let bases = self.after.fetch_bases(lacking.bases).await?;
            if self.fetch(&PairOfTrees::paths_apart(&lacking.files)).await? || bases {
                continue;
            }
            return Ok(match answer {
                Answer::Preview(Some(preview)) => Ok(preview),
                Answer::Preview(None) => Err(Previewing::Unreadable),
                _ => Err(Previewing::Stopped(LimitMet::other_answer())),
            });
        }
    }

    async fn fetch(&mut self, paths: &BTreeSet<RepoPath>) -> Result<bool, GithubError> {
        let before = self.before.fetch(paths).await?;
        Ok(self.after.fetch(paths).await? || before)
    }
}
