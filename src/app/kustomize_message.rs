//! What kustomize says about a failure, fit to be shown.
//!
//! It may quote the values of Secrets, so all that the files hide is taken out.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::diff::{FilesDiff, MASKED, SecretInputs};
use crate::model::{FileEdit, FileTree, Files as _, RepoPath};

/// Longer words lose their middle: the place is told first, the reason last.
const MOST_CHARS: usize = 2_000;

/// What it said, without control characters and not longer than [`MOST_CHARS`].
pub(super) fn shortened(said: &str) -> String {
    let said = said.trim().trim_start_matches("Error: ");
    // With `debug: true` helm prints what it rendered, Secrets and all.
    let said = said.split("\nHelm template:").next().unwrap_or_default();
    let chars: Vec<char> = said.chars().filter(|c| !c.is_control() || *c == '\n').collect();
    if chars.is_empty() {
        return "it gives no reason".to_owned();
    }
    if chars.len() <= MOST_CHARS {
        return chars.into_iter().collect();
    }
    let (head, tail) = (&chars[..MOST_CHARS / 4], &chars[chars.len() - MOST_CHARS * 3 / 4..]);
    head.iter().chain(&[' ', '…', ' ']).chain(tail).collect()
}

/// Shorter words are found everywhere by chance.
const SHORTEST: usize = 4;
/// Longer runs of such characters may be an encoded value.
const LONGEST_RUN: usize = 32;

/// The words of a program about these files, without what a diff of them would mask.
pub(super) fn without_secrets(said: &str, tree: &FileTree) -> String {
    let hidden = hidden_words(tree);
    if hidden.is_empty() {
        return said.to_owned();
    }
    let mut said = said.to_owned();
    // The longest first: one may be a part of another.
    let mut words: Vec<&String> = hidden.iter().collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let paths = Paths(tree.list(&RepoPath::root()).unwrap_or_default());
    for word in words {
        if said.contains(word.as_str()) && !paths.show(word) {
            said = said.replace(word.as_str(), MASKED);
        }
    }
    without_encoded(&said, &paths)
}

/// The paths of the files, which nobody hides.
struct Paths(Vec<RepoPath>);

impl Paths {
    fn show(&self, text: &str) -> bool {
        self.0.iter().any(|path| path.as_str().contains(text))
    }
}

/// What stands in the files and not in what a diff shows of them, plain and in base64.
fn hidden_words(tree: &FileTree) -> BTreeSet<String> {
    let root = RepoPath::root();
    let secrets = SecretInputs::find(tree, &[&root], []).in_doubt(tree, &[&root]);
    let mut hidden: BTreeSet<String> = secrets.chart_values(tree).into_iter().collect();
    for path in tree.list(&root).unwrap_or_default() {
        let Ok(Some(file)) = tree.file(&path) else { continue };
        // What is no text is not quoted.
        let Ok(text) = std::str::from_utf8(&file.content).map(str::to_owned) else { continue };
        let edit = FileEdit { path, before: None, after: Some(file) };
        let diff = FilesDiff::of([&edit], &secrets);
        if !diff.files().iter().any(|file| file.masked) {
            continue;
        }
        let shown = diff.text();
        let shown: BTreeSet<&str> = shown.lines().flat_map(words).collect();
        hidden
            .extend(text.lines().flat_map(words).filter(|w| !shown.contains(w)).map(str::to_owned));
    }
    let encoded: Vec<String> = hidden.iter().map(|word| STANDARD.encode(word)).collect();
    let decoded = hidden.iter().filter_map(|word| STANDARD.decode(word).ok());
    let decoded: Vec<String> = decoded.filter_map(|bytes| String::from_utf8(bytes).ok()).collect();
    hidden.extend(encoded);
    hidden.extend(decoded.iter().flat_map(|text| text.lines().flat_map(words)).map(str::to_owned));
    hidden
}

/// The words of a line, the values of its `key: value` and `key=value`, and the whole of it.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let value = |at: &str| line.split_once(at).map(|(_, value)| value);
    let wholes = [Some(line), value(": "), value("=")];
    let parts = line.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`'));
    let parts = parts.flat_map(|part| [Some(part), part.split_once('=').map(|(_, value)| value)]);
    wholes
        .into_iter()
        .chain(parts)
        .flatten()
        .map(|word| word.trim().trim_matches(is_around))
        .filter(|word| word.chars().count() >= SHORTEST)
}

/// Punctuation of YAML and JSON around a value.
const fn is_around(c: char) -> bool {
    matches!(c, '{' | '}' | '[' | ']' | '(' | ')' | ',' | ';' | ':' | '"' | '\'' | '`' | '-')
}

/// Hides long runs of what base64 is written in, unless they are parts of paths.
fn without_encoded(said: &str, paths: &Paths) -> String {
    let is_encoded = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    let mut out = String::with_capacity(said.len());
    let mut rest = said;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_encoded(c)).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        let is_long = run.len() >= LONGEST_RUN && !paths.show(run.trim_matches('/'));
        out.push_str(if is_long { MASKED } else { run });
        let next = after.find(is_encoded).unwrap_or(after.len());
        out.push_str(&after[..next]);
        rest = &after[next..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> FileTree {
        FileTree::of(files.iter().copied()).unwrap()
    }

    const SECRETS: [(&str, &str); 4] = [
        (
            "over/kustomization.yaml",
            "secretGenerator:\n- name: a\n  envs: [a.env]\n  files: [key.pem]\n  literals:\n  - pass=hunter2 and more\n",
        ),
        ("over/a.env", "TOKEN=t0ken,with,commas\n"),
        ("over/key.pem", "-----BEGIN-----\nMIIBVgIBADANBgkqhkiG9w0BAQEFAASCAUA\n"),
        ("over/secret.yaml", "kind: Secret\nmetadata: {name: b}\ndata:\n  p: aHVudGVyMw==\n"),
    ];

    #[test]
    fn kustomizes_words_lose_values_of_secrets() {
        let tree = tree(&SECRETS);
        let said = "Error: accumulating resources from '../over': over/secret.yaml: invalid literal \
                    \"hunter2 and more\" or 'hunter2' or aHVudGVyMg== or aHVudGVyMw== (hunter3), \
                    {TOKEN:t0ken,with,commas} MIIBVgIBADANBgkqhkiG9w0BAQEFAASCAUA \
                    bm9ib2R5IGhhcyBldmVyIHNlZW4gdGhpcyB2YWx1ZQ==";
        let told = shortened(&without_secrets(said, &tree));
        for hidden in ["hunter", "aHVud", "t0ken", "MIIB", "bm9i"] {
            assert!(!told.contains(hidden), "{hidden} in {told}");
        }
        let shown = "accumulating resources from '../over': over/secret.yaml: invalid literal";
        assert!(told.starts_with(shown), "{told}");
    }

    #[test]
    fn without_secrets_all_is_said() {
        let tree = tree(&[("a/kustomization.yaml", "resources: [b.yaml]\n")]);
        let said = "no such file: a/b.yaml aVeryLongWordThatCouldBeSomethingEncoded";
        assert_eq!(without_secrets(said, &tree), said);
    }

    #[test]
    fn long_words_lose_their_middle() {
        let told = shortened(&format!("Error: start {} the end\n", "x".repeat(100_000)));
        assert_eq!(told.chars().count(), MOST_CHARS + 3);
        assert!(told.starts_with("start") && told.ends_with("the end"), "{told}");
        assert_eq!(shortened(" \x1b\n"), "it gives no reason");
        assert_eq!(shortened("a\nHelm template:\nkind: Secret"), "a");
    }
}
