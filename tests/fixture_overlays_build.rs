//! "Every overlay of istio-config builds, and kustomize says the same, to the byte."

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{istio_config, kubectl_kustomize, overlift};

#[test]
fn fixture_overlays_build_as_kustomize_builds_them() {
    for environment in ["development", "staging", "production"] {
        let overlay = format!("overlays/{environment}");
        let Some(expected) = kubectl_kustomize(&istio_config().join(&overlay)) else { return };
        let built = overlift(&istio_config(), &["build", &overlay]).ok();
        assert!(built == expected, "{overlay} is built differently");
    }
}

#[test]
fn each_resource_gets_a_file_of_its_own_in_a_directory() {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let overlay = istio_config().join("overlays/staging");
    let mut kubectl = Command::new("kubectl");
    kubectl.arg("kustomize").arg(&overlay).arg("-o").arg(theirs.path());
    if kubectl.output().is_err() {
        eprintln!("skipped: kubectl cannot be started");
        return;
    }
    let dir = ours.path().to_str().unwrap();
    overlift(&istio_config(), &["build", "overlays/staging", "-o", dir]).ok();
    let files = |dir: &Path| -> BTreeMap<String, String> {
        let file = |entry: std::io::Result<fs::DirEntry>| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        };
        fs::read_dir(dir).unwrap().map(file).collect()
    };
    assert_eq!(files(ours.path()), files(theirs.path()));
}
