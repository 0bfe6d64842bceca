//! The English article before a noun that stands alone in a sentence.

/// `a` or `an`, by the noun's first letter: right for kinds of Kubernetes and the nouns of our rules.
pub(super) fn article(noun: &str) -> &'static str {
    let vowel = noun.starts_with(|first: char| "aeiouAEIOU".contains(first));
    if vowel { "an" } else { "a" }
}

#[cfg(test)]
mod tests {
    use super::article;

    #[test]
    fn follows_the_first_letter() {
        assert_eq!((article("image"), article("Ingress"), article("tag")), ("an", "an", "a"));
    }
}
