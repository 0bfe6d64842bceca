//! Running the gates over a subject, and telling what is new.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::change::{Changed, Changes, moves, read_values};
use super::gate::{Day, Gate, Gates, Suppression, names};
use super::installation::with_mesh;
use super::risks::OF_LOSS;
use super::rule::{Check, Report, Rule};
use super::rules;
use super::subject::Subject;
use super::{Finding, Level};
use crate::diff::{Change, ResourceDiff};
use crate::kustomize::{ResourceId, name_without_hash};

/// What the gates say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// What counts, in the order of gates and rules.
    pub findings: Vec<Finding>,
    /// What the configuration suppresses.
    pub suppressed: Vec<Finding>,
}

/// A suppression that has ended and still matches something.
pub(super) const EXPIRED: &str = "suppression-expired";

/// Runs the gates that are switched on.
#[must_use]
pub fn check(subject: &Subject<'_>, gates: &Gates, today: Day) -> Findings {
    settle(run(subject, gates), gates, today)
}

/// Runs the rules over what a promotion changes, before and after.
#[must_use]
pub(super) fn check_all(changes: &Changes<'_>, gates: &Gates, today: Day) -> Findings {
    let mut findings = Vec::new();
    let (diffs, moved) = as_compared(changes);
    let resources: Vec<Changed<'_>> =
        diffs.iter().map(|diff| Changed::new(diff, changes)).collect();
    let gone: Vec<Changed<'_>> = moved.iter().map(|diff| Changed::new(diff, changes)).collect();
    for rule in rules::all().filter(|rule| gates.run.contains(&rule.gate)) {
        let mut report = Report::new(rule.id, gates.complete, &mut findings);
        match rule.check {
            Check::Change(check) => {
                resources.iter().for_each(|one| check(one, &mut report));
                if OF_LOSS.contains(&rule.id) {
                    gone.iter().for_each(|one| check(one, &mut report));
                }
            }
            Check::Changes(check) => check(changes, &mut report),
            Check::Mesh(_) | Check::Subject(_) => {}
        }
    }
    settle(findings, gates, today)
}

/// The resources as rules compare them: values that stand as text are read, and what moves is one that changes. Also
/// what goes with a move.
fn as_compared<'a>(changes: &Changes<'a>) -> (Vec<Cow<'a, ResourceDiff>>, Vec<&'a ResourceDiff>) {
    let moves = moves(changes.resources);
    let moves = moves.iter().filter(|it| !it.is_missed(changes.after));
    let moves: BTreeMap<&ResourceId, _> = moves.map(|it| (&it.comes.id, it)).collect();
    let gone: Vec<&ResourceDiff> = moves.values().map(|it| it.gone).collect();
    let is_gone = |diff: &ResourceDiff| {
        diff.change == Change::Deleted && gone.iter().any(|gone| gone.id == diff.id)
    };
    let here = changes.resources.iter().filter(|diff| !is_gone(diff));
    let compared = here.map(|diff| {
        let moved = moves.get(&diff.id).filter(|_| diff.change == Change::Added);
        let diff = moved.map_or(Cow::Borrowed(diff), |it| Cow::Owned(it.as_one()));
        match read_values(&diff) {
            Some(read) => Cow::Owned(read),
            None => diff,
        }
    });
    (compared.collect(), gone.clone())
}

/// All rules, for documentation and for checking the words of a configuration.
pub fn all_rules() -> impl Iterator<Item = &'static Rule> {
    rules::all()
}

fn run(subject: &Subject<'_>, gates: &Gates) -> Vec<Finding> {
    let mut findings = subject.standards.faults.clone();
    for gate in &gates.run {
        let rules = || rules::all().filter(|rule| rule.gate == *gate);
        let mut report_of = |rule: &Rule, run: &dyn Fn(&mut Report<'_>)| {
            run(&mut Report::new(rule.id, gates.complete, &mut findings));
        };
        if *gate == Gate::Istio {
            with_mesh(subject, |mesh| {
                // Hints about Services are noise where nobody uses Istio.
                if !gates.complete && !mesh.is_istios() {
                    return;
                }
                for rule in rules() {
                    if let Check::Mesh(check) = rule.check {
                        report_of(rule, &|report| check(mesh, report));
                    }
                }
            });
        }
        for rule in rules() {
            if let Check::Subject(check) = rule.check {
                report_of(rule, &|report| check(subject, report));
            }
        }
    }
    findings
}

/// Applies the repository's levels and exceptions.
fn settle(findings: Vec<Finding>, gates: &Gates, today: Day) -> Findings {
    let mut settled = Findings::default();
    let mut expired: BTreeMap<usize, usize> = BTreeMap::new();
    for mut finding in findings {
        if let Some(severity) = gates.severity.iter().rfind(|s| names(&s.of, &finding)) {
            let Some(level) = severity.level else { continue };
            finding.level = level;
        }
        let fitting = || {
            gates
                .suppress
                .iter()
                .enumerate()
                .filter(|(_, suppression)| suppression.is_about(&finding))
        };
        if fitting().any(|(_, suppression)| !suppression.has_expired(today)) {
            settled.suppressed.push(finding);
            continue;
        }
        for (index, _) in fitting() {
            *expired.entry(index).or_default() += 1;
        }
        settled.findings.push(finding);
    }
    let ended = expired.into_iter().map(|(index, count)| expiry(&gates.suppress[index], count));
    settled.findings.extend(ended);
    settled
}

