//! What of the source is copied, and what is never written.

use std::collections::BTreeSet;

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
        let got = decided(&format!("-- S/{name} --\nx: 1\n-- T/kustomization.yaml --\n"), rules);
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
    let got = try_decide(&tree, &Rules::default(), &LastPromotion::NotLooked).unwrap();
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
        let error = try_decide(&tree, &Rules::default(), &LastPromotion::NotLooked).err().unwrap();
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
        let error = try_decide(&tree, &Rules::default(), &LastPromotion::NotLooked).err().unwrap();
        assert!(matches!(error, PlanError::InTheWay { .. }), "{error}");
    }
}

#[test]
fn asks_for_all_files_whose_content_is_not_here() {
    let mut tree = tree("-- S/kustomization.yaml --\n-- T/kustomization.yaml --\n");
    for at in ["o/dev/patches/a", "o/dev/patches/b", "o/prod/patches/b", "o/dev/other"] {
        tree.insert_unknown(path(at));
    }
    let error = try_decide(&tree, &Rules::default(), &LastPromotion::NotLooked).err().unwrap();
    let PlanError::Unknown(paths) = error else { panic!("{error}") };
    let want = ["o/dev/patches/a", "o/dev/patches/b", "o/prod/patches/b"].map(path);
    assert_eq!(paths, BTreeSet::from(want));
}
