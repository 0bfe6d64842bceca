//! What Kubernetes adds to CEL: URL, IP and CIDR values, regular expressions, list functions.
//!
//! Source: Kubernetes documentation, "Common Expression Language in Kubernetes". Quantities and
//! semantic versions are absent: a rule that uses them is reported as unchecked.
#![expect(
    clippy::disallowed_types,
    reason = "the maps of the `cel` crate are hash maps; nothing reads their order"
)]

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

use cel::extractors::This;
use cel::objects::{Key, Map};
use cel::{Context, Env, ExecutionError, FunctionContext, Value, extensions};
use regex::RegexBuilder;

/// The environment that rules are compiled for and executed in.
pub(super) fn env() -> &'static Arc<Env> {
    static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| {
        let mut env = Env::stdlib();
        env.add_extension(extensions::strings).expect("the library's own names do not collide");
        Arc::new(env)
    });
    &ENV
}

/// Adds Kubernetes' functions to a context.
pub(super) fn add_functions(context: &mut Context) {
    let added = [
        context.add_function("url", url),
        context.add_function("isURL", |text: Arc<String>| parse_url(&text).is_some()),
        context.add_function("getScheme", |This(url): This<Value>| field(&url, "scheme")),
        context.add_function("getHost", |This(url): This<Value>| field(&url, "host")),
        context.add_function("getHostname", |This(url): This<Value>| field(&url, "hostname")),
        context.add_function("getPort", |This(url): This<Value>| field(&url, "port")),
        context.add_function("getEscapedPath", |This(url): This<Value>| field(&url, "path")),
        context.add_function("isIP", |text: Arc<String>| text.parse::<IpAddr>().is_ok()),
        context.add_function("isCIDR", |text: Arc<String>| is_cidr(&text)),
        context.add_function("find", find),
        context.add_function("isSorted", is_sorted),
    ];
    for result in added {
        result.expect("no name of Kubernetes is one of CEL's own");
    }
}

/// A URL in the sense of Go's `url.ParseRequestURI`, which Kubernetes uses: with a scheme, or a path.
struct Url<'a> {
    scheme: &'a str,
    host: &'a str,
    path: &'a str,
}

fn parse_url(text: &str) -> Option<Url<'_>> {
    if text.is_empty() || text.chars().any(|c| c.is_ascii_control() || c == ' ') {
        return None;
    }
    let (scheme, rest) = match text.find(':') {
        Some(at) if is_scheme(&text[..at]) => (&text[..at], &text[at + 1..]),
        _ if text.starts_with('/') => ("", text),
        _ => return None,
    };
    let rest = rest.split('?').next().unwrap_or_default();
    let Some(authority) = rest.strip_prefix("//") else {
        // An opaque URL such as `mailto:x` has a scheme and no host.
        return Some(Url { scheme, host: "", path: if rest.starts_with('/') { rest } else { "" } });
    };
    let end = authority.find('/').unwrap_or(authority.len());
    let (host, path) = authority.split_at(end);
    let (user, host) = host.rsplit_once('@').unwrap_or(("", host));
    if !is_made_of(user, "-._:~!$&'()*+,;=%@") || !is_made_of(host, "-_.~!$&'()*+,;=:[]<>\"%") {
        return None;
    }
    let port = if host.ends_with(']') { None } else { host.rsplit_once(':') };
    if port.is_some_and(|(_, port)| !port.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    Some(Url { scheme, host, path })
}

/// Whether every ASCII character is alphanumeric or one of `others`; what is beyond ASCII may stand anywhere.
fn is_made_of(text: &str, others: &str) -> bool {
    text.chars().all(|c| !c.is_ascii() || c.is_ascii_alphanumeric() || others.contains(c))
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// A URL value is a map with its parts; only the functions above look inside.
fn url(context: &FunctionContext, text: Arc<String>) -> Result<Value, ExecutionError> {
    let url = parse_url(&text).ok_or_else(|| context.error("not a URL"))?;
    let (hostname, port) = match url.host.rsplit_once(':') {
        Some((name, port)) if !url.host.ends_with(']') => (name, port),
        _ => (url.host, ""),
    };
    let parts = [
        ("scheme", url.scheme),
        ("host", url.host),
        ("hostname", hostname.trim_matches(['[', ']'])),
        ("port", port),
        ("path", url.path),
    ];
    let map: HashMap<Key, Value> = parts
        .into_iter()
        .map(|(key, part)| (Key::from(key), Value::from(part.to_owned())))
        .collect();
    Ok(Value::Map(Map { map: Arc::new(map) }))
}

fn field(url: &Value, name: &str) -> Value {
    match url {
        Value::Map(map) => map.map.get(&Key::from(name)).cloned().unwrap_or(Value::Null),
        _ => Value::Null,
    }
}

fn is_cidr(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else { return false };
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let most = if address.is_ipv4() { 32 } else { 128 };
    length.parse::<u8>().is_ok_and(|length| length <= most)
}

/// The first match of a pattern, the empty text if there is none.
fn find(
    context: &FunctionContext,
    This(text): This<Arc<String>>,
    pattern: Arc<String>,
) -> Result<Value, ExecutionError> {
    let pattern = RegexBuilder::new(&pattern)
        .size_limit(1 << 20)
        .build()
        .map_err(|_| context.error("not a pattern"))?;
    Ok(Value::from(pattern.find(&text).map_or("", |found| found.as_str())))
}

fn is_sorted(This(list): This<Arc<Vec<Value>>>) -> bool {
    list.windows(2).all(|pair| pair[0].partial_cmp(&pair[1]).is_some_and(std::cmp::Ordering::is_le))
}
