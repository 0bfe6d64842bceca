//! "Staging's history decides what comes, and everybody reads the same history."

use std::cell::Cell;
use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::support::github::{endpoint, payloads};
use crate::support::runner::Runner;
use crate::support::scene::{REPO, Scene};
use crate::support::{Repo, overlift, run};

const CONFIG: &str = "version: 1\nenvironments:\n- name: staging\n  path: overlays/staging\n- name: \
                      production\n  path: overlays/production\n  trigger: push\n";
const KUSTOMIZATION: &str = "resources:\n- ../../base\npatches:\n- path: patches/limits.yaml\n";

fn limits(rate: &str, burst: &str, memory: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: limits\ndata:\n  rate: \"{rate}\"\n  \
         burst: \"{burst}\"\n  memory: \"{memory}\"\n"
    )
}

/// A repository whose history has what histories have.
struct History {
    repo: Repo,
    minute: Cell<u32>,
}

impl History {
    /// A branch that is merged late, what happened on main meanwhile, a squash of both environments, a
    /// new file, a hotfix.
    fn whole() -> Self {
        let base =
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: limits\ndata:\n  rate: \"1\"\n";
        let repo = Repo::without_git(&[
            (".github/overlift.yaml", CONFIG),
            ("base/kustomization.yaml", "resources: [config.yaml]\n"),
            ("base/config.yaml", base),
            ("overlays/staging/kustomization.yaml", KUSTOMIZATION),
            ("overlays/production/kustomization.yaml", KUSTOMIZATION),
        ]);
        let it = Self { repo, minute: Cell::new(10) };
        it.set("staging", &limits("5", "1", "64"));
        it.set("production", &limits("5", "1", "64"));
        it.git(&["init", "-q", "-b", "main"]);
        it.commit("first");
        it.git(&["checkout", "-q", "-b", "feature"]);
        it.set("staging", &limits("6", "1", "64"));
        it.commit("a higher rate");
        it.git(&["checkout", "-q", "main"]);
        it.set("staging", &limits("5", "2", "64"));
        it.commit("more bursts");
        it.set("production", &limits("5", "2", "64"));
        it.commit("more bursts in production");
        it.set("staging", &limits("5", "1", "64"));
        it.commit("no bursts after all");
        it.git(&["merge", "-q", "--no-ff", "-m", "Merge the feature", "feature"]);
        it.set("staging", &limits("7", "1", "64"));
        it.repo.write("overlays/production/notes.txt", "on call: mona\n");
        it.commit("two at once (#12)");
        it.repo.write("overlays/staging/patches/more.yaml", &limits("7", "1", "64"));
        let two = format!("{KUSTOMIZATION}- path: patches/more.yaml\n");
        it.repo.write("overlays/staging/kustomization.yaml", &two);
        it.commit("one more patch");
        it.set("production", &limits("5", "2", "512"));
        it.commit("hotfix: more memory");
        it.set("staging", &limits("7", "1", "128"));
        it.commit("a little more memory");
        it
    }

    fn set(&self, environment: &str, limits: &str) {
        self.repo.write(&format!("overlays/{environment}/patches/limits.yaml"), limits);
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
    }

    fn git(&self, arguments: &[&str]) {
        let date = format!("2026-01-05T10:{}:00Z", self.minute.replace(self.minute.get() + 1));
        let mut command = Command::new("git");
        command.arg("-C").arg(self.repo.root()).args(arguments);
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Ann Author");
            command.env(format!("GIT_{who}_EMAIL"), "ann@example.com");
            command.env(format!("GIT_{who}_DATE"), &date);
        }
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
        run(&mut command).ok();
    }

    /// Adds commits as `git fast-import` takes them.
    fn import(&self, stream: &str) {
        let mut command = Command::new("git");
        command.arg("-C").arg(self.repo.root()).args(["fast-import", "--quiet"]);
        let mut import = command.stdin(Stdio::piped()).spawn().unwrap();
        import.stdin.take().unwrap().write_all(stream.as_bytes()).unwrap();
        assert!(import.wait().unwrap().success());
        self.git(&["reset", "-q", "--hard", "main"]);
    }

    fn head(&self) -> String {
        let mut command = Command::new("git");
        run(command.arg("-C").arg(self.repo.root()).args(["rev-parse", "HEAD"]))
            .ok()
            .trim()
            .to_owned()
    }

    fn plan(&self) -> serde_json::Value {
        let plan = self.repo.overlift(&["plan", "staging", "production", "--json"]).ok();
        serde_json::from_str(&plan).unwrap()
    }
}

