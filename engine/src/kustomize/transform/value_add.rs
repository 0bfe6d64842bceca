//! `ValueAddTransformer`: puts a value into chosen fields, or into a part of the path they hold.

use super::transformer::Transformer;
use crate::kustomize::decode::{Object, Places, Source, Unknown};
use crate::kustomize::error::BuildError;
use crate::kustomize::field_spec;
use crate::kustomize::manifest;
use crate::kustomize::reference::Reference;
use crate::kustomize::resource::Draft;
use crate::kustomize::resource_set::ResourceSet;
use crate::kustomize::scalar;
use crate::kustomize::schema::Schema;
use crate::kustomize::selector::{Matcher, Selector};
use crate::kustomize::site::Site;
use crate::model::{Location, Positions};
use crate::yaml::{Dialect, Mark, Node, Value};

/// A value and where it goes.
#[derive(Clone, Debug)]
pub struct ValueAdd {
    /// The value.
    pub value: String,
    /// Where it is written; where it is not, the transformer that adds the name of its folder.
    pub mark: Mark,
    /// The fields.
    pub targets: Vec<ValueTarget>,
}

/// One field of chosen resources.
#[derive(Clone, Debug)]
pub struct ValueTarget {
    /// The resources; `None` for all.
    pub selector: Option<Selector>,
    /// The field, with `/` between its parts.
    pub field_path: String,
    /// Where in the path that the field holds, from 1; 0 for the whole field.
    pub position: usize,
    /// Where it is written.
    pub at: Location,
}

impl ValueTarget {
    fn read(object: &Object<'_>) -> Result<Self, BuildError> {
        let field_path = object.text("fieldPath")?;
        if field_path.is_empty() {
            return Err(object.conflict("`fieldPath` is empty"));
        }
        let position = usize::try_from(object.integer("filePathPosition")?)
            .map_err(|_| object.conflict("`filePathPosition` is negative"))?;
        let target = object.object("selector", &[])?;
        Ok(Self {
            selector: target.map(|target| Selector::read(&target)).transpose()?,
            field_path,
            position,
            at: object.location(),
        })
    }
}

impl Transformer for ValueAdd {
    /// Puts the value into every field.
    fn run(&self, set: &mut ResourceSet, schema: &Schema) -> Result<(), BuildError> {
        for target in &self.targets {
            let fault = |reason: String| BuildError::Invalid { at: target.at.clone(), reason };
            let matcher = target.selector.as_ref().map(Matcher::new).transpose();
            let matcher = matcher.map_err(|error| fault(error.to_string()))?;
            for draft in set.iter_mut() {
                if matcher.as_ref().is_none_or(|matcher| matcher.selects(draft)) {
                    self.add(draft, target).map_err(fault)?;
                    draft.refresh(schema);
                }
            }
        }
        Ok(())
    }

    fn texts_for_each(&self) -> Vec<&str> {
        vec![&self.value]
    }
}

impl ValueAdd {
    /// Reads the configuration of a plugin.
    ///
    /// # Errors
    /// [`BuildError`] where something in it is missing or of a wrong type, or a file of targets cannot be read.
    pub fn of_plugin(object: &Object<'_>, site: &Site<'_, '_>) -> Result<Self, BuildError> {
        let mut value = object.text("value")?.trim().to_owned();
        let mut mark = object.written("value").mark;
        if value.is_empty() {
            mark = object.mark();
            site.root.dir.file_name().clone_into(&mut value);
        }
        let mut targets = object.objects("targets", &[], ValueTarget::read)?;
        let path = object.text("targetFilePath")?;
        if !path.is_empty() {
            let reference = Reference::to(path, object.location_of("targetFilePath"));
            let loaded = site.loader.read(site.root, &reference)?;
            let place = loaded.place();
            let text = loaded.text()?;
            let (text, documents) = manifest::documents(&text, Dialect::V2, &place)?;
            let positions = Positions::new(&text);
            let source = Source {
                path: &loaded.path,
                places: Places::Marked(&positions),
                version: site.version(),
            };
            if let Some(node) = documents.first() {
                let file = Object::open(source, node, String::new(), &[], Unknown::Ignored)?;
                if let Some(file) = file {
                    targets.extend(file.objects("targets", &[], ValueTarget::read)?);
                }
            }
        }
        if targets.is_empty() {
            return Err(object.conflict("`targets` is empty"));
        }
        Ok(Self { value, mark, targets })
    }

    fn add(&self, draft: &mut Draft, target: &ValueTarget) -> Result<(), String> {
        let id = draft.id.to_string();
        let parts = field_spec::names(&target.field_path);
        let field = make_field(&mut draft.node, &parts)
            .map_err(|InTheWay| format!("`{id}` has something else than text in the way"))?;
        let Some(field) = field else { return Ok(()) };
        let Value::Scalar(scalar) = &mut field.value else {
            return Err(format!("`{}` of `{id}` is no text", target.field_path));
        };
        let text = match target.position {
            0 => self.value.clone(),
            position => insert_part(&scalar.text, position - 1, &self.value),
        };
        scalar::assign(scalar, text.into(), None);
        field.mark = field.mark.moved_to(self.mark);
        Ok(())
    }
}

/// Something that is no mapping where a path goes on.
struct InTheWay;

/// The field at a path, made where it is missing; `None` where a null ends the way, as in kyaml.
fn make_field<'a>(node: &'a mut Node, path: &[String]) -> Result<Option<&'a mut Node>, InTheWay> {
    let Some((name, rest)) = path.split_first() else { return Ok(Some(node)) };
    if node.is_null() {
        return Ok(None);
    }
    let mapping = node.as_mapping_mut().ok_or(InTheWay)?;
    if !mapping.contains(name) {
        mapping.insert(
            name.as_str(),
            if rest.is_empty() { Node::string("") } else { Node::mapping() },
        );
    }
    let field = mapping.get_mut(name).expect("it is there or was made");
    make_field(field, rest)
}

/// Puts a part into a path; a leading slash is not counted and stays.
fn insert_part(path: &str, position: usize, part: &str) -> String {
    let (slash, rest) = match path.strip_prefix('/') {
        Some(rest) => ("/", rest),
        None => ("", path),
    };
    let mut parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    parts.insert(position.min(parts.len()), part);
    format!("{slash}{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inserts_as_kustomize_does() {
        assert_eq!(insert_part("", 3, "P"), "P");
        assert_eq!(insert_part("/", 0, "P"), "/P");
        assert_eq!(insert_part("/pie", 0, "P"), "/P/pie");
        assert_eq!(insert_part("raw", 9, "P"), "raw/P");
        assert_eq!(insert_part("/a/nice/warm/pie", 3, "P"), "/a/nice/warm/P/pie");
    }
}
