//! A rule: what it is called, which codes it gives, and how it looks at a set.

use super::mesh::{Manifest, Mesh};
use super::{Finding, Level};

/// One check over a whole set. One file in `rules/` each.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The id that configuration and `docs/rules.md` use.
    pub id: &'static str,
    /// Looks at the set and reports.
    pub check: fn(&Mesh<'_>, &mut Report<'_>),
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
        if code.needs_complete_set && !self.complete || is_suppressed(manifest, code.id) {
            return;
        }
        self.findings.push(Finding {
            code: code.id.to_owned(),
            rule: self.rule,
            level: code.level,
            message: message.into(),
            help: None,
            resource: Some(manifest.id.clone()),
            location: Some(manifest.origin.clone().in_field(field)),
            new: true,
        });
    }
}

/// Istio's own way to silence a code: `galley.istio.io/analyze-suppress: IST0101,IST0102` or `*`.
fn is_suppressed(manifest: &Manifest<'_>, code: &str) -> bool {
    let codes = manifest.annotation("galley.istio.io/analyze-suppress").unwrap_or_default();
    codes.split(',').map(str::trim).any(|suppressed| suppressed == "*" || suppressed == code)
}
