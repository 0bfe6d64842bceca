//! What the pages say is true: commands run, configuration is valid, links lead somewhere, tables are
//! the program's own.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use overlift::rooms::config::RepositoryConfig;
use overlift::rooms::model::{FileTree, RepoPath};
use serde_json::Value;

use super::support::{KUSTOMIZE, Repo, istio_config, kubectl_kustomize, overlift_command, run};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page, by its path from the root.
fn pages() -> BTreeMap<PathBuf, String> {
    let mut found = vec![root().join("README.md"), root().join("SECURITY.md")];
    let mut folders = vec![root().join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "md") {
                found.push(path);
            }
        }
    }
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        (path.strip_prefix(root()).unwrap().to_path_buf(), text)
    };
    found.into_iter().map(read).collect()
}

/// A fenced block of a page.
struct Block {
    page: PathBuf,
    line: usize,
    language: String,
    text: String,
}

/// The blocks of a page; a fence of more than three backticks quotes a page within the page.
fn blocks(page: &Path, text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<(String, Block)> = None;
    for (number, line) in text.lines().enumerate() {
        let ticks = line.len() - line.trim_start_matches('`').len();
        match &mut open {
            None if ticks >= 3 => {
                let language = line[ticks..].trim().to_owned();
                let block = Block {
                    page: page.to_owned(),
                    line: number + 1,
                    language,
                    text: String::new(),
                };
                open = Some(("`".repeat(ticks), block));
            }
            Some((fence, _)) if line == fence => found.extend(open.take().map(|(_, block)| block)),
            Some((_, block)) => block.text += &format!("{line}\n"),
            None => {}
        }
    }
    assert!(open.is_none(), "{}: a block is not closed", page.display());
    found
}

fn all_blocks(languages: &[&str]) -> Vec<Block> {
    let pages = pages();
    let all = pages.iter().flat_map(|(page, text)| blocks(page, text));
    all.filter(|block| languages.contains(&block.language.as_str())).collect()
}

/// The commands of a shell block, continued lines joined, comments gone.
fn commands(block: &Block) -> Vec<String> {
    let joined = block.text.replace("\\\n", " ");
    let lines = joined.lines().map(|line| line.split(" #").next().unwrap().trim().to_owned());
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

#[test]
fn every_block_has_a_language_that_is_checked() {
    let checked = ["sh", "yaml", "json", "text", "diff", "rust", "md"];
    for (page, text) in pages() {
        for block in blocks(&page, &text) {
            let language = block.language.split(' ').next().unwrap();
            assert!(checked.contains(&language), "{}:{}: `{language}`", page.display(), block.line);
        }
    }
}

#[test]
fn shell_blocks_are_shell() {
    for block in all_blocks(&["sh"]) {
        let mut bash = Command::new("bash");
        let result = run(bash.args(["-n", "-c", &block.text]));
        assert_eq!(result.code, 0, "{}:{}: {result:#?}", block.page.display(), block.line);
    }
}

const CUSTOM_RESOURCE: &str = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  \
     name: limits.example.com\nspec:\n  group: example.com\n  names: {kind: Limit, plural: limits}\n  scope: Namespaced\n  \
     versions:\n  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}\n";

