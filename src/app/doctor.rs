//! Looks over the set-up of a service from the operator's side: what is wrong, and what to do about it.
//!
//! Nothing is changed but for the database's tables, which `serve` would make too.

use std::collections::BTreeSet;

use crate::config::RepositoryConfig;
use crate::github::{Github, GithubError, InstallationSetup, Permissions, WebhookSetup};
use crate::model::RepoName;
use crate::store::Store;

use super::causes::chain;
use super::merge_payloads;
use super::snapshot::Snapshot;

/// A permission that the App asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needed {
    /// Its name in GitHub's API and in App manifests.
    pub name: &'static str,
    /// `read` or `write`.
    pub level: &'static str,
    /// What it is for.
    pub reason: &'static str,
    /// What happens without it; `None` if nothing works.
    pub without: Option<&'static str>,
}

/// The least permissions; docs/github-app.md and the App's manifest have the same.
pub const PERMISSIONS: [Needed; 7] = [
    Needed {
        name: "metadata",
        level: "read",
        reason: "find the repository, its default branch and what a person may do in it",
        without: None,
    },
    Needed {
        name: "contents",
        level: "write",
        reason: "read overlays, write the promotion's commit and branch",
        without: None,
    },
    Needed {
        name: "pull_requests",
        level: "write",
        reason: "open, update and close the pull request, label it, ask for reviews",
        without: None,
    },
    Needed {
        name: "issues",
        level: "write",
        reason: "answer `/promote` on issues and react to the comment",
        without: Some("`/promote` works on pull requests only"),
    },
    Needed {
        name: "checks",
        level: "write",
        reason: "show a promotion that cannot be planned on the commit, at file and line",
        without: Some("failed plans show in the log only"),
    },
    Needed {
        name: "statuses",
        level: "read",
        reason: "hear what commit statuses say of an environment's health",
        without: Some("commit statuses are no evidence"),
    },
    Needed {
        name: "deployments",
        level: "write",
        reason: "hear of deployments, and make them with `deployments: true`",
        without: Some("deployments are no evidence, and none are made"),
    },
];

/// The events that the App subscribes to, with what they are for.
pub const EVENTS: [(&str, &str); 9] = [
    ("push", "promote by itself, and plan open promotions again"),
    ("pull_request", "note how a promotion ended, and who ticked what"),
    ("pull_request_review", "respect requested changes"),
    ("issue_comment", "`/promote`, `/undo`, `/release`"),
    ("workflow_dispatch", "promote when a workflow with the two inputs is dispatched"),
    ("repository_dispatch", "promote when another system asks"),
    ("status", "evidence of an environment's health"),
    ("check_run", "evidence of an environment's health"),
    ("deployment_status", "evidence of an environment's health"),
];

/// How one look ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// As it should be.
    Good,
    /// It works, but less than it could.
    Poor,
    /// It does not work.
    Broken,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// What was looked at.
    pub subject: String,
    /// How it is.
    pub health: Health,
    /// What was found; empty if there is nothing to say.
    pub found: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnosis {
    fn good(subject: impl Into<String>, found: impl Into<String>) -> Self {
        Self { subject: subject.into(), health: Health::Good, found: found.into(), help: None }
    }

    fn bad(
        subject: impl Into<String>,
        health: Health,
        found: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        let help = Some(help.into());
        Self { subject: subject.into(), health, found: found.into(), help }
    }
}

/// Opens the database and tries to write.
pub async fn examine_database(url: &str) -> Diagnosis {
    const SUBJECT: &str = "database";
    let looked = async {
        let store = Store::open(url, merge_payloads).await?;
        let written = store.try_writing().await;
        store.close().await;
        written
    };
    match looked.await {
        Ok(()) => Diagnosis::good(SUBJECT, "can be written"),
        Err(error) => Diagnosis::bad(
            SUBJECT,
            Health::Broken,
            chain(&error),
            "set OVERLIFT_DATABASE_URL; for SQLite the directory has to be there and writable",
        ),
    }
}

