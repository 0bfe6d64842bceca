//! The rules say of Istio's own test files what Istio's analyzers say.
//!
//! Walks `../shared/conformance/istio-analyze/analyze` where it is there. A case lists the messages
//! of one analyzer, so only the rules that do its work are compared.

use std::path::Path;

use overlift::rooms::kustomize::{Gvk, ResourceId};
use overlift::rooms::model::{Location, RepoPath};
use overlift::rooms::policy::{Finding, Level, Manifest, Surroundings, analyze, manifests};
use overlift::rooms::yaml::{Dialect, Node, parse_stream};

use crate::support::txtar::{Case, cases_below};

/// Which rules do the work of which analyzer. The absent ones read what only a cluster has: running
/// Pods and the status of objects.
const ANALYZERS: &[(&str, &[&str])] = &[
    ("annotations.AlphaAnalyzer", &["annotations"]),
    ("annotations.K8sAnalyzer", &["annotations"]),
    ("auth.AuthorizationPoliciesAnalyzer", &["authorization-policy"]),
    ("deployment.MultiServiceAnalyzer", &["deployment-services"]),
    ("externalcontrolplane.ExternalControlPlaneAnalyzer", &["external-control-plane"]),
    ("injection.ImageAutoAnalyzer", &["proxy-image-auto"]),
    ("services.MultiClusterServiceAnalyzer", &["multi-cluster-service"]),
    ("webhook.Analyzer", &["injection-webhook"]),
    ("applicationUID.Analyzer", &["application-uid"]),
    ("authn.BlockedCIDRsAnalyzer", &["blocked-cidrs"]),
    ("envoyfilter.EnvoyPatchAnalyzer", &["envoy-filter"]),
    ("meshnetworks.MeshNetworksAnalyzer", &["mesh-networks"]),
    ("service.PortNameAnalyzer", &["port-name"]),
    ("sidecar.SelectorAnalyzer", &["workload-selector"]),
    ("telemetry.LightstepAnalyzer", &["telemetry-provider"]),
    ("telemetry.ProviderAnalyzer", &["telemetry-provider"]),
    ("telemetry.SelectorAnalyzer", &["workload-selector"]),
    ("destinationrule.CaCertificateAnalyzer", &["destination-rule-tls"]),
    ("destinationrule.SubsetSelectPodAnalyzer", &["destination-rule-subset"]),
    ("gateway.CertificateAnalyzer", &["gateway-certificate"]),
    ("gateway.ConflictingGatewayAnalyzer", &["gateway-conflict"]),
    ("gateway.IngressGatewayPortAnalyzer", &["gateway-port"]),
    ("gateway.SecretAnalyzer", &["gateway-secret", "gateway-port"]),
    ("serviceentry.Analyzer", &["service-entry-addresses"]),
    ("serviceentry.ConflictingServiceEntryProtocolAnalyzer", &["service-entry-protocol"]),
    ("virtualservice.ConflictingMeshGatewayHostsAnalyzer", &["virtual-service-mesh-hosts"]),
    ("virtualservice.DestinationHostAnalyzer", &["virtual-service-destination"]),
    ("virtualservice.DestinationRuleAnalyzer", &["virtual-service-subset"]),
    ("virtualservice.GatewayAnalyzer", &["virtual-service-gateway"]),
];

#[test]
fn rules_agree_with_istios_analyzers() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance/istio-analyze");
    let mut wrong = Vec::new();
    let cases = cases_below(&corpus.join("analyze"));
    if cases.is_empty() {
        return eprintln!("skipped: {} is not here", corpus.display());
    }
    for path in cases {
        let case = Case::read(&path);
        let analyzer = case.header("analyzer").unwrap();
        let Some((_, rules)) = ANALYZERS.iter().find(|(name, _)| *name == analyzer) else {
            eprintln!("no rule for {analyzer}: {}", case.name);
            continue;
        };
        let (said, wanted) = (said(&case, rules), wanted(&case));
        if said != wanted {
            wrong.push(format!("{}\n  wanted {wanted:?}\n  said   {said:?}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

fn wanted(case: &Case) -> Vec<String> {
    let text = std::str::from_utf8(case.file("WANT.tsv").unwrap()).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

fn said(case: &Case, rules: &[&str]) -> Vec<String> {
    let files: Vec<(&str, Vec<Node>)> =
        case.texts().map(|(path, text)| (path, parse_stream(text, Dialect::V3).unwrap())).collect();
    let file = |key: &str, kind: &str| {
        let name = case.header(key)?;
        let node = files.iter().find(|(path, _)| *path == name)?.1.first()?;
        let id = ResourceId {
            gvk: Gvk::from_api_version("", kind),
            namespace: "istio-system".into(),
            name: kind.to_ascii_lowercase().into(),
        };
        let origin = Location::file(RepoPath::parse(name).unwrap());
        Some(Manifest { node, id, origin, cluster: "" })
    };
    let (config, networks) =
        (file("mesh-config", "MeshConfig"), file("mesh-networks", "MeshNetworks"));
    let surroundings = Surroundings {
        complete: true,
        mesh_config: config.as_ref(),
        mesh_networks: networks.as_ref(),
    };
    let set: Vec<Manifest<'_>> = files
        .iter()
        .flat_map(|(path, nodes)| nodes.iter().map(move |node| (path, node)))
        .flat_map(|(path, node)| {
            let cluster = if case.header("clusters").is_some() { top_folder(path) } else { "" };
            let found = manifests(node, &Location::file(RepoPath::parse(path).unwrap()));
            found.into_iter().map(move |manifest| Manifest { cluster, ..manifest })
        })
        .collect();
    let findings = analyze(&set, surroundings);
    // An analyzer of the list speaks of its own codes only.
    let is_about_alpha = case.header("analyzer") == Some("annotations.AlphaAnalyzer");
    let is_analyzers = |finding: &&Finding| {
        rules.contains(&finding.rule)
            && (finding.rule != "annotations" || (finding.code == "IST0136") == is_about_alpha)
    };
    let mut lines: Vec<String> = findings.iter().filter(is_analyzers).map(line).collect();
    lines.sort();
    lines
}

fn top_folder(path: &str) -> &str {
    path.split_once('/').map_or("", |(folder, _)| folder)
}

fn line(finding: &Finding) -> String {
    let id = finding.resource.as_ref().unwrap();
    let level = match finding.level {
        Level::Error => "Error",
        Level::Warning => "Warning",
        Level::Info => "Info",
    };
    let name = if id.namespace.is_empty() {
        id.name.to_string()
    } else {
        format!("{}/{}", id.namespace, id.name)
    };
    format!("{}\t{level}\t{}\t{name}", finding.code, id.gvk.kind)
}
