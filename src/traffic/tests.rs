//! Steps against small environments that write their weights in every way.

use proptest::prelude::*;

use super::share::{Change, Destination, Route};
use super::*;
use crate::kustomize::{BuildOptions, build};
use crate::model::{EditedFiles, FileTree, Files, RepoPath};

const BASE: &str = "apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: api
  namespace: shop
  annotations:
    example.com/canary-percentage: \"0\"
spec:
  hosts: [api]
  http:
  - name: testers
    match:
    - headers: {x-canary: {exact: always}}
    route:
    - destination: {host: api, subset: canary}
  - name: split
    route:
    - destination: {host: api, subset: stable}
      weight: 100
    - destination: {host: api, subset: canary}
      weight: 0
";

const SHARED: &str = "resources: [virtual-service.yaml]\n";

fn rollout(way: Way) -> Rollout {
    Rollout { virtual_service: VirtualServiceName::parse("shop/api").unwrap(), way, pause: None }
}

fn canary() -> Rollout {
    rollout(Rollout::canary("canary", "stable", &[10, 50, 100]).unwrap())
}

fn blue_green() -> Rollout {
    rollout(Rollout::switch("blue", "green").unwrap())
}

/// A repository with a shared base and an environment.
fn tree(prod: &[(&str, &str)]) -> FileTree {
    let prod = prod.iter().map(|(name, text)| (format!("prod/{name}"), (*text).to_owned()));
    let base = [("base/kustomization.yaml", SHARED), ("base/virtual-service.yaml", BASE)];
    let base = base.map(|(name, text)| (name.to_owned(), text.to_owned()));
    FileTree::of(base.into_iter().chain(prod)).unwrap()
}

fn folder() -> RepoPath {
    RepoPath::parse("prod").unwrap()
}

fn built(files: &dyn Files) -> Result<crate::kustomize::Build, crate::kustomize::BuildError> {
    build(files, &folder(), &BuildOptions::default())
}

/// Takes a step; the changed files as they are then.
fn stepped(files: &FileTree, aim: &Aim) -> (FileTree, Vec<String>) {
    let done = shift(files, &folder(), &built, aim).unwrap_or_else(|error| panic!("{error}"));
    let edits: Vec<_> = done.edits.into_iter().map(|(edit, _)| edit).collect();
    let paths = edits.iter().map(|edit| edit.path.to_string()).collect();
    let after = files.with_edits(&edits);
    let edited = EditedFiles::new(files, &edits);
    assert_eq!(share_of(&built(&edited).unwrap(), aim), Some(aim.share));
    (after, paths)
}

fn text(files: &FileTree, path: &str) -> String {
    let file = files.file(&RepoPath::parse(path).unwrap()).unwrap().unwrap();
    String::from_utf8(file.content.to_vec()).unwrap()
}

const KUSTOMIZATION: &str = "resources: [../base]\npatches:\n- path: patch.yaml\n";

/// Each way to write weights: the files, the changed one, what stands there before and after a step to 10.
#[test]
fn weights_move_where_they_are_written() {
    let patch = BASE.replace("  hosts: [api]\n", "").replace("weight: 100", "weight: 100 # most");
    let json = "# ours\n- op: replace\n  path: /spec/http/1/route/0/weight\n  value: 100\n\
                - {op: replace, path: /spec/http/1/route/1/weight, value: 0}\n\
                - op: replace\n  path: /metadata/annotations/example.com~1canary-percentage\n  value: \"0\"\n";
    let json_kustomization =
        "resources: [../base]\npatches:\n- path: patch.yaml\n  target: {kind: VirtualService}\n";
    let inline = "resources: [../base]\npatches:\n# ours\n- target: {kind: VirtualService, name: api}\n  patch: |-\n    \
                  - op: replace\n      path: /spec/http/1/route\n      value:\n      - destination: {host: api, subset: stable}\n        \
                  weight: 100\n      - destination: {host: api, subset: canary}\n        weight: 0\n";
    let quoted = "resources: [../base]\npatches:\n- target: {kind: VirtualService}\n  patch: '[{\"op\": \"replace\", \"path\": \
                  \"/spec/http/1/route/0/weight\", \"value\": 100}, {\"op\": \"replace\", \"path\": \
                  \"/spec/http/1/route/1/weight\", \"value\": 0}]'\n";
    let unnamed = patch.replace("name: api", "name: any");
    let own = BASE.replace("name: api\n", "name: api # own\n");
    type Case<'a> = (&'a str, Vec<(&'a str, &'a str)>, &'a str);
    let cases: [Case<'_>; 8] = [
        (
            "a patch",
            vec![("kustomization.yaml", KUSTOMIZATION), ("patch.yaml", &patch)],
            "prod/patch.yaml",
        ),
        (
            "a JSON patch",
            vec![("kustomization.yaml", json_kustomization), ("patch.yaml", json)],
            "prod/patch.yaml",
        ),
        ("an inline patch", vec![("kustomization.yaml", inline)], "prod/kustomization.yaml"),
        ("a quoted patch", vec![("kustomization.yaml", quoted)], "prod/kustomization.yaml"),
        (
            "a patch with a target",
            vec![("kustomization.yaml", json_kustomization), ("patch.yaml", &unnamed)],
            "prod/patch.yaml",
        ),
        (
            "a resource",
            vec![("kustomization.yaml", "resources: [own.yaml]\n"), ("own.yaml", &own)],
            "prod/own.yaml",
        ),
        (
            "a resource under a prefix",
            vec![
                ("kustomization.yaml", "resources: [below]\n"),
                ("below/kustomization.yaml", "resources: [own.yaml]\n"),
                ("below/own.yaml", &own),
            ],
            "prod/below/own.yaml",
        ),
        (
            "a component",
            vec![
                ("kustomization.yaml", "resources: [../base]\ncomponents: [split]\n"),
                (
                    "split/kustomization.yaml",
                    "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n- path: p.yaml\n",
                ),
                ("split/p.yaml", &patch),
            ],
            "prod/split/p.yaml",
        ),
    ];
    let aim = canary().aim("canary", 10).unwrap();
    for (what, files, changed) in cases {
        let before = tree(&files);
        let (after, paths) = stepped(&before, &aim);
        assert_eq!(paths, [changed], "{what}");
        let (was, is) = (text(&before, changed), text(&after, changed));
        let differing = was.lines().zip(is.lines()).filter(|(a, b)| a != b).count();
        assert!(was.lines().count() == is.lines().count() && differing <= 3, "{what}: {is}");
        assert!(is.contains("90") && is.contains("10"), "{what}: {is}");
        let aim_back = canary().back_from(&aim).unwrap();
        let (back, _) = stepped(&after, &aim_back);
        assert_eq!(text(&back, changed), was, "{what}: back to the start is as it was");
    }
}

