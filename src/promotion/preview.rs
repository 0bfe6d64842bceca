//! What a pull request does to each environment that it reaches, before it is merged.
//!
//! Before is the commit where it branched off, after is its head. Only what a changed file may reach is
//! built; environments that change alike are told together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::body::{counts, render_changes, render_diffs, render_warnings};
use super::deployed::{Deployed, names};
use super::environment::Environment;
use super::markdown::{code, counted, plain, prose};
use super::pipeline::Pipeline;
use super::plain_text::{cut, utf16_len};
use super::rendering::render_deployed;
use super::telling::{Telling, enumerated};
use crate::deployer::{self, Deployers, Variant};
use crate::diff::{RenderedDiff, SecretInputs};
use crate::kustomize::{Build, BuildError, BuildOptions};
use crate::model::{Entry, Files, KUSTOMIZATION_NAMES, RepoPath};
use crate::policy::{
    Changes, Day, Fetched, Finding, Gates, Level, Overlay, Reading, Standards, Terms, UnknownFiles,
    check_changes, check_overlay, check_without_lines, mark_new,
};
use crate::yaml::{Node, Value, parse_manifests};

/// What a preview is made from.
#[derive(Clone, Copy)]
pub struct Previewed<'a> {
    /// The files before.
    pub before: &'a dyn Files,
    /// The files after.
    pub after: &'a dyn Files,
    /// The environments, by the configuration after.
    pub pipeline: &'a Pipeline,
    /// The files that differ.
    pub changed: &'a BTreeSet<RepoPath>,
    /// How overlays are built.
    pub options: &'a BuildOptions,
    /// What was fetched for the gates.
    pub fetched: &'a Fetched,
    /// The day, for exceptions that end.
    pub today: Day,
}

/// What a change reaches.
#[derive(Debug, Default)]
pub struct Preview {
    /// Environments that change, those that change alike together, in promotion order.
    pub reached: Vec<Reached>,
    /// Environments that cannot be built afterwards, and why.
    pub broken: Vec<(Environment, BuildError)>,
    /// How many environments were looked at and build the same.
    pub unchanged: usize,
}

/// Environments that change in the same way.
#[derive(Debug)]
pub struct Reached {
    /// The environments; at least one.
    pub environments: Vec<Environment>,
    /// The clusters that see it, as far as objects of the repository tell.
    pub clusters: Vec<String>,
    /// What their clusters will see; that of the first.
    pub rendered: RenderedDiff,
    /// What is found, of the first.
    pub findings: Vec<Finding>,
    /// How many findings the configuration suppresses.
    pub suppressed: usize,
}

impl Preview {
    /// Whether nothing that an environment builds is changed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.reached.is_empty() && self.broken.is_empty()
    }

    /// Adds a change; one that is alike another is told with it.
    fn add(&mut self, reached: Reached, likeness: &mut BTreeMap<String, usize>) {
        let key = alike(&reached);
        let Some(&at) = likeness.get(&key) else {
            likeness.insert(key, self.reached.len());
            self.reached.push(reached);
            return;
        };
        let known = &mut self.reached[at];
        for environment in reached.environments {
            if !known.environments.iter().any(|it| it.path == environment.path) {
                known.environments.push(environment);
            }
        }
        known.clusters.extend(reached.clusters);
    }

    /// How many new findings there are of a level.
    #[must_use]
    pub fn new_findings(&self, level: Level) -> usize {
        let findings = self.reached.iter().flat_map(|reached| &reached.findings);
        findings.filter(|finding| finding.new && finding.level == level).count()
    }
}

