//! "What the service leaves on the disk is nobody else's to read, and it goes when it is told to."

use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::support::free_address;
use super::support::postgres::Cluster;
use super::support::scene::SECRET;

struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const SQLITE: &str = "sqlite://state/overlift.db?mode=rwc";

/// Starts it with a database; its log is `log` in the folder.
fn start(dir: &Path, database: &str) -> Service {
    let address = free_address();
    let child = Command::new(env!("CARGO_BIN_EXE_overlift"))
        .arg("serve")
        .current_dir(dir)
        .env_clear()
        .env("OVERLIFT_LISTEN", address.to_string())
        .env("OVERLIFT_WEBHOOK_SECRET", SECRET)
        // Nobody is there: it starts all the same, since readiness does not depend on GitHub.
        .env("GITHUB_API_URL", "http://127.0.0.1:9")
        .env("GITHUB_TOKEN", "ghp_0123456789012345678901234567890123456789")
        .env("OVERLIFT_DATABASE_URL", database)
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(dir.join("log")).unwrap())
        .spawn()
        .unwrap();
    let service = Service(child);
    let waiting = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(waiting.elapsed() < Duration::from_secs(60), "it does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
    service
}

#[test]
fn its_database_is_its_own_and_sigterm_ends_it() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("state")).unwrap();
    let mut service = start(dir.path(), SQLITE);
    let files: Vec<_> = std::fs::read_dir(dir.path().join("state")).unwrap().flatten().collect();
    assert!(files.iter().any(|file| file.file_name() == "overlift.db"), "{files:?}");
    for file in files {
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.file_name());
    }
    let pid = rustix::process::Pid::from_raw(i32::try_from(service.0.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let told = Instant::now();
    let status = loop {
        if let Some(status) = service.0.try_wait().unwrap() {
            break status;
        }
        assert!(told.elapsed() < Duration::from_secs(15), "SIGTERM does not end it");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(status.success(), "{status}");
}

/// Whoever sits between the two could read what the database says, and write what the service does.
#[test]
fn a_database_on_another_host_without_tls_is_a_warning() {
    let Some(cluster) = Cluster::start() else { return };
    let warned = |database: &str| {
        let dir = tempfile::tempdir().unwrap();
        let _service = start(dir.path(), database);
        let log = std::fs::read_to_string(dir.path().join("log")).unwrap();
        log.contains("is spoken to without TLS")
    };
    assert!(warned(&cluster.on_another_host("far")));
    assert!(!warned(&cluster.database("near")));
}
