//! A plan: what a promotion would do, as a value. Making it touches nothing.

use std::collections::BTreeSet;

use super::carry::carry;
use super::changes::{bring_changes, lost_values};
use super::copy::{copy, create, prune};
use super::draft::{Change, Draft, Finished};
use super::environment::Environment;
use super::error::{BuildState, PlanError};
use super::keep::{keep, keep_carried};
use super::key::Key;
use super::overlay::Overlay;
use super::plan_id::PlanId;
use super::rendering::{Attempts, Builds, NotRendered, render, weigh};
use super::rules::{By, Prune};
use super::wire::{Kustomizations, unwire, wire};
use super::words::{Words, files_with_secrets};
use crate::diff::{DriftDiff, FilesDiff, KnownValues, RenderedDiff, SecretInputs};
use crate::kustomize::{self, Build, BuildError, BuildOptions};
use crate::lineage::{Difference, History, Point};
use crate::model::{
    CommitSha, EditedFiles, Entry, File, FileEdit, Files, KUSTOMIZATION_NAMES, Location,
    PastCommit, RepoPath,
};
use crate::policy::{
    Changes, Day, Fetched, Finding, Findings, Gates, Overlay as Checked, OwnValue, Promotion, Side,
    Standards, Terms, UnknownFiles, check_changes, check_overlay, mark_new,
};

/// What a promotion will do and what comes of it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Tells two plans apart; the same on every machine for the same files and configuration.
    pub id: PlanId,
    /// Where configuration comes from.
    pub source: Environment,
    /// Where it goes.
    pub target: Environment,
    /// The commit the files are from; `None` outside git.
    pub commit: Option<CommitSha>,
    /// What changes in the target overlay, in the order of the paths. Empty: nothing to promote.
    pub edits: Vec<PlannedEdit>,
    /// The source and the target, before and after, built.
    pub builds: Builds,
    /// What the cluster will see: the target before and after the promotion, masked.
    pub rendered: RenderedDiff,
    /// What the edits do to files, masked.
    pub files: FilesDiff,
    /// What still differs between the source and the target after the promotion, masked.
    pub drift: DriftDiff,
    /// What the gates say about the target after the promotion, what is new marked as such.
    pub findings: Vec<Finding>,
    /// Findings that the configuration suppresses.
    pub suppressed: usize,
    /// What a person should know although the plan can be carried out.
    pub warnings: Vec<Warning>,
    /// What the source's kustomization has and the promotion leaves behind, in its order.
    pub not_promoted: Vec<NotPromoted>,
    /// The values of Secrets on any side: whatever text is made of files or resources goes through its `scrub`.
    pub known: KnownValues,
    /// What could not be rendered, and why.
    pub not_rendered: Vec<NotRendered>,
    /// How the edits were decided.
    pub method: Method,
    /// What differed and what becomes of it, in the order of paths; empty where files are copied.
    pub differences: Vec<Difference>,
    /// Kustomizations below the target's that it does not build, as something of their own may point at
    /// them, with what the edits change there.
    pub below: Vec<(RepoPath, RenderedDiff)>,
    /// Commits of the source that this brings, oldest first, as far as whoever plans knows them.
    pub commits: Vec<Commit>,
}

/// How the edits of a plan were decided, and why so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    /// The way.
    pub by: By,
    /// Why: words that follow "by changes, since …".
    pub because: &'static str,
}

/// A commit of the source that a promotion brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The commit.
    pub sha: CommitSha,
    /// Its first line.
    pub subject: String,
    /// Who wrote it.
    pub author: String,
    /// The pull request that brought it, if one did.
    pub pull_request: Option<u64>,
}