/// Builds what the change may reach, before and after, and compares.
///
/// # Errors
/// [`UnknownFiles`] whose content the caller has to fetch before asking again.
pub fn preview(request: &Previewed<'_>) -> Result<Preview, UnknownFiles> {
    let mut preview = Preview::default();
    let mut likeness: BTreeMap<String, usize> = BTreeMap::new();
    let mut unknown = BTreeSet::new();
    let mut measures = Measures::default();
    let deployed = match deployers(request) {
        Ok(deployed) => deployed,
        Err(UnknownFiles(paths)) => {
            unknown.extend(paths);
            Deployed::default()
        }
    };
    for environment in request.pipeline.environments() {
        let variants = deployed.variants(&environment.path);
        let redeployed = variants.iter().any(|variant| variant.before != variant.after);
        match may_reach(request, environment).map(|may| may || redeployed) {
            Ok(true) => {}
            Ok(false) => continue,
            Err(UnknownFiles(paths)) => {
                unknown.extend(paths);
                continue;
            }
        }
        let mut same = true;
        for variant in variants.iter().take(MOST_VARIANTS) {
            match look(request, environment, variant, &mut measures) {
                Ok(Look::Same) => {}
                // Whatever is changed on the way to a cluster, it is the folder that cannot be built.
                Ok(Look::Broken(error)) => {
                    same = false;
                    preview.broken.push((environment.clone(), *error));
                    break;
                }
                Ok(Look::Reached(reached)) => {
                    same = false;
                    preview.add(*reached, &mut likeness);
                }
                Err(UnknownFiles(paths)) => unknown.extend(paths),
            }
        }
        preview.unchanged += usize::from(same);
    }
    if unknown.is_empty() { Ok(preview) } else { Err(UnknownFiles(unknown)) }
}

/// At most so many groups of clusters of one environment are looked at.
const MOST_VARIANTS: usize = 12;

/// What deploys the environments, before and after.
fn deployers(request: &Previewed<'_>) -> Result<Deployed, UnknownFiles> {
    let sides = [request.before, request.after].map(Deployers::read);
    match sides {
        [Ok(before), Ok(after)] => Ok(Deployed::both(before, after)),
        sides => Err(UnknownFiles(sides.into_iter().filter_map(Result::err).flatten().collect())),
    }
}

/// Whether a changed file may be one of those that an environment builds from, before or after: what a
/// kustomization names, and all beside it. Rather too often than not often enough.
fn may_reach(request: &Previewed<'_>, environment: &Environment) -> Result<bool, UnknownFiles> {
    for files in [request.after, request.before] {
        if touches(files, &environment.path, request.changed)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn touches(
    files: &dyn Files,
    folder: &RepoPath,
    changed: &BTreeSet<RepoPath>,
) -> Result<bool, UnknownFiles> {
    let mut next = vec![folder.clone()];
    let mut seen: BTreeSet<RepoPath> = BTreeSet::new();
    let mut unknown = BTreeSet::new();
    while let Some(folder) = next.pop() {
        if !seen.insert(folder.clone()) {
            continue;
        }
        if changed.iter().any(|path| path.is_within(&folder)) {
            return Ok(true);
        }
        for named in named_by(files, &folder, &mut unknown) {
            if changed.iter().any(|path| path.is_within(&named)) {
                return Ok(true);
            }
            next.push(named);
        }
    }
    if unknown.is_empty() { Ok(false) } else { Err(UnknownFiles(unknown)) }
}

/// All that a folder's kustomization may name: whatever in it reads like a path.
fn named_by(
    files: &dyn Files,
    folder: &RepoPath,
    unknown: &mut BTreeSet<RepoPath>,
) -> Vec<RepoPath> {
    let mut found = Vec::new();
    for name in KUSTOMIZATION_NAMES {
        let Ok(path) = folder.join(name) else { continue };
        let file = match files.look_up(&path) {
            Ok((_, Entry::File(file))) => file,
            Ok((path, Entry::Unknown)) => {
                unknown.insert(path);
                continue;
            }
            _ => continue,
        };
        let Ok(text) = std::str::from_utf8(&file.content) else { continue };
        for document in parse_manifests(text).unwrap_or_default() {
            collect(&document, folder, &mut found);
        }
    }
    found
}

fn collect(node: &Node, folder: &RepoPath, found: &mut Vec<RepoPath>) {
    match &node.value {
        Value::Scalar(scalar) => {
            let text = scalar.text.rsplit('=').next().unwrap_or_default();
            let is_short = text.len() < 300 && !text.contains(['\n', ' ']) && !text.contains("://");
            found.extend(
                is_short.then(|| folder.join(text).ok()).flatten().filter(|p| !p.is_root()),
            );
        }
        Value::Sequence(items) => items.iter().for_each(|item| collect(item, folder, found)),
        Value::Mapping(mapping) => {
            mapping.iter().for_each(|pair| collect(&pair.value, folder, found));
        }
    }
}

/// What environments are measured by; most of a repository share theirs.
#[derive(Default)]
struct Measures(Vec<(Arc<Gates>, Standards)>);

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
enum Look {
    Same,
    Broken(Box<BuildError>),
    Reached(Box<Reached>),
}

fn look(
    request: &Previewed<'_>,
    environment: &Environment,
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
            // What was broken before is not this change's doing.
            return match build(request.before, &variant.before) {
                Err(BuildError::Unknown(paths)) => Err(UnknownFiles(paths)),
                Err(before) if before.to_string() == error.to_string() => Ok(Look::Same),
                _ => Ok(Look::Broken(Box::new(error))),
            };
        }
    };
    // An environment that comes, or that is repaired, is all new.
    let before = match build(request.before, &variant.before) {
        Err(BuildError::Unknown(paths)) => return Err(UnknownFiles(paths)),
        before => before.unwrap_or_default(),
    };
    let overlays = [&environment.path];
    let secrets = SecretInputs::find(request.before, &overlays, &before.inputs)
        .and(SecretInputs::find(request.after, &overlays, &after.inputs))
        .learned_by(&before)
        .learned_by(&after);
    let known = secrets.known_values(&[&before, &after]);
    let path = environment.path.as_str();
    let rendered = RenderedDiff::between(&before, &after, path, &known);
    if rendered.resources().is_empty() {
        return Ok(Look::Same);
    }
    let standards = measures.of(request, environment)?;
    let (findings, suppressed) =
        judge(request, environment, (&before, &after), &rendered, standards);
    let environments = vec![environment.clone()];
    let clusters = names(variant);
    let reached = Reached { environments, clusters, rendered, findings, suppressed };
    Ok(Look::Reached(Box::new(reached)))
}

