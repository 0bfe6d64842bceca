//! Checking the settings of the service: every fault is told at once, before a port is bound. Files that hold
//! credentials are read by a function of the caller, so that nothing here touches the disk.

use std::borrow::Cow;

use super::receivers::read_receivers;
use super::settings::{Identity, RawSettings, Settings, SettingsError, SettingsFault};
use crate::redact::{Credential, WebhookSecrets};

/// The address to listen on where none is given.
const DEFAULT_LISTEN: &str = "127.0.0.1:8080";
/// Who has seen one signed delivery can try shorter secrets one after the other.
const SHORTEST_SECRET: usize = 16;
const DEFAULT_API_URL: &str = "https://api.github.com";
const DEFAULT_DATABASE_URL: &str = "sqlite://overlift.db?mode=rwc";

impl Settings {
    /// Checks all settings; `read_file` reads the files that hold credentials.
    ///
    /// # Errors
    /// [`SettingsError`] with every fault.
    pub fn check(
        raw: &RawSettings,
        read_file: &dyn Fn(&str) -> std::io::Result<String>,
    ) -> Result<Self, SettingsError> {
        let mut check = Check { faults: Vec::new(), read_file };
        let settings = check.settings(raw);
        match settings {
            Some(settings) if check.faults.is_empty() => Ok(settings),
            _ => Err(SettingsError { faults: check.faults }),
        }
    }
}

/// Checks one setting after the other and collects what is wrong.
struct Check<'a> {
    faults: Vec<SettingsFault>,
    read_file: &'a dyn Fn(&str) -> std::io::Result<String>,
}

