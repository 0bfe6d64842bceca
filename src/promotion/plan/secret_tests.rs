//! Kustomizations that know where a secret went: whatever way it took, no text of a plan tells it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

mod ways_in;
mod ways_on;

use super::tests::path;
use super::*;
use crate::kustomize::BuildOptions;
use crate::lineage::History;
use crate::model::{
    BlobId, Blobs, CommitSha, EnvironmentName, File, FileMode, FileState, FileTree, Files,
    PastCommit, ReadError, RepoPath, Touched,
};
use crate::policy::{Day, Fetched, Gates};
use crate::promotion::{
    By, Cause, Checks, Environment, GivenEdit, LastPromotion, Past, PathGlob, Pipeline, Previewed,
    Rules, Sources, Stage, StageFolder, Wish, preview, preview_body,
};
use ways_in::INTO;
use ways_on::ONWARD;

/// An environment's folder in the making, with one secret that changes.
#[derive(Debug, Default)]
struct Overlay {
    /// Lists of the kustomization, by field.
    fields: BTreeMap<&'static str, String>,
    files: BTreeMap<&'static str, String>,
    links: BTreeMap<&'static str, &'static str>,
    secret: String,
}

impl Overlay {
    fn entry(&mut self, field: &'static str, entry: &str) {
        let _ = writeln!(self.fields.entry(field).or_default(), "- {entry}");
    }

    fn file(&mut self, path: &'static str, text: String) {
        self.files.insert(path, text);
    }

    fn link(&mut self, path: &'static str, to: &'static str) {
        self.links.insert(path, to);
    }

    /// The secret as a scalar that YAML and JSON read alike.
    fn quoted(&self) -> String {
        serde_json::to_string(&self.secret).unwrap()
    }

    fn encoded(&self) -> String {
        STANDARD.encode(&self.secret)
    }
}

type Way = fn(&mut Overlay);

const MANIFEST: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\n";

fn render(overlay: &Overlay) -> String {
    let mut text = String::new();
    for (field, list) in &overlay.fields {
        let base = if *field == "resources" { "- ../../base\n" } else { "" };
        let _ = write!(text, "{field}:\n{base}{list}");
    }
    if !overlay.fields.contains_key("resources") {
        text.push_str("resources: [../../base]\n");
    }
    text
}

