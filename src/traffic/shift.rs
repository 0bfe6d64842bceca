//! The edits of one step: tried where routes are written, and held against what the environment builds.

use std::collections::BTreeMap;

use super::error::ShiftError;
use super::next::check;
use super::place::{Spot, spots, text_of};
use super::rewrite::Rewritten;
use super::rollout::Aim;
use super::split::{PROTOCOLS, find, is_at, share_of};
use super::task::Task;
use crate::kustomize::{self, BuildError, Resource};
use crate::model::{EditedFiles, File, FileEdit, Files, Location, RepoPath};
use crate::yaml::Node;

/// How an environment is built.
pub type Build<'b> = &'b dyn Fn(&dyn Files) -> Result<kustomize::Build, BuildError>;

/// The edits of a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shift {
    /// What the destination got before, in percent.
    pub before: u32,
    /// The edits in the order of the paths, with the fields that change; none if all is as it should be.
    pub edits: Vec<(FileEdit, Vec<String>)>,
    /// Annotations that repeat the weight and could not follow.
    pub stale: Vec<String>,
}

/// More places than these are not tried.
const MOST_SPOTS: usize = 60;

/// Makes the edits of a step in an environment's own files.
///
/// # Errors
/// [`ShiftError`] if it cannot be taken; [`ShiftError::Unknown`] names files whose content the caller has to
/// fetch before asking again.
pub fn shift(
    files: &dyn Files,
    folder: &RepoPath,
    build: Build<'_>,
    aim: &Aim,
) -> Result<Shift, ShiftError> {
    let now = build(files)?;
    check(&now, aim)?;
    let (Some(found), Some(before)) = (find(&now, &aim.virtual_service), share_of(&now, aim))
    else {
        return Err(ShiftError::no_route(aim));
    };
    let spots = spots(files, folder, &now.inputs);
    let mut attempt = Attempt {
        files,
        build,
        aim,
        now: &now,
        found,
        before,
        spots: spots.into_iter().take(MOST_SPOTS).collect(),
        texts: BTreeMap::new(),
        refused: None,
    };
    if !is_at(&found.node, aim) {
        attempt.move_weights(folder)?;
    }
    let stale = attempt.move_annotations()?;
    Ok(Shift { before, edits: attempt.edits(), stale })
}

struct Attempt<'a> {
    files: &'a dyn Files,
    build: Build<'a>,
    aim: &'a Aim,
    now: &'a kustomize::Build,
    /// The VirtualService as it is built now.
    found: &'a Resource,
    before: u32,
    spots: Vec<Spot>,
    /// The files that change so far.
    texts: BTreeMap<RepoPath, (String, Vec<String>)>,
    /// The first place that could not be changed, and why.
    refused: Option<(RepoPath, String)>,
}

/// The files that change, as texts with their fields.
type Texts = BTreeMap<RepoPath, (String, Vec<String>)>;

