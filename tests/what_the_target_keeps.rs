//! "Nothing of staging's own in production, and nothing that somebody left out on purpose."

use overlift::rooms::model::base64_of;

use crate::support::Repo;

const CONFIGURATION: &str = "version: 1\nenvironments:\n- {name: staging, path: staging}\n- {name: production, path: production}\npromotion: {by: changes}\n";

/// What becomes of each difference: file, field, what and why; commits as `…`.
fn told(repository: &Repo) -> String {
    differences(&repository.overlift(&["plan", "staging", "production", "--json"]).ok())
}

fn differences(plan: &str) -> String {
    let plan: serde_json::Value = serde_json::from_str(plan).unwrap();
    let line = |it: &serde_json::Value| {
        let text = |key: &str| it[key].as_str().unwrap().to_owned();
        let because = text("because");
        let commit = |word: &str| word.len() == 7 && word.chars().all(|c| c.is_ascii_hexdigit());
        let words = because.split(' ').map(|word| if commit(word) { "…" } else { word });
        let because = words.collect::<Vec<_>>().join(" ");
        format!("{} {} {}: {because}", text("path"), text("field"), text("then"))
    };
    plan["differences"].as_array().unwrap().iter().map(line).collect::<Vec<_>>().join("\n")
}

fn map(name: &str, value: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  a: {value}\n")
}

/// A list that comes whole brought files that name the source; a file came whose entry stays away.
#[test]
fn a_new_list_brings_nothing_that_names_the_source() {
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("base/kustomization.yaml", "resources: [web.yaml, api.yaml]\n"),
        ("base/web.yaml", &map("web", "b")),
        ("base/api.yaml", &map("api", "b")),
        ("staging/kustomization.yaml", "resources:\n- ../base\n"),
        ("production/kustomization.yaml", "resources:\n- ../base/\n"),
    ]);
    repository.write(
        "staging/kustomization.yaml",
        "resources:\n- ../base\npatches:\n- path: web.yaml\n- path: api.yaml\n",
    );
    repository.write("staging/web.yaml", &map("web", "shop-staging-parts"));
    repository.write("staging/api.yaml", &map("api", "c"));
    repository.commit("two patches");
    insta::assert_snapshot!(told(&repository), @r"
    production/api.yaml  comes: changed by …
    production/kustomization.yaml patches[path=web.yaml] stays: names the source (`staging`), and nothing tells what production says instead
    production/kustomization.yaml patches[path=api.yaml] comes: changed by …
    production/web.yaml  stays: names the source (`staging`), and nothing tells what production says instead
    ");
    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    let production = repository.read("production/kustomization.yaml");
    assert_eq!(production, "resources:\n- ../base/\npatches:\n- path: api.yaml\n");
}

/// A patch in the target's words is laid out as the source's is.
#[test]
fn an_inline_patch_keeps_its_block() {
    let kustomization = |environment: &str, patches: &str| {
        format!(
            "resources: [../base]\nnamespace: shop-{environment}\ncommonAnnotations: {{queue: queue-{environment}}}\n{patches}"
        )
    };
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", &map("web", "b")),
        ("staging/kustomization.yaml", &kustomization("staging", "")),
        ("production/kustomization.yaml", &kustomization("production", "")),
    ]);
    let patches = |environment: &str| {
        format!(
            "patches:\n- target: {{kind: ConfigMap}}\n  patch: |-\n    - op: replace\n      path: /data/a\n      value: queue-{environment}\n"
        )
    };
    repository.write("staging/kustomization.yaml", &kustomization("staging", &patches("staging")));
    repository.commit("a patch");
    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    assert_eq!(
        repository.read("production/kustomization.yaml"),
        kustomization("production", &patches("production"))
    );
}

/// The environment's word is known of both, but nobody has a class `production-low`: neither a value nor a patch, a line
/// or a new file brings a name that would be made up.
#[test]
fn a_name_that_nobody_has_is_not_made_up() {
    let kustomization = |environment: &str, more: &str| {
        format!(
            "resources: [web.yaml]\ncommonAnnotations: {{team: shop-{environment}}}\nnamespace: {environment}\n{more}"
        )
    };
    let env = |more: &str| format!("A=1\n{more}");
    let conf = |more: &str| format!("listen 80;\nroot /www;\n{more}");
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("classes/staging-low.yaml", &map("staging-low", "b")),
        ("staging/kustomization.yaml", &kustomization("staging", "")),
        ("staging/web.yaml", &map("web", "b")),
        ("staging/app.env", &env("")),
        ("staging/app.conf", &conf("")),
        ("production/kustomization.yaml", &kustomization("production", "")),
        ("production/web.yaml", &map("web", "b")),
        ("production/app.env", &env("")),
        ("production/app.conf", &conf("")),
    ]);
    let patch = "patches:\n- target: {kind: Deployment}\n  patch: |\n    - op: add\n      path: /spec/class\n      value: staging-low\n";
    repository.write("staging/kustomization.yaml", &kustomization("staging", patch));
    repository.write("staging/web.yaml", &format!("{}  class: staging-low\n", map("web", "b")));
    repository.write("staging/app.env", &env("CLASS=staging-low\nB=2\n"));
    repository.write("staging/app.conf", &conf("class staging-low;\n"));
    repository.write("staging/new.conf", &conf("class staging-low;\n"));
    repository.commit("a class");
    insta::assert_snapshot!(told(&repository), @r"
    production/app.conf  stays: names the source (`staging`), and nothing tells what production says instead
    production/app.env CLASS stays: names the source (`staging`), and nothing tells what production says instead
    production/app.env B comes: changed by …
    production/kustomization.yaml commonAnnotations.team stays: each in its own environment's name
    production/kustomization.yaml namespace stays: each in its own environment's name
    production/kustomization.yaml patches[0] stays: names the source (`staging`), and nothing tells what production says instead
    production/new.conf  stays: names the source (`staging`), and nothing tells what production says instead
    production/web.yaml data.class stays: names the source (`staging`), and nothing tells what production says instead
    ");
    // Somebody makes the class: then it is named everywhere.
    repository.write("classes/production-low.yaml", &map("production-low", "b"));
    repository.commit("a class for production");
    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    let own = |text: &str| text.replace("staging", "production");
    let read = |file: &str| repository.read(&format!("production/{file}"));
    assert_eq!(read("kustomization.yaml"), kustomization("production", &own(patch)));
    assert_eq!(read("web.yaml"), format!("{}  class: production-low\n", map("web", "b")));
    assert_eq!(read("app.env"), env("CLASS=production-low\nB=2\n"));
    assert_eq!(read("app.conf"), conf("class production-low;\n"));
    assert_eq!(read("new.conf"), conf("class production-low;\n"));
}

/// A text that changes comes field by field where a part of it has to stay; what the target has of the source's stays.
#[test]
fn a_text_comes_without_the_part_that_would_be_made_up() {
    let file = |lines: &str| {
        format!(
            "kind: ConfigMap\nmetadata: {{name: web}}\ndata:\n  a.yaml: |\n    class: staging-high\n    size: 1\n{lines}"
        )
    };
    let kustomization = |environment: &str| {
        format!(
            "resources: [web.yaml]\ncommonAnnotations: {{team: shop-{environment}}}\nnamespace: {environment}\n"
        )
    };
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("staging/kustomization.yaml", &kustomization("staging")),
        ("staging/web.yaml", &file("")),
        ("production/kustomization.yaml", &kustomization("production")),
        ("production/web.yaml", &file("")),
    ]);
    repository.write("staging/web.yaml", &file("    other: staging-low\n    env: staging\n"));
    repository.commit("more");
    insta::assert_snapshot!(told(&repository), @r"
    production/kustomization.yaml commonAnnotations.team stays: each in its own environment's name
    production/kustomization.yaml namespace stays: each in its own environment's name
    production/web.yaml data.[a.yaml].other stays: names the source (`staging`), and nothing tells what production says instead
    production/web.yaml data.[a.yaml].env comes: changed by …
    ");
    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    assert_eq!(repository.read("production/web.yaml"), file("    env: production\n"));
}

