//! What its author keeps to some environment in a comment: `# Non-prod only`, `# not in production`.

use std::ops::Range;

use super::decision::Op;
use super::names::Names;
use crate::yaml::edit::{Editor, NodePath, Step};

/// Words that stand between what is said of an environment and its name, or behind it.
const FILLING: [&str; 12] = [
    "the",
    "our",
    "a",
    "environment",
    "environments",
    "env",
    "envs",
    "cluster",
    "clusters",
    "overlay",
    "overlays",
    "purposes",
];
/// Words that lead to the environment where something is so.
const LEADING: [&str; 4] = ["in", "for", "on", "to"];
/// So many words may stand between `only` or `not` and those: `only used in dev`, `do not enable this in production`.
const MOST_BETWEEN: usize = 2;

/// The words of a comment that keep what it is about from the target: they alone, without what else stands between them.
fn words_against(comment: &str, names: &Names) -> Option<String> {
    let words = words(comment);
    let said = (0..words.len()).find_map(|at| match words[at].1.as_str() {
        "only" | "exclusively" => {
            // `read-only in dev` is about something else.
            let is_alone = !comment[..words[at].0.start].ends_with('-');
            let behind = || named_behind(&words, at, names).filter(|_| is_alone);
            named_before(&words, at, names).or_else(behind)
        }
        "not" | "never" => denied(&words, at, names),
        _ => None,
    })?;
    let mut text = String::new();
    let mut end = None;
    for (range, _) in &words[said] {
        if let Some(end) = end {
            text.push(if &comment[end..range.start] == "-" { '-' } else { ' ' });
        }
        text.push_str(&comment[range.clone()]);
        end = Some(range.end);
    }
    Some(text)
}

/// The words of a text with their places, in small letters.
fn words(text: &str) -> Vec<(Range<usize>, String)> {
    let mut words: Vec<(Range<usize>, String)> = Vec::new();
    for (at, c) in text.char_indices().filter(|(_, c)| c.is_alphanumeric()) {
        match words.last_mut() {
            Some((range, word)) if range.end == at => {
                range.end += c.len_utf8();
                word.extend(c.to_lowercase());
            }
            _ => words.push((at..at + c.len_utf8(), c.to_lowercase().collect())),
        }
    }
    words
}

/// `dev only`, `dev and test only`, `non-prod only`.
fn named_before(
    words: &[(Range<usize>, String)],
    only: usize,
    names: &Names,
) -> Option<Range<usize>> {
    let mut at = only;
    let mut begin = None;
    while let Some(before) = at.checked_sub(1) {
        let word = words[before].1.as_str();
        if let Some(is_target) = names.names_target_alone(word) {
            let is_denied = before > 0 && matches!(&*words[before - 1].1, "non" | "not");
            if is_target != is_denied {
                return None;
            }
            at = before - usize::from(is_denied);
            begin = Some(at);
        } else if matches!(word, "and" | "or") || FILLING.contains(&word) {
            at = before;
        } else {
            break;
        }
    }
    Some(begin?..only + 1)
}

/// `only in dev`, `only used for the test environment`.
fn named_behind(
    words: &[(Range<usize>, String)],
    only: usize,
    names: &Names,
) -> Option<Range<usize>> {
    let at = name_led_to(words, only)?;
    (names.names_target_alone(&words[at].1) == Some(false)).then_some(only..at + 1)
}

/// `not in production`, `do not use in prod`.
fn denied(words: &[(Range<usize>, String)], not: usize, names: &Names) -> Option<Range<usize>> {
    let at = name_led_to(words, not)?;
    let is_limited = words[not..at].iter().any(|(_, word)| matches!(&**word, "only" | "just"));
    let begin = not - usize::from(not > 0 && words[not - 1].1 == "do");
    (!is_limited && names.names_target_alone(&words[at].1) == Some(true)).then_some(begin..at + 1)
}

