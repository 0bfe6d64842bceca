//! "I point it at manifests that no kustomization knows, as I would `istioctl analyze`."
//!
//! Runs the corpus in `../shared/conformance/istio-analyze` through the command line, where it is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::overlift;
use crate::support::txtar::{Case, cases_below};

/// The share of the analyzers' cases that has to be right, as codes, levels and resources.
const ANALYZED_PERCENT: usize = 90;

fn corpus() -> Option<PathBuf> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance/istio-analyze");
    if !corpus.exists() {
        eprintln!("skipped: {} is not here", corpus.display());
    }
    corpus.exists().then_some(corpus)
}

fn write(dir: &Path, name: &str, text: &str) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn validate(dir: &Path, arguments: &[&str]) -> (i32, Vec<Value>) {
    let run =
        overlift(dir, &[&["validate", "--format", "json", "--manifests"], arguments].concat());
    let json: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|e| panic!("{e}: {run:#?}"));
    (run.code, json["findings"].as_array().unwrap().clone())
}

#[test]
fn schemas_decide_as_the_api_server_does() {
    let Some(corpus) = corpus() else { return };
    let temp = tempfile::tempdir().unwrap();
    let mut accepted = BTreeMap::new();
    for folder in ["schema", "samples"] {
        for path in cases_below(&corpus.join(folder)) {
            let case = Case::read(&path);
            accepted.insert(case.name.clone(), case.header("verdict") != Some("rejected"));
            for (name, text) in case.texts() {
                write(temp.path(), &format!("cases/{}/{name}", case.name), text);
            }
        }
    }
    let definitions = corpus.join("crds.yaml");
    let (code, findings) =
        validate(temp.path(), &["cases", "--schemas", definitions.to_str().unwrap()]);
    assert_eq!(code, 1);
    let rejected: BTreeSet<&str> = findings
        .iter()
        .filter(|finding| finding["code"] == "IST0106")
        .map(|finding| finding["file"].as_str().unwrap().split('/').nth(1).unwrap())
        .collect();
    let wrong: Vec<_> =
        accepted.iter().filter(|(name, ok)| rejected.contains(name.as_str()) == **ok).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(accepted.len() > 150);
}

#[test]
fn analyzers_say_what_istios_say() {
    let Some(corpus) = corpus() else { return };
    let (mut right, mut all) = (0, 0);
    for path in cases_below(&corpus.join("analyze")) {
        let case = Case::read(&path);
        let temp = tempfile::tempdir().unwrap();
        case.texts().for_each(|(name, text)| write(temp.path(), name, text));
        let wanted = std::str::from_utf8(case.file("WANT.tsv").unwrap()).unwrap();
        let wanted: BTreeSet<&str> = wanted.lines().collect();
        let codes: BTreeSet<&str> =
            wanted.iter().filter_map(|line| line.split('\t').next()).collect();
        let (_, findings) = validate(temp.path(), &["."]);
        let said: BTreeSet<String> = findings
            .iter()
            .filter(|finding| codes.contains(finding["code"].as_str().unwrap()))
            .filter(|finding| finding["name"].is_string())
            .map(line)
            .collect();
        all += 1;
        right += usize::from(said.iter().map(String::as_str).eq(wanted.iter().copied()));
    }
    assert!(right * 100 >= all * ANALYZED_PERCENT, "{right} of {all}");
}

fn line(finding: &Value) -> String {
    let text = |key: &str| finding[key].as_str().unwrap_or_default();
    let name = match text("namespace") {
        "" => text("name").to_owned(),
        namespace => format!("{namespace}/{}", text("name")),
    };
    format!("{}\t{}\t{}\t{name}", text("code"), text("level"), text("kind"))
}

const GATEWAY: &str = "\
apiVersion: v1
kind: List
items:
- apiVersion: networking.istio.io/v1
  kind: VirtualService
  metadata: {name: shop, namespace: shop}
  spec:
    hosts: [shop]
    gateways: [missing]
    http:
    - route:
      - destination: {host: shop}
";

#[test]
fn a_finding_says_where_the_field_stands() {
    let temp = tempfile::tempdir().unwrap();
    write(temp.path(), "m/shop.yaml", GATEWAY);
    let (code, findings) = validate(temp.path(), &["m/shop.yaml"]);
    assert_eq!(code, 1);
    let gateway = findings.iter().find(|f| f["rule"] == "virtual-service-gateway").unwrap();
    let keys: Vec<&str> =
        gateway.as_object().unwrap().keys().map(String::as_str).take(12).collect();
    assert_eq!(
        keys,
        [
            "code",
            "rule",
            "level",
            "message",
            "apiVersion",
            "kind",
            "namespace",
            "name",
            "field",
            "file",
            "line",
            "new"
        ]
    );
    assert_eq!(gateway["code"], "IST0101");
    assert_eq!(gateway["field"], "spec.gateways[0]");
    assert_eq!((&gateway["file"], &gateway["line"]), (&"m/shop.yaml".into(), &9.into()));
    let text = overlift(temp.path(), &["validate", "--manifests", "m"]);
    assert!(text.stdout.contains("error IST0101 VirtualService shop/shop: "), "{text:#?}");
    assert!(text.stdout.contains("m/shop.yaml:9:"), "{text:#?}");
    assert!(
        text.stdout
            .contains("not validated, for want of a schema: networking.istio.io/v1 VirtualService")
    );
}

#[test]
fn programs_get_sarif_and_workflows_get_annotations() {
    let temp = tempfile::tempdir().unwrap();
    write(temp.path(), "m/shop 1.yaml", GATEWAY);
    let run = overlift(temp.path(), &["validate", "--manifests", "m", "--format", "sarif"]);
    let sarif: Value = serde_json::from_str(&run.stdout).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let result = results
        .iter()
        .find(|r| {
            r["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "spec.gateways[0]"
        })
        .unwrap();
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "m/shop%201.yaml");
    assert_eq!(place["region"]["startLine"], 9);
    let run = overlift(temp.path(), &["validate", "--manifests", "m", "--format", "github"]);
    let error = run.stdout.lines().find(|line| line.contains("line=9")).unwrap();
    assert!(error.contains(",file=m/shop 1.yaml,line=9,col="), "{error}");
}

#[test]
fn broken_files_are_findings_and_good_ones_are_none() {
    let temp = tempfile::tempdir().unwrap();
    write(temp.path(), "m/broken.yaml", "kind: A\nmetadata: [\n");
    write(temp.path(), "n/good.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n");
    let (code, findings) = validate(temp.path(), &["m"]);
    assert_eq!(
        (code, &findings[0]["code"], &findings[0]["file"]),
        (1, &"manifest".into(), &"m/broken.yaml".into())
    );
    assert_eq!(validate(temp.path(), &["n"]).0, 0);
    assert_eq!(overlift(temp.path(), &["validate", "--manifests", "none"]).code, 2);
}