/// Looks at GitHub's side: the credential, the App, its webhook, its installations, the repositories.
///
/// Without `repositories`, an App's are all that it is installed on.
pub async fn examine_github(github: &Github, repositories: &[RepoName]) -> Vec<Diagnosis> {
    let mut found = Vec::new();
    let mut names = repositories.to_vec();
    let mut hears_queues = true;
    if github.is_app() {
        let Some(events) = examine_app(github, &mut found).await else { return found };
        hears_queues = events.contains("merge_group");
        if names.is_empty() {
            let installed = github.fetch_installed_repositories().await.unwrap_or_default();
            names = installed.into_iter().map(|installed| installed.name).collect();
        }
    } else if !examine_token(github, &mut found).await {
        return found;
    }
    found.extend(examine_clock(github));
    for name in &names {
        examine_repository(github, name, hears_queues, &mut found).await;
    }
    if names.is_empty() {
        found.push(Diagnosis::bad(
            "repositories",
            Health::Poor,
            "none was looked at",
            if github.is_app() {
                "install the App on a repository"
            } else {
                "name one with `--repo OWNER/NAME`"
            },
        ));
    }
    found
}

/// How far two clocks may be apart: what an App signs is good for ten minutes, a minute of them in the past.
const LARGEST_SKEW_SECONDS: i64 = 30;

/// Compares the clocks, once GitHub has said the time.
fn examine_clock(github: &Github) -> Option<Diagnosis> {
    let ahead = github.clock_ahead_seconds()?;
    (ahead.abs() > LARGEST_SKEW_SECONDS).then(|| {
        let way = if ahead > 0 { "behind" } else { "ahead of" };
        let health = if github.is_app() { Health::Broken } else { Health::Poor };
        let found = format!("this machine's is {} s {way} GitHub's", ahead.abs());
        Diagnosis::bad("clock", health, found, "let it be set by the network (NTP)")
    })
}

/// Looks at a token: whose it is; false if GitHub does not accept it or is not reached.
async fn examine_token(github: &Github, found: &mut Vec<Diagnosis>) -> bool {
    const SUBJECT: &str = "token";
    match github.fetch_login().await {
        Ok(login) => {
            found.push(Diagnosis::good(SUBJECT, format!("of `{login}`")));
            found.push(Diagnosis::good(
                "webhook",
                "a token cannot see it: in each repository's settings, Webhooks, it is application/json, has \
                 the same secret and ends in `/webhook`",
            ));
            true
        }
        // A workflow's token is nobody's.
        Err(GithubError::Forbidden { .. } | GithubError::NotFound { .. }) => {
            found.push(Diagnosis::good(SUBJECT, "of no account, as a workflow's is"));
            true
        }
        Err(error) => {
            let help = match error {
                GithubError::Unauthorized { .. } => {
                    "it is wrong, expired or revoked: make a new one"
                }
                _ => UNREACHED,
            };
            found.push(Diagnosis::bad(SUBJECT, Health::Broken, chain(&error), help));
            false
        }
    }
}

const UNREACHED: &str = "GITHUB_API_URL has to be reachable from here; HTTPS_PROXY and SSL_CERT_FILE say how, \
                         where a company's network is between";

