//! Where kustomize's versions differ, the one that was asked for is followed: the table of
//! `kustomize::version`, each row on its older and on its newer side, and the page made from it.

use overlift::rooms::kustomize::version::{self, CHANGES, Change, KNOWN, Version};
use overlift::rooms::kustomize::{BuildOptions, build};
use overlift::rooms::model::RepoPath;

use crate::support::txtar::Case;

const CONFIG_MAP: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: y}}";

/// Files, and what the older and the newer side print of them: a part of the text, or of the error.
struct Row {
    change: &'static Change,
    files: String,
    before: Said,
    after: Said,
}

#[derive(Clone, Copy)]
enum Said {
    /// The text has this.
    Text(&'static str),
    /// The text lacks this.
    Lacks(&'static str),
    /// It is refused with these words.
    Refused(&'static str),
}

use Said::{Lacks, Refused, Text};

fn row(
    change: &'static Change,
    kustomization: &str,
    resource: &str,
    before: Said,
    after: Said,
) -> Row {
    let files = format!("-- kustomization.yaml --\n{kustomization}\n-- r.yaml --\n{resource}\n");
    Row { change, files, before, after }
}

fn rows() -> Vec<Row> {
    use version as v;
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: IMAGE}]}}";
    let replace = |rest: &str| format!("resources: [r.yaml]\nreplacements:\n- {rest}");
    let copied = |path: &str, options: &str| {
        replace(&format!(
            "source: {{kind: ConfigMap, name: a, fieldPath: metadata.name}}\n  targets:\n  - select: {{kind: Widget}}\n    fieldPaths: [{path}]\n    options: {{{options}}}"
        ))
    };
    let widget = |spec: &str| {
        format!(
            "{CONFIG_MAP}\n---\n{{apiVersion: e/v1, kind: Widget, metadata: {{name: w, annotations: {{k: v}}}}, spec: {spec}}}"
        )
    };
    vec![
        row(
            &v::SOURCE_VALUE,
            &replace(
                "sourceValue: told\n  targets: [{select: {kind: ConfigMap}, fieldPaths: [data.x]}]",
            ),
            CONFIG_MAP,
            Refused("has no field `sourceValue`, 5.7.0 is the first"),
            Text("x: told"),
        ),
        row(
            &v::IMAGE_VOLUMES,
            "resources: [r.yaml]\nimages: [{name: data, newTag: v2}]",
            "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {volumes: [{name: v, image: {reference: 'data:v1'}}]}}",
            Text("reference: data:v1"),
            Text("reference: data:v2"),
        ),
        row(
            &v::EMPTY_PATCHES_WITH_TARGET,
            "resources: [r.yaml]\npatches: [{target: {kind: ConfigMap}, patch: '# nothing'}]",
            CONFIG_MAP,
            Refused("the patch is empty, which kustomize 5.6.0 refuses"),
            Text("x: \"y\""),
        ),
        row(
            &v::SEVERAL_DELETIONS,
            "resources: [r.yaml]\npatches:\n- patch: |\n    {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, $patch: delete}\n    ---\n    {apiVersion: v1, kind: ConfigMap, metadata: {name: b}, $patch: delete}",
            &format!("{CONFIG_MAP}\n---\n{}", CONFIG_MAP.replace("name: a", "name: b")),
            Refused("behind one with `$patch: delete`"),
            Lacks("ConfigMap"),
        ),
        row(
            &v::SELECT_PATTERNS,
            &replace(
                "source: {kind: ConfigMap, fieldPath: metadata.name}\n  targets: [{select: {kind: Wid.*}, fieldPaths: [spec.x]}]",
            ),
            &widget("{x: old}"),
            Text("x: old"),
            Text("x: a"),
        ),
        row(
            &v::STRUCTURED_DATA,
            &copied("spec.json.k", ""),
            &widget("{json: '{\"k\": \"old\"}'}"),
            Refused("meets a scalar where it needs a mapping"),
            Text("json: '{\"k\":\"a\"}'"),
        ),
        row(
            &v::STRUCTURED_DATA,
            &copied("\"spec.yaml.[k.k].[n=x].v\"", "create: true"),
            &widget(
                "{yaml: \"# of k\\nk.k:\\n  - n: 'x'  # why\\n    v: old\\n\\n# of z\\nz: 1\\n\"}",
            ),
            Refused("meets a scalar where it needs a mapping"),
            Text("# of k\n    k.k:\n    - n: 'x' # why\n      v: a\n    # of z\n    z: 1"),
        ),
        row(
            &v::BELOW_AN_EMPTY_NULL,
            &copied("metadata.annotations.z", "create: true"),
            &format!(
                "{CONFIG_MAP}\n---\napiVersion: e/v1\nkind: Widget\nmetadata:\n  name: w\n  annotations:"
            ),
            Text("z: a"),
            Refused("has no value, and kustomize 5.8.0 reads it as an empty text"),
        ),
        row(
            &v::PATCH_OPTIONS,
            "resources: [r.yaml]\npatches: [{options: {allowNameChnage: true}, patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: new}}'}]",
            CONFIG_MAP,
            Text("x: new"),
            Refused("there is no field `allowNameChnage`; did you mean `allowNameChange`?"),
        ),
        Row {
            change: &v::NAMESPACE_GOES_DOWN,
            files: format!(
                "-- kustomization.yaml --\nresources: [base]\nnamespace: top\nbuildMetadata: [transformerAnnotations]\n-- base/kustomization.yaml --\nresources: [r.yaml]\n-- base/r.yaml --\n{CONFIG_MAP}\n"
            ),
            before: Lacks("configuredIn: base/kustomization.yaml"),
            after: Text("configuredIn: base/kustomization.yaml"),
        },
        row(
            &v::EMPTY_PATCHES,
            "resources: [r.yaml]\npatches: [{patch: '# nothing'}]",
            CONFIG_MAP,
            Refused("the patch is empty, which kustomize 5.8.0 refuses"),
            Text("x: \"y\""),
        ),
        row(
            &v::CLAIM_TEMPLATES,
            "resources: [r.yaml]\nlabels: [{pairs: {l: m}, includeTemplates: true}]",
            "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: s}, spec: {volumeClaimTemplates: [{metadata: {name: c}}]}}",
            Text("  volumeClaimTemplates:\n  - metadata:\n      labels:\n        l: m"),
            Lacks("  volumeClaimTemplates:\n  - metadata:\n      labels:"),
        ),
        row(
            &v::CLAIM_TEMPLATES,
            "resources: [r.yaml]\nlabels: [{pairs: {l: m}, includeVolumeClaimTemplates: true}]",
            "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: s}, spec: {volumeClaimTemplates: [{metadata: {name: c}}]}}",
            Refused("has no field `includeVolumeClaimTemplates`, 5.8.2 is the first"),
            Text("  volumeClaimTemplates:\n  - metadata:\n      labels:\n        l: m"),
        ),
        row(
            &v::STRUCTURED_DELIMITERS,
            &copied("spec.json.k", "delimiter: '-', index: 1"),
            &widget("{json: '{\"k\": \"x-y\"}'}"),
            Text("json: '{\"k\":\"a\"}'"),
            Text("json: '{\"k\":\"x-a\"}'"),
        ),
        row(
            &v::STRUCTURED_DELIMITERS,
            &copied("spec.yaml.k", "delimiter: '-', index: 1"),
            &widget("{yaml: 'k: x-y'}"),
            Text("yaml: 'k: a'"),
            Text("yaml: 'k: x-a'"),
        ),
        row(
            &v::ADMISSION_POLICIES,
            "resources: [r.yaml]\nnamespace: shop",
            "{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicy, metadata: {name: p}}",
            Text("namespace: shop"),
            Lacks("namespace"),
        ),
        Row {
            change: &v::AMBIGUOUS_PATHS,
            files: format!(
                "-- kustomization.yaml --\nresources: ['base..x']\n-- base..x/kustomization.yaml --\nresources: [r.yaml]\n-- base..x/r.yaml --\n{CONFIG_MAP}\n"
            ),
            before: Text("x: \"y\""),
            after: Refused("`..` inside"),
        },
        row(
            &v::DIGEST_ALGORITHMS,
            "resources: [r.yaml]\nimages: [{name: web, newTag: v2}]",
            &pod.replace("IMAGE", "'web@sha512:ab'"),
            Text("image: web@sha512:ab"),
            Text("image: web:v2"),
        ),
        row(
            &v::BROKEN_IMAGE_PATTERNS,
            "resources: [r.yaml]\nimages: [{name: '[', newTag: v2}]",
            &pod.replace("IMAGE", "web"),
            Refused("the name `[` in `images` is no pattern: kustomize 5.8.1 fails there"),
            Text("image: web"),
        ),
        row(
            &v::STRING_DATA,
            "resources: [r.yaml]\nsecretGenerator: [{name: a, behavior: merge, literals: [b=2]}]",
            "{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {c: '3'}}",
            Lacks("c: "),
            Text("data:\n  b: Mg==\n  c: Mw=="),
        ),
        row(
            &v::CRON_JOB_IMAGE_VOLUMES,
            "resources: [r.yaml]\nimages: [{name: data, newTag: v2}]",
            "{apiVersion: batch/v1, kind: CronJob, metadata: {name: p}, spec: {jobTemplate: {spec: {template: {spec: {volumes: [{name: v, image: {reference: 'data:v1'}}]}}}}}}",
            Text("reference: data:v1"),
            Text("reference: data:v2"),
        ),
    ]
}

