//! What a kustomization file is called, and which of its lists count as one.

/// The names that kustomize accepts for its file, in the order in which it looks for them.
pub const KUSTOMIZATION_NAMES: [&str; 3] =
    ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The lists that name patches. kustomize reads the later two as older forms of the first.
pub const PATCH_LISTS: [&str; 3] = ["patches", "patchesStrategicMerge", "patchesJson6902"];

/// The lists that name what is built from. kustomize reads the second as an older form of the first.
pub const RESOURCE_LISTS: [&str; 2] = ["resources", "bases"];
