//! Errors for people: the place, what stands there, the reason and the way out.

use std::fmt::Write as _;

use super::output::{Output, harmless};
use super::palette::Palette;
use crate::diff::{FilesDiff, SecretInputs};
use crate::model::{Entry, FileEdit, Files, Location, Position, RepoPath};

/// Why a command failed, and the line that a person has to look at.
pub(super) struct Failure {
    pub(super) cause: anyhow::Error,
    snippet: Option<Snippet>,
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(cause: E) -> Self {
        Self { cause: cause.into(), snippet: None }
    }
}

/// One line of a file.
#[derive(Debug, PartialEq, Eq)]
struct Snippet {
    position: Position,
    line: String,
}

impl Failure {
    /// Adds the line at `place`, if the file is surely free of Secrets.
    pub(super) fn at(mut self, place: Option<&Location>, files: &dyn Files) -> Self {
        self.snippet = place.and_then(|place| read_snippet(place, files));
        self
    }

    /// Prints the failure to standard error.
    pub(super) fn print(&self, help: &[String], output: &Output) {
        let text = self.render(help, &output.error_palette);
        output.say(text.trim_end());
    }

    fn render(&self, help: &[String], palette: &Palette) -> String {
        let (error, quiet, blue) = (palette.error, palette.quiet, palette.help);
        let message = harmless(&self.cause.to_string());
        let mut text = format!("{error}error{error:#}: {message}\n");
        for cause in self.cause.chain().skip(1) {
            let cause = harmless(&cause.to_string());
            // Most messages say their cause themselves.
            if !message.contains(&cause) {
                let _ = writeln!(text, "  because: {cause}");
            }
        }
        if let Some(Snippet { position, line }) = &self.snippet {
            let number = position.line.to_string();
            let margin = " ".repeat(number.len());
            let before = line.chars().take(position.column.saturating_sub(1) as usize);
            // Tabs stay tabs, so that the mark stands below its character.
            let indent: String = before.map(|c| if c == '\t' { c } else { ' ' }).collect();
            let _ = writeln!(text, " {quiet}{margin} |{quiet:#}");
            let _ = writeln!(text, " {quiet}{number} |{quiet:#} {}", harmless(line));
            let _ = writeln!(text, " {quiet}{margin} |{quiet:#} {indent}{error}^{error:#}");
        }
        for line in help {
            let _ = writeln!(text, "  {blue}help{blue:#}: {}", harmless(line));
        }
        text
    }
}

/// Longer lines are not written by people.
const LINE_LIMIT: usize = 160;

fn read_snippet(place: &Location, files: &dyn Files) -> Option<Snippet> {
    let position = place.position?;
    let Ok((path, Entry::File(file))) = files.look_up(&place.path) else { return None };
    if holds_secrets(&path, files) {
        return None;
    }
    let text = std::str::from_utf8(&file.content).ok()?;
    let line = text.lines().nth(position.line.checked_sub(1)? as usize)?;
    let fits = !line.trim().is_empty() && line.chars().count() <= LINE_LIMIT;
    fits.then(|| Snippet { position, line: line.to_owned() })
}

/// Whether a diff of the file would mask anything, as far as any kustomization here knows.
fn holds_secrets(path: &RepoPath, files: &dyn Files) -> bool {
    let root = RepoPath::root();
    let (Ok(Some(file)), Ok(_)) = (files.file(path), files.list(&root)) else { return true };
    let secrets = SecretInputs::find(files, &[&root], []).in_doubt(files, &[&root]);
    let edit = FileEdit { path: path.clone(), before: None, after: Some(file) };
    FilesDiff::of([&edit], &secrets).files().iter().any(|file| file.masked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FileTree;

    fn place(path: &str, line: u32, column: u32) -> Location {
        Location::file(RepoPath::parse(path).unwrap()).at(Position { line, column })
    }

    #[test]
    fn shows_the_line_and_marks_the_place() {
        let files = FileTree::of([("a.yaml", "kind: ConfigMap\nmetadata:\n  nam: x\n")]).unwrap();
        let failure = Failure::from(anyhow::anyhow!("a.yaml:3:3: there is no field `nam`"))
            .at(Some(&place("a.yaml", 3, 3)), &files);
        let text = failure.render(&["did you mean `name`?".to_owned()], &Palette::default());
        assert_eq!(
            text,
            "error: a.yaml:3:3: there is no field `nam`\n   |\n 3 |   nam: x\n   |   ^\n  \
             help: did you mean `name`?\n"
        );
    }

    #[test]
    fn shows_no_line_of_a_secret() {
        let files = FileTree::of([
            ("secret.yaml", "kind: Secret\nmetadata: {name: a}\nstringData:\n  a: hunter2: x\n"),
            ("patch.yaml", "- op: replace\n  path: /data/a\n  value: hunter2: x\n"),
            ("settings.env", "PASSWORD hunter2\n"),
            (
                "kustomization.yaml",
                "patches:\n- path: patch.yaml\n  target: {kind: Secret}\n\
                 secretGenerator:\n- name: a\n  envs: [settings.env]\n  literals:\n  - a=hunter2\n",
            ),
        ])
        .unwrap();
        for (path, line) in
            [("secret.yaml", 4), ("patch.yaml", 3), ("settings.env", 1), ("kustomization.yaml", 8)]
        {
            assert_eq!(read_snippet(&place(path, line, 1), &files), None, "{path}");
        }
    }
}
