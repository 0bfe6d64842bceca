//! Which commit an environment runs, and what was heard of it.
//!
//! An environment runs the first-parent commit of the default branch that last changed what it builds from.
//! That, and the later commits at which it builds from the same files, are noted when the default branch is
//! looked at; afterwards what is heard of a commit needs no request to be understood.

mod query;

use std::collections::BTreeSet;

use crate::clearance::{
    Health, HealthSource, Judgement, Known, Source, SourceKind, State, Word, judge,
};
use crate::config::RepositoryConfig;
use crate::github::{Commit, CommitReport, GithubError, Reading, ReportKind, Repository};
use crate::model::{ApplicationName, CommitSha, RepoPath};
use crate::promotion::{Environment, Trigger};
use crate::store::{EnvironmentKey, Evidence, KnownEnvironment, KnownEvidence, Millis};

use super::job::RepositoryAddress;
use super::recollect::Recollection;
use super::shortened::{MOST_CHARS, cut};
use super::snapshot::{Snapshot, digest};
use super::work::{Stop, Work};
pub(super) use query::PERIOD_MS;

/// How far back the commit that an environment runs is looked for.
const MOST_COMMITS: usize = 100;

/// What the store knows an environment by.
pub(super) fn environment_key(
    place: &RepositoryAddress,
    environment: &Environment,
) -> EnvironmentKey {
    let application = environment.application.as_ref();
    EnvironmentKey {
        repository: place.key(),
        application: application.map_or("", ApplicationName::as_str).to_owned(),
        environment: environment.name.as_str().to_owned(),
    }
}

/// Notes which commit each environment runs of which something says how it is, and forgets the others. Of one that
/// is not known GitHub is asked what was merged into it.
pub(super) async fn note_environments(
    work: &Work,
    repository: &Repository,
    place: &RepositoryAddress,
    now: &mut Snapshot,
    (configuration, recollection): (&RepositoryConfig, &Recollection<'_>),
) -> Result<(), Stop> {
    let mut known = work.app.store.environments(&place.key()).await?;
    for environment in configuration.pipeline.environments() {
        if environment.health.is_none() {
            continue;
        }
        let key = environment_key(place, environment);
        let before = known.iter().position(|it| it.key == key).map(|at| known.remove(at));
        let leads_to = leads_to(configuration, environment);
        if before.as_ref().is_none_or(|known| known.asked_at.is_none()) {
            recollection.merged_into(environment).await?;
        }
        let noting = Noting { work, repository, environment, key, leads_to };
        noting.note(now, before).await?;
    }
    for gone in known {
        work.app.store.forget_environment(&gone.key).await?;
    }
    Ok(())
}

/// The environments that are promoted once this one is healthy.
fn leads_to(configuration: &RepositoryConfig, environment: &Environment) -> String {
    let pairs = configuration.pipeline.pairs();
    let names: Vec<&str> = pairs
        .filter(|(source, target)| {
            source.name == environment.name
                && source.application == environment.application
                && target.trigger == Trigger::Healthy
        })
        .map(|(_, target)| target.name.as_str())
        .collect();
    serde_json::to_string(&names).expect("names can always be written")
}

/// One environment that is being noted.
struct Noting<'a> {
    work: &'a Work,
    repository: &'a Repository,
    environment: &'a Environment,
    key: EnvironmentKey,
    leads_to: String,
}