#[test]
fn a_canary_that_is_not_there_yet_is_added() {
    let own = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: api\n  namespace: shop\nspec:\n  \
               http:\n  - route:\n    # most\n    - destination:\n        host: api\n        subset: stable\n        port: {number: 80}\n";
    let files = tree(&[("kustomization.yaml", "resources: [own.yaml]\n"), ("own.yaml", own)]);
    let (after, _) = stepped(&files, &canary().aim("canary", 10).unwrap());
    let is = text(&after, "prod/own.yaml");
    assert!(is.starts_with(own.trim_end_matches('\n')), "{is}");
    assert!(
        is.contains("weight: 90\n")
            && is.contains("subset: canary")
            && is.ends_with("weight: 10\n"),
        "{is}"
    );
}

#[test]
fn a_switch_moves_what_is_live_and_leaves_the_preview() {
    let one = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: api\n  namespace: shop\n  \
               annotations:\n    example.com/active-version: \"blue\"\n    example.com/strategy: blue-green\nspec:\n  http:\n  \
               - match:\n    - headers: {x-preview: {exact: \"true\"}}\n    route:\n    - destination: {host: api, subset: green}\n  \
               - route:\n    - destination: {host: api, subset: blue}\n      weight: 100\n";
    let two = one.replace(
        "      weight: 100\n",
        "      weight: 100\n    - destination: {host: api, subset: green}\n      weight: 0\n",
    );
    for (before, live) in [
        (one, "subset: green}\n      weight: 100"),
        (two.as_str(), "subset: green}\n      weight: 100"),
    ] {
        let files =
            tree(&[("kustomization.yaml", "resources: [own.yaml]\n"), ("own.yaml", before)]);
        let now = built(&files).unwrap();
        let Ok(Next::Step(aim)) = next_step(&[blue_green()], &now, &Done::default()) else {
            panic!()
        };
        assert_eq!((aim.to.as_str(), aim.share), ("green", 100));
        let (after, _) = stepped(&files, &aim);
        let is = text(&after, "prod/own.yaml");
        assert!(is.contains(live), "{is}");
        assert!(
            is.contains("active-version: \"green\"") && is.contains("strategy: blue-green"),
            "{is}"
        );
        let back = blue_green().back_from(&aim).unwrap();
        assert_eq!(text(&stepped(&after, &back).0, "prod/own.yaml"), before);
    }
}

#[test]
fn the_next_step_is_the_first_that_is_not_taken() {
    let at = |weight: u32| {
        let own = BASE
            .replace("weight: 0", &format!("weight: {weight}"))
            .replace("weight: 100\n    - dest", &format!("weight: {}\n    - dest", 100 - weight));
        tree(&[("kustomization.yaml", "resources: [own.yaml]\n"), ("own.yaml", &own)])
    };
    for (now, want) in
        [(0, Some(10)), (5, Some(10)), (10, Some(50)), (49, Some(50)), (50, Some(100)), (100, None)]
    {
        let next = next_step(&[canary()], &built(&at(now)).unwrap(), &Done::default()).unwrap();
        let want =
            want.map_or(Next::Finished, |share| Next::Step(canary().aim("canary", share).unwrap()));
        assert_eq!(next, want, "{now}");
    }
}

