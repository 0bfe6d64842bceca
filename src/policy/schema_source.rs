//! Where schemas come from that an environment does not hold itself.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{RepoName, RepoPath};

/// Files with CustomResourceDefinitions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SchemaSource {
    /// A file, or a directory with all files below it.
    Path(RepoPath),
    /// A file of another repository on GitHub.
    Remote(RemoteSchema),
}

/// A file of a repository at a ref: `istio/istio@1.27.1:manifests/charts/base/files/crd-all.gen.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RemoteSchema {
    /// The repository.
    pub repository: RepoName,
    /// A tag, a branch or a commit.
    pub reference: String,
    /// The file.
    pub path: RepoPath,
}

/// Why a text is no [`SchemaSource`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` {reason}")]
pub struct InvalidSchemaSource {
    /// The text.
    pub text: String,
    /// What is wrong with it, and what to write.
    pub reason: &'static str,
}

impl SchemaSource {
    /// Reads a path of the repository, or `OWNER/REPO@REF:PATH`.
    ///
    /// # Errors
    /// [`InvalidSchemaSource`] if it is neither.
    pub fn parse(text: &str) -> Result<Self, InvalidSchemaSource> {
        let invalid =
            |reason| InvalidSchemaSource { text: text.chars().take(200).collect(), reason };
        let path = |text: &str| {
            let parsed = RepoPath::parse(text).ok().filter(|path| *path != RepoPath::root());
            parsed.ok_or_else(|| invalid("has no path of a file inside the repository"))
        };
        let Some((repository, rest)) = text.split_once('@') else {
            return Ok(Self::Path(path(text)?));
        };
        let (reference, file) = rest
            .split_once(':')
            .ok_or_else(|| invalid("names no file: write `OWNER/REPO@REF:PATH`"))?;
        let repository = RepoName::parse(repository)
            .map_err(|_| invalid("names no repository: write `OWNER/REPO@REF:PATH`"))?;
        let fits = |c: char| c.is_ascii_alphanumeric() || "._-/+".contains(c);
        let good = !reference.is_empty()
            && reference.len() <= 200
            && reference.starts_with(|c: char| c.is_ascii_alphanumeric())
            && reference.chars().all(fits)
            && !reference.contains("..");
        if !good {
            return Err(invalid("names no ref: write a tag, a branch or a commit after the `@`"));
        }
        let path = path(file)?;
        Ok(Self::Remote(RemoteSchema { repository, reference: reference.to_owned(), path }))
    }
}

/// `OWNER/REPO@REF:PATH`, as it is written in the configuration.
impl fmt::Display for RemoteSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}:{}", self.repository, self.reference, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_paths_and_files_of_other_repositories() {
        let istio = "istio/istio@1.27.1:manifests/charts/base/files/crd-all.gen.yaml";
        let SchemaSource::Remote(remote) = SchemaSource::parse(istio).unwrap() else { panic!() };
        assert_eq!(remote.to_string(), istio);
        assert_eq!(
            SchemaSource::parse("schemas/crds").unwrap(),
            SchemaSource::Path(RepoPath::parse("schemas/crds").unwrap())
        );
    }

    #[test]
    fn refuses_what_is_neither() {
        for bad in
            ["", ".", "../x", "/etc/passwd", "a@1:x", "a/b@1", "a/b@:x", "a/b@-x:y", "a/b@v..w:y"]
        {
            assert!(SchemaSource::parse(bad).is_err(), "{bad}");
        }
    }
}
