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
        walk(node, &self.0, visit)
    }
}

fn walk<E: From<ScalarInTheWay>>(
    node: &mut Node,
    path: &[String],
    visit: &mut impl FnMut(&mut Node) -> Result<(), E>,
) -> Result<(), E> {
    let Some((name, rest)) = path.split_first() else { return visit(node) };
    match &mut node.value {
        Value::Mapping(mapping) => match mapping.get_mut(name) {
            Some(field) => walk(field, rest, visit),
            None => Ok(()),
        },
        Value::Sequence(items) => items.iter_mut().try_for_each(|item| walk(item, path, visit)),
        Value::Scalar(scalar) if scalar.tag == Tag::Null => Ok(()),
        Value::Scalar(_) => Err(ScalarInTheWay.into()),
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
