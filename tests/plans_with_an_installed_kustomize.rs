//! "Our overlays need helm, so let the installed kustomize build them, in plans too."
//!
//! There is no `kustomize` here: a script on `PATH` hands its arguments to `kubectl kustomize`, which is
//! kustomize as a library. A script stands in for helm, too.

use std::path::Path;

use crate::support::{KUSTOMIZE, Repo, Run, overlift_command, run};

/// A chart whose values go into a config map, a Secret and a deployment.
const HELM: &str = r#"#!/bin/sh
case "$1" in version) echo v3.14.0; exit;; esac
for a; do case "$before" in -f|--values) values=$a;; esac; before=$a; done
value() { sed -n "s/^$1: //p" "$values"; }
cat <<END
apiVersion: v1
kind: ConfigMap
metadata: {name: greeting}
data: {greeting: "$(value greeting)"}
---
apiVersion: v1
kind: Secret
metadata: {name: token}
stringData: {token: "$(value token)", url: "https://shop:$(value token)@db", username: library}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec: {replicas: 1, template: {spec: {containers: [{name: shop, image: "library/shop:$(value tag)", args: ["--token=$(value token)"]}]}}}
END
"#;

/// A repository with programs and a directory for temporary files beside it.
struct Scene {
    repo: Repo,
    path: String,
}

impl Scene {
    fn new(repo: Repo) -> Self {
        repo.program("helm", HELM);
        let path = repo.program("kustomize", KUSTOMIZE);
        std::fs::create_dir_all(repo.path("../tmp")).unwrap();
        Self { repo, path }
    }

    /// Runs our program with the other engine; afterwards no temporary file is left.
    #[track_caller]
    fn run(&self, arguments: &[&str]) -> Run {
        let arguments = [arguments, &["--engine", "kustomize"]].concat();
        let mut command = overlift_command(self.repo.root(), &arguments);
        let temporary = self.repo.path("../tmp");
        let run = run(command.env("PATH", &self.path).env("TMPDIR", &temporary));
        let left: Vec<_> = std::fs::read_dir(temporary).into_iter().flatten().collect();
        assert!(left.is_empty(), "left behind: {left:?}\n{run:#?}");
        run
    }

