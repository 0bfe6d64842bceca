//! Text of others in GitHub's Markdown: shown as it is, never obeyed.
//!
//! Names and values go into code spans, diffs into fences longer than any run of backticks inside,
//! summaries of folded parts into `<code>`, sentences of rules are escaped. In none of them can a text
//! end its place, start a comment, mention a person, refer to an issue or close one.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::plain_text::{cut, one_line, utf16_len, visible};

/// Lines of a diff are cut after so many UTF-16 units.
const LINE_LIMIT: usize = 400;

/// Takes no room and parts what others would join: `@` and a name, `#` and a number. The sign itself
/// and not its entity, since code spans and commit messages know no entities.
const APART: char = '\u{200b}';

/// A code span of at most `limit` UTF-16 units of text.
pub(super) fn code(text: &str, limit: usize) -> String {
    let text = apart(&one_line(text, limit)).into_owned();
    if text.is_empty() {
        return "`\u{a0}`".to_owned();
    }
    let ticks = "`".repeat(longest_run(&text, '`') + 1);
    // A space parts a backtick at an end from the delimiter; Markdown takes one off again.
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{space}{text}{space}{ticks}")
}

/// `<code>` for places where HTML counts and Markdown does not, such as `<summary>`.
pub(super) fn html_code(text: &str, limit: usize) -> String {
    let text = apart(&one_line(text, limit)).into_owned();
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<code>{text}</code>")
}

/// A sentence with parts in backticks, such as a rule's message: those become code, the rest plain
/// text. At most `limit` UTF-16 units as it is written here, escapes included.
pub(super) fn prose(text: &str, limit: usize) -> String {
    let text = one_line(text, limit);
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return plain(&text, limit);
    }
    let mut out = String::new();
    for (index, part) in parts.iter().enumerate() {
        let shown = match index % 2 {
            1 => code(part, limit),
            _ => plain(part, limit.saturating_sub(utf16_len(&out))),
        };
        if utf16_len(&out) + utf16_len(&shown) > limit {
            out.push('…');
            break;
        }
        out.push_str(&shown);
    }
    out
}

/// Plain text: every sign that Markdown or GitHub would act on is made harmless. Longer results end
/// with an ellipsis.
pub(super) fn plain(text: &str, limit: usize) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut length = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let before = out.len();
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // A colon before a space begins neither an address nor an emoji.
            ':' if chars.peek().is_none_or(|next| *next == ' ') => out.push(c),
            // Names, issues and addresses become links by themselves.
            '@' | '#' | ':' => out.extend([c, APART]),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '!' | '|' | '~' | '+'
            | '$' => {
                out.extend(['\\', c]);
            }
            c => out.push(c),
        }
        length += utf16_len(&out[before..]);
        if length >= limit {
            out.truncate(before);
            out.push('…');
            break;
        }
    }
    out.replace("www.", &format!("www{APART}.")).replace("GH-", &format!("GH{APART}-"))
}

/// Text of others as a block of code that nothing in it can end.
#[must_use]
pub fn quote(text: &str) -> String {
    let fence = fence_around(text);
    let text: String = text.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
    format!("{fence}text\n{}\n{fence}", text.trim_end())
}

