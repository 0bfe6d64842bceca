//! What a repository holds is tried in a process of its own before the service touches it.
//!
//! The process is our own program with fixed arguments, an empty environment and no credential, within the
//! limits of [`super::limit`]; it gets the files that are here on its standard input, and says which it lacks.
//! A plan is a pure function of its files: what ends there within the limits ends here too, and what dies
//! there never begins here. That the plan is made twice is the price (some milliseconds); nothing but a few
//! words has to cross between the two.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};

use serde_json::{Value as Json, json};

use super::checking::Checking;
use super::known_past::KnownPast;
use super::limit::LimitMet;
use super::pair_of_trees::PairOfTrees;
use super::service_build::options_of_service;
use super::snapshot::{GivenConfiguration, Lacks};
use super::trial_past;
use crate::config::{ConfigError, RepositoryConfig};
use crate::kustomize::BuildOptions;
use crate::model::{ApplicationName, BlobId, EnvironmentName, File, FileMode, FileTree, RepoPath};
use crate::policy::{Day, Fetched, RemoteSchema, SchemaSource, UnknownFiles};
use crate::promotion::{
    self, Cause, GivenEdit, Key, LastPromotion, Past, PlanRequest, Previewed, Wish,
};

/// The program that is started; nothing is tried where nobody named one (the command is itself within limits).
static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// The argument that it is started with.
pub const TRIAL: &str = "trial";

/// Names the program that tries what the service plans. The first name counts.
pub fn try_plans_with(program: PathBuf) {
    let _ = PROGRAM.set(program);
}

/// Whether anything is tried before it is planned.
pub(super) fn plans_are_tried() -> bool {
    PROGRAM.get().is_some()
}

/// What is tried, with the files of other repositories that it is checked by.
#[derive(Clone, Debug)]
pub(super) struct Trial {
    task: Task,
    remote: Remote,
}

type Remote = BTreeMap<RemoteSchema, Result<Arc<str>, String>>;

#[derive(Clone, Debug)]
enum Task {
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
pub(super) struct PlanTrial {
    pub(super) key: Key,
    /// The configuration in place of the repository's own.
    pub(super) given: Option<GivenConfiguration>,
    /// What is known of the past; contents that are missing there are asked for too.
    pub(super) past: Option<Arc<KnownPast>>,
    /// Edits that are decided already.
    pub(super) edits: Option<Vec<GivenEdit>>,
}

/// How a trial ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tried {
    /// Well, or in an error like any other.
    Ended,
    /// For want of these files, and these contents of the past.
    Lacks(Lacking),
    /// It met a limit.
    Met(LimitMet),
}

/// What is not here.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lacking {
    pub(super) files: BTreeSet<RepoPath>,
    pub(super) past: BTreeSet<BlobId>,
}

impl Lacking {
    fn is_empty(&self) -> bool {
        self.files.is_empty() && self.past.is_empty()
    }

    fn files(files: Option<&BTreeSet<RepoPath>>) -> Self {
        Self { files: files.cloned().unwrap_or_default(), past: BTreeSet::new() }
    }

    /// One a line; no path has a NUL.
    fn write(&self) -> String {
        let files = self.files.iter().map(|path| format!("{path}\n"));
        files.chain(self.past.iter().map(|id| format!("\0{}\n", id.0))).collect()
    }

    fn read(text: &str) -> Self {
        let mut lacking = Self::default();
        for line in text.lines() {
            match line.strip_prefix('\0') {
                Some(id) => _ = lacking.past.insert(BlobId(id.to_owned())),
                None => lacking.files.extend(RepoPath::parse(line)),
            }
        }
        lacking
    }
}

impl Trial {
    const fn of(task: Task) -> Self {
        Self { task, remote: BTreeMap::new() }
    }

    /// Reading the configuration: the one that is given, or the repository's own.
    pub(super) const fn configuration(given: Option<GivenConfiguration>) -> Self {
        Self::of(Task::Configuration(given))
    }

    /// A build of an overlay.
    pub(super) fn build(overlay: &RepoPath) -> Self {
        Self::of(Task::Build(overlay.clone()))
    }

    /// A plan, checked by what was fetched.
    pub(super) fn plan(plan: PlanTrial, fetched: &Fetched) -> Self {
        Self { task: Task::Plan(plan), remote: fetched.remote.clone() }
    }

