//! What is generated: a config map or a secret.

/// What is generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generated {
    /// A config map.
    ConfigMap,
    /// A secret.
    Secret,
}

impl Generated {
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
        }
    }
}
