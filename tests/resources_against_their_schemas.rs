//! Resources are accepted and rejected as the API server does it with Istio's own definitions.
//!
//! Walks `../shared/conformance/istio-analyze` where it is there.

use std::path::{Path, PathBuf};

use overlift::rooms::kustomize::Gvk;
use overlift::rooms::policy::schema::{Schemas, Verdict};
use overlift::rooms::yaml::{Dialect, Node, parse_stream};

use crate::support::txtar::{Case, cases_below};

/// Files that our reader refuses as kustomize's does or stricter, and `kubectl apply` takes: a key
/// that is a number, and `[001:db8::]` without quotes.
const UNREADABLE: [&str; 2] =
    ["crd-serviceentry-valid-01", "dataset-security-v1beta1-peer-authentication"];

#[test]
fn istio_resources_get_the_verdict_of_the_api_server() {
    check("schema", |case| case.header("verdict") == Some("accepted"));
}

#[test]
fn istio_samples_are_accepted() {
    check("samples", |_| true);
}

fn check(folder: &str, accepted: impl Fn(&Case) -> bool) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance/istio-analyze");
    let Some(schemas) = schemas(&corpus.join("crds.yaml")) else {
        return eprintln!("skipped: {} is not here", corpus.display());
    };
    let mut wrong = Vec::new();
    for path in cases_below(&corpus.join(folder)) {
        let case = Case::read(&path);
        if UNREADABLE.contains(&case.name.as_str()) {
            continue;
        }
        let said = violations(&schemas, &case);
        if said.is_empty() != accepted(&case) {
            wrong.push(format!("{}: {} {said:?}", case.name, case.header("error").unwrap_or("")));
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

fn schemas(path: &PathBuf) -> Option<Schemas> {
    let text = std::fs::read_to_string(path).ok()?;
    let mut schemas = Schemas::default();
    for node in parse_stream(&text, Dialect::V3).unwrap() {
        schemas.add_definition(&node).unwrap();
    }
    Some(schemas)
}

fn violations(schemas: &Schemas, case: &Case) -> Vec<String> {
    let mut said = Vec::new();
    for (_, text) in case.texts() {
        let nodes = match parse_stream(text, Dialect::V3) {
            Ok(nodes) => nodes,
            Err(error) => return vec![error.to_string()],
        };
        for node in nodes {
            if let Verdict::Checked { violations, unchecked } = schemas.validate(&gvk(&node), &node)
            {
                assert_eq!(unchecked, Vec::<String>::new(), "{}", case.name);
                said.extend(violations.into_iter().map(|v| format!("{}: {}", v.field, v.message)));
            }
        }
    }
    said
}

fn gvk(node: &Node) -> Gvk {
    let text = |key| node.get(key).and_then(Node::text).unwrap_or_default();
    Gvk::from_api_version(text("apiVersion"), text("kind"))
}

/// What a definition of `things.e.com` says of a thing whose `spec.l` is this list.
fn judged(property: &str, rule: &str, list: &str) -> (Vec<String>, Vec<String>) {
    let definition = format!(
        "{{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {{name: things.e.com}}, \
         spec: {{group: e.com, scope: Namespaced, names: {{kind: Thing, plural: things}}, versions: [{{name: v1, \
         served: true, storage: true, schema: {{openAPIV3Schema: {{type: object, properties: {{spec: {{type: \
         object, {rule} properties: {{l: {{type: array, {property}}}}}}}}}}}}}}}]}}}}"
    );
    let mut schemas = Schemas::default();
    schemas.add_definition(&parse_stream(&definition, Dialect::V3).unwrap()[0]).unwrap();
    let thing =
        format!("apiVersion: e.com/v1\nkind: Thing\nmetadata: {{name: t}}\nspec:\n  l: [{list}]\n");
    let thing = &parse_stream(&thing, Dialect::V3).unwrap()[0];
    let Verdict::Checked { violations, unchecked } = schemas.validate(&gvk(thing), thing) else {
        panic!("the kind is known")
    };
    (violations.into_iter().map(|violation| violation.message).collect(), unchecked)
}

#[test]
fn long_lists_of_objects_are_compared_in_no_time() {
    let open = "items: {type: object, x-kubernetes-preserve-unknown-fields: true}";
    let objects: String = (0..60_000).map(|number| format!("{{a: {number}, b: x}}, ")).collect();
    for property in ["uniqueItems: true", "x-kubernetes-list-type: set"] {
        let property = format!("{property}, {open}");
        let (said, _) = judged(&property, "", &objects);
        assert_eq!(said, Vec::<String>::new());
        let (said, _) = judged(&property, "", &format!("{objects}{{b: x, a: 7}}"));
        assert!(said[0].contains("twice") || said[0].contains("duplicate"), "{said:?}");
    }
    // A number is not its text.
    let any = "uniqueItems: true, items: {x-kubernetes-int-or-string: true}";
    assert_eq!(judged(any, "", "1, '1'").0, Vec::<String>::new());
    assert_eq!(judged(any, "", "1, 1").0, ["must not hold a value twice"]);
}

#[test]
fn rules_that_would_take_for_ever_are_left_out_in_words() {
    // Without optimisation, parsing takes more of the stack than a thread of the tests has.
    let thread = std::thread::Builder::new().stack_size(16 << 20);
    thread.spawn(judge_endless_rules).unwrap().join().unwrap();
}

fn judge_endless_rules() {
    let numbers: String = (0..300).map(|number| format!("{number}, ")).collect();
    let rule = |source: &str| format!("x-kubernetes-validations: [{{rule: '{source}'}}],");
    let items = "items: {type: integer}";
    let all = "self.l.all(a, self.l.all(b, a >= 0 || b >= 0))";
    assert_eq!(judged(items, &rule(all), &numbers), (Vec::new(), Vec::new()));
    let four = "self.l.all(a, self.l.all(b, self.l.all(c, self.l.all(d, a + b + c + d >= 0))))";
    let (said, unchecked) = judged(items, &rule(four), &numbers);
    assert_eq!(said, Vec::<String>::new());
    assert!(unchecked[0].contains("too many steps"), "{unchecked:?}");
    let (_, unchecked) = judged(items, &rule(four), "1, 2, 3");
    assert_eq!(unchecked, Vec::<String>::new());
    let sum = vec!["1"; 50_000].join(" + ");
    let (_, unchecked) = judged(items, &rule(&format!("{sum} > 0")), "1");
    assert!(unchecked[0].contains("more than 250") && unchecked[0].len() < 500, "{unchecked:?}");
    for (part, operator, end) in [("1", " + ", " > 0"), ("true", " || ", ""), ("(", "", "true")] {
        let long = vec![part; if part == "(" { 22 } else { 120 }].join(operator);
        let end = if part == "(" { format!("true{}", ")".repeat(22)) } else { end.to_owned() };
        let said = judged(items, &rule(&format!("{long}{end}")), "1");
        assert_eq!(said, (Vec::new(), Vec::new()), "{operator}");
    }
}
