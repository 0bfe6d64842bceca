//! Random overlays and rules: whatever is promoted, a second promotion finds nothing to do, the
//! target keeps what is its own, and every copied file that the source uses is used.

use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;

use super::tests::{Decided, path, try_decide};
use crate::model::{FieldPath, File, FileTree};
use crate::promotion::{CarriedField, Keep, LastPromotion, PathGlob, Prune, Rules};
use crate::yaml::edit::{Editor, SpanNode};

const FILES: [&str; 6] = [
    "patches/a.yaml",
    "patches/b.yaml",
    "patches/deep/c.yaml",
    "patches/d.txt",
    "own.yaml",
    "x.env",
];

/// One side's kustomization, each list with the way it is written.
fn kustomization() -> impl Strategy<Value = String> {
    let entry = prop::sample::select(vec![
        "- path: patches/a.yaml\n",
        "- path: ./patches/b.yaml # why\n",
        "- path: patches/deep/c.yaml\n  target:\n    kind: D\n",
        "- {path: patches/d.txt, target: {kind: D, name: x}}\n",
        "- path: own.yaml\n",
        "# a remark\n- patch: |\n    a: 1\n",
        "- path: patches/a.yaml\n  target: {kind: E}\n",
    ]);
    let patches = vec(entry, 0..5).prop_map(|entries| format!("patches:\n{}", entries.concat()));
    let flow = vec(
        prop::sample::select(vec!["patches/a.yaml", "patches/b.yaml", "own.yaml", "../../base"]),
        0..4,
    );
    let resources = flow.prop_map(|list| format!("resources: [{}]\n", list.join(", ")));
    let generator = (
        prop::sample::select(vec!["c", "d"]),
        btree_set(
            prop::sample::select(vec![
                "patches/d.txt",
                "k=patches/a.yaml",
                "x.env",
                "patches/b.yaml",
            ]),
            0..4,
        ),
        any::<bool>(),
    )
        .prop_map(|(name, files, literals)| {
            let mut text = format!("- name: {name}\n");
            if !files.is_empty() {
                let lines: String = files.iter().map(|file| format!("    - {file}\n")).collect();
                text += &format!("  files:\n{lines}");
            }
            if literals {
                text += "  literals: [A=1]\n";
            }
            text
        });
    let generators = vec(generator, 0..3).prop_map(|mut list| {
        list.dedup_by(|a, b| a[..9] == b[..9]);
        format!("configMapGenerator:\n{}", list.concat())
    });
    let image = (
        prop::sample::select(vec!["a", "b", "c"]),
        prop::sample::select(vec!["newTag: '1'", "newTag: v2", "digest: sha256:x"]),
    );
    let images =
        btree_map(prop::sample::select(vec!["a", "b", "c"]), image, 0..3).prop_map(|images| {
            let list: String = images
                .iter()
                .map(|(name, (_, tag))| format!("  - name: {name}\n    {tag}\n"))
                .collect();
            format!("images:\n{list}")
        });
    let labels = prop::sample::select(vec![
        "labels:\n- pairs: {team: a, tier: web}\n",
        "labels:\n- pairs:\n    team: b\n  includeSelectors: true\n- pairs: {x: '1'}\n",
        "commonLabels: {a: b}\n",
        "commonLabels:\n  a: c\n  d: e\n",
        "namespace: n\n",
        "namePrefix: p- # mine\n",
    ]);
    let field = prop_oneof![
        3 => patches, 2 => resources, 2 => generators, 1 => images, 1 => labels.prop_map(str::to_owned)
    ];
    (vec(field, 0..6), any::<bool>()).prop_map(|(fields, crlf)| {
        let mut seen = std::collections::BTreeSet::new();
        let mut text = String::from("# head\n");
        for field in fields {
            let name = field.split(':').next().unwrap_or("").to_owned();
            if seen.insert(name) {
                text += &field;
            }
        }
        if crlf { text.replace('\n', "\r\n") } else { text }
    })
}

fn manifest() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "kind: D\nmetadata: {name: x}\nspec:\n  replicas: 1\n  l:\n  - name: a\n    v: 1\n",
        "kind: D\nmetadata:\n  name: x\nspec: {replicas: 2, l: [{name: b, v: 2}, {name: a, v: 3}]}\n",
        "# other\nkind: D\nmetadata: {name: x}\nspec:\n    image: i # c\n",
        "kind: D\nmetadata: {name: x}\nspec:\n    replicas: 7\n---\nkind: E\nmetadata: {name: y}\nspec:\n  image: z\n",
        "kind: D\nmetadata: {name: x}\nspec: {}\n",
    ])
    .prop_map(str::to_owned)
}

