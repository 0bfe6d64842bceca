//! Bringing over what the source changed: `promotion.by: changes`.

use super::draft::{Change, Draft};
use super::error::PlanError;
use super::plan::{Cause, Past, PlanRequest};
use super::rules::{Keep, PathGlob};
use crate::lineage::{self, Choice, Folders, History, Names, compare, last_by_hand};
use crate::model::{BlobId, Blobs, Location, ReadError, RepoPath};
use crate::yaml::FieldPath;

/// Decides by the history and puts what changes into the draft.
pub(super) fn bring_changes<'a>(
    draft: &mut Draft<'a>,
    request: &PlanRequest<'a>,
) -> Result<(), PlanError> {
    let nothing = History { commits: &[], blobs: &NoBlobs };
    let (history, ours) = match request.past {
        Past::None => (&nothing, None),
        Past::Known { history, point } => (history, point),
        Past::CutOff => {
            return Err(PlanError::HistoryCutOff {
                source_environment: draft.source.environment.name.clone(),
                target: draft.target.environment.name.clone(),
            });
        }
    };
    let (source, target) = (draft.source.environment, draft.target.environment);
    let names = names(source.name.as_str(), &source.path, target.name.as_str(), &target.path);
    let read = |source| PlanError::Read { at: Location::file(target.path.clone()), source };
    let by_hand = match ours {
        Some(_) => None,
        None => last_by_hand(history, &source.path, &target.path, &names).map_err(read)?,
    };
    let rules = draft.rules;
    let asked: Vec<Asked> = request.wish.only.iter().map(|text| Asked::parse(text)).collect();
    let fields = |keeps: &'a [Keep], below: &str| -> Vec<&'a FieldPath> {
        keeps.iter().filter(|keep| keep.file.matches(below)).flat_map(|keep| &keep.fields).collect()
    };
    let comparison = compare(&lineage::Request {
        files: request.files,
        folders: Folders { source: &source.path, target: &target.path },
        names: &names,
        history,
        point: ours.or(by_hand.as_ref()),
        choice: if request.wish.all { Choice::All } else { Choice::Changed },
        keep: &|below| fields(&rules.keep, below),
        take: &|below| fields(&rules.take, below),
        excluded: &|below| rules.excludes(below),
        asked: &|below, field, value| {
            asked.is_empty() || asked.iter().any(|it| it.means(below, field, value))
        },
    })
    .map_err(read)?;
    for change in comparison.changes {
        let causes = vec![Cause::Changed { from: change.from, fields: change.fields }];
        draft.changes.insert(change.below, Change { after: change.after, causes });
    }
    draft.differences = comparison.differences;
    Ok(())
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
        let image = value.rsplit_once([':', '@']).map_or(value, |(image, _)| image);
        self.glob.as_ref().is_some_and(|glob| glob.matches(below))
            || field.starts_with(&format!("images[name={}]", self.image))
            || image == self.image
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
