//! Where a resource came from, as `buildMetadata: [originAnnotations, transformerAnnotations]` tells it.

use std::fmt::Write as _;

/// One origin: a file for what was loaded, a plugin and its file for what was generated or changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The file, relative to the directory that is built.
    pub path: String,
    /// The remote repository, if it came from one.
    pub repo: String,
    /// The ref in the remote repository.
    pub reference: String,
    /// The file that configures the generator or transformer.
    pub configured_in: String,
    /// The generator or transformer.
    pub configured_by: Option<ConfiguredBy>,
}

/// The identity of a generator or transformer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfiguredBy {
    /// `builtin` for the kustomization's own fields.
    pub api_version: String,
    /// The plugin's kind.
    pub kind: String,
    /// The name of its configuration; empty for fields.
    pub name: String,
    /// The namespace of its configuration.
    pub namespace: String,
}

impl Origin {
    /// Appends the origin as YAML, every line after `first` indented like `rest`.
    pub fn write(&self, first: &str, rest: &str, out: &mut String) {
        let mut lead = first;
        let mut line = |key: &str, value: &str, indent: &str, out: &mut String| {
            if !value.is_empty() {
                // Writing to a String cannot fail.
                let _ = writeln!(out, "{lead}{indent}{key}: {value}");
                lead = rest;
            }
        };
        line("path", &self.path, "", out);
        line("repo", &self.repo, "", out);
        line("ref", &self.reference, "", out);
        line("configuredIn", &self.configured_in, "", out);
        let Some(by) = &self.configured_by else { return };
        let _ = writeln!(out, "{lead}configuredBy:");
        lead = rest;
        let mut line = |key: &str, value: &str, out: &mut String| {
            if !value.is_empty() {
                let _ = writeln!(out, "{lead}  {key}: {value}");
            }
        };
        line("apiVersion", &by.api_version, out);
        line("kind", &by.kind, out);
        line("name", &by.name, out);
        line("namespace", &by.namespace, out);
    }
}
