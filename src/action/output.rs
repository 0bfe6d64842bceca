//! The Action's outputs, in the form of `@actions/core`: a heredoc with a random delimiter, appended to
//! the file that the runner names. No value can end its own heredoc, since nobody can guess the delimiter.

/// The names of all outputs; `action.yml` has the same.
pub const OUTPUTS: [&str; 11] = [
    "changed",
    "plan-id",
    "diff-file",
    "body-file",
    "pull-request-number",
    "pull-request-url",
    "pull-request-operation",
    "pull-request-branch",
    "pull-request-head-sha",
    "new-errors",
    "new-warnings",
];

/// A delimiter that nobody can guess, in the toolkit's form.
#[must_use]
pub fn fresh_delimiter() -> String {
    let mut bytes: [u8; 16] = rand::random();
    // The version and variant of a random UUID (RFC 9562, section 5.4).
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex = hex::encode(bytes);
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    format!("ghadelimiter_{}", parts.join("-"))
}

/// One entry of `GITHUB_OUTPUT` or `GITHUB_ENV`.
#[must_use]
pub fn entry(name: &str, value: &str, delimiter: &str) -> String {
    format!("{name}<<{delimiter}\n{value}\n{delimiter}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_are_random_uuids() {
        let (one, two) = (fresh_delimiter(), fresh_delimiter());
        assert_ne!(one, two);
        let uuid = one.strip_prefix("ghadelimiter_").unwrap();
        let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(uuid.as_bytes()[14], b'4');
    }

    #[test]
    fn a_value_keeps_its_lines() {
        assert_eq!(entry("a", "1\nEOF\n2", "d"), "a<<d\n1\nEOF\n2\nd\n");
    }
}