impl Commit {
    /// A commit of the history. GitHub writes the number of its pull request behind the subject of a squash and
    /// into that of a merge, which has no subject of its own.
    pub(super) fn of(past: &PastCommit) -> Self {
        let number = |text: &str| text.parse().ok();
        let subject = past.subject.trim();
        let merge = subject.strip_prefix("Merge pull request #").and_then(|rest| {
            let (digits, _) = rest.split_once(' ').unwrap_or((rest, ""));
            Some((number(digits)?, ""))
        });
        let squash = subject.strip_suffix(')').and_then(|rest| {
            let (subject, digits) = rest.rsplit_once(" (#")?;
            Some((number(digits)?, subject))
        });
        let (pull_request, subject) = match merge.or(squash) {
            Some((number, subject)) => (Some(number), subject),
            None => (None, subject),
        };
        Self {
            sha: past.id.clone(),
            subject: subject.to_owned(),
            author: past.author.clone(),
            pull_request,
        }
    }
}

impl Plan {
    /// Whether there is nothing to promote.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Which promotion it is.
    #[must_use]
    pub fn key(&self) -> Key {
        self.target.key_from(&self.source.name)
    }

    /// Whether nothing can be said of what the cluster will see.
    #[must_use]
    pub fn is_not_rendered(&self) -> bool {
        self.not_rendered.iter().any(|missing| missing.is_target)
    }

    /// What the gates say about the promotion as a whole.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self.findings.iter().filter(|finding| finding.blocks()).count() {
            0 => Verdict::Passed,
            errors => Verdict::Blocked { errors },
        }
    }

    /// The edits without their causes, in the order of the paths.
    pub fn file_edits(&self) -> impl Iterator<Item = &FileEdit> {
        self.edits.iter().map(|planned| &planned.edit)
    }
}

/// Whether the gates let a promotion pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It brings no error.
    Passed,
    /// It brings errors: its check fails.
    Blocked {
        /// How many.
        errors: usize,
    },
}

/// One file's edit and why it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedEdit {
    /// The edit; its path is within the target overlay.
    pub edit: FileEdit,
    /// Why, in the order of the steps of a promotion; at least one.
    pub causes: Vec<Cause>,
}

/// Why a file is edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The source has it at this path.
    Copied {
        /// The source's file.
        from: RepoPath,
    },
    /// Fields of the file get the source's values; without fields the whole file does.
    Changed {
        /// The source's file.
        from: RepoPath,
        /// The fields.
        fields: Vec<String>,
    },
    /// Fields of the copied file keep the target's value.
    Kept {
        /// The field paths as configured.
        fields: Vec<String>,
    },
    /// An earlier promotion's edit is taken back; without fields the whole of it.
    TakenBack {
        /// The fields.
        fields: Vec<String>,
    },
    /// The source had it at the last promotion and has it no more.
    Pruned,
    /// The kustomization gets an entry for a copied file.
    Wired {
        /// The kustomization's field.
        field: &'static str,
        /// The file, as the entry names it.
        entry: String,
    },
    /// The kustomization loses the entry of a pruned file.
    Unwired {
        /// The kustomization's field.
        field: &'static str,
        /// The file, as the entry names it.
        entry: String,
    },
    /// A kustomization field is carried.
    Carried {
        /// The field.
        field: &'static str,
        /// The keys of the entries that change, such as image names; empty for one value.
        keys: Vec<String>,
    },
}

/// Something to know about a plan, with the place to look at if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// One sentence, lower case, without a final period, without a Secret's value.
    pub message: String,
    /// Where to look.
    pub at: Option<Location>,
}

/// A part of the source's kustomization that stays behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotPromoted {
    /// The kustomization's field.
    pub field: &'static str,
    /// What is meant, without values: a path, a generator's name, a patch's target.
    pub entry: String,
    /// Why it stays behind.
    pub reason: NotPromotedReason,
    /// Its place in the source's kustomization.
    pub at: Location,
}

/// Why an entry stays behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotPromotedReason {
    /// It is written in the kustomization itself: an inline patch, literals.
    WithoutFile,
    /// `promotion.copy` does not match its file, or `promotion.exclude` does.
    NotCopied,
    /// The target references the file with other keys (`target`, `options`), which stay.
    OtherKeys,
}

