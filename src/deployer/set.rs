//! An `ApplicationSet`: the Applications that it makes.

use serde_json::{Value as Json, json};

use super::argo;
use super::deployment::Draft;
use super::generator::{MOST, Tree, parameters};
use super::json::{at, items, merged, of_node, some_text, text, texts};
use super::parameters::{Dialect, Parameters};
use crate::model::Location;
use crate::yaml::parse_manifests;

/// What a set makes, as far as that is known here.
///
/// # Errors
/// In words, what of it is not understood.
pub(super) fn drafts(set: &Json, place: &Location, tree: &Tree<'_>) -> Result<Vec<Draft>, String> {
    let strict =
        texts(set, &["spec", "goTemplateOptions"]).iter().any(|it| it == "missingkey=error");
    let dialect = match at(set, &["spec", "goTemplate"]) {
        Json::Bool(true) => Dialect::Go { strict },
        _ => Dialect::Plain,
    };
    let mut made = Vec::new();
    for generator in items(set, &["spec", "generators"]) {
        for filled in parameters(generator, dialect, tree, 0)? {
            let template = merged(at(set, &["spec", "template"]), generator_template(generator));
            let application = application(set, &template, &filled, dialect)?;
            made.extend(argo::drafts(&application, Some(title(set)), place, tree));
            if made.len() > MOST {
                return Err(format!("it makes more than {MOST} Applications"));
            }
        }
    }
    Ok(made)
}

/// How people call a set.
pub(super) fn title(set: &Json) -> String {
    match some_text(set, &["metadata", "namespace"]) {
        Some(namespace) => format!("{namespace}/{}", text(set, &["metadata", "name"])),
        None => text(set, &["metadata", "name"]).to_owned(),
    }
}

/// A generator of any kind may have a template of its own, which lies over the set's.
fn generator_template(generator: &Json) -> &Json {
    let kinds = generator.as_object().into_iter().flatten();
    let own = kinds.filter(|(key, _)| *key != "selector").find_map(|(_, it)| it.get("template"));
    own.unwrap_or(&Json::Null)
}

fn application(
    set: &Json,
    template: &Json,
    parameters: &Parameters,
    dialect: Dialect,
) -> Result<Json, String> {
    let mut application = parameters.fill(template, dialect)?;
    let patch = text(set, &["spec", "templatePatch"]);
    if !patch.is_empty() && dialect != Dialect::Plain {
        let patch = parameters.fill_text(patch, dialect)?;
        let documents = parse_manifests(&patch).map_err(|_| "its `templatePatch` makes no YAML")?;
        application = merged(&application, &documents.first().map_or(Json::Null, of_node));
    }
    let namespace = some_text(set, &["metadata", "namespace"]);
    if let Some(namespace) = namespace.filter(|_| application.is_object()) {
        application = merged(&json!({"metadata": {"namespace": namespace}}), &application);
    }
    Ok(application)
}

/// Whether what a set deploys, as its template has it, may be a folder.
pub(super) fn may_deploy(set: &Json, folder: &str) -> bool {
    let spec = at(set, &["spec", "template", "spec"]);
    let sources = std::iter::once(at(spec, &["source"])).chain(items(spec, &["sources"]));
    sources
        .map(|source| text(source, &["path"]))
        .any(|path| path.contains("{{") && super::glob::matches_file(&blanked(path), folder))
}

