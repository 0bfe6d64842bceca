//! The folders of a repository as discovery looks at them: what lies below each, by names alone.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::model::{CHART_NAME, KUSTOMIZATION_NAMES, RepoPath, is_values_name, is_yaml_name};

/// Folders that have examples, tests or what is kept, not what is deployed.
const ASIDE: [&str; 24] = [
    "archive",
    "archived",
    "deprecated",
    "doc",
    "docs",
    "example",
    "examples",
    "fixtures",
    "hack",
    "legacy",
    "node_modules",
    "old",
    "sample",
    "samples",
    "scripts",
    "spec",
    "template",
    "templates",
    "terraform",
    "testdata",
    "tests",
    "third_party",
    "tutorials",
    "vendor",
];

/// Endings of files that are settings of something, whatever reads them; so is a name without an ending.
const SETTINGS: [&str; 10] =
    ["cfg", "conf", "env", "ini", "json", "properties", "toml", "txt", "yaml", "yml"];

/// Which files make a folder an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counting {
    /// What can be rendered.
    Rendered,
    /// Settings too, which nothing here renders.
    Settings,
    /// None: the files themselves may be environments.
    Files,
}

/// All files and folders.
pub(super) struct Tree {
    counting: Counting,
    files: Rc<Vec<RepoPath>>,
    /// The folders in each folder.
    children: BTreeMap<RepoPath, BTreeSet<String>>,
}

impl Tree {
    /// Files in the order of their paths.
    pub(super) fn new(files: Rc<Vec<RepoPath>>, counting: Counting) -> Self {
        let mut children: BTreeMap<RepoPath, BTreeSet<String>> = BTreeMap::new();
        let mut last = None;
        for file in files.iter() {
            let Some(dir) = file.parent() else { continue };
            if last.as_ref() == Some(&dir) {
                continue;
            }
            let mut at = dir.clone();
            while let Some(parent) = at.parent() {
                let name = at.parts().next_back().unwrap_or_default().to_owned();
                if !children.entry(parent.clone()).or_default().insert(name) {
                    break;
                }
                at = parent;
            }
            last = Some(dir);
        }
        Self { counting, files, children }
    }

    /// What counts in it.
    pub(super) const fn counting(&self) -> Counting {
        self.counting
    }

    /// Every folder that has folders, with their names.
    pub(super) fn parents(&self) -> impl Iterator<Item = (&RepoPath, &BTreeSet<String>)> {
        self.children.iter()
    }

    /// The names of the folders in a folder.
    pub(super) fn children(&self, dir: &RepoPath) -> impl Iterator<Item = &str> {
        self.children.get(dir).into_iter().flatten().map(String::as_str)
    }

    /// The files below a folder; a file itself.
    pub(super) fn below(&self, dir: &RepoPath) -> &[RepoPath] {
        if dir.is_root() {
            return &self.files;
        }
        if let Ok(at) = self.files.binary_search(dir) {
            return &self.files[at..=at];
        }
        let prefix = format!("{dir}/");
        let start = self.files.partition_point(|path| path.as_str() < prefix.as_str());
        let rest = &self.files[start..];
        &rest[..rest.partition_point(|path| path.as_str().starts_with(&prefix))]
    }

    /// What can be rendered below a folder, as far as names tell.
    pub(super) fn content(&self, dir: &RepoPath) -> Content {
        let below = self.below(dir).iter();
        below.map(|path| self.of(path)).max().unwrap_or(Content::Nothing)
    }

    fn of(&self, path: &RepoPath) -> Content {
        match (content(path), self.counting) {
            (Content::Nothing, Counting::Settings) if is_setting(path) => Content::Yaml,
            (content, _) => content,
        }
    }

    /// The same of the files that lie in the folder itself.
    pub(super) fn own_content(&self, dir: &RepoPath) -> Content {
        let own = |path: &&RepoPath| path.parent().as_ref() == Some(dir);
        let files = self.below(dir).iter().filter(own);
        files.map(|path| self.of(path)).max().unwrap_or(Content::Nothing)
    }
}

/// What a file or a folder can be rendered from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Content {
    /// Nothing that we know of.
    Nothing,
    /// YAML that may be manifests; their text tells.
    Yaml,
    /// A kustomization, a chart, or values of one.
    Known,
}

/// What a file is, by its name.
pub(super) fn content(path: &RepoPath) -> Content {
    let name = path.parts().next_back().unwrap_or_default();
    if KUSTOMIZATION_NAMES.contains(&name) || name == CHART_NAME {
        return Content::Known;
    }
    if is_values_name(name) {
        return Content::Known;
    }
    let is_yaml = is_yaml_name(name) && !name.starts_with('.');
    if is_yaml { Content::Yaml } else { Content::Nothing }
}

fn is_setting(path: &RepoPath) -> bool {
    let name = path.parts().next_back().unwrap_or_default();
    match name.rsplit_once('.') {
        Some((stem, ending)) => !stem.is_empty() && SETTINGS.contains(&ending),
        None => !name.chars().any(char::is_uppercase),
    }
}

/// Whether a folder is hidden, or has examples and the like.
pub(super) fn is_aside(dir: &RepoPath) -> bool {
    dir.parts().any(|part| part.starts_with('.') || ASIDE.contains(&part))
}
