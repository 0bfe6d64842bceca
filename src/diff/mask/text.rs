//! Masking in the text of files, where everything beside what is shown has to go: values in any
//! style, the comments next to them, what other keys have on the same line.
//!
//! A masked part is written anew from the tree (`key: <masked>`) in place of its whole lines. Where
//! lines do not separate it from the rest (flow style, anchors), the document is masked as a whole;
//! where the file is no YAML, the file.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::input_file::InputRole;
use super::inputs::Searched;
use super::known::KnownValues;
use super::masked::{MASKED, MASKED_CHANGED};
use super::mention::mentions_secret;
use super::nested::nested_values;
use super::role::Role;
use super::spot::{Segment, Shape, Spot, find_spots, resolve};
use super::tree::literal_key;
use crate::kustomize::decode::get;
use crate::model::SECRET_FIELDS;
use crate::yaml::{Dialect, Node, Value, parse_stream};

/// Masks a file before and after; `None` for a side that holds nothing secret or is not there. `used` are
/// the values that Secrets hold.
pub(in crate::diff) fn mask_files(
    before: Option<&str>,
    after: Option<&str>,
    role: InputRole,
    used: Searched<'_>,
) -> (Option<String>, Option<String>) {
    let masks_before = before.map(|text| find_masks(text, role, used));
    let masks_after = after.map(|text| find_masks(text, role, used));
    let known = match (before, &masks_before) {
        (Some(text), Some(masks)) => Some(values(text, masks)),
        _ => None,
    };
    (
        before.zip(masks_before.as_deref()).and_then(|(text, masks)| apply(text, masks, None)),
        after.zip(masks_after.as_deref()).and_then(|(text, masks)| apply(text, masks, known)),
    )
}

/// A part of a text that is written anew.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mask {
    /// The bytes that go.
    range: Range<usize>,
    /// What stands for them.
    lines: Vec<Line>,
}

/// One line in place of masked text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    /// What is shown before the mask: indentation and key.
    lead: String,
    /// The bytes behind the mask; `None` for a line without a mask.
    hidden: Option<Range<usize>>,
    /// What the value is, to find it on the other side.
    name: String,
}

/// What stood behind each mask of a text.
fn values<'a>(text: &'a str, masks: &[Mask]) -> BTreeMap<String, &'a str> {
    let lines = masks.iter().flat_map(|mask| &mask.lines);
    lines.filter_map(|line| Some((line.name.clone(), text[line.hidden.clone()?].trim()))).collect()
}

fn apply(text: &str, masks: &[Mask], before: Option<BTreeMap<String, &str>>) -> Option<String> {
    if masks.is_empty() {
        return None;
    }
    let mut out = String::new();
    let mut from = 0;
    for mask in masks {
        out.push_str(&text[from..mask.range.start]);
        for line in &mask.lines {
            out.push_str(&line.lead);
            if let Some(hidden) = &line.hidden {
                let now = text[hidden.clone()].trim();
                let then = before.as_ref().and_then(|values| values.get(&line.name));
                out.push_str(if then.is_some_and(|then| *then != now) {
                    MASKED_CHANGED
                } else {
                    MASKED
                });
            }
            out.push('\n');
        }
        from = mask.range.end;
    }
    out.push_str(&text[from..]);
    Some(out)
}

/// The masks of a text, in its order, without overlap.
fn find_masks(text: &str, role: InputRole, used: Searched<'_>) -> Vec<Mask> {
    let role = match role {
        InputRole::SecretFile => return vec![whole(0..text.len(), "file")],
        InputRole::EnvFile => return env_lines(text),
        InputRole::Text if mentions_secret(text) || is_private_key(text) => {
            return vec![whole(0..text.len(), "file")];
        }
        InputRole::Text => return with_known_values(text, Vec::new(), used.everywhere),
        InputRole::Values => Role::Plain,
        InputRole::Manifest(role) => role,
    };
    let Ok(documents) = parse_stream(text, Dialect::V3) else {
        let suspicious = role != Role::Plain || text.to_ascii_lowercase().contains("ecret");
        return if suspicious {
            vec![whole(0..text.len(), "file")]
        } else {
            with_known_values(text, Vec::new(), used.everywhere)
        };
    };
    let mut masks = Vec::new();
    let bounds = document_bounds(text, &documents);
    for (index, (document, bounds)) in documents.iter().zip(bounds).enumerate() {
        let mut spots = find_spots(document, role, used.in_file);
        // A value that stands in one line is hidden there, and the rest of the document is not.
        spots.retain(|spot| !is_hidden_by_line(text, document, spot, used.everywhere));
        if !spots.is_empty() {
            masks.extend(mask_document(text, document, bounds, &spots, index));
        }
    }
    if masks.is_sorted_by(|a: &Mask, b| a.range.end <= b.range.start) {
        with_known_values(text, masks, used.everywhere)
    } else {
        vec![whole(0..text.len(), "file")]
    }
}

