//! The schema, the check and the decoding agree, key by key.

use serde_json::Value;

use super::super::keys::ROOT;
use super::super::shape::{Absent, Key, Shape};
use super::*;

/// Enough of JSON Schema for ours.
fn fits(value: &Value, schema: &Value) -> bool {
    if let Some(types) = schema["type"].as_array() {
        let mut one = schema.clone();
        return types.iter().any(|name| {
            one["type"] = name.clone();
            fits(value, &one)
        });
    }
    if let Some(either) = schema["anyOf"].as_array() {
        return either.iter().any(|one| fits(value, one));
    }
    let by_type = match schema["type"].as_str().unwrap() {
        "object" => value.as_object().is_some_and(|object| {
            let required = schema["required"].as_array().into_iter().flatten();
            required.into_iter().all(|key| object.contains_key(key.as_str().unwrap()))
                && object.iter().all(|(key, value)| {
                    let named = schema["properties"].get(key);
                    let named = named.or(schema.get("additionalProperties"));
                    named.filter(|s| s.is_object()).is_some_and(|schema| fits(value, schema))
                })
        }),
        "array" => value.as_array().is_some_and(|items| {
            let least = schema["minItems"].as_u64().unwrap_or(0) as usize;
            let most = schema["maxItems"].as_u64().unwrap_or(u64::MAX) as usize;
            (least..=most).contains(&items.len())
                && items.iter().all(|item| fits(item, &schema["items"]))
        }),
        "string" => value.as_str().is_some_and(|text| {
            let pattern = schema["pattern"].as_str().unwrap_or("");
            let longest = schema["maxLength"].as_u64().unwrap_or(u64::MAX) as usize;
            regex::Regex::new(pattern).unwrap().is_match(text) && text.chars().count() <= longest
        }),
        "boolean" => value.is_boolean(),
        "number" => value.as_f64().is_some_and(|number| {
            number >= schema["minimum"].as_f64().unwrap()
                && number < schema["exclusiveMaximum"].as_f64().unwrap()
        }),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("the schema says {other}"),
    };
    let by_value = schema.get("const").is_none_or(|only| only == value)
        && schema.get("enum").is_none_or(|words| words.as_array().unwrap().contains(value));
    by_type && by_value
}

#[test]
fn the_schema_takes_the_example_and_its_own_defaults() {
    let schema = schema();
    let example: Value = serde_yaml::from_str(EXAMPLE).unwrap();
    assert!(fits(&example, &schema));
    fn defaults(schema: &Value) {
        if let Some(default) = schema.get("default") {
            assert!(fits(default, schema), "{schema}");
        }
        for property in schema["properties"].as_object().into_iter().flat_map(|map| map.values()) {
            defaults(property);
        }
        if let Some(items) = schema.get("items") {
            defaults(items);
        }
    }
    defaults(&schema);
}

/// A value that fits a shape, with every key.
fn sample(shape: &Shape) -> Value {
    match shape {
        Shape::Version => 1.into(),
        Shape::Text { pattern, .. } => {
            let fits =
                |text: &&str| regex::Regex::new(pattern.unwrap_or("")).unwrap().is_match(text);
            let texts = ["images", "host/owner/name", "result < 1", "30m", "Fri 16:00 - Mon 08:00"];
            texts.into_iter().find(fits).unwrap().into()
        }
        Shape::Choice(words) => words[0].into(),
        Shape::Flag => true.into(),
        Shape::Words(values) => serde_json::json!({ "port-name": sample(values) }),
        Shape::Day | Shape::Moment => "2027-01-31".into(),
        Shape::TextOr(_, more) => sample(more),
        Shape::Release => "1.34".into(),
        Shape::Percent => 10.into(),
        Shape::List { items, least, .. } => vec![sample(items); (*least).max(1)].into(),
        Shape::OneOrSeveral(items) => vec![sample(items)].into(),
        Shape::Mapping(keys) => {
            keys.iter().map(|key| (key.name.to_owned(), sample(&key.shape))).collect()
        }
    }
}

/// Calls `check` for the root and for every mapping below it, with the way to it.
///
/// The same mapping in another place is not looked at again.
fn each_mapping(shape: &Shape, way: &str, check: &mut dyn FnMut(&str, &'static [Key])) {
    match shape {
        Shape::Mapping(keys) => {
            check(way, keys);
            for key in *keys {
                let again =
                    way.contains("/0") && ["promotion", "pullRequest", "gates"].contains(&key.name);
                if !again {
                    each_mapping(&key.shape, &format!("{way}/{}", key.name), check);
                }
            }
        }
        Shape::List { items, .. } => each_mapping(items, &format!("{way}/0"), check),
        _ => {}
    }
}

#[test]
fn schema_check_and_decoding_agree_key_by_key() {
    let schema = schema();
    let whole = sample(&ROOT);
    let decode =
        |value: &Value| serde_yaml::from_value::<file::File>(serde_yaml::to_value(value).unwrap());
    let checked = |value: &Value| {
        let text = serde_json::to_string(value).unwrap();
        let path = path(CONFIG_PATH);
        let places = places::Places::read(&text, &path).unwrap();
        places.check(&ROOT).is_ok()
    };
    assert!(fits(&whole, &schema) && checked(&whole) && decode(&whole).is_ok());
    let mut keys_seen = 0;
    each_mapping(&ROOT, "", &mut |way, keys| {
        let mut with_unknown = whole.clone();
        with_unknown.pointer_mut(way).unwrap()["unknown"] = true.into();
        assert!(
            !fits(&with_unknown, &schema)
                && !checked(&with_unknown)
                && decode(&with_unknown).is_err()
        );
        for key in keys {
            keys_seen += 1;
            let mut without = whole.clone();
            without.pointer_mut(way).unwrap().as_object_mut().unwrap().remove(key.name);
            let optional = !matches!(key.absent, Absent::Refused);
            assert_eq!(fits(&without, &schema), optional, "{way}/{}", key.name);
            assert_eq!(checked(&without), optional, "{way}/{}", key.name);
            let mut wrong = whole.clone();
            wrong.pointer_mut(way).unwrap()[key.name] = 5.5.into();
            assert!(!fits(&wrong, &schema) && !checked(&wrong), "{way}/{}", key.name);
        }
    });
    assert_eq!(keys_seen, 87);
}

#[test]
fn defaults_of_the_schema_are_the_defaults() {
    let schema = schema();
    let mut whole = serde_json::Map::new();
    for (key, part) in schema["properties"].as_object().unwrap() {
        let defaults: serde_json::Map<String, Value> = part["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(key, part)| Some((key.clone(), part.get("default")?.clone())))
            .collect();
        if !defaults.is_empty() {
            whole.insert(key.clone(), defaults.into());
        }
    }
    let said = parse(&serde_json::to_string(&whole).unwrap()).unwrap();
    let silent = parse("").unwrap();
    // Whoever writes `copy` copies, be it the default.
    let said = format!("{:?}", said.pipeline).replace("by: Some(Files)", "by: None");
    assert_eq!(said, format!("{:?}", silent.pipeline));
}
