//! The addresses of notices, as variables with names of the operator's own give them.

use std::collections::BTreeMap;

use crate::model::ReceiverName;
use crate::redact::Credential;

/// How the variables of notices begin.
pub const NOTICES: &str = "OVERLIFT_NOTICES_";

/// Where the notices for one name go.
#[derive(Clone, Debug)]
pub struct NoticeReceiver {
    /// The address; a credential, since whoever knows an address of Slack can write there.
    pub url: Credential,
    /// What they are signed with.
    pub secret: Option<Credential>,
}

/// What a variable says of a receiver.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Url,
    Secret,
}

/// How the variables of notices end, and whether they name a file.
const ENDS: [(&str, Part, bool); 4] = [
    ("_URL", Part::Url, false),
    ("_SECRET", Part::Secret, false),
    ("_URL_FILE", Part::Url, true),
    ("_SECRET_FILE", Part::Secret, true),
];

/// Reads the variables of notices, in any order; `fault` hears of each that cannot be used.
pub(super) fn read_receivers(
    given: &[(String, String)],
    read_file: &dyn Fn(&str) -> std::io::Result<String>,
    fault: &mut dyn FnMut(String, String),
) -> BTreeMap<ReceiverName, NoticeReceiver> {
    let (mut urls, mut secrets) = (BTreeMap::new(), BTreeMap::new());
    for (variable, text) in given {
        let read = read_variable(variable, text, read_file).and_then(|(name, part, value)| {
            let known = if part == Part::Url { &mut urls } else { &mut secrets };
            match known.insert(name, (variable, value)) {
                Some(_) => Err("is given twice".to_owned()),
                None => Ok(()),
            }
        });
        if let Err(reason) = read {
            fault(variable.clone(), reason);
        }
    }
    for (name, (variable, _)) in &secrets {
        if !urls.contains_key(name) {
            let url = format!("{NOTICES}{}_URL", name.as_str());
            fault((*variable).clone(), format!("is set, but {url} is not"));
        }
    }
    let receiver = |(name, (_, url))| {
        let secret = secrets.remove(&name).map(|(_, secret)| secret);
        (name, NoticeReceiver { url, secret })
    };
    urls.into_iter().map(receiver).collect()
}

/// Whose variable it is, what it says of him, and its value.
fn read_variable(
    variable: &str,
    text: &str,
    read_file: &dyn Fn(&str) -> std::io::Result<String>,
) -> Result<(ReceiverName, Part, Credential), String> {
    let rest = variable.strip_prefix(NOTICES).unwrap_or(variable);
    let found = ENDS.iter().find_map(|(end, part, is_file)| {
        Some((ReceiverName::parse(rest.strip_suffix(end)?).ok()?, *part, *is_file))
    });
    let Some((name, part, is_file)) = found else {
        let forms = format!("`{NOTICES}<NAME>_URL` or `{NOTICES}<NAME>_SECRET`");
        return Err(format!(
            "is no setting of notices; write {forms}, `_FILE` behind it for a file"
        ));
    };
    let value = match is_file {
        false => text.to_owned(),
        true => read_file(text).map_err(|error| format!("`{text}` cannot be read: {error}"))?,
    };
    if part == Part::Url && !is_address(value.trim()) {
        let reason = "is no address; write `https://HOST/PATH` or `http://HOST:PORT/PATH`";
        return Err(reason.to_owned());
    }
    let value = Credential::new("the secret of notices", &value);
    value.map(|value| (name, part, value)).map_err(|error| error.to_string())
}

/// Whether a text is an address that can be posted to, with no name or password before the host.
fn is_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split(['/', '?']).next().unwrap_or_default());
    let is_host = |host: &str| !host.is_empty() && !host.starts_with(':') && !host.contains('@');
    let is_plain =
        |c: char| c.is_ascii_graphic() && !matches!(c, '#' | '"' | '<' | '>' | '\\' | '^' | '`');
    host.is_some_and(is_host) && text.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Faults = Vec<(String, String)>;

    fn read(given: &[(&str, &str)]) -> (BTreeMap<ReceiverName, NoticeReceiver>, Faults) {
        let given: Vec<(String, String)> = given
            .iter()
            .map(|(name, value)| (format!("{NOTICES}{name}"), (*value).to_owned()))
            .collect();
        let read_file = |path: &str| match path {
            "/address" => Ok("http://receiver:8080/\n".to_owned()),
            _ => Err(std::io::ErrorKind::NotFound.into()),
        };
        let mut faults = Vec::new();
        let read = read_receivers(&given, &read_file, &mut |name, why| faults.push((name, why)));
        (read, faults)
    }

    #[test]
    fn receivers_have_an_address_and_may_have_a_secret() {
        let (receivers, faults) = read(&[
            ("OPS_SECRET", "a-secret"),
            ("OPS_URL", "https://hooks.example/services/T0/B0/x?y=1"),
            ("TEAM_A_URL_FILE", "/address"),
        ]);
        assert_eq!(faults, []);
        let names: Vec<&str> = receivers.keys().map(ReceiverName::as_str).collect();
        assert_eq!(names, ["OPS", "TEAM_A"]);
        let ops = &receivers[&ReceiverName::parse("ops").unwrap()];
        assert_eq!(ops.secret.as_ref().unwrap().expose(), "a-secret");
        let team = &receivers[&ReceiverName::parse("team-a").unwrap()];
        assert_eq!(team.url.expose(), "http://receiver:8080/");
        let debug = format!("{receivers:?}");
        assert!(!debug.contains("hooks.example") && !debug.contains("a-secret"), "{debug}");
    }

    #[test]
    fn what_is_wrong_is_told_without_the_address() {
        for (name, value) in [
            ("OPS_URL", "hooks.slack.com/services/hunter2"),
            ("OPS_URL", "ftp://hooks/hunter2"),
            ("OPS_URL", "https://me:hunter2@hooks"),
            ("OPS_URL", "https:///hunter2"),
            ("OPS_URL", "https://a b/hunter2"),
            ("OPS_URL", " "),
            ("OPS_SECRET", "hunter2"),
            ("OPS_URI", "https://hooks/hunter2"),
            ("_URL", "https://hooks/hunter2"),
            ("OPS_URL_FILE", "/nowhere"),
        ] {
            let (_, faults) = read(&[(name, value)]);
            let [(variable, why)] = &faults[..] else { panic!("{name}={value}: {faults:?}") };
            assert_eq!(*variable, format!("{NOTICES}{name}"));
            assert!(!why.contains("hunter2"), "{why}");
        }
        let (_, faults) = read(&[("OPS_URL", "https://a/"), ("OPS_URL_FILE", "/address")]);
        assert_eq!(faults[0].1, "is given twice");
    }
}
