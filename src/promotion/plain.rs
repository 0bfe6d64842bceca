//! Building an environment that has no kustomization of its own: all manifests below its folder, as
//! Flux and Argo CD build them, or those of the one file that it is.
//!
//! Flux writes a kustomization that lists every manifest and every folder that has a kustomization
//! (fluxcd/pkg: kustomize/kustomize_generator.go); so do we, in memory. A chart, values and other files
//! are not rendered; charts in folders below are passed over.

use std::collections::BTreeSet;

use crate::kustomize::{self, Build, BuildError, BuildOptions, NoBuild};
use crate::model::{
    BUILT_LISTS, CHART_NAME, EditedFiles, Entry, File, FileEdit, Files, KUSTOMIZATION_NAMES,
    Location, ReadError, RepoPath, is_values_name, is_yaml_name,
};
use crate::yaml::{Dialect, Node, parse_stream};

/// Builds the manifests below a folder, or of one file, by a kustomization that lists them and that `change` may
/// change.
pub(super) fn build(
    files: &dyn Files,
    path: &RepoPath,
    options: &BuildOptions,
    change: &dyn Fn(String) -> String,
) -> Result<Build, BuildError> {
    let listed = files.list(path).map_err(|source| unreadable(path, source))?;
    // A file lists itself; beside it are those of other environments.
    let is_file = listed.contains(path);
    let folder = if is_file { path.parent().unwrap_or_default() } else { path.clone() };
    let below = |path: &RepoPath| path.strip_prefix(&folder).unwrap_or_default().to_owned();
    let names: BTreeSet<String> = listed.iter().map(below).collect();
    if names.is_empty() {
        return Err(BuildError::NoKustomization { dir: path.clone() });
    }
    let is_values = |name: &&String| !name.contains('/') && is_of_chart(name);
    if let Some(name) = names.iter().find(is_values) {
        return Err(not_rendered(path, NoBuild::OfChart { name: name.clone() }));
    }
    let entries = entries(files, &folder, &names)?;
    if entries.is_empty() {
        let because = if is_file { NoBuild::NoManifest } else { NoBuild::NoManifests };
        return Err(not_rendered(path, because));
    }
    let listing = FileEdit {
        path: folder.join(KUSTOMIZATION_NAMES[0]).unwrap_or_default(),
        before: None,
        after: Some(File::regular(change(kustomization(&entries)).into_bytes())),
    };
    let with_listing = EditedFiles::new(files, [&listing]);
    match kustomize::build(&with_listing, &folder, options) {
        Ok(mut build) => {
            build.inputs.remove(&listing.path);
            Ok(build)
        }
        // Several clusters in one folder, each with the same resources.
        Err(BuildError::Duplicate { id, .. }) => Err(not_rendered(path, NoBuild::Several { id })),
        Err(error) => Err(error),
    }
}

/// The build of a folder without manifests, by the error of building it, beside the build with some: nothing, unless a
/// kustomization is missed that is there in the other.
pub(super) fn empty_beside(
    other: &Build,
    dir: &RepoPath,
    error: BuildError,
) -> Result<Build, BuildError> {
    let mut names = KUSTOMIZATION_NAMES.iter().filter_map(|name| dir.join(name).ok());
    let is_plain = !names.any(|path| other.inputs.contains(&path));
    let is_empty = match &error {
        BuildError::NotRendered { because, .. } => *because == NoBuild::NoManifests,
        BuildError::NoKustomization { dir: missing } => missing == dir,
        _ => false,
    };
    if !is_plain || !is_empty {
        return Err(error);
    }
    // That nothing was read would say that nothing was built.
    Ok(Build { inputs: other.inputs.clone(), ..Build::default() })
}

/// Whether a folder cannot be rendered for a resource that is in it twice.
pub(super) fn is_there_twice(error: &BuildError) -> bool {
    matches!(error, BuildError::NotRendered { because: NoBuild::Several { .. }, .. })
}

fn not_rendered(dir: &RepoPath, because: NoBuild) -> BuildError {
    BuildError::NotRendered { at: Location::file(dir.clone()), because }
}

fn unreadable(dir: &RepoPath, source: ReadError) -> BuildError {
    BuildError::Read { at: Location::file(dir.clone()), source }
}

/// Whether a file in an environment's own folder is a chart, or values of one.
fn is_of_chart(name: &str) -> bool {
    name == CHART_NAME || is_values_name(name) || name.starts_with("helmfile.")
}

/// What a kustomization of the folder lists: the outermost folders with a kustomization, without
/// those that others of them build on, and the manifests that are in none.
fn entries(
    files: &dyn Files,
    dir: &RepoPath,
    names: &BTreeSet<String>,
) -> Result<BTreeSet<String>, BuildError> {
    let mut unknown = BTreeSet::new();
    // Templates of a chart are no manifests: what renders the chart reads them.
    let folder = |name: &String| {
        let (folder, file) = name.rsplit_once('/')?;
        (file == CHART_NAME).then(|| folder.to_owned())
    };
    let charts: BTreeSet<String> = names.iter().filter_map(folder).collect();
    let mut folders: BTreeSet<String> = BTreeSet::new();
    let mut used: BTreeSet<RepoPath> = BTreeSet::new();
    for name in names {
        let (folder, file) = name.rsplit_once('/').unwrap_or(("", name.as_str()));
        let is_below = is_inside(folder, &folders) || is_inside(folder, &charts);
        if !KUSTOMIZATION_NAMES.contains(&file) || is_below {
            continue;
        }
        folders.insert(folder.to_owned());
        if let Some(text) = read(files, dir, name, &mut unknown)? {
            let at = dir.join(folder).unwrap_or_default();
            used.extend(references(&text).into_iter().filter_map(|it| at.join(&it).ok()));
        }
    }
    let mut entries: BTreeSet<String> = BTreeSet::new();
    for name in names {
        let hidden = name.split('/').any(|part| part.starts_with('.'));
        let is_below = is_inside(name, &folders) || is_inside(name, &charts);
        if !is_yaml_name(name) || hidden || is_below {
            continue;
        }
        let text = read(files, dir, name, &mut unknown)?;
        if text.is_some_and(|text| are_manifests(&text)) {
            entries.insert(name.clone());
        }
    }
    let is_used = |folder: &String| dir.join(folder).is_ok_and(|path| used.contains(&path));
    entries.extend(folders.iter().filter(|folder| !is_used(folder)).cloned());
    if unknown.is_empty() { Ok(entries) } else { Err(BuildError::Unknown(unknown)) }
}

