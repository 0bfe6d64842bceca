//! `docs/rules.md` tells the truth: every rule has a heading, every code is told, and each example
//! gives what it says.
//!
//! A block ```` ```yaml bad: CODE ```` or ```` ```yaml good ```` is a set of manifests that holds all that a cluster has; a
//! block of `text` holds files: an overlay in `overlays/production`, policies in `policies`, and
//! below `after/` what a promotion from `overlays/staging` makes of them.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use overlift::rooms::diff::{KnownValues, RenderedDiff};
use overlift::rooms::kustomize::{self, Build, BuildOptions};
use overlift::rooms::model::{
    EnvironmentName, File, FileEdit, FileTree, Files, Location, RepoPath,
};
use overlift::rooms::policy::{
    Changes, Day, Fetched, Finding, Gates, Manifest, Overlay, Promotion, Reading, Rule, Side,
    Standards, Subject, Terms, all_rules, check, check_changes, check_overlay, manifests,
};
use overlift::rooms::yaml::{Dialect, Node, parse_stream};

use crate::support::txtar::Case;

static PAGE: LazyLock<String> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rules.md");
    std::fs::read_to_string(path).unwrap()
});

/// A fenced block: what its first line says, and its content.
struct Example {
    info: String,
    content: String,
}

impl Example {
    /// The codes that a bad example gives; `None` for a good one and for what is no example.
    fn codes(&self) -> Option<BTreeSet<&str>> {
        let (_, codes) = self.info.split_once(" bad: ")?;
        Some(codes.split(", ").collect())
    }

    fn is_good(&self) -> bool {
        self.info.ends_with(" good")
    }
}

fn section(id: &str) -> Option<&'static str> {
    let start = PAGE.find(&format!("\n### {id}\n"))? + 1;
    let rest = &PAGE[start..];
    let next = rest[4..].find("\n### ").map(|at| at + 4);
    let end = next.into_iter().chain(rest[4..].find("\n## ").map(|at| at + 4)).min();
    Some(&rest[..end.unwrap_or(rest.len())])
}

fn examples(section: &str) -> Vec<Example> {
    let mut examples = Vec::new();
    let mut open: Option<Example> = None;
    for line in section.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(info), None) => {
                open = Some(Example { info: info.to_owned(), content: String::new() });
            }
            (Some(_), Some(_)) => examples.extend(open.take()),
            (None, Some(example)) => {
                example.content.push_str(line);
                example.content.push('\n');
            }
            (None, None) => {}
        }
    }
    examples
}

