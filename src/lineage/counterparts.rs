//! Names that both environments use in one place, each its own: in what comes new, the target's stand for the
//! source's. They are known from places where both were seen: whole values, and the words by which values differ
//! that are the same otherwise. Nothing is made up: where nothing was seen, nothing is said.

use std::collections::BTreeMap;

use super::content::Form;
use super::names::{Names, split_version};
use super::value::{Shape, Value};
use crate::yaml::edit::{Editor, Fragment, NodePath, SpanKind, SpanNode, Step};

/// The target's text for a text of the source's; `None` where two were seen.
type Known = BTreeMap<String, Option<String>>;

/// Endings of names that are files and no hosts.
const FILES: [&str; 9] = ["conf", "env", "json", "properties", "sh", "toml", "txt", "yaml", "yml"];

/// What is known.
#[derive(Debug, Default)]
pub(super) struct Counterparts {
    /// From values that are the same but for the names of the environments.
    named: Known,
    /// From what only stands in the same place.
    placed: Known,
    /// What both put before their resources' names: the source's, which names it, and the target's.
    prefixes: Vec<(String, String)>,
    /// What the target says for a name, in texts that are the name, have it, or have hosts.
    words: [Words; 3],
}

/// What the target says for names of the source's in texts of one kind.
#[derive(Debug, Default)]
struct Words {
    known: Known,
    /// Whether it says the same without a name.
    bare: bool,
}

impl Counterparts {
    /// Learns that the target says `target` where the source says `source`, each in its environment's name.
    pub(super) fn learn_name(&mut self, names: &Names, source: &str, target: &str) {
        learn(&mut self.named, source, target);
        self.learn_words(names, source, target);
    }

    /// Learns that the target has `target` where the source has `source`.
    pub(super) fn learn_place(&mut self, source: &str, target: &str) {
        learn(&mut self.placed, source, target);
    }

    /// Learns what both put before the names of their resources.
    pub(super) fn learn_prefix(&mut self, source: &str, target: &str) {
        self.prefixes.push((source.to_owned(), target.to_owned()));
    }

    /// Learns by which words the names of two files differ.
    pub(super) fn learn_words(&mut self, names: &Names, source: &str, target: &str) {
        for (ours, theirs) in names.words_for(source, target) {
            learn(&mut self.words[kind(names, source)].known, ours, theirs);
        }
    }

    /// Learns from a value that names the source and what the target has in its place, which does not.
    pub(super) fn learn_bare(&mut self, names: &Names, source: &str, target: &str) {
        self.words[kind(names, source)].bare |= names.without_source(source) == target;
        if let (Some(ours), Some(theirs)) = (host(source), host(target))
            && names.names_source(ours)
        {
            learn(&mut self.placed, ours, theirs);
        }
    }

    fn of(&self, source: &str) -> Option<&str> {
        let known = self.named.get(source).or_else(|| self.placed.get(source));
        known?.as_deref()
    }

    /// What the target says for a text that names the source; `None` if that is not known.
    pub(super) fn said_by_target(&self, names: &Names, text: &str) -> Option<String> {
        if let Some(own) = self.of(text) {
            return Some(own.to_owned());
        }
        let prefixed = |(ours, theirs): &(String, String)| {
            let rest = text.strip_prefix(ours.as_str()).filter(|rest| !rest.is_empty())?;
            (!names.names_source(rest)).then(|| format!("{theirs}{rest}"))
        };
        if let Some(own) = self.prefixes.iter().find_map(prefixed) {
            return Some(own);
        }
        let text = self.with_known_parts(names, text);
        if split_version(&text).is_some_and(|(_, version)| names.names_source(version)) {
            return None;
        }
        let words = &self.words[kind(names, &text)];
        let other = &self.words[HAS];
        let word = |name: &str| {
            // A name of several words is the environment's own, in a host too.
            let known = words.known.get(name).or_else(|| {
                let is_telling = !name.chars().all(char::is_alphabetic);
                other.known.get(name).filter(|_| is_telling)
            });
            known?.as_deref()
        };
        let bare = || {
            let bare = (words.bare && words.known.is_empty()).then(|| names.without_source(&text));
            bare.filter(|text| !text.is_empty())
        };
        names.renamed(&text, word).or_else(bare)
    }

