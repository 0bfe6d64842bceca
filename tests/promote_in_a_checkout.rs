//! "Carry the promotion out here: in my working tree, or on a branch of its own."

use std::process::Command;

use crate::support::{Repo, kubectl_kustomize, overlift, run};

const PAIR: [&str; 2] = ["staging", "production"];

fn with<'a>(command: &'a str, flags: &[&'a str]) -> Vec<&'a str> {
    [&[command], &PAIR[..], flags].concat()
}

#[test]
fn the_working_tree_gets_the_edits_and_then_there_is_nothing_to_promote() {
    let repo = Repo::istio_config();
    let files = repo.overlift(&with("plan", &["--diff", "files"])).ok();
    repo.overlift(&with("promote", &[])).ok();
    let expected = Repo::istio_config();
    expected.write("../files.diff", &files);
    expected.git(&["apply", "../files.diff"]);
    expected.git(&["add", "-A"]);
    repo.git(&["add", "-A"]);
    assert_eq!(repo.git(&["write-tree"]), expected.git(&["write-tree"]));
    let again = repo.overlift(&with("promote", &[])).ok();
    assert!(again.contains("Nothing to promote"), "{again}");
}

#[test]
fn the_rendered_diff_leads_from_what_is_built_to_what_will_be() {
    let repo = Repo::istio_config();
    let before = repo.overlift(&["build", "overlays/production"]).ok();
    let diff = repo.overlift(&with("plan", &["--diff", "rendered"])).ok();
    repo.overlift(&with("promote", &[])).ok();
    let after = repo.overlift(&["build", "overlays/production"]).ok();
    repo.write("../built.yaml", &before);
    repo.write("../rendered.diff", &diff);
    let built = repo.path("../built.yaml");
    run(Command::new("patch").args(["-s", "-p0"]).arg(&built).arg(repo.path("../rendered.diff")))
        .ok();
    assert_eq!(repo.read("../built.yaml"), after);
    if let Some(kubectl) = kubectl_kustomize(&repo.path("overlays/production")) {
        assert_eq!(kubectl, after);
    }
}

/// Values of Secrets are put there by whoever deploys: `.env.secret` is in `.gitignore`.
#[test]
fn what_a_generator_is_made_from_may_be_kept_elsewhere() {
    let list = |replicas: u8, more: &str| {
        format!(
            "resources: [../base]\nreplicas: [{{name: web, count: {replicas}}}]\nsecretGenerator:\n- name: web\n  envs: [.env.secret]\n{more}"
        )
    };
    let more = "configMapGenerator:\n- name: web\n  files: [web.conf]\n";
    let web = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers:\n      - {name: web, image: web, envFrom: [{secretRef: {name: web}}]}\n";
    let repo = Repo::new(&[
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", web),
        ("staging/kustomization.yaml", &list(3, "")),
        ("production/kustomization.yaml", &list(3, "")),
    ]);
    repo.write("staging/kustomization.yaml", &list(2, ""));
    repo.commit("fewer");
    let plan = repo.overlift(&with("plan", &[])).ok();
    assert!(plan.contains("-  replicas: 3\n+  replicas: 2\n"), "{plan}");
    assert!(plan.contains("1 finding was there before"), "{plan}");
    let checked = repo.overlift(&["validate", "production"]).ok();
    let told = "warning not-rendered: `production` is rendered without `.env.secret`, which the repository does not have\n  production/kustomization.yaml:5:10 (secretGenerator[0].envs[0])";
    assert!(checked.contains(told), "{checked}");
    // As kustomize says it.
    let built = repo.overlift(&["build", "production"]);
    assert!(built.stderr.contains("there is no `.env.secret`"), "{}", built.stderr);
    // One that staging lacks as well comes, and is told; one that it has comes with its entry.
    repo.write("staging/kustomization.yaml", &list(2, more));
    repo.commit("a configuration");
    let plan = repo.overlift(&with("plan", &[])).ok();
    assert!(plan.contains("is rendered without `web.conf`"), "{plan}");
    assert!(!plan.contains("is rendered without `.env.secret`"), "{plan}");
}

#[test]
fn a_commit_leaves_working_tree_index_and_branch_alone() {
    let repo = Repo::istio_config();
    repo.write("overlays/staging/patches/tracing.yaml", "not: committed\n");
    repo.write("notes.txt", "staged");
    repo.git(&["add", "notes.txt"]);
    let state = |repo: &Repo| {
        let index = repo.git(&["ls-files", "--stage"]);
        (repo.git(&["status", "--porcelain=v2", "--branch"]), index, repo.git(&["diff"]))
    };
    let before = state(&repo);
    let said = repo.overlift(&with("promote", &["--commit"])).ok();
    assert!(said.contains("promote/staging-to-production"), "{said}");
    assert_eq!(state(&repo), before);

    let branch = "promote/staging-to-production";
    assert_eq!(repo.git(&["rev-list", "--count", &format!("main..{branch}")]), "1");
    assert_eq!(repo.git(&["log", "-1", "--format=%an", branch]), "Ann Author");
    let message = repo.git(&["log", "-1", "--format=%B", branch]);
    let head = repo.git(&["rev-parse", "HEAD"]);
    for line in [
        "Promote config from staging to production",
        "Overlift-Plan: ",
        &format!("Overlift-Source: staging@{head}"),
        "Overlift-Target: production",
    ] {
        assert!(message.contains(line), "no {line} in {message}");
    }
    let changed = repo.git(&["diff", "--name-only", &format!("main..{branch}")]);
    assert!(changed.lines().all(|path| path.starts_with("overlays/production/")), "{changed}");

    // Again: the same commit. After the merge: nothing is left.
    let tip = repo.git(&["rev-parse", branch]);
    repo.overlift(&with("promote", &["--commit"])).ok();
    assert_eq!(repo.git(&["rev-parse", branch]), tip);
    repo.git(&["reset", "-q", "--hard"]);
    repo.git(&["merge", "-q", "--ff-only", branch]);
    let again = repo.overlift(&with("promote", &["--commit"])).ok();
    assert!(again.contains("Nothing to promote"), "{again}");
}

#[test]
fn the_commit_is_the_files_diff() {
    let repo = Repo::istio_config();
    let files = repo.overlift(&with("plan", &["--diff", "files"])).ok();
    repo.overlift(&with("promote", &["--commit"])).ok();
    repo.write("../files.diff", &files);
    repo.git(&["apply", "--index", "../files.diff"]);
    let tree = repo.git(&["rev-parse", "promote/staging-to-production^{tree}"]);
    assert_eq!(repo.git(&["write-tree"]), tree);
}

#[test]
fn a_dry_run_writes_nothing() {
    let repo = Repo::istio_config();
    for flags in [&["--dry-run"][..], &["--dry-run", "--commit"]] {
        let said = repo.overlift(&with("promote", flags)).ok();
        assert!(said.contains("Nothing was written"), "{said}");
    }
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    assert_eq!(repo.git(&["branch", "--format=%(refname:short)"]), "main");
}

#[test]
fn the_work_of_others_on_the_branch_is_left_alone() {
    let repo = Repo::istio_config();
    repo.overlift(&with("promote", &["--commit"])).ok();
    repo.git(&["checkout", "-q", "promote/staging-to-production"]);
    repo.write("by-hand.txt", "");
    let theirs = repo.commit("by hand");
    repo.git(&["checkout", "-q", "main"]);
    let refused = repo.overlift(&with("promote", &["--commit"]));
    assert_eq!(refused.code, 2, "{refused:#?}");
    assert!(refused.stderr.contains(&theirs[..7]), "{}", refused.stderr);
    assert_eq!(repo.git(&["rev-parse", "promote/staging-to-production"]), theirs);
}

#[test]
fn a_commit_of_ours_that_somebody_amended_is_the_work_of_others() {
    let repo = Repo::istio_config();
    let branch = "promote/staging-to-production";
    repo.overlift(&with("promote", &["--commit"])).ok();
    repo.git(&["checkout", "-q", branch]);
    repo.write("overlays/production/patches/by-hand.yaml", "# mine\n");
    repo.git(&["add", "-A"]);
    repo.git(&["commit", "-q", "--amend", "--no-edit"]);
    let theirs = repo.git(&["rev-parse", "HEAD"]);
    repo.git(&["checkout", "-q", "main"]);
    let refused = repo.overlift(&with("promote", &["--commit"]));
    assert_eq!(refused.code, 2, "{refused:#?}");
    assert_eq!(repo.git(&["rev-parse", branch]), theirs);
}

#[test]
fn a_commit_of_ours_gives_way_to_that_of_a_newer_head() {
    let repo = Repo::istio_config();
    let branch = "promote/staging-to-production";
    repo.overlift(&with("promote", &["--commit"])).ok();
    repo.write("overlays/staging/patches/more.yaml", "# nothing lists it\n");
    let head = repo.commit("more");
    repo.overlift(&with("promote", &["--commit"])).ok();
    assert_eq!(repo.git(&["rev-parse", &format!("{branch}^")]), head);
}

#[test]
fn a_promotion_outside_git_is_written_too() {
    let repo = Repo::istio_config();
    std::fs::remove_dir_all(repo.path(".git")).unwrap();
    let refused = repo.overlift(&with("promote", &["--commit"]));
    assert!(refused.code == 2 && refused.stderr.contains("no git repository"), "{refused:#?}");
    repo.overlift(&with("promote", &[])).ok();
    assert!(repo.read("overlays/production/kustomization.yaml").contains("backend-methods"));
}

#[test]
fn what_changed_after_a_promotion_is_promoted_again() {
    let repo = Repo::istio_config();
    repo.overlift(&with("promote", &[])).ok();
    repo.commit("promoted");
    repo.write("overlays/staging/patches/more.yaml", "# nothing lists it\n");
    let plan = overlift(repo.root(), &with("plan", &["--json"])).ok();
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let edits = serde_json::json!([
        { "path": "overlays/production/patches/more.yaml", "operation": "add" }
    ]);
    assert_eq!(plan["edits"], edits);
}

/// What an Application of its own may deploy is no part of the environment's build, and is shown all the same.
#[test]
fn a_kustomization_below_that_is_edited_is_shown() {
    let map = |value: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: flags\ndata:\n  a: \"{value}\"\n"
        )
    };
    let (old, new) = (map("1"), map("2"));
    let own = "resources: [flags.yaml]\n";
    let environment = "resources: []\n";
    let repository = Repo::new(&[
        (
            ".github/overlift.yaml",
            "version: 1\nenvironments:\n- {name: staging, path: staging}\n- {name: production, path: production}\npromotion: {by: changes}\n",
        ),
        ("staging/kustomization.yaml", environment),
        ("staging/flags/kustomization.yaml", own),
        ("staging/flags/flags.yaml", &old),
        ("production/kustomization.yaml", environment),
        ("production/flags/kustomization.yaml", own),
        ("production/flags/flags.yaml", &old),
    ]);
    repository.write("staging/flags/flags.yaml", &new);
    repository.commit("raise a");
    for arguments in
        [&["plan", "staging", "production"][..], &["plan", "staging", "production", "--body"]]
    {
        let shown = repository.overlift(arguments).ok();
        assert!(shown.contains("production/flags"), "{shown}");
        assert!(shown.contains("+  a: \"2\""), "{shown}");
        assert!(shown.contains("no part of what production builds itself"), "{shown}");
    }
    // What was not asked for is not called unchanged.
    let asked = repository.overlift(&["plan", "staging", "production", "--only", "other"]).ok();
    assert!(
        asked.contains("nothing of what was asked for comes; 1 other change is left out"),
        "{asked}"
    );
    // A file that goes is told to go.
    repository.git(&["rm", "-q", "-r", "staging/flags"]);
    repository.commit("drop a");
    let shown = repository.overlift(&["plan", "staging", "production"]).ok();
    assert!(shown.contains("- flags/flags.yaml          gone from the source"), "{shown}");
}

