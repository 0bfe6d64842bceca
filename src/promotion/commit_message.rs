//! The commit message of a promotion and its trailers, written and read back.
//!
//! Trailers tell the next promotion what the last one was (`prune: removed`), and the service which
//! commits are its own. GitHub keeps them in a squash merge, though not always in the last paragraph.

use std::fmt;

use crate::model::{ApplicationName, CommitSha, EnvironmentName};
use crate::traffic::VirtualServiceName;

use super::key::Key;
use super::plain_text::visible;
use super::plan::Plan;
use super::plan_id::PlanId;
use super::template::{Template, TemplateError, Values};

const SOURCE: &str = "Overlift-Source";
const TARGET: &str = "Overlift-Target";
const APPLICATION: &str = "Overlift-Application";
const UNDOES: &str = "Overlift-Undoes";
const STEP: &str = "Overlift-Step";

/// What a commit of ours says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trailers {
    /// The plan that was carried out.
    pub plan: PlanId,
    /// Where configuration came from.
    pub source: EnvironmentName,
    /// The commit it was planned on; `None` outside git.
    pub commit: Option<CommitSha>,
    /// Where it went.
    pub target: EnvironmentName,
    /// The application, where there are some.
    pub application: Option<ApplicationName>,
    /// The plan that was taken back, of a commit that does that.
    pub undoes: Option<PlanId>,
    /// The step that was taken, of a commit that does that.
    pub step: Option<StepTrailer>,
}

/// The step that a commit takes: `shop/checkout canary=10`, and `shop/checkout canary=0 back` of one that leads
/// back to the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepTrailer {
    /// The VirtualService.
    pub virtual_service: VirtualServiceName,
    /// The destination.
    pub to: String,
    /// What it gets, in percent.
    pub share: u32,
    /// Whether it leads back to the start.
    pub back: bool,
}

const BACK: &str = " back";

impl StepTrailer {
    fn parse(text: &str) -> Option<Self> {
        let (step, back) = match text.strip_suffix(BACK) {
            Some(step) => (step, true),
            None => (text, false),
        };
        let (name, step) = step.split_once(' ')?;
        let (to, share) = step.rsplit_once('=')?;
        let virtual_service = VirtualServiceName::parse(name)?;
        Some(Self { virtual_service, to: to.to_owned(), share: share.parse().ok()?, back })
    }
}

impl fmt::Display for StepTrailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let back = if self.back { BACK } else { "" };
        write!(f, "{} {}={}{back}", self.virtual_service, self.to, self.share)
    }
}

impl Trailers {
    /// The default branch is merged into a promotion's branch a few times, not more: so far below its tip the commit
    /// with the trailers is looked for.
    pub const MOST_MERGES: usize = 8;

