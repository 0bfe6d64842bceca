//! "I read it, my scripts parse it, and no Secret is ever in it."

use std::io::Read as _;
use std::process::{Command, Stdio};

use crate::support::{Repo, istio_config, overlift};

const PLAN: [&str; 3] = ["plan", "staging", "production"];

#[test]
fn json_has_the_documented_keys() {
    let plan = overlift(&istio_config(), &[&PLAN[..], &["--json"]].concat()).ok();
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let keys: Vec<&str> = plan.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "planId",
        "application",
        "source",
        "target",
        "commit",
        "edits",
        "summary",
        "findings",
        "differences",
        "rendered",
        "files",
        "drift",
    ];
    assert_eq!(keys, expected);
    assert_eq!(plan["source"], "staging");
    assert_eq!(plan["commit"].as_str().unwrap().len(), 40);
    for which in ["rendered", "files", "drift"] {
        let alone = overlift(&istio_config(), &[&PLAN[..], &["--diff", which]].concat()).ok();
        assert_eq!(plan[which], alone.as_str());
    }
    assert_eq!(
        plan["edits"].as_array().unwrap()[0],
        serde_json::json!({ "path": "overlays/production/kustomization.yaml", "operation": "modify" })
    );
}

#[test]
fn exit_codes_tell_differences_where_asked() {
    let repo = Repo::istio_config();
    assert_eq!(repo.overlift(&PLAN).code, 0);
    assert_eq!(repo.overlift(&[&PLAN[..], &["--exit-code"]].concat()).code, 1);
    assert_eq!(repo.overlift(&["status", "--exit-code"]).code, 1);
    repo.overlift(&["promote", "staging", "production"]).ok();
    assert_eq!(repo.overlift(&[&PLAN[..], &["--exit-code"]].concat()).code, 0);
    assert_eq!(repo.overlift(&["plan"]).code, 2);
    assert_eq!(repo.overlift(&["--help"]).code, 0);
}

#[test]
fn status_counts_what_each_environment_lacks() {
    let repo = Repo::istio_config();
    let status = repo.overlift(&["status", "--json"]).ok();
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["environments"][1]["name"], "staging");
    assert_eq!(status["environments"][1]["trigger"], "push");
    let production = &status["promotions"][1];
    assert_eq!(
        (&production["source"], &production["target"]),
        (&"staging".into(), &"production".into())
    );
    assert!(production["edits"].as_u64().unwrap() > 0);
    repo.overlift(&["promote", "staging", "production"]).ok();
    let status = repo.overlift(&["status"]).ok();
    assert!(status.contains("from staging: nothing to promote"), "{status}");
}

#[test]
fn colours_are_for_terminals() {
    let plain = overlift(&istio_config(), &PLAN).ok();
    assert!(!plain.contains('\x1b'));
    let coloured = |no_color: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_overlift"));
        command.current_dir(istio_config()).args(PLAN);
        command.env("CLICOLOR_FORCE", "1").env("NO_COLOR", no_color);
        crate::support::run(&mut command).ok()
    };
    assert!(coloured("").contains('\x1b'));
    assert!(!coloured("1").contains('\x1b'));
}

#[test]
fn a_reader_that_stops_early_is_no_fault() {
    let repo = Repo::without_git(&[("big.yaml", "")]);
    let many: String = (0..5000)
        .map(|n| format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: n{n}\n"))
        .collect();
    repo.write("big.yaml", &many);
    repo.write("kustomization.yaml", "resources: [big.yaml]\n");
    let mut child = Command::new(env!("CARGO_BIN_EXE_overlift"))
        .current_dir(repo.root())
        .arg("build")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 4];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

#[test]
fn another_configuration_takes_the_place_of_the_repositorys() {
    let repo = Repo::istio_config();
    repo.write("other.yaml", "version: 1\npromotion:\n  copy: [patches/tracing.yaml]\n");
    let plan = repo.overlift(&[&PLAN[..], &["--json", "--config", "other.yaml"]].concat()).ok();
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let edits = serde_json::json!([
        { "path": "overlays/production/patches/tracing.yaml", "operation": "modify" }
    ]);
    assert_eq!(plan["edits"], edits);
    repo.write("other.yaml", "version: 1\npromotions: {}\n");
    let elsewhere = ["-C", repo.root().to_str().unwrap(), "--config", "other.yaml"];
    let refused = overlift("/".as_ref(), &[&PLAN[..], &elsewhere].concat());
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("other.yaml:2:1"), "{}", refused.stderr);
}

