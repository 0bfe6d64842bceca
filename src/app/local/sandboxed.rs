//! What a checkout plans is planned in the sandbox, as the service's plans are, where somebody named the program
//! for it: the Action does, which holds a token.

use std::sync::Arc;

use super::super::known_past::{Found, KnownPast};
use super::super::lacking::Lacking;
use super::super::limit::{LimitMet, Memory};
use super::super::sandbox::{Answer, Asking, PlanQuestion, Question, Reply};
use super::error::LocalError;
use super::workspace::Workspace;
use crate::model::{BlobId, FileTree, Files, RepoPath};
use crate::policy::Fetched;
use crate::promotion::{Plan, PlanError};
use crate::workdir::WorkdirError;

impl Workspace {
    /// Plans in a process of its own what these files have.
    pub(super) fn plan_in_sandbox(
        &self,
        plan: PlanQuestion,
        fetched: Fetched,
        of: &dyn Files,
    ) -> Result<Plan, LocalError> {
        let past = plan.past.clone();
        let mut asking = Asking::of(Arc::new(Question::plan(plan, fetched)), Memory::Most);
        let mut files = FileTree::new();
        let all = of.list(&RepoPath::root()).map_err(WorkdirError::from)?;
        all.into_iter().for_each(|path| files.insert_unknown(path));
        loop {
            let Reply { lacking, answer } = asking.ask(&files).map_err(|met| stopped(&met))?;
            if !self.add(&lacking, (of, &mut files), past.as_deref())? {
                return match answer {
                    Answer::Plan(Ok(plan)) => Ok(*plan),
                    Answer::Plan(Err(told)) => Err(PlanError::Told(told).into()),
                    _ => Err(stopped(&LimitMet::other_answer())),
                };
            }
        }
    }

    /// Adds what is lacking; false if none of it is here.
    fn add(
        &self,
        lacking: &Lacking,
        (of, files): (&dyn Files, &mut FileTree),
        past: Option<&KnownPast>,
    ) -> Result<bool, LocalError> {
        let mut added = false;
        for path in &lacking.files {
            let file = of.file(path).map_err(WorkdirError::from)?;
            if let Some(file) = file.filter(|_| matches!(files.file(path), Ok(None))) {
                files.insert(path.clone(), file);
                added = true;
            }
        }
        if let Some(past) = past.filter(|_| !lacking.past.is_empty()) {
            let here = self.past_contents(&lacking.past);
            let content = |id: &BlobId| (id.clone(), here.get(id).cloned());
            let found: Found = lacking.past.iter().map(content).collect();
            past.add(found);
            added = true;
        }
        Ok(added)
    }

    /// Answers in this process, since overlays are built as this checkout builds them: by its git's remote bases,
    /// or by an installed kustomize.
    pub(in crate::app) async fn answer(
        self: &Arc<Self>,
        question: Question,
        files: Arc<FileTree>,
    ) -> Result<Reply, LimitMet> {
        let here = Arc::clone(self);
        let answered = tokio::task::spawn_blocking(move || {
            question.answer_with(&files, &|configuration| here.build_options(configuration))
        });
        answered.await.map_err(|_| LimitMet::Killed)
    }
}

fn stopped(met: &LimitMet) -> LocalError {
    LocalError::Plan(PlanError::Stopped { reason: met.sentence() })
}
