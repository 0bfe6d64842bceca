//! Whose YAML a text is: kustomize reads with two libraries that do not agree.

/// Whose rules decide what a text means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// go-yaml v3 by way of kyaml: resources, patches. `yes` is a string, `0777` is 511,
    /// `2001-01-01` a timestamp; duplicate keys are an error.
    V3,
    /// go-yaml v2 by way of sigs.k8s.io/yaml: `kustomization.yaml`. `yes`, `y` and `on` are
    /// booleans, the last of duplicate keys counts, only the first document is read.
    V2,
}
