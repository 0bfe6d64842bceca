//! Names that both environments use in one place, each its own: in what comes new, the target's stand for the
//! source's. Only whole values are known so, from places where both were seen; nothing is made up.

use std::collections::BTreeMap;

use super::content::Form;
use super::value::{Shape, Value};
use crate::yaml::edit::{Editor, Fragment, NodePath, SpanKind, SpanNode, Step};

/// The target's value for a value of the source's; `None` where two were seen.
type Known = BTreeMap<String, Option<String>>;

/// What is known.
#[derive(Debug, Default)]
pub(super) struct Counterparts {
    /// From values that are the same but for the names of the environments.
    named: Known,
    /// From what only stands in the same place.
    placed: Known,
}

impl Counterparts {
    /// Learns that the target says `target` where the source says `source`, each in its environment's name.
    pub(super) fn learn_name(&mut self, source: &str, target: &str) {
        learn(&mut self.named, source, target);
    }

    /// Learns that the target has `target` where the source has `source`.
    pub(super) fn learn_place(&mut self, source: &str, target: &str) {
        learn(&mut self.placed, source, target);
    }

    fn of(&self, source: &str) -> Option<&str> {
        let known = self.named.get(source).or_else(|| self.placed.get(source));
        known?.as_deref()
    }

    /// A YAML text in which what is new, compared with `before`, has the target's names. `None` if there
    /// is nothing to change, or it cannot be changed in place.
    pub(super) fn translate(&self, after: &[u8], before: Option<&[u8]>) -> Option<String> {
        if self.named.values().chain(self.placed.values()).all(Option::is_none) {
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
            self.find(editor.root(document), &root, &had, &mut places);
        }
        let mut changed = false;
        for (path, text) in places {
            let plain = editor.node(&path).is_some_and(is_plain);
            let fragment = if plain { Fragment::parse(&text) } else { Fragment::text(&text) };
            changed |= fragment.is_ok_and(|fragment| editor.replace(&path, &fragment).is_ok());
        }
        changed.then(|| editor.text())
    }

    fn find(
        &self,
        node: &SpanNode,
        path: &NodePath,
        had: &[String],
        places: &mut Vec<(NodePath, String)>,
    ) {
        if let Some(text) = node.text().filter(|text| !had.iter().any(|it| it == text))
            && let Some(own) = self.of(text)
        {
            places.push((path.clone(), own.to_owned()));
        }
        for (index, item) in node.items().iter().enumerate() {
            self.find(item, &path.index(index), had, places);
        }
        for (key, value) in node.pairs() {
            let Some(key) = key.text() else { continue };
            self.find(value, &path.step(Step::Key(key.to_owned())), had, places);
        }
    }
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
        let mut names = Counterparts::default();
        names.learn_name("shop-staging", "shop-production");
        names.learn_name("a", "b");
        names.learn_name("a", "c");
        let text = "namespace: shop-staging # where\nx: [a, 'shop-staging']\n";
        assert_eq!(
            names.translate(text.as_bytes(), None).as_deref(),
            Some("namespace: shop-production # where\nx: [a, \"shop-production\"]\n")
        );
        assert_eq!(names.translate(text.as_bytes(), Some(b"y: shop-staging\n")), None);
    }
}
