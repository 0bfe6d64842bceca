//! Whether a commit that says of itself that it is a promotion did what a promotion does.
//!
//! Anybody can write trailers into a message, and a squash merge takes a contributor's text over. What a commit
//! did to the target's folder cannot be made up: a promotion gives it what the source had at the commit that
//! the trailers name. The commit itself is looked at, or the merge that brought it, so that a clone and the API
//! see the same; a name of ours in a commit would tell nothing in a clone.

use super::content::Form;
use super::history::History;
use super::names::Names;
use super::settle::{Point, source_then};
use super::value::Value;
use super::value_change::{ValueChange, value_changes};
use super::verdict::is_version;
use crate::model::{BlobId, ReadError, RepoPath};

/// What a change did, in values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Brought {
    /// Values that are now as the source had them.
    pub given: usize,
    /// Those of them that are versions.
    pub versions: usize,
    /// Values that changed to something that the source did not have.
    pub other: usize,
}

/// A file's bytes; `None` for no file.
type Content<'a> = Option<&'a [u8]>;

/// The point that a claim makes, if the history bears it out: the commit is there, has seen no more than what
/// came before it, and gave the target something that the source had then. Versions are settled by
/// a commit that did nothing else.
///
/// # Errors
/// [`ReadError`] if contents cannot be read.
pub fn bears_out(
    history: &History<'_>,
    claim: &Point,
    (source, target): (&RepoPath, &RepoPath),
    names: &Names,
) -> Result<Option<Point>, ReadError> {
    let Some((by, seen)) = claim.by.as_ref().zip(claim.seen) else { return Ok(None) };
    let place = history.commits.iter().rposition(|it| it.id == *by || it.merged.contains(by));
    let Some(place) = place.filter(|place| seen < *place) else { return Ok(None) };
    let mut brought = Brought::default();
    for touched in &history.commits[place].touched {
        let Some(below) = touched.path.strip_prefix(target) else {
            brought.other += 1;
            continue;
        };
        let theirs = source_then(history, seen + 1, source, below, names).flatten();
        let blob =
            |state: &Option<crate::model::FileState>| state.as_ref().map(|it| it.blob.clone());
        let (before, after) = (blob(&touched.before), blob(&touched.after));
        if after == theirs {
            brought.given += 1;
            brought.versions += 1;
            continue;
        }
        let read = |id: &Option<BlobId>| -> Result<Option<_>, ReadError> {
            Ok(id.as_ref().map(|id| history.blobs.blob(id)).transpose()?.flatten())
        };
        let contents = (read(&before)?, read(&after)?, read(&theirs)?);
        brought.add(
            touched.path.as_str(),
            (contents.0.as_deref(), contents.1.as_deref(), contents.2.as_deref()),
            names,
        );
    }
    let settles_versions = brought.versions > 0 || brought.other == 0;
    Ok((brought.given > 0).then(|| Point { settles_versions, claimed: false, ..claim.clone() }))
}

impl Brought {
    /// Whether nothing but what the source had came.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.given > 0 && self.other == 0
    }

    /// Adds a file of the target, by its path: before, after, and what the source had.
    pub fn add(
        &mut self,
        path: &str,
        (before, after, source): (Content<'_>, Content<'_>, Content<'_>),
        names: &Names,
    ) {
        let (Some(after), Some(source)) = (after, source) else {
            let alike = after.is_none() && source.is_none();
            *(if alike { &mut self.given } else { &mut self.other }) += 1;
            return;
        };
        let form = Form::by_name(path);
        let read = |content: &[u8]| form.read(content);
        let (Some(new), Some(theirs)) = (read(after), read(source)) else {
            *(if after == source { &mut self.given } else { &mut self.other }) += 1;
            return;
        };
        let old = before.and_then(read);
        let sides = (old.as_ref(), &new, Some(&theirs));
        value_changes(sides, names, &mut |change, keys| self.count(&change, keys, names));
    }

    /// Counts one value.
    fn count(&mut self, change: &ValueChange<'_>, keys: &[&str], names: &Names) {
        match *change {
            ValueChange::Set { after, source: Some(source) } if is_same(after, source, names) => {
                self.given += 1;
                self.versions += usize::from(is_version(after, keys));
            }
            ValueChange::Gone { source_has_it: false } => self.given += 1,
            ValueChange::Set { .. } | ValueChange::Gone { source_has_it: true } => self.other += 1,
        }
    }
}

/// Whether two values are the same, each in its own environment's name.
fn is_same(after: &Value, source: &Value, names: &Names) -> bool {
    let counterparts = |(after, source)| names.are_counterparts(source, after);
    after == source || after.as_text().zip(source.as_text()).is_some_and(counterparts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brought(before: Option<&str>, after: Option<&str>, source: Option<&str>) -> [usize; 2] {
        let names = Names::new(["staging"], ["production"]);
        let bytes = |text: Option<&'static str>| text.map(str::as_bytes);
        let own =
            |text: Option<&str>| text.map(|text| &*Box::leak(text.to_owned().into_boxed_str()));
        let mut brought = Brought::default();
        let sides = (bytes(own(before)), bytes(own(after)), bytes(own(source)));
        brought.add("kustomization.yaml", sides, &names);
        [brought.given, brought.other]
    }

    #[test]
    fn what_the_source_had_is_told_from_what_it_had_not() {
        let (old, new) = ("a: 1\nb: 1\n", "a: 2\nb: 1\n");
        assert_eq!(brought(Some(old), Some(new), Some("a: 2\nb: 3\n")), [1, 0]);
        assert_eq!(brought(Some(old), Some(new), Some("a: 4\nb: 1\n")), [0, 1]);
        assert_eq!(brought(Some(old), Some("a: 1\n"), Some("a: 1\n")), [1, 0], "a key went");
        assert_eq!(brought(Some(old), Some("a: 1\n"), Some("b: 1\n")), [0, 1]);
        assert_eq!(brought(Some(old), None, None), [1, 0], "a file went");
        assert_eq!(brought(Some(old), None, Some(old)), [0, 1]);
        assert_eq!(brought(None, Some(new), Some(new)), [2, 0]);
        assert_eq!(brought(Some(old), Some("a: 1\nb: 1 # why\n"), Some(old)), [0, 0], "a comment");
    }

    #[test]
    fn items_of_lists_are_paired() {
        let resources = |names: &str| format!("resources: [{names}]\n");
        let (two, three) = (resources("a, b"), resources("a, b, c"));
        assert_eq!(brought(Some(&two), Some(&three), Some(&resources("a, c"))), [1, 0]);
        assert_eq!(brought(Some(&three), Some(&two), Some(&two)), [1, 0]);
        assert_eq!(brought(Some(&three), Some(&two), Some(&three)), [0, 1]);
        let own = resources("a, p-production.yaml");
        let theirs = resources("a, p-staging.yaml");
        assert_eq!(brought(Some(&resources("a")), Some(&own), Some(&theirs)), [1, 0]);
    }
}
