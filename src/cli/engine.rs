//! The flags `--engine` and `--kustomize-version`: who builds overlays, and as whom.
//!
//! A flag and nothing else: no variable and no file of a repository can make us start a program.

use std::sync::Arc;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};

use crate::app::Engine;
use crate::kustomize::{ForeignEngine, Version};

/// The flag.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct EngineArguments {
    /// Who builds: Overlift itself, or the `kustomize` on `PATH`, for overlays that need helm.
    #[arg(
        long,
        default_value = Engine::NAMES[0],
        value_parser = PossibleValuesParser::new(Engine::NAMES)
            .map(|name| Engine::parse(&name).expect("only names are possible")),
    )]
    pub(super) engine: Engine,
    /// The kustomize whose bytes count, such as `5.8`, in place of `kustomize` of the configuration.
    #[arg(long, value_name = "VERSION")]
    pub(super) kustomize_version: Option<Version>,
}

impl EngineArguments {
    /// The engine in place of our own, if another one is asked for.
    pub(super) fn foreign(self) -> Option<Arc<dyn ForeignEngine>> {
        self.engine.foreign()
    }
}
