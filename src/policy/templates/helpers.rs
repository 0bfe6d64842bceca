//! Helpers of charts: what `define` gives a name, and what templates include of those that change.

use std::collections::{BTreeMap, BTreeSet};

use super::text::{directive, steering};
use crate::model::RepoPath;

/// Helpers that include each other are followed so far.
const DEPTH: usize = 8;
/// Longer templates are not made: a helper that doubles itself would fill memory.
const LONGEST: usize = 1 << 20;

/// One helper.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Helper {
    path: RepoPath,
    /// The line on which its text begins.
    line: u32,
    text: String,
}

/// The helpers of a chart, by their names.
#[derive(Clone, Debug, Default)]
pub(super) struct Helpers(BTreeMap<String, Helper>);

/// A text with included helpers in it, and for each line where it stands.
#[derive(Clone, Debug)]
pub(super) struct Inlined {
    pub(super) text: String,
    /// The file, if it is a helper's, and the line.
    pub(super) lines: Vec<(Option<RepoPath>, u32)>,
}

impl Helpers {
    /// Adds those that a file defines. What is defined twice, Helm takes from the last; nobody says which that is.
    pub(super) fn read(&mut self, path: &RepoPath, text: &str) {
        let mut at = 0;
        let mut open: Vec<Option<(String, usize)>> = Vec::new();
        while let Some(start) = text[at..].find("{{").map(|found| at + found) {
            let Some(length) = directive(&text[start..]) else { return };
            let whole = &text[start..start + length];
            at = start + length;
            match steering(whole) {
                Some("define") => open.push(name_of(whole, "define").map(|name| (name, at))),
                Some("if" | "with" | "range" | "block") => open.push(None),
                Some("end") => {
                    let Some(Some((name, from))) = open.pop() else { continue };
                    let line = text[..from].matches('\n').count() + 1;
                    let line = u32::try_from(line).unwrap_or(u32::MAX);
                    let text = text[from..start].to_owned();
                    self.0.insert(name, Helper { path: path.clone(), line, text });
                }
                _ => {}
            }
        }
    }

    /// Whether there is one of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The names of those whose text is another in `other`, or that only one of the two has.
    pub(super) fn changed(&self, other: &Self) -> BTreeSet<String> {
        let names = self.0.keys().chain(other.0.keys());
        let text = |all: &Self, name: &str| all.0.get(name).map(|it| it.text.clone());
        names.filter(|name| text(self, name) != text(other, name)).cloned().collect()
    }

    /// `names`, and those of the helpers that include one of them.
    pub(super) fn with_takers(&self, names: &BTreeSet<String>) -> BTreeSet<String> {
        let mut all = names.clone();
        for _ in 0..DEPTH {
            let takes = |helper: &Helper| included(&helper.text).iter().any(|it| all.contains(it));
            let more: Vec<String> =
                self.0.iter().filter(|(_, it)| takes(it)).map(|(name, _)| name.clone()).collect();
            let known = all.len();
            all.extend(more);
            if all.len() == known {
                break;
            }
        }
        all
    }

    /// A text in which the helpers of these names stand in place of what includes them, where they can.
    pub(super) fn inlined(&self, text: &str, names: &BTreeSet<String>) -> Inlined {
        let lines = text.split_inclusive('\n').zip(1..).map(|(line, number)| (line, None, number));
        let mut out = Inlined { text: String::new(), lines: Vec::new() };
        for (line, path, number) in lines {
            self.line(line, (path, number), names, 0, &mut out);
        }
        out
    }

    fn line(
        &self,
        line: &str,
        place: (Option<&RepoPath>, u32),
        names: &BTreeSet<String>,
        depth: usize,
        out: &mut Inlined,
    ) {
        let plain = |out: &mut Inlined| {
            out.text.push_str(line);
            out.lines.push((place.0.cloned(), place.1));
        };
        let found = include(line).filter(|it| names.contains(&it.name));
        let helper = found.as_ref().and_then(|it| self.0.get(&it.name));
        let (Some(found), Some(helper)) = (found, helper) else { return plain(out) };
        if depth >= DEPTH || out.text.len() > LONGEST {
            return plain(out);
        }
        let body = helper.text.trim_matches('\n');
        let skipped = helper.text.len() - helper.text.trim_start_matches('\n').len();
        let first = helper.line + u32::try_from(skipped).unwrap_or_default();
        let inside: Vec<(&str, u32)> = body.lines().zip(first..).collect();
        match found.indent {
            // Several lines below a key, as deep as it says.
            Some(indent) => {
                if !found.before.trim().is_empty() {
                    out.text.push_str(found.before);
                    out.text.push('\n');
                    out.lines.push((place.0.cloned(), place.1));
                }
                for (line, number) in inside {
                    let line = format!("{}{line}\n", " ".repeat(indent));
                    self.line(&line, (Some(&helper.path), number), names, depth + 1, out);
                }
            }
            // One word in a line.
            None => {
                let told: Vec<&str> = inside
                    .iter()
                    .map(|(line, _)| line.trim())
                    .filter(|it| !it.is_empty())
                    .collect();
                let [one] = told[..] else { return plain(out) };
                let line = format!("{}{one}{}", found.before, found.after);
                self.line(&line, place, names, depth + 1, out);
            }
        }
    }
}

