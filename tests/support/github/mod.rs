//! A stand-in for GitHub: a server with real git objects that refuses what GitHub refuses.
//!
//! Assert on its state and its history of writes, not on the order of reads. It knows nothing of the
//! program that it is there for, so it also runs by itself: `cargo run --example github_stand_in`.

mod app;
mod control;
mod deployments;
mod exchange;
mod faults;
mod git_data;
mod graphql;
pub mod objects;
pub mod payloads;
mod pulls;
mod rules;
mod server;
pub mod sign_in;
pub mod world;

use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use ring::signature::{KeyPair, RsaKeyPair};
use rustls_pki_types::PrivatePkcs1KeyDer;
use rustls_pki_types::pem::PemObject;
use tokio::net::TcpListener;

use faults::Faults;
pub use faults::Plan;
use server::Shared;
use world::{App, Comment, Delivery, Installation, Repo, World};

/// The App's private key in both forms, made for tests.
pub const APP_KEY: &str = include_str!("app-key.pkcs1.pem");
pub const APP_KEY_PKCS8: &str = include_str!("app-key.pkcs8.pem");
pub const APP_ID: &str = "12345";

/// The endpoints by the names that faults and history use.
pub mod endpoint {
    macro_rules! endpoints {
        ($($name:ident = $text:literal),* $(,)?) => {
            $(pub const $name: &str = $text;)*
            pub const ALL: &[&str] = &[$($text),*];
        };
    }

    /// Any of them.
    pub const ANY: &str = "";

    endpoints! {
        GET_APP = "get app",
        GET_USER = "get user",
        LIST_USER_INSTALLATIONS = "list a person's installations",
        LIST_USER_REPOSITORIES = "list a person's repositories",
        LIST_INSTALLATIONS = "list installations",
        GET_HOOK_CONFIG = "get hook config",
        GET_INSTALLATION = "get installation",
        CREATE_TOKEN = "create token",
        LIST_DELIVERIES = "list deliveries",
        GET_DELIVERY = "get delivery",
        LIST_REPOSITORIES = "list repositories",
        GET_REPOSITORY = "get repository",
        GET_BRANCH = "get branch",
        GET_RULES = "get rules",
        GRAPHQL = "graphql",
        LIST_COMMITS = "list commits",
        LIST_CHECK_RUNS = "list check runs",
        COMPARE = "compare",
        GET_TARBALL = "get tarball",
        GET_REF = "get ref",
        CREATE_REF = "create ref",
        UPDATE_REF = "update ref",
        DELETE_REF = "delete ref",
        GET_TREE = "get tree",
        CREATE_TREE = "create tree",
        GET_BLOB = "get blob",
        CREATE_BLOB = "create blob",
        GET_COMMIT = "get commit",
        CREATE_COMMIT = "create commit",
        CREATE_CHECK_RUN = "create check run",
        UPDATE_CHECK_RUN = "update check run",
        CREATE_STATUS = "create status",
        LIST_PULLS = "list pulls",
        CREATE_PULL = "create pull",
        GET_PULL = "get pull",
        UPDATE_PULL = "update pull",
        REQUEST_REVIEWERS = "request reviewers",
        MERGE_PULL = "merge pull",
        LIST_REVIEWS = "list reviews",
        GET_STATUS = "get status",
        LIST_DEPLOYMENTS = "list deployments",
        CREATE_DEPLOYMENT = "create deployment",
        LIST_DEPLOYMENT_STATUSES = "list deployment statuses",
        CREATE_DEPLOYMENT_STATUS = "create deployment status",
        ADD_LABELS = "add labels",
        ADD_ASSIGNEES = "add assignees",
        LIST_COMMENTS = "list comments",
        CREATE_COMMENT = "create comment",
        EDIT_COMMENT = "edit comment",
        REACT = "react",
        GET_PERMISSION = "get permission",
    }
}

/// The running stand-in. It ends with the runtime it was started in.
#[derive(Clone)]
pub struct GithubStandIn {
    shared: Arc<Shared>,
}

impl GithubStandIn {
    /// Starts on a free port of this machine.
    pub async fn start() -> Self {
        Self::start_below("").await
    }

    /// Starts with its API below a path, as GitHub Enterprise Server has it (`/api/v3`).
    pub async fn start_below(prefix: &str) -> Self {
        Self::start_at("127.0.0.1:0", prefix).await
    }

