//! Which images a name in the kustomization is for: a regular expression, followed by a tag and a
//! digest.
//!
//! Nearly all names have no more of an expression than the dots of a host, so these are compared
//! without a machine, and are found by their last part: a thousand entries of `images` cost no more
//! for each image than one.

use std::collections::BTreeMap;

use regex::Regex;

use crate::kustomize::go_regex;
use crate::kustomize::version::{DIGEST_ALGORITHMS, Version};

/// The names of several changes, found by what they are for.
#[derive(Debug)]
pub(super) struct Patterns<'a> {
    list: Vec<Pattern<'a>>,
    /// Names whose part behind the last slash is plain, by that part.
    by_last_part: BTreeMap<&'a str, Vec<usize>>,
    others: Vec<usize>,
}

#[derive(Debug)]
enum Pattern<'a> {
    /// Letters, digits and signs that mean themselves, save the dot, which means any character.
    Plain(&'a str),
    Regex(Box<Regex>),
    /// The same, for kustomizes that know one kind of digest.
    OldPlain(&'a str),
    /// A name that is no pattern: it fits nothing, as in kustomize.
    Broken,
}

impl<'a> Patterns<'a> {
    pub(super) fn new(names: impl IntoIterator<Item = &'a str>, version: Version) -> Self {
        let (mut list, mut by_last_part, mut others) = (Vec::new(), BTreeMap::new(), Vec::new());
        for (at, name) in names.into_iter().enumerate() {
            let last = name.rsplit('/').next().unwrap_or(name);
            let pattern = Pattern::new(name, version);
            if matches!(pattern, Pattern::Plain(_) | Pattern::OldPlain(_))
                && !last.contains(['.', ':', '@'])
            {
                by_last_part.entry(last).or_insert_with(Vec::new).push(at);
            } else {
                others.push(at);
            }
            list.push(pattern);
        }
        Self { list, by_last_part, others }
    }

    /// The first name that is no pattern.
    pub(super) fn broken(&self) -> Option<usize> {
        self.list.iter().position(|pattern| matches!(pattern, Pattern::Broken))
    }

    pub(super) fn fits(&self, at: usize, image: &str) -> bool {
        self.list[at].fits(image)
    }

    /// The first name from `from` on that is for this image.
    pub(super) fn first_for(&self, image: &str, from: usize) -> Option<usize> {
        let file = memchr::memrchr(b'/', image.as_bytes()).map_or(image, |at| &image[at + 1..]);
        let last = memchr::memchr2(b':', b'@', file.as_bytes()).map_or(file, |at| &file[..at]);
        let named = self.by_last_part.get(last).map_or(&[][..], Vec::as_slice);
        let first = |places: &[usize]| {
            let places = &places[places.partition_point(|at| *at < from)..];
            places.iter().copied().find(|at| self.fits(*at, image))
        };
        first(named).into_iter().chain(first(&self.others)).min()
    }
}

impl<'a> Pattern<'a> {
    fn new(name: &'a str, version: Version) -> Self {
        let any_digest = version.has(&DIGEST_ALGORITHMS);
        if name.chars().all(|c| c.is_ascii_alphanumeric() || "-_/.:@".contains(c)) {
            return if any_digest { Self::Plain(name) } else { Self::OldPlain(name) };
        }
        let tag = "(:[a-zA-Z0-9_.{}-]*)?";
        let digest = if any_digest {
            "(@[a-zA-Z0-9]+([.+_-][a-zA-Z0-9]+)*:[a-zA-Z0-9_.{}-]*)?"
        } else {
            "(@sha256:[a-zA-Z0-9_.{}-]*)?"
        };
        match go_regex::compile(&format!("^{name}{tag}{digest}$")) {
            Ok(regex) => Self::Regex(Box::new(regex)),
            Err(_) => Self::Broken,
        }
    }

    fn fits(&self, image: &str) -> bool {
        match self {
            Self::Plain(name) => plain_fits(name, image),
            Self::OldPlain(name) => {
                let digest = image.split_once('@').map(|(_, digest)| digest);
                // Whatever the name may have of its own, a digest of another kind is none here.
                digest.is_none_or(|digest| digest.starts_with("sha256:") || name.contains('@'))
                    && plain_fits(name, image)
            }
            Self::Regex(regex) => regex.is_match(image),
            Self::Broken => false,
        }
    }
}

fn plain_fits(name: &str, image: &str) -> bool {
    let mut rest = image.chars();
    let begins = name.chars().all(|wanted| match rest.next() {
        Some(c) => c == wanted || (wanted == '.' && c != '\n'),
        None => false,
    });
    begins && is_tag_and_digest(rest.as_str())
}

/// Whether a text is what the expression for other names ends with: a tag and a digest, or less.
fn is_tag_and_digest(text: &str) -> bool {
    let in_tag = |c: char| c.is_ascii_alphanumeric() || "_.{}-".contains(c);
    let rest = text.strip_prefix(':').map_or(text, |tag| tag.trim_start_matches(in_tag));
    if rest.is_empty() {
        return true;
    }
    let digest = rest.strip_prefix('@').and_then(|digest| digest.split_once(':'));
    digest.is_some_and(|(algorithm, hash)| {
        let is_word =
            |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric());
        algorithm.split(['.', '+', '_', '-']).all(is_word) && hash.chars().all(in_tag)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_fit_what_the_expression_fits() {
        let names = ["", "a", "a.b/c", "h:5000/a", "a@b", "a/b.c", "a-b_c"];
        let ends =
            ["", ":", ":v1", ":v.{x}-_", "@", "@sha256:ab", ":v1@sha256:ab", "@a+b.c:d", "@a..b:c"];
        let more = ["@:a", ":v1@x", ":v:w", "/x", ":v1/x", "@sha256:a b", " ", ":é"];
        for name in names {
            let tag = "(:[a-zA-Z0-9_.{}-]*)?";
            let digest = "(@[a-zA-Z0-9]+([.+_-][a-zA-Z0-9]+)*:[a-zA-Z0-9_.{}-]*)?";
            let regex = Regex::new(&format!("^{name}{tag}{digest}$")).unwrap();
            for start in names.iter().chain(&["aXb/c", "a\nb/c", "aéb/c", "b"]) {
                for end in ends.iter().chain(&more) {
                    let image = format!("{start}{end}");
                    assert_eq!(plain_fits(name, &image), regex.is_match(&image), "{name} {image}");
                    let found =
                        Patterns::new(["x(", name], Version::default()).first_for(&image, 0);
                    assert_eq!(found, regex.is_match(&image).then_some(1), "{name} {image}");
                }
            }
        }
    }

    #[test]
    fn finds_the_first_name_from_a_place_on() {
        let patterns =
            Patterns::new(["web", ".*b", "x/web", "web", "(", "w.b"], Version::default());
        let all = |image| {
            std::iter::successors(patterns.first_for(image, 0), |at| {
                patterns.first_for(image, at + 1)
            })
            .collect::<Vec<_>>()
        };
        assert_eq!(all("web:1"), [0, 1, 3, 5]);
        assert_eq!(all("x/web"), [1, 2]);
        assert_eq!(Patterns::new(["(", "["], Version::default()).first_for("[", 0), None);
    }
}
