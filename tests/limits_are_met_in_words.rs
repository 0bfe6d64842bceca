//! Inputs that would take everything: a command ends in a sentence that says which limit was met.

use crate::support::{self, Repo};

const CONFIGURATION: &str = "version: 1\nenvironments:\n- {name: staging, path: overlays/staging}\n\
                             - {name: production, path: overlays/production}\n";

/// A plan of a repository whose overlays have these lines beside their resources.
#[track_caller]
fn stopped(lines: &str) -> String {
    let overlay = format!("resources: [../../base]\n{lines}");
    let checkout = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("base/kustomization.yaml", "resources: [a.yaml]\n"),
        ("base/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: x}\n"),
        ("overlays/staging/kustomization.yaml", &overlay),
        ("overlays/production/kustomization.yaml", &overlay),
    ]);
    let mut command =
        support::overlift_command(checkout.root(), &["plan", "staging", "production"]);
    // Whoever has it set for all programs (CI has) shall read our sentence and no more.
    let run = support::run(command.env("RUST_BACKTRACE", "1"));
    assert_eq!(run.code, 2, "{}{}", run.stdout, run.stderr);
    for crash in ["panicked", "overflowed", "RUST_BACKTRACE", "allocation of", "\u{1}"] {
        assert!(!run.stderr.contains(crash), "{}", run.stderr);
    }
    run.stderr
}

#[test]
fn a_text_that_is_copied_and_copied_is_stopped() {
    let text = "x".repeat(4 << 20);
    let copies: String = (0..400)
        .map(|number| format!("    - {{op: copy, from: /data/a, path: /data/b{number}}}\n"))
        .collect();
    let said = stopped(&format!(
        "patches:\n- target: {{kind: ConfigMap}}\n  patch: |-\n    - {{op: replace, path: /data/a, value: {text}}}\n{copies}"
    ));
    assert!(said.contains("512 MiB") || said.contains("256 MiB"), "{said}");
}

#[test]
fn a_path_without_end_is_stopped() {
    let path = "a/".repeat(100_000);
    let said = stopped(&format!(
        "labels:\n- pairs: {{a: b}}\n  fields: [{{path: {path}z, create: true}}]\n"
    ));
    assert!(said.contains("deep"), "{said}");
}
