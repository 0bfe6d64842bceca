//! The step's summary: Markdown that GitHub shows on the run's page.

/// GitHub drops the whole summary of a step above this.
/// <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits>
const LIMIT_BYTES: usize = 1 << 20;

/// What is left for us after what other commands of the step wrote, with room for the note that text was cut.
const RESERVE_BYTES: usize = 1024;

/// The text as far as it fits behind `written_bytes` that are there already, cut at a line.
///
/// Nothing if not even the reserve is left: then GitHub drops it all the same.
#[must_use]
pub(super) fn fit(text: &str, written_bytes: u64) -> String {
    let written = usize::try_from(written_bytes).unwrap_or(usize::MAX);
    let room = LIMIT_BYTES.saturating_sub(written).saturating_sub(RESERVE_BYTES);
    if text.len() <= room {
        return text.to_owned();
    }
    let mut end = room;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let kept = text[..end].rfind('\n').map_or("", |at| &text[..=at]);
    if kept.is_empty() {
        return String::new();
    }
    format!("{kept}\n*The rest does not fit into a step summary; see the `body-file` output.*\n")
}

/// What the summary says of a promotion: what happened, where, and the text of the pull request.
#[must_use]
pub(super) fn of_promotion(headline: &str, url: &str, body: &str) -> String {
    let link = if url.is_empty() { String::new() } else { format!(" <{url}>") };
    format!("**{headline}**{link}\n\n{body}\n")
}

/// What the summary says of a run that failed. The text may quote anything, so it stands in a fence
/// longer than any in it.
#[must_use]
pub(super) fn of_failure(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat((longest + 1).max(3));
    format!("**Overlift: nothing was promoted.**\n\n{fence}text\n{text}\n{fence}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_never_exceeds_the_limit() {
        let line = "ä line of a body\n";
        let text = line.repeat(100_000);
        let cut = fit(&text, 1000);
        assert!(cut.len() + 1000 <= LIMIT_BYTES);
        assert!(cut.contains("`body-file`"));
        let body = cut.split("\n*The rest").next().unwrap();
        assert!(body.ends_with(line.trim_end()) || body.ends_with(line), "cut at a line");
        assert_eq!(fit(line, 0), line);
        assert_eq!(fit(line, LIMIT_BYTES as u64), "");
    }
}
