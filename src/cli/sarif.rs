//! Findings as SARIF 2.1.0, for code scanning.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::policy::{Finding, Level};

/// One run with all findings. Levels are SARIF's own; the rules are the codes that were given.
pub(super) fn sarif<'a>(findings: impl Iterator<Item = &'a Finding> + Clone) -> Value {
    let codes: BTreeSet<(&str, &str)> =
        findings.clone().map(|finding| (finding.code.as_str(), finding.rule)).collect();
    let ids: BTreeSet<&str> = codes.iter().map(|(code, _)| *code).collect();
    let rules: Vec<Value> = ids
        .iter()
        .map(|id| {
            let names: Vec<&str> =
                codes.iter().filter(|(code, _)| code == id).map(|(_, rule)| *rule).collect();
            json!({ "id": id, "name": names[0], "shortDescription": { "text": names.join(", ") } })
        })
        .collect();
    let results: Vec<Value> = findings.map(result).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Overlift",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
            } },
            "results": results,
        }],
    })
}

fn result(finding: &Finding) -> Value {
    let mut text = match &finding.resource {
        Some(id) => format!("{id}: {}", finding.message),
        None => finding.message.clone(),
    };
    if let Some(help) = &finding.help {
        text.push_str(&format!(" ({help})"));
    }
    let mut result = json!({
        "ruleId": finding.code,
        "level": match finding.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Info => "note",
        },
        "message": { "text": text },
    });
    if let Some(at) = finding.location.as_ref().filter(|at| !at.path.is_root()) {
        let mut place = json!({ "artifactLocation": { "uri": uri(at.path.as_str()) } });
        if let Some(position) = at.position {
            place["region"] = json!({ "startLine": position.line, "startColumn": position.column });
        }
        let mut location = json!({ "physicalLocation": place });
        if !at.field.is_empty() {
            location["logicalLocations"] = json!([{ "fullyQualifiedName": at.field }]);
        }
        result["locations"] = json!([location]);
    }
    result
}

/// A path as a relative reference (RFC 3986): what is no plain character is escaped.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    path.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
