//! Which items are the same by what is in them: equal ones, and those that are one item which was changed.

use std::cmp::Reverse;
use std::ops::Range;

use super::value::Value;

/// Lists longer than this pair by equal items only: likeness is counted for each pair of them.
const LIKENESS_LIMIT: usize = 200;

/// Equal items in the order of a longest common subsequence.
pub(super) fn by_content(a: &[Value], b: &[Value]) -> Vec<Option<usize>> {
    let mut partners = vec![None; a.len()];
    let start = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let end =
        a[start..].iter().rev().zip(b[start..].iter().rev()).take_while(|(a, b)| a == b).count();
    for (index, partner) in partners.iter_mut().enumerate().take(start) {
        *partner = Some(index);
    }
    for back in 1..=end {
        partners[a.len() - back] = Some(b.len() - back);
    }
    let (rest_a, rest_b) = (&a[start..a.len() - end], &b[start..b.len() - end]);
    if rest_a.len().saturating_mul(rest_b.len()) > 1_000_000 {
        return partners;
    }
    // lengths[i][j]: the longest common subsequence of what begins at i and j.
    let width = rest_b.len() + 1;
    let mut lengths = vec![0_u32; (rest_a.len() + 1) * width];
    for i in (0..rest_a.len()).rev() {
        for j in (0..rest_b.len()).rev() {
            lengths[i * width + j] = if rest_a[i] == rest_b[j] {
                lengths[(i + 1) * width + j + 1] + 1
            } else {
                lengths[(i + 1) * width + j].max(lengths[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < rest_a.len() && j < rest_b.len() {
        if rest_a[i] == rest_b[j] {
            partners[start + i] = Some(start + j);
            (i, j) = (i + 1, j + 1);
        } else if lengths[(i + 1) * width + j] >= lengths[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    partners
}

/// Pairs what stands between pairs, the most alike first.
pub(super) fn by_likeness(a: &[Value], b: &[Value], partners: &mut [Option<usize>]) {
    if a.len().max(b.len()) > LIKENESS_LIMIT {
        return;
    }
    let mut from = (0, 0);
    for end in 0..=a.len() {
        let fixed = if end == a.len() { Some(b.len()) } else { partners[end] };
        let Some(b_end) = fixed else { continue };
        if b_end >= from.1 {
            pair_gap((a, from.0..end), (b, from.1..b_end), partners);
            from = (end + 1, b_end + 1);
        }
    }
    // The only ones are each other's, if they say the same things: `ipBlock: {cidr: …}`.
    if let ([one], [other], [partner]) = (a, b, partners)
        && one.has_keys_of(other)
    {
        *partner = Some(0);
    }
}

fn pair_gap(
    (a, a_range): (&[Value], Range<usize>),
    (b, b_range): (&[Value], Range<usize>),
    partners: &mut [Option<usize>],
) {
    let mut candidates = Vec::new();
    for i in a_range {
        for j in b_range.clone() {
            if partners[i].is_some() || partners.contains(&Some(j)) {
                continue;
            }
            if let (Some(a), Some(b)) = (a[i].as_text(), b[j].as_text()) {
                candidates.extend(alike(a, b).map(|like| (Reverse(like), i, j)));
                continue;
            }
            let like = are_one_item(&a[i], &b[j]);
            candidates.extend(like.map(|like| (Reverse(like), i, j)));
        }
    }
    candidates.sort();
    let mut taken: Vec<(usize, usize)> = Vec::new();
    for (_, i, j) in candidates {
        // Pairs do not cross.
        let fits = taken.iter().all(|(x, y)| (*x < i && *y < j) || (*x > i && *y > j));
        if fits {
            taken.push((i, j));
            partners[i] = Some(j);
        }
    }
}

/// Pairs items that are about the same: those that are equal, then the most alike, then the one that is left of as
/// many on both sides.
pub(super) fn pair_group(
    (a, mut of_a): (&[Value], Vec<usize>),
    (b, mut of_b): (&[Value], Vec<usize>),
    partners: &mut [Option<usize>],
) {
    let as_many = of_a.len() == of_b.len();
    of_a.retain(|i| {
        let equal = of_b.iter().position(|j| a[*i] == b[*j]);
        partners[*i] = equal.map(|at| of_b.remove(at));
        partners[*i].is_none()
    });
    if of_a.len().max(of_b.len()) > LIKENESS_LIMIT {
        return;
    }
    let mut candidates = Vec::new();
    for (i, j) in of_a.iter().flat_map(|i| of_b.iter().map(move |j| (*i, *j))) {
        let like = match (a[i].text_at("patch"), b[j].text_at("patch")) {
            (Some(a), Some(b)) => alike(a, b),
            _ => are_one_item(&a[i], &b[j]),
        };
        candidates.extend(like.map(|like| (Reverse(like), i, j)));
    }
    candidates.sort();
    for (_, i, j) in candidates {
        if of_a.contains(&i) && of_b.contains(&j) {
            partners[i] = Some(j);
            of_a.retain(|other| *other != i);
            of_b.retain(|other| *other != j);
        }
    }
    if let ([i], [j], true) = (&of_a[..], &of_b[..], as_many) {
        partners[*i] = Some(*j);
    }
}

/// How many values two mappings share, if that is enough for one that was changed: those that share less than a third
/// are two.
fn are_one_item(a: &Value, b: &Value) -> Option<usize> {
    let like = a.likeness(b);
    (like > 0 && like * 3 >= a.weight().max(b.weight())).then_some(like)
}

/// How many words two texts share, if that is most of them: one text that was changed.
fn alike(a: &str, b: &str) -> Option<usize> {
    let words = |text: &'_ str| -> Vec<String> {
        let parts = text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
        parts.map(str::to_owned).take(100).collect()
    };
    let (a, mut b) = (words(a), words(b));
    let (most, least) = (a.len().max(b.len()), a.len().min(b.len()));
    let mut same = 0;
    for word in &a {
        if let Some(at) = b.iter().position(|other| other == word) {
            b.swap_remove(at);
            same += 1;
        }
    }
    (least >= 3 && same * 3 >= most * 2).then_some(same)
}
