//! Which item of one list is which item of another.
//!
//! Items with a name pair by it: Kubernetes' merge keys, and what entries of a kustomization name. Other
//! items pair by content, in the order of a longest common subsequence; what is left between two equal
//! neighbours pairs by likeness, so that a changed item is one item and not two.

use std::collections::BTreeMap;

use super::families::plain_path;
use super::likeness::{by_content, by_likeness, pair_group};
use super::names::{Names, split_version};
use super::value::{Shape, Value};
use crate::model::{self, RESOURCE_LISTS};

/// Which side a list is of, for names of environments in its items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Source,
    Target,
}

/// How the items of a list are told apart.
pub(super) struct Pairing<'n> {
    /// The key that holds the list; empty for documents.
    pub field: &'n str,
    /// Names of the two environments.
    pub names: &'n Names,
}

/// What names the items of two lists.
struct Keys {
    /// The field that has the names; `None` where they are made of several.
    field: Option<&'static str>,
    a: Vec<String>,
    b: Vec<String>,
}

/// Fields that name an item, the most telling first.
const NAMING: &[&str] = &[
    "name",
    "path",
    "url",
    "repo",
    "repository",
    "key",
    "secretKey",
    "containerPort",
    "port",
    "host",
    "mountPath",
    "devicePath",
    "topologyKey",
    "ip",
    "id",
    "alias",
    "group",
];

