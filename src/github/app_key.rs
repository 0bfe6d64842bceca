//! The App's private key, and the short-lived token (a JWT) that it signs.
//!
//! <https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app>.
//! Signed with ring: the usual crates need `rsa` (RUSTSEC-2023-0071) or a C build.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;

use super::GithubError;
use crate::redact::Credential;

/// How long before now a token begins to be good, for clocks that differ; GitHub's advice.
const SKEW: Duration = Duration::from_secs(60);

/// How long after now it stops; GitHub allows ten minutes.
const LIFETIME: Duration = Duration::from_secs(9 * 60);

/// An App's id with its key.
pub(super) struct AppKey {
    app_id: String,
    key: RsaKeyPair,
}

impl AppKey {
    /// Reads a PEM file as GitHub makes it (PKCS#1) or as other tools convert it (PKCS#8).
    ///
    /// A variable often holds the file with `\n` in the place of line breaks; that is taken too.
    pub(super) fn parse(app_id: &str, pem: &Credential) -> Result<Self, GithubError> {
        let refuse = |reason: &str| GithubError::Settings {
            reason: format!("the App's private key cannot be used: {reason}"),
        };
        if app_id.is_empty() || !app_id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(GithubError::Settings { reason: "the App's id is no id".to_owned() });
        }
        let text = pem.expose();
        let text = if text.contains('\n') { text.to_owned() } else { text.replace("\\n", "\n") };
        let der = PrivateKeyDer::from_pem_slice(text.as_bytes())
            .map_err(|_| refuse("it is no PEM file with a private key"))?;
        let key = match &der {
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
            _ => return Err(refuse("it is no RSA key")),
        };
        let key = key.map_err(|rejected| refuse(&rejected.to_string()))?;
        Ok(Self { app_id: app_id.to_owned(), key })
    }

    /// A token for requests as the App itself.
    pub(super) fn token(&self, now: SystemTime) -> Credential {
        let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).map_or(0, |t| t.as_secs());
        let claims = serde_json::json!({
            "iat": seconds(now - SKEW),
            "exp": seconds(now + LIFETIME),
            "iss": self.app_id,
        });
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let message =
            format!("{}.{}", encode(r#"{"alg":"RS256","typ":"JWT"}"#), encode(&claims.to_string()));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature)
            .expect("the buffer has the modulus' length, and the system has random numbers");
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature));
        Credential::new("App token", &token).expect("a token has a header at least")
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;

    /// Made for these tests: `openssl genrsa -traditional 2048`, and the same by `openssl pkcs8 -topk8 -nocrypt`.
    const PKCS1: &str = include_str!("../../tests/support/github/app-key.pkcs1.pem");
    const PKCS8: &str = include_str!("../../tests/support/github/app-key.pkcs8.pem");

    fn key(pem: &str) -> Result<AppKey, GithubError> {
        AppKey::parse("12345", &Credential::new("key", pem).unwrap())
    }

    #[test]
    fn signs_with_keys_of_both_forms() {
        for pem in [PKCS1, PKCS8, &PKCS1.replace('\n', "\\n")] {
            let key = key(pem).unwrap();
            let token = key.token(UNIX_EPOCH + Duration::from_secs(1_000_000));
            let (message, signature) = token.expose().rsplit_once('.').unwrap();
            let (header, claims) = message.split_once('.').unwrap();
            let decode = |text| String::from_utf8(URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
            assert_eq!(decode(header), r#"{"alg":"RS256","typ":"JWT"}"#);
            assert_eq!(decode(claims), r#"{"iat":999940,"exp":1000540,"iss":"12345"}"#);
            let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.key.public_key());
            let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
            assert!(public.verify(message.as_bytes(), &signature).is_ok());
        }
    }

    #[test]
    fn a_bad_key_is_refused_without_showing_it() {
        let cut: String = PKCS1.lines().take(5).collect::<Vec<_>>().join("\n");
        for bad in
            ["secret", "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", &cut]
        {
            let Err(error) = key(bad) else { panic!("{bad} was taken") };
            assert!(error.to_string().starts_with("the App's private key cannot be used"));
            assert!(!error.to_string().contains("MIIE"));
        }
        assert!(AppKey::parse("", &Credential::new("key", PKCS1).unwrap()).is_err());
    }
}
