//! Fields beside each other that say one thing together: which of several an object is (a probe's handler, a
//! volume's kind, what an Argo CD source is rendered by) and what belongs to that.
//!
//! A server refuses two alternatives at once, and one of them without what belongs to it means something that nobody
//! wrote. Places are told by the key above them, so that patches and a chart's values count as manifests do.

use super::value::{Shape, Value};
use crate::yaml::Tag;

/// A rule for mappings below some keys.
pub(super) struct Coupling {
    /// The keys that hold such a mapping, or a list of them; none for a mapping anywhere, `""` for a document. One that
    /// begins with `*` stands for all that end so.
    under: &'static [&'static str],
    /// A key that such a mapping has, if that tells it from others.
    having: Option<&'static str>,
    /// The key whose value tells which it is, and its value where it is not written; else the alternatives tell.
    by: Option<(&'static str, &'static str)>,
    /// The keys that are alternatives, or belong to some value of `by`. `a.b` is the field `b` in the items of `a`.
    members: Members,
    /// Whether there can be one alternative only; where one side has two, it is another kind of thing.
    excludes: bool,
    /// Keys that belong to the alternatives in some way: they may stay where the source has not changed them.
    with: &'static [&'static str],
}

/// Keys of a mapping.
enum Members {
    These(&'static [&'static str]),
    AllBut(&'static [&'static str]),
}

/// How a key of a mapping takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// It tells which the object is, or belongs to that alone.
    Tells,
    /// The same for a field in its items.
    TellsIn(&'static str),
    /// It goes with that.
    Goes,
}

/// Exactly one of several.
const fn one_of(under: &'static [&'static str], members: &'static [&'static str]) -> Coupling {
    Coupling {
        under,
        having: None,
        by: None,
        members: Members::These(members),
        excludes: true,
        with: &[],
    }
}

/// One key alone, whatever it is called.
const fn one_but(under: &'static [&'static str], others: &'static [&'static str]) -> Coupling {
    Coupling { members: Members::AllBut(others), ..one_of(under, &[]) }
}

/// Any of several, which tell together what it is.
const fn some_of(under: &'static [&'static str], members: &'static [&'static str]) -> Coupling {
    Coupling { excludes: false, ..one_of(under, members) }
}

/// What belongs to the value of a key.
const fn by(
    under: &'static [&'static str],
    key: &'static str,
    default: &'static str,
    members: &'static [&'static str],
) -> Coupling {
    Coupling { by: Some((key, default)), ..some_of(under, members) }
}

/// Volumes of a Pod.
const VOLUMES: &[&str] = &[
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "fc",
    "gcePersistentDisk",
    "hostPath",
    "image",
    "iscsi",
    "local",
    "nfs",
    "persistentVolumeClaim",
    "projected",
    "rbd",
    "secret",
];
/// What a Service has for some types only.
const OF_SERVICES: &[&str] = &[
    "allocateLoadBalancerNodePorts",
    "externalName",
    "externalTrafficPolicy",
    "healthCheckNodePort",
    "loadBalancerClass",
    "loadBalancerIP",
    "loadBalancerSourceRanges",
    "nodePort",
    "nodePorts",
    "ports.nodePort",
];
const OF_TLS: &[&str] =
    &["caCertificates", "clientCertificate", "credentialName", "privateKey", "serverCertificate"];

