//! How open promotions stand, as a text that is opaque here.

use super::error::StoreError;
use super::handle::{Millis, Store};
use super::overview::{Stretch, named, stretch};
use super::statement::Statement;

impl Store {
    /// How a promotion stands, if somebody noted it.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn standing(&self, promotion: &str) -> Result<Option<String>, StoreError> {
        const FIND: &str = "SELECT standing FROM standings WHERE promotion = $1";
        let read = async {
            let rows = self.database.fetch(FIND, &[promotion.into()]).await?;
            rows.first().map(|row| row.text("standing")).transpose()
        };
        read.await.map_err(StoreError::while_to("look how a promotion stands"))
    }

    /// What holds the open promotions of these repositories, by their ids.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn holds_of_open(
        &self,
        of: &Stretch<'_>,
    ) -> Result<Vec<(String, String)>, StoreError> {
        const FIND: Statement = Statement::of_each(
            concat!(
                "SELECT standings.promotion, standings.holds FROM promotions \
             JOIN standings ON standings.promotion = promotions.id WHERE ",
                stretch!("SELECT value FROM json_each($1)"),
                " AND state IN ('opening', 'open') AND holds IS NOT NULL"
            ),
            concat!(
                "SELECT standings.promotion, standings.holds FROM promotions \
             JOIN standings ON standings.promotion = promotions.id WHERE ",
                stretch!("SELECT json_array_elements_text($1::json)"),
                " AND state IN ('opening', 'open') AND holds IS NOT NULL"
            ),
        );
        let read = async {
            let rows = self.database.fetch(FIND, &of.values(&named(of.repositories))).await?;
            let held = |row: &super::database::Row| {
                Ok::<_, sqlx::Error>((row.text("promotion")?, row.text("holds")?))
            };
            rows.iter().map(held).collect::<Result<Vec<_>, _>>()
        };
        read.await.map_err(StoreError::while_to("look what holds promotions"))
    }

    /// Notes how a promotion stands, and in words what holds it.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn note_standing(
        &self,
        promotion: &str,
        standing: &str,
        holds: Option<&str>,
        now: Millis,
    ) -> Result<(), StoreError> {
        const NOTE: &str = "INSERT INTO standings (promotion, standing, holds, updated_at) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (promotion) DO UPDATE SET \
             standing = excluded.standing, holds = excluded.holds, updated_at = excluded.updated_at";
        let values = [promotion.into(), standing.into(), holds.into(), now.into()];
        let touched = self.database.execute(NOTE, &values).await;
        touched.map(|_| ()).map_err(StoreError::while_to("note how a promotion stands"))
    }
}
