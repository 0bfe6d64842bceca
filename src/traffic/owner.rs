//! Who else moves the weights of a VirtualService: Flagger and Argo Rollouts write them in the cluster.

use super::split::{namespace_of, routes};
use crate::kustomize::{Build, Resource};
use crate::yaml::Node;

/// The resource that owns a VirtualService's weights: `Canary shop/checkout`, with whose it is.
pub(super) fn owner_of(build: &Build, virtual_service: &Resource) -> Option<String> {
    let (namespace, name) = (namespace_of(virtual_service), virtual_service.id.name.as_str());
    let hosts = hosts(virtual_service);
    let owns = |owner: &&Resource| {
        if namespace_of(owner) != namespace {
            return false;
        }
        match (owner.id.gvk.group.as_str(), owner.id.gvk.kind.as_str()) {
            ("flagger.app", "Canary") => is_of_canary(&owner.node, name, &hosts),
            ("argoproj.io", "Rollout") => is_of_rollout(&owner.node, namespace, name, &hosts),
            _ => false,
        }
    };
    let owner = build.resources.iter().find(owns)?;
    let whose = if owner.id.gvk.kind == "Canary" { "Flagger's" } else { "Argo Rollouts'" };
    Some(format!("{whose} {} {}/{}", owner.id.gvk.kind, namespace_of(owner), owner.id.name))
}

/// The short names of the services that a VirtualService leads to.
fn hosts(virtual_service: &Resource) -> Vec<String> {
    let destinations = routes(&virtual_service.node).flat_map(|(_, route)| route.destinations);
    destinations.map(|it| it.host.split('.').next().unwrap_or_default().to_owned()).collect()
}

/// Flagger makes a VirtualService of the service's name, and services with `-primary` and `-canary`.
/// (docs.flagger.app/usage/how-it-works)
fn is_of_canary(canary: &Node, name: &str, hosts: &[String]) -> bool {
    let text = |keys: &[&str]| canary.at(keys).and_then(Node::text);
    let service =
        text(&["spec", "service", "name"]).or_else(|| text(&["spec", "targetRef", "name"]));
    let Some(service) = service else { return false };
    let is_its = |host: &String| {
        let rest = host.strip_prefix(service);
        rest.is_some_and(|rest| ["", "-primary", "-canary"].contains(&rest))
    };
    name == service || hosts.iter().any(is_its)
}

/// A Rollout names the VirtualServices that it writes, and its services.
/// (argo-rollouts.readthedocs.io/en/stable/features/traffic-management/istio)
fn is_of_rollout(rollout: &Node, namespace: &str, name: &str, hosts: &[String]) -> bool {
    let at = |keys: &[&str]| rollout.at(&[&["spec", "strategy"], keys].concat());
    let istio = |key: &str| at(&["canary", "trafficRouting", "istio", key]);
    let one = istio("virtualService").into_iter();
    let several = istio("virtualServices").and_then(Node::as_sequence).unwrap_or_default().iter();
    let mut named = one.chain(several).filter_map(|it| it.get("name")).filter_map(Node::text);
    if named.any(|it| it == name || it == format!("{name}.{namespace}")) {
        return true;
    }
    let services = [
        ["canary", "canaryService"],
        ["canary", "stableService"],
        ["blueGreen", "activeService"],
        ["blueGreen", "previewService"],
    ];
    let mut services = services.iter().filter_map(|keys| at(keys)).filter_map(Node::text);
    services.any(|service| hosts.iter().any(|host| host == service))
}
