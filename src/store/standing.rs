//! How open promotions stand, as a text that is opaque here.

use super::error::StoreError;
use super::{Millis, Store};

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

    /// Notes how a promotion stands.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn note_standing(
        &self,
        promotion: &str,
        standing: &str,
        now: Millis,
    ) -> Result<(), StoreError> {
        const NOTE: &str = "INSERT INTO standings (promotion, standing, updated_at) \
             VALUES ($1, $2, $3) ON CONFLICT (promotion) DO UPDATE SET \
             standing = excluded.standing, updated_at = excluded.updated_at";
        let values = [promotion.into(), standing.into(), now.into()];
        let touched = self.database.execute(NOTE, &values).await;
        touched.map(|_| ()).map_err(StoreError::while_to("note how a promotion stands"))
    }
}
