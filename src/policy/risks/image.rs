//! Images and other versions that go back, or that name whatever is newest.

use super::version::{Image, floats, image, is_older};
use crate::policy::Level;
use crate::policy::change::{Changed, becomes, last_key, shown, text, words};
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::yaml::Node;

pub(super) const OLDER_RULE: Rule = Rule {
    id: "image-older",
    gate: Gate::Risks,
    codes: &[OLDER],
    check: Check::Change(check_older),
};

pub(super) const FLOATING_RULE: Rule = Rule {
    id: "image-floating",
    gate: Gate::Risks,
    codes: &[FLOATING, UNPINNED],
    check: Check::Change(check_floating),
};

const OLDER: Code = Code::sound("image-older", Level::Warning);
const FLOATING: Code = Code::sound("image-floating", Level::Warning);
const UNPINNED: Code = Code::sound("image-floating", Level::Info);

/// Fields that name a revision of something that is fetched, by kind.
const REVISIONS: [(&str, &[&str]); 5] = [
    ("Application", &["spec", "source", "targetRevision"]),
    ("ApplicationSet", &["spec", "template", "spec", "source", "targetRevision"]),
    ("HelmRelease", &["spec", "chart", "spec", "version"]),
    ("HelmChart", &["spec", "version"]),
    ("HelmChartProxy", &["spec", "version"]),
];

/// Something with a version, before and after.
struct Versioned {
    field: String,
    name: String,
    before: Option<String>,
    after: String,
    digest_goes: bool,
    has_digest: bool,
    is_image: bool,
}

impl Versioned {
    /// The branch that it followed, where that is another one now.
    fn other_branch(&self) -> Option<&str> {
        let before = self.before.as_deref()?;
        let both_newest = floats(before) && floats(&self.after);
        let are_names = is_name(before) && is_name(&self.after);
        (!self.is_image && are_names && !both_newest).then_some(before)
    }
}

fn check_older(changed: &Changed<'_>, report: &mut Report<'_>) {
    for versioned in versions(changed) {
        let Some(before) = &versioned.before else { continue };
        if is_older(before, &versioned.after) {
            let detail = format!("{} {before} → {}", shown(&versioned.name), versioned.after);
            let words = words("goes back to an older version", "go back to older versions", detail);
            report.tell(changed, OLDER, &versioned.field, words);
        }
    }
}

fn check_floating(changed: &Changed<'_>, report: &mut Report<'_>) {
    for versioned in versions(changed) {
        let moved = |before: &String| floats(before) || is_name(before);
        let floated = versioned.before.as_ref().is_some_and(moved);
        // What an operator puts an image in place of.
        if versioned.name == "placeholder" {
            continue;
        }
        if floats(&versioned.after) && !floated && !versioned.has_digest {
            let before = versioned.before.as_ref().map_or(String::new(), |b| format!("{b} → "));
            let now = if versioned.after.is_empty() { "no tag" } else { &versioned.after };
            let detail = format!("{} {before}{now}", shown(&versioned.name));
            let words = words(
                "runs whatever is newest from now on",
                "run whatever is newest from now on",
                detail,
            );
            report.tell(changed, FLOATING, &versioned.field, words);
        } else if let Some(before) = versioned.other_branch() {
            let words = words(
                "follows another branch",
                "follow other branches",
                becomes(before, &versioned.after),
            );
            report.tell(changed, FLOATING, &versioned.field, words);
        } else if versioned.digest_goes && versioned.is_image {
            let words = words(
                "is no longer pinned to a digest",
                "are no longer pinned to a digest",
                shown(&versioned.name),
            );
            report.tell(changed, UNPINNED, &versioned.field, words);
        }
    }
}

/// Whether a tag or a revision is a word alone, such as an environment's: what it names moves too.
fn is_name(version: &str) -> bool {
    !version.is_empty() && !version.contains(|c: char| c.is_ascii_digit())
}

fn versions(changed: &Changed<'_>) -> Vec<Versioned> {
    if changed.is_deleted() {
        return Vec::new();
    }
    let mut found = images(changed);
    found.extend(tags(changed));
    found.extend(revisions(changed));
    found
}

/// Whether a text at this key is an image's reference.
fn is_image(path: &str, value: &str) -> bool {
    let reads_so = !value.is_empty() && !value.contains([' ', '$', '{', '\n']);
    last_key(path) == "image" && path.starts_with("spec") && reads_so
}

