//! What people are told outside GitHub: the events, the forms, and the names of those who receive them.

use std::collections::BTreeSet;
use std::fmt;

use super::InvalidName;
use super::name::narrow;

/// Something that happened to a promotion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeEvent {
    /// Its pull request was opened.
    Opened,
    /// Something holds it that did not before.
    Held,
    /// Its pull request was merged.
    Merged,
    /// It was merged, and its target is degraded.
    Degraded,
    /// It was merged, and then taken back.
    Undone,
    /// It cannot be planned or carried out.
    Failed,
}

impl NoticeEvent {
    /// All of them, in the order in which they usually happen.
    pub const ALL: [Self; 6] =
        [Self::Opened, Self::Held, Self::Merged, Self::Degraded, Self::Undone, Self::Failed];

    /// Its word in configurations and notices.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Held => "held",
            Self::Merged => "merged",
            Self::Degraded => "degraded",
            Self::Undone => "undone",
            Self::Failed => "failed",
        }
    }

    /// The event with this word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == text)
    }
}

/// In which form a notice is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NoticeFormat {
    /// As Slack's incoming webhooks take it, and many others do.
    #[default]
    Slack,
    /// As fields for a program.
    Json,
}

impl NoticeFormat {
    /// Its word in configurations.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Json => "json",
        }
    }

    /// The format with this word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Slack, Self::Json].into_iter().find(|format| format.as_str() == text)
    }
}

/// The name by which a configuration calls an address that whoever runs the service gave:
/// `[A-Za-z0-9][A-Za-z0-9._-]*`, at most 100 characters.
///
/// Names are the same where their variables are: `team-a`, `Team.A` and `TEAM_A` are one receiver.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReceiverName(String);

impl ReceiverName {
    /// Checks a name.
    ///
    /// # Errors
    /// [`InvalidName`] if it does not follow the rule.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let fold = |c: char| if matches!(c, '.' | '-') { '_' } else { c.to_ascii_uppercase() };
        narrow(text, "name of a receiver").map(|name| Self(name.chars().map(fold).collect()))
    }

    /// The name as variables have it, in capitals.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReceiverName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_ascii_lowercase())
    }
}

/// Who wants to be told of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Whom to tell.
    pub to: ReceiverName,
    /// Of what.
    pub on: BTreeSet<NoticeEvent>,
    /// In which form.
    pub format: NoticeFormat,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_where_their_variables_are() {
        let names = ["team-a", "Team.A", "TEAM_A"].map(|name| ReceiverName::parse(name).unwrap());
        assert!(names.iter().all(|name| *name == names[0] && name.as_str() == "TEAM_A"));
        assert_eq!(names[0].to_string(), "team_a");
        for wrong in ["", "-a", "a b", "https://hooks.example/x", "ä"] {
            assert!(ReceiverName::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn words_lead_back() {
        for event in NoticeEvent::ALL {
            assert_eq!(NoticeEvent::parse(event.as_str()), Some(event));
        }
        for format in [NoticeFormat::Slack, NoticeFormat::Json] {
            assert_eq!(NoticeFormat::parse(format.as_str()), Some(format));
        }
    }
}
