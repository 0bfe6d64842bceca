//! One build in progress: what it knows of kinds, where it has been, and the kustomizations that it opens.

use super::decode::{Places, Source};
use super::error::BuildError;
use super::kustomization::Kustomization;
use super::load::{Loader, Root};
use super::manifest::{self, TextOrigin};
use super::overlay::Overlay;
use super::reference::Reference;
use super::schema::Schema;
use super::site::Site;
use super::version::Version;
use super::visits::{VISIT_LIMIT, Visits};
use crate::model::{Location, Position, Positions};
use crate::yaml::{Dialect, Node};

/// The Kubernetes version of the schema that is built in, as kustomize calls it.
const BUILTIN_SCHEMA: &str = "v1.21.2";

/// One build in progress.
#[derive(Debug)]
pub struct Session<'a> {
    /// Reads files.
    pub loader: &'a Loader<'a>,
    /// What is known of kinds; a kustomization may add to it.
    pub schema: Schema,
    /// What there is to remark.
    pub warnings: Vec<String>,
    pub(super) schema_is_set: bool,
    /// Why the file that `openapi` names is no schema: an error as soon as somebody asks it.
    pub(super) no_schema: Option<(Location, String)>,
    /// Whether kustomize would have looked into its own schema by now, which then stays beside that of a file: for
    /// the scope of a kind that it has not at hand, or to lay a patch over an object.
    pub(super) schema_is_asked: bool,
    pub(super) visits: Visits,
}

impl<'a> Session<'a> {
    /// A build that has not begun.
    #[must_use]
    pub fn new(loader: &'a Loader<'a>) -> Self {
        Self {
            loader,
            schema: Schema::of(loader.version()),
            warnings: Vec::new(),
            schema_is_set: false,
            no_schema: None,
            schema_is_asked: false,
            visits: Visits::default(),
        }
    }

    /// The kustomize that is followed.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.schema.version()
    }

    /// Reads the kustomization of a directory; `None` if its content is not here.
    ///
    /// # Errors
    /// [`BuildError`] if there is none, or it cannot be understood.
    pub fn open(&mut self, root: Root<'a>) -> Result<Option<Overlay<'a>>, BuildError> {
        self.visits.note(&root.dir);
        if self.visits.count > VISIT_LIMIT {
            return Err(BuildError::TooLarge {
                dir: root.dir,
                limit: "20,000 visited directories",
            });
        }
        let loaded = self.loader.kustomization(&root)?;
        if !loaded.is_known {
            return Ok(None);
        }
        let place = loaded.place();
        let text = loaded.text()?;
        let (text, documents) = manifest::documents(&text, Dialect::V2, &place)?;
        let empty = || BuildError::empty(&loaded.path);
        // go-yaml decodes the first document and leaves the rest alone.
        let node = documents.first().ok_or_else(empty)?;
        let positions = Positions::new(&text);
        let source = Source {
            path: &loaded.path,
            places: Places::Marked(&positions),
            version: self.version(),
        };
        let mut kustomization = Kustomization::parse(source, node)?;
        self.warnings.append(&mut kustomization.warnings);
        let overlay = Overlay { root, kustomization, file: loaded.path, origin: None };
        self.set_schema(&overlay)?;
        Ok(Some(overlay))
    }

    /// The first `openapi` on the way down counts.
    fn set_schema(&mut self, overlay: &Overlay<'a>) -> Result<(), BuildError> {
        let field = |key: &str| {
            let pair = overlay.kustomization.openapi.iter().find(|entry| entry.key == key);
            pair.map(|entry| &entry.value)
        };
        if self.schema_is_set {
            return Ok(());
        }
        let at = Location::file(overlay.file.clone()).in_field("openapi");
        let conflict = |reason| BuildError::Conflict { at: at.clone(), reason };
        let path = match (field("path"), field("version").filter(|version| !version.is_empty())) {
            (None, None) => return Ok(()),
            (None, Some(version)) if version == BUILTIN_SCHEMA => {
                self.schema_is_set = true;
                return Ok(());
            }
            (None, Some(_)) => {
                return Err(conflict("the only `version` that is known is `v1.21.2`"));
            }
            (Some(_), Some(_)) => {
                return Err(conflict("`path` and `version` exclude each other"));
            }
            (Some(path), None) => path,
        };
        self.schema_is_set = true;
        let loaded = self.loader.read(&overlay.root, &Reference::to(path.clone(), at.clone()))?;
        let place = loaded.place();
        self.visits.schema += 1;
        let definitions = match schema_of(&loaded.text()?, &place) {
            Ok(definitions) => definitions,
            Err(fault) => {
                self.no_schema = Some(fault);
                return Ok(());
            }
        };
        if self.schema_is_asked {
            self.schema.add(definitions);
        } else {
            self.schema = Schema::custom(definitions, self.version());
        }
        Ok(())
    }

    /// Where what stands in a kustomization's directory is read.
    pub(super) const fn site<'s>(&'s self, root: &'s Root<'a>) -> Site<'s, 'a> {
        Site { loader: self.loader, schema: &self.schema, root }
    }
}

/// The OpenAPI definitions that a text holds, or where and why it holds none.
fn schema_of(text: &str, place: &TextOrigin) -> Result<Node, (Location, String)> {
    let no_schema = |reason: &str| format!("`openapi` names what is no OpenAPI schema: {reason}");
    let at = place.whole();
    if text.trim_start().starts_with('{')
        && let Err(fault) = serde_json::from_str::<serde::de::IgnoredAny>(text)
    {
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let (line, column) = (number(fault.line()), number(fault.column()));
        let at = Location { position: Some(Position { line, column }), ..at.clone() };
        return Err((at, no_schema("it is not JSON")));
    }
    let (_, documents) = manifest::documents(text, Dialect::V3, place).map_err(|fault| {
        let at = fault.location().unwrap_or(at).clone();
        let words = fault.to_string();
        let reason = words.strip_prefix(&format!("{at}: ")).unwrap_or(&words);
        (at, no_schema(reason))
    })?;
    let empty = || (at.clone(), no_schema("it is empty"));
    let definitions = documents.into_iter().next().ok_or_else(empty)?;
    match Schema::fault_of(&definitions) {
        Some(reason) => Err((at.clone(), no_schema(reason))),
        None => Ok(definitions),
    }
}
