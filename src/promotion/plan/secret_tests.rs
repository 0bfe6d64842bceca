//! Kustomizations that know where a secret went: whatever way it took, no text of a plan tells it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::tests::path;
use super::*;
use crate::kustomize::BuildOptions;
use crate::model::{EnvironmentName, FileTree};
use crate::policy::{Day, Fetched, Gates};
use crate::promotion::{PathGlob, Rules};

/// An environment's folder in the making, with one secret that changes.
#[derive(Debug)]
struct Overlay {
    /// Lists of the kustomization, by field.
    fields: BTreeMap<&'static str, String>,
    files: BTreeMap<&'static str, String>,
    secret: String,
}

impl Overlay {
    fn entry(&mut self, field: &'static str, entry: &str) {
        let _ = writeln!(self.fields.entry(field).or_default(), "- {entry}");
    }

    fn file(&mut self, path: &'static str, text: String) {
        self.files.insert(path, text);
    }

    /// The secret as a scalar that YAML and JSON read alike.
    fn quoted(&self) -> String {
        serde_json::to_string(&self.secret).unwrap()
    }

    fn encoded(&self) -> String {
        STANDARD.encode(&self.secret)
    }
}

type Way = fn(&mut Overlay);

const MANIFEST: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\n";

/// Ways into a Secret.
const INTO: [Way; 28] = [
    |o| {
        o.entry("patches", "path: patches/s.yaml");
        o.file("patches/s.yaml", format!("{MANIFEST}stringData:\n  p: {}\n", o.quoted()));
    },
    |o| {
        o.entry("patchesStrategicMerge", "patches/s.yaml");
        o.file("patches/s.yaml", format!("{MANIFEST}data:\n  p: {}\n", o.encoded()));
    },
    |o| {
        let patch = format!(
            "[{{\"op\": \"add\", \"path\": \"/stringData/p\", \"value\": {}}}]",
            o.quoted()
        );
        let quoted = serde_json::to_string(&patch).unwrap();
        o.entry("patches", &format!("{{target: {{name: db}}, patch: {quoted}}}"));
    },
    |o| {
        o.entry("patches", "{PATH: patches/op.yaml, Target: {KIND: 'S.*'}}");
        o.file(
            "patches/op.yaml",
            format!("- {{op: add, path: /stringData/p, value: {}}}\n", o.quoted()),
        );
    },
    |o| {
        o.entry("patches", "{path: patches/any.yaml, target: {labelSelector: tier=x}}");
        o.file(
            "patches/any.yaml",
            format!(
                "apiVersion: v1\nkind: Any\nmetadata: {{name: any}}\nstringData: {{p: {}}}\n",
                o.quoted()
            ),
        );
    },
    |o| {
        let literal = serde_json::to_string(&format!("p={}", o.secret)).unwrap();
        o.entry("secretGenerator", &format!("{{name: g, literals: [{literal}]}}"));
    },
    |o| {
        let literal = serde_json::to_string(&format!("p={}", o.secret)).unwrap();
        o.entry("ſecretgenerator", &format!("{{name: h, LITERALS: [{literal}]}}"));
    },
    |o| {
        o.entry("secretGenerator", "{name: e, env: patches/settings}");
        o.file("patches/settings", format!("# was {0}\nP={0}\n", o.secret));
    },
    |o| {
        o.entry("secretGenerator", "{name: f, files: [k=patches/content]}");
        o.file("patches/content", format!("{}\n", o.secret));
    },
    |o| {
        o.entry("secretGenerator", "{name: db, behavior: merge, files: [p=patches/content.txt]}");
        o.file("patches/content.txt", o.secret.clone());
    },
    |o| {
        o.entry("generators", "gen");
        o.file("gen/kustomization.yaml", "resources: [g.yaml]\n".to_owned());
        o.file(
            "gen/g.yaml",
            "apiVersion: builtin\nkind: SecretGenerator\nmetadata: {name: i}\nFiles: [patches/tls]\n".to_owned(),
        );
        o.file("patches/tls", format!("{}\n", o.secret));
    },
    |o| {
        let literal = serde_json::to_string(&format!("p={}", o.secret)).unwrap();
        o.entry(
            "generators",
            &format!("|-\n  apiVersion: builtin\n  kind: SecretGenerator\n  metadata: {{name: j}}\n  literals: [{literal}]"),
        );
    },
    |o| {
        o.entry("transformers", "patches/t.yaml");
        o.file(
            "patches/t.yaml",
            "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: t}\npath: patches/by.yaml\ntarget: {kind: Secret}\n".to_owned(),
        );
        o.file(
            "patches/by.yaml",
            format!("- {{op: add, path: /stringData/t, value: {}}}\n", o.quoted()),
        );
    },
    |o| {
        o.entry("transformers", "patches/v.yaml");
        o.file(
            "patches/v.yaml",
            format!(
                "apiVersion: builtin\nkind: ValueAddTransformer\nmetadata: {{name: v}}\nvalue: {}\ntargets: [{{fieldPath: stringData/v, selector: {{kind: Secret}}}}]\n",
                o.quoted()
            ),
        );
    },
    |o| {
        let target = "targets: [{select: {kind: Secret}, fieldPaths: [stringData.r], options: {create: true}}]";
        o.entry("replacements", &format!("{{sourceValue: {}, {target}}}", o.quoted()));
    },
    |o| {
        o.entry("replacements", "path: patches/r.yaml");
        let target = "targets: [{select: {kind: Secret}, fieldPaths: [stringData.r], options: {create: true}}]";
        o.file("patches/r.yaml", format!("sourceValue: {}\n{target}\n", o.quoted()));
    },
    |o| {
        o.entry("resources", "patches/own.yaml");
        o.file(
            "patches/own.yaml",
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata:\n  name: own\n  annotations: {{note: &v {}}}\nstringData: {{p: *v}}\n",
                o.quoted()
            ),
        );
    },
    |o| {
        o.entry("resources", "patches/list.yaml");
        o.file(
            "patches/list.yaml",
            format!(
                "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {{name: item}}\n  stringData: {{p: {}}} # {}\n",
                o.quoted(), o.quoted()
            ),
        );
    },
    |o| {
        o.entry("components", "comp");
        let literal = serde_json::to_string(&format!("p={}", o.secret)).unwrap();
        o.file(
            "comp/kustomization.yaml",
            format!("apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nsecretgenerator: [{{name: k, literals: [{literal}]}}]\n"),
        );
    },
    |o| {
        let dsn = serde_json::to_string(&format!("app:{}@db.example.com", o.secret)).unwrap();
        o.entry("patches", "path: patches/dsn.yaml");
        o.file("patches/dsn.yaml", format!("{MANIFEST}stringData: {{dsn: {dsn}}}\n"));
    },
    |o| {
        // Moved within the Secret by a patch.
        let patch = format!(
            "[{{\"op\": \"add\", \"path\": \"/metadata/annotations\", \"value\": {{\"k\": {}}}}}, {{\"op\": \"move\", \"from\": \"/metadata/annotations/k\", \"path\": \"/stringData/m\"}}]",
            o.quoted()
        );
        let quoted = serde_json::to_string(&patch).unwrap();
        o.entry("patches", &format!("{{target: {{kind: Secret, name: db}}, patch: {quoted}}}"));
    },
    |o| {
        o.entry(
            "patchesJson6902",
            "{target: {version: v1, kind: Secret, name: db}, path: patches/j.json}",
        );
        o.file(
            "patches/j.json",
            format!(
                "[{{\"op\": \"add\", \"path\": \"/stringData/j\", \"value\": {}}}]",
                o.quoted()
            ),
        );
    },
    |o| {
        o.entry("secretGenerator", "{name: ee, envs: [patches/one.env, patches/two.env]}");
        o.file("patches/one.env", "A=1\n".to_owned());
        o.file("patches/two.env", format!("# {0}\n\nB={0}\n", o.secret));
    },
    |o| {
        // A generator that a patch reaches as well.
        let literal = serde_json::to_string(&format!("p={}", o.secret)).unwrap();
        o.entry(
            "secretGenerator",
            &format!("{{name: gg, namespace: x, type: Opaque, options: {{immutable: true}}, literals: [a=b, {literal}]}}"),
        );
    },
    |o| {
        o.entry("resources", "patches/tls.yaml");
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", o.secret);
        o.file(
            "patches/tls.yaml",
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: tls}}\ntype: kubernetes.io/tls\nstringData: {{tls.key: {}}}\n",
                serde_json::to_string(&pem).unwrap()
            ),
        );
    },
    |o| {
        let config =
            format!("{{\"auths\": {{\"r.example.com\": {{\"password\": {}}}}}}}", o.quoted());
        o.entry("resources", "patches/docker.yaml");
        o.file(
            "patches/docker.yaml",
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: docker}}\ndata: {{.dockerconfigjson: {}}}\n",
                STANDARD.encode(config)
            ),
        );
    },
    |o| {
        o.entry("resources", "patches/folded.yaml");
        o.file(
            "patches/folded.yaml",
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: folded}}\nstringData:\n  p: >-\n    first\n    {}\n    last\n",
                o.secret
            ),
        );
    },
    |o| {
        o.entry("resources", "patches/local.yaml");
        o.file(
            "patches/local.yaml",
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: local, annotations: {{config.kubernetes.io/local-config: 'true'}}}}\nstringData: {{p: {}}}\n",
                o.quoted()
            ),
        );
    },
];

