//! The builds of a plan, and what is said where there can be none.
//!
//! What cannot be rendered here (a remote base that is not allowed, a chart without helm) stops
//! nothing but the rendering: fields and files are decided without it. What the promotion itself breaks
//! is an error of the plan.

use serde::{Deserialize, Serialize};

use super::environment::Environment;
use super::error::{BuildState, PlanError};
use super::plain;
use super::rules::By;
use crate::deployer;
use crate::kustomize::{self, AbsentFile, Build, BuildError, BuildOptions, LoadRestrictor};
use crate::model::{
    EditedFiles, Entry, File, FileEdit, Files, KUSTOMIZATION_NAMES, Location, Position, RepoPath,
};
use crate::policy::{Finding, Level};

/// The builds of a plan. Where one is missing, those that would be compared with it are empty.
#[derive(Clone, Debug, Default)]
pub struct Builds {
    /// The source as it is.
    pub source: Build,
    /// The target as it is.
    pub before: Build,
    /// The target as it will be.
    pub after: Build,
}

/// Why something is not rendered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotRendered {
    /// What is not rendered, and why: one sentence, lower case, without a final period.
    pub message: String,
    /// What would allow it.
    pub help: String,
    /// The place that stands in the way.
    pub at: Option<Location>,
    /// Whether it is the target, so that nothing can be said of what the cluster will see.
    pub is_target: bool,
    /// How much that weighs: what the promotion makes impossible is an error.
    pub level: Level,
}

impl NotRendered {
    /// The id of the rule by which this is told.
    pub const RULE: &'static str = "not-rendered";

    /// The same as a finding.
    pub(super) fn finding(&self) -> Finding {
        let place = (self.at.clone(), self.is_target);
        told(self.level, self.message.clone(), self.help.clone(), place)
    }
}

fn told(
    level: Level,
    message: String,
    help: String,
    (location, new): (Option<Location>, bool),
) -> Finding {
    Finding {
        code: NotRendered::RULE.to_owned(),
        rule: NotRendered::RULE,
        level,
        message,
        help: Some(help),
        resource: None,
        location,
        new,
        alike: None,
    }
}

/// Builds an environment by what it is: a kustomization, or all manifests below its folder.
///
/// # Errors
/// [`BuildError`]; [`BuildError::NotRendered`] for a chart, values and other files.
pub fn render(
    files: &dyn Files,
    dir: &RepoPath,
    options: &BuildOptions,
) -> Result<Build, BuildError> {
    match kustomize::build(files, dir, options) {
        Err(BuildError::NoKustomization { dir: missing }) if missing == *dir => {
            plain::build(files, dir, options, &|it| it)
        }
        built => built,
    }
}

/// Builds an environment as it is deployed. Returns what of its deployers' changes could not be made, one
/// sentence each: then it is built without them.
///
/// # Errors
/// As [`render`].
pub fn render_deployed(
    files: &dyn Files,
    dir: &RepoPath,
    options: &BuildOptions,
    changes: &deployer::Changes,
) -> Result<(Build, Vec<String>), BuildError> {
    if changes.is_empty() {
        let built = render(files, dir, options);
        return Ok((or_unrestricted(built, files, dir, options, changes)?, Vec::new()));
    }
    render_with(files, dir, options, changes)
}

/// What could not be built for the load restrictions alone, as a deployer that has none builds it.
fn or_unrestricted(
    built: Result<Build, BuildError>,
    files: &dyn Files,
    dir: &RepoPath,
    options: &BuildOptions,
    changes: &deployer::Changes,
) -> Result<Build, BuildError> {
    match built {
        Err(BuildError::OutsideRoot { .. }) if changes.loads_everything => {
            render(files, dir, &unrestricted(options))
        }
        built => built,
    }
}

fn unrestricted(options: &BuildOptions) -> BuildOptions {
    BuildOptions { load_restrictor: LoadRestrictor::None, ..options.clone() }
}

/// The same from what the environment builds by itself, so that this need not wait for what deploys it.
///
/// # Errors
/// As [`render`].
pub(super) fn as_deployed(
    built: Result<Build, BuildError>,
    files: &dyn Files,
    dir: &RepoPath,
    options: &BuildOptions,
    changes: &deployer::Changes,
) -> Result<(Build, Vec<String>), BuildError> {
    if changes.touches_the_kustomization() {
        return render_with(files, dir, options, changes);
    }
    let mut build = or_unrestricted(built, files, dir, options, changes)?;
    if changes.is_empty() {
        return Ok((build, Vec::new()));
    }
    let faults = deployer::finish(&mut build, changes);
    Ok((build, faults))
}

