//! A built overlay: its resources, how they are printed, and what the build learned.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use super::books::LostBooks;
use super::error::BuildError;
use super::patch_effect::PatchEffect;
use super::resource_id::ResourceId;
use super::secret_facts::SecretFacts;
use super::share_out::{MUCH, share_out_with};
use super::texts::Texts;
use crate::model::{Location, RepoPath};
use crate::yaml;

/// One object of a build.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The object as it will be printed.
    pub node: yaml::Node,
    /// Its identity now.
    pub id: ResourceId,
    /// Its identity in the file it came from, before prefixes, suffixes and namespaces.
    pub original_id: ResourceId,
    /// The file it came from, and where in it; for generated ones the kustomization.
    pub origin: Location,
}

/// A file of a generator that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbsentFile {
    /// The entry that names it.
    pub at: Location,
    /// The path as written.
    pub path: String,
    /// The name nearest to it in the same directory.
    pub nearest: Option<String>,
}

impl AbsentFile {
    /// What a build fails with that may leave nothing out.
    #[must_use]
    pub fn into_error(self) -> BuildError {
        BuildError::Missing { at: self.at, path: self.path, nearest: self.nearest }
    }
}

/// A built overlay.
#[derive(Clone, Debug, Default)]
pub struct Build {
    /// The resources, in the order in which they are printed.
    pub resources: Vec<Resource>,
    /// What kustomize would remark on standard error, one sentence each.
    pub warnings: Vec<String>,
    /// Every file that the build read, kustomizations included, symlinks followed.
    pub inputs: BTreeSet<RepoPath>,
    /// How much of them was read.
    pub bytes_read: usize,
    /// Whether `original_id` and `origin` of the resources are guesses, because another engine built.
    pub origins_are_guessed: bool,
    /// What the build learned of values of Secrets.
    pub secrets: Arc<SecretFacts>,
    /// The texts that it read, to which the marks of its nodes lead.
    pub texts: Arc<Texts>,
    /// Patches and replacements that took kustomize's own notes with a resource's annotations.
    pub lost_books: Vec<LostBooks>,
    /// What the patches of the overlay's own kustomization did.
    pub patches: Vec<PatchEffect>,
    /// What generators were made without, see [`AbsentFiles`](super::AbsentFiles).
    pub absent: Vec<AbsentFile>,
}

impl Build {
    /// The rendered manifest: the bytes that `kustomize build` prints.
    #[must_use]
    pub fn render(&self) -> String {
        // Room that is not used is no memory, and a text that grows is copied.
        let room = || String::with_capacity(self.bytes_read.saturating_mul(2));
        if self.bytes_read < MUCH {
            let mut out = room();
            yaml::write_stream(self.resources.iter().map(|resource| &resource.node), &mut out);
            return out;
        }
        let done = share_out_with(&self.resources, room, |buffer, resource| {
            let start = buffer.len();
            yaml::write_document(&resource.node, buffer);
            start..buffer.len()
        });
        let mut out = String::new();
        let document = |(worker, range): (usize, Range<usize>)| &done.states[worker][range];
        yaml::join_documents(done.results.into_iter().map(document), &mut out);
        out
    }
}
