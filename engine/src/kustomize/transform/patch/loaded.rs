//! A patch that was read: which resources it is for, and laying it over these.
//!
//! The patches of the three fields treat identities and labels differently, see [`Origin`].

use super::super::json_6902::{JsonPatch, ParseError, Reason};
use super::super::transformer::Transformer;
use super::one_resource::{
    keep_version, make_annotations, merge_into, take_types_of_identity, texts_for_metadata,
};
use super::options::PatchOptions;
use crate::kustomize::error::BuildError;
use crate::kustomize::growth::weight;
use crate::kustomize::patch_effect::PatchEntry;
use crate::kustomize::resource::Draft;
use crate::kustomize::resource_set::{ResourceSet, WantedId};
use crate::kustomize::scalar;
use crate::kustomize::schema::Schema;
use crate::kustomize::secret_facts::{SecretFile, is_secret};
use crate::kustomize::selector::{Matcher, Selector};
use crate::kustomize::version::{
    Change, EMPTY_PATCHES, EMPTY_PATCHES_WITH_TARGET, SEVERAL_DELETIONS,
};
use crate::model::{Location, RepoPath};
use crate::yaml::{Node, TextId};

/// A patch that was read.
#[derive(Clone, Debug)]
pub struct LoadedPatch {
    content: Content,
    target: Option<Selector>,
    options: PatchOptions,
    origin: Origin,
    at: Location,
    /// Where it is listed, which is elsewhere if it has a file of its own.
    listed: Location,
    /// The file that it was read from; `None` if it is written in place.
    file: Option<RepoPath>,
    /// The entries whose effect is noted.
    entries: Vec<PatchEntry>,
}

/// The field of the kustomization that a patch is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `patches`.
    Patches,
    /// `patchesStrategicMerge`: labels and annotations of the patch are texts, `null` too.
    StrategicMerge,
    /// `patchesJson6902`: does not note the identity that a resource had before.
    Json6902,
}

#[derive(Clone, Debug)]
enum Content {
    /// Objects to lay over others; none if the text has only comments.
    Strategic(Vec<Draft>),
    Json(JsonPatch),
}

impl LoadedPatch {
    /// A patch of either form. `objects` is the text read as resources.
    ///
    /// # Errors
    /// The better of the two reasons if the text is neither form.
    pub fn of_either_form(
        (text, id): (&str, TextId),
        objects: Result<Vec<Draft>, BuildError>,
        target: Option<Selector>,
        options: PatchOptions,
        at: Location,
    ) -> Result<Self, BuildError> {
        let json = JsonPatch::parse(text, id);
        let content = match (objects, json) {
            (Ok(objects), Ok(json)) if !objects.is_empty() && !json.is_empty() => {
                let reason = "the patch is a strategic merge patch and a JSON 6902 patch at once";
                return Err(BuildError::Conflict { at, reason });
            }
            (Ok(objects), _) => Content::Strategic(objects),
            (Err(_), Ok(json)) => Content::Json(json),
            // What is no YAML at all has a place only in the first reading.
            (Err(error), Err(ParseError::NotOperations | ParseError::Yaml(_))) => {
                return Err(error);
            }
            (Err(_), Err(fault)) => return Err(not_a_patch(at, &fault)),
        };
        Ok(Self {
            content,
            target,
            options,
            origin: Origin::Patches,
            listed: at.clone(),
            at,
            file: None,
            entries: Vec::new(),
        })
    }

    /// The objects of one entry of `patchesStrategicMerge`.
    #[must_use]
    pub fn strategic_merge(objects: Vec<Draft>, at: Location) -> Self {
        Self {
            content: Content::Strategic(objects),
            target: None,
            options: PatchOptions::default(),
            origin: Origin::StrategicMerge,
            listed: at.clone(),
            at,
            file: None,
            entries: Vec::new(),
        }
    }

