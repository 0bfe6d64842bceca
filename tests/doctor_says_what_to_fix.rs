//! `overlift doctor` and `overlift healthcheck`, for whoever runs the service.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::support::github::{APP_ID, APP_KEY, GithubStandIn, endpoint};
use super::support::scene::{FILES, REPO, Scene};
use super::support::{Run, run};

const SECRET: &str = "a-secret-of-the-webhook";

/// A set-up of the service with an App.
struct Setup {
    github: GithubStandIn,
    dir: tempfile::TempDir,
}

impl Setup {
    async fn new() -> Self {
        let github = GithubStandIn::start().await;
        github.add_repository(REPO, &FILES);
        github.install_app(7, &[REPO]);
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("key.pem"), APP_KEY).unwrap();
        Self { github, dir }
    }

    /// Runs the doctor with variables in place of the usual ones; an empty value is none.
    fn run(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Run {
        let mut command = overlift(self.dir.path(), arguments);
        command
            .env("OVERLIFT_WEBHOOK_SECRET", SECRET)
            .env("OVERLIFT_APP_ID", APP_ID)
            .env("OVERLIFT_APP_PRIVATE_KEY_FILE", "key.pem")
            .env("GITHUB_API_URL", self.github.api_url());
        for (name, value) in variables {
            match *value {
                "" => command.env_remove(name),
                value => command.env(name, value),
            };
        }
        tokio::task::block_in_place(|| run(&mut command))
    }

    /// What is not as it should be, as `health subject: found`, and the exit code.
    fn faults(&self, variables: &[(&str, &str)], arguments: &[&str]) -> (Vec<String>, i32) {
        let arguments = [&["doctor", "--json"], arguments].concat();
        let run = self.run(variables, &arguments);
        let all: Vec<Value> =
            serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:#?}"));
        let bad = all.iter().filter(|it| it["health"] != "ok");
        let text = |it: &Value| {
            let word = |key: &str| it[key].as_str().unwrap_or_default().to_owned();
            format!("{} {}: {}", word("health"), word("subject"), word("found"))
        };
        (bad.map(text).collect(), run.code)
    }
}

