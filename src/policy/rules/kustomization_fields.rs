//! Fields of a kustomization that are there twice, of which kustomize drops all but the last, and
//! fields that it has given up.
//!
//! A misspelt field needs no rule: the overlay does not build, and the error names the nearest one.
//! The build has no such facts: where a key is there twice its reader keeps the last, and of what another
//! engine built we read nothing.

use std::collections::BTreeSet;

use crate::kustomize::decode::same_key;
use crate::model::{KUSTOMIZATION_FIELDS, Location, RepoPath};
use crate::policy::Level;
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::policy::subject::Subject;
use crate::yaml::edit::{Editor, SpanNode};
use crate::yaml::{Dialect, Node, parse_stream};

pub(super) const RULE: Rule = Rule {
    id: "kustomization-fields",
    gate: Gate::Hygiene,
    codes: &[DUPLICATE, DEPRECATED],
    check: Check::Subject(check),
};

const DUPLICATE: Code = Code::sound("kustomization-duplicate", Level::Warning);
const DEPRECATED: Code = Code::sound("kustomization-deprecated", Level::Info);

fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let Some(overlay) = subject.overlay else { return };
    let files = overlay.build.inputs.iter().filter(|path| path.is_kustomization());
    for (path, text) in files.filter_map(|path| Some((path, overlay.text(path)?))) {
        if !may_say_something(&text) {
            continue;
        }
        let Ok(editor) = Editor::parse(&text) else { continue };
        let file = Read { path, editor: &editor };
        let root = editor.root(0);
        check_duplicates(&file, root, "", report);
        for (key, _) in root.pairs() {
            let name = key.text().unwrap_or_default();
            if let Some((field, instead)) = deprecated(name) {
                let at = file.place(key, name);
                let help = format!("write `{instead}`, or run `kustomize edit fix`");
                report.say_at(DEPRECATED, at, format!("`{field}` is deprecated"), Some(help));
            }
        }
    }
}

/// Whether a key may be there twice or may be deprecated. Reading with the place of every key costs ten
/// times as much as reading, and nearly all kustomizations have neither.
fn may_say_something(text: &str) -> bool {
    // This dialect refuses what is there twice.
    let Ok(documents) = parse_stream(text, Dialect::V3) else { return true };
    let mut keys =
        documents.iter().filter_map(Node::as_mapping).flatten().map(|pair| &pair.key.text);
    keys.any(|key| deprecated(key).is_some())
}

/// A deprecated field, as it is documented, with what to write instead.
fn deprecated(key: &str) -> Option<(&'static str, &'static str)> {
    let fields = KUSTOMIZATION_FIELDS.iter().filter_map(|field| Some((field.name, field.instead?)));
    fields.into_iter().find(|(field, _)| same_key(field, key))
}

/// A kustomization, read with the place of every key.
struct Read<'a> {
    path: &'a RepoPath,
    editor: &'a Editor,
}

impl Read<'_> {
    fn place(&self, node: &SpanNode, field: &str) -> Location {
        Location::file(self.path.clone()).at(self.editor.position(node)).in_field(field)
    }
}

fn check_duplicates(file: &Read<'_>, node: &SpanNode, field: &str, report: &mut Report<'_>) {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for (key, value) in node.pairs() {
        let Some(name) = key.text() else { continue };
        let below = if field.is_empty() { name.to_owned() } else { format!("{field}.{name}") };
        if !seen.insert(name) {
            let message = format!("`{below}` is there twice, and only the last one counts");
            let help = Some("merge the two".to_owned());
            report.say_at(DUPLICATE, file.place(key, &below), message, help);
        }
        check_duplicates(file, value, &below, report);
    }
    for (index, item) in node.items().iter().enumerate() {
        check_duplicates(file, item, &format!("{field}[{index}]"), report);
    }
}
