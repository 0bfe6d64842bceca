//! Ways into a Secret, each of them with one that changes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{MANIFEST, Way};

/// Ways into a Secret.
pub(super) const INTO: [Way; 46] = [
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
    |o| {
        // Through a link to the generator's input.
        o.entry("secretGenerator", "{name: linked, files: [k=patches/link]}");
        o.link("patches/link", "store/real");
        o.file("patches/store/real", format!("{}\n", o.secret));
    },
    |o| {
        // A patch behind a link to its folder.
        o.entry("patches", "path: patches/there/s.yaml");
        o.link("patches/there", "elsewhere");
        o.file(
            "patches/elsewhere/s.yaml",
            format!("{MANIFEST}stringData: {{p: {}}}\n", o.quoted()),
        );
    },
    |o| {
        // From a config map into the Secret.
        o.entry("patches", "path: patches/origin.yaml");
        o.file(
            "patches/origin.yaml",
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: app, annotations: {{origin: {}}}}}\n",
                o.quoted()
            ),
        );
        o.entry("replacements", "{source: {kind: ConfigMap, name: app, fieldPath: metadata.annotations.origin}, targets: [{select: {kind: Secret, name: db}, fieldPaths: [stringData.p]}]}");
    },
    |o| {
        // A part of a config map's text into the Secret.
        o.entry("patches", "path: patches/origin2.yaml");
        let parts = serde_json::to_string(&format!("u;{};w", o.secret)).unwrap();
        o.file(
            "patches/origin2.yaml",
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: app}}\ndata: {{parts: {parts}}}\n"
            ),
        );
        o.entry("replacements", "{source: {kind: ConfigMap, name: app, fieldPath: data.parts, options: {delimiter: ';', index: 1}}, targets: [{select: {kind: Secret, name: db}, fieldPaths: [stringData.p]}]}");
    },
    |o| {
        o.entry("resources", "patches/merged.yaml");
        o.file(
            "patches/merged.yaml",
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: merged}}\nstringData:\n  a: &a {}\n  b: *a\n",
                o.quoted()
            ),
        );
    },
    |o| {
        // Several patches in a file, the Secret's last.
        o.entry("patches", "path: patches/many.yaml");
        o.file(
            "patches/many.yaml",
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: app}}\ndata: {{n: '1'}}\n---\n{MANIFEST}stringData: {{p: {}}}\n",
                o.quoted()
            ),
        );
    },
    |o| {
        // A base of its own below the overlay.
        o.entry("resources", "patches/sub");
        let literal = serde_json::to_string(&format!("p={}", o.secret)).unwrap();
        o.file(
            "patches/sub/kustomization.yml",
            format!("secretGenerator: [{{name: sub, literals: [{literal}]}}]\n"),
        );
    },
    |o| {
        o.entry("resources", "patches/secret.json");
        o.file(
            "patches/secret.json",
            format!(
                "{{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"metadata\": {{\"name\": \"json\"}}, \"stringData\": {{\"p\": {}}}}}",
                o.quoted()
            ),
        );
    },
    |o| {
        o.entry("resources", "patches/crlf.yaml");
        o.file(
            "patches/crlf.yaml",
            format!(
                "apiVersion: v1\r\nkind: Secret\r\nmetadata: {{name: crlf}}\r\nstringData:\r\n  p: {} # {}\r\n",
                o.quoted(), o.secret
            ),
        );
    },
    |o| {
        o.entry("resources", "patches/block.yaml");
        o.file(
            "patches/block.yaml",
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: block}}\nstringData:\n  conf: |\n    user = app\n    password = {}\n",
                o.secret
            ),
        );
    },
    |o| {
        o.entry("transformers", "patches/plugins");
        o.file("patches/plugins/kustomization.yaml", "resources: [p.yaml]\n".to_owned());
        let operations = format!(
            "[{{\"op\": \"add\", \"path\": \"/stringData/q\", \"value\": {}}}]",
            o.quoted()
        );
        o.file(
            "patches/plugins/p.yaml",
            format!(
                "apiVersion: builtin\nkind: PatchJson6902Transformer\nmetadata: {{name: pj}}\ntarget: {{version: v1, kind: Secret, name: db}}\njsonOp: {}\n",
                serde_json::to_string(&operations).unwrap()
            ),
        );
    },
    |o| {
        o.entry("transformers", "patches/sm.yaml");
        let patch = format!("{MANIFEST}stringData: {{p: {}}}\n", o.quoted());
        o.file(
            "patches/sm.yaml",
            format!(
                "apiVersion: builtin\nkind: PatchStrategicMergeTransformer\nmetadata: {{name: sm}}\npatches: {}\n",
                serde_json::to_string(&patch).unwrap()
            ),
        );
    },
    |o| {
        o.entry("transformers", "patches/rt.yaml");
        o.file(
            "patches/rt.yaml",
            format!(
                "apiVersion: builtin\nkind: ReplacementTransformer\nmetadata: {{name: rt}}\nreplacements:\n- sourceValue: {}\n  targets: [{{select: {{kind: Secret}}, fieldPaths: [stringData.rt], options: {{create: true}}}}]\n",
                o.quoted()
            ),
        );
    },
    |o| {
        // kubectl's own note of what it applied, on the Secret.
        let applied =
            serde_json::to_string(&format!("{{\"data\":{{\"p\":\"{}\"}}}}", o.encoded())).unwrap();
        o.entry("resources", "patches/applied.yaml");
        o.file(
            "patches/applied.yaml",
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata:\n  name: applied\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: {applied}\ndata: {{p: {}}}\n",
                o.encoded()
            ),
        );
    },
    |o| {
        o.entry("resources", "patches/list2.yaml");
        o.file(
            "patches/list2.yaml",
            format!(
                "apiVersion: v1\nkind: SecretList\nitems:\n- metadata: {{name: sl}}\n  apiVersion: v1\n  kind: Secret\n  data: {{p: {}}}\n",
                o.encoded()
            ),
        );
    },
    |o| {
        // Overridden later by a patch of the overlay: the first value is one still.
        o.entry("resources", "patches/early.yaml");
        o.file(
            "patches/early.yaml",
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: early}}\nstringData: {{p: {}}}\n",
                o.quoted()
            ),
        );
        o.entry("patches", "{target: {kind: Secret, name: early}, patch: '[{\"op\": \"replace\", \"path\": \"/stringData/p\", \"value\": \"gone\"}]'}");
    },
    |o| {
        o.entry("resources", "patches/sealed.yaml");
        o.file(
            "patches/sealed.yaml",
            format!(
                "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {{name: sealed}}\nspec:\n  encryptedData: {{a: AgBy}}\n  template:\n    metadata: {{name: sealed}}\n    data: {{conf: {}}}\n",
                o.quoted()
            ),
        );
    },
    |o| {
        // What a generator of config maps hands to a Secret by name of kind.
        let literal = serde_json::to_string(&format!("p={}", o.secret)).unwrap();
        o.entry("generators", "patches/gen.yaml");
        o.file(
            "patches/gen.yaml",
            format!(
                "apiVersion: builtin\nkind: SecretGenerator\nmetadata: {{name: byfile}}\nbehavior: create\nenvs: [patches/by.env]\nliterals: [{literal}]\n"
            ),
        );
        o.file("patches/by.env", format!("Q={}\n", o.secret));
    },
];
