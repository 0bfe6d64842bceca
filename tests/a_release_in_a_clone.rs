//! "A tag is made": build, pin, tag; then the Action and the installer bring what was built.
//!
//! What a release does on GitHub is done here in a clone, with a folder and a small server in place of
//! downloads. The program is the tests' own; what packs and pins is the release's.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::support::{Run, copy, run};

struct Release {
    temp: tempfile::TempDir,
    version: &'static str,
}

const PLATFORMS: [&str; 2] = ["x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl"];
const WINDOWS: &str = "x86_64-pc-windows-gnu";

impl Release {
    /// A clone with what a release needs of this repository, and a changelog that knows the version.
    fn new() -> Self {
        let release =
            Self { temp: tempfile::tempdir().unwrap(), version: env!("CARGO_PKG_VERSION") };
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let clone = release.clone();
        for folder in ["action", ".ci", "deploy"] {
            fs::create_dir_all(clone.join(folder)).unwrap();
            copy(&root.join(folder), &clone.join(folder));
        }
        for file in ["Cargo.toml", "action.yml", "install.sh", "LICENSE"] {
            fs::copy(root.join(file), clone.join(file)).unwrap();
        }
        fs::create_dir_all(clone.join("docs")).unwrap();
        let changelog = format!("# Changelog\n\n## {}\n", release.version);
        fs::write(clone.join("docs/changelog.md"), changelog).unwrap();
        release.git(&["init", "-q", "-b", "main"]);
        release.git(&["add", "--all"]);
        release.git(&["commit", "-q", "-m", "ready"]);
        release
    }

    fn clone(&self) -> PathBuf {
        self.temp.path().join("clone")
    }

    fn dist(&self) -> PathBuf {
        self.temp.path().join(format!("downloads/v{}", self.version))
    }

    fn git(&self, arguments: &[&str]) -> String {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=Test", "-c", "user.email=test@example.com"]);
        run(git.arg("-C").arg(self.clone()).args(arguments)).ok()
    }

    fn script(&self, arguments: &[&str]) -> Run {
        let mut script = Command::new(self.clone().join(".ci/release"));
        for role in ["AUTHOR", "COMMITTER"] {
            script.env(format!("GIT_{role}_NAME"), "Release");
            script.env(format!("GIT_{role}_EMAIL"), "release@example.com");
        }
        run(script.args(arguments).current_dir(self.clone()))
    }

    /// What the builders hand over for a platform.
    fn pack(&self, platform: &str) {
        let built = self.temp.path().join(platform);
        fs::create_dir_all(built.join("schemas")).unwrap();
        // The tests' own program has 120 MB, which would be compressed six times.
        let script = format!("#!/bin/sh\nexec {} \"$@\"\n", env!("CARGO_BIN_EXE_overlift"));
        let program = built.join(if platform == WINDOWS { "overlift.exe" } else { "overlift" });
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(built.join("schemas/kubernetes-1.34.schemas"), "{}").unwrap();
        let dist = self.dist();
        self.script(&["pack", platform, built.to_str().unwrap(), dist.to_str().unwrap()]).ok();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.clone().join(path)).unwrap()
    }
}

fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        eprintln!("skipped: there is no {program}");
    }
    found
}