/// Commands that need neither a network nor a second terminal are run, in a copy of the fixture; of the others
/// the arguments are checked.
#[test]
fn every_command_of_overlift_runs() {
    let mut ran = 0;
    let has_kubectl = kubectl_kustomize(&istio_config().join("base")).is_some();
    for block in all_blocks(&["sh"]) {
        for command in commands(&block) {
            let Some(arguments) = command.strip_prefix("overlift ") else { continue };
            let place = format!("{}:{}: {command}", block.page.display(), block.line);
            let words: Vec<&str> = arguments.split_whitespace().collect();
            let words: Vec<&str> =
                words.split(|word| ["|", ">", "&", "&&"].contains(word)).next().unwrap().into();
            let offline =
                ["build", "completions", "init", "man", "plan", "schema", "status", "validate"];
            let writes = words[0] == "promote"
                && !words.contains(&"--repo")
                && words.iter().any(|it| ["--local", "--commit", "--dry-run"].contains(it));
            let can_build = !words.contains(&"kustomize") || has_kubectl;
            let arguments: Vec<&str> = if can_build && (offline.contains(&words[0]) || writes) {
                words
            } else {
                [words.as_slice(), &["--help"]].concat()
            };
            let repo = Repo::istio_config();
            // What a user has: a tag, a remote, and for `init` no configuration yet.
            repo.git(&["tag", "v1.4"]);
            repo.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
            fs::create_dir_all(repo.path("man")).unwrap();
            repo.write(
                "manifests/limits.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: limits\n",
            );
            repo.write("crds.yaml", CUSTOM_RESOURCE);
            if arguments[0] == "init" {
                fs::remove_file(repo.path(".github/overlift.yaml")).unwrap();
            }
            let path = repo.program("kustomize", KUSTOMIZE);
            let result = run(overlift_command(repo.root(), &arguments).env("PATH", path));
            let wanted: &[i32] = if arguments[0] == "validate" { &[0, 1] } else { &[0] };
            assert!(wanted.contains(&result.code), "{place}\n{result:#?}");
            ran += 1;
        }
    }
    assert!(ran > 20, "the pages have commands");
}

/// Of commands of others: files that they name are there.
#[test]
fn files_that_commands_name_are_there() {
    for block in all_blocks(&["sh"]) {
        for word in commands(&block).iter().flat_map(|line| line.split_whitespace()) {
            let ours = ["deploy/", "docs/", "fixtures/", "benches/", ".ci/"];
            if ours.iter().any(|folder| word.starts_with(folder)) {
                assert!(
                    root().join(word).exists(),
                    "{}:{}: {word}",
                    block.page.display(),
                    block.line
                );
            }
        }
    }
}

#[test]
fn yaml_and_json_are_valid_and_configurations_are_accepted() {
    let mut configurations = 0;
    for block in all_blocks(&["yaml", "json"]) {
        let place = format!("{}:{}", block.page.display(), block.line);
        if block.language == "json" {
            serde_json::from_str::<Value>(&block.text)
                .unwrap_or_else(|error| panic!("{place}: {error}"));
            continue;
        }
        let value: serde_yaml::Value =
            serde_yaml::from_str(&block.text).unwrap_or_else(|error| panic!("{place}: {error}"));
        if value.get("version").and_then(serde_yaml::Value::as_u64) == Some(1) {
            let path = RepoPath::parse(".github/overlift.yaml").unwrap();
            RepositoryConfig::parse(&block.text, &path, &fixture())
                .unwrap_or_else(|error| panic!("{place}: {error}"));
            configurations += 1;
        }
    }
    assert!(configurations >= 3);
}

/// The fixture's overlays, for configurations without environments.
fn fixture() -> FileTree {
    let overlays = ["development", "staging", "production"];
    let file = |name: &str| format!("overlays/{name}/kustomization.yaml");
    FileTree::of(overlays.map(|name| (file(name), "resources: []\n"))).unwrap()
}

/// The name that GitHub gives to a heading's anchor.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().trim().to_lowercase().replace(' ', "-")
}

fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#'))).collect()
}

/// The repository has more packages with programs than ours (`fuzz`), of which cargo asks to name one.
#[test]
fn who_builds_from_git_names_the_package() {
    let mut told = 0;
    for file in ["README.md", "docs/start.md", "install.sh", "action/bring"] {
        let text = fs::read_to_string(root().join(file)).unwrap();
        for line in text.lines().filter(|line| line.contains("cargo install --locked --git")) {
            let (_, arguments) = line.split_once("overlift/overlift").unwrap();
            let names = |word: &str| word.trim_matches(['"', ')', ';']) == "overlift";
            assert!(arguments.split_whitespace().any(names), "{file}: {line}");
            told += 1;
        }
    }
    assert_eq!(told, 4);
}

#[test]
fn links_lead_somewhere() {
    for (page, text) in pages() {
        let mut prose = text.clone();
        for block in blocks(&page, &text) {
            prose = prose.replace(&block.text, "");
        }
        for link in prose.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (file, section) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => root().join(&page),
                file => root().join(&page).parent().unwrap().join(file),
            };
            assert!(target.exists(), "{}: {link}", page.display());
            if !section.is_empty() {
                let found = anchors(&fs::read_to_string(&target).unwrap());
                assert!(found.contains(section), "{}: {link}: {found:?}", page.display());
            }
        }
    }
}