/// Every rule that there is.
const COUPLINGS: &[Coupling] = &[
    // Argo CD
    Coupling {
        having: Some("repoURL"),
        with: &["path", "repoURL", "targetRevision"],
        ..some_of(&["source", "sources"], &["chart", "directory", "helm", "kustomize", "plugin"])
    },
    Coupling {
        with: &["chart", "path", "repoURL"],
        ..by(&["source", "sources"], "repoURL", "", &[])
    },
    one_of(&["spec"], &["source", "sources"]),
    one_of(&["strategy"], &["blueGreen", "canary"]),
    // Flux
    one_of(&["spec"], &["chart", "chartRef"]),
    some_of(&["ref"], &["branch", "commit", "digest", "name", "semver", "tag"]),
    Coupling { having: Some("sourceRef"), ..by(&["spec"], "chart", "", &["sourceRef", "version"]) },
    // Kustomize
    one_of(&["images", "image"], &["digest", "newTag", "tag"]),
    one_of(&["patches"], &["patch", "path"]),
    Coupling { having: Some("path"), ..by(&[], "op", "", &["from", "value"]) },
    // Pods
    one_of(&[], &["exec", "grpc", "httpGet", "sleep", "tcpSocket"]),
    one_of(&[], &["value", "valueFrom"]),
    one_but(&["valueFrom"], &[]),
    one_but(&["envFrom"], &["prefix"]),
    one_of(&["volumes"], VOLUMES),
    Coupling { having: Some("capacity"), ..one_of(&["spec"], VOLUMES) },
    one_of(
        &["sources"],
        &["clusterTrustBundle", "configMap", "downwardAPI", "secret", "serviceAccountToken"],
    ),
    by(&["strategy", "updateStrategy"], "type", "RollingUpdate", &["rollingUpdate"]),
    // Services, ingresses, routes
    by(&["spec", "service"], "type", "ClusterIP", OF_SERVICES),
    some_of(&["backend", "defaultBackend"], &["resource", "service", "serviceName", "servicePort"]),
    one_of(&["port"], &["name", "number"]),
    by(&["path"], "type", "PathPrefix", &["replaceFullPath", "replacePrefixMatch", "value"]),
    by(&["headers", "queryParams"], "type", "Exact", &["value"]),
    Coupling { members: Members::AllBut(&["type"]), ..by(&["filters"], "type", "", &[]) },
    some_of(&["from", "to"], &["ipBlock", "namespaceSelector", "podSelector"]),
    // Scaling and budgets
    one_of(&[], &["maxUnavailable", "minAvailable"]),
    by(&["metrics"], "type", "", &["containerResource", "external", "object", "pods", "resource"]),
    by(&["target"], "type", "", &["averageUtilization", "averageValue", "value"]),
    by(&["triggers"], "type", "", &["authenticationRef", "metadata", "metricType"]),
    // Istio
    one_of(&[], &["exact", "prefix", "regex"]),
    one_of(&["http"], &["delegate", "directResponse", "redirect", "route"]),
    one_of(&["loadBalancer"], &["consistentHash", "simple"]),
    one_but(&["consistentHash"], &["maglev", "minimumRingSize", "ringHash"]),
    one_of(&["localityLbSetting"], &["distribute", "failover"]),
    one_of(&["jwtRules"], &["jwks", "jwksUri"]),
    by(&["tls"], "mode", "", OF_TLS),
    by(&["spec"], "action", "ALLOW", &["provider", "rules"]),
    by(&["configPatches"], "applyTo", "", &["match", "patch"]),
    by(&["patch"], "operation", "", &["value"]),
    // Secrets, certificates, storage, alerts
    one_of(&["spec"], &["acme", "ca", "selfSigned", "vault", "venafi"]),
    one_of(&["solvers"], &["dns01", "http01"]),
    one_but(&["provider"], &[]),
    one_of(&["dataFrom"], &["extract", "find", "sourceRef"]),
    by(&[""], "provisioner", "", &["parameters"]),
    one_of(&["storage"], &["emptyDir", "ephemeral", "volumeClaimTemplate"]),
    one_of(&["clientConfig"], &["service", "url"]),
    one_of(&["rules"], &["alert", "record"]),
    // What is referred to, and what a document is
    by(&["*Ref", "*TargetRef"], "kind", "", &["apiVersion", "group", "name", "namespace"]),
    Coupling { with: &["data", "spec", "stringData"], ..by(&[""], "kind", "", &["apiVersion"]) },
];

/// The rules that hold for a mapping which both sides have at `key`, and in which they are not the same.
pub(super) fn couplings<'v>(
    key: &'v str,
    source: &'v Value,
    target: &'v Value,
) -> impl Iterator<Item = &'static Coupling> + 'v {
    COUPLINGS.iter().filter(move |it| it.is_at(key) && it.are_two(source, target))
}

impl Coupling {
    fn is_at(&self, key: &str) -> bool {
        let is = |under: &&str| match under.strip_prefix('*') {
            Some(ending) => key.ends_with(ending),
            None => *under == key,
        };
        self.under.is_empty() || self.under.iter().any(is)
    }

