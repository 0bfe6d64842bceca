//! The steps of a promotion up to its edits. What the edits do to a build is tested as behaviour.

use std::collections::BTreeMap;

use super::*;
use crate::model::{File, FileMode, FileTree, RepoPath};
use crate::policy::{Day, Fetched, Gates};
use crate::promotion::{CarriedField, Keep, PathGlob, Rules, Trigger};
use crate::yaml::FieldPath;

pub(super) fn path(text: &str) -> RepoPath {
    RepoPath::parse(text).unwrap()
}

/// Files from a text with `-- path --` lines; `S/` and `T/` are the two overlays.
fn tree(text: &str) -> FileTree {
    let mut tree = FileTree::new();
    for part in format!("\n{text}").split("\n-- ").skip(1) {
        let (name, content) =
            part.split_once(" --\n").unwrap_or((part.trim_end_matches(" --"), ""));
        let content = if content.is_empty() { String::new() } else { format!("{content}\n") };
        let name = name.replace("S/", "o/dev/").replace("T/", "o/prod/");
        tree.insert(path(&name), File::regular(content.into_bytes()));
    }
    tree
}

pub(super) struct Decided {
    pub(super) files: BTreeMap<String, Option<File>>,
    causes: BTreeMap<String, Vec<Cause>>,
    warnings: Vec<String>,
    left: Vec<(String, String, NotPromotedReason)>,
}

impl Decided {
    fn text(&self, below: &str) -> &str {
        let file = self.files.get(below).unwrap_or_else(|| panic!("{below} is not edited"));
        std::str::from_utf8(&file.as_ref().unwrap().content).unwrap()
    }
}

pub(super) fn try_decide(
    files: &FileTree,
    rules: Rules,
    last_promotion: LastPromotion<'_>,
) -> Result<Decided, PlanError> {
    let name = |text: &str| EnvironmentName::parse(text).unwrap();
    let environment = |text: &str, from: &[&str]| Environment {
        name: name(text),
        path: path(&format!("o/{text}")),
        trigger: Trigger::Manual,
        from: from.iter().map(|text| name(text)).collect(),
    };
    let environments = vec![environment("dev", &[]), environment("prod", &["dev"])];
    let pipeline = Pipeline::new(environments, rules).unwrap();
    let (source, target) = (name("dev"), name("prod"));
    let request = PlanRequest {
        files,
        pipeline: &pipeline,
        options: &BuildOptions::default(),
        source: &source,
        target: &target,
        commit: None,
        last_promotion,
        checks: Checks { gates: &Gates::none(), fetched: &Fetched::default(), today: Day::MIN },
    };
    let (source, target) = endpoints(&request).unwrap();
    let finished = decide(&request, source, target)?;
    let below = |edit: &FileEdit| edit.path.strip_prefix(&path("o/prod")).unwrap().to_owned();
    Ok(Decided {
        files: finished.edits.iter().map(|p| (below(&p.edit), p.edit.after.clone())).collect(),
        causes: finished.edits.iter().map(|p| (below(&p.edit), p.causes.clone())).collect(),
        warnings: finished.warnings.into_iter().map(|warning| warning.message).collect(),
        left: finished
            .not_promoted
            .into_iter()
            .map(|left| (left.field.to_owned(), left.entry, left.reason))
            .collect(),
    })
}

fn decided(text: &str, rules: Rules) -> Decided {
    try_decide(&tree(text), rules, LastPromotion::NotLooked).unwrap_or_else(|e| panic!("{e}"))
}

fn globs(texts: &[&str]) -> Vec<PathGlob> {
    texts.iter().map(|text| PathGlob::parse(text).unwrap()).collect()
}

fn keeping(file: &str, fields: &[&str]) -> Rules {
    let fields = fields.iter().map(|field| FieldPath::parse(field).unwrap()).collect();
    Rules { keep: vec![Keep { file: file.to_owned(), fields }], wire: false, ..Rules::default() }
}

fn carrying(fields: &[&str]) -> Rules {
    let fields = fields.iter().map(|field| CarriedField::parse(field).unwrap()).collect();
    Rules { fields, ..Rules::default() }
}

mod copy {
    use super::*;

