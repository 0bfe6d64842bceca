//! `overlift build DIR`: the bytes that `kustomize build` prints.

use std::path::{Path, PathBuf};

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

impl BuildArguments {
    const fn options(&self) -> BuildOptions {
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
        }
    }
}

/// Runs the command.
pub(super) fn run(arguments: &BuildArguments, directory: &Path, output: &Output) -> super::Result {
    let (root, dir) = workdir::build_root(&directory.join(&arguments.dir), directory)?;
    let checkout = Checkout::new(root);
    let build = kustomize::build(&checkout, &dir, &arguments.options())?;
    for warning in &build.warnings {
        output.warn(warning);
    }
    match &arguments.output {
        Some(path) => workdir::write_output(&directory.join(path), build.render().as_bytes())?,
        None => output.print(build.render())?,
    }
    Ok(Outcome::Done)
}