impl Pairing<'_> {
    /// For each item of `a` its partner in `b`.
    pub(super) fn pair(
        &self,
        (a, a_side): (&[Value], Side),
        (b, b_side): (&[Value], Side),
    ) -> Vec<Option<usize>> {
        let named = self
            .by_name((a, a_side), (b, b_side))
            .or_else(|| self.by_groups((a, a_side), (b, b_side)));
        let is_text = |item: &Value| item.as_text().is_some();
        let addressed = |item: &Value| item.get("host").is_some() || item.get("url").is_some();
        let may_be_alike = a.iter().all(is_text) && !RESOURCE_LISTS.contains(&self.field)
            || a.iter().all(addressed) && b.iter().all(addressed);
        match named {
            Some(partners) if !may_be_alike => partners,
            named => {
                let mut partners = named.unwrap_or_else(|| by_content(a, b));
                by_likeness(a, b, &mut partners);
                partners
            }
        }
    }

    fn by_name(
        &self,
        (a, a_side): (&[Value], Side),
        (b, b_side): (&[Value], Side),
    ) -> Option<Vec<Option<usize>>> {
        let keys = self.keys((a, a_side), (b, b_side))?;
        let mut pairing = model::Pairing::new(a.len(), b.len());
        pairing.by_unique(|at| Some(&keys.a[at]), |at| Some(&keys.b[at]));
        // What both call the same is the same, though it names one of them.
        let is_left = a_side != b_side && pairing.partners().contains(&None);
        let same = is_left.then(|| self.keys((a, b_side), (b, b_side))).flatten();
        if let Some(same) = same.filter(|same| same.field == keys.field) {
            pairing.by_unique(|at| Some(&same.a[at]), |at| Some(&same.b[at]));
        }
        Some(pairing.partners().to_vec())
    }

    /// Items of which several are about the same, such as patches of one resource: each finds its partner among those.
    fn by_groups(
        &self,
        (a, a_side): (&[Value], Side),
        (b, b_side): (&[Value], Side),
    ) -> Option<Vec<Option<usize>>> {
        let is_map = |value: &Value| matches!(value.shape, Shape::Map(_));
        if !a.iter().chain(b).all(is_map) {
            return None;
        }
        let mut groups: BTreeMap<String, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        for (index, item) in a.iter().enumerate() {
            groups.entry(self.special_key(item, a_side)?).or_default().0.push(index);
        }
        for (index, item) in b.iter().enumerate() {
            groups.entry(self.special_key(item, b_side)?).or_default().1.push(index);
        }
        let mut partners = vec![None; a.len()];
        for (of_a, of_b) in groups.into_values() {
            pair_group((a, of_a), (b, of_b), &mut partners);
        }
        Some(partners)
    }

    /// The names of the items of both lists, if all have one and no two of a list the same.
    fn keys(&self, (a, a_side): (&[Value], Side), (b, b_side): (&[Value], Side)) -> Option<Keys> {
        let first: &[&'static str] = match self.field {
            "volumeMounts" => &["mountPath"],
            "" => &[""],
            "helmCharts" => &["releaseName", "name"],
            _ => &[],
        };
        let all = a.iter().chain(b);
        let is_map = |value: &Value| matches!(value.shape, Shape::Map(_));
        if self.field.is_empty() || !all.clone().all(is_map) {
            return self.special((a, a_side), (b, b_side));
        }
        for key in first.iter().chain(NAMING) {
            let named = |item: &Value, side| self.neutral(item.text_at(key)?, side);
            let of = |items: &[Value], side| -> Option<Vec<String>> {
                items.iter().map(|item| named(item, side)).collect()
            };
            if let (Some(a), Some(b)) = (of(a, a_side), of(b, b_side))
                && are_unique(&a)
                && are_unique(&b)
            {
                return Some(Keys { field: Some(key), a, b });
            }
        }
        self.special((a, a_side), (b, b_side))
    }

    fn special(
        &self,
        (a, a_side): (&[Value], Side),
        (b, b_side): (&[Value], Side),
    ) -> Option<Keys> {
        let of = |items: &[Value], side| -> Option<Vec<String>> {
            items.iter().map(|item| self.special_key(item, side)).collect()
        };
        let (a, b) = (of(a, a_side)?, of(b, b_side)?);
        (are_unique(&a) && are_unique(&b)).then_some(Keys { field: None, a, b })
    }

    /// The name of an item that has none by a field: what a document, an entry, a patch is about.
    fn special_key(&self, item: &Value, side: Side) -> Option<String> {
        if self.field.is_empty() {
            // An operation of a JSON patch; what is put at the end of a list is known by its own name.
            if let (Some(_), Some(path)) = (item.text_at("op"), item.text_at("path")) {
                let name = item.get("value").and_then(|value| value.text_at("name"));
                let what = format!(
                    "path {path} {}",
                    name.filter(|_| path.ends_with("/-")).unwrap_or_default()
                );
                return self.neutral(&what, side);
            }
            let name = item.get("metadata").and_then(|metadata| metadata.text_at("name"));
            let kind = item.text_at("kind")?;
            return Some(format!("{kind}/{}", self.neutral(name.unwrap_or_default(), side)?));
        }
        if let Some(text) = item.as_text() {
            return self.text_key(text, side);
        }
        if let Some(path) = item.text_at("path") {
            return self.neutral(path, side).map(|path| format!("path {path}"));
        }
        if let Some(target) = item.get("target") {
            return self.neutral(&plain(target), side).map(|target| format!("target {target}"));
        }
        // `envFrom`, projected volumes: what is taken, by its name.
        let mut taken =
            item.pairs().iter().filter_map(|(key, value)| Some((key, value.text_at("name")?)));
        if let (Some((key, name)), None) = (taken.next(), taken.next()) {
            return self.neutral(name, side).map(|name| format!("{key} {name}"));
        }
        let patch = item.text_at("patch")?;
        about(patch).and_then(|about| self.neutral(&about, side))
    }

    /// What a text among others is about: an address without its ref, the key of a setting, itself.
    fn text_key(&self, text: &str, side: Side) -> Option<String> {
        if text.contains('\n') {
            return about(text).and_then(|about| self.neutral(&about, side));
        }
        if let Some((address, _)) = split_version(text).filter(|_| text.contains('?')) {
            return self.neutral(address, side);
        }
        if let Some((key, _)) = text.split_once('=') {
            let setting = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
            if !key.is_empty() && key.chars().all(setting) {
                return self.neutral(key, side);
            }
        }
        self.neutral(plain_path(text), side)
    }

    #[expect(clippy::unnecessary_wraps, reason = "reads as one step of a chain of options")]
    fn neutral(&self, text: &str, side: Side) -> Option<String> {
        Some(match side {
            Side::Source => self.names.neutral_source(text),
            Side::Target => self.names.neutral_target(text),
        })
    }
}

/// What an inline patch is about: kind and name, or its first lines where it has none.
fn about(patch: &str) -> Option<String> {
    let field = |name: &str| {
        let find = |line: &str| line.trim().strip_prefix(name)?.trim().to_owned().into();
        patch.lines().find_map(find).filter(|value: &String| !value.is_empty())
    };
    Some(match (field("kind:"), field("name:")) {
        (Some(kind), Some(name)) => format!("patch {kind}/{name}"),
        _ => format!("patch {patch}"),
    })
}

/// A mapping of scalars as one line, its keys in order.
fn plain(value: &Value) -> String {
    let mut parts: Vec<String> = value
        .pairs()
        .iter()
        .map(|(key, value)| format!("{key}={}", value.as_text().unwrap_or("…")))
        .collect();
    parts.sort();
    parts.join(",")
}