    /// One entry of `patchesJson6902`.
    ///
    /// # Errors
    /// [`BuildError::Invalid`] if it names no resource, or the text is no JSON 6902 patch or empty.
    pub fn json_6902(
        (text, id): (&str, TextId),
        target: Option<Selector>,
        at: Location,
    ) -> Result<Self, BuildError> {
        let invalid = |reason: &str| BuildError::Invalid { at: at.clone(), reason: reason.into() };
        if target.as_ref().is_none_or(|target| target.name.is_empty()) {
            return Err(invalid("the patch needs a `target` with a `name`"));
        }
        let json = JsonPatch::parse(text, id).map_err(|fault| not_a_patch(at.clone(), &fault))?;
        if json.is_empty() {
            return Err(invalid("the patch has no operation"));
        }
        let content = Content::Json(json);
        let options = PatchOptions::default();
        let (listed, file, entries) = (at.clone(), None, Vec::new());
        let origin = Origin::Json6902;
        Ok(Self { content, target, options, origin, at, listed, file, entries })
    }

    /// The same patch with the file that it was read from, and where that is listed.
    #[must_use]
    pub fn read_from(self, file: Option<RepoPath>, listed: &Location) -> Self {
        Self { file, listed: listed.clone(), ..self }
    }

    /// The same patch with the entries whose effect is to be noted.
    #[must_use]
    pub fn of_entries(self, entries: Vec<PatchEntry>) -> Self {
        Self { entries, ..self }
    }

    const fn merges(&self) -> bool {
        matches!(&self.content, Content::Strategic(objects) if !objects.is_empty())
    }

    /// A patch of a Secret makes its file one that holds secret values.
    fn note_secret(&self, set: &mut ResourceSet, at: usize) {
        if let (Some(file), true) = (&self.file, set.get(at).is_some_and(is_secret)) {
            set.secrets.note_file(file.clone(), SecretFile::Patch);
        }
    }

    /// A patch that holds only comments, which older versions refuse.
    fn do_nothing(&self, schema: &Schema, change: &Change) -> Result<(), BuildError> {
        let version = schema.version();
        if self.origin != Origin::Patches || version.has(change) {
            return Ok(());
        }
        let reason = format!("the patch is empty, which kustomize {version} refuses");
        Err(BuildError::Invalid { at: self.at.clone(), reason })
    }

    fn selected(&self, set: &mut ResourceSet, target: &Selector) -> Result<Vec<usize>, BuildError> {
        let matcher = Matcher::new(target).map_err(|fault| BuildError::Invalid {
            at: self.at.clone().in_field("target"),
            reason: fault.to_string(),
        })?;
        let mut places = match matcher.only_name() {
            Some(name) => set.find_named(name),
            None => (0..set.len()).collect(),
        };
        places.retain(|at| matcher.selects(&set.as_slice()[*at]));
        Ok(places)
    }

    fn merge_selected(
        &self,
        set: &mut ResourceSet,
        (target, effect): (&Selector, Option<usize>),
        patch: &Draft,
        schema: &Schema,
    ) -> Result<(), BuildError> {
        for at in self.selected(set, target)? {
            let mut node = texts_for_metadata(patch.node.clone(), true);
            keep_version(set.get(at), &mut node)?;
            take_types_of_identity(&mut node, self.options);
            self.merge_at(set, (at, effect), node, schema)?;
        }
        set.drop_deleted();
        Ok(())
    }

    /// Lays an object over the resource with its identity.
    fn merge_named(
        &self,
        set: &mut ResourceSet,
        patch: &Draft,
        effect: Option<usize>,
        schema: &Schema,
    ) -> Result<(), BuildError> {
        if !schema.version().has(&SEVERAL_DELETIONS) && set.iter().any(Draft::is_deleted) {
            return Err(BuildError::Invalid {
                at: patch.location.clone(),
                reason: format!(
                    "kustomize {} fails at an object of a patch behind one with `$patch: delete`",
                    schema.version()
                ),
            });
        }
        let at = match set.find_any(&WantedId::of(patch)).as_slice() {
            [at] => *at,
            [] => {
                return Err(BuildError::PatchWithoutTarget {
                    at: patch.location.clone(),
                    id: patch.id.clone(),
                    nearest: nearest(set, patch),
                });
            }
            [first, second, ..] => {
                let place = |at: &usize| set.get(*at).map(|draft| draft.location.clone());
                return Err(BuildError::PatchWithTwoTargets {
                    at: patch.location.clone(),
                    id: patch.id.clone(),
                    others: place(first).into_iter().chain(place(second)).collect(),
                });
            }
        };
        let as_selected = self.origin == Origin::StrategicMerge;
        let mut node = patch.node.clone();
        if as_selected || self.options != PatchOptions::default() {
            node = texts_for_metadata(node, as_selected);
        }
        if as_selected {
            keep_version(set.get(at), &mut node)?;
        }
        self.merge_at(set, (at, effect), node, schema)?;
        if as_selected {
            set.drop_deleted();
        }
        Ok(())
    }

