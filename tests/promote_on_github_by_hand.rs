//! "I have a token and no server: the command opens the pull request for me."

use std::path::Path;

use crate::support::github::{GithubStandIn, endpoint};
use crate::support::scene::{FILES, RATE_PATH, REPO, rate};
use crate::support::{Repo, Run, overlift_command, run};

struct Desk {
    github: GithubStandIn,
    token: String,
}

impl Desk {
    /// The repository of the scenes, with something to promote.
    async fn new() -> Self {
        let github = GithubStandIn::start().await;
        github.add_repository(REPO, &FILES);
        let token = github.add_person(REPO, "ann", "write");
        github.commit(REPO, "main", "mona", &[(RATE_PATH, &rate("6"))]);
        Self { github, token }
    }

    async fn overlift(&self, directory: &Path, arguments: &[&str]) -> Run {
        let mut command = overlift_command(directory, arguments);
        command.env("GITHUB_API_URL", self.github.api_url()).env("GH_TOKEN", &self.token);
        tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap()
    }

    async fn promote(&self) -> String {
        let arguments = ["promote", "dev", "staging", "--repo", REPO];
        self.overlift(Path::new("/"), &arguments).await.ok()
    }

    fn open(&self) -> Vec<u64> {
        self.github.world().repo(REPO).open_pulls().iter().map(|pull| pull.number).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_opens_one_pull_request_and_keeps_it_up_to_date() {
    let desk = Desk::new().await;
    let said = desk.promote().await;
    let [number] = desk.open()[..] else { panic!("{said}") };
    assert!(said.contains(&format!("Pull request #{number} was opened.")), "{said}");
    let branch = "promote/dev-to-staging";
    let path = "overlays/staging/patches/rate.yaml";
    assert_eq!(desk.github.world().repo(REPO).file(branch, path), Some(rate("6")));

    let writes = desk.github.writes();
    let said = desk.promote().await;
    assert!(said.contains("shows this promotion already"), "{said}");
    assert_eq!(desk.github.writes(), writes);

    // The default branch moves on and the plan is the same.
    desk.github.commit(REPO, "main", "mona", &[("README.md", "more\n")]);
    let said = desk.promote().await;
    assert!(said.contains("shows this promotion already"), "{said}");
    assert_eq!(desk.github.writes(), writes);

    desk.github.commit(REPO, "main", "mona", &[(RATE_PATH, &rate("7"))]);
    let said = desk.promote().await;
    assert!(said.contains(&format!("#{number} was brought up to date")), "{said}");
    assert_eq!(desk.github.world().repo(REPO).file(branch, path), Some(rate("7")));

    desk.github.commit(REPO, "main", "mona", &[(RATE_PATH, &rate("5"))]);
    let said = desk.promote().await;
    assert!(said.contains(&format!("#{number} was closed")), "{said}");
    assert!(desk.open().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_remote_of_a_checkout_tells_the_repository() {
    let desk = Desk::new().await;
    let repo = Repo::new(&FILES);
    repo.write(RATE_PATH, &rate("6"));
    repo.commit("rate");
    repo.git(&["remote", "add", "origin", "git@github.com:octo/mesh.git"]);
    let arguments = ["promote", "dev", "staging", "--dry-run"];
    desk.overlift(repo.root(), &arguments).await.ok();
    assert_eq!(desk.github.writes(), "");

    desk.github.forget_requests();
    let said = desk.overlift(repo.root(), &arguments[..3]).await.ok();
    assert!(said.contains("was opened"), "{said}");
    assert_eq!(repo.git(&["status", "--porcelain"]), "", "the checkout is left alone");
    let requested = desk.github.requested();
    let fetched = [endpoint::GET_BLOB, endpoint::GET_TARBALL];
    assert!(!requested.iter().any(|it| fetched.contains(it)), "the checkout has it: {requested:?}");

    let number = desk.open()[0];
    let status = desk.overlift(repo.root(), &["status", "--json"]).await.ok();
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["promotions"][0]["pullRequest"]["number"], number);
    let status = desk.overlift(repo.root(), &["status"]).await.ok();
    assert!(status.contains(&format!("open: #{number}")), "{status}");

    desk.overlift(repo.root(), &[&arguments[..3], &["--local"]].concat()).await.ok();
    assert_eq!(repo.git(&["status", "--porcelain"]), " M overlays/staging/patches/rate.yaml");
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_github_do_not_make_two() {
    let desk = Desk::new().await;
    desk.github.next(endpoint::CREATE_PULL).loses_its_reply();
    desk.github.next(endpoint::CREATE_TREE).fails_with(502);
    desk.promote().await;
    assert_eq!(desk.open().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_said_and_ends_with_2() {
    let desk = Desk::new().await;
    let nowhere = Path::new("/");
    let no_token = {
        let mut command = overlift_command(nowhere, &["promote", "dev", "staging", "--repo", REPO]);
        tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap()
    };
    assert_eq!(no_token.code, 2);
    assert!(no_token.stderr.contains("`GITHUB_TOKEN`"), "{}", no_token.stderr);

    let cases = [
        (["dev", "prod", "octo/mesh"], "prod"),
        (["dev", "nowhere", "octo/mesh"], "nowhere"),
        (["dev", "staging", "octo/nothing"], "no such thing"),
        (["dev", "staging", "mesh"], "`owner/name`"),
    ];
    for ([source, target, repo], said) in cases {
        let run = desk.overlift(nowhere, &["promote", source, target, "--repo", repo]).await;
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.stderr.contains(said), "{}", run.stderr);
        assert!(!run.stderr.contains(&desk.token));
    }

    desk.promote().await;
    desk.github.commit(REPO, "promote/dev-to-staging", "mona", &[("README.md", "mine\n")]);
    desk.github.commit(REPO, "main", "mona", &[(RATE_PATH, &rate("9"))]);
    let run = desk.overlift(nowhere, &["promote", "dev", "staging", "--repo", REPO]).await;
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("not Overlift's"), "{}", run.stderr);
}