/// The plan that the newest commit of the promotion carries out.
fn carried_out(scene: &Scene) -> String {
    let world = scene.github.world();
    let message = world.repo(REPO).head("promote/staging-to-production").message;
    let id = message.lines().find_map(|line| line.strip_prefix("Overlift-Plan: "));
    id.unwrap_or_else(|| panic!("{message}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_the_service_and_the_action_plan_the_same_changes() {
    let history = History::whole();
    let plan = history.plan();
    let id = plan["planId"].as_str().unwrap();
    let files = plan["files"].as_str().unwrap();
    for expected in ["+  rate: \"7\"", "patches/more.yaml"] {
        assert!(files.contains(expected), "{expected}:\n{files}");
    }
    assert!(!files.contains("-  memory"), "the hotfix stays:\n{files}");

    let scene = Scene::with_files(&[]).await;
    scene.github.adopt(REPO, history.repo.root());
    let ask = payloads::workflow_dispatch(&scene.github.world(), REPO, "staging", "production");
    assert_eq!(scene.deliver("workflow_dispatch", &ask).await, 202);
    scene.drain().await;
    assert_eq!(carried_out(&scene), id);
    let requests = scene.github.requested();
    assert!(requests.len() < 50, "a cold history costs {}: {requests:?}", requests.len());

    let token = scene.github.add_person(REPO, "github-actions", "write");
    let shallow = history.repo.path("../shallow");
    let origin = format!("file://{}", history.repo.root().display());
    run(Command::new("git").args(["clone", "-q", "--depth=1", &origin]).arg(&shallow)).ok();
    for (workspace, by_api) in [(history.repo.root(), false), (shallow.as_path(), true)] {
        let mut runner = Runner::new(REPO, &scene.github.api_url(), workspace);
        runner.inputs(&[
            ("source", "staging"),
            ("target", "production"),
            ("token", &token),
            ("dry-run", "true"),
        ]);
        scene.github.forget_requests();
        let run = tokio::task::block_in_place(|| runner.action());
        assert_eq!(run.code, 0, "{run:#?}");
        assert_eq!(runner.outputs()["plan-id"], id, "{}", workspace.display());
        assert_eq!(scene.github.requested().contains(&endpoint::LIST_COMMITS), by_api);
    }
    let refused = overlift(&shallow, &["plan", "staging", "production"]);
    assert_eq!(refused.code, 2, "{refused:#?}");
    for words in ["`fetch-depth: 0`", "`git fetch --unshallow`"] {
        assert!(refused.stderr.contains(words), "{}", refused.stderr);
    }
}

/// The rates that production's patch gets by the plan.
fn comes(files: &str) -> Vec<&str> {
    files.lines().filter(|line| line.starts_with("+  ")).collect()
}

/// A squash merge takes a contributor's text over, and anybody can write trailers: the same commits without them say
/// the same.
#[tokio::test(flavor = "multi_thread")]
async fn trailers_of_a_commit_that_is_no_promotion_steer_nothing() {
    let (history, plain) = (History::whole(), History::whole());
    let head = history.head();
    let claim = format!(
        "Tidy up (#13)\n\nOverlift-Plan: {}\nOverlift-Source: staging@{head}\nOverlift-Target: production",
        "a".repeat(64)
    );
    for (file, text) in [
        ("README.md", "tidy\n".to_owned()),
        ("overlays/staging/notes.txt", "tidy\n".to_owned()),
        ("overlays/production/notes.txt", "on call: lisa\n".to_owned()),
        ("overlays/production/patches/limits.yaml", limits("5", "2", "1024")),
    ] {
        history.repo.write(file, &text);
        history.commit(&claim);
        plain.repo.write(file, &text);
        plain.commit("Tidy up (#13)");
        let (files, want) = (history.plan(), plain.plan());
        let (got, want) = (files["files"].as_str().unwrap(), want["files"].as_str().unwrap());
        assert_eq!(comes(got), comes(want), "{file}");
    }
    let plan = history.plan();
    let scene = Scene::with_files(&[]).await;
    scene.github.adopt(REPO, history.repo.root());
    scene.push_event(None).await;
    scene.drain().await;
    assert_eq!(carried_out(&scene), plan["planId"].as_str().unwrap());
}

/// A promotion that is one counts by whatever way it was merged, for the clone and for the service.
#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_settles_what_it_left_by_whatever_way_it_was_merged() {
    for way in ["squash", "merge", "rebase"] {
        let history = History::whole();
        let committed = history.repo.overlift(&["promote", "staging", "production", "--commit"]);
        assert_eq!(committed.code, 0, "{committed:#?}");
        let branch = "promote/staging-to-production";
        match way {
            "merge" => history.git(&["merge", "-q", "--no-ff", "-m", "Merge #14", branch]),
            "rebase" => {
                history.git(&["commit", "-q", "--allow-empty", "-m", "meanwhile"]);
                history.git(&["cherry-pick", branch]);
            }
            _ => {
                history.git(&["merge", "-q", "--squash", branch]);
                history.git(&["commit", "-q", "-C", branch]);
            }
        }
        // An own value of production's that staging has again: settled, as the promotion left it.
        let plan = history.plan();
        assert_eq!(plan["edits"].as_array().unwrap().len(), 0, "{way}: {plan:#}");
        let scene = Scene::with_files(&[]).await;
        scene.github.adopt(REPO, history.repo.root());
        scene.push_event(None).await;
        scene.drain().await;
        assert!(scene.open().is_empty(), "{way}");
        history.set("staging", &limits("8", "1", "128"));
        history.commit("a higher rate");
        let before = scene.head("main");
        scene.github.adopt(REPO, history.repo.root());
        scene.push_event(Some(&before)).await;
        scene.drain().await;
        let plan = history.plan();
        assert_eq!(carried_out(&scene), plan["planId"].as_str().unwrap(), "{way}");
    }
}

/// What came since is added without a question; a merge costs one.
#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_is_known_is_read_on() {
    let history = History::whole();
    let scene = Scene::with_files(&[]).await;
    scene.github.adopt(REPO, history.repo.root());
    scene.push_event(None).await;
    scene.drain().await;
    assert_eq!(carried_out(&scene), history.plan()["planId"].as_str().unwrap());

    let push = async |lists: usize| {
        let before = scene.head("main");
        scene.github.forget_requests();
        scene.github.adopt(REPO, history.repo.root());
        scene.push_event(Some(&before)).await;
        scene.drain().await;
        assert_eq!(carried_out(&scene), history.plan()["planId"].as_str().unwrap());
        let requested = scene.github.requested();
        let asked = requested.iter().filter(|it| **it == endpoint::LIST_COMMITS).count();
        assert_eq!(asked, lists, "{requested:?}");
    };
    history.set("staging", &limits("8", "1", "128"));
    history.commit("a higher rate still");
    push(0).await;

    history.git(&["checkout", "-q", "-b", "another"]);
    history.set("staging", &limits("9", "1", "128"));
    history.commit("nine");
    history.set("staging", &limits("10", "1", "128"));
    history.commit("ten");
    history.git(&["checkout", "-q", "main"]);
    history.git(&["merge", "-q", "--no-ff", "-m", "Merge another", "another"]);
    push(1).await;
}

