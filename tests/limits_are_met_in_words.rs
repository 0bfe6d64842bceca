//! Inputs that would take everything: a command ends in a sentence that says which limit was met.

use std::process::Stdio;

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
        ("overlays/staging/big.txt", &"y".repeat(1 << 20)),
        ("overlays/production/big.txt", &"y".repeat(1 << 20)),
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
fn a_process_without_memory_ends_in_a_sentence() {
    // Nothing is copied here: there is just too much of it.
    let list = "[a, b], ".repeat(2_000_000);
    let said = stopped(&format!("x: [{list}]\n"));
    assert!(said.contains("512 MiB"), "{said}");
}

/// The allocator reserves as much as it is told, and where the system promises more memory than there is it
/// takes that at once; Overlift built without its `.cargo/config.toml` (`cargo install --git`) reserves a gigabyte.
#[test]
fn what_the_allocator_takes_in_advance_stops_nothing() {
    let checkout = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("overlays/staging/kustomization.yaml", "resources: []\nnamePrefix: a-\n"),
        ("overlays/production/kustomization.yaml", "resources: []\n"),
    ]);
    for reserved in ["131072", "1048576"] {
        let run = |arguments: &[&str]| {
            let mut command = support::overlift_command(checkout.root(), arguments);
            command.env("MIMALLOC_ARENA_EAGER_COMMIT", "1").stdin(Stdio::null());
            support::run(command.env("MIMALLOC_ARENA_RESERVE", reserved))
        };
        run(&["plan", "staging", "production"]).ok();
        let sandbox = run(&["sandbox"]);
        assert!(!sandbox.stderr.contains("memory"), "{sandbox:#?}");
    }
}

/// What a build makes of small files has an end, and the sentence says where: a plan and a bare build alike.
#[test]
fn what_grows_is_stopped_at_its_place() {
    let text = "x".repeat(1 << 20);
    let a_big = format!("    - {{op: replace, path: /data/a, value: {text}}}\n");
    let lines =
        |count: usize, line: &dyn Fn(usize) -> String| -> String { (0..count).map(line).collect() };
    let patch = |operations: String| {
        format!("patches:\n- target: {{kind: ConfigMap}}\n  patch: |-\n{a_big}{operations}")
    };
    let copies =
        patch(lines(400, &|n| format!("    - {{op: copy, from: /data/a, path: /data/b{n}}}\n")));
    let doubled =
        patch(lines(40, &|n| format!("    - {{op: copy, from: /data, path: /data/d{n}}}\n")));
    let small = format!(
        "configMapGenerator:\n{}",
        lines(80, &|n| format!("- {{name: g{n}, literals: [a=b]}}\n"))
    );
    let patches = format!(
        "patches: [{{target: {{kind: ConfigMap}}, patch: '{{apiVersion: v1, kind: ConfigMap, metadata: {{name: a}}, data: {{c: {text}}}}}'}}]\n{small}"
    );
    let replacement = |n: usize| {
        format!(
            "- source: {{kind: ConfigMap, fieldPath: data}}\n  targets:\n  \
             - {{select: {{kind: ConfigMap}}, fieldPaths: [data.m{n}], options: {{create: true}}}}\n"
        )
    };
    let replacements = format!("replacements:\n{}", lines(34, &replacement));
    let vars = format!(
        "commonAnnotations: {{all: \"{}\"}}\nvars:\n- {{name: V, objref: {{kind: ConfigMap, name: a, apiVersion: v1}}, \
         fieldref: {{fieldpath: data.a}}}}\n{}",
        "$(V)".repeat(100),
        patch(String::new())
    );
    let generators = format!(
        "configMapGenerator:\n{}",
        lines(300, &|n| format!("- {{name: g{n}, files: [big.txt]}}\n"))
    );
    let names = format!("namePrefix: {text}\n{small}");
    for (what, grown) in [
        ("copies of a text", copies),
        ("copies of what holds them", doubled),
        ("a patch of many", patches),
        ("a mapping into itself", replacements),
        ("vars in one text", vars),
        ("generators of one file", generators),
        ("a prefix", names),
    ] {
        let said = stopped(&grown);
        assert!(
            (said.contains("32 MiB") || said.contains("64 MiB")) && said.contains("`staging`"),
            "{what}: {said}"
        );
    }
}

#[test]
fn a_path_without_end_is_stopped() {
    let path = "a/".repeat(100_000);
    let said = stopped(&format!(
        "labels:\n- pairs: {{a: b}}\n  fields: [{{path: {path}z, create: true}}]\n"
    ));
    assert!(said.contains("deep"), "{said}");
}