    #[test]
    fn copies_what_matches_and_nothing_that_is_equal() {
        let rules = Rules {
            copy: globs(&["**"]),
            exclude: globs(&["own/**"]),
            wire: false,
            ..Rules::default()
        };
        let got = decided(
            "-- S/kustomization.yaml --\nnamePrefix: a\n-- S/a --\n1\n-- S/same --\nx\n-- S/own/b --\n2\n\
             -- S/sub/kustomization.yaml --\nc: 3\n-- T/kustomization.yaml --\n-- T/same --\nx\n-- T/only --\ny",
            rules,
        );
        assert_eq!(got.files.keys().collect::<Vec<_>>(), ["a", "sub/kustomization.yaml"]);
        assert_eq!(got.causes["a"], [Cause::Copied { from: path("o/dev/a") }]);
    }

    #[test]
    fn its_own_kustomization_is_never_copied_under_any_name() {
        for name in ["kustomization.yaml", "kustomization.yml", "Kustomization"] {
            let rules = Rules { copy: globs(&["**"]), wire: false, ..Rules::default() };
            let got =
                decided(&format!("-- S/{name} --\nx: 1\n-- T/kustomization.yaml --\n"), rules);
            assert!(got.files.is_empty(), "{name}");
        }
    }

    #[test]
    fn modes_symlinks_and_binary_files_survive() {
        let mut tree =
            tree("-- S/kustomization.yaml --\n-- T/kustomization.yaml --\n-- T/patches/run --\nx");
        let files = [
            ("run", FileMode::Executable, b"x\n".as_slice()),
            ("link", FileMode::Symlink, b"../../../base/x.yaml"),
            ("binary", FileMode::Regular, b"\0\xff\xfe"),
        ];
        for (name, mode, content) in files {
            let file = File { mode, content: content.into() };
            tree.insert(path(&format!("o/dev/patches/{name}")), file);
        }
        let got = try_decide(&tree, Rules::default(), LastPromotion::NotLooked).unwrap();
        for (name, mode, content) in files {
            let file = got.files[&format!("patches/{name}")].as_ref().unwrap();
            assert_eq!((file.mode, &*file.content), (mode, content), "{name}");
        }
    }

    #[test]
    fn a_symlink_that_leads_outside_is_refused() {
        for target in ["../../../../etc/passwd", "/etc/passwd"] {
            let mut tree = tree("-- S/kustomization.yaml --\n-- T/kustomization.yaml --\n");
            let link = File { mode: FileMode::Symlink, content: target.as_bytes().into() };
            tree.insert(path("o/dev/patches/l"), link);
            let error =
                try_decide(&tree, Rules::default(), LastPromotion::NotLooked).err().unwrap();
            assert!(matches!(error, PlanError::SymlinkOutside { .. }), "{error}");
        }
    }

    #[test]
    fn nothing_is_written_through_a_symlink_or_over_a_folder() {
        let mut through =
            tree("-- S/kustomization.yaml --\n-- S/patches/a --\n-- T/kustomization.yaml --\n");
        let link = File { mode: FileMode::Symlink, content: b"../../base".as_slice().into() };
        through.insert(path("o/prod/patches"), link);
        let over = tree(
            "-- S/kustomization.yaml --\n-- S/patches/a --\n-- T/kustomization.yaml --\n-- T/patches/a/b --\nx",
        );
        for tree in [through, over] {
            let error =
                try_decide(&tree, Rules::default(), LastPromotion::NotLooked).err().unwrap();
            assert!(matches!(error, PlanError::InTheWay { .. }), "{error}");
        }
    }

    #[test]
    fn asks_for_all_files_whose_content_is_not_here() {
        let mut tree = tree("-- S/kustomization.yaml --\n-- T/kustomization.yaml --\n");
        for at in ["o/dev/patches/a", "o/dev/patches/b", "o/prod/patches/b", "o/dev/other"] {
            tree.insert_unknown(path(at));
        }
        let error = try_decide(&tree, Rules::default(), LastPromotion::NotLooked).err().unwrap();
        let PlanError::Unknown(paths) = error else { panic!("{error}") };
        let want = ["o/dev/patches/a", "o/dev/patches/b", "o/prod/patches/b"].map(path);
        assert_eq!(paths, BTreeSet::from(want));
    }
}

mod prune {
    use super::*;