/// What all environments build on: a Secret, a config map, a kind of its own whose rule quotes what it judges.
const BASE: &str = "apiVersion: v1
kind: Secret
metadata: {name: db, labels: {tier: x}}
stringData: {p: none, d: 'a|b|c'}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: app}
data: {url: none, list: 'a,b,c'}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: w}
spec: {text: never, count: 1}
";
const DEFINITION: &str = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  names: {kind: Widget, plural: widgets}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              text: {type: string}
              count: {type: integer}
            x-kubernetes-validations:
            - {rule: \"self.text == 'never'\", messageExpression: \"'the text is ' + self.text\"}
";
/// A policy that quotes all that it is shown.
const POLICY: &str = "package quoting
import rego.v1
deny contains msg if msg := sprintf(\"%v is %v\", [input.kind, object.get(input, \"data\", {})])
warn contains msg if msg := sprintf(\"%v\", [input.metadata])
violation_s contains msg if { input.kind == \"Secret\"; msg := sprintf(\"%v\", [input]) }
warn_all contains msg if { input.kind == \"Deployment\"; msg := sprintf(\"%v\", [input.spec.template.spec.containers]) }
";
/// Who deploys the target, with a value of its own put into what is built.
const APPLICATION: &str = "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop}
spec:
  source: {repoURL: 'https://github.com/o/r', path: o/prod, kustomize: {namePrefix: c-, commonAnnotations: {by: argo}}}
  destination: {server: 'https://kubernetes.default.svc', namespace: shop}
";

/// Both environments, the target's as they are and once more with the source's content.
struct Repository {
    files: FileTree,
    /// What the source was before: as the target is now.
    before: FileTree,
}

fn repository(secrets: (&str, &str), into: &[usize], onward: &[usize]) -> Repository {
    let mut files = FileTree::of([
        ("base/kustomization.yaml", "resources: [all.yaml, widgets.yaml]\n"),
        ("base/all.yaml", BASE),
        ("base/widgets.yaml", DEFINITION),
        ("policy/quoting.rego", POLICY),
        ("clusters/shop.yaml", APPLICATION),
    ])
    .unwrap();
    let mut before = files.clone();
    for (name, secret) in [("dev", secrets.0), ("prod", secrets.1)] {
        add(&mut files, name, secret, into, onward);
        add(&mut before, name, secrets.1, into, onward);
    }
    Repository { files, before }
}

fn add(files: &mut FileTree, name: &str, secret: &str, into: &[usize], onward: &[usize]) {
    let mut overlay = Overlay { secret: secret.to_owned(), ..Overlay::default() };
    into.iter().for_each(|way| INTO[*way](&mut overlay));
    onward.iter().for_each(|way| ONWARD[*way](&mut overlay));
    let at = |below: &str| path(&format!("o/{name}/{below}"));
    files.insert(at("kustomization.yaml"), File::regular(render(&overlay).into_bytes()));
    for (below, text) in overlay.files {
        files.insert(at(below), File::regular(text.into_bytes()));
    }
    for (below, to) in overlay.links {
        let link = File { mode: FileMode::Symlink, content: to.as_bytes().into() };
        files.insert(at(below), link);
    }
}

/// A past of two commits: the source as the target is, then as it is now.
struct TwoCommits {
    commits: Vec<PastCommit>,
    contents: BTreeMap<BlobId, Arc<[u8]>>,
}

impl TwoCommits {
    fn of(repository: &Repository) -> Self {
        let mut contents = BTreeMap::new();
        let mut states = |files: &FileTree| -> BTreeMap<RepoPath, FileState> {
            let mut state = |file: &File| {
                let blob = BlobId(format!("{:?}", file.content));
                contents.insert(blob.clone(), Arc::clone(&file.content));
                FileState { mode: file.mode, blob }
            };
            let known = files.entries().filter_map(|(at, file)| Some((at.clone(), state(file?))));
            known.collect()
        };
        let (then, now) = (states(&repository.before), states(&repository.files));
        let all: BTreeSet<&RepoPath> = then.keys().chain(now.keys()).collect();
        let commit = |id: &str, before: &BTreeMap<_, _>, after: &BTreeMap<_, FileState>| {
            let touched = all.iter().map(|path| Touched {
                path: (*path).clone(),
                before: before.get(*path).cloned(),
                after: after.get(*path).cloned(),
            });
            PastCommit {
                id: CommitSha::parse(&id.repeat(40)).unwrap(),
                parent: None,
                subject: "change it".to_owned(),
                author: "mona".to_owned(),
                merged: Vec::new(),
                touched: touched.filter(|it| it.before != it.after).collect(),
            }
        };
        let commits = vec![commit("a", &BTreeMap::new(), &then), commit("b", &then, &now)];
        Self { commits, contents }
    }
}

impl Blobs for TwoCommits {
    fn blob(&self, id: &BlobId) -> Result<Option<Arc<[u8]>>, ReadError> {
        Ok(self.contents.get(id).cloned())
    }
}

/// Everything that plans and a preview say, or their errors; and whether the first could be made.
fn said(repository: &Repository) -> (bool, String) {
    let past = TwoCommits::of(repository);
    let head = &past.commits[1].id;
    let history = History::new(&past.commits, &past, Some(head));
    let changes = Past::Known { history: &history, points: &[] };
    let (planned, by_files) = said_of_plan(repository, By::Files, Past::None, &Wish::default());
    let (_, by_changes) = said_of_plan(repository, By::Changes, changes, &Wish::default());
    let undone = repository.before.entries().filter(|(at, _)| at.is_within(&path("o/prod")));
    let undone = undone.map(|(at, _)| GivenEdit {
        path: at.clone(),
        after: repository.files.file(&path(&at.as_str().replacen("prod", "dev", 1))).ok().flatten(),
        cause: Cause::TakenBack { fields: Vec::new() },
    });
    let wish = Wish { edits: Some(undone.collect()), ..Wish::default() };
    let (_, given) = said_of_plan(repository, By::Files, Past::None, &wish);
    (planned, [by_files, by_changes, given, said_of_preview(repository)].join("\n"))
}

fn gates() -> Gates {
    Gates { policies: vec![path("policy")], ..Gates::default() }
}

fn environment(text: &str, by: By) -> Environment {
    let globs = ["patches/**", "comp/**", "gen/**"].map(|g| PathGlob::parse(g).unwrap());
    let rules = Rules { by: Some(by), copy: globs.to_vec(), ..Rules::default() };
    Environment {
        rules: Arc::new(rules),
        gates: gates().into(),
        ..Environment::new(EnvironmentName::parse(text).unwrap(), path(&format!("o/{text}")))
    }
}

fn said_of_plan(repository: &Repository, by: By, past: Past<'_>, wish: &Wish) -> (bool, String) {
    let (source, target) = (environment("dev", by), environment("prod", by));
    let request = PlanRequest {
        deployers: None,
        past,
        wish,
        files: &repository.files,
        options: &BuildOptions::default(),
        source: &source,
        target: &target,
        commit: None,
        last_promotion: &LastPromotion::NotLooked,
        checks: Checks {
            gates: &gates(),
            fetched: &Fetched::default(),
            today: Day::MIN,
            own_values: &[],
        },
    };
    match plan(&request) {
        Ok(plan) => {
            let shown: Vec<_> =
                plan.rendered.resources().iter().chain(plan.drift.resources()).collect();
            let causes: Vec<_> = plan.edits.iter().map(|planned| &planned.causes).collect();
            let clusters: Vec<_> = plan.clusters.iter().map(|it| it.rendered.text()).collect();
            let texts = [plan.rendered.text().to_owned(), plan.files.text(), plan.drift.text()];
            let words = format!(
                "{shown:?}\n{causes:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{}\n{:?}",
                plan.findings,
                plan.warnings,
                plan.not_promoted,
                plan.differences,
                clusters.join("\n"),
                plan.reaches,
            );
            let proposal = crate::promotion::propose(&plan, None).unwrap();
            (true, format!("{}\n{words}\n{proposal:?}\n{}", texts.join("\n"), proposal.body))
        }
        Err(error) => (false, format!("{error}\n{error:?}")),
    }
}

/// What a pull request would say that brings what changed.
fn said_of_preview(repository: &Repository) -> String {
    let stage = |name: &str| {
        let environment = environment(name, By::Files);
        Stage {
            name: environment.name,
            trigger: environment.trigger,
            from: Sources::Before,
            places: vec![StageFolder {
                application: None,
                path: environment.path,
                rules: environment.rules,
                pull_request: environment.pull_request,
                gates: Arc::new(gates()),
            }],
            health: None,
            freezes: [].into(),
            rollouts: [].into(),
        }
    };
    let pipeline = Pipeline::new(vec![stage("dev"), stage("prod")]).unwrap();
    let all = repository.files.entries().map(|(at, _)| at.clone()).collect();
    let preview = preview(&Previewed {
        before: &repository.before,
        after: &repository.files,
        pipeline: &pipeline,
        changed: &all,
        options: &BuildOptions::default(),
        fetched: &Fetched::default(),
        today: Day::MIN,
    });
    preview.map_or_else(|error| format!("{error:?}"), |it| preview_body(&it, "overlift preview"))
}

fn check(secrets: (&str, &str), into: &[usize], onward: &[usize]) -> bool {
    let (planned, said) = said(&repository(secrets, into, onward));
    for secret in [secrets.0, secrets.1] {
        for told in [secret.to_owned(), STANDARD.encode(secret).trim_end_matches('=').to_owned()] {
            assert!(!said.contains(&told), "{into:?} {onward:?} tell {told}\n{said}");
        }
    }
    planned
}

/// Each way alone, so that none passes only because nothing could be built, and with some of those on from there;
/// the others come by chance below.
#[test]
fn no_way_into_a_secret_tells_it() {
    for into in 0..INTO.len() {
        assert!(check(("hunter2Aa", "hunter1Bb"), &[into], &[0]), "{into} is not planned");
        for onward in (1..ONWARD.len()).filter(|onward| (into + onward) % 4 == 0) {
            check(("hunter2Aa", "hunter1Bb"), &[into], &[onward]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases * 3 / 4, ..ProptestConfig::default() })]

    #[test]
    fn no_combination_of_ways_tells_a_secret(
        source in "[a-zA-Z]{3,5}[0-9]{2,4}[a-zA-Z!+/=^*-]{0,8}[a-z]",
        target in "[a-zA-Z]{3,5}[0-9]{2,4}[a-zA-Z!+/=^*-]{0,8}[a-z]",
        into in proptest::collection::btree_set(0..INTO.len(), 1..4),
        onward in proptest::collection::btree_set(0..ONWARD.len(), 0..3),
    ) {
        let into: Vec<usize> = into.into_iter().collect();
        let onward: Vec<usize> = onward.into_iter().collect();
        check((&source, &target), &into, &onward);
    }
}
