//! GitHub behind our verbs: webhooks in, requests out.
//!
//! [`webhook`] reads what GitHub sends. [`Github`] and [`Repository`] ask and change, in our nouns; no
//! JSON leaves this room. A verb does its thing at most once: after a lost answer it
//! asks GitHub whether it was done. Nothing is tried again here; [`GithubError::retry`] says whether
//! the caller should.
//!
//! What a promotion costs in requests, with trees and blobs in the cache except one blob: head (1), tree
//! (1), blob (1), search (1), tree and commit (2), branch (1), pull request (1), labels (1). A branch that was
//! created proves that no pull request was open from it, so a caller who remembers how the last one
//! ended can leave out the search.

mod account;
mod address;
mod ancestry;
mod app;
mod app_key;
mod branch;
mod branch_rules;
mod budget;
mod call;
mod check_run;
mod client;
mod cold_read;
mod commit;
mod commit_report;
mod contents;
mod conversation;
mod deployment;
mod error;
mod etag_cache;
mod evidence;
mod file_at_ref;
mod graphql;
mod handle;
mod history;
mod identity;
mod installation_token;
mod known_rules;
mod lock;
mod manifest;
mod merge;
mod merge_queue;
mod new_commit;
mod object;
mod object_cache;
mod past;
mod pull_request;
mod repository;
mod request;
mod setup;
mod sign_in;
mod standing_check;
mod swap;
pub mod webhook;

pub use account::Account;
pub use ancestry::Ancestry;
pub use app::DeliveryAttempt;
pub use branch::BranchCreation;
pub use check_run::{Annotation, AnnotationLevel, Conclusion, Report, Reported};
pub use client::GithubSettings;
pub use commit::Commit;
pub use commit_report::{CommitReport, Reading, ReportKind};
pub use conversation::{Comment, Permission, Reaction};
pub use error::{GithubError, Retry};
pub use handle::Github;
pub use identity::Authentication;
pub use manifest::{NewApp, exchange_code};
pub use merge::{Merged, NewMerge};
pub use merge_queue::Queued;
pub use new_commit::NewCommit;
pub use object::{BlobSha, RepoTree, TreeEntry, TreeSha};
pub use pull_request::{
    NewPullRequest, Opened, PullRequest, PullRequestChange, PullRequestState, Search,
};
pub use repository::Repository;
pub use setup::{InstallationSetup, Permissions, WebhookSetup};
pub use sign_in::{SignIn, web_of};
pub use standing_check::{CheckPlace, CheckState, StandingCheck};
