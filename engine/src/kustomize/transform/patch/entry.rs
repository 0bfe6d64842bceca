//! An entry of `patches` or `patchesJson6902`, and the configuration of their plugins.

use crate::kustomize::decode::{Object, Written};
use crate::kustomize::error::BuildError;
use crate::kustomize::selector::Selector;
use crate::kustomize::version;
use crate::model::Location;
use crate::yaml::Mark;

const KEYS: [&str; 4] = ["path", "patch", "target", "options"];

/// A patch of either form.
#[derive(Clone, Debug)]
pub struct Patch {
    /// The file; empty if the patch is written in place.
    pub path: String,
    /// The patch; empty if it is in a file.
    pub patch: String,
    /// The resources it is for; `None` if the patch itself names one.
    pub target: Option<Selector>,
    /// Whether it may change names.
    pub allow_name_change: bool,
    /// Whether it may change kinds.
    pub allow_kind_change: bool,
    /// Where it is written.
    pub at: Location,
    /// The node that it is written as.
    pub mark: Mark,
    /// How the patch is written, if it is here.
    pub written: Written,
}

impl Patch {
    /// Reads the entries of a field.
    ///
    /// # Errors
    /// As [`Patch::read`].
    pub fn read_list(file: &Object<'_>, field: &str) -> Result<Vec<Self>, BuildError> {
        file.objects(field, &KEYS, Self::read)
    }

    /// Reads one.
    ///
    /// # Errors
    /// [`BuildError`] where it has something else than these keys, or is of a wrong type.
    pub fn read(object: &Object<'_>) -> Result<Self, BuildError> {
        let target = object
            .object("target", &Selector::KEYS)?
            .map(|target| Selector::read(&target))
            .transpose()?;
        let options = if object.version().has(&version::PATCH_OPTIONS) {
            object.object("options", &["allowNameChange", "allowKindChange"])?
        } else {
            object.flags("options")?
        };
        let allows = |key| options.as_ref().map_or(Ok(false), |options| options.flag(key));
        Ok(Self {
            path: object.text("path")?,
            patch: object.text("patch")?,
            target,
            allow_name_change: allows("allowNameChange")?,
            allow_kind_change: allows("allowKindChange")?,
            at: object.location(),
            mark: object.mark(),
            written: object.written("patch"),
        })
    }
}