/// A branch that staging tries, an image tagged for it, and a secret that is encrypted for its namespace are staging's
/// own, whatever production's namespace is called.
#[test]
fn branches_tags_and_ciphers_are_called_apart() {
    let kustomization = |environment: &str, more: &str, image: &str| {
        format!(
            "resources: [git.yaml{more}]\nnamespace: {environment}\nimages:\n- {{name: web, newTag: \"1\"}}\n{image}"
        )
    };
    let git = |branch: &str| {
        format!(
            "kind: GitRepository\nmetadata: {{name: shop}}\nspec: {{ref: {{branch: {branch}}}}}\n"
        )
    };
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("staging/kustomization.yaml", &kustomization("staging", "", "")),
        ("staging/git.yaml", &git("main")),
        ("production/kustomization.yaml", &kustomization("production", "", "")),
        ("production/git.yaml", &git("main")),
    ]);
    let image = "- {name: api, newTag: staging}\n";
    let new = ", sealed.yaml";
    repository.write("staging/kustomization.yaml", &kustomization("staging", new, image));
    repository.write("staging/git.yaml", &git("rework/folders"));
    let sealed = "kind: SealedSecret\nmetadata: {name: shop, namespace: staging}\nspec: {encryptedData: {a: AgBy}}\n";
    repository.write("staging/sealed.yaml", sealed);
    repository.commit("tried in staging");
    insta::assert_snapshot!(told(&repository), @r"
    production/git.yaml spec.ref.branch stays: a branch that the source follows by itself
    production/kustomization.yaml resources[sealed.yaml] stays: names the source (`staging`), and nothing tells what production says instead
    production/kustomization.yaml namespace stays: each in its own environment's name
    production/kustomization.yaml images[name=api] stays: names the source (`staging`), and nothing tells what production says instead
    production/sealed.yaml  stays: names the source (`staging`), and nothing tells what production says instead
    ");
}

/// What comes with the promotion may be named by what comes with it, and by nothing else.
#[test]
fn what_comes_along_may_be_named() {
    let kustomization = |environment: &str, more: &str| {
        format!(
            "resources: [web.yaml{more}]\ncommonAnnotations: {{team: shop-{environment}}}\nnamespace: {environment}\n"
        )
    };
    let ingress = |host: &str| {
        format!(
            "kind: Ingress\napiVersion: networking.k8s.io/v1\nmetadata: {{name: shop}}\nspec:\n  rules:\n  - host: {host}\n"
        )
    };
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("staging/kustomization.yaml", &kustomization("staging", "")),
        ("staging/web.yaml", &ingress("shop.staging.example.com")),
        ("production/kustomization.yaml", &kustomization("production", "")),
        ("production/web.yaml", &ingress("shop.production.example.com")),
    ]);
    let (queue, api) = (map("staging-queue", "staging-queue"), "api.staging.example.com");
    let new = ", queue.yaml, ingress.yaml, made-up.yaml";
    repository.write("staging/kustomization.yaml", &kustomization("staging", new));
    repository.write("staging/queue.yaml", &queue);
    repository.write("staging/ingress.yaml", &ingress(api).replace("shop}", &format!("{api}}}")));
    repository.write("staging/made-up.yaml", &map("made-up", "cart.staging.example.com"));
    repository.commit("a queue");
    insta::assert_snapshot!(told(&repository), @r"
    production/ingress.yaml  comes: changed by …
    production/kustomization.yaml resources[queue.yaml] comes: changed by …
    production/kustomization.yaml resources[ingress.yaml] comes: changed by …
    production/kustomization.yaml resources[made-up.yaml] stays: names the source (`staging`), and nothing tells what production says instead
    production/kustomization.yaml commonAnnotations.team stays: each in its own environment's name
    production/kustomization.yaml namespace stays: each in its own environment's name
    production/made-up.yaml  stays: names the source (`staging`), and nothing tells what production says instead
    production/queue.yaml  comes: changed by …
    production/web.yaml spec.rules[host=shop.production.example.com].host stays: each in its own environment's name
    ");
    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    let own = |text: &str| text.replace("staging", "production");
    assert_eq!(repository.read("production/queue.yaml"), own(&queue));
    assert!(
        repository.read("production/ingress.yaml").contains("host: api.production.example.com")
    );
}

/// Before the first promotion with Overlift, people promoted by hand: what two edits of the file passed over was left
/// out, the entry and its file. Image tags move on their own.
#[test]
fn what_people_passed_over_by_hand_is_left_out() {
    let kustomization = |own: &str, resources: &str, tag: &str| {
        format!(
            "{own}resources: [../base{resources}]\nimages:\n- {{name: web, newTag: \"{tag}\"}}\n"
        )
    };
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", &map("web", "b")),
        ("staging/kustomization.yaml", &kustomization("", "", "1.0.1")),
        ("production/kustomization.yaml", &kustomization("namePrefix: a-\n", "", "1.0.1")),
    ]);
    repository.write("staging/debug.yaml", &map("debug", "on"));
    repository.write("staging/kustomization.yaml", &kustomization("", ", debug.yaml", "1.0.2"));
    repository.commit("debug");
    for prefix in ["b", "c"] {
        assert!(told(&repository).contains("debug.yaml  comes"), "{}", told(&repository));
        let own = format!("namePrefix: {prefix}-\n");
        repository.write("production/kustomization.yaml", &kustomization(&own, "", "1.0.1"));
        repository.commit("production");
    }
    insta::assert_snapshot!(told(&repository), @r"
    production/debug.yaml  stays: the entry that names it stays away
    production/kustomization.yaml namePrefix stays: production's own since …
    production/kustomization.yaml resources[debug.yaml] stays: left out by …
    production/kustomization.yaml images[name=web].newTag comes: changed by …
    ");
}

/// A folder that nothing names is no part of what the environment builds: Flux or Argo CD point at it. Where one commit
/// makes such a folder in each environment, under names of their own, nobody forgot one of them.
#[test]
fn who_adds_to_both_in_one_commit_means_what_differs() {
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("staging/kustomization.yaml", "resources: [web.yaml]\n"),
        ("staging/web.yaml", &map("web", "a")),
        ("production/kustomization.yaml", "resources: [web.yaml]\n"),
        ("production/web.yaml", &map("web", "a")),
    ]);
    for folder in ["staging/search-demo", "production/search"] {
        repository.write(&format!("{folder}/kustomization.yaml"), "resources: [search.yaml]\n");
        repository.write(&format!("{folder}/search.yaml"), &map("search", "a"));
    }
    repository.commit("search");
    repository.write("staging/cache/kustomization.yaml", "resources: [cache.yaml]\n");
    repository.write("staging/cache/cache.yaml", &map("cache", "a"));
    repository.commit("cache");
    insta::assert_snapshot!(told(&repository), @r"
    production/cache/cache.yaml  comes: changed by …
    production/cache/kustomization.yaml  comes: changed by …
    production/search-demo/kustomization.yaml  stays: left out by …
    production/search-demo/search.yaml  stays: left out by …
    production/search/kustomization.yaml  stays: production's own
    production/search/search.yaml  stays: production's own
    ");
}

/// `--all` brings what would have stayed, and says so of each value, since whenever it is the target's.
#[test]
fn who_asks_for_everything_is_told_what_the_target_alone_had() {
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("staging/kustomization.yaml", "resources: [web.yaml]\n"),
        ("staging/web.yaml", &map("web", "a")),
        ("production/kustomization.yaml", "resources: [web.yaml]\n"),
        ("production/web.yaml", &map("web", "b")),
    ]);
    let plan = repository.overlift(&["plan", "staging", "production", "--all", "--json"]).ok();
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let findings = plan["findings"].as_array().unwrap();
    assert!(findings.iter().any(|it| it["rule"] == "own-value-lost"), "{findings:?}");
}

/// Files that carry their environment's name are each environment's own: who asks for everything gets the contents
/// there, and no name of a file that the target has under its own.
#[test]
fn who_asks_for_everything_gets_the_targets_names_of_files() {
    let kustomization = |name: &str, more: &str| {
        format!(
            "resources: [web.yaml]\nconfigMapGenerator:\n- name: app\n  files: [env=app-{name}.properties]\n\
             patches:\n- path: patches/{name}.yaml\n{more}"
        )
    };
    let patch = |value: &str| map("web", value);
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("staging/kustomization.yaml", &kustomization("staging", "namePrefix: x-\n")),
        ("staging/web.yaml", &map("web", "a")),
        ("staging/app-staging.properties", "a=2\n"),
        ("staging/patches/staging.yaml", &patch("c")),
        ("production/kustomization.yaml", &kustomization("production", "")),
        ("production/web.yaml", &map("web", "a")),
        ("production/app-production.properties", "a=1\n"),
        ("production/patches/production.yaml", &patch("d")),
    ]);
    let plan = repository.overlift(&["plan", "staging", "production", "--all", "--json"]).ok();
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let edits = plan["edits"].as_array().unwrap().iter();
    let paths: Vec<&str> = edits.map(|it| it["path"].as_str().unwrap()).collect();
    assert_eq!(
        paths,
        [
            "production/app-production.properties",
            "production/kustomization.yaml",
            "production/patches/production.yaml",
        ]
    );
    let files = plan["files"].as_str().unwrap();
    assert!(files.contains("+namePrefix: x-") && !files.contains("app-staging"), "{files}");
    assert!(!files.contains("patches/staging"), "{files}");
}