/// Whether what is hidden at a spot is a value that the search in lines finds.
fn is_hidden_by_line(text: &str, root: &Node, spot: &Spot, known: &KnownValues) -> bool {
    let Some(node) = resolve(root, &spot.path) else { return false };
    let (Value::Scalar(scalar), Some(at)) = (&node.value, node.mark.offset()) else { return false };
    if at >= text.len() || mentions_secret(&scalar.text) || scalar.text.starts_with("ENC[") {
        return false;
    }
    let end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
    // As it is read and as it is written it is the same, so that each value in it is found.
    let is_written_so =
        text[at..end].trim_start_matches(['"', '\'']).starts_with(scalar.text.as_str());
    is_written_so && !known.find(&text[at..end]).is_empty()
}

/// Hides known values in the lines that are shown, each to the end of its line.
fn with_known_values(text: &str, masks: Vec<Mask>, known: &KnownValues) -> Vec<Mask> {
    if known.is_empty() {
        return masks;
    }
    let mut found = Vec::new();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut at = 0;
    let mut next = 0;
    for line in text.split_inclusive('\n') {
        let range = at..at + line.len();
        at = range.end;
        while masks.get(next).is_some_and(|mask| mask.range.end <= range.start) {
            next += 1;
        }
        if masks.get(next).is_some_and(|mask| mask.range.start < range.end) {
            continue;
        }
        let shown = line.trim_end_matches(['\n', '\r']);
        let Some(hit) = known.find(shown).into_iter().next() else { continue };
        let lead = &line[..hit.start];
        let count = seen.entry(lead).or_default();
        *count += 1;
        found.push(Mask {
            lines: vec![Line {
                lead: lead.to_owned(),
                hidden: Some(range.start + hit.start..range.end),
                name: format!("{lead}{count}"),
            }],
            range,
        });
    }
    if found.is_empty() {
        return masks;
    }
    let mut all = masks;
    all.extend(found);
    all.sort_by_key(|mask| mask.range.start);
    all
}

/// Whether a text holds a private key as programs write it.
fn is_private_key(text: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), b"PRIVATE KEY-----").is_some()
}

/// Where each document's root begins and its last line ends.
fn document_bounds(text: &str, documents: &[Node]) -> Vec<Range<usize>> {
    let starts: Vec<usize> = documents
        .iter()
        .map(|document| line_start(text, document.mark.offset().unwrap_or(0).min(text.len())))
        .collect();
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(&start, end)| {
            let end = end.max(start);
            start..start + document_marker(&text[start..end]).unwrap_or(end - start)
        })
        .collect()
}

/// Where a line `---` or `...` begins; it ends a document whatever stands before it.
fn document_marker(text: &str) -> Option<usize> {
    let is_marker = |at: &usize| {
        let rest = text[*at..].strip_prefix("---").or_else(|| text[*at..].strip_prefix("..."));
        rest.is_some_and(|rest| rest.chars().next().is_none_or(char::is_whitespace))
    };
    // A marker on the first line opens the document.
    memchr::memchr_iter(b'\n', text.as_bytes()).map(|end| end + 1).find(is_marker)
}

