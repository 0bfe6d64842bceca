//! What the tour says to paste into a shell, at once, leads to two pull requests.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::support::{free_address, run};

/// The shell blocks of the tour.
fn blocks() -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tour.md");
    let page = fs::read_to_string(page).unwrap();
    let blocks = page.split("```sh\n").skip(1);
    blocks.map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn the_action_and_the_service_run_by_hand() {
    for program in ["curl", "openssl"] {
        if Command::new(program).arg("--version").output().is_err() {
            eprintln!("skipped: there is no {program}");
            return;
        }
    }
    let built = Path::new(env!("CARGO_BIN_EXE_overlift")).parent().unwrap();
    assert!(built.join("examples/github_stand_in").exists(), "cargo test builds it");
    let temp = tempfile::tempdir().unwrap();
    // The build of the tests stands for the tour's; ports and files are the test's own.
    let built = built.to_str().unwrap();
    let mut blocks = blocks();
    let end = blocks.pop().unwrap();
    let script = format!("{}cp /tmp/state-now /tmp/state; {end}wait\n", blocks.concat());
    let script = script.replace(
        "curl --silent $GITHUB_API_URL/_stand-in/state\n",
        "curl --silent $GITHUB_API_URL/_stand-in/state >/tmp/state-now\n",
    );
    let script = script
        .replace("cargo build --locked --bins --examples\n", "")
        // Before the paths of the clone, which may stand below /tmp itself.
        .replace("/tmp", temp.path().to_str().unwrap())
        .replace("$PWD/target/debug", built)
        .replace("target/debug/", &format!("{built}/"))
        .replace("127.0.0.1:8081", &free_address().to_string())
        .replace("127.0.0.1:8080", "$OVERLIFT_LISTEN");
    let mut bash = Command::new("timeout");
    bash.args(["60", "bash", "-eu", "-c", &script]).current_dir(env!("CARGO_MANIFEST_DIR"));
    bash.env("OVERLIFT_LISTEN", free_address().to_string());
    let result = run(&mut bash);
    let state = fs::read_to_string(temp.path().join("state")).unwrap_or_default();
    assert!(state.contains("promote/staging-to-production"), "{result:#?}\n{state}");
    assert!(state.contains("promote/development-to-staging"), "{result:#?}\n{state}");
    let output = fs::read_to_string(temp.path().join("output")).unwrap();
    assert!(output.contains("created"), "{output}");
    let summary = fs::read_to_string(temp.path().join("summary.md")).unwrap();
    assert!(summary.contains("### What production will see"), "{summary}");
}
