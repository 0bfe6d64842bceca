//! What a comment asks for: a line that begins with `/promote`.

use super::markdown::said_lines;
use crate::model::{ApplicationName, EnvironmentName, InvalidName};

/// The word that makes a line a command.
const COMMAND: &str = "/promote";

/// More applications in one comment are a mistake.
const MOST_APPLICATIONS: usize = 50;

/// A promotion that somebody asks for in a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PromoteCommand {
    /// `/promote`: make the plan of this pull request again.
    Again,
    /// `/promote SOURCE TARGET [APPLICATION…]`.
    Pair {
        /// The source environment.
        source: EnvironmentName,
        /// The target environment.
        target: EnvironmentName,
        /// The applications; none stands for all that have something.
        applications: Vec<ApplicationName>,
    },
}

/// Why a command is not carried out; the text is for the person who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// One word.
    #[error(
        "`/promote` takes a source and a target environment and perhaps applications, or nothing; \
         it has one word after it"
    )]
    OneWord,
    /// More words than any promotion has.
    #[error(
        "`/promote` has more than {MOST_APPLICATIONS} applications after it; name none for all"
    )]
    TooMany,
    /// A word that no environment or application can have as its name.
    #[error("a word after `/promote` is no name of an environment or an application")]
    Name(#[source] InvalidName),
    /// Different commands in one comment.
    #[error("the comment has more than one command; write one comment for each")]
    Several,
}

/// Reads the command of a comment; `None` if it has none.
///
/// A command is a line that begins with the word `/promote`, without indentation, outside quotes, code
/// and HTML comments. The same command twice is one command.
///
/// # Errors
/// [`CommandError`] if a line is a command but not one that can be carried out.
pub fn parse_command(comment: &str) -> Result<Option<PromoteCommand>, CommandError> {
    let mut commands = said_lines(comment).into_iter().filter_map(arguments);
    let Some(first) = commands.next() else { return Ok(None) };
    if commands.any(|other| other != first) {
        return Err(CommandError::Several);
    }
    match first[..] {
        [] => Ok(Some(PromoteCommand::Again)),
        [_] => Err(CommandError::OneWord),
        [_, _, ref applications @ ..] if applications.len() > MOST_APPLICATIONS => {
            Err(CommandError::TooMany)
        }
        [source, target, ref applications @ ..] => {
            let name = |word| EnvironmentName::parse(word).map_err(CommandError::Name);
            let applications = applications.iter().map(|word| ApplicationName::parse(word));
            Ok(Some(PromoteCommand::Pair {
                source: name(source)?,
                target: name(target)?,
                applications: applications.collect::<Result<_, _>>().map_err(CommandError::Name)?,
            }))
        }
    }
}

/// The words after `/promote`; `None` if the line is no command. Only spaces and tabs part words: a
/// character that merely looks like a space would make a name that is not what the reader sees.
fn arguments(line: &str) -> Option<Vec<&str>> {
    let rest = line.strip_prefix(COMMAND)?;
    let ends_word = rest.is_empty() || rest.starts_with([' ', '\t', '\r']);
    ends_word.then(|| rest.split([' ', '\t', '\r']).filter(|word| !word.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(source: &str, target: &str) -> Result<Option<PromoteCommand>, CommandError> {
        let name = |text| EnvironmentName::parse(text).unwrap();
        let (source, target, applications) = (name(source), name(target), Vec::new());
        Ok(Some(PromoteCommand::Pair { source, target, applications }))
    }

    #[test]
    fn reads_commands_on_their_own_lines() {
        assert_eq!(parse_command("/promote"), Ok(Some(PromoteCommand::Again)));
        assert_eq!(parse_command("/promote \t\r\n"), Ok(Some(PromoteCommand::Again)));
        assert_eq!(parse_command("/promote staging production"), pair("staging", "production"));
        assert_eq!(parse_command("Thanks!\r\n\r\n/promote  a\tb \r\nbye"), pair("a", "b"));
        assert_eq!(parse_command("/promote a b\n/promote  a b"), pair("a", "b"));
        assert_eq!(parse_command("> shall we?\n\n/promote a b"), pair("a", "b"));
    }

    #[test]
    fn what_is_not_said_is_no_command() {
        for comment in [
            "",
            "please /promote a b",
            " /promote a b",
            "    /promote a b",
            "\t/promote a b",
            "/promoted a b",
            "/promote-a b",
            "/Promote a b",
            "/promote/a b",
            "> /promote a b",
            ">/promote a b",
            "> quoted\n/promote a b",
            "```\n/promote a b\n```",
            "~~~\n/promote a b",
            "`code\n/promote a b\ncode`",
            "<!--\n/promote a b\n-->",
            "`/promote a b`",
            "- /promote a b",
            "\u{200b}/promote a b",
            "/promote\u{a0}a b",
        ] {
            assert_eq!(parse_command(comment), Ok(None), "{comment:?}");
        }
    }

    proptest::proptest! {
        /// Whatever stands before it: a command in a fence of its own, or quoted, is none; and no text makes
        /// the reader fail.
        #[test]
        fn code_and_quotes_stay_code_and_quotes(text in "([a`~>< /\\-!\n]|/promote a b\n){0,40}") {
            let _ = parse_command(&text);
            let plain = text.replace(['`', '~', '<', '/'], "");
            for wrap in ["```\n/promote a b\n```", "~~~~\n/promote a b", "> /promote a b"] {
                let comment = format!("{plain}\n\n{wrap}");
                proptest::prop_assert_eq!(parse_command(&comment), Ok(None), "{:?}", comment);
            }
        }
    }

    #[test]
    fn extra_words_and_odd_names_are_refused() {
        assert_eq!(parse_command("/promote a"), Err(CommandError::OneWord));
        let Ok(Some(PromoteCommand::Pair { applications, .. })) = parse_command("/promote a b c d")
        else {
            panic!()
        };
        let names = applications.iter().map(ApplicationName::as_str);
        assert_eq!(names.collect::<Vec<_>>(), ["c", "d"]);
        let many = format!("/promote a b {}", "c ".repeat(51));
        assert_eq!(parse_command(&many), Err(CommandError::TooMany));
        for comment in ["/promote a ../b", "/promote `a` b", "/promote -a b", "/promote a\u{a0} b"]
        {
            assert!(matches!(parse_command(comment), Err(CommandError::Name(_))), "{comment}");
        }
        assert_eq!(parse_command("/promote a b\n\n/promote b c"), Err(CommandError::Several));
        assert_eq!(parse_command("/promote a b\n\n/promote"), Err(CommandError::Several));
    }
}