/// The files at the last promotion of the same source to the same target, for `prune: removed`.
#[derive(Clone, Copy)]
pub enum LastPromotion<'a> {
    /// Nobody looked, since nothing is to be pruned.
    NotLooked,
    /// The history ends before one was found: it was cut off by a shallow clone.
    HistoryCutOff,
    /// There is none in the whole history.
    None,
    /// All files of the source's commit then.
    Files(&'a dyn Files),
}

/// What is known of the past of the two environments.
#[derive(Clone, Copy)]
pub enum Past<'a> {
    /// There is none: no repository, or no commit.
    None,
    /// It is cut off by a shallow clone.
    CutOff,
    /// All of it.
    Known {
        /// What was when.
        history: &'a History<'a>,
        /// The last promotion of ours, or what `promotion.since` names.
        point: Option<&'a Point>,
    },
}

/// What somebody asks for beyond the configuration, once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Everything that differs comes over, but what is kept and excluded.
    pub all: bool,
    /// Only what these globs or images name comes over; empty for all.
    pub only: Vec<String>,
    /// A target that does not exist yet begins as the source is.
    pub create: bool,
    /// These edits of the target, in place of those that the rules make: a promotion that is taken back.
    pub edits: Option<Vec<TakenEdit>>,
}

/// An edit that takes an earlier one back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenEdit {
    /// The file.
    pub path: RepoPath,
    /// What it becomes; `None` if it goes.
    pub after: Option<File>,
    /// The fields that become what they were; empty for a whole file.
    pub fields: Vec<String>,
}

/// What to promote.
#[derive(Clone, Copy)]
pub struct PlanRequest<'a> {
    /// The repository's files.
    pub files: &'a dyn Files,
    /// Where configuration comes from.
    pub source: &'a Environment,
    /// Where it goes, with the rules that hold there.
    pub target: &'a Environment,
    /// How overlays are built.
    pub options: &'a BuildOptions,
    /// The commit the files are from, if they are from one.
    pub commit: Option<&'a CommitSha>,
    /// What the source was at the last promotion.
    pub last_promotion: LastPromotion<'a>,
    /// What is known of the past.
    pub past: Past<'a>,
    /// What is asked for, this once.
    pub wish: &'a Wish,
    /// What is checked.
    pub checks: Checks<'a>,
}

impl PlanRequest<'_> {
    /// Whether an environment has no file at all.
    fn is_missing(&self, environment: &Environment) -> Result<bool, PlanError> {
        let listed = self.files.list(&environment.path).map_err(|source| {
            let at = Location::file(environment.path.clone());
            PlanError::Read { at, source }
        });
        Ok(listed?.is_empty())
    }
}

/// What a plan is checked by.
#[derive(Clone, Copy, Debug)]
pub struct Checks<'a> {
    /// What the repository wants.
    pub gates: &'a Gates,
    /// What was fetched from outside the repository.
    pub fetched: &'a Fetched,
    /// The day, for exceptions that end.
    pub today: Day,
    /// Values that the target alone had and would lose, as its history tells.
    pub own_values: &'a [OwnValue],
}

