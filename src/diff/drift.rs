//! What still differs between two environments.

use serde::{Deserialize, Serialize};

use super::mask::KnownValues;
use super::pairing::pair_by_origin;
use super::resource::{Change, ResourceDiff, Side, rendered};
use super::unified::one_line;
use crate::kustomize::Build;

/// The difference between two environments: `-` is the source, `+` the target.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DriftDiff {
    resources: Vec<ResourceDiff>,
    source: String,
    target: String,
}

impl DriftDiff {
    /// Compares the builds of two overlays, whose names stand in the headers. `known` are the
    /// values of Secrets that may stand in other resources.
    #[must_use]
    pub fn between(
        source: &Build,
        target: &Build,
        names: (&str, &str),
        known: &KnownValues,
    ) -> Self {
        let pairs = pair_by_origin(source, target).into_iter();
        let sides = pairs.map(|pair| Side::new(pair, known));
        let resources = sides
            .filter_map(|side| side.diff(&rendered(side.before()), &rendered(side.after())))
            .collect();
        Self { resources, source: names.0.to_owned(), target: names.1.to_owned() }
    }

    /// The resources that differ, in the order of the target. *Added* is what only the target has.
    #[must_use]
    pub fn resources(&self) -> &[ResourceDiff] {
        &self.resources
    }

    /// One unified diff for each resource that differs, one after the other.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        for resource in &self.resources {
            let id = resource.id.to_string();
            let id_source =
                resource.id_before.as_ref().map_or_else(|| id.clone(), ToString::to_string);
            let (from, to) = match resource.change {
                Change::Added => ("/dev/null".to_owned(), format!("{}/{id}", self.target)),
                Change::Deleted => (format!("{}/{id}", self.source), "/dev/null".to_owned()),
                Change::Changed => {
                    (format!("{}/{id_source}", self.source), format!("{}/{id}", self.target))
                }
            };
            out.push_str(&format!("--- {}\n+++ {}\n", one_line(&from), one_line(&to)));
            out.push_str(&resource.hunks.text);
        }
        out
    }
}
