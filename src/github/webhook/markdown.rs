//! Which lines of a comment are what its author says, rather than quotes and code.
//!
//! As much of CommonMark as that takes: fences, indented code, quotes with their lazy continuation,
//! code spans over several lines, and HTML comments. Where the full grammar would be needed (a fence that
//! opens on the line of a list item), the answer errs towards *not said*: a command that does nothing
//! is asked again, one that nobody gave is not taken back.

/// The lines that are said, without their line ends, in order.
pub(super) fn said_lines(text: &str) -> Vec<&str> {
    let mut said = Vec::new();
    let mut paragraph = Vec::new();
    let mut state = State::Text;
    for line in text.lines() {
        let next = state.after(line);
        if next == State::Text && !line.trim().is_empty() {
            paragraph.push(line);
        } else {
            flush(&mut paragraph, &mut said);
        }
        state = next;
    }
    flush(&mut paragraph, &mut said);
    said
}

/// What a line stands in, or what it leaves open for the next one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Text,
    /// A quoted paragraph, which goes on without `>` until an empty line.
    Quote,
    Fence {
        mark: u8,
        length: usize,
    },
    Comment,
    /// The line that closed a block; the next one is text again.
    Closed,
}

impl State {
    fn after(self, line: &str) -> Self {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let content = line.trim();
        match self {
            Self::Fence { mark, length } => match fence(line) {
                Some((found, at_least, "")) if found == mark && at_least >= length => Self::Closed,
                _ => self,
            },
            Self::Comment if content.contains("-->") => Self::Closed,
            Self::Comment => self,
            _ if indent < 4 && content.starts_with('>') => {
                let quoted = content.trim_start_matches(['>', ' ', '\t']);
                if quoted.is_empty() { Self::Closed } else { Self::Quote }
            }
            _ => match fence(line) {
                Some((b'`', _, info)) if info.contains('`') => self.paragraph_after(content),
                Some((mark, length, _)) => Self::Fence { mark, length },
                None => self.paragraph_after(content),
            },
        }
    }

    fn paragraph_after(self, content: &str) -> Self {
        if let Some(at) = content.rfind("<!--")
            && !content[at..].contains("-->")
        {
            return Self::Comment;
        }
        if self == Self::Quote && !content.is_empty() { Self::Quote } else { Self::Text }
    }
}

/// The mark, length and rest of a line that opens or closes a fence.
fn fence(line: &str) -> Option<(u8, usize, &str)> {
    let content = line.trim_start_matches(' ');
    if line.len() - content.len() > 3 {
        return None;
    }
    let mark = *content.as_bytes().first().filter(|mark| matches!(mark, b'`' | b'~'))?;
    let rest = content.trim_start_matches(char::from(mark));
    let length = content.len() - rest.len();
    (length >= 3).then(|| (mark, length, rest.trim()))
}

/// Adds the paragraph's lines that do not begin inside a code span.
fn flush<'a>(paragraph: &mut Vec<&'a str>, said: &mut Vec<&'a str>) {
    let runs = backtick_runs(paragraph);
    let mut spans = Vec::new();
    let mut at = 0;
    while let Some(open) = runs.get(at) {
        let close = runs[at + 1..].iter().position(|run| run.length == open.length);
        if let Some(distance) = close {
            at += distance + 1;
            spans.push(open.line + 1..=runs[at].line);
        }
        at += 1;
    }
    let outside = |line: &usize| !spans.iter().any(|span| span.contains(line));
    said.extend((0..paragraph.len()).filter(outside).map(|line| paragraph[line]));
    paragraph.clear();
}

struct Run {
    line: usize,
    length: usize,
}

fn backtick_runs(lines: &[&str]) -> Vec<Run> {
    let mut runs = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let mut rest = *line;
        while let Some(start) = rest.find('`') {
            let after = rest[start..].trim_start_matches('`');
            runs.push(Run { line: number, length: rest.len() - start - after.len() });
            rest = after;
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::said_lines;

    #[test]
    fn text_is_said() {
        assert_eq!(said_lines("a\r\n\r\nb `c` d\n- e\n"), ["a", "b `c` d", "- e"]);
    }

    #[test]
    fn fences_are_code() {
        assert_eq!(said_lines("a\n```\nx\n```\nb"), ["a", "b"]);
        assert_eq!(said_lines("~~~yaml\nx\n```\ny\n~~~~\nb"), ["b"]);
        assert_eq!(said_lines("````\n```\nx\n````\nb"), ["b"]);
        assert_eq!(said_lines("```\nx\n``` not the end\ny"), [""; 0]);
        assert_eq!(said_lines("``` a`b\nx"), ["``` a`b", "x"], "no fence: a backtick in the info");
        assert_eq!(said_lines("   ```\nx\n   ```\nb"), ["b"]);
    }

    #[test]
    fn quotes_go_on_until_an_empty_line() {
        assert_eq!(said_lines("> a\nlazy\n\nb"), ["b"]);
        assert_eq!(said_lines(">a\n>\nb"), ["b"]);
        assert_eq!(said_lines("   > > a\n\nb"), ["b"]);
    }

    #[test]
    fn code_spans_may_cross_lines() {
        assert_eq!(said_lines("a `b\nc\nd` e\nf"), ["a `b", "f"]);
        assert_eq!(said_lines("a ``b\nc` d\ne"), ["a ``b", "c` d", "e"], "no pair, no span");
        assert_eq!(said_lines("a `b\n\nc\n\nd` e"), ["a `b", "c", "d` e"], "paragraphs end spans");
    }

    #[test]
    fn html_comments_are_not_said() {
        assert_eq!(said_lines("<!--\na\n-->\nb"), ["b"]);
        assert_eq!(said_lines("<!-- a --> b\nc"), ["<!-- a --> b", "c"]);
    }

    #[test]
    fn long_texts_take_linear_time() {
        let text = "`` ` ".repeat(13_000) + "\n```";
        assert!(said_lines(&text).len() <= 2);
    }
}
