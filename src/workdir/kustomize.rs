//! The program `kustomize`, for those who ask for it.
//!
//! Only somebody who asked for it on the command line gets here: kustomize may fetch, and with
//! `--enable-helm` start helm, because a manifest says so. It is waited for with an end, and what it prints
//! is kept up to a limit.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use super::WorkdirError;
use super::apply::make_link;
use super::bounds::is_git_internal;
use crate::model::{FileMode, FileTree, Files as _, RepoPath};

/// How long a build may take: charts are fetched meanwhile.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// How often the end of the program is looked for.
const TICK: Duration = Duration::from_millis(2);
/// A longer rendered manifest could not be read.
const MANIFEST_LIMIT_BYTES: usize = 64 << 20;
/// What is kept of standard error.
const SAID_LIMIT_BYTES: usize = 64 << 10;

/// How a build of files in memory ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KustomizeRun {
    /// Whether it went well.
    pub succeeded: bool,
    /// What it printed.
    pub manifest: Vec<u8>,
    /// What it said on standard error, its beginning if that is long; paths as in the repository. It may
    /// quote values of Secrets.
    pub said: String,
}

/// Builds `dir` with the `kustomize` on `PATH` and returns what it printed; what it says on
/// standard error goes there.
///
/// # Errors
/// [`WorkdirError::NoKustomize`] if it cannot be started, [`WorkdirError::Kustomize`] if it fails,
/// [`WorkdirError::KustomizeEndless`] if it does not end.
pub fn kustomize_build(
    dir: &Path,
    flags: impl IntoIterator<Item = OsString>,
) -> Result<Vec<u8>, WorkdirError> {
    let home = private_directory().map_err(|it| WorkdirError::KustomizeFiles(it.to_string()))?;
    let mut command = kustomize(dir, flags, home.path());
    command.stderr(Stdio::inherit());
    let ended = run(command, PATIENCE, usize::MAX)?;
    drop(home);
    if !ended.status.success() {
        return Err(WorkdirError::Kustomize(dir.to_path_buf()));
    }
    Ok(ended.stdout.bytes)
}

/// Builds `dir` of files in memory with the `kustomize` on `PATH`.
///
/// They are written to a directory of their own, which nobody else may read and which is gone afterwards.
/// What is no file of `tree` is not in reach of a path in a kustomization.
///
/// # Errors
/// [`WorkdirError`] if the files cannot be written or the program cannot be started, does not end or
/// prints too much. That it fails is no error.
pub fn kustomize_build_of(
    tree: &FileTree,
    dir: &RepoPath,
    flags: impl IntoIterator<Item = OsString>,
) -> Result<KustomizeRun, WorkdirError> {
    let unwritten = |error: io::Error| WorkdirError::KustomizeFiles(error.to_string());
    let (apart, home) = (private_directory().map_err(unwritten)?, private_directory());
    let home = home.map_err(unwritten)?;
    // Without symlinks, so that it is found again in what is said.
    let root = dunce::canonicalize(apart.path()).map_err(unwritten)?;
    write_tree(tree, &root).map_err(unwritten)?;
    let mut command = kustomize(&root.join(dir.as_str()), flags, home.path());
    command.current_dir(&root).stderr(Stdio::piped());
    let Ended { status, stdout, stderr } = run(command, PATIENCE, MANIFEST_LIMIT_BYTES)?;
    if stdout.is_cut {
        return Err(WorkdirError::KustomizeTooMuch(MANIFEST_LIMIT_BYTES));
    }
    let said = String::from_utf8_lossy(&stderr.bytes);
    let root = root.to_string_lossy();
    let said = said.replace(&format!("{root}/"), "").replace(&*root, ".");
    // A fault here leaves files behind, and says nothing about the build.
    let _ = (apart.close(), home.close());
    Ok(KustomizeRun { succeeded: status.success(), manifest: stdout.bytes, said })
}

/// What kustomize, and the helm and git that it starts, get of our environment: where programs are, and how the
/// network is reached. No token, and none of helm's own variables, which name plugins.
const PASSED_ON: &[&str] = &[
    "PATH",
    "TMPDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "https_proxy",
    "http_proxy",
    "no_proxy",
];

/// In an environment of its own, with a home that is empty: whatever it or helm keeps goes with it.
#[expect(clippy::disallowed_methods, reason = "the environment of another program")]
fn kustomize(dir: &Path, flags: impl IntoIterator<Item = OsString>, home: &Path) -> Command {
    let mut command = Command::new("kustomize");
    command.arg("build").args(flags).arg("--").arg::<&OsStr>(dir.as_ref()).env_clear();
    let passed_on = PASSED_ON.iter().filter_map(|name| Some((*name, std::env::var_os(name)?)));
    command.envs(passed_on).env("HOME", home);
    for (name, below) in [
        ("HELM_CONFIG_HOME", "config"),
        ("HELM_CACHE_HOME", "cache"),
        ("HELM_DATA_HOME", "data"),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_CACHE_HOME", "cache"),
        ("XDG_DATA_HOME", "data"),
    ] {
        command.env(name, home.join(below));
    }
    command
}

fn private_directory() -> io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("overlift-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o700));
    }
    builder.tempdir()
}