    fn pruning() -> Rules {
        Rules { prune: Prune::Removed, ..Rules::default() }
    }

    const NOW: &str = "-- S/kustomization.yaml --\npatches:\n- path: patches/a.yaml\n-- S/patches/a.yaml --\na\n\
        -- T/kustomization.yaml --\npatches:\n# old\n- path: patches/old.yaml # gone\n- path: ./patches/a.yaml\n- path: patches/own.yaml\n\
        configMapGenerator:\n- name: c\n  files:\n  - patches/old.txt\n- name: d\n  files:\n  - patches/old.txt\n  literals:\n  - x=1\n\
        -- T/patches/a.yaml --\na\n-- T/patches/old.yaml --\no\n-- T/patches/old.txt --\no\n-- T/patches/own.yaml --\nw\n-- T/kept.yaml --\nk";

    #[test]
    fn what_the_source_had_and_has_no_more_goes_with_its_entries() {
        let then = tree(
            "-- S/patches/a.yaml --\na\n-- S/patches/old.yaml --\no\n-- S/patches/old.txt --\n\n-- S/kept.yaml --\nk",
        );
        let got = try_decide(&tree(NOW), pruning(), LastPromotion::Files(&then)).unwrap();
        let gone: Vec<&String> =
            got.files.iter().filter(|(_, f)| f.is_none()).map(|(p, _)| p).collect();
        assert_eq!(gone, ["patches/old.txt", "patches/old.yaml"]);
        assert_eq!(
            got.text("kustomization.yaml"),
            "patches:\n# old\n- path: ./patches/a.yaml\n- path: patches/own.yaml\nconfigMapGenerator:\n- name: d\n  files:\n  literals:\n  - x=1\n"
        );
        assert_eq!(got.causes["patches/old.yaml"], [Cause::Pruned]);
    }

    #[test]
    fn without_a_last_promotion_nothing_goes() {
        let got = try_decide(&tree(NOW), pruning(), LastPromotion::None).unwrap();
        assert!(got.files.is_empty());
        assert!(got.warnings[0].contains("`dev` to `prod`"), "{:?}", got.warnings);
        let error = try_decide(&tree(NOW), pruning(), LastPromotion::HistoryCutOff).err().unwrap();
        assert!(error.to_string().contains("git fetch --unshallow"), "{error}");
        let got = try_decide(&tree(NOW), Rules::default(), LastPromotion::HistoryCutOff).unwrap();
        assert!(got.files.is_empty());
    }

    #[test]
    fn a_pruned_folder_loses_its_entry() {
        let now = "-- S/kustomization.yaml --\n-- T/kustomization.yaml --\nresources:\n- patches/extra/\n-- T/patches/extra/kustomization.yaml --\nx: 1";
        let then = tree("-- S/patches/extra/kustomization.yaml --\nx: 1");
        let got = try_decide(&tree(now), pruning(), LastPromotion::Files(&then)).unwrap();
        assert_eq!(got.text("kustomization.yaml"), "resources:\n");
    }
}

mod keep {
    use super::*;

    fn kept(source: &str, target: &str, fields: &[&str]) -> (String, Vec<String>) {
        let files = format!(
            "-- S/kustomization.yaml --\n-- T/kustomization.yaml --\n-- S/patches/p.yaml --\n{source}\n-- T/patches/p.yaml --\n{target}"
        );
        let got = decided(&files, keeping("patches/p.yaml", fields));
        let text = match got.files.get("patches/p.yaml") {
            Some(_) => got.text("patches/p.yaml").trim_end_matches('\n').to_owned(),
            None => target.to_owned(),
        };
        (text, got.warnings)
    }

    #[test]
    fn the_target_keeps_its_value_and_the_rest_comes_with_its_layout() {
        let (text, warnings) = kept(
            "# new\nkind: D\nspec:\n    # scale\n    replicas: 1   # dev\n    image: b\n    env: {a: 1}\n",
            "kind: D\nspec:\n  replicas: '5' # prod\n  env:\n  - x\n  image: a\n",
            &["spec.replicas", "spec.env"],
        );
        assert_eq!(
            text,
            "# new\nkind: D\nspec:\n    # scale\n    replicas: '5'   # dev\n    image: b\n    env:\n    - x"
        );
        assert!(warnings.is_empty(), "{warnings:?}");
    }

