//! Files of charts' values, and their templates: what the rules over before and after say of them where no chart
//! is rendered.

use super::change::{Changes, VALUES_FILE};
use super::check::{Findings, check_all};
use super::gate::{Day, Gates};
use super::place::position;
use super::templates::{Beside, Templates, overlaid};
use crate::diff::{Change, Hunks, ResourceDiff};
use crate::kustomize::{Build, Gvk, ResourceId};
use crate::model::{
    File, FileEdit, FileTree, KUSTOMIZATION_NAMES, Location, RepoPath, is_yaml_name,
};
use crate::yaml::{Dialect, Node, parse_stream};

/// What a file's values have for a place in a resource.
const BELOW: &str = "spec.values";

/// A file of values before and after.
struct ValuesFile<'a> {
    path: &'a RepoPath,
    text: &'a str,
    before: Node,
    after: Node,
}

/// Checks the files of values and the templates among edits. All that is found is new.
#[must_use]
pub fn check_values<'a>(
    edits: impl IntoIterator<Item = &'a FileEdit>,
    beside: &'a Beside,
    gates: &Gates,
    today: Day,
) -> Findings {
    let edits: Vec<&FileEdit> = edits.into_iter().collect();
    let files: Vec<ValuesFile<'_>> = edits.iter().copied().filter_map(ValuesFile::of).collect();
    let templates = Templates::of(&edits, beside);
    let resources = files.iter().map(ValuesFile::diff).chain(templates.diffs().cloned());
    let mut found = check_alone(&resources.collect::<Vec<_>>(), &[], gates, today);
    found.findings.retain_mut(|finding| templates.settle(finding));
    for finding in &mut found.findings {
        let (Some(id), Some(at)) = (&finding.resource, &mut finding.location) else { continue };
        let file = files.iter().find(|file| id.name == file.path.as_str());
        if let Some(file) = file {
            let field = at.field.strip_prefix(BELOW).unwrap_or_default().trim_start_matches('.');
            at.position = position(file.text, &file.after, field);
            at.field = field.to_owned();
        }
    }
    found
}

/// What a chart is given: the first file, with each other over it. `None` if one is no file of values.
#[must_use]
pub fn values_over<'f>(files: impl IntoIterator<Item = &'f File>) -> Option<Node> {
    let mut merged: Option<Node> = None;
    for file in files {
        let text = std::str::from_utf8(&file.content).ok()?;
        let mut documents = parse_stream(text, Dialect::V3).ok()?;
        documents.retain(|it| !it.is_null());
        let only = documents.pop().unwrap_or_else(Node::mapping);
        if !documents.is_empty() || only.as_mapping().is_none() {
            return None;
        }
        merged = Some(match merged {
            Some(below) => overlaid(below, &only),
            None => only,
        });
    }
    merged
}

/// Says of files that environments share that their change reaches the last one at once.
#[must_use]
pub fn check_at_once(files: &[RepoPath], gates: &Gates, today: Day) -> Findings {
    check_alone(&[], files, gates, today)
}

/// The rules over before and after where nothing is built.
fn check_alone(
    resources: &[ResourceDiff],
    at_once: &[RepoPath],
    gates: &Gates,
    today: Day,
) -> Findings {
    let (nothing, no_files, root) = (Build::default(), FileTree::new(), RepoPath::root());
    let changes = Changes {
        resources,
        before: &nothing,
        after: &nothing,
        files: &no_files,
        path: &root,
        others: &[],
        own_values: &[],
        at_once,
    };
    check_all(&changes, gates, today)
}

impl<'a> ValuesFile<'a> {
    /// The file, if it is one of values on both sides: one mapping that is no resource.
    fn of(edit: &'a FileEdit) -> Option<Self> {
        let name = edit.path.file_name();
        if !is_yaml_name(name) || KUSTOMIZATION_NAMES.contains(&name) {
            return None;
        }
        let (before, after) = (edit.before.as_ref()?, edit.after.as_ref()?);
        let (_, before) = values(before)?;
        let (text, after) = values(after)?;
        Some(Self { path: &edit.path, text, before, after })
    }

    fn diff(&self) -> ResourceDiff {
        let id = ResourceId {
            gvk: Gvk { kind: VALUES_FILE.into(), ..Gvk::default() },
            name: self.path.as_str().into(),
            ..ResourceId::default()
        };
        let below = |values: &Node| {
            let mut node = Node::mapping();
            let mut spec = Node::mapping();
            if let Some(spec) = spec.as_mapping_mut() {
                spec.insert("values", values.clone());
            }
            if let Some(node) = node.as_mapping_mut() {
                node.insert("spec", spec);
            }
            Some(node)
        };
        ResourceDiff {
            change: Change::Changed,
            id_before: None,
            original: id.clone(),
            id,
            origin: Location::file(self.path.clone()),
            hunks: Hunks::default(),
            before: below(&self.before),
            after: below(&self.after),
            masked: false,
        }
    }
}

