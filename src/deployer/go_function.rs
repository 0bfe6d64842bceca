//! The functions of templates that are known here: Go's own, and those of sprig that make names and paths.

use serde_json::Value as Json;

use super::json::display;

/// What counts as true: everything but what is empty.
pub(super) fn is_true(value: &Json) -> bool {
    match value {
        Json::Null => false,
        Json::Bool(value) => *value,
        Json::Number(number) => number.as_f64() != Some(0.0),
        Json::String(text) => !text.is_empty(),
        Json::Array(items) => !items.is_empty(),
        Json::Object(map) => !map.is_empty(),
    }
}

/// Calls a function.
pub(super) fn call(function: &str, arguments: &[Json]) -> Result<Json, String> {
    let few = || format!("`{function}` is called with too few arguments");
    let argument = |at: usize| arguments.get(at).ok_or_else(few);
    let text = |at: usize| argument(at).map(display);
    let number = |at: usize| argument(at).map(as_number);
    let last = arguments.last().ok_or_else(few);
    Ok(match function {
        "and" => {
            arguments.iter().find(|it| !is_true(it)).or(arguments.last()).ok_or_else(few)?.clone()
        }
        "or" => {
            arguments.iter().find(|it| is_true(it)).or(arguments.last()).ok_or_else(few)?.clone()
        }
        "not" => Json::Bool(!is_true(argument(0)?)),
        "eq" => Json::Bool(arguments.iter().skip(1).any(|it| same(it, &arguments[0]))),
        "ne" => Json::Bool(!same(argument(0)?, argument(1)?)),
        "lt" | "le" | "gt" | "ge" => compare(function, argument(0)?, argument(1)?),
        "len" => Json::from(match argument(0)? {
            Json::Array(items) => items.len(),
            Json::Object(map) => map.len(),
            other => display(other).len(),
        }),
        "index" | "get" => index(arguments)?,
        "dig" => dig(arguments).ok_or_else(few)?,
        "hasKey" => Json::Bool(argument(0)?.get(text(1)?).is_some()),
        "has" => Json::Bool(argument(1)?.as_array().is_some_and(|all| all.contains(&arguments[0]))),
        "print" | "cat" => Json::from(
            arguments.iter().map(display).collect::<Vec<_>>().join(if function == "cat" {
                " "
            } else {
                ""
            }),
        ),
        "printf" => Json::from(printf(&text(0)?, &arguments[1..])?),
        "default" => {
            if is_true(argument(1)?) {
                arguments[1].clone()
            } else {
                arguments[0].clone()
            }
        }
        "empty" => Json::Bool(!is_true(argument(0)?)),
        "coalesce" => arguments.iter().find(|it| is_true(it)).cloned().unwrap_or(Json::Null),
        "ternary" => argument(if is_true(argument(2)?) { 0 } else { 1 })?.clone(),
        "required" => argument(1)?.clone(),
        "lower" => Json::from(text(0)?.to_lowercase()),
        "upper" => Json::from(text(0)?.to_uppercase()),
        "title" => Json::from(title(&text(0)?)),
        "trim" => Json::from(text(0)?.trim()),
        "trimAll" => Json::from(trimmed(&text(1)?, &text(0)?)),
        "trimPrefix" => Json::from(text(1)?.strip_prefix(&*text(0)?).unwrap_or(&text(1)?)),
        "trimSuffix" => Json::from(text(1)?.strip_suffix(&*text(0)?).unwrap_or(&text(1)?)),
        "replace" => Json::from(text(2)?.replace(&text(0)?, &text(1)?)),
        "contains" => Json::Bool(text(1)?.contains(&*text(0)?)),
        "hasPrefix" => Json::Bool(text(1)?.starts_with(&*text(0)?)),
        "hasSuffix" => Json::Bool(text(1)?.ends_with(&*text(0)?)),
        "quote" => Json::from(format!("{:?}", text(0)?)),
        "squote" => Json::from(format!("'{}'", text(0)?)),
        "trunc" => Json::from(truncated(&text(1)?, number(0)?)),
        "nospace" => Json::from(text(0)?.split_whitespace().collect::<String>()),
        "toString" => Json::from(text(0)?),
        "int" | "int64" | "atoi" => Json::from(number(0)? as i64),
        "add" => Json::from(arguments.iter().map(|it| as_number(it) as i64).sum::<i64>()),
        "sub" => Json::from(number(0)? as i64 - number(1)? as i64),
        "list" | "tuple" => Json::Array(arguments.to_vec()),
        "dict" => dict(arguments)?,
        "splitList" => text(1)?.split(&*text(0)?).collect(),
        "split" => split(&text(1)?, &text(0)?),
        "join" => Json::from(joined(argument(1)?, &text(0)?)),
        "first" => last?.get(0).cloned().unwrap_or(Json::Null),
        "last" => last?.as_array().and_then(|all| all.last()).cloned().unwrap_or(Json::Null),
        "base" => Json::from(text(0)?.rsplit('/').next().unwrap_or_default()),
        "dir" => Json::from(text(0)?.rsplit_once('/').map_or(".", |(dir, _)| dir)),
        "normalize" => Json::from(normalized(&text(0)?)),
        "toJson" | "toRawJson" => Json::from(argument(0)?.to_string()),
        // JSON is YAML; how it is broken into lines does not matter where it is read again.
        "toYaml" => Json::from(argument(0)?.to_string()),
        _ => return Err(format!("the function `{function}` in templates is not known here")),
    })
}