    #[test]
    fn list_items_are_picked_by_field_index_and_text() {
        let source = "c:\n- name: a\n  v: 1\n- name: b\n  v: 2\nl: [x, y]\nm:\n  k.d: 1\n";
        let target = "c:\n- name: b\n  v: 20\n- name: a\n  v: 10\nl: [p, q]\nm:\n  k.d: 9\n";
        let (text, _) = kept(source, target, &["c.[name=b].v", "l.1", "m.[k.d]"]);
        assert_eq!(text, "c:\n- name: a\n  v: 1\n- name: b\n  v: 20\nl: [x, q]\nm:\n  k.d: 9");
        let (text, _) = kept(source, target, &["c.*.v", "m.k\\.d"]);
        assert_eq!(text, "c:\n- name: a\n  v: 20\n- name: b\n  v: 10\nl: [x, y]\nm:\n  k.d: 9");
    }

    #[test]
    fn a_field_that_the_source_lacks_follows_the_nearest_earlier_key() {
        let (text, _) = kept(
            "a: 1\nb:\n  x: 1\nd: 4\n",
            "a: 0\nc: # why\n    k: v\nb:\n  deep:\n    y: 2\n",
            &["c", "b.deep.y"],
        );
        assert_eq!(text, "a: 1\nc:\n    k: v\nb:\n  x: 1\n  deep:\n    y: 2\nd: 4");
    }

    #[test]
    fn a_field_that_the_target_lacks_stays_absent() {
        let (text, warnings) = kept(
            "a: 1\nb: 2 # gone\nc: {d: 3}\nl:\n- x\n- y\n",
            "a: 0\nc: {}\nl: []\n",
            &["b", "c.d", "l.[=x]"],
        );
        assert_eq!(text, "a: 1\nc: {}\nl:\n- y");
        assert!(warnings.is_empty());
    }

    #[test]
    fn a_new_list_item_comes_whole() {
        let (text, _) = kept(
            "c:\n- name: a\n  image: a:2\n- name: new\n  image: n:1\n",
            "c:\n- name: a\n  image: a:1\n",
            &["c.[name=a].image", "c.[name=new].image"],
        );
        assert_eq!(text, "c:\n- name: a\n  image: a:1\n- name: new\n  image: n:1");
    }

    #[test]
    fn documents_pair_by_identity() {
        let doc = |version: &str, name: &str, v: u8| {
            format!("apiVersion: g/{version}\nkind: K\nmetadata:\n  name: {name}\nv: {v}\n")
        };
        let (text, _) = kept(
            &format!("{}---\n{}", doc("v2", "a", 1), doc("v1", "b", 2)),
            &format!(
                "{}---\n{}---\n{}",
                doc("v1", "b", 20),
                doc("v1", "other", 30),
                doc("v1", "a", 10)
            ),
            &["v"],
        );
        assert_eq!(text, format!("{}---\n{}", doc("v2", "a", 10), doc("v1", "b", 20)).trim_end());
    }

    #[test]
    fn a_path_that_matches_nothing_is_a_warning() {
        let (_, warnings) = kept("a: 1\n", "a: 2\n", &["spec.replica"]);
        assert_eq!(warnings, ["`promotion.keep` names a field that neither side has"]);
        let got = decided(
            "-- S/kustomization.yaml --\n-- T/kustomization.yaml --\n",
            keeping("patches/none.yaml", &["a"]),
        );
        assert_eq!(got.warnings, ["`promotion.keep` names a file that neither side has"]);
    }

    #[test]
    fn without_the_file_in_the_target_it_is_a_plain_copy() {
        let got = decided(
            "-- S/kustomization.yaml --\n-- T/kustomization.yaml --\n-- S/patches/p.yaml --\na: 1",
            keeping("patches/p.yaml", &["a"]),
        );
        assert_eq!(got.text("patches/p.yaml"), "a: 1\n");
        assert_eq!(got.causes["patches/p.yaml"].len(), 1);
    }

    #[test]
    fn a_file_that_differs_only_in_kept_fields_is_no_edit() {
        let (text, _) = kept("a: 1\nb:\n  c: 1\n", "a: 1\nb:\n  c: 2\n", &["b.c"]);
        assert_eq!(text, "a: 1\nb:\n  c: 2\n");
    }