#[test]
fn every_row_holds_on_both_sides() {
    let mut wrong = Vec::new();
    let rows = rows();
    for change in CHANGES {
        if !rows.iter().any(|row| row.change == change) {
            wrong.push(format!("{}: no row", change.what));
        }
    }
    for row in &rows {
        let since = KNOWN.iter().position(|known| *known == row.change.since).unwrap();
        let mut sides = vec![(KNOWN[since - 1], row.before), (KNOWN[since], row.after)];
        sides.extend(row.change.until.map(|until| (until, row.before)));
        for (version, said) in sides {
            if let Err(fault) = holds(&row.files, version, said) {
                wrong.push(format!("{} in {version}: {fault}", row.change.what));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn holds(files: &str, version: Version, said: Said) -> Result<(), String> {
    let case = Case::parse("version", files.as_bytes());
    let options = BuildOptions { version, ..BuildOptions::default() };
    let built = build(&case.tree(), &RepoPath::root(), &options);
    let built = built.map(|build| build.render()).map_err(|error| error.to_string());
    let fits = match (&built, said) {
        (Ok(text), Text(part)) => text.contains(part),
        (Ok(text), Lacks(part)) => !text.contains(part),
        (Err(text), Refused(part)) => text.contains(part),
        _ => false,
    };
    if fits { Ok(()) } else { Err(format!("{built:?}")) }
}

#[test]
fn the_page_has_the_table() {
    let page = include_str!("../docs/kustomize.md");
    let table = version::markdown();
    assert!(page.contains(&table), "docs/kustomize.md lacks this table:\n{table}");
}
