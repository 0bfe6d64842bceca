//! The repository's own policies, in Rego: what they deny and warn of, and policies that cannot be
//! used because `opa` would refuse them.

use crate::policy::Level;
use crate::policy::gate::Gate;
use crate::policy::rego::Fault;
use crate::policy::rule::{Check, Code, Report, Rule};
use crate::policy::subject::Subject;

pub(super) const RULE: Rule = Rule {
    id: "policy",
    gate: Gate::Policies,
    codes: &[DENIED, WARNED, REFUSED],
    check: Check::Subject(check),
};

const DENIED: Code = Code::sound("policy-deny", Level::Error);
const WARNED: Code = Code::sound("policy-warn", Level::Warning);
const REFUSED: Code = Code::sound(POLICY_REFUSED, Level::Error);

/// A policy that cannot be used; its rules say nothing, so a promotion is never known to be fine.
pub(in crate::policy) const POLICY_REFUSED: &str = "policy-refused";

fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let policies = &subject.standards.policies;
    policies.faults.iter().for_each(|fault| refuse(fault, report));
    if policies.is_empty() {
        return;
    }
    let nodes = subject.manifests.iter().map(|manifest| manifest.node);
    let (verdicts, faults) = policies.judge(nodes);
    for (index, verdict) in verdicts {
        let code = if verdict.level == Level::Error { DENIED } else { WARNED };
        let message = format!("{} (policy `{}`)", verdict.message, verdict.name);
        report.say(code, &subject.manifests[index], verdict.field, message);
    }
    faults.iter().for_each(|fault| refuse(fault, report));
}

fn refuse(fault: &Fault, report: &mut Report<'_>) {
    report.say_at(REFUSED, fault.at.clone(), &fault.message, fault.help.map(str::to_owned));
}
