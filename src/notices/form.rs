//! The forms of a notice: what programs read, and what Slack and those that follow it show.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Serialize;
use serde_json::json;
use sha2::Sha256;

use super::notice::Notice;
use crate::model::NoticeFormat;
use crate::redact::Credential;

/// The public form. Fields are added, never renamed.
#[derive(Serialize)]
struct Fields<'a> {
    id: &'a str,
    event: &'static str,
    repository: &'a str,
    application: Option<&'a str>,
    source: Option<&'a str>,
    target: Option<&'a str>,
    number: Option<u64>,
    url: Option<&'a str>,
    summary: &'a str,
    attempt: u32,
}

impl Notice {
    /// The body of the request.
    #[must_use]
    pub fn render(&self, format: NoticeFormat) -> String {
        match format {
            NoticeFormat::Json => self.fields(),
            NoticeFormat::Slack => json!({ "text": self.text() }).to_string(),
        }
    }

    fn fields(&self) -> String {
        let fields = Fields {
            id: &self.id,
            event: self.event.as_str(),
            repository: &self.repository,
            application: self.application.as_deref(),
            source: self.source.as_deref(),
            target: self.target.as_deref(),
            number: self.number,
            url: self.url.as_deref(),
            summary: &self.summary,
            attempt: self.attempt,
        };
        serde_json::to_string(&fields).expect("plain fields can always be written")
    }

    /// The sentence, with a link to the pull request at its end.
    fn text(&self) -> String {
        let summary = escaped(&self.summary);
        match (&self.url, self.number) {
            (Some(url), Some(number)) => {
                format!("{summary} (<{}|{}#{number}>)", escaped(url), escaped(&self.repository))
            }
            _ => summary,
        }
    }
}

/// Text in which nothing is a link or a mention, as Slack documents it
/// (<https://docs.slack.dev/messaging/formatting-message-text>): three characters are escaped. Mattermost and
/// Rocket.Chat read `@all` in plain text, so that every `@` is followed by a joiner of no width.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('@', "@\u{2060}")
}

/// The header `X-Signature` of Flux's `generic-hmac`: a signature over the bytes of the body.
pub(super) fn signature(secret: &Credential, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::NoticeEvent;

    fn notice(summary: &str) -> Notice {
        Notice {
            id: "0a1b".to_owned(),
            event: NoticeEvent::Held,
            repository: "octo/mesh".to_owned(),
            application: None,
            source: Some("staging".to_owned()),
            target: Some("production".to_owned()),
            number: Some(7),
            url: Some("https://github.com/octo/mesh/pull/7".to_owned()),
            summary: summary.to_owned(),
            attempt: 2,
        }
    }

    #[test]
    fn programs_get_every_field_in_order() {
        insta::assert_snapshot!(notice("held: \"health\"").render(NoticeFormat::Json), @r#"{"id":"0a1b","event":"held","repository":"octo/mesh","application":null,"source":"staging","target":"production","number":7,"url":"https://github.com/octo/mesh/pull/7","summary":"held: \"health\"","attempt":2}"#);
    }

    #[test]
    fn a_text_for_people_mentions_nobody_and_links_to_one_place() {
        let text = notice("<!channel> & @here <https://evil.example|free>");
        insta::assert_snapshot!(text.render(NoticeFormat::Slack).replace('\u{2060}', "_"), @r#"{"text":"&lt;!channel&gt; &amp; @_here &lt;https://evil.example|free&gt; (<https://github.com/octo/mesh/pull/7|octo/mesh#7>)"}"#);
        let without = Notice { number: None, url: None, ..notice("it cannot be planned") };
        assert_eq!(without.render(NoticeFormat::Slack), r#"{"text":"it cannot be planned"}"#);
    }

    /// Computed with OpenSSL:
    /// `printf '{"a":1}' | openssl dgst -sha256 -hmac key`.
    #[test]
    fn a_body_is_signed_as_flux_signs() {
        let secret = Credential::new("secret", "key").unwrap();
        assert_eq!(signature(&secret, br#"{"a":1}"#), SIGNED);
    }
    const SIGNED: &str = "sha256=88a67f24bbcdaed0e6c997404bb79a743baf44c6bab2f4c27328e3009d22e342";
}
