//! Signing people in with GitHub: a code that GitHub gave a browser becomes who it is and what they may read.
//!
//! <https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app>.
//! The person's token is used for these questions and forgotten: what they may read is the repositories that
//! both the App and they have access to.

use std::sync::Arc;

use http::{Request, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::GithubError;
use super::error::bad;
use crate::outbound::{Bytes, Outbound, OutboundError};
use crate::redact::Credential;

/// A page of a hundred repositories has half a megabyte.
const ANSWER_LIMIT_BYTES: usize = 8 << 20;
const PAGE: usize = 100;
/// So many installations and pages of repositories are read; whoever sees more sees the first of them.
const MOST_REQUESTS: usize = 100;

/// The App that people sign in to. Cloning shares its connections.
#[derive(Clone, Debug)]
pub struct SignIn {
    outbound: Outbound,
    api: String,
    web: String,
    client_id: String,
    client_secret: Credential,
}

/// Who came back from GitHub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// Their login.
    pub login: String,
    /// The repositories that they and the App can read, `OWNER/NAME`, in order.
    pub repositories: Vec<String>,
}

impl SignIn {
    /// Sign-in to the App with this client id and secret, at the GitHub of this API.
    ///
    /// # Errors
    /// [`OutboundError`] if a variable of the network cannot be used.
    pub fn new(
        api_url: &str,
        client_id: &str,
        client_secret: Credential,
    ) -> Result<Self, OutboundError> {
        let api = api_url.trim_end_matches('/').to_owned();
        Ok(Self {
            outbound: Outbound::from_environment()?,
            web: web_of(&api),
            api,
            client_id: client_id.to_owned(),
            client_secret,
        })
    }

    /// Where a browser goes to sign in; GitHub sends it back with this state.
    #[must_use]
    pub fn address(&self, state: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("client_id", &self.client_id).append_pair("state", state);
        format!("{}/login/oauth/authorize?{}", self.web, query.finish())
    }

    /// Exchanges the code that GitHub sent a browser back with; it works once, for ten minutes.
    ///
    /// # Errors
    /// [`GithubError::NotFound`] if the code is none any more; any failure of asking.
    pub async fn visitor(&self, code: &str) -> Result<Visitor, GithubError> {
        let token = self.token(code).await?;
        #[derive(Deserialize)]
        struct User {
            login: String,
        }
        let User { login } = self.ask("ask who signs in", "/user", &token).await?;
        let repositories = self.repositories(&token).await?;
        Ok(Visitor { login, repositories })
    }

    async fn token(&self, code: &str) -> Result<Credential, GithubError> {
        const REQUEST: &str = "exchange the code of a sign-in";
        #[derive(Deserialize)]
        struct Wire {
            access_token: Option<String>,
            error: Option<String>,
        }
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &self.client_id)
            .append_pair("client_secret", self.client_secret.expose())
            .append_pair("code", code)
            .finish();
        let request = Request::post(format!("{}/login/oauth/access_token", self.web))
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from(form));
        let wire: Wire = self.send(REQUEST, request).await?;
        match (wire.access_token, wire.error.as_deref()) {
            (Some(token), None) => {
                Credential::new("a person's token", &token).map_err(|error| bad(REQUEST, &error))
            }
            // GitHub says so with status 200.
            (_, Some("bad_verification_code")) => Err(GithubError::NotFound { request: REQUEST }),
            (_, error) => Err(GithubError::Unauthorized {
                request: REQUEST,
                message: error.unwrap_or_default().chars().take(200).collect(),
            }),
        }
    }

    async fn repositories(&self, token: &Credential) -> Result<Vec<String>, GithubError> {
        const REQUEST: &str = "list what a person may read";
        #[derive(Deserialize)]
        struct Installations {
            installations: Vec<Installation>,
        }
        #[derive(Deserialize)]
        struct Installation {
            id: u64,
        }
        #[derive(Deserialize)]
        struct Repositories {
            repositories: Vec<Repository>,
        }
        #[derive(Deserialize)]
        struct Repository {
            full_name: String,
        }
        let path = format!("/user/installations?per_page={PAGE}");
        let Installations { installations } = self.ask(REQUEST, &path, token).await?;
        let (mut names, mut asked) = (Vec::new(), 1);
        for Installation { id } in installations {
            for page in 1.. {
                if asked == MOST_REQUESTS {
                    return Ok(in_order(names));
                }
                asked += 1;
                let path =
                    format!("/user/installations/{id}/repositories?per_page={PAGE}&page={page}");
                let Repositories { repositories } = self.ask(REQUEST, &path, token).await?;
                let is_last = repositories.len() < PAGE;
                names.extend(repositories.into_iter().map(|it| it.full_name));
                if is_last {
                    break;
                }
            }
        }
        Ok(in_order(names))
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        what: &'static str,
        path: &str,
        token: &Credential,
    ) -> Result<T, GithubError> {
        let request = Request::get(format!("{}{path}", self.api))
            .header(header::ACCEPT, "application/vnd.github+json")
            .header(header::AUTHORIZATION, format!("Bearer {}", token.expose()))
            .body(Bytes::new());
        self.send(what, request).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        what: &'static str,
        request: Result<Request<Bytes>, http::Error>,
    ) -> Result<T, GithubError> {
        let request =
            request.map_err(|error| GithubError::Settings { reason: error.to_string() })?;
        let answer = self.outbound.send(request, ANSWER_LIMIT_BYTES).await;
        let answer = answer
            .map_err(|error| GithubError::NoAnswer { request: what, source: Arc::new(error) })?;
        let message = String::new();
        match answer.status() {
            status if status.is_success() => {
                serde_json::from_slice(answer.body()).map_err(|error| bad(what, &error))
            }
            StatusCode::UNAUTHORIZED => Err(GithubError::Unauthorized { request: what, message }),
            StatusCode::FORBIDDEN => Err(GithubError::Forbidden { request: what, message }),
            StatusCode::NOT_FOUND => Err(GithubError::NotFound { request: what }),
            status => Err(GithubError::Unavailable {
                request: what,
                status: status.as_u16(),
                message,
                after: None,
            }),
        }
    }
}

/// The pages of the GitHub whose API this is, without a slash at the end.
#[must_use]
pub fn web_of(api_url: &str) -> String {
    let web = api_url.trim_end_matches('/').trim_end_matches("/api/v3");
    if web == "https://api.github.com" { "https://github.com".to_owned() } else { web.to_owned() }
}

fn in_order(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names.dedup();
    names
}
