//! How long the decisions of a promotion take, without processes and disks: building an overlay of
//! the fixture, and the whole plan. `benches/promotion-job` has the whole process.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, missing_docs, reason = "a benchmark")]

use std::fs;
use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use overlift::rooms::config::RepositoryConfig;
use overlift::rooms::kustomize::{self, BuildOptions};
use overlift::rooms::model::{EnvironmentName, File, FileTree, RepoPath};
use overlift::rooms::policy::{Day, Fetched};
use overlift::rooms::promotion::{self, Checks, Key, LastPromotion, PlanRequest};

fn fixture() -> FileTree {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/istio-config");
    let mut tree = FileTree::new();
    read(&root, &root, &mut tree);
    tree
}

fn read(dir: &Path, root: &Path, tree: &mut FileTree) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, root, tree);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            let content = fs::read(&path).unwrap();
            tree.insert(RepoPath::parse(name).unwrap(), File::regular(content));
        }
    }
}

fn benches(criterion: &mut Criterion) {
    let files = fixture();
    let production = RepoPath::parse("overlays/production").unwrap();
    let options = BuildOptions::default();
    criterion.bench_function("build production", |bencher| {
        bencher
            .iter(|| kustomize::build(black_box(&files), &production, &options).unwrap().render());
    });
    let name = |text: &str| EnvironmentName::parse(text).unwrap();
    let key = Key::new(name("staging"), name("production"));
    criterion.bench_function("plan staging to production", |bencher| {
        bencher.iter(|| {
            let configuration = RepositoryConfig::load(black_box(&files)).unwrap();
            let (source, target) = configuration.pipeline.pair(&key).unwrap();
            promotion::plan(&PlanRequest {
                deployers: None,
                past: promotion::Past::None,
                wish: &promotion::Wish::default(),
                files: &files,
                options: &BuildOptions::default(),
                source,
                target,
                commit: None,
                last_promotion: &LastPromotion::NotLooked,
                checks: Checks {
                    gates: &configuration.gates,
                    fetched: &Fetched::default(),
                    today: Day::MIN,
                    own_values: &[],
                },
            })
            .unwrap()
        });
    });
}

criterion_group!(plan, benches);
criterion_main!(plan);
