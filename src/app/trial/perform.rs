//! The other side of a trial: what the service will do is done here first, within limits.

use std::collections::BTreeSet;
use std::io::{self, BufReader, Read, Write};

use super::super::build_options::{build_overlay, options_of_service};
use super::super::checking::Checking;
use super::super::given_configuration::GivenConfiguration;
use super::super::known_past::KnownPast;
use super::super::lacking::{Lacking, Lacks};
use super::super::pair_of_trees::PairOfTrees;
use super::super::service_bases::ServiceBases;
use super::task::{PlanTrial, Task, Trial};
use crate::config::RepositoryConfig;
use crate::model::{FileTree, RepoPath};
use crate::policy::{Day, Fetched, UnknownFiles};
use crate::promotion::{self, LastPromotion, Past, PlanRequest, Previewed, Wish};

impl Trial {
    /// Does what the service will do, and tells what it lacks.
    fn perform(self, files: &FileTree) -> Lacking {
        let Self { task, remote, bases } = self;
        let fetched = Fetched { kubernetes: None, remote };
        let lacking = match task {
            Task::Configuration(given) => Lacking::files(
                GivenConfiguration::or_own(given.as_ref(), files)
                    .err()
                    .as_ref()
                    .and_then(Lacks::lacking),
            ),
            Task::Build(overlay) => {
                let build = build_overlay(files, &overlay, &bases);
                Lacking::files(build.err().as_ref().and_then(Lacks::lacking))
            }
            Task::Preview(changed) => {
                Lacking::files(Some(&preview(files, &changed, &fetched, &bases)))
            }
            Task::Plan(trial) => {
                let past = trial.past.clone();
                let files = plan(files, trial, fetched, &bases);
                let past = past.as_deref().map(KnownPast::take_missing).unwrap_or_default();
                Lacking { files, past, ..Lacking::default() }
            }
        };
        Lacking { bases: bases.take_wanted(), ..lacking }
    }
}

fn plan(
    files: &FileTree,
    trial: PlanTrial,
    fetched: Fetched,
    bases: &ServiceBases,
) -> BTreeSet<RepoPath> {
    let PlanTrial { key, given, past, edits, all } = trial;
    let configuration = match GivenConfiguration::or_own(given.as_ref(), files) {
        Ok(configuration) => configuration,
        Err(error) => return error.lacking().cloned().unwrap_or_default(),
    };
    let Ok((source, target)) = configuration.pipeline.pair(&key) else { return BTreeSet::new() };
    let history = past.as_deref().map(KnownPast::history);
    let checking = Checking::on(&target.gates, fetched, Day::MIN);
    let options = options_of_service(&configuration, bases);
    let planned = promotion::plan(&PlanRequest {
        files,
        options: &options,
        source,
        target,
        commit: None,
        last_promotion: LastPromotion::None,
        past: match (&past, &history) {
            (Some(past), Some(history)) => Past::Known { history, points: &past.points },
            _ => Past::None,
        },
        wish: &Wish { edits, all, ..Wish::default() },
        checks: checking.checks(),
        deployers: None,
    });
    match planned {
        Ok(plan) => {
            // The text for people is made of it too.
            let _ = promotion::propose(&plan, None);
            BTreeSet::new()
        }
        Err(error) => error.lacking().cloned().unwrap_or_default(),
    }
}

/// Makes a preview of two trees, and the text for people; tells what is lacking in both.
fn preview(
    both: &FileTree,
    changed: &BTreeSet<RepoPath>,
    fetched: &Fetched,
    bases: &ServiceBases,
) -> BTreeSet<RepoPath> {
    let PairOfTrees { before, after } = PairOfTrees::of(both);
    let as_one = PairOfTrees::paths_as_one;
    let configuration = match RepositoryConfig::load(&after) {
        Ok(configuration) => configuration,
        Err(error) => return error.lacking().map(as_one).unwrap_or_default(),
    };
    let request = Previewed {
        before: &before,
        after: &after,
        pipeline: &configuration.pipeline,
        changed,
        options: &options_of_service(&configuration, bases),
        fetched,
        today: Day::MIN,
    };
    match promotion::preview(&request) {
        Ok(preview) => {
            let _ = promotion::preview_body(&preview, "");
            BTreeSet::new()
        }
        Err(UnknownFiles(paths)) => as_one(&paths),
    }
}

/// The other side: reads a task and files, does it within limits, answers.
///
/// # Errors
/// If nobody listens.
pub fn answer_trial(input: impl Read, mut output: impl Write) -> io::Result<()> {
    let Some((trial, files)) = Trial::read(BufReader::new(input)) else {
        return output.write_all(b"not understood\n");
    };
    let lacking = trial.perform(&files);
    output.write_all(if lacking.is_empty() { b"ended\n" } else { b"lacks\n" })?;
    output.write_all(lacking.write().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::parse(text).unwrap()
    }

    #[test]
    fn a_task_arrives_with_its_files() {
        let mut files = FileTree::of([("a/kustomization.yaml", "resources: [b.yaml]\n")]).unwrap();
        files.insert_unknown(path("a/b.yaml"));
        let mut wire = Vec::new();
        Trial::build(&path("a")).write(&files, &mut wire).unwrap();
        let (_, arrived) = Trial::read(&wire[..]).unwrap();
        assert_eq!(arrived, files);
        let mut answer = Vec::new();
        answer_trial(&wire[..], &mut answer).unwrap();
        assert_eq!(answer, b"lacks\na/b.yaml\n");
    }

    #[test]
    fn a_configuration_is_tried_before_it_is_read() {
        let mut files = FileTree::new();
        files.insert_unknown(path(".github/overlift.yaml"));
        let mut wire = Vec::new();
        Trial::configuration(None).write(&files, &mut wire).unwrap();
        let mut answer = Vec::new();
        answer_trial(&wire[..], &mut answer).unwrap();
        assert_eq!(answer, b"lacks\n.github/overlift.yaml\n");
    }
}
