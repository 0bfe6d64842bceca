//! What Flux and Argo CD post about an environment's health, read and taken.
//!
//! Flux posts its events as they are, with what `eventMetadata` adds; Argo CD posts the body of a template
//! of ours. Neither names its deliveries, so the body itself does: the same body again is a replay.

use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::clearance::{SourceKind, State};
use crate::model::{CommitSha, RepoName};
use crate::store::{Delivery, Evidence, Receipt};

use super::App;
use super::environments::is_link;
use super::job::{Job, News, RepositoryAddress};
use super::receive::{ReceiveError, Received};
use super::shortened::{MOST_CHARS, cut};

/// What somebody says of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthEvent {
    /// The repository, where it says so; else the commit tells.
    repository: Option<RepoName>,
    commit: CommitSha,
    application: String,
    /// The environment's name, or its folder with `./` before it.
    environment: String,
    name: String,
    state: State,
    message: String,
    url: Option<String>,
    at_ms: Option<i64>,
}

/// Why a body is no event; the text is for whoever configures the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MalformedEvent(&'static str);

#[derive(Deserialize)]
struct FluxEvent {
    #[serde(rename = "involvedObject")]
    object: FluxObject,
    severity: String,
    timestamp: Option<String>,
    #[serde(default)]
    message: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    metadata: Map<String, Value>,
}

#[derive(Deserialize)]
struct FluxObject {
    kind: String,
    #[serde(default)]
    namespace: String,
    name: String,
}

#[derive(Deserialize)]
struct ArgoEvent {
    repository: String,
    #[serde(default)]
    application: String,
    environment: String,
    commit: String,
    status: String,
    #[serde(default)]
    message: String,
    url: Option<String>,
}

impl HealthEvent {
    /// Reads a body; `None` for an event of Flux that says nothing of an environment's health.
    ///
    /// # Errors
    /// [`MalformedEvent`] if it is neither Flux's nor Argo CD's.
    pub fn parse(body: &[u8]) -> Result<Option<Self>, MalformedEvent> {
        let value: Value =
            serde_json::from_slice(body).map_err(|_| MalformedEvent("the body is no JSON"))?;
        if value.get("involvedObject").is_some() {
            let event = serde_json::from_value(value);
            let event: FluxEvent =
                event.map_err(|_| MalformedEvent("the body is not what Flux sends"))?;
            return Ok(of_flux(event));
        }
        let event = serde_json::from_value(value);
        let event: ArgoEvent = event.map_err(|_| {
            MalformedEvent("the body lacks `repository`, `environment`, `commit` or `status`")
        })?;
        of_argo(event).map(Some)
    }
}

/// Events of sources and of alerts say nothing of what runs.
fn of_flux(event: FluxEvent) -> Option<HealthEvent> {
    if !matches!(event.object.kind.as_str(), "Kustomization" | "HelmRelease") {
        return None;
    }
    let text = |key: &str| {
        let named = |(name, value): (&String, &Value)| {
            let last = name.rsplit('/').next().unwrap_or(name);
            (last == key).then(|| value.as_str().map(str::to_owned)).flatten()
        };
        event.metadata.iter().find_map(named)
    };
    let folder = text("path").map(|path| {
        let path = path.trim_start_matches("./").trim_end_matches('/');
        format!("./{path}")
    });
    let FluxObject { kind, namespace, name } = &event.object;
    let state = flux_state(&event);
    Some(HealthEvent {
        repository: text("repository").as_deref().and_then(repository),
        commit: ["commit", "originRevision", "revision"]
            .into_iter()
            .find_map(|key| commit_in(&text(key)?))?,
        application: text("application").unwrap_or_default(),
        environment: text("environment").or(folder)?,
        name: format!("Flux {kind} {namespace}/{name}"),
        state,
        message: event.message.clone(),
        url: None,
        at_ms: time(event.timestamp.as_deref()).map(|at| at + later_within_its_second(state)),
    })
}

