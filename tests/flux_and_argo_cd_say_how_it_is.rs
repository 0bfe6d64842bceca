//! `POST /health-events`: what is taken, from whom, and what comes of it.

use serde_json::{Value, json};

use crate::support::scene::{FILES, REPO, SECRET, Scene, flux_signature, post_health, rate};

const CONFIGURATION: &str = "environments:
- name: staging
  path: overlays/staging
  health: {events: true}
- {name: prod, path: overlays/prod, trigger: push}
pullRequest: {checklist: []}
";

async fn scene() -> (Scene, String) {
    let mut files = FILES.to_vec();
    files[0].1 = CONFIGURATION;
    files.push(("overlays/prod/patches/rate.yaml", crate::support::scene::RATE_5));
    let prod = files.iter_mut().find(|(path, _)| *path == "overlays/prod/kustomization.yaml");
    prod.unwrap().1 = "resources: [../../base]\npatches:\n- path: patches/rate.yaml\n";
    let scene = Scene::with_files(&files).await;
    scene.push_event(None).await;
    scene.work().await;
    let commit = scene.push(&[("overlays/staging/patches/rate.yaml", &rate("6"))]).await;
    scene.work().await;
    (scene, commit)
}

fn flux(commit: &str, severity: &str, reason: &str, second: u32, metadata: &Value) -> String {
    let mut event = json!({
        "involvedObject": {
            "kind": "Kustomization", "namespace": "flux-system", "name": "mesh",
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        },
        "severity": severity, "timestamp": format!("1970-01-01T00:00:{second:02}Z"),
        "message": format!("{reason} <b>"), "reason": reason, "metadata": metadata,
        "reportingController": "kustomize-controller",
    });
    event["metadata"]["revision"] = format!("main@sha1:{commit}").into();
    event.to_string()
}

fn argo(commit: &str, status: &str, message: &str) -> String {
    json!({
        "repository": REPO, "application": "", "environment": "staging", "commit": commit,
        "status": status, "message": message, "url": "https://argocd.example.com/a",
    })
    .to_string()
}

fn state(scene: &Scene) -> String {
    scene.check(scene.open()[0], "Overlift / prod").unwrap().1
}

async fn posted(scene: &Scene, body: &str) -> u16 {
    let status = post_health(scene.address, &flux_signature(SECRET, body), body).await;
    scene.work().await;
    status
}

#[tokio::test]
async fn flux_is_understood_by_metadata_or_by_path() {
    let by_name = json!({ "repository": REPO, "environment": "staging" });
    let by_path = json!({ "path": "./overlays/staging" });
    for metadata in [by_name, by_path] {
        let (scene, commit) = scene().await;
        assert_eq!(state(&scene), "Waits: health");
        let healthy = flux(&commit, "info", "ReconciliationSucceeded", 10, &metadata);
        assert_eq!(posted(&scene, &healthy).await, 202);
        assert_eq!(state(&scene), "Nothing holds it");
        let failed = flux(&commit, "error", "HealthCheckFailed", 20, &metadata);
        assert_eq!(posted(&scene, &failed).await, 202);
        assert_eq!(state(&scene), "Held: health");
        // The same again is a replay, and so is what is older than what is known.
        assert_eq!(posted(&scene, &healthy).await, 200);
        let older = flux(&commit, "info", "ReconciliationSucceeded", 11, &metadata);
        assert_eq!(posted(&scene, &older).await, 202);
        assert_eq!(state(&scene), "Held: health");
        // Another environment, another commit, an object that runs nothing.
        let other = json!({ "repository": REPO, "environment": "prod" });
        posted(&scene, &flux(&commit, "info", "ReconciliationSucceeded", 30, &other)).await;
        let metadata = json!({ "repository": REPO, "environment": "staging" });
        let commit = "a".repeat(40);
        posted(&scene, &flux(&commit, "info", "ReconciliationSucceeded", 31, &metadata)).await;
        let source = healthy.replace("\"Kustomization\"", "\"GitRepository\"");
        assert_eq!(posted(&scene, &source).await, 202);
        assert_eq!(state(&scene), "Held: health");
    }
}