#[test]
fn every_page_is_in_the_index() {
    let index = &pages()[Path::new("docs/README.md")];
    for page in pages().keys().filter(|page| page.starts_with("docs")) {
        let name = page.strip_prefix("docs").unwrap().to_str().unwrap();
        let known = name == "README.md" || index.contains(&format!("]({name})"));
        let reached = pages().values().any(|text| text.contains(&format!("]({name})")));
        assert!(known || reached, "{name} is in no index");
    }
}

/// `overlift schema --markdown > docs/configuration.md`
#[test]
fn the_configuration_reference_is_current() {
    let repo = Repo::without_git(&[]);
    let page = repo.overlift(&["schema", "--markdown"]).ok();
    let kept = &pages()[Path::new("docs/configuration.md")];
    assert!(page == *kept, "run .ci/generated\n{page}");
    // What `$id` names, and the first line of what `overlift init` proposes.
    let schema = repo.overlift(&["schema"]).ok();
    let published = fs::read_to_string(root().join("docs/overlift.schema.json")).unwrap();
    assert!(schema == published, "run .ci/generated");
    let id: Value = serde_json::from_str(&schema).unwrap();
    let id = id["$id"].as_str().unwrap();
    assert!(id.ends_with("/main/docs/overlift.schema.json"), "{id}");
    let proposed = Repo::istio_config().overlift(&["init", "--dry-run"]).ok();
    assert!(proposed.starts_with(&format!("# yaml-language-server: $schema={id}\n")), "{proposed}");
}

/// `overlift plan staging production --body` in a copy of the fixture outside git.
#[test]
fn the_pull_request_that_is_shown_is_the_one_that_is_written() {
    let repo = Repo::without_git(&[]);
    super::support::copy(&super::support::istio_config(), repo.root());
    let body = repo.overlift(&["plan", "staging", "production", "--body"]).ok();
    let page = &pages()[Path::new("docs/pull-request.md")];
    let shown = page.split_once("\n---\n\n").unwrap().1;
    assert!(shown == body, "run .ci/generated\n{body}");
}

/// The cells of the table below a heading, row by row.
fn table(page: &str, heading: &str) -> Vec<Vec<String>> {
    let text = &pages()[Path::new(page)];
    let section = text.split(&format!("## {heading}\n")).nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| ")).skip(2);
    let cells = |row: &str| {
        let row = row.trim_matches('|').replace('`', "");
        row.split(" | ").map(|cell| cell.trim().to_owned()).collect()
    };
    rows.map(cells).collect()
}

fn column(page: &str, heading: &str, number: usize) -> Vec<String> {
    table(page, heading).into_iter().map(|row| row[number].clone()).collect()
}

#[test]
fn the_actions_tables_are_action_yml() {
    let text = fs::read_to_string(root().join("action.yml")).unwrap();
    let action: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
    for (heading, key) in [("Inputs", "inputs"), ("Outputs", "outputs")] {
        let names = action[key].as_mapping().unwrap().keys();
        let names: Vec<&str> = names.map(|name| name.as_str().unwrap()).collect();
        assert_eq!(column("docs/action.md", heading, 0), names);
    }
}

