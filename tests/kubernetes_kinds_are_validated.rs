//! "It knows Kubernetes' own kinds too, once I fetched their schemas."

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{overlift_command, run};

/// As the package `kubernetes-validate` writes them, cut down to two kinds.
fn definitions() -> String {
    let reference = |name: &str| json!({ "$ref": format!("#/$defs/{name}") });
    json!({ "$defs": {
        "io.k8s.api.apps.v1.Deployment": {
            "type": ["object", "null"],
            "properties": {
                "apiVersion": { "type": ["string", "null"], "enum": ["apps/v1"] },
                "kind": { "type": ["string", "null"], "enum": ["Deployment"] },
                "metadata": { "type": ["object", "null"] },
                "spec": reference("io.k8s.api.apps.v1.DeploymentSpec"),
                "status": reference("io.k8s.api.apps.v1.DeploymentSpec"),
            },
            "x-kubernetes-group-version-kind":
                [{ "group": "apps", "version": "v1", "kind": "Deployment" }],
        },
        "io.k8s.api.apps.v1.DeploymentSpec": {
            "type": ["object", "null"],
            "required": ["template"],
            "properties": {
                "replicas": { "type": ["integer", "null"] },
                "strategy": reference("io.k8s.api.apps.v1.DeploymentStrategy"),
                "template": { "type": ["object", "null"] },
                "maxSurge": reference("io.k8s.apimachinery.pkg.util.intstr.IntOrString"),
                "cpu": reference("io.k8s.apimachinery.pkg.api.resource.Quantity"),
            },
        },
        "io.k8s.api.apps.v1.DeploymentStrategy": {
            "type": ["object", "null"],
            "properties": { "type": { "type": ["string", "null"] } },
        },
        "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {},
        "io.k8s.apimachinery.pkg.api.resource.Quantity": {},
    } })
    .to_string()
}

/// A ZIP archive with one stored file.
fn wheel() -> Vec<u8> {
    let name = b"kubernetes_validate/kubernetes-json-schema/v1.34.0-local/_definitions.json";
    let data = definitions().into_bytes();
    let (size, length) = ((data.len() as u32).to_le_bytes(), (name.len() as u16).to_le_bytes());
    let mut zip = b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    zip.extend([&size[..], &size, &length, &[0, 0], name, &data].concat());
    let at = (zip.len() as u32).to_le_bytes();
    let mut entry = b"PK\x01\x02\x14\0\x14\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    entry.extend([&size[..], &size, &length, &[0; 16], name].concat());
    let entry_size = (entry.len() as u32).to_le_bytes();
    zip.extend(entry);
    zip.extend([b"PK\x05\x06\0\0\0\0\x01\0\x01\0", &entry_size[..], &at, &[0, 0]].concat());
    zip
}

/// A package index that answers two requests: for the package and for its wheel.
fn index(checksum: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let package = json!({ "urls": [
        { "packagetype": "sdist", "url": "x", "digests": { "sha256": "" } },
        {
            "packagetype": "bdist_wheel",
            "url": format!("{address}/files/k.whl"),
            "digests": { "sha256": checksum },
        },
    ] });
    std::thread::spawn(move || {
        for stream in listener.incoming().take(2) {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let request = lines.next().unwrap().unwrap();
            while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            let body = match request.as_str() {
                "GET /pypi/kubernetes-validate/json HTTP/1.1" => package.to_string().into_bytes(),
                "GET /files/k.whl HTTP/1.1" => wheel(),
                other => panic!("{other}"),
            };
            let head = format!(
                "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
        }
    });
    address
}

fn overlift(dir: &Path, arguments: &[&str]) -> crate::support::Run {
    let mut command = overlift_command(dir, arguments);
    run(command.env("OVERLIFT_SCHEMAS", dir.join("cache")))
}

fn validate(dir: &Path, manifest: &str) -> Vec<Value> {
    fs::write(dir.join("m.yaml"), manifest).unwrap();
    let run = overlift(dir, &["validate", "--format", "json", "--manifests", "m.yaml"]);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    json["findings"].as_array().unwrap().clone()
}

const GOOD: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  \
    replicas: 2\n  strategy: {type: Recreate}\n  template: {anything: 1}\n  maxSurge: 25%\n  cpu: 0.5\n\
    status: {whatever: 1}\n";

#[test]
fn schemas_are_fetched_and_used() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path();
    let missing = validate(dir, GOOD);
    assert_eq!(missing.len(), 1, "{missing:?}");
    assert_eq!(
        (&missing[0]["code"], &missing[0]["level"]),
        (&"schema-missing".into(), &"Info".into())
    );

    let address = index(hex::encode(Sha256::digest(wheel())));
    let said = overlift(dir, &["schemas", "fetch", "--index", &address]).ok();
    assert!(said.contains("Schemas of Kubernetes 1.34: "), "{said}");
    assert_eq!(validate(dir, GOOD), Vec::<Value>::new());
    let bad = GOOD
        .replace("replicas: 2", "replicas: two")
        .replace("Recreate", "recreate")
        .replace("template: {anything: 1}", "templat: {}");
    let found = validate(dir, &bad);
    let fields: Vec<_> =
        found.iter().map(|f| (f["field"].as_str().unwrap(), f["line"].as_u64().unwrap())).collect();
    assert_eq!(
        fields,
        [
            ("spec.template", 4),
            ("spec.replicas", 5),
            ("spec.strategy.type", 6),
            ("spec.templat", 7)
        ]
    );
    let old = GOOD.replace("apps/v1", "apps/v1beta1");
    let found = validate(dir, &old);
    assert_eq!(
        (&found[0]["code"], &found[0]["level"]),
        (&"schema-version".into(), &"Warning".into())
    );
}

