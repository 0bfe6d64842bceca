//! "However I write my kustomization, the promoted patch has its effect and no other line moves."

use crate::support::{Repo, kubectl_kustomize};

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shop\ndata:\n  a: b\n";
const PATCH: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shop\ndata:\n  a: promoted\n";

/// Production's kustomization as people write it, and the lines that the promotion may add.
const STYLES: [(&str, &str, &[&str]); 11] = [
    ("absent", "resources:\n- ../../base\n", &["patches:", "- path: patches/shop.yaml"]),
    (
        "indented",
        "resources:\n  - ../../base\npatches:\n  - path: patches/own.yaml\n",
        &["  - path: patches/shop.yaml"],
    ),
    (
        "four spaces",
        "resources:\n    - ../../base\npatches:\n    -   path: patches/own.yaml\n",
        &["    -   path: patches/shop.yaml"],
    ),
    (
        "comments",
        "# ours\nresources: # all\n- ../../base # the base\n\npatches:\n# first\n- path: patches/own.yaml # mine\n\n# the end\n",
        &["- path: patches/shop.yaml"],
    ),
    (
        "empty",
        "resources:\n- ../../base\npatches: []\n",
        &["patches:", "- path: patches/shop.yaml"],
    ),
    ("null", "resources:\n- ../../base\npatches:\n", &["- path: patches/shop.yaml"]),
    (
        "flow",
        "resources: [../../base]\npatches: [{path: patches/own.yaml}]\n",
        &["patches: [{path: patches/own.yaml}, {path: patches/shop.yaml}]"],
    ),
    (
        "crlf",
        "resources:\r\n- ../../base\r\npatches:\r\n- path: patches/own.yaml\r\n",
        &["- path: patches/shop.yaml\r"],
    ),
    (
        "no final newline",
        "resources:\n- ../../base\npatches:\n- path: patches/own.yaml",
        &["- path: patches/shop.yaml"],
    ),
    (
        "quotes",
        "\"resources\":\n- \"../../base\"\n'patches':\n- 'path': \"patches/own.yaml\"\n",
        &["- path: patches/shop.yaml"],
    ),
    (
        "document marks",
        "---\nresources:\n- ../../base\npatches:\n- path: patches/own.yaml\n...\n",
        &["- path: patches/shop.yaml"],
    ),
];

#[test]
fn a_promoted_patch_has_its_effect_in_kustomizations_of_every_style() {
    for (style, kustomization, added) in STYLES {
        let own = PATCH.replace("a: promoted", "own: kept");
        let repo = Repo::new(&[
            ("base/kustomization.yaml", "resources:\n- config.yaml\n"),
            ("base/config.yaml", CONFIG),
            (
                "overlays/staging/kustomization.yaml",
                "resources:\n- ../../base\npatches:\n- path: patches/shop.yaml\n",
            ),
            ("overlays/staging/patches/shop.yaml", PATCH),
            ("overlays/production/kustomization.yaml", kustomization),
            ("overlays/production/patches/own.yaml", &own),
        ]);
        repo.overlift(&["promote", "staging", "production", "--commit"]).ok();
        repo.git(&["checkout", "-q", "promote/staging-to-production"]);

        let after = repo.read("overlays/production/kustomization.yaml");
        let lines = |text: &str| text.split('\n').map(str::to_owned).collect::<Vec<_>>();
        let (old, new) = (lines(kustomization), lines(&after));
        let fresh: Vec<&String> = new.iter().filter(|line| !old.contains(line)).collect();
        assert_eq!(fresh, added.iter().collect::<Vec<_>>(), "{style}: {after}");
        let lost: Vec<&String> = old
            .iter()
            .filter(|line| !new.contains(line) && !line.ends_with("[]") && !line.ends_with("}]"))
            .collect();
        assert!(lost.is_empty(), "{style}: lost {lost:?}");

        let built = repo.overlift(&["build", "overlays/production"]).ok();
        assert!(built.contains("a: promoted"), "{style}: {built}");
        if let Some(expected) = kubectl_kustomize(&repo.path("overlays/production")) {
            assert_eq!(built, expected, "{style}");
        }
        let again = repo.overlift(&["promote", "staging", "production", "--commit"]).ok();
        assert!(again.contains("Nothing to promote"), "{style}: {again}");
    }
}
