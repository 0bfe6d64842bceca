//! Images: new names, tags and digests.
//!
//! As kustomize's `ImageTagTransformer`, which goes over each resource twice: over every `image` in a
//! list called `containers` or `initContainers`, wherever it is, then over the fields that are
//! configured. A suffix for tags is therefore added twice where both find an image.

mod pattern;

use std::sync::Arc;

use pattern::Patterns;

use super::transformer::Transformer;
use crate::kustomize::configuration::FieldList;
use crate::kustomize::decode::Object;
use crate::kustomize::error::BuildError;
use crate::kustomize::field_spec::{self, FieldError, FieldSpec, Make, Walk, Walks};
use crate::kustomize::path_tree::Tree;
use crate::kustomize::resource::Draft;
use crate::kustomize::resource_set::ResourceSet;
use crate::kustomize::scalar;
use crate::kustomize::schema::Schema;
use crate::kustomize::version::{
    BROKEN_IMAGE_PATTERNS, CRON_JOB_IMAGE_VOLUMES, IMAGE_VOLUMES, Version,
};
use crate::yaml::{Mark, Node, Scalar, Tag, Text, Value};

const KEYS: [&str; 5] = ["name", "newName", "tagSuffix", "newTag", "digest"];

/// A change of images.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// The image to change, without a tag.
    pub name: String,
    /// Its new name; empty to keep it.
    pub new_name: String,
    /// Goes after the tag.
    pub tag_suffix: String,
    /// Its new tag; empty to keep it.
    pub new_tag: String,
    /// Its digest, in place of a tag.
    pub digest: String,
    /// Where the part is written that says most of the new image.
    pub mark: Mark,
}

impl Image {
    /// Reads the entries of `images`.
    ///
    /// # Errors
    /// [`BuildError`] where one has something else than these keys.
    pub fn read_list(file: &Object<'_>, field: &str) -> Result<Vec<Self>, BuildError> {
        file.objects(field, &KEYS, Self::read)
    }

    fn read(object: &Object<'_>) -> Result<Self, BuildError> {
        let parts = ["newTag", "digest", "newName", "tagSuffix"];
        let says_most = parts.into_iter().find(|part| object.get(part).is_some());
        Ok(Self {
            mark: says_most.map_or(Mark::NONE, |part| object.written(part).mark),
            name: object.text("name")?,
            new_name: object.text("newName")?,
            tag_suffix: object.text("tagSuffix")?,
            new_tag: object.text("newTag")?,
            digest: object.text("digest")?,
        })
    }
}

/// The fields that hold images, beside those that are images everywhere.
pub const FIELDS: FieldList = FieldList::new("images", fields);

/// Changes of images, and the fields that hold them.
#[derive(Debug)]
pub struct Images {
    /// The changes, in their order.
    pub changes: Vec<Image>,
    /// The fields beside those that are images everywhere.
    pub fields: Vec<FieldSpec>,
}

impl Images {
    /// Reads the configuration of a plugin.
    ///
    /// # Errors
    /// [`BuildError`] where something in it is of a wrong type.
    pub fn of_plugin(object: &Object<'_>) -> Result<Self, BuildError> {
        let change = object.object("imageTag", &[])?.map(|tag| Image::read(&tag)).transpose()?;
        let fields = FieldSpec::read_list(object, "fieldSpecs")?;
        Ok(Self { changes: vec![change.unwrap_or_default()], fields })
    }
}

impl Transformer for Images {
    fn run(&self, set: &mut ResourceSet, schema: &Schema) -> Result<(), BuildError> {
        apply(set, &self.changes, &self.fields, schema.version())
    }

    fn texts_for_each(&self) -> Vec<&str> {
        let parts = self.changes.iter().map(|image| {
            [image.new_name.as_str(), &image.new_tag, &image.tag_suffix, &image.digest]
        });
        parts.flatten().collect()
    }
}

