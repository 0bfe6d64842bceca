//! What the rules say: what is new first, what was there before as a number.

use crate::policy::{Finding, Level};
use crate::promotion::plan::Plan;

use super::super::markdown::{code, counted, prose};

/// At most `most` new findings are listed.
pub(super) fn render(plan: &Plan, most: usize) -> String {
    if plan.findings.is_empty() {
        return String::new();
    }
    let (mut new, old): (Vec<&Finding>, Vec<&Finding>) =
        plan.findings.iter().partition(|finding| finding.new);
    new.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    let mut lines = vec![headline(&new, &old)];
    lines.extend(new.iter().take(most).map(|finding| line(finding)));
    if let Some(rest) = new.len().checked_sub(most).filter(|rest| *rest > 0) {
        lines.push(format!("- {}", counted(rest, "more new finding", "more new findings")));
    }
    lines.join("\n")
}

fn headline(new: &[&Finding], old: &[&Finding]) -> String {
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
    format!("**Gates** {}\n", parts.join(", "))
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
