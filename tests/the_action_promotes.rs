//! The Action, run with a runner's variables against the stand-in for GitHub.

use std::collections::BTreeMap;
use std::path::Path;

use super::support::github::{GithubStandIn, endpoint};
use super::support::runner::Runner;
use super::support::scene::{FILES, RATE_PATH, REPO, copying, rate};
use super::support::{KUSTOMIZE, Repo, Run, istio_config, kubectl_kustomize};

/// A repository on the stand-in and a checkout of it.
struct Step {
    github: GithubStandIn,
    checkout: Repo,
    runner: Runner,
}

impl Step {
    async fn new() -> Self {
        let github = GithubStandIn::start().await;
        // Production lacks from the first commit on what staging has: files are copied all the same.
        let (mut files, copying) = (FILES, copying());
        files[0].1 = &copying;
        github.add_repository(REPO, &files);
        let token = github.add_person(REPO, "github-actions", "write");
        let checkout = Repo::new(&files);
        let mut runner = Runner::new(REPO, &github.api_url(), checkout.root());
        runner.inputs(&[("source", "staging"), ("target", "prod"), ("token", &token)]);
        Self { github, checkout, runner }
    }

    /// Runs the Action while the stand-in answers.
    fn run(&self) -> Run {
        tokio::task::block_in_place(|| self.runner.action())
    }

    #[track_caller]
    fn outputs(&self) -> BTreeMap<String, String> {
        let run = self.run();
        assert_eq!(run.code, 0, "{run:#?}");
        self.runner.outputs()
    }