/// A template with `*` for each of its actions.
fn blanked(template: &str) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once("{{") {
        out.push_str(before);
        out.push('*');
        rest = behind.split_once("}}").map_or("", |(_, after)| after);
    }
    (out + rest).trim_start_matches("./").to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::deployment::{Deployment, UNKNOWN};
    use super::*;
    use crate::model::{FileTree, Files as _, RepoPath};

    fn made(set: &str, files: &[(&str, &str)]) -> Result<Vec<String>, String> {
        let files = FileTree::of(files.iter().copied()).unwrap();
        let paths = files.list(&RepoPath::root()).unwrap();
        let tree = Tree::new(&files, &paths);
        let set = of_node(&parse_manifests(set).unwrap()[0]);
        let drafts = drafts(&set, &Location::file(RepoPath::root()), &tree)?;
        let line = |draft: Draft| {
            let Deployment { name, path, cluster, .. } = draft.deployment;
            format!("{name} {path} {}", cluster.unwrap_or_default()).replace(UNKNOWN, "?")
        };
        Ok(drafts.into_iter().map(line).collect())
    }

    fn set(go: bool, generators: &str, path: &str) -> String {
        let dot = if go { "." } else { "" };
        format!(
            "metadata: {{name: s}}\nspec:\n  goTemplate: {go}\n  goTemplateOptions: [missingkey=error]\n  generators: {generators}\n  \
             template:\n    metadata: {{name: 'a-{{{{ {dot}name }}}}'}}\n    spec:\n      source: {{repoURL: u, path: '{path}'}}\n      \
             destination: {{server: 'https://{{{{ {dot}host }}}}:6443'}}\n"
        )
    }

    const FILES: &[(&str, &str)] = &[
        ("o/dev/kustomization.yaml", ""),
        ("o/prod/kustomization.yaml", ""),
        ("o/.hidden/x", ""),
        ("c/eu/config.json", r#"{"name": "eu", "host": "h", "env": {"path": "prod"}}"#),
        (
            "c/us.yaml",
            "- {name: us, host: i, env: {path: dev}}\n- {name: as, host: j, env: {path: dev}}\n",
        ),
    ];

    #[test]
    fn lists_git_and_their_products_make_applications() {
        let list =
            "[{list: {elements: [{name: x, host: h, e: dev}, {name: z, host: i, e: prod}]}}]";
        let want = ["a-x o/dev h:6443", "a-z o/prod i:6443"];
        assert_eq!(made(&set(false, list, "o/{{e}}"), FILES).unwrap(), want);
        assert_eq!(made(&set(true, list, "./o/{{ .e }}/"), FILES).unwrap(), want);

        let files = "[{git: {files: [{path: 'c/**.json'}, {path: 'c/*.yaml'}]}}]";
        let want = ["a-eu o/prod h:6443", "a-us o/dev i:6443", "a-as o/dev j:6443"];
        assert_eq!(made(&set(true, files, "o/{{ .env.path }}"), FILES).unwrap(), want);
        assert_eq!(made(&set(false, files, "o/{{env.path}}"), FILES).unwrap(), want);

        let matrix = "[{matrix: {generators: [{git: {directories: [{path: o/*}, {path: o/dev, exclude: true}]}}, \
                      {list: {elements: [{name: '{{ .path.basename }}-1', host: h}]}}]}}]";
        assert_eq!(
            made(&set(true, matrix, "{{ .path.path }}"), FILES).unwrap(),
            ["a-prod-1 o/prod h:6443"]
        );

        let merge = "[{merge: {mergeKeys: [name], generators: [{list: {elements: [{name: x, host: h, e: dev}]}}, \
                     {list: {elements: [{name: x, host: z}, {name: q, host: q}]}}]}}]";
        assert_eq!(made(&set(false, merge, "o/{{e}}"), FILES).unwrap(), ["a-x o/dev z:6443"]);

        let clusters = "[{merge: {mergeKeys: [name], generators: [{clusters: {values: {e: dev}}}, \
                        {list: {elements: [{name: x, host: z, values.e: prod}]}}]}}]";
        assert_eq!(
            made(&set(false, clusters, "o/{{values.e}}"), FILES).unwrap(),
            ["a-? o/dev ", "a-x o/prod z:6443"]
        );

        let selected = "[{list: {elements: [{name: x, host: h}, {name: w, host: i}]}, \
                        selector: {matchLabels: {name: w}}}]";
        assert_eq!(made(&set(true, selected, "o/dev"), FILES).unwrap(), ["a-w o/dev i:6443"]);
    }

    #[test]
    fn what_only_a_cluster_knows_stays_open() {
        let clusters =
            "[{matrix: {generators: [{git: {directories: [{path: o/*}]}}, {clusters: {}}]}}]";
        let want = ["a-? o/dev ", "a-? o/prod "];
        assert_eq!(made(&set(true, clusters, "{{ .path.path }}"), FILES).unwrap(), want);
        assert_eq!(made(&set(false, clusters, "{{path}}"), FILES).unwrap(), want);
        // Which folder it is, is open too: each that it may be.
        assert_eq!(
            made(&set(false, "[{clusters: {}}]", "o/{{metadata.labels.env}}"), FILES).unwrap(),
            want
        );
    }

    #[test]
    fn what_is_not_understood_is_told() {
        let told =
            made(&set(true, "[{list: {elements: [{name: x}]}}]", "o/dev"), FILES).unwrap_err();
        assert!(told.contains("no parameter `host`"), "{told}");
        let told = made(&set(true, "[{}]", "o/dev"), FILES).unwrap_err();
        assert!(told.contains("empty"), "{told}");
        let set = set(true, "[]", "o/{{ .x }}");
        let set = of_node(&parse_manifests(&set).unwrap()[0]);
        assert!(may_deploy(&set, "o/dev") && !may_deploy(&set, "p/dev"));
    }

    #[test]
    fn a_patch_of_the_template_and_a_template_of_a_generator_count() {
        let text = set(
            true,
            "[{list: {elements: [{name: x, host: h, to: prod}], template: {spec: {destination: {server: 'https://own'}}}}}]",
            "o/dev",
        ) + "  templatePatch: |\n    spec:\n      source:\n        path: o/{{ .to }}\n";
        assert_eq!(made(&text, FILES).unwrap(), ["a-x o/prod own"]);
    }
}
