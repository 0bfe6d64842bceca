//! Templates of charts: what the rules over before and after say of them where no chart is rendered.
//!
//! What stands plainly in a template is read; what Helm puts in is not known. A template is judged where it gets no
//! directive that it did not have: what was plain and is there no more is lost then, whatever the values are. Helpers
//! that change stand in place of what includes them, and where all values are known, branches are chosen by them.

mod branches;
mod helpers;
mod text;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use branches::chosen;
use helpers::{Helpers, Inlined, included};
use text::{Inserted, TemplateText, is_inserted};
pub(super) use values::overlaid;

use super::finding::Finding;
use super::place::position;
use super::standards::UnknownFiles;
use crate::diff::{Change, Hunks, ResourceDiff};
use crate::kustomize::{Gvk, ResourceId};
use crate::model::{Entry, File, FileEdit, Files, Location, Position, RepoPath, is_yaml_name};
use crate::yaml::{Dialect, Node, parse_stream};

/// The folder of a chart that has them.
const FOLDER: &str = "templates";

/// Rules of which a finding may name what Helm puts in: it says what is gone, not what is there instead.
const OF_LOSS: [&str; 4] =
    ["availability-weaker", "security-context-weaker", "resource-deleted", "storage-changes"];

/// What stands beside edited templates and says what they become.
#[derive(Debug, Default)]
pub struct Beside {
    /// Other files of their charts' templates, where a helper changes that these may include.
    pub templates: Vec<FileEdit>,
    /// What the chart is given, before and after, where all of it is known.
    pub values: Option<[Node; 2]>,
}

impl Beside {
    /// The other templates of charts of which an edit changes a helper.
    ///
    /// # Errors
    /// [`UnknownFiles`] whose content is not here.
    pub fn of<'e>(
        edits: impl IntoIterator<Item = &'e FileEdit>,
        files: &dyn Files,
    ) -> Result<Self, UnknownFiles> {
        let edits: Vec<&FileEdit> = edits.into_iter().filter(|it| is_part(&it.path)).collect();
        let folders: BTreeSet<RepoPath> = Charts::of(edits.iter().copied()).with_changed_helpers();
        let (mut unknown, mut templates) = (BTreeSet::new(), Vec::new());
        for path in folders.iter().flat_map(|folder| files.list(folder).unwrap_or_default()) {
            if !is_part(&path) || edits.iter().any(|edit| edit.path == path) {
                continue;
            }
            match files.look_up(&path) {
                Ok((_, Entry::File(file))) => {
                    let (before, after) = (Some(file.clone()), Some(file));
                    templates.push(FileEdit { path, before, after });
                }
                Ok((path, Entry::Unknown)) => drop(unknown.insert(path)),
                _ => {}
            }
        }
        match unknown.is_empty() {
            true => Ok(Self { templates, values: None }),
            false => Err(UnknownFiles(unknown)),
        }
    }

    /// Which helpers change, and which templates include them: one sentence for each chart, without a period.
    #[must_use]
    pub fn told<'e>(&'e self, edits: impl IntoIterator<Item = &'e FileEdit>) -> Vec<String> {
        let all: Vec<&FileEdit> = edits.into_iter().chain(&self.templates).collect();
        Charts::of(all.iter().copied()).told(&all)
    }
}

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
    /// Where each line of it stands.
    lines: Vec<(Option<RepoPath>, u32)>,
    after: Vec<Node>,
    diffs: Vec<ResourceDiff>,
}

/// One side of a template.
#[derive(Default)]
struct Side {
    text: TemplateText,
    lines: Vec<(Option<RepoPath>, u32)>,
    documents: Vec<Node>,
}

impl<'a> Templates<'a> {
    /// Reads those of `edits`, and those beside them that include a helper that changes.
    pub(super) fn of(edits: &[&'a FileEdit], beside: &'a Beside) -> Self {
        let mut templates = Self::default();
        let charts = Charts::of(edits.iter().copied().chain(&beside.templates));
        let values = beside.values.as_ref();
        for edit in edits.iter().copied().chain(&beside.templates) {
            if is_template(&edit.path) && !is_partial(&edit.path) {
                let template = templates.read(edit, &charts, values);
                templates.files.extend(template);
            }
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
            file.place(at, position(&file.plain, node, &at.field));
        }
        at.field = self.inserted.told(&at.field);
        true
    }

    fn read(
        &mut self,
        edit: &'a FileEdit,
        charts: &Charts,
        values: Option<&[Node; 2]>,
    ) -> Option<Template<'a>> {
        let [before, after] = [(&edit.before, 0), (&edit.after, 1)].map(|(file, at)| {
            self.side(file.as_ref(), |text| {
                charts.inlined(&edit.path, text, at).map(|inlined| {
                    let chosen = values.and_then(|values| chosen(&inlined.text, &values[at]));
                    Inlined { text: chosen.unwrap_or(inlined.text), lines: inlined.lines }
                })
            })
        });
        let (before, after) = (before?, after?);
        if !after.text.has_only_of(&before.text) {
            return None;
        }
        let diffs = diffs(&edit.path, before.documents, &after.documents);
        let (plain, lines) = (after.text.plain, after.lines);
        Some(Template { path: &edit.path, plain, lines, after: after.documents, diffs })
    }

