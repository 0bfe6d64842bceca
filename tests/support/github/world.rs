//! What the stand-in knows: repositories with their branches, pull requests and conversations, people, the App.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::Value;

use super::objects::{Commit, Leaf, Leaves, Objects};

/// 2026-01-01, and one second more for each thing that happens.
const EPOCH: i64 = 1_767_225_600;

#[derive(Default)]
pub struct World {
    pub repos: BTreeMap<String, Repo>,
    /// Tokens of people.
    pub people: BTreeMap<String, String>,
    /// Codes that a browser was sent back with, and whose they are.
    pub sign_in_codes: BTreeMap<String, String>,
    pub app: Option<App>,
    pub installations: BTreeMap<u64, Installation>,
    pub installation_tokens: BTreeMap<String, InstallationToken>,
    /// How long a new installation token lasts.
    pub token_seconds: u64,
    pub deliveries: Vec<Delivery>,
    pub history: Vec<Write>,
    pub requests: Vec<Request>,
    /// What the next `tick` gives.
    time: i64,
    pub next_id: u64,
    /// Trees with more entries than this are truncated.
    pub truncate_trees_at: usize,
    /// What must never happen, such as a credential on a foreign host.
    pub violations: Vec<String>,
    pub remaining: u64,
    /// Whether GraphQL is there.
    pub graphql: bool,
    /// The clock that times are read from; without one it is always the same day.
    pub clock: Option<Arc<AtomicI64>>,
}

pub struct App {
    pub id: String,
    pub slug: String,
    pub public_key: Vec<u8>,
    pub permissions: BTreeMap<String, String>,
    pub events: BTreeSet<String>,
    /// What `/app/hook/config` answers.
    pub webhook: Value,
}

pub struct Installation {
    pub repos: BTreeSet<String>,
    pub lacks: BTreeSet<String>,
}

pub struct InstallationToken {
    pub installation: u64,
    pub expires: u64,
}

pub struct Delivery {
    pub id: u64,
    pub guid: String,
    pub event: String,
    pub status: u16,
    pub payload: Value,
}

/// Something that was changed through the API.
#[derive(Clone, Debug)]
pub struct Write {
    pub endpoint: &'static str,
    pub by: String,
    pub what: String,
}

/// A request that arrived.
#[derive(Clone, Debug)]
pub struct Request {
    pub endpoint: &'static str,
    pub method: String,
    pub path: String,
    pub body: Value,
    pub status: u16,
}

#[derive(Default)]
pub struct Repo {
    pub id: u64,
    /// What GraphQL names it by, where there is GraphQL.
    pub node_id: Option<String>,
    pub full_name: String,
    pub default_branch: String,
    pub objects: Objects,
    pub branches: BTreeMap<String, String>,
    pub pulls: BTreeMap<u64, Pull>,
    pub issues: BTreeSet<u64>,
    pub comments: BTreeMap<u64, Comment>,
    pub labels: BTreeSet<String>,
    pub statuses: Vec<Status>,
    pub check_runs: Vec<(u64, Value)>,
    pub deployments: Vec<Deployment>,
    /// Whether a squash keeps the title alone, as a repository may want it.
    pub squashes_bare: bool,
    /// Why GitHub's rules do not let anything be merged.
    pub merges_refused: Option<String>,
    /// The checks that rulesets and the older protection require of the default branch.
    pub ruleset_checks: Vec<String>,
    pub protection_checks: Vec<String>,
    /// The pull requests in the merge queue of the default branch, if there is one.
    pub merge_queue: Option<Vec<u64>>,
    /// Whether the queue is a ruleset's, which shows in the branch's rules.
    pub queue_in_rules: bool,
    /// How pull requests were merged: number, method, title, message.
    pub merges: Vec<(u64, String, String, String)>,
    /// `admin`, `write` or `read`, by name.
    pub permissions: BTreeMap<String, String>,
    pub next_number: u64,
}

#[derive(Clone, Debug, Default)]
pub struct Pull {
    pub number: u64,
    pub title: String,
    pub body: String,
    pub draft: bool,
    pub open: bool,
    pub merged_as: Option<String>,
    pub head: String,
    pub head_sha: String,
    /// `false` for a pull request of a fork whose branch has the same name.
    pub from_here: bool,
    pub base: String,
    pub author: String,
    pub labels: BTreeSet<String>,
    pub reviewers: BTreeSet<String>,
    pub team_reviewers: BTreeSet<String>,
    pub assignees: BTreeSet<String>,
    /// Who reviewed it, with GitHub's word for the outcome, oldest first.
    pub reviews: Vec<(String, String)>,
    /// The branch was reset to its base: GitHub closes for good.
    pub unreopenable: bool,
    /// When it was opened and merged, as milliseconds since 1970.
    pub created_at: i64,
    pub merged_at: i64,
}

#[derive(Clone, Debug)]
pub struct Deployment {
    pub id: u64,
    pub sha: String,
    pub environment: String,
    pub payload: Value,
    /// State and description, oldest first.
    pub statuses: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
pub struct Comment {
    pub id: u64,
    pub number: u64,
    pub author: String,
    pub body: String,
    pub reactions: BTreeSet<(String, String)>,
}

#[derive(Clone, Debug)]
pub struct Status {
    pub sha: String,
    pub context: String,
    pub state: String,
    pub description: String,
    /// When, as milliseconds since 1970.
    pub at: i64,
}

/// A time as GitHub writes it: to the second.
pub fn written(ms: i64) -> String {
    jiff::Timestamp::from_second(ms.div_euclid(1000)).unwrap().to_string()
}

impl World {
    pub fn new() -> Self {
        Self {
            time: EPOCH,
            next_id: 1000,
            token_seconds: 3600,
            truncate_trees_at: 100_000,
            remaining: 5000,
            ..Self::default()
        }
    }

