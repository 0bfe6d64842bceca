//! The whole service against the stand-in for GitHub: signed webhooks in, state of GitHub out.
//!
//! Time stands still but for [`Scene::drain`], which goes from one due job to the next.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use overlift::rooms::app::{App, Clock, merge_payloads};
use overlift::rooms::github::webhook::sign;
use overlift::rooms::github::{Authentication, Github, GithubSettings};
use overlift::rooms::redact::{Credential, Scrubber, WebhookSecrets};
use overlift::rooms::server::serve;
use overlift::rooms::store::Store;
use overlift::rooms::telemetry::LogFormat;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::github::world::Pull;
use super::github::{APP_ID, APP_KEY, GithubStandIn, payloads};

pub const REPO: &str = "octo/mesh";
pub const SECRET: &str = "a secret of the webhook";

/// Development to staging by push, staging to production by hand.
pub const FILES: [(&str, &str); 9] = [
    (
        ".github/overlift.yaml",
        "version: 1\nenvironments:\n- name: dev\n  path: overlays/dev\n- name: staging\n  \
         path: overlays/staging\n  trigger: push\n- name: prod\n  path: overlays/prod\n",
    ),
    ("README.md", "hello\n"),
    ("base/kustomization.yaml", "resources: [config.yaml]\n"),
    (
        "base/config.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: limits\ndata:\n  rate: \"1\"\n  \
         burst: \"1\"\n",
    ),
    ("overlays/dev/kustomization.yaml", DEV),
    ("overlays/dev/patches/rate.yaml", RATE_5),
    ("overlays/staging/kustomization.yaml", DEV),
    ("overlays/staging/patches/rate.yaml", RATE_5),
    ("overlays/prod/kustomization.yaml", "resources: [../../base]\n"),
];
const DEV: &str = "resources: [../../base]\npatches:\n- path: patches/rate.yaml\n";
/// A change of development that changes no value: a comment.
pub const OF_NO_CONSEQUENCE: (&str, &str) = (
    "overlays/dev/kustomization.yaml",
    "resources: [../../base]\npatches: # of no consequence\n- path: patches/rate.yaml\n",
);
pub const RATE_PATH: &str = "overlays/dev/patches/rate.yaml";
pub const RATE_5: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: limits\ndata:\n  rate: \"5\"\n";

/// The configuration of [`FILES`] for those who want files copied.
pub fn copying() -> String {
    format!("{}promotion:\n  by: files\n", FILES[0].1)
}

/// The patch with another value.
pub fn rate(value: &str) -> String {
    RATE_5.replace("\"5\"", &format!("\"{value}\""))
}

pub struct Scene {
    pub github: GithubStandIn,
    pub app: App,
    pub store: Store,
    pub now: Arc<AtomicI64>,
    pub database: String,
    _dir: tempfile::TempDir,
    pub address: SocketAddr,
    authentication: Authentication,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    deliveries: AtomicU64,
}

