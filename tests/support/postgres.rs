//! A throwaway PostgreSQL cluster on a unix socket below `/tmp`, for tests that run on both databases.
//!
//! PostgreSQL refuses to run as root, so as root it is started as the user `postgres` that Debian's
//! package makes. Where the package is missing, tests skip and say so.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a cluster lives on the disk and in a process, and says where it is missing"
)]

use std::path::PathBuf;
use std::process::{Command, Stdio};

const BIN: &str = "/usr/lib/postgresql/15/bin";

/// A running cluster; dropping it stops the server and removes its files.
pub(crate) struct Cluster {
    dir: PathBuf,
}

impl Cluster {
    /// Starts a cluster; `None`, with a word on standard error, where PostgreSQL is not installed.
    pub(crate) fn start() -> Option<Self> {
        if !std::path::Path::new(BIN).join("initdb").exists() {
            eprintln!("skipped: PostgreSQL 15 is not installed ({BIN})");
            return None;
        }
        let dir = PathBuf::from(format!("/tmp/overlift-pg-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir(&dir).unwrap();
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(&dir));
        }
        let cluster = Self { dir };
        let data = cluster.dir.join("data");
        let data = data.to_str().unwrap();
        run(postgres("initdb").args(["-D", data, "-A", "trust", "-U", "postgres", "--no-sync"]));
        let socket = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}' -c fsync=off",
            cluster.dir.display()
        );
        let log = cluster.dir.join("log");
        run(postgres("pg_ctl")
            .args(["-D", data, "-w", "-l", log.to_str().unwrap()])
            .args(["-o", &socket, "start"]));
        Some(cluster)
    }

    /// Makes an empty database and returns its address.
    pub(crate) fn database(&self, name: &str) -> String {
        run(postgres("createdb").arg("-h").arg(&self.dir).args(["-U", "postgres", name]));
        let host = self.dir.display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{host}/{name}")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let data = self.dir.join("data");
        let mut stop = postgres("pg_ctl");
        stop.arg("-D").arg(data).args(["-m", "immediate", "-w", "stop"]);
        let _ = stop.stdout(Stdio::null()).stderr(Stdio::null()).status();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.starts_with(b"0\n")
}

fn postgres(tool: &str) -> Command {
    let tool = format!("{BIN}/{tool}");
    let mut command = if is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(tool);
        command
    } else {
        Command::new(tool)
    };
    // Root's directory is closed to others.
    command.current_dir("/tmp");
    command
}

fn run(command: &mut Command) {
    let shown = format!("{command:?}");
    // `pg_ctl start` leaves a server behind that would keep a pipe open for ever.
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(status.success(), "{shown}: {status}");
}