fn same(a: &Json, b: &Json) -> bool {
    a == b || a.is_number() && b.is_number() && a.as_f64() == b.as_f64()
}

fn as_number(value: &Json) -> f64 {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).unwrap_or(0.0)
}

fn compare(function: &str, a: &Json, b: &Json) -> Json {
    let order = match (a, b) {
        (Json::String(a), Json::String(b)) => Some(a.cmp(b)),
        (a, b) => as_number(a).partial_cmp(&as_number(b)),
    };
    Json::Bool(order.is_some_and(|order| match function {
        "lt" => order.is_lt(),
        "le" => order.is_le(),
        "gt" => order.is_gt(),
        _ => order.is_ge(),
    }))
}

fn index(arguments: &[Json]) -> Result<Json, String> {
    let (mut value, keys) = arguments.split_first().ok_or("`index` is called without arguments")?;
    for key in keys {
        value = match (value, key) {
            (Json::Array(items), key) => {
                let at = as_number(key);
                let inside = at >= 0.0 && (at as usize) < items.len();
                if !inside {
                    return Err(format!("`index` is out of range: {at}"));
                }
                &items[at as usize]
            }
            (Json::Object(map), key) => map.get(&display(key)).unwrap_or(&Json::Null),
            (Json::Null, _) => &Json::Null,
            _ => return Err("`index` looks into lists and mappings only".to_owned()),
        };
    }
    Ok(value.clone())
}

/// `dig "a" "b" DEFAULT MAPPING`.
fn dig(arguments: &[Json]) -> Option<Json> {
    let (mapping, rest) = arguments.split_last()?;
    let (default, keys) = rest.split_last()?;
    let found = keys.iter().try_fold(mapping, |value, key| value.get(display(key)));
    Some(found.unwrap_or(default).clone())
}

fn dict(arguments: &[Json]) -> Result<Json, String> {
    let pair = |pair: &[Json]| (display(&pair[0]), pair.get(1).cloned().unwrap_or(Json::Null));
    Ok(Json::Object(arguments.chunks(2).map(pair).collect()))
}

fn printf(format: &str, arguments: &[Json]) -> Result<String, String> {
    let mut out = String::new();
    let (mut chars, mut arguments) = (format.chars(), arguments.iter());
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut width = String::new();
        let verb = loop {
            match chars.next() {
                Some(c) if c.is_ascii_digit() => width.push(c),
                verb => break verb,
            }
        };
        match verb {
            Some('%') => out.push('%'),
            Some('s' | 'v' | 'd') => {
                let text = display(arguments.next().unwrap_or(&Json::Null));
                let wide = width.parse::<usize>().unwrap_or(0).min(1_000);
                let fill = if width.starts_with('0') { "0" } else { " " };
                out.push_str(&fill.repeat(wide.saturating_sub(text.chars().count())));
                out.push_str(&text);
            }
            Some('q') => {
                out.push_str(&format!("{:?}", display(arguments.next().unwrap_or(&Json::Null))))
            }
            _ => return Err(format!("`printf {format:?}` in templates is not known here")),
        }
    }
    Ok(out)
}

fn title(text: &str) -> String {
    let mut begins = true;
    let upper = |c: char| {
        let was = std::mem::replace(&mut begins, !c.is_alphanumeric());
        if was { c.to_uppercase().to_string() } else { c.to_string() }
    };
    text.chars().map(upper).collect()
}

fn trimmed<'t>(text: &'t str, set: &str) -> &'t str {
    text.trim_matches(|c: char| set.contains(c))
}

fn truncated(text: &str, length: f64) -> String {
    let count = text.chars().count();
    let length = length as i64;
    let at = usize::try_from(length.unsigned_abs()).unwrap_or(usize::MAX);
    if length < 0 {
        text.chars().skip(count.saturating_sub(at)).collect()
    } else {
        text.chars().take(at).collect()
    }
}

fn split(text: &str, by: &str) -> Json {
    let parts = text.split(by).enumerate().map(|(at, part)| (format!("_{at}"), Json::from(part)));
    Json::Object(parts.collect())
}

fn joined(list: &Json, by: &str) -> String {
    match list {
        Json::Array(items) => items.iter().map(display).collect::<Vec<_>>().join(by),
        other => display(other),
    }
}

/// A text as a name that Kubernetes takes, as Argo CD makes it.
pub(super) fn normalized(text: &str) -> String {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    let name: String =
        text.to_lowercase().chars().map(|c| if fits(c) { c } else { '-' }).take(253).collect();
    name.trim_matches(['-', '.']).to_owned()
}