/// Flux builds a folder without a kustomization as it is: what two of its files have is there twice.
#[test]
fn a_new_file_of_resources_that_the_target_has_elsewhere_stays_away() {
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("staging/apps.yaml", &map("web", "a")),
        ("production/apps.yaml", &map("web", "a")),
        ("staging/jobs.yaml", &map("job", "a")),
        ("production/jobs.yaml", &map("job", "a")),
    ]);
    repository.write("staging/web.yaml", &map("web", "b"));
    repository.write("staging/jobs.yaml", &map("worker", "a"));
    repository.write("staging/job.yaml", &map("job", "b"));
    repository.commit("files of their own");
    insta::assert_snapshot!(told(&repository), @r"
    production/job.yaml  comes: changed by …
    production/jobs.yaml metadata.name comes: changed by …
    production/web.yaml  stays: production has its resources in `apps.yaml`
    ");
}

/// A new application came into staging with the build that all others had there, which it may never have had.
#[test]
fn a_new_image_is_not_tagged_as_another_is() {
    let values = |tag: &str, more: &str| {
        format!("web:\n  image: {{tag: {tag}}}\nworker:\n  image: {{tag: {tag}}}\n{more}")
    };
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("staging/values.yaml", &values("staging-4f2a91c", "")),
        ("production/values.yaml", &values("production-1c0ffe3", "")),
    ]);
    let auth = "auth:\n  image: {tag: staging-4f2a91c}\n";
    repository.write("staging/values.yaml", &values("staging-4f2a91c", auth));
    repository.commit("a new application");
    let told = told(&repository);
    let auth = told.lines().filter(|line| line.contains(" auth"));
    let line = "production/values.yaml auth stays: names the source (`staging`), and nothing tells what production says instead";
    assert_eq!(auth.collect::<Vec<_>>(), [line]);
}

/// An image that moved to another registry is one entry and no two; where a build puts the tag in place of a word, the
/// version is the last one that the source had.
#[test]
fn an_image_under_another_name_comes_with_the_last_version() {
    let kustomization = |name: &str, tag: &str| {
        format!("resources:\n- ../base\nimages:\n- name: {name}\n  newTag: {tag} # by CI\n")
    };
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", &map("web", "b")),
        ("staging/kustomization.yaml", &kustomization("old.example/web", "4f2a91c")),
        ("production/kustomization.yaml", &kustomization("old.example/web", "4f2a91c")),
    ]);
    for (name, tag) in [
        ("old.example/web", "bad5624"),
        ("old.example/web", "replace"),
        ("new.example/web", "replace"),
    ] {
        repository.write("staging/kustomization.yaml", &kustomization(name, tag));
        repository.commit(&format!("{name} {tag}"));
    }
    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    assert_eq!(
        repository.read("production/kustomization.yaml"),
        kustomization("new.example/web", "bad5624")
    );
    let again = repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    assert!(again.contains("Nothing to promote"), "{again}");
}

/// Inline patches and the values of a chart were one value each: a change in one came never, or took the rest along.
#[test]
fn what_a_text_holds_is_promoted_field_by_field() {
    let kustomization = |host: &str, replicas: u8, note: &str| {
        format!(
            "resources: [../base]\npatches:\n- target: {{kind: Deployment}}\n  patch: |-\n    - op: replace\n      path: /spec/replicas\n      value: {replicas}\n    - op: add # the host\n      path: /metadata/annotations\n      value: {{host: {host}}}\n{note}"
        )
    };
    let chart = |size: &str, level: &str| {
        format!(
            "kind: Application\nspec:\n  values: |\n    size: {size} # of the cluster\n    log:\n      level: {level}\n"
        )
    };
    let properties = |url: &str, timeout: &str| {
        format!(
            "kind: ConfigMap\ndata:\n  app.properties: |\n    url={url}\n    timeout={timeout}\n"
        )
    };
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("base/kustomization.yaml", "resources: []\n"),
        ("staging/kustomization.yaml", &kustomization("a.example", 1, "")),
        ("production/kustomization.yaml", &kustomization("b.example", 1, "")),
        ("staging/chart.yaml", &chart("small", "info")),
        ("production/chart.yaml", &chart("large", "info")),
        ("staging/app.yaml", &properties("a", "10")),
        ("production/app.yaml", &properties("b", "10")),
    ]);
    let more = "    - op: add\n      path: /spec/paused\n      value: false\n";
    repository.write("staging/kustomization.yaml", &kustomization("a.example", 2, more));
    repository.write("staging/chart.yaml", &chart("small", "debug"));
    repository.write("staging/app.yaml", &properties("a", "20"));
    repository.commit("two replicas, more logs, more patience");
    insta::assert_snapshot!(told(&repository), @r"
    production/app.yaml data.[app.properties].url stays: production's own
    production/app.yaml data.[app.properties].timeout comes: changed by …
    production/chart.yaml spec.values.size stays: production's own
    production/chart.yaml spec.values.log.level comes: changed by …
    production/kustomization.yaml patches[0].patch[path=/spec/replicas].value comes: changed by …
    production/kustomization.yaml patches[0].patch[path=/metadata/annotations].value.host stays: production's own
    production/kustomization.yaml patches[0].patch[path=/spec/paused] comes: changed by …
    ");
    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    let kept = |path: &str| repository.read(&format!("production/{path}"));
    assert_eq!(kept("kustomization.yaml"), kustomization("b.example", 2, more));
    assert_eq!(kept("chart.yaml"), chart("large", "debug"));
    assert_eq!(kept("app.yaml"), properties("b", "20"));
}

/// A robot that moves production's tags looks at nothing else: two of its commits left out what waited.
#[test]
fn who_moves_versions_passes_nothing_over() {
    let kustomization = |tag: &str, rest: &str| {
        format!("resources: [../base]\nimages:\n- name: web\n  newTag: {tag}\n{rest}")
    };
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("base/kustomization.yaml", "resources: []\n"),
        ("staging/kustomization.yaml", &kustomization("latest", "")),
        ("production/kustomization.yaml", &kustomization("v1.0.0", "")),
    ]);
    let rest = "commonAnnotations:\n  team: shop\n";
    repository.write("staging/kustomization.yaml", &kustomization("latest", rest));
    repository.commit("whose it is");
    for tag in ["v1.0.1", "v1.0.2"] {
        repository.write("production/kustomization.yaml", &kustomization(tag, ""));
        repository.commit("a release");
    }
    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    assert_eq!(repository.read("production/kustomization.yaml"), kustomization("v1.0.2", rest));
}

/// A copied file took an annotation of production's along, and nobody was told.
#[test]
fn a_copy_tells_what_the_target_alone_had() {
    let ingress = |annotations: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: web\n  annotations:\n{annotations}"
        )
    };
    let repository = Repo::new(&[
        (".github/overlift.yaml", &CONFIGURATION.replace("changes", "files")),
        ("base/kustomization.yaml", "resources: [all.yaml]\n"),
        (
            "base/all.yaml",
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\n",
        ),
        ("staging/kustomization.yaml", "resources: [../base]\npatches:\n- path: patches/a.yaml\n"),
        (
            "production/kustomization.yaml",
            "resources: [../base]\npatches:\n- path: patches/a.yaml\n",
        ),
        ("staging/patches/a.yaml", &ingress("    team: a\n")),
        // Of a value that is another one from the beginning nobody said that it is meant to stay.
        ("production/patches/a.yaml", &ingress("    team: b\n    tls: strict\n")),
    ]);
    let lost = || {
        let plan = repository.overlift(&["plan", "staging", "production", "--json"]).ok();
        let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
        let mut found = plan["findings"].as_array().unwrap().clone();
        found.retain(|it| it["rule"] == "own-value-lost");
        found
    };
    let found = lost();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((&found[0]["kind"], &found[0]["name"]), (&"Ingress".into(), &"web".into()));
    assert_eq!(
        found[0]["message"],
        "loses a value that this environment alone had: `metadata.annotations.tls`"
    );
    // A commit says it.
    repository.write("production/patches/a.yaml", &ingress("    team: c\n    tls: strict\n"));
    repository.commit("another team's");
    let found = lost();
    let chosen = |it: &serde_json::Value| {
        it["message"].as_str().unwrap().contains("`metadata.annotations.team`, its own since ")
    };
    assert!(found.len() == 2 && found.iter().any(chosen), "{found:?}");
}

