//! `overlift schemas fetch`: the schemas of Kubernetes' own kinds for this machine.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::outcome::{self, Outcome};
use super::output::Output;
use super::plan::located;
use super::remote::GithubArguments;
use super::report::Failure;
use crate::app::local::Workspace;
use crate::app::schema_fetch::{PYPI, bundle_of_wheel, fetch_bundle, fetch_remote_schema};
use crate::app::{key_of, may_read, schema_directories};
use crate::config::CONFIG_PATH;
use crate::model::{Entry, RepoPath};
use crate::policy::RemoteSchema;
use crate::workdir::{read_bytes, write_remote_schema, write_schema_bundle};

/// Manages the schemas of Kubernetes' own kinds.
#[derive(Debug, Args)]
pub(super) struct SchemasArguments {
    #[command(subcommand)]
    command: SchemasCommand,
}

#[derive(Debug, Subcommand)]
enum SchemasCommand {
    Fetch(FetchArguments),
}

/// Fetches the schemas of one version of Kubernetes, so that the gates check its own kinds too.
///
/// They are made from the PyPI package `kubernetes-validate`, whose checksum is verified. In a repository the
/// files of other repositories that `gates.schemas` names are fetched too.
#[derive(Debug, Args)]
struct FetchArguments {
    /// The version, such as 1.34; the newest without.
    #[arg(long, value_name = "VERSION", value_parser = release)]
    kubernetes: Option<String>,
    /// Take them from this wheel, and nothing from the network.
    #[arg(long, value_name = "FILE")]
    wheel: Option<PathBuf>,
    /// The package index.
    #[arg(long, value_name = "URL", default_value = PYPI, conflicts_with = "wheel")]
    index: String,
    /// Write the bundle to this directory instead of the user's cache.
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    #[command(flatten)]
    github: GithubArguments,
}

fn release(text: &str) -> Result<String, String> {
    let minor = text.strip_prefix("1.").unwrap_or_default();
    let good = !minor.is_empty() && minor.len() <= 3 && minor.bytes().all(|b| b.is_ascii_digit());
    good.then(|| text.to_owned()).ok_or_else(|| "write it as `1.34`".to_owned())
}

/// Runs the command.
pub(super) fn run(
    arguments: &SchemasArguments,
    directory: &Path,
    output: &Output,
) -> outcome::Result {
    let SchemasCommand::Fetch(fetch) = &arguments.command;
    let version = fetch.kubernetes.as_deref();
    let (version, bundle) = match &fetch.wheel {
        Some(wheel) => bundle_of_wheel(&read_bytes(&directory.join(wheel))?, version)?,
        None => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(fetch_bundle(&fetch.index, version))?
        }
    };
    let usual = || schema_directories().into_iter().next();
    let target = fetch.output.as_ref().map(|dir| directory.join(dir)).or_else(usual);
    let Some(target) = target else {
        return Err(
            anyhow::anyhow!("no directory for schemas is known: name one with `--output`").into()
        );
    };
    let path = write_schema_bundle(&target, &version, &bundle)?;
    let mut said = format!("Schemas of Kubernetes {version}: {}\n", path.display());
    for remote in named_by_configuration(directory)? {
        let text = self::fetch(&fetch.github, &remote)?;
        write_remote_schema(&target, &key_of(&remote), &text)?;
        said.push_str(&format!("{remote}\n"));
    }
    output.print(said)?;
    Ok(Outcome::Done)
}

/// Files of other repositories that the configuration here names; none where there is none, as in
/// the repository that a release is built in.
fn named_by_configuration(directory: &Path) -> std::result::Result<Vec<RemoteSchema>, Failure> {
    let Ok(workspace) = Workspace::open(directory, None) else { return Ok(Vec::new()) };
    let files = workspace.files();
    let path = RepoPath::parse(CONFIG_PATH).expect("the path is constant");
    if matches!(files.look_up(&path), Ok((_, Entry::Missing))) {
        return Ok(Vec::new());
    }
    let configuration = workspace.configuration(None).map_err(|error| located(error, files))?;
    let remote: Vec<RemoteSchema> = configuration.gates.remote_schemas().cloned().collect();
    for remote in &remote {
        let allowed = may_read(remote, &configuration.remote_bases);
        allowed.map_err(|reason| anyhow::anyhow!("`{remote}` is not fetched: {reason}"))?;
    }
    Ok(remote)
}

/// A file of another repository that the configuration names.
fn fetch(github: &GithubArguments, remote: &RemoteSchema) -> anyhow::Result<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (api, token) = (github.api_url(), github.token());
    Ok(runtime.block_on(fetch_remote_schema(&api, token.as_ref(), remote))?)
}
