//! `overlift build --engine kustomize` hands the build to the `kustomize` on `PATH`.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::support::{Repo, run};

/// A stand-in that shows what it was asked for, and fails for a directory that ends in `broken`.
const KUSTOMIZE: &str =
    "#!/bin/sh\ncase \"$*\" in *broken) echo partial; exit 1;; esac\necho \"$@\"\n";

fn build(repo: &Repo, arguments: &[&str]) -> crate::support::Run {
    let program = repo.path("bin/kustomize");
    let mut command = Command::new(env!("CARGO_BIN_EXE_overlift"));
    command.current_dir(repo.root()).args(["build", "--engine", "kustomize"]).args(arguments);
    run(command.env("PATH", program.parent().unwrap()))
}

fn repository() -> Repo {
    let repo = Repo::without_git(&[("bin/kustomize", KUSTOMIZE)]);
    let program = repo.path("bin/kustomize");
    std::fs::set_permissions(program, std::fs::Permissions::from_mode(0o755)).unwrap();
    repo
}

#[test]
fn flags_are_handed_on_and_the_output_is_printed() {
    let flags = ["--load-restrictor", "LoadRestrictionsNone", "--reorder", "none", "overlay"];
    assert_eq!(
        build(&repository(), &flags).ok(),
        "build --enable-helm --load-restrictor=LoadRestrictionsNone --reorder=none -- ./overlay\n"
    );
}

#[test]
fn a_failed_build_prints_nothing() {
    let failed = build(&repository(), &["broken"]);
    assert_eq!((failed.code, failed.stdout.as_str()), (2, ""));
}

#[test]
fn without_kustomize_the_way_out_is_named() {
    let failed = build(&Repo::without_git(&[]), &["overlay"]);
    assert_eq!(failed.code, 2);
    assert!(failed.stderr.contains("leave out `--engine kustomize`"), "{}", failed.stderr);
}
