//! Bringing over what the source changed: `promotion.by: changes`.

use std::collections::BTreeSet;

use super::commit::Commit;
use super::draft::{Change, Draft};
use super::environment::Environment;
use super::error::PlanError;
use super::plan_request::{Past, PlanRequest};
use super::planned_edit::Cause;
use super::rules::{By, Keep, PathGlob};
use crate::lineage::{
    self, Because, Brought, Choice, Comparison, Difference, Folders, History, Names, Point, Then,
    bears_out, compare, last_by_hand, shared_domains,
};
use crate::model::{
    BlobId, Blobs, CommitSha, FieldPath, File, FileEdit, Files, Location, ReadError, RepoPath,
};
use crate::policy::OwnValue;

/// Decides by the history and puts what changes into the draft.
pub(super) fn bring_changes<'a>(
    draft: &mut Draft<'a>,
    request: &PlanRequest<'a>,
) -> Result<(), PlanError> {
    let (source, target) = (draft.source.environment, draft.target.environment);
    if matches!(request.past, Past::CutOff) {
        return Err(PlanError::HistoryCutOff {
            source_environment: source.name.clone(),
            target: target.name.clone(),
        });
    }
    let choice = if request.wish.all { Choice::All } else { Choice::Changed };
    let comparison = compare_with(request, request.files, choice)
        .map_err(|source| PlanError::Read { at: Location::file(target.path.clone()), source })?;
    if !comparison.lacking.is_empty() {
        return Err(PlanError::Unknown(comparison.lacking));
    }
    for change in comparison.changes {
        let changed = |fields| Cause::Changed { from: change.from, fields };
        let causes = match (change.moved, &change.after) {
            (Some((from, to)), _) => {
                let also = (!change.fields.is_empty()).then(|| changed(change.fields));
                [Cause::Renamed { from, to }].into_iter().chain(also).collect()
            }
            (None, Some(_)) => vec![changed(change.fields)],
            (None, None) => vec![Cause::Pruned],
        };
        draft.changes.insert(change.below, Change { after: change.after, causes });
    }
    draft.differences = comparison.differences;
    if let Past::Known { history, .. } = request.past {
        draft.commits = brought(history, &draft.differences);
    }
    Ok(())
}

/// The commits by which the source got what comes over, oldest first.
fn brought(history: &History<'_>, differences: &[Difference]) -> Vec<Commit> {
    let since = |difference: &'_ Difference| match &difference.because {
        Because::Behind { since } if difference.then != Then::Stays => since.clone(),
        _ => None,
    };
    let bringing: BTreeSet<CommitSha> = differences.iter().filter_map(since).collect();
    let told = history.commits.iter().filter(|it| !it.is_several() && bringing.contains(&it.id));
    told.map(Commit::of).collect()
}

/// Compares the two environments, the target as `files` have it.
fn compare_with(
    request: &PlanRequest<'_>,
    files: &dyn Files,
    choice: Choice,
) -> Result<Comparison, ReadError> {
    let nothing = History::new(&[], &NoBlobs, None);
    let (history, points): (_, &[Point]) = match request.past {
        Past::None | Past::CutOff => (&nothing, &[]),
        Past::Known { history, points } => (history, points),
    };
    let (source, target) = (request.source, request.target);
    let others = target
        .of_application
        .iter()
        .filter(|(name, _)| ![&source.name, &target.name].contains(&name));
    let names = names(source.name.as_str(), &source.path, target.name.as_str(), &target.path)
        .beside(others.map(|(name, _)| name.as_str()));
    let folders = Folders { source: &source.path, target: &target.path };
    let shared = shared_domains(files, folders, &names)?;
    let names = names.with_domains(shared.domains);
    let ours = last_of_ours(history, points, (source, target))?;
    let by_hand = ours.is_none();
    let point = match ours {
        Some(ours) => Some(ours),
        None => last_by_hand(history, &source.path, &target.path, &names)?,
    };
    let rules = &*target.rules;
    let asked: Vec<Asked> = request.wish.only.iter().map(|text| Asked::parse(text)).collect();
    let mut comparison = compare(&lineage::Request {
        files,
        folders,
        names: &names,
        history,
        point: point.as_ref(),
        by_hand,
        choice,
        keep: &|below| fields(&rules.keep, target.called(below)),
        take: &|below| fields(&rules.take, target.called(below)),
        excluded: &|below| rules.excludes(target.called(below)),
        asked: &|below, field, value| {
            asked.is_empty() || asked.iter().any(|it| it.means(target.called(below), field, value))
        },
        named: &|field, value| asked.iter().any(|it| it.names(field, value)),
    })?;
    comparison.lacking.extend(shared.lacking);
    Ok(comparison)
}

/// The newest promotion of ours that the history bears out: trailers alone anybody can write.
///
/// # Errors
/// [`ReadError`] if contents cannot be read.
fn last_of_ours(
    history: &History<'_>,
    points: &[Point],
    (source, target): (&Environment, &Environment),
) -> Result<Option<Point>, ReadError> {
    let names = names(source.name.as_str(), &source.path, target.name.as_str(), &target.path);
    for point in points {
        let borne_out = if point.claimed {
            bears_out(history, point, (&source.path, &target.path), &names)?
        } else {
            Some(point.clone())
        };
        if borne_out.is_some() {
            return Ok(borne_out);
        }
    }
    Ok(None)
}