#[test]
fn a_step_that_cannot_be_taken_says_why() {
    let aim = canary().aim("canary", 10).unwrap();
    let fault = |prod: &[(&str, &str)]| {
        shift(&tree(prod), &folder(), &built, &aim).unwrap_err().to_string()
    };
    let flagger = "apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {name: api, namespace: shop}\nspec: {targetRef: {name: api}}\n";
    let rollout = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: pods, namespace: shop}\nspec:\n  strategy:\n    \
                   canary: {trafficRouting: {istio: {virtualServices: [{name: api}]}}}\n";
    let with = |owner: &'static str| {
        [("kustomization.yaml", "resources: [../base, owner.yaml]\n"), ("owner.yaml", owner)]
    };
    for (text, words) in [
        (
            fault(&[("kustomization.yaml", "resources: [../base]\n")]),
            "base/virtual-service.yaml:1:1: the weights",
        ),
        (fault(&with(flagger)), "moved by Flagger's Canary shop/api"),
        (fault(&with(rollout)), "moved by Argo Rollouts' Rollout shop/pods"),
        (
            fault(&[("kustomization.yaml", "resources: []\nnamePrefix: x-\n")]),
            "no VirtualService `shop/api`",
        ),
        (
            fault(&[
                ("kustomization.yaml", "resources: [own.yaml]\n"),
                ("own.yaml", &BASE.replace("stable", "main")),
            ]),
            "no route of VirtualService `shop/api`",
        ),
    ] {
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn annotations_that_repeat_a_weight_follow() {
    use super::annotation::follow;
    let (ten, green) =
        (canary().aim("canary", 10).unwrap(), blue_green().aim("green", 100).unwrap());
    for (key, value, aim, want) in [
        ("gitops.example.com/canary-percentage", "0", &ten, Some("10")),
        ("a/canary-weight", "50%", &ten, Some("10%")),
        ("a/stable-weight", "95", &ten, Some("90")),
        ("a/canary-version", "v2", &ten, None),
        ("a/traffic", "some", &ten, None),
        ("rollout/stage", "canary-5", &ten, Some("canary-10")),
        ("rollout/stage", "stable", &ten, None),
        ("a/active-version", "blue", &green, Some("green")),
        ("a/standby", "green", &green, Some("blue")),
        ("a/preview", "green", &green, None),
        ("a/strategy", "blue-green", &green, None),
    ] {
        assert_eq!(follow(key, value, aim, Some(5)).as_deref(), want, "{key}: {value}");
    }
}

#[test]
fn what_is_no_rollout_is_refused() {
    for weights in [&[][..], &[0], &[10, 10], &[50, 10], &[101]] {
        assert_eq!(Rollout::canary("a", "b", weights), Err(InvalidRollout::Weights), "{weights:?}");
    }
    assert!(Rollout::canary("a", "a", &[10]).is_err() && Rollout::switch("a", "a").is_err());
    for name in ["", "/", "a/", "/a", "a/b/c", "a b"] {
        assert_eq!(VirtualServiceName::parse(name), None, "{name}");
    }
}

fn destinations() -> impl Strategy<Value = Vec<(Option<&'static str>, Option<u32>)>> {
    let subset = prop::sample::select(vec![Some("stable"), Some("canary"), Some("legacy"), None]);
    prop::collection::vec((subset, prop::option::of(0_u32..=100)), 1..5)
}

proptest! {
    /// Whatever a route has, its weights are 100 together after each step, and the canary has its share.
    #[test]
    fn weights_sum_to_100_at_every_step(of in destinations(), share in 0_u32..=100) {
        let destination = |(subset, weight): &(Option<&str>, Option<u32>)| Destination {
            subset: subset.map(str::to_owned),
            host: "other".to_owned(),
            weight: *weight,
        };
        let route = Route { destinations: of.iter().map(destination).collect(), by_name: false };
        let aim = canary().aim("canary", share).unwrap();
        if let Some(Change::Weights(weights) | Change::Add(_, weights)) = route.change(&aim) {
            prop_assert_eq!(weights.iter().sum::<u32>(), 100);
        }
    }

    /// All the way up and back: 100 at every step in what is built, and the file is at last as it was at first.
    #[test]
    fn a_canary_goes_all_the_way_and_back(weights in prop::collection::btree_set(1_u32..=100, 1..5)) {
        let weights: Vec<u32> = weights.into_iter().collect();
        let rollout = rollout(Rollout::canary("canary", "stable", &weights).unwrap());
        let own = BASE.to_owned();
        let before = tree(&[("kustomization.yaml", "resources: [own.yaml]\n"), ("own.yaml", &own)]);
        let mut files = before.clone();
        for weight in weights {
            let now = built(&files).unwrap();
            let next = next_step(std::slice::from_ref(&rollout), &now, &Done::default()).unwrap();
            let Next::Step(aim) = next else { panic!() };
            prop_assert_eq!(aim.share, weight);
            files = stepped(&files, &aim).0;
        }
        let now = built(&files).unwrap();
        prop_assert_eq!(next_step(std::slice::from_ref(&rollout), &now, &Done::default()).unwrap(), Next::Finished);
        let back = rollout.aim("canary", 0).unwrap();
        let (files, _) = stepped(&files, &back);
        prop_assert_eq!(text(&files, "prod/own.yaml"), own);
    }
}
