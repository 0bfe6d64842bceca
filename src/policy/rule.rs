//! A rule: what it is called, which codes it gives, and how it looks at its subject.

use super::change::{Changed, Changes, Words};
use super::finding::{Alike, Finding, Level};
use super::gate::Gate;
use super::mesh::{Manifest, Mesh};
use super::subject::Subject;
use crate::kustomize::{Gvk, ResourceId};
use crate::model::Location;

/// One check. One file in `rules/` each.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The id that configuration and `docs/rules.md` use.
    pub id: &'static str,
    /// The gate it belongs to.
    pub gate: Gate,
    /// The codes it gives.
    pub codes: &'static [Code],
    /// How it looks.
    pub check: Check,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// All manifests of a set, found by kind and name.
    Mesh(fn(&Mesh<'_>, &mut Report<'_>)),
    /// All that is known: manifests, files, what is promoted.
    Subject(fn(&Subject<'_>, &mut Report<'_>)),
    /// Each resource that a promotion changes, before and after.
    Change(fn(&Changed<'_>, &mut Report<'_>)),
    /// All that a promotion changes.
    Changes(fn(&Changes<'_>, &mut Report<'_>)),
}

impl Rule {
    /// A rule of the Istio gate, over a mesh.
    #[must_use]
    pub const fn istio(
        id: &'static str,
        codes: &'static [Code],
        check: fn(&Mesh<'_>, &mut Report<'_>),
    ) -> Self {
        Self { id, gate: Gate::Istio, codes, check: Check::Mesh(check) }
    }
}

/// A kind of finding: the code people search for, how much it weighs, and whether it is sound only
/// where the set holds everything that the cluster has.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// Istio's code, or the rule's id.
    pub id: &'static str,
    /// How much it weighs.
    pub level: Level,
    /// Whether something outside the set could make the finding false.
    pub needs_complete_set: bool,
}

impl Code {
    /// A finding that follows from the resources themselves.
    #[must_use]
    pub const fn sound(id: &'static str, level: Level) -> Self {
        Self { id, level, needs_complete_set: false }
    }

    /// A finding that is only true if nothing exists outside the set.
    #[must_use]
    pub const fn if_complete(id: &'static str, level: Level) -> Self {
        Self { id, level, needs_complete_set: true }
    }
}

/// Collects what a rule says.
#[derive(Debug)]
pub struct Report<'f> {
    rule: &'static str,
    complete: bool,
    findings: &'f mut Vec<Finding>,
}

impl<'f> Report<'f> {
    /// A report for one rule. `complete` says that the set holds all that the cluster has.
    pub const fn new(rule: &'static str, complete: bool, findings: &'f mut Vec<Finding>) -> Self {
        Self { rule, complete, findings }
    }

    /// Says something of a resource, at a field path below it (empty: the resource as a whole).
    ///
    /// What cannot be known of a set that is only a part is left out.
    pub fn say(
        &mut self,
        code: Code,
        manifest: &Manifest<'_>,
        field: impl Into<String>,
        message: impl Into<String>,
    ) {
        if is_suppressed(manifest, code.id) {
            return;
        }
        let at = manifest.origin.clone().in_field(field);
        self.push(code, Some(manifest.id.clone()), Some(at), message.into(), None);
    }

    /// As [`Report::say`], with what to do about it.
    pub fn advise(
        &mut self,
        code: Code,
        manifest: &Manifest<'_>,
        field: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        if is_suppressed(manifest, code.id) {
            return;
        }
        let at = manifest.origin.clone().in_field(field);
        self.push(code, Some(manifest.id.clone()), Some(at), message.into(), Some(help.into()));
    }

    /// Says something of a file, or of what is in it, that is no resource of the set.
    pub fn say_at(
        &mut self,
        code: Code,
        at: Location,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        self.push(code, None, Some(at), message.into(), help);
    }

    /// Says something of a kind, which `at` is an example of.
    pub fn say_of_kind(
        &mut self,
        code: Code,
        gvk: &Gvk,
        at: Location,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        let id = ResourceId { gvk: gvk.clone(), ..ResourceId::default() };
        self.push(code, Some(id), Some(at), message.into(), help);
    }

    /// Says what happens to a resource, at a field below it.
    pub fn tell(&mut self, changed: &Changed<'_>, code: Code, field: &str, words: Words) {
        let at = changed.diff.origin.clone().in_field(field);
        self.tell_of(code, changed.diff.id.clone(), at, words);
    }

    /// Says what happens to a resource, at a place of the environment's files.
    pub fn tell_of(&mut self, code: Code, id: ResourceId, at: Location, words: Words) {
        let Words { one, many, detail } = words;
        self.push(code, Some(id), Some(at), sentence(&one, &detail), None);
        self.alike(one, many, detail);
    }

    /// Says what happens to the environment, at a place of its files.
    pub fn tell_at(&mut self, code: Code, at: Location, words: Words) {
        let Words { one, many, detail } = words;
        let message = sentence(&format!("the environment {one}"), &detail);
        self.push(code, None, Some(at), message, None);
        self.alike(one, many, detail);
    }

    /// Gives what was said last the words by which it is told with others like it.
    pub fn in_other_words(&mut self, words: Words) {
        let Words { one, many, detail } = words;
        self.alike(one, many, detail);
    }

    /// Gives the last finding the words by which it is told with others.
    fn alike(&mut self, one: String, many: String, detail: String) {
        if let Some(last) = self.findings.last_mut() {
            last.alike = Some(Alike { one, many, detail });
        }
    }

    fn push(
        &mut self,
        code: Code,
        resource: Option<ResourceId>,
        location: Option<Location>,
        message: String,
        help: Option<String>,
    ) {
        if code.needs_complete_set && !self.complete {
            return;
        }
        let (code, level, rule) = (code.id.to_owned(), code.level, self.rule);
        let finding = Finding {
            code,
            rule,
            level,
            message,
            help,
            resource,
            location,
            new: true,
            alike: None,
        };
        self.findings.push(finding);
    }
}

fn sentence(what: &str, detail: &str) -> String {
    if detail.is_empty() { what.to_owned() } else { format!("{what}: {detail}") }
}

/// Istio's own way to silence one of its codes: `galley.istio.io/analyze-suppress: IST0101,IST0102` or `*`. Whoever
/// writes a manifest silences nothing else by it: not what a policy denies, a schema refuses or a Secret shows.
fn is_suppressed(manifest: &Manifest<'_>, code: &str) -> bool {
    let codes = manifest.annotation("galley.istio.io/analyze-suppress");
    codes.is_some_and(|codes| silences(codes, code))
}

fn silences(codes: &str, code: &str) -> bool {
    code.starts_with("IST")
        && codes.split(',').map(str::trim).any(|suppressed| suppressed == "*" || suppressed == code)
}

#[cfg(test)]
mod tests {
    use super::silences;

    #[test]
    fn istios_annotation_silences_istios_codes() {
        assert!(silences("IST0101, IST0108", "IST0108") && silences("*", "IST0101"));
        assert!(!silences("IST0101", "IST0108"));
        assert!(!silences("*,policy-deny", "policy-deny") && !silences("*", "plain-secret"));
    }
}