fn fields(version: Version) -> Vec<FieldSpec> {
    let mut fields = vec!["containers[]/image", "initContainers[]/image"];
    if version.has(&IMAGE_VOLUMES) {
        fields.push("volumes[]/image/reference");
    }
    let of_pods = ["spec", "spec/template/spec"].iter().flat_map(|pod| {
        fields.iter().map(move |field| FieldSpec::of("", &format!("{pod}/{field}"), true))
    });
    let of_cron_jobs = "spec/jobTemplate/spec/template/spec/volumes[]/image/reference";
    let newer = version.has(&CRON_JOB_IMAGE_VOLUMES).then(|| FieldSpec::of("", of_cron_jobs, true));
    of_pods.chain(newer).collect()
}

/// Changes images in all resources, the changes one after the other.
///
/// # Errors
/// [`BuildError::Invalid`] if an image is no scalar.
fn apply(
    set: &mut ResourceSet,
    images: &[Image],
    fields: &[FieldSpec],
    version: Version,
) -> Result<(), BuildError> {
    let changes = Changes::new(images, version);
    if !version.has(&BROKEN_IMAGE_PATTERNS)
        && let Some(at) = changes.patterns.broken()
        && let Some(draft) = set.iter().find(|draft| has_image(draft, fields))
    {
        let name = &images[at].name;
        return Err(BuildError::Invalid {
            at: draft.location.clone(),
            reason: format!(
                "has an image, and the name `{name}` in `images` is no pattern: kustomize {version} \
                 fails there"
            ),
        });
    }
    if images.is_empty() {
        return Ok(());
    }
    let mut walks = Walks::new(fields, Make::Nothing);
    let paths = paths_of(fields);
    for draft in set.contents_mut() {
        if draft.is_deleted()
            || draft.id.gvk.kind == "CustomResourceDefinition"
            || changes.surely_leave(&draft.node, &paths)
        {
            continue;
        }
        let walks = walks.of(&draft.id.gvk);
        changes.apply(draft, walks).map_err(|fault| fault.of(draft))?;
    }
    Ok(())
}

/// The changes, found by the images that they are for.
struct Changes<'a> {
    images: &'a [Image],
    patterns: Patterns<'a>,
}

impl<'a> Changes<'a> {
    fn new(images: &'a [Image], version: Version) -> Self {
        let names = images.iter().map(|image| image.name.as_str());
        Self { images, patterns: Patterns::new(names, version) }
    }

    /// Whether no change fits any image, which is found out in one walk over what is plainly written; most
    /// resources have none that is to be changed.
    fn surely_leave(&self, node: &Node, paths: &Tree) -> bool {
        let is_left = &mut |image: &Scalar| self.patterns.first_for(&image.text, 0).is_none();
        containers_hold(node, is_left)
            && paths.all(node, &mut |node| match &node.value {
                Value::Scalar(image) if image.tag != Tag::Null => {
                    !node.mark.is_shared() && is_left(image)
                }
                _ => false,
            })
    }

    /// Makes the changes that fit, each of which may make a later one fit.
    fn apply(&self, draft: &mut Draft, walks: &[Arc<Walk>]) -> Result<(), FieldError> {
        let mut from = 0;
        loop {
            let mut next: Option<usize> = None;
            for_each_image(draft, walks, &mut |image| {
                let first = self.patterns.first_for(&image.text, from);
                next = next.into_iter().chain(first.filter(|_| image.tag != Tag::Null)).min();
                None
            })?;
            let Some(at) = next else { return Ok(()) };
            for_each_image(draft, walks, &mut |image| self.change(at, image))?;
            from = at + 1;
        }
    }

    /// Makes one change; where the new image comes from, if it is another one now.
    fn change(&self, at: usize, old: &mut Scalar) -> Option<Mark> {
        (old.tag != Tag::Null && self.patterns.fits(at, &old.text)).then(|| {
            let new = rename(&self.images[at], &old.text);
            scalar::assign(old, new, None);
            self.images[at].mark
        })
    }
}