impl Check<'_> {
    fn settings(&mut self, raw: &RawSettings) -> Option<Settings> {
        // Each is looked at before the first missing one ends it.
        let listen = raw.listen.as_deref().unwrap_or(DEFAULT_LISTEN);
        let listen = self.listen("OVERLIFT_LISTEN", listen);
        let metrics = raw.metrics_listen.as_deref().filter(|address| !address.is_empty());
        let metrics_listen = metrics.map(|it| self.listen("OVERLIFT_METRICS_LISTEN", it));
        let webhook_secrets = self.webhook_secrets(raw);
        let github_api_url = self.api_url(raw.github_api_url.as_deref());
        let identity = self.identity(raw);
        let database_url = self.database_url(raw.database_url.as_deref());
        let page_token = self.page_token(raw);
        let sign_in = self.sign_in(raw);
        let (prometheus_url, prometheus_token) = self.prometheus(raw);
        let mut fault = |variable: String, reason: String| {
            self.faults.push(SettingsFault { variable: variable.into(), reason });
        };
        let receivers = read_receivers(&raw.notices, self.read_file, &mut fault);
        Some(Settings {
            listen: listen?,
            metrics_listen: match metrics_listen {
                Some(checked) => Some(checked?),
                None => None,
            },
            webhook_secrets: webhook_secrets?,
            github_api_url: github_api_url?,
            identity: identity?,
            database_url: database_url?,
            cache_dir: raw.cache_dir.clone().filter(|dir| !dir.is_empty()),
            page_token,
            sign_in,
            receivers,
            prometheus_url,
            prometheus_token,
        })
    }

    fn fault<T>(
        &mut self,
        variable: impl Into<Cow<'static, str>>,
        reason: impl Into<String>,
    ) -> Option<T> {
        self.faults.push(SettingsFault { variable: variable.into(), reason: reason.into() });
        None
    }

    fn listen(&mut self, variable: &'static str, listen: &str) -> Option<String> {
        match listen.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => {
                Some(listen.to_owned())
            }
            _ => self.fault(
                variable,
                format!("`{listen}` is no address; write `HOST:PORT`, such as `{DEFAULT_LISTEN}`"),
            ),
        }
    }

    fn webhook_secrets(&mut self, raw: &RawSettings) -> Option<WebhookSecrets> {
        const NAMES: [&str; 2] = ["OVERLIFT_WEBHOOK_SECRET", "OVERLIFT_WEBHOOK_SECRET_FILE"];
        let given = (raw.webhook_secret.as_deref(), raw.webhook_secret_file.as_deref());
        if given == (None, None) {
            return self.fault(
                NAMES[0],
                "is not set; deliveries that nobody signed cannot be taken. Set it to the secret of the webhook",
            );
        }
        let (variable, text) = self.text_or_file(NAMES, given)?;
        match WebhookSecrets::parse(&text) {
            Ok(secrets) if secrets.iter().any(|it| it.expose().len() < SHORTEST_SECRET) => self.fault(
                variable,
                format!(
                    "has a secret of fewer than {SHORTEST_SECRET} characters, which can be guessed from one \
                     delivery; make one with `openssl rand -hex 32`"
                ),
            ),
            Ok(secrets) => Some(secrets),
            Err(error) => self.fault(
                variable,
                format!("{error}; with an empty secret anybody could sign a delivery"),
            ),
        }
    }

    /// The token of the pages. One that is there and cannot be used is a fault, not a service without pages.
    fn page_token(&mut self, raw: &RawSettings) -> Option<Credential> {
        const NAMES: [&str; 2] = ["OVERLIFT_PAGE_TOKEN", "OVERLIFT_PAGE_TOKEN_FILE"];
        let given = (raw.page_token.as_deref(), raw.page_token_file.as_deref());
        let (variable, text) = self.text_or_file(NAMES, given)?;
        match Credential::new("the token of the pages", text.trim()) {
            Ok(token) if token.expose().chars().count() < SHORTEST_SECRET => self.fault(
                variable,
                format!(
                    "has fewer than {SHORTEST_SECRET} characters, which can be guessed; make one with \
                     `openssl rand -hex 32`"
                ),
            ),
            Ok(token) => Some(token),
            Err(error) => self.fault(variable, error.to_string()),
        }
    }

    /// The App that people sign in to. Half of it is a fault.
    fn sign_in(&mut self, raw: &RawSettings) -> Option<(String, Credential)> {
        const ID: &str = "OVERLIFT_APP_CLIENT_ID";
        const NAMES: [&str; 2] = ["OVERLIFT_APP_CLIENT_SECRET", "OVERLIFT_APP_CLIENT_SECRET_FILE"];
        let id = raw.app_client_id.as_deref().map(str::trim).filter(|id| !id.is_empty());
        let given = (raw.app_client_secret.as_deref(), raw.app_client_secret_file.as_deref());
        match (id, given) {
            (None, (None, None)) => None,
            (None, _) => self.fault(ID, "is not set, but the client secret is"),
            (Some(_), (None, None)) => self.fault(NAMES[0], format!("is not set, but {ID} is")),
            (Some(id), given) => {
                let (variable, text) = self.text_or_file(NAMES, given)?;
                match Credential::new("the App's client secret", text.trim()) {
                    Ok(secret) => Some((id.to_owned(), secret)),
                    Err(error) => self.fault(variable, error.to_string()),
                }
            }
        }
    }

    /// Where health queries go, and with which token.
    fn prometheus(&mut self, raw: &RawSettings) -> (Option<String>, Option<Credential>) {
        const NAMES: [&str; 2] = ["OVERLIFT_PROMETHEUS_TOKEN", "OVERLIFT_PROMETHEUS_TOKEN_FILE"];
        let url = raw.prometheus_url.as_deref().filter(|url| !url.is_empty());
        let url = url.and_then(|url| {
            let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
            match rest {
                Some(rest) if !rest.is_empty() && !rest.contains(['?', '#', '@', ' ']) => {
                    Some(url.trim_end_matches('/').to_owned())
                }
                _ => self.fault(
                    "OVERLIFT_PROMETHEUS_URL",
                    "is no base of a server; write `http://HOST:9090` or `https://HOST/PATH`",
                ),
            }
        });
        let given = (raw.prometheus_token.as_deref(), raw.prometheus_token_file.as_deref());
        let token = self.text_or_file(NAMES, given).and_then(|(variable, text)| {
            match Credential::new("the token for Prometheus", text.trim()) {
                Ok(token) => Some(token),
                Err(error) => self.fault(variable, error.to_string()),
            }
        });
        (url, token)
    }

    fn identity(&mut self, raw: &RawSettings) -> Option<Identity> {
        const NAMES: [&str; 2] = ["OVERLIFT_APP_PRIVATE_KEY", "OVERLIFT_APP_PRIVATE_KEY_FILE"];
        let id = raw.app_id.as_deref().map(str::trim).filter(|id| !id.is_empty());
        let key = (raw.app_private_key.as_deref(), raw.app_private_key_file.as_deref());
        let token = raw.github_token.as_deref().filter(|token| !token.trim().is_empty());
        match (id, key, token) {
            (None, (None, None), None) => self.fault(
                "GITHUB_TOKEN",
                "is not set, and neither are OVERLIFT_APP_ID and OVERLIFT_APP_PRIVATE_KEY; \
                 one of the two is needed to open pull requests",
            ),
            (None, (None, None), Some(token)) => {
                let token = Credential::new("token", token);
                Some(Identity::Token(token.expect("white space alone was sorted out")))
            }
            (None, _, _) => self.fault("OVERLIFT_APP_ID", "is not set, but the App's key is"),
            (Some(_), (None, None), _) => {
                self.fault(NAMES[0], "is not set, but OVERLIFT_APP_ID is")
            }
            (Some(id), key, _) => {
                let (variable, text) = self.text_or_file(NAMES, key)?;
                // A variable often holds the key on one line, with `\n` for its line breaks.
                match Credential::new("the App's private key", &text.replace("\\n", "\n")) {
                    Ok(private_key) => Some(Identity::App { id: id.to_owned(), private_key }),
                    Err(error) => self.fault(variable, error.to_string()),
                }
            }
        }
    }

    /// The text of a variable, or of the file that its twin names, with the name that counted.
    fn text_or_file(
        &mut self,
        [variable, file_variable]: [&'static str; 2],
        given: (Option<&str>, Option<&str>),
    ) -> Option<(&'static str, String)> {
        match given {
            (Some(text), None) => Some((variable, text.to_owned())),
            (None, Some(file)) => match (self.read_file)(file) {
                Ok(text) => Some((file_variable, text)),
                Err(error) => {
                    self.fault(file_variable, format!("`{file}` cannot be read: {error}"))
                }
            },
            (Some(_), Some(_)) => {
                self.fault(file_variable, format!("is set, and {variable} too; set one of the two"))
            }
            (None, None) => None,
        }
    }

    fn api_url(&mut self, url: Option<&str>) -> Option<String> {
        let url = url.filter(|url| !url.is_empty()).unwrap_or(DEFAULT_API_URL);
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        match rest {
            Some(rest)
                if !rest.is_empty()
                    && !rest.starts_with('/')
                    && !rest.contains(['?', '#', '@']) =>
            {
                Some(url.trim_end_matches('/').to_owned())
            }
            _ => self.fault(
                "GITHUB_API_URL",
                format!("is no base of an API; write `{DEFAULT_API_URL}` or `https://HOST/api/v3`"),
            ),
        }
    }

    fn database_url(&mut self, url: Option<&str>) -> Option<Credential> {
        let url = url.filter(|url| !url.is_empty()).unwrap_or(DEFAULT_DATABASE_URL);
        let known = ["sqlite:", "postgres://", "postgresql://"];
        match Credential::new("the database's address", url) {
            Ok(credential) if known.iter().any(|scheme| url.starts_with(scheme)) => {
                Some(credential)
            }
            _ => self.fault(
                "OVERLIFT_DATABASE_URL",
                format!(
                    "is no address of a database; write `{DEFAULT_DATABASE_URL}` or \
                     `postgres://USER@HOST/NAME`"
                ),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    fn with_token() -> RawSettings {
        RawSettings {
            webhook_secret: text("sixteen-letters-1,sixteen-letters-2"),
            github_token: text("ghp_x"),
            ..RawSettings::default()
        }
    }

    fn read_file(path: &str) -> std::io::Result<String> {
        match path {
            "/secret" => Ok("a-secret-from-a-file\n".to_owned()),
            "/empty" => Ok("\n".to_owned()),
            _ => Err(std::io::ErrorKind::NotFound.into()),
        }
    }

    fn check(raw: &RawSettings) -> Result<Settings, Vec<String>> {
        Settings::check(raw, &read_file)
            .map_err(|error| error.faults.iter().map(|fault| fault.variable.to_string()).collect())
    }

    #[test]
    fn a_secret_and_a_token_are_enough() {
        let settings = check(&with_token()).unwrap();
        assert_eq!(settings.listen, "127.0.0.1:8080");
        assert_eq!(settings.github_api_url, "https://api.github.com");
        assert_eq!(settings.database_url.expose(), "sqlite://overlift.db?mode=rwc");
        assert_eq!(settings.webhook_secrets.iter().count(), 2);
        assert_eq!(settings.credentials().count(), 4);
    }

    #[test]
    fn half_a_sign_in_is_a_fault() {
        let both = RawSettings {
            app_client_id: text("Iv1.x"),
            app_client_secret_file: text("/secret"),
            ..with_token()
        };
        let settings = check(&both).unwrap();
        let (id, secret) = settings.sign_in.clone().unwrap();
        assert_eq!((id.as_str(), secret.expose()), ("Iv1.x", "a-secret-from-a-file"));
        assert_eq!(settings.credentials().count(), 5, "the log must not show it");
        let id_alone = RawSettings { app_client_id: text("Iv1.x"), ..with_token() };
        assert_eq!(check(&id_alone).unwrap_err(), ["OVERLIFT_APP_CLIENT_SECRET"]);
        let secret_alone = RawSettings { app_client_secret: text("x"), ..with_token() };
        assert_eq!(check(&secret_alone).unwrap_err(), ["OVERLIFT_APP_CLIENT_ID"]);
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let raw = RawSettings {
            listen: text("8080"),
            webhook_secret: text("a,,b"),
            github_api_url: text("ftp://x"),
            app_id: text("1"),
            database_url: text("mysql://root:hunter2@x"),
            ..RawSettings::default()
        };
        let error = Settings::check(&raw, &read_file).unwrap_err();
        let told: Vec<_> = error.faults.iter().map(|fault| fault.variable.as_ref()).collect();
        assert_eq!(
            told,
            [
                "OVERLIFT_LISTEN",
                "OVERLIFT_WEBHOOK_SECRET",
                "GITHUB_API_URL",
                "OVERLIFT_APP_PRIVATE_KEY",
                "OVERLIFT_DATABASE_URL"
            ]
        );
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn an_empty_or_missing_secret_is_refused() {
        let short = "fifteen-letters,long-enough-to-be-a-secret";
        for secret in [None, text(""), text(" ,"), text("a,"), text(short)] {
            let raw = RawSettings { webhook_secret: secret, ..with_token() };
            assert_eq!(check(&raw).unwrap_err(), ["OVERLIFT_WEBHOOK_SECRET"]);
        }
        let raw = RawSettings {
            webhook_secret: None,
            webhook_secret_file: text("/empty"),
            ..with_token()
        };
        assert_eq!(check(&raw).unwrap_err(), ["OVERLIFT_WEBHOOK_SECRET_FILE"]);
    }

    #[test]
    fn credentials_come_from_files() {
        let raw = RawSettings {
            webhook_secret: None,
            webhook_secret_file: text("/secret"),
            app_id: text("7"),
            app_private_key_file: text("/secret"),
            ..with_token()
        };
        let settings = check(&raw).unwrap();
        assert_eq!(
            settings.webhook_secrets.iter().next().unwrap().expose(),
            "a-secret-from-a-file"
        );
        assert!(matches!(settings.identity, Identity::App { id, .. } if id == "7"));
        let short = RawSettings { webhook_secret: text("fifteen-letters"), ..with_token() };
        let fault = Settings::check(&short, &read_file).unwrap_err().to_string();
        assert!(fault.contains("openssl rand") && !fault.contains("fifteen"), "{fault}");
        let both = RawSettings { webhook_secret: text("x"), ..raw.clone() };
        assert_eq!(check(&both).unwrap_err(), ["OVERLIFT_WEBHOOK_SECRET_FILE"]);
        let missing = RawSettings { webhook_secret_file: text("/none"), ..raw };
        assert_eq!(check(&missing).unwrap_err(), ["OVERLIFT_WEBHOOK_SECRET_FILE"]);
    }

    #[test]
    fn a_key_on_one_line_is_unfolded() {
        let raw = RawSettings {
            app_id: text("7"),
            app_private_key: text("-----BEGIN\\nabc\\n-----END"),
            ..with_token()
        };
        let Identity::App { private_key, .. } = check(&raw).unwrap().identity else { panic!() };
        assert_eq!(private_key.expose(), "-----BEGIN\nabc\n-----END");
    }

    #[test]
    fn somebody_has_to_ask_github() {
        let raw = RawSettings { github_token: text(" "), ..with_token() };
        assert_eq!(check(&raw).unwrap_err(), ["GITHUB_TOKEN"]);
        let raw = RawSettings { app_private_key: text("k"), ..with_token() };
        assert_eq!(check(&raw).unwrap_err(), ["OVERLIFT_APP_ID"]);
    }
}