/// Where a word stands to which another leads by `in`, `for` and the like.
fn name_led_to(words: &[(Range<usize>, String)], from: usize) -> Option<usize> {
    let lead = words.iter().skip(from + 1).take(MOST_BETWEEN + 1);
    let lead = from + 1 + lead.into_iter().position(|(_, it)| LEADING.contains(&&**it))?;
    let behind = words.iter().skip(lead + 1).position(|(_, it)| !FILLING.contains(&&**it))?;
    Some(lead + 1 + behind)
}

/// The words by which a file keeps itself from the target, in the comments at its beginning.
pub(super) fn file_against(text: &str, names: &Names) -> Option<String> {
    let is_head = |line: &&str| line.trim().is_empty() || *line == "---" || line.starts_with('#');
    let head: Vec<&str> = text.lines().take_while(is_head).collect();
    words_against(&head.join("\n"), names)
}

/// The source's file, for what comments in it say of its parts.
pub(super) struct Remarks<'t> {
    text: &'t str,
    editor: Editor,
}

impl<'t> Remarks<'t> {
    /// `None` if the text has no comment that could keep something from an environment, or is not to be read.
    pub(super) fn read(text: &'t str) -> Option<Self> {
        let is_one = |line: &str| {
            line.split_once('#').is_some_and(|(_, comment)| {
                let said = words(comment);
                let keeps = |word: &str| matches!(word, "only" | "exclusively" | "not" | "never");
                said.iter().any(|(_, word)| keeps(word))
            })
        };
        let editor = text.lines().any(is_one).then(|| Editor::parse(text))?;
        Some(Self { text, editor: editor.ok()? })
    }

    /// The words by which a comment above what would come, or beside its first line, keeps it from the target.
    pub(super) fn against(&self, op: &Op, names: &Names) -> Option<String> {
        let start = match op {
            Op::Insert { source, .. } | Op::Add { source, .. } => self.start(source)?,
            _ => return None,
        };
        let begin = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let end = self.text[start..].find('\n').map_or(self.text.len(), |at| start + at);
        let beside = self.text[start..end].split_once(" #").map(|(_, comment)| comment);
        let is_comment = |line: &&str| line.trim_start().starts_with('#');
        let mut above: Vec<&str> =
            self.text[..begin].lines().rev().take_while(is_comment).collect();
        above.reverse();
        let said = |comment: &str| words_against(comment, names);
        beside.and_then(said).or_else(|| said(&above.join("\n")))
    }

    /// Where the key or the item begins that a path leads to.
    fn start(&self, path: &NodePath) -> Option<usize> {
        if let Some((parent, Step::Key(key))) = path.split_last() {
            let pairs = self.editor.node(&parent)?.pairs();
            return pairs.iter().find(|(it, _)| it.text() == Some(key)).map(|it| it.0.span.start);
        }
        self.editor.node(path).map(|node| node.span.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_comment_keeps_from_an_environment_is_read() {
        let names = Names::new(["staging"], ["production"]);
        for (comment, said) in [
            ("Non-prod only", Some("Non-prod only")),
            ("Staging-only: plain HTTP", Some("Staging-only")),
            ("(UAT only) from last sign in", Some("UAT only")),
            ("for dev and staging environments only", Some("dev and staging environments only")),
            ("only used in staging", Some("only used in staging")),
            ("only for the dev cluster", Some("only for the dev")),
            ("Do not use in production!", Some("Do not use in production")),
            ("never enable this in prod", Some("never enable this in prod")),
            ("staging\n  # only", Some("staging only")),
            ("staging `<!--` only", Some("staging only")),
            ("Prod-only: backups", None),
            ("staging and production only", None),
            ("only in production", None),
            ("not only in production", None),
            ("not in staging", None),
            ("non-staging only", None),
            ("read-only in staging", None),
            ("staging is read only", None),
            ("this is the only one", None),
            ("production: not for humans", None),
            ("not for sale; see production", None),
            ("die Größe ist only für staging", None),
        ] {
            assert_eq!(words_against(comment, &names).as_deref(), said, "{comment}");
        }
        // What names both sides tells nothing.
        let names = Names::new(["east-dev"], ["west-dev"]);
        assert_eq!(words_against("dev only", &names), None);
    }
}