#[test]
fn what_has_another_checksum_is_not_used() {
    let temp = tempfile::tempdir().unwrap();
    let address = index("0".repeat(64));
    let run = overlift(temp.path(), &["schemas", "fetch", "--index", &address]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("has another checksum than the index says"), "{run:?}");
    assert!(!temp.path().join("cache").exists());
    let run = overlift(temp.path(), &["schemas", "fetch", "--index", "http://example.com"]);
    assert!(run.stderr.contains("write `https://HOST`"), "{run:?}");
}

#[test]
fn a_wheel_at_hand_needs_no_network() {
    let temp = tempfile::tempdir().unwrap();
    fs::write(temp.path().join("k.whl"), wheel()).unwrap();
    let fetch = ["schemas", "fetch", "--wheel", "k.whl"];
    overlift(temp.path(), &[&fetch[..], &["--output", "out"]].concat()).ok();
    assert!(temp.path().join("out/kubernetes-1.34.schemas").exists());
    // A repository without environments, as that of a release, has nothing more to fetch.
    let mut init = std::process::Command::new("git");
    run(init.args(["init", "-q"]).current_dir(temp.path())).ok();
    overlift(temp.path(), &[&fetch[..], &["--output", "out"]].concat()).ok();
    let run = overlift(temp.path(), &[&fetch[..], &["--kubernetes", "1.20"]].concat());
    assert!(run.stderr.contains("no schemas of Kubernetes 1.20, only of 1.34"), "{run:?}");
}

/// An API of GitHub that answers one request for one file.
fn contents_api(text: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let request = lines.next().unwrap().unwrap();
        let head: Vec<String> =
            lines.map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
        let asked = request == "GET /repos/istio/istio/contents/crds/all.yaml?ref=1.27.1 HTTP/1.1"
            && head.contains(&"authorization: Bearer very-secret".to_owned())
            && head.contains(&"accept: application/vnd.github.raw+json".to_owned());
        let (status, body) = if asked { ("200 OK", text) } else { ("404 Not Found", "") };
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(answer.as_bytes()).unwrap();
    });
    address
}

const DEFINITION: &str = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
    metadata: {name: limits.example.com}\nspec:\n  group: example.com\n  names: {kind: Limit}\n  \
    versions:\n  - name: v1\n    schema:\n      openAPIV3Schema:\n        type: object\n        \
    properties:\n          spec: {type: object, properties: {rate: {type: integer}}}\n";

#[test]
fn definitions_of_another_repository_are_fetched_once_and_kept() {
    let repo = crate::support::Repo::new(&[
        (
            ".github/overlift.yaml",
            "environments: [{name: one, path: overlays/one}]\n\
             remoteBases: [github.com/istio/istio]\n\
             gates: {schemas: [\"istio/istio@1.27.1:crds/all.yaml\"]}\n",
        ),
        ("overlays/one/kustomization.yaml", "resources: [limit.yaml]\n"),
        (
            "overlays/one/limit.yaml",
            "apiVersion: example.com/v1\nkind: Limit\nmetadata: {name: a}\nspec: {rate: fast}\n",
        ),
    ]);
    let cache = tempfile::tempdir().unwrap();
    let overlift = |arguments: &[&str], api: &str| {
        let mut command = overlift_command(repo.root(), arguments);
        command.env("OVERLIFT_SCHEMAS", cache.path()).env("GITHUB_API_URL", api);
        run(command.env("GITHUB_TOKEN", "very-secret"))
    };
    let codes = || {
        let run = overlift(&["validate", "--format", "json"], "");
        let json: Value = serde_json::from_str(&run.stdout).unwrap();
        let found = json["findings"].as_array().unwrap().iter();
        found.map(|f| f["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(codes(), ["schema-source", "schema-missing"]);
    fs::write(repo.path("k.whl"), wheel()).unwrap();
    let fetch = ["schemas", "fetch", "--wheel", "k.whl"];
    let said = overlift(&fetch, &contents_api(DEFINITION)).ok();
    assert!(said.contains("istio/istio@1.27.1:crds/all.yaml"), "{said}");
    assert_eq!(codes(), ["schema"]);
    let refused = overlift(&fetch, &contents_api("").replace("127.0.0.1", "localhost"));
    assert!(!refused.stderr.contains("very-secret"), "{refused:?}");

    // Only what the rule of remote bases allows is read, here and elsewhere.
    repo.write(
        ".github/overlift.yaml",
        "environments: [{name: one, path: overlays/one}]\nremoteBases: [github.com/istio/api]\n\
         gates: {schemas: [\"istio/istio@1.27.1:crds/all.yaml\"]}\n",
    );
    assert_eq!(codes(), ["schema-source", "schema-missing"]);
    let refused = overlift(&fetch, "http://127.0.0.1:9");
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("add `github.com/istio/istio` there"), "{refused:?}");
}
