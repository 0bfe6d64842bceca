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
use std::sync::atomic::{AtomicU32, Ordering};

const BIN: &str = "/usr/lib/postgresql/15/bin";

/// Another address of this machine than the one that everybody knows: to the service it is another host.
const OTHER_HOST: &str = "127.0.0.2";

/// How many clusters this process has started.
static CLUSTERS: AtomicU32 = AtomicU32::new(0);

/// A running cluster; dropping it stops the server and removes its files.
pub(crate) struct Cluster {
    dir: PathBuf,
    port: u16,
}

impl Cluster {
    /// Starts a cluster; `None`, with a word on standard error, where PostgreSQL is not installed.
    pub(crate) fn start() -> Option<Self> {
        if !std::path::Path::new(BIN).join("initdb").exists() {
            eprintln!("skipped: PostgreSQL 15 is not installed ({BIN})");
            return None;
        }
        let number = CLUSTERS.fetch_add(1, Ordering::Relaxed);
        let dir = PathBuf::from(format!("/tmp/overlift-pg-{}-{number}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir(&dir).unwrap();
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(&dir));
        }
        let free = std::net::TcpListener::bind((OTHER_HOST, 0)).unwrap();
        let cluster = Self { dir, port: free.local_addr().unwrap().port() };
        drop(free);
        let data = cluster.dir.join("data");
        let data = data.to_str().unwrap();
        run(postgres("initdb").args(["-D", data, "-A", "trust", "-U", "postgres", "--no-sync"]));
        let options = format!(
            "-c listen_addresses={OTHER_HOST} -c port={} -c unix_socket_directories='{}' -c fsync=off",
            cluster.port,
            cluster.dir.display()
        );
        let log = cluster.dir.join("log");
        run(postgres("pg_ctl")
            .args(["-D", data, "-w", "-l", log.to_str().unwrap()])
            .args(["-o", &options, "start"]));
        Some(cluster)
    }

    /// Makes an empty database and returns its address.
    pub(crate) fn database(&self, name: &str) -> String {
        let port = self.port.to_string();
        run(postgres("createdb")
            .arg("-h")
            .arg(&self.dir)
            .args(["-p", &port, "-U", "postgres", name]));
        let host = self.dir.display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{host}:{port}/{name}")
    }

    /// The same by the network.
    #[allow(
        dead_code,
        reason = "the store's own tests, which this file is part of too, need one address"
    )]
    pub(crate) fn on_another_host(&self, name: &str) -> String {
        self.database(name);
        format!("postgres://postgres@{OTHER_HOST}:{}/{name}", self.port)
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
