//! What is tried, and its form on the way into the process: a line of JSON, a past, edits, files.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Write};
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::super::given_configuration::GivenConfiguration;
use super::super::known_past::KnownPast;
use super::super::pipe::{read_bytes, read_file, write_bytes, write_file};
use super::super::service_bases::ServiceBases;
use super::past;
use crate::model::{ApplicationName, FileTree, RepoPath};
use crate::policy::{Fetched, RemoteSchema, SchemaSource};
use crate::promotion::{Cause, GivenEdit, Key};

/// What is tried, with the files of other repositories that it is checked by.
#[derive(Clone, Debug)]
pub(in crate::app) struct Trial {
    pub(super) task: Task,
    pub(super) remote: Remote,
    pub(super) bases: ServiceBases,
}

type Remote = BTreeMap<RemoteSchema, Result<Arc<str>, String>>;

/// What is done with the files.
#[derive(Clone, Debug)]
pub(super) enum Task {
    /// Reading the configuration.
    Configuration(Option<GivenConfiguration>),
    /// A plan.
    Plan(PlanTrial),
    /// A build.
    Build(RepoPath),
    /// A preview, of two trees as one; the paths that differ.
    Preview(Arc<BTreeSet<RepoPath>>),
}

/// A plan that is tried.
#[derive(Clone, Debug)]
pub(in crate::app) struct PlanTrial {
    pub(in crate::app) key: Key,
    /// The configuration in place of the repository's own.
    pub(in crate::app) given: Option<GivenConfiguration>,
    /// What is known of the past; contents that are missing there are asked for too.
    pub(in crate::app) past: Option<Arc<KnownPast>>,
    /// Edits that are decided already.
    pub(in crate::app) edits: Option<Vec<GivenEdit>>,
    /// Whether everything that differs is to come over.
    pub(in crate::app) all: bool,
}

impl Trial {
    fn of(task: Task) -> Self {
        Self { task, remote: BTreeMap::new(), bases: ServiceBases::default() }
    }

    /// The same with what is known of other repositories.
    pub(in crate::app) fn with_bases(self, bases: &ServiceBases) -> Self {
        Self { bases: bases.clone(), ..self }
    }

    /// Reading the configuration: the one that is given, or the repository's own.
    pub(in crate::app) fn configuration(given: Option<GivenConfiguration>) -> Self {
        Self::of(Task::Configuration(given))
    }

    /// A build of an overlay.
    pub(in crate::app) fn build(overlay: &RepoPath) -> Self {
        Self::of(Task::Build(overlay.clone()))
    }

    /// A plan, checked by what was fetched.
    pub(in crate::app) fn plan(plan: PlanTrial, fetched: &Fetched) -> Self {
        Self { remote: fetched.remote.clone(), ..Self::of(Task::Plan(plan)) }
    }

    /// A preview of two trees as one, with the paths that differ.
    pub(in crate::app) fn preview(changed: Arc<BTreeSet<RepoPath>>, fetched: &Fetched) -> Self {
        Self { remote: fetched.remote.clone(), ..Self::of(Task::Preview(changed)) }
    }

    /// The past of a plan.
    pub(in crate::app) fn past(&self) -> Option<&Arc<KnownPast>> {
        if let Task::Plan(plan) = &self.task { plan.past.as_ref() } else { None }
    }

    /// Writes the task and the files that are here.
    pub(super) fn write(&self, files: &FileTree, mut out: impl Write) -> io::Result<()> {
        let mut task = self.task.as_json();
        let remote = self.remote.iter().filter_map(|(remote, text)| {
            Some((remote.to_string(), Json::from(&**text.as_ref().ok()?)))
        });
        task["remote"] = Json::Object(remote.collect());
        task["bases"] = self.bases.as_json();
        write_bytes(&mut out, task.to_string().as_bytes())?;
        match self.past() {
            Some(past) => past::write(&mut out, past)?,
            None => write_bytes(&mut out, b"")?,
        }
        let edits = if let Task::Plan(plan) = &self.task { plan.edits.as_deref() } else { None };
        for edit in edits.unwrap_or_default() {
            write_file(&mut out, &edit.path, edit.after.as_ref())?;
        }
        self.bases.write(&mut out)?;
        for (path, file) in files.entries() {
            write_file(&mut out, path, file)?;
        }
        out.flush()
    }