/// The text of a pull request that there will not be says why, and asks nobody to tick or to undo anything.
#[test]
fn a_body_without_a_change_says_why() {
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", &map("web", "b")),
        ("staging/kustomization.yaml", "resources: [../base]\n"),
        ("production/kustomization.yaml", "resources: [../base]\n"),
    ]);
    repository.write("production/kustomization.yaml", "resources: [../base]\nnameSuffix: -p\n");
    repository.commit("a name of its own");
    let body = repository.overlift(&["plan", "staging", "production", "--body"]).ok();
    let start = "**staging → production** · staging at `";
    assert!(body.starts_with(start), "{body}");
    assert!(body.contains("\nNothing to promote: "), "{body}");
    for word in ["Undo", "Checklist", "- [ ]", "What changes"] {
        assert!(!body.contains(word), "{word} in {body}");
    }
    assert!(body.contains("**Gates** nothing is new"), "{body}");
}

/// Beside a value that the target has for itself a reviewer is told where the source moved: not to a name of its own.
#[test]
fn what_the_source_calls_after_itself_is_nothing_that_the_target_goes_without() {
    let settings = |host: &str, size: &str| {
        let map = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n";
        format!("{map}  host: {host}\n  size: {size}\n")
    };
    let repository = Repo::new(&[
        ("staging/kustomization.yaml", "resources: [web.yaml]\n"),
        ("staging/web.yaml", &settings("localhost", "1Gi")),
        ("production/kustomization.yaml", "resources: [web.yaml]\n"),
        ("production/web.yaml", &settings("shop.example.org", "8Gi")),
    ]);
    repository.write("staging/web.yaml", &settings("staging.shop.example.org", "2Gi"));
    repository.commit("a host, and more room");
    let body = repository.overlift(&["plan", "staging", "production", "--body"]).ok();
    let told = body.lines().filter(|line| line.contains("though staging changed it"));
    let line = "- `production/web.yaml` `data.size` stays `8Gi`, production's own, though staging changed it to `2Gi`";
    assert_eq!(told.collect::<Vec<_>>(), [line]);
    // Nobody wrote a configuration.
    let found = "· environments found by their names: `overlift init` writes them to `.github/overlift.yaml`\n";
    assert!(body.contains(found), "{body}");
    repository.write(".github/overlift.yaml", CONFIGURATION);
    let body = repository.overlift(&["plan", "staging", "production", "--body"]).ok();
    assert!(body.contains("· how this was configured: `.github/overlift.yaml`\n"), "{body}");
}

/// Two environments patch the same object for different things: the one has nothing to give the other.
#[test]
fn texts_about_different_things_stay_apart() {
    let kustomization = |name: &str, more: &str| {
        format!(
            "resources: [../base]\npatches:\n- target: {{kind: KfDef}}\n  patch: |-\n    - op: add\n      path: /spec/applications/-\n      value:\n        name: {name}\n        path: manifests/{name}\n{more}"
        )
    };
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("base/kustomization.yaml", "resources: []\n"),
        ("staging/kustomization.yaml", &kustomization("jupyterhub", "")),
        ("production/kustomization.yaml", &kustomization("trino", "")),
    ]);
    let more = "        overlays: []\n        bucket: notebooks\n";
    repository.write("staging/kustomization.yaml", &kustomization("jupyterhub", more));
    repository.commit("a bucket");
    insta::assert_snapshot!(told(&repository), @"production/kustomization.yaml patches[0].patch stays: production's own, and the source changed meanwhile");
}

/// An Argo CD source that got a chart's values and kept its path to an overlay, two probes in one, a strategy that the
/// API server refuses: what says one thing in several fields comes whole, or stays.
#[test]
fn what_says_one_thing_in_several_fields_is_not_torn() {
    let application = |source: &str| {
        format!(
            "kind: Application\nspec:\n  source:\n    repoURL: https://example.com/a.git\n{source}"
        )
    };
    let web = |probe: &str, strategy: &str, more: &str| {
        format!(
            "kind: Deployment\nspec:\n  strategy:\n{strategy}  template:\n    spec:\n      containers:\n      - name: web\n        livenessProbe:\n{probe}        env:\n        - name: LEVEL\n          value: info\n{more}"
        )
    };
    let probe = |path: &str| format!("          httpGet: {{path: {path}, port: 80}}\n");
    let strategy =
        |surge: u8| format!("    type: RollingUpdate\n    rollingUpdate: {{maxSurge: {surge}}}\n");
    let volumes = |name: &str| {
        format!(
            "        volumeMounts:\n        - name: extra\n          mountPath: /extra\n        - name: tmp\n          mountPath: /tmp\n      volumes:\n      - name: extra\n        configMap: {{name: {name}}}\n      - name: tmp\n        emptyDir: {{}}\n"
        )
    };
    let size = |requests: &str, limits: &str| {
        format!("resources:\n  requests: {{cpu: {requests}}}\n  limits: {{cpu: {limits}}}\n")
    };
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("staging/app.yaml", &application("    path: web/overlays/staging\n")),
        ("production/app.yaml", &application("    path: web/production\n")),
        ("staging/web.yaml", &web(&probe("/live"), &strategy(1), "")),
        ("production/web.yaml", &web(&probe("/healthz"), &strategy(2), "")),
        ("staging/values.yaml", &size("100m", "200m")),
        ("production/values.yaml", &size("100m", "500m")),
    ]);
    let helm = "    helm:\n      valueFiles: [values.yaml]\n";
    repository.write("staging/app.yaml", &application(&format!("    path: chart\n{helm}")));
    let new = ("          grpc: {port: 80}\n", "    type: Recreate\n", &*volumes("staging-only"));
    repository.write("staging/web.yaml", &web(new.0, new.1, new.2));
    repository.write("staging/values.yaml", &size("1", "2"));
    repository.commit("a chart, another probe, another strategy, more CPU");
    insta::assert_snapshot!(told(&repository), @r"
    production/app.yaml spec.source.path stays: production's own, and the source changed meanwhile
    production/app.yaml spec.source.helm stays: says one thing with `path`, which stays
    production/values.yaml resources.requests.cpu stays: says one thing with `limits.cpu`, which stays
    production/values.yaml resources.limits.cpu stays: production's own, and the source changed meanwhile
    production/web.yaml spec.strategy.type stays: says one thing with `rollingUpdate`, which stays
    production/web.yaml spec.strategy.rollingUpdate stays: production's own, and the source changed meanwhile
    production/web.yaml spec.template.spec.containers[name=web].livenessProbe.httpGet stays: production's own, and the source changed meanwhile
    production/web.yaml spec.template.spec.containers[name=web].livenessProbe.grpc stays: says one thing with `httpGet`, which stays
    production/web.yaml spec.template.spec.containers[name=web].volumeMounts stays: says one thing with `volumes`, which stays
    production/web.yaml spec.template.spec.volumes stays: names the source (`staging`), and nothing tells what production says instead
    ");
}

/// What the target has as the source had it comes whole, under the target's own names too.
#[test]
fn what_says_one_thing_in_several_fields_comes_whole() {
    let application = |source: &str, environment: &str| {
        format!(
            "kind: Application\nspec:\n  source:\n    repoURL: https://example.com/a.git\n    path: web/{environment}\n{source}---\nkind: HelmRelease\nmetadata: {{name: web}}\nspec:\n  chart: {{spec: {{chart: web}}}}\n"
        )
    };
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("staging/app.yaml", &application("", "staging")),
        ("production/app.yaml", &application("", "production")),
    ]);
    let images = "    kustomize: {images: [web=v2]}\n";
    let chart = |text: String| text.replace("chart: {spec: {chart: web}}", "chartRef: {name: web}");
    repository.write("staging/app.yaml", &chart(application(images, "staging")));
    repository.commit("images, and a chart of its own");
    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    let promoted = repository.read("production/app.yaml");
    assert_eq!(promoted, chart(application(images, "production")));
}