/// Somebody's own copy takes in what others pushed: what was pulled is the branch, whoever touched what meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_pull_is_no_decision_of_who_pulled() {
    let history = History::whole();
    let pull = |others: &dyn Fn(), own: &dyn Fn()| {
        history.git(&["checkout", "-q", "-b", "copy"]);
        own();
        history.git(&["checkout", "-q", "main"]);
        others();
        history.git(&["checkout", "-q", "copy"]);
        let message = "Merge branch 'main' of github.com:acme/config";
        history.git(&["merge", "-q", "--no-ff", "-m", message, "main"]);
        history.git(&["checkout", "-q", "-B", "main"]);
        history.git(&["branch", "-q", "-D", "copy"]);
    };
    let readme = |text: &str| {
        history.repo.write("README.md", text);
        history.commit("words");
    };
    let others = |old: &str, new: &str| {
        history.set("production", &limits(old, "2", "512"));
        history.commit("the rate that staging has");
        history.set("staging", &limits(new, "1", "128"));
        history.commit("a higher rate");
    };
    pull(&|| others("7", "9"), &|| readme("one\n"));
    // By the merge both got their rates at once.
    let plan = history.plan();
    let files = plan["files"].as_str().unwrap();
    assert!(files.contains("-  rate: \"7\"\n+  rate: \"9\""), "{files}");

    let more = |burst: &str| {
        history.repo.write("overlays/staging/burst.txt", burst);
        history.commit("bursts");
    };
    pull(&|| readme("two\n"), &|| more("1\n"));
    pull(&|| others("9", "11"), &|| more("2\n"));
    pull(&|| more("3\n"), &|| others("11", "3"));
    others("3", "4");
    let scene = Scene::with_files(&[]).await;
    scene.github.adopt(REPO, history.repo.root());
    scene.push_event(None).await;
    scene.drain().await;
    assert_eq!(carried_out(&scene), history.plan()["planId"].as_str().unwrap());
    // What is known is read on.
    for (old, new) in [("4", "5"), ("5", "6")] {
        let before = scene.head("main");
        pull(&|| others(old, new), &|| readme(new));
        scene.github.adopt(REPO, history.repo.root());
        scene.push_event(Some(&before)).await;
        scene.drain().await;
        assert_eq!(carried_out(&scene), history.plan()["planId"].as_str().unwrap());
    }
}

