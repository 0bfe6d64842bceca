//! The `kustomize` on this machine's `PATH` as the engine of plans, for overlays that need helm.
//!
//! Whoever runs us asks for it, on the command line or in a workflow: no file of a repository can, and the
//! service never does.

use std::ffi::OsString;
use std::sync::Arc;

use super::kustomize_message::{shortened, without_secrets};
use crate::kustomize::{BuildOptions, ForeignEngine, LoadRestrictor, Reorder};
use crate::model::{FileTree, RepoPath};
use crate::workdir::{KustomizeRun, WorkdirError, kustomize_build_of};

/// Who builds overlays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// Overlift itself.
    #[default]
    Overlift,
    /// The `kustomize` on `PATH`.
    Kustomize,
}

impl Engine {
    /// What an engine may be called.
    pub const NAMES: [&str; 2] = ["overlift", "kustomize"];

    /// The engine with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "overlift" => Some(Self::Overlift),
            "kustomize" => Some(Self::Kustomize),
            _ => None,
        }
    }

    /// What builds in place of our own engine, if another one is asked for.
    #[must_use]
    pub fn foreign(self) -> Option<Arc<dyn ForeignEngine>> {
        match self {
            Self::Overlift => None,
            Self::Kustomize => Some(Arc::new(InstalledKustomize)),
        }
    }
}

/// The `kustomize` on `PATH`.
#[derive(Clone, Copy, Debug)]
struct InstalledKustomize;

impl ForeignEngine for InstalledKustomize {
    fn build(
        &self,
        tree: &FileTree,
        dir: &RepoPath,
        options: &BuildOptions,
    ) -> Result<String, String> {
        let run = kustomize_build_of(tree, dir, kustomize_flags(options));
        let KustomizeRun { succeeded, manifest, said } = run.map_err(|error| match error {
            error @ WorkdirError::NoKustomize(_) => {
                format!("{error}; install it, or leave out `--engine kustomize`")
            }
            error => error.to_string(),
        })?;
        if !succeeded {
            return Err(shortened(&without_secrets(&said, tree)));
        }
        String::from_utf8(manifest)
            .map_err(|_| "what it printed is no rendered manifest: no UTF-8 text".to_owned())
    }
}

/// What `kustomize build` has to be told to do the same; helm is what one asks it for.
#[must_use]
pub fn kustomize_flags(options: &BuildOptions) -> Vec<OsString> {
    let restrictor = match options.load_restrictor {
        LoadRestrictor::RootOnly => "LoadRestrictionsRootOnly",
        LoadRestrictor::None => "LoadRestrictionsNone",
    };
    let mut flags = vec!["--enable-helm".into(), format!("--load-restrictor={restrictor}").into()];
    // Said aloud, even the default would outrank a kustomization's `sortOptions`.
    if options.reorder == Reorder::None {
        flags.push("--reorder=none".into());
    }
    if options.managed_by_label {
        flags.push("--enable-managedby-label".into());
    }
    flags
}
