//! The last promotion of a pair in GitHub's history: whose trailers are borne out by what it did.

use std::collections::BTreeSet;

use super::known_past::{MOST_CLAIMS, planned_on};
use super::snapshot::Snapshot;
use crate::github::{Commit, GithubError};
use crate::model::{CommitSha, FileEdit, Files, RepoPath};
use crate::promotion::{self, Environment};

impl Snapshot {
    /// The source's files at the commit that the last promotion of this pair was planned on, by the trailers in
    /// the history; `None` if there was none.
    pub(super) async fn promoted_last(
        &self,
        source: &Environment,
        target: &Environment,
    ) -> Result<Option<BTreeSet<RepoPath>>, GithubError> {
        let (key, below) = (target.key_from(&source.name), Some(&target.path));
        for most in [1, MOST_CLAIMS] {
            let mut claims = Vec::new();
            let look = |commit: &Commit| {
                claims.extend(planned_on(&commit.message, &key).map(|on| (on, commit.clone())));
                claims.len() == most
            };
            self.repository.walk_history(&self.commit, below, look).await?;
            let is_all = claims.len() < most;
            for (planned_on, promotion) in claims {
                let then = self.promoted_then(&planned_on, &promotion, (source, target)).await?;
                if then.is_some() {
                    return Ok(then);
                }
            }
            if is_all {
                break;
            }
        }
        Ok(None)
    }

    /// The files that a promotion was planned on, if a commit that says it is one did what one does.
    async fn promoted_then(
        &self,
        planned_on: &CommitSha,
        promotion: &Commit,
        (source, target): (&Environment, &Environment),
    ) -> Result<Option<BTreeSet<RepoPath>>, GithubError> {
        let Some(parent) = promotion.parents.first() else { return Ok(None) };
        let Some(parent) = self.repository.fetch_commit(parent).await? else { return Ok(None) };
        let Some(then) = self.repository.fetch_commit(planned_on).await? else { return Ok(None) };
        let mut before = self.beside(&parent.sha, &parent.tree).await?;
        let mut after = self.beside(&promotion.sha, &promotion.tree).await?;
        let mut then = self.beside(&then.sha, &then.tree).await?;
        let both = before.tree.entries.keys().chain(after.tree.entries.keys());
        let changed =
            both.filter(|path| before.tree.entries.get(path) != after.tree.entries.get(path));
        let changed: BTreeSet<RepoPath> = changed.cloned().collect();
        if changed.iter().any(|path| !path.is_within(&target.path)) {
            return Ok(None);
        }
        let theirs = changed
            .iter()
            .filter_map(|path| source.path.join(path.strip_prefix(&target.path)?).ok());
        then.fetch(&theirs.collect()).await?;
        before.fetch(&changed).await?;
        after.fetch(&changed).await?;
        let file = |of: &Self, path: &RepoPath| of.files.file(path).ok().flatten();
        let edit = |path: &RepoPath| FileEdit {
            path: path.clone(),
            before: file(&before, path),
            after: file(&after, path),
        };
        let edits: Vec<FileEdit> = changed.iter().map(edit).collect();
        let is_one = promotion::is_promotion(&edits, &*then.files, (source, target));
        let files = then.below(&source.path).cloned().collect();
        Ok(is_one.is_ok_and(|is_one| is_one).then_some(files))
    }
}