    #[test]
    fn nobody_keeps_hundreds_of_values() {
        let list = |value: &str| (0..220).map(|i| format!("k{i}: {value}\n")).collect::<String>();
        let files = tree(&format!(
            "-- S/kustomization.yaml --\n-- T/kustomization.yaml --\n-- S/patches/p.yaml --\n{}-- T/patches/p.yaml --\n{}",
            list("1"),
            list("2")
        ));
        let error = try_decide(&files, keeping("patches/p.yaml", &["*"]), LastPromotion::NotLooked);
        assert!(matches!(error.err().unwrap(), PlanError::TooManyKept { .. }));
    }

    #[test]
    fn anchors_are_refused_with_their_place() {
        let files = tree(
            "-- S/kustomization.yaml --\n-- T/kustomization.yaml --\n-- S/patches/p.yaml --\na: &x 1\nb: *x\n-- T/patches/p.yaml --\na: 2",
        );
        let error = try_decide(&files, keeping("patches/p.yaml", &["a"]), LastPromotion::NotLooked);
        let text = error.err().unwrap().to_string();
        assert!(text.starts_with("o/dev/patches/p.yaml:1:4 (a): this has an anchor"), "{text}");
    }
}

mod wire {
    use super::*;

    const FILES: &str =
        "-- S/patches/a.yaml --\na\n-- S/patches/b.yaml --\nb\n-- S/patches/c.yaml --\nc\n";

    fn wired(source: &str, target: &str) -> Decided {
        decided(
            &format!(
                "{FILES}-- S/kustomization.yaml --\n{source}\n-- T/kustomization.yaml --\n{target}"
            ),
            Rules::default(),
        )
    }

    #[test]
    fn a_new_entry_comes_whole_behind_the_nearest_common_one() {
        let got = wired(
            "patches:\n- path: patches/a.yaml\n- path: patches/b.yaml\n  target:\n    kind: D\n- path: patches/c.yaml\n",
            "patches:\n- path: patches/c.yaml\n- path: own.yaml\n- path: ./patches/../patches/a.yaml # here\n- path: last.yaml\n",
        );
        assert_eq!(
            got.text("kustomization.yaml").trim_end_matches('\n'),
            "patches:\n- path: patches/c.yaml\n- path: own.yaml\n- path: ./patches/../patches/a.yaml # here\n\
             - path: patches/b.yaml\n  target:\n    kind: D\n- path: last.yaml"
        );
        let wired = Cause::Wired { field: "patches", entry: "patches/b.yaml".to_owned() };
        assert_eq!(got.causes["kustomization.yaml"], [wired]);
    }

    #[test]
    fn many_new_entries_keep_their_order_among_those_of_the_target() {
        let entry = |i: usize| format!("- path: patches/{i}.yaml\n");
        let mut files: String =
            (0..1_500).map(|i| format!("-- S/patches/{i}.yaml --\na: {i}\n")).collect();
        let all: String = (0..1_500).map(entry).collect();
        files += &format!(
            "-- S/kustomization.yaml --\npatches:\n{all}-- T/kustomization.yaml --\npatches:\n- path: own.yaml\n{}- path: last.yaml",
            entry(700)
        );
        let got = decided(&files, Rules::default());
        let first: String = (0..700).map(entry).collect();
        let rest: String = (701..1_500).map(entry).collect();
        // What comes before the first common entry goes to the end, as it has no place.
        assert_eq!(
            got.text("kustomization.yaml"),
            format!("patches:\n- path: own.yaml\n{}{rest}- path: last.yaml\n{first}", entry(700))
        );
    }

    #[test]
    fn without_a_common_entry_before_it_it_goes_to_the_end() {
        let got = wired("resources:\n- patches/a.yaml\n- ../base\n", "resources:\n- ../base\n- x");
        assert_eq!(
            got.text("kustomization.yaml"),
            "resources:\n- ../base\n- x\n- patches/a.yaml\n"
        );
    }