/// Masks the spots of one document, or all of it where its lines do not separate them.
fn mask_document(
    text: &str,
    root: &Node,
    bounds: Range<usize>,
    spots: &[Spot],
    index: usize,
) -> Vec<Mask> {
    let name = document_name(root, index);
    let masks: Option<Vec<Mask>> = (!has_anchor(&text[bounds.clone()]))
        .then(|| spots.iter().map(|spot| mask_spot(text, root, &bounds, spot, &name)).collect())
        .flatten();
    let Some(mut masks) = masks else { return vec![whole(bounds, &name)] };
    let fits =
        masks.iter().all(|mask| mask.range.start >= bounds.start && mask.range.end <= bounds.end);
    if !fits || !masks.is_sorted_by(|a, b| a.range.end <= b.range.start) {
        return vec![whole(bounds, &name)];
    }
    if holds_secret_data(root) {
        mask_comments(text, bounds, &mut masks, &name);
    }
    masks
}

/// Whether comments of a document may tell of secret values: it is a Secret, or has generators of some.
fn holds_secret_data(root: &Node) -> bool {
    let Some(mapping) = root.as_mapping() else { return false };
    let kind = mapping.get("kind").and_then(Node::text).unwrap_or_default();
    matches!(kind, "Secret" | "SecretList" | "SecretGenerator")
        || SECRET_FIELDS.iter().any(|field| get(mapping, field).is_some())
        || kind.ends_with("List") && !nested_values(root, false).is_empty()
}

/// What a document is called on both sides: its identity, or its place among the documents.
fn document_name(root: &Node, index: usize) -> String {
    let part = |keys: &[&str]| root.text_at(keys);
    let name = part(&["metadata", "name"]);
    if name.is_empty() {
        return format!("#{index}");
    }
    format!("{}/{}/{name}", part(&["kind"]), part(&["metadata", "namespace"]))
}