fn render_with(
    files: &dyn Files,
    dir: &RepoPath,
    options: &BuildOptions,
    changes: &deployer::Changes,
) -> Result<(Build, Vec<String>), BuildError> {
    let everything;
    let options = if changes.loads_everything {
        everything = unrestricted(options);
        &everything
    } else {
        options
    };
    match render_changed(files, dir, options, changes) {
        Ok(mut build) => {
            let faults = deployer::finish(&mut build, changes);
            Ok((build, faults))
        }
        Err(error @ BuildError::Unknown(_)) => Err(error),
        // Whatever is wrong with the folder itself is said of it.
        Err(error) => Ok((render(files, dir, options)?, vec![error.to_string()])),
    }
}

fn render_changed(
    files: &dyn Files,
    dir: &RepoPath,
    options: &BuildOptions,
    changes: &deployer::Changes,
) -> Result<Build, BuildError> {
    if !changes.touches_the_kustomization() {
        return render(files, dir, options);
    }
    let has = |component: &str| {
        let there = dir.join(component).map(|path| files.look_up(&path));
        matches!(there, Ok(Ok((_, entry))) if entry != Entry::Missing)
    };
    let with = |text: &str| deployer::kustomization_with(text, changes, &has);
    for name in KUSTOMIZATION_NAMES {
        let Ok(path) = dir.join(name) else { continue };
        let Ok((path, Entry::File(file))) = files.look_up(&path) else { continue };
        let Ok(text) = std::str::from_utf8(&file.content) else { continue };
        // What is no kustomization is said by the build.
        let Ok(text) = with(text) else { break };
        let after = Some(File { mode: file.mode, content: text.into_bytes().into() });
        let edit = FileEdit { path, before: None, after };
        return kustomize::build(&EditedFiles::new(files, [&edit]), dir, options);
    }
    match kustomize::build(files, dir, options) {
        Err(BuildError::NoKustomization { dir: missing }) if missing == *dir => {
            plain::build(files, dir, options, &|text| with(&text).unwrap_or(text))
        }
        built => built,
    }
}

/// The three attempts to build.
pub(super) struct Attempts {
    /// The source as it is.
    pub source: Result<Build, BuildError>,
    /// The target as it is.
    pub before: Result<Build, BuildError>,
    /// The target as it will be.
    pub after: Result<Build, BuildError>,
}

/// What the attempts are good for.
///
/// Files that are copied are judged by what they build, so that nothing is planned without it. Fields are
/// decided by their history: there only what the promotion itself breaks stops it, and what nobody
/// could read.
///
/// # Errors
/// [`PlanError::Build`] for the build that stops the promotion.
pub(super) fn weigh(
    attempts: Attempts,
    by: By,
    source: &Environment,
    target: &Environment,
) -> Result<(Builds, Vec<NotRendered>), PlanError> {
    let stops = |error: &BuildError| match error {
        BuildError::NotRendered { .. } => false,
        error => by == By::Files || is_unreadable(error),
    };
    let Attempts { source: source_build, before, after } = attempts;
    let (mut missing, mut broken_source) = (Vec::new(), None);
    let mut builds = Builds::default();
    let source_build = match source_build {
        Ok(build) => Some(build),
        Err(error) if stops(&error) => {
            return Err(PlanError::build(source, BuildState::Now, error));
        }
        Err(error) => {
            missing.push(NotRendered::new(source, "is not rendered", &error, false));
            broken_source = Some(error).filter(|error| !is_out_of_reach(error));
            None
        }
    };
    match (before, after) {
        (Ok(before), Ok(after)) => {
            let is_whole = source_build.as_ref().is_some_and(|build| build.absent.is_empty());
            if let Some(absent) = newly_absent(&before, &after).next().filter(|_| is_whole) {
                let error = absent.clone().into_error();
                return Err(PlanError::build(target, BuildState::AfterPromotion, error));
            }
            builds = Builds { source: source_build.unwrap_or_default(), before, after };
        }
        // What is only out of reach here was in the cluster all the same: how it differs is not known.
        (Err(error), Ok(_)) if is_out_of_reach(&error) => {
            builds = Builds { source: source_build.unwrap_or_default(), ..builds };
            missing.push(NotRendered::new(target, "could not be built before", &error, true));
        }
        // Repaired by the promotion: all of it is new to the cluster.
        (Err(error), Ok(after)) => {
            builds = Builds { source: source_build.unwrap_or_default(), after, ..builds };
            missing.push(NotRendered::new(target, "could not be built before", &error, false));
        }
        (Err(error), Err(_)) if stops(&error) => {
            return Err(PlanError::build(target, BuildState::Now, error));
        }
        (Ok(_), Err(error)) if stops(&error) || !is_out_of_reach(&error) => {
            // What is wrong with the source came along: there it has to be mended.
            return Err(match broken_source {
                Some(cause) => PlanError::build(source, BuildState::Now, cause),
                None => PlanError::build(target, BuildState::AfterPromotion, error),
            });
        }
        (Ok(_), Err(error)) if plain::is_there_twice(&error) => {
            let missed = NotRendered::new(target, "would not be built any more", &error, true);
            missing.push(NotRendered {
                help: "leave the new file out (`promotion.exclude`), or take the target's own away"
                    .to_owned(),
                level: Level::Error,
                ..missed
            });
        }
        (_, Err(error)) => {
            missing.push(NotRendered::new(target, "is not rendered", &error, true));
        }
    }
    Ok((builds, missing))
}

