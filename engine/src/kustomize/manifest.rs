//! From the text of a file, or of a patch written in place, to resources.
//!
//! As kustomize's `kyaml/kio` and `api/resource/factory.go`: empty documents are passed over, every
//! other one needs a kind and a name, and lists are taken apart.

use std::borrow::Cow;

use super::error::BuildError;
use super::foot::{Foot, foot_of};
use super::json;
use super::resource::Draft;
use super::schema::Schema;
use crate::model::{Location, Position, Positions, RepoPath};
use crate::yaml::{self, Dialect, Mark, Node, TextId, Value};

/// Lists in lists are taken apart at most this deep.
const LIST_DEPTH: usize = 20;

/// Where a text is from.
#[derive(Clone, Debug)]
pub enum TextOrigin {
    /// It is a file.
    File(Location, TextId),
    /// It is written within a kustomization, here.
    Inline(Location, TextId),
}

impl TextOrigin {
    /// The place of an offset into the text.
    #[must_use]
    pub fn at(&self, text: &str, mark: Mark) -> Location {
        match (self, mark.offset()) {
            (Self::File(file, _), Some(offset)) => {
                file.clone().at(Position::of_offset(text, offset))
            }
            (Self::File(at, _) | Self::Inline(at, _), _) => at.clone(),
        }
    }

    /// The file; `None` if the text is written within a kustomization.
    #[must_use]
    pub fn file(&self) -> Option<RepoPath> {
        match self {
            Self::File(at, _) => Some(at.path.clone()),
            Self::Inline(..) => None,
        }
    }

    /// The place as a whole.
    #[must_use]
    pub const fn whole(&self) -> &Location {
        match self {
            Self::File(at, _) | Self::Inline(at, _) => at,
        }
    }

    /// The error for a text that is no YAML.
    fn syntax(&self, source: yaml::SyntaxError) -> BuildError {
        let at = match (self, source.position) {
            (Self::File(file, _), Some(position)) => file.clone().at(position),
            _ => self.whole().clone(),
        };
        BuildError::Syntax { at, source }
    }

    /// The number of the text.
    #[must_use]
    pub const fn text(&self) -> TextId {
        match self {
            Self::File(_, text) | Self::Inline(_, text) => *text,
        }
    }
}

/// The documents of a text, with the places of their nodes in the text that comes with them.
///
/// # Errors
/// [`BuildError::Syntax`] if it is not YAML.
pub fn documents<'a>(
    text: &'a str,
    dialect: Dialect,
    place: &TextOrigin,
) -> Result<(Cow<'a, str>, Vec<Node>), BuildError> {
    let text = with_unix_lines(text);
    let nodes = yaml::parse_one_of(&text, place.text(), dialect);
    let nodes = nodes.map_err(|source| place.syntax(source))?;
    Ok((text, nodes))
}

