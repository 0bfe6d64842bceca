//! The colours of the terminal, or none.

use std::fmt::Write as _;

use clap::builder::styling::{AnsiColor, Style};

/// A style for each thing that stands out. A style that is off prints nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Palette {
    /// What failed.
    pub(super) error: Style,
    /// What to look at.
    pub(super) warning: Style,
    /// What to do.
    pub(super) help: Style,
    /// What a text begins with.
    pub(super) heading: Style,
    /// Names that a person chose.
    pub(super) name: Style,
    /// What is less important.
    pub(super) quiet: Style,
    /// What comes.
    pub(super) added: Style,
    /// What goes.
    pub(super) removed: Style,
    /// What changes.
    pub(super) changed: Style,
    /// The places of hunks in diffs.
    pub(super) hunk: Style,
}

impl Palette {
    /// Colours that read on dark and light grounds.
    pub(super) fn coloured() -> Self {
        let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
        Self {
            error: colour(AnsiColor::Red).bold(),
            warning: colour(AnsiColor::Yellow).bold(),
            help: colour(AnsiColor::Cyan).bold(),
            heading: Style::new().bold(),
            name: colour(AnsiColor::Cyan),
            quiet: Style::new().dimmed(),
            added: colour(AnsiColor::Green),
            removed: colour(AnsiColor::Red),
            changed: colour(AnsiColor::Yellow),
            hunk: colour(AnsiColor::Cyan),
        }
    }
}

/// A unified diff with its lines coloured.
pub(super) fn coloured_diff(diff: &str, palette: &Palette) -> String {
    let mut out = String::with_capacity(diff.len());
    for line in diff.lines() {
        let style = match line.as_bytes() {
            [b'-', b'-', b'-', b' ', ..] | [b'+', b'+', b'+', b' ', ..] => palette.heading,
            [b'd', b'i', b'f', b'f', ..] => palette.heading,
            [b'@', b'@', ..] => palette.hunk,
            [b'+', ..] => palette.added,
            [b'-', ..] => palette.removed,
            _ => palette.quiet,
        };
        let style = if line.starts_with(' ') { Palette::default().quiet } else { style };
        let _ = writeln!(out, "{style}{line}{style:#}");
    }
    out
}
