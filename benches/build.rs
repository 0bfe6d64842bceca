//! Building without processes and disks: one strategic merge, and an overlay of 2,000 resources of
//! which each transformer changes some. `benches/overlay-build` has whole processes on real overlays.
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark")]

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use overlift::rooms::kustomize::schema::Schema;
use overlift::rooms::kustomize::transform::strategic_merge::merge;
use overlift::rooms::kustomize::{self, BuildOptions};
use overlift::rooms::model::{File, FileTree, RepoPath};
use overlift::rooms::yaml::{Dialect, Node, parse_stream};

const APPS: usize = 500;

/// Four resources that belong together.
fn app(name: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n  labels: {{app: {name}}}\nspec:\n  \
         replicas: 2\n  selector:\n    matchLabels: {{app: {name}}}\n  template:\n    metadata:\n      labels: {{app: {name}}}\n    \
         spec:\n      serviceAccountName: {name}\n      containers:\n      - name: main\n        image: registry.example.com/team/{name}:1.0.0\n        \
         ports:\n        - containerPort: 8080\n        env:\n        - name: MODE\n          value: production\n        envFrom:\n        \
         - configMapRef: {{name: {name}}}\n---\napiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\nspec:\n  selector: {{app: {name}}}\n  \
         ports:\n  - port: 80\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  LOG_LEVEL: info\n---\n\
         apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {name}\n"
    )
}

fn files() -> FileTree {
    let mut tree = FileTree::new();
    let mut put = |path: &str, text: &str| {
        tree.insert(RepoPath::parse(path).unwrap(), File::regular(text.as_bytes()));
    };
    let mut base = "resources:\n".to_owned();
    let mut overlay = "resources: [../base]\nnamespace: team\nnamePrefix: prod-\nlabels:\n- pairs: {team: platform}\n  \
                       includeSelectors: true\ncommonAnnotations: {owner: platform}\nimages:\n"
        .to_owned();
    let mut patches = "patches:\n".to_owned();
    for number in 0..APPS {
        let name = format!("app-{number:03}");
        put(&format!("base/{name}.yaml"), &app(&name));
        writeln!(base, "- {name}.yaml").unwrap();
        writeln!(overlay, "- {{name: registry.example.com/team/{name}, newTag: 2.0.0}}").unwrap();
        writeln!(
            patches,
            "- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {{name: {name}}}\n    spec: {{replicas: 3}}"
        )
        .unwrap();
    }
    put("base/kustomization.yaml", &base);
    put("overlay/kustomization.yaml", &(overlay + &patches));
    tree
}

fn node(text: &str) -> Node {
    parse_stream(text, Dialect::V3).unwrap().remove(0)
}

fn benches(criterion: &mut Criterion) {
    let (object, schema) = (node(&app("shop")), Schema::default());
    let patch = node(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec:\n  template:\n    spec:\n      containers:\n      \
         - name: main\n        env:\n        - {name: MODE, value: test}\n        - {name: LEVEL, value: debug}\n      \
         - {name: proxy, image: proxy}\n",
    );
    criterion.bench_function("strategic merge into a Deployment", |bencher| {
        bencher.iter_batched(
            || (object.clone(), patch.clone()),
            |(mut object, patch)| {
                merge(&mut object, patch, &schema).unwrap();
                object
            },
            BatchSize::SmallInput,
        );
    });
    let (files, overlay, options) =
        (files(), RepoPath::parse("overlay").unwrap(), BuildOptions::default());
    let mut group = criterion.benchmark_group("2,000 resources");
    group.throughput(Throughput::Elements(4 * APPS as u64)).sample_size(20);
    group.bench_function("build", |bencher| {
        bencher.iter(|| kustomize::build(black_box(&files), &overlay, &options).unwrap());
    });
    let build = kustomize::build(&files, &overlay, &options).unwrap();
    group.bench_function("render", |bencher| bencher.iter(|| black_box(&build).render()));
    group.finish();
}

criterion_group!(build, benches);
criterion_main!(build);