/// Plans a promotion.
///
/// # Errors
/// [`PlanError`] with the place a person has to edit; [`PlanError::Unknown`] names files whose
/// content the caller has to fetch before asking again.
pub fn plan(request: &PlanRequest<'_>) -> Result<Plan, PlanError> {
    let (source, target) = (request.source, request.target);
    let files = request.files;
    let (source_build, (before, decided)) = side_by_side(
        || build(request, source),
        || {
            let decide = || read_standards_and_decide(request, source, target);
            side_by_side(|| build(request, target), decide)
        },
    );
    let (source_build, before, (standards, finished)) = together(source_build, before, decided)?;
    let Finished { edits, warnings, not_promoted, differences, commits } = finished;
    let edited = EditedFiles::new(files, edits.iter().map(|planned| &planned.edit));
    let after = match &before {
        Ok(before) if edits.is_empty() => Ok(before.clone()),
        _ => with_all_files(target, render(&edited, &target.path, request.options))?,
    };
    let attempts = Attempts { source: source_build, before, after };
    let method = method(request, source, target);
    let (builds, not_rendered) = weigh(attempts, method.by, source, target)?;
    let (checked, (Diffs { rendered, files, drift }, secrets, known)) = side_by_side(
        || check(request, (source, target), &standards, &builds, &edits),
        || compare(request, (source, target), &builds, &edits),
    );
    let masked = files_with_secrets(request, &differences, &secrets, &known);
    let words = Words { edits, warnings, not_promoted, differences, commits };
    let Words { edits, warnings, not_promoted, differences, commits } = words.hide(&known, &masked);
    let risks = risks(request, (source, target), (&rendered, &builds, &edits), &standards);
    let missing = not_rendered.iter().map(NotRendered::finding);
    let (below, risks_below) = roots_below(request, (source, target), &builds, &edits, &standards);
    let suppressed = checked.suppressed + risks.suppressed.len() + risks_below.suppressed.len();
    let risks = risks.findings.into_iter().chain(risks_below.findings);
    let findings = missing.chain(risks).chain(checked.findings).collect();
    Ok(Plan {
        id: PlanId::of(&target.key_from(&source.name), &edits, rendered.text()),
        files,
        drift,
        rendered,
        source: source.clone(),
        target: target.clone(),
        commit: request.commit.cloned(),
        edits,
        builds,
        findings,
        suppressed,
        below,
        warnings,
        not_promoted,
        known,
        not_rendered,
        method,
        differences,
        commits,
    })
}

/// The id that a plan with these edits has, whoever decided them; their causes do not count.
///
/// # Errors
/// [`PlanError`] if an environment cannot be built, before or after.
pub fn plan_id_of(request: &PlanRequest<'_>, edits: Vec<FileEdit>) -> Result<PlanId, PlanError> {
    let (source, target) = (request.source, request.target);
    let mut edits: Vec<PlannedEdit> =
        edits.into_iter().map(|edit| PlannedEdit { edit, causes: Vec::new() }).collect();
    edits.sort_by(|a, b| a.edit.path.cmp(&b.edit.path));
    let edited = EditedFiles::new(request.files, edits.iter().map(|planned| &planned.edit));
    let after = with_all_files(target, render(&edited, &target.path, request.options))?;
    let attempts =
        Attempts { source: build(request, source)?, before: build(request, target)?, after };
    let (builds, _) = weigh(attempts, By::Changes, source, target)?;
    let (diffs, _, _) = compare(request, (source, target), &builds, &edits);
    Ok(PlanId::of(&target.key_from(&source.name), &edits, diffs.rendered.text()))
}

/// The way that holds for a promotion: what the configuration says, else what the history can tell.
fn method(request: &PlanRequest<'_>, source: &Environment, target: &Environment) -> Method {
    let way = |by, because| Method { by, because };
    match (target.rules.by, request.past) {
        (Some(by), _) => way(by, "the configuration says so"),
        (None, _) if request.wish.all => way(By::Changes, "everything was asked for"),
        (None, Past::None) => way(By::Files, "there is no history"),
        (None, Past::CutOff) => way(By::Changes, "the repository has a history"),
        (None, Past::Known { history, .. }) => {
            if history.tells_something(&source.path, &target.path) {
                way(By::Changes, "the history tells what changed")
            } else {
                way(By::Files, "the history has no change of either yet")
            }
        }
    }
}

/// Does two things at once: a plan is a fifth faster for it. Neither sees the other, so the order
/// in which they end does not show.
fn side_by_side<A: Send, B>(
    first: impl FnOnce() -> A + Send,
    second: impl FnOnce() -> B,
) -> (A, B) {
    std::thread::scope(|scope| {
        let first = scope.spawn(first);
        let second = second();
        (first.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), second)
    })
}

/// The three comparisons of a plan.
struct Diffs {
    rendered: RenderedDiff,
    files: FilesDiff,
    drift: DriftDiff,
}

