//! Reading by the scanner and by events, and writing: 2 MB of Deployments, as in a large overlay.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use overlift::rooms::yaml::{Dialect, parse_stream, parse_stream_by_events, write_stream};

/// Manifests with what makes them slow: depth, quotes, comments, literal blocks, long lines.
fn manifests(count: usize) -> String {
    let mut text = String::new();
    for number in 0..count {
        write!(
            text,
            r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: service-{number}
  namespace: shop
  labels:
    app.kubernetes.io/name: service-{number} # the selector below follows it
    app.kubernetes.io/part-of: shop
  annotations:
    description: "Answers what the shop asks, \"{number}\" times a day at most"
    checksum/config: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
spec:
  replicas: {replicas}
  selector:
    matchLabels:
      app.kubernetes.io/name: service-{number}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: service-{number}
    spec:
      containers:
      - name: service
        image: registry.example.com/shop/service:1.{number}.0
        args: ["--port", "8080", "--log", json]
        command:
        - /bin/sh
        - -c
        - |
          set -e
          echo "starting {number}"
          exec /service --config /etc/service/config.yaml
        env:
        - name: MODE
          value: "production"
        - name: POD_IP
          valueFrom:
            fieldRef:
              fieldPath: status.podIP
        ports:
        - containerPort: 8080
          protocol: TCP
        resources:
          requests: {{cpu: 100m, memory: 128Mi}}
          limits:
            cpu: 500m
            memory: 256Mi
        livenessProbe:
          httpGet:
            path: /healthz
            port: 8080
          initialDelaySeconds: 5
      volumes:
      - name: config
        configMap:
          name: service-{number}
          defaultMode: 0644
---
"#,
            replicas = number % 7
        )
        .expect("a String takes any text");
    }
    text
}

fn reading(criterion: &mut Criterion) {
    let text = manifests(1400);
    let mut group = criterion.benchmark_group("read");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("scanner", |bencher| {
        bencher.iter_with_large_drop(|| parse_stream(black_box(&text), Dialect::V3));
    });
    group.sample_size(20);
    group.bench_function("events", |bencher| {
        bencher.iter_with_large_drop(|| parse_stream_by_events(black_box(&text), Dialect::V3));
    });
    group.finish();
}

fn writing(criterion: &mut Criterion) {
    let nodes = parse_stream(&manifests(1400), Dialect::V3).expect("the text above is YAML");
    let mut out = String::new();
    write_stream(&nodes, &mut out);
    let mut group = criterion.benchmark_group("write");
    group.throughput(Throughput::Bytes(out.len() as u64));
    group.bench_function("documents", |bencher| {
        bencher.iter(|| {
            out.clear();
            write_stream(black_box(&nodes), &mut out);
        });
    });
    let sorted = parse_stream(&out, Dialect::V3).expect("what was written is YAML");
    group.bench_function("documents in order", |bencher| {
        bencher.iter(|| {
            out.clear();
            write_stream(black_box(&sorted), &mut out);
        });
    });
    group.finish();
}

criterion_group!(benches, reading, writing);
criterion_main!(benches);
