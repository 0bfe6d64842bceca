//! Rules of a VirtualService that no request reaches, because an earlier one takes it all
//! (IST0130), and matches that an earlier rule has already (IST0131).

use std::collections::BTreeMap;

use crate::policy::Level;
use crate::policy::mesh::{Manifest, Mesh, VIRTUAL_SERVICE};
use crate::policy::rule::{Code, Report, Rule};
use crate::yaml::{Node, Value};

pub(super) const RULE: Rule =
    Rule::istio("virtual-service-match", &[UNREACHABLE, INEFFECTIVE], check);

const UNREACHABLE: Code = Code::sound("IST0130", Level::Warning);
const INEFFECTIVE: Code = Code::sound("IST0131", Level::Info);

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    for service in mesh.all(VIRTUAL_SERVICE) {
        for kind in ["http", "tcp", "tls"] {
            let prefixes = check_rules(service, kind, report);
            if kind == "http" {
                check_prefixes(service, &prefixes, report);
            }
        }
    }
}

/// One match by the beginning of the path, with the place it stands at.
struct Prefix<'a> {
    rule: usize,
    index: usize,
    path: &'a str,
    node: &'a Node,
}

fn check_rules<'a>(
    service: &'a Manifest<'_>,
    kind: &str,
    report: &mut Report<'_>,
) -> Vec<Prefix<'a>> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut takes_all: Option<usize> = None;
    let mut prefixes = Vec::new();
    for (rule, node) in service.list(&[kind]).iter().enumerate() {
        let matches = node.get("match").and_then(Node::as_sequence).unwrap_or_default();
        let unreachable = |report: &mut Report<'_>, why: String| {
            report.say(UNREACHABLE, service, format!("spec.{kind}[{rule}]"), why);
        };
        if let Some(earlier) = takes_all {
            unreachable(
                report,
                format!("is never used: rule {earlier} has no match and takes all"),
            );
        }
        if matches.is_empty() {
            takes_all = Some(rule);
        }
        if takes_all.is_some() {
            continue;
        }
        let mut repeated = 0;
        for (index, node) in matches.iter().enumerate() {
            let field = format!("spec.{kind}[{rule}].match[{index}]");
            if let Some(earlier) = seen.get(&normal(node, true)) {
                repeated += 1;
                let message = format!("rule {earlier} has the same match already");
                report.say(INEFFECTIVE, service, field, message);
                continue;
            }
            seen.insert(normal(node, true), rule);
            let path = node.text_at(&["uri", "prefix"]);
            if !path.is_empty() {
                prefixes.push(Prefix { rule, index, path, node });
            }
        }
        if repeated == matches.len() {
            unreachable(report, "is never used: earlier rules have all of its matches".to_owned());
        }
    }
    prefixes
}

/// A shorter path before a longer one takes its requests, unless something else tells them apart.
fn check_prefixes(service: &Manifest<'_>, prefixes: &[Prefix<'_>], report: &mut Report<'_>) {
    for (at, earlier) in prefixes.iter().enumerate() {
        for later in &prefixes[at + 1..] {
            if later.path != earlier.path && covers(earlier, later) {
                let field = format!("spec.http[{}].match[{}]", later.rule, later.index);
                let message = format!(
                    "rule {} takes all paths below `{}` already",
                    earlier.rule, earlier.path
                );
                report.say(INEFFECTIVE, service, field, message);
            }
        }
    }
}

fn covers(earlier: &Prefix<'_>, later: &Prefix<'_>) -> bool {
    let port = |prefix: &Prefix<'_>| prefix.node.text_at(&["port"]).to_owned();
    let method = |prefix: &Prefix<'_>| {
        let method = condition(prefix.node.get("method"));
        if method.is_empty() { "exact:GET".to_owned() } else { method }
    };
    let authority = |prefix: &Prefix<'_>| condition(prefix.node.get("authority"));
    later.path.starts_with(earlier.path)
        && port(earlier) == port(later)
        && method(earlier).starts_with(&method(later))
        && authority(earlier).starts_with(&authority(later))
        && ["headers", "queryParams", "withoutHeaders"]
            .into_iter()
            .all(|key| covers_map(earlier.node.get(key), later.node.get(key)))
}

fn covers_map(earlier: Option<&Node>, later: Option<&Node>) -> bool {
    let pairs = |node: Option<&Node>| -> BTreeMap<String, String> {
        let pairs = node.and_then(Node::as_mapping).into_iter().flatten();
        pairs.map(|pair| (pair.key.text.to_string(), condition(Some(&pair.value)))).collect()
    };
    let (earlier, later) = (pairs(earlier), pairs(later));
    earlier.len() == later.len()
        && earlier
            .iter()
            .all(|(key, value)| later.get(key).is_some_and(|other| value.starts_with(other)))
}

/// A string match as Istio compares it: how, then what; empty for a regular expression.
fn condition(node: Option<&Node>) -> String {
    let text = |key| node.and_then(|n| n.get(key)).and_then(Node::text).filter(|t| !t.is_empty());
    let exact = text("exact").map(|text| format!("exact:{text}"));
    exact.or_else(|| text("prefix").map(|text| format!("prefix:{text}"))).unwrap_or_default()
}

/// A match in one form: without its name, without what is empty, keys in order.
fn normal(node: &Node, is_top: bool) -> String {
    match &node.value {
        Value::Scalar(scalar) => format!("{:?}", scalar.text.as_str()),
        Value::Sequence(items) => {
            let items: Vec<String> = items.iter().map(|item| normal(item, false)).collect();
            format!("[{}]", items.join(","))
        }
        Value::Mapping(mapping) => {
            let mut pairs: Vec<String> = mapping
                .iter()
                .filter(|pair| !(is_top && (pair.key.text == "name" || is_empty(&pair.value))))
                .map(|pair| format!("{:?}:{}", pair.key.text.as_str(), normal(&pair.value, false)))
                .collect();
            pairs.sort();
            format!("{{{}}}", pairs.join(","))
        }
    }
}

fn is_empty(node: &Node) -> bool {
    node.is_null()
        || node.as_sequence().is_some_and(<[Node]>::is_empty)
        || node.as_mapping().is_some_and(crate::yaml::Mapping::is_empty)
        || matches!(node.text(), Some("" | "false" | "0"))
}
