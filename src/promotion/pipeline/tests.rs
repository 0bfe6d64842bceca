//! Stages put together, in order and by name, and those that make no pipeline.

use std::sync::Arc;

use super::super::environment::Trigger;
use super::*;
use crate::model::RepoPath;

fn name(text: &str) -> EnvironmentName {
    EnvironmentName::parse(text).unwrap()
}

fn place(application: Option<&str>, path: &str) -> StageFolder {
    StageFolder {
        application: application.map(|text| ApplicationName::parse(text).unwrap()),
        path: RepoPath::parse(path).unwrap(),
        rules: Arc::default(),
        pull_request: Arc::default(),
        gates: Arc::default(),
    }
}

fn stage(text: &str, path: &str, from: &[&str]) -> Stage {
    Stage {
        name: name(text),
        trigger: Trigger::Manual,
        from: Sources::Named(from.iter().map(|text| name(text)).collect()),
        places: vec![place(None, path)],
        health: None,
        freezes: Vec::new().into(),
        rollouts: Vec::new().into(),
    }
}

/// A stage of applications, each with a folder of its own.
fn shared(text: &str, from: Sources, applications: &[&str]) -> Stage {
    let place = |it: &&str| place(Some(it), &format!("{it}/{text}"));
    let places = applications.iter().map(place).collect();
    let (health, freezes, rollouts) = (None, Vec::new().into(), Vec::new().into());
    let trigger = Trigger::Manual;
    Stage { name: name(text), trigger, from, places, health, freezes, rollouts }
}

fn pairs(pipeline: &Pipeline) -> Vec<String> {
    pipeline.pairs().map(|(source, target)| target.key_from(&source.name).to_string()).collect()
}

#[test]
fn several_sources_make_a_graph() {
    let pipeline = Pipeline::new(vec![
        stage("dev", "o/dev", &[]),
        stage("eu", "o/eu", &["dev"]),
        stage("us", "o/us", &["dev"]),
        stage("prod", "o/prod", &["eu", "us"]),
    ])
    .unwrap();
    assert_eq!(pairs(&pipeline), ["dev -> eu", "dev -> us", "eu -> prod", "us -> prod"]);
}

#[test]
fn an_application_is_promoted_past_what_it_lacks_unless_sources_are_named() {
    let stages = |last| {
        vec![
            shared("dev", Sources::Before, &["a", "b", "c"]),
            shared("staging", Sources::Before, &["a", "c"]),
            shared("prod", last, &["a", "b"]),
        ]
    };
    let before = Pipeline::new(stages(Sources::Before)).unwrap();
    let expected =
        ["a: dev -> staging", "a: staging -> prod", "b: dev -> prod", "c: dev -> staging"];
    assert_eq!(pairs(&before), expected);
    let named = Pipeline::new(stages(Sources::Named(vec![name("staging")]))).unwrap();
    assert_eq!(pairs(&named), ["a: dev -> staging", "a: staging -> prod", "c: dev -> staging"]);
}

#[test]
fn names_tell_where_an_environment_is_promoted_from() {
    let found = |texts: &[(&str, Option<u16>, &str)]| {
        let stage = |(text, rank, rest): &(&str, Option<u16>, &str)| {
            let by_name = NameRank { rank: *rank, rest: (*rest).to_owned() };
            let from = Sources::ByName(by_name);
            Stage { from, ..stage(text, text, &[]) }
        };
        Pipeline::new(texts.iter().map(stage).collect()).unwrap()
    };
    let regions = found(&[
        ("dev", Some(0), ""),
        ("staging", Some(1), ""),
        ("staging-eu", Some(1), "eu"),
        ("prod", Some(2), ""),
        ("prod-eu", Some(2), "eu"),
        ("prod-us", Some(2), "us"),
        ("scratch", None, ""),
    ]);
    let expected = [
        "dev -> staging",
        "dev -> staging-eu",
        "staging -> prod",
        "staging-eu -> prod-eu",
        "staging -> prod-us",
    ];
    assert_eq!(pairs(&regions), expected);
    let numbered = found(&[
        ("dev1", Some(0), "1"),
        ("dev2", Some(0), "2"),
        ("staging", Some(1), ""),
        ("prod1", Some(2), "1"),
        ("prod2", Some(2), "2"),
    ]);
    let expected = ["dev1 -> staging", "dev2 -> staging", "staging -> prod1", "staging -> prod2"];
    assert_eq!(pairs(&numbered), expected);
    let of_its_own = found(&[
        ("dev", Some(0), ""),
        ("dev-eu", Some(0), "eu"),
        ("staging", Some(1), ""),
        ("prod", Some(2), ""),
        ("prod-eu", Some(2), "eu"),
    ]);
    let expected = ["dev -> staging", "staging -> prod", "dev-eu -> prod-eu"];
    assert_eq!(pairs(&of_its_own), expected);
    let shared = found(&[
        ("staging", Some(1), ""),
        ("shared-preprod", Some(2), "shared"),
        ("prod", Some(3), ""),
        ("shared-prod", Some(3), "shared"),
    ]);
    assert_eq!(pairs(&shared), ["staging -> prod", "shared-preprod -> shared-prod"]);
    let may =
        |source: &str, target: &str| regions.pair(&Key::new(name(source), name(target))).is_ok();
    assert!(may("dev", "prod") && may("prod-us", "prod-eu") && may("scratch", "prod"));
    assert!(!may("prod", "dev") && !may("dev", "dev"));
}