/// A changed value of a third environment came, and an item under a new name came twice, once with the source's value.
/// What names the source comes with a warning, but for keys.
#[test]
fn changed_values_and_items_under_another_name() {
    let values = |host: &str, key: &str, old: &str, level: &str| {
        format!(
            "host: {host}\nclass: shared\nurl: https://staging.example.com/{old}\nhooks:\n  a: 1\n{key}env:\n- name: {level}\n  value: info\n  from: x\n- name: SIZE\n  value: small\n"
        )
    };
    let own = |text: String| text.replace("value: info", "value: warn");
    let with_qa =
        CONFIGURATION.replace("environments:\n", "environments:\n- {name: qa, path: qa}\n");
    let repository = Repo::new(&[
        (".github/overlift.yaml", &with_qa),
        ("qa/values.yaml", "class: qa\n"),
        ("staging/values.yaml", &values("shop.example.com", "", "v1", "LOG")),
        ("production/values.yaml", &own(values("shop.example.com", "", "v1", "LOG"))),
    ]);
    let key = "  hooks.staging.example.com: 2\n  STAGING_MODE: 3\n";
    let more = values("staging-shop.example.com", key, "v2", "LOG_LEVEL").replace("shared", "qa");
    let twice = "- name: MODE\n  value: a\n- name: MODE\n  value: a\n";
    repository.write("staging/values.yaml", &format!("{more}{twice}"));
    repository.commit("a host, a key, a version, another name");
    insta::assert_snapshot!(told(&repository), @r"
    production/values.yaml host comes: changed by …
    production/values.yaml class stays: names an environment that is neither (`qa`), and production names it nowhere
    production/values.yaml url comes: changed by …
    production/values.yaml hooks.[hooks.staging.example.com] stays: names the source (`staging`), and nothing tells what production says instead
    production/values.yaml hooks.STAGING_MODE comes: changed by …
    production/values.yaml env[name=LOG].name comes: changed by …
    production/values.yaml env[name=LOG].value stays: production's own
    production/values.yaml env[name=MODE] comes: changed by …
    ");
    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    let promoted =
        own(values("staging-shop.example.com", "  STAGING_MODE: 3\n", "v2", "LOG_LEVEL"));
    assert_eq!(
        repository.read("production/values.yaml"),
        format!("{promoted}- name: MODE\n  value: a\n")
    );
}

/// A folder and a file that staging moved came new, with staging's values, and production's went: three replicas became
/// one, a ConfigMap was deleted.
#[test]
fn a_file_that_moved_keeps_what_is_the_targets() {
    let web = |replicas: u8, image: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: {replicas} # ours\n  template: {{spec: {{containers: [{{name: web, image: \"{image}\"}}]}}}}\n"
        )
    };
    let lists = |web: &str, map: &str| format!("resources: [{web}, {map}]\n");
    let inner = "resources:\n- web.yaml\n";
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("staging/kustomization.yaml", &lists("web", "cm.yaml")),
        ("staging/web/kustomization.yaml", inner),
        ("staging/web/web.yaml", &web(1, "web:1.0")),
        ("staging/cm.yaml", &map("cm", "small")),
        ("production/kustomization.yaml", &lists("web", "cm.yaml")),
        ("production/web/kustomization.yaml", inner),
        ("production/web/web.yaml", &web(3, "web:1.0")),
        ("production/cm.yaml", &map("cm", "large")),
    ]);
    for (from, to) in [
        ("web/kustomization.yaml", "front/web/kustomization.yaml"),
        ("web/web.yaml", "front/web/web.yaml"),
        ("cm.yaml", "config.yaml"),
    ] {
        repository.write(&format!("staging/{to}"), &repository.read(&format!("staging/{from}")));
        std::fs::remove_file(repository.path(&format!("staging/{from}"))).unwrap();
    }
    repository.write("staging/kustomization.yaml", &lists("front/web", "config.yaml"));
    repository.commit("other places");
    repository.write("staging/front/web/web.yaml", &web(1, "web:1.1"));
    repository.commit("another version");
    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    let read = |path: &str| repository.read(&format!("production/{path}"));
    assert_eq!(read("kustomization.yaml"), lists("front/web", "config.yaml"));
    assert_eq!(read("front/web/kustomization.yaml"), inner);
    assert_eq!(read("front/web/web.yaml"), web(3, "web:1.1"));
    assert_eq!(read("config.yaml"), map("cm", "large"));
    for gone in ["web/kustomization.yaml", "web/web.yaml", "cm.yaml"] {
        assert!(!repository.path(&format!("production/{gone}")).exists(), "{gone}");
    }
    repository.commit("promoted");
    let again = repository.overlift(&["plan", "staging", "production"]).ok();
    assert!(again.contains("Nothing to promote"), "{again}");
}

/// Production tests against another's staging: the same entry stood there as two that differ, and what came beside it was
/// taken for staging's own.
#[test]
fn what_both_call_after_the_source_tells_nothing() {
    let list = |names: &str| format!("resources: [{names}]\n");
    let key = |name: &str| map(&format!("keys-{name}"), "b");
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("staging/kustomization.yaml", &list("keys.yaml, keys-staging-a.yaml")),
        ("staging/keys.yaml", &key("own")),
        ("staging/keys-staging-a.yaml", &key("a")),
        ("staging/web.yaml", &map("web", "b")),
        ("production/kustomization.yaml", &list("keys.yaml, keys-staging-a.yaml, more.yaml")),
        ("production/keys.yaml", &key("own")),
        ("production/keys-staging-a.yaml", &key("a")),
        ("production/more.yaml", &map("more", "b")),
    ]);
    // One file that was copied with its name tells nothing of others that end so, or begin otherwise.
    let more = "keys-staging-a.yaml, keys-staging-b.yaml, web-staging/web.yaml, web-staging-b.yaml";
    repository.write("staging/kustomization.yaml", &list(&format!("keys.yaml, {more}")));
    repository.write("staging/web-staging-b.yaml", &map("web-c", "b"));
    repository.write("staging/keys-staging-b.yaml", &key("b"));
    repository.write("staging/web-staging/web.yaml", &map("web-b", "b"));
    repository.commit("a key more");
    insta::assert_snapshot!(told(&repository), @r"
    production/keys-staging-b.yaml  comes: changed by …
    production/kustomization.yaml resources[more.yaml] stays: production's own
    production/kustomization.yaml resources[keys-staging-b.yaml] comes: changed by …
    production/kustomization.yaml resources[web-staging/web.yaml] stays: production never had it
    production/kustomization.yaml resources[web-staging-b.yaml] stays: production never had it
    production/more.yaml  stays: production's own
    production/web-staging-b.yaml  stays: production never had it
    production/web-staging/web.yaml  stays: the entry that names it stays away
    production/web.yaml  stays: production never had it
    ");
}

/// `dev` is an environment, and the end of the domains that Tekton's and Knative's APIs and labels are called after.
#[test]
fn the_domain_of_an_api_is_no_environment() {
    let repository = Repo::new(&[
        ("dev/kustomization.yaml", "resources:\n- web.yaml\n"),
        ("dev/web.yaml", &map("web", "b")),
        ("production/kustomization.yaml", "resources:\n- web.yaml\n"),
        ("production/web.yaml", &map("web", "b")),
    ]);
    let pipeline = "apiVersion: tekton.dev/v1\nkind: Pipeline\nmetadata:\n  name: build\n  labels:\n    shop.dev/team: web\n";
    let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: build\nrules:\n- apiGroups:\n  - things.shop.dev\n  resources:\n  - things\n  verbs:\n  - get\n";
    let definition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: things.shop.dev\nspec:\n  group: shop.dev\n";
    let own = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: own\ndata:\n  url: https://api.shop.dev/v1\n";
    let new = [("pipeline", pipeline), ("role", role), ("definition", definition), ("own", own)];
    let mut list = "resources:\n- web.yaml\n".to_owned();
    for (name, text) in new {
        repository.write(&format!("dev/{name}.yaml"), text);
        list.push_str(&format!("- {name}.yaml\n"));
    }
    repository.write("dev/kustomization.yaml", &list);
    repository.commit("a pipeline");
    let plan = repository.overlift(&["plan", "dev", "production", "--json"]).ok();
    repository.overlift(&["promote", "dev", "production", "--local"]).ok();
    for (name, text) in &new[..3] {
        assert_eq!(repository.read(&format!("production/{name}.yaml")), *text);
    }
    assert!(!repository.path("production/own.yaml").exists(), "a host may be dev's");
    assert!(!plan.contains("source-environment"), "{plan}");
}

