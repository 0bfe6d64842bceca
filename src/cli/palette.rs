//! The colours of the terminal, or none.

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