/// The shapes that Flux's own documentation and versions show: keys with and without the controller's prefix,
/// revisions of every form, fields that we do not need, metadata that the Alert adds.
#[tokio::test]
async fn flux_is_understood_in_every_shape_that_it_has_had() {
    let (scene, commit) = scene().await;
    let event = |severity: &str, reason: &str, second: u32, metadata: Value| {
        json!({
            "involvedObject": {
                "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "name": "mesh",
                "namespace": "apps", "uid": "00000000-0000-4000-8000-000000000001", "resourceVersion": "42",
            },
            "metadata": metadata, "severity": severity, "reason": reason,
            "message": "Reconciliation finished in 1.2s, next run in 10m0s",
            "reportingController": "kustomize-controller",
            "reportingInstance": "kustomize-controller-7c7b47f5f-x2k9p",
            "timestamp": format!("1970-01-01T00:00:{second:02}.123456789Z"),
        })
        .to_string()
    };
    const PREFIX: &str = "kustomize.toolkit.fluxcd.io";
    let environment = json!({ "repository": REPO, "environment": "staging" });
    let shapes = [
        ("revision".to_owned(), format!("main@sha1:{commit}")),
        (format!("{PREFIX}/revision"), format!("main/{commit}")),
        (format!("{PREFIX}/revision"), format!("main@sha1:{commit}")),
        ("revision".to_owned(), format!("sha1:{commit}")),
    ];
    let mut second = 10;
    for (key, revision) in shapes {
        for (severity, reason, says) in [
            ("info", "ReconciliationSucceeded", "Nothing holds it"),
            ("error", "ValidationFailed", "Held: health"),
        ] {
            second += 1;
            let mut metadata = environment.clone();
            metadata[&key] = revision.clone().into();
            metadata[format!("{PREFIX}/token")] = "a-token-of-the-object".into();
            metadata["summary"] = "production of the shop".into();
            let body = event(severity, reason, second, metadata);
            assert_eq!(posted(&scene, &body).await, 202, "{body}");
            assert_eq!(state(&scene), says, "{body}");
        }
    }
    // A release and an object that says nothing of a commit are taken, and nothing follows.
    for (kind, metadata) in
        [("HelmRelease", json!({ "revision": "1.2.3" })), ("Kustomization", json!({}))]
    {
        let body = event("info", "InstallSucceeded", 40, metadata).replace("Kustomization", kind);
        let status = posted(&scene, &body).await;
        assert!([202, 400].contains(&status), "{status} {body}");
        assert_eq!(state(&scene), "Held: health", "{body}");
    }
}

/// What kustomize-controller tells of one reconciliation (its `internal/controller/kustomization_controller.go`), as
/// notification-controller passes it on (`combineEventMetadata` of `internal/server/event_handlers.go`, and Go's order
/// of fields): what was applied, a health check that passed, the end. All within a second, in any order, since each
/// is posted by a goroutine of its own.
#[tokio::test]
async fn one_reconciliation_of_flux_is_understood_in_whatever_order_it_arrives() {
    let event = |commit: &str, reason: &str, message: &str, severity: &str, more: &str| {
        format!(
            "{{\"involvedObject\":{{\"kind\":\"Kustomization\",\"namespace\":\"flux-system\",\"name\":\"mesh\",\
             \"uid\":\"7d0cdc51-ddcf-4743-b223-83ca5c699632\",\
             \"apiVersion\":\"kustomize.toolkit.fluxcd.io/v1\",\"resourceVersion\":\"42\"}},\
             \"severity\":\"{severity}\",\"timestamp\":\"1970-01-01T00:00:10Z\",\"message\":\"{message}\",\
             \"reason\":\"{reason}\",\"metadata\":{{{more}\"environment\":\"staging\",\"repository\":\"{REPO}\",\
             \"revision\":\"main@sha1:{commit}\"}},\"reportingController\":\"kustomize-controller\",\
             \"reportingInstance\":\"kustomize-controller-7c7b47f5f-8bhrp\"}}"
        )
    };
    let update = "\"commit_status\":\"update\",";
    let [applied, checked, ended] = [
        ("Progressing", "ConfigMap/default/limits configured", ""),
        ("Progressing", "Health check passed in 5.020374512s", ""),
        ("ReconciliationSucceeded", "Reconciliation finished in 6.1s, next run in 10m0s", update),
    ];
    // The last without the end, which notification-controller 1.8.0 to 1.8.3 keeps to itself.
    for order in [
        vec![applied, checked, ended],
        vec![ended, checked, applied],
        vec![checked, ended, applied],
        vec![applied, ended],
        vec![ended, applied],
        vec![checked, applied],
    ] {
        let (scene, commit) = scene().await;
        for (reason, message, more) in &order {
            let body = event(&commit, reason, message, "info", more);
            assert_eq!(posted(&scene, &body).await, 202, "{body}");
        }
        assert_eq!(state(&scene), "Nothing holds it", "{order:?}");
        let failed = event(
            &commit,
            "HealthCheckFailed",
            "health check failed after 30s: timeout waiting for: [Deployment/default/api status: 'InProgress']",
            "error",
            "",
        );
        assert_eq!(posted(&scene, &failed).await, 202);
        assert_eq!(state(&scene), "Held: health", "{order:?}");
    }
}