/// Whether a build fails for what is not here, and not for what is wrong.
pub(super) const fn is_out_of_reach(error: &BuildError) -> bool {
    matches!(
        error,
        BuildError::Remote { .. }
            | BuildError::Helm { .. }
            | BuildError::NotRendered { .. }
            | BuildError::Plugin { .. }
            | BuildError::OutsideRoot { .. }
    )
}

/// Files of generators that a build is made without, and the build before it was not.
pub(super) fn newly_absent<'b>(
    before: &Build,
    after: &'b Build,
) -> impl Iterator<Item = &'b AbsentFile> {
    let was_absent = |file: &AbsentFile| {
        let is_same = |it: &AbsentFile| it.at.path == file.at.path && it.path == file.path;
        before.absent.iter().any(is_same)
    };
    after.absent.iter().filter(move |file| !was_absent(file))
}

/// What an environment is rendered without, one finding for each file. Values of Secrets are often put there where it
/// is deployed: all else is told.
#[must_use]
pub fn rendered_without(environment: &Environment, before: &Build, after: &Build) -> Vec<Finding> {
    let new: Vec<&AbsentFile> = newly_absent(before, after).collect();
    let help = "nothing is known of what it holds; commit an empty one if it is written where this is \
                deployed";
    let of = |file: &AbsentFile| {
        let nearest = file.nearest.as_ref().map(|it| format!("; did you mean `{it}`?"));
        let message = format!(
            "`{}` is rendered without `{}`, which the repository does not have{}",
            environment.name,
            file.path,
            nearest.unwrap_or_default()
        );
        let place = (Some(file.at.clone()), new.contains(&file));
        told(Level::Warning, message, help.to_owned(), place)
    };
    after.absent.iter().map(of).collect()
}

/// Whether a build fails for files that nobody could read, or that are made to keep us busy.
pub(super) const fn is_unreadable(error: &BuildError) -> bool {
    matches!(
        error,
        BuildError::Syntax { .. } | BuildError::TooLarge { .. } | BuildError::BaseCycle { .. }
    )
}

impl NotRendered {
    pub(super) fn new(
        environment: &Environment,
        what: &str,
        error: &BuildError,
        is_target: bool,
    ) -> Self {
        let help = match error {
            BuildError::Remote { .. } => {
                "allow its repository by `remoteBases` in `.github/overlift.yaml`"
            }
            BuildError::Helm { .. } => "render it where helm is installed: `--engine kustomize`",
            BuildError::NotRendered { .. } => {
                "read the files' diff; nothing says what the cluster will see"
            }
            BuildError::OutsideRoot { .. } => {
                "set `loadRestrictor: none` if your clusters build without load restrictions"
            }
            BuildError::Plugin { .. } => "run the plugin beforehand and commit what it makes",
            _ => "see what `overlift build` says of it",
        };
        Self {
            message: format!("`{}` {what}: {}", environment.name, reason(error)),
            help: help.to_owned(),
            at: error.location().cloned(),
            is_target,
            level: Level::Warning,
        }
    }
}

