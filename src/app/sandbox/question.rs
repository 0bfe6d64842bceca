//! What is asked, and its form on the way into the sandbox: a head, then contents of the past, files of other
//! repositories, the repository's own.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Write};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::given_configuration::GivenConfiguration;
use super::super::known_past::KnownPast;
use super::super::lacking::Lacking;
use super::super::pipe::{read_bytes, read_file, write_bytes, write_end, write_file};
use super::super::service_bases::{BasesHead, ServiceBases};
use super::past;
use crate::model::{FileTree, Files as _, RepoPath};
use crate::policy::schema::KubernetesSchemas;
use crate::policy::{Day, Fetched, RemoteSchema};
use crate::promotion::{Key, LastPromotion, Wish};
use crate::traffic::{Aim, Done};

/// A question, with what is known of other repositories.
#[derive(Clone, Debug)]
pub(in crate::app) struct Question {
    pub(super) asked: Asked,
    pub(super) fetched: Fetched,
    pub(super) bases: ServiceBases,
}

/// What is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Asked {
    /// Whether the configuration can be read.
    Configuration(Option<GivenConfiguration>),
    /// A plan.
    Plan(PlanQuestion),
    /// The step that is next in the target of a promotion.
    NextStep(Key, Done),
    /// The edits of a step in the target of a promotion.
    StepEdits(Key, Aim),
    /// The files that an overlay builds from.
    Inputs(RepoPath),
    /// A preview of two trees as one.
    Preview(PreviewQuestion),
}

/// Which plan is asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::app) struct PlanQuestion {
    pub(in crate::app) key: Key,
    /// The configuration in place of the repository's own.
    pub(in crate::app) given: Option<GivenConfiguration>,
    /// What is asked for beyond it.
    pub(in crate::app) wish: Wish,
    /// What the source was at the last promotion.
    pub(in crate::app) last: LastPromotion,
    /// The day by which exceptions end; `None` if nothing is checked.
    pub(in crate::app) checked_on: Option<Day>,
    /// What is known of the past; contents that are missing there are asked for too.
    #[serde(skip)]
    pub(in crate::app) past: Option<Arc<KnownPast>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PreviewQuestion {
    /// The paths that differ.
    pub(super) changed: Arc<BTreeSet<RepoPath>>,
    /// The command that shows the same.
    pub(super) command: String,
    /// The day by which exceptions end.
    pub(super) today: Day,
}

/// What comes before files and contents.
#[derive(Serialize, Deserialize)]
struct Head {
    asked: Asked,
    /// The bundle of Kubernetes' own schemas.
    kubernetes: Option<Arc<str>>,
    remote: BTreeMap<RemoteSchema, Result<Arc<str>, String>>,
    bases: BasesHead,
}

impl Question {
    fn of(asked: Asked) -> Self {
        Self { asked, fetched: Fetched::default(), bases: ServiceBases::default() }
    }

    /// The same with what is known of other repositories.
    pub(in crate::app) fn with_bases(self, bases: &ServiceBases) -> Self {
        Self { bases: bases.clone(), ..self }
    }

    /// Whether the configuration can be read: the one that is given, or the repository's own.
    pub(in crate::app) fn configuration(given: Option<GivenConfiguration>) -> Self {
        Self::of(Asked::Configuration(given))
    }

    /// The files that an overlay builds from.
    pub(in crate::app) fn inputs(overlay: &RepoPath) -> Self {
        Self::of(Asked::Inputs(overlay.clone()))
    }

    /// A plan, checked by what was fetched.
    pub(in crate::app) fn plan(plan: PlanQuestion, fetched: Fetched) -> Self {
        Self { fetched, ..Self::of(Asked::Plan(plan)) }
    }

    /// The step that is next.
    pub(in crate::app) fn next_step(key: Key, done: Done) -> Self {
        Self::of(Asked::NextStep(key, done))
    }

    /// The edits of a step.
    pub(in crate::app) fn step_edits(key: Key, aim: Aim) -> Self {
        Self::of(Asked::StepEdits(key, aim))
    }

    /// A preview of two trees as one, with the paths that differ; `command` shows the same.
    pub(in crate::app) fn preview(
        changed: Arc<BTreeSet<RepoPath>>,
        command: String,
        (fetched, today): (&Fetched, Day),
    ) -> Self {
        let asked = Asked::Preview(PreviewQuestion { changed, command, today });
        Self { fetched: fetched.clone(), ..Self::of(asked) }
    }

    /// The past of a plan.
    pub(in crate::app) const fn past(&self) -> Option<&Arc<KnownPast>> {
        if let Asked::Plan(plan) = &self.asked { plan.past.as_ref() } else { None }
    }