    /// The error of a run that printed nothing.
    #[track_caller]
    fn fails(&self, arguments: &[&str]) -> String {
        let run = self.run(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:#?}");
        run.stderr
    }
}

fn has_kubectl() -> bool {
    let found = crate::support::kubectl_kustomize(&crate::support::istio_config().join("base"));
    found.is_some()
}

const PLAN: [&str; 3] = ["plan", "staging", "production"];

fn plan(form: &[&'static str]) -> Vec<&'static str> {
    [&PLAN[..], form].concat()
}

/// Two overlays with a chart and a patch of what the chart makes, and values that differ.
fn with_charts() -> Repo {
    let kustomization = |environment: &str| {
        format!(
            "namespace: {environment}\nnamePrefix: my-\nhelmGlobals:\n  chartHome: ../../charts\n\
             helmCharts:\n- name: shop\n  releaseName: shop\n  valuesFile: patches/values.yaml\n\
             resources:\n- ../../base\npatches:\n- path: patches/shop.yaml\n"
        )
    };
    let patch = |replicas: u8| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: shop\nspec:\n  replicas: {replicas}\n"
        )
    };
    Repo::new(&[
        ("charts/shop/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n"),
        ("charts/shop/values.yaml", "greeting: none\n"),
        (
            "base/kustomization.yaml",
            "resources:\n- service.yaml\nsecretGenerator:\n- name: generated\n  literals:\n  - password=hunter2\n  \
             envs:\n  - generated.env\n",
        ),
        ("base/generated.env", "KEY=correct-horse\n"),
        (
            "base/service.yaml",
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: shop\nspec:\n  ports:\n  - port: 80\n",
        ),
        ("overlays/staging/kustomization.yaml", &kustomization("staging")),
        (
            "overlays/staging/patches/values.yaml",
            "greeting: hello\ntag: v2\ntoken: battery-staple\n",
        ),
        ("overlays/staging/patches/shop.yaml", &patch(2)),
        ("overlays/production/kustomization.yaml", &kustomization("production")),
        (
            "overlays/production/patches/values.yaml",
            "greeting: good day\ntag: v1\ntoken: old-token\n",
        ),
        ("overlays/production/patches/shop.yaml", &patch(1)),
    ])
}

#[test]
fn where_ours_can_build_the_plan_is_the_same() {
    if !has_kubectl() {
        return;
    }
    let scene = Scene::new(Repo::istio_config());
    for diff in ["rendered", "files", "drift"] {
        let arguments = [&PLAN[..], &["--diff", diff]].concat();
        let ours = scene.repo.overlift(&arguments).ok();
        assert!(!ours.is_empty());
        assert_eq!(scene.run(&arguments).ok(), ours, "{diff}");
    }
    let ours = scene.repo.overlift(&plan(&["--json"])).ok();
    assert_eq!(scene.run(&plan(&["--json"])).ok(), ours);
    assert_eq!(scene.run(&["status"]).ok(), scene.repo.overlift(&["status"]).ok());
    let body = scene.run(&plan(&["--body"])).ok();
    assert!(body.contains("overlift plan staging production --engine kustomize --rev"), "{body}");
}

#[test]
fn charts_are_planned_and_what_is_secret_stays_so() {
    if !has_kubectl() {
        return;
    }
    let scene = Scene::new(with_charts());
    let ours = scene.repo.overlift(&PLAN);
    assert_eq!(ours.code, 2, "{ours:#?}");
    assert!(ours.stderr.contains("--engine kustomize"), "{}", ours.stderr);

    let rendered = scene.run(&plan(&["--diff", "rendered"])).ok();
    let lines = [
        "-  greeting: good day",
        "+  greeting: hello",
        "+  token: <masked, changed>",
        "+        - <masked, changed>",
        "+        image: library/shop:v2",
    ];
    for line in lines {
        assert!(rendered.contains(&format!("{line}\n")), "no `{line}` in\n{rendered}");
    }
    // Charts and generated objects pair across environments, whose namespaces are one changed line.
    let drift = scene.run(&plan(&["--diff", "drift"])).ok();
    assert!(drift.contains("-  namespace: staging\n+  namespace: production\n"), "{drift}");
    assert!(!drift.contains("/dev/null"), "{drift}");

    let secrets =
        ["battery-staple", "old-token", "hunter2", "correct-horse", "YmF0dGVyeS1zdGFwbGU"];
    let forms = [&["--json"][..], &["--body"], &["--diff", "files"], &["--diff", "drift"], &[]];
    for form in forms {
        let shown = scene.run(&plan(form)).ok();
        for secret in secrets {
            assert!(!shown.contains(secret), "{form:?} shows {secret}:\n{shown}");
        }
    }
    let files = scene.run(&plan(&["--diff", "files"])).ok();
    assert!(files.contains("+greeting: hello\n+tag: v2\n+token: <masked, changed>\n"), "{files}");
    assert!(scene.run(&["validate"]).code < 2);
    let status = scene.run(&["status", "--json"]).ok();
    assert!(status.contains("\"error\": null"), "{status}");
}

#[test]
fn promoting_twice_finds_nothing_to_do_the_second_time() {
    if !has_kubectl() {
        return;
    }
    let scene = Scene::new(with_charts());
    let commit = ["promote", "staging", "production", "--commit"];
    scene.run(&commit).ok();
    let tip = scene.repo.git(&["rev-parse", "promote/staging-to-production"]);
    let again = scene.run(&commit).ok();
    assert!(again.contains("holds this promotion already"), "{again}");
    assert_eq!(scene.repo.git(&["rev-parse", "promote/staging-to-production"]), tip);
    scene.repo.git(&["merge", "-q", "--ff-only", "promote/staging-to-production"]);
    let merged = scene.run(&commit).ok();
    assert!(merged.contains("Nothing to promote"), "{merged}");

    let scene = Scene::new(with_charts());
    scene.run(&["promote", "staging", "production"]).ok();
    assert_eq!(scene.repo.git(&["write-tree"]).len(), 40);
    assert!(scene.run(&["promote", "staging", "production"]).ok().contains("Nothing to promote"));
    // What helm may have left behind is nowhere in the repository.
    let changed = scene.repo.git(&["status", "--porcelain"]);
    assert!(changed.lines().all(|line| line.starts_with(" M overlays/production/")), "{changed}");
}

#[test]
fn failures_are_told_and_secrets_are_not() {
    let scene = Scene::new(with_charts());
    let at = "overlays/staging/kustomization.yaml: kustomize cannot build this: ";
    let fails_with = |script: &str, words: &str| {
        scene.repo.program("kustomize", &format!("#!/bin/sh\n{script}\n"));
        let error = scene.fails(&PLAN);
        assert!(error.contains(at) && error.contains(words), "no `{words}` in:\n{error}");
        error
    };
    let root = "for dir; do :; done";
    fails_with(
        &format!("{root}; echo \"Error: no '$dir/x.yaml'\" >&2; exit 1"),
        "no 'overlays/staging/x.yaml'",
    );
    let said = "bad literal hunter2, correct-horse in shop with battery-staple";
    let error = fails_with(&format!("echo 'Error: {said}' >&2; exit 1"), "bad literal");
    for secret in ["hunter2", "correct-horse", "battery-staple"] {
        assert!(!error.contains(secret), "{error}");
    }
    let long = fails_with("yes 'no, no' | head -c 1000000 >&2; exit 1", "no, no");
    assert!(long.len() < 10_000);
    fails_with("exit 1", "it gives no reason");
    fails_with("kill -9 $$", "it gives no reason");
    fails_with("echo 'a: [1'", "no rendered manifest: line 2");
    fails_with("echo 'a: 1'", "no rendered manifest: an object without `kind`");
    fails_with("printf '\\377'", "no UTF-8");
    std::fs::remove_file(scene.repo.path("../bin/kustomize")).unwrap();
    let missing = Path::new("/nonexistent");
    let mut command = overlift_command(scene.repo.root(), &plan(&["--engine", "kustomize"]));
    // Git is still needed.
    std::os::unix::fs::symlink(which("git"), scene.repo.path("../bin/git")).unwrap();
    let run_without = run(command.env("PATH", scene.repo.path("../bin")));
    assert!(run_without.stderr.contains("leave out `--engine kustomize`"), "{run_without:#?}");
    let mut command = overlift_command(scene.repo.root(), &plan(&["--engine", "kustomize"]));
    let unwritable = run(command.env("TMPDIR", missing));
    assert_eq!(unwritable.code, 2);
    assert!(unwritable.stderr.contains("temporary directory"), "{unwritable:#?}");
}

fn which(name: &str) -> std::path::PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file()).unwrap()
}