fn values(file: &File) -> Option<(&str, Node)> {
    let text = std::str::from_utf8(&file.content).ok()?;
    let mut documents = parse_stream(text, Dialect::V3).ok()?;
    let only = documents.pop().filter(|_| documents.is_empty())?;
    let has = |key: &str| only.get(key).is_some();
    let is_resource = has("kind") || has("apiVersion") && !has("image") || has("sops");
    (only.as_mapping().is_some() && !is_resource).then_some((text, only))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(before: &str, after: &str) -> Vec<String> {
        let edit = |path: &str| FileEdit {
            path: RepoPath::parse(path).unwrap(),
            before: Some(File::regular(before.as_bytes())),
            after: Some(File::regular(after.as_bytes())),
        };
        let edits = ["envs/prod/values.yaml", "envs/prod/kustomization.yaml"].map(edit);
        let found = check_values(&edits, &Beside::default(), &Gates::default(), Day::MIN).findings;
        let line = |at: &Location| at.to_string();
        let told = found.iter().map(|it| {
            format!(
                "{} {} {}",
                it.location.as_ref().map_or(String::new(), line),
                it.code,
                it.message
            )
        });
        told.collect()
    }

    #[test]
    fn values_are_told_with_their_lines() {
        let before = "web:\n  replicaCount: 4\n  image: {repository: r.io/web, tag: 1.5.0}\n\
                      ingress:\n  hosts:\n  - host: shop.example.com\n\
                      resources: {limits: {memory: 2Gi}}\n";
        let after = "web:\n  replicaCount: 1\n  image: {repository: r.io/web, tag: 1.4.0}\n\
                     ingress:\n  hosts:\n  - host: stg.example.com\n\
                     resources: {limits: {memory: 1Gi}}\n";
        assert_eq!(
            told(before, after),
            [
                "envs/prod/values.yaml:2:3 (web.replicaCount) fewer-replicas shrinks: `web.replicaCount` 4 → 1",
                "envs/prod/values.yaml:7:22 (resources.limits.memory) fewer-resources gets less: memory limit 2Gi → 1Gi",
                "envs/prod/values.yaml:6:5 (ingress.hosts[0].host) hosts-change answers for other hosts: `shop.example.com` → `stg.example.com`",
                "envs/prod/values.yaml:3:33 (web.image.tag) image-older goes back to an older version: `web` 1.5.0 → 1.4.0",
            ]
        );
        assert_eq!(told(before, before), [""; 0]);
    }

    #[test]
    fn doors_that_open_are_told_and_those_of_others_are_not() {
        let before = "ingress: {enabled: false}\nservice: {type: ClusterIP}\ndb: {host: a.b.c}\n";
        let after = "ingress: {enabled: true}\nservice: {type: LoadBalancer}\ndb: {host: x.b.c}\n";
        let wider = "exposure-wider can be reached from outside the cluster:";
        assert_eq!(
            told(before, after),
            [
                format!(
                    "envs/prod/values.yaml:1:11 (ingress.enabled) {wider} `ingress` is switched on"
                ),
                format!(
                    "envs/prod/values.yaml:2:11 (service.type) {wider} `ClusterIP` → `LoadBalancer`"
                ),
            ]
        );
    }

    #[test]
    fn what_a_helper_says_is_told_at_its_line() {
        let edit = |path: &str, before: &str, after: &str| FileEdit {
            path: RepoPath::parse(path).unwrap(),
            before: Some(File::regular(before.as_bytes())),
            after: Some(File::regular(after.as_bytes())),
        };
        let helper = "{{- define \"a.size\" -}}\nreplicas: 4\nx: {{ .Values.x }}\n{{- end }}\n";
        let helpers =
            edit("c/templates/_helpers.tpl", helper, &helper.replace("replicas: 4", "replicas: 1"));
        let template = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  \
                        {{- include \"a.size\" . | nindent 2 }}\n";
        let templates = vec![edit("c/templates/a.yaml", template, template)];
        let beside = Beside { templates, values: None };
        let found = check_values([&helpers], &beside, &Gates::default(), Day::MIN).findings;
        let told: Vec<String> = found
            .iter()
            .map(|it| format!("{} {}", it.location.as_ref().unwrap(), it.message))
            .collect();
        assert_eq!(told, ["c/templates/_helpers.tpl:2:1 (spec.replicas) shrinks: 4 → 1"]);
        let told = beside.told([&helpers]);
        assert_eq!(told, ["the helper `a.size` changes, which the template `a.yaml` includes"]);
    }

    #[test]
    fn resources_are_no_values() {
        let resource =
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: 9}\n";
        assert_eq!(told(resource, &resource.replace('9', "1")), [""; 0]);
    }
}