/// Whether a path is one of these folders or below one.
fn is_inside(path: &str, folders: &BTreeSet<String>) -> bool {
    let within = |folder: &String| {
        path.strip_prefix(folder.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    folders.iter().any(within)
}

/// The text of a file; `None` if it is none, or not here.
fn read(
    files: &dyn Files,
    dir: &RepoPath,
    name: &str,
    unknown: &mut BTreeSet<RepoPath>,
) -> Result<Option<String>, BuildError> {
    let Ok(path) = dir.join(name) else { return Ok(None) };
    let (path, entry) = files.look_up(&path).map_err(|source| unreadable(&path, source))?;
    Ok(match entry {
        Entry::File(file) => String::from_utf8(file.content.to_vec()).ok(),
        Entry::Unknown => {
            unknown.insert(path);
            None
        }
        Entry::Directory | Entry::Missing => None,
    })
}

/// What a kustomization builds on.
fn references(text: &str) -> Vec<String> {
    let documents = parse_stream(text, Dialect::V2).unwrap_or_default();
    let Some(root) = documents.first() else { return Vec::new() };
    let lists = BUILT_LISTS.into_iter().filter_map(|key| root.get(key));
    let items = lists.filter_map(Node::as_sequence).flatten();
    items.filter_map(Node::text).map(str::to_owned).collect()
}

/// Whether every document is an object of Kubernetes. What cannot be read is one, so that the build
/// says what is wrong with it.
fn are_manifests(text: &str) -> bool {
    let Ok(documents) = parse_stream(text, Dialect::V2) else { return true };
    let mut objects = documents.iter().filter(|document| !document.is_null()).peekable();
    objects.peek().is_some()
        && objects.all(|it| it.get("kind").is_some() && it.get("apiVersion").is_some())
}

fn kustomization(entries: &BTreeSet<String>) -> String {
    let mut text = "resources:\n".to_owned();
    for entry in entries {
        text.push_str(&format!("- {}\n", serde_json::json!(entry)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FileTree;

    fn built(files: &[(&str, &str)]) -> Result<Vec<String>, String> {
        let tree = FileTree::of(files.iter().copied()).unwrap();
        let dir = RepoPath::parse("env").unwrap();
        let build =
            build(&tree, &dir, &BuildOptions::default(), &|it| it).map_err(|it| it.to_string())?;
        assert!(build.inputs.iter().all(|path| tree.file(path).unwrap().is_some()));
        Ok(build.resources.iter().map(|it| it.id.name.to_string()).collect())
    }

    const A: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    const B: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n";

    #[test]
    fn all_manifests_below_are_built_and_other_files_are_not() {
        let names = built(&[
            ("env/a.yaml", A),
            ("env/more/deep/b.yml", B),
            ("env/settings.yaml", "a: 1\n"),
            ("env/.hidden.yaml", A),
            ("env/README.md", "x"),
            ("env/charts/job/Chart.yaml", "name: job\n"),
            ("env/charts/job/templates/job.yaml", "{{- if .Values.job }}\n"),
            ("env/charts/job/crds/a.yaml", A),
            ("other/a.yaml", A),
        ]);
        assert_eq!(names.unwrap(), ["a", "b"]);
    }

    #[test]
    fn a_folder_with_a_kustomization_is_built_by_it() {
        let names = built(&[
            ("env/base/kustomization.yaml", "resources: [a.yaml]\n"),
            ("env/base/a.yaml", A),
            ("env/base/unlisted.yaml", B),
            ("env/cluster/kustomization.yaml", "resources: [../base]\nnamePrefix: x-\n"),
        ]);
        assert_eq!(names.unwrap(), ["x-a"]);
    }

    #[test]
    fn what_is_not_rendered_is_said() {
        let chart = built(&[("env/Chart.yaml", "name: a\n"), ("env/templates/a.yaml", "{{ x }}")]);
        assert!(chart.unwrap_err().contains("`Chart.yaml` is of a chart"));
        let values = built(&[("env/values.yaml", "a: 1\n")]);
        assert!(values.unwrap_err().contains("not rendered"));
        let nothing = built(&[("env/main.tf", "")]);
        assert!(nothing.unwrap_err().contains("no manifests"));
        let twice = built(&[
            ("env/one/kustomization.yaml", "resources: [a.yaml]\n"),
            ("env/one/a.yaml", A),
            ("env/two/kustomization.yaml", "resources: [a.yaml]\n"),
            ("env/two/a.yaml", A),
        ]);
        assert!(twice.unwrap_err().contains("several builds"));
        assert!(built(&[]).unwrap_err().contains("kustomization.yaml"));
    }
}
