//! The text of a chart's template as YAML: what Helm would put in stands there as one opaque word, and what steers
//! it is left out. Lines stay where they are.

use std::collections::BTreeMap;

/// Stand around the number of what Helm puts in: characters that no manifest has.
const OPEN: char = '\u{e001}';
const CLOSE: char = '\u{e002}';

/// What a directive begins with that puts nothing in by itself.
const STEERS: [&str; 9] =
    ["if", "else", "end", "range", "with", "define", "block", "break", "continue"];

/// A template, read.
#[derive(Debug, Default)]
pub(super) struct TemplateText {
    /// The text without directives.
    pub(super) plain: String,
    /// Every directive, with how often it stands there.
    directives: BTreeMap<String, usize>,
}

/// What Helm puts into templates, by number: the same words have the same one.
#[derive(Debug, Default)]
pub(super) struct Inserted(Vec<String>);

impl TemplateText {
    /// Whether every directive of this stands in `other` too: then whatever the values are, what is plain here and
    /// not there was taken away, and no directive puts it in instead.
    pub(super) fn has_only_of(&self, other: &Self) -> bool {
        self.directives
            .iter()
            .all(|(it, count)| other.directives.get(it).is_some_and(|n| n >= count))
    }
}

impl Inserted {
    /// Reads a template; `None` where a directive does not end.
    pub(super) fn read(&mut self, text: &str) -> Option<TemplateText> {
        let mut read = TemplateText::default();
        let mut rest = text;
        while !rest.is_empty() {
            // A directive may go over several lines: they are one with those around it.
            let mut end = rest.find('\n').map_or(rest.len(), |at| at + 1);
            let mut spans = Vec::new();
            let mut at = 0;
            while let Some(start) = rest[at..end].find("{{").map(|found| at + found) {
                at = start + directive(&rest[start..])?;
                spans.push((start, at));
                if at > end {
                    end = rest[at..].find('\n').map_or(rest.len(), |found| at + found + 1);
                }
            }
            self.line(&rest[..end], &spans, &mut read);
            rest = &rest[end..];
        }
        Some(read)
    }

    fn line(&mut self, line: &str, spans: &[(usize, usize)], read: &mut TemplateText) {
        let bodies: Vec<String> = spans
            .iter()
            .map(|&(start, end)| body(&line[start..end]))
            .filter(|it| !it.is_empty())
            .collect();
        for body in &bodies {
            *read.directives.entry(body.clone()).or_default() += 1;
        }
        let (Some(&(first, _)), Some(&(_, last))) = (spans.first(), spans.last()) else {
            return read.plain.push_str(line);
        };
        let (before, after) = (&line[..first], &line[last..]);
        let is_alone = before.trim().is_empty() && after.trim().is_empty();
        let steers = bodies.iter().any(|body| steers(body));
        match (is_alone, steers || bodies.is_empty(), spans) {
            (true, ..) => {}
            // What stands between an `if` and its `end` in one line is one with them.
            (false, true, _) => {
                let whole = one_line(&line[first..last]);
                read.plain.push_str(before);
                self.word(whole, &mut read.plain);
                read.plain.push_str(after.trim_end_matches('\n'));
            }
            (false, false, spans) => {
                let mut from = 0;
                for &(start, end) in spans {
                    read.plain.push_str(&line[from..start]);
                    self.word(one_line(&line[start..end]), &mut read.plain);
                    from = end;
                }
                read.plain.push_str(line[from..].trim_end_matches('\n'));
            }
        }
        let breaks = line.matches('\n').count();
        read.plain.push_str(&"\n".repeat(breaks));
    }

    fn word(&mut self, text: String, out: &mut String) {
        let known = self.0.iter().position(|it| *it == text);
        let number = known.unwrap_or_else(|| {
            self.0.push(text);
            self.0.len() - 1
        });
        out.push_str(&format!("{OPEN}{number}{CLOSE}"));
    }

    /// A text with what Helm puts in as its template says it.
    pub(super) fn told(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, inside)) = rest.split_once(OPEN) {
            let Some((number, after)) = inside.split_once(CLOSE) else { break };
            out.push_str(before);
            let words = number.parse().ok().and_then(|at: usize| self.0.get(at));
            out.push_str(&words.map_or_else(|| "…".to_owned(), |words| words.replace('`', "'")));
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

/// Whether a text has something that Helm puts in.
pub(super) fn is_inserted(text: &str) -> bool {
    text.contains([OPEN, CLOSE])
}

/// The length of the directive with which a text begins.
pub(super) fn directive(text: &str) -> Option<usize> {
    let inside = text[2..].trim_start_matches('-').trim_start();
    if inside.starts_with("/*") {
        let comment = text.find("*/")?;
        return text[comment..].find("}}").map(|at| comment + at + 2);
    }
    let mut quote = None;
    let mut chars = text.char_indices().skip(2).peekable();
    while let Some((at, char)) = chars.next() {
        match (quote, char) {
            (None, '"' | '`') => quote = Some(char),
            (Some('"'), '\\') => drop(chars.next()),
            (Some(open), char) if open == char => quote = None,
            (None, '}') if text[at..].starts_with("}}") => return Some(at + 2),
            _ => {}
        }
    }
    None
}

/// What stands in a directive; empty for a comment.
fn body(directive: &str) -> String {
    let inside = directive.trim_start_matches("{{").trim_end_matches("}}");
    let inside = inside.trim_matches('-').trim();
    if inside.starts_with("/*") { String::new() } else { one_line(inside) }
}

/// The word with which a directive begins, if it is one that steers.
pub(super) fn steering(directive: &str) -> Option<&'static str> {
    let inside = directive.trim_start_matches("{{").trim_end_matches("}}").trim_matches('-');
    let first = inside.split_whitespace().next()?;
    STEERS.into_iter().find(|word| *word == first)
}

fn steers(body: &str) -> bool {
    let first = body.split_whitespace().next().unwrap_or_default();
    STEERS.contains(&first) || first.starts_with('$') && body.contains(":=")
}

/// A text in one line, cut where it is long.
fn one_line(text: &str) -> String {
    const MOST: usize = 60;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_words_and_lines_stay() {
        let mut inserted = Inserted::default();
        let text = "{{- if .Values.on }}\nname: {{ include \"a.b\" . }}-x\n{{/* a }} note\n*/}}\n\
                    image: \"{{ .Values.r }}:{{ .Values.t }}\"\nx: {{ if .a }}1{{ else }}2{{ end }}\n\
                    labels:\n  {{- include \"l\" . | nindent 2 }}\n{{- end }}\n";
        let read = inserted.read(text).unwrap();
        assert_eq!(
            inserted.told(&read.plain),
            "\nname: {{ include \"a.b\" . }}-x\n\n\nimage: \"{{ .Values.r }}:{{ .Values.t }}\"\nx: {{ if .a }}1{{ else }}2{{ end }}\nlabels:\n\n\n"
        );
        assert_eq!(read.plain.lines().count(), text.lines().count());
        assert!(inserted.read("a: {{ b").is_none());
        let fewer = inserted.read("name: {{ include \"a.b\" . }}\n").unwrap();
        assert!(fewer.has_only_of(&read) && !read.has_only_of(&fewer));
    }
}