/// Looks at the App itself, and says to which events it subscribes; `None` if GitHub does not know it.
async fn examine_app(github: &Github, found: &mut Vec<Diagnosis>) -> Option<BTreeSet<String>> {
    let setup = match github.fetch_app_setup().await {
        Ok(setup) => setup,
        Err(error) => {
            let help = match error {
                GithubError::Unauthorized { .. } | GithubError::NotFound { .. } => {
                    "OVERLIFT_APP_ID and the private key have to be of one App, on the GitHub that \
                     GITHUB_API_URL names; this machine's clock has to be right"
                }
                _ => UNREACHED,
            };
            found.push(Diagnosis::bad("GitHub App", Health::Broken, chain(&error), help));
            found.extend(examine_clock(github));
            return None;
        }
    };
    found.push(Diagnosis::good("GitHub App", format!("`{}`, the key is valid", setup.slug)));
    found.extend(permissions("the App's permissions", &setup.permissions, ASK));
    let missing: Vec<&str> =
        EVENTS.iter().map(|(event, _)| *event).filter(|it| !setup.events.contains(*it)).collect();
    found.push(match missing.as_slice() {
        [] => Diagnosis::good("events", "all are subscribed"),
        missing => Diagnosis::bad(
            "events",
            if missing.contains(&"push") { Health::Broken } else { Health::Poor },
            format!("not subscribed: {}", missing.join(", ")),
            "subscribe them in the App's settings, Permissions & events",
        ),
    });
    match github.fetch_webhook_setup().await {
        Ok(webhook) => found.extend(examine_webhook(webhook.as_ref())),
        Err(error) => found.push(Diagnosis::bad("webhook", Health::Poor, chain(&error), CHECK)),
    }
    match github.fetch_installation_setups().await {
        Ok(setups) => found.extend(examine_installations(&setups)),
        Err(error) => {
            found.push(Diagnosis::bad("installations", Health::Broken, chain(&error), CHECK));
        }
    }
    Some(setup.events)
}

const ASK: &str = "ask for them in the App's settings, Permissions & events";
const GIVE: &str = "give it to the token: in GitHub's settings, Developer settings, Personal access tokens; an \
                    organisation may have to approve it";
const GRANT: &str =
    "the account's owner has to accept the App's new permissions: Settings, GitHub Apps";
const CHECK: &str = "try again; GitHub did not answer as it should";

fn permissions(subject: &str, granted: &Permissions, help: &str) -> Vec<Diagnosis> {
    let lacks = |needed: &&Needed| {
        let level = granted.get(needed.name).map_or("none", String::as_str);
        let enough: &[&str] = match needed.level {
            "read" => &["read", "write", "admin"],
            _ => &["write", "admin"],
        };
        !enough.contains(&level)
    };
    let lacking: Vec<&Needed> = PERMISSIONS.iter().filter(lacks).collect();
    if lacking.is_empty() {
        return vec![Diagnosis::good(subject, "sufficient")];
    }
    lacking.into_iter().map(|needed| missing(subject, needed, help)).collect()
}

/// One permission that is missing, and what does not work without it.
fn missing(subject: &str, needed: &Needed, help: &str) -> Diagnosis {
    let Needed { name, level, reason, without } = needed;
    let health = if without.is_some() { Health::Poor } else { Health::Broken };
    let effect = without.map_or(String::new(), |without| format!("; without it, {without}"));
    let found = format!("`{name}: {level}` is missing, to {reason}{effect}");
    Diagnosis::bad(subject, health, found, help)
}

fn examine_webhook(webhook: Option<&WebhookSetup>) -> Vec<Diagnosis> {
    const SUBJECT: &str = "webhook";
    const HELP: &str = "change it in the App's settings, General, Webhook";
    let Some(webhook) = webhook.filter(|webhook| !webhook.url.is_empty()) else {
        let found = "the App has no address for deliveries";
        return vec![Diagnosis::bad(SUBJECT, Health::Broken, found, HELP)];
    };
    let mut faults = Vec::new();
    let mut fault = |found: &str| faults.push(Diagnosis::bad(SUBJECT, Health::Broken, found, HELP));
    if !webhook.has_secret {
        fault("there is no secret, so no delivery is signed and all are turned away");
    }
    if !webhook.is_json {
        fault("the content type is not `application/json`");
    }
    if !webhook.url.trim_end_matches('/').ends_with("/webhook") {
        fault("the address does not end in `/webhook`");
    }
    if !webhook.checks_certificate {
        let found = "GitHub does not check the certificate of the address";
        faults.push(Diagnosis::bad(SUBJECT, Health::Poor, found, HELP));
    }
    if faults.is_empty() {
        faults.push(Diagnosis::good(SUBJECT, format!("`{}`, signed JSON", webhook.url)));
    }
    faults
}