    #[test]
    fn the_patch_fields_count_as_one_and_the_targets_entry_stays() {
        let got = wired(
            "patches:\n- path: patches/a.yaml\n  target: {kind: X}\n- path: patches/b.yaml\n- path: patches/c.yaml\n",
            "patchesStrategicMerge: [patches/a.yaml, patches/b.yaml]\npatchesJson6902:\n- path: patches/c.yaml\n  target: {kind: Y}",
        );
        assert!(!got.files.contains_key("kustomization.yaml"));
        let other =
            |entry: &str| ("patches".to_owned(), entry.to_owned(), NotPromotedReason::OtherKeys);
        assert_eq!(got.left, [other("patches/a.yaml"), other("patches/c.yaml")]);
    }

    #[test]
    fn entries_without_a_file_and_files_that_are_not_copied_stay_behind() {
        let got = wired(
            "resources:\n- ../../base\n- ../other\n- https://example.com/x\n- local.yaml\npatches:\n- patch: |-\n    - op: remove\n      path: /secret\n  target:\n    kind: D\n    name: d\n- patch: same\n",
            "resources:\n- ../../base\npatches:\n- patch: 'same'",
        );
        let left: Vec<(&str, &str)> =
            got.left.iter().map(|l| (l.0.as_str(), l.1.as_str())).collect();
        assert_eq!(
            left,
            [
                ("resources", "../other"),
                ("resources", "https://example.com/x"),
                ("resources", "local.yaml"),
                ("patches", "entry 1 for D d"),
            ]
        );
        assert!(!got.files.contains_key("kustomization.yaml"));
    }

    #[test]
    fn a_folder_counts_by_its_kustomization() {
        let got = wired("components:\n- patches/comp\nresources: [patches/none]", "components: []");
        assert!(!got.files.contains_key("kustomization.yaml"));
        let got = decided(
            "-- S/patches/comp/kustomization.yml --\nkind: Component\n-- S/kustomization.yaml --\ncomponents:\n- patches/comp/\n-- T/kustomization.yaml --\ncomponents: []",
            Rules::default(),
        );
        assert_eq!(got.text("kustomization.yaml"), "components:\n- patches/comp/\n");
    }

    #[test]
    fn files_that_are_equal_already_are_wired_too() {
        let got = decided(
            "-- S/patches/a.yaml --\na\n-- T/patches/a.yaml --\na\n-- S/kustomization.yaml --\ncrds:\n- patches/a.yaml\n-- T/kustomization.yaml --\nx: 1",
            Rules::default(),
        );
        assert_eq!(got.text("kustomization.yaml"), "x: 1\ncrds:\n- patches/a.yaml\n");
    }

    #[test]
    fn a_way_around_through_the_source_is_written_straight() {
        let got = wired(
            "patches:\n- path: ../dev/patches/a.yaml\n  options: {allowNameChange: true}",
            "x: 1",
        );
        assert_eq!(
            got.text("kustomization.yaml"),
            "x: 1\npatches:\n- path: patches/a.yaml\n  options: {allowNameChange: true}\n"
        );
    }

    #[test]
    fn every_field_with_files_is_wired() {
        for field in [
            "resources",
            "components",
            "crds",
            "configurations",
            "generators",
            "transformers",
            "validators",
            "bases",
            "patchesStrategicMerge",
        ] {
            let got = wired(&format!("{field}:\n- patches/a.yaml\n"), "x: 1");
            assert_eq!(
                got.text("kustomization.yaml"),
                format!("x: 1\n{field}:\n- patches/a.yaml\n")
            );
        }
        for field in ["patchesJson6902", "patches", "replacements"] {
            let got = wired(&format!("{field}:\n- path: patches/a.yaml\n"), "x: 1");
            assert_eq!(
                got.text("kustomization.yaml"),
                format!("x: 1\n{field}:\n- path: patches/a.yaml\n")
            );
        }
        let got = wired("openapi:\n  path: patches/a.yaml\n", "x: 1");
        assert_eq!(got.text("kustomization.yaml"), "x: 1\nopenapi:\n  path: patches/a.yaml\n");
    }

