//! Selectors with expressions, as admission webhooks have them.
//!
//! Plain label maps are in [`super::mesh::selects`].

use super::mesh::{Labels, labels, selects};
use crate::yaml::Node;

/// Whether a `LabelSelector` selects an object with these labels. Without a selector all are
/// selected; a selector that Kubernetes would refuse selects none.
#[must_use]
pub fn matches(selector: Option<&Node>, object: &Labels) -> bool {
    let Some(selector) = selector.filter(|selector| !selector.is_null()) else { return true };
    let expressions = selector.get("matchExpressions").and_then(Node::as_sequence);
    selects(&labels(selector.get("matchLabels")), object)
        && expressions.unwrap_or_default().iter().all(|expression| holds(expression, object))
}

fn holds(expression: &Node, object: &Labels) -> bool {
    let text = |key| expression.text_at(&[key]);
    let values: Vec<&str> = values(expression).collect();
    let label = object.get(text("key"));
    let is_listed = label.is_some_and(|label| values.contains(&label.as_str()));
    match text("operator") {
        "In" => is_listed,
        "NotIn" => !values.is_empty() && !is_listed,
        "Exists" => values.is_empty() && label.is_some(),
        "DoesNotExist" => values.is_empty() && label.is_none(),
        _ => false,
    }
}

/// The values that a selector names for a label, in its labels or its expressions.
#[must_use]
pub fn values_of<'a>(selector: Option<&'a Node>, label: &str) -> Vec<&'a str> {
    let Some(selector) = selector else { return Vec::new() };
    let plain = selector.at(&["matchLabels", label]).and_then(Node::text);
    let expressions = selector.get("matchExpressions").and_then(Node::as_sequence);
    let about = expressions
        .unwrap_or_default()
        .iter()
        .filter(|expression| expression.get("key").and_then(Node::text) == Some(label));
    plain.into_iter().chain(about.flat_map(values)).collect()
}

fn values(expression: &Node) -> impl Iterator<Item = &str> {
    let values = expression.get("values").and_then(Node::as_sequence).unwrap_or_default();
    values.iter().filter_map(Node::text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Dialect, parse_stream};

    fn selected(selector: &str, object: &[(&str, &str)]) -> bool {
        let nodes = parse_stream(selector, Dialect::V3).unwrap();
        let pairs = object.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        matches(nodes.first(), &pairs.collect())
    }

    #[test]
    fn expressions_are_all_required() {
        let selector = "{matchLabels: {a: b}, matchExpressions: [{key: r, operator: NotIn, values: [x]}, {key: off, operator: DoesNotExist}]}";
        assert!(selected(selector, &[("a", "b")]));
        assert!(selected(selector, &[("a", "b"), ("r", "y")]));
        assert!(!selected(selector, &[("a", "b"), ("r", "x")]));
        assert!(!selected(selector, &[("a", "b"), ("off", "")]));
        assert!(!selected(selector, &[]));
    }

    #[test]
    fn what_kubernetes_refuses_selects_nothing() {
        assert!(!selected("{matchExpressions: [{key: a, operator: In}]}", &[("a", "b")]));
        assert!(!selected(
            "{matchExpressions: [{key: a, operator: Equals, values: [b]}]}",
            &[("a", "b")]
        ));
        assert!(selected("{}", &[]));
    }
}