    /// A text in which what is known whole stands for what the source says inside it: a host in an address.
    fn with_known_parts(&self, names: &Names, text: &str) -> String {
        let telling = |ours: &str, theirs: &str| {
            ours.contains(['.', '-', '/'])
                && names.names_source(ours)
                && !names.names_source(theirs)
        };
        let known = self.named.iter().chain(&self.placed);
        let mut known: Vec<(&String, &String)> = known
            .filter_map(|(ours, theirs)| Some((ours, theirs.as_ref()?)))
            .filter(|(ours, theirs)| telling(ours, theirs))
            .collect();
        known.sort_by_key(|(ours, _)| std::cmp::Reverse(ours.len()));
        let put = |text: String, (ours, theirs): (&String, &String)| put_words(&text, ours, theirs);
        known.into_iter().fold(text.to_owned(), put)
    }

    /// A YAML text in which what is new, compared with `before`, has the target's names. `None` if there
    /// is nothing to change, or it cannot be changed in place.
    pub(super) fn translate(
        &self,
        names: &Names,
        after: &[u8],
        before: Option<&[u8]>,
    ) -> Option<String> {
        let known = self.named.values().chain(self.placed.values());
        if known.into_iter().all(Option::is_none)
            && self.words.iter().all(|it| !it.bare && it.known.is_empty())
            && self.prefixes.is_empty()
        {
            return None;
        }
        let mut had = Vec::new();
        if let Some(value) = before.and_then(|before| Form::Yaml.read(before)) {
            texts(&value, &mut had);
        }
        let mut editor = Editor::parse(std::str::from_utf8(after).ok()?).ok()?;
        let mut places = Vec::new();
        for document in 0..editor.document_count() {
            let root = NodePath::root(document);
            self.find(names, (editor.root(document), &root), &had, &mut places);
        }
        let mut changed = false;
        for (path, text) in places {
            let node = editor.node(&path);
            let plain = node.is_some_and(is_plain);
            let block = node.and_then(|node| as_block(editor.written(node), &text));
            let fragment = match block {
                Some(block) => Fragment::parse(&block),
                None if plain => Fragment::parse(&text),
                None => Fragment::text(&text),
            };
            changed |= fragment.is_ok_and(|fragment| editor.replace(&path, &fragment).is_ok());
        }
        changed.then(|| editor.text())
    }

    fn find(
        &self,
        names: &Names,
        (node, path): (&SpanNode, &NodePath),
        had: &[String],
        places: &mut Vec<(NodePath, String)>,
    ) {
        if let Some(text) = node.text().filter(|text| !had.iter().any(|it| it == text)) {
            let own = match names.names_source(text) {
                true => self.said_by_target(names, text),
                false => self.of(text).map(str::to_owned),
            };
            places.extend(own.filter(|own| own != text).map(|own| (path.clone(), own)));
        }
        for (index, item) in node.items().iter().enumerate() {
            self.find(names, (item, &path.index(index)), had, places);
        }
        for (key, value) in node.pairs() {
            let Some(key) = key.text() else { continue };
            let path = path.step(Step::Key(key.to_owned()));
            self.find(names, (value, &path), had, places);
        }
    }
}

/// A text is the name alone.
const IS: usize = 0;
/// A text has the name in it.
const HAS: usize = 1;
/// A text has a host in it.
const HOST: usize = 2;

/// Of which kind a text is: people name a namespace otherwise than a host.
fn kind(names: &Names, text: &str) -> usize {
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',');
    // So is a path of one: `/staging`.
    if text.starts_with('/') || text.split(ends).any(|word| host(word).is_some()) {
        return HOST;
    }
    if names.without_source(text).is_empty() { IS } else { HAS }
}

/// The host of an address, or a text that is a host.
fn host(text: &str) -> Option<&str> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = rest.split(['/', ':', '?']).next()?;
    let (_, last) = host.rsplit_once('.')?;
    let is_ending = last.len() > 1 && last.chars().all(|c| c.is_ascii_alphabetic());
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '*');
    (is_ending && !FILES.contains(&last) && host.chars().all(fits)).then_some(host)
}

