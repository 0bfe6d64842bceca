//! Helm charts that a kustomization asks for: where they are, and what must not be asked.
//!
//! kustomize hands texts of the kustomization to helm as they are. So what helm would take for a flag (one
//! of them starts programs), a directory of plugins, and a chart outside the repository are refused.

use super::scanned::{Scan, is_in};
use crate::kustomize::decode::same_key;
use crate::kustomize::error::BuildError;
use crate::model::{FieldHolds, KustomizationField, Location, PairBy, RepoPath};
use crate::yaml::{Mark, Node, Value};

const PLUGIN: &str = "HelmChartInflationGenerator";
const GLOBALS: &str = "helmGlobals";
const HOME: &str = "chartHome";
/// Where charts are if nothing says so.
const DEFAULT_HOME: &str = "charts";

/// Checks and takes the charts of a kustomization.
pub(super) fn of_kustomization(scan: &mut Scan<'_, '_, '_>, root: &Node) -> Result<(), BuildError> {
    let mut asks = false;
    for pair in root.as_mapping().into_iter().flatten() {
        let field = pair.key.text.as_str();
        let mut of_charts = KustomizationField::holding(FieldHolds::Charts);
        if let Some(known) = of_charts.find(|known| same_key(known.name, field)) {
            // The globals alone ask for nothing.
            asks |= matches!(known.pair_by, PairBy::Keys(_));
            check(scan, &pair.value, field)?;
        }
    }
    if asks { home(scan, DEFAULT_HOME, root.mark, GLOBALS) } else { Ok(()) }
}

/// The same for the configuration of a plugin, if it is the one for charts.
pub(super) fn of_plugin(scan: &mut Scan<'_, '_, '_>, node: &Node) -> Result<(), BuildError> {
    if !is_plugin(node) {
        return Ok(());
    }
    check(scan, node, "")?;
    home(scan, DEFAULT_HOME, node.mark, HOME)
}

/// Whether a file may have the plugin for charts.
pub(super) fn may_have_plugin(content: &[u8]) -> bool {
    memchr::memmem::find(content, PLUGIN.as_bytes()).is_some()
}

/// Refuses the plugin among resources: whose directory its paths start in cannot be seen there.
pub(super) fn refuse_in_resources(
    node: &Node,
    at: impl FnOnce() -> Location,
) -> Result<(), BuildError> {
    if !is_plugin(node) {
        return Ok(());
    }
    let reason = format!("a `{PLUGIN}` among resources; name its file under `generators`");
    Err(BuildError::Invalid { at: at(), reason })
}

fn is_plugin(node: &Node) -> bool {
    node.get("kind").and_then(Node::text) == Some(PLUGIN)
}

/// Every text below a field for charts, but for the values that only templates see.
fn check(scan: &mut Scan<'_, '_, '_>, node: &Node, field: &str) -> Result<(), BuildError> {
    match &node.value {
        Value::Mapping(mapping) => mapping
            .iter()
            .filter(|pair| !is_in(&["valuesInline", "valuesLocal", "metadata"], &pair.key.text))
            .try_for_each(|pair| check(scan, &pair.value, &pair.key.text)),
        Value::Sequence(items) => items.iter().try_for_each(|item| check(scan, item, field)),
        Value::Scalar(scalar) => check_text(scan, &scalar.text, node.mark, field),
    }
}

fn check_text(
    scan: &mut Scan<'_, '_, '_>,
    text: &str,
    mark: Mark,
    field: &str,
) -> Result<(), BuildError> {
    let refused = |scan: &Scan<'_, '_, '_>, reason: &str| {
        Err(BuildError::Invalid { at: scan.at(mark, field), reason: reason.to_owned() })
    };
    if text.starts_with('-') {
        return refused(scan, "helm would take this text for a flag of its own");
    }
    if is_in(&["configHome", "helmHome", "helmBin"], field) && !text.is_empty() {
        return refused(
            scan,
            "this field could make helm run programs of the repository: remove it",
        );
    }
    if is_in(&["version", "chartVersion"], field) && text.contains('/') {
        return refused(scan, "a version has no `/`");
    }
    if is_in(&["name", "chartName"], field)
        && let Err(source) = RepoPath::parse(text)
    {
        return Err(BuildError::Path { at: scan.at(mark, field), source });
    }
    if is_in(&[HOME], field) { home(scan, text, mark, field) } else { Ok(()) }
}

fn home(
    scan: &mut Scan<'_, '_, '_>,
    text: &str,
    mark: Mark,
    field: &str,
) -> Result<(), BuildError> {
    let home = scan
        .dir
        .join(text)
        .map_err(|source| BuildError::Path { at: scan.at(mark, field), source })?;
    if !scan.is_local() {
        return Ok(());
    }
    scan.gatherer
        .take_charts(&home)
        .map_err(|source| BuildError::Read { at: scan.at(mark, field), source })
}
