//! The check that tells what holds a promotion: its text, and the text read back.

use crate::clearance::{Conclusion, Hold, Holds};
use crate::promotion::inline;

/// What the check is called that shows holds.
pub(super) fn title(holds: &Holds) -> String {
    let names: Vec<&str> = holds.standing.iter().map(Hold::name).collect();
    match holds.conclusion() {
        Conclusion::Success => NOTHING.to_owned(),
        Conclusion::InProgress => format!("{WAITS}{}", names.join(", ")),
        Conclusion::Failure => format!("{HELD}{}", names.join(", ")),
    }
}

const NOTHING: &str = "Nothing holds it";
const WAITS: &str = "Waits: ";
const HELD: &str = "Held: ";

/// A hold with its words.
pub(super) fn line(hold: &Hold) -> String {
    format!("- **{}**: {}", hold.name(), inline(&hold.to_string()))
}

/// What a check of ours says of holds: each by its name with its words, which a commit status has no room for.
/// `None` if it is no check of ours.
pub(super) fn read_check(title: &str, summary: &str) -> Option<Vec<ShownHold>> {
    if title == NOTHING {
        return Some(Vec::new());
    }
    let names = title.strip_prefix(WAITS).or_else(|| title.strip_prefix(HELD))?;
    let words = |name: &str| {
        let start = format!("- **{name}**: ");
        let line = summary.lines().find_map(|line| line.strip_prefix(&start));
        line.map(|line| line.replace('\\', ""))
    };
    let hold = |name: &str| ShownHold { name: name.to_owned(), because: words(name) };
    Some(names.split(", ").map(hold).collect())
}

/// A hold as a check shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownHold {
    /// Its name.
    pub name: String,
    /// Why, and until when; `None` where the check has no room for it.
    pub because: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let holds = |standing: Vec<Hold>| Holds { standing, ..Holds::default() };
        let stale = Hold::Stale { because: "it is_not planned *again*".to_owned() };
        let shown = |of: &Holds| {
            let lines: Vec<String> = of.standing.iter().map(line).collect();
            read_check(&title(of), &lines.join("\n"))
        };
        assert_eq!(shown(&holds(Vec::new())), Some(Vec::new()));
        let both = holds(vec![stale, Hold::Soak { until: 0 }]);
        let read = shown(&both).unwrap();
        let words: Vec<(&str, Option<&str>)> =
            read.iter().map(|it| (it.name.as_str(), it.because.as_deref())).collect();
        let soak = Hold::Soak { until: 0 }.to_string();
        let want = [("stale", Some("it is_not planned *again*")), ("soak", Some(soak.as_str()))];
        assert_eq!(words, want);
        assert_eq!(read_check("Held: stale", "").unwrap()[0].because, None);
        assert_eq!(read_check("somebody else's", "- **stale**: x"), None);
    }
}
