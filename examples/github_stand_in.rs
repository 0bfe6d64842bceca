//! Runs the tests' stand-in for GitHub by itself, to try the program against it.
//!
//! `cargo run --example github_stand_in -- [--listen ADDRESS] [--below PATH] [--with-history] NAME=DIRECTORY…` serves
//! each directory as a repository with one commit, or with all that its checkout has, and prints as JSON where, and
//! with which credentials.
//! Below `/_stand-in/` it takes orders: `POST commit`, `merge`, `faults`, `DELETE faults`, `GET state`
//! (`tests/support/github/control.rs`).
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "a tool for tests, made of their parts"
)]

#[path = "../tests/support/github/mod.rs"]
mod github;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use github::{APP_ID, GithubStandIn};

#[tokio::main]
async fn main() {
    let (mut listen, mut below, mut repositories) =
        ("127.0.0.1:0".to_owned(), String::new(), Vec::new());
    let mut with_history = false;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--listen" => listen = arguments.next().expect("an address follows --listen"),
            "--with-history" => with_history = true,
            "--below" => below = arguments.next().expect("a path follows --below"),
            other => {
                let (name, directory) = other.split_once('=').expect("NAME=DIRECTORY");
                repositories.push((name.to_owned(), directory.to_owned()));
            }
        }
    }
    let stand_in = GithubStandIn::start_at(&listen, &below).await;
    let clock = Arc::new(AtomicI64::new(0));
    stand_in.world().clock = Some(Arc::clone(&clock));
    let tick = move || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        clock.store(i64::try_from(now.as_millis()).unwrap(), Ordering::SeqCst);
    };
    tick();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            tick();
        }
    });
    let mut token = String::new();
    for (name, directory) in &repositories {
        let mut files = BTreeMap::new();
        if !with_history {
            read(Path::new(directory), "", &mut files);
        }
        let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (&**a, &**b)).collect();
        stand_in.add_repository(name, &files);
        if with_history {
            stand_in.adopt(name, Path::new(directory));
        }
        token = stand_in.add_person(name, "mona", "write");
        stand_in.add_person(name, "rita", "read");
    }
    let names: Vec<&str> = repositories.iter().map(|(name, _)| name.as_str()).collect();
    stand_in.install_app(7, &names);
    println!(
        "{}",
        serde_json::json!({
            "apiUrl": stand_in.api_url(), "token": token, "appId": APP_ID, "installation": 7,
            "appPrivateKeyFile": concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/github/app-key.pkcs1.pem"),
        })
    );
    std::future::pending::<()>().await;
}

/// Reads the text files below a directory, without `.git`.
fn read(directory: &Path, prefix: &str, files: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            if path != ".git" {
                read(&entry.path(), &format!("{path}/"), files);
            }
        } else {
            files.insert(path, std::fs::read_to_string(entry.path()).unwrap());
        }
    }
}
