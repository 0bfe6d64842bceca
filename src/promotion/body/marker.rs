//! The hidden comment that carries the machine's own state, written and read back.
//!
//! It keeps ticks over an update and tells people's tools which plan a body shows. Whoever can edit
//! the body can write what they like into it, so nothing is decided by it: which pull request is
//! ours, what is promoted and whether a branch may be moved comes from commits and the store.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::model::{ApplicationName, EnvironmentName};
use crate::promotion::plan::Plan;
use crate::promotion::plan_id::PlanId;

const OPEN: &str = "<!-- overlift:v1 ";
const CLOSE: &str = " -->";

/// A longer marker is none of ours.
const LIMIT_BYTES: usize = 4_000;

/// What a body says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// Where configuration comes from.
    pub source: EnvironmentName,
    /// Where it goes.
    pub target: EnvironmentName,
    /// The application, where there are some.
    pub application: Option<ApplicationName>,
    /// The plan it shows.
    pub plan: PlanId,
    /// SHA-256 of the rendered diff, in hexadecimal digits.
    pub rendered: String,
}

/// The form in the comment.
#[derive(Serialize, Deserialize)]
struct Stored {
    source: String,
    target: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    application: Option<String>,
    plan: String,
    rendered: String,
}

impl Marker {
    /// The marker of a plan.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        Self {
            source: plan.source.name.clone(),
            target: plan.target.name.clone(),
            application: plan.target.application.clone(),
            plan: plan.id.clone(),
            rendered: hex::encode(Sha256::digest(plan.rendered.text())),
        }
    }

    /// The comment, one line.
    #[must_use]
    pub fn render(&self) -> String {
        let stored = Stored {
            source: self.source.to_string(),
            target: self.target.to_string(),
            application: self.application.as_ref().map(ToString::to_string),
            plan: self.plan.to_string(),
            rendered: self.rendered.clone(),
        };
        let json = serde_json::to_string(&stored).expect("texts are JSON");
        // Two hyphens may end a comment; names may hold them.
        format!("{OPEN}{}{CLOSE}", json.replace("--", "-\\u002d"))
    }

    /// Reads the marker of a body; `None` if there is none, or several that differ, or it is damaged.
    ///
    /// It stands at the beginning of a line, where no text of a diff ever stands.
    #[must_use]
    pub fn parse(body: &str) -> Option<Self> {
        let mut found = None;
        for line in body.lines() {
            let Some(json) =
                line.strip_prefix(OPEN).and_then(|rest| rest.trim_end().strip_suffix(CLOSE))
            else {
                continue;
            };
            let marker = Self::from_json(json)?;
            if found.as_ref().is_some_and(|other| *other != marker) {
                return None;
            }
            found = Some(marker);
        }
        found
    }

    fn from_json(json: &str) -> Option<Self> {
        if json.len() > LIMIT_BYTES {
            return None;
        }
        let stored: Stored = serde_json::from_str(json).ok()?;
        Some(Self {
            source: EnvironmentName::parse(&stored.source).ok()?,
            target: EnvironmentName::parse(&stored.target).ok()?,
            application: match &stored.application {
                Some(name) => Some(ApplicationName::parse(name).ok()?),
                None => None,
            },
            plan: PlanId::parse(&stored.plan)?,
            rendered: PlanId::parse(&stored.rendered).map(|hash| hash.as_str().to_owned())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marker(source: &str) -> Marker {
        Marker {
            source: EnvironmentName::parse(source).unwrap(),
            target: EnvironmentName::parse("prod").unwrap(),
            application: None,
            plan: PlanId::parse(&"1f".repeat(32)).unwrap(),
            rendered: "0a".repeat(32),
        }
    }

    #[test]
    fn reads_back_what_it_writes() {
        for source in ["staging", "a--b", "a---", "x->y".trim_end_matches(">y")] {
            let text = marker(source).render();
            assert_eq!(text.matches("--").count(), 2, "{text}");
            assert_eq!(Marker::parse(&text), Some(marker(source)));
            let edited = format!("Hello\r\n\r\n{text}  \r\nmore\r\n");
            assert_eq!(Marker::parse(&edited), Some(marker(source)));
        }
    }

    #[test]
    fn damaged_and_doubled_markers_say_nothing() {
        let text = marker("staging").render();
        assert_eq!(Marker::parse(&format!("{text}\n{text}")), Some(marker("staging")));
        assert_eq!(Marker::parse(&format!("{text}\n{}", marker("other").render())), None);
        assert_eq!(Marker::parse(&format!("+{text}")), None, "inside a diff");
        assert_eq!(Marker::parse(&text.replace("1f", "xx")), None);
        assert_eq!(Marker::parse(&text[..40]), None);
        assert_eq!(Marker::parse(&format!("{OPEN}{}{CLOSE}", "[".repeat(100_000))), None);
        assert_eq!(Marker::parse(""), None);
    }
}
