//! Two commits of a repository side by side, for what compares them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::config::RepositoryConfig;
use crate::github::GithubError;
use crate::model::RepoPath;
use crate::policy::{Day, Fetched, UnknownFiles};
use crate::promotion::{self, Preview, Previewed};

use super::build_options::options_of_service;
use super::limit::LimitMet;
use super::pair_of_trees::PairOfTrees;
use super::rehearsal::Rehearsal;
use super::service_bases::Wanted;
use super::snapshot::Snapshot;
use super::trial::{Trial, Tried};

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

    /// What the second does to each environment that it reaches: tried in a process of its own first.
    pub(super) async fn preview(
        &mut self,
        configuration: &RepositoryConfig,
        fetched: &Fetched,
        today: Day,
    ) -> Result<Result<Preview, Previewing>, GithubError> {
        let changed = Arc::new(self.changed());
        let mut rehearsal = Rehearsal::of(self.after.repository.name().clone());
        loop {
            let (before, after) = (Arc::clone(&self.before.files), Arc::clone(&self.after.files));
            let trial = Trial::preview(Arc::clone(&changed), fetched).with_bases(&self.after.bases);
            let run = move |memory| trial.run(&PairOfTrees::as_one(&before, &after), memory);
            match rehearsal.run(run).await {
                Tried::Lacks(lacking) => {
                    let bases = self.after.fetch_bases(lacking.bases).await?;
                    if !self.fetch(&PairOfTrees::paths_apart(&lacking.files)).await? && !bases {
                        break;
                    }
                }
                Tried::Met(met) => return Ok(Err(Previewing::Stopped(met))),
                Tried::Ended => break,
            }
        }
        loop {
            let (before, after) = (Arc::clone(&self.before.files), Arc::clone(&self.after.files));
            let (changed, fetched) = (Arc::clone(&changed), fetched.clone());
            let pipeline = configuration.pipeline.clone();
            let options = options_of_service(configuration, &self.after.bases);
            let made = tokio::task::spawn_blocking(move || {
                promotion::preview(&Previewed {
                    before: &*before,
                    after: &*after,
                    pipeline: &pipeline,
                    changed: &changed,
                    options: &options,
                    fetched: &fetched,
                    today,
                })
            });
            let made = made.await;
            let bases = self.after.fetch_bases(Wanted::default()).await?;
            match made {
                Ok(Ok(_)) if bases => {}
                Ok(Ok(preview)) => return Ok(Ok(preview)),
                Ok(Err(UnknownFiles(paths))) => {
                    if !self.fetch(&paths).await? && !bases {
                        return Ok(Err(Previewing::Unreadable));
                    }
                }
                Err(_) => return Ok(Err(Previewing::Stopped(LimitMet::Killed))),
            }
        }
    }

    async fn fetch(&mut self, paths: &BTreeSet<RepoPath>) -> Result<bool, GithubError> {
        let before = self.before.fetch(paths).await?;
        Ok(self.after.fetch(paths).await? || before)
    }
}
