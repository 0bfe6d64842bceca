//! The other side: a question is answered by the files that came with it, within limits.

use std::io::{self, BufReader, Read, Write};

use super::super::build_options::options_of_service;
use super::super::causes::chain;
use super::super::checking::Checking;
use super::super::given_configuration::GivenConfiguration;
use super::super::known_past::KnownPast;
use super::super::lacking::{Lacking, Lacks};
use super::super::pair_of_trees::PairOfTrees;
use super::super::pipe::write_bytes;
use super::answer::{Answer, PreviewAnswer, Reply};
use super::question::{Asked, PlanQuestion, PreviewQuestion, Question};
use crate::config::{ConfigError, RepositoryConfig};
use crate::kustomize::{Build, BuildError, BuildOptions};
use crate::model::{FileTree, Location, RepoPath};
use crate::policy::{Level, UnknownFiles};
use crate::promotion::{
    self, Environment, GivenEdit, Key, Past, Plan, PlanError, PlanRequest, Previewed, Stepping,
    ToldError,
};
use crate::traffic::{Aim, Done, Next, ShiftError, next_step};

impl Question {
    /// Answers this by the files that are here.
    pub(super) fn answer(&self, files: &FileTree) -> Reply {
        self.answer_with(files, &|configuration| options_of_service(configuration, &self.bases))
    }

    /// Answers this, with overlays built as `options` says.
    pub(in crate::app) fn answer_with(
        &self,
        files: &FileTree,
        options: &dyn Fn(&RepositoryConfig) -> BuildOptions,
    ) -> Reply {
        let place = FilesToBuild { files, options };
        let (mut lacking, answer) = match &self.asked {
            Asked::Configuration(given) => {
                let read = GivenConfiguration::or_own(given.as_ref(), files);
                (lacks(&read), Answer::Configuration)
            }
            Asked::Inputs(overlay) => {
                let build = place.build(overlay);
                (lacks(&build), Answer::Inputs(build.ok().map(|build| build.inputs)))
            }
            Asked::Plan(plan) => {
                let planned = self.planned(place, plan);
                (lacks(&planned), Answer::Plan(planned.map(Box::new).map_err(|it| told(&it))))
            }
            Asked::NextStep(key, done) => {
                let next = place.next_step(key, done);
                (lacks(&next), Answer::Next(next))
            }
            Asked::StepEdits(key, aim) => {
                let edits = place.step_edits(key, aim);
                (lacks(&edits), Answer::Step(edits))
            }
            Asked::Preview(asked) => self.previewed(files, asked),
        };
        lacking.past = self.past().map(|past| past.take_missing()).unwrap_or_default();
        lacking.bases = self.bases.take_wanted();
        Reply { lacking, answer }
    }

    fn planned(&self, place: FilesToBuild<'_>, asked: &PlanQuestion) -> Result<Plan, PlanError> {
        let configuration = GivenConfiguration::or_own(asked.given.as_ref(), place.files);
        let configuration = configuration.map_err(|error| match error.lacking() {
            Some(paths) => PlanError::Unknown(paths.clone()),
            None => PlanError::Told(said(&error, error.location(), false)),
        })?;
        let (source, target) = configuration.pipeline.pair(&asked.key)?;
        let past = asked.past.as_deref();
        let history = past.map(KnownPast::history);
        let checking = match asked.checked_on {
            Some(day) => Checking::on(&target.gates, self.fetched.clone(), day),
            None => Checking::nothing(),
        };
        promotion::plan(&PlanRequest {
            files: place.files,
            options: &(place.options)(&configuration),
            source,
            target,
            commit: None,
            last_promotion: &asked.last,
            past: match (past, &history) {
                (Some(past), Some(history)) => Past::Known { history, points: &past.points },
                _ => Past::None,
            },
            wish: &asked.wish,
            checks: checking.checks(),
            deployers: None,
        })
    }

    fn previewed(&self, both: &FileTree, asked: &PreviewQuestion) -> (Lacking, Answer) {
        let PairOfTrees { before, after } = PairOfTrees::of(both);
        let as_one = PairOfTrees::paths_as_one;
        let configuration = match RepositoryConfig::load(&after) {
            Ok(configuration) => configuration,
            Err(error) => {
                let paths = error.lacking().map(as_one);
                return (Lacking::files(paths.as_ref()), Answer::Preview(None));
            }
        };
        let request = Previewed {
            before: &before,
            after: &after,
            pipeline: &configuration.pipeline,
            changed: &asked.changed,
            options: &options_of_service(&configuration, &self.bases),
            fetched: &self.fetched,
            today: asked.today,
        };
        match promotion::preview(&request) {
            Err(UnknownFiles(paths)) => {
                (Lacking::files(Some(&as_one(&paths))), Answer::Preview(None))
            }
            Ok(preview) => {
                let remarks = preview.findings().filter(|it| it.new && it.level > Level::Info);
                let answer = PreviewAnswer {
                    text: promotion::preview_body(&preview, &asked.command),
                    remarks: remarks.cloned().collect(),
                    errors: preview.new_findings(Level::Error),
                    broken: preview.broken.len(),
                    environments: preview.environments(),
                    is_empty: preview.is_empty(),
                };
                (Lacking::default(), Answer::Preview(Some(answer)))
            }
        }
    }
}

/// Files, and how their overlays are built.
#[derive(Clone, Copy)]
struct FilesToBuild<'a> {
    files: &'a FileTree,
    options: &'a dyn Fn(&RepositoryConfig) -> BuildOptions,
}

