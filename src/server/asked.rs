//! What an address asks for: search and filters, so that a view can be sent to a colleague.

use crate::app::{LARGEST_PAGE, Question, Sight};

/// So long may a filter be.
const LONGEST: usize = 300;

/// A query that cannot be answered, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unanswerable(pub(super) String);

/// Reads the query of an address, asked by somebody who may see so much. Names that nobody knows are passed over, as on every page of the web.
pub(super) fn question(query: Option<&str>, sight: Sight) -> Result<Question, Unanswerable> {
    let mut asked = Question { sight, ..Question::default() };
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        if value.chars().count() > LONGEST || value.contains('\0') {
            return Err(Unanswerable(format!("`{name}` is too long, or no text")));
        }
        let value = value.trim().to_owned();
        match &*name {
            "repository" => asked.repository = value,
            "application" => asked.application = value,
            "environment" => asked.environment = value,
            "search" => asked.search = value,
            "cursor" => asked.cursor = value,
            "state" if ["", "open", "merged", "closed"].contains(&value.as_str()) => {
                asked.state = value;
            }
            "state" => {
                return Err(Unanswerable("`state` is `open`, `merged` or `closed`".to_owned()));
            }
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=LARGEST_PAGE).contains(limit));
                let wrong =
                    || Unanswerable(format!("`limit` is a number from 1 to {LARGEST_PAGE}"));
                asked.limit = limit.ok_or_else(wrong)?;
            }
            _ => {}
        }
    }
    Ok(asked)
}

/// The same where one environment has to be meant.
pub(super) fn of_environment(query: Option<&str>, sight: Sight) -> Result<Question, Unanswerable> {
    let asked = question(query, sight)?;
    if asked.repository.is_empty() || asked.environment.is_empty() {
        return Err(Unanswerable("name a `repository` and an `environment`".to_owned()));
    }
    Ok(asked)
}

/// The query of the next part of the same list.
pub(super) fn with_cursor(asked: &Question, cursor: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let limit = if asked.limit == 0 { String::new() } else { asked.limit.to_string() };
    let fields = [
        ("repository", asked.repository.as_str()),
        ("application", &asked.application),
        ("environment", &asked.environment),
        ("state", &asked.state),
        ("search", &asked.search),
        ("limit", &limit),
        ("cursor", cursor),
    ];
    query.extend_pairs(fields.into_iter().filter(|(_, value)| !value.is_empty()));
    query.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_and_its_next_part() {
        let asked = question(Some("search=a%26b&state=open&limit=7&x=y"), Sight::All).unwrap();
        assert_eq!((asked.search.as_str(), asked.state.as_str(), asked.limit), ("a&b", "open", 7));
        assert_eq!(with_cursor(&asked, "1.z"), "state=open&search=a%26b&limit=7&cursor=1.z");
        for wrong in ["limit=0", "limit=x", "limit=999999", "state=new", "search=%00"] {
            assert!(question(Some(wrong), Sight::All).is_err(), "{wrong}");
        }
        assert_eq!(question(None, Sight::All), Ok(Question::default()));
    }
}