fn judge(
    request: &Previewed<'_>,
    environment: &Environment,
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
        path: &environment.path,
        others: &others,
        own_values: &[],
        at_once: &shared,
    };
    let reading = Reading::after(&changes);
    let risks = check_changes(&changes, &reading, terms);
    let found = check_overlay(&reading, None, terms);
    let mut findings = found.findings;
    if !findings.is_empty() {
        let (files, path) = (request.before, &environment.path);
        let then = Overlay { files, path, build: before, may_build_again: false };
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
    let environments = request.pipeline.environments();
    let of_same = |other: &&Environment| other.application == environment.application;
    let is_last = !environment.from.is_empty()
        && !environments.iter().filter(of_same).any(|other| other.from.contains(&environment.name));
    if !is_last {
        return Vec::new();
    }
    let is_own = |path: &RepoPath| environments.iter().any(|other| path.is_within(&other.path));
    let changed = request.changed.iter().filter(|path| !is_own(path));
    changed.filter(|path| after.inputs.contains(*path)).cloned().collect()
}

/// Equal for environments whose resources change in the same way, whatever their names and namespaces,
/// and of which the same is found.
fn alike(reached: &Reached) -> String {
    let mut key = String::new();
    for diff in reached.rendered.resources() {
        let fields: Vec<_> = diff
            .fields()
            .into_iter()
            .filter(|field| !["metadata.name", "metadata.namespace"].contains(&field.path.as_str()))
            .collect();
        let lines = (diff.hunks.added_lines, diff.hunks.removed_lines);
        let gvk = &diff.original.gvk;
        key.push_str(&format!(
            "{:?} {} {} {} {lines:?} {fields:?}\n",
            diff.change, gvk.group, gvk.kind, diff.original.name
        ));
    }
    for finding in reached.findings.iter().filter(|finding| finding.new) {
        key.push_str(&format!("{} {:?}\n", finding.code, finding.level));
    }
    key
}

/// A comment takes as much as a body.
const LIMIT: usize = super::body::BODY_LIMIT;
/// What one group of environments takes at most.
const GROUP_LIMIT: usize = 20_000;
/// So many lists of changes are told; the others are counted.
const GROUPS: usize = 20;

