//! "I typed what `start.md` says": each command of the page, in its order, in each layout that we name.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::github::GithubStandIn;
use crate::support::{Repo, Run, run};

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)).unwrap()
}

/// The blocks of a language below the headings that begin with `##`, with their headings.
fn blocks(page: &str, language: &str) -> Vec<(String, String)> {
    let fence = format!("```{language}\n");
    let sections = page.split("\n## ").skip(1);
    let of = |section: &str| {
        let heading = section.lines().next().unwrap().to_owned();
        let blocks = section.split(fence.as_str()).skip(1);
        let text = |block: &str| block.split("```").next().unwrap().to_owned();
        blocks.map(|block| (heading.clone(), text(block))).collect::<Vec<_>>()
    };
    sections.flat_map(of).collect()
}

fn bash(script: &str, directory: &Path, github: &GithubStandIn) -> Run {
    let built = Path::new(env!("CARGO_BIN_EXE_overlift")).parent().unwrap();
    let path = format!("{}:{}", built.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("bash");
    command.args(["-eu", "-o", "pipefail", "-c", script]).current_dir(directory);
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "Ann");
        command.env(format!("GIT_{role}_EMAIL"), "ann@example.com");
    }
    for token in ["GITHUB_TOKEN", "GH_TOKEN", "HTTPS_PROXY", "HTTP_PROXY"] {
        command.env_remove(token);
    }
    let command = command.env("PATH", path).env("GITHUB_API_URL", github.api_url());
    run(command.env("OVERLIFT_SCHEMAS", "/nonexistent"))
}

const KUSTOMIZATION: &str = "resources: [deployment.yaml]\n";

fn deployment(image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 2\n  selector:\n    \
         matchLabels: {{app: web}}\n  template:\n    metadata:\n      labels: {{app: web}}\n    spec:\n      \
         containers:\n        - name: web\n          image: example.com/web:{image}\n"
    )
}

/// The files of a layout: what the page lists, each environment with something to deploy.
fn files(listed: &str, image: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for path in listed.lines() {
        let (folder, file) = path.rsplit_once('/').unwrap();
        if !matches!(file, "kustomization.yaml" | "deployment.yaml") {
            files.push((path.to_owned(), format!("image: {{tag: \"{image}\"}}\n")));
            continue;
        }
        if file == "kustomization.yaml" {
            files.push((path.to_owned(), KUSTOMIZATION.to_owned()));
        }
        files.push((format!("{folder}/deployment.yaml"), deployment(image)));
    }
    files
}

