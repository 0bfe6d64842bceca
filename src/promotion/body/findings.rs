//! What the gates say: what is new first, what was there before and what only informs as numbers.

use crate::kustomize::Gvk;
use crate::policy::{Finding, Level};
use crate::promotion::plan::{Plan, Verdict};

use super::super::markdown::{code, counted, prose};

/// At most `most` new findings are listed.
pub(super) fn render(plan: &Plan, most: usize) -> String {
    if plan.findings.is_empty() {
        return String::new();
    }
    let told = plan.findings.iter().filter(|finding| finding.not_validated().is_none());
    let (mut new, old): (Vec<&Finding>, Vec<&Finding>) = told.partition(|finding| finding.new);
    let mut lines = vec![headline(plan, &new, &old)];
    new.retain(|finding| finding.level > Level::Info);
    new.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    lines.extend(new.iter().take(most).map(|finding| line(finding)));
    if let Some(rest) = new.len().checked_sub(most).filter(|rest| *rest > 0) {
        lines.push(format!("- {}", counted(rest, "more new finding", "more new findings")));
    }
    lines.join("\n")
}

fn headline(plan: &Plan, new: &[&Finding], old: &[&Finding]) -> String {
    let mut parts = Vec::new();
    for (level, one, many) in [
        (Level::Error, "error", "errors"),
        (Level::Warning, "warning", "warnings"),
        (Level::Info, "remark", "remarks"),
    ] {
        let count = new.iter().filter(|finding| finding.level == level).count();
        if count > 0 {
            parts.push(format!(
                "{} {} new",
                counted(count, one, many),
                if count == 1 { "is" } else { "are" }
            ));
        }
    }
    if parts.is_empty() {
        parts.push("nothing is new".to_owned());
    }
    if !old.is_empty() {
        parts.push(format!(
            "{} {} there before",
            counted(old.len(), "finding", "findings"),
            if old.len() == 1 { "was" } else { "were" }
        ));
    }
    if plan.suppressed > 0 {
        parts.push(format!("{} suppressed", counted(plan.suppressed, "is", "are")));
    }
    parts.extend(not_validated(plan));
    let blocked = match plan.verdict() {
        Verdict::Blocked { .. } => " This promotion does not pass its gates.",
        Verdict::Passed => "",
    };
    format!("**Gates** {}.{blocked}\n", parts.join(", "))
}

/// At most so many kinds are named.
const KINDS: usize = 3;

fn not_validated(plan: &Plan) -> Option<String> {
    let kinds: Vec<String> =
        plan.findings.iter().filter_map(Finding::not_validated).map(full_kind).collect();
    if kinds.is_empty() {
        return None;
    }
    let named: Vec<String> = kinds.iter().take(KINDS).map(|kind| code(kind, 80)).collect();
    let more = if kinds.len() > KINDS { ", …" } else { "" };
    let count = counted(kinds.len(), "kind has", "kinds have");
    Some(format!("{count} no schema ({}{more})", named.join(", ")))
}

fn full_kind(gvk: &Gvk) -> String {
    if gvk.group.is_empty() { gvk.kind.to_string() } else { format!("{}/{}", gvk.group, gvk.kind) }
}

fn line(finding: &Finding) -> String {
    let level = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Info => "remark",
    };
    let mut text = format!("- **{level}** {}", code(&finding.code, 60));
    if let Some(resource) = &finding.resource {
        text.push_str(&format!(" {}", code(&resource.to_string(), 120)));
    }
    text.push_str(&format!(": {}", prose(&finding.message, 400)));
    if let Some(help) = &finding.help {
        text.push_str(&format!(" ({})", prose(help, 300)));
    }
    if let Some(location) = &finding.location {
        text.push_str(&format!(" · {}", code(&location.to_string(), 200)));
    }
    text
}