/// Below a folder that a kustomization names, files stayed behind unlisted, as if they were production's own.
#[test]
fn a_file_goes_with_its_entry_in_a_folder_of_its_own() {
    let environment = |name: &str| {
        [
            (format!("{name}/kustomization.yaml"), "resources:\n- app\n".to_owned()),
            (
                format!("{name}/app/kustomization.yaml"),
                "resources:\n- a.yaml\n- b.yaml\n".to_owned(),
            ),
            (format!("{name}/app/a.yaml"), map("a", "b")),
            (format!("{name}/app/b.yaml"), map("b", "b")),
        ]
    };
    let files = [environment("staging"), environment("production")].concat();
    let files: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let repository = Repo::new(&files);
    repository.write(".github/overlift.yaml", CONFIGURATION);
    repository.write("staging/app/kustomization.yaml", "resources:\n- a.yaml\n");
    std::fs::remove_file(repository.path("staging/app/b.yaml")).unwrap();
    repository.commit("without b");
    insta::assert_snapshot!(told(&repository), @r"
    production/app/b.yaml  goes: changed by …
    production/app/kustomization.yaml resources[b.yaml] goes: changed by …
    ");
    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    assert!(!repository.path("production/app/b.yaml").exists());
}

/// Staging dropped an application that production goes on with in its own way: its entry went, and so would have all
/// that is in the folder.
#[test]
fn an_entry_stays_with_what_production_made_its_own() {
    let list = "resources:\n- app\n- other.yaml\n";
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("staging/kustomization.yaml", list),
        ("staging/other.yaml", &map("other", "b")),
        ("staging/app/kustomization.yaml", "resources:\n- a.yaml\n"),
        ("staging/app/a.yaml", &map("a", "b")),
        ("production/kustomization.yaml", list),
        ("production/other.yaml", &map("other", "b")),
        ("production/app/kustomization.yaml", "resources:\n- a.yaml\n"),
        ("production/app/a.yaml", &map("a", "own")),
    ]);
    repository.write("staging/kustomization.yaml", "resources: []\n");
    for gone in ["staging/other.yaml", "staging/app/a.yaml", "staging/app/kustomization.yaml"] {
        std::fs::remove_file(repository.path(gone)).unwrap();
    }
    repository.commit("without both");
    insta::assert_snapshot!(told(&repository), @r"
    production/app/a.yaml  stays: production's own, and the source changed meanwhile
    production/app/kustomization.yaml  stays: production's own, and the source changed meanwhile
    production/kustomization.yaml resources[app] stays: production's own, and the source changed meanwhile
    production/kustomization.yaml resources[other.yaml] goes: changed by …
    production/other.yaml  goes: changed by …
    ");
    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    assert_eq!(repository.read("production/kustomization.yaml"), "resources:\n- app\n");
    assert!(!repository.path("production/other.yaml").exists());
}

/// A role of staging's account came into the list of who rules production's cluster.
#[test]
fn what_is_bound_to_another_account_stays_away() {
    let roles = |account: &str, more: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: aws-auth\ndata:\n  mapRoles: |\n    - rolearn: arn:aws:iam::{account}:role/apply\n      username: apply\n{more}"
        )
    };
    let new = |account: &str| {
        format!("    - rolearn: arn:aws:iam::{account}:role/read\n      username: read\n")
    };
    let list = "resources:\n- roles.yaml\n";
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("staging/kustomization.yaml", list),
        ("staging/roles.yaml", &roles("111111111111", "")),
        ("production/kustomization.yaml", list),
        ("production/roles.yaml", &roles("222222222222", "")),
    ]);
    repository.write("staging/roles.yaml", &roles("111111111111", &new("111111111111")));
    repository.commit("who reads");
    let account = "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: web\n  annotations:\n    eks.amazonaws.com/role-arn: arn:aws:iam::111111111111:role/web\n";
    repository.write("staging/account.yaml", account);
    repository.write("staging/kustomization.yaml", &format!("{list}- account.yaml\n"));
    repository.commit("an account for the web");
    insta::assert_snapshot!(told(&repository), @r"
    production/account.yaml  stays: belongs to an account (`111111111111`) that production names nowhere
    production/kustomization.yaml resources[account.yaml] stays: belongs to an account (`111111111111`) that production names nowhere
    production/roles.yaml data.mapRoles stays: production's own, and the source changed meanwhile
    ");
    repository.write("staging/roles.yaml", &roles("111111111111", &new("222222222222")));
    repository.commit("who reads, of production's account");
    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    assert_eq!(
        repository.read("production/roles.yaml"),
        roles("222222222222", &new("222222222222"))
    );
}

/// The same of a subscription of Azure and a project of Google; another cloud's accounts tell nothing of them.
#[test]
fn subscriptions_and_projects_are_accounts() {
    let map = |value: &str| format!("data:\n  scope: {value}\n");
    let of = |resource: &str, value: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {resource}\n{}", map(value))
    };
    let azure = |id: &str| format!("/subscriptions/{id}-1bf0-4dda-aec3-cb9272f09590/x");
    let google = |project: &str| format!("dns@{project}.iam.gserviceaccount.com");
    let list = "resources:\n- old.yaml\n";
    for (theirs, ours, is_foreign) in [
        (azure("0b1f6471"), azure("77777777"), true),
        (google("shop-one"), google("shop-two"), true),
        (google("shop-one"), azure("77777777"), false),
    ] {
        let repository = Repo::new(&[
            (".github/overlift.yaml", CONFIGURATION),
            ("staging/kustomization.yaml", list),
            ("staging/old.yaml", &of("old", &theirs)),
            ("production/kustomization.yaml", list),
            ("production/old.yaml", &of("old", &ours)),
        ]);
        repository.write("staging/new.yaml", &of("new", &theirs));
        repository.write("staging/kustomization.yaml", &format!("{list}- new.yaml\n"));
        repository.commit("one more");
        repository.overlift(&["promote", "staging", "production", "--local"]).ok();
        let came = repository.path("production/new.yaml").exists();
        assert_eq!(came, !is_foreign, "{theirs} beside {ours}");
    }
}

/// A chart that another took the place of in the source, while the target keeps the other with values of its own: both
/// were installed, and the chart was counted as one that it does not have.
#[test]
fn a_dependency_that_the_source_replaced_is_not_installed_beside_it() {
    let chart = |name: &str, place: &str, version: &str| {
        format!(
            "apiVersion: v2\nname: web\nversion: {version}\ndependencies:\n- name: {name}\n  repository: https://charts.{place}.example\n  version: {version}\n"
        )
    };
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("staging/Chart.yaml", &chart("review", "one", "1.0.52")),
        ("production/Chart.yaml", &chart("review", "one", "1.0.13")),
    ]);
    repository.write("staging/Chart.yaml", &chart("review-api", "two", "1.0.52"));
    repository.commit("another chart");
    repository.write("staging/Chart.yaml", &chart("review-api", "two", "1.0.55"));
    repository.commit("a newer one");
    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    assert_eq!(repository.read("production/Chart.yaml"), chart("review", "one", "1.0.13"));
}

/// Staging had production's disk by mistake; its own came into production with the correction.
#[test]
fn a_disk_is_there_once() {
    let values = |volume: &str, image: &str| {
        format!("nfs:\n  volumeId: {volume}\n  image: ami-{image}\n  size: 1\n")
    };
    let (theirs, ours) = ("vol-061c43dc309660f3d", "vol-0027f2b7dc07df273");
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("staging/values.yaml", &values(ours, "0a1b2c3d")),
        ("production/values.yaml", &values(ours, "0a1b2c3d")),
    ]);
    repository.write("staging/values.yaml", &values(theirs, "4e5f6a7b"));
    repository.commit("our own disk, and a newer image");
    insta::assert_snapshot!(told(&repository), @r"
    production/values.yaml nfs.volumeId stays: names what is there once (`vol-061c43dc309660f3d`), and production has another
    production/values.yaml nfs.image comes: changed by …
    ");
    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    assert_eq!(repository.read("production/values.yaml"), values(ours, "4e5f6a7b"));
}