    pub fn tick(&mut self) -> i64 {
        self.time += 1;
        self.time
    }

    /// What its clock shows, as milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        self.clock.as_ref().map_or(EPOCH * 1000, |clock| clock.load(Ordering::SeqCst))
    }

    pub fn fresh_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    pub fn repo(&self, name: &str) -> &Repo {
        &self.repos[&name.to_ascii_lowercase()]
    }

    pub fn repo_mut(&mut self, name: &str) -> &mut Repo {
        self.repos.get_mut(&name.to_ascii_lowercase()).expect("the repository is there")
    }

    /// Commits files on a branch as somebody would with git: `None` deletes.
    pub fn commit(
        &mut self,
        repo: &str,
        branch: &str,
        author: &str,
        message: &str,
        files: &[(&str, Option<&[u8]>)],
    ) -> String {
        let time = self.tick();
        let repo = self.repo_mut(repo);
        let parent = repo.branches.get(branch).cloned();
        let mut leaves = parent.as_ref().map(|sha| repo.leaves(sha)).unwrap_or_default();
        for (path, content) in files {
            let Some(content) = content else {
                leaves.remove(*path);
                continue;
            };
            let mode = leaves.get(*path).map_or("100644".to_owned(), |leaf| leaf.mode.clone());
            let sha = repo.objects.put_blob(content);
            leaves.insert((*path).to_owned(), Leaf { mode, sha });
        }
        let tree = repo.objects.put_tree(&leaves);
        let parents: Vec<String> = parent.into_iter().collect();
        let sha = repo.objects.put_commit(&tree, &parents, author, time, message);
        repo.move_branch(branch, &sha);
        sha
    }

    /// Merges a pull request into its base branch as one squashed commit.
    pub fn merge(&mut self, repo: &str, number: u64, author: &str) -> Result<String, String> {
        let (time, now) = (self.tick(), self.now_ms());
        let repo = self.repo_mut(repo);
        let pull = repo.pulls[&number].clone();
        let base = repo.branches[&pull.base].clone();
        let leaves =
            repo.objects.merge(&base, &pull.head_sha).ok_or("Pull Request is not mergeable")?;
        let tree = repo.objects.put_tree(&leaves);
        let commits = repo.objects.history(&pull.head_sha);
        let message = match repo.squashes_bare {
            true => format!("{} (#{number})", pull.title),
            false => format!("{} (#{number})\n\n{}", pull.title, commits[0].message),
        };
        let sha = repo.objects.put_commit(&tree, &[base], author, time, &message);
        repo.branches.insert(pull.base.clone(), sha.clone());
        let pull = repo.pulls.get_mut(&number).unwrap();
        pull.open = false;
        pull.merged_as = Some(sha.clone());
        pull.merged_at = now;
        Ok(sha)
    }
}

impl Repo {
    pub fn leaves(&self, commit: &str) -> Leaves {
        self.objects.leaves(&self.objects.commit(commit).unwrap().tree)
    }

    pub fn head(&self, branch: &str) -> Commit {
        self.objects.commit(&self.branches[branch]).unwrap()
    }

    /// The text of a file at a branch's head.
    pub fn file(&self, branch: &str, path: &str) -> Option<String> {
        let leaf = self.leaves(&self.branches[branch]).get(path).cloned()?;
        Some(String::from_utf8_lossy(self.objects.blob(&leaf.sha).unwrap()).into_owned())
    }

    /// Moves a branch and does to its pull requests what GitHub does: they follow, and close for good if
    /// nothing is left between the branches.
    pub fn move_branch(&mut self, branch: &str, sha: &str) {
        self.branches.insert(branch.to_owned(), sha.to_owned());
        for pull in self.pulls.values_mut().filter(|p| p.open && p.from_here && p.head == branch) {
            pull.head_sha = sha.to_owned();
            if self.objects.is_ancestor(sha, &self.branches[&pull.base]) {
                pull.open = false;
                pull.unreopenable = true;
            }
        }
    }

    pub fn delete_branch(&mut self, branch: &str) -> bool {
        for pull in self.pulls.values_mut().filter(|p| p.open && p.from_here && p.head == branch) {
            pull.open = false;
        }
        self.branches.remove(branch).is_some()
    }

    pub fn open_pulls(&self) -> Vec<&Pull> {
        self.pulls.values().filter(|pull| pull.open).collect()
    }

    pub fn comments_on(&self, number: u64) -> Vec<&Comment> {
        self.comments.values().filter(|comment| comment.number == number).collect()
    }

    /// What a commit-ish of the API means here.
    pub fn resolve(&self, text: &str) -> Option<String> {
        let branch = text.strip_prefix("heads/").unwrap_or(text);
        let commit = || self.objects.commit(text).map(|commit| commit.sha);
        self.branches.get(branch).cloned().or_else(commit)
    }
}
