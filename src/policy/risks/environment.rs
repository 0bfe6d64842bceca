//! What of other environments comes in, and what of the target's own goes.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::ResourceDiff;
use crate::model::{Entry, Location, Position, RepoPath};
use crate::policy::Level;
use crate::policy::change::{Changes, listed, shown, words};
use crate::policy::environment_words::{EnvironmentWords, is_another_environment};
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::yaml::{Node, parse_manifests};

pub(super) const READS_RULE: Rule = Rule {
    id: "reads-another-environment",
    gate: Gate::Risks,
    codes: &[READS],
    check: Check::Changes(check_reads),
};

pub(super) const OWN_RULE: Rule = Rule {
    id: "own-value-lost",
    gate: Gate::Risks,
    codes: &[OWN],
    check: Check::Changes(check_own),
};

pub(super) const AT_ONCE_RULE: Rule = Rule {
    id: "reaches-production-at-once",
    gate: Gate::Risks,
    codes: &[AT_ONCE],
    check: Check::Changes(check_at_once),
};

const AT_ONCE: Code = Code::sound("reaches-production-at-once", Level::Error);
const READS: Code = Code::sound("reads-another-environment", Level::Warning);
const OWN: Code = Code::sound("own-value-lost", Level::Warning);

/// Files of another environment's folder that the target's build begins to read.
fn check_reads(changes: &Changes<'_>, report: &mut Report<'_>) {
    check_folders(changes, report);
    for (name, path) in changes.others {
        let is_theirs = |file: &&RepoPath| {
            file.is_within(path) && !file.is_within(changes.path) && !changes.path.is_within(path)
        };
        let before: BTreeSet<&RepoPath> = changes.before.inputs.iter().filter(is_theirs).collect();
        let after: Vec<&RepoPath> = changes.after.inputs.iter().filter(is_theirs).collect();
        if !before.is_empty() {
            continue;
        }
        if let Some(first) = after.first() {
            let (one, many) = (
                format!("begins to read the folder of `{name}`"),
                format!("begin to read the folder of `{name}`"),
            );
            let detail = shown(first.as_str());
            report.tell_at(READS, reference(changes, path), words(one, many, detail));
        }
    }
}

/// Files below a folder that is called like another environment, which the configuration need not know
/// by this path.
fn check_folders(changes: &Changes<'_>, report: &mut Report<'_>) {
    let mut own = EnvironmentWords::default();
    changes.path.parts().for_each(|part| own.learn(part));
    let is_known = |path: &RepoPath| changes.others.iter().any(|(_, other)| path.is_within(other));
    let mut told: BTreeSet<&str> = BTreeSet::new();
    let new = changes.after.inputs.difference(&changes.before.inputs);
    for path in new.filter(|path| !path.is_within(changes.path) && !is_known(path)) {
        let folders = path.parts().take(path.parts().count().saturating_sub(1));
        let mut folders: Vec<&str> = folders.collect();
        let Some(at) = folders.iter().rposition(|part| is_another_environment(part, &own)) else {
            continue;
        };
        let name = folders[at];
        folders.truncate(at + 1);
        // What it read there before is no news.
        let folder = RepoPath::parse(&folders.join("/"));
        let Ok(folder) = folder else { continue };
        let read_before = changes.before.inputs.iter().any(|input| input.is_within(&folder));
        if changes.before.inputs.is_empty() || read_before || !told.insert(name) {
            continue;
        }
        let words = words(
            format!("begins to read the folder of `{name}`"),
            format!("begin to read the folder of `{name}`"),
            shown(path.as_str()),
        );
        report.tell_at(READS, reference(changes, &folder), words);
    }
}

/// The line of the target's kustomization that leads there; the file as a whole where none is found.
fn reference(changes: &Changes<'_>, folder: &RepoPath) -> Location {
    let last = folder.parts().last().unwrap_or_default().to_owned();
    let own = changes.after.inputs.iter().filter(|path| path.is_within(changes.path));
    let mut fallback = None;
    for path in own {
        let Ok((at, Entry::File(file))) = changes.files.look_up(path) else { continue };
        let Ok(text) = std::str::from_utf8(&file.content) else { continue };
        let leads = |line: &str| {
            line.contains("../")
                && line.split(['/', '\'', '"', ' ', ',', ']', '[']).any(|part| part == last)
        };
        let line = text.lines().position(leads).and_then(|line| u32::try_from(line + 1).ok());
        if let Some(line) = line {
            return Location::file(at).at(Position { line, column: 1 });
        }
        if path.as_str().ends_with("kustomization.yaml") {
            fallback.get_or_insert(at);
        }
    }
    Location::file(fallback.unwrap_or_else(|| changes.path.clone()))
}

/// A base or a component whose change nobody could try in an environment before.
fn check_at_once(changes: &Changes<'_>, report: &mut Report<'_>) {
    if let Some(first) = changes.at_once.first() {
        let files: Vec<&str> = changes.at_once.iter().map(RepoPath::as_str).collect();
        let words = words(
            "is reached at once by changes of shared files, which no other environment has tried",
            "are reached at once by changes of shared files, which no other environment has tried",
            listed(&files),
        );
        report.tell_at(AT_ONCE, Location::file(first.clone()), words);
    }
}

fn check_own(changes: &Changes<'_>, report: &mut Report<'_>) {
    // A file that loses many is read once.
    let mut of_file: BTreeMap<&RepoPath, Option<&ResourceDiff>> = BTreeMap::new();
    for own in changes.own_values {
        let field = if own.at.field.is_empty() {
            String::new()
        } else {
            format!("{} ", shown(&own.at.field))
        };
        let value = own.value.as_ref().map_or(String::new(), |value| shown(value));
        let since = own
            .since
            .as_ref()
            .map_or(String::new(), |commit| format!(", its own since {}", commit.short()));
        let what = format!("{field}{value}");
        let detail = format!("{}{since}", what.trim_end()).trim_matches([' ', ',']).to_owned();
        let resource = of_file.entry(&own.at.path).or_insert_with(|| resource_of(changes, &own.at));
        if let Some(resource) = resource {
            let one = "loses a value that this environment alone had";
            let many = "lose values that this environment alone had";
            let at = own.at.clone();
            report.tell_of(OWN, resource.id.clone(), at, words(one, many, detail));
        } else {
            let one = "loses a value that it alone had";
            let many = "lose values that they alone had";
            report.tell_at(OWN, own.at.clone(), words(one, many, detail));
        }
    }
}

/// The resource of which a file says something, where it is one.
fn resource_of<'c>(changes: &'c Changes<'_>, at: &Location) -> Option<&'c ResourceDiff> {
    let (_, Entry::File(file)) = changes.files.look_up(&at.path).ok()? else { return None };
    let documents = parse_manifests(std::str::from_utf8(&file.content).ok()?).ok()?;
    let [document] = documents.as_slice() else { return None };
    let kind = document.get("kind").and_then(Node::text)?;
    let name = document.get("metadata")?.get("name").and_then(Node::text)?;
    let is_it = |it: &&ResourceDiff| it.original.gvk.kind == kind && it.original.name == name;
    let mut found = changes.resources.iter().filter(is_it);
    found.next().filter(|_| found.next().is_none())
}