    /// A preview of two trees as one, with the paths that differ.
    pub(super) fn preview(changed: Arc<BTreeSet<RepoPath>>, fetched: &Fetched) -> Self {
        Self { task: Task::Preview(changed), remote: fetched.remote.clone() }
    }

    /// The past of a plan.
    pub(super) fn past(&self) -> Option<&Arc<KnownPast>> {
        if let Task::Plan(plan) = &self.task { plan.past.as_ref() } else { None }
    }

    /// Tries with the files that are here. Waits, on a thread that may.
    pub(super) fn run(&self, files: &FileTree) -> Tried {
        let Some(program) = PROGRAM.get() else { return Tried::Ended };
        let started = Command::new(program)
            .arg(TRIAL)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        match started {
            Ok(child) => self.follow(child, files),
            Err(error) => {
                tracing::error!(%error, "no process can be started for a plan");
                Tried::Met(LimitMet::Killed)
            }
        }
    }

    fn follow(&self, mut child: Child, files: &FileTree) -> Tried {
        let (input, errors) = (child.stdin.take(), child.stderr.take());
        let (answer, told) = std::thread::scope(|scope| {
            // Who dies does not read on: then writing fails, and the rest tells why.
            scope.spawn(|| input.map(|input| self.write(files, io::BufWriter::new(input))));
            let told = scope.spawn(|| {
                let mut text = String::new();
                let _ = errors.map(|errors| errors.take(64 << 10).read_to_string(&mut text));
                text.lines().find_map(|line| LimitMet::told_by(line).flatten())
            });
            let mut answer = String::new();
            let output = child.stdout.take();
            let _ = output.map(|output| output.take(64 << 20).read_to_string(&mut answer));
            (answer, told.join().ok().flatten())
        });
        let Ok(status) = child.wait() else { return Tried::Met(LimitMet::Killed) };
        if let Some(met) = LimitMet::of(status, told) {
            return Tried::Met(met);
        }
        match answer.strip_prefix("lacks\n").map(Lacking::read) {
            Some(lacking) if !lacking.is_empty() => Tried::Lacks(lacking),
            _ => Tried::Ended,
        }
    }

    fn write(&self, files: &FileTree, mut out: impl Write) -> io::Result<()> {
        let mut task = self.task.as_json();
        let remote = self.remote.iter().filter_map(|(remote, text)| {
            Some((remote.to_string(), Json::from(&**text.as_ref().ok()?)))
        });
        task["remote"] = Json::Object(remote.collect());
        write_bytes(&mut out, task.to_string().as_bytes())?;
        match self.past() {
            Some(past) => trial_past::write(&mut out, past)?,
            None => write_bytes(&mut out, b"")?,
        }
        let edits = if let Task::Plan(plan) = &self.task { plan.edits.as_deref() } else { None };
        for edit in edits.unwrap_or_default() {
            write_file(&mut out, &edit.path, edit.after.as_ref())?;
        }
        for (path, file) in files.entries() {
            write_file(&mut out, path, file)?;
        }
        out.flush()
    }

    fn read(mut input: impl Read) -> Option<(Self, FileTree)> {
        let json: Json = serde_json::from_slice(&read_bytes(&mut input)?).ok()?;
        let past = trial_past::read(&mut input)?.map(Arc::new);
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
        let remote =
            json.get("remote").and_then(Json::as_object)?.iter().filter_map(|(at, text)| {
                let SchemaSource::Remote(remote) = SchemaSource::parse(at).ok()? else {
                    return None;
                };
                Some((remote, Ok(text.as_str()?.into())))
            });
        let trial = Self { task, remote: remote.collect() };
        let mut files = FileTree::new();
        while let Some((path, file)) = read_file(&mut input) {
            match file {
                Some(file) => files.insert(path, file),
                None => files.insert_unknown(path),
            }
        }
        Some((trial, files))
    }

