//! Images and their tags, and versions that can be compared.

/// An image's parts: `registry/name`, tag and digest, both empty where they are not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::policy) struct Image<'a> {
    /// Registry and name.
    pub name: &'a str,
    /// The tag.
    pub tag: &'a str,
    /// The digest, with its algorithm.
    pub digest: &'a str,
}

/// Takes an image's reference apart.
pub(in crate::policy) fn image(text: &str) -> Image<'_> {
    let (rest, digest) = text.split_once('@').unwrap_or((text, ""));
    let name_start = rest.rfind('/').map_or(0, |at| at + 1);
    match rest[name_start..].find(':') {
        Some(at) => {
            let at = name_start + at;
            Image { name: &rest[..at], tag: &rest[at + 1..], digest }
        }
        None => Image { name: rest, tag: "", digest },
    }
}

/// Words that mean whatever is newest.
const FLOATING: [&str; 10] =
    ["latest", "stable", "main", "master", "head", "edge", "nightly", "develop", "dev", "snapshot"];

/// Whether a revision names whatever is newest: nothing, a branch's usual name, a range of all.
pub(super) fn floats(revision: &str) -> bool {
    let word = revision.trim().to_ascii_lowercase();
    word.is_empty() || word == "*" || FLOATING.contains(&word.as_str())
}

/// A version as it is compared: numbers, then whether it is final, then what stands behind.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version<'a> {
    numbers: Vec<u64>,
    is_final: bool,
    before_final: Vec<Part<'a>>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    Number(u64),
    Word(&'a str),
}

/// Whether `after` is a lower version than `before`; not said of what are no versions.
pub(super) fn is_older(before: &str, after: &str) -> bool {
    match (version(before), version(after)) {
        (Some(before), Some(after)) => after < before,
        _ => false,
    }
}

fn version(text: &str) -> Option<Version<'_>> {
    let text = text.trim();
    // `release-1.2`, `v1.2` and `1.2` count alike.
    let text = text.strip_prefix("release-").unwrap_or(text);
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let core = text.split('+').next().unwrap_or(text);
    let end = core.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(core.len());
    let numbers: Option<Vec<u64>> =
        core[..end].trim_end_matches('.').split('.').map(|part| part.parse().ok()).collect();
    let mut numbers = numbers?;
    // `1` and `1.0` are the same version.
    while numbers.len() > 1 && numbers.last() == Some(&0) {
        numbers.pop();
    }
    let rest = &core[end..];
    // A letter behind the number is no version: `3f2a9c1` is a commit.
    if !rest.is_empty() && !rest.starts_with(['-', '_', '.']) {
        let is_early = ["rc", "alpha", "beta", "a", "b"]
            .iter()
            .any(|early| rest.strip_prefix(early).is_some_and(|n| n.parse::<u64>().is_ok()));
        if !is_early {
            return None;
        }
    }
    let parts: Vec<&str> = rest.split(['-', '_', '.']).filter(|part| !part.is_empty()).collect();
    let is_early = |part: &&str| {
        ["rc", "alpha", "beta", "pre", "snapshot", "dev", "m"].iter().any(|early| {
            part.to_ascii_lowercase()
                .strip_prefix(early)
                .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()))
        })
    };
    // What follows a final version says how it was built (`-alpine`), not how old it is.
    let Some(at) = parts.iter().position(is_early) else {
        return Some(Version { numbers, is_final: true, before_final: Vec::new() });
    };
    let before_final = parts[at..].iter().flat_map(|part| split(part)).collect();
    Some(Version { numbers, is_final: false, before_final })
}

fn split(part: &str) -> Vec<Part<'_>> {
    let digits = part.find(|c: char| c.is_ascii_digit()).unwrap_or(part.len());
    let (word, number) = part.split_at(digits);
    let word = (!word.is_empty()).then_some(Part::Word(word));
    word.into_iter().chain(number.parse().ok().map(Part::Number)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_taken_apart() {
        for (text, name, tag, digest) in [
            ("app", "app", "", ""),
            (
                "r.example.com:5000/a/app:1.2@sha256:ab",
                "r.example.com:5000/a/app",
                "1.2",
                "sha256:ab",
            ),
            ("localhost:5000/app", "localhost:5000/app", "", ""),
        ] {
            assert_eq!(image(text), Image { name, tag, digest });
        }
    }

    #[test]
    fn versions_compare_by_number() {
        for (before, after) in [
            ("3.0", "2.0"),
            ("1.10.0", "1.9.9"),
            ("v2.1.0", "v2.0.5-alpine"),
            ("1.2.0", "1.2.0-rc1"),
            ("1.2.0-rc.10", "1.2.0-rc.9"),
            ("20240102", "20240101"),
            ("release-1.2", "1.1"),
        ] {
            assert!(is_older(before, after), "{before} -> {after}");
            assert!(!is_older(after, before), "{after} -> {before}");
        }
        for (before, after) in [
            ("1.0", "1"),
            ("1.2-alpine", "1.2-debian"),
            ("3f2a9c1", "2a7b378"),
            ("staging", "1.0"),
            ("1.0", "main"),
        ] {
            assert!(!is_older(before, after), "{before} -> {after}");
        }
        assert!(floats("") && floats("HEAD") && floats("*") && !floats("1.x"));
    }
}
