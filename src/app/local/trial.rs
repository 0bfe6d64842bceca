//! What a checkout plans is tried before as the service's plans are, where somebody named the program for it:
//! the Action does, which holds a token.

use std::sync::Arc;

use super::super::given_configuration::GivenConfiguration;
use super::super::known_past::{Found, KnownPast};
use super::super::lacking::Lacking;
use super::super::limit::{LimitMet, Memory};
use super::super::trial::{PlanTrial, Trial, Tried, plans_are_tried};
use super::error::LocalError;
use super::past::LocalPast;
use super::workspace::Workspace;
use crate::model::{FileTree, Files as _, RepoPath};
use crate::policy::Fetched;
use crate::promotion::{Key, PlanError};
use crate::workdir::WorkdirError;

impl Workspace {
    /// Tries a plan in a process of its own; an error tells the limit that it met.
    pub(super) fn rehearse(
        &self,
        key: &Key,
        given: Option<&GivenConfiguration>,
        past: Option<&LocalPast>,
    ) -> Result<(), LocalError> {
        if !plans_are_tried() {
            return Ok(());
        }
        let past = past.map(|past| {
            let history = past.history();
            let head = history.head.expect("a past is that of a commit").clone();
            Arc::new(KnownPast::new(head, history.commits.to_vec(), past.points.clone()))
        });
        let (key, given) = (key.clone(), given.cloned());
        let plan = PlanTrial { key, given, past: past.clone(), edits: None, all: self.wish.all };
        let trial = Trial::plan(plan, &Fetched::default());
        let mut files = FileTree::new();
        let all = self.files().list(&RepoPath::root()).map_err(WorkdirError::from)?;
        all.into_iter().for_each(|path| files.insert_unknown(path));
        loop {
            match trial.run(&files, Memory::Most) {
                Tried::Ended => return Ok(()),
                Tried::Met(met) => return Err(stopped(&met)),
                Tried::Lacks(lacking) => {
                    if !self.add(&lacking, &mut files, past.as_deref())? {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Adds what a trial lacks; false if none of it is here.
    fn add(
        &self,
        lacking: &Lacking,
        files: &mut FileTree,
        past: Option<&KnownPast>,
    ) -> Result<bool, LocalError> {
        let mut added = false;
        for path in &lacking.files {
            let file = self.files().file(path).map_err(WorkdirError::from)?;
            if let Some(file) = file.filter(|_| matches!(files.file(path), Ok(None))) {
                files.insert(path.clone(), file);
                added = true;
            }
        }
        if let Some(past) = past.filter(|_| !lacking.past.is_empty()) {
            let here = self.past_contents(&lacking.past);
            let content = |id: &crate::model::BlobId| (id.clone(), here.get(id).cloned());
            let found: Found = lacking.past.iter().map(content).collect();
            past.add(found);
            added = true;
        }
        Ok(added)
    }
}

fn stopped(met: &LimitMet) -> LocalError {
    LocalError::Plan(PlanError::Stopped { reason: met.sentence() })
}
