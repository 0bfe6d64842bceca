//! Where one document ends and the next begins, before any of them is parsed.
//!
//! kyaml cuts a text at every line that begins with `---` and hands each piece to go-yaml, which
//! reads one document of it (kyaml/kio/byteio_reader.go). A separator in the first line, or in a
//! last line without an end, is left to go-yaml.

use memchr::memmem;

use super::super::Dialect;
use super::super::fault::Fault;

/// The pieces of a text as byte ranges; an error for a separator with more than a comment behind.
pub(super) fn pieces(
    text: &str,
    dialect: Dialect,
) -> impl Iterator<Item = Result<(usize, usize), Fault>> {
    let mut from = Some(0);
    let separators = memmem::Finder::new("\n---").into_owned();
    std::iter::from_fn(move || {
        let start = from?;
        if dialect == Dialect::V2 {
            from = None;
            return Some(Ok((start, text.len())));
        }
        let Some((end, after)) = separator(text, start, &separators) else {
            from = None;
            return Some(Ok((start, text.len())));
        };
        let behind = text[end + "---".len()..after].trim();
        if !behind.is_empty() && !behind.starts_with('#') {
            from = None;
            return Some(Err(Fault::new(
                end,
                "a line that begins with `---` separates documents and can hold only a comment \
                 besides",
            )));
        }
        from = Some(after);
        Some(Ok((start, end)))
    })
}

/// The next separator line at or after `from`: where it begins and where the line after it does.
fn separator(text: &str, from: usize, separators: &memmem::Finder) -> Option<(usize, usize)> {
    let begin = from + separators.find(&text.as_bytes()[from..])? + 1;
    let length = memchr::memchr(b'\n', &text.as_bytes()[begin..])?;
    Some((begin, begin + length + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<&str> {
        pieces(text, Dialect::V3).map(|piece| piece.map(|(a, b)| &text[a..b]).unwrap()).collect()
    }

    #[test]
    fn cuts_at_lines_of_three_dashes() {
        assert_eq!(cut("---\na\n---\nb\n--- # c\r\nc\n---"), ["---\na\n", "b\n", "c\n---"]);
        assert_eq!(cut("a\n---\n---\nb"), ["a\n", "---\nb"]);
        assert_eq!(cut(""), [""]);
    }

    #[test]
    fn refuses_separators_with_content() {
        for text in ["a\n--- b\n", "a\n----\n"] {
            assert!(pieces(text, Dialect::V3).any(|piece| piece.is_err()), "{text}");
        }
    }
}
