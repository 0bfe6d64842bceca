//! `configMapGenerator`, `secretGenerator` and `generatorOptions`, and the plugins of these names.

use crate::kustomize::decode::{Object, TextEntry};
use crate::kustomize::error::BuildError;
use crate::kustomize::reference::Reference;
use crate::model::Location;

const GENERATOR_OPTIONS: [&str; 4] =
    ["labels", "annotations", "disableNameSuffixHash", "immutable"];
pub(super) const CONFIG_MAP: [&str; 8] =
    ["namespace", "name", "behavior", "literals", "files", "envs", "env", "options"];
pub(super) const SECRET: [&str; 9] =
    ["namespace", "name", "behavior", "literals", "files", "envs", "env", "options", "type"];

/// A config map or secret to generate.
#[derive(Clone, Debug)]
pub struct GeneratorArgs {
    /// Its namespace; empty for none.
    pub namespace: String,
    /// Its name before prefix, suffix and hash.
    pub name: String,
    /// `create`, `replace` or `merge`; empty for none.
    pub behavior: String,
    /// `key=value`.
    pub literals: Vec<Reference>,
    /// `path` or `key=path`.
    pub files: Vec<Reference>,
    /// Files with `key=value` lines.
    pub envs: Vec<Reference>,
    /// What differs from the kustomization's `generatorOptions`.
    pub options: Option<GeneratorOptions>,
    /// The type of a secret; empty for `Opaque`.
    pub secret_type: String,
    /// Where it is asked for.
    pub at: Location,
}

/// What holds for generated config maps and secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GeneratorOptions {
    /// Labels to add.
    pub labels: Vec<TextEntry>,
    /// Annotations to add.
    pub annotations: Vec<TextEntry>,
    /// Whether the name gets no hash.
    pub disable_name_suffix_hash: bool,
    /// Whether the object is immutable.
    pub immutable: bool,
}

/// Reads one entry of `configMapGenerator` or `secretGenerator`.
pub fn generator_args(object: &Object<'_>) -> Result<GeneratorArgs, BuildError> {
    let mut envs = Reference::read_list(object, "envs")?;
    let env = object.text("env")?;
    if !env.is_empty() {
        envs.push(Reference::of(object, "env", env));
    }
    Ok(GeneratorArgs {
        namespace: object.text("namespace")?,
        name: object.text("name")?,
        behavior: object.text("behavior")?,
        literals: Reference::read_list(object, "literals")?,
        files: Reference::read_list(object, "files")?,
        envs,
        options: generator_options(object, "options")?,
        secret_type: object.text("type")?,
        at: object.location(),
    })
}

/// Reads the options at a key.
pub(super) fn generator_options(
    object: &Object<'_>,
    key: &str,
) -> Result<Option<GeneratorOptions>, BuildError> {
    let Some(options) = object.object(key, &GENERATOR_OPTIONS)? else { return Ok(None) };
    Ok(Some(GeneratorOptions {
        labels: options.text_map("labels")?,
        annotations: options.text_map("annotations")?,
        disable_name_suffix_hash: options.flag("disableNameSuffixHash")?,
        immutable: options.flag("immutable")?,
    }))
}