fn side() -> impl Strategy<Value = (String, std::collections::BTreeMap<&'static str, String>)> {
    (kustomization(), btree_map(prop::sample::select(FILES.to_vec()), manifest(), 0..6))
}

fn rules() -> impl Strategy<Value = Rules> {
    let copy = prop::sample::select(vec!["patches/**", "**", "patches/*.yaml", "**/*.yaml"]);
    let fields = btree_set(
        prop::sample::select(vec!["images", "labels", "commonLabels", "namespace", "namePrefix"]),
        0..5,
    );
    let kept = btree_set(
        prop::sample::select(vec![
            "spec.replicas",
            "spec.l.[name=a].v",
            "spec.image",
            "spec.l.[name=b]",
            "spec.*",
        ]),
        0..3,
    );
    (copy, fields, kept, any::<bool>()).prop_map(|(copy, fields, kept, exclude)| Rules {
        copy: vec![PathGlob::parse(copy).unwrap()],
        exclude: exclude.then(|| PathGlob::parse("**/b.yaml").unwrap()).into_iter().collect(),
        keep: vec![Keep {
            file: PathGlob::parse("patches/a.yaml").unwrap(),
            fields: kept.into_iter().map(|field| FieldPath::parse(field).unwrap()).collect(),
        }],
        prune: Prune::Removed,
        wire: true,
        fields: fields.into_iter().map(|field| CarriedField::parse(field).unwrap()).collect(),
        ..Rules::default()
    })
}

fn insert(
    tree: &mut FileTree,
    dir: &str,
    side: &(String, std::collections::BTreeMap<&'static str, String>),
) {
    let mut add = |below: &str, text: &str| {
        tree.insert(path(&format!("{dir}/{below}")), File::regular(text.as_bytes().to_vec()));
    };
    add("kustomization.yaml", &side.0);
    side.1.iter().for_each(|(below, text)| add(below, text));
}

/// The tree with what was decided.
fn with(tree: &FileTree, decided: &Decided) -> FileTree {
    let mut tree = tree.clone();
    for (below, file) in &decided.files {
        let at = path(&format!("o/prod/{below}"));
        match file {
            Some(file) => tree.insert(at, file.clone()),
            None => tree.remove(&at),
        }
    }
    tree
}

/// The paths that the entries of a field name.
fn named(kustomization: &str, field: &str) -> Vec<String> {
    let editor = Editor::parse(kustomization).unwrap();
    let entries = editor.root(0).get(field).map(SpanNode::items).unwrap_or_default();
    let text = |entry: &SpanNode| {
        let text = entry.text().or_else(|| entry.get("path").and_then(SpanNode::text))?;
        Some(text.trim_start_matches("./").to_owned())
    };
    entries.iter().filter_map(text).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_second_promotion_finds_nothing_to_do(
        source in side(), target in side(), then in side(), rules in rules(),
    ) {
        let mut tree = FileTree::new();
        insert(&mut tree, "o/dev", &source);
        insert(&mut tree, "o/prod", &target);
        let mut last = FileTree::new();
        insert(&mut last, "o/dev", &then);
        let last = LastPromotion::Files(last.entries().map(|(path, _)| path.clone()).collect());

        let first = try_decide(&tree, &rules, &last).unwrap();
        let after = with(&tree, &first);
        let second = try_decide(&after, &rules, &last).unwrap();
        prop_assert!(second.files.is_empty(), "{:?}\nthen {:?}", first.files, second.files);

        let kustomization = first.files.get("kustomization.yaml").map_or(target.0.clone(), |file| {
            String::from_utf8(file.as_ref().unwrap().content.to_vec()).unwrap()
        });
        for field in ["patches", "resources"] {
            let now = named(&kustomization, field);
            for entry in named(&source.0, field) {
                let copied = source.1.contains_key(entry.as_str()) && rules.copies(&entry);
                prop_assert!(!copied || now.contains(&entry), "{entry} is used");
            }
            for entry in named(&target.0, field) {
                let pruned = first.files.get(&entry).is_some_and(Option::is_none);
                prop_assert_eq!(now.contains(&entry), !pruned, "{} is kept unless pruned", entry);
            }
        }
        for (below, file) in &first.files {
            let deleted = file.is_none();
            prop_assert!(!deleted || (then.1.contains_key(below.as_str()) && !source.1.contains_key(below.as_str())));
        }
    }
}
