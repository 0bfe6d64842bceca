//! "It tells me what a chart's templates do to my environments, though nothing renders them here."

use serde_json::Value;

use crate::support::Repo;

fn preview(repo: &Repo) -> Value {
    let json = repo.overlift(&["preview", "HEAD~1", "--rev", "HEAD", "--json"]).ok();
    serde_json::from_str(&json).unwrap()
}

const TEMPLATE: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include \"shop.fullname\" . }}
spec:
  replicas: 4
  template:
    spec:
      containers:
      - name: {{ .Chart.Name }}
        image: \"{{ .Values.image }}:1.5.0\"
        readinessProbe:
          {{- toYaml .Values.probe | nindent 10 }}
        securityContext:
          runAsNonRoot: true
";

const APPLICATION: &str = "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop-prod, namespace: argocd}
spec:
  source:
    repoURL: https://github.com/acme/mesh
    path: charts/shop
    targetRevision: HEAD
    helm: {valueFiles: [../../envs/production/values.yaml]}
  destination: {name: prod-eu, namespace: shop}
";

/// Two environments that are values alone, and the chart that production's Application deploys with its own.
fn with_chart(application: &str) -> Repo {
    let repo = Repo::new(&[
        ("envs/staging/values.yaml", "image: a\n"),
        ("envs/production/values.yaml", "image: a\n"),
        ("charts/shop/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n"),
        ("charts/shop/templates/deployment.yaml", TEMPLATE),
        ("charts/other/Chart.yaml", "apiVersion: v2\nname: other\nversion: 1.0.0\n"),
        ("charts/other/templates/a.yaml", "kind: A\n"),
    ]);
    if !application.is_empty() {
        repo.write("argocd/shop.yaml", application);
        repo.commit("an application");
    }
    repo
}

