//! Fields as they are shown to people: `spec.http[0].match`, `metadata.annotations[a.b/c]`, `data["a.b"]`.
//!
//! So findings and diffs write the place of a field. What people write to say which fields they mean
//! is a [`FieldPath`](super::FieldPath).

/// A part of a field's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShownPart<'a> {
    /// A key.
    Key(&'a str),
    /// What stands in brackets behind a list or a mapping: an item's number or name, or a key with dots.
    InBrackets(&'a str),
}

/// The parts of a field's place, outermost first, as far as they can be read.
#[must_use]
pub fn shown_parts(field: &str) -> Vec<ShownPart<'_>> {
    let mut parts = Vec::new();
    let mut rest = field;
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix("[\"") {
            let (key, after) = quoted.split_once("\"]").unwrap_or((quoted, ""));
            parts.push(ShownPart::Key(key));
            rest = after;
        } else if let Some(inside) = rest.strip_prefix('[') {
            let (word, after) = inside.split_once(']').unwrap_or((inside, ""));
            parts.push(ShownPart::InBrackets(word));
            rest = after;
        } else {
            rest = rest.strip_prefix('.').unwrap_or(rest);
            if rest.starts_with('[') {
                continue;
            }
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            if end == 0 {
                break;
            }
            parts.push(ShownPart::Key(&rest[..end]));
            rest = &rest[end..];
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::ShownPart::{InBrackets, Key};
    use super::*;

    #[test]
    fn reads_what_findings_and_diffs_write() {
        assert_eq!(
            shown_parts("spec.http[0].headers[x.y/z].set"),
            [
                Key("spec"),
                Key("http"),
                InBrackets("0"),
                Key("headers"),
                InBrackets("x.y/z"),
                Key("set")
            ]
        );
        assert_eq!(shown_parts("data.[a.b]"), [Key("data"), InBrackets("a.b")]);
        assert_eq!(shown_parts("data[\"a.b\"].c"), [Key("data"), Key("a.b"), Key("c")]);
        assert_eq!(shown_parts("spec.containers[app].image")[2], InBrackets("app"));
        assert_eq!(shown_parts(""), []);
        assert_eq!(shown_parts("a[b"), [Key("a"), InBrackets("b")]);
    }
}
