//! Names that both environments use in one place, each its own: in what comes new, the target's stand for the
//! source's. They are known from places where both were seen: whole values, and the words by which values differ
//! that are the same otherwise. Nothing is made up: where nothing was seen, nothing is said.

use std::collections::BTreeMap;

use super::cloud::{CloudObject, replaceable_in};
use super::names::{Names, split_version};

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
    /// What both put before their resources' names, or behind them: the source's, which names it, and the target's.
    joined: Vec<(Side, String, String)>,
    /// What the target says for a name, in texts that are the name, have it, or have hosts.
    words: [Words; 3],
    /// The target's hosts in a cloud and its networks for the source's.
    places: Known,
    /// What both say for a key that is called apart: a branch, a tag.
    apart: BTreeMap<String, Known>,
}

/// What the target says for names of the source's in texts of one kind.
#[derive(Debug, Default)]
struct Words {
    known: Known,
    /// Whether it says the same without a name.
    bare: bool,
}

/// Where something is joined to a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// `namePrefix`
    Before,
    /// `nameSuffix`
    Behind,
}

impl Side {
    /// A name without what is joined to it, if it is and something is left.
    fn strip<'n>(self, name: &'n str, joined: &str) -> Option<&'n str> {
        let rest = match self {
            Self::Before => name.strip_prefix(joined),
            Self::Behind => name.strip_suffix(joined),
        };
        rest.filter(|rest| !rest.is_empty())
    }

    fn join(self, joined: &str, stem: &str) -> String {
        match self {
            Self::Before => format!("{joined}{stem}"),
            Self::Behind => format!("{stem}{joined}"),
        }
    }
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

    /// Learns which host in a cloud or which network the target has in the place of the source's, from two texts that
    /// each name one.
    pub(super) fn learn_places(&mut self, source: &str, target: &str) {
        let one = |text: &str| {
            let mut found = replaceable_in(text);
            found.next().filter(|_| found.next().is_none())
        };
        let (Some(ours), Some(theirs)) = (one(source), one(target)) else { return };
        if ours.kind == theirs.kind {
            learn(&mut self.places, &ours.name, &theirs.name);
        }
    }

    /// A text with the target's hosts and networks for those of the source's that the target does not name.
    pub(super) fn with_own_places(
        &self,
        text: &str,
        is_own: impl Fn(&CloudObject) -> bool,
    ) -> Option<String> {
        let known = |place: &CloudObject| self.places.get(&place.name)?.clone();
        let foreign = replaceable_in(text).filter(|place| !is_own(place));
        let pairs = foreign.filter_map(|place| Some((known(&place)?, place.name)));
        pairs.fold(None, |own, (theirs, ours)| {
            Some(put_words(own.as_deref().unwrap_or(text), &ours, &theirs))
        })
    }

    /// Learns what the target says for a key, where the source says something else.
    pub(super) fn learn_apart(&mut self, key: &str, source: &str, target: &str) {
        learn(self.apart.entry(key.to_owned()).or_default(), source, target);
    }

    /// What the target says for a key, where the source says something. The name of an environment is a branch for
    /// some, and for others it is not.
    pub(super) fn said_apart(&self, key: &str, source: &str) -> Option<&str> {
        self.apart.get(key)?.get(source)?.as_deref()
    }

    /// Learns what both put before the names of their resources, or behind them.
    pub(super) fn learn_joined(&mut self, side: Side, source: &str, target: &str) {
        self.joined.push((side, source.to_owned(), target.to_owned()));
    }

    /// What is left of a name of the target's without what is put before it or behind it.
    pub(super) fn stems<'n>(&self, name: &'n str) -> impl Iterator<Item = &'n str> {
        let own = self.joined.iter().filter(|(_, _, theirs)| !theirs.is_empty());
        own.filter_map(|(side, _, theirs)| side.strip(name, theirs))
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

    /// Whether nothing is known.
    pub(super) fn is_empty(&self) -> bool {
        let mut known = self.named.values().chain(self.placed.values());
        known.all(Option::is_none)
            && self.words.iter().all(|it| !it.bare && it.known.is_empty())
            && self.joined.is_empty()
            && self.apart.is_empty()
            && self.places.is_empty()
    }

    /// What the target has where the source has a text, in some place where both were seen.
    pub(super) fn of(&self, source: &str) -> Option<&str> {
        let known = self.named.get(source).or_else(|| self.placed.get(source));
        known?.as_deref()
    }

    /// How the target would say a text that names the source, as it says others; `None` if that is not known.
    pub(super) fn said_by_target(&self, names: &Names, text: &str) -> Option<String> {
        if let Some(own) = self.of(text) {
            return Some(own.to_owned());
        }
        let stem = |(side, ours, theirs): &(Side, String, String)| {
            let stem = side.strip(text, ours)?;
            (!names.names_source(stem)).then(|| side.join(theirs, stem))
        };
        if let Some(own) = self.joined.iter().find_map(stem) {
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

fn learn(known: &mut Known, source: &str, target: &str) {
    let entry = known.entry(source.to_owned()).or_insert_with(|| Some(target.to_owned()));
    if entry.as_deref() != Some(target) {
        *entry = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_of_names_is_the_targets() {
        let names = Names::new(["staging"], ["production"]);
        let mut known = Counterparts::default();
        known.learn_joined(Side::Before, "staging-", "");
        known.learn_joined(Side::Behind, "-staging", "-prod");
        assert_eq!(known.said_by_target(&names, "staging-shop").as_deref(), Some("shop"));
        assert_eq!(known.said_by_target(&names, "shop-staging").as_deref(), Some("shop-prod"));
        assert_eq!(known.stems("shop-prod").collect::<Vec<_>>(), ["shop"]);
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