/// A process beside that of the scene.
pub struct Replica {
    pub app: App,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Scene {
    /// A repository with [`FILES`] that GitHub pushed once, so that it is known.
    pub async fn new() -> Self {
        let scene = Self::with_files(&FILES).await;
        scene.push_event(None).await;
        scene.drain().await;
        scene.github.forget_requests();
        scene
    }

    /// A repository that nobody has heard of.
    pub async fn with_files(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let database = format!("sqlite://{}/overlift.db?mode=rwc", dir.path().display());
        Self::on(dir, database, files).await
    }

    /// A repository whose production has a rate of its own too, with this configuration and an administrator.
    pub async fn with_rates(configuration: &str) -> Self {
        let mut files = FILES.to_vec();
        files[0].1 = configuration;
        files.push(("overlays/prod/patches/rate.yaml", RATE_5));
        let prod = files.iter_mut().find(|(path, _)| *path == "overlays/prod/kustomization.yaml");
        prod.unwrap().1 = DEV;
        let scene = Self::with_files(&files).await;
        scene.github.add_person(REPO, "boss", "admin");
        scene.push_event(None).await;
        scene.work().await;
        scene
    }

    /// The repository of [`Scene::new`] with the queue in another database.
    pub async fn on_database(database: String) -> Self {
        let scene = Self::on(tempfile::tempdir().unwrap(), database, &FILES).await;
        scene.push_event(None).await;
        scene.drain().await;
        scene
    }

    /// Another process on the same database.
    pub async fn replica(&self) -> Replica {
        let started = start(&self.database, &self.github, &self.authentication, &self.now).await;
        let (app, _, _, tasks) = started;
        Replica { app, tasks }
    }

    /// The repository of [`Scene::new`] on a GitHub Enterprise Server, as the App that is installed there.
    pub async fn as_app_on_enterprise_server() -> Self {
        let github = GithubStandIn::start_below("/api/v3").await;
        github.add_repository(REPO, &FILES);
        github.install_app(7, &[REPO]);
        let private_key = Credential::new("key", APP_KEY).unwrap();
        let app = Authentication::App { id: APP_ID.to_owned(), private_key };
        let dir = tempfile::tempdir().unwrap();
        let database = format!("sqlite://{}/overlift.db?mode=rwc", dir.path().display());
        let scene = Self::at(github, app, dir, database).await;
        scene.push_event(None).await;
        scene.drain().await;
        scene
    }

    async fn on(dir: tempfile::TempDir, database: String, files: &[(&str, &str)]) -> Self {
        let github = GithubStandIn::start().await;
        github.add_repository(REPO, files);
        let token = github.add_person(REPO, "overlift-bot", "write");
        let token = Authentication::Token(Credential::new("token", &token).unwrap());
        Self::at(github, token, dir, database).await
    }

    async fn at(
        github: GithubStandIn,
        authentication: Authentication,
        dir: tempfile::TempDir,
        database: String,
    ) -> Self {
        let now = Arc::new(AtomicI64::new(1_000_000));
        github.world().clock = Some(Arc::clone(&now));
        let started = start(&database, &github, &authentication, &now).await;
        let (app, store, address, tasks) = started;
        let deliveries = AtomicU64::new(1);
        Self {
            github,
            app,
            store,
            now,
            database,
            _dir: dir,
            address,
            authentication,
            tasks,
            deliveries,
        }
    }

    /// Ends the process as SIGKILL would and starts another one on the same database.
    pub async fn restart(&mut self) {
        self.stop();
        let (database, now) = (self.database.clone(), Arc::clone(&self.now));
        let started = start(&database, &self.github, &self.authentication, &now).await;
        (self.app, self.store, self.address, self.tasks) = started;
    }

    /// Kills the process in the middle of its work, after so many turns, and starts another one once the lease of the
    /// first has lapsed.
    pub async fn kill_after(&mut self, turns: usize) {
        let app = self.app.clone();
        let work = tokio::spawn(async move { app.drain().await });
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
        work.abort();
        let _ = work.await;
        self.restart().await;
        self.now.fetch_add(60_000, Ordering::SeqCst);
    }

    /// Runs a command of ours on the scene's repository, outside any checkout: its exit code and what it says.
    pub async fn command(
        &self,
        token: &str,
        command: &str,
        rest: &[&str],
    ) -> (Option<i32>, String) {
        let api = self.github.api_url();
        let arguments = [&[command, "--repo", REPO, "--github-api-url", &api], rest].concat();
        let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
        let token = token.to_owned();
        let run = move || {
            let dir = tempfile::tempdir().unwrap();
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_overlift"));
            command.args(&arguments).current_dir(dir.path()).env("GITHUB_TOKEN", token);
            let output = command.output().unwrap();
            let text = [output.stdout, output.stderr].concat();
            (output.status.code(), String::from_utf8(text).unwrap())
        };
        tokio::task::spawn_blocking(run).await.unwrap()
    }

    /// The same with an empty database.
    pub async fn lose_the_database(&mut self) {
        self.database = self.database.replace("overlift.db", "another.db");
        self.restart().await;
    }

    fn stop(&mut self) {
        for task in self.tasks.drain(..) {
            task.abort();
        }
    }

    /// Posts a signed delivery with a fresh id and returns the status.
    pub async fn deliver(&self, event: &str, payload: &Value) -> u16 {
        let number = self.deliveries.fetch_add(1, Ordering::SeqCst);
        post(self.address, event, &format!("delivery-{number}"), &payload.to_string()).await
    }

    /// Tells of the default branch's head.
    pub async fn push_event(&self, before: Option<&str>) {
        let payload = payloads::push(&self.github.world(), REPO, "main", before);
        assert_eq!(self.deliver("push", &payload).await, 202);
    }

    /// Commits to the default branch and tells of it.
    pub async fn push(&self, files: &[(&str, &str)]) -> String {
        let before = self.head("main");
        let commit = self.github.commit(REPO, "main", "mona", files);
        self.push_event(Some(&before)).await;
        commit
    }

    /// Merges a pull request as somebody else and tells of the default branch's new head.
    pub async fn merge(&self, number: u64) {
        let before = self.head("main");
        self.github.world().merge(REPO, number, "mona").unwrap();
        self.push_event(Some(&before)).await;
    }

    /// Commits to a branch that began at the default branch, and sees to it that it has a pull request of Ann's.
    pub fn propose(
        &self,
        branch: &str,
        number: u64,
        from_here: bool,
        files: &[(&str, Option<&[u8]>)],
    ) {
        let mut world = self.github.world();
        let main = world.repo(REPO).branches["main"].clone();
        world.repo_mut(REPO).branches.entry(branch.to_owned()).or_insert(main);
        let head_sha = world.commit(REPO, branch, "ann", "work", files);
        let pull = Pull {
            number,
            title: "Work".to_owned(),
            open: true,
            head: branch.to_owned(),
            head_sha,
            from_here,
            base: "main".to_owned(),
            author: "ann".to_owned(),
            ..Pull::default()
        };
        world.repo_mut(REPO).pulls.insert(number, pull);
    }

    /// Writes a comment and tells of it.
    pub async fn comment(&self, number: u64, author: &str, body: &str) -> u64 {
        let comment = self.github.comment(REPO, number, author, body);
        let payload = payloads::issue_comment(&self.github.world(), REPO, comment);
        assert_eq!(self.deliver("issue_comment", &payload).await, 202);
        comment
    }

    /// Works until nothing waits any more, however long that takes on the clock.
    pub async fn drain(&self) {
        for _ in 0..300 {
            match self.app.drain().await.unwrap() {
                None => return,
                Some(due) => _ = self.now.fetch_max(due, Ordering::SeqCst),
            }
        }
        panic!("there is always something left to do");
    }

    /// Works off what is due now; time stands still.
    pub async fn work(&self) {
        self.app.drain().await.unwrap();
    }

    /// Lets time pass and works off what became due meanwhile.
    pub async fn later(&self, minutes: i64) {
        let until = self.now.load(Ordering::SeqCst) + minutes * 60_000;
        while let Some(due) = self.app.drain().await.unwrap().filter(|due| *due <= until) {
            self.now.fetch_max(due, Ordering::SeqCst);
        }
        self.now.store(until, Ordering::SeqCst);
        self.work().await;
    }

    /// Tells of a commit status by somebody else.
    pub async fn status(&self, sha: &str, context: &str, state: &str) {
        let payload = payloads::status(&self.github.world(), REPO, sha, context, state);
        assert_eq!(self.deliver("status", &payload).await, 202);
    }

    /// Somebody else sets a commit status, which GitHub keeps and tells of.
    pub async fn set_status(&self, sha: &str, context: &str, state: &str) {
        {
            let mut world = self.github.world();
            let at = world.now_ms();
            let (sha, context, state) = (sha.to_owned(), context.to_owned(), state.to_owned());
            let description = format!("{context} says {state}");
            let status = super::github::world::Status { sha, context, state, description, at };
            world.repo_mut(REPO).statuses.push(status);
        }
        self.status(sha, context, state).await;
    }

    /// Tells that a pull request changed.
    pub async fn changed(&self, number: u64, action: &str, sender: &str) {
        let payload =
            payloads::pull_request_changed(&self.github.world(), REPO, number, action, sender);
        assert_eq!(self.deliver("pull_request", &payload).await, 202);
    }

    /// Edits a body as a person, and tells of it.
    pub async fn edit(&self, number: u64, who: &str, edit: impl Fn(&str) -> String) {
        let before = self.body(number);
        self.github.world().repo_mut(REPO).pulls.get_mut(&number).unwrap().body = edit(&before);
        let mut payload =
            payloads::pull_request_changed(&self.github.world(), REPO, number, "edited", who);
        payload["changes"] = serde_json::json!({ "body": { "from": before } });
        assert_eq!(self.deliver("pull_request", &payload).await, 202);
    }

    /// Ticks or unticks an item of the checklist as a person.
    pub async fn tick(&self, number: u64, who: &str, item: &str, ticked: bool) {
        let (from, to) = if ticked { ("[ ]", "[x]") } else { ("[x]", "[ ]") };
        let (from, to) = (format!("- {from} {item}"), format!("- {to} {item}"));
        self.edit(number, who, |body| body.replace(&from, &to)).await;
    }

    /// The last words of a commit status of ours on a pull request's head: state and description.
    pub fn check(&self, number: u64, name: &str) -> Option<(String, String)> {
        let world = self.github.world();
        let repo = world.repo(REPO);
        let head = &repo.pulls[&number].head_sha;
        let ours = |it: &&super::github::world::Status| it.sha == *head && it.context == name;
        let found = repo.statuses.iter().rev().find(ours)?;
        Some((found.state.clone(), found.description.clone()))
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn head(&self, branch: &str) -> String {
        self.github.world().repo(REPO).branches[branch].clone()
    }

    /// The numbers of the open pull requests.
    pub fn open(&self) -> Vec<u64> {
        let world = self.github.world();
        world.repo(REPO).open_pulls().iter().map(|pull| pull.number).collect()
    }

    pub fn file(&self, branch: &str, path: &str) -> Option<String> {
        self.github.world().repo(REPO).file(branch, path)
    }

    pub fn body(&self, number: u64) -> String {
        self.github.world().repo(REPO).pulls[&number].body.clone()
    }

    /// What was said on an issue or a pull request by us.
    pub fn said(&self, number: u64) -> Vec<String> {
        let world = self.github.world();
        let comments = world.repo(REPO).comments_on(number);
        let ours = comments.iter().filter(|comment| comment.author == "overlift-bot");
        ours.map(|comment| comment.body.clone()).collect()
    }

    pub fn reactions(&self, comment: u64) -> Vec<String> {
        let world = self.github.world();
        let reactions = &world.repo(REPO).comments[&comment].reactions;
        reactions.iter().map(|(_, content)| content.clone()).collect()
    }
}

type Started = (App, Store, SocketAddr, Vec<tokio::task::JoinHandle<()>>);

async fn start(
    database: &str,
    github: &GithubStandIn,
    authentication: &Authentication,
    now: &Arc<AtomicI64>,
) -> Started {
    let filter = "warn,overlift=debug";
    overlift::rooms::telemetry::start_logging(LogFormat::Text, filter, Scrubber::default());
    let settings = GithubSettings {
        api_url: github.api_url(),
        authentication: authentication.clone(),
        cache_directory: None,
        cache_bytes: 64 << 20,
        now: Clock::time_of_day,
        timeout: std::time::Duration::from_secs(10),
    };
    let store = Store::open(database, merge_payloads).await.unwrap();
    let clock = {
        let now = Arc::clone(now);
        Clock::of(move || now.load(Ordering::SeqCst))
    };
    // As `overlift serve` does.
    overlift::rooms::app::plan_in_sandbox(env!("CARGO_BIN_EXE_overlift").into());
    let (app, writer) = App::new(store.clone(), Github::new(&settings).unwrap(), clock);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let secrets = WebhookSecrets::parse(SECRET).unwrap();
    let tasks = vec![
        tokio::spawn(writer.run(std::future::pending())),
        tokio::spawn(serve(listener, app.clone(), secrets, std::future::pending())),
    ];
    (app, store, address, tasks)
}

/// Posts to `/health-events` with these headers and returns the status.
pub async fn post_health(address: SocketAddr, headers: &str, body: &str) -> u16 {
    let request = format!(
        "POST /health-events HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\
         {headers}\r\n{body}",
        body.len(),
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

/// The header of Flux's `generic-hmac`.
pub fn flux_signature(secret: &str, body: &str) -> String {
    let secret = Credential::new("webhook secret", secret).unwrap();
    let json = "content-type: application/json\r\n";
    format!("{json}x-signature: {}\r\n", sign(&secret, body.as_bytes()))
}

pub async fn post(address: SocketAddr, event: &str, id: &str, body: &str) -> u16 {
    let secret = Credential::new("webhook secret", SECRET).unwrap();
    let request = format!(
        "POST /webhook HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\
         content-type: application/json\r\nx-github-event: {event}\r\nx-github-delivery: {id}\r\n\
         x-hub-signature-256: {}\r\n\r\n{body}",
        body.len(),
        sign(&secret, body.as_bytes())
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

/// Merges as a person, and tells of all of it.
pub async fn merge(scene: &Scene, number: u64) {
    let before = scene.head("main");
    scene.github.world().merge(REPO, number, "mona").unwrap();
    let closed = payloads::pull_request_closed(&scene.github.world(), REPO, number, "mona");
    scene.deliver("pull_request", &closed).await;
    scene.push_event(Some(&before)).await;
    scene.work().await;
}

/// Promotes a rate to prod and merges that; returns the pull request.
pub async fn promoted(scene: &Scene, value: &str) -> u64 {
    scene.push(&[("overlays/staging/patches/rate.yaml", &rate(value))]).await;
    scene.work().await;
    let number = scene.open()[0];
    merge(scene, number).await;
    number
}