/// Backups are no more made of staging, and of production once a week, in one commit.
#[test]
fn who_drops_an_entry_and_edits_the_targets_file_means_the_target_to_keep_it() {
    let backup = |schedule: &str| {
        format!(
            "apiVersion: postgresql.cnpg.io/v1\nkind: ScheduledBackup\nmetadata:\n  name: shop\nspec:\n  schedule: '{schedule}'\n"
        )
    };
    let list = "resources:\n- shop.yaml\n- backup.yaml\n";
    let shop = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shop\n";
    let both_back_up = || {
        Repo::new(&[
            (".github/overlift.yaml", CONFIGURATION),
            ("staging/kustomization.yaml", list),
            ("staging/shop.yaml", shop),
            ("staging/backup.yaml", &backup("0 3 * * *")),
            ("production/kustomization.yaml", list),
            ("production/shop.yaml", shop),
            ("production/backup.yaml", &backup("0 3 * * *")),
        ])
    };
    let repository = both_back_up();
    repository.write("staging/kustomization.yaml", "resources:\n- shop.yaml\n# - backup.yaml\n");
    repository.write("staging/backup.yaml", &backup("0 3 * * 0"));
    repository.write("production/backup.yaml", &backup("0 2 * * 0"));
    repository.commit("production's backup once a week, staging's no more");
    insta::assert_snapshot!(told(&repository), @r"
    production/backup.yaml spec.schedule stays: production's own since …
    production/kustomization.yaml resources[backup.yaml] stays: left out by …
    ");
    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    assert_eq!(repository.read("production/kustomization.yaml"), list);
    // Dropped alone, it goes.
    let other = both_back_up();
    other.write("staging/kustomization.yaml", "resources:\n- shop.yaml\n");
    std::fs::remove_file(other.path("staging/backup.yaml")).unwrap();
    other.commit("no backups");
    other.overlift(&["promote", "staging", "production", "--local"]).ok();
    assert_eq!(other.read("production/kustomization.yaml"), "resources:\n- shop.yaml\n");
}

/// Who may be reached in the source's network is nobody whom production knows.
#[test]
fn a_network_is_its_environments_own() {
    let policy = |ranges: &[&str], port: u16| {
        let block = |range: &&str| format!("    - ipBlock:\n        cidr: {range}\n");
        let blocks: String = ranges.iter().map(block).collect();
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: shop\nspec:\n  podSelector: {{}}\n  egress:\n  - to:\n{blocks}    ports:\n    - port: {port}\n"
        )
    };
    let list = "resources:\n- shop.yaml\n";
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("staging/kustomization.yaml", list),
        ("staging/shop.yaml", &policy(&["10.0.0.0/16"], 5432)),
        ("production/kustomization.yaml", list),
        ("production/shop.yaml", &policy(&["10.1.0.0/16"], 5432)),
    ]);
    // The file was written anew, as the beginning of its history.
    std::fs::remove_file(repository.path("staging/shop.yaml")).unwrap();
    repository.write("staging/kustomization.yaml", "resources: []\n");
    repository.commit("without");
    repository.write("staging/shop.yaml", &policy(&["10.0.0.0/16"], 5433));
    repository.write("staging/kustomization.yaml", list);
    repository.commit("again");
    insta::assert_snapshot!(told(&repository), @r"
    production/shop.yaml spec.egress[0].to[0].ipBlock.cidr stays: production's own, and the source changed meanwhile
    production/shop.yaml spec.egress[0].ports[0] goes: changed by …
    production/shop.yaml spec.egress[0].ports[0] comes: changed by …
    ");
    repository.write(
        "staging/shop.yaml",
        &policy(&["10.0.0.0/16", "10.7.0.0/20", "203.0.113.0/24"], 5433),
    );
    repository.commit("two more to reach");
    insta::assert_snapshot!(told(&repository), @r"
    production/shop.yaml spec.egress[0].to[0] stays: production's own, and the source changed meanwhile
    production/shop.yaml spec.egress[0].to[0] stays: names what is there once (`10.0.0.0/16`), and production has another
    production/shop.yaml spec.egress[0].to[1] stays: names what is there once (`10.7.0.0/20`), and production has another
    production/shop.yaml spec.egress[0].to[2] comes: changed by …
    production/shop.yaml spec.egress[0].ports[0] goes: changed by …
    production/shop.yaml spec.egress[0].ports[0] comes: changed by …
    ");
}

/// Networks that all clusters have are nobody's own.
#[test]
fn a_network_that_all_may_have_is_promoted() {
    let allowed = |ranges: &[&str]| format!("from:\n- {}\n", ranges.join("\n- "));
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("staging/values.yaml", &allowed(&["10.128.0.0/14"])),
        ("production/values.yaml", &allowed(&["10.128.0.0/14"])),
    ]);
    let more = allowed(&["10.128.0.0/14", "172.17.0.0/18"]);
    repository.write("staging/values.yaml", &more);
    repository.commit("the clusters of another cloud");
    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    assert_eq!(repository.read("production/values.yaml"), more);
}

/// Azure's registries have an environment's name without a hyphen: a release that came new pulled its image from
/// staging's, beside eleven that pull from production's.
#[test]
fn what_comes_new_has_the_targets_hosts_in_a_cloud() {
    let release = |name: &str, registry: &str, vault: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  image: {registry}.azurecr.io/shop/{name}\n  vault: https://{vault}.vault.azure.net/\n"
        )
    };
    let list = "resources:\n- old.yaml\n";
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("staging/kustomization.yaml", list),
        ("staging/old.yaml", &release("old", "shopstg", "kvstg1")),
        ("production/kustomization.yaml", list),
        ("production/old.yaml", &release("old", "shopprd", "kvprd1")),
    ]);
    repository.write("staging/new.yaml", &release("new", "shopstg", "kvstg1"));
    repository.write("staging/other.yaml", &release("other", "shopstg", "kvstg2"));
    repository.write("staging/kustomization.yaml", &format!("{list}- new.yaml\n- other.yaml\n"));
    repository.commit("two more");
    insta::assert_snapshot!(told(&repository), @r"
    production/kustomization.yaml resources[new.yaml] comes: changed by …
    production/kustomization.yaml resources[other.yaml] stays: names what is there once (`kvstg2.vault.azure.net`), and production has another
    production/new.yaml  comes: changed by …
    production/old.yaml data.image stays: production's own
    production/old.yaml data.vault stays: production's own
    production/other.yaml  stays: names what is there once (`kvstg2.vault.azure.net`), and production has another
    ");
    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    assert_eq!(repository.read("production/new.yaml"), release("new", "shopprd", "kvprd1"));
    assert!(!repository.path("production/other.yaml").exists(), "another vault is nobody's here");
}

/// A registry that both share moved: that is a change as any other.
#[test]
fn a_registry_that_both_pull_from_moves() {
    let images = |registry: &str| {
        format!(
            "resources: []\nimages:\n- name: web\n  newName: {registry}.azurecr.io/web\n  newTag: '1'\n"
        )
    };
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("staging/kustomization.yaml", &images("old")),
        ("production/kustomization.yaml", &images("old")),
    ]);
    repository.write("staging/kustomization.yaml", &images("new"));
    repository.commit("another registry");
    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    assert_eq!(repository.read("production/kustomization.yaml"), images("new"));
}