/// Ways on from there, and copies that somebody made by hand.
const ONWARD: [Way; 16] = [
    |_| {},
    |o| {
        o.entry("replacements", "{source: {kind: Secret, name: db, fieldPath: stringData.p}, targets: [{select: {kind: ConfigMap}, fieldPaths: [data.url]}]}");
        o.entry("patches", "path: patches/first.yaml");
        o.file("patches/first.yaml", format!("{MANIFEST}stringData: {{p: {}}}\n", o.quoted()));
    },
    |o| {
        o.entry("replacements", "{source: {kind: Secret, name: db, fieldPath: stringData.p}, targets: [{select: {kind: ConfigMap}, fieldPaths: [metadata.annotations.x], options: {create: true}}]}");
        o.entry("patches", "path: patches/first.yaml");
        o.file("patches/first.yaml", format!("{MANIFEST}stringData: {{p: {}}}\n", o.quoted()));
    },
    |o| {
        o.entry("replacements", "{source: {name: db, fieldPath: stringData.d, options: {delimiter: '|', index: 1}}, targets: [{select: {kind: ConfigMap}, fieldPaths: [data.list], options: {delimiter: ',', index: 1}}]}");
        o.entry("patches", "path: patches/first.yaml");
        let parts = serde_json::to_string(&format!("a|{}|b", o.secret)).unwrap();
        o.file("patches/first.yaml", format!("{MANIFEST}stringData: {{d: {parts}}}\n"));
    },
    |o| {
        let url = serde_json::to_string(&format!("pg://app:{}@db/x", o.secret)).unwrap();
        o.entry("patches", "path: patches/c.yaml");
        o.file(
            "patches/c.yaml",
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: app}}\ndata: {{url: {url}}} # {url}\n"),
        );
    },
    |o| {
        let encoded = STANDARD.encode(format!("ab{} and more", o.secret));
        o.entry("patches", "path: patches/c.yaml");
        o.file(
            "patches/c.yaml",
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: app}}\ndata: {{url: {encoded}}}\n"),
        );
    },
    |o| {
        o.file("patches/README.md", format!("The password is {}\nand was another one.\n", o.secret))
    },
    |o| o.file("patches/run.sh", format!("export PASSWORD='{}' # {}\n", o.secret, o.encoded())),
    |o| {
        let text = serde_json::to_string(&format!("x={}", o.secret)).unwrap();
        o.entry("configMapGenerator", &format!("{{name: m, literals: [{text}]}}"));
    },
    |o| {
        let pair = format!("pairs: {{note: {}}}", o.quoted());
        o.entry("labels", &format!("{{{pair}}}"));
    },
    |o| {
        let pair = serde_json::to_string(&format!("--password={}", o.secret)).unwrap();
        o.entry("patches", "path: patches/args.yaml");
        o.file(
            "patches/args.yaml",
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: app}}\ndata: {{args: {pair}}}\n"
            ),
        );
    },
    |o| {
        let twice = STANDARD.encode(o.encoded());
        o.entry("patches", "path: patches/twice.yaml");
        o.file(
            "patches/twice.yaml",
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: app, annotations: {{a: {}}}}}\ndata: {{b: {twice}}}\n", o.encoded()),
        );
    },
    |o| {
        // The whole Secret, as kubectl notes it.
        let noted =
            serde_json::to_string(&format!("{{\"stringData\":{{\"p\":{}}}}}", o.quoted())).unwrap();
        o.entry("patches", "path: patches/noted.yaml");
        o.file(
            "patches/noted.yaml",
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: app, annotations: {{last: {noted}}}}}\n"),
        );
    },
    |o| {
        o.entry("vars", "{name: PASS, objref: {apiVersion: v1, kind: Secret, name: db}, fieldref: {fieldpath: stringData.p}}");
        o.entry("configurations", "patches/refs.yaml");
        o.file(
            "patches/refs.yaml",
            "varReference: [{path: data/url, kind: ConfigMap}]\n".to_owned(),
        );
        o.entry("patches", "path: patches/first.yaml");
        o.file("patches/first.yaml", format!("{MANIFEST}stringData: {{p: {}}}\n", o.quoted()));
        o.entry("patches", "path: patches/var.yaml");
        o.file(
            "patches/var.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\ndata: {url: 'pg://$(PASS)@db'}\n".to_owned(),
        );
    },
    |o| {
        o.entry("images", &format!("{{name: nginx, newTag: {}}}", o.quoted()));
        o.entry("configMapGenerator", "{name: e2, envs: [patches/shared.env]}");
        o.file("patches/shared.env", format!("P={}\n", o.secret));
    },
    |o| {
        // A build that fails tells where, and nothing else.
        o.entry("patches", &format!("{{target: {{kind: Secret}}, patch: {}}}", o.quoted()));
    },
];

