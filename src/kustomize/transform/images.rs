//! Images: new names, tags and digests.
//!
//! As kustomize's `ImageTagTransformer`, which goes over each resource twice: over every `image` in a
//! list called `containers` or `initContainers`, wherever it is, then over the fields that are
//! configured. A suffix for tags is therefore added twice where both find an image.

use regex::Regex;

use crate::kustomize::error::BuildError;
use crate::kustomize::field_spec::{FieldError, FieldSpec, Make, Walks};
use crate::kustomize::kustomization::Image;
use crate::kustomize::resource::Draft;
use crate::kustomize::resource_set::ResourceSet;
use crate::kustomize::scalar;
use crate::yaml::{Node, Scalar, Tag, Value};

/// Changes images in all resources, the changes one after the other.
///
/// # Errors
/// [`BuildError::Invalid`] if an image is no scalar.
pub fn apply(
    set: &mut ResourceSet,
    images: &[Image],
    fields: &[FieldSpec],
) -> Result<(), BuildError> {
    let changes: Vec<Change<'_>> = images.iter().filter_map(Change::new).collect();
    let mut walks = Walks::new(fields, Make::Nothing);
    for draft in set.contents_mut() {
        if draft.is_deleted() || draft.id.gvk.kind == "CustomResourceDefinition" {
            continue;
        }
        change_all(draft, &changes, &mut walks).map_err(|fault| fault.of(draft))?;
    }
    Ok(())
}

fn change_all(
    draft: &mut Draft,
    changes: &[Change<'_>],
    walks: &mut Walks,
) -> Result<(), FieldError> {
    let has_containers = has_containers(&draft.node);
    let gvk = draft.id.gvk.clone();
    for change in changes {
        if has_containers {
            change_containers(&mut draft.node, change)?;
        }
        for walk in walks.of(&gvk) {
            walk.each_scalar(draft, &mut |image| change.apply(image))?;
        }
    }
    Ok(())
}

/// Whether there is a list of containers anywhere.
fn has_containers(node: &Node) -> bool {
    match &node.value {
        Value::Mapping(mapping) => mapping
            .iter()
            .any(|pair| is_container_list(&pair.key, &pair.value) || has_containers(&pair.value)),
        Value::Sequence(items) => items.iter().any(has_containers),
        Value::Scalar(_) => false,
    }
}

fn is_container_list(key: &Scalar, value: &Node) -> bool {
    matches!(key.text.as_str(), "containers" | "initContainers") && value.as_sequence().is_some()
}

fn change_containers(node: &mut Node, change: &Change<'_>) -> Result<(), FieldError> {
    match &mut node.value {
        Value::Sequence(items) => items.iter_mut().try_for_each(|i| change_containers(i, change)),
        Value::Mapping(mapping) => mapping.iter_mut().try_for_each(|pair| {
            change_containers(&mut pair.value, change)?;
            if !is_container_list(&pair.key, &pair.value) {
                return Ok(());
            }
            let items = pair.value.as_sequence_mut().into_iter().flatten();
            items.into_iter().try_for_each(|container| change_container(container, change))
        }),
        Value::Scalar(_) => Ok(()),
    }
}

fn change_container(container: &mut Node, change: &Change<'_>) -> Result<(), FieldError> {
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
        Some(Node { value: Value::Scalar(image), .. }) => {
            change.apply(image);
            Ok(())
        }
        Some(image) => Err(unfit("containers/image", "scalar", image)),
    }
}

/// A change made ready.
struct Change<'a> {
    image: &'a Image,
    name: NamePattern<'a>,
}

/// Which images are meant.
enum NamePattern<'a> {
    /// Those with this name, as nearly all changes say.
    Name(&'a str),
    /// Those that a regular expression with room for a tag and a digest matches.
    Regex(Regex),
}

impl NamePattern<'_> {
    fn is_match(&self, image: &str) -> bool {
        match self {
            Self::Name(name) => image.strip_prefix(name).is_some_and(is_tag_and_digest),
            Self::Regex(regex) => regex.is_match(image),
        }
    }
}