/// `patches` and `patchesStrategicMerge` count as one, as `resources` and `bases` do: what the target names in one
/// of them does not come into the other, where it would be applied twice; an entry that the source moved moves.
#[test]
fn what_one_list_names_comes_into_no_other() {
    let configuration = "version: 1\nenvironments:\n- {name: staging, path: staging}\n- {name: production, path: production}\npromotion: {by: changes}\n";
    let patch = |replicas: u32| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name_}\nspec: {{replicas: {replicas}}}\n",
            name_ = "{name: web}"
        )
    };
    let web = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 1}\n";
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shared}\n";
    let repository = Repo::new(&[
        (".github/overlift.yaml", configuration),
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", web),
        ("shared/kustomization.yaml", "resources: [map.yaml]\n"),
        ("shared/map.yaml", map),
        ("staging/kustomization.yaml", "bases:\n- ../base\n"),
        ("staging/size.yaml", &patch(2)),
        (
            "production/kustomization.yaml",
            "resources:\n- ../shared\nbases:\n- ../base\npatches:\n- path: size.yaml\n",
        ),
        ("production/size.yaml", &patch(2)),
    ]);
    // The base is named under another list now, the patch and the shared folder come under the older ones.
    repository.write(
        "staging/kustomization.yaml",
        "resources:\n- ../base\nbases:\n- ../shared\npatchesStrategicMerge:\n- ./size.yaml\n",
    );
    repository.commit("move");
    let plan = repository.overlift(&["plan", "staging", "production", "--json"]).ok();
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let told: Vec<String> = plan["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| format!("{} {}: {}", it["field"], it["then"], it["because"]).replace('"', ""))
        .map(|told| told.split(" by ").next().unwrap().to_owned())
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    resources[../shared] stays: production's own
    resources[../base] comes: changed
    bases[../base] goes: changed
    bases[../shared] stays: production names it under `resources`
    patches[path=size.yaml] stays: production's own
    patchesStrategicMerge[./size.yaml] stays: production names it under `patches`
    ");
    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    let production = repository.read("production/kustomization.yaml");
    assert_eq!(production, "resources:\n- ../shared\n- ../base\npatches:\n- path: size.yaml\n");
    // After that commit, too, what stays says why, and is not called left out.
    repository.commit("promote by hand");
    let later = repository.overlift(&["plan", "staging", "production", "--json"]).ok();
    assert_eq!(later.matches("production names it under").count(), 2, "{later}");
}