fn overlift(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_overlift"));
    command.args(arguments).current_dir(dir).env_clear();
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_set_up_has_nothing_to_fix() {
    let setup = Setup::new().await;
    let run = setup.run(&[], &["doctor"]);
    assert_eq!(run.code, 0, "{run:#?}");
    assert!(!run.stdout.contains("help"), "{}", run.stdout);
    for line in [
        "ok       settings: complete, the webhook's secret is set\n",
        "ok       database: can be written\n",
        "ok       GitHub App: `overlift`, the key is valid\n",
        "ok       the App's permissions: sufficient\n",
        "ok       events: all are subscribed\n",
        "ok       webhook: `https://overlift.example.com/webhook`, signed JSON\n",
        "ok       installation at octo: sufficient\n",
        "ok       octo/mesh: reached, configured by .github/overlift.yaml: dev, staging, prod\n",
    ] {
        assert!(run.stdout.contains(line), "{line:?} is not in\n{}", run.stdout);
    }
    assert_eq!(setup.github.writes(), "", "nothing was changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_the_settings_come_together() {
    let setup = Setup::new().await;
    let variables =
        [("OVERLIFT_WEBHOOK_SECRET", ""), ("OVERLIFT_APP_PRIVATE_KEY_FILE", "gone.pem")];
    let (faults, code) = setup.faults(&variables, &[]);
    assert_eq!(code, 1);
    assert_eq!(faults.len(), 2, "{faults:#?}");
    assert!(faults[0].contains("OVERLIFT_WEBHOOK_SECRET is not set"), "{faults:#?}");
    assert!(faults[1].contains("gone.pem"), "{faults:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_takes_no_writes_is_found() {
    let setup = Setup::new().await;
    let url = [("OVERLIFT_DATABASE_URL", "sqlite:///nowhere/overlift.db?mode=rwc")];
    let (faults, code) = setup.faults(&url, &[]);
    assert_eq!((faults.len(), code), (1, 1), "{faults:#?}");
    assert!(faults[0].starts_with("broken database: "), "{faults:#?}");
    setup.run(&[], &["doctor"]).ok();
    let read_only = [("OVERLIFT_DATABASE_URL", "sqlite://overlift.db?mode=ro")];
    let (faults, code) = setup.faults(&read_only, &[]);
    assert_eq!((faults.len(), code), (1, 1), "{faults:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_was_set_up_half_is_found() {
    let setup = Setup::new().await;
    {
        let mut world = setup.github.world();
        let app = world.app.as_mut().unwrap();
        app.permissions.insert("contents".into(), "read".into());
        app.permissions.remove("checks");
        app.events.remove("push");
        app.webhook["secret"] = Value::Null;
        app.webhook["content_type"] = "form".into();
        app.webhook["url"] = "https://overlift.example.com/".into();
    }
    let (faults, code) = setup.faults(&[], &[]);
    assert_eq!(code, 1);
    for start in [
        "broken the App's permissions: `contents: write` is missing",
        "warning the App's permissions: `checks: write` is missing",
        "broken events: not subscribed: push",
        "broken webhook: there is no secret",
        "broken webhook: the content type",
        "broken webhook: the address does not end in `/webhook`",
    ] {
        assert!(
            faults.iter().any(|fault| fault.starts_with(start)),
            "{start} is not in {faults:#?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_waits_for_a_check_for_ever_is_found() {
    let setup = Setup::new().await;
    {
        let mut world = setup.github.world();
        let repo = world.repo_mut("octo/mesh");
        (repo.merge_queue, repo.queue_in_rules) = (Some(Vec::new()), true);
    }
    assert_eq!(setup.faults(&[], &[]), (Vec::new(), 0), "no check of ours is required");
    let required = vec!["Overlift / prod".to_owned()];
    setup.github.world().repo_mut("octo/mesh").ruleset_checks = required;
    let (faults, code) = setup.faults(&[], &[]);
    assert_eq!((faults.len(), code), (1, 1), "{faults:#?}");
    assert!(faults[0].contains("does not hear of the queue"), "{faults:#?}");
    setup.github.world().app.as_mut().unwrap().events.insert("merge_group".into());
    assert_eq!(setup.faults(&[], &[]), (Vec::new(), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_account_did_not_grant_is_found() {
    let setup = Setup::new().await;
    setup.github.world().installations.get_mut(&7).unwrap().lacks.insert("pull_requests".into());
    let (faults, _) = setup.faults(&[], &[]);
    assert_eq!(faults.len(), 1, "{faults:#?}");
    assert!(faults[0].starts_with("broken installation at octo: `pull_requests: write`"));
    let (faults, _) = setup.faults(&[], &["--repo", "octo/another"]);
    assert!(
        faults.contains(&"broken octo/another: the App is not installed on `octo/another`".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_or_id_is_found() {
    let setup = Setup::new().await;
    let (faults, code) = setup.faults(&[("OVERLIFT_APP_ID", "999")], &[]);
    assert_eq!((faults.len(), code), (1, 1), "{faults:#?}");
    assert!(faults[0].starts_with("broken GitHub App: "), "{faults:#?}");
    std::fs::write(setup.dir.path().join("key.pem"), "no key\n").unwrap();
    let (faults, _) = setup.faults(&[], &[]);
    assert!(faults[0].starts_with("broken credential: "), "{faults:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_and_a_broken_configuration_are_found() {
    let setup = Setup::new().await;
    let reader = setup.github.add_person(REPO, "rita", "read");
    let writer = setup.github.add_person(REPO, "mona", "write");
    let with = |token| {
        [("GITHUB_TOKEN", token), ("OVERLIFT_APP_ID", ""), ("OVERLIFT_APP_PRIVATE_KEY_FILE", "")]
    };
    let (faults, _) = setup.faults(&with(&reader), &["--repo", REPO]);
    assert_eq!(faults, ["broken octo/mesh: the token may not push"]);
    let broken = (".github/overlift.yaml", "version: 1\nenvironment: []\n");
    setup.github.commit(REPO, "main", "mona", &[broken]);
    let (faults, code) = setup.faults(&with(&writer), &["--repo", REPO]);
    assert_eq!((faults.len(), code), (1, 1), "{faults:#?}");
    assert!(faults[0].contains(".github/overlift.yaml:2:1"), "{faults:#?}");
    let run = setup.run(&with(&writer), &["doctor", "--repo", REPO]);
    assert!(!(run.stdout + &run.stderr).contains(&writer));
    let (faults, code) = setup.faults(&with(&writer), &[]);
    assert_eq!(
        (faults.as_slice(), code),
        (&["warning repositories: none was looked at".to_owned()][..], 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_service_says_that_it_is_well() {
    let scene = Scene::new().await;
    let listen = scene.address().to_string();
    let dir = tempfile::tempdir().unwrap();
    let ask = |listen: &str, arguments: &[&str]| {
        let arguments = [&["healthcheck"], arguments].concat();
        let mut command = overlift(dir.path(), &arguments);
        command.env("OVERLIFT_LISTEN", listen);
        tokio::task::block_in_place(|| run(&mut command))
    };
    assert_eq!(ask(&listen, &[]).code, 0);
    let everywhere = listen.replace("127.0.0.1", "0.0.0.0");
    assert_eq!(ask(&everywhere, &[]).code, 0, "all interfaces are reached by this machine's own");
    // The scene has no workers of its own.
    let run = ask(&listen, &["--ready"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("/readyz answers 503"), "{run:#?}");
    assert_eq!(ask("127.0.0.1:9", &[]).code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_asked_about() {
    let setup = Setup::new().await;
    let token = setup.github.add_person(REPO, "ann", "write");
    let with = |token: &'static str| {
        [("OVERLIFT_APP_ID", ""), ("OVERLIFT_APP_PRIVATE_KEY_FILE", ""), ("GITHUB_TOKEN", token)]
    };
    let good = [with("")[0], with("")[1], ("GITHUB_TOKEN", &*token)];
    let (faults, code) = setup.faults(&good, &["--repo", REPO]);
    assert_eq!((faults.as_slice(), code), (&[][..], 0));
    let (faults, code) = setup.faults(&with("ghp_bogus"), &[]);
    assert_eq!(code, 1);
    assert!(
        faults[0].starts_with("broken token: ") && faults[0].contains("credential"),
        "{faults:?}"
    );
    let mut nowhere = with("ghp_bogus").to_vec();
    nowhere.push(("GITHUB_API_URL", "http://127.0.0.1:9"));
    let (faults, code) = setup.faults(&nowhere, &[]);
    assert_eq!(code, 1);
    assert!(faults[0].contains("no connection to 127.0.0.1:9"), "{faults:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_token_lacks_is_told_one_by_one() {
    let setup = Setup::new().await;
    let token = setup.github.add_person(REPO, "ann", "write");
    let lacks = r#"{"message":"Resource not accessible by personal access token"}"#;
    for endpoint in [endpoint::LIST_PULLS, endpoint::GET_STATUS, endpoint::LIST_DEPLOYMENTS] {
        setup.github.next(endpoint).answers(403, &[], lacks);
    }
    let with =
        [("GITHUB_TOKEN", &*token), ("OVERLIFT_APP_ID", ""), ("OVERLIFT_APP_PRIVATE_KEY_FILE", "")];
    let (faults, code) = setup.faults(&with, &["--repo", REPO]);
    let starts = [
        "broken octo/mesh: `pull_requests: write` is missing, to open",
        "warning octo/mesh: `statuses: read` is missing, to hear",
        "warning octo/mesh: `deployments: write` is missing, to hear",
    ];
    assert_eq!((faults.len(), code), (3, 1), "{faults:#?}");
    for (fault, start) in faults.iter().zip(starts) {
        assert!(fault.starts_with(start), "{fault}");
    }
    assert_eq!(setup.github.writes(), "", "nothing was written to find out");
}