fn examine_installations(setups: &[InstallationSetup]) -> Vec<Diagnosis> {
    if setups.is_empty() {
        let help = "install it: the App's settings, Install App";
        return vec![Diagnosis::bad("installations", Health::Broken, "there is none", help)];
    }
    let mut found = Vec::new();
    for setup in setups {
        let subject = format!("installation at {}", setup.account);
        if setup.suspended {
            let help = "its owner can unsuspend it: Settings, GitHub Apps";
            found.push(Diagnosis::bad(subject, Health::Poor, "it is suspended", help));
        } else {
            found.extend(permissions(&subject, &setup.permissions, GRANT));
        }
    }
    found
}

/// Looks whether a repository is reached, may be written, and has a valid configuration.
async fn examine_repository(
    github: &Github,
    name: &RepoName,
    hears_queues: bool,
    found: &mut Vec<Diagnosis>,
) {
    let subject = name.to_string();
    let mut lacked: Vec<&Needed> = Vec::new();
    let mut waits_in_queue = false;
    let looked = async {
        let repository = github.repository(name, None).await?;
        let may_push = repository.fetch_may_push().await?;
        let base = repository.fetch_default_branch().await?;
        let Some(head) = repository.fetch_head(&base).await? else { return Ok((may_push, None)) };
        if !github.is_app() {
            let lacking = repository.fetch_unreadable(&head.sha).await?;
            lacked.extend(PERMISSIONS.iter().filter(|needed| lacking.contains(&needed.name)));
        }
        let rules = repository.fetch_branch_rules(&base).await?;
        let is_ours = |name: &String| name.starts_with("Overlift ");
        waits_in_queue =
            !hears_queues && rules.merge_queue && rules.required_checks.iter().any(is_ours);
        let mut snapshot = Snapshot::open(&repository, &head.sha, &head.tree).await?;
        Ok((may_push, Some(snapshot.configuration(None).await?)))
    };
    let looked = looked.await;
    found.extend(lacked.into_iter().map(|needed| missing(&subject, needed, GIVE)));
    if waits_in_queue {
        found.push(Diagnosis::bad(
            subject.clone(),
            Health::Broken,
            "its merge queue requires a check of Overlift, which does not hear of the queue: nothing is merged",
            "give the App the permission `merge_queues: read` and subscribe it to `merge_group`",
        ));
    }
    match looked {
        Err(error) => {
            let help = match &error {
                GithubError::NotInstalled { .. } => "install the App on it",
                GithubError::Unauthorized { .. } => "the token is wrong, expired or revoked",
                GithubError::NotFound { .. } => "the name is wrong, or the credential does not reach it",
                _ => CHECK,
            };
            found.push(Diagnosis::bad(subject, Health::Broken, chain(&error), help));
        }
        Ok((Some(false), _)) => found.push(Diagnosis::bad(
            subject,
            Health::Broken,
            "the token may not push",
            "give it the permissions `contents: write` and `pull requests: write`",
        )),
        Ok((_, None)) => found.push(Diagnosis::bad(
            subject,
            Health::Poor,
            "it has no commit yet",
            "push the overlays to its default branch",
        )),
        Ok((_, Some(Err(error)))) => found.push(Diagnosis::bad(
            subject,
            Health::Broken,
            chain(&error),
            "correct it on the default branch; `overlift status` checks a checkout, `overlift init` \
             proposes a configuration",
        )),
        Ok((_, Some(Ok(configuration)))) => {
            found.push(Diagnosis::good(subject, described(&configuration)));
        }
    }
}

/// A configuration in a few words.
fn described(configuration: &RepositoryConfig) -> String {
    let names: BTreeSet<&str> = configuration
        .pipeline
        .pairs()
        .flat_map(|(source, target)| [source.name.as_str(), target.name.as_str()])
        .collect();
    let from = configuration.path.as_ref().map_or("the folders", |path| path.as_str());
    let all = configuration.pipeline.stages().iter().map(|it| it.name.as_str());
    let all: Vec<&str> = all.filter(|name| names.contains(name)).collect();
    format!("reached, configured by {from}: {}", all.join(", "))
}