/// A text in which `theirs` stands wherever `ours` stood as words of its own.
fn put_words(text: &str, ours: &str, theirs: &str) -> String {
    let joins = |c: &char| c.is_alphanumeric() || *c == '-';
    let alone = |at: usize| {
        let before = text[..at].chars().next_back();
        let after = text[at + ours.len()..].chars().next();
        ![before, after].iter().flatten().any(joins)
    };
    let (mut out, mut from) = (String::new(), 0);
    for (at, _) in text.match_indices(ours).filter(|(at, _)| alone(*at)) {
        out.push_str(&text[from..at]);
        out.push_str(theirs);
        from = at + ours.len();
    }
    out.push_str(&text[from..]);
    out
}

/// A text in the style of a literal block that it stands for; `None` if it was none, or says itself how far its
/// lines are indented.
fn as_block(written: &str, text: &str) -> Option<String> {
    let header = written.lines().next().filter(|_| written.starts_with('|'))?;
    if header.contains(|c: char| c.is_ascii_digit()) || text.starts_with([' ', '\n']) {
        return None;
    }
    let line = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") };
    Some(format!("{header}\n{}", text.lines().map(line).collect::<String>()))
}

fn learn(known: &mut Known, source: &str, target: &str) {
    let entry = known.entry(source.to_owned()).or_insert_with(|| Some(target.to_owned()));
    if entry.as_deref() != Some(target) {
        *entry = None;
    }
}

const fn is_plain(node: &SpanNode) -> bool {
    matches!(node.kind, SpanKind::Scalar { plain: true, .. })
}

fn texts(value: &Value, found: &mut Vec<String>) {
    match &value.shape {
        Shape::Scalar { text, .. } => found.push(text.clone()),
        Shape::List(items) => items.iter().for_each(|item| texts(item, found)),
        Shape::Map(pairs) => pairs.iter().for_each(|(_, value)| texts(value, found)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_new_has_the_targets_names() {
        let names = Names::new(["staging"], ["production"]);
        let mut known = Counterparts::default();
        known.learn_name(&names, "shop-staging", "shop-production");
        known.learn_name(&names, "a", "b");
        known.learn_name(&names, "a", "c");
        let text = "namespace: shop-staging # where\nx: [a, 'shop-staging']\n";
        assert_eq!(
            known.translate(&names, text.as_bytes(), None).as_deref(),
            Some("namespace: shop-production # where\nx: [a, \"shop-production\"]\n")
        );
        assert_eq!(known.translate(&names, text.as_bytes(), Some(b"y: shop-staging\n")), None);
    }

    #[test]
    fn a_prefix_of_names_is_the_targets() {
        let names = Names::new(["staging"], ["production"]);
        let mut known = Counterparts::default();
        known.learn_prefix("staging-", "");
        assert_eq!(known.said_by_target(&names, "staging-shop").as_deref(), Some("shop"));
        assert_eq!(known.said_by_target(&names, "staging-"), None);
        assert_eq!(known.said_by_target(&names, "my-staging-shop"), None);
    }

    /// What was seen of both, and what is said for a text then.
    #[test]
    fn what_was_seen_tells_what_the_target_says() {
        let names = Names::new(["staging"], ["prod", "production"]);
        for (source, target, text, want) in [
            ("shop-staging", "shop-prod", "env/staging", Some("env/prod")),
            ("staging", "prod", "staging", Some("prod")),
            // A namespace tells nothing of names that have more in them, nor of hosts.
            ("staging", "prod", "shop-staging", None),
            ("shop-staging", "shop-prod", "https://a.staging.shop.io/x", None),
            (
                "staging.shop.io",
                "prod.shop.io",
                "https://a.staging.shop.io/x",
                Some("https://a.prod.shop.io/x"),
            ),
            (
                "https://staging.shop.io/a",
                "https://shop.io/a",
                "x: https://staging.shop.io/b",
                Some("x: https://shop.io/b"),
            ),
            (
                "https://api.staging.shop.io/a",
                "https://api.shop.io/a",
                "web.staging.shop.io",
                Some("web.shop.io"),
            ),
            ("staging-shop", "shop", "staging-cart", Some("cart")),
            ("shop-staging", "shop-prod", "r.io/shop:staging", None),
            ("shop-staging", "shop-prod", "/staging", None),
        ] {
            let mut known = Counterparts::default();
            if names.are_counterparts(source, target) {
                known.learn_name(&names, source, target);
            } else {
                known.learn_bare(&names, source, target);
            }
            let said = known.said_by_target(&names, text);
            assert_eq!(said.as_deref(), want, "{source} {target} {text}");
        }
    }
}