impl Noting<'_> {
    async fn note(self, now: &mut Snapshot, before: Option<KnownEnvironment>) -> Result<(), Stop> {
        let inputs = inputs(now, &self.environment.path).await?;
        let digest_now = digest(&now.tree, &inputs);
        let head = now.commit.as_str().to_owned();
        let same = before.as_ref().filter(|known| known.inputs == digest_now);
        let (commit, commits) = match same {
            Some(known) => (known.commit.clone(), vec![head]),
            None => self.find(now, &inputs, &digest_now).await?,
        };
        let asked_at = before.as_ref().and_then(|known| known.asked_at);
        let noted = KnownEnvironment {
            commit,
            inputs: digest_now,
            asked_at: Some(self.work.app.clock.now()),
            leads_to: self.leads_to.clone(),
            key: self.key.clone(),
        };
        let (store, time) = (&self.work.app.store, self.work.app.clock.now());
        if asked_at.is_none() {
            self.ask(&noted.commit, &commits).await?;
        }
        if before.as_ref() != Some(&KnownEnvironment { asked_at, ..noted.clone() })
            || !commits.is_empty()
        {
            store.note_environment(&noted, &commits, time).await?;
        }
        Ok(())
    }

    /// The commit that last changed what the environment builds from, and those after it.
    async fn find(
        &self,
        now: &Snapshot,
        inputs: &BTreeSet<RepoPath>,
        digest_now: &str,
    ) -> Result<(String, Vec<String>), Stop> {
        let way = self.first_parents(&now.commit).await?;
        // Nearly always the first step settles it; else halving takes a few trees, which are cached.
        let is_same = async |commit: &Commit| -> Result<bool, GithubError> {
            let tree = self.repository.fetch_tree(&commit.tree).await?;
            Ok(digest(&tree, inputs) == digest_now)
        };
        let (mut same, mut other) = (0, way.len());
        let mut step = 1;
        while same + 1 < other {
            let probe = (same + step).min((same + other) / 2).max(same + 1);
            if is_same(&way[probe]).await? {
                (same, step) = (probe, step * 2);
            } else {
                other = probe;
            }
        }
        let commits = way.iter().take(same + 1).map(|commit| commit.sha.as_str().to_owned());
        let commits: Vec<String> = commits.collect();
        let first = commits.last().cloned().unwrap_or_else(|| now.commit.as_str().to_owned());
        Ok((first, commits))
    }

    /// The commits of the default branch's own way, newest first.
    async fn first_parents(&self, head: &CommitSha) -> Result<Vec<Commit>, Stop> {
        let mut all: Vec<Commit> = Vec::new();
        let mut count = 0;
        self.repository
            .walk_history(head, None, |commit| {
                all.push(commit.clone());
                count += 1;
                count >= MOST_COMMITS
            })
            .await?;
        let mut way: Vec<Commit> = Vec::new();
        let mut next = Some(head.clone());
        while let Some(sha) = next {
            let Some(at) = all.iter().position(|commit| commit.sha == sha) else { break };
            let commit = all.swap_remove(at);
            next = commit.parents.first().cloned();
            way.push(commit);
        }
        Ok(way)
    }

    /// Asks GitHub what it knows: nobody told us, or we lost it.
    async fn ask(&self, commit: &str, commits: &[String]) -> Result<(), Stop> {
        let Some(health) = &self.environment.health else { return Ok(()) };
        let health = self.for_application(health);
        let ends = [Some(&commit.to_owned()), commits.first()].map(|it| it.cloned());
        let ends: BTreeSet<String> = ends.into_iter().flatten().collect();
        let mut heard = Vec::new();
        for commit in &ends {
            let Ok(sha) = CommitSha::parse(commit) else { continue };
            if health.sources.iter().any(|source| matches!(source, HealthSource::Statuses(_))) {
                let reports = self.repository.fetch_commit_reports(&sha).await?;
                let is_meant = |report: &CommitReport| {
                    let (kind, name) = (kind_of(report.kind), report.name.clone());
                    let source = Source { kind, name };
                    health.sources.iter().any(|it| it.is_meant(&source))
                };
                heard.extend(reports.into_iter().filter(is_meant).map(|report| (commit, report)));
            }
            for source in &health.sources {
                let HealthSource::Deployment(name) = source else { continue };
                let report = self.repository.fetch_deployment_report(&sha, name).await?;
                heard.extend(report.map(|report| (commit, report)));
            }
        }
        let now = self.work.app.clock.now();
        let evidence: Vec<Evidence> = heard
            .into_iter()
            .map(|(commit, report)| {
                let happened = report.at_ms.unwrap_or(now).min(now);
                evidence_of(&self.key.repository, commit, report, now, happened)
            })
            .collect();
        Ok(self.work.app.store.note_evidence(&evidence).await?)
    }

    fn for_application(&self, health: &Health) -> Health {
        health.for_application(self.environment.application.as_ref().map(ApplicationName::as_str))
    }
}