    #[test]
    fn generators_match_by_name_and_namespace_and_gain_missing_lines_only() {
        let got = wired(
            "configMapGenerator:\n- name: c\n  files:\n  - patches/a.yaml\n  - key=patches/b.yaml\n  - other/x\n  literals: [A=1, B=secret]\n- name: c\n  namespace: n\n  envs: [patches/c.yaml]\n  options:\n    disableNameSuffixHash: true\n  literals:\n  - Z=hidden\n",
            "configMapGenerator:\n  - name: c\n    files:\n      - patches/a.yaml\n      - own\n    literals: [A=1]\n",
        );
        assert_eq!(
            got.text("kustomization.yaml").trim_end(),
            "configMapGenerator:\n  - name: c\n    files:\n      - patches/a.yaml\n      - key=patches/b.yaml\n      - own\n    literals: [A=1]\n  - name: c\n    namespace: n\n    envs: [patches/c.yaml]\n    options:\n      disableNameSuffixHash: true"
        );
        let left: Vec<&str> = got.left.iter().map(|left| left.1.as_str()).collect();
        assert_eq!(left, ["c: other/x", "c: literal B", "c: literal Z"]);
    }

    #[test]
    fn a_generator_of_literals_only_stays_behind() {
        let got = wired("secretGenerator:\n- name: s\n  literals: [P=hunter2]\n", "x: 1");
        assert!(!got.files.contains_key("kustomization.yaml"));
        assert_eq!(
            got.left,
            [("secretGenerator".to_owned(), "s".to_owned(), NotPromotedReason::WithoutFile)]
        );
    }

    #[test]
    fn what_is_written_in_place_is_never_shown() {
        let secret = "'{\"kind\":\"Secret\",\"data\":{\"p\":\"aHVudGVy\"}}'";
        let got = wired(
            &format!(
                "patchesStrategicMerge:\n- {secret}\ntransformers: [{secret}]\npatches:\n- patch: {secret}\n"
            ),
            "x: 1",
        );
        let left: Vec<&str> = got.left.iter().map(|left| left.1.as_str()).collect();
        assert_eq!(left, ["entry 1"; 3]);
        assert!(got.left.iter().all(|left| left.2 == NotPromotedReason::WithoutFile));
    }

    #[test]
    fn aliases_are_refused_where_entries_could_hide_behind_them() {
        for (source, target) in [
            ("a: &p [{path: patches/a.yaml}]\npatches: *p", "x: 1"),
            ("patches:\n- path: &p patches/a.yaml\n- path: *p", "x: 1"),
            ("x: &p {patches: []}\n<<: *p", "x: 1"),
            (
                "configMapGenerator:\n- name: c\n  files: &f [patches/a.yaml]\n- name: d\n  files: *f",
                "x: 1",
            ),
            ("x: 1", "y: &p [q]\nresources: *p"),
        ] {
            let files = format!(
                "{FILES}-- S/kustomization.yaml --\n{source}\n-- T/kustomization.yaml --\n{target}"
            );
            let error = try_decide(&tree(&files), Rules::default(), LastPromotion::NotLooked)
                .err()
                .unwrap();
            assert!(
                matches!(
                    error,
                    PlanError::Edit { source: crate::yaml::edit::EditError::Anchored { .. }, .. }
                ),
                "{source} {error}"
            );
        }
        // Elsewhere they are nobody's business.
        let got = wired(
            "commonLabels: &l {a: b}\ncommonAnnotations: *l\npatches:\n- path: patches/a.yaml",
            "commonLabels: &l {a: b}\ncommonAnnotations: *l",
        );
        assert!(got.text("kustomization.yaml").contains("patches/a.yaml"));
    }

    #[test]
    fn other_settings_of_a_generator_are_reported() {
        let got = wired(
            "configMapGenerator:\n- name: c\n  behavior: merge\n  files: [patches/a.yaml]",
            "configMapGenerator:\n- name: c\n  files: [patches/a.yaml]",
        );
        assert_eq!(
            got.left,
            [("configMapGenerator".to_owned(), "c".to_owned(), NotPromotedReason::OtherKeys)]
        );
    }

    #[test]
    fn wiring_can_be_turned_off() {
        let rules = Rules { wire: false, ..Rules::default() };
        let got = decided(
            &format!(
                "{FILES}-- S/kustomization.yaml --\npatches:\n- path: patches/a.yaml\n-- T/kustomization.yaml --\nx: 1"
            ),
            rules,
        );
        assert_eq!(got.files.len(), 3);
        assert!(!got.files.contains_key("kustomization.yaml"));
    }

