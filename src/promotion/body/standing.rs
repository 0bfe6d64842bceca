//! How a promotion stands: what holds it and who released it, in the head of its body, and the ticks
//! of its checklist.
//!
//! It changes more often than the plan, so it is put into a body that is there, between two marks.

use super::checklist;
use crate::clearance::{Conclusion, Hold, Holds, Item, Release, written};
use crate::promotion::markdown::{code, plain};

const OPEN: &str = "<!-- overlift:holds -->";
const CLOSE: &str = "<!-- /overlift:holds -->";

/// More holds than these are counted.
const MOST_HOLDS: usize = 12;

/// How a promotion stands.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// What holds it.
    pub holds: &'a Holds,
    /// The checklist with its ticks.
    pub items: &'a [Item],
    /// What the evidence says, beside what it ticks.
    pub evidence: &'a str,
    /// Who released it.
    pub released: Option<&'a Release>,
    /// Whether Overlift merges it.
    pub merges_itself: bool,
}

/// The body with how it stands, in the place of what was told before.
#[must_use]
pub fn with_standing(body: &str, standing: &Standing<'_>) -> String {
    let body = checklist::tick(body, standing.items, &plain(standing.evidence, 200));
    put(&body, &block(standing))
}

/// What a body tells of how the promotion stands, marks included.
pub(super) fn told(body: &str) -> Option<&str> {
    let from = line_start(body, OPEN)?;
    let until = from + line_start(&body[from..], CLOSE)? + CLOSE.len();
    Some(&body[from..until])
}

/// Where a line that is this mark begins; text of a diff never stands at the beginning of a line.
fn line_start(body: &str, mark: &str) -> Option<usize> {
    body.match_indices(mark).map(|(at, _)| at).find(|at| *at == 0 || body[..*at].ends_with('\n'))
}

/// Puts a block in the place of the one that is there, else after the first paragraph.
pub(super) fn put(body: &str, block: &str) -> String {
    if let Some(there) = told(body) {
        return body.replacen(there, block, 1);
    }
    match body.split_once("\n\n") {
        Some((head, rest)) if head.starts_with("**") => format!("{head}\n\n{block}\n\n{rest}"),
        _ => format!("{block}\n\n{body}"),
    }
}

fn block(standing: &Standing<'_>) -> String {
    let holds = &standing.holds.standing;
    let mut lines = vec![OPEN.to_owned()];
    lines.push(match (standing.holds.conclusion(), standing.merges_itself) {
        (Conclusion::Success, true) => {
            "**Nothing holds this promotion.** Overlift merges it as soon as GitHub's rules allow it."
                .to_owned()
        }
        (Conclusion::Success, false) => "**Nothing holds this promotion.**".to_owned(),
        (Conclusion::InProgress, _) => "**Not to be merged yet:**\n".to_owned(),
        (Conclusion::Failure, _) => "**Held, not to be merged:**\n".to_owned(),
    });
    for hold in holds.iter().take(MOST_HOLDS) {
        lines.push(format!("- {}: {}", code(hold.name(), 20), words(hold)));
    }
    if holds.len() > MOST_HOLDS {
        lines.push(format!("- and {} more", holds.len() - MOST_HOLDS));
    }
    lines.extend(standing.released.map(|release| released(release, standing.holds)));
    lines.push(CLOSE.to_owned());
    lines.join("\n")
}

/// A hold in words, with the words of others as plain text.
fn words(hold: &Hold) -> String {
    match hold {
        Hold::Stale { because } => plain(because, 180),
        Hold::Health { state, because } => format!("{} — {}", state.as_str(), plain(because, 180)),
        Hold::Freeze { written, reason, .. } => {
            let reason = reason.as_ref();
            format!(
                "until {written}{}",
                reason.map_or(String::new(), |it| format!(" ({})", plain(it, 100)))
            )
        }
        other => other.to_string(),
    }
}

fn released(release: &Release, holds: &Holds) -> String {
    let lifted: Vec<String> =
        holds.lifted.iter().take(MOST_HOLDS).map(|hold| code(hold.name(), 20)).collect();
    let lifted = match lifted.is_empty() {
        true => "nothing is left to lift".to_owned(),
        false => format!("lifted: {}", lifted.join(", ")),
    };
    format!(
        "\nReleased by {} at {}, {lifted}. Reason: {}",
        code(&release.by, 50),
        written(release.at),
        plain(&release.reason, 300)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "**staging → production: 1 resource changes**\n\nMore.\n\n### Checklist\n\n\
         <!-- overlift:checklist -->\n- [x] Looked at\n- [ ] Healthy — waits for evidence\n\
         <!-- /overlift:checklist -->\n\n- [ ] Looked at\n";

    fn items(looked_at: bool, healthy: bool) -> [Item; 2] {
        let item =
            |text: &str, by_evidence, ticked| Item { text: text.to_owned(), by_evidence, ticked };
        [item("Looked at", false, looked_at), item("Healthy", true, healthy)]
    }

    fn standing(standing: Vec<Hold>, items: &[Item], released: Option<&Release>) -> String {
        let holds = Holds { standing, lifted: vec![Hold::Soak { until: 0 }], next: None };
        let evidence = "argocd/staging is healthy <b>";
        let of = Standing { holds: &holds, items, evidence, released, merges_itself: false };
        with_standing(BODY, &of)
    }

    #[test]
    fn tells_what_holds_and_ticks_what_evidence_ticks() {
        let held = standing(vec![Hold::Undone, Hold::Foreign], &items(false, true), None);
        insta::assert_snapshot!(held, @r"
        **staging → production: 1 resource changes**

        <!-- overlift:holds -->
        **Held, not to be merged:**

        - `undone`: exactly this was undone before, and the source is as it was then
        - `foreign`: somebody else's commits are on the branch
        <!-- /overlift:holds -->

        More.

        ### Checklist

        <!-- overlift:checklist -->
        - [ ] Looked at
        - [x] Healthy — argocd/staging is healthy &lt;b&gt;
        <!-- /overlift:checklist -->

        - [ ] Looked at
        ");
    }

    #[test]
    fn what_was_told_gives_way_to_what_is_told() {
        let release = Release { by: "mona".into(), reason: "*hot* fix".into(), at: 0 };
        let holds = Holds::default();
        let items = items(true, false);
        let of = Standing {
            holds: &holds,
            items: &items,
            evidence: "",
            released: Some(&release),
            merges_itself: true,
        };
        let first = standing(vec![Hold::Undone], &items, None);
        let second = with_standing(&first, &of);
        assert_eq!(second.matches(OPEN).count(), 1);
        assert!(!second.contains("undone"), "{second}");
        assert!(second.contains("Released by `mona` at 1970-01-01 00:00 UTC"), "{second}");
        assert_eq!(with_standing(&second, &of), second);
        assert!(with_standing("A template\n", &of).starts_with(OPEN));
        assert_eq!(told(&second).map(|told| told.starts_with(OPEN)), Some(true));
    }
}
