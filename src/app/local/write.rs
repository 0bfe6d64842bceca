//! A plan carried out in a checkout: into its working tree, or onto a branch that is not checked out.

use super::super::checking::Checking;
use super::error::LocalError;
use super::workspace::Workspace;
use crate::config::RepositoryConfig;
use crate::model::{BranchName, FileEdit, RepoPath};
use crate::promotion::{self, LastPromotion, Past, Plan, PlanRequest, Proposal, Trailers};
use crate::workdir::{
    self, BranchCommit, BranchMove, Checkout, CommitTree, NewCommit, Repository, WorkdirError,
};

/// Which files of the working tree may be written over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// Those that are as the commit has them.
    Committed,
    /// All.
    All,
}

/// What [`Workspace::commit`] made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The branch.
    pub branch: BranchName,
    /// What happened to it.
    pub moved: BranchMove,
}

impl Workspace {
    /// Writes the plan's edits to the working tree. Unless it has to be so (`force`), work that nobody
    /// committed is not written over.
    ///
    /// # Errors
    /// [`WorkdirError`] if a file changed after the plan was made, has uncommitted work or cannot be
    /// written.
    pub fn write(&self, plan: &Plan, overwrite: Overwrite) -> Result<(), WorkdirError> {
        if overwrite == Overwrite::Committed {
            let work = self.uncommitted()?;
            let in_the_way = |edit: &&FileEdit| work.contains(&edit.path);
            let paths: Vec<RepoPath> =
                plan.file_edits().filter(in_the_way).map(|edit| edit.path.clone()).collect();
            if !paths.is_empty() {
                return Err(WorkdirError::Uncommitted(paths));
            }
        }
        workdir::apply(self.checkout.root(), &edits(plan))
    }

    /// Makes the plan's commit on the branch that the configuration names, and touches neither the
    /// working tree nor the branch that is checked out.
    ///
    /// # Errors
    /// [`LocalError`] if the branch is not ours to move.
    pub fn commit(
        &self,
        configuration: &RepositoryConfig,
        plan: &Plan,
    ) -> Result<Committed, LocalError> {
        let none = || WorkdirError::NoRepository(self.checkout.root().to_path_buf());
        let repository = self.checkout.repository().ok_or_else(none)?;
        let parent = self.commit.as_ref().ok_or_else(none)?;
        let Proposal { branch, commit_message, .. } = promotion::propose(plan, None)?;
        let edits = edits(plan);
        let new = NewCommit { parent, edits: &edits, message: &commit_message };
        let ours = |found: &BranchCommit| {
            self.carries_out_a_plan(repository, configuration, found).unwrap_or(false)
        };
        let moved = repository.commit_to_branch(branch.as_str(), &new, ours)?;
        Ok(Committed { branch, moved })
    }

    /// Whether a commit has our trailers and makes of its parent exactly the edits of the plan that they name.
    ///
    /// Trailers alone can be written, or kept while a commit is amended, by anybody. The plan's id covers its
    /// edits and what they do to the target's build, so that it does not matter with which configuration
    /// or which wishes the plan was made.
    fn carries_out_a_plan(
        &self,
        repository: &Repository,
        configuration: &RepositoryConfig,
        found: &BranchCommit,
    ) -> Result<bool, LocalError> {
        let (Some(trailers), [parent]) =
            (Trailers::parse(&found.message), found.parents.as_slice())
        else {
            return Ok(false);
        };
        let before = Self {
            remote_cache: self.remote_cache.clone(),
            engine: self.engine.clone(),
            wish: self.wish.clone(),
            load_restrictor: self.load_restrictor,
            version: self.version,
            ..Self::of(
                Checkout::new(repository.root().to_path_buf()),
                Some(CommitTree::open(repository, parent.clone())?),
                Some(parent.clone()),
            )
        };
        let is_plan = |configuration: &RepositoryConfig| -> Result<bool, LocalError> {
            let pair = configuration.pipeline.pair(&trailers.key())?;
            let edits = workdir::edits_between(repository, parent, &found.id)?;
            let is_inside = edits.iter().all(|edit| edit.path.is_within(&pair.1.path));
            // What lies beside the plan's root is no plan's either.
            if !is_inside || repository.write_tree(parent, &edits)? != found.tree {
                return Ok(false);
            }
            let options = before.build_options(configuration);
            let nothing = Checking::nothing();
            let request = PlanRequest {
                files: before.files(),
                options: &options,
                source: pair.0,
                target: pair.1,
                commit: Some(parent),
                last_promotion: &LastPromotion::NotLooked,
                past: Past::None,
                wish: &self.wish,
                checks: nothing.checks(),
                deployers: before.deployers(),
            };
            Ok(promotion::plan_id_of(&request, edits)?.as_str() == trailers.plan.as_str())
        };
        let by_its_own = before.configuration(None).and_then(|own| is_plan(&own));
        Ok(by_its_own.unwrap_or(false) || is_plan(configuration)?)
    }
}

fn edits(plan: &Plan) -> Vec<FileEdit> {
    plan.file_edits().cloned().collect()
}