fn compare(
    request: &PlanRequest<'_>,
    (source, target): (&Environment, &Environment),
    builds: &Builds,
    edits: &[PlannedEdit],
) -> (Diffs, SecretInputs, KnownValues) {
    let secrets = secret_inputs(request, source, target, builds, edits);
    let (at_source, at_target) = (source.path.as_str(), target.path.as_str());
    let all = [&builds.source, &builds.before, &builds.after];
    let known = secrets.known_values(&all);
    let diffs = Diffs {
        rendered: RenderedDiff::between(&builds.before, &builds.after, at_target, &known),
        files: FilesDiff::between(edits.iter().map(|p| &p.edit), &secrets, &known, &all),
        drift: DriftDiff::between(&builds.source, &builds.after, (at_source, at_target), &known),
    };
    (diffs, secrets, known)
}

/// The results of steps that may all lack files, so that the caller fetches the files of all at once.
fn together<A, B, C>(
    first: Result<A, PlanError>,
    second: Result<B, PlanError>,
    third: Result<C, PlanError>,
) -> Result<(A, B, C), PlanError> {
    let mut unknown = BTreeSet::new();
    let mut fault = None;
    let mut note = |error| match error {
        PlanError::Unknown(paths) => unknown.extend(paths),
        error if fault.is_none() => fault = Some(error),
        _ => {}
    };
    let first = first.map_err(&mut note).ok();
    let second = second.map_err(&mut note).ok();
    let third = third.map_err(&mut note).ok();
    match (first, second, third) {
        (Some(first), Some(second), Some(third)) => Ok((first, second, third)),
        // A fault stands whatever the missing files say.
        _ => Err(fault.unwrap_or(PlanError::Unknown(unknown))),
    }
}

fn build(
    request: &PlanRequest<'_>,
    environment: &Environment,
) -> Result<Result<Build, BuildError>, PlanError> {
    if request.wish.create && request.is_missing(environment)? {
        return Ok(Ok(Build::default()));
    }
    with_all_files(environment, render(request.files, &environment.path, request.options))
}

/// A build that was tried with all the files it needs.
fn with_all_files(
    environment: &Environment,
    build: Result<Build, BuildError>,
) -> Result<Result<Build, BuildError>, PlanError> {
    match build {
        Err(error @ BuildError::Unknown(_)) => {
            Err(PlanError::build(environment, BuildState::Now, error))
        }
        known => Ok(known),
    }
}

/// What the gates measure by may be in files that are not here, like what is copied.
fn read_standards_and_decide<'a>(
    request: &PlanRequest<'a>,
    source: &'a Environment,
    target: &'a Environment,
) -> Result<(Standards, Finished), PlanError> {
    let Checks { gates, fetched, .. } = request.checks;
    let standards = Standards::read(request.files, gates, fetched)
        .map_err(|UnknownFiles(paths)| PlanError::Unknown(paths));
    match (standards, decide(request, source, target)) {
        (Err(PlanError::Unknown(mut paths)), Err(PlanError::Unknown(more))) => {
            paths.extend(more);
            Err(PlanError::Unknown(paths))
        }
        // A fault of the promotion stands whatever the missing files say.
        (_, Err(fault)) => Err(fault),
        (standards, decided) => Ok((standards?, decided?)),
    }
}

/// What the gates say of a plan.
struct PlanFindings {
    findings: Vec<Finding>,
    suppressed: usize,
}

/// Checks the target as it will be, and as it was to tell what is new.
fn check(
    request: &PlanRequest<'_>,
    (source, target): (&Environment, &Environment),
    standards: &Standards,
    builds: &Builds,
    edits: &[PlannedEdit],
) -> PlanFindings {
    let Checks { gates, today, .. } = request.checks;
    let terms = Terms { gates, standards, today };
    let plain_edits: Vec<&FileEdit> = edits.iter().map(|planned| &planned.edit).collect();
    let edited = EditedFiles::new(request.files, plain_edits.iter().copied());
    let promotion = Promotion {
        source: Side { name: &source.name, path: &source.path, build: &builds.source },
        target: Side { name: &target.name, path: &target.path, build: &builds.before },
        edits: &plain_edits,
    };
    let after = Checked {
        files: &edited,
        path: &target.path,
        build: &builds.after,
        may_build_again: false,
    };
    let found = check_overlay(after, Some(promotion), terms);
    let (mut findings, suppressed) = (found.findings, found.suppressed.len());
    if edits.is_empty() {
        findings.iter_mut().for_each(|finding| finding.new = false);
    } else if !findings.is_empty() {
        let before = Checked {
            files: request.files,
            path: &target.path,
            build: &builds.before,
            may_build_again: false,
        };
        mark_new(&check_overlay(before, None, terms).findings, &mut findings);
    }
    PlanFindings { findings, suppressed }
}