    /// Changes one resource, and notes what that did.
    fn change<T>(
        set: &mut ResourceSet,
        (at, effect): (usize, Option<usize>),
        schema: &Schema,
        change: impl FnOnce(&mut Draft) -> T,
    ) -> T {
        // One resource that is another one is enough.
        let open =
            effect.filter(|effect| set.patches.get(*effect).is_some_and(|it| !it.has_changed));
        let (Some(effect), Some(draft)) = (open, set.get(at)) else {
            return set.update(at, schema, change);
        };
        let (id, before) = (draft.first_id.clone(), draft.node.clone());
        let result = set.update(at, schema, change);
        set.note_patch(effect, at, &id, &before);
        result
    }

    fn merge_at(
        &self,
        set: &mut ResourceSet,
        (at, effect): (usize, Option<usize>),
        patch: Node,
        schema: &Schema,
    ) -> Result<(), BuildError> {
        let options = self.options;
        self.note_secret(set, at);
        set.growth.add_to_each(weight(&patch), 1).map_err(|fault| BuildError::Invalid {
            at: self.at.clone(),
            reason: fault.to_string(),
        })?;
        let merged = Self::change(set, (at, effect), schema, |draft| {
            merge_into(draft, patch, options, schema, &self.at)
        });
        let lost = merged.map_err(|source| BuildError::Invalid {
            at: self.at.clone(),
            reason: format!("the patch does not fit `{}`: {source}", set_id(set, at)),
        })?;
        set.lost_books.extend(lost);
        if options == PatchOptions::default() || set.get(at).is_none_or(Draft::is_deleted) {
            return Ok(());
        }
        let wanted = set.get(at).map(WantedId::of);
        let same = wanted.map(|wanted| set.find_current(&wanted)).unwrap_or_default();
        let other = same.into_iter().find(|other| *other != at);
        match (set.get(at), other.and_then(|other| set.get(other))) {
            (Some(draft), Some(other)) => Err(BuildError::Invalid {
                at: self.at.clone(),
                reason: format!(
                    "the patch makes a second `{}`, beside the one from {}",
                    draft.id, other.location
                ),
            }),
            _ => Ok(()),
        }
    }

    fn apply_json(
        &self,
        set: &mut ResourceSet,
        (target, effect): (&Selector, Option<usize>),
        json: &JsonPatch,
        schema: &Schema,
    ) -> Result<(), BuildError> {
        let mut growth = set.growth;
        for at in self.selected(set, target)? {
            self.note_secret(set, at);
            set.get(at).map_or(Ok(()), Draft::refuse_made_keys)?;
            let applied = Self::change(set, (at, effect), schema, |draft| {
                let notes_identity = self.origin == Origin::Patches;
                draft.settle_foot(notes_identity);
                if notes_identity {
                    draft.remember_id();
                }
                // kustomize has its own annotations there by now, so that adding one works.
                if draft.has_history() {
                    make_annotations(&mut draft.node);
                }
                json.apply(&mut draft.node, &mut growth)?;
                // kustomize saves its own annotations from such a patch, save those for the user.
                if json.takes_annotations() {
                    draft.lose_origin();
                }
                scalar::make_texts(&mut draft.node, "annotations");
                Ok(())
            });
            applied.map_err(|fault: super::super::json_6902::ApplyError| BuildError::Invalid {
                at: self.at.clone(),
                reason: match fault.reason {
                    // Where there is room for a few words, the limit has to be among them.
                    Reason::TooMuch(limit) => limit.to_string(),
                    _ => format!("the patch does not fit `{}`: {fault}", set_id(set, at)),
                },
            })?;
            let id = set.get(at).map(|draft| draft.id.clone()).unwrap_or_default();
            if id.gvk.kind.is_empty() || (id.name.is_empty() && !id.gvk.kind.ends_with("List")) {
                return Err(BuildError::Conflict {
                    at: self.at.clone(),
                    reason: "the patch removes the kind or the name of a resource",
                });
            }
        }
        set.growth = growth;
        Ok(())
    }
}