/// A value behind an anchor may stand anywhere in the document.
fn has_anchor(text: &str) -> bool {
    static ANCHOR: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?m)(^|[\s\[\{,:?-])&\S").expect("the pattern is fixed"));
    ANCHOR.is_match(text)
}

fn mask_spot(
    text: &str,
    root: &Node,
    bounds: &Range<usize>,
    spot: &Spot,
    document: &str,
) -> Option<Mask> {
    let place = locate(root, &spot.path, bounds.end)?;
    let node = resolve(root, &spot.path)?;
    let end = line_end(text, place.limit, bounds.end);
    if end <= place.start {
        return None;
    }
    let name = format!("{document}{:?}", spot.path);
    let range = place.start..end;
    let lines = match (&node.value, spot.shape) {
        (Value::Mapping(mapping), Shape::Keys) => {
            let children = mapping.iter().map(|pair| {
                Some((format!("{}: ", shown_key(&pair.key.text)), pair.key_mark.offset()?))
            });
            child_lines(text, &place, children.collect::<Option<Vec<_>>>()?, &range, &name)
        }
        (Value::Sequence(items), Shape::Literals) => {
            let children = items.iter().map(|item| {
                let key = item.text().and_then(literal_key);
                let lead = key.map_or("- ".to_owned(), |key| format!("- {key}="));
                Some((lead, item.mark.offset()?))
            });
            child_lines(text, &place, children.collect::<Option<Vec<_>>>()?, &range, &name)
        }
        _ => vec![Line { lead: place.lead, hidden: Some(range.clone()), name }],
    };
    Some(Mask { range, lines })
}

/// The line of the key, then one for each child.
fn child_lines(
    text: &str,
    place: &SpotInText,
    children: Vec<(String, usize)>,
    range: &Range<usize>,
    name: &str,
) -> Vec<Line> {
    let indent = " ".repeat(place.start - line_start(text, place.start) + 2);
    let first = children.first().map_or(range.end, |(_, at)| *at);
    // The text between the key and the first child is a comment at most. It is hidden, and it
    // counts as a value, so that a change of it is seen.
    let mut lines =
        vec![Line { lead: place.lead.trim_end().to_owned(), hidden: None, name: String::new() }];
    if text[range.start..first].contains('#') {
        let hidden = Some(range.start..first);
        lines.push(Line { lead: format!("{indent}# "), hidden, name: format!("{name}#") });
    }
    for (index, (lead, at)) in children.iter().enumerate() {
        let next = children.get(index + 1).map_or(range.end, |(_, next)| *next).max(*at);
        let hidden = Some(*at..next);
        lines.push(Line { lead: format!("{indent}{lead}"), hidden, name: format!("{name}{lead}") });
    }
    lines
}

/// A key as it can stand in one line.
fn shown_key(key: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    if key.chars().all(plain) { key.to_owned() } else { format!("{key:?}") }
}

/// Where a spot stands in the text.
struct SpotInText {
    /// Where its key or its item begins.
    start: usize,
    /// Where the next node after it begins.
    limit: usize,
    /// What is shown before the mask.
    lead: String,
}

fn locate(root: &Node, path: &[Segment], end: usize) -> Option<SpotInText> {
    let mut place = SpotInText { start: root.mark.offset()?, limit: end, lead: String::new() };
    let mut node = root;
    for step in path {
        match step {
            Segment::Key(key) => {
                let pairs = node.as_mapping()?;
                let at = pairs.iter().position(|pair| pair.key.text == *key)?;
                let pair = pairs.iter().nth(at)?;
                place.start = pair.key_mark.offset()?;
                if let Some(next) = pairs.iter().nth(at + 1) {
                    place.limit = next.key_mark.offset()?;
                }
                place.lead = format!("{}: ", shown_key(key));
                node = &pair.value;
            }
            Segment::Item(index) => {
                let items = node.as_sequence()?;
                node = items.get(*index)?;
                place.start = node.mark.offset()?;
                if let Some(next) = items.get(index + 1) {
                    place.limit = next.mark.offset()?;
                }
                place.lead = String::new();
            }
        }
    }
    Some(place)
}

/// Hides comments in the rest of a Secret's document: old values are kept in them.
fn mask_comments(text: &str, bounds: Range<usize>, masks: &mut Vec<Mask>, name: &str) {
    static COMMENT: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?m)(^|[ \t])#[^\n]*").expect("the pattern is fixed"));
    let hidden: Vec<Range<usize>> = masks.iter().map(|mask| mask.range.clone()).collect();
    for (index, found) in COMMENT.find_iter(&text[bounds.clone()]).enumerate() {
        let mut start = bounds.start + found.start();
        let end = (bounds.start + found.end() + 1).min(bounds.end);
        // The ranges are in order and do not overlap: only the first that ends behind can touch.
        let next = hidden.partition_point(|range| range.end <= start);
        if hidden.get(next).is_some_and(|range| range.start < end) {
            continue;
        }
        start += usize::from(!found.as_str().starts_with('#'));
        let line = Line {
            lead: "# ".to_owned(),
            hidden: Some(start..end),
            name: format!("{name}#{index}"),
        };
        masks.push(Mask { range: start..end, lines: vec![line] });
    }
    masks.sort_by_key(|mask| mask.range.start);
}

fn whole(range: Range<usize>, name: &str) -> Mask {
    let line = Line { lead: String::new(), hidden: Some(range.clone()), name: name.to_owned() };
    Mask { lines: if range.is_empty() { Vec::new() } else { vec![line] }, range }
}

/// `KEY=value` lines as a secretGenerator's `envs` reads them.
fn env_lines(text: &str) -> Vec<Mask> {
    let mut lines = Vec::new();
    let mut at = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let hidden = Some(at..at + line.len());
        at += line.len();
        let trimmed = line.trim();
        lines.push(if trimmed.is_empty() {
            Line { lead: String::new(), hidden: None, name: String::new() }
        } else if trimmed.starts_with('#') {
            Line { lead: "# ".to_owned(), hidden, name: format!("#{index}") }
        } else if let Some(key) = literal_key(trimmed) {
            Line { lead: format!("{key}="), hidden, name: key.to_owned() }
        } else {
            Line { lead: String::new(), hidden, name: format!("line {index}") }
        });
    }
    if lines.is_empty() { Vec::new() } else { vec![Mask { range: 0..text.len(), lines }] }
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// The start of the line that holds `limit`; the document's end is a line's start already.
fn line_end(text: &str, limit: usize, end: usize) -> usize {
    if limit >= end { end } else { line_start(text, limit) }
}
