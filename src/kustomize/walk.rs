//! Walking to the fields that a field spec means: through mappings by name, through lists by themselves.
//!
//! As kustomize's `api/filters/fieldspec`, without making what is missing.

use crate::yaml::{Node, Tag, Value};

/// A path of field names, split once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(Vec<String>);

/// A scalar stands where the path goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScalarInTheWay;

impl Path {
    /// Splits at `/`; `\/` is a slash in a name, `[]` after a name says what is found out anyway.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.strip_prefix('/').unwrap_or(text);
        let mut parts: Vec<String> = Vec::new();
        let mut joins = false;
        for part in text.split('/') {
            let (part, escaped) = match part.strip_suffix('\\') {
                Some(part) => (part, true),
                None => (part, false),
            };
            match parts.last_mut().filter(|_| joins) {
                Some(last) => {
                    last.push('/');
                    last.push_str(part);
                }
                None => parts.push(part.to_owned()),
            }
            joins = escaped;
        }
        for part in &mut parts {
            if let Some(name) = part.strip_suffix("[]") {
                *part = name.to_owned();
            }
        }
        Self(parts)
    }

    /// The names.
    #[must_use]
    pub fn parts(&self) -> &[String] {
        &self.0
    }

    /// Calls `visit` with every node that the path leads to.
    ///
    /// # Errors
    /// What `visit` returns, and [`ScalarInTheWay`].
    pub fn visit<E: From<ScalarInTheWay>>(
        &self,
        node: &mut Node,
        visit: &mut impl FnMut(&mut Node) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut tree = Tree::default();
        tree.add(self, 0);
        tree.visit(node, &mut |node, _| visit(node))
    }
}

/// Many paths, walked at once: what they share is walked once.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    branches: Vec<(String, Self)>,
    /// The numbers of the paths that end here, in the order in which they were added.
    ends: Vec<usize>,
}

impl Tree {
    /// Adds a path under a number.
    pub fn add(&mut self, path: &Path, number: usize) {
        let mut tree = self;
        for name in &path.0 {
            let at = tree.branches.iter().position(|(branch, _)| branch == name);
            let at = at.unwrap_or_else(|| {
                tree.branches.push((name.clone(), Self::default()));
                tree.branches.len() - 1
            });
            tree = &mut tree.branches[at].1;
        }
        tree.ends.push(number);
    }

    /// Whether no path was added.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.branches.is_empty() && self.ends.is_empty()
    }

    /// Calls `visit` with every node that a path leads to, and the path's number.
    ///
    /// # Errors
    /// What `visit` returns, and [`ScalarInTheWay`].
    pub fn visit<E: From<ScalarInTheWay>>(
        &self,
        node: &mut Node,
        visit: &mut impl FnMut(&mut Node, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        for number in &self.ends {
            visit(node, *number)?;
        }
        self.descend(node, visit)
    }

    /// Follows the branches; a list is walked through as if each of its items stood there.
    fn descend<E: From<ScalarInTheWay>>(
        &self,
        node: &mut Node,
        visit: &mut impl FnMut(&mut Node, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.branches.is_empty() {
            return Ok(());
        }
        match &mut node.value {
            Value::Mapping(mapping) => self.branches.iter().try_for_each(|(name, tree)| {
                mapping.get_mut(name).map_or(Ok(()), |field| tree.visit(field, visit))
            }),
            Value::Sequence(items) => {
                items.iter_mut().try_for_each(|item| self.descend(item, visit))
            }
            Value::Scalar(scalar) if scalar.tag == Tag::Null => Ok(()),
            Value::Scalar(_) => Err(ScalarInTheWay.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_paths_as_kustomize_does() {
        let parts = |text: &str| Path::parse(text).0;
        assert_eq!(parts("spec/template"), ["spec", "template"]);
        assert_eq!(parts("/spec/containers[]/image"), ["spec", "containers", "image"]);
        assert_eq!(parts(r"metadata/annotations/a.io\/b"), ["metadata", "annotations", "a.io/b"]);
    }
}
