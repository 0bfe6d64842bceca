//! The flag `--engine`: who builds overlays.
//!
//! A flag and nothing else: no variable and no file of a repository can make us start a program.

use std::sync::Arc;

use clap::{Args, ValueEnum};

use crate::app::InstalledKustomize;
use crate::kustomize::ForeignEngine;

/// Who builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Engine {
    /// Overlift itself.
    Overlift,
    /// The `kustomize` on `PATH`.
    Kustomize,
}

/// The flag.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct EngineArguments {
    /// Who builds: Overlift itself, or the `kustomize` on `PATH`, for overlays that need helm.
    #[arg(long, value_enum, default_value_t = Engine::Overlift)]
    pub(super) engine: Engine,
}

impl EngineArguments {
    /// The engine in place of our own, if another one is asked for.
    pub(super) fn foreign(self) -> Option<Arc<dyn ForeignEngine>> {
        match self.engine {
            Engine::Overlift => None,
            Engine::Kustomize => Some(Arc::new(InstalledKustomize)),
        }
    }
}