/// Each value in each form that could leak.
const SECRETS: [&str; 7] = [
    "hunter2-plain",
    "hunter2-literal",
    "hunter2-envfile",
    "hunter2-wholefile",
    "hunter2-jsonpatch",
    "hunter2-inline",
    "aHVudGVyMg==",
];

#[test]
fn no_value_of_a_secret_is_ever_shown() {
    let overlay = "resources: [secret.yaml, ../../base]\n\
         secretGenerator:\n- name: made\n  literals: [password=hunter2-literal]\n  envs: [patches/made.env]\n  files: [patches/key.pem]\n\
         patches:\n- path: patches/secret.yaml\n- path: patches/json.yaml\n  target: {kind: Secret, name: plain}\n\
         - patch: '[{\"op\": \"add\", \"path\": \"/data/inline\", \"value\": \"hunter2-inline\"}]'\n  target: {kind: Secret, name: plain}\n";
    let secret =
        "apiVersion: v1\nkind: Secret\nmetadata: {name: plain}\ndata: {old: aHVudGVyMg==}\n";
    let repo = Repo::new(&[
        ("base/kustomization.yaml", "configMapGenerator:\n- name: c\n  literals: [a=b]\n"),
        ("overlays/staging/kustomization.yaml", overlay),
        ("overlays/staging/secret.yaml", secret),
        (
            "overlays/staging/patches/secret.yaml",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: plain}\nstringData: {new: hunter2-plain}\n",
        ),
        (
            "overlays/staging/patches/json.yaml",
            "- {op: add, path: /data/json, value: hunter2-jsonpatch}\n",
        ),
        ("overlays/staging/patches/made.env", "TOKEN=hunter2-envfile\n"),
        ("overlays/staging/patches/key.pem", "hunter2-wholefile\n"),
        ("overlays/production/kustomization.yaml", "resources: [secret.yaml, ../../base]\n"),
        ("overlays/production/secret.yaml", secret),
    ]);
    let mut said = String::new();
    for flags in [
        &[][..],
        &["--json"],
        &["--diff", "rendered"],
        &["--diff", "files"],
        &["--diff", "drift"],
        &["--body"],
    ] {
        let run = repo.overlift(&[&PLAN[..], flags].concat());
        assert_eq!(run.code, 0, "{run:#?}");
        said += &(run.stdout + &run.stderr);
    }
    for command in [&["status"][..], &["promote", "staging", "production", "--dry-run"]] {
        let run = repo.overlift(command);
        said += &(run.stdout + &run.stderr);
    }
    assert!(said.contains("<masked"), "{said}");
    // Errors point at the line and do not print it.
    for (path, content) in [
        ("patches/secret.yaml", "kind: Secret\nstringData:\n  a: hunter2-plain: x\n"),
        ("patches/json.yaml", "- {op: add, path: /data/json, value: hunter2-jsonpatch: x\n"),
        ("kustomization.yaml", "secretGenerator:\n- name: x\n  literals: [a=hunter2-literal\n"),
    ] {
        let path = format!("overlays/staging/{path}");
        let sound = repo.read(&path);
        repo.write(&path, content);
        let run = repo.overlift(&PLAN);
        assert_eq!(run.code, 2, "{path}: {run:#?}");
        said += &(run.stdout + &run.stderr);
        repo.write(&path, &sound);
    }
    for secret in SECRETS {
        assert!(!said.contains(secret), "{secret} is shown");
    }
}
