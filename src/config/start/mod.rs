//! A first `.github/overlift.yaml` for a repository that has none, with the reason for each line.
//!
//! It proposes; a person decides. No value of a file is in it, only paths and names of fields.

mod compare;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::discovery::{Found, FoundStage, find};
use super::error::{ConfigError, quoted};
use crate::model::{Files, KUSTOMIZATION_NAMES, Location, RepoPath};
use crate::yaml::{Dialect, Node, parse_stream};
use compare::{Difference, compare};

/// More proposals than this are no help.
const MOST: usize = 50;

/// What was found.
#[derive(Default)]
struct Findings {
    /// Top folders of overlays beside `patches` that have files, with an environment that has them.
    folders: BTreeMap<String, String>,
    /// Files that differ and cannot be merged by fields.
    exclude: BTreeMap<String, [String; 2]>,
    /// Fields that look like an environment's own, by file.
    keep: BTreeMap<String, BTreeSet<String>>,
    /// Files that only one later environment has.
    only: Vec<(String, String)>,
    /// Whether overlays pin images.
    images: bool,
}

/// The text of a first configuration.
///
/// # Errors
/// [`ConfigError`] if there are no environments to describe or a file cannot be read.
pub fn starting_configuration(files: &dyn Files) -> Result<String, ConfigError> {
    let found = find(files)?;
    let findings = look(files, &found)?;
    Ok(write(&found, &findings))
}

fn look(files: &dyn Files, found: &Found) -> Result<Findings, ConfigError> {
    let mut findings = Findings::default();
    let mut overlays = Vec::new();
    for (name, path) in whole(found) {
        let list = files.list(&path).map_err(|source| unreadable(&path, source))?;
        let mut overlay: BTreeMap<String, RepoPath> = BTreeMap::new();
        for file in list {
            let below = file.strip_prefix(&path).unwrap_or_default().to_owned();
            if KUSTOMIZATION_NAMES.contains(&below.as_str()) {
                findings.images |= has_images(files, &file)?;
                continue;
            }
            if let Some((folder, _)) = below.split_once('/')
                && folder != "patches"
            {
                findings.folders.entry(folder.to_owned()).or_insert_with(|| name.clone());
            }
            overlay.insert(below, file);
        }
        overlays.push((name, overlay));
    }
    for pair in overlays.windows(2) {
        let [(source, from), (target, to)] = pair else { continue };
        for (below, target_file) in to {
            let Some(source_file) = from.get(below) else {
                findings.only.push((target.clone(), below.clone()));
                continue;
            };
            let texts = (text(files, source_file)?, text(files, target_file)?);
            let (Some(before), Some(after)) = texts else { continue };
            match compare(&before, &after, [source, target]) {
                Difference::Ordinary => {}
                Difference::Fields(fields) => {
                    findings.keep.entry(below.clone()).or_default().extend(fields);
                }
                Difference::Whole => {
                    findings.exclude.insert(below.clone(), [source.clone(), target.clone()]);
                }
            }
        }
    }
    Ok(findings)
}

/// The environments that belong to no application, with their folders.
fn whole(found: &Found) -> impl Iterator<Item = (String, RepoPath)> {
    let place = |stage: &FoundStage| match stage.places.as_slice() {
        [(None, path)] => Some((stage.name.to_string(), path.clone())),
        _ => None,
    };
    found.stages.iter().filter_map(place)
}

fn unreadable(path: &RepoPath, source: crate::model::ReadError) -> ConfigError {
    ConfigError::Read { at: Location::file(path.clone()), source: source.into() }
}

fn text(files: &dyn Files, path: &RepoPath) -> Result<Option<String>, ConfigError> {
    let file = files.file(path).map_err(|source| unreadable(path, source))?;
    Ok(file.and_then(|file| String::from_utf8(file.content.to_vec()).ok()))
}

fn has_images(files: &dyn Files, path: &RepoPath) -> Result<bool, ConfigError> {
    let Some(text) = text(files, path)? else { return Ok(false) };
    let documents = parse_stream(&text, Dialect::V2).unwrap_or_default();
    Ok(documents.first().and_then(|node: &Node| node.get("images")).is_some())
}

fn write(found: &Found, findings: &Findings) -> String {
    let mut out = String::from(
        "# What Overlift promotes, and how. Proposed by `overlift init` from the files of this repository;\n\
         # check each line, and see what a promotion does with `overlift plan SOURCE TARGET`.\n\
         version: 1\n\n",
    );
    write_environments(found, &mut out);
    out.push_str("promotion:\n");
    write_copy(findings, &mut out);
    write_exclude(findings, &mut out);
    write_keep(findings, &mut out);
    out.push_str(
        "  # `removed`: a file that the source dropped since the last promotion goes from the target too.\n  \
         prune: never\n",
    );
    if findings.images {
        out.push_str(
            "  # The overlays pin images: their versions travel with a promotion, image by image.\n  \
             fields: [images]\n",
        );
    }
    out
}

