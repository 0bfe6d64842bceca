//! `overlift build DIR`: the bytes that `kustomize build` prints.

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::engine::EngineArguments;
use super::outcome::{self, Outcome};
use super::output::Output;
use super::report::Failure;
use crate::app::local::Workspace;
use crate::app::{Engine, GitBases, kustomize_flags, remote_cache_directory};
use crate::deployer::Deployers;
use crate::kustomize::schema::Schema;
use crate::kustomize::{
    self, AbsentFiles, Build, BuildError, BuildOptions, Gvk, LoadRestrictor, RemoteResolver,
    Reorder, Resource,
};
use crate::model::RemotePattern;
use crate::promotion;
use crate::workdir::{self, Checkout, WorkdirError};
use crate::yaml;

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
    /// Fetch remote bases of this repository with git, and keep them. May be given several times.
    #[arg(long, value_name = "HOST/OWNER/NAME", value_parser = RemotePattern::parse)]
    allow_remote: Vec<RemotePattern>,
    /// Build what this Argo CD Application or Flux Kustomization of the repository deploys, with all that it changes
    /// on the way. NAME is its name, its namespace and name with a slash between, or the cluster's; a DIR says which
    /// is meant where several have it.
    #[arg(long, value_name = "NAME", conflicts_with = "engine")]
    deployer: Option<String>,
    #[command(flatten)]
    engine: EngineArguments,
    /// Write to this file, or one file for each resource to this directory.
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Restrictor {
    #[value(name = "LoadRestrictionsRootOnly", alias = "rootOnly")]
    RootOnly,
    #[value(name = "LoadRestrictionsNone", alias = "none")]
    None,
}

