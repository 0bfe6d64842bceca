//! One environment before and after: built, compared and judged.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;

use super::super::deployed::names;
use super::super::environment::Environment;
use super::super::rendering::{
    is_out_of_reach, is_unreadable, newly_absent, reason, render, render_deployed,
};
use super::super::unbuilt::unbuilt_roots;
use super::super::words::hide_in_findings;
use super::charts::Taken;
use super::reach::Reaching;
use super::value::{Previewed, Reached, Unrendered};
use crate::deployer::{self, Variant};
use crate::diff::{FilesDiff, RenderedDiff, SecretInputs};
use crate::kustomize::{Build, BuildError};
use crate::model::{Entry, FileEdit, Files, RepoPath, edits_between};
use crate::policy::{
    Beside, Changes, Finding, Gates, Overlay, Reading, Standards, Terms, UnknownFiles,
    check_at_once, check_changes, check_overlay, check_values, check_without_lines, mark_new,
};
use crate::yaml::Node;

/// What environments are measured by; most of a repository share theirs.
#[derive(Default)]
pub(super) struct Measures(Vec<(Arc<Gates>, Standards)>);

impl Measures {
    fn of(
        &mut self,
        request: &Previewed<'_>,
        environment: &Environment,
    ) -> Result<&Standards, UnknownFiles> {
        let known = self.0.iter().position(|(gates, _)| Arc::ptr_eq(gates, &environment.gates));
        let at = match known {
            Some(at) => at,
            None => {
                let gates = Arc::clone(&environment.gates);
                let standards = Standards::read(request.after, &gates, request.fetched)?;
                self.0.push((gates, standards));
                self.0.len() - 1
            }
        };
        Ok(&self.0[at].1)
    }
}

/// What became of one environment.
pub(super) enum Look {
    /// It is rendered, by these builds before and after.
    Rendered {
        reached: Option<Box<Reached>>,
        builds: Box<[Build; 2]>,
    },
    Broken(Box<BuildError>),
    Unrendered(Option<Box<Unrendered>>),
}

/// Builds an environment before and after. `changed` are the files that may reach it.
pub(super) fn look(
    request: &Previewed<'_>,
    (environment, changed): (&Environment, &Reaching),
    variant: &Variant,
    measures: &mut Measures,
) -> Result<Look, UnknownFiles> {
    let build = |files: &dyn Files, changes: &deployer::Changes| {
        render_deployed(files, &environment.path, request.options, changes).map(|(build, _)| build)
    };
    let after = match build(request.after, &variant.after) {
        Ok(build) => build,
        Err(BuildError::Unknown(paths)) => return Err(UnknownFiles(paths)),
        Err(error) => {
            return match build(request.before, &variant.before) {
                Err(BuildError::Unknown(paths)) => Err(UnknownFiles(paths)),
                before if breaks(&before, &error) => Ok(Look::Broken(Box::new(error))),
                _ => {
                    let alone = files_alone(
                        request,
                        environment,
                        changed.all()?,
                        &[],
                        (reason(&error), None),
                    )?;
                    // What a Secret is made from is not known where a file cannot be read.
                    let shown = |alone: Unrendered| match is_unreadable(&error) {
                        true => Unrendered {
                            files: alone.files.without_texts(),
                            findings: Vec::new(),
                            ..alone
                        },
                        false => alone,
                    };
                    Ok(Look::Unrendered(alone.map(shown).map(Box::new)))
                }
            };
        }
    };
    // An environment that comes, or that is repaired, is all new.
    let before = match build(request.before, &variant.before) {
        Err(BuildError::Unknown(paths)) => return Err(UnknownFiles(paths)),
        Ok(before) => {
            if let Some(absent) = newly_absent(&before, &after).next() {
                return Ok(Look::Broken(Box::new(absent.clone().into_error())));
            }
            before
        }
        Err(_) => Build::default(),
    };
    let found =
        compare(request, environment, (&environment.path, None), (&before, &after), measures)?;
    let reached = found.map(|reached| Box::new(Reached { clusters: names(variant), ..reached }));
    Ok(Look::Rendered { reached, builds: Box::new([before, after]) })
}

/// Whether a change breaks a build: it was whole or broken otherwise before. What is not here is no fault.
fn breaks(before: &Result<Build, BuildError>, after: &BuildError) -> bool {
    !is_out_of_reach(after)
        && before.as_ref().err().is_none_or(|before| reason(before) != reason(after))
}

