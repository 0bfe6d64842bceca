//! What is wrong is told with its place and what to write.

use super::*;

#[test]
fn every_fault_has_its_place_and_the_nearest_word() {
    let cases = [
        (
            "environmets: []\n",
            "1:1 (environmets): there is no key `environmets`; did you mean `environments`?",
        ),
        (
            "promotion:\n  wire: yes\n",
            "2:9 (promotion.wire): expected `true` or `false`, found a text",
        ),
        (
            "promotion:\n  prune: remove\n",
            "2:10 (promotion.prune): `remove` is not one of `never`, `removed`; did you mean `removed`?",
        ),
        (
            "version: 2\n",
            "1:10 (version): expected the version `1`, found another version, which this Overlift does not know (a newer one may)",
        ),
        (
            "version: \"1\"\n",
            "1:10 (version): expected the version `1`, found a text (leave out the quotes)",
        ),
        ("promotion: []\n", "1:12 (promotion): expected a mapping, found a list"),
        ("environments: []\n", "1:15 (environments): expected at least 1 item, found 0 items"),
        ("environments:\n  - name: a\n", "2:5 (environments[0]): `path` is missing"),
        (
            "promotion:\n  copy: ['']\n",
            "2:10 (promotion.copy[0]): `` is an empty glob; write `**` for all files",
        ),
        (
            "promotion:\n  fields: [image]\n",
            "2:12 (promotion.fields[0]): `image` is not one of `images`, `replicas`, `helmCharts`, `helmGlobals`, `configMapGenerator`, `secretGenerator`, `generatorOptions`, `labels`, `commonLabels`, `commonAnnotations`, `vars`, `namespace`, `namePrefix`, `nameSuffix`, `buildMetadata`, `sortOptions`; did you mean `images`?",
        ),
        (
            "promotion:\n  keep:\n    - file: a.yaml\n      fields: [a..b]\n",
            "4:16 (promotion.keep[0].fields[0]): `a..b` is no field path: a step between two dots is empty; write `\\.` for a dot in a key",
        ),
        (
            "pullRequest:\n  title: '{{ sorce }}'\n",
            "2:10 (pullRequest.title): `sorce` is no variable here; there are application, source, target, plan.id, plan.commit, plan.summary; did you mean `source`?",
        ),
        (
            "pullRequest:\n  branch: 'a b'\n",
            "2:11 (pullRequest.branch): the template makes `a b` is no branch name",
        ),
        (
            "pullRequest:\n  branch: 'x/{{ plan.id }}'\n",
            "2:11 (pullRequest.branch): `plan.id` is no variable here",
        ),
        (
            "pullRequest:\n  bodyTemplate: nowhere.md\n",
            "2:17 (pullRequest.bodyTemplate): there is no file `nowhere.md`",
        ),
        (
            "pullRequest:\n  reviewers: ['@me']\n",
            "2:15 (pullRequest.reviewers[0]): `@me` is no login; write it without `@`",
        ),
        (
            "pullRequest:\n  checklist: ['']\n",
            "2:15 (pullRequest.checklist[0]): the template makes an empty checklist item",
        ),
        (
            "pullRequest:\n  commitMessage: |\n    x\n\n    Overlift-Plan: 1\n",
            "2:18 (pullRequest.commitMessage): the template makes a line that looks like one of Overlift's own trailers",
        ),
        ("a: [1\n", ": "),
        ("a: 1\n---\nb: 1\n", "3:1: expected one document, found a second one"),
    ];
    for (text, want) in cases {
        let message = error(text);
        let want = format!(
            ".github/overlift.yaml{}{want}",
            if want.starts_with(char::is_numeric) { ":" } else { "" }
        );
        assert!(
            message.starts_with(&want) || want.ends_with(": ") && message.contains(": "),
            "{text}\n got {message}\nwant {want}"
        );
    }
}

#[test]
fn faults_of_the_gates_have_their_place_and_say_what_to_write() {
    for (text, expected) in [
        ("run: [isto]", "2:9 (gates.run[0]): `isto` is not one of"),
        (
            "severity: {IST0011: off}",
            "(gates.severity.IST0011): there is no rule or code `IST0011`; did you mean `IST0111`?",
        ),
        ("severity: {IST0111: of}", "did you mean `off`?"),
        ("suppress: [{code: IST0111}]", "`reason` is missing"),
        (
            "suppress: [{code: IST0111, reason: x, expires: soon}]",
            "2:50 (gates.suppress[0].expires): this is no day",
        ),
        (
            "suppress: [{code: IST0111, reason: x, resource: shop}]",
            "`shop` is no glob over resources",
        ),
        ("schemas: [a/b@1]", "names no file: write `OWNER/REPO@REF:PATH`"),
        ("kubernetes: latest", "a version of Kubernetes, such as 1.34"),
        ("complet: true", "did you mean `complete`?"),
    ] {
        let found = error(&format!("gates:\n  {text}\n"));
        assert!(found.contains(expected), "{found}\n{expected}");
    }
}

