//! `overlift queue`: the jobs of the service, for whoever runs it.

use std::fmt::Write as _;

use clap::{Args, Subcommand};

use super::outcome::{Outcome, Result};
use super::output::{Output, harmless};
use crate::app::{Clock, merge_payloads};
use crate::store::{QueuedJob, Store};

/// Shows the service's jobs, tries parked ones again, drops them.
#[derive(Args)]
pub(super) struct QueueArguments {
    /// Database of the service [default: sqlite://overlift.db?mode=rwc].
    #[arg(
        long,
        env = "OVERLIFT_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true,
        global = true
    )]
    database_url: Option<String>,
    #[command(subcommand)]
    command: QueueCommand,
}

#[derive(Debug, Subcommand)]
enum QueueCommand {
    /// Lists jobs: parked ones first, then running ones, then those that wait.
    List {
        /// Print one JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Makes a parked or waiting job due at once.
    Retry {
        /// Its id, or how it begins.
        id: String,
    },
    /// Drops a parked or waiting job.
    Drop {
        /// Its id, or how it begins.
        id: String,
    },
}

impl std::fmt::Debug for QueueArguments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The address may hold a password.
        write!(f, "QueueArguments({:?})", self.command)
    }
}

/// A list longer than this is not read by a person.
const MOST_LISTED: u32 = 1_000;

/// Runs one of the three.
pub(super) fn run(arguments: &QueueArguments, output: &Output) -> Result {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let url = arguments.database_url.as_deref().unwrap_or("sqlite://overlift.db?mode=rw");
    let now = Clock::system().now();
    let done = runtime.block_on(async {
        let store = Store::open(url, merge_payloads).await?;
        let done = match &arguments.command {
            QueueCommand::List { json } => {
                let jobs = store.list_jobs(MOST_LISTED).await?;
                Done::Listed(match (json, jobs.is_empty()) {
                    (true, _) => as_json(&jobs),
                    (false, true) => "The queue is empty.\n".to_owned(),
                    (false, false) => as_text(&jobs),
                })
            }
            QueueCommand::Retry { id } => match whole(&store, id).await? {
                Some(id) => Done::changed(store.retry_job(&id, now).await?, &id),
                None => Done::NoSuchJob(id.clone()),
            },
            QueueCommand::Drop { id } => match whole(&store, id).await? {
                Some(id) => Done::changed(store.drop_job(&id).await?, &id),
                None => Done::NoSuchJob(id.clone()),
            },
        };
        store.close().await;
        anyhow::Ok(done)
    })?;
    match done {
        Done::Listed(list) => output.print(list)?,
        Done::Changed => {}
        Done::NoSuchJob(id) => {
            return Err(anyhow::anyhow!("there is no job `{id}` that is parked or waits").into());
        }
    }
    Ok(Outcome::Done)
}

/// The id that begins so, as with git; `None` if none does.
async fn whole(store: &Store, begins: &str) -> anyhow::Result<Option<String>> {
    if begins.is_empty() {
        return Ok(None);
    }
    let jobs = store.list_jobs(MOST_LISTED).await?;
    if jobs.iter().any(|job| job.id == begins) {
        return Ok(Some(begins.to_owned()));
    }
    let mut found = jobs.into_iter().map(|job| job.id).filter(|id| id.starts_with(begins));
    let (first, second) = (found.next(), found.next());
    if second.is_some() {
        anyhow::bail!("several jobs begin with `{begins}`: give more of the id");
    }
    Ok(first)
}

enum Done {
    Listed(String),
    Changed,
    NoSuchJob(String),
}

impl Done {
    fn changed(there_was_one: bool, id: &str) -> Self {
        if there_was_one { Self::Changed } else { Self::NoSuchJob(id.to_owned()) }
    }
}

fn as_text(jobs: &[QueuedJob]) -> String {
    let mut text = String::new();
    for job in jobs {
        let QueuedJob { id, key, state, attempts, reason, .. } = job;
        let state = state.as_str();
        let _ = write!(text, "{id}  {state:7}  {attempts:>3} attempts  {}", harmless(key));
        if let Some(reason) = reason {
            let _ = write!(text, "\n    {}", harmless(reason).replace('\n', "\n    "));
        }
        text.push('\n');
    }
    text
}

fn as_json(jobs: &[QueuedJob]) -> String {
    let job = |job: &QueuedJob| {
        serde_json::json!({
            "id": job.id,
            "kind": job.kind,
            "repository": job.repository,
            "key": job.key,
            "state": job.state.as_str(),
            "attempts": job.attempts,
            "createdAtMs": job.created_at,
            "runAtMs": job.run_at,
            "reason": job.reason,
        })
    };
    let jobs: serde_json::Value = jobs.iter().map(job).collect();
    format!("{jobs:#}\n")
}
