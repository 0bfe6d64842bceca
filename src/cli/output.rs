//! Standard output and standard error: whether they are coloured, and what may be written to them.

use std::env;
use std::io::{self, IsTerminal, Write as _};
use std::process::{Command, Stdio};

use terminal_size::{Width, terminal_size};

use super::palette::{Palette, coloured_diff};

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Colour {
    /// On a terminal, without `NO_COLOR`.
    #[default]
    Auto,
    /// Into pipes and files too.
    Always,
    /// Not at all.
    Never,
}

/// The two streams of a command.
#[derive(Debug)]
pub(super) struct Output {
    /// Whether standard output is for a person, and not for a program.
    for_person: bool,
    /// The colours of standard output.
    pub(super) palette: Palette,
    /// The colours of standard error.
    pub(super) error_palette: Palette,
    /// The width of the terminal.
    width: usize,
    /// The pager, if one is wanted.
    pager: Option<String>,
}

impl Output {
    /// Looks at the flag, the streams and at `NO_COLOR`, `CLICOLOR_FORCE` and `TERM`.
    #[expect(clippy::disallowed_methods, reason = "colours depend on the environment")]
    pub(super) fn detect(colour: Colour) -> Self {
        let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let plain = match colour {
            Colour::Auto => {
                set("NO_COLOR") || env::var_os("TERM").is_some_and(|term| term == "dumb")
            }
            Colour::Always => false,
            Colour::Never => true,
        };
        let forced = colour == Colour::Always
            || colour == Colour::Auto
                && env::var_os("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        let palette = |for_person| match for_person && !plain {
            true => Palette::coloured(),
            false => Palette::default(),
        };
        let for_person = forced || io::stdout().is_terminal();
        let columns = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let width = columns.or_else(|| terminal_size().map(|(Width(width), _)| width.into()));
        let pager = env::var("PAGER").unwrap_or_else(|_| "less".to_owned());
        let pager = (!plain && !["", "cat"].contains(&pager.trim())).then_some(pager);
        Self {
            width: width.unwrap_or(80).max(20),
            pager,
            for_person,
            palette: palette(for_person),
            error_palette: palette(forced || io::stderr().is_terminal()),
        }
    }

    /// Says why the command failed, and what to do.
    pub(super) fn fail(&self, message: &str, help: &str) {
        let Palette { error, help: blue, .. } = self.error_palette;
        self.say(&format!("{error}error{error:#}: {message}\n  {blue}help{blue:#}: {help}"));
    }

    /// Prints data exactly as it is.
    pub(super) fn print(&self, data: impl AsRef<[u8]>) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(data.as_ref())?;
        stdout.flush()
    }

    /// Prints a diff: coloured and harmless for a person, exactly as it is for a program.
    pub(super) fn print_diff(&self, diff: &str) -> io::Result<()> {
        self.print(self.diff_text(diff).as_bytes())
    }

    /// A diff as [`Self::print_diff`] prints it.
    pub(super) fn diff_text(&self, diff: &str) -> String {
        match self.for_person {
            true => coloured_diff(&harmless(diff), &self.palette),
            false => diff.to_owned(),
        }
    }

    /// How wide lines may be; `None` where a program reads them.
    pub(super) fn width(&self) -> Option<usize> {
        self.for_person.then_some(self.width)
    }

    /// Prints a text through the pager of whoever sits at the terminal; as it is elsewhere.
    ///
    /// The pager is named by `PAGER`, never by a file; empty or `cat` is none.
    pub(super) fn page(&self, text: &str) -> io::Result<()> {
        let Some(pager) = self.pager.as_deref().filter(|_| io::stdout().is_terminal()) else {
            return self.print(text);
        };
        let mut command = Command::new("sh");
        command.arg("-c").arg(pager).stdin(Stdio::piped());
        // What fits the screen is left on it, colours stay, as with git.
        command.env("LESS", "FRX");
        let Ok(mut child) = command.spawn() else { return self.print(text) };
        if let Some(mut stdin) = child.stdin.take() {
            // Whoever leaves the pager early wants no more.
            let _ = stdin.write_all(text.as_bytes());
        }
        child.wait().map(|_| ())
    }

    /// Says something on standard error that does not stop the command.
    pub(super) fn warn(&self, message: &str) {
        let style = self.error_palette.warning;
        self.say(&format!("{style}warning{style:#}: {}", harmless(message)));
    }

    /// Writes a line to standard error; if that is closed, nobody wants to know.
    pub(super) fn say(&self, line: &str) {
        let _ = writeln!(io::stderr().lock(), "{line}");
    }
}

/// The text broken between words where it is wider than `width`, later lines behind `indent`. A word
/// that is wider stays whole.
pub(super) fn wrapped(text: &str, width: Option<usize>, indent: &str) -> String {
    let Some(width) = width else { return text.to_owned() };
    let mut out = String::with_capacity(text.len() + 16);
    let mut column = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            out.push('\n');
            out.push_str(indent);
            column = indent.len();
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

/// Whether a reader of our output has gone, which is no fault.
pub(super) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let cause = error.downcast_ref::<io::Error>();
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

/// The text without characters that a terminal would obey: a manifest may hold any.
pub(super) fn harmless(text: &str) -> String {
    let obeyed = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            _ if obeyed(c) => out.push('\u{fffd}'),
            // Marks that turn the order of what is read around: shown in place of obeyed.
            '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => {
                out.push_str(&format!("⟨U+{:04X}⟩", u32::from(c)));
            }
            _ => out.push(c),
        }
    }
    out
}

/// The number with the words for one or for many.
pub(super) fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrapped("one two three", Some(8), "  "), "one two\n  three");
        assert_eq!(wrapped("a overlays/production/x", Some(8), "  "), "a\n  overlays/production/x");
        assert_eq!(wrapped("one two three", None, "  "), "one two three");
    }

    #[test]
    fn terminals_are_not_commanded_by_manifests() {
        assert_eq!(harmless("a\u{202e}b"), "a⟨U+202E⟩b");
        assert_eq!(harmless("a\x1b]0;x\x07\tb\n\u{9b}c"), "a\u{fffd}]0;x\u{fffd}\tb\n\u{fffd}c");
    }
}