impl FilesToBuild<'_> {
    /// Builds an overlay as the repository's own configuration says; as if there were none, where it is broken.
    fn build(self, overlay: &RepoPath) -> Result<Build, BuildError> {
        let options = match RepositoryConfig::load(self.files) {
            Ok(configuration) => (self.options)(&configuration),
            Err(ConfigError::Unknown(paths)) => return Err(BuildError::Unknown(paths)),
            Err(_) => BuildOptions::default(),
        };
        promotion::render(self.files, overlay, &options)
    }

    fn next_step(self, key: &Key, done: &Done) -> Result<Next, ShiftError> {
        self.in_target(key, |target, options| {
            let build = promotion::render(self.files, &target.path, options)?;
            next_step(&target.rollouts, &build, done)
        })
    }

    fn step_edits(self, key: &Key, aim: &Aim) -> Result<(Stepping, Vec<GivenEdit>), ShiftError> {
        self.in_target(key, |target, options| {
            promotion::step_edits(self.files, target, options, aim)
        })
    }

    /// Does something in the target of a promotion by the repository's own configuration.
    fn in_target<T>(
        self,
        key: &Key,
        act: impl FnOnce(&Environment, &BuildOptions) -> Result<T, ShiftError>,
    ) -> Result<T, ShiftError> {
        let stopped = |error: &dyn std::error::Error| ShiftError::Stopped { reason: chain(error) };
        let configuration = GivenConfiguration::or_own(None, self.files);
        let configuration = configuration.map_err(|error| match error.lacking() {
            Some(paths) => ShiftError::Unknown(paths.clone()),
            None => stopped(&error),
        })?;
        let (_, target) = configuration.pipeline.pair(key).map_err(|error| stopped(&error))?;
        act(target, &(self.options)(&configuration))
    }
}

fn lacks<T>(made: &Result<T, impl Lacks>) -> Lacking {
    Lacking::files(made.as_ref().err().and_then(Lacks::lacking))
}

fn told(error: &PlanError) -> ToldError {
    match error {
        PlanError::Told(told) => told.clone(),
        error => said(error, error.location(), error.is_refusal()),
    }
}

fn said(error: &dyn std::error::Error, at: Option<&Location>, is_refusal: bool) -> ToldError {
    ToldError { message: chain(error), at: at.cloned(), is_refusal }
}

/// Reads a question and files, answers within the limits of this process, and again for as long as it gets what
/// was lacking.
///
/// # Errors
/// If nobody listens, or what was asked is not understood.
pub fn answer_questions(input: impl Read, mut output: impl Write) -> io::Result<()> {
    let mut input = BufReader::new(input);
    let (mut question, mut files) =
        Question::read(&mut input).ok_or(io::ErrorKind::InvalidInput)?;
    loop {
        let reply = question.answer(&files).write().ok_or(io::ErrorKind::InvalidData)?;
        write_bytes(&mut output, &reply)?;
        output.flush()?;
        if question.read_more(&mut files, &mut input).is_none() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::pipe::read_bytes;
    use super::*;
    use crate::model::File;

    fn path(text: &str) -> RepoPath {
        RepoPath::parse(text).unwrap()
    }

    fn asked(question: &Question, files: &FileTree) -> Reply {
        let mut wire = Vec::new();
        question.write(files, &mut wire).unwrap();
        let (_, arrived) = Question::read(&mut &wire[..]).unwrap();
        assert_eq!(arrived, *files);
        replies(&wire).pop().unwrap()
    }

    fn replies(wire: &[u8]) -> Vec<Reply> {
        let mut answers = Vec::new();
        answer_questions(wire, &mut answers).unwrap();
        let mut answers = &answers[..];
        std::iter::from_fn(|| Reply::read(&read_bytes(&mut answers)?)).collect()
    }

    #[test]
    fn what_is_lacking_is_told_and_taken_in() {
        let mut files = FileTree::of([("a/kustomization.yaml", "resources: [b.yaml]\n")]).unwrap();
        files.insert_unknown(path("a/b.yaml"));
        let question = Question::inputs(&path("a"));
        let lacking = asked(&question, &files).lacking;
        assert_eq!(lacking.files, [path("a/b.yaml")].into());
        let mut wire = Vec::new();
        question.write(&files, &mut wire).unwrap();
        let content = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n";
        files.insert(path("a/b.yaml"), File::regular(content.as_bytes()));
        question.write_more(&files, &lacking, &mut wire).unwrap();
        let reply = replies(&wire).pop().unwrap();
        assert!(reply.lacking.is_empty());
        let Answer::Inputs(Some(inputs)) = reply.answer else { panic!("{:?}", reply.answer) };
        assert!(inputs.contains(&path("a/b.yaml")));
    }

    #[test]
    fn a_configuration_is_tried_before_it_is_read() {
        let mut files = FileTree::new();
        files.insert_unknown(path(".github/overlift.yaml"));
        let reply = asked(&Question::configuration(None), &files);
        assert_eq!(reply.lacking.files, [path(".github/overlift.yaml")].into());
    }

    #[test]
    fn what_is_no_question_is_no_answer() {
        let mut answer = Vec::new();
        assert!(answer_questions(&b"\x04\0\0\0abcd"[..], &mut answer).is_err());
        assert!(answer.is_empty() && Reply::read(&answer).is_none());
    }
}
