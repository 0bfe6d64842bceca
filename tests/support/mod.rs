//! What behaviour tests share: our program, git repositories, kubectl.

pub mod browser;
pub mod canary;
pub mod github;
pub mod github_scene;
pub mod network;
pub mod pages;
pub mod postgres;
pub mod receiver;
pub mod runner;
pub mod scene;
pub mod txtar;

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU16, Ordering};

/// What a run of our program left behind.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Standard output of a run that must have gone well.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "{self:#?}");
        self.stdout
    }
}

/// Stands for a private key where nobody signs with it.
pub const APP_KEY_LINE: &str = "-----BEGIN RSA PRIVATE KEY-----";

/// Variables that a desk or a runner may have, and that would lead our program elsewhere.
const NOT_OF_THE_DESK: [&str; 13] = [
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "GITHUB_API_URL",
    "ALL_PROXY",
    "all_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// An address for a program that must be told where to listen.
///
/// The system gives ports of 32768 and above to whoever connects, so that one of those may be
/// taken again before the program starts; these are below, and no two calls get the same.
pub fn free_address() -> SocketAddr {
    static TRIED: AtomicU16 = AtomicU16::new(0);
    let first = std::process::id() % 100 * 200;
    loop {
        let tried = u32::from(TRIED.fetch_add(1, Ordering::Relaxed));
        let port = 10_000 + (first + tried) % 20_000;
        let address = SocketAddr::from(([127, 0, 0, 1], port as u16));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

/// Runs our program in `dir`, without anything of the developer's environment that colours it.
pub fn overlift(dir: &Path, arguments: &[&str]) -> Run {
    run(&mut overlift_command(dir, arguments))
}

/// The same, not started yet.
pub fn overlift_command(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_overlift"));
    command
        .current_dir(dir)
        .args(arguments)
        .env_remove("CLICOLOR_FORCE")
        .env_remove("NO_COLOR")
        .env("OVERLIFT_SCHEMAS", "/nonexistent");
    for variable in NOT_OF_THE_DESK {
        command.env_remove(variable);
    }
    command
}

/// Runs any program to its end.
pub fn run(command: &mut Command) -> Run {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let code = status.code().unwrap_or_else(|| panic!("{command:?} was killed: {status}"));
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { code, stdout: text(stdout), stderr: text(stderr) }
}

/// The repository in `fixtures/`.
pub fn istio_config() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/istio-config")
}

/// What `kubectl kustomize` prints, or `None`, and says so, where there is no kubectl.
pub fn kubectl_kustomize(dir: &Path) -> Option<String> {
    try_kubectl_kustomize(dir).map(|printed| printed.unwrap_or_else(|error| panic!("{error}")))
}

/// What `kubectl kustomize` prints or complains about, or `None` where there is no kubectl.
pub fn try_kubectl_kustomize(dir: &Path) -> Option<Result<String, String>> {
    let output = match Command::new("kubectl").arg("kustomize").arg(dir).output() {
        Ok(output) => output,
        Err(error) => {
            eprintln!("skipped: kubectl cannot be started: {error}");
            return None;
        }
    };
    Some(if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    })
}

/// A script that stands for `kustomize`: its build is kubectl's.
pub const KUSTOMIZE: &str = "#!/bin/sh\nshift\nexec kubectl kustomize \"$@\"\n";

/// A repository of its own in a temporary directory.
pub struct Repo {
    _temp: tempfile::TempDir,
    root: PathBuf,
}

impl Repo {
    /// A git repository with one commit of these files.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let repo = Self::without_git(files);
        repo.init();
        repo
    }

    /// A directory with these files.
    pub fn without_git(files: &[(&str, &str)]) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap().join("repo");
        fs::create_dir_all(&root).unwrap();
        let repo = Self { _temp: temp, root };
        for (path, content) in files {
            repo.write(path, content);
        }
        repo
    }

    /// A git repository with one commit of the fixture.
    pub fn istio_config() -> Self {
        let repo = Self::without_git(&[]);
        copy(&istio_config(), &repo.root);
        repo.init();
        repo
    }

    /// Makes it a git repository with one commit.
    pub fn init(&self) {
        self.git(&["init", "-q", "-b", "main"]);
        self.git(&["config", "user.name", "Ann Author"]);
        self.git(&["config", "user.email", "ann@example.com"]);
        self.commit("first");
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    pub fn write(&self, path: &str, content: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Puts a program beside the repository and returns a `PATH` that begins with it.
    #[cfg(unix)]
    pub fn program(&self, name: &str, script: &str) -> String {
        use std::os::unix::fs::PermissionsExt as _;
        let path = format!("../bin/{name}");
        self.write(&path, script);
        fs::set_permissions(self.path(&path), fs::Permissions::from_mode(0o755)).unwrap();
        format!("{}:{}", self.path("../bin").display(), std::env::var("PATH").unwrap())
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).unwrap()
    }

    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Standard output of a git command that must go well, without its last newline.
    #[track_caller]
    pub fn git(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.root).args(arguments);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
        run(&mut command).ok().trim_end().to_owned()
    }

    /// Runs our program at the repository's root.
    pub fn overlift(&self, arguments: &[&str]) -> Run {
        overlift(&self.root, arguments)
    }
}

/// Copies a directory with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
