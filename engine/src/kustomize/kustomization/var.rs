//! `vars`.

use crate::kustomize::Gvk;
use crate::kustomize::decode::Object;
use crate::kustomize::error::BuildError;
use crate::model::Location;

pub(super) const VAR: [&str; 3] = ["name", "objref", "fieldref"];
const OBJECT: [&str; 6] = ["group", "version", "kind", "name", "namespace", "apiVersion"];

/// A value to insert for `$(NAME)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Var {
    /// The name between the parentheses.
    pub name: String,
    /// The group, version and kind of the object.
    pub gvk: Gvk,
    /// The name of the object.
    pub object_name: String,
    /// The namespace of the object; empty for any.
    pub namespace: String,
    /// The field of the object.
    pub field_path: String,
    /// Where it is written.
    pub at: Location,
}

/// Reads one entry of `vars`.
pub(super) fn var(object: &Object<'_>) -> Result<Var, BuildError> {
    let target = object.object("objref", &OBJECT)?;
    let field = object.object("fieldref", &["fieldPath"])?;
    let mut var = Var {
        name: object.text("name")?,
        gvk: Gvk::default(),
        object_name: String::new(),
        namespace: String::new(),
        field_path: field.map_or_else(|| Ok(String::new()), |field| field.text("fieldPath"))?,
        at: object.location(),
    };
    if let Some(target) = target {
        var.gvk = target.gvk()?;
        match target.text("apiVersion")?.split('/').collect::<Vec<_>>()[..] {
            [group, version] => {
                var.gvk.group = group.into();
                var.gvk.version = version.into();
            }
            [version] if !version.is_empty() => var.gvk.version = version.into(),
            _ => {}
        }
        var.object_name = target.text("name")?;
        var.namespace = target.text("namespace")?;
    }
    if var.field_path.is_empty() {
        "metadata.name".clone_into(&mut var.field_path);
    }
    Ok(var)
}
