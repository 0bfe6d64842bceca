//! Deployments behind several Services that disagree about a port (IST0116, IST0137).

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::Level;
use crate::policy::mesh::{Labels, Manifest, Mesh, Pod, SERVICE, labels, selects};
use crate::policy::rule::{Code, Report, Rule};
use crate::policy::sidecar::has_proxy;
use crate::yaml::Node;

pub(super) const RULE: Rule =
    Rule::istio("deployment-services", &[SEVERAL_PROTOCOLS, SEVERAL_PORTS], check);

const SEVERAL_PROTOCOLS: Code = Code::sound("IST0116", Level::Warning);
const SEVERAL_PORTS: Code = Code::sound("IST0137", Level::Warning);

/// A port, or a port of Pods, to what Services say of it and who says so.
type Sayings<'a> = BTreeMap<&'a str, BTreeMap<&'a str, BTreeSet<&'a str>>>;

fn check(mesh: &Mesh<'_>, report: &mut Report<'_>) {
    let services = services(mesh);
    for pod in mesh.pods() {
        let Some(manifest) = pod.manifest.filter(|manifest| manifest.id.gvk.kind == "Deployment")
        else {
            continue;
        };
        let is_waypoint =
            manifest.label("gateway.istio.io/managed") == Some("istio.io-mesh-controller");
        if is_waypoint || !has_proxy(mesh, pod) {
            continue;
        }
        let behind = behind(&services, pod);
        for (port, services) in disagreements(&protocols(&behind)) {
            let message = format!("services {services} use different protocols on port {port}");
            report.say(SEVERAL_PROTOCOLS, manifest, "metadata.name", message);
        }
        for (port, services) in disagreements(&target_ports(&behind)) {
            let message = format!("services {services} lead from different ports to port {port}");
            report.say(SEVERAL_PORTS, manifest, "metadata.name", message);
        }
    }
}

/// The Services that select something, by namespace.
fn services<'a>(mesh: &Mesh<'a>) -> BTreeMap<&'a str, Vec<(Labels, &'a Manifest<'a>)>> {
    let mut services: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for service in mesh.all(SERVICE) {
        let selector = labels(service.spec(&["selector"]));
        if !selector.is_empty() {
            services.entry(&service.id.namespace).or_default().push((selector, service));
        }
    }
    services
}

fn behind<'a>(
    services: &BTreeMap<&'a str, Vec<(Labels, &'a Manifest<'a>)>>,
    pod: &Pod<'_>,
) -> Vec<&'a Manifest<'a>> {
    let near = services.get(pod.namespace.as_str()).map_or(&[][..], Vec::as_slice);
    let selecting = near.iter().filter(|(selector, _)| selects(selector, &pod.labels));
    selecting.map(|(_, service)| *service).collect()
}

fn protocols<'a>(services: &[&'a Manifest<'a>]) -> Sayings<'a> {
    collect(services, |port| (text(port, "port"), filled(text(port, "protocol"), "TCP")))
}

fn target_ports<'a>(services: &[&'a Manifest<'a>]) -> Sayings<'a> {
    collect(services, |port| {
        let number = text(port, "port");
        let target = text(port, "targetPort");
        (if target == "0" { number } else { filled(target, number) }, number)
    })
}

fn collect<'a>(
    services: &[&'a Manifest<'a>],
    saying: fn(&'a Node) -> (&'a str, &'a str),
) -> Sayings<'a> {
    let mut sayings = Sayings::new();
    for service in services {
        for port in service.list(&["ports"]) {
            let (about, what) = saying(port);
            sayings.entry(about).or_default().entry(what).or_default().insert(service.name());
        }
    }
    sayings
}

fn disagreements<'a>(sayings: &'a Sayings<'_>) -> impl Iterator<Item = (&'a str, String)> {
    sayings.iter().filter(|(_, said)| said.len() > 1).map(|(about, said)| {
        let names: BTreeSet<&str> = said.values().flatten().copied().collect();
        let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
        (*about, names.join(", "))
    })
}

fn text<'a>(node: &'a Node, key: &str) -> &'a str {
    node.text_at(&[key])
}

const fn filled<'a>(text: &'a str, default: &'a str) -> &'a str {
    if text.is_empty() { default } else { text }
}
