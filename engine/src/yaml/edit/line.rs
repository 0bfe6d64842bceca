//! Lines of a text: where they begin and end, how far they are indented, how they end.

/// The line end that a text uses: that of its first line.
#[must_use]
pub(super) fn line_ending(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// Where the line of `offset` begins.
#[must_use]
pub(super) fn line_start(text: &str, offset: usize) -> usize {
    text[..offset].rfind('\n').map_or(0, |at| at + 1)
}

/// Where the next line begins, or the text ends.
#[must_use]
pub(super) fn next_line(text: &str, offset: usize) -> usize {
    text[offset..].find('\n').map_or(text.len(), |at| offset + at + 1)
}

/// Where the line of `offset` ends, before its line end.
#[must_use]
pub(super) fn line_end(text: &str, offset: usize) -> usize {
    let end = text[offset..].find('\n').map_or(text.len(), |at| offset + at);
    if end > offset && text[..end].ends_with('\r') { end - 1 } else { end }
}

/// The bytes between the line's beginning and `offset`.
#[must_use]
pub(super) fn column(text: &str, offset: usize) -> usize {
    offset - line_start(text, offset)
}

/// Whether only spaces stand before `offset` on its line.
#[must_use]
pub(super) fn begins_line(text: &str, offset: usize) -> bool {
    text[line_start(text, offset)..offset].bytes().all(|byte| byte == b' ')
}

/// The end of the last line before `end` that is not blank, after its line end.
#[must_use]
pub(super) fn after_last_content(text: &str, end: usize) -> usize {
    let content = text[..end].trim_end_matches([' ', '\t', '\r', '\n']).len();
    if content == 0 { 0 } else { next_line(text, content).min(end) }
}

/// The end of the comments behind `end` that are indented further than `indent`: they belong to what stands before, and
/// would be part of a block scalar that came between.
#[must_use]
pub(super) fn after_comments_within(text: &str, end: usize, indent: usize) -> usize {
    let (mut after, mut at) = (end, end);
    for line in text[end..].split_inclusive('\n') {
        let rest = line.trim_start_matches(' ');
        at += line.len();
        match rest.trim().is_empty() {
            true => {}
            false if rest.starts_with('#') && line.len() - rest.len() > indent => after = at,
            false => break,
        }
    }
    after
}

/// Puts a text at another column: continuation lines move by the difference, blank ones stay, and
/// line ends become `ending`. A line that cannot move so far to the left moves as far as it can.
#[must_use]
pub(super) fn reindent(text: &str, from: usize, to: usize, ending: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (count, line) in text.split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if count == 0 {
            out.push_str(line);
            continue;
        }
        out.push_str(ending);
        let spaces = line.len() - line.trim_start_matches(' ').len();
        let blank = spaces == line.len();
        if blank && spaces <= from {
            continue;
        }
        let moved = (spaces + to).saturating_sub(from);
        out.extend(std::iter::repeat_n(' ', moved));
        out.push_str(&line[spaces..]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_lines_whatever_their_ending() {
        let text = "a\r\nbc\r\n";
        assert_eq!(line_ending(text), "\r\n");
        assert_eq!((line_start(text, 4), line_end(text, 4), next_line(text, 4)), (3, 5, 7));
        assert_eq!(line_ending("a"), "\n");
        assert_eq!(next_line("a", 0), 1);
    }

    #[test]
    fn moves_lines_and_leaves_blank_ones() {
        assert_eq!(reindent("a:\n  - b\n\n    c", 2, 4, "\n"), "a:\n    - b\n\n      c");
        assert_eq!(reindent("|\n    x\n      \n  y", 2, 0, "\r\n"), "|\r\n  x\r\n    \r\ny");
    }

    #[test]
    fn content_ends_before_trailing_blank_lines() {
        assert_eq!(after_last_content("a: 1\n\n  \n", 8), 5);
        assert_eq!(after_last_content("\n\n", 2), 0);
        assert_eq!(after_last_content("a", 1), 1);
    }
}