/// What an event says of the object. A health check that passed is told before its reconciliation ends; some
/// versions of Flux (notification-controller 1.8.0 to 1.8.3) keep the end to themselves.
fn flux_state(event: &FluxEvent) -> State {
    match (event.severity.as_str(), event.reason.as_str()) {
        ("error", _) | (_, "RollbackSucceeded" | "UninstallSucceeded") => State::Degraded,
        (_, "GarbageCollectionSucceeded") => State::NotYet,
        (_, reason) if reason.ends_with("Succeeded") => State::Healthy,
        _ if event.message.starts_with("Health check passed in ") => State::Healthy,
        _ => State::NotYet,
    }
}

/// Flux writes the second and posts without an order: of one second, what ends a reconciliation came after what led
/// to it.
const fn later_within_its_second(state: State) -> i64 {
    match state {
        State::Healthy | State::Degraded => 500,
        State::NotYet | State::Unknown => 0,
    }
}

fn of_argo(event: ArgoEvent) -> Result<HealthEvent, MalformedEvent> {
    let state = match event.status.to_ascii_lowercase().as_str() {
        "healthy" => State::Healthy,
        "progressing" => State::NotYet,
        "degraded" => State::Degraded,
        _ => return Err(MalformedEvent("`status` is healthy, progressing or degraded")),
    };
    let of = if event.application.is_empty() { &event.environment } else { &event.application };
    Ok(HealthEvent {
        repository: Some(
            repository(&event.repository).ok_or(MalformedEvent("`repository` is none"))?,
        ),
        commit: commit_in(&event.commit).ok_or(MalformedEvent("`commit` is none"))?,
        name: format!("Argo CD {of}"),
        application: event.application,
        environment: event.environment,
        state,
        message: event.message,
        url: event.url,
        at_ms: None,
    })
}

/// `OWNER/NAME`, alone or at the end of an address.
fn repository(text: &str) -> Option<RepoName> {
    let text = text.trim().trim_end_matches('/').trim_end_matches(".git");
    let mut parts = text.rsplit(['/', ':']);
    let (name, owner) = (parts.next()?, parts.next()?);
    RepoName::parse(&format!("{owner}/{name}")).ok()
}

/// The commit of `main@sha1:…`, `main/…` or the id alone.
fn commit_in(revision: &str) -> Option<CommitSha> {
    let last = revision.rsplit([':', '/', '@']).next()?;
    CommitSha::parse(last).ok()
}

