//! Config maps of the repository that variables are taken from: written out, or made by a kustomization.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::generator::Tree;
use super::json::{at, display, items, of_node, text, texts};
use crate::model::RepoPath;
use crate::yaml::parse_manifests;

/// What a config map says.
type Data = BTreeMap<String, String>;

/// The config maps with the names that somebody asked for.
#[derive(Debug, Default)]
pub(super) struct ConfigMaps {
    found: BTreeMap<String, Vec<(RepoPath, Data)>>,
}

impl ConfigMaps {
    /// Looks for config maps by their names.
    pub(super) fn find(names: &BTreeSet<String>, paths: &[RepoPath], tree: &Tree<'_>) -> Self {
        let mut maps = Self::default();
        if names.is_empty() {
            return maps;
        }
        let words: Vec<&str> = names.iter().map(String::as_str).collect();
        let holding = tree.files.holding(paths, &words);
        tree.unknown.borrow_mut().extend(holding.unknown);
        for path in holding.found {
            let Some(documents) = tree.text(&path).and_then(|it| parse_manifests(&it).ok()) else {
                continue;
            };
            for document in &documents {
                maps.add(&of_node(document), &path, names, tree);
            }
        }
        maps
    }

    fn add(&mut self, object: &Json, path: &RepoPath, names: &BTreeSet<String>, tree: &Tree<'_>) {
        let mut put = |name: &str, data: Data| {
            if names.contains(name) {
                self.found.entry(name.to_owned()).or_default().push((path.clone(), data));
            }
        };
        if text(object, &["kind"]) == "ConfigMap" {
            let data = at(object, &["data"]).as_object().into_iter().flatten();
            let data = data.map(|(key, value)| (key.clone(), display(value)));
            return put(text(object, &["metadata", "name"]), data.collect());
        }
        if path.is_kustomization() {
            for generator in items(object, &["configMapGenerator"]) {
                put(text(generator, &["name"]), generated(generator, path, tree));
            }
        }
    }

    /// The one nearest to a file; `None` if there is none, or several that say different things.
    pub(super) fn nearest(&self, name: &str, to: &RepoPath) -> Option<&Data> {
        let found = self.found.get(name)?;
        let near = found.iter().map(|(path, _)| nearness(path, to)).max()?;
        let mut nearest = found.iter().filter(|(path, _)| nearness(path, to) == near);
        let (_, data) = nearest.next()?;
        nearest.all(|(_, other)| other == data).then_some(data)
    }
}

/// How many folders two files share, from the top.
pub(super) fn nearness(a: &RepoPath, b: &RepoPath) -> usize {
    a.parts().zip(b.parts()).take_while(|(a, b)| a == b).count()
}

/// What a generator puts into its config map; files as a whole are no variables.
fn generated(generator: &Json, path: &RepoPath, tree: &Tree<'_>) -> Data {
    let folder = path.parent().unwrap_or_default();
    let mut lines = Vec::new();
    for name in texts(generator, &["envs"]).into_iter().chain(texts(generator, &["env"])) {
        let text = folder.join(&name).ok().and_then(|path| tree.text(&path)).unwrap_or_default();
        lines.extend(text.lines().map(str::trim).map(str::to_owned));
    }
    lines.retain(|line| !line.starts_with('#'));
    lines.extend(texts(generator, &["literals"]));
    let pair = |line: &String| {
        let (key, value) = line.split_once('=')?;
        Some((key.to_owned(), value.trim_matches(['"', '\'']).to_owned()))
    };
    lines.iter().filter_map(pair).collect()
}
