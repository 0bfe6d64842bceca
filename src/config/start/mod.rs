//! A first `.github/overlift.yaml` for a repository that has none, with the reason for each line.
//!
//! It proposes; a person decides. No value of a file is in it, only paths and names of fields.

mod compare;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::discovery::{Found, FoundStage, find};
use super::error::{ConfigError, quoted};
use super::repository::SCHEMA_ID;
use crate::model::{
    ApplicationName, EnvironmentName, Files, KUSTOMIZATION_NAMES, Location, RepoPath,
};
use crate::promotion::{NameRank, sources_by_name};
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
    exclude: BTreeMap<String, Excluded>,
    /// Fields that look like an environment's own, by file.
    keep: BTreeMap<String, BTreeSet<String>>,
    /// Files that only one later environment has.
    only: Vec<(String, String)>,
    /// Whether overlays pin images.
    images: bool,
}

/// Why a file is never written.
enum Excluded {
    /// It names its environment, as these two do.
    Names([String; 2]),
    /// It is encrypted, each side for itself.
    Encrypted,
}

/// The text of a first configuration. `told` says whether the history tells what changed: then nothing
/// has to be said about files and fields.
///
/// # Errors
/// [`ConfigError`] if there are no environments to describe or a file cannot be read.
pub fn starting_configuration(files: &dyn Files, told: bool) -> Result<String, ConfigError> {
    let found = find(files)?;
    let findings = if told { None } else { Some(look(files, &found)?) };
    Ok(write(&found, findings.as_ref()))
}

fn look(files: &dyn Files, found: &Found) -> Result<Findings, ConfigError> {
    let mut findings = Findings::default();
    for environments in by_application(found) {
        let mut overlays = Vec::new();
        for (name, path) in environments {
            let overlay = overlay(files, &name, &path, &mut findings)?;
            overlays.push((name, overlay));
        }
        for pair in overlays.windows(2) {
            let [source, target] = pair else { continue };
            compare_overlays(files, source, target, &mut findings)?;
        }
    }
    Ok(findings)
}

/// The files of an environment by their paths below it, without its kustomization.
fn overlay(
    files: &dyn Files,
    name: &str,
    path: &RepoPath,
    findings: &mut Findings,
) -> Result<BTreeMap<String, RepoPath>, ConfigError> {
    let list = files.list(path).map_err(|source| unreadable(path, source))?;
    let mut overlay = BTreeMap::new();
    for file in list {
        let below = file.strip_prefix(path).unwrap_or_default().to_owned();
        if KUSTOMIZATION_NAMES.contains(&below.as_str()) {
            findings.images |= has_images(files, &file)?;
            continue;
        }
        if let Some((folder, _)) = below.split_once('/')
            && folder != "patches"
        {
            findings.folders.entry(folder.to_owned()).or_insert_with(|| name.to_owned());
        }
        overlay.insert(below, file);
    }
    Ok(overlay)
}

type Overlay = (String, BTreeMap<String, RepoPath>);

fn compare_overlays(
    files: &dyn Files,
    (source, from): &Overlay,
    (target, to): &Overlay,
    findings: &mut Findings,
) -> Result<(), ConfigError> {
    for (below, target_file) in to {
        let Some(source_file) = from.get(below) else {
            findings.only.push((target.clone(), below.clone()));
            continue;
        };
        // What lies beside the kustomization is not copied, so nothing has to be kept of it.
        let is_copied = below.contains('/');
        let texts = (text(files, source_file)?, text(files, target_file)?);
        let (true, (Some(before), Some(after))) = (is_copied, texts) else { continue };
        if before != after && is_encrypted(&after) {
            findings.exclude.insert(below.clone(), Excluded::Encrypted);
            continue;
        }
        match compare(&before, &after, [source, target]) {
            Difference::Ordinary => {}
            Difference::Fields(fields) => {
                findings.keep.entry(below.clone()).or_default().extend(fields);
            }
            Difference::Whole => {
                let names = Excluded::Names([source.clone(), target.clone()]);
                findings.exclude.entry(below.clone()).or_insert(names);
            }
        }
    }
    Ok(())
}

/// Whether a file is encrypted by SOPS or Sealed Secrets: parts of two such files make no file that
/// anybody can open.
fn is_encrypted(text: &str) -> bool {
    text.contains("ENC[AES256_GCM,") || text.contains("kind: SealedSecret")
}

/// The environments of each application, or all, with their folders and in promotion order.
fn by_application(found: &Found) -> impl Iterator<Item = Vec<(String, RepoPath)>> {
    let mut all: BTreeMap<Option<&ApplicationName>, Vec<(String, RepoPath)>> = BTreeMap::new();
    for stage in found.stages.iter().filter(|stage| stage.is_ranked()) {
        for (application, path) in &stage.places {
            let place = (stage.name.to_string(), path.clone());
            all.entry(application.as_ref()).or_default().push(place);
        }
    }
    all.into_values()
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

fn write(found: &Found, findings: Option<&Findings>) -> String {
    let mut out = format!("# yaml-language-server: $schema={SCHEMA_ID}\n");
    out.push_str(
        "# What Overlift promotes, and how. Proposed by `overlift init` from the files of this repository;\n\
         # check each line, and see what a promotion does with `overlift plan SOURCE TARGET`.\n\
         version: 1\n\n",
    );
    write_environments(found, &mut out);
    out.push_str("promotion:\n");
    let Some(findings) = findings else {
        out.push_str(
            "  # The history tells what each environment changed: changes of the source come over field by field,\n  \
             # and what belongs to the target stays.\n  by: changes\n",
        );
        return out;
    };
    out.push_str(
        "  # The history has no change of an environment yet, so files are copied. `by: changes` brings over\n  \
         # what the source changes from now on, field by field.\n  by: files\n",
    );
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
            "# In promotion order: each is promoted from the one before it. Where some belong could not be\n\
             # known from their names; they stand last. Put them where they belong, and take `from` away.\n",
        );
    }
    out.push_str("environments:\n");
    for (number, stage) in found.stages.iter().enumerate() {
        let _ = writeln!(out, "  - name: {}", quoted(stage.name.as_str()));
        write_paths(stage, out);
        write_from(found, number, out);
        if number == 1 {
            out.push_str(
                "    # `push` promotes by itself when the source changes; `manual` when somebody asks.\n    \
                 trigger: manual\n",
            );
        }
    }
    out.push('\n');
}

/// Says where an environment is promoted from, if that is not the one before it.
fn write_from(found: &Found, number: usize, out: &mut String) {
    let stages: Vec<(&EnvironmentName, &NameRank)> =
        found.stages.iter().map(|stage| (&stage.name, &stage.rank)).collect();
    let from = sources_by_name(&stages, number);
    let before = number.checked_sub(1).map(|before| stages[before].0);
    if from.iter().collect::<Vec<_>>() == before.into_iter().collect::<Vec<_>>() {
        return;
    }
    let names: Vec<String> = from.iter().map(|name| quoted(name.as_str())).collect();
    let _ = writeln!(out, "    from: [{}]", names.join(", "));
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
    out.push_str("  # Never written: each belongs to its own environment and has no fields to tell apart.\n  exclude:\n");
    for (file, why) in findings.exclude.iter().take(MOST) {
        let why = match why {
            Excluded::Names([source, target]) => format!("{source}, {target}"),
            Excluded::Encrypted => "encrypted, each for itself".to_owned(),
        };
        let _ = writeln!(out, "    - {} # {why}", quoted(file));
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
        let text = starting_configuration(&files, false).unwrap();
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
