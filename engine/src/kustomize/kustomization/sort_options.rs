//! `sortOptions`.

use crate::kustomize::decode::Object;
use crate::kustomize::error::BuildError;
use crate::model::Location;

/// The order of the resources.
#[derive(Clone, Debug, Default)]
pub struct SortOptions {
    /// `legacy` or `fifo`.
    pub order: String,
    /// Kinds that come first and last instead of the usual ones.
    pub legacy: Option<LegacySortOptions>,
    /// Where it is written.
    pub at: Option<Location>,
}

/// Kinds that come first and last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LegacySortOptions {
    /// First ones, in order.
    pub order_first: Vec<String>,
    /// Last ones, in order.
    pub order_last: Vec<String>,
}

/// Reads the field.
pub(super) fn sort_options(file: &Object<'_>) -> Result<Option<SortOptions>, BuildError> {
    let Some(options) = file.object("sortOptions", &["order", "legacySortOptions"])? else {
        return Ok(None);
    };
    let legacy = options.object("legacySortOptions", &["orderFirst", "orderLast"])?;
    let legacy = legacy.map(|legacy| {
        Ok::<_, BuildError>(LegacySortOptions {
            order_first: legacy.plain_texts("orderFirst")?,
            order_last: legacy.plain_texts("orderLast")?,
        })
    });
    Ok(Some(SortOptions {
        order: options.text("order")?,
        legacy: legacy.transpose()?,
        at: Some(options.location()),
    }))
}
