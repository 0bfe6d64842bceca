//! Rewrites references to resources whose names changed.
//!
//! Runs once per build, after all prefixes, suffixes and hashes, because a reference follows the
//! final name. Candidates are narrowed by earlier name, kind, namespace and affixes, in that order,
//! as kustomize does (`api/filters/nameref/nameref.go`), but are found by an index.

use std::collections::BTreeMap;
use std::mem;
use std::rc::Rc;

use compact_str::CompactString;

use crate::kustomize::configuration::Configuration;
use crate::kustomize::error::BuildError;
use crate::kustomize::field_spec;
use crate::kustomize::path_tree::{NoWay, Tree};
use crate::kustomize::places::Places;
use crate::kustomize::resource::{Draft, NOT_A_NAMESPACE};
use crate::kustomize::resource_set::ResourceSet;
use crate::kustomize::scalar;
use crate::kustomize::schema::Schema;
use crate::kustomize::{Gvk, ResourceId};
use crate::yaml::{Node, Value};

/// Rewrites every reference to a resource whose name or namespace changed.
///
/// # Errors
/// [`BuildError::AmbiguousReference`] if candidates with different final names remain,
/// [`BuildError::Invalid`] if a field does not have the shape of a reference.
pub fn apply(
    set: &mut ResourceSet,
    configuration: &Configuration,
    schema: &Schema,
) -> Result<(), BuildError> {
    let mut drafts = mem::take(set).into_drafts();
    let take = |draft: &mut Draft| mem::replace(&mut draft.node, Node::null());
    let mut nodes: Vec<Node> = drafts.iter_mut().map(take).collect();
    let index = Index::new(&drafts);
    let mut fields = Fields::new(configuration);
    for (at, node) in nodes.iter_mut().enumerate() {
        rewrite(node, at, &drafts, &index, &mut fields)?;
    }
    for (draft, node) in drafts.iter_mut().zip(nodes) {
        draft.node = node;
        draft.refresh(schema);
    }
    *set = ResourceSet::from_drafts(drafts);
    Ok(())
}

fn rewrite(
    node: &mut Node,
    at: usize,
    drafts: &[Draft],
    index: &Index<'_>,
    fields: &mut Fields<'_>,
) -> Result<(), BuildError> {
    let referrer = &drafts[at];
    let fields = fields.of(referrer);
    if fields.tree.is_empty() {
        return Ok(());
    }
    check_version(node, referrer)?;
    let search = Search {
        referrer,
        drafts,
        index,
        account_namespaces: account_namespaces(node, referrer)?,
        role: role(node),
    };
    let mut last = "";
    let rewritten = fields.tree.visit(node, &mut |node, at| {
        last = fields.list[at].text;
        search.set(node, &fields.list[at])
    });
    rewritten.map_err(|fault: Fault| fault.in_resource(referrer, last))
}

/// kustomize compares the version's text with the one it read as none, before it follows references.
fn check_version(node: &Node, referrer: &Draft) -> Result<(), BuildError> {
    let Some(version) = node.get("apiVersion").filter(|version| version.is_null()) else {
        return Ok(());
    };
    if version.text().is_none_or(str::is_empty) {
        return Ok(());
    }
    Err(BuildError::Invalid {
        at: referrer.location.clone().in_field("apiVersion"),
        reason: format!("`{}` may refer to others, and its `apiVersion` is null", referrer.id),
    })
}

/// A field that refers to resources of a kind.
#[derive(Debug)]
struct Field<'a> {
    text: &'a str,
    target: &'a Gvk,
}

/// The fields of one kind that refer to others.
#[derive(Debug, Default)]
struct FieldsOfKind<'a> {
    list: Vec<Field<'a>>,
    /// The paths of the fields, under their places in the list.
    tree: Tree,
}

/// The fields that refer to others, by the kind that has them, found once for each kind.
struct Fields<'a> {
    configuration: &'a Configuration,
    by_kind: BTreeMap<CompactString, Vec<(Gvk, Rc<FieldsOfKind<'a>>)>>,
}

impl<'a> Fields<'a> {
    const fn new(configuration: &'a Configuration) -> Self {
        Self { configuration, by_kind: BTreeMap::new() }
    }

    fn of(&mut self, referrer: &Draft) -> Rc<FieldsOfKind<'a>> {
        let Gvk { group, version, .. } = &referrer.id.gvk;
        let known = self.by_kind.get(referrer.original_kind()).into_iter().flatten();
        let is_same = |(gvk, _): &&(Gvk, _)| gvk.version == *version && gvk.group == *group;
        if let Some((_, fields)) = { known }.find(is_same) {
            return Rc::clone(fields);
        }
        let gvk = referrer.original_gvk();
        let mut fields = FieldsOfKind::default();
        for reference in &self.configuration.name_references {
            for spec in reference.referrers.iter().filter(|spec| gvk.is_selected(&spec.gvk)) {
                fields.tree.add(field_spec::names(&spec.path), fields.list.len());
                fields.list.push(Field { text: &spec.path, target: &reference.target });
            }
        }
        let fields = Rc::new(fields);
        self.by_kind.entry(gvk.kind.clone()).or_default().push((gvk, Rc::clone(&fields)));
        fields
    }
}

