//! Values of Secrets found by what they are: whoever copied one, by a replacement, a var, a chart or by hand,
//! and wherever it stands, nothing but the value itself tells that it is one.
//!
//! One search for all values at once (Aho–Corasick), in time that is linear in the text, whatever their
//! number. What a value is made of (see [`super::form`]) is searched for as well.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::form::{Forms, decodings};
use super::masked::MASKED;
use super::nested::nested_values;
use crate::kustomize::Build;

/// Shorter parts of values are found everywhere by chance.
const SHORTEST_PART: usize = 6;
/// Beyond so much every text of a chart's values counts as a part of some: each is looked for in all of it.
const MOST_BYTES_OF_PARTS: usize = 1 << 20;

/// All values of the Secrets of some builds, ready to be searched for.
#[derive(Clone, Debug, Default)]
pub struct KnownValues {
    /// Found anywhere in a text.
    parts: Option<AhoCorasick>,
    /// Found where they are whole words: letters alone, or digits alone.
    words: Option<AhoCorasick>,
    /// Found where they are the whole text.
    wholes: BTreeSet<String>,
    /// Whether there are too many values to look for.
    everything: bool,
    /// All values, if parts of them count too: a chart may put a Secret together.
    haystack: Option<String>,
    /// Names of resources, which are shown anyway.
    names: String,
}

impl KnownValues {
    /// The values of these builds and files. `public` are words that are shown anyway.
    pub(in crate::diff) fn of(
        builds: &[&Build],
        written: impl IntoIterator<Item = (String, String)>,
        public: &BTreeSet<String>,
    ) -> Self {
        let mut forms = Forms::new(public);
        for build in builds {
            forms.add_build(build);
        }
        for (key, value) in written {
            forms.add(&key, &value);
        }
        Self::searching(forms)
    }

    fn searching(forms: Forms<'_>) -> Self {
        let (wholes, words, parts, too_many) = forms.into_parts();
        if too_many {
            return Self { everything: true, ..Self::default() };
        }
        Self { parts: automaton(&parts), words: automaton(&words), wholes, ..Self::default() }
    }

    /// The same, with texts counted that are a part of any value.
    pub(super) fn with_parts(mut self, builds: &[&Build]) -> Self {
        let mut values = BTreeSet::new();
        for resource in builds.iter().flat_map(|build| &build.resources) {
            self.names.push_str(&format!("{}\0{}\0", resource.id.name, resource.id.namespace));
            for (_, value) in nested_values(&resource.node, true) {
                values.extend(decodings(value));
            }
        }
        let haystack: Vec<String> = values.into_iter().collect();
        self.haystack = Some(haystack.join("\0"));
        self
    }

    /// Whether there is nothing to look for.
    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_none()
            && self.words.is_none()
            && self.wholes.is_empty()
            && !self.everything
            && self.haystack.is_none()
    }

    /// Whether a text is a part of a value, where those count.
    fn is_part(&self, text: &str) -> bool {
        let Some(haystack) = &self.haystack else { return false };
        let is_in = |all: &str| memchr::memmem::find(all.as_bytes(), text.as_bytes()).is_some();
        text.len() >= SHORTEST_PART
            && !is_in(&self.names)
            && (haystack.len() > MOST_BYTES_OF_PARTS || is_in(haystack))
    }

    /// Whether a text holds one of the values.
    #[must_use]
    pub fn are_in(&self, text: &str) -> bool {
        if self.is_empty() || text.is_empty() {
            return false;
        }
        self.everything
            || self.parts.as_ref().is_some_and(|parts| parts.is_match(text))
            || self.words_in(text).next().is_some()
            || self.wholes.contains(text)
            || self.wholes.contains(text.trim())
            || self.is_part(text)
    }

    /// Where a line holds values, in order and apart from each other.
    pub(super) fn find(&self, text: &str) -> Vec<Range<usize>> {
        if self.is_empty() || text.trim().is_empty() {
            return Vec::new();
        }
        if self.everything {
            return std::iter::once(0..text.len()).collect();
        }
        let parts = self.parts.iter().flat_map(|parts| parts.find_iter(text));
        let mut found: Vec<Range<usize>> =
            parts.map(|found| found.range()).chain(self.words_in(text)).collect();
        found.extend(self.whole_in(text));
        found.iter_mut().for_each(|range| *range = widened(text, range.clone()));
        found.sort_by_key(|range| (range.start, range.end));
        let mut apart: Vec<Range<usize>> = Vec::new();
        for range in found {
            match apart.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => apart.push(range),
            }
        }
        apart
    }

    /// The text with every value hidden.
    #[must_use]
    pub fn scrub<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.is_empty() {
            return Cow::Borrowed(text);
        }
        let found = self.find(text);
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for range in found {
            out.push_str(&text[from..range.start]);
            out.push_str(MASKED);
            from = range.end;
        }
        out.push_str(&text[from..]);
        Cow::Owned(out)
    }

    fn words_in<'t>(&'t self, text: &'t str) -> impl Iterator<Item = Range<usize>> + 't {
        let found = self.words.iter().flat_map(move |words| words.find_iter(text));
        let found = found.map(|found| found.range());
        found.filter(move |range| {
            let outside = |at: Option<u8>| at.is_none_or(|byte| !byte.is_ascii_alphanumeric());
            outside(range.start.checked_sub(1).map(|at| text.as_bytes()[at]))
                && outside(text.as_bytes().get(range.end).copied())
        })
    }

    /// Short values that somebody copied: as the value of a `key: value` or `key=value`, an item, or alone.
    fn whole_in(&self, text: &str) -> Option<Range<usize>> {
        if self.wholes.is_empty() {
            return None;
        }
        let starts = [Some(0), text.find(": ").map(|at| at + 2), text.find('=').map(|at| at + 1)];
        let item = text.trim_start().strip_prefix("- ").map(|rest| text.len() - rest.len());
        starts.into_iter().flatten().chain(item).find_map(|start| {
            let quotes: &[char] = &['"', '\'', '`', ','];
            let value = text[start..].trim().trim_matches(quotes);
            self.wholes
                .contains(value)
                .then(|| start + text[start..].find(value).unwrap_or(0)..text.len())
        })
    }
}

/// The range with the rest of the words that it begins and ends in.
fn widened(text: &str, range: Range<usize>) -> Range<usize> {
    let is_inside = |c: char| c.is_alphanumeric();
    let before = text[..range.start].trim_end_matches(is_inside).len();
    let after = &text[range.end..];
    before..text.len() - after.trim_start_matches(is_inside).len()
}

fn automaton(texts: &[String]) -> Option<AhoCorasick> {
    if texts.is_empty() {
        return None;
    }
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .build(texts)
        .ok()
}