impl Attempt<'_> {
    /// Tries places under the VirtualService's own name, then any, then all of one kind together.
    fn move_weights(&mut self, folder: &RepoPath) -> Result<(), ShiftError> {
        let own = [self.found.id.name.to_string(), self.found.original_id.name.to_string()];
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        let mut writes = None;
        for names in [own.as_slice(), &[]] {
            let mut together = Texts::new();
            for spot in self.spots.clone() {
                let Some(texts) = self.rewritten(&spot, names, &Texts::new()) else { continue };
                writes.get_or_insert_with(|| spot.path.clone());
                if self.is_right(&texts)? {
                    self.texts = texts;
                    return Ok(());
                }
                together = self.rewritten(&spot, names, &together).unwrap_or(together);
            }
            if together.len() > 1 && self.is_right(&together)? {
                self.texts = together;
                return Ok(());
            }
        }
        Err(self.fault(writes, folder))
    }

    fn fault(&self, writes: Option<RepoPath>, folder: &RepoPath) -> ShiftError {
        let name = self.aim.virtual_service.clone();
        if let Some((path, because)) = &self.refused {
            let (at, because) = (Location::file(path.clone()), because.clone());
            return ShiftError::NotMoved { at, name, because };
        }
        let at = self.found.origin.clone();
        if !at.path.is_within(folder) {
            return ShiftError::Elsewhere { at, name, folder: folder.clone() };
        }
        let at = writes.map_or(at, Location::file);
        let because = "what is built then is not what the step wants; perhaps a later patch or a \
                       replacement has the last word";
        ShiftError::NotMoved { at, name, because: because.to_owned() }
    }

    /// What a spot's file becomes on top of others; `None` if nothing of it changes.
    fn rewritten(&mut self, spot: &Spot, names: &[&str], on: &Texts) -> Option<Texts> {
        self.rewrite(spot, names, on, true)
    }

    fn rewrite(&mut self, spot: &Spot, names: &[&str], on: &Texts, weights: bool) -> Option<Texts> {
        let file = match on.get(&spot.path) {
            Some((text, _)) => text.clone(),
            None => text_of(self.files, &spot.path)?,
        };
        let task = Task {
            aim: self.aim,
            built: &self.found.node,
            share: Some(self.before),
            names,
            weights,
        };
        let text = spot.text(&file)?;
        let written = task.rewrite(&text).and_then(|rewritten| match rewritten {
            None => Ok(None),
            Some(Rewritten { text, fields }) => Ok(Some((spot.put(&file, &text)?, fields))),
        });
        match written {
            Ok(Some((text, fields))) => {
                let mut texts = on.clone();
                let (file, known) = texts.entry(spot.path.clone()).or_default();
                *file = text;
                known.extend(fields);
                Some(texts)
            }
            Ok(None) => None,
            Err(error) => {
                self.refused.get_or_insert((spot.path.clone(), error.to_string()));
                None
            }
        }
    }

    fn built_with(&self, texts: &Texts) -> Result<Option<kustomize::Build>, ShiftError> {
        let edits = edits_of(self.files, texts);
        let edited = EditedFiles::new(self.files, edits.iter().map(|(edit, _)| edit));
        match (self.build)(&edited) {
            Ok(built) => Ok(Some(built)),
            Err(error @ BuildError::Unknown(_)) => Err(error.into()),
            // What no longer builds is no way to do it.
            Err(_) => Ok(None),
        }
    }

    /// Whether the environment is then as the step wants it, and otherwise as it was.
    fn is_right(&self, texts: &Texts) -> Result<bool, ShiftError> {
        let Some(built) = self.built_with(texts)? else { return Ok(false) };
        let Some(after) = find(&built, &self.aim.virtual_service) else { return Ok(false) };
        let same_others = built.resources.len() == self.now.resources.len()
            && built
                .resources
                .iter()
                .zip(&self.now.resources)
                .all(|(a, b)| a.id == b.id && (a.id == self.found.id || a.node == b.node));
        Ok(same_others
            && is_at(&after.node, self.aim)
            && without_traffic(&after.node) == without_traffic(&self.found.node))
    }

    /// Lets annotations follow wherever they are written; tells those that could not.
    fn move_annotations(&mut self) -> Result<Vec<String>, ShiftError> {
        let wanted = self.wanted_annotations();
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let own = [self.found.id.name.to_string(), self.found.original_id.name.to_string()];
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        let mut stale = self.stale(&wanted, &self.texts)?;
        for names in [own.as_slice(), &[]] {
            for spot in self.spots.clone() {
                if stale.is_empty() {
                    return Ok(stale);
                }
                let on = self.texts.clone();
                let Some(texts) = self.rewrite(&spot, names, &on, false) else { continue };
                let left = self.stale(&wanted, &texts)?;
                let others_stay = self.is_right(&texts)?;
                if left.len() < stale.len() && others_stay {
                    (self.texts, stale) = (texts, left);
                }
            }
        }
        Ok(stale)
    }

    /// The annotations as they should be.
    fn wanted_annotations(&self) -> BTreeMap<String, String> {
        let annotations =
            self.found.node.at(&["metadata", "annotations"]).and_then(Node::as_mapping);
        let pairs = annotations.into_iter().flat_map(crate::yaml::Mapping::iter);
        let followed = pairs.filter_map(|pair| {
            let (key, value) = (pair.key.text.as_str(), pair.value.text()?);
            let text = super::annotation::follow(key, value, self.aim, Some(self.before))?;
            (text != value).then(|| (key.to_owned(), text))
        });
        followed.collect()
    }

    /// Those of the annotations that are not as they should be.
    fn stale(
        &self,
        wanted: &BTreeMap<String, String>,
        texts: &Texts,
    ) -> Result<Vec<String>, ShiftError> {
        let built = self.built_with(texts)?;
        let after = built.as_ref().and_then(|built| find(built, &self.aim.virtual_service));
        let says = |key: &str| after?.node.at(&["metadata", "annotations", key])?.text();
        let stale = wanted.iter().filter(|(key, text)| says(key) != Some(text.as_str()));
        Ok(stale.map(|(key, _)| key.clone()).collect())
    }

    fn edits(&self) -> Vec<(FileEdit, Vec<String>)> {
        edits_of(self.files, &self.texts)
    }
}

fn edits_of(files: &dyn Files, texts: &Texts) -> Vec<(FileEdit, Vec<String>)> {
    let edit = |(path, (text, fields)): (&RepoPath, &(String, Vec<String>))| {
        let before = files.file(path).ok().flatten()?;
        let after = File { mode: before.mode, content: text.as_bytes().into() };
        let edit = FileEdit { path: path.clone(), before: Some(before), after: Some(after) };
        Some((edit, fields.clone()))
    };
    texts.iter().filter_map(edit).collect()
}

/// A VirtualService without what a step may change.
fn without_traffic(virtual_service: &Node) -> Node {
    let mut node = virtual_service.clone();
    for protocol in PROTOCOLS {
        let list = node.get_mut("spec").and_then(|spec| spec.get_mut(protocol));
        for route in list.and_then(Node::as_sequence_mut).into_iter().flatten() {
            if let Some(destinations) = route.get_mut("route") {
                *destinations = Node::null();
            }
        }
    }
    if let Some(annotations) = node.get_mut("metadata").and_then(|it| it.get_mut("annotations")) {
        *annotations = Node::null();
    }
    node
}
