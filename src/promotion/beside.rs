//! Values that stay although the source changed its own: a reviewer should know of them.

use super::plan::Plan;
use crate::lineage::{Because, Then};

/// A sentence for each value of the target's own beside which the source moved, with its file before it; names
/// and values stand in backticks.
#[must_use]
pub fn stays_beside(plan: &Plan) -> Vec<String> {
    let (source, target) = (&plan.source.name, &plan.target.name);
    let differences = plan.differences.iter().filter(|it| it.then == Then::Stays);
    let told = differences.filter(|it| {
        matches!(
            it.because,
            Because::Own { source_moved: true, .. }
                | Because::SetLater { by: Some(_) }
                | Because::Tried { .. }
                | Because::Together { .. }
        )
    });
    let sentence = |it: &crate::lineage::Difference| {
        let field = if it.field.is_empty() { String::new() } else { format!(" `{}`", it.field) };
        let short = |value: &Option<String>| {
            value.clone().filter(|value| value.len() <= 60 && !value.contains(['\n', '`']))
        };
        let stays = short(&it.target).map_or(String::new(), |value| format!(" `{value}`"));
        let now = match (&it.source, short(&it.source)) {
            (_, Some(value)) => format!("{source} changed it to `{value}`"),
            (Some(_), None) => format!("{source} changed it"),
            (None, None) => format!("{source} changed its own"),
        };
        let why = it.because.words(target.as_str());
        let why = why.split(", and the source").next().unwrap_or_default();
        let why = why.split(", after the source").next().unwrap_or_default();
        let document = it.document.as_ref().filter(|it| !it.contains('`'));
        let document = document.map_or(String::new(), |it| format!(" `{it}`"));
        if let Because::Together { .. } = it.because {
            return format!("`{}`{document}{field} is left as it is, since it {why}", it.path);
        }
        if let Because::Tried { .. } = it.because {
            return format!("`{}`{document}{field} stays{stays}, though {now}: {why}", it.path);
        }
        format!("`{}`{document}{field} stays{stays}, {why}, though {now}", it.path)
    };
    told.map(sentence).collect()
}