#[test]
fn the_apps_permissions_are_told_and_least() {
    let manifest = fs::read_to_string(root().join("deploy/github-app-manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let mut permissions: Vec<Vec<String>> = Vec::new();
    for needed in overlift::rooms::app::PERMISSIONS {
        assert_eq!(manifest["default_permissions"][needed.name], needed.level);
        let without = needed.without.unwrap_or("nothing works");
        let row = [needed.name, needed.level, needed.reason, without];
        permissions.push(row.map(|cell| cell.replace('`', "")).to_vec());
    }
    assert_eq!(manifest["default_permissions"].as_object().unwrap().len(), permissions.len());
    assert_eq!(table("docs/github-app.md", "Permissions"), permissions);
    let events: Vec<Vec<String>> = overlift::rooms::app::EVENTS
        .iter()
        .map(|(name, reason)| vec![(*name).to_owned(), reason.replace('`', "")])
        .collect();
    assert_eq!(table("docs/github-app.md", "Events"), events);
    let names: Vec<&str> = overlift::rooms::app::EVENTS.iter().map(|(name, _)| *name).collect();
    assert_eq!(manifest["default_events"], serde_json::json!(names));
}

#[test]
fn the_settings_of_the_service_are_told() {
    let repo = Repo::without_git(&[]);
    let help = repo.overlift(&["serve", "--help"]).ok();
    let told: BTreeSet<String> = column("docs/operating.md", "Settings", 0)
        .iter()
        .flat_map(|cell| cell.split(", ").map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let variables: BTreeSet<String> = help
        .split("[env: ")
        .skip(1)
        .map(|rest| rest.split(['=', ']']).next().unwrap().to_owned())
        .collect();
    assert_eq!(told, variables);
}

/// Names of metrics in a text: a word that begins as ours do.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let names = text
        .match_indices("overlift_")
        .map(|(at, _)| text[at..].chars().take_while(|c| part(*c)).collect::<String>());
    names.map(|name| name.trim_end_matches("_bucket").to_owned()).collect()
}

#[test]
fn dashboard_and_alerts_use_metrics_that_there_are() {
    let exported = metrics_in(&fs::read_to_string(root().join("src/telemetry/metric.rs")).unwrap());
    let told: BTreeSet<String> =
        column("docs/operating.md", "Metrics and alerts", 0).into_iter().collect();
    assert_eq!(told, exported);
    let monitoring = root().join("deploy/monitoring");
    let dashboard = fs::read_to_string(monitoring.join("grafana-dashboard.json")).unwrap();
    serde_json::from_str::<Value>(&dashboard).unwrap();
    let alerts = fs::read_to_string(monitoring.join("alerts.yaml")).unwrap();
    serde_yaml::from_str::<serde_yaml::Value>(&alerts).unwrap();
    for text in [&dashboard, &alerts] {
        let used = metrics_in(text);
        assert!(!used.is_empty());
        assert!(used.is_subset(&exported), "{used:?}");
    }
    assert_eq!(metrics_in(&dashboard), exported, "the dashboard shows all of them");
}

/// Without helm: each value that a template reads is one of `values.yaml`, each of those is read, blocks are
/// closed, and what selects pods is on them.
#[test]
fn the_chart_agrees_with_its_values() {
    fn paths(value: &serde_yaml::Value, at: &str, found: &mut BTreeSet<String>) {
        match value.as_mapping() {
            Some(mapping) if !mapping.is_empty() => {
                for (key, value) in mapping {
                    paths(value, &format!("{at}.{}", key.as_str().unwrap()), found);
                }
            }
            _ => drop(found.insert(at.to_owned())),
        }
    }
    let chart = root().join("deploy/chart");
    let read = |name: &str| fs::read_to_string(chart.join(name)).unwrap();
    let mut values = BTreeSet::new();
    paths(&serde_yaml::from_str(&read("values.yaml")).unwrap(), ".Values", &mut values);
    serde_json::from_str::<Value>(&read("values.schema.json")).unwrap();
    assert!(read("Chart.yaml").contains(&format!("appVersion: {}\n", env!("CARGO_PKG_VERSION"))));
    let part = |c: char| c.is_ascii_alphanumeric() || c == '.';
    let mut used = BTreeSet::new();
    for entry in fs::read_dir(chart.join("templates")).unwrap() {
        let name = entry.unwrap().path();
        let text = fs::read_to_string(&name).unwrap();
        let actions: Vec<&str> =
            text.split("{{").skip(1).map(|rest| rest.split("}}").next().unwrap()).collect();
        assert_eq!(actions.len(), text.matches("}}").count(), "{}", name.display());
        let words = actions.iter().map(|it| it.trim_matches(['-', ' ']).split(' ').next().unwrap());
        let (mut open, mut closed) = (0, 0);
        for word in words {
            open += usize::from(["if", "with", "range", "define"].contains(&word));
            closed += usize::from(word == "end");
        }
        assert_eq!(open, closed, "{}", name.display());
        for (at, _) in text.match_indices(".Values.") {
            used.insert(text[at..].chars().take_while(|c| part(*c)).collect::<String>());
        }
    }
    let whole = |path: &String| {
        values.contains(path) || values.iter().any(|it| it.starts_with(&format!("{path}.")))
    };
    assert!(used.iter().all(whole), "{used:?} and {values:?}");
    let read_by =
        |value: &String| used.iter().any(|it| value == it || value.starts_with(&format!("{it}.")));
    assert!(values.iter().all(read_by), "{used:?} and {values:?}");
}

/// A budget without a selector protects nothing, and metrics are not where the internet comes in.
#[test]
fn what_selects_pods_selects_ours() {
    let repo = Repo::without_git(&[]);
    let dir = root().join("deploy/kubernetes/overlays/postgres");
    let built = repo.overlift(&["build", dir.to_str().unwrap()]).ok();
    let documents: Vec<serde_yaml::Value> = serde_yaml::Deserializer::from_str(&built)
        .map(|it| serde::Deserialize::deserialize(it).unwrap())
        .collect();
    let of = |kind: &str| documents.iter().find(|it| it["kind"] == kind).unwrap();
    let deployment = of("Deployment");
    assert_eq!(deployment["spec"]["replicas"], 2);
    let labels = &deployment["spec"]["template"]["metadata"]["labels"];
    let selectors = [
        &of("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        &of("NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
        &of("Service")["spec"]["selector"],
    ];
    for selector in selectors {
        let selector = selector.as_mapping().expect("a selector");
        assert!(!selector.is_empty());
        assert!(selector.iter().all(|(key, value)| labels[key] == *value), "{selector:?}");
    }
    assert!(built.contains("name: OVERLIFT_METRICS_LISTEN\n          value: 0.0.0.0:9090"));
    for component in ["ingress", "service-monitor"] {
        let path = format!("components/{component}/{component}.yaml");
        let text = fs::read_to_string(root().join("deploy/kubernetes").join(path)).unwrap();
        serde_yaml::from_str::<serde_yaml::Value>(&text).unwrap();
    }
}

/// Several replicas tell the same of what they share: a sum would count it several times.
#[test]
fn what_replicas_share_is_not_added_up() {
    let monitoring = root().join("deploy/monitoring");
    for file in ["alerts.yaml", "grafana-dashboard.json"] {
        let text = fs::read_to_string(monitoring.join(file)).unwrap();
        for line in text.lines().filter(|line| line.contains("expr")) {
            let shared =
                ["overlift_jobs{", "overlift_jobs)", "overlift_queue_age", "rate_remaining"];
            let shared = shared.iter().any(|name| line.contains(name));
            assert!(!(shared && line.contains("sum")), "{file}: {line}");
        }
    }
}

/// The manifests are built by ourselves, and as kubectl builds them.
#[test]
fn the_manifests_of_the_service_build() {
    let repo = Repo::without_git(&[]);
    for overlay in ["sqlite", "postgres"] {
        let dir = root().join("deploy/kubernetes/overlays").join(overlay);
        let ours = repo.overlift(&["build", dir.to_str().unwrap()]).ok();
        if let Some(theirs) = super::support::kubectl_kustomize(&dir) {
            assert_eq!(ours, theirs, "{overlay}");
        }
        let documents = serde_yaml::Deserializer::from_str(&ours);
        let kinds: Vec<String> = documents
            .map(|it| <serde_yaml::Value as serde::Deserialize>::deserialize(it).unwrap())
            .map(|it| it["kind"].as_str().unwrap().to_owned())
            .collect();
        assert!(kinds.contains(&"Deployment".to_owned()), "{kinds:?}");
        for line in [
            "readOnlyRootFilesystem: true",
            "runAsNonRoot: true",
            "allowPrivilegeEscalation: false",
        ] {
            assert!(ours.contains(line), "{overlay}: {line}");
        }
    }
}

#[test]
fn the_unit_is_one() {
    let unit = root().join("deploy/systemd/overlift.service");
    let Ok(output) = Command::new("systemd-analyze").arg("verify").arg(&unit).output() else {
        eprintln!("skipped: there is no systemd-analyze");
        return;
    };
    // The program and its manual are not installed where this is checked.
    let said = String::from_utf8(output.stderr).unwrap();
    let faults: Vec<&str> = said
        .lines()
        .filter(|line| !line.contains("is not executable") && !line.contains("man overlift(1)"))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}
