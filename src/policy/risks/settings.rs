//! Settings by which programs protect themselves, in variables, ConfigMaps and values of charts: checks of certificates,
//! cookies, connections to databases, authentication.

use crate::policy::change::{Changed, becomes, last_key, setting, shown, words};
use crate::policy::rule::{Code, Report};

/// A kind of setting, by what its name ends in without marks and in small letters.
struct Setting {
    /// Those that protect while they are on.
    protects: &'static [&'static str],
    /// Those that protect while they are off.
    exposes: &'static [&'static str],
    /// What is so without protection, of one and of several.
    told: (&'static str, &'static str),
}

const CERTIFICATES: Setting = Setting {
    protects: &[
        "pythonhttpsverify",
        "rejectunauthorized",
        "sslverification",
        "sslverify",
        "tlsverification",
        "tlsverify",
        "verifycert",
        "verifycertificate",
        "verifycertificates",
        "verifycerts",
        "verifypeer",
        "verifyssl",
        "verifytls",
    ],
    exposes: &[
        "disablesslverification",
        "disablesslverify",
        "disabletlsverification",
        "disabletlsverify",
        "insecureskiptlsverify",
        "insecureskipverify",
        "insecuretls",
        "skiptlsverify",
        "skipverify",
        "sslnoverify",
        "tlsinsecure",
        "tlsskipverify",
        "trustallcertificates",
        "trustallcerts",
    ],
    told: ("no longer checks certificates", "no longer check certificates"),
};

const COOKIES: Setting = Setting {
    protects: &["cookiesecure", "cookiessecure", "securecookie", "securecookies"],
    exposes: &["insecurecookie", "insecurecookies"],
    told: ("may send cookies in plain text", "may send cookies in plain text"),
};

const CALLERS: Setting = Setting {
    protects: &[
        "authenabled",
        "authenticationenabled",
        "authrequired",
        "enableauth",
        "enableauthentication",
        "requireauth",
        "requireauthentication",
    ],
    exposes: &[
        "authdisabled",
        "authenticationdisabled",
        "disableauth",
        "disableauthentication",
        "skipauth",
        "skipauthentication",
    ],
    told: ("switches authentication off", "switch authentication off"),
};

const ANONYMOUS: Setting = Setting {
    protects: &[],
    exposes: &["allowanonymous", "allowanonymousaccess", "anonymousaccess", "authanonymousenabled"],
    told: ("lets anonymous callers in", "let anonymous callers in"),
};

/// Settings of connections.
pub(super) fn connections(changed: &Changed<'_>, weaker: Code, report: &mut Report<'_>) {
    for setting in [CERTIFICATES, COOKIES] {
        switched(changed, &setting, weaker, report);
    }
    databases(changed, weaker, report);
}

/// Settings of authentication.
pub(super) fn callers(changed: &Changed<'_>, weaker: Code, report: &mut Report<'_>) {
    for setting in [CALLERS, ANONYMOUS] {
        switched(changed, &setting, weaker, report);
    }
}

fn switched(changed: &Changed<'_>, setting: &Setting, weaker: Code, report: &mut Report<'_>) {
    let (before, after) = changed.leaves();
    for (path, now) in after.iter() {
        let (is_on, is_off) = (is_on(now), is_off(now));
        if !is_on && !is_off {
            continue;
        }
        let name = name(path);
        let is_one = |names: &[&str]| names.iter().any(|it| name.ends_with(it));
        let then = before.get(path).unwrap_or_default();
        let is_weaker = if is_one(setting.exposes) {
            is_on && !self::is_on(then)
        } else {
            is_off && !self::is_off(then) && is_one(setting.protects)
        };
        if is_weaker {
            let (one, many) = setting.told;
            report.tell(changed, weaker, after.field(path), words(one, many, shown(said(path))));
        }
    }
}

/// The name of a setting as it is told: of a part of a chart that is switched, with the switch.
fn said(path: &str) -> &str {
    let name = setting(path);
    let owner = path.strip_suffix(&format!(".{name}")).filter(|_| name == "enabled");
    owner.map_or(name, |owner| &path[owner.len() - last_key(owner).len()..])
}

fn name(path: &str) -> String {
    let marks = |c: &char| c.is_ascii_alphanumeric();
    said(path).chars().filter(marks).map(|c| c.to_ascii_lowercase()).collect()
}

fn is_on(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "true" | "1" | "yes" | "on")
}

fn is_off(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "false" | "0" | "no" | "off")
}

/// How clients of PostgreSQL and MySQL protect their connections, as a setting or in an address.
fn databases(changed: &Changed<'_>, weaker: Code, report: &mut Report<'_>) {
    let (before, after) = changed.leaves();
    for (path, now) in after.iter() {
        let mode_of = |value: &'_ str| match name(path).ends_with("sslmode") {
            true => Some(value.to_ascii_lowercase()),
            false => mode_in_address(value),
        };
        let Some(now) = mode_of(now) else { continue };
        let Some(protection) = protection(&now) else { continue };
        // Who says nothing asks for TLS and goes on without.
        let then = before.get(path).map_or(Some("prefer".to_owned()), mode_of);
        let is_weaker = |then: &String| self::protection(then).is_some_and(|it| it > protection);
        if let Some(then) = then.filter(is_weaker) {
            let words = words(
                "protects its connections to a database less",
                "protect their connections to a database less",
                format!("{} {}", shown("sslmode"), becomes(&then, &now)),
            );
            report.tell(changed, weaker, after.field(path), words);
        }
    }
}

/// `sslmode=require` in an address of a database.
fn mode_in_address(value: &str) -> Option<String> {
    let lower = value.to_ascii_lowercase();
    let (_, mode) = lower.split_once("sslmode=").or_else(|| lower.split_once("ssl-mode="))?;
    let end = mode.find(|c: char| !c.is_ascii_alphabetic() && c != '-' && c != '_');
    Some(mode[..end.unwrap_or(mode.len())].to_owned())
}

fn protection(mode: &str) -> Option<u8> {
    Some(match mode {
        "disable" | "disabled" => 0,
        "allow" => 1,
        "prefer" | "preferred" => 2,
        "require" | "required" => 3,
        "verify-ca" | "verify_ca" => 4,
        "verify-full" | "verify_identity" => 5,
        _ => return None,
    })
}