    /// Does what the service will do, and tells what it lacks.
    fn perform(self, files: &FileTree) -> Lacking {
        let fetched = Fetched { kubernetes: None, remote: self.remote };
        match self.task {
            Task::Configuration(given) => Lacking::files(
                configuration(files, given.as_ref()).err().as_ref().and_then(Lacks::lacking),
            ),
            Task::Build(overlay) => {
                let build = promotion::render(files, &overlay, &BuildOptions::default());
                Lacking::files(build.err().as_ref().and_then(Lacks::lacking))
            }
            Task::Preview(changed) => {
                Lacking { files: preview(files, &changed, &fetched), past: BTreeSet::new() }
            }
            Task::Plan(trial) => {
                let past = trial.past.clone();
                let files = plan(files, trial, fetched);
                let past = past.as_deref().map(KnownPast::take_missing).unwrap_or_default();
                Lacking { files, past }
            }
        }
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
            Self::Plan(PlanTrial { key, given, edits, .. }) => json!({
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
        let application = text("application").map(|name| ApplicationName::parse(&name));
        let source = EnvironmentName::parse(&text("source")?).ok()?;
        let target = EnvironmentName::parse(&text("target")?).ok()?;
        let key = Key::new(source, target).of(application.transpose().ok()?);
        Some(Self::Plan(PlanTrial { key, given, past, edits }))
    }
}

fn configuration(
    files: &FileTree,
    given: Option<&GivenConfiguration>,
) -> Result<RepositoryConfig, ConfigError> {
    match given {
        None => RepositoryConfig::load(files),
        Some(given) => RepositoryConfig::parse(&given.text, &given.path, files),
    }
}

fn plan(files: &FileTree, trial: PlanTrial, fetched: Fetched) -> BTreeSet<RepoPath> {
    let PlanTrial { key, given, past, edits } = trial;
    let configuration = match configuration(files, given.as_ref()) {
        Ok(configuration) => configuration,
        Err(error) => return error.lacking().cloned().unwrap_or_default(),
    };
    let Ok((source, target)) = configuration.pipeline.pair(&key) else { return BTreeSet::new() };
    let history = past.as_deref().map(KnownPast::history);
    let checking = Checking::on(&target.gates, fetched, Day::MIN);
    let options = options_of_service(&configuration);
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
        wish: &Wish { edits, ..Wish::default() },
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
fn preview(both: &FileTree, changed: &BTreeSet<RepoPath>, fetched: &Fetched) -> BTreeSet<RepoPath> {
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
        options: &options_of_service(&configuration),
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

const fn mode_byte(file: Option<&File>) -> u8 {
    match file {
        None => 0,
        Some(File { mode: FileMode::Regular, .. }) => 1,
        Some(File { mode: FileMode::Executable, .. }) => 2,
        Some(File { mode: FileMode::Symlink, .. }) => 3,
    }
}

const fn mode_of(byte: u8) -> Option<FileMode> {
    match byte {
        1 => Some(FileMode::Regular),
        2 => Some(FileMode::Executable),
        3 => Some(FileMode::Symlink),
        _ => None,
    }
}

fn write_file(out: &mut impl Write, path: &RepoPath, file: Option<&File>) -> io::Result<()> {
    write_bytes(out, path.as_str().as_bytes())?;
    out.write_all(&[mode_byte(file)])?;
    file.map_or(Ok(()), |file| write_bytes(out, &file.content))
}

/// `None` at the end of the input; a file that is unknown, or goes, has no content.
fn read_file(input: &mut impl Read) -> Option<(RepoPath, Option<File>)> {
    let path = RepoPath::parse(std::str::from_utf8(&read_bytes(input)?).ok()?).ok()?;
    let mut mode = [0];
    input.read_exact(&mut mode).ok()?;
    let Some(mode) = mode_of(mode[0]) else { return Some((path, None)) };
    Some((path, Some(File { mode, content: read_bytes(input)?.into() })))
}

pub(super) fn write_bytes(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(bytes)
}

/// `None` at the end of the input.
pub(super) fn read_bytes(input: &mut impl Read) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    input.read_exact(&mut length).ok()?;
    let mut bytes = Vec::new();
    let length = u64::from(u32::from_le_bytes(length));
    let read = input.take(length).read_to_end(&mut bytes).ok()?;
    (u64::try_from(read) == Ok(length)).then_some(bytes)
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
    fn edits_and_schemas_of_others_arrive_with_a_plan() {
        let files = FileTree::of([("a/kustomization.yaml", "resources: []\n")]).unwrap();
        let name = |text: &str| EnvironmentName::parse(text).unwrap();
        let edit = |at: &str, after| GivenEdit { path: path(at), after, cause: Cause::Pruned };
        let edits = vec![edit("a/new", Some(File::regular(*b"\0x"))), edit("a/gone", None)];
        let key = Key::new(name("dev"), name("prod"));
        let plan = PlanTrial { key, given: None, past: None, edits: Some(edits.clone()) };
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