fn render(overlay: &Overlay) -> String {
    let mut text = String::new();
    for (field, list) in &overlay.fields {
        let base = if *field == "resources" { "- ../../base\n" } else { "" };
        let _ = write!(text, "{field}:\n{base}{list}");
    }
    if !overlay.fields.contains_key("resources") {
        text.push_str("resources: [../../base]\n");
    }
    text
}

fn repository(secrets: (&str, &str), into: &[usize], onward: &[usize]) -> FileTree {
    let mut files = vec![
        ("base/kustomization.yaml".to_owned(), "resources: [all.yaml]\n".to_owned()),
        (
            "base/all.yaml".to_owned(),
            "apiVersion: v1\nkind: Secret\nmetadata: {name: db, labels: {tier: x}}\nstringData: {p: none, d: 'a|b|c'}\n---\n\
             apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\ndata: {url: none, list: 'a,b,c'}\n"
                .to_owned(),
        ),
    ];
    for (name, secret) in [("dev", secrets.0), ("prod", secrets.1)] {
        let mut overlay =
            Overlay { fields: BTreeMap::new(), files: BTreeMap::new(), secret: secret.to_owned() };
        into.iter().for_each(|way| INTO[*way](&mut overlay));
        onward.iter().for_each(|way| ONWARD[*way](&mut overlay));
        files.push((format!("o/{name}/kustomization.yaml"), render(&overlay)));
        files.extend(
            overlay.files.iter().map(|(at, text)| (format!("o/{name}/{at}"), text.clone())),
        );
    }
    FileTree::of(files.iter().map(|(at, text)| (at.as_str(), text.as_str()))).unwrap()
}