    /// What the commit of a plan says.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        Self {
            plan: plan.id.clone(),
            source: plan.source.name.clone(),
            commit: plan.source_at.as_ref().or(plan.commit.as_ref()).cloned(),
            target: plan.target.name.clone(),
            application: plan.target.application.clone(),
            undoes: None,
            step: None,
        }
    }

    /// Whether the commit carried out this promotion, at whatever time. A step brings nothing over.
    #[must_use]
    pub fn is_of(&self, key: &Key) -> bool {
        self.step.is_none() && self.is_between(key)
    }

    /// Whether the commit has to do with this source and target.
    #[must_use]
    pub fn is_between(&self, key: &Key) -> bool {
        (&self.application, &self.source, &self.target)
            == (&key.application, &key.source, &key.target)
    }

    /// Which promotion the commit carried out.
    #[must_use]
    pub fn key(&self) -> Key {
        Key::new(self.source.clone(), self.target.clone()).of(self.application.clone())
    }

    /// The key of the first trailer, which every commit of ours has at the beginning of a line.
    pub const PLAN: &str = "Overlift-Plan";

    /// The three to five lines, without a final newline; a step is taken or something undone, never both.
    #[must_use]
    pub fn render(&self) -> String {
        let Self { plan, source, commit, target, application, undoes, step } = self;
        let commit = commit.as_ref().map_or(String::new(), |commit| format!("@{commit}"));
        let application = application
            .as_ref()
            .map_or(String::new(), |application| format!("\n{APPLICATION}: {application}"));
        let undoes = undoes.as_ref().map_or(String::new(), |plan| format!("\n{UNDOES}: {plan}"));
        let step = step.as_ref().map_or(String::new(), |step| format!("\n{STEP}: {step}"));
        let plan_line = format!("{}: {plan}", Self::PLAN);
        format!(
            "{plan_line}\n{SOURCE}: {source}{commit}\n{TARGET}: {target}{application}{undoes}{step}"
        )
    }

    /// Reads the trailers of a commit message: the last lines that follow each other as
    /// [`Trailers::render`] writes them. `None` if there are none, or they say nothing that could be.
    #[must_use]
    pub fn parse(message: &str) -> Option<Self> {
        let lines: Vec<&str> = message.lines().map(str::trim_end).collect();
        (0..lines.len().saturating_sub(2)).rev().find_map(|first| {
            let lines = &lines[first..];
            let value = |line: usize, key| lines.get(line)?.strip_prefix(key)?.strip_prefix(": ");
            let (source, commit) = match value(1, SOURCE)?.split_once('@') {
                Some((source, commit)) => (source, Some(CommitSha::parse(commit).ok()?)),
                None => (value(1, SOURCE)?, None),
            };
            Some(Self {
                plan: PlanId::parse(value(0, Self::PLAN)?)?,
                source: EnvironmentName::parse(source).ok()?,
                commit,
                target: EnvironmentName::parse(value(2, TARGET)?).ok()?,
                application: match value(3, APPLICATION) {
                    Some(name) => Some(ApplicationName::parse(name).ok()?),
                    None => None,
                },
                undoes: match value(3, UNDOES).or_else(|| value(4, UNDOES)) {
                    Some(plan) => Some(PlanId::parse(plan)?),
                    None => None,
                },
                step: match value(3, STEP).or_else(|| value(4, STEP)) {
                    Some(step) => Some(StepTrailer::parse(step)?),
                    None => None,
                },
            })
        })
    }
}

/// Fills a commit message in and adds the trailers.
///
/// # Errors
/// As [`check_commit_message`].
pub fn render_commit_message(
    template: &Template,
    values: &Values<'_>,
    trailers: &Trailers,
) -> Result<String, TemplateError> {
    let text = check_commit_message(template, values)?;
    // Trailers of the template's own (`Signed-off-by:`) have to stand in the same paragraph.
    let joint = match text.rsplit_once("\n\n") {
        Some((_, last)) if last.lines().all(is_trailer) => "\n",
        _ => "\n\n",
    };
    Ok(format!("{text}{joint}{}\n", trailers.render()))
}

/// Fills a commit message in without trailers: no control characters, no empty lines at its ends.
///
/// # Errors
/// [`TemplateError`] if it is empty or has a line that could be taken for a trailer of ours.
pub fn check_commit_message(
    template: &Template,
    values: &Values<'_>,
) -> Result<String, TemplateError> {
    let text = visible(&template.render(values)?.replace("\r\n", "\n")).trim().to_owned();
    if text.is_empty() {
        return Err(TemplateError::Result("an empty commit message".to_owned()));
    }
    let ours = |line: &str| line.trim_start().to_ascii_lowercase().starts_with("overlift-");
    if text.lines().any(ours) {
        let reason = "a line that looks like one of Overlift's own trailers";
        return Err(TemplateError::Result(reason.to_owned()));
    }
    Ok(text)
}

fn is_trailer(line: &str) -> bool {
    line.split_once(": ").is_some_and(|(key, value)| {
        !value.trim().is_empty()
            && key.starts_with(|c: char| c.is_ascii_alphabetic())
            && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    })
}

