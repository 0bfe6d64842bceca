//! Argo CD and Flux objects of the repository: what they change on the way to a cluster is part of what is rendered,
//! and the clusters that a merge reaches are named.

use super::support::Repo;

const APP: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 1\n  selector:\n    \
                   matchLabels: {app: web}\n  template:\n    metadata:\n      labels: {app: web}\n    spec:\n      containers:\n      \
                   - name: web\n        image: registry.example.com/web:1.0\n        env:\n        - {name: DOMAIN, value: \"${domain}\"}\n        \
                   - {name: TOKEN, value: \"${token:=none}\"}\n        - {name: LEVEL, value: \"LEVEL_HERE\"}\n";

/// Two environments; the source goes from `info` to `debug`.
fn repo(objects: &[(&str, &str)]) -> Repo {
    let before = APP.replace("LEVEL_HERE", "info");
    let mut files = vec![
        ("overlays/staging/kustomization.yaml", "resources:\n- web.yaml\n"),
        ("overlays/staging/web.yaml", before.as_str()),
        ("overlays/production/kustomization.yaml", "resources:\n- web.yaml\n# the end\n"),
        ("overlays/production/web.yaml", before.as_str()),
    ];
    files.extend(objects);
    let repo = Repo::new(&files);
    repo.write("overlays/staging/web.yaml", &APP.replace("LEVEL_HERE", "debug"));
    repo.commit("Log more");
    repo
}

fn application(name: &str, server: &str, kustomize: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\nspec:\n  source:\n    \
         repoURL: https://github.com/acme/mesh.git\n    targetRevision: main\n    path: overlays/production\n    kustomize: {kustomize}\n  \
         destination: {{server: \"{server}\", namespace: web}}\n  syncPolicy: {{automated: {{}}}}\n"
    )
}

fn rendered(repo: &Repo) -> String {
    repo.overlift(&["plan", "staging", "production", "--diff", "rendered"]).ok()
}

fn built(repo: &Repo, arguments: &[&str]) -> String {
    repo.overlift(&[&["build"], arguments].concat()).ok()
}

#[test]
fn options_of_an_application_are_part_of_what_is_rendered() {
    for (options, want, not) in [
        ("{namePrefix: eu-}", "  name: eu-web\n", "metadata:\n  name: web\n"),
        ("{nameSuffix: -eu}", "  name: web-eu\n", "metadata:\n  name: web\n"),
        ("{namespace: shop}", "  namespace: shop\n", "nobody says this"),
        (
            "{images: [\"registry.example.com/web:2.0\"]}",
            "image: registry.example.com/web:2.0",
            "web:1.0",
        ),
        (
            "{images: [\"registry.example.com/web=mirror.example.com/web\"]}",
            "image: mirror.example.com/web:1.0",
            "registry",
        ),
        ("{replicas: [{name: web, count: \"3\"}]}", "replicas: 3", "replicas: 1"),
        ("{commonLabels: {of: \"$ARGOCD_APP_NAME\"}}", "      of: eu\n", "nobody says this"),
        (
            "{commonLabels: {of: eu}, labelWithoutSelector: true}",
            "  labels:\n    of: eu\n",
            "      of: eu\n",
        ),
        ("{commonAnnotations: {by: us}}", "annotations:\n    by: us", "nobody says this"),
        (
            "{patches: [{target: {kind: Deployment}, patch: '- {op: replace, path: /spec/replicas, value: 7}'}]}",
            "replicas: 7",
            "replicas: 1",
        ),
        ("{components: [../../components/wide]}", "replicas: 9", "replicas: 1"),
        (
            "{components: [../../nothing], ignoreMissingComponents: true}",
            "replicas: 1",
            "nobody says this",
        ),
    ] {
        let object = application("eu", "https://eu.example.com", options);
        let component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nreplicas: [{name: web, count: 9}]\n";
        let repo =
            repo(&[("argocd/eu.yaml", &object), ("components/wide/kustomization.yaml", component)]);
        let built = built(&repo, &["--deployer", "eu"]);
        assert!(built.contains(want), "{options}: {built}");
        assert!(!built.contains(not), "{options}: {built}");
        let json = repo.overlift(&["plan", "staging", "production", "--json"]).ok();
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        // The diff is one between two such builds.
        repo.write("before.yaml", &built);
        repo.overlift(&["promote", "staging", "production", "--local"]).ok();
        let after = self::built(&repo, &["--deployer", "argocd/eu"]);
        repo.write("rendered.diff", json["rendered"].as_str().unwrap());
        let patched = std::process::Command::new("patch")
            .args(["--quiet", "before.yaml", "rendered.diff"])
            .current_dir(repo.root())
            .status();
        assert!(patched.unwrap().success(), "{options}");
        assert_eq!(repo.read("before.yaml"), after, "{options}");
    }
}

#[test]
fn the_body_and_the_terminal_name_the_clusters() {
    let eu = application("eu", "https://eu.example.com:6443", "{}");
    let us = application("us", "https://us.example.com", "{}")
        .replace("  syncPolicy: {automated: {}}\n", "");
    let old = application("old", "https://kubernetes.default.svc", "{}")
        .replace("Revision: main", "Revision: v1.2");
    let repo = repo(&[("argocd/a.yaml", &format!("{eu}---\n{us}---\n{old}"))]);
    let reached =
        "argocd/old (follows v1.2), eu.example.com:6443 and us.example.com (synced by hand)";
    let shown = repo.overlift(&["plan", "staging", "production"]).ok();
    assert!(shown.contains(&format!("\nIt reaches {reached}\n")), "{shown}");
    let body = repo.overlift(&["plan", "staging", "production", "--body"]).ok();
    let reached = "reaches `argocd/old` (follows v1.2), `eu.example.com:6443` and `us.example.com` (synced by hand)";
    assert!(
        body.lines().next().unwrap_or_default().len() < 2_000 && body.contains(reached),
        "{body}"
    );
    // Nothing is changed on the way, so that it is shown once.
    assert_eq!(rendered(&repo).matches("--- before/").count(), 1);
}

#[test]
fn clusters_that_differ_are_rendered_each() {
    let objects = ["eu", "us", "as"].map(|name| {
        let options =
            if name == "as" { "{}".to_owned() } else { format!("{{namePrefix: {name}-}}") };
        application(name, &format!("https://{name}.example.com"), &options)
    });
    let repo = repo(&[("argocd/all.yaml", &objects.join("---\n"))]);
    let rendered = rendered(&repo);
    let names: Vec<&str> = rendered.lines().filter(|line| line.starts_with("+++ ")).collect();
    let name = |cluster: &str| format!("+++ after/overlays/production ({cluster}.example.com)");
    // What changes is the same lines everywhere here.
    assert_eq!(names, ["+++ after/overlays/production"], "{rendered}");
    // A line beside a name makes them differ.
    let near = APP
        .replace("LEVEL_HERE", "debug")
        .replace("  name: web\nspec:\n  replicas: 1", "  name: web\nspec:\n  replicas: 2");
    repo.write("overlays/staging/web.yaml", &near);
    repo.commit("Scale");
    let rendered = self::rendered(&repo);
    let names: Vec<&str> = rendered.lines().filter(|line| line.starts_with("+++ ")).collect();
    assert_eq!(names, [name("as"), name("eu"), name("us")], "{rendered}");
    let body = repo.overlift(&["plan", "staging", "production", "--body"]).ok();
    for words in
        ["**What changes** · On `as.example.com`", "**On `eu.example.com`**", "`Deployment eu-web`"]
    {
        assert!(body.contains(words), "{words} is not in {body}");
    }
    let shown = repo.overlift(&["plan", "staging", "production"]).ok();
    assert!(shown.contains("\nOn us.example.com\n  ~ Deployment us-web"), "{shown}");
    let ambiguous = repo.overlift(&["build", "--deployer", "nobody"]);
    assert_eq!(ambiguous.code, 2);
    assert!(
        ambiguous
            .stderr
            .contains("is called `nobody`: there are `argocd/as`, `argocd/eu`, `argocd/us`"),
        "{ambiguous:#?}"
    );
}

const SET: &str = "apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: web, namespace: argocd}
spec:
  goTemplate: true
  generators:
  - matrix:
      generators:
      - git: {repoURL: u, directories: [{path: overlays/*}]}
      - list: {elements: [{cluster: eu}, {cluster: us}]}
  template:
    metadata: {name: '{{ .path.basename }}-{{ .cluster }}'}
    spec:
      source:
        repoURL: https://github.com/acme/mesh
        targetRevision: HEAD
        path: '{{ .path.path }}'
        kustomize: {namePrefix: '{{ .cluster }}-', commonAnnotations: {tier: '{{ .path.basename | upper }}'}}
      destination: {name: '{{ .cluster }}'}
      syncPolicy: {automated: {}}
";

#[test]
fn sets_make_applications() {
    let repo = repo(&[("argocd/set.yaml", SET)]);
    let built = built(&repo, &["overlays/production", "--deployer", "us"]);
    assert!(built.contains("name: us-web") && built.contains("tier: PRODUCTION"), "{built}");
    let several = repo.overlift(&["build", "--deployer", "us"]);
    assert_eq!(several.code, 2);
    assert!(several.stderr.contains("`us` may be several"), "{several:#?}");
    let shown = repo.overlift(&["plan", "staging", "production"]).ok();
    assert!(shown.contains("It reaches eu and us\n"), "{shown}");
    // What is not understood stops nothing, and is said where it matters.
    repo.write("argocd/set.yaml", &SET.replace("upper", "genPrivateKey"));
    let shown = repo.overlift(&["plan", "staging", "production"]).ok();
    assert!(shown.contains("the ApplicationSet `argocd/web` is not understood"), "{shown}");
    assert!(shown.contains("`genPrivateKey` in templates is not known here"), "{shown}");
    assert!(shown.contains("1 resource changes"), "{shown}");
}

const FLUX: &str = "apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: mesh, namespace: flux-system}
spec: {url: 'ssh://git@github.com/acme/mesh', ref: {branch: main}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: web, namespace: flux-system}
spec:
  path: ./overlays/production
  prune: true
  sourceRef: {kind: GitRepository, name: mesh}
  targetNamespace: shop
  commonMetadata: {labels: {team: mesh}}
  images: [{name: registry.example.com/web, newTag: '1.5'}]
  patches:
  - target: {kind: Deployment}
    patch: |
      - {op: add, path: /spec/minReadySeconds, value: 5}
  postBuild:
    substitute: {domain: shop.example.com}
    substituteFrom:
    - {kind: ConfigMap, name: cluster-vars}
";

#[test]
fn flux_changes_on_the_way_are_part_of_what_is_rendered() {
    let vars = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cluster-vars, namespace: flux-system}\ndata: {token: of-eu, domain: no}\n";
    let repo = repo(&[
        ("clusters/eu/web.yaml", FLUX),
        ("clusters/eu/vars.yaml", vars),
        ("clusters/us/vars.yaml", &vars.replace("of-eu", "of-us")),
    ]);
    let built = built(&repo, &["--deployer", "flux-system/web"]);
    for words in [
        "namespace: shop",
        "team: mesh",
        "image: registry.example.com/web:1.5",
        "minReadySeconds: 5",
        "value: shop.example.com",
        "value: of-eu",
    ] {
        assert!(built.contains(words), "{words} is not in {built}");
    }
    let shown = repo.overlift(&["plan", "staging", "production"]).ok();
    assert!(shown.contains("It reaches eu\n") && shown.contains("Deployment shop/web"), "{shown}");
    // A value that only the cluster knows stays as it is written, and that is said.
    repo.write("clusters/eu/web.yaml", &FLUX.replace("kind: ConfigMap", "kind: Secret"));
    let built = self::built(&repo, &["--deployer", "web"]);
    assert!(
        built.contains("value: ${token:=none}") && built.contains("value: shop.example.com"),
        "{built}"
    );
    let shown = repo.overlift(&["plan", "staging", "production"]).ok();
    assert!(
        shown.contains(
            "of `flux-system/web` is not known here: the variables of `Secret cluster-vars`"
        ),
        "{shown}"
    );
}

#[test]
fn what_fails_on_the_way_stops_nothing() {
    let object = application("eu", "https://eu.example.com", "{patches: [{path: /etc/passwd}]}");
    let repo = repo(&[
        ("argocd/eu.yaml", &object),
        ("argocd/chart.yaml", "kind: Application\n  {{ argoproj.io/ }}\n- x\n"),
    ]);
    let shown = repo.overlift(&["plan", "staging", "production"]).ok();
    assert!(shown.contains("1 resource changes"), "{shown}");
    assert!(shown.contains("what `argocd/eu` changes is not shown, since it fails"), "{shown}");
    // An object of another repository that has such a folder too deploys nothing of this one.
    let other = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: x}\nspec:\n  source: {repoURL: https://github.com/acme/other, path: charts/x}\n---\n"
        .to_owned() + "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: y}\nspec:\n  source: {repoURL: https://github.com/acme/other, path: more}\n---\n"
        + &application("far", "https://far.example.com", "{namePrefix: far-}").replace("acme/mesh", "acme/other");
    repo.write("argocd/eu.yaml", &other);
    let shown = repo.overlift(&["plan", "staging", "production"]).ok();
    assert!(!shown.contains("far"), "{shown}");
}

#[test]
fn a_preview_shows_what_an_object_changes() {
    let object = application("eu", "https://eu.example.com", "{}");
    let repo = repo(&[("argocd/eu.yaml", &object)]);
    repo.git(&["checkout", "--quiet", "-b", "topic"]);
    repo.write(
        "argocd/eu.yaml",
        &application("eu", "https://eu.example.com", "{replicas: [{name: web, count: 0}]}"),
    );
    repo.commit("Nobody needs it");
    let shown = repo.overlift(&["preview", "HEAD~1"]).ok();
    assert!(
        shown.contains(
            "production: 1 resource changes, none is deleted\nIt reaches eu.example.com\n"
        ),
        "{shown}"
    );
    assert!(shown.contains("replicas 1 → 0"), "{shown}");
}

#[test]
fn one_plan_has_one_id_whatever_deploys_it() {
    let repo = repo(&[("argocd/set.yaml", SET)]);
    let id = |repo: &Repo| {
        let json = repo.overlift(&["plan", "staging", "production", "--json"]).ok();
        serde_json::from_str::<serde_json::Value>(&json).unwrap()["planId"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let first = id(&repo);
    let promoted = repo.overlift(&["promote", "staging", "production", "--commit"]).ok();
    assert!(promoted.contains("promote/staging-to-production"), "{promoted}");
    // The commit is known as ours again, by an id that is made from what it does.
    let again = repo.overlift(&["promote", "staging", "production", "--commit"]);
    assert_eq!(again.code, 0, "{again:#?}");
    let tree = repo.overlift(&["plan", "staging", "production", "--rev", "HEAD", "--json"]).ok();
    assert!(tree.contains(&first), "{tree}");
}

/// Flux builds without load restrictions; an overlay that lists a file beside it was not rendered at all.
#[test]
fn flux_loads_files_beside_the_overlay() {
    let shared = "apiVersion: v1\nkind: Namespace\nmetadata: {name: web}\n";
    let overlay = "resources:\n- ../shared.yaml\n- web.yaml\n";
    let object = |path: &str| {
        format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: web, namespace: flux-system}}\nspec:\n  interval: 10m\n  path: {path}\n  prune: true\n  sourceRef: {{kind: GitRepository, name: flux-system}}\n"
        )
    };
    let by_flux = [object("./overlays/staging"), object("./overlays/production/")];
    for by_flux in [None, Some(by_flux)] {
        let mut files = vec![
            ("overlays/shared.yaml", shared),
            ("overlays/staging/kustomization.yaml", overlay),
            ("overlays/production/kustomization.yaml", overlay),
        ];
        if let Some([staging, production]) = &by_flux {
            files.push(("clusters/staging/web.yaml", staging));
            files.push(("clusters/production/web.yaml", production));
        }
        let repo = repo(&files);
        let plan = repo.overlift(&["plan", "staging", "production"]).ok();
        assert_eq!(plan.contains("is not rendered"), by_flux.is_none(), "{plan}");
        assert_eq!(repo.overlift(&["validate"]).code == 2, by_flux.is_none());
    }
}
