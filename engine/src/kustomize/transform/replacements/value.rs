//! An entry of `replacements`, and the configuration of the plugin.

use compact_str::CompactString;

use crate::kustomize::Gvk;
use crate::kustomize::decode::Object;
use crate::kustomize::error::BuildError;
use crate::kustomize::reference::Reference;
use crate::kustomize::selector::Selector;
use crate::kustomize::version;
use crate::model::Location;
use crate::yaml::Node;

const KEYS: [&str; 4] = ["source", "targets", "sourceValue", "path"];
const SOURCE: [&str; 7] = ["group", "version", "kind", "name", "namespace", "fieldPath", "options"];
const TARGET: [&str; 4] = ["select", "reject", "fieldPaths", "options"];
const FIELD_OPTIONS: [&str; 4] = ["delimiter", "index", "encoding", "create"];

/// One entry of `replacements`.
#[derive(Clone, Debug)]
pub enum ReplacementField {
    /// The replacements of a file.
    File(Reference),
    /// A replacement written in place.
    Inline(Box<Replacement>),
}

/// A value to copy.
#[derive(Clone, Debug)]
pub struct Replacement {
    /// Where the value comes from.
    pub source: Option<ReplacementSource>,
    /// The value itself, in place of a source.
    pub source_value: Option<String>,
    /// Where the value goes to; `None` if the field is absent.
    pub targets: Option<Vec<ReplacementTarget>>,
    /// Where it is written.
    pub at: Location,
}

/// Where the value of a replacement comes from.
#[derive(Clone, Debug, Default)]
pub struct ReplacementSource {
    /// Group, version and kind; an empty part matches anything.
    pub gvk: Gvk,
    /// The name; empty for any.
    pub name: CompactString,
    /// The namespace; empty for any.
    pub namespace: CompactString,
    /// The field; empty for `metadata.name`.
    pub field_path: String,
    /// Which part of the field.
    pub options: Option<FieldOptions>,
}

/// Where the value of a replacement goes to.
#[derive(Clone, Debug)]
pub struct ReplacementTarget {
    /// The resources; `None` if nothing is said.
    pub select: Option<Selector>,
    /// Those of them that are left alone.
    pub reject: Vec<Selector>,
    /// The fields; empty for `metadata.name`.
    pub field_paths: Vec<String>,
    /// Which part of the fields.
    pub options: Option<FieldOptions>,
    /// Where it is written.
    pub at: Location,
}

/// Which part of a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldOptions {
    /// What separates the parts; empty for the whole field.
    pub delimiter: String,
    /// Which part, from 0.
    pub index: i64,
    /// Unused by kustomize.
    pub encoding: String,
    /// Whether the field is made where it is missing.
    pub create: bool,
}

impl ReplacementField {
    /// Reads the entries of `replacements`.
    ///
    /// # Errors
    /// As [`ReplacementField::read`].
    pub fn read_list(file: &Object<'_>, field: &str) -> Result<Vec<Self>, BuildError> {
        file.objects(field, &KEYS, Self::read)
    }

    /// Reads one entry.
    ///
    /// # Errors
    /// [`BuildError`] where it has something else than these keys, or says what excludes each other.
    pub fn read(object: &Object<'_>) -> Result<Self, BuildError> {
        let path = object.text("path")?;
        if path.is_empty() {
            return Ok(Self::Inline(Box::new(Replacement::read(object)?)));
        }
        let has_targets =
            object.get("targets").and_then(Node::as_sequence).is_some_and(|t| !t.is_empty());
        if object.get("source").is_some() || has_targets {
            return Err(object.conflict("`path` and an inline replacement exclude each other"));
        }
        Ok(Self::File(Reference::of(object, "path", path)))
    }
}

impl Replacement {
    /// Reads one.
    ///
    /// # Errors
    /// [`BuildError`] where something is of a wrong type, or what this kustomize does not know.
    pub fn read(object: &Object<'_>) -> Result<Self, BuildError> {
        object.refuse_new("sourceValue", &version::SOURCE_VALUE)?;
        let source = object.object("source", &SOURCE)?.map(|source| source_of(&source));
        let targets = object.get("targets").is_some();
        let read = object.objects("targets", &TARGET, target)?;
        Ok(Self {
            source: source.transpose()?,
            source_value: match object.get("sourceValue") {
                None => None,
                Some(_) => Some(object.text("sourceValue")?),
            },
            targets: targets.then_some(read),
            at: object.location(),
        })
    }
}

fn source_of(object: &Object<'_>) -> Result<ReplacementSource, BuildError> {
    Ok(ReplacementSource {
        gvk: object.gvk()?,
        name: CompactString::from(object.text("name")?),
        namespace: object.text("namespace")?.into(),
        field_path: object.text("fieldPath")?,
        options: field_options(object)?,
    })
}

fn target(object: &Object<'_>) -> Result<ReplacementTarget, BuildError> {
    let select = object.object("select", &Selector::KEYS)?;
    Ok(ReplacementTarget {
        select: select.map(|select| Selector::read(&select)).transpose()?,
        reject: object.objects("reject", &Selector::KEYS, Selector::read)?,
        field_paths: object.plain_texts("fieldPaths")?,
        options: field_options(object)?,
        at: object.location(),
    })
}

fn field_options(object: &Object<'_>) -> Result<Option<FieldOptions>, BuildError> {
    let Some(options) = object.object("options", &FIELD_OPTIONS)? else { return Ok(None) };
    Ok(Some(FieldOptions {
        delimiter: options.text("delimiter")?,
        index: options.integer("index")?,
        encoding: options.text("encoding")?,
        create: options.flag("create")?,
    }))
}
