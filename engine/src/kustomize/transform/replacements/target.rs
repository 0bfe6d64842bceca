//! The targets of a replacement: whom they select, and which of their fields.

use super::identity::{Id, any_id, in_same_namespace};
use super::path::{Absent, DEFAULT_PATH, FRESH, Path, PathError};
use super::value::{FieldOptions, ReplacementTarget};
use crate::kustomize::Gvk;
use crate::kustomize::error::BuildError;
use crate::kustomize::field_spec::matches;
use crate::kustomize::resource::Draft;
use crate::kustomize::selector::{Matcher, Selector};
use crate::kustomize::version::{SELECT_PATTERNS, Version};
use crate::model::Location;
use crate::yaml::{Node, Value};

/// Whom a selector of a target is for.
pub(super) enum Chosen<'a> {
    /// Its fields are patterns.
    Patterns(Box<Matcher>),
    /// They are what has to be there, as older versions have it.
    Exactly(&'a Selector, Box<Matcher>),
}

impl Chosen<'_> {
    fn fits_id(&self, id: &Id<'_>) -> bool {
        match self {
            Self::Patterns(matcher) => matcher.fits_id(id.gvk, id.name, id.namespace),
            Self::Exactly(selector, _) => {
                (selector.name.is_empty() || selector.name == id.name)
                    && (selector.namespace.is_empty()
                        || in_same_namespace(&selector.namespace, id.namespace))
                    && matches(&selector.gvk, id.gvk)
            }
        }
    }

    /// The one name and the one kind that fit, where it is only one.
    pub(super) fn only(&self) -> (Option<&str>, Option<&str>) {
        let some = |text: &'_ str| !text.is_empty();
        match self {
            Self::Patterns(matcher) => (matcher.only_name(), matcher.only_kind()),
            Self::Exactly(selector, _) => {
                let (name, kind) = (selector.name.as_str(), selector.gvk.kind.as_str());
                (Some(name).filter(|name| some(name)), Some(kind).filter(|kind| some(kind)))
            }
        }
    }

    fn fits_metadata(&self, draft: &Draft) -> bool {
        let (Self::Patterns(matcher) | Self::Exactly(_, matcher)) = self;
        matcher.fits_metadata(draft)
    }
}

/// A target made ready for matching.
pub(super) struct Target<'a> {
    pub(super) select: Chosen<'a>,
    pub(super) reject: Vec<(&'a Selector, Chosen<'a>)>,
    pub(super) version: Version,
    /// A path with a fault is one as soon as a resource is chosen.
    pub(super) paths: Vec<(&'a str, Result<Path, PathError>)>,
    pub(super) options: Option<&'a FieldOptions>,
    pub(super) at: &'a Location,
}

impl<'a> Target<'a> {
    pub(super) fn new(target: &'a ReplacementTarget, version: Version) -> Result<Self, BuildError> {
        let at = &target.at;
        let Some(select) = &target.select else {
            return Err(BuildError::invalid(at, "a target has to `select` resources"));
        };
        let matcher = |selector: &'a Selector| {
            let patterns = version.has(&SELECT_PATTERNS);
            let metadata_alone = Selector {
                annotation_selector: selector.annotation_selector.clone(),
                label_selector: selector.label_selector.clone(),
                ..Selector::default()
            };
            let read = if patterns { selector } else { &metadata_alone };
            let read =
                Matcher::new(read).map_err(|fault| BuildError::invalid(at, fault.to_string()))?;
            let read = Box::new(read);
            Ok(if patterns { Chosen::Patterns(read) } else { Chosen::Exactly(selector, read) })
        };
        let reject = target.reject.iter().map(|selector| Ok((selector, matcher(selector)?)));
        let mut texts: Vec<&str> = target.field_paths.iter().map(String::as_str).collect();
        if texts.is_empty() {
            texts.push(DEFAULT_PATH);
        }
        Ok(Self {
            select: matcher(select)?,
            reject: reject.collect::<Result<_, BuildError>>()?,
            paths: texts.into_iter().map(|text| (text, Path::parse(text))).collect(),
            options: target.options.as_ref(),
            version,
            at,
        })
    }

    pub(super) fn selects(&self, draft: &Draft) -> bool {
        let rejects = |(selector, matcher): &(&Selector, Chosen<'_>)| {
            let by_metadata =
                !selector.label_selector.is_empty() || !selector.annotation_selector.is_empty();
            let by_id = !selector.name.is_empty()
                || !selector.namespace.is_empty()
                || selector.gvk != Gvk::default();
            (by_metadata && matcher.fits_metadata(draft))
                || (by_id && any_id(draft, &mut |id| matcher.fits_id(id)))
        };
        self.select.fits_metadata(draft)
            && !self.reject.iter().any(rejects)
            && any_id(draft, &mut |id| self.select.fits_id(id))
    }

    pub(super) fn absent(&self, value: &Node) -> Absent {
        match &value.value {
            _ if !self.options.is_some_and(|options| options.create) => Absent::Skip,
            Value::Scalar(_) => Absent::Make(Value::Scalar(FRESH)),
            Value::Sequence(_) => Absent::Make(Value::Sequence(Vec::new())),
            Value::Mapping(_) => Absent::Make(Node::mapping().value),
        }
    }
}
