//! A repository on the stand-in, seen through our own client.

use std::time::{Duration, SystemTime};

use overlift::rooms::github::*;
use overlift::rooms::model::*;
use overlift::rooms::redact::Credential;

use super::github::{APP_ID, APP_KEY, GithubStandIn};

pub const REPO: &str = "octo/mesh";

pub fn settings(stand_in: &GithubStandIn, authentication: Authentication) -> GithubSettings {
    GithubSettings {
        api_url: stand_in.api_url(),
        authentication,
        cache_directory: None,
        cache_bytes: 10 << 20,
        now: SystemTime::now,
        timeout: Duration::from_secs(30),
    }
}

pub fn credential(text: &str) -> Credential {
    Credential::new("credential", text).unwrap()
}

pub fn as_app(stand_in: &GithubStandIn) -> Github {
    let app = Authentication::App { id: APP_ID.into(), private_key: credential(APP_KEY) };
    Github::new(&settings(stand_in, app)).unwrap()
}

pub fn as_person(stand_in: &GithubStandIn, token: &str) -> Github {
    Github::new(&settings(stand_in, Authentication::Token(credential(token)))).unwrap()
}

pub fn repo_name() -> RepoName {
    RepoName::parse(REPO).unwrap()
}

pub fn branch(name: &str) -> BranchName {
    BranchName::parse(name).unwrap()
}

pub fn path(text: &str) -> RepoPath {
    RepoPath::parse(text).unwrap()
}

pub fn number(number: u64) -> PullRequestNumber {
    PullRequestNumber::new(number).unwrap()
}

pub fn edit(at: &str, content: Option<&[u8]>) -> FileEdit {
    FileEdit { path: path(at), before: None, after: content.map(File::regular) }
}

/// A repository with the App installed, and the App's view of it.
pub struct Scene {
    pub stand_in: GithubStandIn,
    pub repository: Repository,
}

impl Scene {
    pub async fn new(files: &[(&str, &str)]) -> Self {
        Self::below("", files).await
    }

    async fn below(prefix: &str, files: &[(&str, &str)]) -> Self {
        let stand_in = GithubStandIn::start_below(prefix).await;
        stand_in.add_repository(REPO, files);
        stand_in.install_app(7, &[REPO]);
        let repository =
            as_app(&stand_in).repository(&repo_name(), Some(InstallationId(7))).await.unwrap();
        Self { stand_in, repository }
    }

    /// With a commit on the branch `promote/a-to-b`.
    pub async fn with_branch() -> Self {
        Self::with_branch_below("").await
    }

    /// The same, with GitHub's REST API below a path.
    pub async fn with_branch_below(prefix: &str) -> Self {
        let scene = Self::below(prefix, &[("a", "1\n")]).await;
        scene.propose("promote/a-to-b", &[edit("b", Some(b"2\n"))]).await;
        scene
    }

    pub async fn head(&self) -> Commit {
        self.repository.fetch_head(&branch("main")).await.unwrap().unwrap()
    }

    pub async fn commit(&self, edits: &[FileEdit], message: &str) -> Commit {
        let head = self.head().await;
        let tree = self.repository.fetch_tree(&head.tree).await.unwrap();
        let new = NewCommit { parent: &head.sha, tree: &tree, edits, message };
        self.repository.create_commit(&new).await.unwrap()
    }

    pub async fn propose(&self, name: &str, edits: &[FileEdit]) -> Commit {
        let commit = self.commit(edits, "Promote").await;
        let created = self.repository.create_branch(&branch(name), &commit.sha).await.unwrap();
        assert_eq!(created, BranchCreation::Created);
        commit
    }

    pub async fn open(&self) -> Result<Opened, GithubError> {
        let (head, base) = (branch("promote/a-to-b"), branch("main"));
        let new = NewPullRequest {
            title: "Promote",
            body: "text",
            head: &head,
            base: &base,
            draft: false,
        };
        self.repository.open_pull_request(&new).await
    }

    pub async fn find(&self, search: Search) -> Vec<PullRequest> {
        let (head, base) = (branch("promote/a-to-b"), branch("main"));
        self.repository.find_pull_requests(&head, &base, search).await.unwrap()
    }
}
