//! The generators of an `ApplicationSet`: lists, git directories and files, and matrices and merges of those.
//!
//! Generators that ask a cluster or a service make one set of parameters that are open: what they would say is
//! not known here, and everything else still is.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use super::glob::{matches_directory, matches_file};
use super::go_function::normalized;
use super::json::{at, display, items, of_node, text};
use super::parameters::{Dialect, Parameters, flattened};
use crate::model::{Entry, Files, RepoPath};
use crate::yaml::parse_manifests;

/// More Applications are not made of one set.
pub(super) const MOST: usize = 2_000;
const DEEPEST: usize = 4;

/// The repository as generators see it.
pub(super) struct Tree<'a> {
    pub(super) files: &'a dyn Files,
    pub(super) paths: &'a [RepoPath],
    pub(super) directories: BTreeSet<String>,
    /// Files whose content is asked for and not here.
    pub(super) unknown: RefCell<BTreeSet<RepoPath>>,
}

impl<'a> Tree<'a> {
    pub(super) fn new(files: &'a dyn Files, paths: &'a [RepoPath]) -> Self {
        let mut directories = BTreeSet::new();
        for path in paths {
            let mut above = path.parent();
            while let Some(dir) = above.filter(|dir| !dir.is_root()) {
                if !directories.insert(dir.as_str().to_owned()) {
                    break;
                }
                above = dir.parent();
            }
        }
        Self { files, paths, directories, unknown: RefCell::default() }
    }

    /// The directories that Argo CD looks at.
    pub(super) fn visible(&self) -> impl Iterator<Item = &String> {
        self.directories.iter().filter(|dir| !dir.split('/').any(|part| part.starts_with('.')))
    }

    /// Whether something stands at a path.
    pub(super) fn has(&self, path: &RepoPath) -> bool {
        path.is_root()
            || self.directories.contains(path.as_str())
            || self.paths.binary_search(path).is_ok()
    }

    /// The text of a file; `None` if it is none, or not here.
    pub(super) fn text(&self, path: &RepoPath) -> Option<String> {
        match self.files.look_up(path) {
            Ok((_, Entry::File(file))) => String::from_utf8(file.content.to_vec()).ok(),
            Ok((at, Entry::Unknown)) => {
                self.unknown.borrow_mut().insert(at);
                None
            }
            _ => None,
        }
    }
}

/// The parameters that a generator makes.
pub(super) fn parameters(
    generator: &Json,
    dialect: Dialect,
    tree: &Tree<'_>,
    depth: usize,
) -> Result<Vec<Parameters>, String> {
    if depth > DEEPEST {
        return Err("its generators are nested too deeply".to_owned());
    }
    let mut made = if let Some(list) = generator.get("list") {
        of_list(list, dialect)?
    } else if let Some(git) = generator.get("git") {
        of_git(git, dialect, tree)?
    } else if let Some(matrix) = generator.get("matrix") {
        of_matrix(matrix, dialect, tree, depth)?
    } else if let Some(merge) = generator.get("merge") {
        of_merge(merge, dialect, tree, depth)?
    } else {
        let other =
            generator.as_object().and_then(|it| it.iter().find(|(key, _)| *key != "selector"));
        let Some((_, other)) = other else { return Err("a generator of it is empty".to_owned()) };
        let open = Parameters { open: true, ..Parameters::default() };
        vec![with_values(open, at(other, &["values"]), dialect)?]
    };
    made.retain(|parameters| {
        parameters.open || is_selected(at(generator, &["selector"]), parameters)
    });
    if made.len() > MOST {
        Err(format!("it makes more than {MOST} Applications"))
    } else {
        Ok(made)
    }
}

fn of_list(list: &Json, dialect: Dialect) -> Result<Vec<Parameters>, String> {
    let written = text(list, &["elementsYaml"]);
    let more = match parse_manifests(written) {
        Ok(documents) => documents.first().map_or(Json::Null, of_node),
        Err(_) => return Err("its `elementsYaml` is no YAML".to_owned()),
    };
    let elements = items(list, &["elements"]).iter().chain(more.as_array().into_iter().flatten());
    Ok(elements.map(|element| of_tree(element, dialect)).collect())
}

fn of_tree(tree: &Json, dialect: Dialect) -> Parameters {
    let values = match dialect {
        Dialect::Go { .. } => tree.as_object().cloned().unwrap_or_default(),
        Dialect::Plain => {
            let mut values = Map::new();
            flattened(tree, "", &mut values);
            values
        }
    };
    Parameters { values, open: false }
}

fn of_git(git: &Json, dialect: Dialect, tree: &Tree<'_>) -> Result<Vec<Parameters>, String> {
    let directories = items(git, &["directories"]);
    let prefix = text(git, &["pathParamPrefix"]);
    let mut made = Vec::new();
    if directories.is_empty() {
        for path in files_of(git, tree) {
            let Some(content) = tree.text(path) else { continue };
            let documents = parse_manifests(&content)
                .map_err(|error| format!("`{path}` is no YAML: {}", error.reason))?;
            let content = documents.first().map_or(Json::Null, of_node);
            let objects = content.as_array().map_or(std::slice::from_ref(&content), Vec::as_slice);
            for object in objects {
                let place = of_path(
                    path.parent().unwrap_or_default().as_str(),
                    Some(path.file_name()),
                    prefix,
                    dialect,
                );
                made.push(of_tree(object, dialect).and(&place));
            }
        }
    } else {
        let chosen = tree.visible().filter(|dir| is_chosen(directories, dir, matches_directory));
        made.extend(chosen.map(|dir| of_path(dir, None, prefix, dialect)));
    }
    made.into_iter().map(|it| with_values(it, at(git, &["values"]), dialect)).collect()
}

