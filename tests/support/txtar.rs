//! Cases in txtar files: `key: value` lines, then files between `-- path --` lines.

use std::path::Path;

use overlift::rooms::model::FileTree;

/// A case: its header and its files, byte for byte.
pub struct Case {
    /// The file's name without its ending.
    pub name: String,
    header: Vec<(String, String)>,
    files: Vec<(String, Vec<u8>)>,
}

impl Case {
    /// Reads a case. A file that the header names under `no-final-newline` loses its last newline.
    pub fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap();
        Self::parse(path.file_stem().unwrap().to_str().unwrap(), &bytes)
    }

    /// The same from bytes.
    pub fn parse(name: &str, bytes: &[u8]) -> Self {
        let name = name.to_owned();
        let mut case = Self { name, header: Vec::new(), files: Vec::new() };
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = String::from_utf8_lossy(line);
            let text = text.trim_end();
            if let Some(path) = text.strip_prefix("-- ").and_then(|t| t.strip_suffix(" --")) {
                case.files.push((path.to_owned(), Vec::new()));
            } else if let Some((_, content)) = case.files.last_mut() {
                content.extend_from_slice(line);
            } else if let Some((key, value)) = text.split_once(':') {
                case.header.push((key.to_owned(), value.trim().to_owned()));
            }
        }
        let bare: Vec<String> = case.all("no-final-newline").map(str::to_owned).collect();
        for (path, content) in &mut case.files {
            if bare.contains(path) {
                assert_eq!(content.pop(), Some(b'\n'), "{path}");
            }
        }
        case
    }

    /// The values of a header key, in order.
    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.header.iter().filter(move |(k, _)| k == key).map(|(_, value)| value.as_str())
    }

    /// The value of a header key.
    pub fn header(&self, key: &str) -> Option<&str> {
        self.header.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_str())
    }

    /// A file of the case, such as `WANT.yaml`.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        self.files.iter().find(|(p, _)| p == path).map(|(_, content)| content.as_slice())
    }

    /// The files as text, without what is wanted.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        let files = self.files.iter().filter(|(path, _)| !path.starts_with("WANT."));
        files.map(|(path, content)| (path.as_str(), std::str::from_utf8(content).unwrap()))
    }

    /// The files, without what is wanted.
    pub fn tree(&self) -> FileTree {
        let files = self.files.iter().filter(|(path, _)| !path.starts_with("WANT."));
        FileTree::of(files.map(|(path, content)| (path, content))).unwrap()
    }
}

/// All cases below a directory, in the order of their paths; none if it is not there.
pub fn cases_below(dir: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .into_iter()
        .flat_map(|path| {
            if path.is_dir() {
                cases_below(&path)
            } else {
                Vec::from_iter(path.extension().is_some_and(|e| e == "txtar").then_some(path))
            }
        })
        .collect()
}
