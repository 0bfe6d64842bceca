//! What files are called that are read for what they are. Each of these takes a name or a path.

/// The names that kustomize accepts for its file, in the order in which it looks for them.
pub const KUSTOMIZATION_NAMES: [&str; 3] =
    ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The file that makes a folder a chart of Helm's.
pub const CHART_NAME: &str = "Chart.yaml";

/// Whether it is called as YAML is.
#[must_use]
pub fn is_yaml_name(name: &str) -> bool {
    [".yaml", ".yml"].iter().any(|ending| name.ends_with(ending))
}

/// Whether it is called as what may hold manifests: YAML, or JSON, which is YAML too.
#[must_use]
pub fn is_manifest_name(name: &str) -> bool {
    is_yaml_name(name) || name.ends_with(".json")
}

/// Whether it is called as values of a chart are.
#[must_use]
pub fn is_values_name(name: &str) -> bool {
    name.contains("values") && is_yaml_name(name)
}
