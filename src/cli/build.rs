//! `overlift build DIR`: the bytes that `kustomize build` prints.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use super::Outcome;
use super::output::Output;
use crate::kustomize::{self, BuildOptions, LoadRestrictor, Reorder};
use crate::workdir::{self, Checkout};

/// Builds one overlay and prints it, as `kustomize build` does.
#[derive(Debug, Args)]
pub(super) struct BuildArguments {
    /// The directory with the kustomization.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Which files a kustomization may load: those below its own directory, or any of the repository.
    #[arg(long, value_enum, default_value_t = Restrictor::RootOnly)]
    load_restrictor: Restrictor,
    /// The order of the resources where no `sortOptions` says so.
    #[arg(long, value_enum, default_value_t = Order::Legacy)]
    reorder: Order,
    /// Give each resource the label `app.kubernetes.io/managed-by`.
    #[arg(long)]
    enable_managedby_label: bool,
    /// Who builds: Overlift itself, or the `kustomize` on `PATH`, for overlays that need helm.
    #[arg(long, value_enum, default_value_t = Engine::Overlift)]
    engine: Engine,
    /// Write to this file, or one file for each resource to this directory.
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Restrictor {
    #[value(name = "LoadRestrictionsRootOnly", alias = "rootOnly")]
    RootOnly,
    #[value(name = "LoadRestrictionsNone", alias = "none")]
    None,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Order {
    Legacy,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Engine {
    Overlift,
    Kustomize,
}

impl BuildArguments {
    /// What `kustomize build` has to be told to do the same; helm is what one asks it for.
    fn kustomize_flags(&self) -> Vec<OsString> {
        let restrictor = self.load_restrictor.to_possible_value();
        let order = self.reorder.to_possible_value();
        let name = |value: &Option<PossibleValue>| {
            value.as_ref().map_or(String::new(), |value| value.get_name().to_owned())
        };
        let mut flags = vec![
            OsString::from("--enable-helm"),
            format!("--load-restrictor={}", name(&restrictor)).into(),
            format!("--reorder={}", name(&order)).into(),
        ];
        if self.enable_managedby_label {
            flags.push("--enable-managedby-label".into());
        }
        flags
    }

    fn options(&self) -> BuildOptions {
        BuildOptions {
            load_restrictor: match self.load_restrictor {
                Restrictor::RootOnly => LoadRestrictor::RootOnly,
                Restrictor::None => LoadRestrictor::None,
            },
            reorder: match self.reorder {
                Order::Legacy => Reorder::Legacy,
                Order::None => Reorder::None,
            },
            managed_by_label: self.enable_managedby_label,
            ..BuildOptions::default()
        }
    }
}

/// Runs the command.
pub(super) fn run(arguments: &BuildArguments, directory: &Path, output: &Output) -> super::Result {
    let rendered = match arguments.engine {
        Engine::Overlift => build(arguments, directory, output)?,
        Engine::Kustomize => {
            let dir = directory.join(&arguments.dir);
            workdir::kustomize_build(&dir, arguments.kustomize_flags())?
        }
    };
    match &arguments.output {
        Some(path) => workdir::write_output(&directory.join(path), &rendered)?,
        None => output.print(rendered)?,
    }
    Ok(Outcome::Done)
}

fn build(arguments: &BuildArguments, directory: &Path, output: &Output) -> anyhow::Result<Vec<u8>> {
    let (root, dir) = workdir::build_root(&directory.join(&arguments.dir), directory)?;
    let checkout = Checkout::new(root);
    let build = kustomize::build(&checkout, &dir, &arguments.options())?;
    for warning in &build.warnings {
        output.warn(warning);
    }
    Ok(build.render().into_bytes())
}