    pub async fn start_at(address: &str, prefix: &str) -> Self {
        let api = TcpListener::bind(address).await.unwrap();
        let archive = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shared = Arc::new(Shared {
            world: Mutex::new(World::new()),
            faults: Faults::default(),
            prefix: prefix.to_owned(),
            base: format!("http://{}{prefix}", api.local_addr().unwrap()),
            archive_base: format!("http://{}", archive.local_addr().unwrap()),
        });
        let router = Router::new().fallback(server::serve_api).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(api, router).await });
        let router = Router::new().fallback(server::serve_archive).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(archive, router).await });
        Self { shared }
    }

    /// The API's base.
    pub fn api_url(&self) -> String {
        self.shared.base.clone()
    }

    /// All that it knows, to look at and to change. Do not hold it across an await.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world.lock().unwrap()
    }

    /// Plans a fault for the next request to an endpoint.
    pub fn next(&self, endpoint: &'static str) -> Plan {
        self.shared.faults.plan(endpoint)
    }

    /// From now on the first tries of each request fail.
    pub fn fail_first(&self, tries: usize) {
        self.shared.faults.fail_first(tries);
    }

    pub fn faults_are_over(&self) -> bool {
        self.shared.faults.is_empty()
    }

    pub fn end_faults(&self) {
        self.shared.faults.clear();
    }

    /// Makes a repository whose default branch `main` has one commit with these files.
    pub fn add_repository(&self, name: &str, files: &[(&str, &str)]) -> String {
        let mut world = self.world();
        let id = world.fresh_id();
        let repo = Repo {
            id,
            full_name: name.to_owned(),
            default_branch: "main".to_owned(),
            ..Repo::default()
        };
        world.repos.insert(name.to_ascii_lowercase(), repo);
        let files: Vec<_> =
            files.iter().map(|(path, text)| (*path, Some(text.as_bytes()))).collect();
        world.commit(name, "main", "mona", "first", &files)
    }

    /// Takes over all that a local repository has; `main` is what is checked out there.
    pub fn adopt(&self, repo: &str, local: &std::path::Path) {
        let git = |arguments: &[&str]| {
            let mut command = std::process::Command::new("git");
            command.arg("-C").arg(local).args(arguments).output().unwrap().stdout
        };
        let all = git(&["cat-file", "--batch", "--batch-all-objects"]);
        let mut world = self.world();
        let stored = world.repo_mut(repo);
        let mut rest = all.as_slice();
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let head = String::from_utf8(rest[..end].to_vec()).unwrap();
            let [_, kind, size] = head.split(' ').collect::<Vec<_>>()[..] else { panic!("{head}") };
            let size: usize = size.parse().unwrap();
            stored.objects.adopt(kind, &rest[end + 1..end + 1 + size]);
            rest = &rest[end + 2 + size..];
        }
        let head = String::from_utf8(git(&["rev-parse", "HEAD"])).unwrap();
        stored.move_branch("main", head.trim());
    }

    /// Gives a person a token, and a permission in a repository.
    pub fn add_person(&self, repo: &str, login: &str, permission: &str) -> String {
        let mut world = self.world();
        let token = format!("ghp_standin{login}0123456789");
        world.people.insert(token.clone(), login.to_owned());
        let permissions = &mut world.repo_mut(repo).permissions;
        permissions.insert(login.to_owned(), permission.to_owned());
        token
    }

    /// Makes the App, and installs it on repositories.
    pub fn install_app(&self, installation: u64, repos: &[&str]) {
        let der = PrivatePkcs1KeyDer::from_pem_slice(APP_KEY.as_bytes()).unwrap();
        let key = RsaKeyPair::from_der(der.secret_pkcs1_der()).unwrap();
        let public_key = key.public_key().as_ref().to_vec();
        let repos = repos.iter().map(|name| name.to_ascii_lowercase()).collect();
        let mut world = self.world();
        let names = ["contents", "pull_requests", "issues", "checks", "statuses", "deployments"];
        let write = names.map(|name| (name, "write"));
        let permissions = write.into_iter().chain([("metadata", "read")]);
        let owned = |(name, level): (&str, &str)| (name.to_owned(), level.to_owned());
        let events = [
            "push",
            "pull_request",
            "pull_request_review",
            "issue_comment",
            "workflow_dispatch",
            "repository_dispatch",
            "status",
            "check_run",
            "deployment_status",
        ];
        world.app = Some(App {
            id: APP_ID.to_owned(),
            slug: "overlift".to_owned(),
            public_key,
            permissions: permissions.map(owned).collect(),
            events: events.map(str::to_owned).into(),
            webhook: serde_json::json!({
                "url": "https://overlift.example.com/webhook", "content_type": "json",
                "secret": "********", "insecure_ssl": "0",
            }),
        });
        let installed = Installation { repos, lacks: Default::default() };
        world.installations.insert(installation, installed);
    }

    /// Answers GraphQL from now on, as api.github.com does.
    pub fn speak_graphql(&self, repo: &str) {
        let mut world = self.world();
        world.graphql = true;
        world.repo_mut(repo).node_id = Some("R_kgDOABCDEF".to_owned());
    }

    /// Makes all tokens of an installation worthless, as GitHub does when somebody revokes them.
    pub fn revoke_tokens(&self) {
        self.world().installation_tokens.clear();
    }

    /// Commits on a branch as somebody would with git, and returns the commit.
    pub fn commit(&self, repo: &str, branch: &str, author: &str, files: &[(&str, &str)]) -> String {
        let files: Vec<_> =
            files.iter().map(|(path, text)| (*path, Some(text.as_bytes()))).collect();
        self.world().commit(repo, branch, author, "change", &files)
    }

    /// Writes a comment as a person, and returns its id.
    pub fn comment(&self, repo: &str, number: u64, author: &str, body: &str) -> u64 {
        let mut world = self.world();
        let id = world.fresh_id();
        let (author, body) = (author.to_owned(), body.to_owned());
        let comment = Comment { id, number, author, body, reactions: Default::default() };
        world.repo_mut(repo).comments.insert(id, comment);
        id
    }

    /// Remembers a delivery, with the status that was answered to it.
    pub fn add_delivery(&self, guid: &str, event: &str, status: u16, payload: serde_json::Value) {
        let mut world = self.world();
        let id = world.fresh_id();
        let (guid, event) = (guid.to_owned(), event.to_owned());
        world.deliveries.push(Delivery { id, guid, event, status, payload });
    }

    /// What was changed through the API, in order, as one line.
    pub fn writes(&self) -> String {
        let world = self.world();
        world.history.iter().map(|write| write.what.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// How many requests arrived since the last call of [`Self::forget_requests`].
    pub fn request_count(&self) -> usize {
        self.world().requests.len()
    }

    /// The endpoints that were asked, in order.
    pub fn requested(&self) -> Vec<&'static str> {
        self.world().requests.iter().map(|request| request.endpoint).collect()
    }

    pub fn forget_requests(&self) {
        self.world().requests.clear();
    }
}

/// Decodes `%20`.
fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digits = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (first, byte) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Encodes all but the unreserved characters.
fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
