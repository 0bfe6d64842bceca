//! How the target's kustomization comes to name what was copied.

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
    assert_eq!(got.text("kustomization.yaml"), "resources:\n- ../base\n- x\n- patches/a.yaml\n");
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
    let left: Vec<(&str, &str)> = got.left.iter().map(|l| (l.0.as_str(), l.1.as_str())).collect();
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
        assert_eq!(got.text("kustomization.yaml"), format!("x: 1\n{field}:\n- patches/a.yaml\n"));
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
        let error =
            try_decide(&tree(&files), &Rules::default(), &LastPromotion::NotLooked).err().unwrap();
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
    let error = try_decide(&files, &Rules::default(), &LastPromotion::NotLooked).err().unwrap();
    assert!(matches!(error, PlanError::InTheWay { what: "symlink", .. }), "{error}");
}
