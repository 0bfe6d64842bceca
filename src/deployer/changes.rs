//! What a deployer changes of a folder's build, whoever says it: the options of an Argo CD source or the fields of a
//! Flux Kustomization.

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// What is changed on the way from a folder to a cluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// In place of the kustomization's `namePrefix`.
    pub name_prefix: Option<String>,
    /// In place of the kustomization's `nameSuffix`.
    pub name_suffix: Option<String>,
    /// In place of the kustomization's `namespace`.
    pub namespace: Option<String>,
    /// Entries of `images`.
    pub images: Vec<ImageChange>,
    /// Entries of `replicas`.
    pub replicas: Vec<(String, i64)>,
    /// Labels, by the kustomization.
    pub labels: Option<Labels>,
    /// `commonAnnotations`.
    pub annotations: Vec<(String, String)>,
    /// Entries of `patches`.
    pub patches: Vec<Json>,
    /// Entries of `patchesStrategicMerge`.
    pub patches_strategic_merge: Vec<Json>,
    /// Entries of `patchesJson6902`.
    pub patches_json_6902: Vec<Json>,
    /// Entries of `components`.
    pub components: Vec<String>,
    /// Whether components that are not there are left out.
    pub ignore_missing_components: bool,
    /// Labels and annotations that every object gets after the build.
    pub metadata: Metadata,
    /// Variables that are put in after the build.
    pub substitution: Option<Substitution>,
    /// Whether it builds without load restrictions, as Flux does: that changes nothing of what can be built with
    /// them. <https://fluxcd.io/flux/components/kustomize/kustomizations/#kustomize-secretgenerator> is run so by
    /// the controller (fluxcd/pkg, `kustomize/kustomize_generator.go`: `LoadRestrictionsNone`).
    pub loads_everything: bool,
}

/// What every object gets after the build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Labels.
    pub labels: Vec<(String, String)>,
    /// Annotations.
    pub annotations: Vec<(String, String)>,
}

/// Labels that the kustomization gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// The labels.
    pub pairs: Vec<(String, String)>,
    /// Whether selectors are left alone.
    pub without_selectors: bool,
    /// Whether templates get them, where selectors do not.
    pub include_templates: bool,
}

/// A change of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageChange {
    /// The image.
    pub name: String,
    /// Its new name, empty to keep it.
    pub new_name: String,
    /// Its new tag, empty to keep it.
    pub new_tag: String,
    /// Its new digest, empty to keep it.
    pub digest: String,
    /// Whether what is empty keeps what an entry of the kustomization says.
    pub keeps_the_rest: bool,
}

/// Variables that Flux puts in after the build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Substitution {
    /// The variables that are known.
    pub variables: BTreeMap<String, String>,
    /// What the other variables come from, in words; empty if there are no others.
    pub unknown: Vec<String>,
    /// Whether texts are gone through although there is no variable.
    pub always: bool,
}

impl Changes {
    /// Whether the kustomization's own build is what is deployed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self { loads_everything: self.loads_everything, ..Self::default() }
    }

    /// Whether what can be built with `other` comes out the same with this, which loads more at most.
    #[must_use]
    pub fn builds_as(&self, other: &Self) -> bool {
        let loads = self.loads_everything;
        (loads || !other.loads_everything)
            && *self == Self { loads_everything: loads, ..other.clone() }
    }

    /// Whether the kustomization is changed, and not only what comes of it.
    #[must_use]
    pub fn touches_the_kustomization(&self) -> bool {
        !Self { metadata: Metadata::default(), substitution: None, ..self.clone() }.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_only_loads_more_builds_the_same() {
        let argo_cd = Changes { namespace: Some("shop".to_owned()), ..Changes::default() };
        let flux = Changes { loads_everything: true, ..argo_cd.clone() };
        assert!(flux.builds_as(&argo_cd) && flux.builds_as(&flux) && argo_cd.builds_as(&argo_cd));
        // What only Flux can build, Argo CD cannot.
        assert!(!argo_cd.builds_as(&flux));
        assert!(!flux.builds_as(&Changes::default()));
    }
}