/// A value that staging got long ago, before more commits than are told apart, comes all the same.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_long_comes() {
    let history = History::whole();
    history.set("production", &limits("7", "2", "512"));
    history.commit("the rate that staging has");
    history.set("staging", &limits("8", "1", "128"));
    history.commit("a higher rate");
    let mut stream = String::new();
    for n in 0..450 {
        let from = if n == 0 { "from refs/heads/main^0\n" } else { "" };
        let file = if n == 100 { "production/notes.txt" } else { "staging/notes.txt" };
        // From half past ten on that day.
        let (text, date) = (format!("{n}\n"), 1_767_609_000 + n);
        let length = text.len();
        stream += &format!(
            "commit refs/heads/main\ncommitter A <a@example.com> {date} +0000\ndata 1\nm\n{from}\
             M 100644 inline overlays/{file}\ndata {length}\n{text}\n"
        );
    }
    history.import(&stream);
    history.minute.set(45);
    let plan = history.plan();
    let files = plan["files"].as_str().unwrap();
    assert!(files.contains("-  rate: \"7\"\n+  rate: \"8\""), "{files}");
    assert!(!files.contains("-  memory"), "the hotfix stays:\n{files}");
    let scene = Scene::with_files(&[]).await;
    scene.github.adopt(REPO, history.repo.root());
    scene.push_event(None).await;
    scene.drain().await;
    assert_eq!(carried_out(&scene), plan["planId"].as_str().unwrap());
    for text in ["one\n", "two\n"] {
        let before = scene.head("main");
        history.repo.write("overlays/production/notes.txt", text);
        history.commit("a note");
        history.repo.write("overlays/staging/more.txt", text);
        history.commit("another note");
        scene.github.adopt(REPO, history.repo.root());
        scene.push_event(Some(&before)).await;
        scene.drain().await;
        assert_eq!(carried_out(&scene), history.plan()["planId"].as_str().unwrap());
    }
}

/// Staging changes; production has its own word for some of it, and none for the rest.
#[test]
fn what_names_the_source_comes_in_the_targets_words_or_stays_away() {
    let kustomization = |environment: &str, more: &str| {
        format!(
            "namespace: shop-{environment}\nresources:\n- ../../base\n{more}patches:\n- path: config.yaml\n"
        )
    };
    let config = |name: &str, data: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n{data}")
    };
    let repo = Repo::without_git(&[
        ("base/kustomization.yaml", "resources: [config.yaml]\n"),
        ("base/config.yaml", &config("config", "  url: none\n")),
        ("overlays/staging/kustomization.yaml", &kustomization("staging", "")),
        ("overlays/staging/config.yaml", &config("config", "  url: https://staging.shop.io/a\n")),
        ("overlays/production/kustomization.yaml", &kustomization("production", "")),
        ("overlays/production/config.yaml", &config("config", "  url: https://shop.io/a\n")),
    ]);
    let it = History { repo, minute: Cell::new(10) };
    it.git(&["init", "-q", "-b", "main"]);
    it.commit("first");
    let data = "  url: https://staging.shop.io/a\n  queue: https://staging.shop.io/queue\n  \
                owner: shop-staging\n  bucket: /staging\n";
    it.repo.write("overlays/staging/config.yaml", &config("config", data));
    it.repo.write("overlays/staging/extra.yaml", &config("extra", "  path: /staging\n"));
    it.repo
        .write("overlays/staging/kustomization.yaml", &kustomization("staging", "- extra.yaml\n"));
    it.commit("a queue");
    let plan = it.plan();
    let files = plan["files"].as_str().unwrap();
    for comes in ["+  queue: https://shop.io/queue", "+  owner: shop-production"] {
        assert!(files.contains(comes), "{comes}:\n{files}");
    }
    for stays in ["bucket", "extra.yaml", "staging.shop.io"] {
        assert!(!files.contains(stays), "{stays}:\n{files}");
    }
    let because = "names the source (`staging`), and nothing tells what production says instead";
    let differences = plan["differences"].as_array().unwrap();
    let told = differences.iter().filter(|it| it["because"] == because).count();
    assert_eq!(told, 3, "{differences:#?}");
}