/// What the promotion weakens, moves or deletes.
fn risks(
    request: &PlanRequest<'_>,
    (source, target): (&Environment, &Environment),
    (rendered, builds, edits): (&RenderedDiff, &Builds, &[PlannedEdit]),
    standards: &Standards,
) -> Findings {
    let Checks { gates, today, own_values, .. } = request.checks;
    if edits.is_empty() {
        return Findings::default();
    }
    let edited = EditedFiles::new(request.files, edits.iter().map(|planned| &planned.edit));
    let mut others = target.siblings.to_vec();
    if !others.iter().any(|(name, _)| *name == source.name) {
        others.push((source.name.clone(), source.path.clone()));
    }
    let mut lost = lost_values(request, &edited);
    lost.extend(own_values.iter().cloned());
    let changes = Changes {
        resources: rendered.resources(),
        before: &builds.before,
        after: &builds.after,
        files: &edited,
        path: &target.path,
        others: &others,
        own_values: &lost,
        at_once: &[],
    };
    check_changes(&changes, Terms { gates, standards, today })
}

/// Kustomizations below the target's that an edit touches and its build does not read: an Application
/// or a Kustomization may point there, so that they reach a cluster all the same.
fn roots_below(
    request: &PlanRequest<'_>,
    (source, target): (&Environment, &Environment),
    builds: &Builds,
    edits: &[PlannedEdit],
    standards: &Standards,
) -> (Vec<(RepoPath, RenderedDiff)>, Findings) {
    let Checks { gates, today, .. } = request.checks;
    let edited = EditedFiles::new(request.files, edits.iter().map(|planned| &planned.edit));
    let (mut below, mut found) = (Vec::new(), Findings::default());
    for root in unbuilt_roots(&edited, target, builds, edits) {
        let build = |files: &dyn Files| kustomize::build(files, &root, request.options);
        // What cannot be built alone is no root of its own.
        let Ok(after) = build(&edited) else { continue };
        let before = build(request.files).unwrap_or_default();
        let secrets = SecretInputs::find(request.files, &[&root], &before.inputs)
            .and(SecretInputs::find(&edited, &[&root], &after.inputs))
            .learned_by(&before)
            .learned_by(&after);
        let known = secrets.known_values(&[&before, &after]);
        let rendered = RenderedDiff::between(&before, &after, root.as_str(), &known);
        if rendered.resources().is_empty() {
            continue;
        }
        let changes = Changes {
            resources: rendered.resources(),
            before: &before,
            after: &after,
            files: &edited,
            path: &root,
            others: &[(source.name.clone(), source.path.clone())],
            own_values: &[],
            at_once: &[],
        };
        let risks = check_changes(&changes, Terms { gates, standards, today });
        found.findings.extend(risks.findings);
        found.suppressed.extend(risks.suppressed);
        below.push((root, rendered));
    }
    (below, found)
}

/// At most so many are built.
const ROOTS_BELOW: usize = 20;

fn unbuilt_roots(
    edited: &dyn Files,
    target: &Environment,
    builds: &Builds,
    edits: &[PlannedEdit],
) -> BTreeSet<RepoPath> {
    let mut roots = BTreeSet::new();
    if builds.after.inputs.is_empty() {
        return roots;
    }
    for PlannedEdit { edit, .. } in edits {
        let mut folder = edit.path.parent();
        while let Some(at) = folder.filter(|at| at.is_within(&target.path) && *at != target.path) {
            let named = KUSTOMIZATION_NAMES.iter().filter_map(|name| at.join(name).ok());
            let own = named
                .into_iter()
                .find(|path| matches!(edited.look_up(path), Ok((_, Entry::File(_)))));
            if let Some(own) = own {
                let is_built =
                    [&builds.before, &builds.after].iter().any(|build| build.inputs.contains(&own));
                if !is_built && roots.len() < ROOTS_BELOW {
                    roots.insert(at);
                }
                break;
            }
            folder = at.parent();
        }
    }
    roots
}

