//! Patches of an overlay that match no resource, which kustomize passes over in silence, and patches
//! that change nothing.
//!
//! What an overlay is without a patch is known in a promotion that brings the patch: it is the target
//! before. Else the overlay is built once more without its own patches, where that may be done. What
//! several patches do to one resource is not told apart: such a patch is without effect only if all
//! of them are. Where another engine built, nothing is said: what resources were called when the patches
//! looked at them is not known.

use std::collections::BTreeMap;

use crate::kustomize::decode::{Places, Source, same_key};
use crate::kustomize::kustomization::{Kustomization, Patch};
use crate::kustomize::selector::{Matcher, Selector};
use crate::kustomize::{self, Build, BuildOptions, Gvk, ResourceId, Version};
use crate::model::{
    EditedFiles, Entry, File, FileEdit, Location, PATCH_LISTS, Positions, RepoPath,
};
use crate::policy::Level;
use crate::policy::gate::Gate;
use crate::policy::kustomization::{KustomizationText, own_kustomization};
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::policy::subject::{Overlay, Subject};
use crate::yaml::{Dialect, Node, parse_stream, write_document};

pub(super) const RULE: Rule = Rule {
    id: "patch-effect",
    gate: Gate::Hygiene,
    codes: &[MATCHES_NOTHING, CHANGES_NOTHING],
    check: Check::Subject(check),
};

const MATCHES_NOTHING: Code = Code::sound("patch-matches-nothing", Level::Warning);
const CHANGES_NOTHING: Code = Code::sound("patch-changes-nothing", Level::Info);

fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let Some(overlay) = subject.overlay else { return };
    if overlay.build.origins_are_guessed {
        return;
    }
    let Some(file) = own_kustomization(overlay) else { return };
    let Some((affixes, patches)) = patches(overlay, &file) else { return };
    if patches.is_empty() {
        return;
    }
    let again = if overlay.may_build_again { build_without(overlay, &file) } else { None };
    let plain = again.as_ref().or(subject.promotion.map(|promotion| promotion.target.build));
    let changes = plain.map(|plain| Changes::between(plain, overlay.build));
    for patch in patches {
        // The target before is the overlay without the patch only if the promotion brings it.
        let is_without = again.is_some() || patch.is_new(subject);
        // A resource that a patch deletes is only there without the patch.
        let mut builds = plain.into_iter().chain([overlay.build]);
        if builds.all(|build| patch.targets(build, &affixes).is_some_and(|found| found.is_empty()))
        {
            if !patch.deletes || is_without {
                let help = "correct the target, or remove the patch".to_owned();
                let message = "the patch matches no resource, so it does nothing";
                report.say_at(MATCHES_NOTHING, patch.at.clone(), message, Some(help));
            }
            continue;
        }
        let Some(changes) = changes.as_ref().filter(|_| is_without) else { continue };
        let targets = patch.targets(changes.plain, &affixes).unwrap_or_default();
        if !targets.is_empty() && targets.iter().all(|target| !changes.has(*target)) {
            let id = &changes.plain.resources[targets[0]].id;
            let message = format!("the patch changes nothing: {id} is so without it");
            report.say_at(CHANGES_NOTHING, patch.at.clone(), message, None);
        }
    }
}

/// A patch and whom it is for.
struct Meant {
    at: Location,
    by: By,
    /// Its file; `None` if it is written in place.
    file: Option<RepoPath>,
    /// Whether it may take resources away.
    deletes: bool,
}

enum By {
    Target(Selector),
    /// The identities that the patch itself names.
    Names(Vec<ResourceId>),
}

/// The overlay's patches, and what it puts around names.
fn patches(overlay: Overlay<'_>, file: &KustomizationText) -> Option<(Affixes, Vec<Meant>)> {
    let nodes = parse_stream(&file.text, Dialect::V2).ok()?;
    let positions = Positions::new(&file.text);
    let version = Version::default();
    let source = Source { path: &file.path, places: Places::Marked(&positions), version };
    let read = Kustomization::parse(source, nodes.first()?).ok()?;
    let with_target = read.patches.iter().chain(&read.patches_json_6902);
    let mut found: Vec<Meant> = with_target.filter_map(|patch| meant(overlay, patch)).collect();
    found.extend(read.patches_strategic_merge.iter().filter_map(|reference| {
        let is_inline = reference.text.contains('\n');
        let path = if is_inline { "" } else { reference.text.as_str() };
        let text = if is_inline { Some(reference.text.clone()) } else { file_text(overlay, path) }?;
        Some(Meant {
            at: reference.at.clone(),
            by: By::Names(names(&text)?),
            file: overlay.path.join(path).ok().filter(|_| !is_inline),
            deletes: text.contains("$patch"),
        })
    }));
    Some((Affixes { prefix: read.name_prefix, suffix: read.name_suffix }, found))
}

fn meant(overlay: Overlay<'_>, patch: &Patch) -> Option<Meant> {
    let file = overlay.path.join(&patch.path).ok().filter(|_| !patch.path.is_empty());
    let text = match &file {
        Some(_) => file_text(overlay, &patch.path)?,
        None => patch.patch.clone(),
    };
    let by = match &patch.target {
        Some(target) => By::Target(target.clone()),
        None => By::Names(names(&text)?),
    };
    Some(Meant { at: patch.at.clone(), by, file, deletes: text.contains("$patch") })
}