#[test]
fn faults_of_the_pipeline_have_the_place_of_the_key() {
    let two = |second: &str| {
        format!(
            "environments:\n  - name: a\n    path: o/a\n  - {}\n",
            second.replace('\n', "\n    ")
        )
    };
    let cases = [
        (two("name: a\npath: o/b"), "4:11 (environments[1].name)"),
        (two("name: b\npath: ./o/a/"), "5:11 (environments[1].path)"),
        (two("name: b\npath: o/a/nested"), "5:11 (environments[1].path)"),
        (two("name: b\npath: ../b"), "5:11 (environments[1].path)"),
        (two("name: b\npath: /b"), "5:11 (environments[1].path)"),
        (two("name: -b\npath: o/b"), "4:11 (environments[1].name)"),
        (two("name: b\npath: o/b\nfrom: [A]"), "6:12 (environments[1].from[0])"),
        (two("name: b\npath: o/b\nfrom: [b]"), "6:12 (environments[1].from[0])"),
        (two("name: b\npath: o/b\nfrom: []\ntrigger: push"), "7:14 (environments[1].trigger)"),
        (
            "environments:\n  - name: a\n    path: o/a\n    from: [b]\n  - name: b\n    path: o/b\n".to_owned(),
            "4:11 (environments[0].from)",
        ),
    ];
    for (text, place) in cases {
        let message = error(&text);
        assert!(
            message.starts_with(&format!(".github/overlift.yaml:{place}: ")),
            "{text}{message}"
        );
    }
    assert!(error(&two("name: b\npath: o/b\nfrom: [A]")).ends_with("did you mean `a`?"));
}

#[test]
fn two_promotions_never_share_a_branch() {
    let text = "environments:\n  - {name: a, path: a}\n  - {name: a-to-b, path: ab, from: []}\n  \
                - {name: c, path: c, from: [a-to-b]}\n  - {name: b-to-c, path: bc, from: [a]}\n";
    let message = error(text);
    assert!(message.contains("`a-to-b` -> `c` and `a` -> `b-to-c`"), "{message}");
    let other = format!("{text}pullRequest:\n  branch: p/{{{{source}}}}/{{{{target}}}}\n");
    assert!(parse(&other).is_ok());
    let constant = "environments:\n  - {name: a, path: a}\n  - {name: b, path: b}\n  - {name: c, path: c}\n\
                    pullRequest:\n  branch: promote\n";
    assert!(error(constant).starts_with(".github/overlift.yaml:6:11 (pullRequest.branch)"));
}

#[test]
fn a_fault_in_the_body_template_has_its_own_place() {
    let files = FileTree::of([
        ("b.md", "fine\n{{ plan.dif }}\n"),
        ("c.md", "fine\n{% if %}\n"),
        ("overlays/dev/kustomization.yaml", ""),
    ])
    .unwrap();
    let parse = |name: &str| {
        let text = format!("pullRequest:\n  bodyTemplate: {name}\n");
        RepositoryConfig::parse(&text, &path(CONFIG_PATH), &files).unwrap_err().to_string()
    };
    assert!(parse("b.md").starts_with("b.md: `plan.dif` is no variable"), "{}", parse("b.md"));
    assert!(parse("c.md").starts_with("c.md:2:1: line 2 of the template: "), "{}", parse("c.md"));
    assert!(parse("../x.md").contains("leads out of the repository"));
}

#[test]
fn asks_for_files_that_are_not_here() {
    let mut files = FileTree::new();
    files.insert_unknown(path(CONFIG_PATH));
    let error = RepositoryConfig::load(&files).unwrap_err();
    assert!(matches!(error, ConfigError::Unknown(paths) if paths.contains(&path(CONFIG_PATH))));
}

#[test]
fn hostile_texts_end_in_an_error() {
    let deep = "[".repeat(100_000);
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b]\n";
    let many = format!("remoteBases: [{}]\n", "a/b/c, ".repeat(10_001));
    let many = format!("environments:\n{many}");
    for text in [
        deep.as_str(),
        bomb,
        "\0",
        "\u{feff}\u{202e}",
        many.as_str(),
        "- a\n",
        "just text",
        "<<: {a: 1}",
    ] {
        assert!(parse(text).is_err());
    }
}

#[test]
fn all_faults_are_told_at_once_in_the_order_of_the_file() {
    let message =
        error("version: 1\npromotion:\n  exclud: []\n  keeps: []\npullRequest:\n  lables: [a]\n");
    insta::assert_snapshot!(message, @r"
    .github/overlift.yaml:3:3 (promotion.exclud): there is no key `exclud`; did you mean `exclude`?
    .github/overlift.yaml:4:3 (promotion.keeps): there is no key `keeps`; did you mean `keep`?
    .github/overlift.yaml:6:3 (pullRequest.lables): there is no key `lables`; did you mean `labels`?
    ");
    let message = error(
        "environments:\n- {name: a b, path: /x}\n- {name: c, path: o/c, promotion: {copy: ['']}}\n\
         pullRequest: {title: '{{ x }}', reviewers: ['@a']}\ngates: {severity: {x: off}}\n",
    );
    let places: Vec<&str> =
        message.lines().filter_map(|line| line.split_once(": ")).map(|(at, _)| at).collect();
    assert_eq!(places.len(), 6, "{message}");
}

#[test]
fn a_file_elsewhere_is_told_where_it_belongs() {
    let load = |files: &[(&str, &str)]| {
        let overlays =
            [("overlays/dev/kustomization.yaml", ""), ("overlays/prod/kustomization.yaml", "")];
        let files = FileTree::of(files.iter().chain(&overlays).copied()).unwrap();
        RepositoryConfig::load(&files).map_err(|error| error.to_string())
    };
    for wrong in [".github/overlift.yml", "overlift.yaml", ".overlift.yml"] {
        let message = load(&[(wrong, "version: 1\n")]).unwrap_err();
        assert!(
            message.starts_with(&format!("{wrong}: the configuration belongs in")),
            "{message}"
        );
    }
    let both = [(".github/overlift.yml", "version: 1\n"), (CONFIG_PATH, "version: 1\n")];
    assert!(load(&both).is_err(), "nobody knows which of them is meant");
    assert!(load(&[("overlift.yaml", "x: 1\n"), (CONFIG_PATH, "version: 1\n")]).is_ok());
    assert!(load(&[("overlift.yaml", "apiVersion: apps/v1\nkind: Deployment\n")]).is_ok());
}
