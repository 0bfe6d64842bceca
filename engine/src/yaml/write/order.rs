//! The order of keys: go-yaml v2's, in which `a2` comes before `a10` (sorter.go).

use std::cmp::Ordering;

use super::super::{Mapping, Pair};

/// Calls `visit` with the pairs in the order of their keys.
pub(super) fn for_each_sorted<'m>(mapping: &'m Mapping, mut visit: impl FnMut(&'m Pair)) {
    let less = |a: &Pair, b: &Pair| is_less(&a.key.text, &b.key.text);
    let pairs = mapping.as_slice();
    if pairs.windows(2).all(|two| !less(&two[1], &two[0])) {
        return pairs.iter().for_each(visit);
    }
    let mut sorted: Vec<&Pair> = pairs.iter().collect();
    merge_sort(&mut sorted, &|a, b| less(a, b));
    sorted.into_iter().for_each(&mut visit);
}

/// A stable sort for an order that is none: `is_less` can contradict itself, for which the
/// standard library's sort may panic.
fn merge_sort<'m>(items: &mut [&'m Pair], less: &impl Fn(&'m Pair, &'m Pair) -> bool) {
    if items.len() <= 12 {
        for at in 1..items.len() {
            let mut place = at;
            while place > 0 && less(items[place], items[place - 1]) {
                items.swap(place, place - 1);
                place -= 1;
            }
        }
        return;
    }
    let middle = items.len() / 2;
    merge_sort(&mut items[..middle], less);
    merge_sort(&mut items[middle..], less);
    let (left, right) = (items[..middle].to_vec(), items[middle..].to_vec());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    for place in items {
        let from_right = match (left.peek(), right.peek()) {
            (Some(a), Some(b)) => less(b, a),
            (None, _) => true,
            (_, None) => false,
        };
        let next = if from_right { right.next() } else { left.next() };
        *place = next.expect("both halves together have as many items as the whole");
    }
}

/// Whether key `a` comes before key `b`.
fn is_less(a: &str, b: &str) -> bool {
    let (left, right) = (a.as_bytes(), b.as_bytes());
    let same = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    if let (Some(x), Some(y)) = (left.get(same), right.get(same)) {
        if x.is_ascii_alphabetic() && y.is_ascii_alphabetic() {
            return x < y;
        }
        if a.is_ascii() && b.is_ascii() {
            return is_less_at(left, right, same) == Ordering::Less;
        }
    } else {
        return left.len() < right.len();
    }
    let (left, right): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let same = left.iter().zip(&right).take_while(|(a, b)| a == b).count();
    match (left.get(same), right.get(same)) {
        (Some(_), Some(_)) => is_less_at(&left, &right, same) == Ordering::Less,
        _ => left.len() < right.len(),
    }
}

/// Compares two keys at the first place where they differ: letters after everything else,
/// runs of digits by their value.
fn is_less_at<C: Copy + Into<char>>(a: &[C], b: &[C], at: usize) -> Ordering {
    let (x, y): (char, char) = (a[at].into(), b[at].into());
    // Go's `unicode.IsLetter`; Rust calls letters some numerals too.
    let letter = |c: char| c.is_alphabetic() && !c.is_numeric();
    match (letter(x), letter(y)) {
        (true, true) => return x.cmp(&y),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // Behind a digit that is not zero, a zero counts as part of the same number.
    let follows_digit = (x == '0' || y == '0')
        && a[..at]
            .iter()
            .rev()
            .map(|c| (*c).into())
            .take_while(char::is_ascii_digit)
            .any(|digit| digit != '0');
    let start = i64::from(follows_digit);
    let (value_a, end_a) = digits(a, at, start);
    let (value_b, end_b) = digits(b, at, start);
    value_a.cmp(&value_b).then(end_a.cmp(&end_b)).then(x.cmp(&y))
}

/// The value of the digits from `at` on, and where they end.
fn digits<C: Copy + Into<char>>(text: &[C], at: usize, start: i64) -> (i64, usize) {
    let (mut value, mut end) = (start, at);
    while let Some(digit) = text.get(end).and_then(|c| (*c).into().to_digit(10)) {
        value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
        end += 1;
    }
    (value, end)
}

#[cfg(test)]
mod tests {
    use super::super::super::{Mark, Node, Scalar};
    use super::*;

    // Expected order: `kubectl kustomize` 5.5.0.
    #[test]
    fn orders_as_go_yaml_does() {
        let keys = [
            "", "$p", ".a", "_a", "0", "1", "01", "001", "2", "10", "010", "100", "1000", "A", "Z",
            "a", "a-1", "a.b", "a/b", "a1", "a01", "a2", "a10", "aA", "aa", "ab", "b", "z", "ä",
            "é1", "é2", "é10", "日",
        ];
        for (at, a) in keys.iter().enumerate() {
            for b in &keys[at + 1..] {
                assert!(is_less(a, b) && !is_less(b, a), "{a} {b}");
            }
        }
    }

    #[test]
    fn sorts_long_mappings_too() {
        let keys = (0..100).map(|number| format!("k{}", number * 37 % 100));
        let mapping: Mapping = keys
            .map(|key| Pair { key: Scalar::string(key), key_mark: Mark::NONE, value: Node::null() })
            .collect();
        let mut order = Vec::new();
        for_each_sorted(&mapping, |pair| order.push(pair.key.text.as_str()));
        let want: Vec<String> = (0..100).map(|number| format!("k{number}")).collect();
        assert_eq!(order, want);
    }
}
