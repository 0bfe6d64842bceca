//! Definitions of the Gateway API that are too old for Istio, which then leaves their kind alone
//! (IST0176).

use crate::policy::Level;
use crate::policy::mesh::{CUSTOM_RESOURCE_DEFINITION, Mesh};
use crate::policy::rule::{Code, Report, Rule};

pub(super) const RULE: Rule = Rule::istio("gateway-api-version", &[TOO_OLD], check);

const TOO_OLD: Code = Code::sound("IST0176", Level::Warning);
const VERSION: &str = "gateway.networking.k8s.io/bundle-version";

/// The first version of each definition that Istio reads.
const FIRST: [(&str, (u64, u64, u64)); 4] = [
    ("grpcroutes.gateway.networking.k8s.io", (1, 1, 0)),
    ("backendtlspolicies.gateway.networking.k8s.io", (1, 4, 0)),
    ("tlsroutes.gateway.networking.k8s.io", (1, 5, 0)),
    ("tcproutes.gateway.networking.k8s.io", (1, 6, 0)),
];

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    for definition in mesh.all(CUSTOM_RESOURCE_DEFINITION) {
        let Some((name, first)) = FIRST.iter().find(|(name, _)| *name == definition.name()) else {
            continue;
        };
        let Some(text) = definition.annotation(VERSION) else { continue };
        if version(text).is_some_and(|version| version < *first) {
            let (major, minor, patch) = first;
            let message = format!("`{name}` is of {text}, and Istio needs {major}.{minor}.{patch}");
            let field = format!("metadata.annotations.[{VERSION}]");
            report.say(TOO_OLD, definition, field, message);
        }
    }
}

/// A version without what marks it as not yet released; missing parts are 0.
fn version(text: &str) -> Option<(u64, u64, u64)> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let mut numbers = text.split(['-', '+']).next()?.split('.').map(|part| part.parse().ok());
    let first = numbers.next()??;
    let mut next = || numbers.next().map_or(Some(0), |number| number);
    let version = (first, next()?, next()?);
    numbers.next().is_none().then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_without_their_marks() {
        assert_eq!(version("v1.4.0-rc.1"), Some((1, 4, 0)));
        assert_eq!(version("1.2"), Some((1, 2, 0)));
        assert_eq!(version("main"), None);
        assert_eq!(version("1.2.3.4"), None);
    }
}