/// The paths of all fields that are configured, for whatever kinds.
fn paths_of(fields: &[FieldSpec]) -> Tree {
    let mut paths = Tree::default();
    for (at, field) in fields.iter().enumerate() {
        paths.add(field_spec::names(&field.path), at);
    }
    paths
}

/// Whether a resource has an image.
fn has_image(draft: &Draft, fields: &[FieldSpec]) -> bool {
    let mut walks = Walks::new(fields, Make::Nothing);
    let mut copy = draft.clone();
    let mut found = false;
    let walks = walks.of(&draft.id.gvk);
    draft.id.gvk.kind != "CustomResourceDefinition"
        && for_each_image(&mut copy, walks, &mut |_| {
            found = true;
            None
        })
        .is_ok()
        && found
}

fn for_each_image(
    draft: &mut Draft,
    walks: &[Arc<Walk>],
    visit: &mut dyn FnMut(&mut Scalar) -> Option<Mark>,
) -> Result<(), FieldError> {
    each_in_containers(&mut draft.node, visit)?;
    walks.iter().try_for_each(|walk| walk.each_scalar(draft, visit))
}

fn each_in_containers(
    node: &mut Node,
    visit: &mut dyn FnMut(&mut Scalar) -> Option<Mark>,
) -> Result<(), FieldError> {
    match &mut node.value {
        Value::Sequence(items) => items.iter_mut().try_for_each(|i| each_in_containers(i, visit)),
        Value::Mapping(mapping) => mapping.iter_mut().try_for_each(|pair| {
            each_in_containers(&mut pair.value, visit)?;
            if !is_list_of_containers(&pair.key) {
                return Ok(());
            }
            let items = pair.value.as_sequence_mut().into_iter().flatten();
            items.into_iter().try_for_each(|container| in_container(container, visit))
        }),
        Value::Scalar(_) => Ok(()),
    }
}

/// Whether every image that [`each_in_containers`] would find is a scalar of which `holds` is true.
fn containers_hold(node: &Node, holds: &mut impl FnMut(&Scalar) -> bool) -> bool {
    match &node.value {
        Value::Scalar(_) => true,
        Value::Sequence(items) => items.iter().all(|item| containers_hold(item, holds)),
        Value::Mapping(mapping) => mapping.iter().all(|pair| {
            let holds_here = match &pair.value.value {
                Value::Scalar(_) => return true,
                Value::Sequence(items) if is_list_of_containers(&pair.key) => {
                    items.iter().all(|item| image_holds(item, holds))
                }
                _ => true,
            };
            holds_here && containers_hold(&pair.value, holds)
        }),
    }
}

fn image_holds(container: &Node, holds: &mut impl FnMut(&Scalar) -> bool) -> bool {
    let Some(container) = container.as_mapping() else { return false };
    container.get("image").is_none_or(|image| image.as_scalar().is_some_and(holds))
}

fn is_list_of_containers(key: &Scalar) -> bool {
    matches!(key.text.as_str(), "containers" | "initContainers")
}

fn in_container(
    container: &mut Node,
    visit: &mut dyn FnMut(&mut Scalar) -> Option<Mark>,
) -> Result<(), FieldError> {
    if container.is_null() {
        return Ok(());
    }
    let unfit = |path: &str, expected, found: &Node| FieldError::Unfit {
        path: path.to_owned(),
        expected,
        found: found.kind_name(),
    };
    let Value::Mapping(container) = &mut container.value else {
        return Err(unfit("containers", "list of mappings", container));
    };
    match container.get_mut("image") {
        None => Ok(()),
        Some(Node { value: Value::Scalar(image), mark }) => {
            if let Some(place) = visit(image) {
                *mark = mark.moved_to(place);
            }
            Ok(())
        }
        Some(image) => Err(unfit("containers/image", "scalar", image)),
    }
}