    #[test]
    fn no_kustomization_is_written_through_a_symlink() {
        let mut files = tree(&format!(
            "{FILES}-- S/kustomization.yaml --\npatches:\n- path: patches/a.yaml\n-- base/k --\nx: 1"
        ));
        let link = File { mode: FileMode::Symlink, content: b"../../base/k".as_slice().into() };
        files.insert(path("o/prod/kustomization.yaml"), link);
        let error = try_decide(&files, Rules::default(), LastPromotion::NotLooked).err().unwrap();
        assert!(matches!(error, PlanError::InTheWay { what: "symlink", .. }), "{error}");
    }
}

mod carry {
    use super::*;

    fn carried(source: &str, target: &str, fields: &[&str]) -> (String, Vec<Cause>) {
        let got = decided(
            &format!("-- S/kustomization.yaml --\n{source}\n-- T/kustomization.yaml --\n{target}"),
            carrying(fields),
        );
        let text = match got.files.get("kustomization.yaml") {
            Some(_) => got.text("kustomization.yaml").trim_end_matches('\n').to_owned(),
            None => target.to_owned(),
        };
        (text, got.causes.get("kustomization.yaml").cloned().unwrap_or_default())
    }

    #[test]
    fn images_are_matched_by_name_and_only_what_differs_is_touched() {
        let (text, causes) = carried(
            "images:\n- name: a\n  newTag: \"2\"\n- name: b\n  newTag: v2\n- name: c\n  digest: sha256:x\n",
            "images:\n  # pinned\n  - newTag: '1' # was 0\n    name: a\n  - name: own\n    newTag: v9\n  - name: c\n    newTag: old\n",
            &["images"],
        );
        assert_eq!(
            text,
            "images:\n  # pinned\n  - newTag: \"2\" # was 0\n    name: a\n  - name: b\n    newTag: v2\n  - name: own\n    newTag: v9\n  - name: c\n    digest: sha256:x"
        );
        let keys = ["a", "b", "c"].map(str::to_owned).to_vec();
        assert_eq!(causes, [Cause::Carried { field: "images", keys }]);
    }

    #[test]
    fn what_is_equal_is_no_edit() {
        let (text, causes) = carried(
            "images:\n- name: a\n  newTag: '1'\n",
            "images: [{newTag: \"1\", name: a}]",
            &["images"],
        );
        assert_eq!((text.as_str(), causes.len()), ("images: [{newTag: \"1\", name: a}]", 0));
    }

    #[test]
    fn fields_that_are_absent_begin() {
        let (text, _) = carried(
            "replicas:\n- name: d\n  count: 3\nnamespace: n\ncommonLabels: {a: b}\nbuildMetadata: [originAnnotations]\n",
            "resources: [x]",
            &["replicas", "namespace", "commonLabels", "buildMetadata", "namePrefix"],
        );
        assert_eq!(
            text,
            "resources: [x]\nreplicas: [{name: d, count: 3}]\nnamespace: n\ncommonLabels: {a: b}\nbuildMetadata: [originAnnotations]"
        );
    }

    #[test]
    fn mappings_and_single_values_are_carried_by_key() {
        let (text, _) = carried(
            "commonAnnotations:\n  a: '1'\n  b: '2'\nnamePrefix: x-\n",
            "namePrefix: y- # mine\ncommonAnnotations:\n  own: z\n  a: '0'\n",
            &["commonAnnotations", "namePrefix"],
        );
        assert_eq!(text, "namePrefix: x- # mine\ncommonAnnotations:\n  own: z\n  a: '1'\n  b: '2'");
    }

    #[test]
    fn labels_are_told_apart_by_their_name() {
        let (text, _) = carried(
            "labels:\n- pairs:\n    team: a\n    tier: web\n- pairs: {x: '1', y: '2'}\n  includeSelectors: true\n",
            "labels:\n- includeTemplates: true\n  pairs: {team: b, x: '0'}\n- pairs:\n    own: c\n",
            &["labels"],
        );
        assert_eq!(
            text,
            "labels:\n- includeTemplates: true\n  pairs: {team: a, x: '1'}\n- pairs:\n    own: c\n    tier: web\n- pairs: {y: '2'}\n  includeSelectors: true"
        );
    }
}