fn write_environments(found: &Found, out: &mut String) {
    if found.stages.iter().all(FoundStage::is_ranked) {
        out.push_str("# In promotion order, by their usual names: each is promoted from the one before it.\n");
    } else {
        out.push_str(
            "# In promotion order: each is promoted from the one before it. The order of some names could\n\
             # not be known; they stand last, by the alphabet. Put them where they belong.\n",
        );
    }
    out.push_str("environments:\n");
    for (number, stage) in found.stages.iter().enumerate() {
        let _ = writeln!(out, "  - name: {}", quoted(stage.name.as_str()));
        write_paths(stage, out);
        if number == 1 {
            out.push_str(
                "    # `push` promotes by itself when the source changes; `manual` when somebody asks.\n    \
                 trigger: manual\n",
            );
        }
    }
    out.push('\n');
}

fn write_paths(stage: &FoundStage, out: &mut String) {
    match stage.patterns.as_slice() {
        [one] => {
            let _ = writeln!(out, "    path: {}", quoted(&one.to_string()));
        }
        several => {
            out.push_str("    path:\n");
            for pattern in several {
                let _ = writeln!(out, "      - {}", quoted(&pattern.to_string()));
            }
        }
    }
}

fn write_copy(findings: &Findings, out: &mut String) {
    out.push_str("  # What is copied from the source overlay to the same place in the target overlay.\n  copy:\n    - patches/**\n");
    for (folder, environment) in findings.folders.iter().take(MOST) {
        let _ = writeln!(out, "    # {environment} has files there too.");
        let _ = writeln!(out, "    - {}", quoted(&format!("{folder}/**")));
    }
}

fn write_exclude(findings: &Findings, out: &mut String) {
    for (environment, file) in findings.only.iter().take(MOST) {
        let _ = writeln!(
            out,
            "  # Only {environment} has {}, not the one before it: a promotion leaves it alone.",
            quoted(file)
        );
    }
    if findings.exclude.is_empty() {
        out.push_str("  # Files of the target that are never written.\n  exclude: []\n");
        return;
    }
    out.push_str("  # Never written: each names its own environment and has no fields to tell apart.\n  exclude:\n");
    for (file, [source, target]) in findings.exclude.iter().take(MOST) {
        let _ = writeln!(out, "    - {} # {source}, {target}", quoted(file));
    }
}

fn write_keep(findings: &Findings, out: &mut String) {
    if findings.keep.is_empty() {
        out.push_str("  # Fields whose value belongs to the target, while the rest of the file is promoted.\n  keep: []\n");
        return;
    }
    out.push_str(
        "  # The target's value of these fields stays, while the rest of the file is promoted. They differ\n  \
         # today, and are sizes or names that usually belong to one environment.\n  keep:\n",
    );
    for (file, fields) in findings.keep.iter().take(MOST) {
        let _ = writeln!(out, "    - file: {}\n      fields:", quoted(file));
        for field in fields.iter().take(MOST) {
            let _ = writeln!(out, "        - {}", quoted(field));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RepositoryConfig;
    use crate::model::FileTree;

    #[test]
    fn the_proposal_is_a_valid_configuration() {
        let files = FileTree::of([
            ("overlays/staging/kustomization.yaml", "images: [{name: a, newTag: \"1\"}]\n"),
            ("overlays/staging/patches/size.yaml", "spec: {replicas: 1}\n"),
            ("overlays/staging/patches/odd #1.yaml", "a: {b.c: {replicas: 1}}\n"),
            ("overlays/staging/more/env", "URL staging\n"),
            ("overlays/prod/kustomization.yaml", "resources: []\n"),
            ("overlays/prod/patches/size.yaml", "spec: {replicas: 3}\n"),
            ("overlays/prod/patches/odd #1.yaml", "a: {b.c: {replicas: 2}}\n"),
            ("overlays/prod/patches/own.yaml", "a: 1\n"),
            ("overlays/prod/more/env", "URL prod\nURL\n"),
        ])
        .unwrap();
        let text = starting_configuration(&files).unwrap();
        let path = RepoPath::parse(".github/overlift.yaml").unwrap();
        let read = RepositoryConfig::parse(&text, &path, &files)
            .unwrap_or_else(|error| panic!("{error}\n{text}"));
        let names: Vec<&str> =
            read.pipeline.environments().iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["staging", "prod"]);
        assert_eq!(read.pipeline.environments()[0].rules.keep.len(), 2, "{text}");
        for line in [
            "    # staging has files there too.\n    - \"more/**\"",
            "  # Only prod has patches/own.yaml, not the one before it: a promotion leaves it alone.",
            "    - file: \"patches/odd #1.yaml\"\n      fields:\n        - \"a.[b.c].replicas\"",
            "  fields: [images]",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
