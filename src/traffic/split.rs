//! How a built VirtualService shares its traffic out.

use super::rollout::{Aim, VirtualServiceName};
use super::share::{Destination, Route};
use crate::kustomize::{Build, Resource};
use crate::yaml::Node;

/// The lists of a VirtualService that hold routes.
pub(super) const PROTOCOLS: [&str; 3] = ["http", "tls", "tcp"];

/// The VirtualServices of a build.
pub(super) fn virtual_services(build: &Build) -> impl Iterator<Item = &Resource> {
    build
        .resources
        .iter()
        .filter(|it| it.id.gvk.kind == "VirtualService" && it.id.gvk.group == "networking.istio.io")
}

/// The one of this name.
pub(super) fn find<'b>(build: &'b Build, name: &VirtualServiceName) -> Option<&'b Resource> {
    virtual_services(build).find(|it| name.is(namespace_of(it), &it.id.name))
}

pub(super) fn namespace_of(resource: &Resource) -> &str {
    match resource.id.namespace.as_str() {
        "" => "default",
        namespace => namespace,
    }
}

/// The share of the traffic that a step's destination has in a build; `None` if no route has to do with it.
/// Where routes differ, the smallest.
#[must_use]
pub fn share_of(build: &Build, aim: &Aim) -> Option<u32> {
    let found = find(build, &aim.virtual_service)?;
    routes(&found.node).filter_map(|(_, route)| route.share(aim)).min()
}

/// Whether all routes are as a step wants them.
pub(super) fn is_at(virtual_service: &Node, aim: &Aim) -> bool {
    let has_to_do = |route: &Route| route.share(aim).is_some();
    let mut own = routes(virtual_service).map(|(_, route)| route).filter(has_to_do).peekable();
    own.peek().is_some() && own.all(|route| route.is_at(aim))
}

/// Where a route stands: the list and the place in it.
pub(super) type RoutePlace = (&'static str, usize);

/// The routes with their places.
pub(super) fn routes(virtual_service: &Node) -> impl Iterator<Item = (RoutePlace, Route)> {
    PROTOCOLS.into_iter().flat_map(move |protocol| {
        let list = virtual_service.at(&["spec", protocol]).and_then(Node::as_sequence);
        let items = list.unwrap_or_default().iter().enumerate();
        items.map(move |(index, item)| ((protocol, index), route(item)))
    })
}

fn route(item: &Node) -> Route {
    let list = |key: &str| item.get(key).and_then(Node::as_sequence).unwrap_or_default();
    let wants = |clause: &Node| ASKS.iter().any(|key| clause.get(key).is_some());
    let matches = list("match");
    Route {
        destinations: list("route").iter().map(destination).collect(),
        by_name: !matches.is_empty() && matches.iter().all(wants),
    }
}

/// What a match has that wants something of the request beside its path: such routes are for testers.
pub(super) const ASKS: [&str; 5] =
    ["headers", "queryParams", "withoutHeaders", "sourceLabels", "sourceNamespace"];

fn destination(item: &Node) -> Destination {
    let text = |keys: &[&str]| item.at(keys).and_then(Node::text).map(str::to_owned);
    Destination {
        subset: text(&["destination", "subset"]),
        host: text(&["destination", "host"]).unwrap_or_default(),
        weight: text(&["weight"]).and_then(|weight| weight.parse().ok()),
    }
}
