//! `action.yml`: its inputs and outputs are the program's, and its steps run in a runner's environment.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_yaml::Value;
use sha2::{Digest as _, Sha256};

use super::support::runner::{Runner, parse_entries};
use super::support::{Repo, Run, copy};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn action() -> Value {
    serde_yaml::from_str(&fs::read_to_string(root().join("action.yml")).unwrap()).unwrap()
}

fn keys(value: &Value) -> Vec<String> {
    value.as_mapping().unwrap().keys().map(|key| key.as_str().unwrap().to_owned()).collect()
}

#[test]
fn inputs_and_outputs_are_the_programs() {
    let action = action();
    let mut inputs = keys(&action["inputs"]);
    assert_eq!(inputs.pop().unwrap(), "version", "for finding the program");
    assert_eq!(inputs, overlift::rooms::action::INPUTS);
    assert_eq!(keys(&action["outputs"]), overlift::rooms::action::OUTPUTS);
    let steps = action["runs"]["steps"].as_sequence().unwrap();
    let promote = steps.iter().find(|step| step["id"] == "promote").unwrap();
    let environment = &promote["env"];
    for name in overlift::rooms::action::INPUTS {
        let variable = format!("INPUT_{}", name.to_uppercase());
        assert_eq!(environment[variable.as_str()], format!("${{{{ inputs.{name} }}}}").as_str());
    }
    for name in overlift::rooms::action::OUTPUTS {
        let value = format!("${{{{ steps.promote.outputs.{name} }}}}");
        assert_eq!(action["outputs"][name]["value"], value.as_str());
    }
    assert_eq!(action["inputs"]["version"]["default"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn no_expression_is_in_the_text_of_a_script() {
    for step in action()["runs"]["steps"].as_sequence().unwrap() {
        let Some(script) = step["run"].as_str() else { continue };
        assert!(!script.contains("${{"), "{script}");
    }
}

/// Runs the steps of `action.yml` as a runner does, and says how the last one ended.
struct Job {
    runner: Runner,
    bin: PathBuf,
    path: String,
    action: PathBuf,
    _temp: tempfile::TempDir,
}

impl Job {
    fn new(workspace: &Path) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let action = temp.path().join("action");
        fs::create_dir_all(&action).unwrap();
        copy(&root().join("action"), &action.join("action"));
        let bin = temp.path().join("bin");
        fs::create_dir_all(&bin).unwrap();
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        let mut runner = Runner::new("octo/mesh", "http://127.0.0.1:9", workspace);
        runner.set("GITHUB_ACTION_PATH", action.to_str().unwrap()).set("PATH", &path);
        Self { runner, bin, path, action, _temp: temp }
    }

    /// Puts a program on the PATH.
    fn install(&self, at: &Path, text: &str) {
        fs::write(at, text).unwrap();
        fs::set_permissions(at, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn install_overlift(&self) {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_overlift"), self.bin.join("overlift"))
            .unwrap();
    }

    /// Runs the steps with these inputs, until one fails.
    fn run(&mut self, inputs: &[(&str, &str)]) -> Run {
        let action = action();
        let mut values: BTreeMap<String, String> = BTreeMap::new();
        for (name, input) in action["inputs"].as_mapping().unwrap() {
            let (name, default) = (name.as_str().unwrap(), input["default"].as_str());
            let given = inputs.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
            let value = given.or(default).unwrap_or_default();
            values.insert(
                format!("inputs.{name}"),
                value.replace("${{ github.token }}", "ghs_default"),
            );
        }
        values.insert("inputs.token == github.token".to_owned(), "true".to_owned());
        let mut last = None;
        for step in action["runs"]["steps"].as_sequence().unwrap() {
            let mut command = Command::new("bash");
            // Another action: the cache of the workflow, empty here.
            let Some(script) = step["run"].as_str() else { continue };
            command.args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]);
            command.env_clear().env("PATH", &self.path);
            for (name, value) in step["env"].as_mapping().unwrap() {
                let value = value.as_str().unwrap();
                let expression = value.strip_prefix("${{ ").and_then(|v| v.strip_suffix(" }}"));
                let value = &values[expression.expect("every variable is one expression")];
                command.env(name.as_str().unwrap(), value);
            }
            let run = self.runner.run_command(&mut command);
            let id = step["id"].as_str().unwrap();
            let text = fs::read_to_string(self.runner.path("output")).unwrap();
            for (name, value) in parse_entries(&text) {
                values.insert(format!("steps.{id}.outputs.{name}"), value);
            }
            let failed = run.code != 0;
            last = Some(run);
            if failed {
                break;
            }
        }
        last.unwrap()
    }
}

const PLAN: [(&str, &str); 3] =
    [("source", "staging"), ("target", "production"), ("dry-run", "true")];

#[test]
fn a_program_on_the_path_is_used() {
    let repo = Repo::istio_config();
    let mut job = Job::new(repo.root());
    job.install_overlift();
    let run = job.run(&PLAN);
    assert_eq!(run.code, 0, "{run:#?}");
    assert_eq!(job.runner.outputs()["changed"], "true");
}

#[test]
fn inputs_are_never_run() {
    let repo = Repo::istio_config();
    let mut job = Job::new(repo.root());
    job.install_overlift();
    let evil = "$(touch /tmp/overlift-was-run)`id`\"; exit 0; #";
    for input in ["source", "target", "config", "working-directory", "token"] {
        let mut inputs = PLAN.to_vec();
        inputs.retain(|(name, _)| *name != input);
        inputs.push((input, evil));
        let run = job.run(&inputs);
        let fine = input == "token";
        assert_eq!(run.code == 0, fine, "{input}: {run:#?}");
    }
    let run = job.run(&[("version", evil)]);
    assert!(run.stdout.contains("::error title=Overlift::The input version"), "{run:#?}");
    assert!(!Path::new("/tmp/overlift-was-run").exists());
}

#[test]
fn without_a_binary_the_message_says_what_to_do() {
    let repo = Repo::istio_config();
    let mut job = Job::new(repo.root());
    // Another version than the pinned one is no help.
    job.install(&job.bin.join("overlift"), "#!/bin/sh\necho overlift 0.0.9\n");
    let run = job.run(&PLAN);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("knows no binary of Overlift 0.1.0"), "{run:#?}");
    assert!(run.stdout.contains("cargo install --locked"), "{run:#?}");
    job.runner.set("RUNNER_ARCH", "S390X");
    let run = job.run(&PLAN);
    assert!(run.stdout.contains("no binary for Linux on S390X"), "{run:#?}");
}

/// Stands for cargo: writes down what it was asked for, and "builds" a program.
const CARGO: &str = r#"#!/bin/bash
set -e
echo "$PWD: $*" >>"$RUNNER_TEMP/cargo-calls"
[[ ${FAIL_BUILD:-} ]] && { echo "error: no compiler" >&2; exit 101; }
mkdir -p "$CARGO_TARGET_DIR/release"
cat >"$CARGO_TARGET_DIR/release/overlift" <<'PROGRAM'
#!/bin/bash
[[ $1 == schemas ]] && exit 2
echo "built, with $INPUT_SOURCE"
PROGRAM
chmod +x "$CARGO_TARGET_DIR/release/overlift"
"#;

#[test]
fn without_a_release_the_action_builds_its_own_source_once_for_each_commit() {
    let repo = Repo::istio_config();
    let mut job = Job::new(repo.root());
    for file in ["Cargo.toml", "Cargo.lock"] {
        fs::copy(root().join(file), job.action.join(file)).unwrap();
    }
    for (file, text) in
        [("src/main.rs", "fn main() {}"), ("engine/src/lib.rs", ""), (".cargo/config.toml", "")]
    {
        fs::create_dir_all(job.action.join(file).parent().unwrap()).unwrap();
        fs::write(job.action.join(file), text).unwrap();
    }
    job.install(&job.bin.join("rustc"), "#!/bin/sh\necho 'rustc 1.99.0 (x 2030-01-01)'\n");
    job.install(&job.bin.join("cargo"), "#!/bin/sh\nexit 101\n");
    let run = job.run(&PLAN);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("cannot be built from the source of this action"), "{run:#?}");

    job.install(&job.bin.join("cargo"), CARGO);
    let run = job.run(&PLAN);
    assert_eq!((run.code, &*run.stdout), (0, "built, with staging\n"), "{run:#?}");
    let calls = |job: &Job| fs::read_to_string(job.runner.path("temp/cargo-calls")).unwrap();
    let call = format!("{}: build --release --locked --bin overlift\n", job.action.display());
    assert_eq!(calls(&job), call);
    // What a workflow's cache would keep is what was built.
    let outputs = parse_entries(&fs::read_to_string(job.runner.path("output")).unwrap());
    let outputs: BTreeMap<String, String> = outputs.into_iter().collect();
    assert!(outputs["program"].starts_with(&outputs["path"]), "{outputs:?}");
    assert!(outputs["key"].starts_with("overlift-0.1.0-Linux-x64-"), "{outputs:?}");

    // The same commit, under whatever name: nothing is built again.
    assert_eq!(job.run(&PLAN).code, 0);
    assert_eq!(calls(&job), call);
    // Another one is, and what is not what was built.
    fs::write(job.action.join("engine/src/lib.rs"), "mod x {}").unwrap();
    assert_eq!(job.run(&PLAN).code, 0);
    job.install(Path::new(&outputs["program"]), "#!/bin/sh\necho something else\n");
    fs::write(job.action.join("engine/src/lib.rs"), "").unwrap();
    let run = job.run(&PLAN);
    assert_eq!(&*run.stdout, "built, with staging\n", "{run:#?}");
    assert_eq!(calls(&job), call.repeat(3));
    // Another version than the source's is not.
    let mut inputs = PLAN.to_vec();
    inputs.push(("version", "0.0.9"));
    let run = job.run(&inputs);
    assert!(run.stdout.contains("is the source of 0.1.0"), "{run:#?}");
    assert_eq!(calls(&job), call.repeat(3));
}

