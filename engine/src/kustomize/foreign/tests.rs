//! Unit tests of handing a build to another engine, which prints what the test says.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use super::*;
use crate::kustomize::{self, RemoteResolver, RemoteTree};
use crate::model::{File, FileMode, FileTree};

#[derive(Debug, Default)]
struct Says {
    manifest: String,
    got: Mutex<Vec<RepoPath>>,
}

impl ForeignEngine for Says {
    fn build(
        &self,
        tree: &FileTree,
        _dir: &RepoPath,
        _options: &BuildOptions,
    ) -> Result<String, String> {
        *self.got.lock().unwrap() = tree.list(&RepoPath::root()).unwrap();
        Ok(self.manifest.clone())
    }
}

fn path(text: &str) -> RepoPath {
    RepoPath::parse(text).unwrap()
}

fn tree(files: &[(&str, &str)]) -> FileTree {
    FileTree::of(files.iter().copied()).unwrap()
}

fn texts<'a>(paths: impl IntoIterator<Item = &'a RepoPath>) -> Vec<&'a str> {
    paths.into_iter().map(RepoPath::as_str).collect()
}

fn build_with(
    engine: &Arc<Says>,
    files: &dyn Files,
    remote: Option<Arc<dyn RemoteResolver>>,
) -> Result<Build, BuildError> {
    let engine: Option<Arc<dyn ForeignEngine>> = Some(Arc::<Says>::clone(engine));
    kustomize::build(files, &path("over"), &BuildOptions { engine, remote, ..Default::default() })
}

fn build(engine: &Arc<Says>, files: &dyn Files) -> Result<Build, BuildError> {
    build_with(engine, files, None)
}

const FILES: [(&str, &str); 9] = [
    (
        "over/kustomization.yaml",
        "resources: [../base]\nnamePrefix: o-\nnamespace: shop\nhelmCharts:\n- name: c\n  \
         valuesFile: values.yaml\nhelmGlobals: {chartHome: ../charts}\n",
    ),
    ("over/values.yaml", "a: 1\n"),
    ("over/notes.txt", ""),
    ("base/kustomization.yaml", "resources: [a.yaml]\nnameSuffix: -b\nnewField: {x: new.yaml}\n"),
    ("base/a.yaml", "kind: A\nmetadata: {name: a}\n"),
    ("base/new.yaml", "kind: A\n"),
    ("charts/c/Chart.yaml", "name: c\n"),
    ("charts/c/templates/t.yaml", "{{ .Values.a }}\n"),
    ("other/x.yaml", "kind: A\n"),
];

#[test]
fn it_gets_what_the_kustomizations_lead_to() {
    let engine = Arc::new(Says::default());
    let built = build(&engine, &tree(&FILES)).unwrap();
    let all: Vec<&str> = FILES.iter().map(|(path, _)| *path).collect();
    let but = |left_out: &[&str]| -> BTreeSet<&str> {
        all.iter().copied().filter(|path| !left_out.contains(path)).collect()
    };
    let got = engine.got.lock().unwrap();
    assert_eq!(texts(&*got).into_iter().collect::<BTreeSet<_>>(), but(&["other/x.yaml"]));
    let inputs: BTreeSet<&str> = texts(&built.inputs).into_iter().collect();
    assert_eq!(inputs, but(&["other/x.yaml", "over/notes.txt"]));
}

#[test]
fn what_is_not_here_is_named_until_all_is() {
    let engine = Arc::new(Says::default());
    let whole = tree(&FILES);
    let mut known = FileTree::new();
    whole.list(&RepoPath::root()).unwrap().into_iter().for_each(|path| known.insert_unknown(path));
    let mut rounds = Vec::new();
    while let Err(BuildError::Unknown(paths)) = build(&engine, &known) {
        assert!(engine.got.lock().unwrap().is_empty(), "it was started too early");
        for path in &paths {
            known.insert(path.clone(), whole.file(path).unwrap().unwrap());
        }
        rounds.push(paths.len());
    }
    assert_eq!(rounds.iter().sum::<usize>(), FILES.len() - 1);
    assert_eq!(texts(&*engine.got.lock().unwrap()).len(), FILES.len() - 1);
}

#[test]
fn resources_are_traced_by_their_names() {
    let resource = |kind: &str, name: &str| {
        format!("apiVersion: v1\nkind: {kind}\nmetadata:\n  name: {name}\n  namespace: shop\n")
    };
    let manifest = ["o-a-b", "a-b", "o-a-b-c"].map(|name| resource("A", name)).join("---\n");
    let engine = Arc::new(Says { manifest: manifest.replace("v1", "g/v1"), ..Says::default() });
    let files =
        [&FILES[..], &[("base/a.yaml", "apiVersion: g/v0\nkind: A\nmetadata: {name: a}\n")]];
    let built = build(&engine, &tree(&files.concat())).unwrap();
    assert!(built.origins_are_guessed);
    let traced: Vec<(String, String)> = built
        .resources
        .iter()
        .map(|resource| (resource.original_id.to_string(), resource.origin.to_string()))
        .collect();
    let expected = [
        ("A a", "base/a.yaml:1:1"),
        ("A a", "base/a.yaml:1:1"),
        // From nowhere: without what the overlay itself adds.
        ("A a-b-c", "over/kustomization.yaml"),
    ];
    assert_eq!(traced, expected.map(|(id, at)| (id.to_owned(), at.to_owned())));
}

#[test]
fn a_link_that_leads_out_is_left_out_with_what_leads_to_it() {
    let link = |target: &str| File { mode: FileMode::Symlink, content: target.as_bytes().into() };
    let mut files = tree(&FILES);
    files.insert(path("over/out"), link("../../etc"));
    files.insert(path("over/twice"), link("out"));
    files.insert(path("over/in"), link("../other"));
    let engine = Arc::new(Says::default());
    build(&engine, &files).unwrap();
    let got = engine.got.lock().unwrap();
    let got = texts(&*got);
    assert!(got.contains(&"over/in") && got.contains(&"other/x.yaml"), "{got:?}");
    assert!(!got.contains(&"over/out") && !got.contains(&"over/twice"), "{got:?}");
}

#[derive(Debug)]
struct Allows(&'static str);

impl RemoteResolver for Allows {
    fn resolve(&self, url: &str) -> Result<RemoteTree, String> {
        if !url.contains(self.0) {
            return Err("it is not allowed".to_owned());
        }
        let further = "resources:\n- https://github.com/evil/x?ref=1\n";
        Ok(RemoteTree {
            files: Arc::new(tree(&[("kustomization.yaml", further)])),
            path: RepoPath::root(),
            repository: String::new(),
            reference: String::new(),
        })
    }
}

#[test]
fn what_other_repositories_lead_to_has_to_be_allowed_too() {
    let remote = "resources:\n- https://github.com/good/x?ref=1\n";
    let files = tree(&[("over/kustomization.yaml", remote)]);
    let engine = Arc::new(Says::default());
    let refused = |allowed| {
        build_with(&engine, &files, Some(Arc::new(Allows(allowed)))).unwrap_err().to_string()
    };
    assert!(refused("nobody").contains("good/x?ref=1` is remote: it is not allowed"));
    assert!(refused("good").contains("evil/x?ref=1` is remote: it is not allowed"));
    assert!(build(&engine, &files).is_err());
}

#[test]
fn no_kustomization_is_told_as_ever() {
    let engine = Arc::new(Says::default());
    let error = build(&engine, &tree(&[("over/x.yaml", "")])).unwrap_err();
    assert!(matches!(error, BuildError::NoKustomization { .. }), "{error}");
}