/// The edits, step by step.
fn decide<'a>(
    request: &PlanRequest<'a>,
    source: &'a Environment,
    target: &'a Environment,
) -> Result<Finished, PlanError> {
    let rules = &*target.rules;
    let overlay = |environment| Overlay::open(request.files, environment);
    let mut draft = Draft::new(overlay(source)?, overlay(target)?, rules);
    if let Some(edits) = &request.wish.edits {
        take_back(&mut draft, edits);
        return draft.into_edits();
    }
    if request.is_missing(target)? && !request.is_missing(source)? {
        if !request.wish.create {
            return Err(PlanError::NoTarget { at: Location::file(target.path.clone()) });
        }
        create(&mut draft)?;
        return draft.into_edits();
    }
    if method(request, source, target).by == By::Changes {
        bring_changes(&mut draft, request)?;
        return draft.into_edits();
    }
    draft.require_contents()?;
    copy(&mut draft)?;
    keep(&mut draft)?;
    if rules.prune == Prune::Removed {
        prune_since(&mut draft, request.last_promotion)?;
    }
    let has_kustomization = [&draft.source, &draft.target].iter().any(|it| it.has_kustomization());
    if has_kustomization && (rules.wire || !rules.fields.is_empty()) {
        let mut both = Kustomizations::open(&draft)?;
        if rules.wire {
            unwire(&draft, &mut both)?;
            wire(&mut draft, &mut both)?;
        }
        carry(&draft, &mut both)?;
        if !rules.fields.is_empty() {
            keep_carried(&mut draft, &mut both)?;
        }
        both.finish(&mut draft)?;
    }
    draft.into_edits()
}

/// Puts edits that take earlier ones back into the draft; those outside of the target are nobody's to make.
fn take_back(draft: &mut Draft<'_>, edits: &[TakenEdit]) {
    for edit in edits {
        let folder = &draft.target.environment.path;
        let Some(below) = edit.path.strip_prefix(folder).map(str::to_owned) else { continue };
        let causes = vec![Cause::TakenBack { fields: edit.fields.clone() }];
        draft.changes.insert(below, Change { after: edit.after.clone(), causes });
    }
}

fn prune_since(draft: &mut Draft<'_>, last: LastPromotion<'_>) -> Result<(), PlanError> {
    match last {
        LastPromotion::Files(then) => prune(draft, then),
        LastPromotion::HistoryCutOff => Err(PlanError::HistoryCutOff {
            source_environment: draft.source.environment.name.clone(),
            target: draft.target.environment.name.clone(),
        }),
        LastPromotion::NotLooked | LastPromotion::None => {
            let message = format!(
                "`promotion.prune: removed` deletes nothing: the history has no promotion of `{}` to `{}` yet",
                draft.source.environment.name, draft.target.environment.name
            );
            draft.warn(None, message);
            Ok(())
        }
    }
}

/// Whatever file holds values of Secrets, before or after, on either side.
fn secret_inputs(
    request: &PlanRequest<'_>,
    source: &Environment,
    target: &Environment,
    builds: &Builds,
    edits: &[PlannedEdit],
) -> SecretInputs {
    let overlays = [&source.path, &target.path];
    let edited = EditedFiles::new(request.files, edits.iter().map(|planned| &planned.edit));
    let now = builds.source.inputs.iter().chain(&builds.before.inputs);
    SecretInputs::find(request.files, &overlays, now)
        .and(SecretInputs::find(&edited, &overlays, &builds.after.inputs))
        .learned_by(&builds.source)
        .learned_by(&builds.before)
        .learned_by(&builds.after)
        .mirrored(&source.path, &target.path)
}

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod secret_tests;
#[cfg(test)]
mod tests;