/// What includes a helper within a line.
struct Include<'l> {
    name: String,
    before: &'l str,
    after: &'l str,
    indent: Option<usize>,
}

/// The first directive of a line that includes a helper with all that the template was given, and does nothing
/// else with it than to indent it.
fn include(line: &str) -> Option<Include<'_>> {
    let mut at = 0;
    while let Some(start) = line[at..].find("{{").map(|found| at + found) {
        let end = start + directive(&line[start..])?;
        let whole = &line[start..end];
        let name = name_of(whole, "include").or_else(|| name_of(whole, "template"));
        let Some(name) = name else {
            at = end;
            continue;
        };
        let inside = whole.trim_start_matches("{{").trim_end_matches("}}").trim_matches('-').trim();
        let (_, rest) = inside.split_once(&format!("\"{name}\""))?;
        let (given, then) = rest.split_once('|').map_or((rest, None), |(a, b)| (a, Some(b.trim())));
        if ![".", "$"].contains(&given.trim()) {
            return None;
        }
        let (before, after) = (&line[..start], &line[end..]);
        let indent = match then {
            None => None,
            Some(then) => {
                let (word, depth) = then.split_once(' ')?;
                let depth: usize = depth.trim().parse().ok().filter(|depth| *depth < 100)?;
                let own = before.len() - before.trim_start().len();
                let fits = after.trim().is_empty()
                    && (word == "nindent"
                        || word == "indent" && before.trim().is_empty() && own == 0);
                fits.then_some(Some(depth))?
            }
        };
        return Some(Include { name, before, after, indent });
    }
    None
}

/// The names of all helpers that a text includes.
pub(super) fn included(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for word in ["include", "template"] {
        for (at, _) in text.match_indices(word) {
            let rest = text[at + word.len()..].trim_start();
            let name = rest.strip_prefix('"').and_then(|rest| rest.split('"').next());
            found.extend(name.map(str::to_owned));
        }
    }
    found
}

/// The name behind the first word of a directive, if it is this one.
fn name_of(whole: &str, word: &str) -> Option<String> {
    let inside = whole.trim_start_matches("{{").trim_start_matches('-').trim_start();
    let rest = inside.strip_prefix(word)?.trim_start().strip_prefix('"')?;
    rest.split('"').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helpers_stand_where_they_are_included() {
        let path = RepoPath::parse("c/templates/_helpers.tpl").unwrap();
        let mut helpers = Helpers::default();
        helpers.read(
            &path,
            "{{/* words */}}\n{{- define \"a.name\" -}}\n{{ .Release.Name }}-a\n{{- end }}\n\
             {{ define \"a.labels\" }}\napp: {{ include \"a.name\" . }}\nteam: b\n{{ end }}\n",
        );
        let names: BTreeSet<String> = ["a.name", "a.labels"].map(str::to_owned).into();
        let text = "metadata:\n  name: {{ include \"a.name\" . }}\n  labels: {{- include \"a.labels\" . | nindent 4 }}\n\
                    x: {{ include \"a.name\" (dict \"a\" .) }}\n";
        let inlined = helpers.inlined(text, &names);
        assert_eq!(
            inlined.text,
            "metadata:\n  name: {{ .Release.Name }}-a\n  labels: \n    app: {{ .Release.Name }}-a\n    team: b\n\
             x: {{ include \"a.name\" (dict \"a\" .) }}\n"
        );
        let own: Vec<u32> = inlined.lines.iter().map(|(_, line)| *line).collect();
        assert_eq!(own, [1, 2, 3, 6, 7, 4]);
        assert_eq!(inlined.lines.len(), inlined.text.lines().count());
        assert_eq!(inlined.lines[3].0.as_ref(), Some(&path));
        let one: BTreeSet<String> = ["a.name".to_owned()].into();
        assert_eq!(helpers.with_takers(&one), names);
    }

    #[test]
    fn a_helper_that_includes_itself_ends() {
        let path = RepoPath::parse("a.tpl").unwrap();
        let mut helpers = Helpers::default();
        let twice = "{{ define \"a\" }}\n{{ include \"a\" . | indent 0 }}\n{{ include \"a\" . | indent 0 }}\n{{ end }}";
        helpers.read(&path, twice);
        let names: BTreeSet<String> = ["a".to_owned()].into();
        assert!(
            helpers.inlined("{{ include \"a\" . | nindent 2 }}\n", &names).text.len() < 100_000
        );
    }
}