/// A folder that was prepared in the target and is named nowhere waits for its entry; one that somebody switched
/// off, or whose files are named one by one, does not.
#[test]
fn an_entry_comes_for_what_the_target_has_and_does_not_list() {
    let map = |name: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n");
    let (flags, off, parts) = (map("flags"), map("off"), map("parts"));
    let own = |file: &str| format!("resources: [{file}]\n");
    let configuration = "version: 1\nenvironments:\n- {name: staging, path: staging}\n- {name: production, path: production}\npromotion: {by: changes}\n";
    let repository = Repo::new(&[
        (".github/overlift.yaml", configuration),
        ("staging/kustomization.yaml", "resources:\n- flags\n- off.yaml\n- parts\n- never\n"),
        ("staging/flags/kustomization.yaml", &own("flags.yaml")),
        ("staging/flags/flags.yaml", &flags),
        ("staging/off.yaml", &off),
        ("staging/parts/kustomization.yaml", &own("parts.yaml")),
        ("staging/parts/parts.yaml", &parts),
        ("staging/never/kustomization.yaml", &own("never.yaml")),
        ("staging/never/never.yaml", &map("never")),
        ("production/kustomization.yaml", "resources:\n- parts/parts.yaml\n# - off.yaml\n"),
        ("production/flags/kustomization.yaml", &own("flags.yaml")),
        ("production/flags/flags.yaml", &flags),
        ("production/off.yaml", &off),
        ("production/parts/parts.yaml", &parts),
    ]);
    repository.write("notes.txt", "later\n");
    repository.commit("later");
    let plan = repository.overlift(&["plan", "staging", "production", "--json"]).ok();
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let all = plan["differences"].as_array().unwrap().iter();
    let comes: Vec<_> = all.filter(|it| it["then"] == "comes").collect();
    assert_eq!(comes.len(), 1, "{comes:#?}");
    assert_eq!(comes[0]["field"], "resources[flags]");
    assert_eq!(comes[0]["because"], "its file is in production, and nothing there names it");
    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    assert_eq!(
        repository.read("production/kustomization.yaml"),
        "resources:\n- parts/parts.yaml\n- flags\n# - off.yaml\n"
    );
}

