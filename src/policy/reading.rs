//! What is read once of a built overlay for all that is said about it: the lines where its fields stand, and
//! the values that no text may show. Nothing is read before something is found.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::change::Changes;
use super::guessed_place::Sources;
use super::subject::Overlay;
use crate::diff::{KnownValues, SecretInputs};
use crate::model::{Entry, Position, RepoPath};
use crate::yaml::{Dialect, Mark, parse_stream};

/// An overlay with what was read of it.
pub struct Reading<'a> {
    overlay: Overlay<'a>,
    sources: OnceLock<Sources>,
    texts: Mutex<BTreeMap<RepoPath, Option<Arc<str>>>>,
    known: OnceLock<KnownValues>,
}

impl<'a> Reading<'a> {
    /// Nothing is read yet.
    #[must_use]
    pub const fn new(overlay: Overlay<'a>) -> Self {
        let texts = Mutex::new(BTreeMap::new());
        Self { overlay, sources: OnceLock::new(), texts, known: OnceLock::new() }
    }

    /// The overlay that changes lead to.
    #[must_use]
    pub const fn after(changes: &Changes<'a>) -> Self {
        Self::new(Overlay { files: changes.files, path: changes.path, build: changes.after })
    }

    /// The overlay.
    #[must_use]
    pub const fn overlay(&self) -> Overlay<'a> {
        self.overlay
    }

    /// Where a node of the build comes from.
    pub(super) fn locate(&self, mark: Mark) -> Option<(RepoPath, Position)> {
        self.overlay.locate_with(mark, |path| {
            let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
            let read = || self.overlay.text(path).map(Arc::from);
            texts.entry(path.clone()).or_insert_with(read).clone()
        })
    }

    /// The files of a build that does not know where its fields come from, those of the overlay first.
    pub(super) fn sources(&self) -> &Sources {
        self.sources.get_or_init(|| {
            let overlay = self.overlay;
            let mut paths: Vec<&RepoPath> = overlay.build.inputs.iter().collect();
            paths.sort_by_key(|path| !path.is_within(overlay.path));
            let mut sources = Sources::default();
            for path in paths {
                let Ok((at, Entry::File(file))) = overlay.files.look_up(path) else { continue };
                let Ok(text) = std::str::from_utf8(&file.content) else { continue };
                let text = text.replace("\r\n", "\n");
                // What is no YAML may be what a generator reads.
                let documents = parse_stream(&text, Dialect::V3).unwrap_or_default();
                sources.add(at, text, documents);
            }
            sources
        })
    }

    /// The values of Secrets.
    pub(super) fn known(&self) -> &KnownValues {
        self.known.get_or_init(|| {
            let Overlay { files, build, .. } = self.overlay;
            SecretInputs::find(files, &[], &build.inputs).known_values(&[build])
        })
    }
}