fn images(changed: &Changed<'_>) -> Vec<Versioned> {
    let (before, after) = changed.leaves();
    let mut found = Vec::new();
    for (path, now) in after.iter().filter(|(path, value)| is_image(path, value)) {
        let then = before.get(path);
        if then == Some(now) {
            continue;
        }
        let Image { name, tag, digest } = image(now);
        let then = then.map(image);
        // Another image has other versions; another registry has the same.
        let last = |name: &'_ str| name.rsplit('/').next().map(str::to_owned);
        let same = then.filter(|then| last(then.name) == last(name));
        found.push(Versioned {
            field: after.field(path).to_owned(),
            name: last(name).unwrap_or_default(),
            before: same.map(|then| then.tag.to_owned()),
            after: tag.to_owned(),
            digest_goes: same.is_some_and(|then| !then.digest.is_empty()) && digest.is_empty(),
            has_digest: !digest.is_empty(),
            is_image: true,
        });
    }
    found
}

/// `image.tag` in a chart's values.
fn tags(changed: &Changed<'_>) -> Vec<Versioned> {
    let Some((before, after)) = changed.chart_values() else { return Vec::new() };
    let mut found = Vec::new();
    for (path, now) in after.iter() {
        let key = last_key(path);
        let then = before.get(path);
        if !["tag", "imageTag"].contains(&key) || then == Some(now) {
            continue;
        }
        let beside =
            |key: &str| path.rsplit_once('.').and_then(|(up, _)| after.get(&format!("{up}.{key}")));
        // A chart's own tag counts where none is written.
        if now.is_empty() {
            continue;
        }
        let name =
            beside("repository").map_or_else(|| key.to_owned(), |name| image(name).name.to_owned());
        found.push(Versioned {
            field: after.field(path).to_owned(),
            name: name.rsplit('/').next().unwrap_or_default().to_owned(),
            before: then.map(|tag| tag.split('@').next().unwrap_or_default().to_owned()),
            after: now.split('@').next().unwrap_or_default().to_owned(),
            digest_goes: then.is_some_and(|then| then.contains('@')) && !now.contains('@'),
            has_digest: now.contains('@')
                || beside("digest").is_some_and(|digest| !digest.is_empty()),
            is_image: true,
        });
    }
    found
}

fn revisions(changed: &Changed<'_>) -> Vec<Versioned> {
    let mut found = Vec::new();
    for (kind, keys) in REVISIONS {
        if changed.kind() != kind || !changed.stays() {
            continue;
        }
        let (before, after) = changed.texts(keys);
        if before != after {
            found.push(versioned(keys.join("."), changed, before, after));
        }
    }
    if ["GitRepository", "OCIRepository"].contains(&changed.kind()) && changed.stays() {
        let (before, after) = (reference(changed.before()), reference(changed.after()));
        if before != after {
            found.push(versioned("spec.ref".to_owned(), changed, before, after));
        }
    }
    // Applications with several sources.
    let (before, after) = changed.leaves();
    for (path, now) in after.iter() {
        let is_revision = last_key(path) == "targetRevision" && path.contains("sources[");
        let then = before.get(path).filter(|then| *then != now);
        if let (true, Some(then)) = (is_revision, then) {
            found.push(versioned(after.field(path).to_owned(), changed, then, now));
        }
    }
    found
}

/// What a source of Flux follows: of its references the one that counts.
fn reference(node: Option<&Node>) -> &str {
    let keys = ["commit", "digest", "name", "semver", "tag", "branch"];
    let mut texts = keys.into_iter().map(|key| text(node, &["spec", "ref", key]));
    texts.find(|text| !text.is_empty()).unwrap_or_default()
}

fn versioned(field: String, changed: &Changed<'_>, before: &str, after: &str) -> Versioned {
    let chart = text(changed.after(), &["spec", "chart", "spec", "chart"]);
    let chart =
        if chart.is_empty() { text(changed.after(), &["spec", "source", "chart"]) } else { chart };
    let name = if chart.is_empty() { changed.diff.id.name.as_str() } else { chart };
    let is_digest = after.starts_with("sha256:");
    Versioned {
        field,
        name: name.to_owned(),
        before: Some(before.to_owned()),
        after: after.to_owned(),
        digest_goes: false,
        has_digest: is_digest,
        is_image: false,
    }
}
