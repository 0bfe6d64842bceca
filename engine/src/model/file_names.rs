//! What a kustomization file is called.

/// The names that kustomize accepts for its file, in the order in which it looks for them.
pub const KUSTOMIZATION_NAMES: [&str; 3] =
    ["kustomization.yaml", "kustomization.yml", "Kustomization"];
