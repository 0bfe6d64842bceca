//! What weakens security, moves traffic or deletes something, said in words.
//!
//! Each rule looks at one changed resource. These are remarks for the reader of a pull request, not
//! gates: they decide what stands first and what is unfolded. A new rule is a function in
//! [`kubernetes`] or [`istio`] and a line in `RULES`.

mod istio;
mod kubernetes;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::diff::{Change, ResourceDiff};
use crate::yaml::Node;

use super::markdown::{code, counted};

/// How much a remark matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RiskLevel {
    /// Traffic moves, or more can be reached than before.
    Caution,
    /// Security is weakened, or something goes.
    Danger,
}

/// A remark about one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Risk {
    /// How much it matters.
    pub level: RiskLevel,
    /// What happens, in Markdown, without the resource's name: the words after it.
    pub says: String,
}

type Rule = fn(&Subject<'_>) -> Vec<Risk>;

const RULES: &[Rule] = &[
    istio::peer_authentication,
    istio::authorization_policy,
    istio::request_authentication,
    istio::virtual_service,
    istio::gateway,
    istio::destination_rule,
    istio::mesh,
    kubernetes::deleted,
    kubernetes::replicas,
    kubernetes::pod_security,
    kubernetes::roles,
    kubernetes::exposure,
    kubernetes::namespace,
];

/// All remarks about a changed resource, the weightiest first.
#[must_use]
pub fn risks(diff: &ResourceDiff) -> Vec<Risk> {
    let subject = Subject { diff };
    if diff.change == Change::Changed && !subject.is_substantial() {
        // Labels of a namespace decide about sidecars and pod security.
        return kubernetes::namespace(&subject);
    }
    let mut risks: Vec<Risk> = RULES.iter().flat_map(|rule| rule(&subject)).collect();
    risks.sort_by_key(|risk| std::cmp::Reverse(risk.level));
    risks
}

/// A changed resource as rules ask about it.
struct Subject<'a> {
    diff: &'a ResourceDiff,
}

impl<'a> Subject<'a> {
    /// Whether the resource is of this kind, in a group that ends so.
    fn is(&self, group: &str, kind: &str) -> bool {
        self.diff.id.gvk.kind == kind && self.diff.id.gvk.group.ends_with(group)
    }

    fn before(&self) -> Option<&'a Node> {
        self.diff.before.as_ref()
    }

    fn after(&self) -> Option<&'a Node> {
        self.diff.after.as_ref()
    }

    fn is_deleted(&self) -> bool {
        self.diff.change == Change::Deleted
    }

    /// Whether something beside labels and annotations differs; so it is for what comes or goes.
    fn is_substantial(&self) -> bool {
        let content = |node: Option<&'a Node>| {
            let pairs = node.and_then(Node::as_mapping).into_iter().flatten();
            pairs
                .filter(|pair| pair.key.text != "metadata")
                .map(|pair| (&pair.key.text, &pair.value))
                .collect::<Vec<_>>()
        };
        content(self.before()) != content(self.after())
    }

    /// The texts of a field before and after, empty where it is absent.
    fn texts(&self, keys: &[&str]) -> (&'a str, &'a str) {
        (text(self.before(), keys), text(self.after(), keys))
    }

    /// The values of a field before and after.
    fn values(&self, keys: &[&str]) -> (Option<&'a Node>, Option<&'a Node>) {
        (self.before().and_then(|node| node.at(keys)), self.after().and_then(|node| node.at(keys)))
    }
}

fn text<'a>(node: Option<&'a Node>, keys: &[&str]) -> &'a str {
    node.and_then(|node| node.at(keys)).and_then(Node::text).unwrap_or_default()
}

fn items(node: Option<&Node>) -> &[Node] {
    node.and_then(Node::as_sequence).unwrap_or_default()
}

fn danger(says: impl Into<String>) -> Vec<Risk> {
    vec![Risk { level: RiskLevel::Danger, says: says.into() }]
}

fn caution(says: impl Into<String>) -> Vec<Risk> {
    vec![Risk { level: RiskLevel::Caution, says: says.into() }]
}

/// A value in words; an absent one too.
fn shown(value: &str) -> String {
    if value.is_empty() { "unset".to_owned() } else { code(value, 60) }
}

/// `` `a`, `b` and 3 more ``.
fn listed(words: &[&str]) -> String {
    const SHOWN: usize = 4;
    let first: Vec<String> = words.iter().take(SHOWN).map(|word| code(word, 80)).collect();
    let first = first.join(", ");
    match words.len().saturating_sub(SHOWN) {
        0 => first,
        rest => format!("{first} and {}", counted(rest, "more", "more")),
    }
}

/// What is in `after` and not in `before`, each once.
fn new_ones<'a>(before: &[&str], after: &[&'a str]) -> Vec<&'a str> {
    let mut seen: BTreeSet<&str> = before.iter().copied().collect();
    after.iter().copied().filter(|word| seen.insert(word)).collect()
}

/// The texts of a list before and after, and what comes and goes.
fn changes_of(before: &[&str], after: &[&str], what: &str, to: &str) -> Option<String> {
    let come = new_ones(before, after);
    let go = new_ones(after, before);
    match (come.is_empty(), go.is_empty()) {
        (true, true) => None,
        (false, true) => Some(format!("{what} {} {to}", listed(&come))),
        (true, false) => Some(format!("no longer {what} {}", listed(&go))),
        (false, false) => Some(format!("{what} {} {to}, no longer {}", listed(&come), listed(&go))),
    }
}