/// Places of resources by every name they had before.
struct Index<'a> {
    by_earlier_name: Places,
    by_original_namespace: BTreeMap<&'a str, Vec<usize>>,
}

impl<'a> Index<'a> {
    fn new(drafts: &'a [Draft]) -> Self {
        let mut by_earlier_name = Places::default();
        let mut by_original_namespace: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, draft) in drafts.iter().enumerate() {
            for ids in draft.previous.chunk_by(|a, b| a.name == b.name) {
                by_earlier_name.note(ids[0].name.as_str(), at);
            }
            let namespace = draft.original_effective_namespace();
            if namespace != NOT_A_NAMESPACE {
                by_original_namespace.entry(namespace).or_default().push(at);
            }
        }
        Self { by_earlier_name, by_original_namespace }
    }
}

/// The search for what one resource refers to.
struct Search<'a> {
    referrer: &'a Draft,
    drafts: &'a [Draft],
    index: &'a Index<'a>,
    /// Namespaces of the service accounts that a role binding names.
    account_namespaces: Vec<String>,
    /// The role that a binding names.
    role: Option<Gvk>,
}

/// Whether two candidates are the same for the field that is written.
type Same = fn(&Draft, &Draft) -> bool;

impl<'a> Search<'a> {
    fn set(&self, node: &mut Node, field: &Field<'_>) -> Result<(), Fault> {
        match &mut node.value {
            Value::Scalar(_) => self.set_scalar(node, field),
            Value::Mapping(_) => self.set_mapping(node, field),
            Value::Sequence(items) => {
                for item in items {
                    match &item.value {
                        Value::Scalar(_) => self.set_scalar(item, field)?,
                        Value::Mapping(_) => self.set_mapping(item, field)?,
                        Value::Sequence(_) => return Err(Fault::Shape),
                    }
                }
                Ok(())
            }
        }
    }

    fn set_scalar(&self, node: &mut Node, field: &Field<'_>) -> Result<(), Fault> {
        let Some(name) = node.text().filter(|_| !node.is_null()) else { return Ok(()) };
        let same: Same = |a, b| a.id.name == b.id.name;
        if let Some(referral) = self.select(name, field, None, same)?
            && referral.id.name != name
        {
            set_text(node, referral.id.name.as_str());
        }
        Ok(())
    }

    fn set_mapping(&self, node: &mut Node, field: &Field<'_>) -> Result<(), Fault> {
        let name = node.get("name").ok_or(Fault::NoName)?.text().unwrap_or_default();
        // What is no text is none that anything is in.
        let namespace = node.get("namespace").map(|node| node.text().unwrap_or_default());
        let same: Same = |a, b| a.id.name == b.id.name && a.id.namespace == b.id.namespace;
        let Some(referral) = self.select(name, field, namespace, same)? else { return Ok(()) };
        let Some(mapping) = node.as_mapping_mut() else { return Ok(()) };
        match mapping.get_mut("name") {
            Some(name) => set_text(name, referral.id.name.as_str()),
            None => return Err(Fault::NoName),
        }
        // An empty namespace stands for any, so it does not replace what is written.
        if referral.id.namespace.is_empty() {
            return Ok(());
        }
        match mapping.get_mut("namespace") {
            Some(namespace) => set_text(namespace, referral.id.namespace.as_str()),
            None => {
                let value = scalar::of_new_field(referral.id.namespace.as_str().into());
                mapping.insert("namespace", value);
            }
        }
        Ok(())
    }