/// Text of others on one line of Markdown: it formats nothing, links nowhere and mentions nobody.
#[must_use]
pub fn inline(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().take(500) {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            '@' => out.push_str("@\u{200b}"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// A fenced block of a diff, its lines bounded and made visible.
pub(super) fn diff_block(diff: &str) -> String {
    let fence = fence_around(diff);
    let mut out = format!("{fence}diff\n");
    for line in diff.lines() {
        out.push_str(&diff_line(line));
        out.push('\n');
    }
    out.push_str(&fence);
    out
}

/// The lines of a diff as [`diff_block`] shows them, so that a caller can count.
pub(super) fn diff_line(line: &str) -> String {
    // Before the work on its characters: a line may have megabytes.
    let rest = line.len().saturating_sub(LINE_LIMIT * 4);
    let start = if rest == 0 { line } else { &line[..line.floor_char_boundary(LINE_LIMIT * 4)] };
    let shown = visible(start);
    let shown = if utf16_len(&shown) > LINE_LIMIT || rest > 0 {
        format!("{} [the line goes on]", cut(&shown, LINE_LIMIT))
    } else {
        shown.into_owned()
    };
    apart(&shown).into_owned()
}

/// Parts what may be obeyed where no fence and no code span protects: a pull request's text becomes
/// the message of a squash commit, and tools look for comments without reading Markdown.
fn apart(line: &str) -> Cow<'_, str> {
    static OBEYED: LazyLock<Regex> = LazyLock::new(|| {
        let closing = r"\b(?:close|fix|resolve)[a-z]*:?\s+(?:[\w./-]*#|GH-|https?:)";
        let mention = r"(?:^|[^\w/])@\w";
        let pattern = format!(r"(?i){closing}|{mention}|<!--|-->|--!>|</?(?:details|summary)");
        Regex::new(&pattern).expect("the pattern is fixed")
    });
    OBEYED.replace_all(line, |found: &Captures<'_>| {
        let text = &found[0];
        let comment = text.ends_with('>') || text.starts_with("<!");
        let at = match text.find('@').or(text.find('/').filter(|_| text.starts_with('<'))) {
            Some(at) => at + 1,
            None if comment => text.len() - 1,
            None if text.starts_with('<') => 1,
            None => text.len(),
        };
        format!("{}{APART}{}", &text[..at], &text[at..])
    })
}

/// A fence that nothing in a text can end.
fn fence_around(text: &str) -> String {
    "`".repeat(longest_run(text, '`').max(2) + 1)
}

/// The longest run of `sign` in a text.
fn longest_run(text: &str, sign: char) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == sign { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// A number as people read it: `1,462`.
pub(super) fn number(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number with the right form of a word: `1 file`, `2 files`.
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_spans_hold_whatever_is_in_them() {
        assert_eq!(code("a", 9), "`a`");
        assert_eq!(code("`a``b`", 9), "``` `a``b` ```");
        assert_eq!(code("a\n@b", 9), "`a @\u{200b}b`");
        assert_eq!(code("app@sha256:1", 20), "`app@sha256:1`");
        assert_eq!(html_code("</code><b>&", 99), "<code>&lt;/code&gt;&lt;b&gt;&amp;</code>");
    }

    #[test]
    fn sentences_are_shown_and_not_obeyed() {
        assert_eq!(prose("`a` @me fixes #1", 99), "`a` @\u{200b}me fixes #\u{200b}1");
        assert_eq!(prose("[x](http://y) <!--", 99), "\\[x\\]\\(http:\u{200b}//y\\) &lt;\\!--");
        assert_eq!(prose("$x$ and $`a`$", 99), "\\$x\\$ and \\$`a`\\$");
        assert_eq!(prose("one ` alone", 99), "one \\` alone");
        assert!(utf16_len(&prose(&"<`a`".repeat(500), 100)) <= 101);
        assert!(utf16_len(&prose(&"@".repeat(500), 100)) <= 101);
    }

    #[test]
    fn nothing_is_obeyed_without_markdown_either() {
        for text in [
            "fixes #1",
            "Closes: GH-2",
            "resolved a/b#3",
            "fix https://x/1",
            "<!-- x -->",
            "</details>",
            "(@me)",
        ] {
            let shown = diff_line(text);
            assert_eq!(shown.replace(APART, ""), text);
            assert_ne!(shown, text);
        }
        for text in ["a: fix", "x@y.z", "image: a/b@sha256:0", "# comment", "a -> b"] {
            assert_eq!(diff_line(text), text);
        }
    }

    #[test]
    fn fences_are_longer_than_what_is_inside() {
        let block = diff_block("+```\n+````\n fixes #1 \0\u{202e}");
        assert!(block.starts_with("`````diff\n+```\n"), "{block}");
        assert!(block.ends_with("\n`````"), "{block}");
        assert!(!block.contains("fixes #1") && block.contains("␀⟨U+202E⟩"), "{block}");
        assert!(diff_line(&"x".repeat(1_000_000)).len() < 450);
    }

    #[test]
    fn numbers_are_for_people() {
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(counted(1, "file", "files"), "1 file");
        assert_eq!(counted(1000, "file", "files"), "1,000 files");
    }

    #[test]
    fn nothing_in_a_quote_can_end_it() {
        assert_eq!(quote("a\n"), "```text\na\n```");
        assert_eq!(quote("a ```` b"), "`````text\na ```` b\n`````");
        assert_eq!(quote("a\u{1b}[31m\r\nb"), "```text\na[31m\nb\n```");
    }
}