impl Restrictor {
    pub(super) const fn restrictor(self) -> LoadRestrictor {
        match self {
            Self::RootOnly => LoadRestrictor::RootOnly,
            Self::None => LoadRestrictor::None,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Order {
    Legacy,
    None,
}

impl BuildArguments {
    fn options(&self) -> BuildOptions {
        BuildOptions {
            load_restrictor: self.load_restrictor.restrictor(),
            reorder: match self.reorder {
                Order::Legacy => Reorder::Legacy,
                Order::None => Reorder::None,
            },
            managed_by_label: self.enable_managedby_label,
            remote: self.remote(),
            engine: None,
            // As kustomize.
            absent_files: AbsentFiles::Refused,
            version: self.engine.kustomize_version.unwrap_or_default(),
        }
    }

    fn remote(&self) -> Option<Arc<dyn RemoteResolver>> {
        if self.allow_remote.is_empty() {
            return None;
        }
        Some(Arc::new(GitBases::new(self.allow_remote.clone(), cache_directory())))
    }
}

/// Opens the checkout around a directory, for a configuration that may allow remote bases.
pub(super) fn open_workspace(
    directory: &Path,
    revision: Option<&str>,
    engine: EngineArguments,
) -> Result<Workspace, WorkdirError> {
    let workspace = Workspace::open(directory, revision)?;
    let workspace = workspace.with_remote_cache(cache_directory()).with_engine(engine.foreign());
    Ok(workspace.with_version(engine.kustomize_version))
}

/// Where commits of other repositories are kept.
#[expect(clippy::disallowed_methods, reason = "the user's directories are in the environment")]
fn cache_directory() -> PathBuf {
    remote_cache_directory(|name| env::var_os(name), env::temp_dir())
}

/// Runs the command.
pub(super) fn run(
    arguments: &BuildArguments,
    directory: &Path,
    output: &Output,
) -> outcome::Result {
    let target = arguments.output.as_ref().map(|path| directory.join(path));
    let rendered = match arguments.engine.engine {
        Engine::Kustomize => {
            let dir = directory.join(&arguments.dir);
            workdir::kustomize_build(&dir, kustomize_flags(&arguments.options()))?
        }
        Engine::Overlift => {
            let build = match &arguments.deployer {
                Some(name) => deployed(arguments, name, directory, output)?,
                None => build(arguments, directory, output)?,
            };
            if let Some(dir) = target.as_ref().filter(|target| target.is_dir()) {
                for (name, content) in own_files(&build.resources)? {
                    workdir::write_output(&dir.join(name), content.as_bytes())?;
                }
                return Ok(Outcome::Done);
            }
            let rendered = build.render().into_bytes();
            // The process ends soon: giving back thousands of trees one by one is a tenth of it.
            std::mem::forget(build);
            rendered
        }
    };
    match target {
        Some(path) => workdir::write_output(&path, &rendered)?,
        None => output.print(&rendered)?,
    }
    Ok(Outcome::Done)
}

fn build(arguments: &BuildArguments, directory: &Path, output: &Output) -> Result<Build, Failure> {
    let (mut root, mut dir) = workdir::build_root(&directory.join(&arguments.dir), directory)?;
    let (checkout, build) = loop {
        let checkout = Checkout::new(root.clone());
        let build = kustomize::build(&checkout, &dir, &arguments.options());
        // Without a repository nothing says where the tree of kustomizations ends but they themselves.
        match (&build, workdir::wider_root(&root, &dir)) {
            (Err(BuildError::Path { .. }), Some(wider)) => (root, dir) = wider,
            _ => break (checkout, build),
        }
    };
    let build = build.map_err(|error| located(error, &checkout))?;
    for warning in &build.warnings {
        output.warn(warning.trim_start_matches("# Warning: "));
    }
    Ok(build)
}

/// Builds what an object of the repository deploys.
fn deployed(
    arguments: &BuildArguments,
    name: &str,
    directory: &Path,
    output: &Output,
) -> Result<Build, Failure> {
    let (root, dir) = workdir::build_root(&directory.join(&arguments.dir), directory)?;
    let mut checkout = Checkout::new(root);
    let mut deployers = Deployers::read(&checkout).unwrap_or_default();
    // `.` is what stands there without a word.
    let folder = (arguments.dir != Path::new(".")).then_some(&dir);
    if folder.is_none() && deployers.called(name, None).is_err() {
        // What is planned may be a folder of a larger repository.
        let inner = Checkout::new(workdir::plan_root(directory)?);
        let inside = Deployers::read(&inner).unwrap_or_default();
        if inside.called(name, None).is_ok() {
            (checkout, deployers) = (inner, inside);
        }
    }
    let found = deployers.called(name, folder).map_err(|error| anyhow::anyhow!(error))?;
    let (build, faults) =
        promotion::render_deployed(&checkout, &found.path, &arguments.options(), &found.changes)
            .map_err(|error| located(error, &checkout))?;
    for fault in faults {
        output.warn(&format!(
            "what `{}` changes is left out, since it fails: {fault}",
            found.title()
        ));
    }
    for unknown in found.unknown_here() {
        output.warn(&format!("of `{}` is not known here: {unknown}", found.title()));
    }
    for warning in &build.warnings {
        output.warn(warning.trim_start_matches("# Warning: "));
    }
    Ok(build)
}

/// A file for each resource, named as kustomize names them (kustomize/commands/build/writer.go):
/// with its namespace where there is more than one.
fn own_files(resources: &[Resource]) -> anyhow::Result<Vec<(String, String)>> {
    let schema = Schema::default();
    let namespace = |resource: &Resource| match resource.id.namespace.as_str() {
        _ if schema.is_cluster_scoped(&resource.id.gvk) => None,
        "" => Some("default".to_owned()),
        name => Some(name.to_lowercase()),
    };
    let namespaces: BTreeSet<String> = resources.iter().filter_map(namespace).collect();
    let mut files = Vec::new();
    for resource in resources {
        let Gvk { group, version, kind } = &resource.id.gvk;
        let prefix = namespace(resource).filter(|_| namespaces.len() > 1);
        let parts =
            [prefix.as_deref().unwrap_or_default(), group, version, kind, &resource.id.name];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let name = parts.join("_").to_lowercase() + ".yaml";
        if name.contains('/') || name.starts_with('.') {
            anyhow::bail!(
                "{} cannot have a file of its own: `{name}` is no file name",
                resource.id
            );
        }
        let mut content = String::new();
        yaml::write_document(&resource.node, &mut content);
        files.push((name, content));
    }
    Ok(files)
}

fn located(error: BuildError, checkout: &Checkout) -> Failure {
    let place = error.location().cloned();
    let failure = Failure::from(error);
    // Without a repository nobody knows which other kustomizations make a Secret of the file.
    match checkout.repository() {
        Some(_) => failure.at(place.as_ref(), checkout),
        None => failure,
    }
}
