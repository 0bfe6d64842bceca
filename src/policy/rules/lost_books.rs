//! Patches that take kustomize's own notes away with a resource's annotations.
//!
//! kustomize notes earlier names and the wish for a hash among a resource's own annotations. A patch that
//! empties or replaces them all takes the notes too, without a word: what refers to the resource keeps the
//! name that it has no more. We print what the cluster will get; this rule says so.

use crate::kustomize::LostBooks;
use crate::policy::Level;
use crate::policy::gate::Gate;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::policy::subject::Subject;

pub(super) const RULE: Rule = Rule {
    id: "patch-loses-annotations",
    gate: Gate::Hygiene,
    codes: &[LOSES],
    check: Check::Subject(check),
};

const LOSES: Code = Code::sound("patch-loses-annotations", Level::Warning);

const HELP: &str = "set the annotations that have to go to `null` one by one, or take them away with a \
     JSON 6902 patch, which leaves the notes alone";

fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let Some(overlay) = subject.overlay else { return };
    for lost in &overlay.build.lost_books {
        report.say_at(LOSES, lost.at.clone(), sentence(lost), Some(HELP.to_owned()));
    }
}

fn sentence(lost: &LostBooks) -> String {
    let id = &lost.id;
    let renamed = lost.earlier_name.as_ref().map_or_else(
        || "references to it do not follow its name and namespace".to_owned(),
        |earlier| format!("references to it stay `{earlier}`, and its name is `{}`", id.name),
    );
    let hash = if lost.hash { "its name gets no hash, and " } else { "" };
    format!(
        "the patch takes away all annotations of {id}, and with them the notes that kustomize keeps \
         there: {hash}{renamed}"
    )
}