/// What the source tries is told as that and waits, until somebody asks for it by name.
#[test]
fn a_release_candidate_waits_until_it_is_asked_for() {
    let cluster = |operator: &str, rate: &str| {
        format!(
            "kind: Kustomization\napiVersion: kustomize.toolkit.fluxcd.io/v1\nmetadata: {{name: operator}}\nspec:\n  postBuild:\n    substitute:\n      OPERATOR_VERSION: {operator}\n      RATE: \"{rate}\"\n"
        )
    };
    let images =
        |tag: &str| format!("resources: [operator.yaml]\nimages:\n- name: shop\n  newTag: {tag}\n");
    let repository = Repo::new(&[
        (
            ".github/overlift.yaml",
            "version: 1\nenvironments:\n- {name: staging, path: staging}\n- {name: production, path: production}\npromotion: {by: changes}\n",
        ),
        ("staging/kustomization.yaml", &images("1.1.0")),
        ("staging/operator.yaml", &cluster("1.116.0", "5")),
        ("production/kustomization.yaml", &images("1.1.0")),
        ("production/operator.yaml", &cluster("1.116.0", "5")),
    ]);
    repository.write("staging/kustomization.yaml", &images("1.2.0-rc.1"));
    repository.write("staging/operator.yaml", &cluster("1.117.0-rc.2", "6"));
    repository.commit("try the next release");
    let shown = repository.overlift(&["plan", "staging", "production"]).ok();
    let tried = "spec.postBuild.substitute.OPERATOR_VERSION stays 1.116.0, though staging changed it to 1.117.0-rc.2: a pre-release that the source tries: production has had releases alone";
    assert!(shown.contains(tried), "{shown}");
    repository.overlift(&["promote", "staging", "production", "--local"]).ok();
    assert_eq!(repository.read("production/operator.yaml"), cluster("1.116.0", "6"));
    assert_eq!(repository.read("production/kustomization.yaml"), images("1.1.0"));
    repository.commit("promote");
    repository.overlift(&["promote", "staging", "production", "--local", "--only", "shop"]).ok();
    assert_eq!(repository.read("production/kustomization.yaml"), images("1.2.0-rc.1"));
    assert_eq!(repository.read("production/operator.yaml"), cluster("1.116.0", "6"));
}
