//! Inputs, outputs and workflow commands are encoded as `@actions/core` does it.
//!
//! The real package (3.0.1, MIT) is run with node; `.ci/run` installs it to `target/npm`. Without node
//! or the package the test says so and does nothing.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use overlift::rooms::action::{Weight, WorkflowCommand, annotation, entry};
use overlift::rooms::model::{Location, Position, RepoPath};

use super::support::runner::{Runner, parse_entries};

const PACKAGE: &str = "target/npm/node_modules/@actions/core/lib/core.js";

/// Texts that break naive encodings.
const TEXTS: [&str; 10] = [
    "plain",
    "100% of a:b,c",
    "two\nlines\r\nand a third\r",
    "::error::nested",
    "%25 %0A already",
    "ghadelimiter_x\nEOF\nname<<EOF",
    "ünïcödé \u{1f680} \u{2028}",
    "  spaces stay  ",
    "=equals=",
    "\t\"quotes\" 'and' `ticks` $(x) ${y}",
];

/// Runs a script with the toolkit as `core`, and returns its standard output.
fn toolkit(script: &str, variables: &[(&str, &str)]) -> Option<String> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join(PACKAGE);
    if !package.exists() {
        eprintln!("skipped: {PACKAGE} is not installed; .ci/run does that");
        return None;
    }
    let script = format!("import * as core from {:?};\n{script}", package.to_str().unwrap());
    let mut command = Command::new("node");
    command.args(["--input-type=module", "--eval", &script]).stderr(Stdio::inherit());
    let output = match command.envs(variables.iter().copied()).output() {
        Ok(output) => output,
        Err(error) => {
            eprintln!("skipped: node cannot be started: {error}");
            return None;
        }
    };
    assert!(output.status.success(), "{script}");
    Some(String::from_utf8(output.stdout).unwrap())
}

fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

#[test]
fn annotations_are_the_toolkits() {
    let mut script = String::new();
    let mut ours = String::new();
    for text in TEXTS {
        let path = RepoPath::parse("a, b/c:d%.yaml").unwrap();
        let at = Location::file(path).at(Position { line: 3, column: 7 });
        script.push_str(&format!(
            "core.error({0}, {{title: {0}, file: 'a, b/c:d%.yaml', startLine: 3, startColumn: 7}});\n\
             core.warning({0}, {{title: 't'}});\ncore.notice({0});\n\
             core.setSecret({0});\n",
            json(text)
        ));
        for line in [
            annotation(Weight::Error, text, text, Some(&at), ""),
            annotation(Weight::Warning, "t", text, None, ""),
            annotation(Weight::Notice, "", text, None, ""),
            WorkflowCommand::new("add-mask", text).to_string(),
        ] {
            ours.push_str(&line);
            ours.push('\n');
        }
    }
    if let Some(theirs) = toolkit(&script, &[]) {
        assert_eq!(ours, theirs);
    }
}

#[test]
fn outputs_are_the_toolkits() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| -> PathBuf { dir.path().join(name) };
    for name in ["output", "env"] {
        std::fs::write(file(name), "").unwrap();
    }
    let mut script = String::new();
    let (mut ours, mut delimiters) = (String::new(), 0);
    for (number, text) in TEXTS.iter().enumerate() {
        let name = format!("name-{number}");
        script.push_str(&format!("core.setOutput('{name}', {0});\n", json(text)));
        script.push_str(&format!("core.exportVariable('{name}', {0});\n", json(text)));
        ours.push_str(&entry(&name, text, "DELIMITER"));
    }
    let variables = [
        ("GITHUB_OUTPUT", file("output").to_str().unwrap().to_owned()),
        ("GITHUB_ENV", file("env").to_str().unwrap().to_owned()),
    ];
    let variables: Vec<(&str, &str)> = variables.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let Some(_) = toolkit(&script, &variables) else { return };
    for name in ["output", "env"] {
        let mut theirs = std::fs::read_to_string(file(name)).unwrap();
        // Each of theirs is as random as ours.
        while let Some(at) = theirs.find("<<ghadelimiter_") {
            let delimiter = theirs[at + 2..].split('\n').next().unwrap().to_owned();
            assert_eq!(delimiter.len(), overlift::rooms::action::fresh_delimiter().len());
            theirs = theirs.replace(&delimiter, "DELIMITER");
            delimiters += 1;
        }
        assert_eq!(theirs, ours, "{name}");
    }
    assert_eq!(delimiters, 2 * TEXTS.len());
    let read = parse_entries(&ours);
    assert_eq!(read["name-3"], TEXTS[3]);
}

/// What the program makes of inputs shows in the name of the environment that it does not find.
#[test]
fn inputs_are_read_as_the_toolkit_reads_them() {
    let repo = super::support::Repo::istio_config();
    for value in ["nowhere", " nowhere\n", "\u{feff}nowhere\u{a0}", "\u{3000}nowhere\t"] {
        let variables = [("INPUT_SOURCE", value), ("INPUT_DRY-RUN", "TRUE")];
        let script = "process.stdout.write(core.getInput('source') + ',' + core.getBooleanInput('dry-run'));";
        if let Some(theirs) = toolkit(script, &variables) {
            assert_eq!(theirs, "nowhere,true", "{value:?}");
        }
        let mut runner = Runner::new("octo/mesh", "http://127.0.0.1:9", repo.root());
        runner.set("INPUT_SOURCE", value).set("INPUT_TARGET", "production");
        runner.set("INPUT_DRY-RUN", "TRUE");
        let run = runner.action();
        assert!(run.stdout.contains("no environment `nowhere`"), "{value:?}: {run:#?}");
    }
}
