//! The service says on a pull request what its merge would do, once, and keeps it up to date.

use insta::assert_snapshot;

use crate::support::github::payloads;
use crate::support::scene::{FILES, RATE_PATH, REPO, Scene, rate};

fn configured(previews: &str) -> String {
    format!("{}previews: {previews}\n", FILES[0].1)
}

async fn scene(previews: &str) -> Scene {
    let scene = match previews {
        // Only an App makes check runs.
        "check" => Scene::as_app_on_enterprise_server().await,
        _ => Scene::new().await,
    };
    scene.push(&[(FILES[0].0, &configured(previews))]).await;
    scene.drain().await;
    scene.github.forget_requests();
    scene
}

async fn event(scene: &Scene, number: u64, action: &str) {
    let payload = payloads::pull_request(&scene.github.world(), REPO, number, action);
    assert_eq!(scene.deliver("pull_request", &payload).await, 202);
    scene.drain().await;
}

#[tokio::test]
async fn a_pull_request_gets_one_comment_that_follows_it() {
    let scene = scene("comment").await;
    scene.propose("topic", 39, true, &[("README.md", Some(b"words"))]);
    event(&scene, 39, "opened").await;
    scene.github.forget_requests();
    scene.propose("topic", 40, true, &[(RATE_PATH, Some(rate("6").as_bytes()))]);
    event(&scene, 40, "opened").await;
    assert!(scene.github.request_count() <= 6, "{:?}", scene.github.requested());
    let [said] = &scene.said(40)[..] else { panic!("{:?}", scene.said(40)) };
    assert_snapshot!(said, @r#"
**This reaches 1 environment**: `dev`

### dev: 1 resource changes, none is deleted

**Gates** nothing is new

**What changes**
- `ConfigMap limits` `rate` `"5"` → **`"6"`**

<details open><summary><code>ConfigMap limits</code> &nbsp;+1 −1</summary>

```diff
@@ -1,7 +1,7 @@
 apiVersion: v1
 data:
   burst: "1"
-  rate: "5"
+  rate: "6"
 kind: ConfigMap
 metadata:
   name: limits
```

</details>

See it yourself: `overlift preview 67d5af3`


<!-- overlift:preview -->
"#);

    // Once more says nothing new; another commit is the same comment.
    let writes = scene.github.writes();
    event(&scene, 40, "reopened").await;
    assert_eq!(scene.github.writes(), writes);
    scene.propose("topic", 40, true, &[(RATE_PATH, Some(rate("7").as_bytes()))]);
    event(&scene, 40, "synchronize").await;
    let [said] = &scene.said(40)[..] else { panic!("{:?}", scene.said(40)) };
    assert!(said.contains("**`\"7\"`**") && !said.contains("\"6\""), "{said}");
    // What is taken back reaches nothing any more.
    scene.propose("topic", 40, true, &[(RATE_PATH, Some(rate("5").as_bytes()))]);
    event(&scene, 40, "synchronize").await;
    let [said] = &scene.said(40)[..] else { panic!("{:?}", scene.said(40)) };
    assert!(said.starts_with("**This changes nothing that an environment builds.**"), "{said}");
}

#[tokio::test]
async fn what_reaches_nothing_gets_no_comment_and_costs_no_more() {
    let scene = scene("comment").await;
    scene.propose("topic", 40, true, &[("README.md", Some(b"words"))]);
    event(&scene, 40, "opened").await;
    assert_eq!(scene.said(40), Vec::<String>::new());
    assert!(scene.github.request_count() <= 6, "{:?}", scene.github.requested());
    // Its text is edited: nobody is asked.
    scene.github.forget_requests();
    event(&scene, 40, "edited").await;
    assert_eq!(scene.github.request_count(), 0, "{:?}", scene.github.requested());
}

#[tokio::test]
async fn a_shared_base_that_reaches_production_at_once_fails_the_check() {
    let scene = scene("check").await;
    let base = FILES[3].1.replace("burst: \"1\"", "burst: \"9\"");
    scene.propose("topic", 40, false, &[("base/config.yaml", Some(base.as_bytes()))]);
    event(&scene, 40, "opened").await;
    assert_eq!(scene.said(40), Vec::<String>::new());
    let runs = scene.github.world().repo(REPO).check_runs.clone();
    let [(_, run)] = &runs[..] else { panic!("{runs:?}") };
    assert_eq!(
        (run["name"].as_str(), run["conclusion"].as_str()),
        (Some("Overlift preview"), Some("failure"))
    );
    assert_snapshot!(run["output"]["title"].as_str().unwrap(), @r#"One new error"#);
    assert_snapshot!(run["output"]["summary"].as_str().unwrap(), @r#"
**This reaches 3 environments**: `dev`, `staging` and `prod`

### prod: 1 resource changes, none is deleted

> [!WARNING]
> **error** The environment is reached at once by changes of shared files, which no other environment has tried: `base/config.yaml`

**Gates** 1 error is new

**What changes**
- `ConfigMap limits` `burst` `"1"` → **`"9"`**

<details open><summary><code>ConfigMap limits</code> &nbsp;+1 −1</summary>

```diff
@@ -1,6 +1,6 @@
 apiVersion: v1
 data:
-  burst: "1"
+  burst: "9"
   rate: "1"
 kind: ConfigMap
 metadata:
```

</details>

### dev and staging: 1 resource changes, none is deleted

**Gates** nothing is new

**What changes**
- `ConfigMap limits` `burst` `"1"` → **`"9"`**

<details open><summary><code>ConfigMap limits</code> &nbsp;+1 −1</summary>

```diff
@@ -1,6 +1,6 @@
 apiVersion: v1
 data:
-  burst: "1"
+  burst: "9"
   rate: "5"
 kind: ConfigMap
 metadata:
```

</details>

See it yourself: `overlift preview 44a34d1`
"#);
}

#[tokio::test]
async fn a_configuration_that_is_refused_is_told_before_it_is_merged() {
    let scene = scene("comment").await;
    let broken = configured("comment").replace("trigger: push", "triger: push");
    scene.propose("topic", 40, true, &[(FILES[0].0, Some(broken.as_bytes()))]);
    event(&scene, 40, "opened").await;
    assert_snapshot!(scene.said(40).join("\n---\n"), @r#"
**With this, Overlift's configuration is refused**, and nothing is promoted until it is repaired:

```text
.github/overlift.yaml:7:3 (environments[1].triger): there is no key `triger`; did you mean `trigger`?
```


<!-- overlift:preview -->
"#);
}

/// Who opens a pull request decides nothing: a configuration that asks for previews counts once it is merged.
#[tokio::test]
async fn only_the_default_branch_asks_for_previews() {
    let scene = scene("off").await;
    let files: [(&str, Option<&[u8]>); 2] = [
        (FILES[0].0, Some(configured("comment").leak().as_bytes())),
        (RATE_PATH, Some(rate("6").leak().as_bytes())),
    ];
    scene.propose("topic", 40, false, &files);
    event(&scene, 40, "opened").await;
    assert_eq!((scene.said(40), scene.github.request_count()), (Vec::new(), 0));
}

#[tokio::test]
async fn a_pull_request_into_another_branch_or_a_promotion_gets_none() {
    let scene = scene("comment").await;
    scene.propose("topic", 40, true, &[(RATE_PATH, Some(rate("6").as_bytes()))]);
    scene.github.world().repo_mut(REPO).pulls.get_mut(&40).unwrap().base = "release".to_owned();
    event(&scene, 40, "opened").await;
    assert_eq!(scene.said(40), Vec::<String>::new());
    scene.push(&[(RATE_PATH, &rate("8"))]).await;
    scene.drain().await;
    let promotion = scene.open().into_iter().find(|number| *number != 40).unwrap();
    event(&scene, promotion, "opened").await;
    assert_eq!(scene.said(promotion), Vec::<String>::new());
}

/// A branch that was written anew is compared with where it began, whatever it held before.
#[tokio::test]
async fn a_branch_that_is_pushed_by_force_is_told_anew() {
    let scene = scene("comment").await;
    scene.propose(
        "topic",
        40,
        true,
        &[(RATE_PATH, Some(rate("6").as_bytes())), ("a.md", Some(b"a"))],
    );
    event(&scene, 40, "opened").await;
    scene.github.world().repo_mut(REPO).branches.remove("topic");
    scene.propose("topic", 40, true, &[(RATE_PATH, Some(rate("9").as_bytes()))]);
    event(&scene, 40, "synchronize").await;
    let [said] = &scene.said(40)[..] else { panic!("{:?}", scene.said(40)) };
    assert!(said.contains("`\"5\"` → **`\"9\"`**") && !said.contains("\"6\""), "{said}");
}

/// Before is where the branch began: what the default branch got since, even in the same line, is not the pull
/// request's.
#[tokio::test]
async fn a_branch_that_conflicts_with_the_default_branch_is_told_by_what_it_does() {
    let scene = scene("comment").await;
    scene.propose("topic", 40, true, &[(RATE_PATH, Some(rate("6").as_bytes()))]);
    scene.push(&[(RATE_PATH, &rate("8"))]).await;
    scene.drain().await;
    event(&scene, 40, "opened").await;
    let [said] = &scene.said(40)[..] else { panic!("{:?}", scene.said(40)) };
    assert!(said.contains("`\"5\"` → **`\"6\"`**") && !said.contains("\"8\""), "{said}");
}

/// GitHub lists 300 files of a comparison: the trees tell all of them.
#[tokio::test]
async fn a_pull_request_of_hundreds_of_files_is_told_whole() {
    let scene = scene("comment").await;
    let texts: Vec<(String, String)> =
        (0..450).map(|index| (format!("a/{index:03}.md"), format!("{index}"))).collect();
    let rate = rate("6");
    let mut files: Vec<(&str, Option<&[u8]>)> =
        texts.iter().map(|(path, text)| (path.as_str(), Some(text.as_bytes()))).collect();
    files.push((RATE_PATH, Some(rate.as_bytes())));
    scene.propose("topic", 40, true, &files);
    scene.github.forget_requests();
    event(&scene, 40, "opened").await;
    let [said] = &scene.said(40)[..] else { panic!("{:?}", scene.said(40)) };
    assert!(said.contains("`\"5\"` → **`\"6\"`**"), "{said}");
    assert!(scene.github.request_count() <= 12, "{:?}", scene.github.requested());
}

/// What a new configuration would mean is told by it, and that it is one.
#[tokio::test]
async fn an_edit_of_the_configuration_is_told_as_one() {
    let scene = scene("comment").await;
    let edited = configured("comment").replace("trigger: push", "trigger: manual");
    let files: [(&str, Option<&[u8]>); 2] = [
        (FILES[0].0, Some(edited.leak().as_bytes())),
        (RATE_PATH, Some(rate("6").leak().as_bytes())),
    ];
    scene.propose("topic", 40, true, &files);
    event(&scene, 40, "opened").await;
    let [said] = &scene.said(40)[..] else { panic!("{:?}", scene.said(40)) };
    assert!(said.starts_with("**This reaches 1 environment**: `dev`"), "{said}");
    assert!(
        said.contains(
            "It also changes Overlift's configuration; environments are taken from the new one."
        ),
        "{said}"
    );
}

const TEMPLATE: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  replicas: {{ .Values.replicas }}
  template:
    spec:
      containers:
      - name: shop
        image: example.com/shop:1.5.0
        securityContext:
          {{- include \"shop.security\" . | nindent 10 }}
";
const HELPERS: &str = "{{- define \"shop.security\" -}}\nrunAsNonRoot: true\nreadOnlyRootFilesystem: true\n{{- end }}\n";
const APPLICATION: &str = "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop-prod, namespace: argocd}
spec:
  source:
    repoURL: https://github.com/octo/mesh
    path: charts/shop
    targetRevision: HEAD
    helm: {valueFiles: [../../envs/production/values.yaml]}
  destination: {name: prod-eu, namespace: shop}
";

/// A chart's way through the service: what its helper and its directives decide on a pull request, and its values in
/// a promotion.
#[tokio::test]
async fn a_chart_that_nothing_renders_is_judged_by_the_service_too() {
    let configuration = "previews: comment\nenvironments:\n- {name: staging, path: envs/staging}\n\
                         - {name: production, path: envs/production, trigger: push}\n";
    let scene = Scene::with_files(&[
        (".github/overlift.yaml", configuration),
        ("argocd/shop.yaml", APPLICATION),
        ("charts/shop/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n"),
        ("charts/shop/values.yaml", "replicas: 4\nweb: {enabled: true}\n"),
        ("charts/shop/templates/_helpers.tpl", HELPERS),
        ("charts/shop/templates/deployment.yaml", TEMPLATE),
        ("envs/staging/values.yaml", "replicas: 4\n"),
        ("envs/production/values.yaml", "replicas: 4\nweb: {enabled: false}\n"),
    ])
    .await;
    scene.push_event(None).await;
    scene.drain().await;
    let weaker = HELPERS.replace("runAsNonRoot: true\n", "");
    let helpers = "charts/shop/templates/_helpers.tpl";
    scene.propose("helper", 40, true, &[(helpers, Some(weaker.as_bytes()))]);
    event(&scene, 40, "opened").await;
    let [said] = &scene.said(40)[..] else { panic!("{:?}", scene.said(40)) };
    for words in [
        "**This reaches 2 environments**: `staging` and `production`",
        "the helper `shop.security` changes, which the template `deployment.yaml` includes",
        "**error** The environment is reached at once by changes of shared files",
        "may do more on its node: `shop` loses `a user other than root` and `runAsNonRoot`",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }

    let guarded = format!("{{{{- if .Values.web.enabled }}}}\n{TEMPLATE}{{{{- end }}}}\n");
    let template = "charts/shop/templates/deployment.yaml";
    scene.propose("guard", 41, true, &[(template, Some(guarded.as_bytes()))]);
    event(&scene, 41, "opened").await;
    let [said] = &scene.said(41)[..] else { panic!("{:?}", scene.said(41)) };
    assert!(
        said.contains("`Deployment charts/shop/templates/deployment.yaml` is deleted"),
        "{said}"
    );

    scene.push(&[("envs/staging/values.yaml", "replicas: 1\n")]).await;
    scene.drain().await;
    // Beside the two that were proposed.
    let [number, 40, 41] = scene.open()[..] else { panic!("{:?}", scene.open()) };
    let body = scene.body(number);
    for words in ["shrinks: `replicas` 4 → **`1`**", "is not rendered: `values.yaml` is of a chart"]
    {
        assert!(body.contains(words), "{words} in {body}");
    }
}
