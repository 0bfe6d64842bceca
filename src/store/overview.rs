//! What the pages ask: many promotions at a time, read and never written.
//!
//! Every question has a limit, and every one goes along an index: a store with 50,000 promotions has to
//! answer a page in a few milliseconds.

use super::error::StoreError;
use super::handle::{Millis, Store};
use super::promotion::{PromotionRecord, read_record};
use super::statement::{Statement, Value};

/// Which promotions are asked for. An empty text asks for all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// The repository, whole.
    pub repository: &'a str,
    /// The application, whole.
    pub application: &'a str,
    /// The target environment, whole.
    pub target: &'a str,
    /// `open`, `merged` or `closed`; what is being opened is open.
    pub state: &'a str,
    /// The session of the pages that asks: it is shown what it may see. Without one everything is shown.
    pub session: &'a str,
    /// A part of the repository's, application's or environments' names, in any case.
    pub search: &'a str,
    /// Those that changed before this one: its time and id.
    pub before: Option<(Millis, &'a str)>,
    /// So many at most.
    pub limit: i64,
}

/// A promotion with the time of its last change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The promotion.
    pub record: PromotionRecord,
    /// When it changed last.
    pub updated_at: Millis,
}

/// The texts that a promotion's pull request shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromotionText {
    /// Its title.
    pub title: String,
    /// Its body, Markdown.
    pub body: String,
}

/// Applications of some repositories, as lists go through them. The repositories are all named: those of a
/// search may lie anywhere between thousands of others.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stretch<'a> {
    /// The repositories.
    pub repositories: &'a [String],
    /// One application, whole; empty for all.
    pub application: &'a str,
    /// Behind this application of this repository.
    pub after: Option<(&'a str, &'a str)>,
    /// As far as this one, and with it.
    pub until: Option<(&'a str, &'a str)>,
}

impl<'a> Stretch<'a> {
    /// All applications of these repositories.
    #[must_use]
    pub fn of(repositories: &'a [String]) -> Self {
        Self { repositories, ..Self::default() }
    }

    /// The values of [`stretch`], with the names as one text.
    pub(super) fn values(&self, names: &'a str) -> [Value<'a>; 6] {
        let (after, until) = (self.after.unwrap_or_default(), self.until.unwrap_or_default());
        let texts = [names, self.application, after.0, after.1, until.0, until.1];
        texts.map(Value::from)
    }
}

/// What is in a [`Stretch`], by its values `$1` to `$6`.
macro_rules! stretch {
    ($names:literal) => {
        concat!(
            "repository IN (",
            $names,
            ") AND ($2 = '' OR application = $2) \
             AND ($3 = '' OR repository > $3 OR (repository = $3 AND application > $4)) \
             AND ($5 = '' OR repository < $5 OR (repository = $5 AND application <= $6))"
        )
    };
}
pub(super) use stretch;

macro_rules! standing {
    ($names:literal) => {
        concat!(
            "SELECT * FROM promotions AS p WHERE ",
            stretch!($names),
            " AND (state IN ('opening', 'open') OR NOT EXISTS (SELECT 1 FROM promotions AS newer \
                 WHERE newer.repository = p.repository AND newer.application = p.application \
                 AND newer.source = p.source AND newer.target = p.target \
                 AND newer.state = p.state AND newer.created_at > p.created_at)) \
             ORDER BY repository, application, target, created_at LIMIT $7"
        )
    };
}