/// A release as the workflow packs it: the program and schemas.
fn archive(job: &Job, script: &str) -> Vec<u8> {
    let dir = job.runner.path("pack");
    fs::create_dir_all(&dir).unwrap();
    job.install(&dir.join("overlift"), script);
    fs::create_dir_all(dir.join("schemas")).unwrap();
    fs::write(dir.join("schemas/kubernetes-1.34.json"), "{}").unwrap();
    let archive = dir.join("a.tar.gz");
    let mut tar = Command::new("tar");
    tar.arg("-czf").arg(&archive).arg("-C").arg(&dir).args(["overlift", "schemas"]);
    assert!(tar.status().unwrap().success());
    fs::read(archive).unwrap()
}

/// Serves one file over HTTP, as often as it is asked for.
fn serve(content: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let read = stream.read(&mut request).unwrap();
            let wanted = "/v0.1.0/overlift-0.1.0-x86_64-unknown-linux-musl.tar.gz";
            let found =
                String::from_utf8_lossy(&request[..read]).starts_with(&format!("GET {wanted} "));
            let head = if found { "200 OK" } else { "404 Not Found" };
            let length = content.len();
            let head =
                format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).unwrap();
            let _ = stream.write_all(&content);
        }
    });
    address
}

#[test]
fn a_release_is_verified_and_kept() {
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("skipped: there is no curl");
        return;
    }
    let repo = Repo::istio_config();
    let mut job = Job::new(repo.root());
    let content = archive(&job, "#!/bin/sh\necho ran from $0\n");
    let address = serve(content.clone());
    job.runner.set("OVERLIFT_DOWNLOADS", &address);
    let pin = |job: &Job, sum: &str| {
        let line = format!("0.1.0 x86_64-unknown-linux-musl {sum}\n");
        fs::write(job.action.join("action/checksums"), line).unwrap();
    };
    pin(&job, &"0".repeat(64));
    let run = job.run(&PLAN);
    assert_eq!(run.code, 1, "{run:#?}");
    assert!(run.stdout.contains("is pinned. It was not run"), "{run:#?}");
    assert!(!job.runner.path("tools/overlift").exists(), "nothing is kept of it");

    pin(&job, &hex::encode(Sha256::digest(&content)));
    let run = job.run(&PLAN);
    let kept = job.runner.path("tools/overlift/0.1.0/x64/overlift");
    assert_eq!(run.stdout, format!("ran from {}\n", kept.display()), "{run:#?}");
    assert!(job.runner.path("tools/overlift/0.1.0/x64.complete").exists());
    assert!(job.runner.path("tools/overlift/0.1.0/x64/schemas/kubernetes-1.34.json").exists());

    // The next job of the runner downloads nothing, and runs nothing that an earlier one put there.
    job.runner.set("OVERLIFT_DOWNLOADS", "http://127.0.0.1:9");
    job.install(&kept, "#!/bin/sh\necho something else\n");
    let run = job.run(&PLAN);
    assert_eq!(run.stdout, format!("ran from {}\n", kept.display()), "{run:#?}");
    let release = kept.with_file_name("release.tar.gz");
    fs::write(&release, archive(&job, "#!/bin/sh\necho something else\n")).unwrap();
    let run = job.run(&PLAN);
    assert_eq!(run.code, 1, "{run:#?}");
    assert!(run.stdout.contains("cannot be downloaded"), "{run:#?}");
    job.runner.set("OVERLIFT_DOWNLOADS", &address);
    let run = job.run(&PLAN);
    assert_eq!(run.stdout, format!("ran from {}\n", kept.display()), "{run:#?}");
}