/// Whether edits of a commit are those of a promotion: in the target's folder alone, to what the source had
/// then, and to nothing else.
///
/// # Errors
/// [`ReadError`] if the source's files cannot be read.
pub fn is_promotion(
    edits: &[FileEdit],
    then: &dyn Files,
    (source, target): (&Environment, &Environment),
) -> Result<bool, ReadError> {
    let names = names(source.name.as_str(), &source.path, target.name.as_str(), &target.path);
    let mut brought = Brought::default();
    for edit in edits {
        let below = edit.path.strip_prefix(&target.path);
        let theirs = below.and_then(|below| source.path.join(below).ok());
        let Some(path) = theirs else { return Ok(false) };
        let theirs = then.file(&path)?.map(|file| file.content);
        let content = |file: &Option<File>| file.as_ref().map(|file| file.content.clone());
        let (before, after) = (content(&edit.before), content(&edit.after));
        let contents = (before.as_deref(), after.as_deref(), theirs.as_deref());
        brought.add(edit.path.as_str(), contents, &names);
    }
    Ok(brought.is_whole())
}

fn fields<'k>(keeps: &'k [Keep], below: &str) -> Vec<&'k FieldPath> {
    keeps.iter().filter(|keep| keep.file.matches(below)).flat_map(|keep| &keep.fields).collect()
}

/// The values that were always the target's own and that the edits take from it, as far as the history is
/// known. What it cannot tell is no finding.
pub(super) fn lost_values(request: &PlanRequest<'_>, edited: &dyn Files) -> Vec<OwnValue> {
    let Past::Known { history, .. } = request.past else { return Vec::new() };
    let (source, target) = (request.source, request.target);
    let tells = history.tells_something(&source.path, &target.path);
    let by_history = target.rules.by.map_or(tells, |by| by == By::Changes);
    // What comes by the history alone is never the target's own.
    if by_history && !request.wish.all && target.rules.take.is_empty() {
        return Vec::new();
    }
    // Where both have been what they are from the beginning, a copy is meant to bring the source's. Who promotes
    // changes and asks for more is told of everything that would have stayed.
    let is_chosen = |because: &Because| match because {
        Because::SetLater { .. } | Because::Tried { .. } => true,
        Because::Own { since, source_moved } => by_history || since.is_some() || *source_moved,
        _ => false,
    };
    let own = |files: &dyn Files| -> Vec<Difference> {
        let found = compare_with(request, files, Choice::Changed).unwrap_or_default().differences;
        let is_own = |it: &Difference| {
            it.target.is_some()
                && (is_chosen(&it.because)
                    || it.source.is_none() && matches!(it.because, Because::Own { .. }))
        };
        found.into_iter().filter(is_own).collect()
    };
    let owned = own(request.files);
    if owned.is_empty() {
        return Vec::new();
    }
    let stays = own(edited);
    let is_lost = |it: &Difference| {
        !stays.iter().any(|other| {
            (&other.path, &other.document, &other.field) == (&it.path, &it.document, &it.field)
        }) && matches!((request.files.file(&it.path), edited.file(&it.path)), (Ok(a), Ok(b)) if a != b)
    };
    let lost = owned.into_iter().filter(is_lost);
    lost.map(|it| OwnValue {
        at: Location::file(it.path).in_field(&it.field),
        // Whether it may be shown is not known here.
        value: None,
        since: match it.because {
            Because::Own { since, .. } => since,
            _ => None,
        },
    })
    .collect()
}

/// What somebody asks for alone: files by a glob, or an image by its name.
struct Asked {
    image: String,
    glob: Option<PathGlob>,
}

impl Asked {
    fn parse(text: &str) -> Self {
        Self { image: text.to_owned(), glob: PathGlob::parse(text).ok() }
    }

    fn means(&self, below: &str, field: &str, value: &str) -> bool {
        self.glob.as_ref().is_some_and(|glob| glob.matches(below)) || self.names(field, value)
    }

    /// Whether a field is of the image that is asked for.
    fn names(&self, field: &str, value: &str) -> bool {
        let image = value.rsplit_once([':', '@']).map_or(value, |(image, _)| image);
        field.starts_with(&format!("images[name={}]", self.image)) || image == self.image
    }
}

/// What tells the two environments apart by name: their names and their folders'.
fn names(source: &str, source_path: &RepoPath, target: &str, target_path: &RepoPath) -> Names {
    let differing = |path: &'_ RepoPath, other: &RepoPath| -> Vec<String> {
        let theirs: Vec<&str> = other.parts().collect();
        let own = path.parts().enumerate();
        own.filter(|(at, part)| theirs.get(*at) != Some(part))
            .map(|(_, it)| it.to_owned())
            .collect()
    };
    let (ours, theirs) = (differing(source_path, target_path), differing(target_path, source_path));
    Names::new(
        ours.iter().map(String::as_str).chain([source]),
        theirs.iter().map(String::as_str).chain([target]),
    )
}

/// The contents of a history that is empty.
struct NoBlobs;

impl Blobs for NoBlobs {
    fn blob(&self, _: &BlobId) -> Result<Option<std::sync::Arc<[u8]>>, ReadError> {
        Ok(None)
    }
}
