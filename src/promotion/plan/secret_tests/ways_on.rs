//! Ways on from a Secret, copies that somebody made by hand, and what is said of them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{MANIFEST, Way};

/// Ways on from there, and copies that somebody made by hand.
pub(super) const ONWARD: [Way; 27] = [
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
    |o| {
        // A name that is made of it.
        o.entry("replacements", "{source: {kind: Secret, name: db, fieldPath: stringData.p}, targets: [{select: {kind: ConfigMap, name: app}, fieldPaths: [metadata.name]}]}");
        o.entry("patches", "path: patches/first.yaml");
        o.file("patches/first.yaml", format!("{MANIFEST}stringData: {{p: {}}}\n", o.quoted()));
    },
    |o| {
        let pair = serde_json::to_string(&format!("by {}", o.secret)).unwrap();
        o.entry("transformers", "patches/annotations.yaml");
        o.file(
            "patches/annotations.yaml",
            format!("apiVersion: builtin\nkind: AnnotationsTransformer\nmetadata: {{name: an}}\nannotations: {{who: {pair}}}\nfieldSpecs: [{{path: metadata/annotations, create: true}}]\n"),
        );
    },
    |o| {
        // What rules say of a resource: CEL's words, and those of policies, which are asked about all.
        o.entry("patches", "path: patches/widget.yaml");
        let text = serde_json::to_string(&format!("pg://{}@db", o.secret)).unwrap();
        o.file(
            "patches/widget.yaml",
            format!("apiVersion: example.com/v1\nkind: Widget\nmetadata: {{name: w}}\nspec: {{text: {text}}}\n"),
        );
    },
    |o| {
        o.entry("configMapGenerator", "{name: cf, files: [patches/app.properties]}");
        o.file("patches/app.properties", format!("user=app\npassword={}\nlast=1\n", o.secret));
    },
    |o| {
        let text = serde_json::to_string(&o.quoted()).unwrap();
        o.entry("patches", "path: patches/json.yaml");
        o.file(
            "patches/json.yaml",
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: app}}\ndata: {{json: {text}}}\nbinaryData: {{b: {}}}\n", o.encoded()),
        );
    },
    |o| {
        let escaped: String = form_urlencoded::byte_serialize(o.secret.as_bytes()).collect();
        o.entry("patches", "path: patches/url.yaml");
        o.file(
            "patches/url.yaml",
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: app}}\ndata: {{url: 'https://app:{escaped}@db'}}\n"),
        );
    },
    |o| {
        // A comment in the kustomization and in a config map.
        o.entry("patches", &format!("path: patches/comment.yaml # {}", o.secret));
        o.file(
            "patches/comment.yaml",
            format!("# {0}\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: app}}\ndata:\n  # was {0}\n  n: '2'\n", o.secret),
        );
    },
    |o| {
        // A file that cannot be read beside it.
        o.entry("resources", "patches/broken.yaml");
        o.file(
            "patches/broken.yaml",
            format!("kind: ConfigMap\ndata: {{a: {}, b: [}}\n", o.quoted()),
        );
    },
    |o| {
        // A field that does not fit, with it as its value.
        o.entry("patches", "path: patches/misfit.yaml");
        o.file(
            "patches/misfit.yaml",
            format!("apiVersion: example.com/v1\nkind: Widget\nmetadata: {{name: w}}\nspec: {{count: {}}}\n", o.quoted()),
        );
    },
    |o| {
        // Beside what else a service is told.
        o.entry("resources", "patches/deployment.yaml");
        let argument = serde_json::to_string(&format!("--dsn=pg://app:{}@db", o.secret)).unwrap();
        o.file(
            "patches/deployment.yaml",
            format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: 1\n  template:\n    spec:\n      containers:\n      - name: web\n        image: nginx\n        args: [{argument}]\n        env: [{{name: P, value: {}}}]\n",
                o.quoted()
            ),
        );
    },
    |o| {
        o.entry("replacements", "{source: {kind: Secret, name: db, fieldPath: stringData.p}, targets: [{select: {kind: ConfigMap, name: app}, fieldPaths: [data.config], options: {delimiter: '=', index: 1}}]}");
        o.entry("patches", "path: patches/first.yaml");
        o.file(
            "patches/first.yaml",
            format!("{MANIFEST}stringData: {{p: {}}}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: app}}\ndata: {{config: 'p=x=y'}}\n", o.quoted()),
        );
    },
];
