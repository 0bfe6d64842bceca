//! Templates of charts: what the rules over before and after say of them where no chart is rendered.
//!
//! What stands plainly in a template is read; what Helm puts in is not known. A template is judged where it gets no
//! directive that it did not have: what was plain and is there no more is lost then, whatever the values are.

use std::collections::BTreeMap;

use super::finding::Finding;
use super::place::position;
use super::template_text::{Inserted, TemplateText, is_inserted};
use crate::diff::{Change, Hunks, ResourceDiff};
use crate::kustomize::{Gvk, ResourceId};
use crate::model::{File, FileEdit, Location, RepoPath};
use crate::yaml::{Dialect, Node, parse_stream};

/// The folder of a chart that has them.
const FOLDER: &str = "templates";

/// Rules of which a finding may name what Helm puts in: it says what is gone, not what is there instead.
const OF_LOSS: [&str; 4] =
    ["availability-weaker", "security-context-weaker", "resource-deleted", "storage-changes"];

/// The templates among edits, read.
#[derive(Debug, Default)]
pub(super) struct Templates<'a> {
    inserted: Inserted,
    files: Vec<Template<'a>>,
}

/// One template, as it is afterwards.
#[derive(Debug)]
struct Template<'a> {
    path: &'a RepoPath,
    plain: String,
    after: Vec<Node>,
    diffs: Vec<ResourceDiff>,
}

impl<'a> Templates<'a> {
    /// Reads those of `edits`.
    pub(super) fn of(edits: &[&'a FileEdit]) -> Self {
        let mut templates = Self::default();
        for edit in edits.iter().filter(|edit| is_template(&edit.path)) {
            let template = templates.read(edit);
            templates.files.extend(template);
        }
        let comes = coming(edits);
        for template in &mut templates.files {
            // Under another file's name it is the same one.
            template.diffs.retain(|diff| {
                diff.change != Change::Deleted || !comes.contains_key(diff.id.gvk.kind.as_str())
            });
        }
        templates
    }

    /// What differs.
    pub(super) fn diffs(&self) -> impl Iterator<Item = &ResourceDiff> {
        self.files.iter().flat_map(|file| &file.diffs)
    }

    /// Gives a finding its line and the words of its template; `false` if it says more than is known.
    pub(super) fn settle(&self, finding: &mut Finding) -> bool {
        let Some(at) = &mut finding.location else { return true };
        let Some(file) = self.files.iter().find(|file| *file.path == at.path) else { return true };
        let mut texts = vec![&mut finding.message];
        if let Some(alike) = &mut finding.alike {
            texts.extend([&mut alike.one, &mut alike.many, &mut alike.detail]);
        }
        if texts.iter().any(|text| is_inserted(text)) && !OF_LOSS.contains(&finding.rule) {
            return false;
        }
        for text in texts {
            *text = self.inserted.told(text);
        }
        let kind = finding.resource.as_ref().map_or("", |id| id.gvk.kind.as_str());
        let mut of_kind = file.after.iter().filter(|node| node.text_at(&["kind"]) == kind);
        if let (Some(node), None) = (of_kind.next(), of_kind.next()) {
            at.position = position(&file.plain, node, &at.field);
        }
        at.field = self.inserted.told(&at.field);
        true
    }

    fn read(&mut self, edit: &'a FileEdit) -> Option<Template<'a>> {
        let before = self.side(edit.before.as_ref())?;
        let after = self.side(edit.after.as_ref())?;
        if !after.0.has_only_of(&before.0) {
            return None;
        }
        let diffs = diffs(&edit.path, before.1, &after.1);
        Some(Template { path: &edit.path, plain: after.0.plain, after: after.1, diffs })
    }

    /// One side of a template; that of none is empty.
    fn side(&mut self, file: Option<&File>) -> Option<(TemplateText, Vec<Node>)> {
        let Some(file) = file else { return Some((TemplateText::default(), Vec::new())) };
        let text = self.inserted.read(std::str::from_utf8(&file.content).ok()?)?;
        let mut documents = parse_stream(&text.plain, Dialect::V3).ok()?;
        documents.retain(|it| !it.text_at(&["kind"]).is_empty() && it.get("apiVersion").is_some());
        Some((text, documents))
    }
}

fn is_template(path: &RepoPath) -> bool {
    let is_yaml = [".yaml", ".yml"].iter().any(|ending| path.as_str().ends_with(ending));
    is_yaml && path.parent().is_some_and(|folder| folder.parts().any(|part| part == FOLDER))
}

/// How many more objects of a kind edited templates have than before, for kinds of which there are more.
fn coming(edits: &[&FileEdit]) -> BTreeMap<String, usize> {
    let kinds = |file: &Option<File>| -> BTreeMap<String, usize> {
        let text = file.as_ref().map(|file| String::from_utf8_lossy(&file.content).into_owned());
        let mut found = BTreeMap::new();
        for line in text.as_deref().unwrap_or_default().lines() {
            if let Some(kind) = line.strip_prefix("kind:") {
                *found.entry(kind.trim().to_owned()).or_default() += 1;
            }
        }
        found
    };
    let mut comes = BTreeMap::new();
    for edit in edits.iter().filter(|edit| is_template(&edit.path)) {
        let before = kinds(&edit.before);
        for (kind, count) in kinds(&edit.after) {
            let more = count.saturating_sub(before.get(&kind).copied().unwrap_or_default());
            if more > 0 {
                *comes.entry(kind).or_default() += more;
            }
        }
    }
    comes
}

/// The objects of a template, before and after: by kind and name, then by kind where one is left on each side.
fn diffs(path: &RepoPath, before: Vec<Node>, after: &[Node]) -> Vec<ResourceDiff> {
    let key = |node: &Node| {
        let name = node.text_at(&["metadata", "name"]);
        (node.text_at(&["kind"]).to_owned(), name.to_owned())
    };
    let mut left: Vec<&Node> = after.iter().collect();
    let mut pairs: Vec<(Option<Node>, Option<Node>)> = Vec::new();
    let mut gone = Vec::new();
    for node in before {
        match left.iter().position(|other| key(other) == key(&node)) {
            Some(at) => pairs.push((Some(node), Some(left.remove(at).clone()))),
            None => gone.push(node),
        }
    }
    for node in gone {
        let of_kind = |other: &&Node| key(other).0 == key(&node).0;
        match left.iter().position(of_kind) {
            Some(at) => pairs.push((Some(node), Some(left.remove(at).clone()))),
            None => pairs.push((Some(node), None)),
        }
    }
    pairs.extend(left.into_iter().map(|node| (None, Some(node.clone()))));
    pairs.into_iter().filter(|(before, after)| before != after).map(|it| diff(path, it)).collect()
}

fn diff(path: &RepoPath, (before, after): (Option<Node>, Option<Node>)) -> ResourceDiff {
    let text = |key: &str| {
        let node = after.as_ref().or(before.as_ref());
        node.map_or(String::new(), |node| node.text_at(&[key]).to_owned())
    };
    let id = ResourceId {
        gvk: Gvk::from_api_version(&text("apiVersion"), &text("kind")),
        name: path.as_str().into(),
        ..ResourceId::default()
    };
    let change = match (&before, &after) {
        (Some(_), Some(_)) => Change::Changed,
        (Some(_), None) => Change::Deleted,
        (None, _) => Change::Added,
    };
    ResourceDiff {
        change,
        id_before: None,
        original: id.clone(),
        id,
        origin: Location::file(path.clone()),
        hunks: Hunks::default(),
        before,
        after,
        masked: false,
    }
}
