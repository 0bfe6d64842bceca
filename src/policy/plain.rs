//! Plain manifests: files as `kubectl apply` takes them, without a kustomization.

use super::finding::{Finding, Level};
use super::mesh::Manifest;
use crate::kustomize::{Gvk, ResourceId};
use crate::model::{Location, Position, RepoPath};
use crate::yaml::{Mark, Node, parse_manifests};

/// Istio's mesh configuration has no kind; this file name stands for it.
const MESH_CONFIG: &str = "MESHCONFIG.yaml";
/// The same for its mesh networks.
const MESH_NETWORKS: &str = "MESHNETWORKS.yaml";
/// The code of what is no manifest.
pub(super) const UNREADABLE: &str = "manifest";

/// Files of manifests, read.
#[derive(Debug, Default)]
pub struct PlainManifests {
    files: Vec<PlainFile>,
    /// What cannot be read.
    pub faults: Vec<Finding>,
}

#[derive(Debug)]
struct PlainFile {
    path: RepoPath,
    cluster: String,
    text: String,
    documents: Vec<Node>,
}

impl PlainManifests {
    /// Takes in a file of the manifests of a cluster; the cluster's name is empty where there is
    /// only one.
    pub fn add(&mut self, path: RepoPath, cluster: &str, text: &str) {
        let text = text.replace("\r\n", "\n");
        match parse_manifests(&text) {
            Ok(documents) => {
                let cluster = cluster.to_owned();
                self.files.push(PlainFile { path, cluster, text, documents });
            }
            Err(error) => {
                let at = Location::file(path);
                let at = error.position.map_or(at.clone(), |position| at.at(position));
                self.faults.push(fault(
                    Level::Error,
                    at,
                    format!("not valid YAML: {}", error.reason),
                ));
            }
        }
    }

    /// The manifests, in the order of the files; what has no kind is remarked.
    pub fn manifests(&self, remarks: &mut Vec<Finding>) -> Vec<Manifest<'_>> {
        let mut found = Vec::new();
        for file in self.files.iter().filter(|file| !file.is_mesh_file()) {
            for document in file.documents.iter().filter(|document| !document.is_null()) {
                file.take_apart(document, 0, &mut found, remarks);
            }
        }
        found
    }

    /// Istio's mesh configuration, if a file is called so.
    #[must_use]
    pub fn mesh_config(&self) -> Option<Manifest<'_>> {
        self.mesh_file(MESH_CONFIG, "MeshConfig")
    }

    /// Istio's mesh networks, if a file is called so.
    #[must_use]
    pub fn mesh_networks(&self) -> Option<Manifest<'_>> {
        self.mesh_file(MESH_NETWORKS, "MeshNetworks")
    }

    /// Where a node of a file stands.
    pub(super) fn position(&self, path: &RepoPath, mark: Mark) -> Option<Position> {
        let file = self.files.iter().find(|file| file.path == *path)?;
        Some(Position::of_offset(&file.text, mark.offset()?))
    }

    fn mesh_file(&self, name: &str, kind: &str) -> Option<Manifest<'_>> {
        let file = self.files.iter().find(|file| file.name() == name)?;
        let id = ResourceId {
            gvk: Gvk::from_api_version("", kind),
            namespace: "istio-system".into(),
            name: kind.to_ascii_lowercase().into(),
        };
        let origin = Location::file(file.path.clone());
        Some(Manifest { node: file.documents.first()?, id, origin, cluster: &file.cluster })
    }
}

impl PlainFile {
    fn name(&self) -> &str {
        self.path.parts().last().unwrap_or_default()
    }

    fn is_mesh_file(&self) -> bool {
        [MESH_CONFIG, MESH_NETWORKS].contains(&self.name())
    }

    fn at(&self, node: &Node) -> Location {
        let at = Location::file(self.path.clone());
        match node.mark.offset() {
            Some(offset) => at.at(Position::of_offset(&self.text, offset)),
            None => at,
        }
    }

    fn take_apart<'a>(
        &'a self,
        node: &'a Node,
        depth: usize,
        found: &mut Vec<Manifest<'a>>,
        remarks: &mut Vec<Finding>,
    ) {
        /// Lists in lists are taken apart at most this deep.
        const DEPTH: usize = 20;
        let kind = node.text_at(&["kind"]);
        if kind.is_empty() {
            let message = "this document has no `kind`: it is no manifest, and not validated";
            return remarks.push(fault(Level::Info, self.at(node), message.to_owned()));
        }
        let items = node.get("items").and_then(Node::as_sequence);
        if let (true, Some(items), true) = (kind.ends_with("List"), items, depth < DEPTH) {
            return items.iter().for_each(|item| self.take_apart(item, depth + 1, found, remarks));
        }
        let id = ResourceId::of(node);
        found.push(Manifest { node, id, origin: self.at(node), cluster: &self.cluster });
    }
}

fn fault(level: Level, at: Location, message: String) -> Finding {
    Finding {
        code: UNREADABLE.to_owned(),
        rule: UNREADABLE,
        level,
        message,
        help: None,
        resource: None,
        location: Some(at),
        new: true,
        alike: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::parse(text).unwrap()
    }

    #[test]
    fn reads_what_kubectl_reads() {
        let mut plain = PlainManifests::default();
        let text = "kind: List\r\nitems:\r\n- kind: A\r\n  metadata: {name: a}\r\n- kind: B\r\n---\r\n\
                    kind: C\r\nspec: {8080: x}\r\n---\r\n# nothing\r\n---\r\nvalues: 1\r\n";
        plain.add(path("a.yaml"), "", text);
        let mut remarks = Vec::new();
        let found = plain.manifests(&mut remarks);
        let kinds: Vec<_> =
            found.iter().map(|m| (m.id.gvk.kind.as_str(), m.origin.to_string())).collect();
        assert_eq!(
            kinds,
            [
                ("A", "a.yaml:3:3".to_owned()),
                ("B", "a.yaml:5:3".to_owned()),
                ("C", "a.yaml:7:1".to_owned())
            ]
        );
        assert_eq!(remarks.len(), 1);
        assert!(found[2].node.at(&["spec", "8080"]).is_some());
    }

    #[test]
    fn what_is_no_yaml_is_a_finding_with_its_line() {
        let mut plain = PlainManifests::default();
        plain.add(path("a.yaml"), "", "a: 1\nb: [\n");
        assert_eq!(plain.faults[0].level, Level::Error);
        assert!(plain.faults[0].location.as_ref().unwrap().position.is_some());
    }

    #[test]
    fn meshs_own_files_are_known_by_their_names() {
        let mut plain = PlainManifests::default();
        plain.add(path("a/MESHCONFIG.yaml"), "", "trustDomain: x\n");
        assert_eq!(plain.mesh_config().unwrap().id.gvk.kind, "MeshConfig");
        assert!(plain.mesh_networks().is_none());
        assert!(plain.manifests(&mut Vec::new()).is_empty());
    }
}
