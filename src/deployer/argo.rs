//! An Argo CD Application: what it deploys where, and what the options of its sources change.

use serde_json::Value as Json;

use super::changes::{Changes, ImageChange, Labels};
use super::deployment::{Deployment, Draft, Kind, UNKNOWN};
use super::generator::Tree;
use super::glob::matches_directory;
use super::json::{at, display, items, pairs, some_text, text, texts};
use crate::model::{Location, RepoPath};

/// What an Application deploys: one for each of its sources that is a folder.
pub(super) fn drafts(
    application: &Json,
    set: Option<String>,
    place: &Location,
    tree: &Tree<'_>,
) -> Vec<Draft> {
    let spec = at(application, &["spec"]);
    let sources = std::iter::once(at(spec, &["source"])).chain(items(spec, &["sources"]));
    let mut drafts = Vec::new();
    for source in sources.filter(|source| source.get("path").is_some()) {
        for path in paths(text(source, &["path"]), tree) {
            drafts.push(Draft {
                deployment: deployment(application, (source, path), set.clone(), place),
                source: address(text(source, &["repoURL"])),
            });
        }
    }
    drafts
}

/// The folder that a source names; all that it may be where only the cluster knows.
fn paths(path: &str, tree: &Tree<'_>) -> Vec<RepoPath> {
    if path.contains(UNKNOWN) {
        let pattern = path.trim_start_matches("./").trim_end_matches('/').replace(UNKNOWN, "*");
        let folders = tree.visible().filter(|dir| matches_directory(&pattern, dir));
        return folders.filter_map(|dir| RepoPath::parse(dir).ok()).collect();
    }
    RepoPath::root().join(path.trim_start_matches('/')).into_iter().collect()
}

fn deployment(
    application: &Json,
    (source, path): (&Json, RepoPath),
    set: Option<String>,
    at_place: &Location,
) -> Deployment {
    let automated = at(application, &["spec", "syncPolicy", "automated"]);
    let mut unknown = Vec::new();
    let kustomize = at(source, &["kustomize"]);
    let changes = if kustomize.to_string().contains(UNKNOWN) {
        unknown.push("what it changes, which depends on the cluster".to_owned());
        Changes::default()
    } else {
        changes(kustomize, &|text: &str| expanded(text, application, source))
    };
    if source.get("plugin").is_some() {
        unknown.push("what its plugin makes".to_owned());
    }
    let values = values(source, &path);
    Deployment {
        kind: Kind::Application,
        namespace: text(application, &["metadata", "namespace"]).to_owned(),
        name: text(application, &["metadata", "name"]).to_owned(),
        set,
        cluster: cluster(at(application, &["spec", "destination"])),
        path,
        revision: some_text(source, &["targetRevision"])
            .filter(|it| !it.contains(UNKNOWN) && !reached_by_merges(it)),
        automated: automated.is_object() && at(automated, &["enabled"]) != &Json::Bool(false),
        changes,
        values,
        unknown,
        at: at_place.clone(),
    }
}

/// The files of values that a source hands to its chart: below its folder, from the root, or, after `$name`, in
/// another source, which is this repository as far as a path tells.
fn values(source: &Json, folder: &RepoPath) -> Vec<RepoPath> {
    let path = |name: &String| {
        if name.contains(UNKNOWN) || name.contains("://") {
            return None;
        }
        match name.strip_prefix('$').and_then(|rest| rest.split_once('/')).map(|(_, rest)| rest) {
            Some(rest) => RepoPath::root().join(rest).ok(),
            None if name.starts_with('/') => {
                RepoPath::root().join(name.trim_start_matches('/')).ok()
            }
            None => folder.join(name).ok(),
        }
    };
    texts(source, &["helm", "valueFiles"]).iter().filter_map(path).collect()
}

/// Whether a revision is one that a merge moves, as far as a name tells.
pub(super) fn reached_by_merges(revision: &str) -> bool {
    ["HEAD", "main", "master", "refs/heads/main", "refs/heads/master"].contains(&revision)
}

/// The cluster's name, or the host of its API; `None` for the one that Argo CD is in.
fn cluster(destination: &Json) -> Option<String> {
    let name = some_text(destination, &["name"]).filter(|name| name != "in-cluster");
    let host = || {
        let server = text(destination, &["server"]);
        let host = server.split_once("://").map_or(server, |(_, rest)| rest);
        let host = host.split('/').next().unwrap_or_default().trim_end_matches(":443");
        Some(host.to_owned()).filter(|it| !it.is_empty() && !it.starts_with("kubernetes.default"))
    };
    name.or_else(host).filter(|it| !it.contains(UNKNOWN))
}

