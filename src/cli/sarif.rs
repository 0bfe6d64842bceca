//! Findings as SARIF 2.1.0, for code scanning.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::policy::{Finding, Level};

/// What the page of the rules says of each; one source for people and for code scanning.
const PAGE: &str = include_str!("../../docs/rules.md");

/// A finding and the environments that have it.
type Told<'a> = (&'a Finding, Vec<&'a str>);

/// One run with all findings, each with the environment it is of. What several environments share is one
/// result; what was not validated is none. Levels are SARIF's own; the rules are the codes.
pub(super) fn sarif<'a>(findings: impl Iterator<Item = (&'a Finding, Option<&'a str>)>) -> Value {
    let told = together(findings);
    let codes: BTreeMap<&str, &str> =
        told.iter().map(|(finding, _)| (finding.code.as_str(), finding.rule)).collect();
    let rules: Vec<Value> = codes.iter().map(|(code, rule)| described(code, rule)).collect();
    let results: Vec<Value> = told.iter().map(result).collect();
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

/// Findings that several environments have for the same place, once.
fn together<'a>(findings: impl Iterator<Item = (&'a Finding, Option<&'a str>)>) -> Vec<Told<'a>> {
    let mut index: BTreeMap<(&str, String, &str), usize> = BTreeMap::new();
    let mut told: Vec<Told<'a>> = Vec::new();
    for (finding, environment) in findings.filter(|(f, _)| f.not_validated().is_none()) {
        let place = finding.location.as_ref().map(ToString::to_string).unwrap_or_default();
        let key = (finding.code.as_str(), place, finding.message.as_str());
        let at = *index.entry(key).or_insert_with(|| {
            told.push((finding, Vec::new()));
            told.len() - 1
        });
        let environments = &mut told[at].1;
        if let Some(name) = environment.filter(|name| !environments.contains(name)) {
            environments.push(name);
        }
    }
    told
}

/// A rule with what its page says of it, and where that is.
fn described(code: &str, rule: &str) -> Value {
    let address = format!("{}/blob/main/docs/rules.md#{rule}", env!("CARGO_PKG_REPOSITORY"));
    let about = about(rule);
    let first = about.split_inclusive(". ").next().unwrap_or(rule).trim();
    json!({
        "id": code,
        "name": rule,
        "shortDescription": { "text": if first.is_empty() { rule } else { first } },
        "fullDescription": { "text": if about.is_empty() { rule } else { &about } },
        "help": { "text": format!("{about}\n{address}"), "markdown": format!("{about}\n\n[{rule}]({address})") },
        "helpUri": address,
    })
}

/// The first paragraph below a rule's heading.
fn about(rule: &str) -> String {
    let Some((_, section)) = PAGE.split_once(&format!("\n### {rule}\n")) else {
        return String::new();
    };
    let paragraph = section.trim_start().split("\n\n").next().unwrap_or_default();
    if paragraph.starts_with("```") { String::new() } else { paragraph.replace('\n', " ") }
}

fn result((finding, environments): &Told<'_>) -> Value {
    let mut text = match &finding.resource {
        Some(id) => format!("{id}: {}", finding.message),
        None => finding.message.clone(),
    };
    if environments.len() > 1 {
        text.push_str(&format!(" (in {})", environments.join(", ")));
    }
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
