//! What a comment asks for: a line that begins with `/promote`, `/undo` or `/release`.

use super::markdown::said_lines;
use crate::model::{ApplicationName, EnvironmentName, InvalidName};

/// The words that make a line a command.
const PROMOTE: &str = "/promote";
const UNDO: &str = "/undo";
const RELEASE: &str = "/release";

/// The longest reason of a release, in characters.
const LONGEST_REASON: usize = 500;

/// More applications in one comment are a mistake.
const MOST_APPLICATIONS: usize = 50;

/// What somebody asks for in a comment.
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
    /// `/undo`: take back the promotion of this pull request.
    Undo,
    /// `/release REASON`: let the promotion of this pull request go.
    Release {
        /// Why.
        reason: String,
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
    /// Words after a command that takes none.
    #[error("`/undo` takes nothing after it; write it on the pull request that is to be undone")]
    UndoTakesNothing,
    /// A release without a reason.
    #[error(
        "`/release` needs a reason: write `/release REASON`, which is kept with the pull request"
    )]
    NoReason,
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
    let mut commands = said_lines(comment).into_iter().filter_map(command);
    let Some((word, first)) = commands.next() else { return Ok(None) };
    if commands.any(|other| other != (word, first.clone())) {
        return Err(CommandError::Several);
    }
    match word {
        PROMOTE => promote(&first).map(Some),
        UNDO if first.is_empty() => Ok(Some(PromoteCommand::Undo)),
        UNDO => Err(CommandError::UndoTakesNothing),
        _ if first.is_empty() => Err(CommandError::NoReason),
        _ => {
            let reason = first.join(" ").chars().take(LONGEST_REASON).collect();
            Ok(Some(PromoteCommand::Release { reason }))
        }
    }
}

fn promote(words: &[&str]) -> Result<PromoteCommand, CommandError> {
    match *words {
        [] => Ok(PromoteCommand::Again),
        [_] => Err(CommandError::OneWord),
        [_, _, ref applications @ ..] if applications.len() > MOST_APPLICATIONS => {
            Err(CommandError::TooMany)
        }
        [source, target, ref applications @ ..] => {
            let name = |word| EnvironmentName::parse(word).map_err(CommandError::Name);
            let applications = applications.iter().map(|word| ApplicationName::parse(word));
            Ok(PromoteCommand::Pair {
                source: name(source)?,
                target: name(target)?,
                applications: applications.collect::<Result<_, _>>().map_err(CommandError::Name)?,
            })
        }
    }
}

/// The command's word and the words after it; `None` if the line is no command. Only spaces and tabs part
/// words: a character that merely looks like a space would make a name that is not what the reader sees.
fn command(line: &str) -> Option<(&'static str, Vec<&str>)> {
    let (word, rest) = [PROMOTE, UNDO, RELEASE]
        .into_iter()
        .find_map(|word| Some((word, line.strip_prefix(word)?)))?;
    let ends_word = rest.is_empty() || rest.starts_with([' ', '\t', '\r']);
    let words = || rest.split([' ', '\t', '\r']).filter(|word| !word.is_empty()).collect();
    ends_word.then(|| (word, words()))
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
    fn undoing_takes_nothing_and_a_release_its_reason() {
        assert_eq!(parse_command("/undo"), Ok(Some(PromoteCommand::Undo)));
        assert_eq!(parse_command("/undo now"), Err(CommandError::UndoTakesNothing));
        let release = |reason: &str| Ok(Some(PromoteCommand::Release { reason: reason.into() }));
        assert_eq!(parse_command("/release  the fix for\t#12 \r\n"), release("the fix for #12"));
        assert_eq!(parse_command("/release \n"), Err(CommandError::NoReason));
        assert_eq!(parse_command("/released x"), Ok(None));
        assert_eq!(parse_command("> /release x"), Ok(None));
        assert_eq!(parse_command("/undo\n/promote"), Err(CommandError::Several));
        let Ok(Some(PromoteCommand::Release { reason })) =
            parse_command(&format!("/release {}", "x".repeat(9_000)))
        else {
            panic!()
        };
        assert_eq!(reason.len(), LONGEST_REASON);
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