    fn change_staging(&self, value: &str) {
        let path = RATE_PATH.replace("dev", "staging");
        self.github.commit(REPO, "main", "mona", &[(&path, &rate(value))]);
        self.checkout.write(&path, &rate(value));
        self.checkout.commit("change");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn opens_updates_and_closes_one_pull_request() {
    let step = Step::new().await;
    let outputs = step.outputs();
    let names: Vec<&str> = outputs.keys().map(String::as_str).collect();
    let mut expected = overlift::rooms::action::OUTPUTS;
    expected.sort_unstable();
    assert_eq!(names, expected);
    assert_eq!(outputs["changed"], "true");
    assert_eq!(outputs["pull-request-operation"], "created");
    assert_eq!(outputs["pull-request-number"], "1");
    assert_eq!(outputs["pull-request-branch"], "promote/staging-to-prod");
    let head = step.github.world().repo(REPO).branches["promote/staging-to-prod"].clone();
    assert_eq!(outputs["pull-request-head-sha"], head);
    assert!(outputs["pull-request-url"].ends_with("/octo/mesh/pull/1"), "{outputs:?}");
    let body = std::fs::read_to_string(&outputs["body-file"]).unwrap();
    assert_eq!(body, step.github.world().repo(REPO).pulls[&1].body);
    let summary = step.runner.summary();
    assert!(summary.contains(&body) && summary.contains("/pull/1>"), "{summary}");

    let first = outputs["plan-id"].clone();
    let again = step.outputs();
    assert_eq!(
        (&again["pull-request-operation"], &again["plan-id"]),
        (&"unchanged".into(), &first)
    );

    step.change_staging("9");
    let updated = step.outputs();
    assert_eq!(updated["pull-request-operation"], "updated");
    assert_ne!(updated["plan-id"], first);
    let diff = std::fs::read_to_string(&updated["diff-file"]).unwrap();
    assert!(diff.contains("+  rate: \"9\""), "{diff}");

    // Production gets it by hand: nothing is left.
    let prod = [
        ("overlays/prod/kustomization.yaml", FILES[6].1),
        ("overlays/prod/patches/rate.yaml", &rate("9")),
    ];
    step.github.commit(REPO, "main", "mona", &prod);
    let closed = step.outputs();
    assert_eq!(
        (closed["pull-request-operation"].as_str(), closed["changed"].as_str()),
        ("closed", "false")
    );
    let nothing = step.outputs();
    assert_eq!(nothing["pull-request-operation"], "none");
    assert_eq!(nothing["pull-request-number"], "");
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_what_the_command_plans() {
    let mut step = Step::new().await;
    let json = step.checkout.overlift(&["plan", "staging", "prod", "--json"]).ok();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    step.runner.inputs(&[("dry-run", "true")]);
    let dry = step.outputs();
    assert_eq!(step.github.request_count(), 0, "a dry run asks nobody");
    step.runner.inputs(&[("dry-run", "false")]);
    let wet = step.outputs();
    assert_eq!(json["planId"], dry["plan-id"]);
    assert_eq!(json["planId"], wet["plan-id"]);
    assert_eq!(dry["pull-request-operation"], "none");
    assert_eq!(
        std::fs::read(&dry["diff-file"]).unwrap(),
        std::fs::read(&wet["diff-file"]).unwrap()
    );
}

/// With `fetch-depth: 1`, without any checkout, and with local edits that are not committed.
#[tokio::test(flavor = "multi_thread")]
async fn works_from_whatever_is_checked_out() {
    let mut step = Step::new().await;
    step.checkout.write("overlays/staging/patches/rate.yaml", &rate("666"));
    let parent = tempfile::tempdir().unwrap();
    let shallow = parent.path().join("shallow");
    let origin = format!("file://{}", step.checkout.root().display());
    step.checkout.git(&["clone", "-q", "--depth=1", &origin, shallow.to_str().unwrap()]);
    let mut ids = Vec::new();
    for workspace in [step.checkout.root(), &shallow, parent.path()] {
        step.runner.set("GITHUB_WORKSPACE", workspace.to_str().unwrap());
        ids.push(step.outputs()["plan-id"].clone());
    }
    assert_eq!(ids[0], ids[1]);
    assert_eq!(ids[0], ids[2]);
    let patch = step
        .github
        .world()
        .repo(REPO)
        .file("promote/staging-to-prod", "overlays/prod/patches/rate.yaml");
    assert_eq!(patch.unwrap(), rate("5"));
}

/// What was promoted last is in the history, which a shallow checkout lacks.
#[tokio::test(flavor = "multi_thread")]
async fn pruning_needs_a_history_or_a_token() {
    let mut step = Step::new().await;
    let config = format!("{}promotion:\n  prune: removed\n", FILES[0].1);
    let change = [(".github/overlift.yaml", config.as_str())];
    step.github.commit(REPO, "main", "mona", &change);
    step.checkout.write(change[0].0, change[0].1);
    step.checkout.commit("prune");
    let parent = tempfile::tempdir().unwrap();
    let shallow = parent.path().join("shallow");
    let origin = format!("file://{}", step.checkout.root().display());
    step.checkout.git(&["clone", "-q", "--depth=1", &origin, shallow.to_str().unwrap()]);
    step.runner.set("GITHUB_WORKSPACE", shallow.to_str().unwrap());
    step.runner.inputs(&[("dry-run", "true")]);
    assert_eq!(step.outputs()["changed"], "true");
    assert_eq!(step.github.writes(), "");
    step.runner.inputs(&[("token", "")]);
    let run = step.run();
    assert_eq!(run.code, 2, "{run:#?}");
    assert!(run.stdout.contains("`fetch-depth: 0`"), "{run:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_runners_kustomize_builds_if_the_workflow_says_so() {
    if kubectl_kustomize(&istio_config().join("base")).is_none() {
        return;
    }
    let mut step = Step::new().await;
    let ours = step.outputs()["plan-id"].clone();
    let path = step.checkout.program("kustomize", KUSTOMIZE);
    step.runner.set("PATH", &path).inputs(&[("engine", "kustomize")]);
    let theirs = step.outputs();
    assert_eq!((&theirs["plan-id"], theirs["pull-request-number"].as_str()), (&ours, "1"));
    let body = std::fs::read_to_string(&theirs["body-file"]).unwrap();
    assert!(body.contains("overlift plan staging prod --engine kustomize"), "{body}");

    let nowhere = tempfile::tempdir().unwrap();
    step.runner.set("GITHUB_WORKSPACE", nowhere.path().to_str().unwrap());
    let run = step.run();
    assert_eq!(run.code, 2, "{run:#?}");
    assert!(run.stdout.contains("actions/checkout"), "{run:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_of_the_workflow_counts() {
    let mut step = Step::new().await;
    let config = FILES[0].1.replace(
        "environments",
        "pullRequest:\n  branch: lift/{{ source }}-{{ target }}\nenvironments",
    );
    step.checkout.write("ci/overlift.yaml", &config);
    step.runner.inputs(&[("config", "ci/overlift.yaml")]);
    assert_eq!(step.outputs()["pull-request-branch"], "lift/staging-prod");
    step.checkout.write("ci/overlift.yaml", "version: 1\nenvironment: []\n");
    let run = step.run();
    assert_eq!(run.code, 2);
    assert!(
        run.stdout.contains("::error title=Overlift,file=ci/overlift.yaml,line=2,col=1::"),
        "{run:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_broken_is_annotated_at_its_line() {
    let step = Step::new().await;
    let broken = "resources: [../../base]\npatches:\n- path: patches/gone.yaml\n";
    step.github.commit(REPO, "main", "mona", &[("overlays/staging/kustomization.yaml", broken)]);
    let run = step.run();
    assert_eq!(run.code, 2, "{run:#?}");
    let annotation =
        "::error title=Overlift,file=overlays/staging/kustomization.yaml,line=3,col=3::";
    assert!(run.stdout.contains(annotation), "{run:#?}");
    assert!(step.runner.summary().contains("patches/gone.yaml"));
    assert!(step.runner.outputs().is_empty());
}

/// Commands in manifests are text: between `stop-commands` and its token the runner obeys nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn manifests_command_nobody() {
    let step = Step::new().await;
    let hostile = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: limits\ndata:\n  rate: |\n    \
                   ::add-path::/evil\n    ::set-output name=changed::no\n    ##[error]x\n";
    step.github.commit(REPO, "main", "mona", &[("overlays/staging/patches/rate.yaml", hostile)]);
    let run = step.run();
    assert_eq!(run.code, 0, "{run:#?}");
    assert!(run.stdout.contains("::add-path::/evil"), "the diff shows it");
    for line in obeyed(&run.stdout) {
        let known = ["::add-mask::", "::group::", "::endgroup::", "::debug::"];
        assert!(known.iter().any(|known| line.starts_with(known)), "{line}");
    }
    assert_eq!(step.runner.outputs()["changed"], "true");
}

/// The lines that the runner takes for commands (actions/runner, ActionCommandManager).
fn obeyed(log: &str) -> Vec<&str> {
    let mut resume: Option<String> = None;
    let mut obeyed = Vec::new();
    for line in log.lines().map(str::trim_start) {
        if let Some(token) = &resume {
            if line == format!("::{token}::") {
                resume = None;
            }
        } else if let Some(token) = line.strip_prefix("::stop-commands::") {
            resume = Some(token.to_owned());
        } else if line.starts_with("::") || line.contains("##[") {
            obeyed.push(line);
        }
    }
    assert_eq!(resume, None, "commands are obeyed again at the end");
    obeyed
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_shows_nowhere_but_in_its_mask() {
    let step = Step::new().await;
    let run = step.run();
    let token = "ghp_standingithub-actions0123456789";
    assert!(run.stdout.starts_with(&format!("::add-mask::{token}\n")), "{}", run.stdout);
    let rest = run.stdout.replacen(token, "", 1) + &run.stderr + &step.runner.summary();
    assert!(!rest.contains(token), "{rest}");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_github_say_what_to_change() {
    for (fault, words) in [
        ("Resource not accessible by integration", "`contents: write` and `pull-requests: write`"),
        (
            "GitHub Actions is not permitted to create or approve pull requests.",
            "Allow GitHub Actions to create",
        ),
    ] {
        let step = Step::new().await;
        let body = serde_json::json!({ "message": fault }).to_string();
        step.github.next(endpoint::CREATE_PULL).answers(403, &[], &body);
        let run = step.run();
        assert_eq!(run.code, 2, "{run:#?}");
        assert!(
            run.stdout.contains("::error title=Overlift::could not open the pull request"),
            "{run:#?}"
        );
        assert!(run.stdout.contains(words), "{run:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_pull_request_is_announced() {
    let mut step = Step::new().await;
    step.runner.set("OVERLIFT_DEFAULT_TOKEN", "true");
    let run = step.run();
    assert!(run.stdout.contains(
        "::notice title=Overlift::The pull request was opened with the workflow's own token"
    ));
    assert!(!step.run().stdout.contains("::notice"), "once, where it is opened");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_branches_and_strangers_promote_nothing() {
    let mut step = Step::new().await;
    step.runner.set("GITHUB_REF", "refs/heads/topic");
    assert!(step.run().stdout.contains("default branch `main`"));
    step.runner.set("GITHUB_REF", "refs/heads/main");
    step.runner.event("pull_request_target", r#"{"pull_request":{"merged":false}}"#);
    assert!(step.run().stdout.contains("nobody without write access"));
    step.runner.event("pull_request", r#"{"pull_request":{"merged":false}}"#);
    assert!(step.run().stdout.contains("not merged"));
    assert_eq!(step.github.writes(), "");
    step.runner.inputs(&[("dry-run", "true")]);
    assert_eq!(step.outputs()["changed"], "true", "anybody may see a plan");
}

/// GitHub's own examples of events, which `.ci/run` installs.
#[tokio::test(flavor = "multi_thread")]
async fn runs_on_every_example_of_an_event() {
    let installed = "target/npm/node_modules/@octokit/webhooks-examples/api.github.com/index.json";
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join(installed);
    let Ok(text) = std::fs::read(&installed) else {
        eprintln!("skipped: {} is not installed; .ci/run does that", installed.display());
        return;
    };
    let groups: Vec<serde_json::Value> = serde_json::from_slice(&text).unwrap();
    let mut step = Step::new().await;
    for (name, code) in [
        ("workflow_dispatch", 0),
        ("repository_dispatch", 0),
        ("push", 0),
        ("release", 2),
        ("pull_request", 2),
        ("issue_comment", 2),
    ] {
        let group = groups.iter().find(|group| group["name"] == name).unwrap();
        step.runner.event(name, &group["examples"][0].to_string());
        let run = step.run();
        assert_eq!(run.code, code, "{name}: {run:#?}");
    }
    assert_eq!(step.github.world().repo(REPO).pulls.len(), 1);
}

#[test]
fn a_run_without_a_runner_says_what_is_missing() {
    let workspace = tempfile::tempdir().unwrap();
    let runner = Runner::new(REPO, "http://127.0.0.1:9", workspace.path());
    let run = runner.action();
    assert_eq!(run.code, 2);
    assert!(
        run.stdout.contains("::error title=Overlift::the input `source` is required"),
        "{run:#?}"
    );
}

/// On a pull request the step shows what it does to each environment, and promotes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_is_previewed() {
    let repo = Repo::istio_config();
    let base = repo.git(&["rev-parse", "HEAD"]);
    let path = "overlays/staging/patches/frontend-timeouts.yaml";
    let gateway = repo.read(path).replace("spec:\n", "spec:\n  gateways: [istio-system/nowhere]\n");
    repo.write(path, &gateway);
    repo.commit("a gateway that is not there");
    let mut runner = Runner::new(REPO, "http://127.0.0.1:9", repo.root());
    let event =
        format!(r#"{{"pull_request":{{"merged":false,"base":{{"sha":"{}"}}}}}}"#, base.trim());
    runner.event("pull_request", &event);
    let run = runner.action();
    assert_eq!(run.code, 2, "{run:#?}");
    assert!(run.stdout.contains("::error title=IST0101"), "{run:#?}");
    assert!(run.stdout.contains("the pull request brings 1 error"), "{run:#?}");
    runner.inputs(&[("fail-on", "never")]);
    assert_eq!(runner.action().code, 0);
    let elsewhere = event.replace(base.trim(), &"0".repeat(40));
    runner.event("pull_request", &elsewhere);
    assert!(runner.action().stdout.contains("fetch-depth: 0"));
}

/// What the gates find new is annotated; a workflow can look at it without opening the pull request.
#[tokio::test(flavor = "multi_thread")]
async fn findings_are_annotated_at_their_lines() {
    let repo = Repo::istio_config();
    let path = "overlays/staging/patches/frontend-timeouts.yaml";
    let gateway = repo.read(path).replace("spec:\n", "spec:\n  gateways: [istio-system/nowhere]\n");
    repo.write(path, &gateway);
    repo.commit("a gateway that is not there");
    let mut runner = Runner::new(REPO, "http://127.0.0.1:9", repo.root());
    let inputs = [("source", "staging"), ("target", "production"), ("dry-run", "true")];
    runner.inputs(&inputs);
    let run = runner.action();
    // A new error fails the step, once its work is done.
    assert_eq!(run.code, 2, "{run:#?}");
    assert!(run.stdout.contains("the promotion brings 1 error and"), "{run:#?}");
    runner.inputs(&[inputs.as_slice(), &[("fail-on", "never")]].concat());
    let run = runner.action();
    assert_eq!(run.code, 0, "{run:#?}");
    assert!(run.stdout.contains("new-errors: 1"), "{run:#?}");
    let validated = repo.overlift(&["plan", "staging", "production", "--json"]).ok();
    let json: serde_json::Value = serde_json::from_str(&validated).unwrap();
    let findings = json["findings"].as_array().unwrap();
    let new: Vec<_> = findings.iter().filter(|it| it["new"] == true).collect();
    assert!(!new.is_empty(), "{validated}");
    let annotated = run.stdout.lines().any(|line| {
        line.starts_with("::error title=IST0101")
            && line.contains("overlays/")
            && line.contains("nowhere")
    });
    assert!(annotated, "{new:#?}\n{run:#?}");
}