fn are_unique(keys: &[String]) -> bool {
    let mut sorted: Vec<&String> = keys.iter().collect();
    sorted.sort();
    sorted.windows(2).all(|two| two[0] != two[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::edit::Editor;

    fn items(text: &str) -> Vec<Value> {
        Value::of(Editor::parse(text).unwrap().root(0)).items().to_vec()
    }

    fn pairs(field: &str, a: &str, b: &str) -> Vec<Option<usize>> {
        let names = Names::new(["staging"], ["production"]);
        let pairing = Pairing { field, names: &names };
        pairing.pair((&items(a), Side::Source), (&items(b), Side::Target))
    }

    #[test]
    fn items_pair_by_what_they_name() {
        for (field, a, b, want) in [
            (
                "env",
                "[{name: A, value: 1}, {name: B}]",
                "[{name: B}, {name: A}]",
                vec![Some(1), Some(0)],
            ),
            ("images", "[{name: a}, {name: b}]", "[{name: b}]", vec![None, Some(0)]),
            ("resources", "['h/r?ref=v1', x]", "[x, 'h/r?ref=v2']", vec![Some(1), Some(0)]),
            ("literals", "[A=1, B=2]", "[B=3]", vec![None, Some(0)]),
            ("patches", "[{path: p-staging.yaml}]", "[{path: p-production.yaml}]", vec![Some(0)]),
            (
                "patches",
                "[{path: a.yaml}, {target: {kind: X}, patch: 'y'}]",
                "[{target: {kind: X}, patch: z}]",
                vec![None, Some(0)],
            ),
            (
                "volumeMounts",
                "[{name: a, mountPath: /x}, {name: a, mountPath: /y}]",
                "[{name: a, mountPath: /y}]",
                vec![None, Some(0)],
            ),
            (
                "envFrom",
                "[{configMapRef: {name: staging-a}}, {secretRef: {name: staging-a}}]",
                "[{secretRef: {name: production-a}}, {configMapRef: {name: production-a}}]",
                vec![Some(1), Some(0)],
            ),
            (
                "resources",
                "[a-staging.yaml, b.yaml]",
                "[b.yaml, a-staging.yaml]",
                vec![Some(1), Some(0)],
            ),
            ("resources", "[a-staging.yaml]", "[a-staging.yaml, a-production.yaml]", vec![Some(1)]),
            ("env", "[{name: staging-a}]", "[{name: b}, {name: staging-a}]", vec![Some(1)]),
            ("hosts", "[a, b, c]", "[a, c]", vec![Some(0), None, Some(1)]),
            ("hosts", "[a, b]", "[a, x]", vec![Some(0), None]),
        ] {
            assert_eq!(pairs(field, a, b), want, "{field}: {a} and {b}");
        }
    }

    /// As two patches of one resource.
    #[test]
    fn items_about_the_same_pair_among_themselves() {
        let target = "target: {kind: HelmRelease, name: web}";
        let path = format!("{{path: values.yaml, {target}}}");
        let cutover = format!("{{path: ../base/cutover.yaml, {target}}}");
        let patch = |text: &str| format!("{{{target}, patch: '{text}'}}");
        let (claim, class) = ("spec values persistence claim a", "spec values ingress class b");
        let changed = "spec values persistence claim c";
        for (a, b, want) in [
            // What names a file is that file's, whatever stands before it.
            (
                vec![path.clone(), patch(claim)],
                vec![cutover.clone(), patch(class), patch(claim), path.clone()],
                vec![Some(3), Some(2)],
            ),
            (vec![patch(claim)], vec![patch(class), patch(changed)], vec![Some(1)]),
            (
                vec![patch("x"), patch(claim)],
                vec![patch(claim), patch("y")],
                vec![Some(1), Some(0)],
            ),
            (vec![patch("x")], vec![patch("y"), patch("z")], vec![None]),
        ] {
            let list = |items: &[String]| format!("[{}]", items.join(", "));
            assert_eq!(pairs("patches", &list(&a), &list(&b)), want, "{a:?} and {b:?}");
        }
    }

    #[test]
    fn a_changed_item_without_a_name_is_one_item() {
        let a = "[{m: {u: /a}, r: 1, t: 2}, {m: {u: /b}, r: 2, t: 2}]";
        let b = "[{m: {u: /a}, r: 1, t: 3}, {m: {u: /b}, r: 2, t: 2}]";
        assert_eq!(pairs("http", a, b), [Some(0), Some(1)]);
        assert_eq!(pairs("http", "[{m: 1, x: 2}]", "[{k: 7, y: 2}]"), [None]);
        // The only ones, which say the same thing.
        let block = |range: &str| format!("{{ipBlock: {{cidr: {range}}}}}");
        let (one, other) = (block("10.0.0.0/16"), block("10.1.0.0/16"));
        assert_eq!(pairs("to", &format!("[{one}]"), &format!("[{other}]")), [Some(0)]);
        let two = format!("[{one}, {}]", block("10.2.0.0/16"));
        assert_eq!(pairs("to", &two, &format!("[{other}]")), [None, None]);
        let by_label = "[{podSelector: {matchLabels: {app: a}}}]";
        assert_eq!(pairs("to", by_label, &format!("[{other}]")), [None]);
    }
}
