//! What edits do to files, in git's own form (git-scm.com/docs/diff-format), which `git apply` reads.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::git_binary::{binary_patch, object_name};
use super::mask::{KnownValues, Searched, SecretInputs, mask_files};
use super::unified::Hunks;
use crate::kustomize::Build;
use crate::model::{File, FileEdit, FileMode, Operation, RepoPath};

/// The differences that edits make, file by file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilesDiff {
    files: Vec<FileDiff>,
}

/// What happens to one file. Nothing in it holds a value of a Secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDiff {
    /// The file.
    pub path: RepoPath,
    /// What happens to it.
    pub operation: Operation,
    /// The diff with its headers.
    pub text: String,
    /// How many lines come.
    pub added_lines: usize,
    /// How many lines go.
    pub removed_lines: usize,
    /// Whether the content is no text.
    pub binary: bool,
    /// Whether values are masked, so that the diff is for reading only.
    pub masked: bool,
}

impl FilesDiff {
    /// Compares the files of each edit. `secrets` names those that hold secret values by their use.
    #[must_use]
    pub fn of<'a>(edits: impl IntoIterator<Item = &'a FileEdit>, secrets: &SecretInputs) -> Self {
        Self::between(edits, secrets, &secrets.known_values(&[]), &[])
    }

    /// The same for edits beside which these are built; `known` are the values of their Secrets.
    #[must_use]
    pub fn between<'a>(
        edits: impl IntoIterator<Item = &'a FileEdit>,
        secrets: &SecretInputs,
        known: &KnownValues,
        builds: &[&Build],
    ) -> Self {
        let of_charts = secrets.values_of_charts(builds);
        let diff = |edit: &FileEdit| {
            let in_file = of_charts.as_ref().filter(|_| secrets.is_of_chart(&edit.path));
            let used = Searched { everywhere: known, in_file: in_file.unwrap_or(known) };
            FileDiff::of(edit, secrets, used)
        };
        Self { files: edits.into_iter().map(diff).collect() }
    }

    /// The same without the texts, for files of which nobody can tell what in them is secret.
    #[must_use]
    pub fn without_texts(mut self) -> Self {
        for file in &mut self.files {
            file.text.clear();
            file.masked = true;
        }
        self
    }

    /// The files, in the order of the edits.
    #[must_use]
    pub fn files(&self) -> &[FileDiff] {
        &self.files
    }

    /// Whether a file is among these and nothing of it is masked.
    #[must_use]
    pub fn is_open(&self, path: &RepoPath) -> bool {
        self.files.iter().any(|file| file.path == *path && !file.masked)
    }

    /// The whole diff. `git apply` applies it, files with masked values excepted.
    #[must_use]
    pub fn text(&self) -> String {
        self.files.iter().map(|file| file.text.as_str()).collect()
    }
}

impl FileDiff {
    fn of(edit: &FileEdit, secrets: &SecretInputs, used: Searched<'_>) -> Self {
        let mut diff = Self {
            path: edit.path.clone(),
            operation: edit.operation(),
            text: String::new(),
            added_lines: 0,
            removed_lines: 0,
            binary: false,
            masked: false,
        };
        match (&edit.before, &edit.after) {
            // A file that becomes a symlink is another thing to git: one goes, one comes.
            (Some(before), Some(after)) if is_link(before) != is_link(after) => {
                diff.push(Some(before), None, secrets, used);
                diff.push(None, Some(after), secrets, used);
            }
            (before, after) => diff.push(before.as_ref(), after.as_ref(), secrets, used),
        }
        diff
    }

    fn push(
        &mut self,
        before: Option<&File>,
        after: Option<&File>,
        secrets: &SecretInputs,
        used: Searched<'_>,
    ) {
        let (from, to) = (quoted("a/", &self.path), quoted("b/", &self.path));
        self.text.push_str(&format!("diff --git {from} {to}\n"));
        self.push_modes(before.map(|file| file.mode), after.map(|file| file.mode));
        let contents = (before.map(|file| &*file.content), after.map(|file| &*file.content));
        let (Some(text_before), Some(text_after)) = (text_of(contents.0), text_of(contents.1))
        else {
            return self.push_binary(contents, secrets);
        };
        let (masked_before, masked_after) = mask_files(
            before.map(|_| text_before),
            after.map(|_| text_after),
            secrets.role(&self.path),
            used,
        );
        self.masked |= masked_before.is_some() || masked_after.is_some();
        let hunks = Hunks::between(
            masked_before.as_deref().unwrap_or(text_before),
            masked_after.as_deref().unwrap_or(text_after),
        );
        if !hunks.is_empty() {
            let name = |file: Option<&File>, name: &str| {
                file.map_or("/dev/null".to_owned(), |_| header_name(name))
            };
            let (from, to) = (name(before, &from), name(after, &to));
            self.text.push_str(&format!("--- {from}\n+++ {to}\n{}", hunks.text));
        }
        self.added_lines += hunks.added_lines;
        self.removed_lines += hunks.removed_lines;
    }

    fn push_modes(&mut self, before: Option<FileMode>, after: Option<FileMode>) {
        let _ = match (before, after) {
            (None, Some(mode)) => writeln!(self.text, "new file mode {}", mode.git()),
            (Some(mode), None) => writeln!(self.text, "deleted file mode {}", mode.git()),
            (Some(before), Some(after)) if before != after => {
                writeln!(self.text, "old mode {}\nnew mode {}", before.git(), after.git())
            }
            _ => Ok(()),
        };
    }

    fn push_binary(
        &mut self,
        (before, after): (Option<&[u8]>, Option<&[u8]>),
        secrets: &SecretInputs,
    ) {
        self.binary = true;
        if before == after {
            return;
        }
        if secrets.hides_binary(&self.path) {
            self.masked = true;
            // Git's words for a binary file whose content is not shown.
            let (from, to) = (quoted("a/", &self.path), quoted("b/", &self.path));
            self.text.push_str(&format!("Binary files {from} and {to} differ\n"));
            return;
        }
        self.text.push_str(&format!("index {}..{}\n", object_name(before), object_name(after)));
        self.text.push_str(&binary_patch(before.unwrap_or_default(), after.unwrap_or_default()));
    }
}

const fn is_link(file: &File) -> bool {
    matches!(file.mode, FileMode::Symlink)
}

/// The content as text, empty for none; `None` if it is binary: no UTF-8, or NUL near its beginning,
/// where git looks for one.
fn text_of(content: Option<&[u8]>) -> Option<&str> {
    let content = content.unwrap_or_default();
    if content[..content.len().min(8000)].contains(&0) {
        return None;
    }
    std::str::from_utf8(content).ok()
}

/// A path as git writes it: in quotes with octal escapes if a byte of it could be misread.
fn quoted(prefix: &str, path: &RepoPath) -> String {
    let path = path.as_str();
    if path.bytes().all(|b| (0x20..0x7f).contains(&b) && b != b'"' && b != b'\\') {
        return format!("{prefix}{path}");
    }
    let mut out = format!("\"{prefix}");
    for byte in path.bytes() {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            b'\r' => out.push_str("\\r"),
            0x20..0x7f => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\{byte:03o}")),
        }
    }
    out.push('"');
    out
}

/// In `---` and `+++` lines a name with spaces ends with a tab, so that it is not cut at the first.
fn header_name(name: &str) -> String {
    if name.contains(' ') && !name.starts_with('"') { format!("{name}\t") } else { name.to_owned() }
}
