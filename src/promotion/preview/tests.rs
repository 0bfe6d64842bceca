//! Previews of files that are not all here yet.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::diff::RenderedDiff;
use crate::kustomize::{BuildError, BuildOptions, ResourceId};
use crate::model::{EnvironmentName, File, FileTree, Location, RepoPath};
use crate::policy::{Alike, Day, Fetched, Finding, Level, UnknownFiles};
use crate::promotion::{Environment, Pipeline, Sources, Stage, StageFolder};

fn path(text: &str) -> RepoPath {
    RepoPath::parse(text).unwrap()
}

fn pipeline() -> Pipeline {
    let Environment { name, path, trigger, rules, pull_request, gates, .. } =
        Environment::new(EnvironmentName::parse("production").unwrap(), path("production"));
    let place = StageFolder { application: None, path, rules, pull_request, gates };
    let (freezes, rollouts): (Arc<[_]>, Arc<[_]>) = ([].into(), [].into());
    let stage = Stage {
        name,
        trigger,
        from: Sources::Before,
        places: vec![place],
        health: None,
        freezes,
        rollouts,
    };
    Pipeline::new(vec![stage]).unwrap()
}

/// An environment with a base that nobody fetches, and one of its own.
fn files(replicas: u8) -> FileTree {
    let deployment = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\nspec: {{replicas: {replicas}}}\n"
    );
    let label = format!("labels: [{{pairs: {{n: '{replicas}'}}}}]\n");
    FileTree::of([
        (
            "production/kustomization.yaml",
            format!("resources:\n- https://example.com/base?ref=v1\n- ../base\n{label}"),
        ),
        ("base/kustomization.yaml", "resources: [a.yaml]\n".to_owned()),
        ("base/a.yaml", deployment),
    ])
    .unwrap()
}

/// Without these contents, as GitHub's trees tell of files.
fn lacking(mut files: FileTree, unknown: &[&str]) -> FileTree {
    for name in unknown {
        files.remove(&path(name));
        files.insert_unknown(path(name));
    }
    files
}

fn preview_of(before: &FileTree, after: &FileTree) -> Result<Preview, UnknownFiles> {
    let changed: BTreeSet<RepoPath> =
        ["production/kustomization.yaml", "base/a.yaml"].map(path).into();
    preview(&Previewed {
        before,
        after,
        pipeline: &pipeline(),
        changed: &changed,
        options: &BuildOptions::default(),
        fetched: &Fetched::default(),
        today: Day::MIN,
    })
}

#[test]
fn an_environment_that_is_not_rendered_shows_all_files_wherever_they_are_read() {
    let (before, after) = (files(4), files(5));
    let here = preview_of(&before, &after).unwrap();
    let shown: Vec<&RepoPath> =
        here.unrendered[0].files.files().iter().map(|file| &file.path).collect();
    assert_eq!(shown, [&path("base/a.yaml"), &path("production/kustomization.yaml")]);

    // First what leads to the files, then the files.
    for unknown in [&["base/kustomization.yaml", "base/a.yaml"][..], &["base/a.yaml"]] {
        let sides = (lacking(before.clone(), unknown), lacking(after.clone(), unknown));
        let Err(UnknownFiles(wanted)) = preview_of(&sides.0, &sides.1) else {
            panic!("{unknown:?} is not asked for")
        };
        assert!(wanted.contains(&path(unknown[0])), "{wanted:?}");
    }
}

/// On a phone the gates stand below so many warnings as leave room for them, and the others below the gates.
#[test]
fn many_long_warnings_leave_room_for_the_gates() {
    let finding = |index: usize| Finding {
        code: format!("rule-{index}"),
        rule: "hosts-change",
        level: Level::Warning,
        message: String::new(),
        help: None,
        resource: Some(ResourceId { name: format!("app-{index}").into(), ..ResourceId::default() }),
        location: None,
        new: true,
        alike: Some(Alike {
            one: format!("does matter {index}"),
            many: format!("do matter {index}"),
            detail: "something that takes a few words, and a few more ".repeat(4),
        }),
    };
    let environment =
        Environment::new(EnvironmentName::parse("production").unwrap(), path("production"));
    let preview = Preview {
        reached: vec![Reached {
            environments: vec![environment],
            below: None,
            clusters: Vec::new(),
            rendered: RenderedDiff::default(),
            findings: (0..9).map(finding).collect(),
            suppressed: 0,
        }],
        ..Preview::default()
    };
    let body = preview_body(&preview, "overlift preview");
    let (head, below) = body.split_once("**Gates** 9 warnings are new").unwrap();
    assert!(head.chars().count() < 1_300, "{body}");
    for index in 0..9 {
        let words = format!("does matter {index}");
        assert_eq!(body.matches(&words).count(), 1, "{words} in {body}");
    }
    assert!(below.contains("does matter 8"), "{body}");
}

/// What changes stands before what else is found, and each remark that is counted can be read.
#[test]
fn what_changes_begins_before_the_list_of_findings() {
    let after = lacking(files(2), &[]);
    let text = |files: &FileTree| {
        let mut files = files.clone();
        let plain = "resources: [../base]\n";
        files.insert(path("production/kustomization.yaml"), File::regular(plain.as_bytes()));
        files
    };
    let mut preview = preview_of(&text(&files(4)), &text(&after)).unwrap();
    let finding = |level, index: usize| Finding {
        code: format!("rule-{index}"),
        rule: "schema",
        level,
        message: format!("something about {index}"),
        help: None,
        resource: None,
        location: None,
        new: true,
        alike: None,
    };
    let warnings = (0..9).map(|index| finding(Level::Warning, index));
    preview.reached[0].findings.extend(warnings.chain([finding(Level::Info, 9)]));
    let body = preview_body(&preview, "overlift preview");
    let at = |words: &str| body.find(words).unwrap_or_else(|| panic!("{words} in {body}"));
    assert!(at("**Gates**") < at("**What changes**"), "{body}");
    assert!(at("**What changes**") < at("**New findings**"), "{body}");
    assert!(at("**New findings**") < at("something about 8"), "{body}");
    assert!(at("1 new remark</summary>") < at("something about 9"), "{body}");
}

#[test]
fn what_breaks_several_environments_is_told_once() {
    let broken = |name: &str| {
        let environment = Environment::new(EnvironmentName::parse(name).unwrap(), path(name));
        let at = Location::file(path("base/kustomization.yaml"));
        (environment, BuildError::invalid(&at, "there is no `a.yaml`"))
    };
    let preview = Preview {
        broken: ["dev", "staging", "production"].map(broken).into(),
        ..Preview::default()
    };
    let body = preview_body(&preview, "overlift preview");
    let told = "> [!CAUTION]\n> `dev`, `staging` and `production` cannot be built: there is no `a.yaml` · `base/kustomization.yaml`";
    assert!(body.contains(told), "{body}");
    assert_eq!(body.matches("CAUTION").count(), 1, "{body}");
    let other = Environment::new(EnvironmentName::parse("qa").unwrap(), path("qa"));
    let mut two = preview;
    let at = Location::file(path("qa/kustomization.yaml"));
    two.broken.push((other, BuildError::invalid(&at, "there is no `b.yaml`")));
    let body = preview_body(&two, "overlift preview");
    assert_eq!(body.matches("CAUTION").count(), 1, "{body}");
    assert!(body.contains("> - `qa` cannot be built: there is no `b.yaml`"), "{body}");
}
