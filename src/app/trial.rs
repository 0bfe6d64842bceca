//! What a repository holds is tried in a process of its own before the service touches it.
//!
//! The process is our own program with fixed arguments, an empty environment and no credential, within the
//! limits of [`super::limit`]; it gets the files that are here on its standard input, and says which it lacks.
//! A plan is a pure function of its files: what ends there within the limits ends here too, and what dies
//! there never begins here. That the plan is made twice is the price (some milliseconds); nothing but a few
//! words has to cross between the two.

use std::collections::BTreeSet;
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
use crate::config::RepositoryConfig;
use crate::kustomize::BuildOptions;
use crate::model::{ApplicationName, BlobId, EnvironmentName, File, FileMode, FileTree, RepoPath};
use crate::policy::{Day, Fetched, UnknownFiles};
use crate::promotion::{self, Key, LastPromotion, Past, PlanRequest, Previewed, Wish};

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

/// What is tried.
#[derive(Clone, Debug)]
pub(super) enum Trial {
    /// A plan, with the configuration that is given in place of the repository's own.
    /// The past is what is known of it; contents that are missing there are asked for too.
    Plan { key: Key, given: Option<GivenConfiguration>, past: Option<Arc<KnownPast>> },
    /// A build.
    Build { overlay: RepoPath },
    /// A preview, of two trees as one; the paths that differ.
    Preview { changed: Arc<BTreeSet<RepoPath>> },
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
        let task = match self {
            Self::Build { overlay } => json!({"build": overlay.as_str()}),
            Self::Preview { changed } => {
                json!({"changed": changed.iter().map(RepoPath::as_str).collect::<Vec<_>>()})
            }
            Self::Plan { key, given, .. } => json!({
                "application": key.application.as_ref().map(ApplicationName::as_str),
                "source": key.source.as_str(),
                "target": key.target.as_str(),
                "path": given.as_ref().map(|given| given.path.as_str()),
                "text": given.as_ref().map(|given| given.text.as_str()),
            }),
        };
        write_bytes(&mut out, task.to_string().as_bytes())?;
        match self {
            Self::Plan { past: Some(past), .. } => trial_past::write(&mut out, past)?,
            Self::Plan { .. } | Self::Build { .. } | Self::Preview { .. } => {
                write_bytes(&mut out, b"")?
            }
        }
        for (path, file) in files.entries() {
            write_bytes(&mut out, path.as_str().as_bytes())?;
            out.write_all(&[mode_byte(file)])?;
            if let Some(file) = file {
                write_bytes(&mut out, &file.content)?;
            }
        }
        out.flush()
    }

    fn read(mut input: impl Read) -> Option<(Self, FileTree)> {
        let task: Json = serde_json::from_slice(&read_bytes(&mut input)?).ok()?;
        let text = |key: &str| task.get(key).and_then(Json::as_str).map(str::to_owned);
        let past = trial_past::read(&mut input)?;
        let changed = task.get("changed").and_then(Json::as_array);
        let trial = match (text("build"), changed) {
            (Some(overlay), _) => Self::Build { overlay: RepoPath::parse(&overlay).ok()? },
            (None, Some(paths)) => {
                let paths = paths.iter().filter_map(|path| RepoPath::parse(path.as_str()?).ok());
                Self::Preview { changed: Arc::new(paths.collect()) }
            }
            (None, None) => {
                let application = text("application").map(|name| ApplicationName::parse(&name));
                let source = EnvironmentName::parse(&text("source")?).ok()?;
                let target = EnvironmentName::parse(&text("target")?).ok()?;
                let key = Key::new(source, target).of(application.transpose().ok()?);
                let path = text("path").and_then(|path| RepoPath::parse(&path).ok());
                let given = path.zip(text("text"));
                Self::Plan {
                    key,
                    given: given.map(|(path, text)| GivenConfiguration { path, text }),
                    past: past.map(Arc::new),
                }
            }
        };
        let mut files = FileTree::new();
        while let Some(path) = read_bytes(&mut input) {
            let path = RepoPath::parse(std::str::from_utf8(&path).ok()?).ok()?;
            let mut mode = [0];
            input.read_exact(&mut mode).ok()?;
            match mode_of(mode[0]) {
                Some(mode) => {
                    files.insert(path, File { mode, content: read_bytes(&mut input)?.into() });
                }
                None => files.insert_unknown(path),
            }
        }
        Some((trial, files))
    }

    /// Does what the service will do, and tells what it lacks.
    fn perform(&self, files: &FileTree) -> Lacking {
        match self {
            Self::Build { overlay } => {
                let build = promotion::render(files, overlay, &BuildOptions::default());
                Lacking::files(build.err().as_ref().and_then(Lacks::lacking))
            }
            Self::Preview { changed } => {
                Lacking { files: preview(files, changed), past: BTreeSet::new() }
            }
            Self::Plan { key, given, past } => {
                let past = past.as_deref();
                let files = plan(files, key, given.as_ref(), past);
                Lacking { files, past: past.map(KnownPast::take_missing).unwrap_or_default() }
            }
        }
    }
}

fn plan(
    files: &FileTree,
    key: &Key,
    given: Option<&GivenConfiguration>,
    past: Option<&KnownPast>,
) -> BTreeSet<RepoPath> {
    let configuration = match given {
        None => RepositoryConfig::load(files),
        Some(given) => RepositoryConfig::parse(&given.text, &given.path, files),
    };
    let configuration = match configuration {
        Ok(configuration) => configuration,
        Err(error) => return error.lacking().cloned().unwrap_or_default(),
    };
    let Ok((source, target)) = configuration.pipeline.pair(key) else { return BTreeSet::new() };
    let history = past.map(KnownPast::history);
    let checking = Checking::on(&target.gates, Fetched::default(), Day::MIN);
    let options = options_of_service(&configuration);
    let planned = promotion::plan(&PlanRequest {
        files,
        options: &options,
        source,
        target,
        commit: None,
        last_promotion: LastPromotion::None,
        past: match (past, &history) {
            (Some(past), Some(history)) => Past::Known { history, points: &past.points },
            _ => Past::None,
        },
        wish: &Wish::default(),
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
fn preview(both: &FileTree, changed: &BTreeSet<RepoPath>) -> BTreeSet<RepoPath> {
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
        fetched: &Fetched::default(),
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

    #[test]
    fn a_task_arrives_with_its_files() {
        let mut files = FileTree::of([("a/kustomization.yaml", "resources: [b.yaml]\n")]).unwrap();
        files.insert_unknown(RepoPath::parse("a/b.yaml").unwrap());
        let trial = Trial::Build { overlay: RepoPath::parse("a").unwrap() };
        let mut wire = Vec::new();
        trial.write(&files, &mut wire).unwrap();
        let (_, arrived) = Trial::read(&wire[..]).unwrap();
        assert_eq!(arrived, files);
        let mut answer = Vec::new();
        answer_trial(&wire[..], &mut answer).unwrap();
        assert_eq!(answer, b"lacks\na/b.yaml\n");
    }
}