/// A repository's address without what two ways to write it differ in.
pub(super) fn address(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let rest = rest.trim_end_matches('/').trim_end_matches(".git");
    rest.replacen(':', "/", 1).to_lowercase()
}

fn changes(kustomize: &Json, expand: &dyn Fn(&str) -> String) -> Changes {
    let is = |key: &str| at(kustomize, &[key]) == &Json::Bool(true);
    let expanded = |key: &str| -> Vec<(String, String)> {
        pairs(kustomize, &[key]).into_iter().map(|(key, value)| (key, expand(&value))).collect()
    };
    let labels = expanded("commonLabels");
    let replica = |it: &Json| {
        let count = at(it, &["count"]);
        let count = count.as_i64().or_else(|| display(count).parse().ok())?;
        Some((some_text(it, &["name"])?, count))
    };
    Changes {
        name_prefix: some_text(kustomize, &["namePrefix"]),
        name_suffix: some_text(kustomize, &["nameSuffix"]),
        namespace: some_text(kustomize, &["namespace"]),
        images: texts(kustomize, &["images"]).iter().map(|it| image(&expand(it))).collect(),
        replicas: items(kustomize, &["replicas"]).iter().filter_map(replica).collect(),
        labels: (!labels.is_empty()).then(|| Labels {
            pairs: labels,
            without_selectors: is("labelWithoutSelector"),
            include_templates: is("labelIncludeTemplates"),
        }),
        annotations: match is("commonAnnotationsEnvsubst") {
            true => expanded("commonAnnotations"),
            false => pairs(kustomize, &["commonAnnotations"]),
        },
        patches: items(kustomize, &["patches"]).to_vec(),
        components: texts(kustomize, &["components"]),
        ignore_missing_components: is("ignoreMissingComponents"),
        ..Changes::default()
    }
}

/// `[name=]new[:tag][@digest]`, as `kustomize edit set image` reads it.
fn image(text: &str) -> ImageChange {
    let (name, new) = text.split_once('=').map_or((None, text), |(name, new)| (Some(name), new));
    let (rest, digest) = new.split_once('@').unwrap_or((new, ""));
    let slash = rest.rfind('/').unwrap_or(0);
    let (new_name, tag) = match rest[slash..].find(':') {
        Some(colon) => (&rest[..slash + colon], &rest[slash + colon + 1..]),
        None => (rest, ""),
    };
    ImageChange {
        name: name.unwrap_or(new_name).to_owned(),
        new_name: if name.is_some() { new_name.to_owned() } else { String::new() },
        new_tag: tag.to_owned(),
        digest: digest.to_owned(),
        keeps_the_rest: false,
    }
}

/// Argo CD's build variables, but for those that only a sync knows.
fn expanded(value: &str, application: &Json, source: &Json) -> String {
    if !value.contains('$') {
        return value.to_owned();
    }
    let mut value = value.to_owned();
    for (name, known) in [
        ("ARGOCD_APP_NAMESPACE", text(application, &["spec", "destination", "namespace"])),
        ("ARGOCD_APP_NAME", text(application, &["metadata", "name"])),
        ("ARGOCD_APP_PROJECT_NAME", text(application, &["spec", "project"])),
        ("ARGOCD_APP_SOURCE_PATH", text(source, &["path"])),
        ("ARGOCD_APP_SOURCE_REPO_URL", text(source, &["repoURL"])),
        ("ARGOCD_APP_SOURCE_TARGET_REVISION", text(source, &["targetRevision"])),
    ] {
        value = value.replace(&format!("${{{name}}}"), known).replace(&format!("${name}"), known);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_read_as_kustomize_reads_them() {
        for (text, want) in [
            ("nginx:1.2", ["nginx", "", "1.2", ""]),
            ("a=reg:5000/b:2", ["a", "reg:5000/b", "2", ""]),
            ("reg:5000/b", ["reg:5000/b", "", "", ""]),
            ("a@sha256:1", ["a", "", "", "sha256:1"]),
            ("a=b", ["a", "b", "", ""]),
        ] {
            let ImageChange { name, new_name, new_tag, digest, .. } = image(text);
            assert_eq!([name, new_name, new_tag, digest], want, "{text}");
        }
    }

    #[test]
    fn one_repository_has_one_address() {
        for url in [
            "https://github.com/acme/mesh.git",
            "git@github.com:Acme/mesh",
            "ssh://git@github.com/acme/mesh/",
            "https://user:pw@github.com/acme/mesh",
        ] {
            assert_eq!(address(url), "github.com/acme/mesh", "{url}");
        }
    }
}
