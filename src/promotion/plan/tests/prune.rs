//! What goes from the target because it went from the source.

use super::*;
use crate::promotion::Prune;

fn pruning() -> Rules {
    Rules { prune: Prune::Removed, ..Rules::default() }
}

const NOW: &str = "-- S/kustomization.yaml --\npatches:\n- path: patches/a.yaml\n-- S/patches/a.yaml --\na\n\
    -- T/kustomization.yaml --\npatches:\n# old\n- path: patches/old.yaml # gone\n- path: ./patches/a.yaml\n- path: patches/own.yaml\n\
    configMapGenerator:\n- name: c\n  files:\n  - patches/old.txt\n- name: d\n  files:\n  - patches/old.txt\n  literals:\n  - x=1\n\
    -- T/patches/a.yaml --\na\n-- T/patches/old.yaml --\no\n-- T/patches/old.txt --\no\n-- T/patches/own.yaml --\nw\n-- T/kept.yaml --\nk";

fn had(below: &[&str]) -> LastPromotion {
    let dir = path("o/dev");
    LastPromotion::Files(below.iter().map(|path| dir.join(path).unwrap()).collect())
}

#[test]
fn what_the_source_had_and_has_no_more_goes_with_its_entries() {
    let then = had(&["patches/a.yaml", "patches/old.yaml", "patches/old.txt", "kept.yaml"]);
    let got = try_decide(&tree(NOW), &pruning(), &then).unwrap();
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
    let got = try_decide(&tree(NOW), &pruning(), &LastPromotion::None).unwrap();
    assert!(got.files.is_empty());
    assert!(got.warnings[0].contains("`dev` to `prod`"), "{:?}", got.warnings);
    let error = try_decide(&tree(NOW), &pruning(), &LastPromotion::HistoryCutOff).err().unwrap();
    assert!(error.to_string().contains("git fetch --unshallow"), "{error}");
    let got = try_decide(&tree(NOW), &Rules::default(), &LastPromotion::HistoryCutOff).unwrap();
    assert!(got.files.is_empty());
}

#[test]
fn a_pruned_folder_loses_its_entry() {
    let now = "-- S/kustomization.yaml --\n-- T/kustomization.yaml --\nresources:\n- patches/extra/\n-- T/patches/extra/kustomization.yaml --\nx: 1";
    let then = had(&["patches/extra/kustomization.yaml"]);
    let got = try_decide(&tree(now), &pruning(), &then).unwrap();
    assert_eq!(got.text("kustomization.yaml"), "resources:\n");
}
