//! Taking a merged promotion back: the same way to a pull request, with other edits.

use std::collections::BTreeSet;

use crate::github::{Commit, Repository};
use crate::lineage::take_back;
use crate::model::{BranchName, File, FileMode, Location, Position, RepoPath};
use crate::promotion::{Cause, Environment, GivenEdit, Intent, Key, Request, Undoing, undo_branch};

use super::super::snapshot::Snapshot;
use super::super::work::Stop;
use super::Records;
use super::given_edits::{Between, GivenEdits};
use super::values::{Ended, Promotion};

/// What is to be taken back.
pub(in super::super) struct TakeBack<'a> {
    /// Which promotion.
    pub(in super::super) key: &'a Key,
    /// What is known of it; conflicts are found here.
    pub(in super::super) undoing: Undoing,
    /// The commit that brought it.
    pub(in super::super) commit: Commit,
    /// Who asks.
    pub(in super::super) request: Request,
}

/// How it ended.
pub(in super::super) struct TakenBack {
    /// The pull request, or why there is none.
    pub(in super::super) ended: Ended,
    /// What somebody else changed since.
    pub(in super::super) conflicts: Vec<Location>,
    /// The id of the record, if one was written.
    pub(in super::super) record: Option<String>,
}

impl TakeBack<'_> {
    /// Opens the pull request, or brings the open one up to date.
    pub(in super::super) async fn carry_out(
        self,
        records: Records<'_>,
        repository: &Repository,
        base: &BranchName,
        snapshot: Snapshot,
    ) -> Result<TakenBack, Stop> {
        let (ended, conflicts, record) =
            match self.prepare(records, repository, base, snapshot).await? {
                Err(ended) => (ended, Vec::new(), None),
                Ok(mut promotion) => {
                    let ended = promotion.settle().await?;
                    let conflicts = promotion.undoing.take().map(|it| it.conflicts);
                    let record = promotion.record.map(|record| record.id);
                    (ended, conflicts.unwrap_or_default(), record)
                }
            };
        Ok(TakenBack { ended, conflicts, record })
    }

    async fn prepare<'p>(
        self,
        records: Records<'p>,
        repository: &'p Repository,
        base: &'p BranchName,
        mut snapshot: Snapshot,
    ) -> Result<Result<Promotion<'p>, Ended>, Stop> {
        let between = match Between::of(&mut snapshot, self.key).await? {
            Ok(between) => between,
            Err(ended) => return Ok(Err(ended)),
        };
        let (edits, conflicts) = self.edits(repository, &mut snapshot, &between.target).await?;
        let given = GivenEdits {
            key: self.key,
            intent: Intent::Undo,
            edits,
            branch: undo_branch(self.key),
            request: self.request,
        };
        let made = Promotion::of_edits(records, repository, base, snapshot, &between, given);
        let undoing = Some(Undoing { conflicts, ..self.undoing });
        Ok(made.await?.map(|promotion| Promotion { undoing, ..promotion }))
    }

    /// The promotion's edits of the target taken back, and where that cannot be.
    async fn edits(
        &self,
        repository: &Repository,
        now: &mut Snapshot,
        target: &Environment,
    ) -> Result<(Vec<GivenEdit>, Vec<Location>), Stop> {
        let (mut edits, mut conflicts) = (Vec::new(), Vec::new());
        let Some(parent) = self.commit.parents.first() else { return Ok((edits, conflicts)) };
        let Some(parent) = repository.fetch_commit(parent).await? else {
            return Ok((edits, conflicts));
        };
        let mut before = now.beside(&parent.sha, &parent.tree).await?;
        let mut after = now.beside(&self.commit.sha, &self.commit.tree).await?;
        let paths: BTreeSet<RepoPath> =
            before.below(&target.path).chain(after.below(&target.path)).cloned().collect();
        for path in paths {
            if !before.differs(&after, [&path]) {
                continue;
            }
            let was = before.file(&path).await?;
            let became = after.file(&path).await?;
            let is = now.file(&path).await?;
            let content = |file: &'_ Option<File>| file.as_ref().map(|file| file.content.clone());
            let (a, b, c) = (content(&was), content(&became), content(&is));
            let taken = take_back(path.as_str(), a.as_deref(), b.as_deref(), c.as_deref());
            conflicts.extend(taken.conflicts.iter().map(|conflict| {
                let at = Location::file(path.clone()).in_field(conflict.field.clone());
                at.at(Position { line: conflict.line, column: 1 })
            }));
            let mode = was.as_ref().or(is.as_ref()).map_or(FileMode::Regular, |file| file.mode);
            let after = taken.content.map(|content| File { mode, content: content.into() });
            if after != is {
                let cause = Cause::TakenBack { fields: taken.fields };
                edits.push(GivenEdit { path, after, cause });
            }
        }
        Ok((edits, conflicts))
    }
}