/// The files that an environment builds from: those of its build, or all of its folder where there is none.
async fn inputs(now: &mut Snapshot, folder: &RepoPath) -> Result<BTreeSet<RepoPath>, Stop> {
    Ok(match now.inputs(folder).await? {
        Some(inputs) if !inputs.is_empty() => inputs,
        _ => now.below(folder).cloned().collect(),
    })
}

/// A word of GitHub's as the store keeps it.
pub(super) fn evidence_of(
    repository: &str,
    commit: &str,
    report: CommitReport,
    now: Millis,
    heard: Millis,
) -> Evidence {
    let kind = kind_of(report.kind);
    let state = match report.reading {
        Reading::Well => State::Healthy,
        Reading::Pending => State::NotYet,
        Reading::Bad => State::Degraded,
        Reading::Nothing => State::Unknown,
    };
    Evidence {
        repository: repository.to_owned(),
        kind: kind.as_str().to_owned(),
        name: cut(&report.name, MOST_CHARS),
        commit: commit.to_owned(),
        application: String::new(),
        environment: String::new(),
        state: state.as_str().to_owned(),
        message: cut(&report.description, MOST_CHARS),
        url: report.url.filter(|url| is_link(url)),
        // Clocks differ: what seems to come from the future would silence all that comes after it.
        at: report.at_ms.unwrap_or(now).min(now + MOST_AHEAD_MS),
        heard,
    }
}

/// What kind of source a report of GitHub's is.
const fn kind_of(report: ReportKind) -> SourceKind {
    match report {
        ReportKind::Status => SourceKind::Status,
        ReportKind::CheckRun => SourceKind::CheckRun,
        ReportKind::Deployment => SourceKind::Deployment,
    }
}

/// A source's clock may be ahead of ours by so much.
pub(super) const MOST_AHEAD_MS: Millis = 5 * 60_000;

/// Whether a text is an address that people may be sent to.
pub(super) fn is_link(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("http://")) && url.len() <= 2_000
}

/// How an environment is, by what was heard; `None` where nothing says so.
pub(super) async fn judge_environment(
    work: &Work,
    place: &RepositoryAddress,
    environment: &Environment,
) -> Result<Option<Judgement>, Stop> {
    let Some(health) = &environment.health else { return Ok(None) };
    let key = environment_key(place, environment);
    let application = environment.application.as_ref().map(ApplicationName::as_str);
    let health = health.for_application(application);
    query::ask(work, &key, &health).await?;
    let found = work.app.store.evidence_of(&key).await?;
    let known: Vec<Known> =
        found.into_iter().filter(|it| speaks_of(it, environment)).filter_map(known).collect();
    let judgement = judge(&health, &known);
    work.app.note_judgement(&key, &judgement).await?;
    Ok(Some(judgement))
}

/// Whether what was heard is meant for an environment: it names it, or its folder, or nothing.
fn speaks_of(evidence: &KnownEvidence, environment: &Environment) -> bool {
    let Evidence { kind, application, environment: named, .. } = &evidence.newest;
    if !SourceKind::parse(kind).is_some_and(SourceKind::names_environment) {
        return true;
    }
    let own = environment.application.as_ref().map_or("", ApplicationName::as_str);
    // Where there are no applications, Argo CD may name its own.
    let of_it = own.is_empty() || application == own;
    let by_name = named == environment.name.as_str() && of_it;
    let folder = named.strip_prefix("./").map(|folder| folder.trim_end_matches('/'));
    by_name || folder == Some(environment.path.as_str())
}

fn known(evidence: KnownEvidence) -> Option<Known> {
    let KnownEvidence { newest, healthy_since, degraded_at } = evidence;
    let source = Source { kind: SourceKind::parse(&newest.kind)?, name: newest.name };
    let word = Word {
        source,
        commit: CommitSha::parse(&newest.commit).ok()?,
        state: State::parse(&newest.state),
        message: newest.message,
        url: newest.url,
        at: newest.at,
        heard: newest.heard,
    };
    Some(Known { word, healthy_since, degraded_at })
}
