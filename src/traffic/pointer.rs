//! JSON patches that write weights, by what their pointers lead to in the VirtualService.

use super::share::{Change, Route};
use super::split::routes;
use super::task::{Op, Task};
use crate::yaml::edit::{NodePath, SpanNode};

/// What changes in a list of operations.
pub(super) fn ops(task: &Task<'_>, list: &SpanNode, path: &NodePath, ops: &mut Vec<Op>) {
    for (at, operation) in list.items().iter().enumerate() {
        let text = |key: &str| operation.get(key).and_then(SpanNode::text);
        let (Some("add" | "replace"), Some(pointer)) = (text("op"), text("path")) else { continue };
        let Some(value) = operation.get("value") else { continue };
        let place = path.index(at).key("value");
        one(task, &segments(pointer), value, &place, ops);
    }
}

/// The parts of a pointer. (RFC 6901, section 4)
fn segments(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|it| it.replace("~1", "/").replace("~0", "~")).collect()
}

fn one(task: &Task<'_>, way: &[String], value: &SpanNode, place: &NodePath, ops: &mut Vec<Op>) {
    let way: Vec<&str> = way.iter().map(String::as_str).collect();
    match way.as_slice() {
        ["metadata", "annotations"] => task.annotations(Some(value), place, ops),
        ["metadata", "annotations", key] => {
            let followed = value.text().and_then(|value| task.followed(key, value));
            ops.extend(followed.map(|text| Op::Text(place.clone(), text)));
        }
        ["spec", protocol, index, "route"] => {
            let by_name = built(task, protocol, index).is_some_and(|route| route.by_name);
            task.route(value, by_name, place, ops);
        }
        ["spec", protocol, index, "route", at, rest @ ..] if task.weights => {
            let (Some(route), Ok(at)) = (built(task, protocol, index), at.parse::<usize>()) else {
                return;
            };
            destination(task, &route, at, rest, value, place, ops);
        }
        ["spec", ..] => task.tree(value, place, ops),
        _ => {}
    }
}

/// An operation on one destination, or on a field of it.
fn destination(
    task: &Task<'_>,
    route: &Route,
    at: usize,
    field: &[&str],
    value: &SpanNode,
    place: &NodePath,
    ops: &mut Vec<Op>,
) {
    match (route.change(task.aim), field) {
        (Some(Change::Weights(weights)), ["weight"]) => {
            let Some(weight) = weights.get(at).map(u32::to_string) else { return };
            if value.text() != Some(&weight) {
                ops.push(Op::Text(place.clone(), weight));
            }
        }
        (Some(Change::Weights(weights)), []) => {
            let Some(weight) = weights.get(at) else { return };
            let now = value.get("weight").and_then(SpanNode::text).unwrap_or("0");
            if now != weight.to_string() {
                ops.push(Op::Weight(place.clone(), *weight));
            }
        }
        (Some(Change::Rename(renamed)), ["destination", "subset" | "host"]) if renamed == at => {
            ops.push(Op::Text(place.clone(), task.aim.to.clone()));
        }
        (Some(Change::Rename(renamed)), []) if renamed == at => ops.push(Op::Rename(place.clone())),
        _ => {}
    }
}

/// The route at this place of the VirtualService as it is built.
fn built(task: &Task<'_>, protocol: &str, index: &str) -> Option<Route> {
    let index: usize = index.parse().ok()?;
    let mut all = routes(task.built);
    all.find(|((list, at), _)| *list == protocol && *at == index).map(|(_, route)| route)
}