/// The target of the last promotion, by the page of layouts.
fn last_pair(listed: &str) -> (&'static str, &'static str) {
    let target = if listed.contains("prod-eu") { "prod-eu" } else { "production" };
    ("staging", target)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_start_page_leads_to_a_pull_request_in_each_layout() {
    let layouts = blocks(&page("layouts.md"), "text");
    assert_eq!(layouts.len(), 6);
    for (name, listed) in &layouts {
        newcomer(name, listed).await;
    }
}

/// Types the page in one layout.
async fn newcomer(name: &str, listed: &str) {
    let (source, target) = last_pair(listed);
    let first = files(listed, "1.0");
    let first: Vec<(&str, &str)> = first.iter().map(|(a, b)| (&**a, &**b)).collect();
    let github = GithubStandIn::start().await;
    github.add_repository("octo/mesh", &first);
    let token = github.add_person("octo/mesh", "ann", "write");
    let repo = Repo::new(&first);
    // A person changed the source, here and there.
    let changed: Vec<(String, String)> = files(listed, "1.1")
        .into_iter()
        .filter(|(path, _)| {
            path.split(['/', '-', '.']).any(|part| part == source)
                && !path.ends_with("kustomization.yaml")
        })
        .collect();
    for (path, text) in &changed {
        repo.write(path, text);
    }
    repo.commit("a newer image");
    let changed: Vec<(&str, &str)> = changed.iter().map(|(a, b)| (&**a, &**b)).collect();
    github.commit("octo/mesh", "main", "mona", &changed);
    // Pushing goes to a folder; the address is GitHub's.
    let origin = tempfile::tempdir().unwrap();
    let bare = origin.path().to_str().unwrap();
    repo.git(&["init", "--quiet", "--bare", bare]);
    repo.git(&["remote", "add", "origin", "https://github.com/octo/mesh.git"]);
    let instead = format!("url.{bare}.pushInsteadOf");
    repo.git(&["config", &instead, "https://github.com/octo/mesh.git"]);
    repo.git(&["config", "push.default", "current"]);

    for (heading, block) in blocks(&page("start.md"), "sh") {
        // What the tests' own build stands for.
        if heading.starts_with("1. Install") {
            assert!(block.starts_with("cargo install --locked"), "{block}");
            continue;
        }
        let block = block
            .replace("ghp_…", &token)
            .replace("staging production", &format!("{source} {target}"));
        let block = if block.contains("--local") {
            // The last two are alternatives; the first one's branch holds the promotion.
            block.lines().map(|line| format!("({line}\n)\n")).collect()
        } else {
            block
        };
        let result = bash(&block, repo.root(), &github);
        assert_eq!(result.code, 0, "{name}: {heading}: {block}{result:#?}");
        if block.contains("git push") {
            let text = repo.read(".github/overlift.yaml");
            github.commit("octo/mesh", "main", "ann", &[(".github/overlift.yaml", &text)]);
            let pushed =
                run(Command::new("git").args(["-C", bare, "log", "-1", "--format=%s", "--all"]))
                    .ok();
            assert_eq!(pushed, "Configure Overlift\n");
        }
        if block.contains("GITHUB_TOKEN") {
            assert!(result.stdout.contains("was opened"), "{name}: {result:#?}");
            assert!(result.stdout.contains("by its own `.github/overlift.yaml`"), "{result:#?}");
        }
    }
    assert!(!github.world().repo("octo/mesh").open_pulls().is_empty(), "{name}");
}

#[test]
fn the_configuration_of_each_layout_is_what_is_found_without_it() {
    let page = page("layouts.md");
    let (trees, configurations) = (blocks(&page, "text"), blocks(&page, "yaml"));
    assert_eq!(trees.len(), configurations.len());
    for ((name, listed), (of, configuration)) in trees.iter().zip(&configurations) {
        assert_eq!(name, of);
        let files = files(listed, "1.0");
        let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (&**a, &**b)).collect();
        let repo = Repo::new(&files);
        let found = repo.overlift(&["status"]).ok();
        repo.write(".github/overlift.yaml", configuration);
        repo.commit("configure");
        let configured = repo.overlift(&["status"]).ok();
        let names = |text: &str| -> Vec<String> {
            let known = [
                "development",
                "staging",
                "production",
                "prod-eu",
                "prod-us",
                "checkout",
                "search",
            ];
            known
                .iter()
                .filter(|name| text.contains(*name))
                .map(|name| (*name).to_owned())
                .collect()
        };
        assert_eq!(names(&configured), names(&found), "{name}\n{found}\n{configured}");
        assert!(names(&found).len() >= 2, "{name}: {found}");
    }
}

#[test]
fn the_keys_of_a_plan_are_those_of_the_page() {
    let page = page("json.md");
    let section = page.split("## A plan").nth(1).unwrap().split("\n## ").next().unwrap();
    let told: Vec<&str> =
        section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let plan = Repo::istio_config().overlift(&["plan", "staging", "production", "--json"]).ok();
    let plan: Value = serde_json::from_str(&plan).unwrap();
    let keys: Vec<&str> = plan.as_object().unwrap().keys().map(String::as_str).collect();
    let sorted = |mut list: Vec<&str>| {
        list.sort_unstable();
        list.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(sorted(told), sorted(keys));
}

#[test]
fn the_keys_of_a_preview_are_on_the_page() {
    let page = page("json.md");
    let section =
        page.split("## What a branch does").nth(1).unwrap().split("\n## ").next().unwrap();
    let repo = Repo::istio_config();
    let file = "overlays/production/kustomization.yaml";
    let text = repo.read(file);
    repo.write(file, &format!("{text}commonLabels: {{a: b}}\n"));
    let preview = repo.overlift(&["preview", "HEAD", "--json"]).ok();
    let preview: Value = serde_json::from_str(&preview).unwrap();
    let lists = preview.as_object().unwrap();
    let keys = lists["reached"][0].as_object().unwrap().keys().chain(lists.keys());
    for key in keys {
        assert!(section.contains(&format!("`{key}`")), "{key}");
    }
}

#[test]
fn the_hooks_of_pre_commit_run() {
    let hooks = Path::new(env!("CARGO_MANIFEST_DIR")).join(".pre-commit-hooks.yaml");
    let hooks: serde_yaml::Value =
        serde_yaml::from_str(&fs::read_to_string(hooks).unwrap()).unwrap();
    let repo = Repo::istio_config();
    for hook in hooks.as_sequence().unwrap() {
        let words: Vec<&str> = hook["entry"].as_str().unwrap().split(' ').collect();
        assert_eq!(words[0], "overlift");
        let run = repo.overlift(&words[1..]);
        assert!([0, 1].contains(&run.code), "{run:#?}");
    }
}
