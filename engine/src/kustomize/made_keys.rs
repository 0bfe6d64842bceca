//! Keys that kustomize made and does not read as texts again.

use super::error::BuildError;
use super::resource::Draft;
use crate::yaml::{Dialect, MERGE_KEY, Node, Scalar, Tag, resolve_plain};

impl Draft {
    /// Refuses keys of labels, annotations and generated data that would read as something else; call it where
    /// kustomize writes the resource and makes JSON of what it reads again.
    ///
    /// It makes them without quotes: those of all annotations, too, which it makes anew.
    ///
    /// # Errors
    /// [`BuildError::Invalid`] if there is one.
    pub fn refuse_made_keys(&self) -> Result<(), BuildError> {
        for path in [&["metadata", "annotations"][..], &["metadata", "labels"], &["data"]] {
            let keys = self.node.at(path).and_then(Node::as_mapping).into_iter().flatten();
            let mut made = keys.map(|pair| &pair.key).filter(|key| key.style.is_plain());
            let is_text = |key: &Scalar| {
                key.text != MERGE_KEY && resolve_plain(&key.text, Dialect::V3) == Tag::Str
            };
            if let Some(key) = made.find(|key| !is_text(key)) {
                return Err(BuildError::Invalid {
                    at: self.location.clone(),
                    reason: format!(
                        "`{}` of `{}` gets the key `{}`, which kustomize writes without quotes and does \
                         not read as a text",
                        path.join("."),
                        self.id,
                        key.text
                    ),
                });
            }
        }
        Ok(())
    }
}