/// The image with new parts; a new tag or digest takes the place of both.
fn rename(image: &Image, old: &str) -> Text {
    let (name, tag, digest) = split(old);
    let Image { new_name, new_tag, digest: new_digest, tag_suffix, .. } = image;
    let name = if new_name.is_empty() { name } else { new_name };
    let with_suffix = format!("{tag}{tag_suffix}");
    let (tag, digest) = match (new_tag.is_empty(), new_digest.is_empty()) {
        (false, _) => (new_tag.as_str(), new_digest.as_str()),
        (true, false) => ("", new_digest.as_str()),
        (true, true) if !tag_suffix.is_empty() => (with_suffix.as_str(), ""),
        (true, true) => (tag, digest),
    };
    let mut new = Text::from(name);
    for (mark, part) in [(':', tag), ('@', digest)] {
        if !part.is_empty() {
            new.push(mark);
            new.push_str(part);
        }
    }
    new
}
/// Name, tag and digest of an image; a colon before the first slash is that of a port.
fn split(image: &str) -> (&str, &str, &str) {
    let after_host = image.find('/').unwrap_or(0);
    let find = |mark| image[after_host..].find(mark).map(|at| at + after_host);
    match (find(':'), find('@')) {
        (None, None) => (image, "", ""),
        (Some(colon), None) => (&image[..colon], &image[colon + 1..], ""),
        (Some(colon), Some(at)) if colon < at => {
            (&image[..colon], &image[colon + 1..at], &image[at + 1..])
        }
        (_, Some(at)) => (&image[..at], "", &image[at + 1..]),
    }
}

#[cfg(test)]
mod tests {
    //! Expected values are what `kubectl kustomize` (v5.5.0) printed.

    use super::*;
    use crate::kustomize::schema::Schema;
    use crate::model::{Location, RepoPath};
    use crate::yaml::{Dialect, parse_stream, write_document};

    fn changed(object: &str, images: &[Image]) -> String {
        let node = parse_stream(object, Dialect::V3).unwrap().remove(0);
        let place = Location::file(RepoPath::parse("a.yaml").unwrap());
        let draft = Draft::new(node, place, &Schema::default());
        let mut set = ResourceSet::from_drafts(vec![draft]);
        let path = "spec/containers[]/image".to_owned();
        let fields = [FieldSpec { path, create: true, ..FieldSpec::default() }];
        apply(&mut set, images, &fields, Version::default()).unwrap();
        let mut out = String::new();
        write_document(set.get(0).unwrap().node.get("spec").unwrap(), &mut out);
        out.replace("- image: ", "").replace("containers:\n", "")
    }

    fn image(name: &str) -> Image {
        Image { name: name.to_owned(), ..Image::default() }
    }

    #[test]
    fn changes_names_tags_and_digests() {
        let object = "{kind: Pod, spec: {containers: [{image: 'nginx:1.2'}, {image: 'host:5000/nginx:1.2@sha256:abc'}, {image: 'host:5000/x@sha256:abc'}, {image: null}]}}";
        let images = [
            Image { tag_suffix: "-x".to_owned(), ..image("nginx") },
            Image { new_tag: "v2".to_owned(), ..image("host:5000/x") },
            Image { new_name: "foo".to_owned(), ..image(".*/nginx") },
        ];
        let expected = "nginx:1.2-x-x\nfoo:1.2@sha256:abc\nhost:5000/x:v2\nnull\n";
        assert_eq!(changed(object, &images), expected);
    }

    #[test]
    fn a_name_like_a_number_is_one_unless_quoted() {
        let images = [Image { new_name: "123".to_owned(), ..image("nginx") }];
        let object = "{kind: Pod, spec: {containers: [{image: nginx}, {image: 'nginx'}]}}";
        assert_eq!(changed(object, &images), "123\n\"123\"\n");
    }
}