/// Of an `OCIRepository` the artifact's digest is the revision, and the commit that it was made from is beside it.
#[tokio::test]
async fn flux_tells_the_commit_that_an_artifact_was_made_from() {
    let (scene, commit) = scene().await;
    let metadata = json!({
        "repository": REPO, "environment": "staging", "originRevision": format!("main@sha1:{commit}"),
    });
    let body = flux(&commit, "info", "ReconciliationSucceeded", 10, &metadata);
    let artifact = format!("latest@sha256:{}", "b".repeat(64));
    let body = body.replace(
        &format!("\"revision\":\"main@sha1:{commit}\""),
        &format!("\"revision\":\"{artifact}\""),
    );
    assert!(body.contains(&artifact), "{body}");
    assert_eq!(posted(&scene, &body).await, 202);
    assert_eq!(state(&scene), "Nothing holds it");
}

#[tokio::test]
async fn argo_cd_is_understood_signed_or_with_the_secret() {
    let (scene, commit) = scene().await;
    assert_eq!(posted(&scene, &argo(&commit, "progressing", "1")).await, 202);
    assert_eq!(state(&scene), "Waits: health");
    let body = argo(&commit, "healthy", "2");
    let bearer = format!("content-type: application/json\r\nauthorization: Bearer {SECRET}\r\n");
    assert_eq!(post_health(scene.address, &bearer, &body).await, 202);
    scene.work().await;
    assert_eq!(state(&scene), "Nothing holds it");
    assert_eq!(posted(&scene, &argo(&commit, "degraded", "3")).await, 202);
    assert_eq!(state(&scene), "Held: health");
}

#[tokio::test]
async fn what_is_forged_is_refused_with_the_answers_of_the_webhook() {
    let (scene, commit) = scene().await;
    let body = argo(&commit, "healthy", "1");
    let json = "content-type: application/json\r\n";
    let forged = flux_signature("another secret of the webhook", &body);
    let of_another = flux_signature(SECRET, "{}");
    let bearer = format!("{json}authorization: Bearer guess\r\n");
    let sha1 = format!("{json}x-signature: sha1={}\r\n", "0".repeat(40));
    for headers in [json, &forged, &of_another, &bearer, &sha1] {
        assert_eq!(post_health(scene.address, headers, &body).await, 401, "{headers}");
    }
    let text = flux_signature(SECRET, &body).replace("application/json", "text/plain");
    assert_eq!(post_health(scene.address, &text, &body).await, 415);
    for malformed in ["", "[]", "{}", "{\"involvedObject\": {}}", &body.replace("healthy", "ok")] {
        let headers = flux_signature(SECRET, malformed);
        assert_eq!(post_health(scene.address, &headers, malformed).await, 400, "{malformed}");
    }
    scene.work().await;
    assert_eq!(state(&scene), "Waits: health");
}
