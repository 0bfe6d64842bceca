//! Two long texts cut so that what tells them apart is seen.

/// The texts, each of at most `limit` characters: of what both begin with only the end is kept, behind an ellipsis,
/// where one of them would be cut before the first difference.
#[must_use]
pub fn excerpts(before: &str, after: &str, limit: usize) -> (String, String) {
    let is_long = |text: &str| text.chars().count() > limit;
    if before == after || !is_long(before) && !is_long(after) {
        return (start(before, limit), start(after, limit));
    }
    let same = before.chars().zip(after.chars()).take_while(|(a, b)| a == b).count();
    // A little of it says where the difference stands.
    let context = limit / 4;
    if same + context < limit {
        return (start(before, limit), start(after, limit));
    }
    let from = |text: &str| {
        let rest: String = text.chars().skip(same - context).collect();
        start(&format!("…{rest}"), limit)
    };
    (from(before), from(after))
}

/// The first `limit` characters, the last of them an ellipsis if anything is cut.
fn start(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    text.chars().take(limit.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_seen() {
        let long = "https://issuer.example.com/00000000/";
        for (before, after, want) in [
            ("a", "b", ("a", "b")),
            (&*format!("{long}11111"), &*format!("{long}22222"), ("…0000/11111", "…0000/22222")),
            (
                &*format!("x{long}"),
                &*format!("y{long}"),
                ("xhttps://issuer.exa…", "yhttps://issuer.exa…"),
            ),
            (long, &*format!("{long}2"), ("…0000/", "…0000/2")),
        ] {
            let (a, b) = excerpts(before, after, 20);
            assert_eq!((a.as_str(), b.as_str()), want);
        }
    }
}
