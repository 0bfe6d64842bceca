//! Patches of an overlay that match no resource, which kustomize passes over in silence, and patches
//! that change nothing.
//!
//! The overlay is built once more without its own patches; that costs one build and is only done
//! where there are some. What several patches do to one resource is not told apart: such a patch is
//! without effect only if all of them are.

use std::collections::BTreeMap;

use crate::kustomize::decode::{Places, Source};
use crate::kustomize::kustomization::{Kustomization, Patch, Reference};
use crate::kustomize::selector::{Matcher, Selector};
use crate::kustomize::{self, Build, BuildOptions, Gvk, ResourceId};
use crate::model::{EditedFiles, Entry, File, FileEdit, Location, Positions, RepoPath};
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

/// The fields with patches.
const FIELDS: [&str; 3] = ["patches", "patchesStrategicMerge", "patchesJson6902"];

fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let Some(overlay) = subject.overlay else { return };
    let Some(file) = own_kustomization(overlay) else { return };
    let Some(patches) = patches(overlay, &file) else { return };
    if patches.is_empty() {
        return;
    }
    let Some((plain, affixes)) = build_without(overlay, &file) else { return };
    let changes = Changes::between(&plain, overlay.build);
    for patch in patches {
        let targets = patch.targets(&plain, &affixes);
        let Some(targets) = targets else { continue };
        if targets.is_empty() {
            let help = "correct the target, or remove the patch".to_owned();
            let message = "the patch matches no resource, so it does nothing";
            report.say_at(MATCHES_NOTHING, patch.at.clone(), message, Some(help));
        } else if targets.iter().all(|target| !changes.has(target)) {
            let message = format!(
                "the patch changes nothing: {} has all of it without the patch",
                plain.resources[targets[0]].id
            );
            report.say_at(CHANGES_NOTHING, patch.at.clone(), message, None);
        }
    }
}

/// A patch and whom it is for.
struct Meant {
    at: Location,
    by: By,
}

enum By {
    Target(Selector),
    /// The identities that the patch itself names.
    Names(Vec<ResourceId>),
}

fn patches(overlay: Overlay<'_>, file: &KustomizationText) -> Option<Vec<Meant>> {
    let nodes = parse_stream(&file.text, Dialect::V2).ok()?;
    let positions = Positions::new(&file.text);
    let source = Source { path: &file.path, places: Places::Marked(&positions) };
    let read = Kustomization::parse(source, nodes.first()?).ok()?;
    let with_target = read.patches.iter().chain(&read.patches_json_6902);
    let mut found: Vec<Meant> = with_target.filter_map(|patch| meant(overlay, patch)).collect();
    found.extend(read.patches_strategic_merge.iter().filter_map(|reference| {
        let text = text_of(overlay, reference)?;
        Some(Meant { at: reference.at.clone(), by: By::Names(names(&text)?) })
    }));
    Some(found)
}

fn meant(overlay: Overlay<'_>, patch: &Patch) -> Option<Meant> {
    let at = patch.at.clone();
    if let Some(target) = &patch.target {
        return Some(Meant { at, by: By::Target(target.clone()) });
    }
    let text =
        if patch.patch.is_empty() { file_text(overlay, &patch.path)? } else { patch.patch.clone() };
    Some(Meant { at, by: By::Names(names(&text)?) })
}

/// A patch of the older field: a file's path, or the patch itself.
fn text_of(overlay: Overlay<'_>, reference: &Reference) -> Option<String> {
    if reference.text.contains('\n') {
        return Some(reference.text.clone());
    }
    file_text(overlay, &reference.text)
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
        let is_meant = |ids: &[ResourceId]| match (&matcher, &self.by) {
            (Some(matcher), _) => {
                ids.iter().any(|id| matcher.fits_id(&id.gvk, &id.name, &id.namespace))
            }
            (None, By::Names(names)) => names.iter().any(|name| {
                ids.iter().any(|id| id.name == name.name && id.gvk.kind == name.gvk.kind)
            }),
            (None, By::Target(_)) => false,
        };
        let resources = build.resources.iter().enumerate();
        let found = resources.filter(|(_, resource)| {
            is_meant(&identities(&resource.id, &resource.original_id, affixes))
        });
        Some(found.map(|(index, _)| index).collect())
    }
}

/// All identities that a resource may have had when the overlay's patches looked at it.
fn identities(now: &ResourceId, original: &ResourceId, affixes: &Affixes) -> Vec<ResourceId> {
    let mut all = Vec::new();
    for name in [now.name.as_str(), original.name.as_str(), affixes.strip(&now.name)] {
        for namespace in [now.namespace.as_str(), original.namespace.as_str(), "default"] {
            let gvk = now.gvk.clone();
            let id = ResourceId { gvk, namespace: namespace.into(), name: name.into() };
            if !all.contains(&id) {
                all.push(id);
            }
        }
    }
    all
}

/// The overlay without its own patches.
fn build_without(overlay: Overlay<'_>, file: &KustomizationText) -> Option<(Build, Affixes)> {
    let mut nodes = parse_stream(&file.text, Dialect::V2).ok()?;
    let root = nodes.first_mut()?.as_mapping_mut()?;
    let text = |key: &str| root.get(key).and_then(Node::text).unwrap_or_default().to_owned();
    let affixes = Affixes { prefix: text("namePrefix"), suffix: text("nameSuffix") };
    root.retain(|pair| !FIELDS.iter().any(|field| field.eq_ignore_ascii_case(&pair.key.text)));
    let mut without = String::new();
    write_document(nodes.first()?, &mut without);
    let path: RepoPath = file.path.clone();
    let edit = FileEdit { path, before: None, after: Some(File::regular(without.into_bytes())) };
    let files = EditedFiles::new(overlay.files, [&edit]);
    let build = kustomize::build(&files, overlay.path, &BuildOptions::default()).ok()?;
    Some((build, affixes))
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

    fn has(&self, index: &usize) -> bool {
        let resource = &self.plain.resources[*index];
        let nodes = self.patched.get(&resource.original_id);
        !nodes.is_some_and(|nodes| nodes.contains(&&resource.node))
    }
}