impl Store {
    /// Promotions, the last changed first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn list_promotions(&self, wanted: &Wanted<'_>) -> Result<Vec<Listed>, StoreError> {
        const LIST: &str = "SELECT * FROM promotions \
             WHERE ($1 = '' OR repository = $1) AND ($2 = '' OR application = $2) \
             AND ($3 = '' OR target = $3) \
             AND ($4 = '' OR state = $4 OR ($4 = 'open' AND state = 'opening')) \
             AND ($5 = '' OR LOWER(repository || ' ' || application || ' ' || source || ' ' || target) \
                 LIKE $5 ESCAPE '!') \
             AND (updated_at < $6 OR (updated_at = $6 AND id < $7)) \
             AND ($9 = '' OR repository IN \
                 (SELECT repository FROM page_session_repositories WHERE session = $9)) \
             ORDER BY updated_at DESC, id DESC LIMIT $8";
        let (before, id) = wanted.before.unwrap_or((Millis::MAX, ""));
        let search = pattern(wanted.search);
        let values = [
            wanted.repository.into(),
            wanted.application.into(),
            wanted.target.into(),
            wanted.state.into(),
            search.as_str().into(),
            before.into(),
            id.into(),
            wanted.limit.into(),
            wanted.session.into(),
        ];
        self.listed(LIST, &values).await
    }

    /// The names of repositories with promotions, in order, behind `after`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn repositories_with_promotions(
        &self,
        wanted: &Wanted<'_>,
        after: &str,
    ) -> Result<Vec<String>, StoreError> {
        const NAMES: &str = "SELECT repository FROM promotions \
             WHERE repository > $1 AND ($2 = '' OR repository = $2) \
             AND ($3 = '' OR application = $3) \
             AND ($4 = '' OR source = $4 OR target = $4) \
             AND ($5 = '' OR LOWER(repository || ' ' || application || ' ' || source || ' ' || target) \
                 LIKE $5 ESCAPE '!') \
             AND ($6 = '' OR state = $6 OR ($6 = 'open' AND state = 'opening')) \
             AND ($8 = '' OR repository IN \
                 (SELECT repository FROM page_session_repositories WHERE session = $8)) \
             GROUP BY repository ORDER BY repository LIMIT $7";
        // Without a filter an index has the answer, which PostgreSQL does not see through the filters.
        const ALL: &str = "SELECT DISTINCT repository FROM promotions WHERE repository > $1 \
             ORDER BY repository LIMIT $2";
        let search = pattern(wanted.search);
        let values = [
            after.into(),
            wanted.repository.into(),
            wanted.application.into(),
            wanted.target.into(),
            search.as_str().into(),
            wanted.state.into(),
            wanted.limit.into(),
            wanted.session.into(),
        ];
        let is_unfiltered = Wanted { limit: 0, before: None, ..*wanted } == Wanted::default();
        let read = async {
            let rows = match is_unfiltered {
                true => self.database.fetch(ALL, &[after.into(), wanted.limit.into()]).await?,
                false => self.database.fetch(NAMES, &values).await?,
            };
            rows.iter().map(|row| row.text("repository")).collect::<Result<Vec<_>, _>>()
        };
        read.await.map_err(StoreError::while_to("list repositories"))
    }

    /// What stands in these applications: open promotions, and of each pair the last that was merged; by
    /// repository, application, target and age, so many at most.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn standing_promotions(
        &self,
        of: &Stretch<'_>,
        limit: i64,
    ) -> Result<Vec<Listed>, StoreError> {
        const STANDING: Statement = Statement::of_each(
            standing!("SELECT value FROM json_each($1)"),
            standing!("SELECT json_array_elements_text($1::json)"),
        );
        let names = named(of.repositories);
        let values = [of.values(&names).as_slice(), &[limit.into()]].concat();
        self.listed(STANDING, &values).await
    }

    /// One promotion.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn promotion(&self, id: &str) -> Result<Option<Listed>, StoreError> {
        const FIND: &str = "SELECT * FROM promotions WHERE id = $1";
        Ok(self.listed(FIND, &[id.into()]).await?.pop())
    }

    /// The texts of a promotion's pull request, if they were noted.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn promotion_text(&self, id: &str) -> Result<Option<PromotionText>, StoreError> {
        const FIND: &str = "SELECT title, body FROM promotion_texts WHERE promotion = $1";
        let read = async {
            let rows = self.database.fetch(FIND, &[id.into()]).await?;
            let text = |row: &super::database::Row| {
                Ok::<_, sqlx::Error>(PromotionText {
                    title: row.text("title")?,
                    body: row.text("body")?,
                })
            };
            rows.first().map(text).transpose()
        };
        read.await.map_err(StoreError::while_to("look for the texts of a promotion"))
    }

    /// Notes the texts of a promotion's pull request; those of promotions that are forgotten go.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn note_promotion_text(
        &self,
        id: &str,
        text: &PromotionText,
        now: Millis,
    ) -> Result<(), StoreError> {
        const NOTE: &str = "INSERT INTO promotion_texts (promotion, title, body, updated_at) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (promotion) DO UPDATE SET \
             title = excluded.title, body = excluded.body, updated_at = excluded.updated_at";
        let values = [id.into(), (&text.title).into(), (&text.body).into(), now.into()];
        let touched = self.database.execute(NOTE, &values).await;
        touched.map(|_| ()).map_err(StoreError::while_to("note the texts of a promotion"))
    }

    /// Two numbers: one that is another one once something changed that pages tell of promotions and
    /// environments, and one of the queue. Deliveries that only queue something leave the first alone.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn generation(&self) -> Result<(Millis, Millis), StoreError> {
        const LAST: &str = "SELECT COALESCE((SELECT MAX(updated_at) FROM promotions), 0) \
             + COALESCE((SELECT MAX(updated_at) FROM standings), 0) \
             + COALESCE((SELECT MAX(updated_at) FROM promotion_texts), 0) \
             + COALESCE((SELECT MAX(updated_at) FROM environment_notes), 0) \
             + COALESCE((SELECT MAX(heard) FROM evidence), 0) AS promotions, \
             (SELECT COUNT(*) + CAST(COALESCE(SUM(fence), 0) AS BIGINT) FROM jobs) AS jobs";
        let read = async {
            let rows = self.database.fetch(LAST, &[]).await?;
            let Some(row) = rows.first() else { return Ok((0, 0)) };
            Ok((row.int("promotions")?, row.int("jobs")?))
        };
        read.await.map_err(StoreError::while_to("look for changes"))
    }

    async fn listed(
        &self,
        sql: impl Into<Statement>,
        values: &[Value<'_>],
    ) -> Result<Vec<Listed>, StoreError> {
        let read = async {
            let rows = self.database.fetch(sql, values).await?;
            let listed = |row| {
                let record = read_record(row)?;
                Ok::<_, sqlx::Error>(Listed { record, updated_at: row.int("updated_at")? })
            };
            rows.iter().map(listed).collect::<Result<Vec<_>, _>>()
        };
        read.await.map_err(StoreError::while_to("list promotions"))
    }
}

/// Names as one parameter.
pub(super) fn named(repositories: &[String]) -> String {
    serde_json::to_string(repositories).expect("texts can always be written")
}

/// What `LIKE` compares with for a part of a name; empty for an empty one.
fn pattern(search: &str) -> String {
    if search.is_empty() {
        return String::new();
    }
    let mut pattern = String::from("%");
    for letter in search.to_lowercase().chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}
