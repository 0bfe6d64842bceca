//! What patches did: which entry of the kustomization was laid over a resource, and whether that changed it.
//!
//! Noted while the patches are applied, since nobody can tell it from the result: names change afterwards,
//! and another patch or field may set the same once more. Only for the kustomization that is built itself;
//! what a base does is the base's.

use super::ResourceId;
use crate::model::{Location, RepoPath};
use crate::yaml::{Mark, Node};

/// What one entry of the patches of a kustomization did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchEffect {
    /// The entry.
    pub at: Location,
    /// Where it stands, to whoever has another text of the kustomization.
    pub mark: Mark,
    /// The file that it names; `None` if the patch is written in place.
    pub file: Option<RepoPath>,
    /// The first resource that it was laid over, as it was called in its file; `None` if there was none.
    pub first: Option<ResourceId>,
    /// Whether any resource is another one since.
    pub has_changed: bool,
}

/// An entry with a patch, before it is applied.
#[derive(Clone, Debug)]
pub struct PatchEntry {
    /// Where it is written.
    pub at: Location,
    /// The node that it is written as.
    pub mark: Mark,
    /// The file that it names.
    pub file: Option<RepoPath>,
    /// Which objects of the patch are its own: those up to this one, behind those of the entry before.
    pub objects: usize,
}

impl PatchEntry {
    /// The entry, of which nothing is known yet.
    #[must_use]
    pub fn begun(&self) -> PatchEffect {
        let (at, mark, file) = (self.at.clone(), self.mark, self.file.clone());
        PatchEffect { at, mark, file, first: None, has_changed: false }
    }
}

impl PatchEffect {
    /// Notes what became of a resource.
    pub fn note(&mut self, id: &ResourceId, before: &Node, after: &Node) {
        self.first.get_or_insert_with(|| id.clone());
        self.has_changed = self.has_changed || before != after;
    }
}

#[cfg(test)]
mod tests {
    use crate::kustomize::{BuildOptions, build};
    use crate::model::{FileTree, RepoPath};

    fn noted(patches: &str) -> Vec<(String, Option<String>, bool)> {
        let over = format!("namePrefix: x-\nresources: [../base]\n{patches}");
        let files = FileTree::of([
            ("base/kustomization.yaml", "resources: [a.yaml]\nnameSuffix: -y\n"),
            ("base/a.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v}}"),
            ("over/kustomization.yaml", over.as_str()),
            (
                "over/p.yaml",
                "{apiVersion: v1, kind: ConfigMap, metadata: {name: a-y}, data: {k: w}}",
            ),
        ]);
        let over = RepoPath::parse("over").unwrap();
        let build = build(&files.unwrap(), &over, &BuildOptions::default()).unwrap();
        let told = |it: &super::PatchEffect| {
            let first = it.first.as_ref().map(|id| id.name.to_string());
            (it.at.field.clone(), first, it.has_changed)
        };
        build.patches.iter().map(told).collect()
    }

    fn effect(at: &str, first: Option<&str>, has_changed: bool) -> (String, Option<String>, bool) {
        (at.to_owned(), first.map(str::to_owned), has_changed)
    }

    /// Of several patches of one resource each is told apart; names are those of the moment.
    #[test]
    fn each_entry_is_noted_by_itself() {
        let patches = "patches:\n\
                       - path: p.yaml\n\
                       - patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: a-y}, data: {k: w}}'\n\
                       - target: {name: x-a-y}\n  patch: '[{\"op\": \"remove\", \"path\": \"/data\"}]'\n\
                       - target: {kind: Config.*}\n  patch: '[{\"op\": \"replace\", \"path\": \"/data/k\", \"value\": \"w\"}]'\n\
                       - target: {kind: ConfigMap}\n  patch: '[{\"op\": \"remove\", \"path\": \"/data/k\"}]'\n";
        assert_eq!(
            noted(patches),
            [
                effect("patches[0]", Some("a"), true),
                effect("patches[1]", Some("a"), false),
                effect("patches[2]", None, false),
                effect("patches[3]", Some("a"), false),
                effect("patches[4]", Some("a"), true),
            ]
        );
    }

    #[test]
    fn entries_of_one_list_of_merges_are_told_apart() {
        let patches = "patchesStrategicMerge:\n\
                       - p.yaml\n\
                       - |-\n  {apiVersion: v1, kind: ConfigMap, metadata: {name: a-y}, data: {k: w}}\n";
        assert_eq!(
            noted(patches),
            [
                effect("patchesStrategicMerge[0]", Some("a"), true),
                effect("patchesStrategicMerge[1]", Some("a"), false),
            ]
        );
    }
}
