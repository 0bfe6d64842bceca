//! Fetching the schemas of Kubernetes' own kinds: from the PyPI package `kubernetes-validate`.
//!
//! PyPI's JSON API names the newest wheel and its checksum; what does not have that checksum is not
//! used. Nothing of it is kept but the bundle that is made of it.

use std::time::Duration;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::causes::chain;
use super::wheel::{InvalidWheel, definitions};
use crate::outbound::{Bytes, Outbound};
use crate::policy::RemoteSchema;
use crate::policy::schema::{InvalidBundle, make_bundle};
use crate::redact::Credential;

/// Where packages are looked for.
pub const PYPI: &str = "https://pypi.org";
/// The package.
const PACKAGE: &str = "kubernetes-validate";
/// The wheel has some 22 MB.
const WHEEL_LIMIT: usize = 256 << 20;
/// For the whole download.
const PATIENCE: Duration = Duration::from_secs(300);

/// Why there are no schemas.
#[derive(Debug, thiserror::Error)]
pub enum SchemaFetchError {
    /// An address that is none, or not safe.
    #[error("`{0}` is no address of a package index: write `https://HOST`")]
    Address(String),
    /// The index or the wheel did not come.
    #[error("`{url}` cannot be fetched: {reason}")]
    Request {
        /// What was asked for.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// The index names no wheel.
    #[error("the index at `{0}` names no wheel of `kubernetes-validate`")]
    NoWheel(String),
    /// The wheel is not what the index says.
    #[error("`{url}` has another checksum than the index says: it is not used")]
    Checksum {
        /// The wheel.
        url: String,
    },
    /// The wheel cannot be read.
    #[error("the wheel cannot be used: {0}")]
    Wheel(#[from] InvalidWheel),
    /// The definitions in it cannot be understood.
    #[error(transparent)]
    Definitions(#[from] InvalidBundle),
}

#[derive(Deserialize)]
struct Package {
    urls: Vec<PackageFile>,
}

#[derive(Deserialize)]
struct PackageFile {
    packagetype: String,
    url: String,
    digests: Digests,
}

#[derive(Deserialize)]
struct Digests {
    sha256: String,
}

/// The bundle for a version of Kubernetes, or for the newest, and the version; from an index such
/// as [`PYPI`].
///
/// # Errors
/// [`SchemaFetchError`] if the package cannot be had or has no such version.
pub async fn fetch_bundle(
    index: &str,
    version: Option<&str>,
) -> Result<(String, String), SchemaFetchError> {
    let url = format!("{}/pypi/{PACKAGE}/json", index.trim_end_matches('/'));
    let package = get(&url, None).await?;
    let package: Package = serde_json::from_slice(&package).map_err(|error| {
        SchemaFetchError::Request { url: url.clone(), reason: error.to_string() }
    })?;
    let wheel = package.urls.into_iter().find(|file| file.packagetype == "bdist_wheel");
    let wheel = wheel.ok_or_else(|| SchemaFetchError::NoWheel(index.to_owned()))?;
    let wheel = PackageFile { url: resolve(&url, &wheel.url), ..wheel };
    let content = get(&wheel.url, None).await?;
    if hex::encode(Sha256::digest(&content)) != wheel.digests.sha256.to_ascii_lowercase() {
        return Err(SchemaFetchError::Checksum { url: wheel.url });
    }
    bundle_of_wheel(&content, version)
}

/// A file of another repository, by GitHub's API; public ones without a token.
///
/// # Errors
/// [`SchemaFetchError::Request`] if there is no such file, or none that the token may see.
pub async fn fetch_remote_schema(
    api: &str,
    token: Option<&Credential>,
    remote: &RemoteSchema,
) -> Result<String, SchemaFetchError> {
    let RemoteSchema { repository, reference, path } = remote;
    let reference = reference.replace('+', "%2B");
    let api = api.trim_end_matches('/');
    let url = format!("{api}/repos/{repository}/contents/{path}?ref={reference}");
    let text = get(&url, Some(token)).await?;
    String::from_utf8(text)
        .map_err(|_| SchemaFetchError::Request { url, reason: "it is no text".to_owned() })
}

/// The bundle of a wheel that somebody else fetched.
///
/// # Errors
/// [`SchemaFetchError`] if it is no wheel of the package, or has no such version.
pub fn bundle_of_wheel(
    wheel: &[u8],
    version: Option<&str>,
) -> Result<(String, String), SchemaFetchError> {
    let (version, definitions) = definitions(wheel, version)?;
    let bundle = make_bundle(&version, &definitions)?;
    Ok((version, bundle))
}

/// A mirror's reference to a file, which may be relative to the page it is on.
fn resolve(page: &str, reference: &str) -> String {
    if reference.contains("://") {
        return reference.to_owned();
    }
    let (scheme, rest) = page.split_once("://").unwrap_or(("https", page));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    if reference.starts_with('/') {
        parts.clear();
    }
    for part in reference.split('/').filter(|part| !part.is_empty()) {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("{scheme}://{host}/{}", parts.join("/"))
}

/// With `github`, the raw content of a file by GitHub's API, perhaps with a token.
async fn get(url: &str, github: Option<Option<&Credential>>) -> Result<Vec<u8>, SchemaFetchError> {
    let fault = |reason: String| SchemaFetchError::Request { url: url.to_owned(), reason };
    let uri: http::Uri = url.parse().map_err(|_| SchemaFetchError::Address(url.to_owned()))?;
    // Unencrypted only to this machine: a mirror or a stand-in.
    let here = matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if uri.scheme_str() != Some("https") && !here {
        return Err(SchemaFetchError::Address(url.to_owned()));
    }
    let client = Outbound::from_environment().map_err(|error| fault(error.to_string()))?;
    let mut request = http::Request::get(uri);
    if let Some(token) = github {
        request = request.header("accept", "application/vnd.github.raw+json");
        if let Some(token) = token {
            let mut value = http::HeaderValue::from_str(&format!("Bearer {}", token.expose()))
                .map_err(|_| fault("the token is no header's value".to_owned()))?;
            value.set_sensitive(true);
            request = request.header("authorization", value);
        }
    }
    let request = request.body(Bytes::new()).map_err(|error| fault(error.to_string()))?;
    let answer = async {
        let response = client.send(request, WHEEL_LIMIT).await.map_err(|error| chain(&error))?;
        if !response.status().is_success() {
            return Err(format!("the answer is {}", response.status()));
        }
        Ok(response.into_body().to_vec())
    };
    let answer = tokio::time::timeout(PATIENCE, answer).await;
    answer.map_err(|_| fault("it takes too long".to_owned()))?.map_err(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_may_refer_relatively() {
        let page = "https://pypi.example/pypi/p/json";
        assert_eq!(resolve(page, "https://files.example/a"), "https://files.example/a");
        assert_eq!(resolve(page, "../../files/a"), "https://pypi.example/files/a");
        assert_eq!(resolve(page, "/files/a"), "https://pypi.example/files/a");
        assert_eq!(resolve(page, "a"), "https://pypi.example/pypi/p/a");
    }
}