#[test]
fn what_is_tagged_has_the_checksums_of_what_was_built() {
    if !has("python3") {
        return;
    }
    let release = Release::new();
    let version = release.version;
    release.script(&["check", version]).ok();
    for platform in PLATFORMS.into_iter().chain([WINDOWS]) {
        release.pack(platform);
    }
    let dist = release.dist();
    release.script(&["pin", version, dist.to_str().unwrap()]).ok();
    release.script(&["tag", version]).ok();

    // The exact tag and the moving one name one commit, and it has the pins.
    let exact = release.git(&["rev-parse", &format!("v{version}^{{commit}}")]);
    assert_eq!(release.git(&["rev-parse", "v0^{commit}"]), exact);
    let sums = fs::read_to_string(dist.join("SHA256SUMS")).unwrap();
    for platform in PLATFORMS {
        let archive = format!("overlift-{version}-{platform}.tar.gz");
        let sum = sums.lines().find_map(|line| line.strip_suffix(&archive)).unwrap().trim();
        let line = format!("{version} {platform} {sum}\n");
        assert!(release.git(&["show", "v0:action/checksums"]).contains(&line), "{line}");
        let formula = fs::read_to_string(dist.join("overlift.rb")).unwrap();
        assert!(formula.contains(&format!("[\"{platform}\", \"{sum}\"]")), "{formula}");
        assert!(!formula.contains('@') && !formula.contains("apple-darwin"), "{formula}");
    }
    assert!(release.read("action.yml").contains(&format!("default: \"{version}\"")));
    // Twice is refused.
    let again = release.script(&["check", version]);
    assert!(again.stderr.contains("is there already"), "{again:#?}");
    let other = release.script(&["check", "9.9.9"]);
    assert!(other.stderr.contains("Cargo.toml says"), "{other:#?}");

    // What people of Windows download is in the list, and nothing that the Action would run.
    let zip = format!("overlift-{version}-{WINDOWS}.zip");
    assert!(sums.contains(&zip) && sums.contains("-py3-none-win_amd64.whl"), "{sums}");
    assert!(!release.read("action/checksums").contains("windows"));
    let listed = run(Command::new("python3").args(["-m", "zipfile", "-l"]).arg(dist.join(&zip)));
    let listed = listed.ok();
    for file in ["overlift.exe", "schemas/kubernetes-1.34.schemas"] {
        assert!(listed.contains(file), "{listed}");
    }

    // The same input packs to the same bytes.
    release.git(&["checkout", "-q", "HEAD~1"]);
    for (platform, kind) in [(PLATFORMS[0], "tar.gz"), (WINDOWS, "zip")] {
        let archive = dist.join(format!("overlift-{version}-{platform}.{kind}"));
        let before = fs::read(&archive).unwrap();
        fs::remove_file(&archive).unwrap();
        release.pack(platform);
        assert_eq!(fs::read(&archive).unwrap(), before, "{platform}");
    }

    the_package_installs(&release);
}

/// The `.deb` holds what a machine needs, and the wheel is one for pip.
fn the_package_installs(release: &Release) {
    let dist = release.dist();
    let deb = dist.join(format!("overlift_{}_amd64.deb", release.version));
    if has("dpkg-deb") {
        let list = run(Command::new("dpkg-deb").arg("--contents").arg(&deb)).ok();
        for file in [
            "./usr/bin/overlift",
            "./usr/share/overlift/schemas/kubernetes-1.34.schemas",
            "./usr/share/man/man1/overlift.1.gz",
            "./usr/share/bash-completion/completions/overlift",
        ] {
            assert!(list.contains(file), "{file}: {list}");
        }
    }
    let wheel = fs::read_dir(&dist).unwrap().map(|entry| entry.unwrap().path()).find(|path| {
        path.to_str().unwrap().ends_with("manylinux2014_x86_64.musllinux_1_1_x86_64.whl")
    });
    let home = release.temp.path().join("python");
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target"]);
    let installed = pip.arg(&home).arg(wheel.unwrap()).output().unwrap();
    if !installed.status.success() {
        let why = String::from_utf8_lossy(&installed.stderr).into_owned();
        assert!(why.contains("No module named pip"), "{why}");
        eprintln!("skipped: there is no pip");
        return;
    }
    let version = run(Command::new(home.join("bin/overlift")).arg("--version")).ok();
    assert_eq!(version, format!("overlift {}\n", release.version));
}

#[test]
fn the_installer_compares_the_checksum_before_anything_is_installed() {
    if !has("curl") || !has("python3") {
        return;
    }
    let release = Release::new();
    release.pack(PLATFORMS[0]);
    let dist = release.dist();
    release.script(&["pin", release.version, dist.to_str().unwrap()]).ok();
    let home = release.temp.path().join("home");
    let install = || {
        let mut install = Command::new("sh");
        install.arg(dist.join("install.sh")).env("HOME", &home);
        let downloads = format!("file://{}", release.temp.path().join("downloads").display());
        run(install.env("OVERLIFT_DOWNLOADS", downloads))
    };
    let said = install().ok();
    assert!(said.contains("Put it on the PATH"), "{said}");
    let program = home.join(".local/bin/overlift");
    let version = run(Command::new(&program).arg("--version")).ok();
    assert_eq!(version, format!("overlift {}\n", release.version));
    assert!(home.join(".local/share/overlift/schemas/kubernetes-1.34.schemas").exists());

    fs::remove_dir_all(&home).unwrap();
    let archive = dist.join(format!("overlift-{}-{}.tar.gz", release.version, PLATFORMS[0]));
    fs::write(&archive, "something else").unwrap();
    let run = install();
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("Nothing was installed"), "{run:#?}");
    assert!(!program.exists());
}