#[test]
fn what_leads_out_of_the_repository_is_refused_before_anything_is_started() {
    let refused = |kustomization: &str, words: &str| {
        let scene = Scene::new(Repo::new(&[
            ("overlays/staging/kustomization.yaml", kustomization),
            (
                "overlays/staging/plugin.yaml",
                "kind: HelmChartInflationGenerator\nname: x\nchartHome: /srv\n",
            ),
            ("overlays/production/kustomization.yaml", "resources: []\nnamePrefix: x-\n"),
        ]));
        scene.repo.program("kustomize", "#!/bin/sh\ntouch \"$TMPDIR/../started\"\nexit 1\n");
        // The other environment may be built meanwhile, so only the one is asked for.
        let error = scene.fails(&["validate", "staging"]);
        assert!(error.contains("overlays/staging/") && error.contains(words), "{words}:\n{error}");
        assert!(!scene.repo.path("../started").exists(), "{kustomization}");
    };
    refused("resources:\n- ../../../../home\n", "leads out of the repository");
    refused("resources:\n- /home\n", "is an absolute path");
    refused("newField:\n- ../../../x\n", "leads out of the repository");
    refused("resources:\n- https://github.com/o/r//x?ref=v1\n", "is remote");
    refused(
        "helmCharts:\n- name: x\nhelmGlobals:\n  chartHome: /srv/charts\n",
        "is an absolute path",
    );
    refused("helmCharts:\n- name: x\n  valuesFile: http://x/y.yaml\n", "is remote");
    refused("helmCharts:\n- name: ../../../../x\n", "leads out of the repository");
    refused("helmCharts:\n- name: x\n  releaseName: --post-renderer=x\n", "for a flag of its own");
    refused("helmCharts:\n- name: x\nhelmGlobals:\n  configHome: plugins\n", "(configHome)");
    refused("generators:\n- plugin.yaml\n", "plugin.yaml:3:12");
    refused("resources:\n- plugin.yaml\n", "under `generators`");
}