    /// Writes the question and the files that are here.
    pub(super) fn write(&self, files: &FileTree, mut out: impl Write) -> io::Result<()> {
        let Fetched { kubernetes, remote } = &self.fetched;
        let head = Head {
            asked: self.asked.clone(),
            kubernetes: kubernetes.as_ref().map(|schemas| Arc::clone(schemas.bundle())),
            remote: remote.clone(),
            bases: self.bases.head(),
        };
        write_bytes(&mut out, &postcard::to_allocvec(&head).map_err(io::Error::other)?)?;
        match self.past() {
            Some(past) => past::write(&mut out, past)?,
            None => write_bytes(&mut out, b"")?,
        }
        self.bases.write(&mut out)?;
        for (path, file) in files.entries() {
            write_file(&mut out, path, file)?;
        }
        write_end(&mut out)?;
        out.flush()
    }

    /// Writes what was lacking and is here now.
    pub(super) fn write_more(
        &self,
        files: &FileTree,
        lacked: &Lacking,
        mut out: impl Write,
    ) -> io::Result<()> {
        let past = self.past().filter(|_| !lacked.past.is_empty());
        past::write_contents(
            &mut out,
            &past.map(|past| past.found_of(&lacked.past)).unwrap_or_default(),
        )?;
        write_bytes(
            &mut out,
            &postcard::to_allocvec(&self.bases.head()).map_err(io::Error::other)?,
        )?;
        self.bases.write(&mut out)?;
        for path in &lacked.files {
            if let Ok(Some(file)) = files.file(path) {
                write_file(&mut out, path, Some(&file))?;
            }
        }
        write_end(&mut out)?;
        out.flush()
    }

    /// Takes in what [`Question::write_more`] wrote; `None` at the end of the input.
    pub(super) fn read_more(&mut self, files: &mut FileTree, input: &mut impl Read) -> Option<()> {
        let found = past::read_contents(input)?;
        if let Some(past) = self.past() {
            past.add(found);
        }
        let head = postcard::from_bytes(&read_bytes(input)?).ok()?;
        self.bases = ServiceBases::read(head, input)?;
        read_files(files, input);
        Some(())
    }

    /// What was written; `None` if it is not understood.
    pub(super) fn read(input: &mut impl Read) -> Option<(Self, FileTree)> {
        let head: Head = postcard::from_bytes(&read_bytes(input)?).ok()?;
        let Head { mut asked, kubernetes, remote, bases } = head;
        let past = past::read(input)?.map(Arc::new);
        if let Asked::Plan(plan) = &mut asked {
            plan.past = past;
        }
        let bases = ServiceBases::read(bases, input)?;
        let kubernetes = kubernetes.and_then(|bundle| KubernetesSchemas::parse(bundle).ok());
        let fetched = Fetched { kubernetes: kubernetes.map(Arc::new), remote };
        let mut files = FileTree::new();
        read_files(&mut files, input);
        Some((Self { asked, fetched, bases }, files))
    }
}

fn read_files(files: &mut FileTree, input: &mut impl Read) {
    while let Some((path, file)) = read_file(input) {
        match file {
            Some(file) => files.insert(path, file),
            None => files.insert_unknown(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EnvironmentName, File};
    use crate::policy::SchemaSource;
    use crate::promotion::{Cause, GivenEdit};

    fn path(text: &str) -> RepoPath {
        RepoPath::parse(text).unwrap()
    }

    #[test]
    fn edits_and_schemas_of_others_arrive_with_a_plan() {
        let files = FileTree::of([("a/kustomization.yaml", "resources: []\n")]).unwrap();
        let name = |text: &str| EnvironmentName::parse(text).unwrap();
        let edit = |at: &str, after| GivenEdit { path: path(at), after, cause: Cause::Pruned };
        let edits = vec![edit("a/new", Some(File::regular(*b"\0x"))), edit("a/gone", None)];
        let wish = Wish { all: true, edits: Some(edits), ..Wish::default() };
        let plan = PlanQuestion {
            key: Key::new(name("dev"), name("prod")),
            given: None,
            wish: wish.clone(),
            last: LastPromotion::Files([path("a/old")].into()),
            checked_on: Some(Day::MIN),
            past: None,
        };
        let remote = |at: &str| match SchemaSource::parse(at).unwrap() {
            SchemaSource::Remote(remote) => remote,
            SchemaSource::Path(_) => panic!(),
        };
        let remote = BTreeMap::from([
            (remote("o/r@v1:crds.yaml"), Ok("kind: X\n".into())),
            (remote("o/r@v1:gone.yaml"), Err("there is no such file".to_owned())),
        ]);
        let fetched = Fetched { kubernetes: None, remote: remote.clone() };
        let mut wire = Vec::new();
        Question::plan(plan.clone(), fetched).write(&files, &mut wire).unwrap();
        let (question, arrived) = Question::read(&mut &wire[..]).unwrap();
        assert_eq!((arrived, question.fetched.remote), (files, remote));
        let Asked::Plan(asked) = question.asked else { panic!() };
        assert_eq!((asked.wish, asked.last, asked.key), (wish, plan.last, plan.key));
    }
}
