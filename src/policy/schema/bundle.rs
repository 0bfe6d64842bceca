//! Making a bundle of the schemas of Kubernetes' own kinds.
//!
//! The source is the `_definitions.json` of the PyPI package `kubernetes-validate`: Kubernetes'
//! OpenAPI document as JSON Schema. Descriptions go, and what JSON Schema says in its own way becomes
//! what a structural schema says. The result is a text of lines: a head with the version of
//! Kubernetes, then for each schema its name, the kinds it is for (`group/version/Kind`), and itself,
//! with tabs between.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::words::{WORDS, Words};

/// The first word of a bundle, with the version of its format.
pub(super) const MAGIC: &str = "overlift-schemas/1 kubernetes ";

/// Why there is no bundle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBundle {
    /// It is not what `overlift schemas fetch` writes.
    #[error("this is no bundle of schemas that this version of Overlift can read")]
    NoBundle,
    /// The definitions are no JSON, or not Kubernetes'.
    #[error("the definitions of Kubernetes' schemas cannot be understood: {0}")]
    Definitions(String),
}

/// Makes a bundle of `_definitions.json` for one version of Kubernetes.
///
/// # Errors
/// [`InvalidBundle::Definitions`] if the text is something else.
pub fn make_bundle(version: &str, definitions: &str) -> Result<String, InvalidBundle> {
    let unknown = |reason: &str| InvalidBundle::Definitions(reason.to_owned());
    let document: Value =
        serde_json::from_str(definitions).map_err(|error| unknown(&error.to_string()))?;
    let named = document.get("$defs").or_else(|| document.get("definitions"));
    let named = named.and_then(Value::as_object).ok_or_else(|| unknown("it has no `$defs`"))?;
    let mut bundle = format!("{MAGIC}{version}\n");
    let mut names: Vec<&String> = named.keys().collect();
    names.sort();
    for name in names {
        if name.contains(char::is_whitespace) {
            return Err(unknown("a name with a space"));
        }
        let schema = &named[name];
        let kinds: Vec<String> = kinds(schema).collect();
        let mut simple = simplify(schema);
        if !kinds.is_empty() {
            open_status(&mut simple);
        }
        add_words(name, &mut simple);
        let _ = writeln!(bundle, "{name}\t{}\t{simple}", kinds.join(" "));
    }
    Ok(bundle)
}

/// The kinds that a schema is for, as `group/version/Kind`; lists are taken apart before.
fn kinds(schema: &Value) -> impl Iterator<Item = String> {
    let kinds = schema.get("x-kubernetes-group-version-kind").and_then(Value::as_array);
    let part = |kind: &Value, key| kind.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
    kinds.into_iter().flatten().filter_map(move |kind| {
        let name = part(kind, "kind");
        let listed =
            name.ends_with("List") || matches!(name.as_str(), "DeleteOptions" | "WatchEvent");
        (!listed).then(|| format!("{}/{}/{name}", part(kind, "group"), part(kind, "version")))
    })
}

/// What a structural schema says of the same values.
fn simplify(schema: &Value) -> Value {
    let mut simple = Map::new();
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return match name {
            "io.k8s.apimachinery.pkg.util.intstr.IntOrString" => int_or_string(),
            "io.k8s.apimachinery.pkg.api.resource.Quantity" => quantity(),
            // These hold whatever their users put there.
            "io.k8s.apimachinery.pkg.runtime.RawExtension" => json!({}),
            name => json!({ "$ref": name }),
        };
    }
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let mut named: Vec<&str> = types.iter().copied().filter(|name| *name != "null").collect();
    if let (Some(name), true) = (named.pop(), named.is_empty()) {
        simple.insert("type".to_owned(), json!(name));
    }
    // A null is left out on its way to the API server.
    simple.insert("nullable".to_owned(), json!(true));
    for key in ["required", "format"] {
        if let Some(value) = schema.get(key) {
            simple.insert(key.to_owned(), value.clone());
        }
    }
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        let properties = properties.iter().map(|(key, value)| (key.clone(), simplify(value)));
        simple.insert("properties".to_owned(), Value::Object(properties.collect()));
    } else if schema.get("additionalProperties").is_none() && types.contains(&"object") {
        simple.insert("x-kubernetes-preserve-unknown-fields".to_owned(), json!(true));
    }
    for key in ["items", "additionalProperties"] {
        if let Some(value) = schema.get(key).filter(|value| value.is_object()) {
            simple.insert(key.to_owned(), simplify(value));
        }
    }
    Value::Object(simple)
}

fn int_or_string() -> Value {
    json!({ "x-kubernetes-int-or-string": true, "nullable": true })
}

fn quantity() -> Value {
    json!({ "anyOf": [{ "type": "number" }, { "type": "string" }], "nullable": true })
}

/// Nobody applies a status; tools leave all sorts of them in manifests.
fn open_status(schema: &mut Value) {
    if let Some(status) = schema.pointer_mut("/properties/status") {
        *status = json!({});
    }
}

/// Kubernetes' document leaves the words of enumerations out.
fn add_words(name: &str, schema: &mut Value) {
    for Words { field, words, .. } in WORDS.iter().filter(|words| name.ends_with(words.of)) {
        if let Some(property) = schema.pointer_mut(&format!("/properties/{field}")) {
            let holder = match property.get("items").is_some() {
                true => property.get_mut("items").expect("it is there"),
                false => property,
            };
            holder["enum"] = json!(words);
        }
    }
}
