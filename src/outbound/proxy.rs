//! Which proxy is asked for which address, and how it is asked for a tunnel.
//!
//! As curl does it: each variable in capitals or not, `ALL_PROXY` for both schemes, `NO_PROXY` with
//! domains, addresses, networks and `*`. The one home of these variables.

use std::fmt;

use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::OutboundError;

/// What a proxy may say before the tunnel is open.
const ANSWER_LIMIT_BYTES: usize = 16 << 10;

/// The proxies of the environment.
pub(super) struct Proxies(Matcher);

impl Proxies {
    pub(super) fn from_environment() -> Result<Self, OutboundError> {
        let read = |capitals: &'static str, small: &str| {
            let value = variable(capitals).or_else(|| variable(small)).unwrap_or_default();
            check(capitals, &value).map(|()| value)
        };
        let no = variable("NO_PROXY").or_else(|| variable("no_proxy")).unwrap_or_default();
        // The matcher takes `*` for names alone.
        if no.split(',').any(|entry| entry.trim() == "*") {
            return Ok(Self(Matcher::builder().build()));
        }
        let matcher = Matcher::builder()
            .all(read("ALL_PROXY", "all_proxy")?)
            .https(read("HTTPS_PROXY", "https_proxy")?)
            .http(read("HTTP_PROXY", "http_proxy")?)
            .no(no);
        Ok(Self(matcher.build()))
    }

    /// The proxy for an address.
    pub(super) fn of(&self, address: &Uri) -> Option<Intercept> {
        self.0.intercept(address)
    }

    /// The proxy that reads the request itself, since nothing is encrypted.
    pub(super) fn of_plain(&self, address: &Uri) -> Option<Intercept> {
        (address.scheme_str() == Some("http")).then(|| self.of(address)).flatten()
    }
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proxies")
    }
}

/// A variable with something in it.
#[expect(clippy::disallowed_methods, reason = "a network's variables are read here alone")]
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

fn check(name: &'static str, value: &str) -> Result<(), OutboundError> {
    let fault = |reason: &str| Err(OutboundError::Variable { name, reason: reason.to_owned() });
    if value.is_empty() {
        return Ok(());
    }
    let asked = Uri::from_static("https://overlift.invalid/");
    match Matcher::builder().all(value).build().intercept(&asked) {
        None => fault("is no address of a proxy: write `http://HOST:PORT`"),
        Some(proxy) if !matches!(proxy.uri().scheme_str(), Some("http" | "https")) => {
            fault("names a SOCKS proxy, which Overlift does not speak: name an HTTP proxy")
        }
        Some(_) => Ok(()),
    }
}

/// Host and port of an address, without a password.
pub(super) fn place(address: &Uri) -> String {
    format!("{}:{}", address.host().unwrap_or_default(), port(address))
}

pub(super) fn port(address: &Uri) -> u16 {
    let usual = if address.scheme_str() == Some("http") { 80 } else { 443 };
    address.port_u16().unwrap_or(usual)
}

/// Asks the proxy at the other end for a tunnel (RFC 9110, section 9.3.6).
pub(super) async fn open_tunnel<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    proxy: &Intercept,
    to: &Uri,
) -> Result<(), OutboundError> {
    let to = place(to);
    let mut request = format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n").into_bytes();
    if let Some(password) = proxy.basic_auth() {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(password.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    let place = place(proxy.uri());
    let cut = |error: std::io::Error| OutboundError::ConnectToProxy {
        proxy: place.clone(),
        source: error.into(),
    };
    stream.write_all(&request).await.map_err(cut)?;
    stream.flush().await.map_err(cut)?;
    let mut head = Vec::new();
    // Byte by byte: what comes after the head belongs to the tunnel.
    while !head.ends_with(b"\r\n\r\n") && head.len() < ANSWER_LIMIT_BYTES {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    let reason = match status(&head) {
        Some(200..300) => return Ok(()),
        Some(407) => return Err(password_wanted(proxy, to)),
        Some(status) => format!("it answers {status}"),
        None => "its answer is no HTTP".to_owned(),
    };
    Err(OutboundError::Proxy { proxy: place, to, reason })
}

/// What a proxy means by 407.
pub(super) fn password_wanted(proxy: &Intercept, to: String) -> OutboundError {
    let reason = if proxy.basic_auth().is_some() {
        "it does not accept the name and password in the variable (407)"
    } else {
        "it asks for a name and password (407): write `http://NAME:PASSWORD@HOST:PORT`"
    };
    OutboundError::Proxy { proxy: place(proxy.uri()), to, reason: reason.to_owned() }
}

fn status(head: &[u8]) -> Option<u16> {
    let line = head.split(|byte| *byte == b'\r').next()?;
    let line = std::str::from_utf8(line).ok()?.strip_prefix("HTTP/1.")?;
    line.split(' ').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_that_cannot_be_used_is_told_without_its_value() {
        for good in ["", "proxy:3128", "http://proxy", "https://me:secret@proxy:3128/"] {
            check("HTTPS_PROXY", good).unwrap();
        }
        for bad in ["ftp://me:secret@proxy", "http://", "socks5://me:secret@proxy:1080", "a b"] {
            let error = check("HTTPS_PROXY", bad).unwrap_err().to_string();
            assert!(error.starts_with("HTTPS_PROXY ") && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_status_is_read_from_the_first_line() {
        assert_eq!(status(b"HTTP/1.1 200 Connection established\r\n\r\n"), Some(200));
        assert_eq!(status(b"HTTP/1.0 407\r\n\r\n"), Some(407));
        assert_eq!(status(b"SSH-2.0\r\n"), None);
        assert_eq!(status(b""), None);
    }

    #[test]
    fn a_place_has_no_password() {
        assert_eq!(place(&Uri::from_static("https://a:b@ghe.example/x")), "ghe.example:443");
        assert_eq!(place(&Uri::from_static("http://ghe.example")), "ghe.example:80");
    }
}
