//! The two kinds of patterns that git generators match paths by.

/// Whether a pattern matches as Go's `path.Match` does: `*` and `?` stop at a slash.
pub(super) fn matches_directory(pattern: &str, path: &str) -> bool {
    matches(&pattern.chars().collect::<Vec<_>>(), &path.chars().collect::<Vec<_>>(), Slash::Stops)
}

/// Whether a pattern matches as git's do: `*` passes over slashes.
pub(super) fn matches_file(pattern: &str, path: &str) -> bool {
    matches(&pattern.chars().collect::<Vec<_>>(), &path.chars().collect::<Vec<_>>(), Slash::Passes)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Slash {
    Stops,
    Passes,
}

/// Goes back to the last `*` only, which is enough for patterns that match whole texts.
fn matches(pattern: &[char], text: &[char], slash: Slash) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    loop {
        let passes = |c: char| slash == Slash::Passes || c != '/';
        if let Some((length, fits)) = pattern.get(p).and_then(|_| one(&pattern[p..], text.get(t))) {
            if length == 0 {
                back = Some((p + 1, t));
                p += 1;
                continue;
            }
            if fits && text.get(t).is_some_and(|c| pattern[p] != '?' || passes(*c)) {
                p += length;
                t += 1;
                continue;
            }
        } else if t == text.len() {
            return true;
        }
        match back {
            Some((after, from)) if text.get(from).is_some_and(|c| passes(*c)) => {
                back = Some((after, from + 1));
                (p, t) = (after, from + 1);
            }
            _ => return false,
        }
    }
}

/// How long the first part of a pattern is, and whether it fits a character; length 0 for `*`.
fn one(pattern: &[char], c: Option<&char>) -> Option<(usize, bool)> {
    match pattern.first()? {
        '*' => Some((0, true)),
        '?' => Some((1, c.is_some())),
        '\\' if pattern.len() > 1 => Some((2, c == pattern.get(1))),
        '[' => {
            let end = pattern.iter().skip(2).position(|it| *it == ']').map(|at| at + 2);
            let Some(end) = end else { return Some((1, c == Some(&'['))) };
            let negated = matches!(pattern[1], '^' | '!');
            let set = &pattern[1 + usize::from(negated)..end];
            Some((end + 1, c.is_some_and(|c| in_set(set, *c) != negated)))
        }
        other => Some((1, c == Some(other))),
    }
}

fn in_set(set: &[char], c: char) -> bool {
    let range = |window: &[char]| window[1] == '-' && (window[0]..=window[2]).contains(&c);
    set.contains(&c) || set.windows(3).any(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_their_programs_match_them() {
        for (pattern, path, directory, file) in [
            ("overlays/*", "overlays/production", true, true),
            ("overlays/*", "overlays/production/patches", false, true),
            ("*/prod", "a/prod", true, true),
            ("clusters/**/config.json", "clusters/a/b/config.json", false, true),
            ("clusters/**/config.json", "clusters/config.json", false, false),
            ("apps/?", "apps/a", true, true),
            ("apps/[a-c]x", "apps/bx", true, true),
            ("apps/[^a]x", "apps/ax", false, false),
            ("apps/a\\*", "apps/a*", true, true),
            ("apps", "apps/a", false, false),
            ("*", "", true, true),
            ("a*b*c", "aXbYbc", true, true),
        ] {
            assert_eq!(matches_directory(pattern, path), directory, "{pattern} {path}");
            assert_eq!(matches_file(pattern, path), file, "{pattern} {path}");
        }
    }
}