/// An environment of which some files are not rendered, with those that change; nothing if none does.
///
/// # Errors
/// [`UnknownFiles`] whose content is not here: they would seem to come, to go, or to stay as they are.
pub(super) fn files_alone<'p>(
    request: &Previewed<'_>,
    environment: &Environment,
    changed: impl IntoIterator<Item = &'p RepoPath>,
    builds: &[&Build],
    (why, values): (String, Option<[Node; 2]>),
) -> Result<Option<Unrendered>, UnknownFiles> {
    let changed: Vec<&RepoPath> =
        changed.into_iter().filter(|path| !is_packed(path) || is_here(request, path)).collect();
    let unknown: BTreeSet<RepoPath> =
        changed.iter().filter(|path| !is_here(request, path)).map(|path| (*path).clone()).collect();
    if !unknown.is_empty() {
        return Err(UnknownFiles(unknown));
    }
    let read =
        |files: &dyn Files, path: &RepoPath| Ok::<_, Infallible>(files.file(path).ok().flatten());
    let (before, after) = (request.before, request.after);
    let changed = changed.into_iter().cloned();
    let Ok(edits) = edits_between(changed, |path| read(before, path), |path| read(after, path));
    if edits.is_empty() {
        return Ok(None);
    }
    // In bases and components stands what becomes a Secret, too.
    let folders: BTreeSet<RepoPath> =
        edits.iter().filter_map(|edit| edit.path.parent()).filter(|it| !it.is_root()).collect();
    let overlays: Vec<&RepoPath> = std::iter::once(&environment.path).chain(&folders).collect();
    let inputs = || builds.iter().flat_map(|build| &build.inputs);
    let found = SecretInputs::find(before, &overlays, inputs());
    let found = found.and(SecretInputs::find(after, &overlays, inputs()));
    let is_whole = !builds.is_empty() && builds.iter().all(|build| !build.inputs.is_empty());
    let secrets = match is_whole {
        true => found,
        false => found.in_doubt(before, &overlays).in_doubt(after, &overlays),
    };
    let secrets = builds.iter().fold(secrets, |secrets, build| secrets.learned_by(build));
    let known = secrets.known_values(builds);
    let files = FilesDiff::between(&edits, &secrets, &known, builds);
    let open = edits.iter().filter(|edit| files.is_open(&edit.path));
    let open: Vec<&FileEdit> = open.collect();
    let beside = Beside { values, ..Beside::of(open.iter().copied(), after)? };
    let helpers = beside.told(open.iter().copied());
    let why = std::iter::once(why).chain(helpers).collect::<Vec<_>>().join("; ");
    let mut findings = check_values(open, &beside, &environment.gates, request.today).findings;
    hide_in_findings(&mut findings, &known);
    let environments = vec![environment.clone()];
    Ok(Some(Unrendered { environments, charts: Vec::new(), why, files, findings }))
}

/// What an environment takes of charts that change, as files: nothing renders them here.
pub(super) fn of_charts(
    request: &Previewed<'_>,
    environment: &Environment,
    taken: Taken,
) -> Result<Option<Unrendered>, UnknownFiles> {
    let alone = files_alone(request, environment, &taken.files, &[], (taken.why, taken.values))?;
    Ok(alone.map(|mut alone| {
        if taken.at_once && is_last(request, environment) {
            let files: Vec<RepoPath> = taken.files.into_iter().collect();
            let found = check_at_once(&files, &environment.gates, request.today).findings;
            alone.findings.splice(0..0, found);
        }
        alone
    }))
}

/// Whether the contents of a file are here, before and after.
fn is_here(request: &Previewed<'_>, path: &RepoPath) -> bool {
    let known = |files: &dyn Files| !matches!(files.look_up(path), Ok((_, Entry::Unknown)));
    known(request.before) && known(request.after)
}

/// Whether a file is an archive or a picture, which nobody fetches in order to show that it is no text.
fn is_packed(path: &RepoPath) -> bool {
    let ending = path.file_name().rsplit_once('.').map_or("", |(_, ending)| ending);
    ["tgz", "gz", "zip", "tar", "jar", "png", "jpg", "jpeg", "gif", "pdf"].contains(&ending)
}