    /// The resource that had this name; `None` if there is none, or none can be told from others.
    fn select(
        &self,
        name: &str,
        field: &Field<'_>,
        namespace: Option<&str>,
        same: Same,
    ) -> Result<Option<&'a Draft>, Fault> {
        let places = self.index.by_earlier_name.of(name);
        let mut candidates: Vec<&Draft> = places
            .into_iter()
            .map(|at| &self.drafts[at])
            .filter(|draft| draft.previous.iter().any(|id| id.name == name))
            .filter(|draft| self.may_refer_to(draft))
            .filter(|draft| had_kind(draft, field.target))
            .collect();
        if let Some(namespace) = namespace {
            self.keep_namespace(&mut candidates, namespace);
        }
        if let Some(role) = self.role.as_ref().filter(|_| field.text.ends_with("roleRef/name")) {
            candidates.retain(|draft| had_kind(draft, role));
        }
        candidates.retain(|draft| self.is_near(draft));
        if let [only] = candidates[..] {
            return Ok(Some(only));
        }
        candidates.retain(|draft| same_affixes(draft, self.referrer, true));
        if candidates.len() > 1 {
            candidates.retain(|draft| same_affixes(draft, self.referrer, false));
        }
        let Some((first, others)) = candidates.split_first() else { return Ok(None) };
        if others.iter().all(|other| same(first, other)) {
            return Ok(Some(first));
        }
        let ids = candidates.iter().map(|draft| draft.id.clone()).collect();
        Err(Fault::Ambiguous(name.to_owned(), ids))
    }

    /// Whether the two are in one namespace, or one of them in none, or a role binding leads there.
    fn may_refer_to(&self, draft: &Draft) -> bool {
        self.referrer.cluster_scoped
            || draft.cluster_scoped
            || draft.effective_namespace() == self.referrer.effective_namespace()
            || self.account_namespaces.iter().any(|namespace| *namespace == draft.id.namespace)
    }

    /// Keeps what was in the namespace that is written; if nothing at all was, what is in it now.
    fn keep_namespace(&self, candidates: &mut Vec<&Draft>, namespace: &str) {
        let were = self.index.by_original_namespace.get(namespace);
        let any_was =
            were.is_some_and(|places| places.iter().any(|at| self.may_refer_to(&self.drafts[*at])));
        candidates.retain(|draft| {
            let its = if any_was {
                draft.original_effective_namespace()
            } else {
                draft.effective_namespace()
            };
            its == namespace
        });
    }

    fn is_near(&self, draft: &Draft) -> bool {
        self.referrer.cluster_scoped
            || draft.cluster_scoped
            || draft.id.gvk.kind == "ServiceAccount"
            || draft.effective_namespace() == self.referrer.effective_namespace()
    }
}

fn had_kind(draft: &Draft, selector: &Gvk) -> bool {
    let gvk = &draft.id.gvk;
    (selector.group.is_empty() || selector.group == gvk.group)
        && (selector.version.is_empty() || selector.version == gvk.version)
        && draft.previous.iter().any(|id| selector.kind.is_empty() || selector.kind == id.kind)
}

fn same_affixes(a: &Draft, b: &Draft, empty_fits: bool) -> bool {
    let fits = |a: &[compact_str::CompactString], b: &[compact_str::CompactString]| {
        let either_empty = a.is_empty() || b.is_empty();
        if either_empty {
            return empty_fits || (a.is_empty() && b.is_empty());
        }
        a.ends_with(b) || b.ends_with(a)
    };
    fits(&a.prefixes, &b.prefixes) && fits(&a.suffixes, &b.suffixes)
}

/// The namespaces of the service accounts that a role binding names.
fn account_namespaces(node: &Node, referrer: &Draft) -> Result<Vec<String>, BuildError> {
    if referrer.id.gvk.kind != "RoleBinding" {
        return Ok(Vec::new());
    }
    let subjects = node.get("subjects").and_then(Node::as_sequence).unwrap_or_default();
    let mut namespaces = Vec::new();
    for subject in subjects {
        if subject.get("kind").and_then(Node::text) != Some("ServiceAccount") {
            continue;
        }
        let Some(namespace) = subject.get("namespace") else { continue };
        let name = namespace.as_str().ok_or_else(|| BuildError::Invalid {
            at: referrer.location.clone(),
            reason: "a subject's `namespace` is no text".to_owned(),
        })?;
        namespaces.push(name.to_owned());
    }
    Ok(namespaces)
}

fn role(node: &Node) -> Option<Gvk> {
    let text = |key| node.at(&["roleRef", key]).and_then(Node::text);
    let (group, kind) = text("apiGroup").zip(text("kind"))?;
    Some(Gvk { group: group.into(), version: "".into(), kind: kind.into() })
}

/// Writes a name; how it was quoted stays.
fn set_text(node: &mut Node, text: &str) {
    if let Value::Scalar(scalar) = &mut node.value {
        scalar::assign(scalar, text.into(), None);
    }
}

/// Why a reference cannot be followed.
enum Fault {
    Shape,
    NoField,
    NoName,
    Ambiguous(String, Vec<ResourceId>),
}

impl From<NoWay> for Fault {
    fn from(why: NoWay) -> Self {
        match why {
            NoWay::Scalar => Self::Shape,
            NoWay::NoField => Self::NoField,
        }
    }
}

impl Fault {
    fn in_resource(self, referrer: &Draft, field: &str) -> BuildError {
        let at = referrer.location.clone().in_field(field);
        let id = &referrer.id;
        match self {
            Self::Shape => BuildError::Invalid {
                at,
                reason: format!("`{id}` has something here that is no name and holds none"),
            },
            Self::NoField => BuildError::Invalid {
                at,
                reason: format!(
                    "`{id}` has a mapping where one of the paths of `nameReference` goes on with what names no field"
                ),
            },
            Self::NoName => BuildError::Invalid {
                at,
                reason: format!("`{id}` has a mapping without `name` here"),
            },
            Self::Ambiguous(name, candidates) => {
                BuildError::AmbiguousReference { at, name, candidates }
            }
        }
    }
}