/// Everything that a plan says, or its error.
fn said(files: &FileTree) -> (bool, String) {
    let rules = Rules {
        copy: ["patches/**", "comp/**", "gen/**"].map(|g| PathGlob::parse(g).unwrap()).to_vec(),
        ..Rules::default()
    };
    let environment = |text: &str| Environment {
        rules: Arc::new(rules.clone()),
        ..Environment::new(EnvironmentName::parse(text).unwrap(), path(&format!("o/{text}")))
    };
    let (source, target) = (environment("dev"), environment("prod"));
    let request = PlanRequest {
        deployers: None,
        past: Past::None,
        wish: &Wish::default(),
        files,
        options: &BuildOptions::default(),
        source: &source,
        target: &target,
        commit: None,
        last_promotion: LastPromotion::NotLooked,
        checks: Checks {
            gates: &Gates::default(),
            fetched: &Fetched::default(),
            today: Day::MIN,
            own_values: &[],
        },
    };
    match plan(&request) {
        Ok(plan) => {
            let shown: Vec<_> =
                plan.rendered.resources().iter().chain(plan.drift.resources()).collect();
            let causes: Vec<_> = plan.edits.iter().map(|planned| &planned.causes).collect();
            let texts = [plan.rendered.text().to_owned(), plan.files.text(), plan.drift.text()];
            let words = format!(
                "{shown:?}\n{causes:?}\n{:?}\n{:?}\n{:?}",
                plan.findings, plan.warnings, plan.not_promoted
            );
            (true, format!("{}\n{words}", texts.join("\n")))
        }
        Err(error) => (false, format!("{error}\n{error:?}")),
    }
}

fn check(secrets: (&str, &str), into: &[usize], onward: &[usize]) -> bool {
    let files = repository(secrets, into, onward);
    let (planned, said) = said(&files);
    for secret in [secrets.0, secrets.1] {
        for told in [secret.to_owned(), STANDARD.encode(secret).trim_end_matches('=').to_owned()] {
            assert!(!said.contains(&told), "{into:?} {onward:?} tell {told}\n{said}");
        }
    }
    planned
}

/// Each way alone, each with each, so that none passes only because nothing could be built.
#[test]
fn no_way_into_a_secret_tells_it() {
    for into in 0..INTO.len() {
        assert!(check(("hunter2Aa", "hunter1Bb"), &[into], &[0]), "{into} is not planned");
        for onward in 1..ONWARD.len() {
            check(("hunter2Aa", "hunter1Bb"), &[into], &[onward]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases * 3 / 4, ..ProptestConfig::default() })]

    #[test]
    fn no_combination_of_ways_tells_a_secret(
        source in "[a-zA-Z]{3,5}[0-9]{2,4}[a-zA-Z!+/=^*-]{0,8}[a-z]",
        target in "[a-zA-Z]{3,5}[0-9]{2,4}[a-zA-Z!+/=^*-]{0,8}[a-z]",
        into in proptest::collection::btree_set(0..INTO.len(), 1..4),
        onward in proptest::collection::btree_set(0..ONWARD.len(), 0..3),
    ) {
        let into: Vec<usize> = into.into_iter().collect();
        let onward: Vec<usize> = onward.into_iter().collect();
        check((&source, &target), &into, &onward);
    }
}