/// The preview as Markdown, at most as long as a pull request's body.
#[must_use]
pub fn preview_body(preview: &Preview, command: &str) -> String {
    if preview.is_empty() {
        return "**This changes nothing that an environment builds.**\n".to_owned();
    }
    let mut parts = vec![headline(preview)];
    let shown = preview.reached.iter().take(GROUPS);
    let groups: Vec<(String, &Reached)> =
        shown.map(|reached| (head_of(reached), reached)).collect();
    parts.extend(preview.broken.iter().take(GROUPS).map(|(environment, error)| {
        let error = error.to_string();
        format!(
            "> [!CAUTION]\n> {} cannot be built: {}",
            code(&environment.title(), 120),
            prose(&error, 600)
        )
    }));
    let heads: usize = groups.iter().map(|(head, _)| utf16_len(head)).sum();
    let rest = LIMIT.saturating_sub(heads + 2_000) / groups.len().max(1);
    for (head, reached) in &groups {
        let telling = Telling::of_parts(reached.rendered.resources(), &reached.findings);
        parts.push(head.clone());
        parts.push(render_diffs(command, &telling.changes, rest.min(GROUP_LIMIT)));
    }
    if preview.reached.len() > GROUPS {
        let more = preview.reached.len() - GROUPS;
        parts.push(format!(
            "*{} not shown here.*",
            counted(more, "more change is", "more changes are")
        ));
    }
    parts.push(format!("See it yourself: {}", code(command, 300)));
    parts.retain(|part| !part.is_empty());
    cut(&(parts.join("\n\n") + "\n"), LIMIT)
}

fn headline(preview: &Preview) -> String {
    let environments: usize =
        preview.reached.iter().map(|reached| reached.environments.len()).sum::<usize>()
            + preview.broken.len();
    let names: Vec<String> = preview
        .reached
        .iter()
        .flat_map(|reached| &reached.environments)
        .chain(preview.broken.iter().map(|(environment, _)| environment))
        .take(8)
        .map(|environment| code(&environment.title(), 80))
        .collect();
    let more = environments.saturating_sub(names.len());
    let names =
        if more > 0 { format!("{} and {more} more", names.join(", ")) } else { enumerated(&names) };
    format!("**This reaches {}**: {names}", counted(environments, "environment", "environments"))
}

/// The clusters of a group, by their names.
fn clusters(reached: &Reached) -> Option<String> {
    let mut words: Vec<String> =
        reached.clusters.iter().take(8).map(|name| code(name, 120)).collect();
    let more = reached.clusters.len().saturating_sub(words.len());
    if more > 0 {
        words.push(format!("{more} more"));
    }
    (!words.is_empty()).then(|| enumerated(&words))
}

/// What decides about one group: counts, warnings, gates, what changes.
fn head_of(reached: &Reached) -> String {
    let telling = Telling::of_parts(reached.rendered.resources(), &reached.findings);
    let names: Vec<String> =
        reached.environments.iter().take(8).map(|it| plain(&it.title(), 120)).collect();
    let more = reached.environments.len().saturating_sub(names.len());
    let names =
        if more > 0 { format!("{} and {more} more", names.join(", ")) } else { enumerated(&names) };
    let mut parts = vec![format!("### {names}: {}", counts(reached.rendered.resources()))];
    if let Some(on) = clusters(reached) {
        parts.push(format!("Reaches {on}"));
    }
    parts.extend(render_warnings(&telling, 8));
    parts.push(format!("**Gates** {}", Telling::gates(&reached.findings, reached.suppressed)));
    let others: Vec<String> = telling
        .other_findings()
        .filter(|group| group.level > Level::Info)
        .take(12)
        .map(|group| {
            let first = group.first();
            let at = first
                .location
                .as_ref()
                .map_or(String::new(), |at| format!(" · {}", code(&at.to_string(), 200)));
            let level = if group.level == Level::Error { "error" } else { "warning" };
            format!("- **{level}** {} {}{at}", code(&first.code, 60), group.sentence().markdown())
        })
        .collect();
    parts.extend((!others.is_empty()).then(|| others.join("\n")));
    parts.extend(render_changes(&telling, 10));
    parts.join("\n\n")
}
