//! Texts that a Secret's `data` holds in base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The text that base64 stands for, over however many lines that is written; `None` if it is no base64, or what it
/// stands for is no text that a person could have written.
#[must_use]
pub fn text_in_base64(written: &str) -> Option<String> {
    let joined: String = written.split_ascii_whitespace().collect();
    let text = String::from_utf8(STANDARD.decode(joined).ok()?).ok()?;
    let is_control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    (!text.is_empty() && !text.contains(is_control)).then_some(text)
}

/// A text in base64, on one line, as `kubectl` writes it.
#[must_use]
pub fn base64_of(text: &str) -> String {
    STANDARD.encode(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_not_read_as_one() {
        let url = "postgres://db.staging:5432/shop?user=a";
        assert_eq!(text_in_base64(&base64_of(url)).as_deref(), Some(url));
        assert_eq!(text_in_base64("cG9zdGdy\n  ZXM=\n").as_deref(), Some("postgres"));
        for other in ["", "AQ==", "/w==", "cG9zdGdyZXM", "${PASSWORD}", "ENC[AES256_GCM,data:x]"] {
            assert_eq!(text_in_base64(other), None, "{other}");
        }
    }
}