/// Staging says something of development, and has what is QA's: neither is production's business.
#[test]
fn what_names_a_third_environment_stays_away() {
    let config = |name: &str, data: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n{data}")
    };
    let kustomization = |more: &str| format!("resources:\n- config.yaml\n{more}");
    let of_config = format!("{CONFIG}- name: development\n  path: overlays/development\n");
    let repo = Repo::without_git(&[(".github/overlift.yaml", &of_config)]);
    let it = History { repo, minute: Cell::new(10) };
    for environment in ["development", "staging", "production"] {
        let folder = format!("overlays/{environment}");
        it.repo.write(&format!("{folder}/kustomization.yaml"), &kustomization(""));
        it.repo.write(&format!("{folder}/config.yaml"), &config("config", "  rate: \"1\"\n"));
    }
    let known = "  rate: \"1\"\n  registry: r.development.shop.io\n";
    it.repo.write("overlays/production/notes.yaml", &config("notes", known));
    it.git(&["init", "-q", "-b", "main"]);
    it.commit("first");
    let data = "  rate: \"2\"\n  api: https://api.dev.shop.io\n  image: r.development.shop.io\n";
    it.repo.write("overlays/staging/config.yaml", &config("config", data));
    it.repo.write("overlays/staging/search-qa/kustomization.yaml", "resources: [search.yaml]\n");
    it.repo.write("overlays/staging/search-qa/search.yaml", &config("search", "  size: \"1\"\n"));
    it.repo.write("overlays/staging/kustomization.yaml", &kustomization("- search-qa\n"));
    it.commit("development's api, and a search for QA");
    let plan = it.plan();
    let files = plan["files"].as_str().unwrap();
    // Production's own files name `development` in one place.
    for comes in ["+  rate: \"2\"", "+  image: r.development.shop.io"] {
        assert!(files.contains(comes), "{comes}:\n{files}");
    }
    for stays in ["api.dev.shop.io", "search-qa"] {
        assert!(!files.contains(stays), "{stays}:\n{files}");
    }
    let because = |name| {
        format!("names an environment that is neither (`{name}`), and production names it nowhere")
    };
    let differences = plan["differences"].as_array().unwrap();
    let told = |name| differences.iter().filter(|it| it["because"] == because(name)).count();
    assert_eq!((told("dev"), told("qa")), (1, 3), "{differences:#?}");
}

/// Staging tried something and took it out again; its file is still there.
#[test]
fn what_the_source_names_no_more_stays_away() {
    let history = History::whole();
    let kustomization = "overlays/staging/kustomization.yaml";
    let tried = format!("{KUSTOMIZATION}- path: patches/more.yaml\n- path: patches/tried.yaml\n");
    history.repo.write(kustomization, &tried);
    history.repo.write("overlays/staging/patches/tried.yaml", &limits("7", "1", "1"));
    history.repo.write("overlays/staging/words.txt", "never named\n");
    history.commit("a trial");
    history.repo.write(kustomization, &tried.replace("- path: patches/tried.yaml\n", ""));
    history.commit("no trial any more");
    let plan = history.plan();
    let files = plan["files"].as_str().unwrap();
    assert!(files.contains("never named") && files.contains("patches/more.yaml"), "{files}");
    assert!(!files.contains("tried.yaml"), "{files}");
    let differences = plan["differences"].as_array().unwrap();
    let told = |it: &&serde_json::Value| it["because"] == "nothing in the source names it any more";
    assert_eq!(differences.iter().filter(told).count(), 1, "{differences:#?}");
}
