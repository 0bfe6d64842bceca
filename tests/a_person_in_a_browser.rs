//! A person with a browser: signs in, finds what waits, opens it, and sees it change; on a phone and at a desk, light
//! and dark, with and without JavaScript.
//!
//! Chromium is driven by playwright-core, and pages are looked at by axe. Without one of them, which `.ci/run`
//! installs to `target/npm`, the test says so and does nothing. Two windows are opened, `WINDOWS=all` opens eight;
//! `PICTURES=DIR` keeps what was seen.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;

use tokio::sync::mpsc;

use crate::support::pages::{Pages, TOKEN, merge, with_health};
use crate::support::scene::Scene;

const CHROMIUM: [&str; 3] =
    ["/usr/bin/chromium", "/usr/bin/google-chrome", "/usr/bin/chromium-browser"];

/// The browser and the folder of packages, where all of it is installed.
fn installed() -> Option<(&'static str, PathBuf)> {
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/npm/node_modules");
    for package in ["playwright-core", "axe-core"] {
        if !modules.join(package).exists() {
            eprintln!("skipped: {package} is not installed; .ci/run does that");
            return None;
        }
    }
    let found = CHROMIUM.into_iter().find(|path| Path::new(path).exists());
    if found.is_none() {
        eprintln!("skipped: there is no Chromium here");
    }
    Some((found?, modules))
}

/// A promotion to prod that waits for its checklist alone, since staging is healthy; its values are markup.
async fn waiting() -> (Scene, String, u64) {
    let scene = with_health().await;
    scene.github.add_person(crate::support::scene::REPO, "mona", "write");
    let commit = merge(&scene, scene.open()[0]).await;
    scene.status(&commit, "argocd/staging", "success").await;
    scene.work().await;
    let number = scene.open()[0];
    (scene, commit, number)
}

#[tokio::test]
async fn a_person_signs_in_finds_what_waits_and_sees_it_change() {
    let Some((chromium, modules)) = installed() else { return };
    let (scene, commit, number) = waiting().await;
    let pages = Pages::of(scene).await;
    let items = open_items(&pages.scene.body(number));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/person.mjs");
    let mut person = Command::new("node")
        .arg(script)
        .args([format!("http://{}", pages.address), TOKEN.to_owned()])
        .arg(modules)
        .arg(chromium)
        .arg(std::env::var("WINDOWS").as_deref().unwrap_or("two"))
        .args(std::env::var_os("PICTURES"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut answers = person.stdin.take().unwrap();
    let (says, mut said) = mpsc::unbounded_channel();
    let lines = BufReader::new(person.stdout.take().unwrap()).lines();
    std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| says.send(line)));
    let (mut faults, mut asked, mut has_ended) = (Vec::new(), 0, false);
    while let Some(line) = said.recv().await {
        match line.strip_prefix("do ") {
            Some(what) => {
                asked += 1;
                let scene = &pages.scene;
                scene.now.fetch_add(1_000, Ordering::SeqCst);
                match what {
                    "tick" => tick(scene, number, &items, true).await,
                    "untick" => tick(scene, number, &items, false).await,
                    state => scene.status(&commit, "argocd/staging", state).await,
                }
                scene.work().await;
                answers.write_all(b"done\n").unwrap();
            }
            None if line == "end" => has_ended = true,
            None => {
                eprintln!("{line}");
                faults.push(line);
            }
        }
    }
    person.wait().unwrap();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(has_ended && asked >= 6, "{asked} things happened");
}

/// The open items of a checklist, without their boxes.
fn open_items(body: &str) -> Vec<String> {
    body.lines().filter_map(|line| line.strip_prefix("- [ ] ")).map(str::to_owned).collect()
}

async fn tick(scene: &Scene, number: u64, items: &[String], ticked: bool) {
    for item in items {
        scene.tick(number, "mona", item, ticked).await;
    }
}