/// Secrets hold in base64 what other files say in plain words: production got staging's database.
#[test]
fn what_a_secret_holds_in_base64_is_read_as_what_it_says() {
    let secret = |values: &[(&str, &str)]| {
        let line = |(key, value): &(&str, &str)| format!("  {key}: {}\n", base64_of(value));
        let data: String = values.iter().map(line).collect();
        format!("apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n{data}")
    };
    let file = |host: &str, pool: &str, own: &str| {
        format!("url=postgres://{host}:5432/shop\npool={pool}\nretries=3\n{own}=1\n")
    };
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("staging/kustomization.yaml", "resources: [db.yaml]\n"),
        (
            "staging/db.yaml",
            &secret(&[
                ("API", "https://api.staging.shop.io"),
                ("TOKEN", "first"),
                ("settings", &file("db.staging.shop.io", "5", "a")),
            ]),
        ),
        ("production/kustomization.yaml", "resources: [db.yaml]\n"),
        (
            "production/db.yaml",
            &secret(&[
                ("API", "https://api.production.shop.io"),
                ("TOKEN", "first"),
                ("settings", &file("db.production.shop.io", "5", "b")),
            ]),
        ),
    ]);
    repository.write(
        "staging/db.yaml",
        &secret(&[
            ("API", "https://api.staging.shop.io"),
            ("TOKEN", "second"),
            ("settings", &file("db.staging.shop.io", "9", "a")),
            ("ALSO", "https://api.staging.shop.io"),
            ("QUEUE", "amqps://mq-9c1.staging.internal"),
        ]),
    );
    repository.commit("a token, a pool, a queue");
    insta::assert_snapshot!(told(&repository), @r"
    production/db.yaml data.API stays: each in its own environment's name
    production/db.yaml data.TOKEN comes: changed by …
    production/db.yaml data.settings stays: each in its own environment's name
    production/db.yaml data.settings comes: changed by …
    production/db.yaml data.settings stays: production's own
    production/db.yaml data.settings stays: production never had it
    production/db.yaml data.ALSO comes: changed by …
    production/db.yaml data.QUEUE stays: names the source (`staging`), and nothing tells what production says instead
    ");
    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    let production = secret(&[
        ("API", "https://api.production.shop.io"),
        ("TOKEN", "second"),
        ("settings", &file("db.production.shop.io", "9", "b")),
        ("ALSO", "https://api.production.shop.io"),
    ]);
    assert_eq!(repository.read("production/db.yaml"), production);
}

/// `dev` is an environment and the end of the domain: what stands under it was neither's own nor new.
#[test]
fn the_end_of_a_domain_names_nobody() {
    let values = |host: &str, more: &str| {
        format!("api: api{host}\nweb: https://web{host}/x\nreplicas: 2\n{more}")
    };
    let configuration = CONFIGURATION.replace("staging", "dev");
    let repository = Repo::new(&[
        (".github/overlift.yaml", &configuration),
        ("dev/values.yaml", &values(".dev.shop.dev", "")),
        ("production/values.yaml", &values(".production.shop.dev", "")),
    ]);
    let new = "docs: https://docs.shop.dev\nqueue: mq.dev.shop.dev\nbus: bus.dev\n";
    repository.write("dev/values.yaml", &values(".dev.shop.dev", new));
    repository.commit("three more");
    let plan = repository.overlift(&["plan", "dev", "production", "--json"]).ok();
    insta::assert_snapshot!(differences(&plan), @r"
    production/values.yaml api stays: each in its own environment's name
    production/values.yaml web stays: each in its own environment's name
    production/values.yaml docs comes: changed by …
    production/values.yaml queue stays: names the source (`dev`), and nothing tells what production says instead
    production/values.yaml bus stays: names the source (`dev`), and nothing tells what production says instead
    ");
}

/// A patch that says in its first line that it is for development alone came into production, with cookies in plain
/// text; and so did variables beside whose names stands that they are for no production.
#[test]
fn what_a_comment_keeps_from_production_stays_away() {
    let configuration = CONFIGURATION.replace("staging", "dev");
    let overlay =
        |patches: &str| format!("resources: [web.yaml]\npatches:\n- path: size.yaml\n{patches}");
    let variables = |more: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      containers:\n      - name: web\n        env:\n        - name: FIRST\n          value: \"1\"\n{more}"
        )
    };
    let web = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      containers:\n      - name: web\n        image: web:1\n";
    let repository = Repo::new(&[
        (".github/overlift.yaml", &configuration),
        ("dev/kustomization.yaml", &overlay("")),
        ("dev/web.yaml", web),
        ("dev/size.yaml", &variables("")),
        ("production/kustomization.yaml", &overlay("")),
        ("production/web.yaml", web),
        ("production/size.yaml", &variables("")),
    ]);
    repository
        .write("dev/kustomization.yaml", &overlay("- path: plain.yaml\n- path: probe.yaml\n"));
    let named = |comment: &str| {
        web.replace("        image: web:1\n", "        tty: true\n")
            .replace("apiVersion", &format!("{comment}\napiVersion"))
    };
    repository
        .write("dev/plain.yaml", &named("# Dev-only: served over plain HTTP,\n# see the readme."));
    repository.write("dev/probe.yaml", &named("# Dev and production say the same."));
    let more = "        - name: PREVIEW # Non-prod only\n          value: on\n        # do not set this in production\n        - name: TRACE\n          value: all\n        - name: SECOND # prod and dev only\n          value: two\n";
    repository.write("dev/size.yaml", &variables(more));
    repository.commit("a patch and three variables");
    let plan = repository.overlift(&["plan", "dev", "production", "--json"]).ok();
    insta::assert_snapshot!(differences(&plan), @r"
    production/kustomization.yaml patches[path=plain.yaml] stays: a comment says of it: `Dev-only`
    production/kustomization.yaml patches[path=probe.yaml] comes: changed by …
    production/plain.yaml  stays: a comment says of it: `Dev-only`
    production/probe.yaml  comes: changed by …
    production/size.yaml spec.template.spec.containers[name=web].env[name=PREVIEW] stays: a comment says of it: `Non-prod only`
    production/size.yaml spec.template.spec.containers[name=web].env[name=TRACE] stays: a comment says of it: `do not set this in production`
    production/size.yaml spec.template.spec.containers[name=web].env[name=SECOND] comes: changed by …
    ");
    let all = repository.overlift(&["plan", "dev", "production", "--all", "--json"]).ok();
    assert!(differences(&all).contains("env[name=TRACE] comes"), "{}", differences(&all));
    repository.overlift(&["promote", "dev", "production", "--local"]).ok();
    let second = "        - name: SECOND # prod and dev only\n          value: two\n";
    assert_eq!(repository.read("production/size.yaml"), variables(second));
    assert_eq!(repository.read("production/kustomization.yaml"), overlay("- path: probe.yaml\n"));
}

/// An image of pull requests ran in production; a probe got half of a new command line; a host stood in a list twice; what
/// is for the cluster on somebody's own machine came along.
#[test]
fn what_the_source_does_by_itself_stays_there() {
    let deployment = |tag: &str, command: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      containers:\n      - name: web\n        image: web:{tag}\n        livenessProbe:\n          exec:\n            command:\n{command}"
        )
    };
    let script = |database: &str| {
        format!(
            "            - sh\n            - -c\n            - -e\n            - |\n              pg_isready -d {database}\n"
        )
    };
    let ingress =
        |tls: &str, host: &str| format!("host: {host}\ntls:\n- secretName: web\n  hosts:\n{tls}");
    let overlay = |entries: &str| format!("resources:\n- web.yaml\n{entries}");
    let local = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: domains\n";
    let repository = Repo::new(&[
        (".github/overlift.yaml", CONFIGURATION),
        ("base-local/kustomization.yaml", "resources: [domains.yaml]\n"),
        ("base-local/domains.yaml", local),
        ("staging/kustomization.yaml", &overlay("")),
        ("staging/web.yaml", &deployment("latest", &script("staging"))),
        ("staging/values.yaml", &ingress("  - api.staging.net\n", "web.staging.net")),
        ("production/kustomization.yaml", &overlay("")),
        ("production/web.yaml", &deployment("latest", &script("shop"))),
        ("production/values.yaml", &ingress("  - web.shop.com\n", "web.shop.com")),
    ]);
    repository.write("staging/kustomization.yaml", &overlay("- ../base-local/\n"));
    let short = "            - sh\n            - -c\n            - pg_isready -d staging\n";
    repository.write("staging/web.yaml", &deployment("pr-latest", short));
    let both = "  - api.staging.net\n  - web.staging.net\n";
    repository.write("staging/values.yaml", &ingress(both, "web.staging.net"));
    repository.commit("images of pull requests, a short probe, hosts");
    insta::assert_snapshot!(told(&repository), @r"
    production/kustomization.yaml resources[../base-local/] stays: names an environment that is neither (`local`), and production names it nowhere
    production/values.yaml host stays: production's own
    production/values.yaml tls[0].hosts[web.shop.com] stays: production's own
    production/values.yaml tls[0].hosts[api.staging.net] stays: production never had it
    production/values.yaml tls[0].hosts[web.staging.net] stays: each in its own environment's name
    production/web.yaml spec.template.spec.containers[name=web].image stays: a moving tag that the source follows by itself
    production/web.yaml spec.template.spec.containers[name=web].livenessProbe.exec.command stays: production's own, and the source changed meanwhile
    ");
}
