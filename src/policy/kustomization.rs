//! The kustomization files of an overlay, as text: what the engine reads, rules about them read again.

use super::subject::Overlay;
use crate::model::{Entry, RepoPath};

/// One kustomization file of a build.
#[derive(Clone, Debug)]
pub struct KustomizationText {
    /// Its path.
    pub path: RepoPath,
    /// Its text.
    pub text: String,
}

/// The kustomization files that a build read, in the order of their paths.
#[must_use]
pub fn kustomizations(overlay: Overlay<'_>) -> Vec<KustomizationText> {
    let inputs = overlay.build.inputs.iter().filter(|path| path.is_kustomization());
    inputs.filter_map(|path| read(overlay, path)).collect()
}

fn read(overlay: Overlay<'_>, path: &RepoPath) -> Option<KustomizationText> {
    let (_, Entry::File(file)) = overlay.files.look_up(path).ok()? else { return None };
    let text = std::str::from_utf8(&file.content).ok()?.to_owned();
    Some(KustomizationText { path: path.clone(), text })
}