#[test]
fn a_pair_belongs_to_an_application_that_has_both() {
    let pipeline = Pipeline::new(vec![
        shared("dev", Sources::Before, &["a", "b"]),
        shared("prod", Sources::Before, &["a"]),
    ])
    .unwrap();
    let (dev, prod) = (name("dev"), name("prod"));
    let key = |application: Option<&str>| {
        let application = application.map(|text| ApplicationName::parse(text).unwrap());
        pipeline.pair(&Key::new(dev.clone(), prod.clone()).of(application))
    };
    assert_eq!(key(Some("a")).unwrap().1.path.as_str(), "a/prod");
    assert!(matches!(key(Some("b")), Err(PlanError::Lacking { .. })));
    assert!(matches!(key(Some("c")), Err(PlanError::UnknownApplication { .. })));
    assert!(matches!(key(None), Err(PlanError::WhichApplication { .. })));
    assert_eq!(pipeline.pairs_of(&dev, &prod).unwrap().len(), 1);
    let wanted = |names: &[&str]| {
        let parse = |text: &&str| ApplicationName::parse(text).unwrap();
        let applications = names.iter().map(parse).collect();
        pipeline.wanted(&Wanted { source: dev.clone(), target: prod.clone(), applications })
    };
    assert_eq!(wanted(&[]).unwrap(), wanted(&["a", "a"]).unwrap());
    assert!(wanted(&["a", "b"]).is_err());
    assert!(matches!(pipeline.pairs_of(&prod, &dev), Err(PlanError::NotAllowed { .. })));
}

#[test]
fn refuses_environments_that_would_write_each_other() {
    let two = |one, two| Pipeline::new(vec![stage("a", one, &[]), stage("b", two, &[])]);
    assert!(matches!(two("o/x", "o/x"), Err(PipelineError::SharedPath { index: 1, .. })));
    assert!(matches!(two("o/x/y", "o/x"), Err(PipelineError::NestedPath { index: 1, .. })));
    assert!(matches!(two("o/x", "o/x/y"), Err(PipelineError::NestedPath { index: 1, .. })));
    assert!(two("o/x", "o/xy").is_ok());
}

#[test]
fn names_the_circle() {
    let error = Pipeline::new(vec![
        stage("a", "o/a", &[]),
        stage("b", "o/b", &["d", "a"]),
        stage("c", "o/c", &["b"]),
        stage("d", "o/d", &["c"]),
    ])
    .unwrap_err();
    assert_eq!(error.to_string(), "promotions lead in a circle: c -> d -> b -> c");
    assert_eq!(error.index(), Some(1));
}

#[test]
fn refuses_unknown_double_and_missing_sources() {
    let with = |from: &[&str]| Pipeline::new(vec![stage("a", "o/a", &[]), stage("b", "o/b", from)]);
    assert!(matches!(with(&["x"]), Err(PipelineError::UnknownFrom { from_index: 0, .. })));
    assert!(matches!(with(&["a", "a"]), Err(PipelineError::UselessFrom { from_index: 1, .. })));
    assert!(matches!(with(&["b"]), Err(PipelineError::UselessFrom { .. })));
    let mut first = stage("a", "o/a", &[]);
    first.trigger = Trigger::Push;
    let error = Pipeline::new(vec![first]);
    assert!(matches!(error, Err(PipelineError::TriggerWithoutSource { index: 0, .. })));
    assert_eq!(Pipeline::new(Vec::new()).unwrap_err(), PipelineError::Empty);
}