#[test]
fn a_chart_that_an_environment_takes_is_told_though_nobody_renders_it() {
    let repo = with_chart(APPLICATION);
    let weaker = TEMPLATE
        .replace("replicas: 4", "replicas: 1")
        .replace(
            "        readinessProbe:\n          {{- toYaml .Values.probe | nindent 10 }}\n",
            "",
        )
        .replace("        securityContext:\n          runAsNonRoot: true\n", "");
    repo.write("charts/shop/templates/deployment.yaml", &weaker);
    repo.commit("weaker");
    let body = repo.overlift(&["preview", "HEAD~1", "--body"]).ok();
    let head = body.split("<details").next().unwrap();
    insta::assert_snapshot!(head, @r"
    **This reaches 1 environment**: `production`

    ### production: 1 file changes, not rendered

    What the cluster will see is not known here: nothing renders the chart `charts/shop` here

    > [!WARNING]
    > - **error** The environment is reached at once by changes of shared files, which no other environment has tried: `charts/shop/templates/deployment.yaml`
    > - `Deployment charts/shop/templates/deployment.yaml` may do more on its node: `{{ .Chart.Name }}` loses `a user other than root` and `runAsNonRoot`
    > - `Deployment charts/shop/templates/deployment.yaml` is no longer probed: `{{ .Chart.Name }}` `readinessProbe`
    > - `Deployment charts/shop/templates/deployment.yaml` shrinks: 4 → **`1`**
    ");
    // What no environment has tried is an error, as a shared base is.
    assert_eq!(repo.overlift(&["preview", "HEAD~1", "--exit-code"]).code, 1);
    let found = preview(&repo);
    let findings = found["notRendered"][0]["findings"].as_array().unwrap();
    let shrinks = findings.iter().find(|it| it["rule"] == "fewer-replicas").unwrap();
    assert_eq!(shrinks["line"], 6, "{shrinks}");

    // What a directive puts in is not known, so that nothing is said of what it may bring.
    let moved = TEMPLATE.replace("replicas: 4", "replicas: {{ .Values.replicas }}");
    repo.write("charts/shop/templates/deployment.yaml", &moved);
    repo.commit("given by the values");
    let rules: Vec<String> = preview(&repo)["notRendered"][0]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["rule"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(rules, ["reaches-production-at-once"]);

    // A chart that nobody here deploys is nothing, and neither is a note beside the chart.
    repo.write("charts/other/templates/a.yaml", "kind: B\n");
    repo.write("charts/shop/README.md", "words\n");
    repo.commit("elsewhere");
    let found = repo.overlift(&["preview", "HEAD~1"]).ok();
    assert_eq!(found, "Nothing that an environment builds is changed.\n");
}

#[test]
fn a_chart_of_a_pinned_revision_reaches_nothing_at_once() {
    let repo = with_chart(&APPLICATION.replace("HEAD", "v1.2.0"));
    repo.write("charts/shop/templates/deployment.yaml", &TEMPLATE.replace("4", "2"));
    repo.commit("smaller");
    let found = preview(&repo);
    assert_eq!(found["notRendered"][0]["environments"][0], "production");
    assert_eq!(repo.overlift(&["preview", "HEAD~1", "--exit-code"]).code, 0);
}

#[test]
fn whose_chart_it_is_is_not_guessed() {
    // It is called as neither environment, and there is another one.
    let repo = with_chart("");
    repo.write("charts/shop/templates/deployment.yaml", &TEMPLATE.replace("4", "2"));
    repo.commit("smaller");
    assert_eq!(
        repo.overlift(&["preview", "HEAD~1"]).ok(),
        "Nothing that an environment builds is changed.\n"
    );
    // Something deploys it, with values that only a cluster knows.
    let values = "[../../envs/production/values.yaml]";
    let repo = with_chart(&APPLICATION.replace(values, "[values.yaml]"));
    repo.write("charts/shop/templates/deployment.yaml", &TEMPLATE.replace("4", "2"));
    repo.commit("smaller");
    let body = repo.overlift(&["preview", "HEAD~1", "--body"]).ok();
    let head = body.split("<details").next().unwrap();
    insta::assert_snapshot!(head, @r"
    **This changes what is deployed from here**; which environments it reaches is not known

    ### chart charts/shop: 1 file changes, not rendered

    What the cluster will see is not known here: nothing renders the chart `charts/shop` here; which environments take it is not known either

    > [!WARNING]
    > `Deployment charts/shop/templates/deployment.yaml` shrinks: 4 → **`2`**
    ");
    // With one chart alone it may be meant.
    repo.write("argocd/shop.yaml", "");
    std::fs::remove_file(repo.path("charts/other/Chart.yaml")).unwrap();
    repo.commit("one chart");
    repo.write("charts/shop/templates/deployment.yaml", &TEMPLATE.replace("4", "1"));
    repo.commit("smaller");
    let found = preview(&repo);
    let why = found["notRendered"][0]["reason"].as_str().unwrap();
    assert_eq!(
        why,
        "nothing renders the chart `charts/shop` here, and nothing says whether these values are for it"
    );
}

const HELPERS: &str = "{{/* Words. */}}
{{- define \"shop.fullname\" -}}
{{ .Release.Name }}-shop
{{- end }}

{{- define \"shop.security\" -}}
runAsNonRoot: true
readOnlyRootFilesystem: true
{{- end }}
";

/// What is not told of a resource alone is that it is reached at once.
fn judged(found: &Value) -> Vec<String> {
    let findings = found["notRendered"][0]["findings"].as_array().unwrap();
    let others = findings.iter().filter(|it| it["rule"] != "reaches-production-at-once");
    others
        .map(|it| format!("{} {}", it["rule"].as_str().unwrap(), it["message"].as_str().unwrap()))
        .collect()
}

#[test]
fn a_helper_that_changes_is_judged_where_templates_include_it() {
    let repo = with_chart(APPLICATION);
    let helpers = "charts/shop/templates/_helpers.tpl";
    let including = TEMPLATE.replace(
        "        securityContext:\n          runAsNonRoot: true\n",
        "        securityContext:\n          {{- include \"shop.security\" . | nindent 10 }}\n",
    );
    repo.write(helpers, HELPERS);
    repo.write("charts/shop/templates/deployment.yaml", &including);
    repo.commit("a helper");
    repo.write(helpers, &HELPERS.replace("runAsNonRoot: true\n", ""));
    repo.commit("weaker");
    let found = preview(&repo);
    let weaker = "security-context-weaker may do more on its node: `{{ .Chart.Name }}` loses \
                  `a user other than root` and `runAsNonRoot`";
    assert_eq!(judged(&found), [weaker]);
    assert_eq!(
        found["notRendered"][0]["reason"],
        "nothing renders the chart `charts/shop` here; the helper `shop.security` changes, which the \
         template `deployment.yaml` includes"
    );
    // What the helper adds stands where it is included.
    repo.write(helpers, &HELPERS.replace("runAsNonRoot: true", "privileged: true"));
    repo.commit("privileged");
    let found = preview(&repo);
    let finding = &found["notRendered"][0]["findings"][1];
    assert_eq!(finding["rule"], "security-context-weaker", "{found:#}");
    let template = "charts/shop/templates/deployment.yaml";
    assert_eq!((&finding["file"], &finding["line"]), (&template.into(), &14.into()), "{finding:#}");
    // What a new directive brings is not known: it is said that it changes, and nothing of how.
    let unknown = HELPERS.replace("runAsNonRoot: true", "{{ toYaml .Values.security }}");
    repo.write(helpers, &unknown);
    repo.commit("given by the values");
    let found = preview(&repo);
    assert_eq!(judged(&found), [""; 0]);
    assert!(
        found["notRendered"][0]["reason"].as_str().unwrap().contains("`shop.security` changes")
    );
    // One that no template includes says nothing.
    repo.write(helpers, &format!("{unknown}{{{{ define \"shop.more\" }}}}a: b{{{{ end }}}}\n"));
    repo.commit("another one");
    assert!(!found_reason(&repo).contains("changes"), "{}", found_reason(&repo));
}

fn found_reason(repo: &Repo) -> String {
    preview(repo)["notRendered"][0]["reason"].as_str().unwrap().to_owned()
}

#[test]
fn what_the_targets_values_leave_off_is_deleted() {
    let template = "charts/shop/templates/deployment.yaml";
    let guarded =
        |condition: &str| format!("{{{{- if {condition} }}}}\n{TEMPLATE}{{{{- end }}}}\n");
    let told_of = |values: &str, application: &str, before: &str, after: &str| {
        let repo = with_chart(application);
        repo.write("charts/shop/values.yaml", "web: {enabled: true, kind: a}\n");
        repo.write("envs/production/values.yaml", values);
        repo.write(template, before);
        repo.commit("a chart");
        repo.write(template, after);
        repo.commit("a directive");
        judged(&preview(&repo))
    };
    let after = guarded(".Values.web.enabled");
    let gone = "resource-deleted is deleted";
    assert_eq!(told_of("web: {enabled: false}\n", APPLICATION, TEMPLATE, &after), [gone]);
    assert_eq!(
        told_of("image: a\n", APPLICATION, TEMPLATE, &after),
        [""; 0],
        "the chart's own says on"
    );
    let other = guarded("and .Values.web.enabled (eq .Values.web.kind \"b\")");
    assert_eq!(told_of("image: a\n", APPLICATION, TEMPLATE, &other), [gone]);
    // What is off before and after says nothing, whatever changes in it.
    let smaller = after.replace("replicas: 4", "replicas: 1");
    assert_eq!(told_of("web: {enabled: false}\n", APPLICATION, &after, &smaller), [""; 0]);
    let shrinks = "fewer-replicas shrinks: 4 → 1";
    assert_eq!(told_of("image: a\n", APPLICATION, &after, &smaller), [shrinks]);
    // What nobody here knows is not guessed: functions, values that Argo CD is given beside the files.
    let unknown = guarded(".Capabilities.APIVersions.Has \"a/v1\"");
    assert_eq!(told_of("image: a\n", APPLICATION, TEMPLATE, &unknown), [""; 0]);
    let more =
        APPLICATION.replace("helm: {", "helm: {parameters: [{name: web.enabled, value: 'true'}], ");
    assert_eq!(told_of("web: {enabled: false}\n", &more, TEMPLATE, &after), [""; 0]);
}
