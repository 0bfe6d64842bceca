//! Text as part of an address.

use std::fmt::Write;

/// Escapes a text for a path; slashes stay, since GitHub reads them in branch names.
pub(super) fn path(text: &str) -> String {
    escape(text, "/")
}

/// Escapes a text for the value of a query's parameter.
pub(super) fn query(text: &str) -> String {
    escape(text, "")
}

fn escape(text: &str, besides: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        let plain = char::from(byte);
        if plain.is_ascii_alphanumeric() || "-._~".contains(plain) || besides.contains(plain) {
            escaped.push(plain);
        } else {
            write!(escaped, "%{byte:02X}").expect("a String takes any text");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    #[test]
    fn escapes_all_but_the_unreserved() {
        assert_eq!(super::path("promote/a#b%2F ä"), "promote/a%23b%252F%20%C3%A4");
        assert_eq!(super::query("o:a/b&c"), "o%3Aa%2Fb%26c");
    }
}
