//! Fields of a kustomization that are there twice, of which kustomize drops all but the last, and
//! fields that it has given up.
//!
//! A misspelt field needs no rule: the overlay does not build, and the error names the nearest one.

use std::collections::BTreeSet;

use crate::model::Location;
use crate::policy::Level;
use crate::policy::gate::Gate;
use crate::policy::kustomization::{KustomizationText, kustomizations};
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::policy::subject::Subject;
use crate::yaml::edit::{Editor, SpanNode};

pub(super) const RULE: Rule = Rule {
    id: "kustomization-fields",
    gate: Gate::Hygiene,
    codes: &[DUPLICATE, DEPRECATED],
    check: Check::Subject(check),
};

const DUPLICATE: Code = Code::sound("kustomization-duplicate", Level::Warning);
const DEPRECATED: Code = Code::sound("kustomization-deprecated", Level::Info);

/// Fields that kustomize wants gone, and what replaces them.
const REPLACED: [(&str, &str); 6] = [
    ("bases", "resources"),
    ("commonLabels", "labels"),
    ("imageTags", "images"),
    ("patchesJson6902", "patches"),
    ("patchesStrategicMerge", "patches"),
    ("vars", "replacements"),
];

fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let Some(overlay) = subject.overlay else { return };
    for file in kustomizations(overlay) {
        let Ok(editor) = Editor::parse(&file.text) else { continue };
        let root = editor.root(0);
        check_duplicates(&file, &editor, root, "", report);
        for (key, _) in root.pairs() {
            let name = key.text().unwrap_or_default();
            let replaced = REPLACED.iter().find(|(field, _)| field.eq_ignore_ascii_case(name));
            if let Some((field, instead)) = replaced {
                let at = place(&file, &editor, key, name);
                let help = format!("write `{instead}`, or run `kustomize edit fix`");
                report.say_at(DEPRECATED, at, format!("`{field}` is deprecated"), Some(help));
            }
        }
    }
}

fn check_duplicates(
    file: &KustomizationText,
    editor: &Editor,
    node: &SpanNode,
    field: &str,
    report: &mut Report<'_>,
) {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for (key, value) in node.pairs() {
        let Some(name) = key.text() else { continue };
        let below = if field.is_empty() { name.to_owned() } else { format!("{field}.{name}") };
        if !seen.insert(name) {
            let message = format!("`{below}` is there twice, and only the last one counts");
            let help = Some("merge the two".to_owned());
            report.say_at(DUPLICATE, place(file, editor, key, &below), message, help);
        }
        check_duplicates(file, editor, value, &below, report);
    }
    for (index, item) in node.items().iter().enumerate() {
        check_duplicates(file, editor, item, &format!("{field}[{index}]"), report);
    }
}

fn place(file: &KustomizationText, editor: &Editor, node: &SpanNode, field: &str) -> Location {
    Location::file(file.path.clone()).at(editor.position(node)).in_field(field)
}