    /// One side of a template; that of none is empty.
    fn side(
        &mut self,
        file: Option<&File>,
        made: impl Fn(&str) -> Option<Inlined>,
    ) -> Option<Side> {
        let Some(file) = file else { return Some(Side::default()) };
        let Inlined { text, lines } = made(std::str::from_utf8(&file.content).ok()?)?;
        let text = self.inserted.read(&text)?;
        let mut documents = parse_stream(&text.plain, Dialect::V3).ok()?;
        documents.retain(|it| !it.text_at(&["kind"]).is_empty() && it.get("apiVersion").is_some());
        Some(Side { text, lines, documents })
    }
}

impl Template<'_> {
    /// Gives a location the place of a position in what the template was made to: in its file, or in a helper's.
    fn place(&self, at: &mut Location, position: Option<Position>) {
        let line = position.and_then(|it| self.lines.get(it.line.checked_sub(1)? as usize));
        let (Some(position), Some((helper, line))) = (position, line) else {
            at.position = position;
            return;
        };
        at.position = match helper {
            Some(path) => {
                at.path = path.clone();
                Some(Position { line: *line, column: 1 })
            }
            None => Some(Position { line: *line, column: position.column }),
        };
    }
}

/// The helpers of charts, before and after, and those of them that change, by the charts' folders of templates.
#[derive(Default)]
struct Charts(BTreeMap<RepoPath, Chart>);

#[derive(Default)]
struct Chart {
    sides: [Helpers; 2],
    changed: BTreeSet<String>,
}

impl Charts {
    fn of<'e>(edits: impl IntoIterator<Item = &'e FileEdit>) -> Self {
        let mut charts = Self::default();
        for edit in edits.into_iter().filter(|it| is_part(&it.path)) {
            let Some(folder) = folder_of(&edit.path) else { continue };
            let chart = charts.0.entry(folder).or_default();
            for (file, side) in [&edit.before, &edit.after].into_iter().zip(&mut chart.sides) {
                let text = file.as_ref().map(|it| String::from_utf8_lossy(&it.content));
                side.read(&edit.path, text.as_deref().unwrap_or_default());
            }
        }
        for chart in charts.0.values_mut() {
            chart.changed = chart.sides[0].changed(&chart.sides[1]);
        }
        charts
    }

    /// The folders of charts of which a helper changes.
    fn with_changed_helpers(&self) -> BTreeSet<RepoPath> {
        let changed = self.0.iter().filter(|(_, chart)| !chart.changed.is_empty());
        changed.map(|(folder, _)| folder.clone()).collect()
    }

    /// A template with the helpers in it that change, of one side.
    fn inlined(&self, path: &RepoPath, text: &str, side: usize) -> Option<Inlined> {
        let chart = self.0.get(&folder_of(path)?)?;
        let helpers = &chart.sides[side];
        Some(helpers.inlined(text, &helpers.with_takers(&chart.changed)))
    }

    fn told(&self, edits: &[&FileEdit]) -> Vec<String> {
        const SHOWN: usize = 3;
        let mut told = Vec::new();
        for (folder, chart) in &self.0 {
            // One that comes or goes is told by the template that begins or ceases to include it.
            let both = |name: &&String| chart.sides.iter().all(|side| side.has(name));
            let changed: BTreeSet<String> = chart.changed.iter().filter(both).cloned().collect();
            let all = chart.sides[1].with_takers(&changed);
            let takes = |edit: &&&FileEdit| {
                let text = edit.after.as_ref().map(|it| String::from_utf8_lossy(&it.content));
                let names = included(text.as_deref().unwrap_or_default());
                edit.path.is_within(folder)
                    && !is_partial(&edit.path)
                    && names.iter().any(|name| all.contains(name))
            };
            let names: Vec<String> = changed.iter().map(|it| format!("`{it}`")).collect();
            let files: Vec<&str> =
                edits.iter().filter(takes).map(|edit| edit.path.file_name()).collect();
            if names.is_empty() || files.is_empty() {
                continue;
            }
            let shown: Vec<String> = files.iter().take(SHOWN).map(|it| format!("`{it}`")).collect();
            let more = files.len().saturating_sub(SHOWN);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let (helper, changes) =
                if names.len() == 1 { ("helper", "changes") } else { ("helpers", "change") };
            let (names, more_names) = (&names[..names.len().min(SHOWN)], names.len() > SHOWN);
            let and = if more_names { ", …" } else { "" };
            let (file, them) =
                if files.len() == 1 { ("template", "includes") } else { ("templates", "include") };
            told.push(format!(
                "the {helper} {}{and} {changes}, which the {file} {}{more} {them}",
                names.join(", "),
                shown.join(", "),
            ));
        }
        told
    }
}

/// The folder of templates that a file is in.
fn folder_of(path: &RepoPath) -> Option<RepoPath> {
    let mut at = path.parent();
    let mut found = None;
    while let Some(folder) = at {
        if folder.file_name() == FOLDER {
            found = Some(folder.clone());
        }
        at = folder.parent();
    }
    found
}

/// Whether a file is one that Helm reads as a template.
fn is_part(path: &RepoPath) -> bool {
    is_template(path) || path.as_str().ends_with(".tpl") && folder_of(path).is_some()
}

/// Whether a file makes no resource of its own.
fn is_partial(path: &RepoPath) -> bool {
    path.file_name().starts_with('_') || path.as_str().ends_with(".tpl")
}

fn is_template(path: &RepoPath) -> bool {
    is_yaml_name(path.as_str())
        && path.parent().is_some_and(|folder| folder.parts().any(|part| part == FOLDER))
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