    /// Whether the two sides are different things of those that this tells apart.
    fn are_two(&self, source: &Value, target: &Value) -> bool {
        let has = |key| source.get(key).is_some() || target.get(key).is_some();
        if !self.having.is_none_or(has) {
            return false;
        }
        if let Some((key, default)) = self.by {
            let told = |side: &'_ Value| side.text_at(key).unwrap_or(default).to_owned();
            return told(source) != told(target);
        }
        let (ours, theirs) = (self.present(source), self.present(target));
        ours != theirs && !(self.excludes && ours.len().max(theirs.len()) > 1)
    }

    /// The alternatives that a side has, in the order of their names.
    fn present<'v>(&self, side: &'v Value) -> Vec<&'v str> {
        let is_null =
            |value: &Value| matches!(value.shape, Shape::Scalar { tag: Some(Tag::Null), .. });
        let pairs = side.pairs().iter().filter(|(key, value)| self.tells(key) && !is_null(value));
        let mut keys: Vec<&str> = pairs.map(|(key, _)| key.as_str()).collect();
        keys.sort_unstable();
        keys
    }

    fn tells(&self, key: &str) -> bool {
        match self.members {
            Members::These(keys) => keys.contains(&key),
            Members::AllBut(others) => !others.contains(&key),
        }
    }

    /// How a key takes part, if it does.
    pub(super) fn part(&self, key: &str) -> Option<Part> {
        if self.with.contains(&key) {
            return Some(Part::Goes);
        }
        if self.by.is_some_and(|(by, _)| by == key) || self.tells(key) {
            return Some(Part::Tells);
        }
        let Members::These(members) = self.members else { return None };
        members.iter().find_map(|member| {
            let (list, field) = member.split_once('.')?;
            (list == key).then_some(Part::TellsIn(field))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::edit::Editor;

    /// Which keys say one thing together.
    fn coupled(key: &str, source: &str, target: &str) -> Vec<String> {
        let read = |text: &str| Value::of(Editor::parse(text).unwrap().root(0));
        let (source, target) = (read(source), read(target));
        let keys: std::collections::BTreeSet<String> =
            [&source, &target].iter().flat_map(|it| it.pairs()).map(|it| it.0.clone()).collect();
        let rules: Vec<_> = couplings(key, &source, &target).collect();
        let is_part = |key: &String| rules.iter().any(|rule| rule.part(key).is_some());
        keys.into_iter().filter(is_part).collect()
    }

    #[test]
    fn what_says_one_thing_is_told_where_the_two_say_another() {
        for (key, source, target, want) in [
            (
                "source",
                "{repoURL: r, path: charts/a, helm: {}, x: 1}",
                "{repoURL: r, path: overlays/b, x: 2}",
                "helm path repoURL",
            ),
            ("source", "{repoURL: r, path: a, x: 1}", "{repoURL: s, path: b}", "path repoURL"),
            (
                "source",
                "{repoURL: r, path: a, helm: {a: 1}}",
                "{repoURL: r, path: b, helm: {}}",
                "",
            ),
            ("source", "{path: a, helm: {}}", "{path: b}", ""),
            ("livenessProbe", "{grpc: {}, periodSeconds: 1}", "{httpGet: {}}", "grpc httpGet"),
            ("livenessProbe", "{httpGet: {port: 1}}", "{httpGet: {port: 2}}", ""),
            ("env", "{name: A, value: x}", "{name: A, valueFrom: {}}", "value valueFrom"),
            ("env", "{name: A, value: x, valueFrom: {}}", "{name: A, valueFrom: {}}", ""),
            ("volumes", "{name: a, secret: {}}", "{name: a, configMap: {}}", "configMap secret"),
            ("strategy", "{type: Recreate}", "{rollingUpdate: {}}", "rollingUpdate type"),
            ("strategy", "{type: RollingUpdate}", "{rollingUpdate: {}}", ""),
            ("strategy", "{rollingUpdate: null, type: a}", "{type: a}", ""),
            ("spec", "{type: NodePort, ports: []}", "{type: ClusterIP}", "ports type"),
            ("issuerRef", "{kind: A, name: a}", "{kind: B, name: b}", "kind name"),
            ("uri", "{prefix: /}", "{exact: /}", "exact prefix"),
            ("", "{kind: A, spec: {}, metadata: {}}", "{kind: B}", "kind spec"),
            ("ref", "{tag: v1}", "{branch: main}", "branch tag"),
            ("provider", "{aws: {}}", "{vault: {}}", "aws vault"),
        ] {
            assert_eq!(coupled(key, source, target).join(" "), want, "{key}: {source} {target}");
        }
    }
}
