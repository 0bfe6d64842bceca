//! `X-Hub-Signature-256`: HMAC-SHA-256 over the raw bytes of the body.
//!
//! <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>. The older
//! `X-Hub-Signature` (SHA-1) is never looked at.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::redact::{Credential, WebhookSecrets};

/// Why a delivery is not believed to come from GitHub. All of them are a 401.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no `X-Hub-Signature-256`, perhaps the SHA-1 one alone.
    #[error("the delivery has no `X-Hub-Signature-256`")]
    Missing,
    /// The header is not `sha256=` and 64 hexadecimal digits.
    #[error("`X-Hub-Signature-256` is not `sha256=` and 64 hexadecimal digits")]
    Malformed,
    /// None of our secrets makes this signature.
    #[error("`X-Hub-Signature-256` does not match: the webhook is signed with another secret")]
    Mismatch,
}

/// Checks the header against the body with each secret in turn.
///
/// Comparing takes the same time wherever the difference is. How many secrets there are, and which
/// of them matched, can be seen in the time; that tells nobody how to sign.
///
/// # Errors
/// [`SignatureError`] if the signature is missing, malformed or by none of the secrets.
pub fn verify(
    secrets: &WebhookSecrets,
    header: Option<&[u8]>,
    body: &[u8],
) -> Result<(), SignatureError> {
    let header = header.ok_or(SignatureError::Missing)?;
    let signature = parse(header).ok_or(SignatureError::Malformed)?;
    let matches = |secret| mac(secret, body).verify_slice(&signature).is_ok();
    if secrets.iter().any(matches) { Ok(()) } else { Err(SignatureError::Mismatch) }
}

/// Whether a header has the form of a signature, which says nothing about whose it is.
#[must_use]
pub fn is_signature(header: &[u8]) -> bool {
    parse(header).is_some()
}

fn parse(header: &[u8]) -> Option<[u8; 32]> {
    let mut signature = [0_u8; 32];
    hex::decode_to_slice(header.strip_prefix(b"sha256=")?, &mut signature).ok()?;
    Some(signature)
}

/// The header that GitHub would send with this body.
#[must_use]
pub fn sign(secret: &Credential, body: &[u8]) -> String {
    format!("sha256={}", hex::encode(mac(secret, body).finalize().into_bytes()))
}

fn mac(secret: &Credential, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
        .expect("HMAC takes a key of any length");
    mac.update(body);
    mac
}

/// Whether a text is one of the secrets. In constant time: what is compared are digests.
#[must_use]
pub fn is_secret(secrets: &WebhookSecrets, text: &str) -> bool {
    // The signatures of one message under both are the same if they are.
    let Ok(given) = Credential::new("bearer token", text) else { return false };
    const MESSAGE: &[u8] = b"overlift";
    verify(secrets, Some(sign(&given, MESSAGE).as_bytes()), MESSAGE).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of GitHub's page on validating deliveries.
    const SECRET: &str = "It's a Secret to Everybody";
    const BODY: &[u8] = b"Hello, World!";
    const HEADER: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn check(header: Option<&str>) -> Result<(), SignatureError> {
        verify(&WebhookSecrets::parse(SECRET).unwrap(), header.map(str::as_bytes), BODY)
    }

    #[test]
    fn believes_githubs_own_example() {
        assert_eq!(check(Some(HEADER)), Ok(()));
        assert_eq!(sign(&Credential::new("secret", SECRET).unwrap(), BODY), HEADER);
    }

    /// The key, the event and the header of notification-controller's own test of `generic-hmac`
    /// (`internal/notifier/forwarder_test.go`), the event as Go writes it.
    #[test]
    fn believes_what_flux_signs() {
        let secrets = WebhookSecrets::parse("7152fed34dd6149a7c75a276c510da27cb6f82b0").unwrap();
        let header = "sha256=65b018549b1254e7226d1c08f9567ee45bc9de0fc4e7b1a40253f9a018b08be7";
        let body = concat!(
            r#"{"involvedObject":{"kind":"GitRepository","namespace":"gitops-system","name":"webapp"},"#,
            r#""severity":"info","timestamp":"2022-09-30T06:40:29Z","message":"message","#,
            r#""reason":"reason","metadata":{"test":"metadata"},"#,
            r#""reportingController":"source-controller","reportingInstance":"source-controller-xyz"}"#,
        );
        assert_eq!(verify(&secrets, Some(header.as_bytes()), body.as_bytes()), Ok(()));
    }

    #[test]
    fn any_of_several_secrets_will_do() {
        for secrets in [format!("other,{SECRET}"), format!("{SECRET},other")] {
            let secrets = WebhookSecrets::parse(&secrets).unwrap();
            assert_eq!(verify(&secrets, Some(HEADER.as_bytes()), BODY), Ok(()));
            assert_eq!(
                verify(&secrets, Some(HEADER.as_bytes()), b"Hello, World?"),
                Err(SignatureError::Mismatch)
            );
        }
    }

    #[test]
    fn refuses_what_is_missing_malformed_or_wrong() {
        use SignatureError::{Malformed, Mismatch, Missing};
        let digits = HEADER.strip_prefix("sha256=").unwrap();
        let zeros = format!("sha256={}", "0".repeat(64));
        for (header, want) in [
            (None, Missing),
            (Some(""), Malformed),
            (Some("sha256="), Malformed),
            (Some(digits), Malformed),
            (Some(&*format!("sha1={}", &digits[..40])), Malformed),
            (Some(&HEADER[..HEADER.len() - 1]), Malformed),
            (Some(&HEADER[..HEADER.len() - 2]), Malformed),
            (Some(&*format!("{HEADER}00")), Malformed),
            (Some(&HEADER.replace("757", "zz7")), Malformed),
            (Some(&*format!(" {HEADER}")), Malformed),
            (Some(&zeros), Mismatch),
        ] {
            assert_eq!(check(header), Err(want), "{header:?}");
        }
        assert_eq!(
            verify(&WebhookSecrets::parse(SECRET).unwrap(), Some(b"sha256=\xff\xfe"), BODY),
            Err(Malformed)
        );
    }
}