#[test]
fn symlinks_inside_the_repository_are_followed_and_others_are_not_there() {
    if !has_kubectl() {
        return;
    }
    let scene = Scene::new(Repo::new(&[
        ("shared/service.yaml", "apiVersion: v1\nkind: Service\nmetadata:\n  name: linked\n"),
        ("shared/kustomization.yaml", "resources: [service.yaml]\n"),
        ("overlays/staging/kustomization.yaml", "resources: [../../link]\nnamePrefix: a-\n"),
        ("overlays/production/kustomization.yaml", "resources: [../../link]\nnamePrefix: b-\n"),
        ("../outside/service.yaml", "kind: Service\n"),
    ]));
    std::os::unix::fs::symlink("shared", scene.repo.path("link")).unwrap();
    std::os::unix::fs::symlink("../../../outside", scene.repo.path("overlays/staging/out"))
        .unwrap();
    let drift = scene.run(&plan(&["--diff", "drift"])).ok();
    assert!(drift.contains("-  name: a-linked\n+  name: b-linked\n"), "{drift}");
    scene.repo.write("overlays/staging/kustomization.yaml", "resources: [out/service.yaml]\n");
    let error = scene.fails(&PLAN);
    assert!(
        error.contains("`overlays/staging/out/service.yaml` is a symlink that leads out"),
        "{error}"
    );
}

#[test]
fn no_file_and_no_service_asks_for_it() {
    let repo = Repo::new(&[
        (".github/overlift.yaml", "version: 1\nengine: kustomize\n"),
        ("overlays/staging/kustomization.yaml", "namePrefix: x-\n"),
        ("overlays/production/kustomization.yaml", "namePrefix: x-\n"),
    ]);
    let run = repo.overlift(&PLAN);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("engine"), "{}", run.stderr);
    let served = repo.overlift(&["serve", "--engine", "kustomize"]);
    assert_eq!(served.code, 2);
    assert!(served.stderr.contains("unexpected argument '--engine'"), "{}", served.stderr);
}

#[test]
fn without_a_checkout_there_is_nothing_to_build() {
    let nowhere = tempfile::tempdir().unwrap();
    let pair = ["promote", "staging", "production", "--engine", "kustomize"];
    let mut command = overlift_command(nowhere.path(), &pair);
    let run = run(command.args(["--repo", "octo/mesh", "--github-token", "x"]));
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("works in a checkout"), "{}", run.stderr);
}

/// What it starts has no credential of ours and no settings of helm, which name plugins.
#[test]
fn it_gets_an_environment_of_its_own() {
    let scene = Scene::new(with_charts());
    let seen = scene.repo.path("../seen");
    scene.repo.program(
        "kustomize",
        &format!(
            "#!/bin/sh\nenv > '{}'\nls -A \"$HOME\" >> '{0}'\necho no >&2\nexit 1\n",
            seen.display()
        ),
    );
    let mut command = overlift_command(
        scene.repo.root(),
        &["plan", "staging", "production", "--engine", "kustomize"],
    );
    command.env("PATH", &scene.path).env("TMPDIR", scene.repo.path("../tmp"));
    for name in ["GITHUB_TOKEN", "HELM_PLUGINS", "HELM_REGISTRY_CONFIG", "KUSTOMIZE_PLUGIN_HOME"] {
        command.env(name, "from-outside");
    }
    run(&mut command);
    let seen = std::fs::read_to_string(seen).unwrap();
    assert!(!seen.contains("from-outside"), "{seen}");
    let names = seen.lines().filter_map(|line| Some(line.split_once('=')?.0));
    let ours = [
        "HELM_CACHE_HOME",
        "HELM_CONFIG_HOME",
        "HELM_DATA_HOME",
        "HOME",
        "PATH",
        "TMPDIR",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        // The shell's own.
        "OLDPWD",
        "PWD",
        "SHLVL",
        "_",
    ];
    let others: Vec<_> = names.filter(|name| !ours.contains(name)).collect();
    assert!(others.is_empty(), "{others:?}");
    let home = seen.lines().find_map(|line| line.strip_prefix("HOME=")).unwrap();
    assert!(!std::path::Path::new(home).exists(), "it is gone afterwards");
}