fn expiry(suppression: &Suppression, count: usize) -> Finding {
    let last = suppression.expires.map_or_else(String::new, |day| format!(" on {day}"));
    let matched = if count == 1 { "a finding" } else { "findings" };
    Finding {
        code: EXPIRED.to_owned(),
        rule: EXPIRED,
        level: Level::Warning,
        message: format!(
            "the suppression of `{}` ended{last} and still matches {matched}",
            suppression.of
        ),
        help: Some("fix what it hid, or give it a later day".to_owned()),
        resource: None,
        location: Some(suppression.at.clone()),
        new: true,
        alike: None,
    }
}

/// Says of each finding of `after` whether `before` lacks it.
///
/// Findings are the same if they agree in code, resource, field and message, wherever they stand:
/// a line that moved is no news. What is there twice and was there once is new once.
pub fn mark_new(before: &[Finding], after: &mut [Finding]) {
    let mut known: BTreeMap<_, usize> = BTreeMap::new();
    for finding in before {
        *known.entry(identity(finding)).or_default() += 1;
    }
    for finding in after {
        // A gate that cannot look has not looked before either: that never becomes old.
        if finding.code == rules::POLICY_REFUSED {
            continue;
        }
        let left = known.get_mut(&identity(finding)).filter(|left| **left > 0);
        finding.new = left.map(|left| *left -= 1).is_none();
    }
}

fn identity(finding: &Finding) -> (String, String, String, String) {
    let field = finding.location.as_ref().map(|at| at.field.clone()).unwrap_or_default();
    // What has no resource is told apart by its file.
    let subject = match (&finding.resource, &finding.location) {
        // A generated hash is another one with each change of the content.
        (Some(ResourceId { gvk, namespace, name }), _) => {
            format!("{} {} {namespace}/{}", gvk.group, gvk.kind, name_without_hash(name))
        }
        (None, Some(at)) => at.path.to_string(),
        (None, None) => String::new(),
    };
    (finding.code.clone(), subject, field, finding.message.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kustomize::Gvk;
    use crate::model::{Location, Position, RepoPath};
    use crate::policy::gate::{ResourceGlob, Severity};

    fn finding(code: &str, name: &str, line: u32) -> Finding {
        let path = RepoPath::parse("a.yaml").unwrap();
        Finding {
            code: code.to_owned(),
            rule: "port-name",
            level: Level::Error,
            message: "no".to_owned(),
            help: None,
            resource: Some(ResourceId {
                gvk: Gvk::from_api_version("v1", "Service"),
                namespace: "shop".into(),
                name: name.into(),
            }),
            location: Some(Location::file(path).at(Position { line, column: 1 })),
            new: true,
            alike: None,
        }
    }

    fn suppression(of: &str, resource: &str, expires: Option<&str>) -> Suppression {
        Suppression {
            of: of.to_owned(),
            resource: Some(ResourceGlob::parse(resource).unwrap()),
            reason: "known".to_owned(),
            expires: expires.map(|day| day.parse().unwrap()),
            at: Location::file(RepoPath::parse(".github/overlift.yaml").unwrap()),
        }
    }

    const fn today() -> Day {
        Day::constant(2026, 11, 21)
    }

    #[test]
    fn a_finding_on_another_line_is_not_new() {
        let before = [finding("A", "a", 1), finding("A", "a", 2)];
        let mut after = [1, 7, 9].map(|line| finding("A", "a", line));
        mark_new(&before, &mut after);
        assert_eq!(after.map(|finding| finding.new), [false, false, true]);
        let mut other = [finding("B", "a", 1), finding("A", "b", 1)];
        mark_new(&before, &mut other);
        assert_eq!(other.map(|finding| finding.new), [true, true]);
    }

    #[test]
    fn a_level_of_the_repository_replaces_the_rules_own() {
        let severity = |of: &str, level| Severity { of: of.to_owned(), level };
        let gates = Gates {
            severity: vec![
                severity("port-name", Some(Level::Info)),
                severity("A", Some(Level::Warning)),
                severity("B", None),
            ],
            ..Gates::default()
        };
        let all = ["A", "B", "C"].map(|code| finding(code, "a", 1)).to_vec();
        let settled = settle(all, &gates, today());
        let levels: Vec<_> = settled.findings.iter().map(|f| (f.code.as_str(), f.level)).collect();
        assert_eq!(levels, [("A", Level::Warning), ("C", Level::Info)]);
    }

    #[test]
    fn a_suppression_hides_what_it_names_until_its_day() {
        let settled = |expires| {
            let suppress = vec![suppression("A", "Service shop/*", expires)];
            let gates = Gates { suppress, ..Gates::default() };
            settle(vec![finding("A", "a", 1), finding("B", "a", 1)], &gates, today())
        };
        for expires in [None, Some("2026-11-21")] {
            let settled = settled(expires);
            assert_eq!((settled.findings.len(), settled.suppressed.len()), (1, 1));
        }
        let ended = settled(Some("2026-11-20"));
        let codes: Vec<_> = ended.findings.iter().map(|f| f.code.as_str()).collect();
        assert_eq!(codes, ["A", "B", EXPIRED]);
    }
}