impl<'a> Change<'a> {
    /// `None` if the name is no pattern: it then fits nothing, as in kustomize.
    fn new(image: &'a Image) -> Option<Self> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_/".contains(c);
        let name = if image.name.chars().all(is_plain) {
            NamePattern::Name(&image.name)
        } else {
            let digest = "(@[a-zA-Z0-9]+([.+_-][a-zA-Z0-9]+)*:[a-zA-Z0-9_.{}-]*)?";
            let pattern = format!("^{}(:[a-zA-Z0-9_.{{}}-]*)?{digest}$", image.name);
            NamePattern::Regex(Regex::new(&pattern).ok()?)
        };
        Some(Self { image, name })
    }

    fn apply(&self, old: &mut Scalar) {
        if old.tag == Tag::Null || !self.name.is_match(&old.text) {
            return;
        }
        let new = self.rename(&old.text);
        scalar::assign(old, new.into(), None);
    }

    /// The image with new parts; a new tag or digest takes the place of both.
    fn rename(&self, old: &str) -> String {
        let (name, tag, digest) = split(old);
        let Image { new_name, new_tag, digest: new_digest, tag_suffix, .. } = self.image;
        let name = if new_name.is_empty() { name } else { new_name };
        let with_suffix = format!("{tag}{tag_suffix}");
        let (tag, digest) = match (new_tag.is_empty(), new_digest.is_empty()) {
            (false, _) => (new_tag.as_str(), new_digest.as_str()),
            (true, false) => ("", new_digest.as_str()),
            (true, true) if !tag_suffix.is_empty() => (with_suffix.as_str(), ""),
            (true, true) => (tag, digest),
        };
        let mut new = name.to_owned();
        for (mark, part) in [(':', tag), ('@', digest)] {
            if !part.is_empty() {
                new.push(mark);
                new.push_str(part);
            }
        }
        new
    }
}

/// Whether what follows a name is a tag, a digest, both or nothing.
fn is_tag_and_digest(rest: &str) -> bool {
    let is_tag =
        |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "_.{}-".contains(c));
    let (tag, digest) = rest.split_once('@').map_or((rest, None), |(tag, at)| (tag, Some(at)));
    let is_digest = |text: &str| {
        text.split_once(':').is_some_and(|(algorithm, value)| {
            let mut parts = algorithm.split(['.', '+', '_', '-']);
            let is_part =
                |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric());
            parts.all(is_part) && is_tag(value)
        })
    };
    (tag.is_empty() || tag.strip_prefix(':').is_some_and(is_tag)) && digest.is_none_or(is_digest)
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
        apply(&mut set, images, &fields).unwrap();
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
    fn tags_and_digests_are_read_as_by_the_pattern_of_kustomize() {
        let digest = "(@[a-zA-Z0-9]+([.+_-][a-zA-Z0-9]+)*:[a-zA-Z0-9_.{}-]*)?";
        let pattern = Regex::new(&format!("^nginx(:[a-zA-Z0-9_.{{}}-]*)?{digest}$")).unwrap();
        let parts =
            ["", ":", ":1", ":1.{a}_-", "@", "@a", "@a:", "@a:b", "@a+b.c:", "@a++b:", "@:"];
        for (first, second) in parts.iter().flat_map(|one| parts.iter().map(move |two| (one, two)))
        {
            let rest = format!("{first}{second}");
            let image = format!("nginx{rest}");
            assert_eq!(is_tag_and_digest(&rest), pattern.is_match(&image), "{image}");
        }
    }

    #[test]
    fn a_name_like_a_number_is_one_unless_quoted() {
        let images = [Image { new_name: "123".to_owned(), ..image("nginx") }];
        let object = "{kind: Pod, spec: {containers: [{image: nginx}, {image: 'nginx'}]}}";
        assert_eq!(changed(object, &images), "123\n\"123\"\n");
    }
}