#[cfg(test)]
mod tests {
    use super::super::template::Variables;
    use super::*;

    fn trailers() -> Trailers {
        Trailers {
            plan: PlanId::parse(&"ab".repeat(32)).unwrap(),
            source: EnvironmentName::parse("staging").unwrap(),
            commit: Some(CommitSha::parse(&"0123456789".repeat(4)).unwrap()),
            target: EnvironmentName::parse("production").unwrap(),
            application: None,
            undoes: None,
            step: None,
        }
    }

    fn message(template: &str) -> Result<String, TemplateError> {
        let template = Template::parse(template, Variables::LINE).unwrap();
        let values: Values<'_> = [("source", "staging"), ("target", "production")].into();
        render_commit_message(&template, &values, &trailers())
    }

    #[test]
    fn reads_back_what_it_writes() {
        let text = message("Promote {{ source }}").unwrap();
        assert!(text.starts_with("Promote staging\n\nOverlift-Plan: abab"), "{text}");
        assert_eq!(Trailers::parse(&text), Some(trailers()));
        let without = Trailers { commit: None, ..trailers() };
        assert_eq!(Trailers::parse(&without.render()), Some(without));
        let application = ApplicationName::parse("cart").ok();
        let of_one = Trailers { application, ..trailers() };
        assert!(of_one.render().ends_with("\nOverlift-Application: cart"));
        assert_eq!(Trailers::parse(&of_one.render()), Some(of_one.clone()));
        for trailers in [trailers(), of_one] {
            let step = StepTrailer {
                virtual_service: VirtualServiceName::parse("shop/checkout").unwrap(),
                to: "canary".to_owned(),
                share: 10,
                back: false,
            };
            let back = StepTrailer { share: 0, back: true, ..step.clone() };
            let back = Trailers { step: Some(back), ..trailers.clone() };
            assert!(back.render().ends_with("\nOverlift-Step: shop/checkout canary=0 back"));
            assert_eq!(Trailers::parse(&back.render()), Some(back));
            let stepping = Trailers { step: Some(step), ..trailers.clone() };
            assert!(stepping.render().ends_with("\nOverlift-Step: shop/checkout canary=10"));
            assert_eq!(Trailers::parse(&stepping.render()), Some(stepping.clone()));
            assert!(!stepping.is_of(&trailers.key()) && stepping.is_between(&trailers.key()));
            let undoing = Trailers { undoes: PlanId::parse(&"cd".repeat(32)), ..trailers };
            assert!(undoing.render().contains("\nOverlift-Undoes: cdcd"));
            assert_eq!(Trailers::parse(&undoing.render()), Some(undoing));
        }
    }

    #[test]
    fn survives_a_squash_merge() {
        let text = message("Promote").unwrap();
        let squashed =
            format!("Promote (#12)\r\n\r\n* {text}\n* Merge main\n\nCo-authored-by: A <a@b.c>\n");
        assert_eq!(Trailers::parse(&squashed), Some(trailers()));
    }

    #[test]
    fn joins_the_trailers_of_the_template() {
        let text = message("Promote\n\nSigned-off-by: A <a@b.c>").unwrap();
        assert!(text.contains("a@b.c>\nOverlift-Plan: "), "{text}");
        let text = message("Promote: a subject is no trailer").unwrap();
        assert!(text.contains("trailer\n\nOverlift-Plan: "), "{text}");
    }

    #[test]
    fn nothing_else_makes_a_trailer() {
        for forged in ["x\n\nOverlift-Plan: 1", "x\noverlift-source: a", "x\n  Overlift-Target: b"]
        {
            assert!(message(forged).is_err(), "{forged}");
        }
        for damaged in ["Overlift-Plan: xyz\nOverlift-Source: a\nOverlift-Target: b", "", "a\nb\nc"]
        {
            assert_eq!(Trailers::parse(damaged), None);
        }
        let swapped = trailers().render().replace("staging@", "st aging@");
        assert_eq!(Trailers::parse(&swapped), None);
    }
}