fn files_of<'t>(git: &Json, tree: &'t Tree<'_>) -> impl Iterator<Item = &'t RepoPath> {
    let patterns = items(git, &["files"]).to_vec();
    tree.paths
        .iter()
        .filter(move |path| is_chosen(&patterns, path.as_str(), matches_file))
        .take(MOST)
}

/// Whether a path is included by one pattern and excluded by none.
fn is_chosen(patterns: &[Json], path: &str, matches: fn(&str, &str) -> bool) -> bool {
    let mut chosen = false;
    for pattern in patterns {
        if matches(text(pattern, &["path"]).trim_start_matches("./"), path) {
            if at(pattern, &["exclude"]) == &Json::Bool(true) {
                return false;
            }
            chosen = true;
        }
    }
    chosen
}

/// What is told of a directory, or of a file in it.
fn of_path(dir: &str, file: Option<&str>, prefix: &str, dialect: Dialect) -> Parameters {
    let base = dir.rsplit('/').next().unwrap_or_default();
    let mut known = vec![("basename", base.to_owned()), ("basenameNormalized", normalized(base))];
    if let Some(file) = file {
        known.push(("filename", file.to_owned()));
        known.push(("filenameNormalized", normalized(file)));
    }
    let values = match dialect {
        Dialect::Go { .. } => {
            let mut path = json!({"path": dir, "segments": dir.split('/').collect::<Vec<_>>()});
            known.into_iter().for_each(|(key, value)| path[key] = Json::from(value));
            match prefix {
                "" => json!({"path": path}),
                prefix => json!({prefix: {"path": path}}),
            }
        }
        Dialect::Plain => {
            let name = if prefix.is_empty() { "path".to_owned() } else { format!("{prefix}.path") };
            let mut values = Map::from_iter([(name.clone(), Json::from(dir))]);
            values.extend(
                known.into_iter().map(|(key, value)| (format!("{name}.{key}"), Json::from(value))),
            );
            let parts = dir.split('/').enumerate().filter(|(_, part)| !part.is_empty());
            values
                .extend(parts.map(|(index, part)| (format!("{name}[{index}]"), Json::from(part))));
            Json::Object(values)
        }
    };
    Parameters { values: values.as_object().cloned().unwrap_or_default(), open: false }
}

/// Adds the generator's own `values`, which may use the parameters.
fn with_values(
    parameters: Parameters,
    values: &Json,
    dialect: Dialect,
) -> Result<Parameters, String> {
    let Some(values) = values.as_object() else { return Ok(parameters) };
    let mut filled = Map::new();
    for (key, value) in values {
        filled.insert(key.clone(), Json::from(parameters.fill_text(&display(value), dialect)?));
    }
    let tree = json!({"values": filled});
    Ok(parameters.and(&of_tree(&tree, dialect)))
}

fn of_matrix(
    matrix: &Json,
    dialect: Dialect,
    tree: &Tree<'_>,
    depth: usize,
) -> Result<Vec<Parameters>, String> {
    let [first, second] = items(matrix, &["generators"]) else {
        return Err("a matrix of it has not two generators".to_owned());
    };
    let mut made = Vec::new();
    for left in parameters(first, dialect, tree, depth + 1)? {
        // The second may use what the first says.
        let second = left.fill(second, dialect)?;
        for right in parameters(&second, dialect, tree, depth + 1)? {
            made.push(left.and(&right));
            if made.len() > MOST {
                return Err(format!("it makes more than {MOST} Applications"));
            }
        }
    }
    Ok(made)
}

fn of_merge(
    merge: &Json,
    dialect: Dialect,
    tree: &Tree<'_>,
    depth: usize,
) -> Result<Vec<Parameters>, String> {
    let keys: Vec<String> = items(merge, &["mergeKeys"]).iter().map(display).collect();
    let key_of = |parameters: &Parameters| -> Vec<String> {
        let mut flat = Map::new();
        flattened(&Json::Object(parameters.values.clone()), "", &mut flat);
        keys.iter().map(|key| flat.get(key).map(display).unwrap_or_default()).collect()
    };
    let mut generators = items(merge, &["generators"]).iter();
    let first = generators.next().ok_or("a merge of it has no generators")?;
    let mut made = parameters(first, dialect, tree, depth + 1)?;
    for generator in generators {
        let overs = parameters(generator, dialect, tree, depth + 1)?;
        // Of the clusters that nobody knows, those that somebody says something of are known so far.
        let open = made.iter().find(|base| base.open).cloned();
        let told = open.iter().flat_map(|open| overs.iter().map(move |over| open.and(over)));
        let told: Vec<Parameters> = told.collect();
        for over in &overs {
            for base in made.iter_mut().filter(|base| !base.open) {
                // What only a cluster knows may lie over any of them.
                if over.open || key_of(base) == key_of(over) {
                    *base = base.and(over);
                }
            }
        }
        made.extend(told);
    }
    Ok(made)
}

/// Whether parameters are what a `selector` asks for.
fn is_selected(selector: &Json, parameters: &Parameters) -> bool {
    let mut flat = Map::new();
    flattened(&Json::Object(parameters.values.clone()), "", &mut flat);
    let value = |key: &str| flat.get(key).map(display);
    let labels = at(selector, &["matchLabels"]).as_object().into_iter().flatten();
    let expression = |it: &Json| {
        let value = value(text(it, &["key"]));
        let named = value.as_ref().is_some_and(|value| {
            items(it, &["values"]).iter().any(|wanted| display(wanted) == *value)
        });
        match text(it, &["operator"]) {
            "In" => named,
            "NotIn" => !named,
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => true,
        }
    };
    labels.into_iter().all(|(key, wanted)| value(key) == Some(display(wanted)))
        && items(selector, &["matchExpressions"]).iter().all(expression)
}
