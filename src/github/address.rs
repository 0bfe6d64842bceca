//! Text as part of an address.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Escapes a text for a path; slashes stay, since GitHub reads them in branch names.
pub(super) fn path(text: &str) -> String {
    utf8_percent_encode(text, PATH).to_string()
}

/// Escapes a text for the value of a query's parameter.
pub(super) fn query(text: &str) -> String {
    utf8_percent_encode(text, VALUE).to_string()
}

/// What is escaped in a value: all but RFC 3986's unreserved characters.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const PATH: &AsciiSet = &VALUE.remove(b'/');

#[cfg(test)]
mod tests {
    #[test]
    fn escapes_all_but_the_unreserved() {
        assert_eq!(super::path("promote/a#b%2F ä"), "promote/a%23b%252F%20%C3%A4");
        assert_eq!(super::query("o:a/b&c"), "o%3Aa%2Fb%26c");
    }
}