impl Transformer for LoadedPatch {
    /// Lays the patch over the resources that it is for.
    fn run(&self, set: &mut ResourceSet, schema: &Schema) -> Result<(), BuildError> {
        let first = set.patches.len();
        set.patches.extend(self.entries.iter().map(PatchEntry::begun));
        let effect = |object: usize| {
            let entry = self.entries.iter().position(|entry| object < entry.objects)?;
            Some(first + entry)
        };
        let applied = match (&self.content, &self.target) {
            (Content::Strategic(objects), Some(target)) => match objects.as_slice() {
                [] => self.do_nothing(schema, &EMPTY_PATCHES_WITH_TARGET),
                [patch] => self.merge_selected(set, (target, effect(0)), patch, schema),
                _ => Err(BuildError::Conflict {
                    at: self.at.clone(),
                    reason: "a patch with a `target` may hold one object, not several",
                }),
            },
            (Content::Strategic(objects), None) if objects.is_empty() => {
                self.do_nothing(schema, &EMPTY_PATCHES)
            }
            (Content::Strategic(objects), None) => {
                let mut objects = objects.iter().enumerate();
                objects.try_for_each(|(at, patch)| self.merge_named(set, patch, effect(at), schema))
            }
            (Content::Json(json), Some(target)) => {
                self.apply_json(set, (target, effect(0)), json, schema)
            }
            (Content::Json(_), None) => Err(BuildError::Conflict {
                at: self.listed.clone(),
                reason: "a JSON 6902 patch needs a `target`",
            }),
        };
        let takes_in_again = self.target.is_some() || self.origin == Origin::StrategicMerge;
        let refuses = self.merges() && takes_in_again;
        applied.and_then(|()| if refuses { refuse_repeated(set) } else { Ok(()) })
    }

    /// It counts what it puts in.
    fn texts_for_each(&self) -> Vec<&str> {
        Vec::new()
    }

    /// It does if it is to be laid over one of them; without a target it has to fit one.
    fn asks_schema(&self, set: &ResourceSet) -> bool {
        self.merges()
            && self.target.as_ref().map(Matcher::new).is_none_or(|matcher| {
                matcher.is_ok_and(|matcher| set.iter().any(|draft| matcher.selects(draft)))
            })
    }
}

/// kustomize takes all resources in again behind a strategic merge patch that it selects resources for, which none may
/// be twice for.
fn refuse_repeated(set: &mut ResourceSet) -> Result<(), BuildError> {
    set.refuse_repeated().map_err(|found| {
        let (draft, first) = *found;
        let other = set.get(first).unwrap_or(&draft).location.clone();
        BuildError::Duplicate { at: draft.location, id: draft.id, other }
    })
}

fn set_id(set: &ResourceSet, at: usize) -> String {
    set.get(at).map(|draft| draft.id.to_string()).unwrap_or_default()
}

fn not_a_patch(at: Location, fault: &ParseError) -> BuildError {
    BuildError::Invalid { at, reason: format!("not a JSON 6902 patch: {fault}") }
}

/// A resource of the same kind whose name is nearest to the patch's, else one with the same name.
fn nearest(set: &ResourceSet, patch: &Draft) -> Option<crate::kustomize::ResourceId> {
    let same_kind: Vec<&Draft> =
        set.iter().filter(|draft| draft.id.gvk.kind == patch.id.gvk.kind).take(1000).collect();
    let names: Vec<&str> = same_kind.iter().map(|draft| draft.id.name.as_str()).collect();
    let name = crate::model::nearest(&patch.id.name, &names);
    let by_name = || set.iter().find(|draft| draft.id.name == patch.id.name);
    name.and_then(|name| same_kind.iter().copied().find(|draft| draft.id.name == name))
        .or_else(by_name)
        .map(|draft| draft.id.clone())
}