/// Kustomizations below the environment's that a change touches and the environment does not build itself. What
/// they read is taken out of `unread`, the changed files that the environment's build does not read.
pub(super) fn look_below(
    request: &Previewed<'_>,
    environment: &Environment,
    is_read: &dyn Fn(&RepoPath) -> bool,
    unread: &mut BTreeSet<&RepoPath>,
    measures: &mut Measures,
) -> Result<Vec<Reached>, UnknownFiles> {
    let build = |files: &dyn Files, root: &RepoPath| match render(files, root, request.options) {
        Err(BuildError::Unknown(paths)) => Err(UnknownFiles(paths)),
        built => Ok(built.ok()),
    };
    let paths = unread.iter().copied();
    let roots = unbuilt_roots(request.after, &environment.path, is_read, paths);
    let mut found = Vec::new();
    for root in roots {
        // What cannot be built alone is no root of its own.
        let Some(after) = build(request.after, &root)? else { continue };
        let before = build(request.before, &root)?.unwrap_or_default();
        unread.retain(|path| !before.inputs.contains(*path) && !after.inputs.contains(*path));
        let sides = (&before, &after);
        found.extend(compare(request, environment, (&root, Some(&root)), sides, measures)?);
    }
    Ok(found)
}

/// What changes between two builds of a folder, and what is found of it; nothing if nothing changes.
fn compare(
    request: &Previewed<'_>,
    environment: &Environment,
    (folder, below): (&RepoPath, Option<&RepoPath>),
    (before, after): (&Build, &Build),
    measures: &mut Measures,
) -> Result<Option<Reached>, UnknownFiles> {
    let secrets = SecretInputs::of_builds(folder, (request.before, before), (request.after, after));
    let known = secrets.known_values(&[before, after]);
    let rendered = RenderedDiff::between(before, after, folder.as_str(), &known);
    if rendered.resources().is_empty() {
        return Ok(None);
    }
    let standards = measures.of(request, environment)?;
    let sides = (before, after);
    let (findings, suppressed) = judge(request, (environment, folder), sides, &rendered, standards);
    Ok(Some(Reached {
        environments: vec![environment.clone()],
        below: below.cloned(),
        clusters: Vec::new(),
        rendered,
        findings,
        suppressed,
    }))
}

fn judge(
    request: &Previewed<'_>,
    (environment, path): (&Environment, &RepoPath),
    (before, after): (&Build, &Build),
    rendered: &RenderedDiff,
    standards: &Standards,
) -> (Vec<Finding>, usize) {
    let gates = &*environment.gates;
    let terms = Terms { gates, standards, today: request.today };
    let shared = shared_files(request, environment, after);
    let all = request.pipeline.environments().iter().filter(|other| other.path != environment.path);
    let others: Vec<_> = all
        .filter(|other| other.application == environment.application)
        .map(|other| (other.name.clone(), other.path.clone()))
        .collect();
    let changes = Changes {
        resources: rendered.resources(),
        before,
        after,
        files: request.after,
        path,
        others: &others,
        own_values: &[],
        at_once: &shared,
    };
    let reading = Reading::after(&changes);
    let risks = check_changes(&changes, &reading, terms);
    let found = check_overlay(&reading, None, terms);
    let mut findings = found.findings;
    if !findings.is_empty() {
        let files = request.before;
        let then = Overlay { files, path, build: before };
        let then = check_without_lines(&Reading::new(then), None, terms);
        mark_new(&then.findings, &mut findings);
    }
    let suppressed = risks.suppressed.len() + found.suppressed.len();
    (risks.findings.into_iter().chain(findings).collect(), suppressed)
}

/// Changed files outside all environments' folders that the last environment of a line builds from.
fn shared_files(
    request: &Previewed<'_>,
    environment: &Environment,
    after: &Build,
) -> Vec<RepoPath> {
    if !is_last(request, environment) {
        return Vec::new();
    }
    let environments = request.pipeline.environments();
    let is_own = |path: &RepoPath| environments.iter().any(|other| path.is_within(&other.path));
    let changed = request.changed.iter().filter(|path| !is_own(path));
    changed.filter(|path| after.inputs.contains(*path)).cloned().collect()
}

/// Whether an environment is the last of a line.
fn is_last(request: &Previewed<'_>, environment: &Environment) -> bool {
    let of_same = |other: &&Environment| other.application == environment.application;
    let mut others = request.pipeline.environments().iter().filter(of_same);
    !environment.from.is_empty() && !others.any(|other| other.from.contains(&environment.name))
}