/// What an environment that cannot be built as it is says of itself: an error, unless only something is out of
/// reach here.
#[must_use]
pub fn unbuilt(files: &dyn Files, environment: &Environment, error: &BuildError) -> Finding {
    let level = if is_out_of_reach(error) { Level::Warning } else { Level::Error };
    let said = NotRendered::new(environment, "cannot be built", error, false);
    let at = said.at.clone().unwrap_or_else(|| Location::file(file_of(files, environment, error)));
    let first = || Position { line: 1, column: 1 };
    let at = Location { position: at.position.or_else(|| Some(first())), ..at };
    NotRendered { level, at: Some(at), ..said }.finding()
}

/// The file to look at where an error is about a folder: its kustomization, if it has one.
fn file_of(files: &dyn Files, environment: &Environment, error: &BuildError) -> RepoPath {
    let dir = match error {
        BuildError::EmptyKustomization { at } => return at.path.clone(),
        BuildError::NoKustomization { dir }
        | BuildError::ManyKustomizations { dir, .. }
        | BuildError::TooLarge { dir, .. } => dir,
        _ => &environment.path,
    };
    let here = |dir: &RepoPath| {
        let all = KUSTOMIZATION_NAMES.iter().filter_map(|name| dir.join(name).ok());
        all.into_iter().find(|path| matches!(files.look_up(path), Ok((_, Entry::File(_)))))
    };
    here(dir).or_else(|| here(&environment.path)).unwrap_or_else(|| dir.clone())
}

/// Why something cannot be built, without the place and the consequence, which are told beside it.
pub(super) fn reason(error: &BuildError) -> String {
    if let BuildError::NotRendered { because, .. } = error {
        return because.to_string();
    }
    let reason = error.to_string();
    let at = error.location().map(|at| format!("{at}: ")).unwrap_or_default();
    reason.strip_prefix(&at).unwrap_or(&reason).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kustomize::AbsentFiles;
    use crate::model::{EnvironmentName, FileTree};

    #[test]
    fn a_resource_that_a_promotion_brings_twice_is_an_error() {
        let (name, path) = (EnvironmentName::parse("production"), RepoPath::parse("env"));
        let target = Environment::new(name.unwrap(), path.unwrap());
        let resource = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
        let built = |files: &[&str]| {
            let files = files.iter().map(|file| (*file, resource));
            let tree = FileTree::of(files).unwrap();
            render(&tree, &target.path, &BuildOptions::default())
        };
        let once = || built(&["env/a.yaml"]);
        let twice = || built(&["env/a.yaml", "env/b.yaml"]);
        let level = |before, after| {
            let attempts = Attempts { source: once(), before, after };
            let (_, missing) = weigh(attempts, By::Files, &target, &target).unwrap();
            missing.iter().map(|it| it.level).collect::<Vec<_>>()
        };
        assert_eq!(level(once(), twice()), [Level::Error]);
        assert_eq!(level(twice(), twice()), [Level::Warning], "it was so before");
        assert!(level(twice(), once()).iter().all(|it| *it == Level::Warning));
    }

    #[test]
    fn a_file_of_a_generator_that_is_kept_elsewhere_is_told_and_stops_nothing() {
        let (name, path) = (EnvironmentName::parse("production"), RepoPath::parse("env"));
        let target = Environment::new(name.unwrap(), path.unwrap());
        let built = |text: &str| {
            let resource = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
            let tree = FileTree::of([("env/kustomization.yaml", text), ("env/a.yaml", resource)]);
            let options =
                BuildOptions { absent_files: AbsentFiles::LeftOut, ..BuildOptions::default() };
            render(&tree.unwrap(), &target.path, &options)
        };
        let secret = || built("secretGenerator: [{name: s, envs: [.env.secret]}]\n");
        let patch = || built("patches: [{path: gone.yaml}]\n");
        let whole = || built("resources: [a.yaml]\n");
        let weighed = |source, before, after| {
            let attempts = Attempts { source, before, after };
            let (builds, missing) = weigh(attempts, By::Files, &target, &target)?;
            assert!(missing.is_empty());
            Ok::<_, PlanError>(rendered_without(&target, &builds.before, &builds.after))
        };
        let is_new = |found: Vec<Finding>| found.iter().map(|it| it.new).collect::<Vec<_>>();
        assert_eq!(is_new(weighed(secret(), secret(), secret()).unwrap()), [false]);
        assert_eq!(is_new(weighed(secret(), whole(), secret()).unwrap()), [true]);
        assert!(weighed(whole(), secret(), whole()).unwrap().is_empty());
        assert!(weighed(patch(), patch(), patch()).is_err());
        assert!(weighed(whole(), whole(), secret()).is_err(), "the promotion brings it");
    }
}