fn time(text: Option<&str>) -> Option<i64> {
    text?.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

impl App {
    /// Takes what somebody posted about health: when this returns, it is on disk.
    ///
    /// # Errors
    /// [`ReceiveError`] if it is not.
    pub async fn receive_health(
        &self,
        body: &[u8],
        event: Option<HealthEvent>,
    ) -> Result<Received, ReceiveError> {
        let now = self.clock.now();
        let (mut evidence, mut jobs) = (Vec::new(), Vec::new());
        if let Some(event) = event {
            let repositories = match &event.repository {
                Some(repository) => vec![repository.key()],
                None => self.store.repositories_with_commit(event.commit.as_str()).await?,
            };
            for repository in repositories {
                let commits = [event.commit.as_str().to_owned()].into();
                evidence.push(evidence_of(&event, &repository, now));
                let Some(known) = self.store.repository(&repository).await? else { continue };
                let place = RepositoryAddress {
                    repository,
                    installation: known.installation.and_then(|id| u64::try_from(id).ok()),
                    default_branch: known.default_branch,
                };
                jobs.push(Job::News(News { place, commits, all: false }).queue(now));
            }
        }
        let received = if evidence.is_empty() { Received::Ignored } else { Received::Queued };
        let delivery = Delivery {
            id: format!("health-{}", hex::encode(Sha256::digest(body))),
            event: "health-events".to_owned(),
            repository: evidence.first().map(|it| it.repository.clone()),
            state: received.as_str(),
            received_at: now,
            evidence,
            jobs,
        };
        match self.take(delivery).await? {
            Receipt::Duplicate => Ok(Received::Duplicate),
            Receipt::New => {
                self.wake.notify_one();
                Ok(received)
            }
        }
    }
}

fn evidence_of(event: &HealthEvent, repository: &str, now: i64) -> Evidence {
    Evidence {
        repository: repository.to_owned(),
        kind: SourceKind::Event.as_str().to_owned(),
        name: cut(&event.name, MOST_CHARS),
        commit: event.commit.as_str().to_owned(),
        application: cut(&event.application, MOST_CHARS),
        environment: cut(&event.environment, MOST_CHARS),
        state: event.state.as_str().to_owned(),
        message: cut(&event.message, MOST_CHARS),
        url: event.url.clone().filter(|url| is_link(url)),
        at: event.at_ms.unwrap_or(now).min(now + super::environments::MOST_AHEAD_MS),
        heard: now,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SHA: &str = "731f7eaddfb6af01cb2173e18f0f75b0ba780ef1";

    fn flux(severity: &str, reason: &str, metadata: &Value) -> Option<HealthEvent> {
        let body = json!({
            "involvedObject": {
                "kind": "Kustomization", "namespace": "flux-system", "name": "mesh",
                "uid": "7d0cdc51", "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
            },
            "severity": severity, "timestamp": "2026-06-24T09:36:50Z", "message": "said",
            "reason": reason, "metadata": metadata,
            "reportingController": "kustomize-controller", "reportingInstance": "x",
        });
        HealthEvent::parse(body.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn reads_what_flux_posts() {
        let metadata = json!({
            "revision": format!("main@sha1:{SHA}"), "repository": "octo/mesh",
            "environment": "staging",
        });
        let event = flux("info", "ReconciliationSucceeded", &metadata).unwrap();
        assert_eq!((event.commit.as_str(), event.environment.as_str()), (SHA, "staging"));
        assert_eq!(
            (event.name.as_str(), event.state),
            ("Flux Kustomization flux-system/mesh", State::Healthy)
        );
        assert_eq!(event.at_ms, Some(1_782_293_810_500));
        let by_path = json!({
            "kustomize.toolkit.fluxcd.io/revision": format!("main/{SHA}"), "path": "overlays/staging/",
        });
        let event = flux("error", "HealthCheckFailed", &by_path).unwrap();
        assert_eq!(
            (event.environment.as_str(), event.state),
            ("./overlays/staging", State::Degraded)
        );
        assert_eq!(event.repository, None);
        for (reason, state) in [
            ("Progressing", State::NotYet),
            ("DependencyNotReady", State::NotYet),
            ("UpgradeSucceeded", State::Healthy),
            ("RollbackSucceeded", State::Degraded),
        ] {
            assert_eq!(flux("info", reason, &metadata).unwrap().state, state, "{reason}");
        }
        assert_eq!(flux("info", "ReconciliationSucceeded", &json!({})), None, "no revision");
    }

    #[test]
    fn reads_the_body_of_the_template() {
        let body = |status: &str| {
            json!({
                "repository": "https://github.com/octo/mesh.git", "application": "",
                "environment": "staging", "commit": SHA, "status": status, "message": "m",
                "url": "https://argocd.example.com/x",
            })
        };
        let parse = |body: Value| HealthEvent::parse(body.to_string().as_bytes());
        let event = parse(body("Healthy")).unwrap().unwrap();
        assert_eq!(event.repository.unwrap().to_string(), "octo/mesh");
        assert_eq!((event.name.as_str(), event.state), ("Argo CD staging", State::Healthy));
        assert!(parse(body("fine")).is_err());
        for field in ["repository", "environment", "commit", "status"] {
            let mut without = body("healthy");
            without.as_object_mut().unwrap().remove(field);
            assert!(parse(without).is_err(), "{field}");
        }
        for text in ["", "[]", "null", "{}", "{\"involvedObject\": 1}"] {
            assert!(HealthEvent::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
