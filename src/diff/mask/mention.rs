//! Whether a text speaks of a Secret's values, or only says which Secret it means.

use std::sync::LazyLock;

use regex::Regex;

use crate::kustomize::decode::same_key;
use crate::yaml::{Dialect, Mapping, Node, Pair, Value, parse_stream};

/// Whether a text (an inline patch, an annotation) holds a manifest of a Secret or a generator of one.
///
/// A text that only refers to Secrets, as `substituteFrom` and `valuesFrom` do, is none.
pub(super) fn mentions_secret(text: &str) -> bool {
    let mentions = mentions(text);
    mentions > 0 && !only_refers(text, mentions)
}

/// How often a kind or a field of Secrets is written, wherever it stands.
fn mentions(text: &str) -> usize {
    static MENTION: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r#"(?i)kind[\\"'\s]*[:=][\\"'\s]*secret(generator|list)?\b|[sſ]ecretGenerator[\\"'\s]*:"#,
        )
        .expect("the pattern is fixed")
    });
    // Most scalars are short or free of the word: the search for it is much cheaper than the pattern.
    if text.len() <= 10 || !contains_ecret(text) {
        return 0;
    }
    MENTION.find_iter(text).count()
}

/// Whether the word is there, in any case.
fn contains_ecret(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr2_iter(b'c', b'C', bytes).any(|at| {
        at >= 1 && bytes.get(at - 1..at + 4).is_some_and(|word| word.eq_ignore_ascii_case(b"ecret"))
    })
}

/// Whether every mention stands in a reference: comments and texts within texts are none.
fn only_refers(text: &str, mentions: usize) -> bool {
    let Ok(documents) = parse_stream(text, Dialect::V3) else { return false };
    documents.iter().map(references).sum::<usize>() == mentions
}

/// The references to Secrets in a tree.
fn references(node: &Node) -> usize {
    match &node.value {
        Value::Scalar(_) => 0,
        Value::Sequence(items) => items.iter().map(references).sum(),
        Value::Mapping(mapping) if is_reference(mapping) => 1,
        Value::Mapping(mapping) => mapping.into_iter().map(|pair| references(&pair.value)).sum(),
    }
}

/// What a reference to an object consists of; nothing in it is a Secret's value.
const OF_REFERENCES: [&str; 10] = [
    "apiVersion",
    "group",
    "kind",
    "name",
    "namespace",
    "optional",
    "targetPath",
    "valuesKey",
    "fieldPath",
    "key",
];

/// Whether a mapping says which Secret is meant, and nothing of what is in it.
fn is_reference(mapping: &Mapping) -> bool {
    let kind =
        |pair: &Pair| same_key("kind", &pair.key.text) && pair.value.text() == Some("Secret");
    let of_reference = |pair: &Pair| {
        OF_REFERENCES.contains(&pair.key.text.as_str()) && pair.value.text().is_some()
    };
    let is_named = mapping.get("name").is_some();
    is_named && mapping.into_iter().any(kind) && mapping.into_iter().all(of_reference)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_no_mention() {
        for text in [
            "substituteFrom:\n- kind: Secret\n  name: cluster-secrets\n",
            "- op: add\n  path: /spec/valuesFrom/-\n  value: {kind: Secret, name: a, valuesKey: b, optional: true}\n",
            "{\"secretRef\": {\"kind\": \"Secret\", \"name\": \"a\"}}",
        ] {
            assert!(!mentions_secret(text), "{text}");
        }
    }

    #[test]
    fn whatever_may_have_values_is_one() {
        for text in [
            "kind: Secret\nmetadata: {name: a}\nstringData: {a: b}\n",
            "kind: Secret\ndata: {a: b}\n",
            "a:\n- kind: Secret\n  name: a\n  <<: {stringData: {a: b}}\n",
            "a:\n- kind: Secret\n  name: a\n# kind: Secret\n# stringData: {a: b}\n",
            "a:\n- kind: Secret\n  name: a\nb: |\n  kind: Secret\n  stringData: {a: b}\n",
            "kind: Secret\nname: {stringData: c}\n",
            "kind: Secret",
            "kind: secret\nname: x\n",
            "secretGenerator:\n- literals: [a=b]\n",
            "x: {kind: Secret, name: a\n",
            "kind=Secret name=x",
        ] {
            assert!(mentions_secret(text), "{text}");
        }
    }
}
