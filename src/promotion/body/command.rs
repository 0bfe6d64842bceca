//! The command by which a person sees for themselves what a body shows.

use super::super::plan::Plan;

/// The command that makes this plan.
pub(super) fn command(plan: &Plan) -> String {
    let commit = plan
        .commit
        .as_ref()
        .map_or(String::new(), |commit| format!(" --rev {}", &commit.as_str()[..12]));
    let engine = match plan.built_by_kustomize {
        true => " --engine kustomize",
        false => "",
    };
    let application = plan
        .target
        .application
        .as_ref()
        .map_or(String::new(), |application| format!(" {application}"));
    let (source, target) = (&plan.source.name, &plan.target.name);
    format!("overlift plan {source} {target}{application}{engine}{commit}")
}