fn file_text(overlay: Overlay<'_>, below: &str) -> Option<String> {
    let path = overlay.path.join(below).ok()?;
    let (_, Entry::File(file)) = overlay.files.look_up(&path).ok()? else { return None };
    std::str::from_utf8(&file.content).ok().map(str::to_owned)
}

fn names(text: &str) -> Option<Vec<ResourceId>> {
    let nodes = parse_stream(text, Dialect::V3).ok()?;
    let id = |node: &Node| {
        let text = |keys: &[&str]| node.at(keys).and_then(Node::text).unwrap_or_default();
        Some(ResourceId {
            gvk: Gvk::from_api_version(text(&["apiVersion"]), text(&["kind"])),
            namespace: text(&["metadata", "namespace"]).into(),
            name: node.at(&["metadata", "name"])?.text()?.into(),
        })
    };
    nodes.iter().map(id).collect()
}

/// What an overlay puts before and after names; its patches run before that.
struct Affixes {
    prefix: String,
    suffix: String,
}

impl Affixes {
    fn strip<'n>(&self, name: &'n str) -> &'n str {
        let name = name.strip_prefix(self.prefix.as_str()).unwrap_or(name);
        name.strip_suffix(self.suffix.as_str()).unwrap_or(name)
    }
}

impl Meant {
    /// Whether the promotion brings it: its file was not read for the target before.
    fn is_new(&self, subject: &Subject<'_>) -> bool {
        let before = subject.promotion.map(|promotion| &promotion.target.build.inputs);
        match (&self.file, before) {
            (Some(file), Some(inputs)) => !inputs.contains(file),
            _ => false,
        }
    }

    /// The places in the build of the resources that are meant; `None` if that cannot be known.
    fn targets(&self, build: &Build, affixes: &Affixes) -> Option<Vec<usize>> {
        let matcher = match &self.by {
            By::Target(selector) => {
                // Labels and annotations may differ by the time the patch looks at them.
                if !selector.label_selector.is_empty() || !selector.annotation_selector.is_empty() {
                    return None;
                }
                Some(Matcher::new(selector).ok()?)
            }
            By::Names(_) => None,
        };
        // All identities that a resource may have had when the overlay's patches looked at it.
        let is_meant = |now: &ResourceId, original: &ResourceId| {
            let names = [original.name.as_str(), affixes.strip(&now.name)];
            let namespaces = [now.namespace.as_str(), original.namespace.as_str(), "default"];
            names.into_iter().any(|name| match (&matcher, &self.by) {
                (Some(matcher), _) => {
                    namespaces.iter().any(|namespace| matcher.fits_id(&now.gvk, name, namespace))
                }
                (None, By::Names(ids)) => {
                    ids.iter().any(|id| id.name == name && id.gvk.kind == now.gvk.kind)
                }
                (None, By::Target(_)) => false,
            })
        };
        let resources = build.resources.iter().enumerate();
        let found = resources.filter(|(_, resource)| is_meant(&resource.id, &resource.original_id));
        let found: Vec<usize> = found.map(|(index, _)| index).collect();
        // A base below may have given the resource a name that it has no more.
        let may_be_renamed = || {
            let wanted: Vec<&str> = match &self.by {
                By::Target(selector) => vec![&selector.name],
                By::Names(names) => names.iter().map(|id| id.name.as_str()).collect(),
            };
            build.resources.iter().any(|resource| {
                let original = resource.original_id.name.as_str();
                let is_affixed =
                    |name: &&str| name.len() > original.len() && name.contains(original);
                resource.id.name != original && wanted.iter().any(is_affixed)
            })
        };
        (!found.is_empty() || !may_be_renamed()).then_some(found)
    }
}

/// The overlay without its own patches.
fn build_without(overlay: Overlay<'_>, file: &KustomizationText) -> Option<Build> {
    let mut nodes = parse_stream(&file.text, Dialect::V2).ok()?;
    let root = nodes.first_mut()?.as_mapping_mut()?;
    root.retain(|pair| !PATCH_LISTS.iter().any(|field| same_key(field, &pair.key.text)));
    let mut without = String::new();
    write_document(nodes.first()?, &mut without);
    let path: RepoPath = file.path.clone();
    let edit = FileEdit { path, before: None, after: Some(File::regular(without.into_bytes())) };
    let files = EditedFiles::new(overlay.files, [&edit]);
    kustomize::build(&files, overlay.path, &BuildOptions::default()).ok()
}

/// Which resources of one build another one changes.
struct Changes<'b> {
    plain: &'b Build,
    patched: BTreeMap<&'b ResourceId, Vec<&'b Node>>,
}

impl<'b> Changes<'b> {
    fn between(plain: &'b Build, patched: &'b Build) -> Self {
        let mut nodes: BTreeMap<&ResourceId, Vec<&Node>> = BTreeMap::new();
        for resource in &patched.resources {
            nodes.entry(&resource.original_id).or_default().push(&resource.node);
        }
        Self { plain, patched: nodes }
    }

    fn has(&self, index: usize) -> bool {
        let resource = &self.plain.resources[index];
        let nodes = self.patched.get(&resource.original_id);
        !nodes.is_some_and(|nodes| nodes.contains(&&resource.node))
    }
}
