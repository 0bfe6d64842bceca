//! Takes credentials out of text that leaves the process.
//!
//! It knows two kinds: the forms that credentials have (GitHub's token prefixes, PEM blocks,
//! `Authorization` headers, JSON web tokens, passwords in URLs), and the very values this process was
//! started with. It is a net under the rope: nothing may rely on it to print a credential safely.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::Credential;

/// What stands in the place of a credential.
const REPLACEMENT: &str = "<redacted>";

/// A known value shorter than this is not looked for: it would tear up words that mean nothing.
const SHORTEST_KNOWN_VALUE: usize = 6;

/// The forms; what the group `keep` caught stays, the rest goes.
///
/// GitHub's prefixes: <https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/>;
/// newer installation tokens are longer and have dots and dashes in them, as JSON web tokens do. What stands
/// before a form does not matter: in JSON a line break before a token is `\\n`, which ends in a letter.
static FORMS: LazyLock<Regex> = LazyLock::new(|| {
    let forms = [
        r"(?s:-----BEGIN [A-Z0-9 ]{1,40}-----.*?(?:-----END [A-Z0-9 ]{1,40}-----|\z))",
        r"gh[pousr]_[A-Za-z0-9_.\-]{10,}",
        r"github_pat_[A-Za-z0-9_]{10,}",
        r"eyJ[A-Za-z0-9_\-]{5,}\.[A-Za-z0-9_\-]+(?:\.[A-Za-z0-9_\-]*)?",
        r#"(?P<header>(?i:authorization)\\?["']?\s*[:=]\s*\\?["']?)(?:(?i:bearer|token|basic)\s+)?[^\s"'\\,;]+"#,
        r#"(?P<scheme>(?i:bearer)\s+)[A-Za-z0-9_.\-+/=~]{8,}"#,
        r"(?P<url>[a-z][a-z0-9+.\-]*://)[^\s/@:]*:[^\s/@]+(?P<at>@)",
        r"(?P<query>[?&](?:access_)?token=)[^\s&]+",
    ];
    Regex::new(&forms.join("|")).expect("the forms are constant and a test compiles them")
});

/// Takes credentials out of texts.
#[derive(Clone, Debug, Default)]
pub struct Scrubber {
    known: Vec<Credential>,
}

impl Scrubber {
    /// A scrubber that knows the forms and these values.
    pub fn new(known: impl IntoIterator<Item = Credential>) -> Self {
        let mut variants = Vec::new();
        for credential in known {
            let text = credential.expose();
            if text.len() < SHORTEST_KNOWN_VALUE {
                continue;
            }
            // Logs are JSON: there a value with quotes or line breaks is written with escapes.
            let escaped = text.escape_default().to_string();
            if escaped != text {
                variants.extend(Credential::new("known value", &escaped));
            }
            variants.push(credential);
        }
        // A value that holds another one has to go first.
        variants.sort_by_key(|value| std::cmp::Reverse(value.expose().len()));
        Self { known: variants }
    }

    /// The text without the credentials in it.
    #[must_use]
    pub fn scrub<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for value in &self.known {
            if text.contains(value.expose()) {
                text = Cow::Owned(text.replace(value.expose(), REPLACEMENT));
            }
        }
        match FORMS.replace_all(&text, keep_around) {
            Cow::Borrowed(_) => text,
            Cow::Owned(scrubbed) => Cow::Owned(scrubbed),
        }
    }
}

fn keep_around(found: &Captures<'_>) -> String {
    let group = |name| found.name(name).map_or("", |group| group.as_str());
    let before = ["header", "scheme", "url", "query"].map(group).concat();
    format!("{before}{REPLACEMENT}{}", group("at"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrub(text: &str) -> String {
        Scrubber::default().scrub(text).into_owned()
    }

    #[test]
    fn takes_out_the_forms_of_credentials() {
        for (text, want) in [
            ("used ghp_16C7e42F292c6912E7710c838347Ae178B4a here", "used <redacted> here"),
            ("ghs_12345_eyJhbGciOi.J9-x.y_z", "<redacted>"),
            ("github_pat_11ABCDEFG0aBcDeFgHiJkL_x", "<redacted>"),
            ("Authorization: Bearer abc.def", "Authorization: <redacted>"),
            (r#"{"authorization":"token abcdef"}"#, r#"{"authorization":"<redacted>"}"#),
            ("authorization: Basic dXNlcjpwYXNz next", "authorization: <redacted> next"),
            ("bearer 0123456789abcdef", "bearer <redacted>"),
            ("jwt eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOjF9.c2ln!", "jwt <redacted>!"),
            (r"a\nghp_16C7e42F292c6912E7710c838347Ae178B4a", r"a\n<redacted>"),
            ("https://user:pa55@host/x", "https://<redacted>@host/x"),
            ("postgres://u:p@h/db", "postgres://<redacted>@h/db"),
            ("https://codeload/x?token=ABC&b=1", "https://codeload/x?token=<redacted>&b=1"),
        ] {
            assert_eq!(scrub(text), want);
        }
    }

    #[test]
    fn takes_out_whole_keys_even_cut_ones() {
        let key = "a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- b";
        assert_eq!(scrub(key), "a <redacted> b");
        assert_eq!(
            scrub(r"-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"),
            r"<redacted>\n"
        );
        assert_eq!(scrub("x -----BEGIN PRIVATE KEY-----\nMIIEcut"), "x <redacted>");
    }

    #[test]
    fn takes_out_known_values_in_plain_and_escaped() {
        let known = ["hunter22", "hunter22-longer", "with\"quote", "ab"]
            .map(|value| Credential::new("known", value).unwrap());
        let scrubber = Scrubber::new(known);
        assert_eq!(scrubber.scrub("x hunter22-longer y hunter22"), "x <redacted> y <redacted>");
        assert_eq!(scrubber.scrub(r#""with\"quote""#), r#""<redacted>""#);
        assert_eq!(scrubber.scrub("about"), "about");
    }

    proptest::proptest! {
        /// A token goes, whatever stands around it that is not part of a token.
        #[test]
        fn a_token_goes_wherever_it_stands(
            before in ".{0,20}",
            token in "(gh[pso]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40})",
            after in ".{0,20}",
        ) {
            let scrubbed = scrub(&format!("{before}{token}{after}"));
            proptest::prop_assert!(!scrubbed.contains(&token), "{}", scrubbed);
        }
    }

    #[test]
    fn leaves_other_text_as_it_is() {
        let text = "overlays/prod/kustomization.yaml:14:5: token: bucket, ghost_writer, see https://host/a@b";
        assert!(matches!(Scrubber::default().scrub(text), Cow::Borrowed(same) if same == text));
    }
}