    /// What was written; `None` if it is not understood.
    pub(super) fn read(mut input: impl Read) -> Option<(Self, FileTree)> {
        let json: Json = serde_json::from_slice(&read_bytes(&mut input)?).ok()?;
        let past = past::read(&mut input)?.map(Arc::new);
        let count = json.get("edits").and_then(Json::as_u64);
        let edits = count.map(|count| {
            let edits = (0..count).map(|_| {
                let (path, after) = read_file(&mut input)?;
                // Why it is made decides nothing here.
                Some(GivenEdit { path, after, cause: Cause::Pruned })
            });
            edits.collect::<Option<Vec<_>>>()
        });
        let edits = match edits {
            Some(edits) => Some(edits?),
            None => None,
        };
        let task = Task::of_json(&json, past, edits)?;
        let bases = ServiceBases::read(json.get("bases")?, &mut input)?;
        let remote =
            json.get("remote").and_then(Json::as_object)?.iter().filter_map(|(at, text)| {
                let SchemaSource::Remote(remote) = SchemaSource::parse(at).ok()? else {
                    return None;
                };
                Some((remote, Ok(text.as_str()?.into())))
            });
        let trial = Self { task, remote: remote.collect(), bases };
        let mut files = FileTree::new();
        while let Some((path, file)) = read_file(&mut input) {
            match file {
                Some(file) => files.insert(path, file),
                None => files.insert_unknown(path),
            }
        }
        Some((trial, files))
    }
}

impl Task {
    fn as_json(&self) -> Json {
        match self {
            Self::Configuration(given) => json!({
                "configuration": true,
                "path": given.as_ref().map(|given| given.path.as_str()),
                "text": given.as_ref().map(|given| given.text.as_str()),
            }),
            Self::Build(overlay) => json!({"build": overlay.as_str()}),
            Self::Preview(changed) => {
                json!({"changed": changed.iter().map(RepoPath::as_str).collect::<Vec<_>>()})
            }
            Self::Plan(PlanTrial { key, given, edits, all, .. }) => json!({
                "all": all,
                "application": key.application.as_ref().map(ApplicationName::as_str),
                "source": key.source.as_str(),
                "target": key.target.as_str(),
                "path": given.as_ref().map(|given| given.path.as_str()),
                "text": given.as_ref().map(|given| given.text.as_str()),
                "edits": edits.as_ref().map(Vec::len),
            }),
        }
    }

    fn of_json(
        json: &Json,
        past: Option<Arc<KnownPast>>,
        edits: Option<Vec<GivenEdit>>,
    ) -> Option<Self> {
        let text = |key: &str| json.get(key).and_then(Json::as_str).map(str::to_owned);
        let path = text("path").and_then(|path| RepoPath::parse(&path).ok());
        let given = path.zip(text("text")).map(|(path, text)| GivenConfiguration { path, text });
        if json.get("configuration").is_some() {
            return Some(Self::Configuration(given));
        }
        if let Some(overlay) = text("build") {
            return Some(Self::Build(RepoPath::parse(&overlay).ok()?));
        }
        if let Some(paths) = json.get("changed").and_then(Json::as_array) {
            let paths = paths.iter().filter_map(|path| RepoPath::parse(path.as_str()?).ok());
            return Some(Self::Preview(Arc::new(paths.collect())));
        }
        let application = text("application").unwrap_or_default();
        let key = Key::named(&text("source")?, &text("target")?, &application)?;
        let all = json.get("all").and_then(Json::as_bool).unwrap_or_default();
        Some(Self::Plan(PlanTrial { key, given, past, edits, all }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EnvironmentName, File};

    fn path(text: &str) -> RepoPath {
        RepoPath::parse(text).unwrap()
    }

    #[test]
    fn edits_and_schemas_of_others_arrive_with_a_plan() {
        let files = FileTree::of([("a/kustomization.yaml", "resources: []\n")]).unwrap();
        let name = |text: &str| EnvironmentName::parse(text).unwrap();
        let edit = |at: &str, after| GivenEdit { path: path(at), after, cause: Cause::Pruned };
        let edits = vec![edit("a/new", Some(File::regular(*b"\0x"))), edit("a/gone", None)];
        let key = Key::new(name("dev"), name("prod"));
        let plan =
            PlanTrial { key, given: None, past: None, edits: Some(edits.clone()), all: true };
        let SchemaSource::Remote(remote) = SchemaSource::parse("o/r@v1:crds.yaml").unwrap() else {
            panic!()
        };
        let remote = BTreeMap::from([(remote, Ok("kind: X\n".into()))]);
        let fetched = Fetched { kubernetes: None, remote: remote.clone() };
        let mut wire = Vec::new();
        Trial::plan(plan, &fetched).write(&files, &mut wire).unwrap();
        let (trial, arrived) = Trial::read(&wire[..]).unwrap();
        assert_eq!((arrived, trial.remote), (files, remote));
        let Task::Plan(plan) = trial.task else { panic!() };
        assert_eq!(plan.edits, Some(edits));
    }
}
