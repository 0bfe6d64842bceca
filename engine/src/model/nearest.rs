//! The word that somebody meant.

/// The word nearest to a misspelt one, if one is near enough; case does not count.
#[must_use]
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    known
        .iter()
        .map(|name| (distance(&word, &name.to_ascii_lowercase()), *name))
        .min()
        .filter(|(distance, name)| *distance <= name.len().max(word.len()) / 3)
        .map(|(_, name)| name)
}

/// Edits (insert, delete, change) between two words, of which the first 100 characters count.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(100).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, c) in a.chars().take(100).enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, d) in b.iter().enumerate() {
            let change = diagonal + usize::from(c != *d);
            diagonal = row[column + 1];
            row[column + 1] = change.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_word_that_was_meant_and_guesses_no_other() {
        let known = ["resources", "components", "patches"];
        assert_eq!(nearest("resorces", &known), Some("resources"));
        assert_eq!(nearest("Patches", &known), Some("patches"));
        assert_eq!(nearest("xyz", &known), None);
    }
}
