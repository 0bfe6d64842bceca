//! What the cluster will see: an overlay built before and after.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::mask::KnownValues;
use super::pairing::{Pair, pair_by_identity};
use super::resource::{ResourceDiff, Side, rendered};
use super::unified::{Hunks, one_line};
use crate::kustomize::Build;

/// The difference between two builds of one overlay.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RenderedDiff {
    text: String,
    resources: Vec<ResourceDiff>,
    unchanged: usize,
    moved: usize,
}

impl RenderedDiff {
    /// Compares two builds of the overlay called `name`, which stands in the file headers. `known` are the
    /// values of Secrets that may stand in other resources.
    #[must_use]
    pub fn between(before: &Build, after: &Build, name: &str, known: &KnownValues) -> Self {
        let pairs = pair_by_identity(before, after).into_iter();
        let sides: Vec<Side<'_>> = pairs.map(|pair| Side::new(pair, known)).collect();
        let text_before = Stream::of(before.resources.len(), &sides, |side| {
            Some((side.pair.before?.index, rendered(side.before())))
        });
        let text_after = Stream::of(after.resources.len(), &sides, |side| {
            Some((side.pair.after?.index, rendered(side.after())))
        });
        let mut resources = Vec::new();
        for side in &sides {
            let before = side.pair.before.map_or("", |place| text_before.resource(place.index));
            let after = side.pair.after.map_or("", |place| text_after.resource(place.index));
            resources.extend(side.diff(before, after));
        }
        let hunks = Hunks::between(&text_before.text, &text_after.text);
        Self {
            text: with_headers(&hunks.text, name),
            unchanged: sides.len() - resources.len(),
            resources,
            moved: moved(sides.iter().map(|side| &side.pair)),
        }
    }

    /// One unified diff between the two complete outputs, values of Secrets masked; empty if they
    /// are equal. `patch` applies it to the output before, hunks with masked values excepted.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The diff without its file headers.
    #[must_use]
    pub fn hunks(&self) -> &str {
        self.text.splitn(3, '\n').nth(2).unwrap_or_default()
    }

    /// The same with another name in the file headers.
    #[must_use]
    pub fn under(self, name: &str) -> Self {
        Self { text: with_headers(self.hunks(), name), ..self }
    }

    /// The same, with the texts of other diffs behind it.
    #[must_use]
    pub fn followed_by<'t>(mut self, texts: impl IntoIterator<Item = &'t str>) -> Self {
        texts.into_iter().for_each(|text| self.text.push_str(text));
        self
    }

    /// The resources that differ, in the order of the output after.
    #[must_use]
    pub fn resources(&self) -> &[ResourceDiff] {
        &self.resources
    }

    /// How many resources are the same before and after.
    #[must_use]
    pub const fn unchanged(&self) -> usize {
        self.unchanged
    }

    /// How many resources only changed their place in the output.
    #[must_use]
    pub const fn moved(&self) -> usize {
        self.moved
    }
}

fn with_headers(hunks: &str, name: &str) -> String {
    if hunks.is_empty() {
        return String::new();
    }
    let name = one_line(name);
    format!("--- before/{name}\n+++ after/{name}\n{hunks}")
}

/// The output of a build and where each resource stands in it.
struct Stream {
    text: String,
    ranges: Vec<Range<usize>>,
}

impl Stream {
    fn of(
        count: usize,
        sides: &[Side<'_>],
        render: impl Fn(&Side<'_>) -> Option<(usize, String)>,
    ) -> Self {
        let mut parts = vec![String::new(); count];
        for (index, part) in sides.iter().filter_map(render) {
            parts[index] = part;
        }
        let mut stream = Self { text: String::new(), ranges: Vec::with_capacity(count) };
        for part in parts {
            if !stream.ranges.is_empty() {
                stream.text.push_str("---\n");
            }
            let start = stream.text.len();
            stream.text.push_str(&part);
            stream.ranges.push(start..stream.text.len());
        }
        stream
    }

    fn resource(&self, index: usize) -> &str {
        &self.text[self.ranges[index].clone()]
    }
}

/// How many pairs stand in another order than before: all but the longest run that kept its order.
fn moved<'a>(pairs: impl Iterator<Item = &'a Pair<'a>>) -> usize {
    let order: Vec<usize> = pairs
        .filter(|pair| pair.after.is_some())
        .filter_map(|pair| Some(pair.before?.index))
        .collect();
    // Patience sorting: the last card of each pile; the number of piles is the length of the run.
    let mut piles: Vec<usize> = Vec::new();
    for &index in &order {
        let at = piles.partition_point(|last| *last < index);
        if at == piles.len() {
            piles.push(index);
        } else {
            piles[at] = index;
        }
    }
    order.len() - piles.len()
}
