//! `overlift schema`: the JSON Schema of `.github/overlift.yaml`, and the page about it.

use std::fmt::Write as _;

use clap::Args;
use serde_json::Value;

use super::outcome::{self, Outcome};
use super::output::Output;
use crate::config;

/// Prints the JSON Schema of `.github/overlift.yaml`.
#[derive(Debug, Args)]
pub(super) struct SchemaArguments {
    /// Print a reference for people instead, as `docs/configuration.md` has it.
    #[arg(long)]
    markdown: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &SchemaArguments, output: &Output) -> outcome::Result {
    let schema = config::schema();
    let text = if arguments.markdown {
        reference(&schema)
    } else {
        serde_json::to_string_pretty(&schema)? + "\n"
    };
    output.print(text)?;
    Ok(Outcome::Done)
}

const HEAD: &str = "# Configuration

<!-- Made by `overlift schema --markdown` from the schema; a test holds it current. -->

`.github/overlift.yaml`, read from the default branch.
Without the file, or with one that has no `environments`, they are found by the names of folders and files ([environments and applications](environments.md)).
`overlift init` proposes a file.

Unknown keys, wrong types and contradictions are errors with line, column and the nearest right key.
Editors complete and check it by the first line that `overlift init` writes, which names the published [JSON Schema](overlift.schema.json).
Without a way to it write `overlift schema > overlift.schema.json` and a first line `# yaml-language-server: $schema=overlift.schema.json`.

";

/// The title of the section about the file's own keys.
const TOP: &str = "The file";

/// The schema as a page: a section for each mapping, a line for each key.
fn reference(schema: &Value) -> String {
    let mut page = HEAD.to_owned();
    let parts = schema["properties"].as_object();
    let parts: Vec<&str> = parts.into_iter().flatten().map(|(key, _)| key.as_str()).collect();
    section(TOP, schema, &parts, &mut page);
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

/// `parts` are the keys of the whole file: what is called like one of them has the same keys, and
/// without defaults of its own.
fn section(title: &str, mapping: &Value, parts: &[&str], page: &mut String) {
    let Some(properties) = mapping["properties"].as_object() else { return };
    let required = |key: &str| {
        let keys = mapping["required"].as_array();
        keys.is_some_and(|keys| keys.iter().any(|it| it == key))
    };
    let _ = writeln!(
        page,
        "## {title}\n\n| key | value | meaning | default |\n| --- | --- | --- | --- |"
    );
    let is_part = |key: &str, shape: &Value| {
        title != TOP && parts.contains(&key) && shape.get("properties").is_some()
    };
    for (key, shape) in properties {
        let about = cell(shape["description"].as_str().unwrap_or_default());
        let default = match &shape["default"] {
            Value::Null if required(key) => "required".to_owned(),
            Value::Null => String::new(),
            default => code(&default.to_string()),
        };
        let kind = match is_part(key, shape) {
            true => format!("mapping, as [{}](#{})", code(key), key.to_lowercase()),
            false => kind(shape),
        };
        let _ = writeln!(page, "| {} | {kind} | {about} | {default} |", code(key));
    }
    page.push('\n');
    for (key, shape) in properties.iter().filter(|(key, shape)| !is_part(key, shape)) {
        let path = |suffix: &str| match title {
            TOP => code(&format!("{key}{suffix}")),
            above => code(&format!("{}.{key}{suffix}", above.trim_matches('`'))),
        };
        section(&path(""), shape, parts, page);
        section(&path("[]"), &shape["items"], parts, page);
        for either in shape["items"]["anyOf"].as_array().into_iter().flatten() {
            section(&path("[]"), either, parts, page);
        }
    }
}

/// What a value may be, in words.
fn kind(shape: &Value) -> String {
    if let Some(only) = shape.get("const") {
        return code(&only.to_string());
    }
    if let Some(words) = shape["enum"].as_array() {
        let words: Vec<String> = words.iter().filter_map(Value::as_str).map(code).collect();
        return words.join(" or ");
    }
    if let Some(either) = shape["anyOf"].as_array() {
        return either.iter().map(kind).collect::<Vec<_>>().join(" or a ");
    }
    match shape["type"].as_str() {
        Some("array") => {
            let items = kind(&shape["items"]);
            let most = shape["maxItems"].as_u64().filter(|most| *most < 10_000);
            let most = most.map_or(String::new(), |most| format!(", at most {most}"));
            format!("list: {items}{most}")
        }
        Some("object") if shape.get("properties").is_some() => "mapping, see below".to_owned(),
        Some("object") => format!("mapping of names: {}", kind(&shape["additionalProperties"])),
        Some("boolean") => "`true` or `false`".to_owned(),
        Some("string") => shape["maxLength"]
            .as_u64()
            .map_or("text".to_owned(), |most| format!("text, at most {most} characters")),
        Some(other) => other.to_owned(),
        None => "any".to_owned(),
    }
}

fn code(text: &str) -> String {
    format!("`{}`", cell(text))
}

/// Text that cannot end a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