#[test]
fn every_rule_has_a_heading_and_examples_that_hold() {
    let mut wrong = Vec::new();
    for rule in all_rules() {
        let Some(section) = section(rule.id) else {
            wrong.push(format!("{}: no heading", rule.id));
            continue;
        };
        for code in rule.codes {
            if !section.contains(&format!("`{}`", code.id)) {
                wrong.push(format!("{}: `{}` is not told", rule.id, code.id));
            }
        }
        let examples = examples(section);
        let (bad, good) = (
            examples.iter().filter(|e| e.codes().is_some()).count(),
            examples.iter().filter(|e| e.is_good()).count(),
        );
        // What only a history or a preview tells has no bad example here.
        let bad = if ["own-value-lost", "reaches-production-at-once"].contains(&rule.id) {
            1
        } else {
            bad
        };
        if bad == 0 || good == 0 {
            wrong.push(format!("{}: {bad} bad and {good} good examples", rule.id));
        }
        wrong.extend(examples.iter().filter_map(|example| fault(rule, example)));
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

fn fault(rule: &Rule, example: &Example) -> Option<String> {
    let wanted = match example.codes() {
        Some(codes) => codes,
        None if example.is_good() => BTreeSet::new(),
        None => return None,
    };
    let findings = if example.info.starts_with("text") {
        findings_of_files(&example.content)
    } else {
        findings_of_manifests(&example.content)
    };
    let own: Vec<&Finding> = findings.iter().filter(|finding| finding.rule == rule.id).collect();
    let given: BTreeSet<&str> = own.iter().map(|finding| finding.code.as_str()).collect();
    let told = |finding: &&&Finding| format!("{}: {}", finding.code, finding.message);
    (given != wanted).then(|| {
        let said: Vec<String> = own.iter().map(|f| told(&f)).collect();
        format!("{}: `{}` gives {said:?}\n{}", rule.id, example.info, example.content)
    })
}

fn gates() -> Gates {
    Gates { complete: true, policies: vec![path("policies")], ..Gates::default() }
}

fn path(text: &str) -> RepoPath {
    RepoPath::parse(text).unwrap()
}

fn findings_of_manifests(text: &str) -> Vec<Finding> {
    let nodes: Vec<Node> = parse_stream(text, Dialect::V3).unwrap();
    let origin = Location::file(path("manifests.yaml"));
    let set: Vec<Manifest<'_>> = nodes.iter().flat_map(|node| manifests(node, &origin)).collect();
    let is_mesh_config = |m: &&Manifest<'_>| m.id.gvk.kind.as_str() == "MeshConfig";
    let is_networks = |m: &&Manifest<'_>| m.id.gvk.kind.as_str() == "MeshNetworks";
    // Two clusters are told apart by an annotation here; in directories they are folders.
    let set: Vec<Manifest<'_>> = set
        .iter()
        .map(|m| Manifest { cluster: m.annotation("cluster").unwrap_or_default(), ..m.clone() })
        .collect();
    let subject = Subject {
        manifests: &set,
        mesh_config: set.iter().find(is_mesh_config),
        mesh_networks: set.iter().find(is_networks),
        standards: &Standards::default(),
        overlay: None,
        promotion: None,
    };
    check(&subject, &gates(), Day::MIN).findings
}

fn findings_of_files(text: &str) -> Vec<Finding> {
    let case = Case::parse("example", text.as_bytes());
    let mut files = FileTree::new();
    let mut edits = Vec::new();
    for (name, content) in case.texts() {
        let file = File::regular(content.as_bytes());
        match name.strip_prefix("after/") {
            Some(name) => {
                edits.push(FileEdit { path: path(name), before: None, after: Some(file) });
            }
            None => files.insert(path(name), file),
        }
    }
    let (source, target) = (path("overlays/staging"), path("overlays/production"));
    let before = build(&files, &target);
    let after = files.with_edits(&edits);
    let standards = Standards::read(&after, &gates(), &Fetched::default()).unwrap();
    let terms = Terms { gates: &gates(), standards: &standards, today: Day::MIN };
    let built = build(&after, &target);
    let overlay = Overlay { files: &after, path: &target, build: &built };
    if edits.is_empty() {
        return check_overlay(&Reading::new(overlay), None, terms).findings;
    }
    let nothing = Build::default();
    let names = ["staging", "production"].map(|name| EnvironmentName::parse(name).unwrap());
    let edits: Vec<&FileEdit> = edits.iter().collect();
    let promotion = Promotion {
        source: Side { name: &names[0], path: &source, build: &nothing },
        target: Side { name: &names[1], path: &target, build: &before },
        edits: &edits,
    };
    let rendered = RenderedDiff::between(&before, &built, "o", &KnownValues::default());
    let changes = Changes {
        resources: rendered.resources(),
        before: &before,
        after: &built,
        files: &after,
        path: &target,
        others: &[(names[0].clone(), source.clone())],
        own_values: &[],
        at_once: &[],
    };
    let reading = Reading::new(overlay);
    let mut findings = check_changes(&changes, &reading, terms).findings;
    findings.extend(check_overlay(&reading, Some(promotion), terms).findings);
    findings
}

fn build(files: &dyn Files, overlay: &RepoPath) -> Build {
    kustomize::build(files, overlay, &BuildOptions::default()).unwrap()
}
