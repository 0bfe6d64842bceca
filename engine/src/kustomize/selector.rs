//! Which resources a patch or a replacement is for, as written in the kustomization.

use compact_str::CompactString;

use super::Gvk;
use super::decode::Object;
use super::error::BuildError;
use super::go_regex::PatternError;
use super::label_selector::{LabelSelector, SelectorError};
use super::resource::Draft;
use super::whole_pattern::WholePattern;

/// Which resources a patch or a replacement is for. Every empty field matches anything; the others
/// are regular expressions over the whole value, save the two selectors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// Patterns for group, version and kind.
    pub gvk: Gvk,
    /// Pattern for the name it has or had first.
    pub name: CompactString,
    /// Pattern for the effective namespace it has or had first.
    pub namespace: CompactString,
    /// A Kubernetes label selector over the annotations.
    pub annotation_selector: String,
    /// A Kubernetes label selector over the labels.
    pub label_selector: String,
}

impl Selector {
    /// The keys that one has.
    pub const KEYS: [&str; 7] =
        ["group", "version", "kind", "name", "namespace", "annotationSelector", "labelSelector"];

    /// Reads one.
    ///
    /// # Errors
    /// [`BuildError`] where something is no text.
    pub fn read(object: &Object<'_>) -> Result<Self, BuildError> {
        Ok(Self {
            gvk: object.gvk()?,
            name: object.text("name")?.into(),
            namespace: object.text("namespace")?.into(),
            annotation_selector: object.text("annotationSelector")?,
            label_selector: object.text("labelSelector")?,
        })
    }
}

/// A selector made ready for matching.
#[derive(Debug)]
pub struct Matcher {
    group: Option<WholePattern>,
    version: Option<WholePattern>,
    kind: Option<WholePattern>,
    name: Option<WholePattern>,
    namespace: Option<WholePattern>,
    annotations: LabelSelector,
    labels: LabelSelector,
}

/// Why a selector cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSelector {
    /// A pattern is no regular expression.
    #[error("`{field}: {pattern}` is no regular expression: {source}")]
    Pattern {
        /// The field of the selector.
        field: &'static str,
        /// What it says.
        pattern: String,
        /// What is wrong with it.
        source: PatternError,
    },
    /// One of the selectors over labels and annotations is none.
    #[error("`{field}`: {source}")]
    Labels {
        /// The field of the selector.
        field: &'static str,
        /// What is wrong with it.
        source: SelectorError,
    },
}

impl Matcher {
    /// Prepares a selector.
    ///
    /// # Errors
    /// [`InvalidSelector`] for patterns and selectors that are none.
    pub fn new(selector: &Selector) -> Result<Self, InvalidSelector> {
        let labels = |field, text: &str| {
            LabelSelector::parse(text).map_err(|source| InvalidSelector::Labels { field, source })
        };
        Ok(Self {
            group: pattern("group", &selector.gvk.group)?,
            version: pattern("version", &selector.gvk.version)?,
            kind: pattern("kind", &selector.gvk.kind)?,
            name: pattern("name", &selector.name)?,
            namespace: pattern("namespace", &selector.namespace)?,
            annotations: labels("annotationSelector", &selector.annotation_selector)?,
            labels: labels("labelSelector", &selector.label_selector)?,
        })
    }

    /// Whether the resource is selected for a patch: its name and namespace may also be those that
    /// it had first.
    #[must_use]
    pub fn selects(&self, draft: &Draft) -> bool {
        let either = |pattern: &Option<WholePattern>, original: &str, current: &str| {
            pattern.as_ref().is_none_or(|p| p.is_match(original) || p.is_match(current))
        };
        self.fits_type(&draft.id.gvk)
            && either(&self.name, draft.original_name(), &draft.id.name)
            && either(
                &self.namespace,
                draft.original_effective_namespace(),
                draft.effective_namespace(),
            )
            && self.fits_metadata(draft)
    }

    /// The one name that fits, if it is only one.
    #[must_use]
    pub fn only_name(&self) -> Option<&str> {
        match &self.name {
            Some(WholePattern::Name(name)) => Some(name),
            _ => None,
        }
    }

    /// The one kind that fits, if it is only one.
    #[must_use]
    pub fn only_kind(&self) -> Option<&str> {
        match &self.kind {
            Some(WholePattern::Name(kind)) => Some(kind),
            _ => None,
        }
    }

    /// Whether group, version and kind fit.
    #[must_use]
    pub fn fits_type(&self, gvk: &Gvk) -> bool {
        fits(self.group.as_ref(), &gvk.group)
            && fits(self.version.as_ref(), &gvk.version)
            && fits(self.kind.as_ref(), &gvk.kind)
    }

    /// Whether one identity fits, the namespace as given.
    #[must_use]
    pub fn fits_id(&self, gvk: &Gvk, name: &str, namespace: &str) -> bool {
        self.fits_type(gvk)
            && fits(self.name.as_ref(), name)
            && fits(self.namespace.as_ref(), namespace)
    }

    /// Whether labels and annotations fit.
    #[must_use]
    pub fn fits_metadata(&self, draft: &Draft) -> bool {
        let fits = |selector: &LabelSelector, field| {
            selector.is_empty() || {
                let map = draft.node.at(&["metadata", field]);
                selector.matches(|key| map?.get(key).map(|value| value.text().unwrap_or_default()))
            }
        };
        fits(&self.labels, "labels") && fits(&self.annotations, "annotations")
    }
}

fn fits(pattern: Option<&WholePattern>, text: &str) -> bool {
    pattern.is_none_or(|pattern| pattern.is_match(text))
}

/// Reads a pattern; an empty one fits anything.
fn pattern(field: &'static str, text: &str) -> Result<Option<WholePattern>, InvalidSelector> {
    if text.is_empty() {
        return Ok(None);
    }
    let invalid = |source| {
        let pattern = text.chars().take(80).collect();
        InvalidSelector::Pattern { field, pattern, source }
    };
    WholePattern::parse(text).map(Some).map_err(invalid)
}
