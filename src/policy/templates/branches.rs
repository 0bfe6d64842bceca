//! The branches of a template that values choose: `if`, `else` and `range` whose conditions are known are gone, with
//! what they leave out. Lines stay where they are.

use super::text::{directive, steering};
use super::values::holds;
use crate::yaml::Node;

/// A template as a tree.
enum Part<'t> {
    /// Text, and what puts something in.
    Text(&'t str),
    /// What begins and ends.
    Block(Block<'t>),
}

struct Block<'t> {
    /// Each with the directive that begins it.
    branches: Vec<(&'t str, Vec<Part<'t>>)>,
    end: &'t str,
}

/// The template with the branches that these values choose; `None` where its directives do not fit.
pub(super) fn chosen(text: &str, values: &Node) -> Option<String> {
    let mut rest = text;
    let (parts, end) = read(&mut rest, 0)?;
    if end.is_some() || !rest.is_empty() {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    write(&parts, values, true, &mut out);
    Some(out)
}

/// Reads up to an `else` or `end` that closes what is read, which is returned.
fn read<'t>(rest: &mut &'t str, depth: usize) -> Option<(Vec<Part<'t>>, Option<&'t str>)> {
    if depth > 60 {
        return None;
    }
    let mut parts = Vec::new();
    while let Some(start) = rest.find("{{") {
        let (before, from) = rest.split_at(start);
        let (whole, after) = from.split_at(directive(from)?);
        if !before.is_empty() {
            parts.push(Part::Text(before));
        }
        *rest = after;
        match steering(whole) {
            Some("else" | "end") => return Some((parts, Some(whole))),
            Some("if" | "with" | "range" | "define" | "block") => {
                let mut block = Block { branches: Vec::new(), end: "" };
                let mut head = whole;
                loop {
                    let (inside, closed) = read(rest, depth + 1)?;
                    block.branches.push((head, inside));
                    let closed = closed?;
                    if steering(closed) == Some("end") {
                        block.end = closed;
                        break;
                    }
                    head = closed;
                }
                parts.push(Part::Block(block));
            }
            _ => parts.push(Part::Text(whole)),
        }
    }
    if !rest.is_empty() {
        parts.push(Part::Text(std::mem::take(rest)));
    }
    Some((parts, None))
}

fn write(parts: &[Part<'_>], values: &Node, is_root: bool, out: &mut String) {
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Block(block) => write_block(block, values, is_root, out),
        }
    }
}

fn write_block(block: &Block<'_>, values: &Node, is_root: bool, out: &mut String) {
    let (head, _) = &block.branches[0];
    let same_dot = steering(head) == Some("if");
    if let Some(chosen) = choose(block, values, is_root) {
        for (at, (head, parts)) in block.branches.iter().enumerate() {
            breaks(head, out);
            if Some(at) == chosen {
                write(parts, values, is_root, out);
            } else {
                let mut left = String::new();
                write_whole(parts, &mut left);
                breaks(&left, out);
            }
        }
        return breaks(block.end, out);
    }
    for (head, parts) in &block.branches {
        out.push_str(head);
        write(parts, values, is_root && same_dot, out);
    }
    out.push_str(block.end);
}

/// Which branch of a block is taken, if that is known; `Some(None)` if none is.
fn choose(block: &Block<'_>, values: &Node, is_root: bool) -> Option<Option<usize>> {
    let first = steering(block.branches[0].0)?;
    if !["if", "with", "range"].contains(&first) {
        return None;
    }
    for (at, (head, _)) in block.branches.iter().enumerate() {
        let condition = inside(head);
        let condition = condition.strip_prefix("else").map_or(condition, str::trim_start);
        if condition.is_empty() {
            return Some(Some(at));
        }
        let (word, condition) = condition.split_once(char::is_whitespace)?;
        match holds(condition, values, is_root)? {
            false => {}
            // In these `.` is another value.
            true if word != "if" => return None,
            true => return Some(Some(at)),
        }
    }
    Some(None)
}

fn write_whole(parts: &[Part<'_>], out: &mut String) {
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Block(block) => {
                for (head, parts) in &block.branches {
                    out.push_str(head);
                    write_whole(parts, out);
                }
                out.push_str(block.end);
            }
        }
    }
}

/// The line breaks of what is left out.
fn breaks(text: &str, out: &mut String) {
    out.extend(text.chars().filter(|char| *char == '\n'));
}

/// What stands in a directive.
fn inside(whole: &str) -> &str {
    let inside = whole.trim_start_matches("{{").trim_end_matches("}}");
    inside.trim_start_matches('-').trim_end_matches('-').trim()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Dialect, parse_stream};

    #[test]
    fn branches_that_are_known_are_chosen_and_lines_stay() {
        let values = parse_stream("on: true\noff: false\n", Dialect::V3).unwrap().remove(0);
        for (text, want) in [
            ("{{- if .Values.on }}\na: 1\n{{- end }}\n", "\na: 1\n\n"),
            ("{{ if .Values.off }}\na: 1\n{{ else }}\na: 2\n{{ end }}\n", "\n\n\na: 2\n\n"),
            ("{{ if .Values.off }}a{{ else if .Values.on }}b{{ end }}", "b"),
            (
                "{{ if .Release.A }}a{{ else if .Values.on }}b{{ end }}",
                "{{ if .Release.A }}a{{ else if .Values.on }}b{{ end }}",
            ),
            (
                "{{ with .Values.on }}{{ if .Values.on }}a{{ end }}{{ end }}",
                "{{ with .Values.on }}{{ if .Values.on }}a{{ end }}{{ end }}",
            ),
            ("{{ range .Values.off }}a{{ end }}b", "b"),
            ("{{/* } */}}a", "{{/* } */}}a"),
        ] {
            assert_eq!(chosen(text, &values).as_deref(), Some(want), "{text}");
        }
        for broken in ["{{ if .Values.on }}", "{{ end }}", "{{ if"] {
            assert_eq!(chosen(broken, &values), None, "{broken}");
        }
    }
}
