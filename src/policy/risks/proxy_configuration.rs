//! Configuration of proxies that nothing checks.

use crate::policy::Level;
use crate::policy::change::{Changed, last_key, listed, words};
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};

pub(super) const RULE: Rule = Rule {
    id: "proxy-configuration-changes",
    gate: Gate::Risks,
    codes: &[CHANGES],
    check: Check::Change(check),
};

const CHANGES: Code = Code::sound("proxy-configuration-changes", Level::Warning);

/// Kinds that hand configuration or code to a proxy as it is.
const KINDS: [&str; 5] =
    ["EnvoyFilter", "WasmPlugin", "EnvoyPatchPolicy", "EnvoyExtensionPolicy", "CiliumEnvoyConfig"];

fn check(changed: &Changed<'_>, report: &mut Report<'_>) {
    if KINDS.contains(&changed.kind()) && (!changed.stays() || changed.is_substantial()) {
        let (one, many) = if changed.is_added() {
            (
                "comes and changes the proxies' configuration directly",
                "come and change the proxies' configuration directly",
            )
        } else if changed.is_deleted() {
            (
                "is deleted, which changes the proxies' configuration",
                "are deleted, which changes the proxies' configuration",
            )
        } else {
            (
                "changes the proxies' configuration directly",
                "change the proxies' configuration directly",
            )
        };
        return report.tell(changed, CHANGES, "spec", words(one, many, ""));
    }
    let (before, after) = changed.leaves();
    let snippets: Vec<&str> = after
        .iter()
        .filter(|(path, now)| {
            last_key(path).ends_with("-snippet")
                && path.contains("annotations")
                && before.get(path) != Some(now)
        })
        .map(|(path, _)| last_key(path))
        .collect();
    if !snippets.is_empty() && changed.kind() == "Ingress" {
        report.tell(
            changed,
            CHANGES,
            "metadata.annotations",
            words(
                "changes the proxy's configuration directly",
                "change the proxy's configuration directly",
                listed(&snippets),
            ),
        );
    }
}