/// Windows line ends are not kept, not even in block scalars.
fn with_unix_lines(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\r', text.as_bytes()).is_some() {
        Cow::Owned(text.replace("\r\n", "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

/// A document that is a resource: it has a kind and a name.
#[derive(Clone, Debug)]
pub struct Object {
    node: Node,
    location: Location,
    foot: Foot,
}

impl Object {
    /// The resource, with what the schema knows of its kind.
    #[must_use]
    pub fn into_draft(self, schema: &Schema) -> Draft {
        let draft = Draft::new(self.node, self.location, schema);
        Draft { foot: self.foot, ..draft }
    }
}

/// The resources of a text, in the order in which kustomize takes them in.
///
/// # Errors
/// [`BuildError`] if it is not YAML, or a document is no resource.
pub fn resources(
    text: &str,
    place: &TextOrigin,
    schema: &Schema,
) -> Result<Vec<Draft>, BuildError> {
    let objects = objects(text, place)?;
    Ok(objects.into_iter().map(|object| object.into_draft(schema)).collect())
}

/// As [`resources`], for strategic merge patches, which may have keys that are no strings.
///
/// # Errors
/// As [`resources`].
pub fn patches(text: &str, place: &TextOrigin, schema: &Schema) -> Result<Vec<Draft>, BuildError> {
    let text = with_unix_lines(text);
    let nodes = yaml::parse_patch(&text, place.text());
    let objects = objects_of(&text, nodes.map_err(|source| place.syntax(source))?, place)?;
    Ok(objects.into_iter().map(|object| object.into_draft(schema)).collect())
}

/// As [`resources`], for who does not know the schema yet.
///
/// # Errors
/// As [`resources`].
pub fn objects(text: &str, place: &TextOrigin) -> Result<Vec<Object>, BuildError> {
    let (text, documents) = documents(text, Dialect::V3, place)?;
    objects_of(&text, documents, place)
}

fn objects_of(
    text: &str,
    documents: Vec<Node>,
    place: &TextOrigin,
) -> Result<Vec<Object>, BuildError> {
    let reader = Reader { text, place, positions: Positions::new(text) };
    let mut objects = Vec::with_capacity(documents.len());
    let alone = documents.len() == 1;
    let mut lists = Vec::new();
    for document in documents {
        if is_empty(&document) {
            continue;
        }
        if alone && is_wrapper(&document) {
            for item in wrapped(document, &reader)? {
                reader.add(item, &mut objects, &mut lists)?;
            }
        } else {
            let foot = foot_of(text, &document);
            let before = objects.len();
            reader.add(document, &mut objects, &mut lists)?;
            objects[before..].iter_mut().for_each(|it| it.foot = foot);
        }
    }
    for _ in 0..LIST_DEPTH {
        for list in std::mem::take(&mut lists) {
            for mut item in take_items(list, &reader)? {
                json::rewrite(&mut item);
                if !is_wrapper(&item) {
                    reader.add(item, &mut objects, &mut lists)?;
                    continue;
                }
                // A list in a list stands alone when kustomize reads it.
                for mut inner in wrapped(item, &reader)? {
                    inner.mark = inner.mark.in_flow();
                    reader.add(inner, &mut objects, &mut lists)?;
                }
            }
        }
    }
    Ok(objects)
}

struct Reader<'a> {
    text: &'a str,
    place: &'a TextOrigin,
    positions: Positions<'a>,
}

impl Reader<'_> {
    fn add(
        &self,
        node: Node,
        objects: &mut Vec<Object>,
        lists: &mut Vec<Node>,
    ) -> Result<(), BuildError> {
        if is_empty(&node) {
            return Ok(());
        }
        let field = |keys: &[&str]| {
            node.at(keys).filter(|node| !node.is_null()).and_then(Node::text).unwrap_or_default()
        };
        let kind = field(&["kind"]);
        let missing = |what| BuildError::NotAResource {
            at: self.place.at(self.text, node.mark),
            missing: what,
        };
        if kind.is_empty() {
            return Err(missing("kind"));
        }
        if kind.ends_with("List") {
            if node.get("items").is_some() {
                lists.push(node);
                return Ok(());
            }
        } else if field(&["metadata", "name"]).is_empty() {
            return Err(missing("metadata.name"));
        }
        let location = match self.place {
            TextOrigin::File(file, _) => {
                file.clone().at(self.positions.of_offset(node.mark.offset().unwrap_or_default()))
            }
            TextOrigin::Inline(at, _) => at.clone(),
        };
        objects.push(Object { node, location, foot: Foot::Nothing });
        Ok(())
    }
}

/// Whether a document holds nothing.
#[must_use]
pub fn is_empty(node: &Node) -> bool {
    match &node.value {
        Value::Mapping(mapping) => mapping.is_empty(),
        Value::Sequence(items) => items.is_empty(),
        Value::Scalar(_) => node.is_null(),
    }
}

fn is_wrapper(node: &Node) -> bool {
    let kind = node.get("kind").and_then(Node::text);
    matches!(kind, Some("List" | "ResourceList")) && node.get("items").is_some()
}

/// The items of a list that stands alone, which kustomize opens before it looks at it: a scalar in their
/// place has none.
fn wrapped(list: Node, reader: &Reader<'_>) -> Result<Vec<Node>, BuildError> {
    let holds_nothing = |items: &Node| {
        items.as_scalar().is_some() || items.as_mapping().is_some_and(yaml::Mapping::is_empty)
    };
    if list.get("items").is_some_and(holds_nothing) {
        Ok(Vec::new())
    } else {
        take_items(list, reader)
    }
}

fn take_items(mut list: Node, reader: &Reader<'_>) -> Result<Vec<Node>, BuildError> {
    let at = list.mark;
    let items = list.as_mapping_mut().and_then(|mapping| mapping.remove("items"));
    match items.map(|items| items.value) {
        Some(Value::Sequence(items)) => Ok(items),
        Some(Value::Scalar(scalar)) if scalar.tag == yaml::Tag::Null => Ok(Vec::new()),
        _ => Err(BuildError::WrongType {
            at: reader.place.at(reader.text, at).in_field("items"),
            expected: "a list",
            found: "something else",
        }),
    }
}