/// Writes all files, none of them executable, then the symlinks, so that nothing is written through one.
fn write_tree(tree: &FileTree, root: &Path) -> io::Result<()> {
    let paths = tree.list(&RepoPath::root()).map_err(io::Error::other)?;
    let mut links = Vec::new();
    for path in paths.into_iter().filter(|path| !is_git_internal(path)) {
        let Some(file) = tree.file(&path).map_err(io::Error::other)? else { continue };
        let at = root.join(path.as_str());
        if file.mode == FileMode::Symlink {
            links.push((at, file));
            continue;
        }
        fs::create_dir_all(at.parent().unwrap_or(root))?;
        fs::File::create_new(&at)?.write_all(&file.content)?;
    }
    for (at, link) in links {
        fs::create_dir_all(at.parent().unwrap_or(root))?;
        make_link(&link.content, &at)?;
    }
    Ok(())
}

/// A program that ran to its end.
struct Ended {
    status: ExitStatus,
    stdout: Kept,
    stderr: Kept,
}

/// What a program wrote, as far as it was kept.
#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    is_cut: bool,
}

fn run(mut command: Command, patience: Duration, limit: usize) -> Result<Ended, WorkdirError> {
    let unstarted = |error: io::Error| WorkdirError::NoKustomize(error.to_string());
    let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut child = started.map_err(unstarted)?;
    let stdout = child.stdout.take().map(|stream| read_aside(stream, limit));
    let stderr = child.stderr.take().map(|stream| read_aside(stream, SAID_LIMIT_BYTES));
    let ended = wait(&mut child, patience).map_err(unstarted)?;
    let endless = || WorkdirError::KustomizeEndless(patience);
    let Some(status) = ended else { return Err(endless()) };
    let kept = |stream: Option<Receiver<Kept>>| match stream {
        // A program that it left behind may hold the stream open.
        Some(stream) => stream.recv_timeout(patience).or_else(|error| match error {
            RecvTimeoutError::Timeout => Err(endless()),
            RecvTimeoutError::Disconnected => Ok(Kept::default()),
        }),
        None => Ok(Kept::default()),
    };
    Ok(Ended { status, stdout: kept(stdout)?, stderr: kept(stderr)? })
}

/// Waits for the program; `None` if that took too long and it was stopped.
fn wait(child: &mut Child, patience: Duration) -> io::Result<Option<ExitStatus>> {
    let mut waited = Duration::ZERO;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if waited >= patience {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(TICK);
        waited += TICK;
    }
}

/// Reads a stream to its end and keeps its beginning.
///
/// The thread is not joined: it ends with the stream, which may be never.
fn read_aside(mut stream: impl Read + Send + 'static, limit: usize) -> Receiver<Kept> {
    let (sender, receiver) = sync_channel(1);
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        let read = stream.by_ref().take(limit).read_to_end(&mut bytes);
        let rest = read.and_then(|_| io::copy(&mut stream, &mut io::sink()));
        // Nobody waits any more if the program took too long.
        let _ = sender.send(Kept { bytes, is_cut: rest.is_ok_and(|rest| rest > 0) });
    });
    receiver
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::model::File;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stderr(Stdio::piped());
        command
    }

    #[test]
    fn a_program_that_never_ends_is_stopped() {
        let ended = run(shell("exec sleep 600"), TICK * 10, 10);
        assert!(matches!(ended, Err(WorkdirError::KustomizeEndless(_))));
        // One that ended and left another behind with its streams.
        let ended = run(shell("sleep 2 & exit 0"), TICK * 10, 10);
        assert!(matches!(ended, Err(WorkdirError::KustomizeEndless(_))));
    }

    #[test]
    fn much_output_is_read_and_not_kept() {
        let ended = run(shell("head -c 300000 /dev/zero; echo no >&2; exit 3"), PATIENCE, 100);
        let Ended { status, stdout, stderr } = ended.unwrap();
        assert_eq!((stdout.bytes.len(), stdout.is_cut), (100, true));
        assert_eq!((stderr.bytes.as_slice(), stderr.is_cut), (&b"no\n"[..], false));
        assert_eq!(status.code(), Some(3));
    }

    #[test]
    fn files_and_links_are_written_for_nobody_else() {
        let path = |text: &str| RepoPath::parse(text).unwrap();
        let mut tree = FileTree::new();
        tree.insert(path("a/b/c.yaml"), File::regular(*b"x"));
        tree.insert(path("tool"), File { mode: FileMode::Executable, content: [].into() });
        tree.insert(path(".git/config"), File::regular(*b"x"));
        let link = File { mode: FileMode::Symlink, content: b"../a/b".as_slice().into() };
        tree.insert(path("d/link"), link);
        let apart = private_directory().unwrap();
        let root = apart.path().to_path_buf();
        assert_eq!(fs::metadata(&root).unwrap().permissions().mode() & 0o777, 0o700);
        write_tree(&tree, &root).unwrap();
        assert_eq!(fs::read(root.join("d/link/c.yaml")).unwrap(), b"x");
        assert_eq!(fs::metadata(root.join("tool")).unwrap().permissions().mode() & 0o111, 0);
        assert!(!root.join(".git").exists());
        drop(apart);
        assert!(!root.exists());
    }
}
